"""Cases whose term of keeping is over are listed, held back for a reason, or erased for good; long done work is pruned."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.case import Actor, Role, State
from hsdispute_plugin.desk_retention import archived, erase, erased, hold, kept_until, prune
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.store_journal import broken
from hsdispute_plugin.store_rows import NewEvent
from tests.casework import FORMS as GOOD_FORMS
from tests.county import FIRST, HANDLER, LEADING, NOW, REVIEWER, Room
from tests.test_no_leak import CARD, CONTENT, NAME, PHONE, SAID, clean
from tests.test_sealing import marks_in

KEEPER = Actor("周某", "tax", Role.ARCHIVIST)
WITHIN, OVER = datetime(2036, 12, 31, 12, 0, tzinfo=UTC), datetime(2037, 1, 2, tzinfo=UTC)
WHY = "县档案馆鉴定销毁批准 2037 年第 1 号"


@pytest.fixture
def room(url, book):
    made = Room(url, book)
    yield made
    made.store.close()


def shelved(room, number="T1"):
    """A case with marks in it, withdrawn by its payer and archived; all it had to tell its host was delivered."""
    case_no = room.arrives(CONTENT, number, title=SAID, caller_name=NAME, caller_phone=PHONE).case_no
    payer = {"name": NAME, "phone": PHONE, "document_no": CARD, "address": "虚构镇雪地村一组九号"}
    room.does(case_no, "dispatch", LEADING, unit="tax")
    room.does(case_no, "sign", FIRST)
    room.does(case_no, "register", FIRST, form={**GOOD_FORMS["register"]["form"], "payer": payer, "matter": CONTENT})
    room.does(case_no, "withdraw", HANDLER, "缴费人撤回", **GOOD_FORMS["withdraw"])
    contents = list(room.docket(case_no).case.papers_for_archive())
    room.does(case_no, "archive", KEEPER, "材料齐全", file_no="001-2026-01", keep_years=10, contents=contents)
    deliver(room)
    return case_no


def deliver(room):
    with room.store.begin() as tx:
        for platform in ("roundup", "notices"):
            while rows := tx.claim(platform, "w", OVER, 50):
                for row in rows:
                    tx.settle(row.id, "w", "done", room.now)


def terms(room):
    return room.desk.terms(room.book)


def wiped(room, case_no, why=WHY, now=OVER, who=KEEPER):
    return erase(room.store, case_no, terms(room), who, why, now)


def test_years_count_from_the_first_of_january_after_the_archive(room):
    number = shelved(room)
    with room.store.begin() as tx:
        (kept,) = archived(tx, OVER)
        assert list(archived(tx, NOW)) == [], "of this year none can be over"
    assert (kept.case_no, str(kept.until), kept.keep_years) == (number, "2036-12-31", 10)
    assert not kept.due(kept_until(kept.archived_on, 10)) and kept.due(kept.until + timedelta(days=1))


def test_what_is_erased_is_gone_from_every_table_but_the_journal_which_stays_whole(room, url, tmp_path):
    number, other = shelved(room), room.taken(CONTENT, "T2")
    before = len(room.journal(number))
    told = wiped(room, number)
    assert told.startswith(f"{number}：2026年归档，保管10年，到2036-12-31期满；删去工单、案卷、文书") and WHY in told
    assert room.store.scrub()
    with room.store._engine.connect() as connection:
        for table in schema.metadata.sorted_tables:
            if "case_no" in table.c and table is not schema.journal:
                assert number not in set(connection.scalars(sa.select(table.c.case_no))), table.name
        assert "T1" not in set(connection.scalars(sa.select(schema.events.c.ticket_no)))
    lines = room.journal(number)
    assert [line.act for line in lines[before:]] == ["到期销毁"] and lines[-1].who == "周某（税务局档案员）"
    clean("".join(line.why for line in lines))
    with room.store.begin() as tx:
        assert list(broken(tx.journal_lines(), tx.journal_head())) == []
        assert erased(tx) == {(2037, "2026"): 1}
        assert marks_in(*tmp_path.glob("cases.sqlite3*")) == set()
    assert room.docket(other).case.registration, "others are untouched"
    with pytest.raises(CaseRefused, match="保管期满，已经销毁；办理日志还在"):
        room.docket(number)


def test_what_is_merged_into_a_case_goes_with_it(room):
    shelved(room, "T1")
    room.now += timedelta(days=1)
    main = room.taken(CONTENT, "T3")
    side = room.taken(CONTENT, "T4")
    room.does(side, "merge", REVIEWER, "同一事项", parent=main)
    room.does(main, "withdraw", HANDLER, "缴费人撤回", **GOOD_FORMS["withdraw"])
    contents = list(room.docket(main).case.papers_for_archive())
    room.does(main, "archive", KEEPER, "材料齐全", file_no="001-2026-02", keep_years=10, contents=contents)
    deliver(room)
    told = wiped(room, main)
    assert [line.partition("：")[0] for line in told.splitlines()] == [main, side]
    with room.store.begin() as tx:
        assert tx.case_by(side) is None and tx.case_by(main) is None and tx.case_of("roundup", "T1")


def refused(room, says, *given, **more):
    with room.store.begin() as tx:
        before = tx.journal_head()
    with pytest.raises(CaseRefused, match=says):
        wiped(room, *given, **more)
    with room.store.begin() as tx:
        assert tx.journal_head() == before


def test_nothing_else_is_ever_erased(room):
    number, open_one = shelved(room), room.taken(CONTENT, "T2")
    refused(room, "要保管到 2036-12-31，没有动它", number, now=WITHIN)
    refused(room, "没有归档，不能销毁", open_one)
    refused(room, "没有案件 HS-2026-000099", "HS-2026-000099")
    refused(room, "请写明批准销毁的依据", number, why=" ")
    refused(room, "由档案员或专班办公室办", number, who=REVIEWER)
    with room.store.begin() as tx:
        tx.add_outbox("late", number, "roundup", "T1", {"note": "x"}, room.now)
    refused(room, "还有没送到平台的，没有动它", number)


def test_a_case_is_held_for_a_reason_and_freed_again(room):
    number = shelved(room)
    with room.store.begin() as tx:
        hold(tx, number, terms(room), KEEPER, f"{NAME}提起的行政诉讼未结", OVER)
        with pytest.raises(CaseRefused, match="已经暂缓销毁"):
            hold(tx, number, terms(room), KEEPER, "又一个理由", OVER)
        (kept,) = archived(tx, OVER)
    assert not kept.due(OVER.date()) and "行政诉讼未结" in kept.held and NAME not in kept.held
    refused(room, "暂缓销毁（.*行政诉讼未结），没有动它", number)
    with room.store.begin() as tx:
        hold(tx, number, terms(room), KEEPER, "诉讼已结", OVER, free=True)
        with pytest.raises(CaseRefused, match="没有暂缓销毁"):
            hold(tx, number, terms(room), KEEPER, "诉讼已结", OVER, free=True)
    assert number in wiped(room, number)


def test_long_done_work_is_pruned_once_a_day_and_what_the_host_was_last_told_stays(room, url):
    number = shelved(room)
    with room.store.begin() as tx:
        tx.add_events([NewEvent("roundup", "e1", "T1", "created")], room.now)
        tx.add_events([NewEvent("roundup", "e2", "T2", "created")], room.now)
        first = tx.claim_events("roundup", "w", room.now, 1)[0]
        tx.settle_event(first.id, "w", "done", room.now)
        tx.add_outbox("dead", number, "roundup", "T7", {"note": "x"}, room.now)
        tx.settle(tx.claim("roundup", "w", OVER, 1)[0].id, "w", "dead", room.now, error="平台不接受")
        told, done = tx.last_done("roundup", "T1"), tx.depths()["done"]
    assert done > 3
    later = room.now + timedelta(days=179)
    assert prune(room.store, terms(room), later) == 0
    assert prune(room.store, terms(room), later + timedelta(days=2)) == done - 1 + 1  # all but the last result; one event
    assert prune(room.store, terms(room), later + timedelta(days=2)) == 0
    with room.store.begin() as tx:
        assert tx.last_done("roundup", "T1") == told and tx.depths()["done"] == 1
        assert (tx.depths()["events"], tx.depths()["dead"]) == (1, 1), "what waits for somebody is never pruned"
        assert not tx.add_events([NewEvent("roundup", "e2", "T2", "created")], later)[0]


def test_the_tick_prunes(room):
    shelved(room)
    with room.store.begin() as tx:
        before = tx.depths()["done"]
    room.desk.tick(room.book, room.now + timedelta(days=400))
    with room.store.begin() as tx:
        assert tx.depths()["done"] == 1 < before


def test_the_commands_list_hold_erase_and_count(tmp_path, book):
    url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    room = Room(url, book)
    number = shelved(room)
    assert room.docket(number).case.state is State.ARCHIVED
    room.store.close()
    who, at = ["--name", "周某", "--unit", "税务局"], ["--now", "2037-01-02T09:00:00", "--database", url]

    def run(*words, code=0):
        done = CliRunner().invoke(commands, ["retention", *words])
        assert done.exit_code == code, done.output + repr(done.exception)
        return done.output

    assert "共 0 件" in run("list", "--now", "2036-12-31T09:00:00", "--database", url)
    assert f"{number}  2026-11-02 归档，保管 10 年，到 2036-12-31  期满" in run("list", *at)
    assert "已暂缓销毁" in run("hold", number, *who, "--why", "行政诉讼未结", *at)
    assert "暂缓销毁：行政诉讼未结" in run("list", *at)
    assert "没有销毁" in run("erase", "--all", *who, "--why", WHY, *at)
    assert "没有动它" in run("erase", number, *who, "--why", WHY, *at, code=1)
    assert "已解除暂缓销毁" in run("hold", number, "--free", *who, "--why", "诉讼已结", *at)
    told = run("erase", "--all", *who, "--why", WHY, *at)
    assert f"{number}：" in told and "销毁了 1 件" in told
    assert "2037 年销毁 2026 年的 1 件" in run("erased", "--database", url)
    assert "共 0 件" in run("list", "--all", *at)
