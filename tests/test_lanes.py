"""How work is handed out: leases of the dead are free, one task one process, hosts are not hurried, broken ones left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.platform import WriteBack
from hsdispute_plugin.model import Track
from hsdispute_plugin.outbox import Outbox
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_lanes import Pace

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
S = timedelta(seconds=1)
UNHURRIED = Pace()


@pytest.fixture
def store(url):
    opened = Store(url)
    yield opened
    opened.close()


def queue(store, count, ticket="T", platform="a"):
    with store.begin() as tx:
        for n in range(count):
            result = WriteBack(f"{platform}{ticket}{n}", "", (), "征缴", "联办", Track.JOINT, None, "", "note")
            tx.add_outbox(result.key, "HS-1", platform, f"{ticket}{n}", result.as_payload(), NOW)


def claimed(store, owner="w", now=NOW, limit=100, pace=UNHURRIED):
    with store.begin() as tx:
        return [row.key for row in tx.claim("a", owner, now, limit, pace)]


def test_a_host_is_given_no_more_a_second_than_its_file_says(store):
    queue(store, 30)
    pace = Pace(per_second=5)
    given = [len(claimed(store, f"w{n % 3}", NOW + n * 0.25 * S, pace=pace)) for n in range(13)]
    assert given[0] == 5
    assert sum(given) == 5 + 15
    assert max(given[1:]) <= 2


def test_a_host_is_given_no_more_at_once_than_its_file_says(store):
    queue(store, 5)
    pace = Pace(at_once=2)
    assert claimed(store, pace=pace) == ["aT0", "aT1"]
    assert claimed(store, "other", pace=pace) == []
    with store.begin() as tx:
        (first,) = [row for row in tx.outbox(("claimed",)) if row.key == "aT0"]
        tx.settle(first.id, "w", "done", NOW)
    assert claimed(store, "other", pace=pace) == ["aT2"]


class Host:
    def __init__(self):
        self.calls, self.fault = [], None

    def write_back(self, number, result, previous):
        self.calls.append(result.key)
        if self.fault:
            raise self.fault
        return "v"


@pytest.fixture
def world(store):
    class World:
        now, host = NOW, Host()

        def deliver(self):
            return self.outbox.deliver_due("a", "w", 1)

    made = World()
    made.store = store
    made.outbox = Outbox(store, {"a": made.host}, lambda: made.now, lambda: 1.0, None, None, {"a": Pace(failures=3)})
    return made


def test_a_host_that_is_down_is_left_alone_and_then_tried_by_one_row(world):
    queue(world.store, 50)
    world.host.fault = DeliveryDelayed("连不上平台", host_down=True)
    for _ in range(30):
        world.deliver()
    assert world.host.calls == ["aT0", "aT1", "aT2"], "after three failures nobody knocks"
    world.now += 3 * S
    assert world.deliver() == ("queued",)
    assert world.deliver() == ()
    world.host.fault = None
    world.now += 5 * S
    done = 0
    while world.deliver():
        done += 1
    world.now += 60 * S
    while world.deliver():
        done += 1
    assert done == 50, "and nothing was lost while it was down"


def test_a_ticket_that_the_host_refuses_or_that_somebody_edits_closes_no_lane(world):
    queue(world.store, 20)
    world.host.fault = DeliveryRefused("没有这张工单")
    assert [world.deliver() for _ in range(10)] == [("dead",)] * 10
    world.host.fault = DeliveryDelayed("正有人在改")
    assert [world.deliver() for _ in range(10)] == [("queued",)] * 10


def test_a_dead_row_is_sent_again_by_a_person(world):
    queue(world.store, 1)
    world.host.fault = DeliveryRefused("没有这张工单")
    world.deliver()
    world.host.fault = None
    assert world.deliver() == ()
    with world.store.begin() as tx:
        assert tx.resend("aT0", world.now) is True
        assert tx.resend("aT0", world.now) is False
        assert tx.resend("no such key", world.now) is False
    assert world.deliver() == ("done",)
