"""Where a case stands, and who may act on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a case stands between the first contact and the archive, in the order of chapter four."""

    NEW = "new"
    REGISTERED = "registered"
    TRIAGE = "triage"
    DUTY_DISPUTED = "duty_disputed"
    INFORMED = "informed"
    NOT_ACCEPTED = "not_accepted"
    MERGED = "merged"
    SOLE = "sole"
    JOINT_DISPATCH = "joint_dispatch"
    JOINT_OPINIONS = "joint_opinions"
    JOINT_MEETING = "joint_meeting"
    SUBMISSION = "submission"
    AT_OFFICE = "at_office"
    AT_DIRECTOR = "at_director"
    SPECIAL_OPINIONS = "special_opinions"
    SPECIAL_MEETING = "special_meeting"
    MINUTES = "minutes"
    DRAFTING = "drafting"
    REPLIED = "replied"
    OBJECTION = "objection"
    REMEDY = "remedy"
    ENFORCEMENT = "enforcement"
    ESCALATED = "escalated"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"

    @property
    def label(self) -> str:
        """The Chinese name a clerk reads."""
        return STATE_LABELS[self]


STATE_LABELS: Mapping[State, str] = MappingProxyType({
    State.NEW: "待登记",
    State.REGISTERED: "已登记待审核",
    State.TRIAGE: "已审核待分流",
    State.DUTY_DISPUTED: "职责待定",
    State.INFORMED: "已告知移送",
    State.NOT_ACCEPTED: "不予受理",
    State.MERGED: "已并案",
    State.SOLE: "单办中",
    State.JOINT_DISPATCH: "联办待派发",
    State.JOINT_OPINIONS: "待联办意见",
    State.JOINT_MEETING: "一般会商",
    State.SUBMISSION: "拟报专案",
    State.AT_OFFICE: "专班办收件",
    State.AT_DIRECTOR: "待主任审批",
    State.SPECIAL_OPINIONS: "专案待书面意见",
    State.SPECIAL_MEETING: "重大会商",
    State.MINUTES: "会议纪要签发",
    State.DRAFTING: "拟答复",
    State.REPLIED: "已答复待送达双方",
    State.OBJECTION: "异议期",
    State.REMEDY: "救济程序中",
    State.ENFORCEMENT: "司法确认或强制执行",
    State.ESCALATED: "提级上报",
    State.WITHDRAWN: "已撤回",
    State.ARCHIVED: "已归档",
})

#: One unit, several units, special case: the matter is being handled and not yet answered.
HANDLING_JOINT = frozenset({State.JOINT_DISPATCH, State.JOINT_OPINIONS, State.JOINT_MEETING})
HANDLING_MAJOR = frozenset({State.SUBMISSION, State.AT_OFFICE, State.AT_DIRECTOR, State.SPECIAL_OPINIONS,
                            State.SPECIAL_MEETING, State.MINUTES})
HANDLING = HANDLING_JOINT | HANDLING_MAJOR | {State.SOLE, State.DRAFTING}
#: From arrival until the answer has reached both parties: the clock of the whole matter runs.
UNANSWERED = HANDLING | {State.NEW, State.REGISTERED, State.TRIAGE, State.DUTY_DISPUTED, State.ESCALATED, State.REPLIED}
#: Written opinions of 联办 are awaited (a dispute or a report upward does not stop the units); those of a special case.
ASKED = frozenset({State.JOINT_OPINIONS, State.JOINT_MEETING, State.DUTY_DISPUTED, State.ESCALATED})
ASKED_SPECIAL = frozenset({State.SPECIAL_OPINIONS, State.SPECIAL_MEETING})
#: Nothing more is done to the case itself, it waits for the archive.
CLOSED = frozenset({State.INFORMED, State.NOT_ACCEPTED, State.WITHDRAWN})
#: Duties at the side (danger, public opinion, supervision) can still arise.
OPEN = frozenset(State) - {State.MERGED, State.ARCHIVED}


class Role(StrEnum):
    """In which capacity a person acts; the host says who holds which."""

    FIRST_CONTACT = "first_contact"
    HANDLER = "handler"
    REVIEWER = "reviewer"
    UNIT_HEAD = "unit_head"
    ARCHIVIST = "archivist"
    CO_UNIT = "co_unit"
    CYBER = "cyber"
    GOV_OFFICE = "gov_office"
    OFFICE = "office"
    DIRECTOR = "director"
    DEPUTY = "deputy"
    CLOCK = "clock"
    ADMIN = "admin"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return ROLE_LABELS[self]


ROLE_LABELS: Mapping[Role, str] = MappingProxyType({
    Role.FIRST_CONTACT: "首问人员", Role.HANDLER: "承办人", Role.REVIEWER: "审核人", Role.UNIT_HEAD: "单位负责人",
    Role.ARCHIVIST: "档案员", Role.CO_UNIT: "联办单位经办人", Role.CYBER: "网信办经办人", Role.GOV_OFFICE: "政府办经办人",
    Role.OFFICE: "专班办公室", Role.DIRECTOR: "专班主任", Role.DEPUTY: "专班副主任", Role.CLOCK: "系统时钟",
    Role.ADMIN: "系统管理员", Role.AUDITOR: "审计员",
})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, of which unit (code of units.yaml), in which capacity. Administrators and auditors act on no case."""

    name: str
    unit: str
    role: Role
