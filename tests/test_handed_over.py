"""Hosts that hand their tickets over instead of being asked: kept with the event, in order, forgotten once it is done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from hsdispute_plugin.errors import DeliveryRefused
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.reception import Reception
from hsdispute_plugin.store import Store
from tests import old
from tests.county import NOW, Room

LATER = NOW + timedelta(hours=1)


class Mute:
    """A host that cannot be asked."""

    name = "mute"

    def fetch(self, ticket_no):
        raise DeliveryRefused("这个平台不能按编号取单")

    def changed(self, cursor):
        known = HostEvent("T1", "e1", "updated", handed("单位欠缴养老保险八个月"))
        return ((known,), cursor + "x") if len(cursor) < 2 else ((), cursor)


class Nobody:
    def decided(self, ticket, decision):
        pass


def handed(content, version="1", number="T1"):
    return HostTicket(Ticket(ticket_no=number, content=content, received_at=NOW), version)


@pytest.fixture
def room(url, book):
    made = Room(url, book)
    yield made
    made.store.close()


@pytest.fixture
def reception(room, book):
    return Reception(room.store, {"mute": Mute()}, room.desk, lambda: book, Nobody(), lambda: LATER)


def kept(room):
    with room.store._engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text("select state, ticket, sealed_by from events order by id"))]


def test_what_was_handed_over_is_accepted_without_asking_and_then_forgotten(room, reception):
    event = HostEvent("T1", "e1", "created", handed("单位欠缴养老保险八个月"))
    assert reception.keep([("mute", event)] * 3) == [True, False, False]
    assert kept(room)[0][1].startswith(b"\x01") and kept(room)[0][2] == room.store.keys.writer.id
    assert [r.outcome for r in reception.work_off("mute", "w")] == ["accepted"]
    assert kept(room) == [("done", None, "")]
    with room.store.begin() as tx:
        assert tx.case_of("mute", "T1").ticket["content"] == "单位欠缴养老保险八个月"


def test_a_bare_event_of_such_a_host_is_failed_with_its_reason_and_taken_up_when_the_ticket_comes(room, reception):
    reception.keep([("mute", HostEvent("T1", "e1", "created"))])
    assert [r.outcome for r in reception.work_off("mute", "w")] == ["failed"]
    assert reception.keep([("mute", HostEvent("T1", "e1", "created", handed("单位欠缴养老保险")))]) == [True]
    assert [r.outcome for r in reception.work_off("mute", "w")] == ["accepted"]


def test_an_old_ticket_that_had_to_wait_never_comes_to_stand_after_a_newer_one(room, reception):
    reception.keep([("mute", HostEvent("T1", f"e{n}", "updated", handed(f"第{n}版：单位欠缴养老保险", str(n)))) for n in (1, 2)])
    with room.store.begin() as tx:
        (first,) = tx.claim_events("mute", "w", LATER, 5)
        tx.settle_event(first.id, "w", "waiting", LATER, next_at=LATER + timedelta(minutes=1))
    assert reception.work_off("mute", "w") == (), "the second waits for the first"
    with room.store.begin() as tx:
        rows = tx.claim_events("mute", "w", LATER + timedelta(minutes=2), 5)
    assert [r.event_id for r in rows] == ["e1"]


def test_a_page_of_what_is_known_is_followed_by_the_next_one_at_once(reception):
    assert [reception.poll("mute", "w") for _ in range(3)] == [1, 1, 0]


def test_a_database_of_version_5_is_brought_up_to_date(url):
    old.lay(url, 5)
    store = Store(url)
    with store.begin() as tx:
        now = datetime(2026, 11, 26, tzinfo=UTC)
        rows = tx.claim_events("roundup", "w", now, 5)
        assert [(r.ticket_no, r.ticket) for r in rows] == [("7", "")]
    store.close()


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1), (3, 2, 1), (1, 3, 2)])
def test_a_handed_ticket_that_was_overtaken_never_sets_the_case_back(room, reception, order):
    def version(n):
        given = handed(f"第{n}版：单位欠缴养老保险", str(n))
        return replace(given, changed_at=datetime(2026, 11, 25, 9, n, tzinfo=UTC))

    for n in order:
        reception.keep([("mute", HostEvent("T1", f"e{n}-{again}", "updated", version(n))) for again in (0, 1)])  # told twice
        while worked := reception.work_off("mute", "w"):
            assert worked[0].outcome in ("accepted", "known")
    with room.store.begin() as tx:
        case = tx.case_of("mute", "T1")
    assert case.ticket["content"] == "第3版：单位欠缴养老保险"
    assert case.changed_at == datetime(2026, 11, 25, 9, 3, tzinfo=UTC)
