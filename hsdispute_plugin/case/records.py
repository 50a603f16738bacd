"""What is written down when a matter is taken up: who came first, what was registered, who sent it where and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hsdispute_plugin.case.states import Actor, State
from hsdispute_plugin.model import Track


@dataclass(frozen=True, slots=True)
class FirstContact:
    """首问责任: the first person to receive the payer. Never blank; changed only by a logged ``Handover``.

    Clause: 四、首段.
    """

    person: str
    unit: str
    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Handover:
    """A logged change of the first-contact duty: from whom, to whom, who did it, why."""

    former: FirstContact
    person: str
    unit: str
    at: datetime
    by: Actor
    why: str


@dataclass(frozen=True, slots=True, repr=False)
class Party:
    """One side of the dispute. Confidential (报送单备注): ``repr`` shows nothing of it."""

    name: str
    phone: str = ""
    kind: str = ""  # 个人、用人单位、灵活就业人员 …
    document_no: str = ""
    address: str = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


@dataclass(frozen=True, slots=True, repr=False)
class Payer(Party):
    """缴费人."""


@dataclass(frozen=True, slots=True, repr=False)
class Registration:
    """受理登记: the five items that 四（一）③ names, the claim, and whatever the county adds (``extra``: name, value).

    ``respondent`` is the other party; ``respondent_unit`` its unit code where it is one of the member units.
    An anonymous report (举报) leaves name and phone empty (社会保险费征缴暂行条例 21).
    """

    payer: Payer
    visited_at: datetime | None
    area: str
    matter: str
    claim: str
    respondent: Party | None = None
    respondent_unit: str = ""
    anonymous: bool = False
    evidence: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return "Registration(***)"

    def missing(self, also: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Name every required item that is blank, all at once; ``also`` are required names of ``extra``."""
        extra = dict(self.extra)
        items = {
            "缴费人姓名或名称": self.anonymous or self.payer.name.strip(),
            "联系方式": self.anonymous or self.payer.phone.strip(),
            "来访时间": self.visited_at,
            "事项所在辖区": self.area.strip(),
            "反映主要事项": self.matter.strip(),
            "诉求": self.claim.strip(),
            **{name: extra.get(name, "").strip() for name in also},
        }
        return tuple(name for name, value in items.items() if not value)


@dataclass(frozen=True, slots=True)
class Supplement:
    """一次性补正告知: all missing items, asked for once."""

    missing: tuple[str, ...]
    asked_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """审核: the matters and claims as sorted out (四（二）①)."""

    summary: str
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Dispatch:
    """转办 by the government office: to which unit, when, and when it was signed for (三（二）县政府办)."""

    unit: str
    at: datetime
    by: Actor
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """退单: a unit says that the matter is not its duty, and whose it thinks it is."""

    unit: str
    at: datetime
    by: Actor
    why: str
    belongs_to: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """职责争议: raised in which state, why; ``consulted`` once a general consultation on it is on record."""

    origin: State
    at: datetime
    by: Actor
    why: str
    consulted: bool = False


@dataclass(frozen=True, slots=True)
class Designation:
    """职责争议 decided: this unit handles the matter and may not return it."""

    unit: str
    at: datetime
    by: Actor
    why: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """承办单位 tells 受理部门 the result (附件备注)."""

    text: str
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Referral:
    """告知/移送: to whom the payer is sent, all that is needed at once; ``written`` transfer for 投诉、举报 (社会保险法 82).

    ``feedback_due_on``: the date by which the receiving unit tells us the result, if a date was set (附件备注).
    """

    to: str
    address: str
    phone: str
    materials: str
    told_by: str  # 当面、电话、短信、书面
    written: bool
    at: datetime
    by: Actor
    feedback_due_on: date | None = None
    feedback: Feedback | None = None


class DeclineGround(StrEnum):
    """Why a matter is not accepted: another legal way is open or under way, or it is not the county's."""

    LITIGATION = "诉讼已受理或应当诉讼"
    ARBITRATION = "仲裁已受理或应当仲裁"
    REVIEW = "行政复议已受理"
    DISCIPLINE = "纪检监察事项"
    DISCLOSURE = "政府信息公开事项"
    PETITION = "信访已受理"
    OUTSIDE = "不属于本县管辖"


@dataclass(frozen=True, slots=True)
class Refusal:
    """不予受理, by a person only: on which ground, and the legal way that is open."""

    ground: DeclineGround
    route: str
    why: str
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class ClassDecision:
    """A person decides the class (四（二）②): before, after, why. ``before`` ``None``: the first decision of this round."""

    before: Track | None
    after: Track
    policy_issue: bool
    why: str
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The payer takes the matter back; ``statement`` names the paper or call that says so."""

    statement: str
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Suspension:
    """中止: on which ground, from when to when (``None``: still), who agreed."""

    ground: str
    since: datetime
    by: Actor
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Urge:
    """催办 of one unit."""

    unit: str
    at: datetime
    by: Actor
    why: str


class SuperviseGround(StrEnum):
    """督办 (cf. 潍坊市12345条例 26)."""

    REFUSED = "推诿拒办"
    OVERDUE = "逾期未办结"
    UNSOLVED = "应解决而未解决"
    BAD = "办理不当造成影响"


@dataclass(frozen=True, slots=True)
class Supervision:
    """督办 of one unit; open until that unit has answered."""

    unit: str
    ground: SuperviseGround
    at: datetime
    by: Actor
    why: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class PublicOpinion:
    """舆情: the cyber office's task. It closes only upon an opinion of the lead unit (三（二）县网信办)."""

    raised_at: datetime
    lead_opinion: str = ""
    result: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Danger:
    """扬言极端: open until 110 and the leader were told and somebody wrote down what was done (国办发〔2022〕12号)."""

    raised_at: datetime
    done: str = ""
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """案卷归档: file number, years of keeping, table of contents (卷内目录)."""

    file_no: str
    keep_years: int
    contents: tuple[str, ...]
    at: datetime
    by: Actor
