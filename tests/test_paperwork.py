"""Whole trips of cases, every paper that comes up made as a .docx and read again: what it says, and what it must not say."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn

from hsdispute_plugin.case import ACTS, By, PaperDue, Policy, Role
from hsdispute_plugin.clocks import ClockBook
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_context import submission_number
from hsdispute_plugin.forms_docx import all_text, visible_text
from hsdispute_plugin.model import Decision, Reason, Ticket, Track
from hsdispute_plugin.paperwork import (
    WRITERS,
    FiledPaper,
    asks,
    drafts,
    missing_fields,
    number_prefix,
    paper_values,
    refuse_incomplete,
    without_identity,
)
from hsdispute_plugin.rules.load import load
from tests.casework import MEETING, REGISTRATION, REPLY, Docket, decision

CONFIG = Path(__file__).parents[1] / "config"
SOURCE, FORMS = load(CONFIG), Forms(CONFIG / "forms")
PAYER, PHONE, CARD = "柳青山", "13800000000", "11010519491231002X"
TICKET = Ticket(ticket_no="T-1", title="反映某砖厂欠缴养老保险费", content="某砖厂从2021年起没有给我交养老保险。",
                received_at="2026-11-02 08:40", channel="12345热线", area="老城镇", caller_name=PAYER, caller_phone=PHONE,
                respondent="某砖厂")
REGISTERED: dict[str, Any] = {
    **REGISTRATION, "payer": {"name": PAYER, "phone": PHONE, "kind": "个人", "document_no": CARD, "address": "老城镇某村"},
    "matter": f"{PAYER}反映，某砖厂欠缴2021年3月以来的养老保险费。", "claim": "要求单位补缴。",
    "evidence": ["工资条复印件", "劳动合同复印件"],
}
ANSWER = {**REPLY, "opinion": "已责令某砖厂限期补缴欠费。", "contact": "合水县税务局 0934-5520000",
          "remedy": "可以自知道之日起六十日内申请行政复议。"}
LETTER = {"反馈意见": f"经查，你单位欠缴养老保险费属实，{PAYER}（{PHONE}）的欠费应当补缴。"}


class Clerk:
    """Does the acts of a case and makes each paper that comes up, with its number, as the desk does."""

    def __init__(self, docket: Docket, ticket: Ticket = TICKET) -> None:
        self.docket, self.ticket = docket, ticket
        self.book = ClockBook(SOURCE.deadlines, SOURCE.calendar, SOURCE.hours)
        self.clocks = self.book.apply(docket.outcome.clocks, ())
        self.filed: list[FiledPaper] = []
        self.made: dict[tuple[str, str], bytes] = {}
        self.numbers: dict[str, int] = {}

    def do(self, act: str, role: Role | None = None, *, more: Mapping[str, object] | None = None, **form: Any) -> list[PaperDue]:
        outcome = self.docket.do(act, role, **form)
        self.clocks = self.book.apply(outcome.clocks, self.clocks)
        said = outcome.journal[-1]
        by = By(said.who, said.at, said.why, self.docket.policy)
        for due in outcome.papers:
            self._make(due, by, more or {})
        return list(outcome.papers)

    def _make(self, due: PaperDue, by: By, more: Mapping[str, object]) -> None:
        def values(extra: Mapping[str, object]) -> dict[str, object]:
            return paper_values(due, self.docket.case, self.ticket, self.clocks, by, SOURCE, {**extra, **more}, forms=FORMS,
                                filed=self.filed)

        found = values({})
        if prefix := number_prefix(due, found, FORMS, SOURCE):
            self.numbers[prefix] = self.numbers.get(prefix, 0) + 1
            found = values({"文号": submission_number(prefix, 2026, self.numbers[prefix])})
        refuse_incomplete(self.docket.case.number, [(due, found)], FORMS)
        kept = json.loads(json.dumps(found))  # the store keeps JSON
        raw = FORMS.render(due.kind, kept, without_identity=without_identity(due))
        self.made[due.kind, due.to] = raw
        self.filed.append(FiledPaper.of(due.kind, due.to, by.at, kept))

    def to(self, *acts: str) -> Clerk:
        for act in acts:
            self.do(act)
        return self

    def text(self, kind: str, to: str = "") -> str:
        """Return what a reader sees of the last paper of a kind."""
        raw = self.made.get((kind, to)) or next(r for (k, _), r in reversed(self.made.items()) if k == kind)
        return visible_text(raw)


def registered(found: Decision | None = None, ticket: Ticket = TICKET, **form: Any) -> Clerk:
    """Return a case registered and reviewed, with its papers."""
    clerk = Clerk(Docket(found or decision(Track.SINGLE)), ticket)
    clerk.do("register", form={**REGISTERED, **form})
    return clerk.to("review")


def answered(clerk: Clerk) -> Clerk:
    """Issue the reply and serve it on both parties."""
    clerk.do("issue_reply", reply=ANSWER, more=LETTER)
    clerk.do("serve", side="缴费人")
    clerk.do("serve", side="对方当事人", receipt="厂长签收")
    return clerk


def closed(clerk: Clerk) -> Clerk:
    """Let the payer be content and archive the file."""
    clerk.do("record_answer", answer="无异议")
    clerk.do("archive", contents=list(dict.fromkeys(p.kind for p in clerk.filed)))
    return clerk


def sound(clerk: Clerk) -> None:
    """Insist that every paper opens, has no braces or empty words, and speaks of our case."""
    assert clerk.made
    for (kind, _), raw in clerk.made.items():
        text = visible_text(raw)
        paper = Document(BytesIO(raw))
        assert paper.paragraphs[0].text == FORMS.paper(kind).title or kind == "卷宗封面"
        assert not re.search(r"[{}]|None|undefined|StrEnum|。。|，。", text), (kind, text)
        assert "HS-1" in text or kind in ("报送单",), kind
        assert paper.element.body.findall(f".//{qn('w:t')}")


def rows(raw: bytes) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in Document(BytesIO(raw)).tables[0].rows]


# --- the table of papers ---------------------------------------------------------------------------------------------------

def test_every_paper_of_the_acts_is_in_forms_yaml_and_has_its_writer():
    called = {kind for row in ACTS.values() for kind in row.papers}
    shorts = [p.short for p in FORMS.papers.values()]
    assert called == set(shorts) == set(WRITERS) and len(shorts) == len(set(shorts))
    for paper in FORMS.papers.values():
        assert set(paper.acts) == {row.label for row in ACTS.values() if paper.short in row.papers}, paper.short


@pytest.mark.parametrize("kind", WRITERS)
def test_what_a_person_is_asked_for_is_a_field_of_the_paper(kind):
    paper = FORMS.paper(kind)
    assert set(asks(kind)) <= set(paper.required) and set(drafts(kind)) <= set(paper.fields)
    assert not set(asks(kind)) & set(drafts(kind))


# --- one unit alone --------------------------------------------------------------------------------------------------------

def test_a_matter_of_one_unit_from_registration_to_archive():
    clerk = registered()
    form, receipt = clerk.text("受理登记表"), clerk.text("受理回执")
    for said in (PAYER, PHONE, CARD, "老城镇", "要求单位补缴。", "工资条复印件、劳动合同复印件", "首问人", "12366"):
        assert said in form
    assert receipt.startswith("社会保险费征缴争议受理告知书\n合税社争受〔2026〕1号\n柳青山：")
    assert "办理方式为单办，预计于2026年11月9日前办结" in receipt
    clerk.do("classify", track="single", co_units=[])
    clerk.to("combine")
    closed(answered(clerk))
    reply, letter = clerk.text("答复意见书"), clerk.text("对方当事人反馈函")
    for said in ("合税社争答〔2026〕1号", "支持你（单位）的诉求。", "已责令某砖厂限期补缴欠费。", "社会保险法 第六十三条",
                 "六十日内申请行政复议", "0934-5520000"):
        assert said in reply
    assert "某砖厂：" in letter and "社会保险费征缴争议（企业职工养老；欠费）" in letter
    assert "国家税务总局庆阳市税务局" in letter and "六十日内" in letter
    sound(clerk)


def test_the_other_party_never_reads_who_complained():
    clerk = answered(drafted())
    for kind in ("对方当事人反馈函", "送达回证"):
        everything = all_text(clerk.made[kind, "对方当事人"])
        for trace in (PAYER, PHONE, CARD, "老城镇某村", "青山", "柳某"):
            assert trace not in everything, (kind, trace)
    assert "〔姓名略〕（〔电话略〕）的欠费应当补缴" in clerk.text("对方当事人反馈函")
    assert "厂长签收" in clerk.text("送达回证", "对方当事人")
    assert PAYER in clerk.text("送达回证", "缴费人")


def drafted() -> Clerk:
    """Return a matter of one unit with its opinion formed."""
    clerk = registered()
    clerk.do("classify", track="single", co_units=[])
    return clerk.to("combine")


def test_nobody_who_complained_along_or_called_for_another_is_named():
    ticket = TICKET.model_copy(update={"caller_name": "赵小军", "caller_phone": "13900000000"})
    clerk = registered(None, ticket, extra=[["共同反映人", "王丽"]])
    clerk.do("classify", track="single", co_units=[])
    clerk.to("combine")
    clerk.do("issue_reply", reply=ANSWER,
             more={"反馈意见": f"{PAYER}、王丽反映，赵小军（13900000000）来电，均属实。"})
    everything = all_text(clerk.made["对方当事人反馈函", "对方当事人"])
    assert [trace for trace in (PAYER, PHONE, "王丽", "赵小军", "13900000000") if trace in everything] == []
    assert "均属实" in everything


# --- several units ---------------------------------------------------------------------------------------------------------

def joint() -> Clerk:
    """Return a matter that the medical and the finance bureau are asked about."""
    clerk = registered(decision(Track.JOINT))
    clerk.do("classify", track="joint", co_units=["hr", "finance"])
    return clerk.to("dispatch_tasks")


def all_opine(clerk: Clerk, act: str = "opine", **form: Any) -> Clerk:
    for task in clerk.docket.case.handling.open_tasks():
        phone = SOURCE.units[task.unit].phone
        clerk.do(act, of=task.unit, more={} if phone else {"承办人电话": "0934-5510000"}, **form)
    return clerk


def test_a_matter_of_several_units_from_notice_to_archive():
    clerk = joint()
    notice = clerk.text("联办通知", "finance")
    assert notice.splitlines()[1:3] == ["合税社争联〔2026〕2号", "合水县财政局："]
    for said in ("由我单位牵头", "指导机关事业单位处理好争议处理后的单位缴费支出", "一项诉求：补缴",
                 "于2026年11月9日前", "加盖公章的联办意见书"):
        assert said in notice
    all_opine(clerk)
    opinion = clerk.text("联办意见书")
    assert "合水县财政局" in opinion and "乙" in opinion and "0934-5510000" in opinion and "2026年11月9日" in opinion
    clerk.do("call_meeting")
    clerk.do("record_meeting", meeting={**MEETING, "present": ["tax", "hr"], "absent": ["finance"], "dissent": "财政局另行核实"})
    record = rows(clerk.made["会商记录", ""])
    assert ["人社局", "应补缴", "乙"] in [r[:3] for r in record] or any("人社局" in r and "应补缴" in r for r in record)
    assert "未另交书面意见，见会商结论" in clerk.text("会商记录") and "财政局另行核实" in clerk.text("会商记录")
    clerk.to("combine")
    closed(answered(clerk))
    assert "合水县人力资源和社会保障局、合水县财政局已书面提出意见" in clerk.text("答复意见书")
    sound(clerk)


def test_a_unit_without_a_telephone_in_units_yaml_is_asked_for_one():
    clerk = joint()
    with pytest.raises(CaseRefused) as refused:
        clerk.do("opine", of="finance")
    assert str(refused.value).startswith("HS-1 的文书还缺内容：联办意见书（承办人电话）。请随这一步一并补写；")


# --- a special case --------------------------------------------------------------------------------------------------------

MAJOR = decision(Track.MAJOR, signals=("group10",), reasons=(
    Reason("major.group10", "事项分类", "劳动争议调解仲裁法 第七条", "劳动者一方在十人以上并有共同请求"),))


def submitted() -> Clerk:
    """Return a special case at the director's."""
    clerk = registered(MAJOR)
    clerk.do("classify", track="major", co_units=[])
    clerk.to("submit")
    clerk.do("forward", why="材料齐全，拟同意专案办理")
    return clerk


def test_a_special_case_from_submission_to_minutes():
    clerk = submitted()
    form = clerk.text("报送单")
    for said in ("报送编号 合税社争报〔2026〕1号", "多人欠费", "请专案处理", "并于12月31日", "电话：0934-0000000"):
        assert said in form
    first = clerk.text("专案审批表")
    assert "情形：十人以上；劳动者一方在十人以上并有共同请求" in first and "劳动争议调解仲裁法 第七条" in first
    clerk.do("approve_special", Role.DIRECTOR, why="请各单位抓紧")
    table = clerk.text("专案审批表")
    for said in ("材料齐全，拟同意专案办理", "专班办公室甲", "同意专案办理。请各单位抓紧", "专班主任甲"):
        assert said in table
    notice = clerk.text("联办通知", "court")
    assert "经领导专班主任同意，会同各成员单位专案处理" in notice and "书面审批意见，不涉及本单位职责的也请" in notice
    assert "合社争办联〔2026〕2号" in notice and "合水县社会保险费征缴争议联合处置工作领导专班办公室" in notice
    assert len([p for p in clerk.filed if p.kind == "联办通知"]) == len(Policy().members) == 8
    all_opine(clerk, "opine_special")
    assert "否" in clerk.text("专案审批意见") and "三（二）本单位职责" in clerk.text("专案审批意见")
    clerk.to("approve_meeting", "call_special_meeting")
    clerk.do("record_special_meeting",
             meeting={**MEETING, "special": True, "present": ["tax", "hr", "court"], "absent": ["cyber"]})
    assert "重大事项会商（专题会议）" in clerk.text("会商记录") and "缺席人员\n网信办" in clerk.text("会商记录")
    clerk.to("sign_minutes")
    minutes = clerk.text("会议纪要")
    for said in ("〔2026〕1号", "参加人员：税务局、人社局、法院", "缺席人员：网信办", "议定追缴", "由税务局追缴",
                 "落实议定事项，书面答复缴费人", "签发：专班主任甲", "合水县社会保险费征缴争议联合处置工作领导专班"):
        assert said in minutes
    closed(answered(clerk))
    assert "经领导专班会商形成会议纪要（〔2026〕1号）" in clerk.text("答复意见书")
    sound(clerk)


def test_the_director_reads_the_grounds_and_not_who_has_which_duty():
    grounds = Reason("grounds.group10", "事项分类", "劳动争议调解仲裁法 第七条", "十人以上提出同一诉求")
    others = (Reason("duty.arrears", "职责认定", "社会保险法 第六十三条", "欠缴属税务局征收职责"),
              Reason("deadline.major", "时限", "四（三）2", "重大疑难按期办结"))
    clerk = registered(decision(Track.MAJOR, signals=("group10",), reasons=(grounds, *others)))
    clerk.do("classify", track="major", co_units=[])
    clerk.to("submit")
    form = clerk.text("专案审批表")
    assert "十人以上提出同一诉求" in form and "依据：劳动争议调解仲裁法 第七条；合政办发〔2025〕30号 四（二）" in form
    assert "征收职责" not in form and "按期办结" not in form


def test_the_payer_reads_where_to_go_and_not_how_the_ticket_was_read():
    found = decision(Track.INFORM, reasons=(
        Reason("scope.title-elsewhere", "受理范围", "四（一）", "标题反映的是待遇，征缴只是顺带说到"),
        Reason("triage.inform-medical", "分类流转", "四（一）", "反映的是医疗待遇，由医保局办理"),
        Reason("deadline.inform", "时限", "四（一）", "不属于本机制的应及时告知")))
    clerk = registered(found)
    clerk.do("inform", why="", written=False)
    told = clerk.text("告知单")
    assert "反映的是医疗待遇，由医保局办理。" in told and "标题" not in told and "应及时告知" not in told


@pytest.mark.parametrize(("as_general", "said"), [(True, "转一般事项办理"), (False, "补充材料后再报")])
def test_a_director_who_refuses_says_so_on_the_same_form(as_general, said):
    clerk = submitted()
    clerk.do("refuse_special", as_general=as_general, why="只涉及一户")
    table = clerk.text("专案审批表")
    assert f"不同意专案办理，{said}。只涉及一户" in table and "合税社争报〔2026〕1号" in table and "材料齐全" in table


# --- told elsewhere, not accepted, supplement ------------------------------------------------------------------------------

def test_a_complaint_that_is_anothers_duty_is_told_and_transferred_in_writing():
    clerk = registered(decision(Track.INFORM, ticket_type="complaint"))
    with pytest.raises(CaseRefused, match="告知单（告知理由）、移送函（告知理由）"):
        refuse_incomplete("HS-1", _papers_without_reason(clerk), FORMS)
    clerk.do("inform", why="住房公积金不属于社会保险费", feedback_due_on="2026-11-20")
    told, letter = clerk.text("告知单"), clerk.text("移送函")
    for said in ("住房公积金不属于社会保险费。", "公积金中心", "地址：县城。电话：12329。", "身份证"):
        assert said in told
    assert "经审核，住房公积金不属于社会保险费。根据" in letter and "工资条复印件、劳动合同复印件" in letter and PHONE in letter
    clerk.do("record_feedback", more={"反馈缴费人情况": "已电话告知缴费人"})
    feedback = clerk.text("办理情况反馈单")
    assert "公积金中心" in feedback and "2026年11月20日" in feedback and "已电话告知缴费人" in feedback
    clerk.do("archive", contents=[p.kind for p in clerk.filed])
    sound(clerk)


def _papers_without_reason(clerk: Clerk) -> Iterator[tuple[PaperDue, dict[str, object]]]:
    by = clerk.docket.by(clerk.docket.who("inform"))
    outcome = clerk.docket.case.inform(by, "公积金中心", "县城", "12329", "身份证", "当面", written=True)
    for due in outcome.papers:
        yield due, paper_values(due, outcome.case, TICKET, clerk.clocks, by, SOURCE, {}, forms=FORMS)


def test_what_the_rules_say_of_a_matter_of_others_is_told_where_the_person_adds_nothing():
    found = decision(Track.INFORM, reasons=(Reason("scope.fund", "受理范围", "四（一）", "住房公积金不是社会保险费"),))
    clerk = registered(found)
    clerk.do("inform", why="", written=False)
    assert "住房公积金不是社会保险费。" in clerk.text("告知单") and ("移送函", "公积金中心") not in clerk.made


@pytest.mark.parametrize(("ground", "basis"), [
    ("信访已受理", "国办发〔2020〕53号"), ("不属于本县管辖", "合政办发〔2025〕30号 二（三）")],
)
def test_what_is_not_accepted_is_told_with_ground_basis_and_way(ground, basis):
    clerk = registered()
    clerk.do("decline", ground=ground, why="已出具受理告知书")
    text = clerk.text("不予受理告知书")
    for said in (f"{ground}。已出具受理告知书", f"依据：{basis}", "信访复查", "合税社争不受〔2026〕1号"):
        assert said in text
    sound(clerk)


def test_what_is_missing_is_asked_for_once_and_then_registered_as_it_is():
    clerk = Clerk(Docket(decision(Track.SINGLE)), TICKET.model_copy(update={"caller_phone": ""}))
    lacking = {**REGISTERED, "area": "", "claim": "", "payer": {"name": PAYER, "phone": ""}}
    clerk.do("ask_supplement", form=lacking)
    asked = clerk.text("一次性补正告知")
    assert "请于2026年11月16日前补充" in asked and "合税社争补〔2026〕1号" in asked
    table = rows(clerk.made["一次性补正告知", ""])
    assert [r[:2] for r in table[1:]] == [["1", "联系方式"], ["2", "事项所在辖区"], ["3", "诉求"]]
    clerk.do("register", form=lacking, why="缴费人说不清")
    form = clerk.text("受理登记表")
    assert form.count("（未提供）") == 3 and PAYER in form
    clerk.to("review")
    clerk.do("correct_registration", form={**lacking, "claim": "要求补缴"}, why="缴费人来电")
    again = clerk.text("受理登记表")
    assert "要求补缴" in again and "一项诉求：补缴" in again  # the review stands on the form by now
    sound(clerk)


def test_an_anonymous_report_shows_no_name_even_where_the_host_sent_one():
    clerk = Clerk(Docket(decision(Track.SINGLE, ticket_type="report")))
    clerk.do("register", form={**REGISTERED, "payer": {"name": "", "phone": ""}, "anonymous": True,
                               "matter": "某砖厂不给工人参保。"})
    clerk.to("review")
    clerk.do("classify", track="single", co_units=[])
    answered(clerk.to("combine"))
    for (kind, to), raw in clerk.made.items():
        everything = all_text(raw)
        assert PAYER not in everything and PHONE not in everything, (kind, to)
    for kind in ("受理登记表", "受理回执", "答复意见书"):
        assert "（匿名）" in clerk.text(kind)
    sound(clerk)


# --- dispatched, bounced, designated ---------------------------------------------------------------------------------------

def test_a_ticket_is_dispatched_before_anybody_registered_it():
    clerk = Clerk(Docket(unit="gov_office", policy=Policy(bounce_limit=1)))
    clerk.do("dispatch", why="请核实后办理")
    form = clerk.text("转办单", "tax")
    for said in ("合水县税务局", PAYER, PHONE, TICKET.content, "请核实后办理", "合水县人民政府办公室（章）", "12345",
                 "2026年11月3日", "2026年11月4日"):
        assert said in form
    clerk.to("send_back")
    clerk.do("record_meeting", Role.OFFICE)
    assert "有理由" in clerk.text("会商记录"), "why the unit returned the ticket is its opinion"
    clerk.do("designate", Role.OFFICE, unit="tax", track=None)
    form = clerk.text("转办单")
    assert "领导专班办公室（章）" in form and "退单期限\n    年    月    日" in form
    sound(clerk)


# --- beside the main course ------------------------------------------------------------------------------------------------

def test_an_extension_names_the_due_before_and_after():
    clerk = joint()
    clerk.do("extend", workdays=5, why="账册需要外调")
    form, notice = clerk.text("延期审批表"), clerk.text("延期办理告知书")
    for text in (form, notice):
        assert "2026年11月23日" in text and "2026年11月30日" in text and "账册需要外调" in text
    assert "1. 2026年11月2日，合水县税务局受理登记。" in form and "分类为联办。" in form
    assert "单位负责人\n意见\n同意延期5个工作日。\n签字（章）：单位负责人甲" in form
    assert "合税社争延〔2026〕1号" in notice
    sound(clerk)


def test_a_directors_extension_is_signed_in_his_place():
    clerk = submitted().to("approve_special")
    clerk.do("extend", Role.DIRECTOR, workdays=5)
    assert "审批意见\n同意延期5个工作日。\n签字（章）：专班主任甲" in clerk.text("延期审批表")


def test_a_reminder_names_what_is_owed_and_a_supervision_what_was_tried():
    clerk = joint()
    clerk.docket.do("sign_task", of="hr")
    clerk.clocks = clerk.book.apply(clerk.docket.outcome.clocks, clerk.clocks)
    clerk.do("urge", unit="hr", why="")
    clerk.do("urge", Role.CLOCK, unit="hr", why="系统提醒")
    text = clerk.text("催办通知", "hr")
    for said in ("合水县人力资源和社会保障局：", "其中“联办单位书面意见”至今未办结。本次为第2次催办。", "办理期限为2026年11月9日",
                 "联系人：首问人", "合税社争催〔2026〕2号"):
        assert said in text
    clerk.do("supervise", of="gov_office", unit="hr", why="两次催办未答复")
    text = clerk.text("督办通知", "hr")
    for said in ("推诿拒办。两次催办未答复", "第1次：2026年11月2日；第2次：2026年11月2日", "合水县人民政府办公室（章）",
                 "2026年11月5日"):
        assert said in text
    sound(clerk)


def test_a_report_upward_tells_what_was_done_and_what_is_proposed():
    clerk = all_opine(joint())
    with pytest.raises(CaseRefused, match=r"提级报告（建议意见）"):
        clerk.do("escalate", of="tax")
    clerk = all_opine(joint())
    clerk.do("escalate", of="tax", why="统模式前欠费口径不明", more={"建议意见": "请明确核定口径"})
    text = clerk.text("提级报告")
    for said in ("庆阳市税务局：", "统模式前欠费口径不明", "请明确核定口径", "合水县财政局出具书面意见：应补缴。",
                 "合税社争提〔2026〕1号"):
        assert said in text
    sound(clerk)


# --- objection, remedies ---------------------------------------------------------------------------------------------------

def objecting(routes: list[str], respondent: Mapping[str, object] | None = None, unit: str = "", **found: Any) -> Clerk:
    clerk = registered(decision(Track.SINGLE, **found), respondent=respondent or REGISTRATION["respondent"], respondent_unit=unit)
    clerk.do("classify", track="single", co_units=[])
    answered(clerk.to("combine"))
    clerk.do("record_answer", answer="有异议", routes=routes, more={"异议内容": "补缴年限应从2015年算起"})
    return clerk


@pytest.mark.parametrize(("unit", "routes", "told", "untold"), [
    ("", ["仲裁"], ["合水县劳动人事争议仲裁委员会", "一年内"], ["庆阳市税务局"]),
    ("", ["调解", "行政复议"], ["1. 双方愿意调解的", "2. 对税务机关", "国家税务总局庆阳市税务局", "六十日内"], ["六个月内"]),
    ("tax", ["行政复议"], ["国家税务总局庆阳市税务局", "六十日内"], ["合水县人民政府申请", "仲裁"]),
    ("hr", ["行政复议", "行政诉讼"], ["合水县人民政府", "六十日内", "六个月内"], ["庆阳市税务局", "仲裁"]),
])
def test_an_objection_is_told_the_right_organ_and_period(unit, routes, told, untold):
    clerk = objecting(routes, {"name": "某单位"}, unit)
    text = clerk.text("异议登记和救济告知")
    assert [w for w in told if w not in text] == [] and [w for w in untold if w in text] == []
    for said in (PAYER, "补缴年限应从2015年算起", "社会保险费征缴争议事项答复意见书（合税社争答〔2026〕1号）", "、".join(routes)):
        assert said in text
    sound(clerk)


def test_who_was_passed_on_from_unit_to_unit_is_told_that_review_comes_first():
    text = objecting(["行政复议"], {"name": "县人社局"}, "hr", topics=("passing_buck",)).text("异议登记和救济告知")
    assert "应当先" in text and "未经复议不能直接起诉" in text


def test_a_route_that_is_not_on_file_leaves_the_remedy_of_the_reply():
    text = objecting(["仲裁"], {"name": "县税务局"}, "tax").text("异议登记和救济告知")
    assert ANSWER["remedy"] in text


def test_a_follow_up_says_how_the_payer_was_asked():
    clerk = objecting(["行政复议"])
    clerk.do("follow_up", more={"回访方式": "电话"})
    assert "回访方式\n电话" in clerk.text("回访记录") and "是否满意\n是" in clerk.text("回访记录")
    sound(clerk)


@pytest.mark.parametrize(("mode", "address", "place"), [
    ("邮寄送达", "", None), ("邮寄送达", "老城镇某村", "老城镇某村"), ("无法送达", "", "无法查明"),
    ("直接送达", "", "合水县税务局（当面）"),
    ("电子送达", "", PHONE),
])
def test_where_a_paper_was_served_is_asked_only_where_nobody_knows(mode, address, place):
    clerk = registered(payer={"name": PAYER, "phone": PHONE, "address": address})
    clerk.do("classify", track="single", co_units=[])
    clerk.to("combine")
    clerk.do("issue_reply", reply=ANSWER, more=LETTER)
    if place is None:
        with pytest.raises(CaseRefused, match=r"送达回证（送达地址）"):
            clerk.do("serve", side="缴费人", mode=mode)
        return
    clerk.do("serve", side="缴费人", mode=mode)
    text = clerk.text("送达回证", "缴费人")
    assert f"送达地址\n{place}" in text and "合税社争答〔2026〕1号" in text and mode in text


# --- the archive -----------------------------------------------------------------------------------------------------------

def test_the_table_of_contents_lists_every_paper_in_the_order_of_a_file():
    clerk = all_opine(joint())
    clerk.to("combine")
    answered(clerk).do("record_answer", answer="无异议")
    clerk.filed = [FiledPaper(p.kind, p.made_on, p.receiver, p.number, p.author, 2) for p in clerk.filed]
    clerk.do("archive", contents=[*dict.fromkeys(p.kind for p in clerk.filed), "银行流水"])
    table = rows(clerk.made["卷内目录", ""])
    titles = [r[3] for r in table[1:]]
    assert titles == [
        "社会保险费征缴争议受理登记表", "社会保险费征缴争议受理告知书", "工资条复印件", "劳动合同复印件",
        "社会保险费征缴争议事项联办通知（人社局）", "社会保险费征缴争议事项联办通知（财政局）",
        "社会保险费征缴争议事项联办意见书（税务局）", "社会保险费征缴争议事项联办意见书（税务局）",
        "社会保险费征缴争议事项答复意见书（缴费人）", "社会保险费征缴争议事项办理情况反馈函（对方当事人）", "送达回证（缴费人）",
        "送达回证（对方当事人）", "银行流水"]
    assert [r[0] for r in table[1:]] == [str(n) for n in range(1, 14)]
    assert [r[5] for r in table[1:5]] == ["1", "3", "5", ""], "pages of what the payer handed in are not known"
    assert table[5][1:3] == ["合税社争联〔2026〕1号", "税务局"] and table[5][4] == "2026年11月2日"
    assert table[3][2] == "缴费人" and PAYER not in clerk.text("卷内目录")
    cover = clerk.text("卷宗封面")
    for said in ("001-2026-01", "社会保险费征缴争议（企业职工养老；欠费）", "定期10年", "共 13 件", "2026年11月2日"):
        assert said in cover
    assert PAYER not in cover
    assert "本卷共13件" in clerk.text("卷内备考表") and "档案员甲" in clerk.text("卷内备考表")
    sound(clerk)


def test_the_closing_note_says_what_was_gone_without():
    clerk = joint()
    clerk.do("override_opinion", unit="hr", why="逾期未交")
    all_opine(clerk).to("combine")
    closed(answered(clerk))
    assert "合水县人力资源和社会保障局没有提出书面意见：逾期未交。" in clerk.text("卷内备考表")
    assert "合水县人力资源和社会保障局未在期限内提出书面意见。" in clerk.text("答复意见书")


# --- what a person writes, what is missing ---------------------------------------------------------------------------------

def test_what_a_person_wrote_wins_over_what_is_on_record():
    clerk = drafted()
    clerk.do("issue_reply", reply=ANSWER, more={
        **LETTER, "联办情况": "另见附件", "应办事项": "限期补缴。", "应办期限": "2026-11-20"})
    assert "另见附件" in clerk.text("答复意见书")
    assert "限期补缴。请于2026年11月20日前办理完毕" in clerk.text("对方当事人反馈函")


def test_a_letter_to_the_other_party_cannot_do_without_words_of_its_own():
    clerk = drafted()
    with pytest.raises(CaseRefused, match=r"对方当事人反馈函（反馈意见）") as refused:
        clerk.do("issue_reply", reply=ANSWER)
    assert PAYER not in str(refused.value)


def test_values_are_plain_json_and_missing_fields_are_named():
    clerk = drafted()
    case, by = clerk.docket.case, clerk.docket.by(clerk.docket.who("urge"))
    due = PaperDue("催办通知", "tax")
    values = paper_values(due, case, TICKET, clerk.clocks, by, SOURCE, {}, forms=FORMS)
    assert json.loads(json.dumps(values)) == values
    assert missing_fields(due, values, FORMS) == ()
    without = {k: v for k, v in values.items() if k not in ("办理期限", "经办人电话")}
    assert missing_fields(due, without, FORMS) == ("办理期限", "经办人电话")
    with pytest.raises(CaseRefused, match="没有文书 “通报”"):
        paper_values(PaperDue("通报"), case, TICKET, clerk.clocks, by, SOURCE, {}, forms=FORMS)


def trips() -> Iterator[Clerk]:
    """Walk through every act that calls for a paper."""
    clerk = Clerk(Docket(unit="gov_office")).to("dispatch", "sign")
    clerk.do("ask_supplement", form={**REGISTERED, "area": ""})
    clerk.docket.do("hand_over", person="首问人员甲")
    clerk.do("register", form=REGISTERED)
    yield clerk
    clerk = registered(decision(Track.INFORM, ticket_type="complaint"))
    clerk.do("inform", feedback_due_on="2026-11-20")
    clerk.do("record_feedback", more={"反馈缴费人情况": "已电话告知缴费人。"})
    yield clerk
    yield registered().to("decline")
    clerk = joint()
    clerk.do("extend", workdays=5)
    clerk.do("urge", unit="hr")
    clerk.do("supervise", unit="hr")
    all_opine(clerk).do("record_meeting")
    clerk.do("escalate", of="tax", more={"建议意见": "请明确核定口径。"})
    yield clerk
    clerk = submitted().to("approve_special")
    all_opine(clerk, "opine_special").to("approve_meeting", "call_special_meeting", "record_special_meeting", "sign_minutes")
    yield closed(answered(clerk))
    clerk = objecting(["调解", "行政复议", "行政诉讼"])
    clerk.do("follow_up", more={"回访方式": "电话"})
    yield clerk


def test_a_paper_takes_its_number_under_the_unit_and_the_kind():
    assert FORMS.number_prefix("答复意见书", "hr") == "合人社争答" and FORMS.number_prefix("reply", "office") == "合社争办答"
    assert FORMS.number_prefix("受理登记表", "tax") == ""
    with pytest.raises(CaseRefused, match="单位 “laocheng” 没有文号的字，请在"):
        FORMS.number_prefix("答复意见书", "laocheng")


def test_a_county_that_numbers_no_papers_may_leave_the_table_out(tmp_path):
    directory = Path(shutil.copytree(CONFIG / "forms", tmp_path / "forms"))
    text = (directory / "forms.yaml").read_text(encoding="utf-8")
    head, rest = text.split("文号:\n  单位:", 1)
    (directory / "forms.yaml").write_text(head + rest[rest.index("# 每份文书的模板都可以用的字段"):], encoding="utf-8")
    assert Forms(directory).number_prefix("答复意见书", "tax") == ""


def test_every_paper_of_the_acts_comes_up_in_a_trip_and_is_sound():
    kinds: set[str] = set()
    for clerk in trips():
        sound(clerk)
        kinds |= {kind for kind, _ in clerk.made}
    assert kinds == set(WRITERS)
