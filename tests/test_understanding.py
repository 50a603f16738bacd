"""The shipped words and rules on invented messages of many ways of speaking: what is heard today must stay heard."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from hsdispute_plugin.app import open_rulebook
from hsdispute_plugin.model import SHANGHAI, Ticket

INVENTED = Path(__file__).parents[1] / "benchmarks" / "messages.jsonl"
MESSAGES = [json.loads(line) for line in INVENTED.read_text("utf-8").splitlines()]
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def decided():
    book = open_rulebook()
    yield [(m["gold"], book.decide(Ticket(ticket_no=m["id"], title=m["title"], content=m["text"]), NOW)) for m in MESSAGES]
    book.close()


def test_what_is_a_premium_matter_is_told_from_what_is_not(decided):
    wrong = [d.ticket_no for gold, d in decided if d.scope != gold["scope"]]
    assert len(wrong) <= 0.04 * len(decided), wrong


def test_every_message_out_of_scope_is_told_elsewhere_without_a_lead(decided):
    assert {(d.lead, d.track) for _, d in decided if d.scope == "out"} == {("none", "inform")}


def test_every_message_in_scope_has_a_lead_a_unit_and_a_reason(decided):
    for _, d in decided:
        if d.scope == "in":
            assert d.lead != "none" and d.units and d.reasons, d.ticket_no


@pytest.mark.parametrize(("kind", "least"), [("topics", 0.72), ("insurance", 0.84), ("signals", 0.85)])
def test_most_of_what_a_reader_finds_is_found(decided, kind, least):
    wanted = found = 0
    for gold, d in decided:
        if gold["scope"] == "in" == d.scope:
            wanted += len(gold[kind])
            found += len(set(gold[kind]) & set(getattr(d, kind)))
    assert found / wanted >= least
