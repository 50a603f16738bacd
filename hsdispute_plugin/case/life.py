"""A case: every act of chapter four as a method that gives the next case, its journal, its clocks and its papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from hsdispute_plugin.case.acceptance import AcceptanceActs
from hsdispute_plugin.case.acts import ACTS, ActRow
from hsdispute_plugin.case.file import JournalEntry, Outcome
from hsdispute_plugin.case.guards import DOC
from hsdispute_plugin.case.handling import Handling
from hsdispute_plugin.case.labels import FIELD_LABELS, TRACK_LABELS, by_code
from hsdispute_plugin.case.periods import effects
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.records import Danger, FirstContact, PublicOpinion
from hsdispute_plugin.case.remedy import RemedyActs
from hsdispute_plugin.case.reply import ReplyActs
from hsdispute_plugin.case.side import SideActs
from hsdispute_plugin.case.special import SpecialActs
from hsdispute_plugin.case.states import OPEN, State
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.model import Decision


@dataclass(frozen=True, repr=False)
class Case(AcceptanceActs, SpecialActs, ReplyActs, RemedyActs, SideActs):
    """争议事项 / 案卷. Frozen: an act returns an ``Outcome`` with the next case, or raises ``CaseRefused``."""

    def suggest_again(self, by: By, decision: Decision) -> Outcome:
        """Take a new suggestion of the rules, as when the host's ticket changed. What people decided stays.

        Danger and public opinion that were not in the old suggestion become duties; a new due of the host counts.

        Raises:
            CaseRefused: The case is archived or merged: a person must reopen it, or look at the case it went into.
        """
        if self.state not in OPEN:
            raise CaseRefused(f"{self.number} 不能更新建议：案件{self.state.label}。工单有新情况的，请重开或在主案办理。"
                              f"依据：{DOC}四（五）")
        new = {a.key for a in decision.alerts} - {a.key for a in self.decision.alerts}
        danger, public_opinion = self.danger, self.public_opinion
        if "police110" in new and (danger is None or danger.settled_at):
            danger = Danger(by.at)
        if "cyber" in new and (public_opinion is None or public_opinion.closed_at):
            public_opinion = PublicOpinion(by.at)
        after = replace(self, decision=decision, danger=danger, public_opinion=public_opinion)
        entry = JournalEntry("suggest", by.actor, by.at, by.why, DOC + "四（二）", self.state, self.state,
                             "工单有变，规则重新建议")
        return Outcome(after, (entry,), effects(self, after, by), tell=tuple(a.what for a in decision.alerts if a.key in new))

    def to_json(self) -> str:
        """Write everything as JSON, payer data included; ``from_json`` reads back an equal case."""
        return _adapter().dump_json(self).decode()

    @staticmethod
    def from_json(text: str | bytes) -> Case:
        """Read what ``to_json`` wrote."""
        return _adapter().validate_json(text)


def open_case(
    number: str, platform: str, ticket_no: str, first_contact: FirstContact, decision: Decision, received_at: datetime, by: By
) -> Outcome:
    """Open a case for a ticket or a visit, not yet registered, with the rules' decision as a suggestion.

    The first contact is never blank. ``received_at`` starts the clock of the whole matter. Danger and public opinion
    that the rules found are duties from this moment.

    Raises:
        CaseRefused: The first contact is incomplete, or its unit neither has a reception room nor is the government office.

    Clause: 四、首段（首问责任制）；三（一）.
    """
    blank = [name for name,
             value in (("首问人员", first_contact.person), ("单位", first_contact.unit), ("渠道", first_contact.channel))
             if not value.strip()]
    if blank:
        raise CaseRefused(f"{number} 不能立案：没有写 {'、'.join(blank)}。首问责任要落到人。依据：合政办发〔2025〕30号 四、首段")
    if first_contact.unit not in (*by.policy.accepting, "gov_office"):
        raise CaseRefused(f"{number} 不能立案：{first_contact.unit} 没有设工作室。"
                          f"请转 {'、'.join(by.policy.accepting)} 或政府办登记。依据：合政办发〔2025〕30号 三（一）")
    told = {a.key for a in decision.alerts}
    case = Case(
        number=number, platform=platform, ticket_no=ticket_no, state=State.NEW, first_contact=first_contact, decision=decision,
        opened_at=received_at, accepting_unit=first_contact.unit, handling=Handling(received_at),
        danger=Danger(by.at) if "police110" in told else None,
        public_opinion=PublicOpinion(by.at) if "cyber" in told else None,
    )
    entry = JournalEntry("open", by.actor, by.at, by.why, DOC + "四、首段（首问责任制）", State.NEW, State.NEW, "收到，待登记")
    return Outcome(case, (entry,), effects(None, case, by), tell=tuple(a.what for a in decision.alerts))


def allowed_acts(case: Case, by: By) -> tuple[ActRow, ...]:
    """Return the acts that this actor may do now, in the order of chapter four; their forms are checked when they are done."""
    return tuple(row for code, row in ACTS.items() if code != "absorb" and not case.why_not(code, by))


def perform(case: Case, act: str, by: By, form: Mapping[str, Any]) -> Outcome:
    """Do an act by its code with a form of plain values, as a command line or a web form gives it.

    Fields are named in Chinese (``FIELD_LABELS``) or by code. Dates are ISO texts, codes the values of the enumerations,
    nested records mappings. ``parent`` of ``merge`` is a ``Case``.

    Raises:
        CaseRefused: No such act, a field that is unknown, missing or of the wrong kind (values are never repeated, they
            may be the payer's), or a guard of the act.
    """
    if act not in ACTS or act == "absorb":
        raise CaseRefused(f"没有“{act}”这一步 / unknown act。可用：{'、'.join(ACTS)}")
    fields, form = fields_of(act), by_code(form)
    wrong = [f"不认识的项 {name}" for name in form if name not in fields]
    values: dict[str, Any] = {}
    for name, adapter in fields.items():
        if name in form:
            try:
                values[name] = adapter.validate_python(form[name])
            except ValidationError as err:
                wrong += [f"{'.'.join(map(str, (name, *e['loc'])))}（{e['type']}）" for e in err.errors(include_input=False)]
    if wrong:
        raise CaseRefused(f"{case.number} 不能“{ACTS[act].label}”：表单有误：{'；'.join(wrong)}。"
                          f"这一步的项：{'、'.join(fields) or '无'}")
    try:
        return getattr(case, act)(by, **values)  # type: ignore[no-any-return]
    except TypeError as err:
        if "required" not in str(err):
            raise
        lacking = [name for name in fields if f"'{name}'" in str(err)]
        raise CaseRefused(f"{case.number} 不能“{ACTS[act].label}”：没有写 {'、'.join(lacking)}。请一次补齐") from err


def blank_form(act: str) -> dict[str, Any]:
    """Return the form of an act to be filled in, in Chinese: each field with what belongs there, such as ``日期 2026-01-05``.

    Optional fields stand in it too; what need not be changed may be left out.

    Raises:
        CaseRefused: No such act.
    """
    if act not in ACTS or act == "absorb":
        raise CaseRefused(f"没有“{act}”这一步 / unknown act。可用：{'、'.join(ACTS)}")
    if act == "merge":
        return {FIELD_LABELS["parent"]: "主案的案号"}
    return {FIELD_LABELS[name]: _blank(adapter.json_schema(), {}) for name, adapter in fields_of(act).items()}


def _blank(schema: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    known = schema.get("$defs", known)
    if "$ref" in schema:
        return _blank(known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema:
        return _blank(next(s for s in schema["anyOf"] if s.get("type") != "null"), known)
    if "enum" in schema:
        return "｜".join(TRACK_LABELS.get(word, word) for word in schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        return {FIELD_LABELS[name]: _blank(part, known) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        inner = schema.get("items") or {}
        return [_blank(inner, known)] if inner else [[_blank(s, known) for s in schema.get("prefixItems", ())]]
    if kind == "boolean":
        return bool(schema.get("default", False))
    if kind == "integer":
        return schema.get("default", 0)
    return {"date": "日期 2026-01-05", "date-time": "时间 2026-01-05T09:00:00+08:00"}.get(str(schema.get("format")), "")


@cache
def fields_of(act: str) -> dict[str, TypeAdapter[Any]]:
    """Return what reads each field of an act's form."""
    hints = get_type_hints(getattr(Case, act), None, {"Case": Case})
    return {name: TypeAdapter(hint) for name, hint in hints.items()
            if name not in ("by", "return")}


@cache
def _adapter() -> TypeAdapter[Case]:
    return TypeAdapter(Case)
