"""The columnar engine is one more reading of the same rules: it never differs from the others, over millions of pairs."""

import json
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsdispute_plugin.app import make_rulebook
from hsdispute_plugin.model import SHANGHAI, Facts, Ticket
from hsdispute_plugin.rules.condition import holds
from hsdispute_plugin.rules.durable import available, compile_durable
from hsdispute_plugin.rules.examples import read_examples
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.replay import Columns, Outcome, replay
from hsdispute_plugin.rules.replay_columns import Layout
from hsdispute_plugin.rules.rulebook import Rulebook
from tests import random_rules

CONFIG = Path(__file__).parents[1] / "config"
SHIPPED = load(CONFIG)
LAYOUT = Layout(random_rules.TABLE)
ENGINES = [compile_generated, *([compile_durable] if available() else [])]
RULES, TICKETS, BOOKS = 500, 420, 5  # 1,050,000 pairs


def concluded(outcome: Outcome, n: int) -> dict:
    """What the columns say of one ticket, as ``Decision`` says it."""
    one = {code: [v for v, bits in values.items() if bits[n]] for code, values in outcome.values.items()}
    sets = {code: tuple(sorted(map(str, one.get(code, ())))) for code in ("units", "deadlines", "notices")}
    return {"scope": (one["scope"] or ["boundary"])[0], "compound": (one["compound"] or [False])[0],
            "lead": (one["lead"] or ["none"])[0], "track": (one["track"] or ["joint"])[0], "matter": (one["matter"] or [None])[0],
            **sets, "rules": tuple(f.rule.id for f in outcome.fired if f.speaks[n])}


def decided(decision) -> dict:
    return {"scope": decision.scope, "compound": decision.compound, "lead": decision.lead, "track": decision.track,
            "matter": decision.matter, "units": decision.units, "deadlines": tuple(sorted(d.key for d in decision.due)),
            "notices": tuple(sorted(a.key for a in decision.alerts)), "rules": tuple(r.rule for r in decision.reasons)}


def test_columns_durable_and_generated_agree_on_a_million_pairs_of_rule_and_facts():
    compared = fired = 0

    @settings(max_examples=BOOKS, deadline=None, database=None, derandomize=True)
    @given(st.integers(0, 2**64))
    def agree(seed):
        nonlocal compared, fired
        dice = Random(seed)
        rules = random_rules.rules(RULES, dice)
        values = [random_rules.facts(dice) for _ in range(TICKETS)]
        columns = Columns(LAYOUT.frame(map(LAYOUT.pack, values)), random_rules.TABLE, LAYOUT)
        bits = [c.to_list() for c in columns.holding([r.condition for r in rules])]
        got = [[n for n, of in enumerate(bits) if of[t]] for t in range(TICKETS)]
        for compile_engine in ENGINES:
            engine = compile_engine(rules, random_rules.TABLE)
            wanted = [engine.matching(random_rules.counted(v)) for v in values]
            engine.close()
            assert got == wanted, engine.name
        one = dice.randrange(TICKETS)  # the reference meaning itself, slow and plain, of one ticket a book
        assert got[one] == [n for n, r in enumerate(rules) if holds(r.condition, random_rules.counted(values[one]))]
        compared, fired = compared + RULES * TICKETS, fired + sum(map(len, got))

    agree()
    assert compared >= 1_000_000
    assert compared // 10 < fired < compared - compared // 10, "random rules must both fire and not fire"


@settings(max_examples=40, deadline=None, database=None)
@given(st.integers(0, 2**64))
def test_the_whole_chain_of_families_gives_what_the_rulebook_gives(seed):
    dice = Random(seed)
    source = replace(SHIPPED, families=random_rules.families(6, dice, SHIPPED.table))
    layout = Layout(source.table)
    values = [random_rules.facts(dice, source.table) for _ in range(30)]
    now = dice.choice((datetime(2026, 11, 20, 9, tzinfo=SHANGHAI), datetime(2027, 2, 1, 9, tzinfo=SHANGHAI)))
    outcome = replay(source, layout.frame(map(layout.pack, values)), now.date(), layout)
    book = Rulebook(source, compile_generated, lambda ticket: Facts({}))
    for n, given_facts in enumerate(values):
        decision = book.decide_facts(Ticket(ticket_no="1"), Facts(given_facts), now)
        assert concluded(outcome, n) == decided(decision)
    for fired in outcome.fired:
        assert fired.speaks.sum() <= fired.holds


def test_every_shipped_example_is_decided_alike():
    source = SHIPPED
    examples = [e for e in read_examples(CONFIG, source) if e.rule]
    layout = Layout(source.table)
    wanted = [[holds(r.condition, {**e.facts}) for e in examples] for f in source.families for r in f.rules]
    assert len(examples) > 100
    for family in source.families:  # the facts of an example may be conclusions: engines are asked with them as they stand
        engine = compile_generated(family.rules, source.table)
        rules = {r.id: n for n, r in enumerate(family.rules)}
        for example in examples:
            if example.rule in rules:
                columns = stated(example.facts, source.table, layout)
                got = [c[0] for c in columns.holding([r.condition for r in family.rules])]
                assert [n for n, held in enumerate(got) if held] == engine.matching(complete(example.facts, source.table))
    assert sum(map(sum, wanted)) > len(wanted)


def complete(facts, table):
    """Counts of sets beside the sets; a count that an example states on its own stays."""
    counts = {d.code: len(facts[d.counts]) for d in table.by_code.values() if d.counts in facts}
    return {**counts, **facts}


def stated(facts, table, layout) -> Columns:
    """Columns of one ticket whose conclusions of earlier families are given, not computed."""
    yes = pl.Series([True])
    columns = Columns(layout.frame([layout.pack({k: v for k, v in facts.items() if not table.by_code[k].counts})]), table, layout)
    for code, value in facts.items():
        if table.by_code[code].source == "family":
            members = value if isinstance(value, frozenset) else (value,)
            columns.conclude(code, dict.fromkeys(members, yes), yes)
    return columns


@pytest.mark.parametrize("seed", range(3))
def test_packed_facts_come_back_as_they_were(seed):
    dice = Random(seed)
    for _ in range(200):
        values = random_rules.facts(dice)
        clipped = {k: max(-2_000_000_000, min(2_000_000_000, v)) if type(v) is int else v for k, v in values.items()}
        empty = {d.code: frozenset() for d in LAYOUT.facts if d.kind == "多选"}
        assert LAYOUT.unpack(LAYOUT.frame([LAYOUT.pack(values)]).row(0)) == {**empty, **clipped}


def test_a_rule_not_yet_in_force_says_nothing():
    source = SHIPPED
    layout = Layout(source.table)
    facts = layout.frame([layout.pack({"topics": frozenset({"arrears"})})])
    assert replay(source, facts, date(2020, 1, 1), layout).fired == ()
    outcome = replay(source, facts, date(2026, 11, 20), layout)
    assert len(outcome.fired) > 50 and any(f.speaks.sum() for f in outcome.fired)


def test_every_shipped_example_ticket_goes_the_whole_way_alike():
    layout, book = Layout(SHIPPED.table), make_rulebook(SHIPPED, compile_generated)
    compared = 0
    for example in read_examples(CONFIG, SHIPPED):
        if example.rule:
            continue
        ticket = example.ticket or Ticket(ticket_no="1")
        facts = book.facts(ticket) if example.ticket else Facts(example.facts)
        day = example.day or date(2026, 11, 20)
        outcome = replay(SHIPPED, layout.frame([layout.pack(facts.values)]), day, layout)
        assert concluded(outcome, 0) == decided(book.decide_facts(ticket, facts, datetime.combine(day, time(9), SHANGHAI)))
        compared += 1
    assert compared > 5


def test_every_invented_message_goes_the_whole_way_alike():
    lines = (CONFIG.parent / "benchmarks" / "messages.jsonl").read_text("utf-8").splitlines()
    tickets = [Ticket(ticket_no=r["id"], title=r["title"], content=r["text"]) for r in map(json.loads, lines)]
    now = datetime(2026, 11, 20, 9, tzinfo=SHANGHAI)
    layout, book = Layout(SHIPPED.table), make_rulebook(SHIPPED, compile_generated)
    outcome = replay(SHIPPED, layout.frame(layout.pack(book.facts(t).values) for t in tickets), now.date(), layout)
    assert len(tickets) > 300
    for n, ticket in enumerate(tickets):
        assert concluded(outcome, n) == decided(book.decide(ticket, now))
