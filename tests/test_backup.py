"""A copy of the database made while it is in use, and brought back: every case, and a journal that nobody touched."""

import shutil
import sqlite3
import threading

import pytest
import sqlalchemy as sa

from hsdispute_plugin.store import Store, StoreRefused
from hsdispute_plugin.store_backup import backup, restore
from tests.county import NOW, SINGLE, Room


def lines(url):
    store = Store(url)
    with store.begin() as tx:
        told = [(line.case_no, line.state) for line in tx.inbox(NOW)], tx.journal()
    store.close()
    return told


def test_a_copy_made_under_load_comes_back_whole(tmp_path, book):
    room = Room(f"sqlite:///{tmp_path / 'a.sqlite3'}", book)
    room.taken()
    stop = threading.Event()

    def load():
        n = 0
        while not stop.is_set():
            room.arrives(SINGLE, f"L{n}")
            n += 1

    thread = threading.Thread(target=load)
    thread.start()
    try:
        backup(f"sqlite:///{tmp_path / 'a.sqlite3'}", tmp_path / "copies" / "one.backup")
    finally:
        stop.set()
        thread.join()
    room.store.close()
    copied = tmp_path / "copies" / "one.backup"
    assert copied.stat().st_mode & 0o077 == 0
    assert not list(copied.parent.glob("*.part"))
    url = f"sqlite:///{tmp_path / 'b.sqlite3'}"
    cases = restore(url, copied)
    told, journal = lines(url)
    assert len(told) == cases >= 1
    assert ("HS-2026-000001", "triage") in told
    assert len(journal) >= 5


def test_nothing_is_ever_overwritten(tmp_path, book):
    url = f"sqlite:///{tmp_path / 'a.sqlite3'}"
    Room(url, book).store.close()
    backup(url, tmp_path / "one")
    with pytest.raises(StoreRefused, match="已经存在，没有动它"):
        backup(url, tmp_path / "one")
    with pytest.raises(StoreRefused, match="请先停掉网关、把它移走"):
        restore(url, tmp_path / "one")


def test_what_is_no_copy_of_ours_or_was_changed_is_refused(tmp_path, book):
    (tmp_path / "letter").write_text("不是数据库" * 500)
    with pytest.raises(StoreRefused, match="不是本系统的备份"):
        restore(f"sqlite:///{tmp_path / 'b.sqlite3'}", tmp_path / "letter")
    with pytest.raises(StoreRefused, match="没有备份文件"):
        restore(f"sqlite:///{tmp_path / 'b.sqlite3'}", tmp_path / "nowhere")
    with pytest.raises(StoreRefused, match="没有数据库文件"):
        backup(f"sqlite:///{tmp_path / 'none.sqlite3'}", tmp_path / "two")
    room = Room(f"sqlite:///{tmp_path / 'a.sqlite3'}", book)
    room.taken()
    room.store.close()
    backup(f"sqlite:///{tmp_path / 'a.sqlite3'}", tmp_path / "three")
    with sqlite3.connect(tmp_path / "three") as connection:
        connection.execute("UPDATE journal SET why = '改过' WHERE id = 2")
    with pytest.raises(StoreRefused, match="办理日志第 2 条（HS-2026-000001）被改动过"):
        restore(f"sqlite:///{tmp_path / 'c.sqlite3'}", tmp_path / "three")


def test_a_postgresql_database_goes_to_a_file_and_back(server, tmp_path, book):
    if not shutil.which("pg_dump"):
        pytest.skip("pg_dump is not on the path")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("from_here", "to_there"):
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    here, there = (server.replace("/postgres?", f"/{name}?") for name in ("from_here", "to_there"))
    room = Room(here, book)
    room.taken()
    room.store.close()
    backup(here, tmp_path / "one")
    assert restore(there, tmp_path / "one") == 1
    assert lines(here) == lines(there)
    with pytest.raises(StoreRefused, match="数据库里已有数据"):
        restore(there, tmp_path / "one")
