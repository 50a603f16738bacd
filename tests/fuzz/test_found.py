"""What was found once, and what it must do now."""

import json
from contextlib import suppress

import pytest

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.rules.calendar_import import read_table
from hsdispute_plugin.rules.condition_reader import read_condition
from hsdispute_plugin.rules.load import parse
from hsdispute_plugin.rules.node import Reading
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_rows import NewEvent
from tests.fuzz.kinds import KINDS, NOW, OURS, small

FOUND = [
    ("webhook", b'{"event": "issue.created", "id": "1", "event_id": "x\\ud800"}'),
    ("webhook", b'{"data": {"orderNum": "7\\u0000", "title": "\\ud800", "x\\ud800": {"y": "\\udfff"}}}'),
    ("tickets", b'{"ticket_no": "1", "conten\\ud800t": "x"}'), ("tickets", b'{"ticket_no": "1", "received_at": "20\\ud80026"}'),
    ("calendar", b'{"days": ' + b"[" * 5000),
    ("calendar", b'{"year": 1, "days": [{"date": "99999999999999-1-1", "isOffDay": true}]}'),
]


@pytest.mark.parametrize(("name", "raw"), FOUND, ids=range(len(FOUND)))
def test_what_was_found_breaks_nothing_any_more(name, raw):
    with suppress(*OURS):
        KINDS[name].feed(raw)


def test_a_space_that_is_not_seen_after_a_key_of_a_condition_loses_no_condition():
    reading = Reading()
    node = parse("全部:\n  - 均不\u3000:\n      - 辖区: 县外\n".encode(), "x", reading)
    plain = parse("全部:\n  - 均不:\n      - 辖区: 县外\n".encode(), "x", reading)
    assert read_condition(node, "grounds", small()[1], "x", reading) == read_condition(plain, "grounds", small()[1], "x", reading)
    assert reading.problems == []


def test_what_no_database_takes_is_in_no_ticket_and_no_event(url):
    deep = json.loads("[" * 500 + "]" * 500)
    ticket = Ticket(ticket_no="7", title="欠\ud800缴\0", received_at="2026-11-25", extra={"x\ud800": ["\0y"], "deep": deep})
    assert (ticket.title, ticket.extra["x?"]) == ("欠?缴", [" y"])
    given = HostTicket(ticket, "1")
    event = HostEvent("7\0", "e\udfff", "created", given)
    assert HostTicket.from_text(given.as_text()) == given
    store = Store(url)
    with store.begin() as tx:
        assert tx.add_events([NewEvent("a", event.event_id, event.ticket_no, event.kind, given.as_text())], NOW)[0]
        (row,) = tx.claim_events("a", "w", NOW, 1)
        assert (row.event_id, row.ticket_no, row.ticket) == ("e?", "7 ", given.as_text())
    store.close()


def test_a_calendar_of_an_impossible_year_is_refused():
    with pytest.raises(RulebookError, match="看不懂这一项"):
        read_table('{"year": 2027, "papers": ["x"], "days": [{"date": "99999999999999-1-1", "isOffDay": true}]}', "x")
