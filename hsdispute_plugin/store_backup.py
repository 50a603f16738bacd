"""Copies of the database while it is in use, and back: SQLite by its own online backup, PostgreSQL by pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from hsdispute_plugin.store import Store, StoreRefused
from hsdispute_plugin.store_journal import broken

LONGEST_S = 3600


def backup(url: str, target: Path) -> None:
    """Write a copy of the database to a file that is not there yet; everybody may go on working meanwhile.

    Raises:
        StoreRefused: The file exists, the database cannot be read, or pg_dump is not at hand.
    """
    if target.exists():
        raise StoreRefused(f"{target} 已经存在，没有动它。请换一个文件名 / the file exists")
    target.parent.mkdir(parents=True, exist_ok=True)
    if url.startswith("sqlite"):
        source = Path(sa.engine.make_url(url).database or "")
        if not source.is_file():
            raise StoreRefused(f"没有数据库文件 {source} / no such database")
        half = target.with_name(target.name + ".part")
        try:
            half.unlink(missing_ok=True)
            os.close(os.open(half, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))  # payers' words: for the owner alone
            with closing(sqlite3.connect(source)) as given, closing(sqlite3.connect(half)) as taken:
                given.backup(taken)
                taken.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
            half.rename(target)
        except (sqlite3.Error, OSError) as err:
            half.unlink(missing_ok=True)
            raise StoreRefused(f"备份没有成功（{type(err).__name__}），请检查磁盘空间和权限 / backup failed") from err
    else:
        _run(url, "pg_dump", "--format=custom", "--no-owner", f"--file={target}")


def restore(url: str, source: Path) -> int:
    """Bring a copy back into a database that holds nothing yet; return how many cases it holds.

    Raises:
        StoreRefused: The database is not empty, the file is no copy, or its journal was changed.
    """
    if not source.is_file():
        raise StoreRefused(f"没有备份文件 {source} / no such file")
    if url.startswith("sqlite"):
        target = Path(sa.engine.make_url(url).database or "")
        if target.exists():
            raise StoreRefused(f"{target} 已经存在，没有动它。请先停掉网关、把它移走 / the database exists")
        try:
            with closing(sqlite3.connect(source)) as given:
                given.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        except sqlite3.Error as err:
            raise StoreRefused(f"{source} 不是本系统的备份 / not a backup of ours") from err
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o600)
    else:
        engine = sa.create_engine(url, hide_parameters=True)
        used = sa.inspect(engine).has_table("meta")
        engine.dispose()
        if used:
            raise StoreRefused("数据库里已有数据，没有动它。请给一个空的数据库 / the database is not empty")
        _run(url, "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={_libpq(url)}", str(source), named=False)
    store = Store(url)
    try:
        with store.begin() as tx:
            if found := next(broken(tx.journal_lines(), tx.journal_head()), None):
                raise StoreRefused(f"备份里的办理日志{found.says}，请换一份备份 / the journal was changed")
            return tx.count_cases()
    finally:
        store.close()


def _libpq(url: str) -> str:
    """Return the address without a password, as PostgreSQL's own tools read it."""
    made = sa.engine.make_url(url)
    return made.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(url: str, tool: str, *words: str, named: bool = True) -> None:
    if shutil.which(tool) is None:
        raise StoreRefused(f"这台机器上没有 {tool}，请安装 PostgreSQL 的客户端工具 / {tool} is not installed")
    password = sa.engine.make_url(url).password
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    previous = os.umask(0o077)
    try:
        done = subprocess.run([tool, *words, *([_libpq(url)] if named else [])], capture_output=True, env=environment,
                              timeout=LONGEST_S, check=False)
    finally:
        os.umask(previous)
    if done.returncode:
        raise StoreRefused(f"{tool} 没有成功（退出码 {done.returncode}），请核对数据库地址和权限 / {tool} failed")
