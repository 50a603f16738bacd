"""An invented case and the people who work on it, for tests that walk it through its life."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hsdispute_plugin.case import ACTS, Actor, By, ClockEffect, FirstContact, Outcome, Policy, Role, open_case, perform
from hsdispute_plugin.case.acts import Whose
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.model import SHANGHAI, Alert, Decision, DueDate, Matter, Scope, Track

BEGAN = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)
UNITS = Policy().members

REGISTRATION: dict[str, Any] = {
    "payer": {"name": "柳某某", "phone": "13800000000"}, "visited_at": BEGAN.isoformat(), "area": "老城镇",
    "matter": "单位欠缴养老保险费", "claim": "补缴", "respondent": {"name": "某砖厂", "kind": "用人单位"},
}
MEETING: dict[str, Any] = {
    "special": False, "held_at": BEGAN.isoformat(), "place": "税务局三楼", "chair": "甲", "present": ["tax", "hr"], "absent": [],
    "agenda": "欠费", "decisions": "由税务局追缴",
}
REPLY = {"claim": "补缴", "facts": "欠缴属实", "outcome": "支持", "opinion": "责令补缴", "basis": "社会保险法 第六十三条",
         "remedy": "六十日内可申请行政复议", "contact": "0934-0000000"}

#: A good form for every act; acts without one need none.
FORMS: dict[str, dict[str, Any]] = {
    "dispatch": {"unit": "tax"}, "send_back": {"belongs_to": "hr"}, "hand_over": {"person": "新人"},
    "ask_supplement": {"form": {**REGISTRATION, "area": "", "claim": ""}}, "register": {"form": REGISTRATION},
    "correct_registration": {"form": REGISTRATION}, "review": {"summary": "一项诉求：补缴"},
    "inform": {"to": "公积金中心", "address": "县城", "phone": "12329", "materials": "身份证", "told_by": "当面",
               "written": True},
    "record_feedback": {"text": "已办结"}, "decline": {"ground": "信访已受理", "route": "信访复查"},
    "classify": {"track": "joint", "co_units": ["hr"]}, "designate": {"unit": "tax", "track": "single"},
    "release_task": {"unit": "hr"}, "opine": {"facts": "属实", "view": "应补缴", "basis": "社会保险法", "signer": "乙"},
    "override_opinion": {"unit": "hr"}, "record_meeting": {"meeting": MEETING},
    "combine": {"text": "责令补缴", "basis": "社会保险法"},
    "widen": {"co_units": ["hr"]},
    "submit": {"form": {"submission_no": "合税社争报〔2026〕1号", "summary": "多人欠费", "opinion": "请专案处理",
                        "contact_phone": "0934-0000000", "feedback_due_on": "2026-12-31"}},
    "refuse_special": {"as_general": True}, "opine_special": {"view": "不涉及", "signer": "丙", "concerned": False},
    "override_special": {"unit": "court"}, "adjourn": {"units": ["court"]},
    "record_special_meeting": {"meeting": {**MEETING, "special": True}},
    "sign_minutes": {"minutes_no": "〔2026〕1号", "text": "议定追缴"}, "issue_reply": {"reply": REPLY},
    "serve": {"side": "缴费人", "mode": "直接送达", "receipt": "本人签收"}, "record_answer": {"answer": "无异议"},
    "follow_up": {"satisfied": True, "solved": True}, "apply_remedy": {"kind": "行政复议", "organ": "庆阳市税务局"},
    "end_remedy": {"kind": "行政复议", "result": "维持"}, "apply_court": {"kind": "强制执行", "document": "强制执行申请书"},
    "record_court": {"kind": "强制执行", "result": "准予执行"}, "escalate": {"upper": "庆阳市税务局"},
    "record_upper_answer": {"upper": "庆阳市税务局", "answer": "按规定办理"},
    "archive": {"file_no": "001-2026-01", "keep_years": 10, "contents": ["受理登记表"]}, "extend": {"workdays": 5},
    "suspend": {"ground": "等待法院或仲裁结论"}, "urge": {"unit": "hr"}, "supervise": {"unit": "hr", "ground": "推诿拒办"},
    "answer_supervision": {"answer": "已办"}, "withdraw": {"statement": "撤回申请书"},
    "advise_public_opinion": {"opinion": "属实，正在追缴"},
    "close_public_opinion": {"result": "已回应"}, "settle_danger": {"done": "110已到场"}, "recuse": {"person": "某人"},
}


def decision(track: Track = Track.JOINT, **more: Any) -> Decision:
    """Return what the rules might say; ``more`` replaces fields."""
    said = Decision(
        ticket_no="T-1", scope=Scope.IN, compound=False, insurance=("pension_employee",), topics=("arrears",), lead="tax",
        units=("hr", "tax"), track=track, matter=Matter.MAJOR if track is Track.MAJOR else Matter.GENERAL, signals=(),
        ticket_type="help", due=(), reasons=(), edition="e1", engine="generated",
    )
    return replace(said, **more)


HOST_DUE = DueDate("host", "平台工单时限", BEGAN + timedelta(days=20), "平台随工单给出的时限", confirmed=True)
DANGER = Alert("police110", "通报110：立即联动", "escalation.extreme")
PUBLIC_OPINION = Alert("cyber", "转网信办：核查", "escalation.public-opinion")


class Docket:
    """A case in the making: does acts, moves time on an hour each, keeps journal and running clocks."""

    def __init__(self, found: Decision | None = None, unit: str = "tax", policy: Policy | None = None) -> None:
        self.policy, self.now = policy or Policy(), BEGAN
        self.journal: list[str] = []
        self.running: set[tuple[str, str]] = set()
        self.outcome = open_case("HS-1", "roundup", "T-1", FirstContact("首问人", unit, BEGAN, "来访"), found or decision(),
                                 BEGAN,
                                 self.by(Actor("首问人", unit, Role.FIRST_CONTACT)))
        self.case = self.outcome.case
        self._note(self.outcome)

    def by(self, actor: Actor, why: str = "", lapsed: tuple[str, ...] = ()) -> By:
        return By(actor, self.now, why, self.policy, frozenset(lapsed))

    def who(self, act: str, role: Role | None = None, of: str = "") -> Actor:
        """Return somebody of the unit ``of`` whom the table lets do the act; the first contact registers in person."""
        row = ACTS[act]
        role = role or row.roles[0]
        unit = of
        if not unit:
            owing = [t.unit for t in self.case.handling.open_tasks()] if "task" in act or "opine" in act else []
            elsewhere = {"record_court": "tax", "escalate": "tax", "dispatch": "gov_office", "answer_supervision": "hr"}
            unit = self.case.accepting_unit if row.whose is Whose.ACCEPTING else (owing or [elsewhere.get(act, "tax")])[0]
        if act == "register" and role is Role.FIRST_CONTACT:
            return Actor(self.case.first_contact.person, unit, role)
        return Actor(f"{role.label}甲", unit, role)

    def do(
        self, act: str, role: Role | None = None, *, of: str = "", name: str = "", why: str = "有理由",
        lapsed: tuple[str, ...] = (), **form: Any,
    ) -> Outcome:
        """Do one act with its good form, changed by ``form``; a refusal leaves the case as it was."""
        actor = self.who(act, role, of)
        if name:
            actor = Actor(name, actor.unit, actor.role)
        self.now += timedelta(hours=1)
        self.outcome = perform(self.case, act, self.by(actor, why, lapsed), {**FORMS.get(act, {}), **form})
        self.case = self.outcome.case
        self._note(self.outcome)
        return self.outcome

    def to(self, *acts: str) -> Docket:
        """Do several acts with their good forms."""
        for act in acts:
            self.do(act)
        return self

    def _note(self, outcome: Outcome) -> None:
        self.journal += [entry.act for entry in outcome.journal]
        for effect in outcome.clocks:
            follow(self.running, effect)


def follow(running: set[tuple[str, str]], effect: ClockEffect) -> None:
    """Keep the set of running clocks, and insist that nothing starts twice or stops what does not run."""
    clock = (effect.key, effect.unit)
    if effect.do == "start":
        assert clock not in running, f"{clock} started twice"
        running.add(clock)
    else:
        assert clock in running, f"{effect.do} of {clock}, which does not run"
        if effect.do == "stop":
            running.remove(clock)


def triage(found: Decision | None = None, policy: Policy | None = None) -> Docket:
    """Return a docket registered and reviewed."""
    return Docket(found, policy=policy).to("register", "review")


def joint(*co_units: str, policy: Policy | None = None) -> Docket:
    """Return a docket whose co-units are asked."""
    docket = triage(policy=policy)
    docket.do("classify", track="joint", co_units=list(co_units or ("hr",)))
    return docket.to("dispatch_tasks")


def sole(found: Decision | None = None, policy: Policy | None = None) -> Docket:
    """Return a docket that one unit handles."""
    docket = triage(found or decision(Track.SINGLE), policy)
    docket.do("classify", track="single", co_units=[])
    return docket


def major(policy: Policy | None = None) -> Docket:
    """Return a docket waiting for the director."""
    docket = triage(decision(Track.MAJOR), policy)
    docket.do("classify", track="major", co_units=[])
    return docket.to("submit", "forward")


def special() -> Docket:
    """Return a docket approved as a special case, all eight units asked."""
    return major().to("approve_special")


def all_opine(docket: Docket) -> Docket:
    """Let every unit that owes an opinion give it."""
    for task in docket.case.handling.open_tasks():
        docket.do("opine" if task.kind == "joint" else "opine_special", of=task.unit)
    return docket


def minutes(docket: Docket | None = None) -> Docket:
    """Return a special case with its minutes signed."""
    docket = all_opine(docket or special())
    return docket.to("approve_meeting", "call_special_meeting", "record_special_meeting", "sign_minutes")


def served(docket: Docket) -> Docket:
    """Return a docket with its reply issued and served on both parties."""
    docket.to("issue_reply")
    for side in ("缴费人", "对方当事人"):
        docket.do("serve", side=side)
    return docket


def drafted() -> Docket:
    """Return a matter of one unit with its opinion formed."""
    return sole().to("combine")


def archived(docket: Docket) -> Docket:
    """Archive a docket that is ready."""
    docket.do("archive", contents=list(docket.case.papers_for_archive()))
    return docket


def disputed() -> Docket:
    """Return a ticket that bounced to its limit, nobody's duty yet."""
    return Docket(unit="gov_office", policy=Policy(bounce_limit=1)).to("dispatch", "send_back")


def without_objection() -> Docket:
    """Return a matter of one unit, answered, served and accepted by the payer."""
    return served(drafted()).to("record_answer")


def refused(docket: Docket, says: str, act: str, *role: Role, **form: Any) -> None:
    """Insist that an act is refused with a sentence, and that the case stays as it was."""
    before = docket.case
    with pytest.raises(CaseRefused, match=re.escape(says)):
        docket.do(act, *role, **form)
    assert docket.case is before
