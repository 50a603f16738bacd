"""While webhooks come in fast, deciding rests for a while, and never for most of the time."""

import threading

import pytest

from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.desk_records import NOTICES
from hsdispute_plugin.entrypoints import rush as room
from hsdispute_plugin.entrypoints.figures import Figures
from hsdispute_plugin.entrypoints.rush import LONGEST_REST_S, MANY, REST, Rush
from hsdispute_plugin.entrypoints.working import NOTICES_AT_ONCE, Working


class Steady:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def steady():
    return Steady()


def arrive(rush, steady, count, per_second):
    for _ in range(count):
        rush.came()
        steady.now += 1 / per_second


def test_what_a_day_brings_is_no_rush(steady):
    rush = Rush(steady)
    assert rush.rest_s(1.0) == 0.0
    arrive(rush, steady, 200, per_second=MANY / room.LOOK_S - 10)
    assert rush.rest_s(1.0) == 0.0


def test_in_a_rush_deciding_keeps_its_share_and_no_rest_is_long(steady):
    rush = Rush(steady)
    arrive(rush, steady, 500, per_second=500)
    assert rush.rest_s(0.02) == pytest.approx(0.02 * REST)
    assert rush.rest_s(60.0) == LONGEST_REST_S
    assert rush.rest_s(0.0) == 0.0


def test_a_rush_is_over_soon_after_the_last_arrival(steady):
    rush = Rush(steady)
    arrive(rush, steady, 500, per_second=500)
    steady.now += room.LOOK_S
    assert rush.rest_s(0.02) > 0.0
    steady.now += 2 * room.LOOK_S
    assert rush.rest_s(0.02) == 0.0


def test_whoever_decides_rests_after_each_handful_in_a_rush_and_else_not(tmp_path, monkeypatch):
    app = App(shipped_config(), f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    working, rests = Working(app, Figures()), []
    monkeypatch.setattr(app.reception, "work_off", lambda name, owner: ())
    monkeypatch.setattr(working._stop, "wait", rests.append)
    working._receive("roundup")
    assert rests == []
    monkeypatch.setattr(working.rush, "rest_s", lambda worked_s: 0.25)
    working._receive("roundup")
    assert rests == [0.25]
    app.close()


def test_every_webhook_that_is_new_counts_as_an_arrival(tmp_path, monkeypatch):
    app = App(shipped_config(), f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    working, came = Working(app, Figures()), []
    monkeypatch.setattr(working.rush, "came", lambda: came.append(1))
    monkeypatch.setattr(working._work, "wake", lambda name, queued: None)
    working.wake("roundup")
    assert came == [1]
    app.close()


def test_notices_are_taken_by_the_handful_and_what_a_host_gets_one_by_one(tmp_path, monkeypatch):
    app = App(shipped_config(), f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    asked, both = {}, threading.Event()

    def deliver_due(name, owner, limit):
        asked[name] = limit
        if len(asked) == 2:
            both.set()
        return ()

    monkeypatch.setattr(app.outbox, "deliver_due", deliver_due)
    working = Working(app, Figures())
    working._deliver("roundup")
    working.start()
    assert both.wait(10)
    working.stop()
    assert asked == {"roundup": 1, NOTICES: NOTICES_AT_ONCE}
    app.close()
