"""The shipped words and rules on invented messages of many ways of speaking: what is heard today must stay heard."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from hsdispute_plugin.app import open_rulebook
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.rules.facts import TOPICS
from hsdispute_plugin.rules.load import read_yaml
from hsdispute_plugin.rules.node import Reading

STORIES = Path(__file__).with_name("stories.yaml")
PHRASINGS = Path(__file__).with_name("phrasings.yaml")
INVENTED = Path(__file__).parents[1] / "benchmarks" / "messages.jsonl"
MESSAGES = [json.loads(line) for line in INVENTED.read_text("utf-8").splitlines()]
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def book():
    shipped = open_rulebook()
    yield shipped
    shipped.close()


@pytest.fixture(scope="module")
def decided(book):
    return [(m["gold"], book.decide(Ticket(ticket_no=m["id"], title=m["title"], content=m["text"]), NOW)) for m in MESSAGES]


def phrasings():
    top = read_yaml(PHRASINGS, "tests/phrasings.yaml", Reading())
    return [(topic, item.value) for topic, items in top.value.items() for item in items.value]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_way_of_speaking_of_a_topic_is_heard(book, topic):
    ways = [text for of, text in phrasings() if of == topic]
    assert len(ways) >= 5
    deaf = [t for t in ways if TOPICS[topic] not in book.facts(Ticket(ticket_no="1", title="", content=t)).values["topics"]]
    assert not deaf


def stories():
    for story in read_yaml(STORIES, "tests/stories.yaml", Reading()).value:
        told = {key: node.value for key, node in story.value.items()}
        yield pytest.param(told, id=told["标题"])


@pytest.mark.parametrize("told", list(stories()))
def test_a_story_is_read_for_what_it_asks_and_nothing_beside(book, told):
    decision = book.decide(Ticket(ticket_no="1", title=told["标题"], content=told["内容"]), NOW)
    heard = {TOPICS[n.value] for n in told["听出"]}
    assert decision.scope == "in" and heard <= set(decision.topics)
    assert not {TOPICS[n.value] for n in told["不听成"]} & set(decision.topics)


def test_what_is_a_premium_matter_is_told_from_what_is_not(decided):
    wrong = [d.ticket_no for gold, d in decided if d.scope != gold["scope"]]
    assert len(wrong) <= 0.04 * len(decided), wrong


def test_every_message_out_of_scope_is_told_elsewhere_without_a_lead(decided):
    assert {(d.lead, d.track) for _, d in decided if d.scope == "out"} == {("none", "inform")}


def test_every_message_in_scope_has_a_lead_a_unit_and_a_reason(decided):
    for _, d in decided:
        if d.scope == "in":
            assert d.lead != "none" and d.units and d.reasons, d.ticket_no


@pytest.mark.parametrize(("kind", "least"), [("topics", 0.84), ("insurance", 0.90), ("signals", 0.85)])
def test_most_of_what_a_reader_finds_is_found(decided, kind, least):
    wanted = found = 0
    for gold, d in decided:
        if gold["scope"] == "in" == d.scope:
            wanted += len(gold[kind])
            found += len(set(gold[kind]) & set(getattr(d, kind)))
    assert found / wanted >= least


@pytest.mark.parametrize(("kind", "least"), [("lead", 0.78), ("track", 0.82)])
def test_most_messages_go_to_the_unit_and_track_a_reader_names(decided, kind, least):
    pairs = [(gold[kind], str(getattr(d, kind))) for gold, d in decided if gold["scope"] == "in" and gold.get(kind)]
    assert sum(want == got for want, got in pairs) >= least * len(pairs)
