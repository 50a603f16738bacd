"""The desk: tickets become cases with clocks; every act of a person is saved with all that follows from it, or not at all."""

from datetime import UTC, datetime

import pytest

from hsdispute_plugin.case import Actor, Case, Role, State
from hsdispute_plugin.desk import Desk
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.store_journal import broken
from tests import old
from tests.casework import REGISTRATION
from tests.county import FIRST, FORMS, HANDLER, LEADING, REVIEWER, SINGLE, Room


@pytest.fixture
def room(tmp_path, book):
    made = Room(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    yield made
    made.store.close()


def test_a_ticket_becomes_a_case_at_the_government_office_with_its_clocks(room):
    row = room.arrives(SINGLE)
    assert (row.state, row.accepting_unit, row.track) == ("new", "gov_office", "joint")
    docket = room.desk.case(row.case_no, room.book, room.now)
    assert {c.key for c in docket.clocks} == {"dispatch", "general_total"}
    assert row.due_at == datetime(2026, 11, 23, 18, 0, tzinfo=SHANGHAI)
    assert room.outbox()[0].payload["due_at"] == row.due_at.astimezone(SHANGHAI).isoformat()


def test_a_decision_is_put_in_words_while_nobody_waits_to_write(room, monkeypatch):
    from hsdispute_plugin import desk

    real, wrote = desk.explanation, []

    def explains(*given):
        with room.store.begin() as tx:  # would wait for itself, and give up, were the case being written
            wrote.append(tx.count_cases())
        return real(*given)

    monkeypatch.setattr(desk, "explanation", explains)
    monkeypatch.setattr(room.store, "_patience_s", 0.1)
    assert room.arrives(SINGLE).case_no and wrote == [0]


def test_every_act_is_saved_with_journal_clocks_and_what_stands_in_the_host(room):
    case_no = room.taken()
    room.does(case_no, "classify", REVIEWER, track="joint", co_units=["hr"])
    docket = room.desk.case(case_no, room.book, room.now)
    assert docket.case.state is State.JOINT_DISPATCH
    assert Case.from_json(docket.row.file) == docket.case
    running = {c.key for c in docket.clocks if c.stopped_at is None}
    assert running == {"general_total", "dispatch"}
    assert {c.key for c in docket.clocks if c.stopped_at} >= {"register", "sign", "triage_review"}
    last = room.outbox()[-1]
    assert (last.key, last.payload["lead"], last.payload["helpers"], last.payload["handling"]) == (
        f"{case_no}-6", "合水县税务局", ["合水县人力资源和社会保障局"], "联办")
    assert last.payload["note"].splitlines()[1] == (
        "分类为联办。李某（税务局审核人），2026年11月2日09:50。依据：合政办发〔2025〕30号 四（二）。")
    lines = room.journal(case_no)
    assert [line.act for line in lines] == ["收到工单", "转办", "签收", "受理登记", "审核", "分类流转"]
    assert lines[-1].why == "分类为联办（已审核待分流→联办待派发）"
    with room.store.begin() as tx:
        assert list(broken(lines, tx.journal_head())) == []


def test_the_host_is_told_to_hand_on_what_a_person_handed_to_a_unit_and_nothing_else(room):
    case_no = room.arrives(SINGLE).case_no
    assert room.outbox()[-1].payload["refer_to"] == "", "the rules suggest, a person decides"
    room.does(case_no, "dispatch", LEADING, unit="tax")
    room.does(case_no, "sign", FIRST)
    assert [row.payload["refer_to"] for row in room.outbox()[1:]] == ["合水县税务局"] * 2
    other = room.arrives(SINGLE, "T2").case_no
    room.does(other, "dispatch", LEADING, unit="tax")
    room.does(other, "send_back", FIRST, why="职工医保归医保局", belongs_to="medical")
    assert room.outbox()[-1].payload["refer_to"] == ""
    room.does(other, "dispatch", LEADING, unit="medical")
    assert room.outbox()[-1].payload["refer_to"] == "合水县医疗保障局"


def test_a_matter_that_is_handed_over_in_writing_goes_to_that_unit_and_one_that_is_only_told_stays(room):
    for number, content, written in (("T1", SINGLE, True), ("T2", "请问职工医保费怎么补缴", False)):
        case_no = room.taken(content, number)
        room.does(case_no, "inform", HANDLER, to="medical", address="某路1号", phone="0934-0000000", materials="无",
                  told_by="电话", written=written, 文书={p: {"告知理由": "职工医保归医保局"} for p in ("告知单", "移送函")})
        assert room.outbox()[-1].payload["refer_to"] == ("合水县医疗保障局" if written else "合水县税务局")


def test_a_refused_act_leaves_no_trace(room):
    case_no = room.taken()
    before = (room.desk.case(case_no, room.book, room.now), room.journal(case_no), room.outbox())
    with pytest.raises(CaseRefused, match="联办没有联办单位"):
        room.does(case_no, "classify", REVIEWER, track="joint", co_units=[])
    assert (room.desk.case(case_no, room.book, room.now), room.journal(case_no), room.outbox()) == before


def test_no_journal_or_note_names_the_payer(room):
    case_no = room.taken()
    said = " ".join(line.who + line.act + line.why for line in room.journal(case_no)) + " ".join(
        row.payload["note"] for row in room.outbox())
    assert "柳某某" not in said
    assert "13800000000" not in said


def test_a_person_decides_otherwise_and_the_host_shows_it(room):
    case_no = room.taken()
    room.does(case_no, "classify", REVIEWER, track="single", why="只涉及欠费追缴")
    last = room.outbox()[-1].payload
    assert (last["handling"], last["helpers"], last["lead"]) == ("单办", [], "合水县税务局")
    docket = room.desk.case(case_no, room.book, room.now)
    assert {c.key for c in docket.clocks if c.stopped_at is None} == {"self_total"}
    assert docket.row.due_at == datetime(2026, 11, 9, 18, 0, tzinfo=SHANGHAI)
    assert last["due_at"] == docket.row.due_at.astimezone(SHANGHAI).isoformat()


def test_a_changed_ticket_changes_the_suggestion_and_not_what_a_person_decided(room):
    case_no = room.taken()
    room.does(case_no, "classify", REVIEWER, track="single", why="只涉及欠费追缴")
    room.arrives("单位欠缴养老保险，不解决我就从税务局楼上跳下去", version="2")
    docket = room.desk.case(case_no, room.book, room.now)
    assert docket.case.state is State.SOLE
    assert docket.case.danger is not None
    assert "extreme_words" in {c.key for c in docket.clocks if c.stopped_at is None}
    assert room.outbox()[-1].payload["handling"] == "单办"
    assert (("通报110",), True) in room.told()


def test_danger_is_told_at_once_and_once(room):
    words = "不给我办社保我就从税务局楼上跳下去"
    room.arrives(words)
    told = room.told()
    assert told == [(("通报110",), True), (("报告专班主任",), True), (("告知专班办公室",), True)]
    room.arrives(words + "，我说到做到", version="2")
    assert room.told() == told


def test_an_act_tells_those_whom_the_table_names_but_not_the_payer(room):
    case_no = room.taken()
    assert room.told() == [(("承办单位",), False)]  # of 转办; the payer is told by 受理回执
    room.does(case_no, "classify", REVIEWER, track="joint", co_units=["人社局"])
    room.does(case_no, "dispatch_tasks", Actor("张某", "tax", Role.HANDLER))
    last = room.outbox("notice")[-1].payload
    assert (last["to"], last["says"]) == (["联办单位"], "派发联办：人社局。现在的状态：待联办意见。")


def test_forms_are_read_in_chinese_and_units_by_their_names(room):
    case_no = room.arrives(SINGLE).case_no
    room.does(case_no, "dispatch", LEADING, 单位="税务局")
    room.does(case_no, "sign", FIRST)
    form = {"缴费人": {"名称": "柳某某", "电话": "13800000000"}, "来访时间": "2026-11-02T09:00:00+08:00",
            "事项所在辖区": "老城镇", "反映主要事项": "单位欠缴", "诉求": "补缴"}
    room.does(case_no, "register", FIRST, 表单=form)
    room.does(case_no, "review", REVIEWER, 内容摘要="一项诉求")
    done = room.does(case_no, "classify", REVIEWER, 办理方式="联办", 联办单位=["人社局", "合水县医疗保障局"])
    assert done.outcome.case.handling.co_units == ("hr", "medical")


def test_no_sentence_for_a_clerk_speaks_in_codes(room):
    case_no = room.taken()
    with pytest.raises(CaseRefused, match="请由受理部门（税务局）办理"):
        room.does(case_no, "classify", Actor("赵某", "hr", Role.REVIEWER), track="single")
    assert "政府办转税务局承办" in room.journal(case_no)[1].why


def test_a_case_merged_into_another_is_saved_on_both_sides(room):
    first, second = room.taken(), room.taken(number="T2")
    room.does(second, "merge", REVIEWER, why="同一缴费人同一事项", parent=first)
    assert room.desk.case(second, room.book, room.now).case.state is State.MERGED
    assert room.desk.case(first, room.book, room.now).case.absorbed == (second,)
    assert [line.act for line in room.journal(first)][-1] == "并入"
    assert [r.case_no for r in room.outbox()[-2:]] == [first, second]


def test_a_changed_ticket_of_a_merged_case_is_put_before_a_person(room):
    first, second = room.taken(), room.taken(number="T2")
    room.does(second, "merge", REVIEWER, why="同一缴费人同一事项", parent=first)
    room.arrives(SINGLE + "，快一点", "T2", version="2")
    assert room.desk.case(second, room.book, room.now).case.state is State.MERGED
    assert room.journal(second)[-1].act == "工单有变"
    assert "请重开或在主案办理" in room.outbox()[-1].payload["note"]


def test_an_unknown_case_or_act_is_refused_with_a_sentence(room):
    with pytest.raises(CaseRefused, match="没有案件 HS-2026-999999"):
        room.does("HS-2026-999999", "sign", FIRST)
    with pytest.raises(CaseRefused, match="没有“invent”这一步"):
        room.does(room.arrives(SINGLE).case_no, "invent", FIRST)


def test_a_platform_of_a_unit_brings_its_tickets_to_that_unit(tmp_path, book):
    room = Room(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    room.desk = Desk(room.store, FORMS, {"roundup": "tax"})
    row = room.arrives(SINGLE)
    assert row.accepting_unit == "tax"
    room.does(row.case_no, "hand_over", FIRST, why="平台没有坐席姓名", person="张某")
    assert room.does(row.case_no, "register", FIRST, form=REGISTRATION).outcome.case.state is State.REGISTERED
    room.store.close()


def test_the_file_of_a_case_from_before_version_3_is_opened_at_its_first_act(url, book):
    old.lay(url, 2)
    room = Room(url, book)
    room.now = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    done = room.does("HS-2026-000001", "dispatch", LEADING, unit="tax")
    assert done.docket.row.accepting_unit == "tax"
    assert done.docket.row.writes == 2
    total = next(c for c in done.docket.clocks if c.key == "general_total")
    assert total.started_at == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    assert [line.act for line in room.journal("HS-2026-000001")] == ["收到工单", "收到工单", "转办"]
    room.store.close()


def test_whoever_takes_a_visitor_is_the_first_contact_and_nothing_is_written_back(room):
    row = room.desk.take(Ticket(ticket_no="V1", content=SINGLE, channel="来访"), FIRST, room.book, room.now)
    case = room.docket(row.case_no).case
    assert (case.first_contact.person, case.first_contact.channel, case.accepting_unit) == ("张某", "来访", "tax")
    assert room.does(row.case_no, "register", FIRST, form=REGISTRATION).outcome.case.state is State.REGISTERED
    assert room.outbox() == []
    with pytest.raises(CaseRefused, match="已经立案"):
        room.desk.take(Ticket(ticket_no="V1", content=SINGLE), FIRST, room.book, room.now)
    with pytest.raises(CaseRefused, match="没有设工作室"):
        room.desk.take(Ticket(ticket_no="V2", content=SINGLE), Actor("钱某", "finance", Role.FIRST_CONTACT), room.book, room.now)
