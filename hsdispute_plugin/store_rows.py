"""What the store gives back: frozen rows, and the seal by which a journal shows that it was tampered with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as stored."""

    case_no: str
    platform: str
    ticket_no: str
    state: str
    decision: Mapping[str, Any] = field(repr=False)  # codes and the rules' words; what it quotes stands in the file
    writes: int
    edition: str
    host_version: str
    ticket: Mapping[str, Any] = field(repr=False)
    opened_at: datetime
    updated_at: datetime
    file: str = field(default="", repr=False)
    accepting_unit: str = ""
    track: str = ""
    due_at: datetime | None = None
    changed_at: datetime | None = None  # by the host's clock, where it says so


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A clock as stored: ``place`` is its position among the clocks of its case, ``clock`` its JSON."""

    case_no: str
    place: int
    key: str
    unit: str
    due_at: datetime
    running: bool
    next_at: datetime | None
    clock: str


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper that an act called for: the values it prints, and the .docx once it was first asked for."""

    id: int
    case_no: str
    kind: str
    receiver: str
    made_at: datetime
    name: str
    paper_values: Mapping[str, Any] = field(repr=False)
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class TypicalCase:
    """处理常例: a case that shows how such a matter is handled, without identity."""

    id: int
    case_no: str
    title: str
    track: str
    topics: tuple[str, ...]
    text: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A host event to be kept."""

    platform: str
    event_id: str
    ticket_no: str
    kind: str
    ticket: str = field(default="", repr=False)  # handed over with the event; empty: ask the host


@dataclass(frozen=True, slots=True)
class EventRow:
    """A host event that waits to be worked on."""

    id: int
    platform: str
    event_id: str
    ticket_no: str
    kind: str
    attempts: int
    crashes: int = 0
    ticket: str = field(default="", repr=False)  # handed over with the event; empty: ask the host


@dataclass(frozen=True, slots=True)
class FailedEvent:
    """A ticket that could not be taken in; ``key`` is what a person names it by to try again."""

    id: int
    platform: str
    ticket_no: str
    attempts: int
    error: str
    received_at: datetime

    @property
    def key(self) -> str:
        """Return ``接单-7``."""
        return f"{TAKING}{self.id}"


TAKING = "接单-"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """What a host or the people to be told must still get: a ``result`` (write-back) or a ``notice``."""

    id: int
    key: str
    case_no: str
    platform: str
    ticket_no: str
    kind: str
    payload: Mapping[str, Any] = field(repr=False)
    state: str
    attempts: int
    next_at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One sealed line of a case's history."""

    id: int
    case_no: str
    at: datetime
    who: str
    act: str
    why: str
    clause: str
    previous: str
    seal: str


def seal_of(previous: str, case_no: str, at: datetime, who: str, act: str, why: str, clause: str) -> str:
    """Return the seal of a journal line: SHA-256 over the seal before it and every field."""
    line = json.dumps([previous, case_no, at.astimezone(UTC).isoformat(), who, act, why, clause], ensure_ascii=False)
    return hashlib.sha256(line.encode()).hexdigest()
