"""The port to a host platform: what its adapter is given and must give back. Nothing of a host's own words passes here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from hsdispute_plugin.errors import PluginRefused, place_of
from hsdispute_plugin.model import Facts, Ticket, Track, storable

MARK = "〔hsdispute:"  # with which the notes of results begin


@dataclass(frozen=True, slots=True)
class HostTicket:
    """A ticket as fetched, with the host's version of it (ETag, LastUpdated, …): same version, same content.

    ``changed_at``: when the host last changed it, by the host's clock, where a ticket is handed over and says so: one that is
    older than what we have is passed over, in whatever order they come.
    """

    ticket: Ticket
    version: str
    changed_at: datetime | None = None

    def as_text(self) -> str:
        """Return it as JSON, to be kept until its event is worked off."""
        changed_at = self.changed_at.isoformat() if self.changed_at else None
        return json.dumps({"ticket": self.ticket.model_dump(mode="json"), "version": self.version, "changed_at": changed_at})

    @classmethod
    def from_text(cls, text: str) -> HostTicket:
        """Return the ticket that ``as_text`` gave."""
        values = json.loads(text)
        changed_at = values.get("changed_at")
        return cls(Ticket.model_validate(values["ticket"]), values["version"],
                   datetime.fromisoformat(changed_at) if changed_at else None)


@dataclass(frozen=True, slots=True)
class HostEvent:
    """A hint that a ticket of the host came or changed. The ticket is fetched, unless the host hands it over: ``ticket``.

    ``event_id`` is the host's own and is the same on a repeat. Of a webhook it stands where the signature covers it (the body),
    or is empty: then the signature itself is the id. An event is taken once, so nobody can play a webhook again.
    ``kind`` is ``created``, ``updated`` or ``withdrawn``.
    """

    ticket_no: str
    event_id: str
    kind: str
    ticket: HostTicket | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("ticket_no", "event_id"):
            object.__setattr__(self, name, storable(getattr(self, name)))


def mark_of(key: str) -> str:
    """Return ``〔hsdispute:<key>〕``, with which the note of a result begins, so that it is known again in the host."""
    return f"{MARK}{key}〕"


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What should stand in the host's ticket. ``key`` marks it, so that a repeat can be recognised.

    Unit values are names of ``units.yaml`` (县税务局). ``lead`` is empty when no unit leads (告知移送).
    ``note`` starts with ``〔hsdispute:<key>〕`` (``mark_of``). ``files`` are papers (.docx by file name) to attach with the
    note, once for each key; they hold the payer's data, so they stand where the note stands, or are left out where a host
    has no such place. ``refer_to`` is the unit to which a person handed the matter (转办、指定承办、书面移送), empty when nobody
    did: a host that can hand on the robot's own to-do does so where its file names a person for that unit.
    """

    key: str
    lead: str
    helpers: tuple[str, ...]
    category: str
    handling: str
    track: Track
    due_at: datetime | None
    basis: str
    note: str
    submission_no: str = ""
    refer_to: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    def as_payload(self) -> dict[str, Any]:
        """Return plain values for the outbox. Papers are not in it: they are made when it is delivered."""
        return {
            "key": self.key, "lead": self.lead, "helpers": list(self.helpers), "category": self.category,
            "handling": self.handling, "track": self.track.value, "basis": self.basis, "note": self.note,
            "due_at": self.due_at.isoformat() if self.due_at else None, "submission_no": self.submission_no,
            "refer_to": self.refer_to,
        }

    @classmethod
    def from_payload(cls, values: Mapping[str, Any]) -> WriteBack:
        """Return the write-back that ``as_payload`` gave."""
        due_at = values["due_at"]
        own = {name: values[name] for name in values if name in cls.__slots__}
        return cls(**{**own, "helpers": tuple(values["helpers"]), "track": Track(values["track"]),
                      "due_at": datetime.fromisoformat(due_at) if due_at else None})


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is to be told of a case, outside of the host. No payer data.

    ``key`` is the same on a repeat. ``to`` names who in Chinese (承办人、专班主任、110 …), ``unit`` the unit (name of
    units.yaml) that owes something, or is empty. ``says`` is one sentence. ``urgent``: now, at any hour.
    """

    key: str
    case_no: str
    platform: str
    ticket_no: str
    to: tuple[str, ...]
    unit: str
    says: str
    due_at: datetime | None
    urgent: bool = False

    def as_payload(self) -> dict[str, Any]:
        """Return plain values for the outbox."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "to": list(self.to),
                "due_at": self.due_at.isoformat() if self.due_at else None}

    @classmethod
    def from_payload(cls, values: Mapping[str, Any]) -> Notice:
        """Return the notice that ``as_payload`` gave."""
        due_at = values["due_at"]
        return cls(**{**values, "to": tuple(values["to"]), "due_at": datetime.fromisoformat(due_at) if due_at else None})


class Platform(Protocol):
    """A connected host. Calls may block up to the timeout of its settings; each raises only
    ``DeliveryDelayed`` (try again; ``outcome_unknown`` when the host may have acted) or ``DeliveryRefused``.
    """

    name: str

    def event(self, headers: Mapping[str, str], body: bytes) -> HostEvent | None:
        """Read a webhook whose signature is already checked. ``None``: nothing to do (our own robot acted).

        Raises:
            TicketRefused: The body is not what this host sends.
        """

    def changed(self, cursor: str) -> tuple[tuple[HostEvent, ...], str]:
        """Poll: events after ``cursor`` (empty: from the beginning) in order, and the next cursor."""

    def fetch(self, ticket_no: str) -> HostTicket:
        """Read one ticket now."""

    def write_back(self, ticket_no: str, result: WriteBack, previous: WriteBack | None) -> str:
        """Make ``result`` stand in the ticket, read it back, return the host's new version.

        ``previous`` is what we last wrote there. Safe to repeat: fields are set to the same values and the note with our
        key is written once. A value that is neither empty nor what we wrote is a clerk's and stands; the note says so.
        """

    def check(self) -> tuple[str, ...]:
        """Try sign-in and a read; return Chinese sentences of what is wrong, empty when all is well (doctor)."""

    def close(self) -> None:
        """Close connections."""


@runtime_checkable
class Examined(Protocol):
    """A platform that the doctor can try step by step. Not needed: others are asked by ``check``."""

    def steps(self, *, writing: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what was tried and what is wrong with it, in Chinese; stop where nothing further can be tried.

        With ``writing`` the last step stores a field of ours with the very value that it has, to prove that we may.
        """


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """One file of ``config/platforms``; ``secret`` reads ``HSDISPUTE_<NAME>_<KEY>`` or the file that ``<…>_FILE`` names."""

    name: str
    adapter: str
    values: Mapping[str, object]
    secret: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class PlatformRegistration:
    """An adapter that a plugin offers, by the name that ``适配器:`` of a platform file uses.

    ``pushes``: such a host can send webhooks; of one that cannot, nobody asks for a secret to sign them with.
    """

    name: str
    connect: Callable[[PlatformSettings], Platform]
    pushes: bool = True

    def wrong(self) -> str:
        """Return what is wrong with the record, as a Chinese sentence; empty when it can be used."""
        if not isinstance(self.name, str) or not re.fullmatch(r"[a-z][a-z0-9_-]*", self.name):
            return "平台名（name）用小写英文字母、数字、下划线和短横线"
        return "" if callable(self.connect) else "connect 应是一个函数或类"


#: How a fact is typed in rule files, and what ``extract`` must give for it.
FACT_KINDS: Mapping[str, type] = MappingProxyType({"是否": bool, "整数": int, "单选": str, "多选": frozenset})


@dataclass(frozen=True, slots=True)
class FactExtractor:
    """A fact that a plugin adds. ``kind`` is 是否, 整数, 单选 or 多选; ``values`` maps labels to codes for the last two.

    ``extract`` returns a value under ``code`` only (bool, int, a code, a frozenset of codes); leaving it out means unknown.
    ``package`` is filled in by the manager.
    """

    label: str
    code: str
    kind: str
    says: str
    extract: Callable[[Ticket], Facts]
    values: Mapping[str, str] = field(default_factory=dict)
    package: str = ""

    def wrong(self) -> str:
        """Return what is wrong with the record, as a Chinese sentence; empty when it can be used."""
        if not self.label or not re.fullmatch(r"[a-z][a-z0-9_]*", self.code):
            return "事实要有中文名（label），代号（code）用小写英文字母、数字和下划线"
        if self.kind not in FACT_KINDS:
            return f"类型（kind）“{self.kind}” 不对，可用：{'、'.join(FACT_KINDS)}"
        if bool(self.values) != (self.kind in ("单选", "多选")):
            return "单选、多选要在 values 里列出取值，是否、整数不要列"
        return "" if callable(self.extract) else "extract 应是一个函数"

    def read(self, ticket: Ticket) -> Facts:
        """Return this fact of a ticket, with its phrases.

        Raises:
            PluginRefused: ``extract`` raised, or gave a value of another kind; the ticket's words are not in the message.
        """
        try:
            given = self.extract(ticket)
            values = {k: v for k, v in given.values.items() if k == self.code}
            evidence = {k: v for k, v in given.evidence.items() if k.partition(".")[0] == self.code}
        except Exception as err:
            raise self._refused(f"算不出来：{place_of(err)}") from err
        if self.code in values and not self._fits(values[self.code]):
            raise self._refused(f"应是{self.kind}，给的是 {type(values[self.code]).__name__}，或是没有列出的取值")
        return Facts(values, evidence)

    def _refused(self, why: str) -> PluginRefused:
        return PluginRefused(f"插件 “{self.package}” 的事实 “{self.label}”（{self.code}）{why} / fact {self.code!r} failed。"
                             f"请联系其作者，或停用该插件：HSDISPUTE_BLOCKED_PLUGINS={self.package}")

    def _fits(self, value: object) -> bool:
        if type(value) is not FACT_KINDS[self.kind]:  # exactly: True is an int, too
            return False
        codes = value if isinstance(value, frozenset) else {value} if isinstance(value, str) else frozenset()
        return codes <= set(self.values.values())
