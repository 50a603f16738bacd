"""What is kept of an edition tried beside the one in force: one at a time, each ticket once, on both kinds of database."""

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.store import Store, StoreDelayed
from hsdispute_plugin.store_shadow import ShadowRow, ShadowTicket

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)
BEGUN = ShadowRow(0, "b" * 12, "a" * 12, 20, "tax hr", "老城镇", NOW, "郑某", "试一试")


@pytest.fixture
def store(url):
    made = Store(url)
    yield made
    made.close()


def test_one_edition_is_tried_at_a_time_and_its_end_is_kept(store):
    with store.begin() as tx:
        number = tx.begin_shadow(BEGUN)
    with pytest.raises(StoreDelayed), store.begin() as tx:
        tx.begin_shadow(BEGUN)
    with store.begin() as tx:
        assert tx.running_shadow() == tx.shadow(number) == replace(BEGUN, id=number)
        assert tx.end_shadow(number, "stopped", NOW + timedelta(days=1), "冯某", "够了", "{}")
        assert not tx.end_shadow(number, "promoted", NOW, "冯某", "", "")
        assert tx.running_shadow() is None
        again = tx.begin_shadow(BEGUN)
    with store.begin() as tx:
        assert [(row.id, row.outcome, row.report) for row in tx.shadows()] == [(again, None, None), (number, "stopped", None)]
        assert tx.shadow(number).report == "{}"
        assert tx.shadow(99) is None


def test_a_ticket_is_kept_once_by_its_last_version_and_counted(store):
    with store.begin() as tx:
        number = tx.begin_shadow(BEGUN)
        other = ShadowTicket(number, "HS-2", NOW, "a" * 12, "b" * 12, "{}", "{1}")
        tx.note_shadow(ShadowTicket(number, "HS-1", NOW, "a" * 12, "a" * 12, "{}", fault="ValueError at x.py:1"))
        tx.note_shadow(other)
        tx.note_shadow(ShadowTicket(number, "HS-1", NOW, "a" * 12, "a" * 12, "{}"))
        tx.note_shadow(ShadowTicket(number, "HS-3", NOW, "a" * 12, "a" * 12, "{}", fault="ValueError at x.py:1"))
    with store.begin() as tx:
        assert tx.count_shadow(number) == {"seen": 3, "different": 1, "failed": 1, "decided": 1}
        assert [(t.case_no, t.fault) for t in tx.shadow_tickets(number)] == [
            ("HS-1", None), ("HS-2", None), ("HS-3", "ValueError at x.py:1")]
        assert tx.shadow_ticket(number, "HS-2") == other
        assert tx.shadow_ticket(number, "HS-9") is None
        assert tx.count_shadow(99)["seen"] == 0


def test_what_cannot_be_kept_of_it_takes_nothing_else_along(store):
    with store.begin() as tx:
        number = tx.begin_shadow(BEGUN)
    with store.begin() as tx:
        tx.set_meta("beside", "kept")
        assert tx.note_shadow(ShadowTicket(number, "HS-1", NOW, "a" * 12, None, "{}")) is False
    with store.begin() as tx:
        assert tx.meta("beside") == "kept"
        assert tx.count_shadow(number)["seen"] == 0


def test_a_database_of_version_6_is_brought_up_to_date(tmp_path):
    path = tmp_path / "cases.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.executescript((Path(__file__).parent / "old_databases" / "version_6.sql").read_text("utf-8"))
    for _ in range(2):  # and once only
        store = Store(f"sqlite:///{path}")
        with store.begin() as tx:
            assert tx.case_by("HS-2026-000001").edition
            assert tx.running_shadow() is None
        store.close()
