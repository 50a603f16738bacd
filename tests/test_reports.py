"""The month's figures and what rises, counted from real cases; and what a new ticket has in common with others."""

from datetime import datetime, timedelta
from io import BytesIO

import pytest
from docx import Document
from openpyxl import load_workbook
from typer.testing import CliRunner

from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.desk_alike import employer_name
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.reports import lines, monthly, warning
from hsdispute_plugin.reports_files import document, workbook
from tests.casework import REPLY
from tests.county import HANDLER, REVIEWER, SINGLE, Room

FIRST, NEXT = datetime(2026, 11, 1, tzinfo=SHANGHAI), datetime(2026, 12, 1, tzinfo=SHANGHAI)


@pytest.fixture
def room(tmp_path, book):
    made = Room(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    yield made
    made.store.close()


def answered(room, number):
    """One matter of 联办, answered in time; the co-unit gave its opinion."""
    case_no = room.taken(number=number)
    room.does(case_no, "classify", REVIEWER, track="joint", co_units=["hr"])
    room.does(case_no, "dispatch_tasks", HANDLER)
    room.does(case_no, "opine", Actor("赵某", "hr", Role.CO_UNIT), facts="属实", view="应补缴", basis="社会保险法", signer="赵某",
              文书={"联办意见书": {"承办人电话": "0934-0000000"}})
    room.does(case_no, "combine", HANDLER, text="责令补缴", basis="社会保险法")
    room.does(case_no, "issue_reply", HANDLER, reply=REPLY, 文书={"对方当事人反馈函": {"反馈意见": "请补缴"}})
    for side in ("缴费人", "对方当事人"):
        room.does(case_no, "serve", HANDLER, side=side, mode="直接送达", receipt="签收",
                  文书={"送达回证": {"送达地址": "老城镇"}})
    return case_no


def figures(report):
    return {table.title: {row[0]: row[1:] for row in table.rows} for table in report.tables}


@pytest.fixture
def month(room):
    answered(room, "T1")
    late = room.taken(number="T2")
    room.does(late, "classify", REVIEWER, track="single", why="只涉及欠费追缴")
    room.arrives("不给我办社保我就从税务局楼上跳下去", "T3")
    room.now = datetime(2026, 11, 30, 9, 0, tzinfo=SHANGHAI)
    with room.store.begin() as tx:
        return monthly(tx, room.desk.terms(room.book), FIRST, NEXT, room.now)


def test_a_month_is_counted_as_its_cases_stand(month):
    told = figures(month)
    assert told["总体"] == {"收到": (3,), "已答复": (1,), "其中按时": (1,), "超过办结时限（含未答复的）": (1,), "已归档": (0,)}
    assert told["首次分流"] == {"已由人定类": (2,), "办理方式与建议一致": (1,), "主办单位与建议一致": (2,)}
    assert told["受理部门"]["税务局"] == (2, 1, 1, 1, "100.0%")
    assert told["书面意见"]["人社局"] == (1, 1, 0)
    assert told["乡镇"]["老城镇"][0] == 2
    assert told["主题"]["欠费"][0] == 2
    assert told["其他"]["险情"] == (1,)
    assert "按时率 100.0%" in month.tables[0].note
    assert "办理方式准确率 50.0%" in month.tables[1].note


def test_a_case_of_another_month_is_not_counted(room):
    room.now = FIRST - timedelta(days=3)
    room.arrives(SINGLE)
    with room.store.begin() as tx:
        assert figures(monthly(tx, room.desk.terms(room.book), FIRST, NEXT, room.now))["总体"]["收到"] == (0,)


def test_the_workbook_and_the_document_hold_every_figure_and_no_payer(month):
    book = load_workbook(BytesIO(workbook(month)))
    assert book.sheetnames == [t.title for t in month.tables]
    sheet = book["受理部门"]
    assert [c.value for c in sheet[3]][:3] == ["受理部门", "收到", "已答复"]
    assert ["税务局", 2, 1] in [[c.value for c in row][:3] for row in sheet.iter_rows(min_row=4)]
    assert len(book["总体"]._charts) == 1
    paper = Document(BytesIO(document(month)))
    words = "\n".join([p.text for p in paper.paragraphs] + [c.text for t in paper.tables for r in t.rows for c in r.cells])
    assert "合水县社会保险费征缴争议处理情况" in words
    assert "█" in words
    every = words + "".join(str(c.value) for s in book for row in s.iter_rows() for c in row)
    assert not [secret for secret in ("柳某某", "13800000000") if secret in every]


def test_what_rises_is_named_with_its_cases(room):
    numbers = [room.arrives(SINGLE, f"T{n}", respondent="合水县红星砖厂").case_no for n in range(4)]
    with room.store.begin() as tx:
        told = list(lines(warning(tx, room.desk.terms(room.book), room.now, 30)))
    assert f"  单位  红星砖厂  4  0  {'、'.join(reversed(numbers))}" in told
    assert any(line.startswith("  乡镇  老城镇  4  0") for line in told)
    room.now += timedelta(days=31)
    with room.store.begin() as tx:
        assert list(lines(warning(tx, room.desk.terms(room.book), room.now, 30)))[-1] == "  （无）"


def test_the_fifth_matter_of_one_employer_is_suggested_as_a_common_one(room):
    for n in range(4):
        row = room.arrives(SINGLE, f"T{n}", respondent="合水县红星砖厂有限责任公司")
        assert "grounds.same-employer" not in str(row.decision)
    row = room.arrives(SINGLE, "T9", respondent="红星砖厂（合水）")
    assert "近期反映同一单位的案件较多，可能是普遍性、倾向性问题" in str(row.decision["reasons"])
    note = room.outbox()[-1].payload["note"]
    assert "近30日反映同一单位的另有 4 件：HS-2026-000004、" in note


def test_the_same_caller_again_is_put_before_the_clerk_and_merged_by_nobody(room):
    first = room.arrives(SINGLE, "T1", caller_phone="138-0000-0000").case_no
    room.arrives("再问一下，砖厂欠缴的养老保险办得怎么样了", "T2", caller_phone="13800000000")
    note = room.outbox()[-1].payload["note"]
    assert f"可能与 {first} 是同一事项，核实后可并案（由受理人决定）。" in note
    with room.store.begin() as tx:
        assert {line.state for line in tx.inbox(room.now)} == {"new"}
        kept = [value for kind in ("caller", "employer", "town", "topic") for values in
                tx.traits_between(kind, FIRST, NEXT).values() for value in values]
    assert not [value for value in kept if "13800000000" in value]


def test_a_ticket_that_the_host_calls_a_repeat_names_the_first(room):
    first = room.arrives(SINGLE, "T1").case_no
    room.arrives("请尽快答复", "T2", repeat_of="T1")
    assert f"可能与 {first} 是同一事项" in room.outbox()[-1].payload["note"]


@pytest.mark.parametrize(("given", "name"), [
    ("甘肃省庆阳市合水县红星建材有限责任公司", "红星建材"), ("合水县第一中学校", "第一中学校"), ("红星砖厂（老厂）", "红星砖厂"),
    ("张三丰", ""), ("老板李四", ""), ("", "")])
def test_an_employer_is_known_by_its_name_and_a_person_never_becomes_one(given, name):
    assert employer_name(given) == name


def test_the_leader_asks_for_a_month_and_gets_files(room, tmp_path):
    answered(room, "T1")
    url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"

    def run(*words):
        return CliRunner().invoke(commands, ["report", *words, "--database", url, "--now", "2026-11-30T09:00:00"])

    told = run("--month", "2026-11", "--out", str(tmp_path / "out")).output
    assert "合水县社会保险费征缴争议处理情况（2026年11月01日至2026年11月30日收到的案件）" in told
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"统计-2026-11.xlsx", "统计-2026-11.docx"}
    assert "请写成 2026-11" in run("--month", "2026-13").output
    assert "请写 --month 2026-11，或 --warning" in run().output
    assert "苗头预警（截至2026年11月30日）" in run("--warning").output


def test_an_answered_case_becomes_an_example_without_identity_and_later_tickets_name_it(room, tmp_path):
    case_no = answered(room, "T1")
    url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"

    def run(*words, stdin=None):
        at = [] if words[0] in ("list", "show") else ["--now", "2026-11-10T09:00:00"]
        return CliRunner().invoke(commands, ["library", *words, "--database", url, *at], input=stdin)

    text = run("draft", case_no).output
    assert "情形：欠费" in text
    assert not [secret for secret in ("柳某某", "13800000000", "某砖厂") if secret in text]
    who = ("--name", "李某", "--unit", "税务局", "--role", "审核人", "--title", "砖瓦企业欠缴养老保险", "--file", "-")
    assert run("add", case_no, *who, stdin=text).output == "已收入处理常例第 1 号。\n"
    assert run("list").output.splitlines() == ["处理常例第 1 号“砖瓦企业欠缴养老保险”（2026-11-10 收）", "共 1 件。"]
    assert run("list", "公积金").output == "共 0 件。\n"
    assert "答复：支持。责令补缴" in run("show", "1").output
    room.arrives(SINGLE, "T2")
    assert "可参看处理常例第 1 号“砖瓦企业欠缴养老保险”" in room.outbox()[-1].payload["note"]
    assert room.journal(case_no)[-1].act == "收入处理常例"


@pytest.mark.parametrize("written", ["柳某某的砖厂欠缴", "联系 13800000000 核实", "某砖厂欠缴八个月", "  "])
def test_an_example_in_which_somebody_shows_is_not_taken(room, tmp_path, written):
    case_no = answered(room, "T1")
    words = ["library", "add", case_no, "--title", "欠缴", "--file", "-", "--name", "李某", "--unit", "税务局",
             "--role", "审核人", "--database", f"sqlite:///{tmp_path / 'cases.sqlite3'}", "--now", "2026-11-10T09:00:00"]
    assert "处理常例" in str(CliRunner().invoke(commands, words, input=written).exception)
    with room.store.begin() as tx:
        assert tx.typical_cases() == []


def test_a_case_that_is_not_answered_is_no_example(room, tmp_path):
    case_no = room.taken()
    done = CliRunner().invoke(commands, ["library", "draft", case_no, "--database", f"sqlite:///{tmp_path / 'cases.sqlite3'}"])
    assert "还没有答复，不能作为处理常例" in str(done.exception)
