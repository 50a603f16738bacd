"""What must survive: cases, journal, outbox, events — changed in one transaction (SQLite, or PostgreSQL by its URL)."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from hsdispute_plugin.errors import HsdisputeError

SCHEMA_VERSION = 1


class StoreRefused(HsdisputeError):
    """The database cannot be used as it is; says what to do."""


class _Utc(sa.types.TypeDecorator[datetime]):
    """An aware moment kept as UTC text of fixed width, which sorts as time does on every database."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return None if value is None else datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC)


_schema = sa.MetaData()
_meta = sa.Table("meta", _schema, sa.Column("key", sa.String(40), primary_key=True), sa.Column("value", sa.String(80)))
_events = sa.Table(
    "events", _schema,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("platform", sa.String(60), nullable=False), sa.Column("event_id", sa.String(200), nullable=False),
    sa.Column("ticket_no", sa.String(120), nullable=False), sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("state", sa.String(10), nullable=False), sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", _Utc, nullable=False), sa.Column("error", sa.Text), sa.Column("received_at", _Utc, nullable=False),
    sa.UniqueConstraint("platform", "event_id"), sa.Index("events_due", "state", "next_at"),
)
_cases = sa.Table(
    "cases", _schema,
    sa.Column("case_no", sa.String(40), primary_key=True),
    sa.Column("platform", sa.String(60), nullable=False), sa.Column("ticket_no", sa.String(120), nullable=False),
    sa.Column("state", sa.String(20), nullable=False), sa.Column("decision", sa.JSON, nullable=False),
    sa.Column("decisions", sa.Integer, nullable=False), sa.Column("edition", sa.String(40), nullable=False),
    sa.Column("ticket", sa.JSON, nullable=False),  # confidential: the payer's words and contact
    sa.Column("opened_at", _Utc, nullable=False), sa.Column("updated_at", _Utc, nullable=False),
    sa.UniqueConstraint("platform", "ticket_no"),
)
_intake = sa.Table(
    "intake", _schema,
    sa.Column("platform", sa.String(60), primary_key=True), sa.Column("ticket_no", sa.String(120), primary_key=True),
    sa.Column("host_version", sa.String(120), primary_key=True), sa.Column("case_no", sa.String(40), nullable=False),
    sa.Column("at", _Utc, nullable=False),
)
_journal = sa.Table(
    "journal", _schema,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("case_no", sa.String(40), nullable=False, index=True),
    sa.Column("at", _Utc, nullable=False), sa.Column("who", sa.String(80), nullable=False),
    sa.Column("act", sa.String(60), nullable=False), sa.Column("why", sa.Text, nullable=False),
    sa.Column("clause", sa.String(200), nullable=False),
    sa.Column("previous", sa.String(64), nullable=False), sa.Column("seal", sa.String(64), nullable=False),
)
_outbox = sa.Table(
    "outbox", _schema,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("key", sa.String(80), nullable=False, unique=True),
    sa.Column("case_no", sa.String(40), nullable=False), sa.Column("platform", sa.String(60), nullable=False),
    sa.Column("ticket_no", sa.String(120), nullable=False), sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("state", sa.String(10), nullable=False), sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", _Utc, nullable=False), sa.Column("lease_owner", sa.String(80)), sa.Column("lease_until", _Utc),
    sa.Column("error", sa.Text), sa.Column("created_at", _Utc, nullable=False), sa.Column("done_at", _Utc),
    sa.Index("outbox_due", "state", "next_at"), sa.Index("outbox_lane", "platform", "ticket_no", "id"),
)
_cursors = sa.Table(
    "cursors", _schema, sa.Column("platform", sa.String(60), primary_key=True), sa.Column("cursor", sa.String(200)),
)


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


class Store:
    """The database. ``begin`` opens a transaction; everything in it happens or nothing does."""

    def __init__(self, url: str) -> None:
        """Open and bring the schema up to date.

        Raises:
            StoreRefused: The database was written by a newer version of the plugin.
        """
        self.url = url
        self.embedded = url.startswith("sqlite")
        self._writer = threading.Lock()  # SQLite has one writer: wait here, not in its busy loop
        waits = {"timeout": 30} if self.embedded else {}
        self._engine = sa.create_engine(url, connect_args=waits, pool_pre_ping=not self.embedded)
        if self.embedded:
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        self._migrate()

    def _migrate(self) -> None:
        with self._engine.begin() as connection:
            _meta.create(connection, checkfirst=True)
            found = connection.scalar(sa.select(_meta.c.value).where(_meta.c.key == "schema"))
            version = int(found or 0)
            if version > SCHEMA_VERSION:
                raise StoreRefused(f"数据库是第 {version} 版结构，本程序只认到第 {SCHEMA_VERSION} 版：请升级插件，不要降级 / "
                                   f"the database has schema {version}, newer than {SCHEMA_VERSION}")
            for step in range(version + 1, SCHEMA_VERSION + 1):
                _MIGRATIONS[step](connection)
            if version == 0:
                connection.execute(_meta.insert().values(key="schema", value=str(SCHEMA_VERSION)))
            elif version < SCHEMA_VERSION:
                connection.execute(_meta.update().where(_meta.c.key == "schema").values(value=str(SCHEMA_VERSION)))

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Open a writing transaction: committed at the end, rolled back when the block raises."""
        if self.embedded:
            with self._writer, self._engine.begin() as connection:
                yield Transaction(connection, skip_locked=False)
        else:
            with self._engine.begin() as connection:
                yield Transaction(connection, skip_locked=True)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


_MIGRATIONS = {1: lambda connection: _schema.create_all(connection)}


class Transaction:
    """One unit of work on the store."""

    def __init__(self, connection: sa.Connection, *, skip_locked: bool) -> None:
        self._c = connection
        self._skip_locked = skip_locked

    # -- events -----------------------------------------------------------------------------------------------------

    def add_event(self, platform: str, event_id: str, ticket_no: str, kind: str, now: datetime) -> bool:
        """Record a host event; ``False`` when this event is known already."""
        known = sa.select(_events.c.id).where(_events.c.platform == platform, _events.c.event_id == event_id)
        if self._c.scalar(known) is not None:
            return False
        self._c.execute(_events.insert().values(
            platform=platform, event_id=event_id, ticket_no=ticket_no, kind=kind, state="waiting", attempts=0, next_at=now,
            received_at=now))
        return True

    def due_events(self, now: datetime, limit: int) -> list[EventRow]:
        """Return events that wait to be worked on, oldest first."""
        c = _events.c
        chosen = sa.select(c.id, c.platform, c.event_id, c.ticket_no, c.kind, c.attempts).where(
            c.state == "waiting", c.next_at <= now).order_by(c.id).limit(limit)
        return [EventRow(*row) for row in self._c.execute(chosen)]

    def settle_event(self, event_id: int, state: str, now: datetime, *, next_at: datetime | None = None, error: str = "") -> None:
        """Mark an event ``done`` or ``failed``, or ``waiting`` again until ``next_at``."""
        self._c.execute(_events.update().where(_events.c.id == event_id).values(
            state=state, next_at=next_at or now, error=error or None, attempts=_events.c.attempts + 1))

    # -- cases ------------------------------------------------------------------------------------------------------

    def accepted(self, platform: str, ticket_no: str, host_version: str) -> str | None:
        """Return the case that this very version of the ticket was accepted into, if any."""
        c = _intake.c
        return self._c.scalar(sa.select(c.case_no).where(
            c.platform == platform, c.ticket_no == ticket_no, c.host_version == host_version))

    def add_intake(self, platform: str, ticket_no: str, host_version: str, case_no: str, now: datetime) -> None:
        """Note that a version of a ticket was accepted."""
        self._c.execute(_intake.insert().values(
            platform=platform, ticket_no=ticket_no, host_version=host_version, case_no=case_no, at=now))

    def case_of(self, platform: str, ticket_no: str) -> CaseRow | None:
        """Return the case of a host's ticket."""
        row = self._c.execute(sa.select(*_CASE_COLUMNS).where(
            _cases.c.platform == platform, _cases.c.ticket_no == ticket_no)).first()
        return CaseRow(*row) if row else None

    def cases(self) -> list[CaseRow]:
        """Return all cases by number."""
        return [CaseRow(*row) for row in self._c.execute(sa.select(*_CASE_COLUMNS).order_by(_cases.c.case_no))]

    def next_number(self, series: str) -> int:
        """Return the next number of a series, from 1, without gaps or repeats (the transaction holds it)."""
        key = f"series:{series}"
        found = self._c.scalar(sa.select(_meta.c.value).where(_meta.c.key == key).with_for_update())
        number = int(found or 0) + 1
        if found is None:
            self._c.execute(_meta.insert().values(key=key, value="1"))
        else:
            self._c.execute(_meta.update().where(_meta.c.key == key).values(value=str(number)))
        return number

    def save_case(self, row: CaseRow) -> None:
        """Insert the case, or replace it."""
        values = {c.name: getattr(row, c.name) for c in _CASE_COLUMNS}
        done = self._c.execute(_cases.update().where(_cases.c.case_no == row.case_no).values(values))
        if not done.rowcount:
            self._c.execute(_cases.insert().values(values))

    # -- journal ----------------------------------------------------------------------------------------------------

    def add_journal(self, case_no: str, now: datetime, who: str, act: str, why: str, clause: str) -> None:
        """Append a line; its seal covers the line and the seal before it, so that a change is found."""
        self._c.execute(sa.select(_meta.c.value).where(_meta.c.key == "schema").with_for_update())  # one at a time
        previous = self._c.scalar(sa.select(_journal.c.seal).order_by(_journal.c.id.desc()).limit(1)) or ""
        seal = seal_of(previous, case_no, now, who, act, why, clause)
        self._c.execute(_journal.insert().values(
            case_no=case_no, at=now, who=who, act=act, why=why, clause=clause, previous=previous, seal=seal))

    def journal(self, case_no: str | None = None) -> list[JournalRow]:
        """Return the lines of a case, or of all, oldest first."""
        chosen = sa.select(*_journal.c).order_by(_journal.c.id)
        if case_no is not None:
            chosen = chosen.where(_journal.c.case_no == case_no)
        return [JournalRow(*row) for row in self._c.execute(chosen)]

    # -- outbox -----------------------------------------------------------------------------------------------------

    def add_outbox(
        self, key: str, case_no: str, platform: str, ticket_no: str, payload: Mapping[str, Any], now: datetime
    ) -> None:
        """Queue a write-back."""
        self._c.execute(_outbox.insert().values(
            key=key, case_no=case_no, platform=platform, ticket_no=ticket_no, payload=payload, state="queued", attempts=0,
            next_at=now, created_at=now))

    def claim(self, owner: str, now: datetime, until: datetime, limit: int) -> list[OutboxRow]:
        """Lease due rows to ``owner``; a row waits until the ticket's earlier rows are done or dead. An expired lease is due."""
        o, earlier = _outbox.c, _outbox.alias("earlier")
        free = sa.or_(
            sa.and_(o.state == "queued", o.next_at <= now),
            sa.and_(o.state == "claimed", o.lease_until <= now),
        )
        first = ~sa.exists().where(
            earlier.c.platform == o.platform, earlier.c.ticket_no == o.ticket_no, earlier.c.id < o.id,
            earlier.c.state.in_(("queued", "claimed")))
        chosen = sa.select(*_OUTBOX_COLUMNS).where(free, first).order_by(o.next_at, o.id).limit(limit)
        if self._skip_locked:
            chosen = chosen.with_for_update(skip_locked=True, of=_outbox)
        rows = [OutboxRow(*row) for row in self._c.execute(chosen)]
        if rows:
            self._c.execute(_outbox.update().where(o.id.in_([r.id for r in rows])).values(
                state="claimed", lease_owner=owner, lease_until=until, attempts=o.attempts + 1))
        return rows

    def release(self) -> int:
        """Make all leased rows due again: for the one process of an embedded database, which has just started."""
        done = self._c.execute(_outbox.update().where(_outbox.c.state == "claimed").values(
            state="queued", lease_owner=None, lease_until=None))
        return int(done.rowcount)

    def settle(
        self, row_id: int, owner: str, state: str, now: datetime, *, next_at: datetime | None = None, error: str = ""
    ) -> bool:
        """Mark a leased row ``done``, ``dead`` or ``queued`` again; ``False`` when the lease went to another meanwhile."""
        done = self._c.execute(_outbox.update().where(
            _outbox.c.id == row_id, _outbox.c.lease_owner == owner, _outbox.c.state == "claimed",
        ).values(state=state, next_at=next_at or now, error=error or None, lease_owner=None, lease_until=None,
                 done_at=now if state == "done" else None))
        return bool(done.rowcount)

    def last_done(self, platform: str, ticket_no: str) -> Mapping[str, Any] | None:
        """Return the payload of the last write-back that stands in the host's ticket."""
        o = _outbox.c
        found: Mapping[str, Any] | None = self._c.scalar(sa.select(o.payload).where(
            o.platform == platform, o.ticket_no == ticket_no, o.state == "done").order_by(o.id.desc()).limit(1))
        return found

    def outbox(self, states: Sequence[str] = ("queued", "claimed", "dead")) -> list[OutboxRow]:
        """Return rows in these states, oldest first."""
        chosen = sa.select(*_OUTBOX_COLUMNS).where(_outbox.c.state.in_(states)).order_by(_outbox.c.id)
        return [OutboxRow(*row) for row in self._c.execute(chosen)]

    def depths(self) -> dict[str, int]:
        """Count outbox rows by state, and waiting events."""
        counts = {state: int(n) for state, n in self._c.execute(
            sa.select(_outbox.c.state, sa.func.count()).group_by(_outbox.c.state))}
        waiting = self._c.scalar(sa.select(sa.func.count()).where(_events.c.state == "waiting"))
        return {**{s: counts.get(s, 0) for s in ("queued", "claimed", "done", "dead")}, "events": int(waiting or 0)}

    # -- polling ----------------------------------------------------------------------------------------------------

    def cursor(self, platform: str) -> str:
        """Return how far a platform was polled."""
        return self._c.scalar(sa.select(_cursors.c.cursor).where(_cursors.c.platform == platform)) or ""

    def set_cursor(self, platform: str, cursor: str) -> None:
        """Note how far a platform was polled."""
        done = self._c.execute(_cursors.update().where(_cursors.c.platform == platform).values(cursor=cursor))
        if not done.rowcount:
            self._c.execute(_cursors.insert().values(platform=platform, cursor=cursor))


_CASE_COLUMNS = tuple(_cases.c[name] for name in CaseRow.__dataclass_fields__)
_OUTBOX_COLUMNS = tuple(_outbox.c[name] for name in OutboxRow.__dataclass_fields__)


def seal_of(previous: str, case_no: str, at: datetime, who: str, act: str, why: str, clause: str) -> str:
    """Return the seal of a journal line: SHA-256 over the seal before it and every field."""
    line = json.dumps([previous, case_no, at.astimezone(UTC).isoformat(), who, act, why, clause], ensure_ascii=False)
    return hashlib.sha256(line.encode()).hexdigest()


def broken_seal(lines: Sequence[JournalRow]) -> int | None:
    """Return the id of the first line of the whole journal that was changed, removed before, or put in; ``None`` if none."""
    previous = ""
    for line in lines:
        wanted = seal_of(previous, line.case_no, line.at, line.who, line.act, line.why, line.clause)
        if line.previous != previous or line.seal != wanted:
            return line.id
        previous = line.seal
    return None
