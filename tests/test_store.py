"""The store: all or nothing, once per version, one lane per ticket, a journal that shows tampering."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from hsdispute_plugin.store import Store, StoreRefused, broken_seal

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'cases.sqlite3'}"


@pytest.fixture
def store(url):
    opened = Store(url)
    yield opened
    opened.close()


def queue(store, *keys, ticket_no="T1"):
    with store.begin() as tx:
        for key in keys:
            tx.add_outbox(key, "HS-2026-000001", "roundup", ticket_no, {"key": key}, NOW)


def claimed(store, owner="w1", now=NOW, limit=10):
    with store.begin() as tx:
        return [row.key for row in tx.claim(owner, now, now + timedelta(minutes=5), limit)]


def row_id(store, key):
    with store.begin() as tx:
        return next(r.id for r in tx.outbox(("queued", "claimed", "done", "dead")) if r.key == key)


def settle(store, key, owner="w1", state="done", **more):
    number = row_id(store, key)
    with store.begin() as tx:
        return tx.settle(number, owner, state, NOW, **more)


def test_what_raises_leaves_nothing_behind(store):
    with pytest.raises(RuntimeError), store.begin() as tx:
        tx.add_event("roundup", "e1", "T1", "created", NOW)
        raise RuntimeError
    with store.begin() as tx:
        assert tx.due_events(NOW, 10) == []


def test_an_event_is_kept_once(store):
    with store.begin() as tx:
        assert [tx.add_event("roundup", "e1", "T1", "created", NOW) for _ in range(5)] == [True] + [False] * 4
        assert len(tx.due_events(NOW, 10)) == 1


def test_numbers_of_a_series_have_no_gaps_or_repeats(store):
    with store.begin() as tx:
        first = [tx.next_number("case-2026"), tx.next_number("case-2026"), tx.next_number("case-2027")]
    with pytest.raises(RuntimeError), store.begin() as tx:
        tx.next_number("case-2026")
        raise RuntimeError
    with store.begin() as tx:
        assert [*first, tx.next_number("case-2026")] == [1, 2, 1, 3]


def test_a_ticket_has_one_lane_and_tickets_do_not_wait_for_each_other(store):
    queue(store, "a1", "a2")
    queue(store, "b1", ticket_no="T2")
    assert claimed(store) == ["a1", "b1"]
    settle(store, "a1")
    assert claimed(store) == ["a2"]


def test_a_row_put_off_holds_its_lane(store):
    queue(store, "a1", "a2")
    claimed(store)
    settle(store, "a1", state="queued", next_at=LATER)
    assert claimed(store) == []
    assert claimed(store, now=LATER) == ["a1"]


def test_a_dead_row_lets_the_next_pass(store):
    queue(store, "a1", "a2")
    claimed(store)
    settle(store, "a1", state="dead", error="平台不接受")
    assert claimed(store) == ["a2"]


def test_an_expired_lease_is_due_again_and_its_old_owner_cannot_settle(store):
    queue(store, "a1")
    assert claimed(store, "w1") == ["a1"]
    assert claimed(store, "w2") == []
    assert claimed(store, "w2", now=LATER) == ["a1"]
    assert not settle(store, "a1", owner="w1")
    assert settle(store, "a1", owner="w2")


def test_a_changed_journal_line_is_found(store, url):
    with store.begin() as tx:
        for n in range(4):
            tx.add_journal("HS-2026-000001", NOW, "规则插件", "受理登记", f"第{n}件", "四（一）")
        assert broken_seal(tx.journal()) is None
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text("update journal set why = '改过' where id = 3"))
    with store.begin() as tx:
        assert broken_seal(tx.journal()) == 3


def test_a_removed_journal_line_is_found(store, url):
    with store.begin() as tx:
        for n in range(4):
            tx.add_journal("HS-2026-000001", NOW, "规则插件", "受理登记", f"第{n}件", "四（一）")
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text("delete from journal where id = 2"))
    with store.begin() as tx:
        assert broken_seal(tx.journal()) == 3


def test_a_database_of_a_newer_version_is_refused_with_a_mend(url):
    Store(url).close()
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text("update meta set value = '99' where key = 'schema'"))
    with pytest.raises(StoreRefused, match="请升级插件，不要降级"):
        Store(url)


def test_reopening_keeps_everything(store, url):
    queue(store, "a1")
    store.close()
    again = Store(url)
    assert claimed(again) == ["a1"]
    again.close()


def test_accepted_work_is_on_disk_before_the_host_is_told(store):
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
