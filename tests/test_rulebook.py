"""A rule book asks its families in order; these books are tiny and written here, so that each promise stands alone."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from random import Random

import pytest

from hsdispute_plugin.model import SHANGHAI, Facts, FactValue, Phrase, Ticket, Track
from hsdispute_plugin.rules import answers, truths
from hsdispute_plugin.rules.condition import All, Leaf, NoneOf, Op, holds, leaves
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.lexicon import Words
from hsdispute_plugin.rules.regions import Regions
from hsdispute_plugin.rules.rulebook import FAMILIES, Family, Hit, Rule, Rulebook, RuleSource
from hsdispute_plugin.rules.workdays import Deadline, Span, WorkCalendar, WorkHours
from tests import random_rules

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)
TICKET = Ticket(ticket_no="T-1", title="欠费", content="单位欠缴养老保险", received_at=NOW)


class PlainEngine:
    name = "plain"

    def __init__(self, rules: Sequence[Rule], table: FactTable) -> None:
        self.rules, self.asked = rules, 0

    def matching(self, values: Mapping[str, FactValue]) -> list[int]:
        self.asked += 1
        return [i for i, r in enumerate(self.rules) if holds(r.condition, values)]

    def close(self) -> None:
        pass


def rule(id: str, condition, outcome, **more) -> Rule:
    return Rule(id=id, name=id, clause="四（二）", since=more.pop("since", date(2025, 10, 27)), condition=condition,
                outcome=outcome, because=f"因为 {id}", **more)


def book(facts: Mapping[str, FactValue], evidence=None, **families: tuple[Hit, tuple[Rule, ...]]) -> Rulebook:
    asked = tuple(Family(code, *families.get(code, (Hit.ALL, ()))) for code in FAMILIES)
    source = RuleSource(
        families=asked, table=FactTable(), units={}, settings={}, words=Words(), regions=Regions(),
        edition="e1", hours=WorkHours(), calendar=WorkCalendar({}),
        deadlines={"self_total": Deadline("self_total", "单独办理办结", 5, Span.WORKDAY, "县级自定", confirmed=False)},
        notices={"police110": "通报110"},
    )
    return Rulebook(source, PlainEngine, lambda ticket: Facts(facts, evidence or {}))


ALWAYS = All(())


def test_a_family_sees_what_an_earlier_family_concluded():
    decision = book(
        {"topics": frozenset({"arrears"})},
        scope=(Hit.FIRST, (rule("scope.in", Leaf("topics", Op.HAS_ANY, ("arrears",)), {"scope": "in"}),)),
        duty=(Hit.ALL, (rule("duty.tax", Leaf("scope", Op.EQ, "in"), {"units": frozenset({"tax"})}),)),
    ).decide(TICKET, NOW)
    assert (decision.scope, decision.units) == ("in", ("tax",))
    assert [r.rule for r in decision.reasons] == ["scope.in", "duty.tax"]


def test_under_first_hit_each_conclusion_comes_from_the_first_rule_that_gives_it():
    decision = book({}, triage=(Hit.FIRST, (
        rule("triage.tax", ALWAYS, {"lead": "tax"}),
        rule("triage.hr", ALWAYS, {"lead": "hr"}),
        rule("triage.joint", ALWAYS, {"track": "joint"}),
    ))).decide(TICKET, NOW)
    assert (decision.lead, decision.track) == ("tax", Track.JOINT)
    assert "triage.hr" not in {r.rule for r in decision.reasons}


def test_under_all_hits_sets_are_united_and_counted_for_the_next_family():
    decision = book({}, duty=(Hit.ALL, (
        rule("duty.tax", ALWAYS, {"units": frozenset({"tax"})}),
        rule("duty.hr", ALWAYS, {"units": frozenset({"hr"})}),
    )), triage=(Hit.FIRST, (rule("triage.joint", Leaf("units_count", Op.GE, 2), {"track": "joint"}),))).decide(TICKET, NOW)
    assert (decision.units, decision.track) == (("hr", "tax"), "joint")


def test_the_phrases_behind_a_conclusion_travel_to_the_rule_that_counts_it():
    phrase = Phrase("欠缴", 5, 7)
    decision = book(
        {"signals": frozenset({"group10"})}, {"signals.group10": (phrase,)},
        grounds=(Hit.ALL, (
            rule("grounds.g", Leaf("signals", Op.HAS_ANY, ("group10",)), {"major_grounds": frozenset({"group10"})}),
        )),
        triage=(Hit.FIRST, (rule("triage.major", Leaf("major_grounds_count", Op.GE, 1), {"track": "major"}),)),
    ).decide(TICKET, NOW)
    assert [r.evidence for r in decision.reasons] == [(phrase,), (phrase,)]


@pytest.mark.parametrize(("day", "lead"), [(19, "none"), (20, "hr"), (21, "tax"), (25, "none")])
def test_only_the_entry_in_force_on_the_day_speaks(day, lead):
    decision = book({}, triage=(Hit.FIRST, (
        rule("triage.lead", ALWAYS, {"lead": "hr"}, since=date(2026, 11, 20)),
        rule("triage.lead", ALWAYS, {"lead": "tax"}, since=date(2026, 11, 21), until=date(2026, 11, 25)),
    ))).decide(TICKET, NOW.replace(day=day))
    assert decision.lead == lead


def test_the_earliest_of_host_and_county_deadline_is_the_effective_one():
    families = {"deadline": (Hit.ALL, (rule("deadline.single", ALWAYS, {"deadlines": frozenset({"self_total"})}),))}
    county = book({}, **families).decide(TICKET, NOW)
    assert (county.due_at, county.due[0].confirmed) == (datetime(2026, 11, 27, 18, 0, tzinfo=SHANGHAI), False)
    sooner = datetime(2026, 11, 24, 12, 0, tzinfo=SHANGHAI)
    hosts = book({}, **families).decide(TICKET.model_copy(update={"host_due_at": sooner}), NOW)
    assert (hosts.due_at, hosts.due[0].key) == (sooner, "host")


def test_an_unknown_fact_makes_a_leaf_false_and_its_negation_true():
    leaf = Leaf("people", Op.NE, 10)
    assert not holds(leaf, {})
    assert holds(NoneOf((leaf,)), {})


def test_a_notice_names_the_rule_that_asked_for_it():
    danger = rule("escalation.x", ALWAYS, {"notices": frozenset({"police110"})})
    decision = book({}, escalation=(Hit.ALL, (danger,))).decide(TICKET, NOW)
    assert [(a.key, a.what, a.rule) for a in decision.alerts] == [("police110", "通报110", "escalation.x")]


TAX, HR, COURT = ({"units": frozenset({unit})} for unit in ("tax", "hr", "court"))
DUTY = (Hit.ALL, (
    rule("duty.tax", Leaf("topics", Op.HAS_ANY, ("arrears", "backpay")), TAX),
    rule("duty.hr", All((Leaf("people", Op.GE, 10), Leaf("insurance", Op.HAS_ANY, ("injury",)))), HR),
    rule("duty.court", Leaf("topics_count", Op.GE, 3), COURT, since=date(2026, 11, 21)),
))


def asking(**families):
    """A book over facts given each time; returns how to ask it for units, and how often its engines were asked."""
    engines = []

    def compiled(rules, table):
        engines.append(PlainEngine(rules, table))
        return engines[-1]

    made = Rulebook(book({}, **families).source, compiled, lambda ticket: Facts({}))
    return (lambda facts, now=NOW: made.decide_facts(TICKET, Facts(facts), now).units), lambda: sum(e.asked for e in engines)


def test_what_a_family_was_asked_before_is_answered_alike_without_the_engine():
    units, asked = asking(duty=DUTY)
    assert units({"topics": frozenset({"arrears"}), "people": 3}) == ("tax",)
    before = asked()
    # Which of the members asked for together it is, what no rule asks for, what fails with another part: no other question.
    assert units({"topics": frozenset({"backpay", "refund"}), "people": 9, "insurance": frozenset({"injury"})}) == ("tax",)
    assert asked() == before
    assert units({"topics": frozenset({"backpay"}), "people": 10, "insurance": frozenset({"injury"})}) == ("hr", "tax")
    assert units({"people": 10}) == ()
    assert asked() == before + 2


def test_answers_of_one_day_are_not_given_where_other_rules_are_in_force():
    units, _ = asking(duty=DUTY)
    facts = {"topics": frozenset({"arrears", "refund", "rate"})}
    assert [units(facts, NOW.replace(day=day)) for day in (20, 21, 20)] == [("tax",), ("court", "tax"), ("tax",)]


def test_answers_and_comparisons_forgotten_are_found_again(monkeypatch):
    monkeypatch.setattr(answers, "REMEMBERED", 2)
    monkeypatch.setattr(truths, "REMEMBERED", 2)
    units, _ = asking(duty=DUTY)
    injury = {"insurance": frozenset({"injury"})}
    facts = [{**injury, "people": n, "topics": frozenset({"arrears"} if n % 2 else ())} for n in range(8, 12)]
    assert [units(f) for f in facts * 3] == [(), ("tax",), ("hr",), ("hr", "tax")] * 3


def test_evidence_of_a_member_that_no_fact_holds_stands_behind_nothing():
    held, not_held = Phrase("欠缴", 2, 4), Phrase("补缴", 6, 8)
    said = {"topics.arrears": (held,), "topics.backpay": (not_held,)}
    decision = book({"topics": frozenset({"arrears"})}, said, duty=DUTY).decide(TICKET, NOW)
    assert [r.evidence for r in decision.reasons] == [(held,)]


@pytest.mark.parametrize("seed", range(3))
def test_comparisons_that_hold_are_those_of_the_plain_meaning(seed):
    dice = Random(seed)
    rules = random_rules.rules(80, dice)
    asked = {leaf for r in rules for leaf in leaves(r.condition)}
    found = truths.Truths((r.condition for r in rules), random_rules.TABLE)
    for _ in range(200):
        values = random_rules.facts(dice)
        bits, counted = found.of(values), random_rules.counted(values)
        assert {leaf for leaf in asked if bits & found.mask([leaf])} == {leaf for leaf in asked if holds(leaf, counted)}
