"""One round of handling: class, tasks, opinions, meetings, approval, reply, service, objection and remedies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hsdispute_plugin.case.records import ClassDecision, Referral, Refusal, Withdrawal
from hsdispute_plugin.case.states import Actor
from hsdispute_plugin.model import Track


class TaskKind(StrEnum):
    """联办 (四（三）1) or 专案 (四（三）2)."""

    JOINT = "joint"
    SPECIAL = "special"


class TaskState(StrEnum):
    """OPEN and RETURNED are duties still to be met; the others are ends, each with its reason."""

    OPEN = "open"
    RETURNED = "returned"
    DONE = "done"
    OVERRIDDEN = "overridden"
    RELEASED = "released"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Opinion:
    """书面意见 of one unit, signed. In special cases ``concerned`` may be false: 不涉及."""

    facts: str
    view: str
    basis: str
    signer: str
    at: datetime
    concerned: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """What one unit owes. ``progress`` are its interim reports, ``why`` the reason of its end or return."""

    kind: TaskKind
    unit: str
    assigned_at: datetime
    state: TaskState = TaskState.OPEN
    signed_at: datetime | None = None
    opinion: Opinion | None = None
    progress: tuple[str, ...] = ()
    why: str = ""

    @property
    def open(self) -> bool:
        """Tell whether somebody must still act on it."""
        return self.state in (TaskState.OPEN, TaskState.RETURNED)


@dataclass(frozen=True, slots=True)
class Consultation:
    """会商: a general one needs no approval, a special one (专题会议) does. ``dissent`` is kept, not smoothed over."""

    special: bool
    held_at: datetime
    place: str
    chair: str
    present: tuple[str, ...]
    absent: tuple[str, ...]
    agenda: str
    decisions: str
    dissent: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """报送单 after the annex. ``feedback_due_on``: 于 月 日 将办理情况反馈受理部门."""

    submission_no: str
    summary: str
    opinion: str
    contact_phone: str
    feedback_due_on: date


@dataclass(frozen=True, slots=True)
class Approval:
    """The director agrees. ``authorisation`` names the uploaded 授权 when a deputy signed."""

    by: Actor
    at: datetime
    why: str
    authorisation: str = ""


@dataclass(frozen=True, slots=True)
class Endorsement:
    """专班办公室意见, with which a submission goes to the director."""

    text: str
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Disapproval:
    """主任不同意: which submission, why, and whether the matter goes on as a general one."""

    submission: Submission
    as_general: bool
    why: str
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Minutes:
    """会议纪要, signed by the director."""

    minutes_no: str
    text: str
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class CombinedOpinion:
    """总处理意见 of the accepting unit."""

    text: str
    basis: str
    at: datetime
    by: Actor


class ReplyOutcome(StrEnum):
    """What the reply says to the claim (cf. 信访工作条例 32)."""

    SUPPORTED = "支持"
    EXPLAINED = "解释"
    NOT_SUPPORTED = "不支持"


@dataclass(frozen=True, slots=True)
class Reply:
    """答复意见书 of the accepting unit, never of the leading group; ``remedy`` names organ and period."""

    claim: str
    facts: str
    outcome: ReplyOutcome
    opinion: str
    basis: str
    remedy: str
    contact: str


class Side(StrEnum):
    """争议双方 (四（四）)."""

    PAYER = "缴费人"
    RESPONDENT = "对方当事人"


class ServiceMode(StrEnum):
    """How a paper reached its reader; an unreachable one is recorded with what was tried."""

    IN_PERSON = "直接送达"
    POST = "邮寄送达"
    ELECTRONIC = "电子送达"
    LEFT = "留置送达"
    NOTICE = "公告送达"
    UNREACHABLE = "无法送达"


@dataclass(frozen=True, slots=True)
class Service:
    """送达回证: to which side, how, by whose hand received, when."""

    side: Side
    mode: ServiceMode
    receipt: str
    served_at: datetime


class Answer(StrEnum):
    """What the payer says to the result (四（四）②③)."""

    CONTENT = "无异议"
    NO_REPLY = "逾期未提"
    OBJECTS = "有异议"


class RemedyKind(StrEnum):
    """四（四）③."""

    MEDIATION = "调解"
    REVIEW = "行政复议"
    ARBITRATION = "仲裁"
    LITIGATION = "行政诉讼"


@dataclass(frozen=True, slots=True)
class Objection:
    """The payer's answer to the result; with an objection, which ways were told to the payer."""

    answer: Answer
    at: datetime
    by: Actor
    routes: tuple[RemedyKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Remedy:
    """A remedy that was really applied for, and its result when it is known."""

    kind: RemedyKind
    organ: str
    applied_at: datetime
    result: str = ""
    ended_at: datetime | None = None
    agreement: bool = False  # mediation reached an agreement that a court may confirm


class CourtKind(StrEnum):
    """三（二）县法院."""

    CONFIRMATION = "司法确认"
    ENFORCEMENT = "强制执行"


@dataclass(frozen=True, slots=True)
class CourtMatter:
    """An application to the court: confirmation of an agreement, or enforcement of premiums owed."""

    kind: CourtKind
    document: str
    applied_at: datetime
    accepted_at: datetime | None = None
    result: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """提级: one line unit reports to its upper organ; the county case stays open until it answers (五（三）)."""

    unit: str
    upper: str
    at: datetime
    why: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Extension:
    """延期 granted by the unit head (the director for special cases)."""

    workdays: int
    at: datetime
    by: Actor
    why: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """回访: is the payer content, is the matter solved."""

    satisfied: bool
    solved: bool
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Handling:
    """All of one round. A new fact, a return or a reopening starts another round and keeps this one as it was."""

    started_at: datetime
    track: Track | None = None
    policy_issue: bool = False
    classes: tuple[ClassDecision, ...] = ()
    referral: Referral | None = None
    refusal: Refusal | None = None
    co_units: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()
    meeting_called_at: datetime | None = None  # called and not yet on record
    consultations: tuple[Consultation, ...] = ()
    submission: Submission | None = None
    endorsement: Endorsement | None = None
    approval: Approval | None = None
    disapprovals: tuple[Disapproval, ...] = ()
    meeting_approval: Approval | None = None
    minutes: Minutes | None = None
    combined: CombinedOpinion | None = None
    reply: Reply | None = None
    services: tuple[Service, ...] = ()
    objection: Objection | None = None
    follow_up: FollowUp | None = None
    remedies: tuple[Remedy, ...] = ()
    no_remedy_at: datetime | None = None  # 法定期限内未申请
    demanded_at: datetime | None = None
    court: tuple[CourtMatter, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    extensions: tuple[Extension, ...] = ()
    withdrawal: Withdrawal | None = None

    def open_tasks(self, kind: TaskKind | None = None) -> tuple[Task, ...]:
        """Return tasks that somebody must still act on."""
        return tuple(t for t in self.tasks if t.open and kind in (None, t.kind))

    def task_of(self, kind: TaskKind, unit: str) -> Task | None:
        """Return the latest task of a unit."""
        return next((t for t in reversed(self.tasks) if t.kind is kind and t.unit == unit), None)

    def served(self, side: Side) -> Service | None:
        """Return the service of the reply to one side."""
        return next((s for s in self.services if s.side is side), None)
