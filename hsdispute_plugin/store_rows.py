"""What the store gives back: frozen rows, and the seal by which a journal shows that it was tampered with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as stored."""

    case_no: str
    platform: str
    ticket_no: str
    state: str
    decision: Mapping[str, Any]
    decisions: int
    edition: str
    host_version: str
    ticket: Mapping[str, Any]
    opened_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class EventRow:
    """A host event that waits to be worked on."""

    id: int
    platform: str
    event_id: str
    ticket_no: str
    kind: str
    attempts: int


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A write-back that a host must still get."""

    id: int
    key: str
    case_no: str
    platform: str
    ticket_no: str
    payload: Mapping[str, Any]
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


def broken_seal(lines: Iterable[JournalRow]) -> int | None:
    """Return the id of the first line of the whole journal that was changed, removed before, or put in; ``None`` if none."""
    previous = ""
    for line in lines:
        wanted = seal_of(previous, line.case_no, line.at, line.who, line.act, line.why, line.clause)
        if line.previous != previous or line.seal != wanted:
            return line.id
        previous = line.seal
    return None
