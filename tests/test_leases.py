"""Who holds what: rows of the dead are free, those of the living stay theirs whatever a clock says, none is lost sight of."""

from datetime import UTC, datetime, timedelta

import pytest

from hsdispute_plugin.errors import DeliveryDelayed
from hsdispute_plugin.outbox import Outbox
from hsdispute_plugin.store import Store, StoreDelayed
from hsdispute_plugin.store_lanes import Pace
from hsdispute_plugin.store_rows import NewEvent
from hsdispute_plugin.work_watch import PATIENCE, Jumps, Watch
from tests.test_lanes import Host, claimed, queue

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
S = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def store(url):
    opened = Store(url)
    yield opened
    opened.close()


def test_the_rows_of_a_dead_process_are_free_again_and_take_no_place_of_those_at_work_at_once(store):
    queue(store, 1)
    with store.begin() as tx:
        tx.beat("dead", NOW)
    assert claimed(store, "dead", pace=Pace(at_once=1)) == ["aT0"]
    assert claimed(store, "other", NOW + DAY, pace=Pace(at_once=1)) == []
    with store.begin() as tx:
        assert tx.release(["dead"]) == 1
        assert tx.beats() == {}
    assert claimed(store, "other", pace=Pace(at_once=1)) == ["aT0"]


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_jumps_takes_no_row_from_the_living(store, jump):
    queue(store, 1)
    with store.begin() as tx:
        tx.beat("w", NOW)
    claimed(store, "w")
    assert claimed(store, "other", NOW + jump) == []


def test_what_the_database_did_not_take_the_end_of_is_delivered_again_and_not_what_is_in_hand(store, monkeypatch):
    queue(store, 2)
    host, now = Host(), NOW
    outbox = Outbox(store, {"a": host}, lambda: now, lambda: 1.0, None, None, {"a": Pace(at_once=1)})
    with store.begin() as tx:
        tx.beat("w", now)
    end = outbox._end

    def lost(*given, **more):
        raise StoreDelayed("restarting")

    monkeypatch.setattr(outbox, "_end", lost)
    with pytest.raises(StoreDelayed):
        outbox.deliver_due("a", "w")
    monkeypatch.setattr(outbox, "_end", end)
    assert outbox.deliver_due("a", "w") == (), "the place at the host is taken by the row that was lost sight of"
    outbox.regain("w")

    def still(number, result, previous):
        outbox.regain("w")  # the beat, while this row is in hand
        assert claimed(store, "other") == []
        raise DeliveryDelayed("later", retry_after_s=60)

    monkeypatch.setattr(host, "write_back", still)
    assert outbox.deliver_due("a", "w") == ("queued",)
    assert host.calls == ["aT0"]


def test_an_event_with_which_a_process_died_is_marked_once_and_counted_only_when_begun_alone(store):
    with store.begin() as tx:
        for n in "12":
            tx.add_events([NewEvent("a", f"e{n}", f"T{n}", "created")], NOW)
    for crashes in (0, 1, 2, 3):
        with store.begin() as tx:
            tx.beat(f"w{crashes}", NOW)
            first, beside = tx.claim_events("a", f"w{crashes}", NOW, 5)
            assert (first.crashes, beside.crashes) == (crashes, min(crashes, 1)), "the neighbour is not blamed"
            if crashes:
                tx.begin_alone(first.id)
            tx.release([f"w{crashes}"])
    with store.begin() as tx:
        first, beside = tx.claim_events("a", "w", NOW, 5)
        tx.settle_event(first.id, "w0", "done", NOW)  # the first to have had it comes late
        assert tx.depths()["events"] == 2
        tx.settle_event(first.id, "w", "waiting", NOW)
        assert tx.claim_events("a", "w", NOW, 5)[0].crashes == 0, "whoever came through is no suspect"


def test_a_restarted_embedded_database_marks_what_was_in_hand(store):
    with store.begin() as tx:
        tx.beat("before", NOW)
        assert tx.lease("tick", "before")
        tx.add_events([NewEvent("a", "e1", "T1", "created")], NOW)
        tx.claim_events("a", "before", NOW, 5)
        tx.release()
        assert tx.claim_events("a", "w", NOW, 5)[0].crashes == 1
        assert tx.lease("tick", "w")


def test_a_task_of_one_process_at_a_time_is_its_own_while_it_lives(store):
    with store.begin() as tx:
        tx.beat("w1", NOW)
        tx.beat("w2", NOW)
        assert tx.lease("tick", "w1")
        assert tx.lease("tick", "w1")
        assert not tx.lease("tick", "w2")
        assert tx.lease("poll-a", "w2")
        tx.release(["w1"])
        assert tx.lease("tick", "w2")
        assert not tx.lease("tick", "w1")


def test_who_holds_rows_and_never_beat_is_seen(store):
    queue(store, 1)
    claimed(store, "mute")
    with store.begin() as tx:
        assert tx.beats() == {"mute": ""}


def test_a_process_is_dead_when_its_beat_stays_the_same_at_look_after_look():
    watch = Watch()
    assert [watch.dead({"a": "1", "b": str(n)}) for n in range(PATIENCE + 1)] == [()] * PATIENCE + [("a",)]
    assert watch.dead({"a": "2"}) == (), "it beat again"
    assert [watch.dead({"a": "2"}) for _ in range(PATIENCE)][-1] == ("a",)


def test_a_clock_that_was_set_is_found_by_one_that_cannot_be():
    steady, now, seen = 0.0, NOW, []
    jumps = Jumps(lambda: steady)
    for passed, shown in ((0, 0), (3, 3), (3, 3 + 86_400), (3, 3), (3, 3 - 3600), (3, 4)):
        steady, now = steady + passed, now + shown * S
        seen.append(round(jumps.seen(now).total_seconds()))
    assert seen == [0, 0, 86_400, 0, -3600, 0]


def test_what_was_put_off_by_a_clock_since_set_back_is_due_at_once(store):
    queue(store, 2)
    with store.begin() as tx:
        tx.add_events([NewEvent("a", "e1", "T1", "created")], NOW)
        tx.leave_alone("a", NOW + 60 * S)
    hour_back = NOW - 3600 * S
    assert claimed(store, "w", hour_back) == []
    with store.begin() as tx:
        assert tx.due_again(hour_back, beyond=2 * 3600 * S) == 0
        assert tx.due_again(hour_back) == 3
        assert len(tx.claim_events("a", "w", hour_back, 5)) == 1
    assert claimed(store, "w", hour_back, pace=Pace(per_second=5)) != []
