"""Whole trips of cases, every paper that comes up made as a .docx and read again: what it says, and what it must not say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn

from hsdispute_plugin.case import ACTS, By, PaperDue, Role
from hsdispute_plugin.clocks import ClockBook
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_context import submission_number
from hsdispute_plugin.forms_docx import all_text, visible_text
from hsdispute_plugin.model import Decision, Ticket, Track
from hsdispute_plugin.paperwork import (
    WRITERS,
    FiledPaper,
    asks,
    drafts,
    number_prefix,
    paper_values,
    refuse_incomplete,
    without_identity,
)
from hsdispute_plugin.rules.load import load
from tests.casework import REGISTRATION, REPLY, Docket, decision

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
