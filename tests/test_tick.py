"""The tick: people are told when a clock's moment comes, once, and a calendar that arrives moves what it must."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hsdispute_plugin.app import make_rulebook, shipped_config
from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.load import load
from tests.county import HANDLER, LEADING, REVIEWER, Room


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def room(url, book):
    made = Room(url, book)
    yield made
    made.store.close()


def handled(room):
    """A matter of 联办 whose co-unit has been asked on Monday 2026-11-02; its opinion is due on 2026-11-09 at 18:00."""
    case_no = room.taken()
    room.does(case_no, "classify", REVIEWER, track="joint", co_units=["hr"])
    room.does(case_no, "dispatch_tasks", HANDLER)
    room.does(case_no, "sign_task", Actor("赵某", "hr", Role.CO_UNIT))
    return case_no


def lines(room, case_no):
    return [line.act for line in room.journal(case_no) if line.who.startswith("系统时钟")]


def test_nobody_is_told_before_a_moment_comes(room):
    case_no = handled(room)
    assert room.desk.tick(room.book, room.now) == 0
    assert lines(room, case_no) == []


def test_a_late_opinion_is_reminded_urged_and_put_before_the_office(room):
    case_no = handled(room)
    for moment in ("2026-11-05 17:00", "2026-11-09 15:00", "2026-11-10 09:00", "2026-11-11 09:00"):
        room.desk.tick(room.book, at(moment))
    told = [line.why for line in room.journal(case_no) if line.who.startswith("系统时钟") and "书面意见" in line.why]
    assert told[0] == "期限过半：人社局的“联办单位书面意见”11月9日18:00到期（期限未确认），请承办人督促办理"
    assert told[1].startswith("即将到期：人社局的“联办单位书面意见”")
    assert "已逾期：人社局的“联办单位书面意见”11月9日18:00已逾期（期限未确认），请承办人、单位负责人督促办理" in told
    assert told[-1].startswith("逾期一日报专班办公室：人社局")
    assert [u.unit for u in room.docket(case_no).case.urges] == ["hr"]
    assert [p.kind for p in room.papers(case_no)][-1] == "催办通知"
    note = room.outbox()[-1].payload["note"]
    assert note.splitlines()[1].startswith("【提醒】逾期一日报专班办公室：人社局")
    assert any(row.payload["papers"] for row in room.outbox() if "已逾期" in row.payload["note"])
    assert (("专班办公室", "单位负责人"), False) in [(tuple(sorted(to)), urgent) for to, urgent in room.told()]


def test_the_same_tick_twice_says_nothing_more(room):
    case_no = handled(room)
    assert room.desk.tick(room.book, at("2026-11-10 09:00")) == 1
    before = room.journal(case_no), room.outbox(), room.outbox("notice")
    assert room.desk.tick(room.book, at("2026-11-10 09:00")) == 0
    assert (room.journal(case_no), room.outbox(), room.outbox("notice")) == before


def test_the_same_store_and_moment_give_the_same_acts(tmp_path, book):
    said = []
    for name in ("a", "b"):
        room = Room(f"sqlite:///{tmp_path / name}.sqlite3", book)
        case_no = handled(room)
        room.desk.tick(book, at("2026-11-12 10:00"))
        said.append([(r.key, r.payload) for kind in ("result", "notice") for r in room.outbox(kind)])
        said[-1] += [(line.who, line.act, line.why, line.seal) for line in room.journal(case_no)]
        room.store.close()
    assert said[0] == said[1]


def test_a_month_without_a_tick_is_told_in_one_note(room):
    case_no = handled(room)
    writes = len(room.outbox())
    assert room.desk.tick(room.book, at("2026-12-02 09:00")) == 1
    assert len(room.outbox()) == writes + 1
    note = room.outbox()[-1].payload["note"]
    assert "（补报，另有" in note
    assert sorted(u.unit for u in room.docket(case_no).case.urges) == ["hr", "tax"]


def test_danger_is_told_at_night_and_again_until_it_is_dealt_with(room):
    room.now = at("2026-11-07 23:00")  # a Saturday
    case_no = room.arrives("不给我办社保我就从税务局楼上跳下去").case_no
    room.desk.tick(room.book, room.now)
    assert lines(room, case_no) == ["险情即报"]
    for minute in (16, 31, 61):
        room.desk.tick(room.book, room.now + timedelta(minutes=minute))
    assert lines(room, case_no)[1:] == ["险情处置过半", "险情未按时处置", "险情未按时处置"]
    assert all(urgent for to, urgent in room.told() if "专班主任" in to)
    room.now += timedelta(minutes=70)
    room.does(case_no, "settle_danger", LEADING, done="110已到场")
    assert room.desk.tick(room.book, room.now + timedelta(hours=3)) == 0


def test_what_the_payer_may_do_is_never_called_late(room):
    case_no = room.arrives("我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处").case_no
    room.does(case_no, "dispatch", LEADING, unit="tax")  # 退单 and others are windows
    room.desk.tick(room.book, at("2026-12-30 09:00"))
    assert not [line for line in room.journal(case_no) if "退单" in line.why]


def test_only_one_process_ticks_at_a_time(room):
    handled(room)
    late = at("2026-11-10 09:00")
    with room.store.begin() as tx:
        tx.beat("another", late)
        assert tx.lease("tick", "another")
    assert room.desk.tick(room.book, late + timedelta(days=9), "mine") == 0, "whatever the clock says"
    with room.store.begin() as tx:
        tx.release(["another"])
    assert room.desk.tick(room.book, late, "mine") == 1


def test_a_new_edition_moves_what_was_not_confirmed_and_says_so(room):
    case_no = handled(room)
    room.desk.tick(room.book, room.now)
    shipped = load(shipped_config())
    longer = {**shipped.deadlines, "general_total": replace(shipped.deadlines["general_total"], amount=20)}
    book = make_rulebook(replace(shipped, deadlines=longer, edition="next"), compile_generated)
    assert room.desk.tick(book, room.now) == 0
    docket = room.docket(case_no)
    assert docket.row.due_at == at("2026-11-30 18:00")
    said = room.journal(case_no)[-1]
    assert (said.act, said.why) == ("重算时限", "规则册更换为 next 版：“联办办结”到期由 2026-11-23 18:00 改为 2026-11-30 18:00")
    assert datetime.fromisoformat(room.outbox()[-1].payload["due_at"]) == at("2026-11-30 18:00")
    written = len(room.outbox())
    room.desk.tick(book, room.now)
    assert len(room.outbox()) == written
