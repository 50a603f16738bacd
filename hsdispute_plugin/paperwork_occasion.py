"""The occasion on which a paper is made, and what every paper of a case prints: people, times, class, unit, as on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hsdispute_plugin.case import TOTALS, WINDOWS, Actor, By, Case, PaperDue, Party, Registration, Role
from hsdispute_plugin.clocks import effective
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_context import PaperContext
from hsdispute_plugin.model import SHANGHAI, Matter, Ticket, Track
from hsdispute_plugin.rules.clock import Clock
from hsdispute_plugin.rules.facts import INSURANCE, MATTERS, TOPICS, TRACKS
from hsdispute_plugin.rules.rulebook import RuleSource

ANONYMOUS, NOT_GIVEN = "（匿名）", "（未提供）"
#: Codes of the leading group and its office, which are no member unit; the office sits in the tax bureau (三（一）).
GROUNDS, TRIAGE = "事项分类", "分类流转"  # families whose reasons are for the director, and for the payer who is sent elsewhere
GROUP, OFFICE, OFFICE_SEAT = "group", "office", "tax"
_GROUP_NAME = "社会保险费征缴争议联合处置工作领导专班"


@dataclass(frozen=True, slots=True)
class FiledPaper:
    """A paper that was made: 文种, to whom, its number, who issued it, on which day, and how many pages where that is known."""

    kind: str
    made_on: date
    receiver: str = ""
    number: str = ""
    author: str = ""
    pages: int | None = None

    @classmethod
    def of(cls, kind: str, receiver: str, made_at: datetime, values: Mapping[str, Any], pages: int | None = None) -> FiledPaper:
        """Take it from the values that it printed."""
        number = values.get("报送编号" if kind == "报送单" else "文号") or ""
        return cls(kind, made_at.astimezone(SHANGHAI).date(), receiver, str(number), str(values.get("落款单位") or ""), pages)


@dataclass(frozen=True, slots=True, repr=False)
class Occasion:
    """One paper that an act called for: the case and its clocks after the act, who acted, what is configured, what is on file."""

    due: PaperDue
    case: Case
    ticket: Ticket
    clocks: tuple[Clock, ...]
    by: By
    source: RuleSource
    forms: Forms
    filed: tuple[FiledPaper, ...] = ()

    @property
    def day(self) -> date:
        """The day of the act, in the county."""
        return self.by.at.astimezone(SHANGHAI).date()

    @property
    def county(self) -> str:
        """The county's name."""
        setting = self.source.settings.get("county")
        return str(setting.value) if setting else ""

    @property
    def issuer(self) -> str:
        """The unit in whose name the actor issues a paper: a code of units.yaml, or the office of the leading group."""
        actor = self.by.actor
        if actor.role in (Role.OFFICE, Role.DIRECTOR, Role.DEPUTY):
            return OFFICE
        if actor.role is Role.GOV_OFFICE:
            return "gov_office"
        if actor.role is Role.CLOCK or actor.unit not in self.source.units:
            return self.case.accepting_unit
        return actor.unit

    @property
    def lead_person(self) -> str:
        """Who has the matter in hand at the accepting unit: the first contact (首问责任制)."""
        return self.case.first_contact.person

    @property
    def received_at(self) -> datetime:
        """When the accepting unit took the matter: when it signed for it, or when the payer came."""
        sent = self.case.dispatched
        return sent.signed_at if sent and sent.signed_at else self.case.first_contact.at

    @property
    def subject(self) -> str:
        """What the matter is, in words that name nobody."""
        said = self.case.decision
        insurance = "、".join(label for label, code in INSURANCE.items() if code in said.insurance and code != "employee_all")
        topics = "、".join(label for label, code in TOPICS.items() if code in said.topics)
        about = "；".join(filter(None, (insurance, topics)))
        return "社会保险费征缴争议" + (f"（{about}）" if about else "")

    def unit(self, code: str) -> str:
        """Return the full name of a unit, of the leading group or its office; what is no code stays as it is."""
        if code in (GROUP, OFFICE):
            return f"{self.county}{_GROUP_NAME}{'办公室' if code == OFFICE else ''}"
        unit = self.source.units.get(code)
        return unit.name if unit else code

    def short(self, code: str) -> str:
        """Return the short name of a unit."""
        unit = self.source.units.get(code)
        return unit.short if unit else {OFFICE: "专班办公室", GROUP: "领导专班"}.get(code, code)

    def names(self, codes: Sequence[str]) -> str:
        """Return short names in a row."""
        return "、".join(map(self.short, codes))

    def phone(self, code: str) -> str:
        """Return the telephone of a unit as units.yaml gives it; empty where it gives none."""
        unit = self.source.units.get(OFFICE_SEAT if code in (GROUP, OFFICE) else code)
        return unit.phone if unit else ""

    def clock(self, key: str, unit: str = "") -> Clock | None:
        """Return the latest clock of a period, running or stopped; of this unit, where one is named."""
        return next((c for c in reversed(self.clocks) if c.key == key and unit in ("", c.unit)), None)

    def due_at(self, key: str, unit: str = "") -> datetime | None:
        """Return when that clock runs out."""
        clock = self.clock(key, unit)
        return clock.due_at if clock else None

    def owed_by(self, unit: str) -> Clock | None:
        """Return the clock of the nearest duty of a unit but to answer a 督办; else the whole matter's, if only a stopped one."""
        running = [c for c in self.clocks if c.unit == unit and not c.stopped_at and c.key not in WINDOWS | {"supervise_reply"}]
        ended = [c for c in self.clocks if c.key in TOTALS and c.stopped_at]
        return (min(running, key=lambda c: (c.due_at, c.key), default=None) or effective(self.clocks)
                or max(ended, key=lambda c: (c.stopped_at, c.due_at), default=None))

    def track(self) -> Track:
        """Return the class a person decided, before that the one the rules suggest."""
        h = self.case.handling
        return h.track or (Track.INFORM if h.referral else self.case.decision.track)


def day_of(moment: datetime) -> str:
    """Return a day in words, for a sentence."""
    local = moment.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"


def sentence(text: str) -> str:
    """Return words that a person wrote as one sentence, whether or not they ended it themselves."""
    return text.strip().rstrip("。.；;") + "。" if text.strip() else ""


def is_head(actor: Actor) -> bool:
    """Tell whether an actor signs for the unit."""
    return actor.role in (Role.UNIT_HEAD, Role.DIRECTOR, Role.DEPUTY)


def common(o: Occasion) -> dict[str, object]:
    """Return the fields that any paper may print. Where nobody has registered the matter, the ticket speaks."""
    case, units = o.case, o.source.units
    basis = o.source.settings.get("policy_basis")
    found = PaperContext(case.number, o.ticket, units, case.accepting_unit, o.day, case.decision, o.county,
                         str(basis.value) if basis else "").values()
    if not str(found.get("事项标题", "")).strip():
        found["事项标题"] = o.subject
    found |= {"联系人姓名": o.ticket.caller_name or NOT_GIVEN, "联系人电话": o.ticket.caller_phone or NOT_GIVEN}
    found.setdefault("来访时间", case.first_contact.at)
    found.setdefault("反映主要事项", found["事项标题"])
    found |= {"反映内容摘要": found["反映主要事项"], "争议诉求": "见“反映主要事项”。"}
    if case.registration:
        found |= _registered(case.registration, case.first_contact.at)
    found |= {"受理渠道": case.first_contact.channel, "受理人姓名": o.lead_person, "受理时间": o.received_at,
              "受理人电话": o.phone(case.first_contact.unit) or o.phone(case.accepting_unit)}
    found |= _classed(o)
    if due := effective(o.clocks):
        found["办理期限"] = due.due_at
    if case.handling.submission:
        found["报送编号"] = case.handling.submission.submission_no
    return found


def _registered(r: Registration, came_at: datetime) -> dict[str, object]:
    """An anonymous report shows no name or number, whatever the host sent along (社会保险费征缴暂行条例 21)."""
    found: dict[str, object] = {name: value for name, value in r.extra if value}
    who: Party = r.payer
    if r.anonymous:
        found |= {"联系人姓名": ANONYMOUS, "联系人电话": ANONYMOUS}
    else:
        found |= {"联系人姓名": who.name.strip() or NOT_GIVEN, "联系人电话": who.phone.strip() or NOT_GIVEN,
                  "联系人证件": who.document_no, "联系人住址": who.address}
    matter = r.matter.strip() or NOT_GIVEN
    found |= {"来访时间": r.visited_at or came_at, "事项所在辖区": r.area.strip() or NOT_GIVEN, "反映主要事项": matter,
              "反映内容摘要": matter, "争议诉求": r.claim.strip() or NOT_GIVEN}
    if r.respondent:
        found["被反映单位"] = r.respondent.name
    return found


def _classed(o: Occasion) -> dict[str, object]:
    h, track = o.case.handling, o.track()
    labels = {code: label for label, code in TRACKS.items()}
    found: dict[str, object] = {"办理方式": labels[track.value]}
    if h.track:
        level = Matter.MAJOR if h.track is Track.MAJOR else Matter.GENERAL
        helpers = o.by.policy.members if h.track is Track.MAJOR else h.co_units
        found |= {"事项等级": next(label for label, code in MATTERS.items() if code == level.value),
                  "主办单位": o.unit(o.case.accepting_unit), "联办单位": "、".join(o.unit(u) for u in helpers)}
    return found


def progress(o: Occasion) -> str:
    """Tell what has been done so far, one line for each step on record; names units, never the payer."""
    return "\n".join(f"{n}. {line}" for n, line in enumerate(_steps(o), 1))


def _steps(o: Occasion) -> Iterator[str]:
    case, h = o.case, o.case.handling
    yield f"{day_of(o.received_at)}，{o.unit(case.accepting_unit)}受理登记。"
    if case.reviewed:
        yield f"{day_of(case.reviewed.at)}，审核：{sentence(case.reviewed.summary)}"
    labels = {code: label for label, code in TRACKS.items()}
    for decided in h.classes:
        yield f"{day_of(decided.at)}，分类为{labels[decided.after.value]}。"
    for task in h.tasks:
        if task.opinion:
            yield f"{day_of(task.opinion.at)}，{o.unit(task.unit)}出具书面意见：{sentence(task.opinion.view)}"
    for meeting in h.consultations:
        yield f"{day_of(meeting.held_at)}，{'专题会议' if meeting.special else '会商'}议定：{sentence(meeting.decisions)}"
    if h.combined:
        yield f"{day_of(h.combined.at)}，形成处理意见：{sentence(h.combined.text)}"
