"""The store: all or nothing, once per version, one lane per ticket, a journal that shows tampering."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store import Store, StoreDelayed, StoreRefused
from hsdispute_plugin.store_journal import broken
from hsdispute_plugin.store_rows import NewEvent
from tests import old
from tests.counting import counting

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def in_a_file(tmp_path):
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
        return [row.key for row in tx.claim("roundup", owner, now, limit)]


def row_id(store, key):
    with store.begin() as tx:
        return next(r.id for r in tx.outbox(("queued", "claimed", "done", "dead")) if r.key == key)


def settle(store, key, owner="w1", state="done", **more):
    number = row_id(store, key)
    with store.begin() as tx:
        return tx.settle(number, owner, state, NOW, **more)


def test_what_raises_leaves_nothing_behind(store):
    with pytest.raises(RuntimeError), store.begin() as tx:
        tx.add_events([NewEvent("roundup", "e1", "T1", "created")], NOW)
        raise RuntimeError
    with store.begin() as tx:
        assert tx.claim_events("roundup", "w", NOW, 10) == []


def test_an_event_is_kept_once(store):
    with store.begin() as tx:
        assert [tx.add_events([NewEvent("roundup", "e1", "T1", "created")], NOW)[0] for _ in range(5)] == [True] + [False] * 4
        assert len(tx.claim_events("roundup", "w", NOW, 10)) == 1


def test_many_events_are_kept_by_one_statement_in_the_order_given(store):
    many = [NewEvent("roundup", f"e{n}", f"T{n}", "created") for n in range(20)]
    with counting(store) as asked, store.begin() as tx:
        assert tx.add_events(many, NOW) == [True] * 20
    assert len(asked.about("events")) == 1
    assert len([s for s in asked.statements if "pg_notify" in s]) == (0 if store.embedded else 1)
    with store.begin() as tx:
        assert [e.event_id for e in tx.claim_events("roundup", "w", NOW, 50)] == [e.event_id for e in many]


def test_among_many_events_each_is_told_for_itself_whether_it_is_known(store):
    with store.begin() as tx:
        tx.add_events([NewEvent("roundup", "known", "T1", "created")], NOW)
        tx.add_events([NewEvent("roundup", "failed", "T2", "created")], NOW)
        event = tx.claim_events("roundup", "w", NOW, 10)[1]
        tx.settle_event(event.id, "w", "failed", NOW)
    ids = ["new", "known", "new", "failed", "other"]
    with store.begin() as tx:
        told = tx.add_events([NewEvent("roundup", e, "T", "created") for e in ids], LATER)
    assert told == [True, False, False, True, True]
    with store.begin() as tx:
        assert [e.event_id for e in tx.claim_events("roundup", "w", LATER, 10)] == ["failed", "new", "other"]


def test_an_event_that_failed_is_taken_up_again_when_the_host_repeats_it(store):
    with store.begin() as tx:
        tx.add_events([NewEvent("roundup", "e1", "T1", "created")], NOW)
        (event,) = tx.claim_events("roundup", "w", NOW, 10)
        tx.settle_event(event.id, "w", "failed", NOW, error="账号没有权限")
        assert (tx.claim_events("roundup", "w", NOW, 10), tx.depths()["failed_events"]) == ([], 1)
        assert tx.add_events([NewEvent("roundup", "e1", "T1", "created")], LATER)[0]
        assert [e.attempts for e in tx.claim_events("roundup", "w", LATER, 10)] == [0]


def test_a_platform_is_asked_for_its_own_work_only(store):
    queue(store, "a1")
    with store.begin() as tx:
        tx.add_events([NewEvent("roundup", "e1", "T1", "created")], NOW)
        assert tx.claim("rt", "w", NOW, 10) == [] and tx.claim_events("rt", "w", NOW, 10) == []
        assert tx.unfinished() == {"roundup": 2}


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


def test_what_a_dead_process_held_is_due_again_and_its_old_owner_cannot_settle(store):
    queue(store, "a1")
    assert claimed(store, "w1") == ["a1"]
    assert claimed(store, "w2") == []
    assert claimed(store, "w2", now=LATER) == []
    with store.begin() as tx:
        tx.release(["w1"])
    assert claimed(store, "w2", now=LATER) == ["a1"]
    assert not settle(store, "a1", owner="w1")
    assert settle(store, "a1", owner="w2")


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


def test_workers_that_accept_at_once_leave_no_gap_no_repeat_and_a_whole_journal(url):
    """Four threads over two stores, as two processes would: every number once, every line sealed after the one before."""
    stores = [Store(url), Store(url)]
    failed = []

    def work(store, name):
        for n in range(10):
            while True:
                try:
                    with store.begin() as tx:
                        number = tx.next_number("case-2026")
                        tx.add_journal(f"HS-{number}", NOW, name, "受理登记", str(n), "四（一）")
                    break
                except StoreDelayed:
                    continue
                except Exception as err:
                    failed.append(err)
                    return

    threads = [threading.Thread(target=work, args=(stores[n % 2], f"w{n}")) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with stores[0].begin() as tx:
        lines, faults = tx.journal(), list(broken(tx.journal_lines(), tx.journal_head()))
    for store in stores:
        store.close()
    assert failed == []
    assert sorted(line.case_no for line in lines) == sorted(f"HS-{n}" for n in range(1, 41))
    assert faults == []


def test_two_workers_never_hold_one_row(url):
    one, other = Store(url), Store(url)
    for n in range(20):
        queue(one, f"k{n}", ticket_no=f"T{n}")
    taken = {"w1": [], "w2": []}

    def work(store, name):
        while got := claimed(store, name, limit=1):
            taken[name] += got

    threads = [threading.Thread(target=work, args=pair) for pair in ((one, "w1"), (other, "w2"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one.close()
    other.close()
    assert sorted(taken["w1"] + taken["w2"]) == sorted(f"k{n}" for n in range(20))


def test_accepted_work_is_on_disk_before_the_host_is_told(in_a_file):
    store = Store(in_a_file)
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


@pytest.mark.parametrize(("url", "why"), [
    ("oracle://x", "数据库地址应是"), ("nonsense", "数据库地址应是"), ("sqlite:////no/such/dir/x.sqlite3", "数据库打不开"),
    ("postgresql+psycopg://u:secret-word@127.0.0.1:1/x", "数据库打不开"), ("sqlite://host:bad/x", "数据库打不开"),
])
def test_a_database_that_cannot_be_opened_is_a_sentence_without_its_password(url, why):
    with pytest.raises(StoreRefused, match=why) as refused:
        Store(url)
    assert "secret-word" not in str(refused.value)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "x.sqlite3").write_bytes(b"not a database, but long enough to be looked at" * 40)
    with pytest.raises(StoreRefused, match="数据库打不开"):
        Store(f"sqlite:///{tmp_path / 'x.sqlite3'}")


def test_a_database_that_goes_away_is_told_apart_from_a_fault(tmp_path):
    file = tmp_path / "away" / "x.sqlite3"
    file.parent.mkdir()
    store = Store(f"sqlite:///{file}")
    store.close()
    file.parent.rename(tmp_path / "gone")
    with pytest.raises(StoreDelayed, match="没有改动任何内容"), store.begin() as tx:
        tx.depths()


def test_no_error_of_the_database_repeats_what_was_to_be_kept(store):
    with pytest.raises(StoreDelayed) as delayed, store.begin() as tx:
        for _ in range(2):
            tx.add_outbox("k", "HS-1", "roundup", "T1", {"note": "张三丰"}, NOW)
    assert "张三丰" not in f"{delayed.value} {delayed.value.__cause__}"


def test_a_connection_is_asked_whether_it_is_there_only_after_a_rest(url_of_its_own, monkeypatch):
    store, asked, ours = Store(url_of_its_own), [], 0
    real = store._engine.dialect.do_ping
    monkeypatch.setattr(store._engine.dialect, "do_ping", lambda connection: (asked.append(1), real(connection))[1])
    monkeypatch.setattr("hsdispute_plugin.store.ASKED_AFTER_S", 60.0)
    for _ in range(5):
        with store.begin() as tx:
            ours = tx._c.scalar(sa.func.pg_backend_pid())
    assert asked == []
    monkeypatch.setattr("hsdispute_plugin.store.ASKED_AFTER_S", 0.0)
    other = sa.create_engine(url_of_its_own)
    with other.begin() as connection:  # as a restart of the server does
        connection.execute(sa.select(sa.func.pg_terminate_backend(ours)))
    other.dispose()
    for opened in (store.begin, store.reading):
        with opened() as tx:
            assert tx.depths()["events"] == 0
    assert len(asked) >= 2
    store.close()


def test_other_processes_are_told_of_a_platform_once_for_each_commit(url_of_its_own):
    store = Store(url_of_its_own)
    with counting(store) as asked, store.begin() as tx:
        for n in range(3):
            tx.add_outbox(f"k{n}", "HS-2026-000001", "roundup", f"T{n}", {}, NOW)
            tx.add_events([NewEvent("roundup", f"e{n}", f"T{n}", "created")], NOW)
    assert [v["payload_"] for s, v in asked.given if "pg_notify" in s] == ["outbox roundup", "events roundup"]
    store.close()


def test_a_database_of_version_1_is_brought_up_to_date_and_keeps_its_cases(in_a_file):
    old.lay(in_a_file, 1)
    store = Store(in_a_file)
    with store.begin() as tx:
        case = tx.case_of("roundup", "7")
        assert case is not None and (case.case_no, case.host_version) == ("HS-2026-000001", "v2")
        assert list(broken(tx.journal(), tx.journal_head())) == []
    store.close()
    Store(in_a_file).close()  # and once only


@pytest.mark.parametrize("version", old.VERSIONS)
def test_a_database_of_every_version_ends_as_a_new_one_begins(url, version):
    old.lay(url, version)
    Store(url).close()
    engine = sa.create_engine(url)
    found = sa.inspect(engine)
    for table in schema.metadata.sorted_tables:
        assert {c["name"] for c in found.get_columns(table.name)} == set(table.c.keys()), table.name
        indexes = {i["name"]: i["column_names"] for i in found.get_indexes(table.name)}
        assert indexes.items() >= {i.name: i.columns.keys() for i in table.indexes}.items(), table.name
    engine.dispose()


def test_a_database_of_version_7_shows_its_alerts_on_the_board(url):
    old.lay(url, 7)
    store = Store(url)
    with store.begin() as tx:
        since = datetime(2026, 11, 1, tzinfo=UTC)
        assert [(line.case_no, line.alerts) for line in tx.alerted(since, frozenset())] == [("HS-2026-000001", ("office",))]
        assert tx.alerted(since, frozenset({"new"})) == [] and tx.alerted(datetime(2026, 11, 26, tzinfo=UTC), frozenset()) == []
    store.close()


def test_the_next_ones_are_found_without_sorting_all_that_wait(store):
    with store.begin() as tx:
        tx.add_events([NewEvent("roundup", f"e{n}", f"T{n}", "created", "{}") for n in range(300)], NOW)
        for n in range(300):
            tx.add_outbox(f"k{n}", "HS-2026-000001", "roundup", f"T{n}", {}, NOW)
    with counting(store) as asked, store.begin() as tx:
        tx.claim_events("roundup", "w", NOW, 5)
        tx.claim("roundup", "w", NOW, 5)
    looked = [s for s in (*asked.about("events"), *asked.about("outbox")) if s.startswith("SELECT") and "earlier" in s]
    assert len(looked) == 2
    with store._engine.begin() as connection:
        plain = connection.connection.cursor()
        for (statement, values) in asked.given:
            if statement in looked:
                plain.execute(("EXPLAIN QUERY PLAN " if store.embedded else "EXPLAIN ") + statement, values)
                plan = "\n".join(str(line) for line in plain.fetchall())
                assert "_due" in plan and "Sort" not in plan and "TEMP B-TREE" not in plan, plan


def test_a_thread_that_waits_too_long_for_its_turn_is_told(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'cases.sqlite3'}?timeout=0.1")
    told = []

    def other():
        with pytest.raises(StoreDelayed, match="数据库正忙，没有改动任何内容"), store.begin():
            pass
        told.append(True)

    with store.begin() as tx:
        tx.add_events([NewEvent("roundup", "e1", "T1", "created")], NOW)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert told
    with store.begin() as tx:
        assert tx.depths()["events"] == 1
    store.close()


def test_a_timeout_that_is_no_number_is_refused(tmp_path):
    with pytest.raises(StoreRefused, match="数据库打不开"):
        Store(f"sqlite:///{tmp_path / 'cases.sqlite3'}?timeout=soon")


def test_who_reads_waits_for_nobody_and_keeps_nobody_waiting(url):
    store = Store(url)
    with store.begin() as tx:
        tx.add_journal("HS-1", NOW, "谁", "一", "", "")
    with store.reading() as reading:
        before = [line.act for line in reading.journal()]
        with store.begin() as tx:  # while somebody reads
            tx.add_journal("HS-1", NOW, "谁", "二", "", "")
        with store.reading() as later:
            assert [line.act for line in later.journal()] == ["一", "二"]
        # One moment all through, so that the chain and its head fit.
        assert [line.act for line in reading.journal()] == before == ["一"]
        assert list(broken(reading.journal(), reading.journal_head())) == []
    with store.begin() as tx:
        tx.add_journal("HS-1", NOW, "谁", "三", "", "")
        with store.reading() as reading:  # while somebody writes
            assert len(reading.journal()) == 2
    store.close()


def test_who_reads_cannot_change_anything(url):
    store = Store(url)
    with pytest.raises(StoreDelayed), store.reading() as tx:
        tx.set_meta("x", "y")
    with store.begin() as tx:
        assert tx.meta("x") in (None, "")
    store.close()
