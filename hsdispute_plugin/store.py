"""What must survive: cases, clocks, papers, journal, outbox, events, in one transaction (SQLite, or PostgreSQL by its URL)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.errors import HsdisputeError
from hsdispute_plugin.store_cases import CaseTables
from hsdispute_plugin.store_rows import EventRow, JournalRow, OutboxRow, seal_of

MIGRATION_LOCK = 20251027  # any number of our own: PostgreSQL's advisory lock while the schema is brought up to date


class StoreRefused(HsdisputeError):
    """The database cannot be used as it is; says what to do."""


class StoreDelayed(HsdisputeError):
    """The database did not take it now (locked, full, restarting, or another process was quicker); nothing was changed."""


class Store:
    """The database. ``begin`` opens a transaction; everything in it happens or nothing does."""

    def __init__(self, url: str) -> None:
        """Open and bring the schema up to date.

        Raises:
            StoreRefused: Not an address of ours, not to be reached, or written by a newer version of the plugin.
        """
        self.embedded = url.startswith("sqlite")
        self._writer = threading.Lock()  # SQLite has one writer: wait here, not in its busy loop
        if not url.startswith(("sqlite", "postgresql+psycopg:")):
            raise StoreRefused("数据库地址应是 sqlite:///文件 或 postgresql+psycopg://用户:口令@主机/库 / "
                               "unknown kind of database")
        waits = {"timeout": 30} if self.embedded else {}
        try:
            # Parameters are payers' words: no error may carry them.
            self._engine = sa.create_engine(url, connect_args=waits, pool_pre_ping=not self.embedded, hide_parameters=True)
            if self.embedded:
                sa.event.listen(self._engine, "connect", _prepare_sqlite)
                sa.event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
            self._migrate()
        except ImportError as err:
            raise StoreRefused("没有安装 psycopg，不能用 PostgreSQL：请安装 hsdispute-plugin[postgresql]") from err
        except (sa.exc.SQLAlchemyError, ValueError) as err:  # the address itself is not shown: it may hold a password
            raise StoreRefused(f"数据库打不开（{type(err).__name__}）：请检查 --database 或 HSDISPUTE_DATABASE、"
                               f"目录权限和磁盘空间 / cannot open the database") from err

    def _migrate(self) -> None:
        with self._engine.begin() as connection:
            if not self.embedded:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            schema.meta.create(connection, checkfirst=True)
            found = connection.scalar(sa.select(schema.meta.c.value).where(schema.meta.c.key == "schema"))
            if found is None:
                schema.make(connection)
                connection.execute(schema.meta.insert().values(key="schema", value=str(schema.VERSION)))
                return
            if int(found) > schema.VERSION:
                raise StoreRefused(f"数据库是第 {found} 版结构，本程序只认到第 {schema.VERSION} 版：请升级插件，不要降级 / "
                                   f"the database has schema {found}, newer than {schema.VERSION}")
            for version in range(int(found) + 1, schema.VERSION + 1):
                schema.STEPS[version](connection)
                connection.execute(schema.meta.update().where(schema.meta.c.key == "schema").values(value=str(version)))

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Open a writing transaction: committed at the end, rolled back when the block raises.

        Raises:
            StoreDelayed: The database did not take it; nothing was changed.
        """
        try:
            if self.embedded:
                with self._writer, self._engine.begin() as connection:
                    yield Transaction(connection)
            else:
                with self._engine.begin() as connection:
                    yield Transaction(connection)
        except sa.exc.DBAPIError as err:
            raise StoreDelayed(f"数据库暂时不可用（{type(err).__name__}），没有改动任何内容，请稍后再试 / "
                               f"the database did not take it") from err

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


class Transaction(CaseTables):
    """One unit of work on the store."""

    # -- events -----------------------------------------------------------------------------------------------------

    def add_event(self, platform: str, event_id: str, ticket_no: str, kind: str, now: datetime) -> bool:
        """Record a host event; ``False`` when it is known already. One that failed is taken up again: the host repeats it."""
        c = schema.events.c
        insert = postgresql.insert if self._several else sqlite.insert
        added = self._c.execute(insert(schema.events).execution_options(preserve_rowcount=True).values(
            platform=platform, event_id=event_id, ticket_no=ticket_no, kind=kind, state="waiting", attempts=0, next_at=now,
            received_at=now).on_conflict_do_nothing(index_elements=[c.platform, c.event_id]))
        if added.rowcount == 1:
            return True
        again = self._c.execute(schema.events.update().where(
            c.platform == platform, c.event_id == event_id, c.state == "failed",
        ).values(state="waiting", attempts=0, next_at=now))
        return again.rowcount == 1

    def due_events(self, platform: str, now: datetime, limit: int) -> list[EventRow]:
        """Return a platform's events that wait to be worked on, oldest first."""
        c = schema.events.c
        chosen = sa.select(c.id, c.platform, c.event_id, c.ticket_no, c.kind, c.attempts).where(
            c.state == "waiting", c.platform == platform, c.next_at <= now).order_by(c.id).limit(limit)
        return [EventRow(*row) for row in self._c.execute(chosen)]

    def settle_event(self, event_id: int, state: str, now: datetime, *, next_at: datetime | None = None, error: str = "") -> None:
        """Mark an event ``done`` or ``failed``, or ``waiting`` again until ``next_at``."""
        self._c.execute(schema.events.update().where(schema.events.c.id == event_id).values(
            state=state, next_at=next_at or now, error=error or None, attempts=schema.events.c.attempts + 1))

    # -- journal ----------------------------------------------------------------------------------------------------

    def add_journal(self, case_no: str, now: datetime, who: str, act: str, why: str, clause: str) -> None:
        """Append a line; its seal covers the line and the seal before it, so that a change is found."""
        self._c.execute(sa.select(schema.meta.c.value).where(schema.meta.c.key == "schema").with_for_update())  # one at a time
        previous = self._c.scalar(sa.select(schema.journal.c.seal).order_by(schema.journal.c.id.desc()).limit(1)) or ""
        seal = seal_of(previous, case_no, now, who, act, why, clause)
        self._c.execute(schema.journal.insert().values(
            case_no=case_no, at=now, who=who, act=act, why=why, clause=clause, previous=previous, seal=seal))

    def journal(self, case_no: str | None = None) -> list[JournalRow]:
        """Return the lines of a case, or of all, oldest first."""
        chosen = sa.select(*schema.journal.c).order_by(schema.journal.c.id)
        if case_no is not None:
            chosen = chosen.where(schema.journal.c.case_no == case_no)
        return [JournalRow(*row) for row in self._c.execute(chosen)]

    # -- outbox -----------------------------------------------------------------------------------------------------

    def add_outbox(
        self, key: str, case_no: str, platform: str, ticket_no: str, payload: Mapping[str, Any], now: datetime
    ) -> None:
        """Queue a write-back."""
        self._c.execute(schema.outbox.insert().values(
            key=key, case_no=case_no, platform=platform, ticket_no=ticket_no, payload=payload, state="queued", attempts=0,
            next_at=now, created_at=now))

    def claim(self, platform: str, owner: str, now: datetime, until: datetime, limit: int) -> list[OutboxRow]:
        """Lease a platform's due rows to ``owner``; a row waits until the ticket's earlier rows are done or dead.

        A lease that has run out is due again.
        """
        o, earlier = schema.outbox.c, schema.outbox.alias("earlier")
        free = sa.or_(
            sa.and_(o.state == "queued", o.next_at <= now),
            sa.and_(o.state == "claimed", o.lease_until <= now),
        )
        first = ~sa.exists().where(
            earlier.c.platform == o.platform, earlier.c.ticket_no == o.ticket_no, earlier.c.id < o.id,
            earlier.c.state.in_(("queued", "claimed")))
        chosen = sa.select(*_OUTBOX_COLUMNS).where(o.platform == platform, free, first).order_by(o.next_at, o.id).limit(limit)
        if self._several:
            chosen = chosen.with_for_update(skip_locked=True, of=schema.outbox)
        rows = [OutboxRow(*row) for row in self._c.execute(chosen)]
        if rows:
            self._c.execute(schema.outbox.update().where(o.id.in_([r.id for r in rows])).values(
                state="claimed", lease_owner=owner, lease_until=until, attempts=o.attempts + 1))
        return rows

    def release(self) -> int:
        """Make all leased rows due again: for the one process of an embedded database, which has just started."""
        done = self._c.execute(schema.outbox.update().where(schema.outbox.c.state == "claimed").values(
            state="queued", lease_owner=None, lease_until=None))
        return int(done.rowcount)

    def settle(
        self, row_id: int, owner: str, state: str, now: datetime, *, next_at: datetime | None = None, error: str = ""
    ) -> bool:
        """Mark a leased row ``done``, ``dead`` or ``queued`` again; ``False`` when the lease went to another meanwhile."""
        done = self._c.execute(schema.outbox.update().where(
            schema.outbox.c.id == row_id, schema.outbox.c.lease_owner == owner, schema.outbox.c.state == "claimed",
        ).values(state=state, next_at=next_at or now, error=error or None, lease_owner=None, lease_until=None,
                 done_at=now if state == "done" else None))
        return bool(done.rowcount)

    def last_done(self, platform: str, ticket_no: str) -> Mapping[str, Any] | None:
        """Return the payload of the last write-back that stands in the host's ticket."""
        o = schema.outbox.c
        found: Mapping[str, Any] | None = self._c.scalar(sa.select(o.payload).where(
            o.platform == platform, o.ticket_no == ticket_no, o.state == "done").order_by(o.id.desc()).limit(1))
        return found

    def outbox(self, states: Sequence[str] = ("queued", "claimed", "dead")) -> list[OutboxRow]:
        """Return rows in these states, oldest first."""
        chosen = sa.select(*_OUTBOX_COLUMNS).where(schema.outbox.c.state.in_(states)).order_by(schema.outbox.c.id)
        return [OutboxRow(*row) for row in self._c.execute(chosen)]

    def depths(self) -> dict[str, int]:
        """Count outbox rows by state, and events that wait or failed."""
        rows = dict.fromkeys(("queued", "claimed", "done", "dead", "events", "failed_events"), 0)
        for state, count in self._c.execute(sa.select(schema.outbox.c.state, sa.func.count()).group_by(schema.outbox.c.state)):
            rows[state] = int(count)
        e = schema.events.c
        for state, count in self._c.execute(
                sa.select(e.state, sa.func.count()).where(e.state.in_(("waiting", "failed"))).group_by(e.state)):
            rows["events" if state == "waiting" else "failed_events"] = int(count)
        return rows

    def unfinished(self) -> dict[str, int]:
        """Count, by platform, the events and write-backs that still wait."""
        e, o, found = schema.events.c, schema.outbox.c, dict[str, int]()
        for column, state, waits in ((e.platform, e.state, ("waiting",)), (o.platform, o.state, ("queued", "claimed"))):
            for platform, count in self._c.execute(sa.select(column, sa.func.count()).where(state.in_(waits)).group_by(column)):
                found[platform] = found.get(platform, 0) + int(count)
        return found

    # -- polling ----------------------------------------------------------------------------------------------------

    def cursor(self, platform: str) -> str:
        """Return how far a platform was polled."""
        return self._c.scalar(sa.select(schema.cursors.c.cursor).where(schema.cursors.c.platform == platform)) or ""

    def set_cursor(self, platform: str, cursor: str) -> None:
        """Note how far a platform was polled."""
        done = self._c.execute(schema.cursors.update().where(schema.cursors.c.platform == platform).values(cursor=cursor))
        if not done.rowcount:
            self._c.execute(schema.cursors.insert().values(platform=platform, cursor=cursor))


_OUTBOX_COLUMNS = tuple(schema.outbox.c[name] for name in OutboxRow.__dataclass_fields__)
