"""No sequence of acts reaches an illegal state or loses a duty: random lives of a case against a second, plain bookkeeping.

The bookkeeping (``Shadow``) knows only which acts succeeded, by whom and with which form; it never asks the case or its
guards. What it holds to be owed must be owed, and nothing may be answered or archived that it holds to be owed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hsdispute_plugin.case import ACTS, TOTALS, Actor, By, Case, Outcome, Role, State, perform
from hsdispute_plugin.case.acts import Whose
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.model import Matter, Track
from tests.casework import DANGER, FORMS, MEETING, PUBLIC_OPINION, REGISTRATION, UNITS, Docket, decision, follow, triage

ROUTES = ["调解", "行政复议", "仲裁", "行政诉讼"]
OUTSIDE = ["laocheng"]
ALL_LAPSED = frozenset({"return_unit", "objection_window", "review_apply", "sue_apply", "arbitration_apply", "enforce_demand"})

#: Other forms than the good one, some of them good as well.
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "dispatch": [{"unit": "hr"}, {"unit": "medical"}, {"unit": "court"}],
    "ask_supplement": [{"form": REGISTRATION}],
    "register": [{"form": {**REGISTRATION, "area": ""}}, {"form": {**REGISTRATION, "respondent": None}}],
    "correct_registration": [{"form": {**REGISTRATION, "claim": ""}}],
    "inform": [{"written": False}, {"to": "tax"}, {"feedback_due_on": "2026-12-01"}],
    "classify": [{"track": "single", "co_units": []}, {"track": "major", "co_units": []}, {"co_units": ["hr", "medical"]},
                 {"track": "joint", "policy_issue": False}, {"co_units": OUTSIDE}],
    "designate": [{"unit": "hr"}, {"unit": "medical", "track": "joint", "co_units": ["tax"]}, {"track": "major"},
                  {"unit": "court"}, {"unit": "laocheng"}],
    "release_task": [{"unit": u} for u in ("medical", "tax")],
    "override_opinion": [{"unit": u} for u in ("medical", "tax")],
    "override_special": [{"unit": u} for u in UNITS],
    "adjourn": [{"units": ["hr", "tax"]}, {"units": []}, {"units": OUTSIDE}],
    "record_meeting": [{"meeting": {**MEETING, "decisions": ""}}],
    "widen": [{"co_units": []}, {"co_units": ["hr", "court"]}],
    "approve_special": [{"authorisation": "授权书"}, {"meeting": True}],
    "approve_meeting": [{"authorisation": "授权书"}],
    "sign_minutes": [{"authorisation": "授权书"}],
    "refuse_special": [{"as_general": False}],
    "serve": [{"side": "对方当事人"}],
    "record_answer": [{"answer": "有异议", "routes": ROUTES}, {"answer": "有异议", "routes": ["调解"]}, {"answer": "逾期未提"}],
    "apply_remedy": [{"kind": k, "organ": "某"} for k in ROUTES],
    "end_remedy": [{"kind": k} for k in ROUTES] + [{"kind": "调解", "agreement": True}],
    "apply_court": [{"kind": "司法确认"}],
    "record_court": [{"kind": "司法确认"}, {"accepted": True, "result": ""}],
    "escalate": [{"upper": "庆阳市人社局"}],
    "record_upper_answer": [{"upper": "庆阳市人社局"}],
    "extend": [{"workdays": 99}],
    "suspend": [{"ground": "人手不足"}],
    "urge": [{"unit": u} for u in ("tax", "medical")],
    "supervise": [{"unit": "tax"}, {"unit": "laocheng"}],
    "recuse": [{"person": "张三"}, {"person": "李四"}],
}

#: The main course: what usually comes next.
NEXT = {
    State.NEW: "register", State.REGISTERED: "review", State.TRIAGE: "classify", State.DUTY_DISPUTED: "designate",
    State.SOLE: "combine", State.JOINT_DISPATCH: "dispatch_tasks", State.JOINT_OPINIONS: "combine",
    State.JOINT_MEETING: "record_meeting", State.SUBMISSION: "submit", State.AT_OFFICE: "forward",
    State.AT_DIRECTOR: "approve_special", State.SPECIAL_OPINIONS: "call_special_meeting",
    State.SPECIAL_MEETING: "record_special_meeting", State.MINUTES: "sign_minutes", State.DRAFTING: "issue_reply",
    State.REPLIED: "serve", State.OBJECTION: "record_answer", State.REMEDY: "apply_remedy", State.ENFORCEMENT: "record_court",
    State.ESCALATED: "record_upper_answer", State.INFORMED: "archive", State.NOT_ACCEPTED: "archive",
    State.WITHDRAWN: "archive", State.ARCHIVED: "reopen",
}
#: Acts by state; those of the main course and of tasks more often than those at the side, which fit nearly everywhere.
FITTING = {state: [code for code, row in ACTS.items() if state in row.sources and code not in ("merge", "absorb")
                   for _ in range(1 if len(row.sources) > 9 else 5)] for state in State}
EVERY_ACT = sorted(set(ACTS) - {"merge", "absorb"})
OTHER_CASE = replace(triage().case, number="HS-2")
PEOPLE = ("首问人", "张三", "李四")


@dataclass
class Round:
    """What one round of handling has seen."""

    owed: dict[str, set[str]] = field(default_factory=lambda: {"general_opinion": set(), "major_opinion": set()})
    returned: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    approved: bool = False
    minutes: bool = False
    meeting_agreed: bool = False
    meeting_called: bool = False
    combined: bool = False
    replied: bool = False
    served: set[str] = field(default_factory=set)
    answer: str = ""
    remedies: list[str] = field(default_factory=list)
    remedy_settled: bool = False
    court: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    early_end: str = ""
    feedback_awaited: bool = False
    extended: int = 0


class Shadow:
    """The second bookkeeping: what is owed, as anyone would note it down who sees only the acts."""

    def __init__(self, unit: str, danger: bool, public_opinion: bool) -> None:
        self.contact = ("首问人", unit)
        self.unit = unit
        self.round = Round()
        self.registered = self.reviewed = self.supplement_asked = self.suspended = False
        self.major = self.joint = False
        self.danger, self.public_opinion, self.advised = danger, public_opinion, False
        self.supervised: set[str] = set()
        self.designated: set[str] = set()
        self.recused: set[str] = set()
        self.bounces = 0

    def check(self, act: str, by: By, form: dict[str, Any]) -> None:
        """Insist that an act which has just succeeded was lawful."""
        r, who = self.round, by.actor
        assert who.role not in (Role.ADMIN, Role.AUDITOR)
        assert who.role is not Role.CLOCK or act == "urge"
        assert who.name not in self.recused
        if self.suspended:
            assert act in {"resume", "urge", "supervise", "answer_supervision", "withdraw", "raise_public_opinion", "hand_over",
                           "advise_public_opinion", "close_public_opinion", "raise_danger", "settle_danger", "recuse", "restrict"}
        if act in ("send_back", "return_task"):
            assert who.unit not in self.designated
            assert act == "return_task" or self.bounces < 2
        if act == "register":
            assert (who.name, who.unit) == self.contact
        if act == "ask_supplement":
            assert not self.supplement_asked
        if act == "decline":
            assert who.role in (Role.REVIEWER, Role.UNIT_HEAD)
        if act in ("approve_special", "approve_meeting", "sign_minutes", "downgrade", "refuse_special", "override_special"):
            assert who.role is Role.DIRECTOR
        if act in ("inform", "decline"):
            assert not self.major
        if act == "classify" and form["track"] != "major":
            assert not self.major
        if act in ("classify", "inform", "decline", "dispatch_tasks", "combine", "submit"):
            assert self.registered and self.reviewed
        if act == "extend":
            assert r.extended == 0 and 1 <= form["workdays"] <= 10
            assert not self.major or who.role is Role.DIRECTOR
        if act == "issue_reply":
            assert self.registered and self.reviewed and not self._owing()
            assert r.approved and r.minutes if self.major else r.combined
            assert not self.joint or self.major or r.asked
            assert who.unit == self.unit and who.role not in (Role.OFFICE, Role.DIRECTOR)
        if act in ("demand_payment", "apply_court"):
            assert (r.answer and who.unit == "tax") or form.get("kind") == "司法确认"
        if act in ("redo", "note_no_remedy"):
            assert not r.remedies
        self._check_once(act, by)
        if act == "archive":
            self._check_archive()
        if act == "designate" and who.role is Role.OFFICE:
            assert self.consulted

    consulted = False

    def _check_once(self, act: str, by: By) -> None:
        """Insist that nothing is answered that was not asked, and nothing opened that is open already."""
        r, unit = self.round, by.actor.unit
        there = {
            "record_feedback": r.feedback_awaited, "answer_supervision": unit in self.supervised, "downgrade": self.major,
            "record_answer": not r.answer, "upgrade": not self.major, "widen": not self.major and not self.joint,
            "raise_danger": not self.danger,
            "settle_danger": self.danger, "raise_public_opinion": not self.public_opinion,
            "advise_public_opinion": self.public_opinion, "close_public_opinion": self.public_opinion and self.advised,
            "suspend": not self.suspended, "resume": self.suspended, "send_back": "return_unit" not in by.lapsed,
            "opine": unit in r.owed["general_opinion"], "opine_special": unit in r.owed["major_opinion"],
            "call_special_meeting": r.meeting_agreed, "record_special_meeting": not self._owing(),
            "combine": not self._owing() and not r.meeting_called,
            "dispute_duty": bool(r.returned) or unit not in self.designated, "record_upper_answer": bool(r.reports),
        }
        assert there.get(act, True), act

    def _owing(self) -> set[str]:
        return self.round.owed["general_opinion"] | self.round.owed["major_opinion"]

    def _check_archive(self) -> None:
        r = self.round
        assert not self._owing() and not r.remedies and not r.court and not r.reports and not r.feedback_awaited
        assert not self.danger and not self.public_opinion and not self.supervised and not self.suspended
        if r.early_end:
            return
        assert r.replied and r.served == {"缴费人", "对方当事人"} and r.answer
        assert r.answer != "有异议" or r.remedy_settled

    def note(self, act: str, by: By, form: dict[str, Any], before: Case, after: Case) -> None:
        """Write down what an act has changed."""
        r, unit = self.round, by.actor.unit
        match act:
            case "dispatch":
                self.unit = form["unit"]
            case "sign":
                self.contact = (by.actor.name, unit)
            case "hand_over":
                self.contact = (form["person"], unit)
            case "send_back":
                self.unit, self.bounces = "gov_office", self.bounces + 1
            case "ask_supplement":
                self.supplement_asked, self.registered, self.reviewed = True, False, False
            case "register":
                self.registered = True
            case "review":
                self.reviewed = True
            case "inform":
                r.early_end, r.feedback_awaited = act, "feedback_due_on" in form
            case "record_feedback":
                r.feedback_awaited = False
            case "decline":
                r.early_end = act
            case "withdraw":
                r.early_end, self.suspended = act, False
                self._ask_nobody()
                r.reports.clear()
            case "classify":
                self._class(form)
            case "upgrade" | "widen":
                self._class({"track": "major" if act == "upgrade" else "joint", **form})
                r.combined = False
                r.meeting_called = False
            case "designate":
                self._designate(form, before)
            case "dispute_duty":
                self.consulted = False
            case "call_meeting":
                r.meeting_called = True
            case "record_meeting":
                self.consulted, r.meeting_called = True, False
            case "dispatch_tasks":
                r.owed["general_opinion"] = {u for u in r.asked if u != self.unit}
            case "opine":
                r.owed["general_opinion"].discard(unit)
            case "release_task" | "override_opinion":
                r.owed["general_opinion"].discard(form["unit"])
                r.returned.discard(form["unit"])
            case "return_task":
                r.returned.add(unit)
            case "opine_special":
                r.owed["major_opinion"].discard(unit)
            case "override_special":
                r.owed["major_opinion"].discard(form["unit"])
            case "adjourn":
                r.owed["major_opinion"] |= set(form["units"])
            case "combine":
                r.combined = True
            case "submit":
                r.approved = r.minutes = r.meeting_agreed = False
            case "approve_special":
                r.approved, r.owed["major_opinion"] = True, set(UNITS)
                r.meeting_agreed = form.get("meeting", False)
            case "approve_meeting":
                r.meeting_agreed = True
            case "sign_minutes":
                r.minutes = True
            case "downgrade":
                self.major = False
                self._ask_nobody()
            case "refuse_special":
                self.major = self.major and not form["as_general"]
            case "issue_reply":
                r.replied = True
            case "serve":
                r.served.add(form["side"])
            case "record_answer":
                r.answer = form["answer"]
            case "apply_remedy":
                r.remedies.append(form["kind"])
            case "end_remedy":
                r.remedies.remove(form["kind"])
                r.remedy_settled = True
            case "note_no_remedy":
                r.remedy_settled = True
            case "apply_court":
                r.court.append(form["kind"])
                r.remedy_settled = True  # the court's result settles it
            case "record_court":
                if form.get("result"):
                    r.court.remove(form["kind"])
            case "escalate":
                r.reports.append(form["upper"])
            case "record_upper_answer":
                r.reports.remove(form["upper"])
            case "extend":
                r.extended += 1
            case "suspend" | "resume":
                self.suspended = act == "suspend"
            case "supervise":
                self.supervised.add(form["unit"])
            case "answer_supervision":
                self.supervised.discard(unit)
            case "raise_public_opinion":
                self.public_opinion, self.advised = True, False
            case "advise_public_opinion":
                self.advised = True
            case "close_public_opinion":
                self.public_opinion = False
            case "raise_danger" | "settle_danger":
                self.danger = act == "raise_danger"
            case "recuse":
                self.recused.add(form["person"])
            case "redo" | "take_back" | "reopen":
                self.round, self.joint = Round(), False

    def _class(self, form: dict[str, Any]) -> None:
        self.major, self.joint = form["track"] == "major", form["track"] == "joint"
        self.round.asked = [u for u in form.get("co_units", []) if u != self.unit] if self.joint else []
        if self.major:
            self._ask_nobody()

    def _designate(self, form: dict[str, Any], before: Case) -> None:
        self.designated.add(form["unit"])
        if self.round.returned:
            self.round.owed["general_opinion"] -= self.round.returned
            if form["unit"] != self.unit:
                self.round.owed["general_opinion"].add(form["unit"])
            self.round.returned.clear()
            return
        self.unit = form["unit"]
        if self.reviewed:
            self._class(form)

    def _ask_nobody(self) -> None:
        self.round.owed = {"general_opinion": set(), "major_opinion": set()}
        self.round.returned.clear()


class Life(RuleBasedStateMachine):
    """A case, acted on by everybody, rightly and wrongly."""

    @initialize(track=st.sampled_from([Track.SINGLE, Track.JOINT, Track.MAJOR]),
                unit=st.sampled_from(["tax", "hr", "gov_office"]),
                end=st.sampled_from(["content", "objects", "court", "bounces"]), steps=st.integers(0, 16),
                alerts=st.integers(0, 7))
    def arrive(self, track: Track, unit: str, end: str, steps: int, alerts: int) -> None:
        danger, public_opinion = bool(alerts & 1), bool(alerts & 2)
        policy_issue = track is Track.MAJOR and bool(alerts & 4)
        said = decision(track, matter=Matter.MAJOR if policy_issue else Matter.GENERAL,
                        signals=("policy_wide",) if policy_issue else (),
                        alerts=(*((DANGER,) if danger else ()), *((PUBLIC_OPINION,) if public_opinion else ())))
        docket = Docket(said, unit=unit)
        self.case, self.running, self.now, self.track, self.end = docket.case, docket.running, docket.now, track, end
        self.contact = docket.case.first_contact
        self.shadow = Shadow(unit, danger, public_opinion)
        for _ in range(steps):
            self.go_on()

    @rule()
    def go_on(self) -> None:
        """Take the next step of the main course, so that deep states are reached as well."""
        state, h = self.case.state, self.case.handling
        if state in (State.JOINT_OPINIONS, State.JOINT_MEETING) and h.open_tasks():
            self.attempt("opine", Actor("王五", h.open_tasks()[0].unit, Role.CO_UNIT))
        elif state in (State.SPECIAL_OPINIONS, State.SPECIAL_MEETING) and h.open_tasks():
            for task in h.open_tasks():
                self.attempt("opine_special", Actor("王五", task.unit, Role.CO_UNIT))
        elif state in NEXT:
            act, form = self.next_act()
            role = Role.DIRECTOR if act == "designate" else ACTS[act].roles[0]
            unit = self.case.accepting_unit if ACTS[act].whose is Whose.ACCEPTING else "tax"
            name = self.case.first_contact.person if act == "register" else "王五"  # nobody recuses this one
            self.attempt(act, Actor(name, unit, role), form, lapsed=act == "apply_court")

    def next_act(self) -> tuple[str, dict[str, Any]]:
        """Return the next act of the main course, with what its form needs here."""
        c, h = self.case, self.case.handling
        if c.state is State.NEW and c.accepting_unit == "gov_office":
            tried = {r.unit for r in c.returns}
            return "dispatch", {"unit": next((u for u in ("tax", "hr", "medical") if u not in tried), "tax")}
        if c.state is State.NEW and c.dispatched and not c.dispatched.signed_at:
            return ("send_back" if self.end == "bounces" and not c.designations else "sign"), {}
        if c.state is State.JOINT_MEETING and not self.shadow.round.meeting_called:
            return "combine", {}
        if c.state is State.TRIAGE:
            return "classify", {"track": self.track.value, "co_units": ["hr", "medical"] if self.track is Track.JOINT else []}
        if c.state is State.DUTY_DISPUTED:
            return "designate", {"track": "major" if self.shadow.major else "single"}
        if c.state is State.SPECIAL_OPINIONS and not h.meeting_approval:
            return "approve_meeting", {}
        if c.state is State.REPLIED:
            return "serve", {"side": "对方当事人" if "缴费人" in self.shadow.round.served else "缴费人"}
        if c.state is State.OBJECTION and not h.objection:
            return "record_answer", {"answer": "有异议", "routes": ROUTES} if self.end == "objects" else {}
        if c.state is State.OBJECTION and self.end == "court":
            return ("apply_court" if h.demanded_at else "demand_payment"), {}
        if c.state is State.REMEDY and h.remedies and not h.remedies[-1].ended_at:
            return "end_remedy", {"kind": h.remedies[-1].kind.value}
        settled = c.state is State.OBJECTION or (c.state is State.REMEDY and h.remedies) or (
            c.state is State.ENFORCEMENT and h.court[-1].ended_at)
        return ("archive" if settled else NEXT[c.state]), {}

    @rule(seed=st.integers(0, 2**30))
    def entitled_people_act(self, seed: int) -> None:
        """Three acts that the state knows, by somebody of a fitting role and unit, with one of their forms."""
        chance = Random(seed)
        for _ in range(3):
            if not (acts := FITTING[self.case.state]):
                return
            act = chance.choice(acts)
            row = ACTS[act]
            owing = [t.unit for t in self.case.handling.open_tasks()] or UNITS
            unit = self.case.accepting_unit if row.whose is Whose.ACCEPTING else chance.choice(owing)
            name = self.case.first_contact.person if act == "register" else chance.choice(PEOPLE)
            actor = Actor(name, unit, chance.choice((*row.roles, *row.leaders)))
            self.attempt(act, actor, chance.choice([{}, *VARIANTS.get(act, [])]), lapsed=chance.random() < 0.5)

    @rule(seed=st.integers(0, 2**30))
    def anybody_tries_anything(self, seed: int) -> None:
        """Three acts of any kind by any role of any unit, fitting or not, with a reason or without."""
        chance = Random(seed)
        for _ in range(3):
            act = chance.choice(EVERY_ACT)
            actor = Actor(chance.choice(PEOPLE), chance.choice([*UNITS, "laocheng"]), chance.choice(list(Role)))
            self.attempt(act, actor, chance.choice([{}, *VARIANTS.get(act, [])]), lapsed=chance.random() < 0.5,
                         why=chance.choice(["有理由", " "]))

    @precondition(lambda self: self.case.state in (State.REGISTERED, State.TRIAGE))
    @rule(sure=st.integers(0, 7))
    def the_same_matter_is_merged(self, sure: int) -> None:
        """Now and then the case goes into another, which must be open and takes it in; no danger is lost with it."""
        if sure:
            return
        by = By(Actor("李四", self.case.accepting_unit, Role.HANDLER), self.now, "同一缴费人同一事项")
        try:
            outcome = self.case.merge(by, OTHER_CASE)
        except CaseRefused:
            return
        s = self.shadow
        assert not s.danger and not s.public_opinion and not s.supervised and not s.suspended
        assert outcome.others[0].case.absorbed == (self.case.number,)
        for effect in outcome.clocks:
            follow(self.running, effect)
        self.case = outcome.case

    def attempt(self, act: str, actor: Actor, form: dict[str, Any] | None = None, *, lapsed: bool = False,
                why: str = "有理由") -> None:
        """Try an act: refused, the case is the same object; done, the shadow agrees and takes note."""
        self.now += timedelta(hours=1)
        by = By(actor, self.now, why, lapsed=ALL_LAPSED if lapsed else frozenset())
        full = {**FORMS.get(act, {}), **(form or {})}
        if act == "archive":
            full["contents"] = [*self.case.papers_for_archive(), "撤回申请书"]
        try:
            outcome = perform(self.case, act, by, full)
        except CaseRefused as refusal:
            assert "依据：" in str(refusal) or "表单有误" in str(refusal), refusal
            return
        self.accept(outcome, act, by, full)

    def accept(self, outcome: Outcome, act: str, by: By, form: dict[str, Any]) -> None:
        row, before, after = ACTS[act], self.case, outcome.case
        (entry,) = outcome.journal
        assert (entry.act, entry.who, entry.at, entry.before, entry.after) == (act, by.actor, by.at, before.state, after.state)
        assert entry.clause and entry.says and (by.why or not row.why)
        assert before.state in row.sources
        assert after.state in row.targets or (after.state is before.state and not row.targets)
        self.shadow.check(act, by, form)
        self.shadow.note(act, by, form, before, after)
        for effect in outcome.clocks:
            follow(self.running, effect)
        self.case = after

    @invariant()
    def the_first_contact_changes_only_by_a_logged_handover(self) -> None:
        now = self.case.first_contact
        assert (now.person, now.unit) == self.shadow.contact
        assert (now.at, now.channel) == (self.contact.at, self.contact.channel)
        chain = [(h.former.person, h.former.unit) for h in self.case.handovers] + [(now.person, now.unit)]
        assert chain[0] == (self.contact.person, self.contact.unit)
        assert chain[1:] == [(h.person, h.unit) for h in self.case.handovers]

    @invariant()
    def every_duty_is_on_file_and_has_its_clock(self) -> None:
        if self.case.state is State.MERGED:
            return
        s = self.shadow
        for kind, key in (("joint", "general_opinion"), ("special", "major_opinion")):
            owing = {t.unit for t in self.case.handling.open_tasks() if t.kind == kind}
            assert owing == s.round.owed[key]
            assert {unit for k, unit in self.running if k == key} == owing
        assert (("extreme_words", self.case.accepting_unit) in self.running) == s.danger
        assert (("public_opinion", "cyber") in self.running) == s.public_opinion
        assert {unit for k, unit in self.running if k == "supervise_reply"} == s.supervised
        assert self.case.suspended == s.suspended

    @invariant()
    def an_open_case_always_has_a_clock_and_an_archived_one_none(self) -> None:
        if self.case.state in (State.ARCHIVED, State.MERGED):
            assert self.running == set()
            return
        assert self.running
        answered = self.shadow.round.served == {"缴费人", "对方当事人"} or self.shadow.round.early_end
        assert answered or any(key in TOTALS for key, _ in self.running)

    @invariant()
    def the_class_is_what_the_acts_made_it(self) -> None:
        assert (self.case.handling.track is Track.MAJOR) == self.shadow.major

    def teardown(self) -> None:
        """However the case was treated, it reads back the same from JSON and willing people bring it to the archive."""
        if not hasattr(self, "case"):
            return
        assert Case.from_json(self.case.to_json()) == self.case
        for _ in range(60):
            if self.case.state in (State.ARCHIVED, State.MERGED):
                return
            before = self.case
            self.settle()
            assert self.case is not before, f"dead end: {before!r} {before.open_duties()}"
        raise AssertionError(f"never archived: {self.case!r}")

    def settle(self) -> None:
        """Meet one duty that is still open, or take the next step of the main course."""
        c, h, unit = self.case, self.case.handling, self.case.accepting_unit
        clerk, head = Actor("王五", unit, Role.HANDLER), Actor("王五", unit, Role.UNIT_HEAD)
        if c.suspended:
            self.attempt("resume", head)
        elif c.danger and not c.danger.settled_at:
            self.attempt("settle_danger", clerk)
        elif c.public_opinion and not c.public_opinion.closed_at:
            self.attempt("advise_public_opinion", clerk)
            self.attempt("close_public_opinion", Actor("王五", "cyber", Role.CYBER))
        elif open_ones := [s.unit for s in c.supervisions if not s.answer]:
            self.attempt("answer_supervision", Actor("王五", open_ones[0], Role.CO_UNIT))
        elif c.state is State.INFORMED and h.referral and h.referral.feedback_due_on and not h.referral.feedback:
            self.attempt("record_feedback", clerk)
        elif c.state is State.ESCALATED:
            self.attempt("record_upper_answer", clerk, {"upper": next(e.upper for e in h.escalations if not e.answer)})
        elif c.state in (State.JOINT_OPINIONS,
                         State.JOINT_MEETING) and (back := [t.unit for t in h.open_tasks() if t.state == "returned"]):
            self.attempt("release_task", clerk, {"unit": back[0]})
        elif c.state is State.DRAFTING and c.registration and not c.registration.respondent:
            self.attempt("correct_registration", clerk)
        elif c.state is State.NEW and c.first_contact.person in c.recused and unit != "gov_office":
            self.attempt("hand_over", clerk, {"person": "王五"})
        elif pending := [r.kind for r in h.remedies if not r.ended_at]:
            self.attempt("end_remedy", clerk, {"kind": pending[0].value})
        elif pending_court := [m.kind for m in h.court if not m.ended_at]:
            self.attempt("record_court", clerk, {"kind": pending_court[0].value})
        else:
            self.end = "content"
            self.track = Track.MAJOR if h.track is Track.MAJOR or self.case.decision.signals else self.track
            self.go_on()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=3000, stateful_step_count=15, deadline=None, database=None, print_blob=True,
                             suppress_health_check=list(HealthCheck))
