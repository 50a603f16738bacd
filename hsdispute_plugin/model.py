"""The nouns every room shares: a ticket as the host sends it, a decision as we give it back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

#: Hosts write local time without a zone; the county has one zone and no summer time.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

#: Characters of a ticket's title and content together. Hosts keep some thousand; more is a mistake or an attack.
MAX_TEXT = 20_000

#: A fact's value: sets are frozensets of member codes; an unknown fact is an absent key.
FactValue = bool | int | str | frozenset[str]


class Scope(StrEnum):
    """Whether the mechanism of 合政办发〔2025〕30号 covers the matter."""

    IN = "in"
    OUT = "out"
    BOUNDARY = "boundary"


class Track(StrEnum):
    """How the matter is handled, 四（一）–四（三）: told elsewhere, one unit, several, special case."""

    INFORM = "inform"
    SINGLE = "single"
    JOINT = "joint"
    MAJOR = "major"


class Matter(StrEnum):
    """四（二）: 一般事项 or 重大疑难事项."""

    GENERAL = "general"
    MAJOR = "major"


#: What most hosts send, read without further ado.
_ISO = re.compile(r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
                  r"(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?$")


def aware(value: Any) -> Any:
    """Read a host's time: ISO, ``2026/1/5 8:30:00``, ``2026年1月5日 8时30分``; no zone means Asia/Shanghai."""
    if isinstance(value, str):
        text = storable(value).strip()
        if not text:
            return None
        if _ISO.match(text):
            return _zoned(datetime.fromisoformat(text))
        for old, new in (("年", "-"), ("月", "-"), ("日", " "), ("时", ":"), ("分", ":"), ("秒", ""), ("/", "-")):
            text = text.replace(old, new)
        text = text.strip().rstrip(":")
        value = _loose_datetime(text)
    return _zoned(value) if isinstance(value, datetime) else value


def _zoned(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)


def _loose_datetime(text: str) -> datetime:
    day, _, clock = text.replace("T", " ", 1).partition(" ")
    day = "-".join(part.zfill(2) for part in day.split("-"))
    clock = clock.strip()
    if clock and clock[1:2] == ":":
        clock = "0" + clock
    try:
        return datetime.fromisoformat(f"{day} {clock}".strip())
    except ValueError:
        raise ValueError(f"时间 “{text}” 看不懂，请写成 2026-01-05 08:30:00") from None


def of_our_time(value: datetime | None) -> datetime | None:
    """Refuse a slip such as year 0206 or 9999: no calendar can count from there."""
    if value is not None and not 1950 <= value.year < 2200:
        raise ValueError(f"年份 {value.year} 不对，请写成 2026-01-05 08:30:00")
    return value


def storable(text: str) -> str:
    """Return a text without what no database and no file takes: halves of a character that JSON can spell, and NUL.

    >>> storable("欠\\ud800缴\\0")
    '欠?缴 '
    """
    return text if text.isascii() and "\0" not in text else text.encode("utf-8", "replace").decode().replace("\0", " ")


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    return "" if value is None else str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text)]
Moment = Annotated[datetime | None, BeforeValidator(aware), AfterValidator(of_our_time)]


def _kept(value: Any, deep: int = 8) -> Any:
    """Return what stands beside a ticket in a form that can be kept; what is nested deeper is left out."""
    if isinstance(value, Mapping):
        return {storable(str(k)): _kept(v, deep - 1) for k, v in value.items()} if deep else None
    if isinstance(value, list | tuple):
        return [_kept(v, deep - 1) for v in value] if deep else None
    return storable(value) if isinstance(value, str) else value


class Ticket(BaseModel):
    """A ticket (工单) as the host sends it; field meanings follow the 12345 index (orderNum, callTime, …).

    Unknown keys are kept in ``extra``, never lost. ``repr`` shows no payer data.
    """

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    ticket_no: Annotated[Text, Field(min_length=1)]
    title: Text = ""
    content: Text = ""
    received_at: Moment = None
    ticket_type: Text = ""
    channel: Text = ""
    area: Text = ""
    caller_name: Text = ""
    caller_phone: Text = ""
    respondent: Text = ""
    urgency: Text = ""
    host_due_at: Moment = None
    repeat_of: Text = ""
    extra: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _keep_unknown(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or (data.keys() <= _FIELDS and not data.get("extra")):
            return data
        known = {k: v for k, v in data.items() if k in cls.model_fields}
        given = known.get("extra") or {}
        unknown = {k: v for k, v in data.items() if k not in cls.model_fields}
        if isinstance(given, Mapping) and (unknown or given):
            known["extra"] = _kept({**unknown, **given})
        return known

    @property
    def text(self) -> str:
        """Title and content as one text; offsets of evidence count characters in it."""
        return f"{self.title}\n{self.content}" if self.title else self.content

    def __repr__(self) -> str:
        return f"Ticket({self.ticket_no!r}, ***)"

    __str__ = __repr__


_FIELDS = Ticket.model_fields.keys()


class PastTicket(NamedTuple):
    """What reading and reports ask of a past ticket, each as a ``Ticket`` would have it."""

    ticket_no: str
    title: str
    content: str
    received_at: datetime | None
    ticket_type: str
    area: str
    caller_name: str
    caller_phone: str
    repeat_of: str

    @property
    def text(self) -> str:
        """Title and content as one text."""
        return f"{self.title}\n{self.content}" if self.title else self.content

    def __repr__(self) -> str:
        return f"PastTicket({self.ticket_no!r}, ***)"


class Phrase(NamedTuple):
    """Words of the ticket behind a fact: ``ticket.text[start:end] == text``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one ticket: values by fact code, and the phrases behind each.

    ``evidence`` keys are a fact code (``people``) or code and member (``topics.arrears``).
    Facts hold no name, phone or address (报送单备注: 不得泄露缴费人信息).
    """

    values: Mapping[str, FactValue]
    evidence: Mapping[str, tuple[Phrase, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Unit:
    """A member unit of the 领导专班 (三（一）), as ``units.yaml`` lists it."""

    code: str
    name: str
    short: str
    phone: str = ""
    address: str = ""
    duty: str = ""
    accepts: bool = False  # 三（一）: only 税务、人社、医保 run a reception room
    leads: bool = False
    by_rules: bool = True  # false: no rule is to send it anything, as the government office, which hands on


def codes_by_name(units: Iterable[Unit]) -> dict[str, str]:
    """Return the codes of units by all they are called: short name, name, code itself."""
    return {name: u.code for u in units for name in (u.short, u.name, u.code)}


@dataclass(frozen=True, slots=True)
class DueDate:
    """One deadline of a decision; ``confirmed`` is false for every number that neither law nor host gives."""

    key: str
    what: str
    due_at: datetime
    basis: str
    confirmed: bool
    provisional: bool = False  # counted through a year whose holiday notice is not out yet


class Reason(NamedTuple):
    """Why: the rule that spoke, its clause, its words, and the phrases of the ticket behind it."""

    rule: str
    family: str
    clause: str
    because: str
    evidence: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """Someone to be told at once (110、专班主任、网信办 …), and within how long."""

    key: str
    what: str
    rule: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of one ticket. A suggestion with reasons; a person confirms (个人信息保护法 24)."""

    ticket_no: str
    scope: Scope
    compound: bool
    insurance: tuple[str, ...]
    topics: tuple[str, ...]
    lead: str  # unit code, "joint" or "none"
    units: tuple[str, ...]
    track: Track
    matter: Matter | None
    signals: tuple[str, ...]
    ticket_type: str
    due: tuple[DueDate, ...]
    reasons: tuple[Reason, ...]
    edition: str
    engine: str
    alerts: tuple[Alert, ...] = ()

    @property
    def due_at(self) -> datetime | None:
        """The earliest deadline: of host, statute and county."""
        return min((d.due_at for d in self.due), default=None)


def decode(raw: bytes) -> str:
    """Read bytes of a host or a file: UTF-8 (with or without BOM), else GB18030.

    Raises:
        UnicodeDecodeError: Neither; the caller says which file or line.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030")
