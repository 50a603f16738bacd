"""What must survive: cases, clocks, papers, journal, outbox, events, in one transaction (SQLite, or PostgreSQL by its URL)."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.errors import HsdisputeError
from hsdispute_plugin.store_accounts import AccountTables
from hsdispute_plugin.store_board import BoardTable
from hsdispute_plugin.store_events import CHANNEL
from hsdispute_plugin.store_inbox import InboxTable
from hsdispute_plugin.store_journal import JournalTable
from hsdispute_plugin.store_keys import Keys, KeysRefused
from hsdispute_plugin.store_lanes import LaneTables
from hsdispute_plugin.store_leases import LeaseTables
from hsdispute_plugin.store_retention import RetentionTables
from hsdispute_plugin.store_shadow import ShadowTables
from hsdispute_plugin.store_traits import TraitTable
from hsdispute_plugin.store_turns import Turns

PATIENCE_S = 10.0  # how long we wait for an embedded database that another process, or thread, holds: sqlite:///file?timeout=5
ASKED_AFTER_S = 1.0  # a connection that was used so lately is not asked before each transaction whether it is there
MIGRATION_LOCK = 20251027  # any number of our own: PostgreSQL's advisory lock while the schema is brought up to date


class StoreRefused(HsdisputeError):
    """The database cannot be used as it is; says what to do."""


class StoreDelayed(HsdisputeError):
    """The database did not take it now (locked, full, restarting, or another process was quicker); nothing was changed."""


class Store:
    """The database. ``begin`` opens a transaction; everything in it happens or nothing does."""

    def __init__(self, url: str, keys: Keys | None = None) -> None:
        """Open and bring the schema up to date. With ``keys`` what is confidential is sealed; without, written in clear.

        Raises:
            StoreRefused: Not an address of ours, not to be reached, or written by a newer version of the plugin.
        """
        self.embedded = url.startswith("sqlite")
        self.keys = keys
        self._turns = Turns()  # SQLite has one writer: wait here, not in its busy loop
        if not url.startswith(("sqlite", "postgresql+psycopg:")):
            raise StoreRefused("数据库地址应是 sqlite:///文件 或 postgresql+psycopg://用户:口令@主机/库 / "
                               "unknown kind of database")
        try:
            address = sa.make_url(url)
            self._patience_s = float(str(address.query.get("timeout", PATIENCE_S)))
            waits = {"timeout": self._patience_s} if self.embedded else {}
            # Parameters are payers' words: no error may carry them.
            self._engine = sa.create_engine(address, connect_args=waits, hide_parameters=True)
            if self.embedded:
                sa.event.listen(self._engine, "connect", _prepare_sqlite)
                sa.event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
                self._reader = sa.create_engine(address, connect_args=waits, hide_parameters=True)
                sa.event.listen(self._reader, "connect", _prepare_sqlite_for_reading)
                sa.event.listen(self._reader, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
            else:
                sa.event.listen(self._engine, "checkin", lambda _, record: record.info.update(idle_since=time.monotonic()))
                sa.event.listen(self._engine, "checkout", self._still_there)
                self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            if self.embedded:
                _make_file(url)
            self._migrate()
        except ImportError as err:
            raise StoreRefused("没有安装 psycopg，不能用 PostgreSQL：请安装 hsdispute-plugin[postgresql]") from err
        except (sa.exc.SQLAlchemyError, ValueError, OSError) as err:  # the address is not shown: it may hold a password
            raise StoreRefused(f"数据库打不开：{_why_closed(url, err)}。"
                               f"请核对 --database 或 HSDISPUTE_DATABASE / cannot open the database") from err

    def _migrate(self) -> None:
        with self._engine.begin() as connection:
            if not self.embedded:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            schema.meta.create(connection, checkfirst=True)
            found = connection.scalar(sa.select(schema.meta.c.value).where(schema.meta.c.key == "schema"))
            if found is None:
                schema.make(connection)
                connection.execute(schema.meta.insert(), [
                    {"key": "schema", "value": str(schema.VERSION)}, {"key": schema.HEAD, "value": ""}])
                return
            if int(found) > schema.VERSION:
                raise StoreRefused(f"数据库是第 {found} 版结构，本程序只认到第 {schema.VERSION} 版：请升级插件，不要降级 / "
                                   f"the database has schema {found}, newer than {schema.VERSION}")
            for version in range(int(found) + 1, schema.VERSION + 1):
                schema.STEPS[version](connection)
                connection.execute(schema.meta.update().where(schema.meta.c.key == "schema").values(value=str(version)))

    def _still_there(self, connection: Any, record: Any, _: Any) -> None:
        """Ask a server's connection that nobody used for a while whether it is there: another is opened where it is not."""
        if time.monotonic() - record.info.get("idle_since", 0.0) < ASKED_AFTER_S:
            return
        try:
            self._engine.dialect.do_ping(connection)
        except self._engine.dialect.loaded_dbapi.Error as err:
            raise sa.exc.DisconnectionError from err

    def begin(self) -> AbstractContextManager[Transaction]:
        """Open a writing transaction: committed at the end, rolled back when the block raises.

        Raises:
            StoreDelayed: The database did not take it; nothing was changed.
        """
        return self._transaction(self._engine, self._turn())

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that sees the database as it stands now and changes nothing: however long it reads, nobody waits.

        Raises:
            StoreDelayed: The database did not answer, or something was to be changed.
        """
        return self._transaction(self._reader, nullcontext())

    @contextmanager
    def _transaction(self, engine: sa.Engine, turn: AbstractContextManager[None]) -> Iterator[Transaction]:
        if self.keys:
            with suppress(KeysRefused):  # what is known goes on being used; whoever needs a key that is not is told
                self.keys.refresh()
        try:
            with turn, engine.begin() as connection:
                yield Transaction(connection, self.keys)
        except KeysRefused as err:
            raise StoreDelayed(str(err)) from err
        except sa.exc.DataError:  # what no waiting mends: a fault of ours, of this one row
            raise
        except sa.exc.DBAPIError as err:
            raise StoreDelayed(f"数据库暂时不可用（{_reason(err)}），没有改动任何内容，请稍后再试 / "
                               f"the database did not take it") from err

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for this thread's turn at an embedded database, no longer than for another process: a host that waits is told."""
        if not self.embedded:
            yield
            return
        if not self._turns.take(self._patience_s):
            raise StoreDelayed("数据库正忙，没有改动任何内容，请稍后再试 / the database is busy")
        try:
            yield
        finally:
            self._turns.give()

    def missing_keys(self) -> tuple[str, ...]:
        """Return the ids of the keys that are missing to read what is here."""
        with self.begin() as tx:
            return tuple(sorted(tx.seals().keys() - {schema.PLAIN} - {k.id for k in (self.keys.all if self.keys else ())}))

    def reseal(self, limit: int = 50) -> Iterator[int]:
        """Seal with the newest key what is not, row by row, everybody else going on; yields how many after each transaction.

        May be left off and begun again at any time, and done by several at once. What somebody held is left for the next time.
        """
        for table in schema.SEALED:
            after: Any = None
            while True:
                with self.begin() as tx:
                    count, after = tx.reseal(table, after, limit)
                yield count
                if after is None:
                    break
        while True:
            with self.begin() as tx:
                count = tx.rehash(limit)
            yield count
            if not count:
                return

    def broken_seals(self, limit: int = 200) -> Iterator[str]:
        """Open everything that is sealed; yield a sentence for each value that was changed or moved."""
        for table in schema.SEALED:
            after: Any = None
            while True:
                with self.begin() as tx:
                    found, after = tx.broken_seals(table, after, limit)
                yield from found
                if after is None:
                    break

    def scrub(self) -> bool:
        """Wipe free pages where something confidential may still stand; ``False``: none do. Everybody waits meanwhile.

        Raises:
            StoreDelayed: Somebody else was reading or writing; it stays due.
        """
        with self.begin() as tx:
            if not tx.scrub_is_due():
                return False
        try:
            if self.embedded:
                with self._turn(), closing(self._engine.raw_connection()) as connection:
                    for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                        connection.cursor().execute(statement).fetchall()
            else:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
                    # Whoever comes after us waits for those whom we wait for. The connection is not used again.
                    server.exec_driver_sql("SET lock_timeout = '5s'")
                    server.detach()
                    server.exec_driver_sql(f"VACUUM FULL {', '.join(t.name for t in (*schema.SEALED, schema.traits))}")
        except (sa.exc.DBAPIError, sqlite3.Error) as err:
            raise StoreDelayed(f"数据库正忙（{type(err).__name__}），还没有清掉空闲页，稍后再清 / the database is busy") from err
        with self.begin() as tx:
            tx.scrubbed()
        return True

    def listen(self, wait_s: float) -> Iterator[str]:
        """Yield what got work from another process (``events roundup``), ``""`` when nothing did for ``wait_s``; PostgreSQL only.

        Raises:
            StoreDelayed: The connection was lost; call again.
        """
        try:
            with self._engine.connect() as connection:
                plain = connection.connection.driver_connection
                assert plain is not None
                plain.autocommit = True
                plain.execute(f"LISTEN {CHANNEL}")
                while True:
                    heard = [notify.payload for notify in plain.notifies(timeout=wait_s, stop_after=1)]
                    yield from heard or [""]
        except Exception as err:
            if type(err).__module__.partition(".")[0] not in ("psycopg", "sqlalchemy"):
                raise
            raise StoreDelayed(f"数据库的通知断了（{type(err).__name__}），稍后再听") from err

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        self._reader.dispose()


def file_of(url: str) -> Path | None:
    """Return the file of an embedded database; ``None``: it lies on a server, in memory, or the address is none."""
    try:
        name = sa.make_url(url).database if url.startswith("sqlite") else None
    except (sa.exc.ArgumentError, ValueError):
        return None
    return None if not name or name.startswith((":memory:", "file:")) else Path(name)


def _make_file(url: str) -> None:
    """Make the file so that its owner alone may read it, whatever the umask: it will hold what payers said."""
    path = file_of(url)
    if path and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _why_closed(url: str, err: Exception) -> str:
    if isinstance(err, ValueError | sa.exc.ArgumentError):
        return "地址写得不对，应是 sqlite:///文件 或 postgresql+psycopg://用户:口令@主机/库"
    if not url.startswith("sqlite"):
        return "连不上 PostgreSQL，或者用户、口令、库名不对" if isinstance(err, sa.exc.OperationalError) else type(err).__name__
    path = file_of(url)
    if path and not path.parent.is_dir():
        return "要放文件的目录不存在，请先建好"
    if path and not os.access(path if path.exists() else path.parent, os.W_OK):
        return "现在的用户不许写这个文件或目录"
    return _reason(err) if isinstance(err, sa.exc.DBAPIError) else type(err).__name__


def _prepare_sqlite_for_reading(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _reason(error: sa.exc.DBAPIError) -> str:
    """Say in words what an administrator can mend; the database's own words may be a payer's."""
    code = str(getattr(error.orig, "sqlite_errorname", "") or getattr(error.orig, "sqlstate", "") or "")
    found = next((words for start, words in _REASONS.items() if code.startswith(start)), "")
    return found or type(error).__name__


#: SQLite's names and PostgreSQL's states.
_REASONS = {
    "SQLITE_FULL": "磁盘满了", "SQLITE_IOERR": "磁盘读写不了，可能满了", "53100": "数据库服务器的磁盘满了",
    "SQLITE_BUSY": "被别的程序占着", "SQLITE_READONLY": "数据库文件不许写", "SQLITE_CANTOPEN": "数据库文件打不开",
    "57P0": "正在重启",
}


class Transaction(
    RetentionTables, LaneTables, LeaseTables, JournalTable, AccountTables, InboxTable, TraitTable, BoardTable,
    ShadowTables,
):
    """One unit of work on the store."""

    # -- polling ----------------------------------------------------------------------------------------------------

    def cursor(self, platform: str) -> str:
        """Return how far a platform was polled."""
        return self._c.scalar(sa.select(schema.cursors.c.cursor).where(schema.cursors.c.platform == platform)) or ""

    def set_cursor(self, platform: str, cursor: str) -> None:
        """Note how far a platform was polled."""
        done = self._c.execute(schema.cursors.update().where(schema.cursors.c.platform == platform).values(cursor=cursor))
        if not done.rowcount:
            self._c.execute(schema.cursors.insert().values(platform=platform, cursor=cursor))
