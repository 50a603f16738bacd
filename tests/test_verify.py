"""Verification says all that is wrong and nothing that is not: held against every ticket of small vocabularies."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import combinations, product
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsdispute_plugin.model import SHANGHAI, Facts, FactValue, Ticket, Unit
from hsdispute_plugin.rules.chain import NUMBER_SIGNALS, zones
from hsdispute_plugin.rules.circuit import Circuit
from hsdispute_plugin.rules.condition import All, AnyOf, Leaf, NoneOf, Op, holds
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.facts import BUILT_IN, FactDef, FactTable, Kind
from hsdispute_plugin.rules.finding import Finding, Flaw, Severity
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.lexicon import Words
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.regions import Regions
from hsdispute_plugin.rules.rulebook import FAMILIES, Family, Hit, Rule, Rulebook, RuleSource, Setting
from hsdispute_plugin.rules.sat import Solver
from hsdispute_plugin.rules.verify import verify
from hsdispute_plugin.rules.witness_ticket import Writer
from hsdispute_plugin.rules.workdays import Deadline, Span, WorkCalendar, WorkHours

SHIPPED = Path(__file__).parent.parent / "config"
START = date(2025, 10, 27)
FAMILY_FACTS = [d for d in BUILT_IN if d.source == "family"]
AB = {"甲": "a", "乙": "b"}
SMALL = FactTable((
    FactDef("主题", "topics", Kind.SET, "", values=AB),
    FactDef("诉求主题", "demand_topics", Kind.SET, "", values=AB),
    FactDef("情形", "signals", Kind.SET, "", values={"十人以上": "group10", "多人": "several"}),
    FactDef("涉及人数", "people", Kind.INT, "", optional=True),
    FactDef("辖区", "area", Kind.CHOICE, "", values={"县内": "inside"}, optional=True),
    FactDef("有联系电话", "has_phone", Kind.BOOL, "", source="ticket"),
    *FAMILY_FACTS,
    FactDef("时限", "deadlines", Kind.SET, "", source="family", values={"甲": "a"}),
    FactDef("通报", "notices", Kind.SET, "", source="family", values={"甲": "a"}),
))
UNITS = {code: Unit(code, code, code) for code in ("tax", "hr")}


def rule(id: str, condition, outcome, **more) -> Rule:
    return Rule(id=id, name=f"名 {id}", clause="四（二）", since=more.pop("since", START), condition=condition, outcome=outcome,
                because="因为", where=f"config/rules/{id.partition('.')[0]}.yaml:4", **more)


def source(table: FactTable = SMALL, deadlines=(), settings=(), **families: tuple[Hit, tuple[Rule, ...]]) -> RuleSource:
    return RuleSource(
        families=tuple(Family(code, *families.get(code, (Hit.ALL, ()))) for code in FAMILIES), table=table, units=UNITS,
        deadlines={d.key: d for d in deadlines}, notices={"a": "告诉甲"}, settings={s.key: s for s in settings},
        calendar=WorkCalendar({}), hours=WorkHours(), words=Words(), regions=Regions(), edition="e",
    )


ALWAYS = All(())
LIMITS = [Setting("group_people", 2, "十人以上"), Setting("review_people", 1, "多人")]


def some(findings, flaw: Flaw) -> list[Finding]:
    return [f for f in findings if f.flaw is flaw]


def sets(members) -> list[frozenset[str]]:
    return [frozenset(c) for n in range(len(members) + 1) for c in combinations(members, n)]


def every_ticket() -> list[dict[str, FactValue]]:
    """All tickets of the small vocabulary that extraction can make; numbers one beyond what rules ask."""
    made = []
    for topics, demand, people, signals, area, phone in product(
        sets("ab"), sets("ab"), (None, *range(5)), sets(["group10", "several"]), (None, "inside"), (True, False),
    ):
        brought = {} if not people else {"group10"} if people >= 2 else {"several"}
        if demand <= topics and signals.issuperset(brought):
            facts = {"topics": topics, "demand_topics": demand, "signals": signals, "has_phone": phone}
            made.append(facts | ({} if people is None else {"people": people}) | ({} if area is None else {"area": area}))
    return made


EVERY_TICKET = every_ticket()


def outcome_of(book: RuleSource, ticket: Mapping[str, FactValue]):
    """Ask the families in order, plainly: which rules hold, which give which conclusion, and all facts at the end."""
    values, held, gave = dict(ticket), set(), set()
    for family in book.families:
        for d in SMALL.by_code.values():
            if d.counts:
                values[d.code] = len(values.get(d.counts, ()))
        firing = [r for r in family.rules if holds(r.condition, values)]
        held.update(r.id for r in firing)
        taken: set[str] = set()
        for r in firing:
            for code, value in r.outcome.items():
                united = family.hit is Hit.ALL and isinstance(value, frozenset)
                if code in taken and not united:
                    continue
                taken.add(code)
                gave.add((r.id, code))
                values[code] = values.get(code, frozenset()) | value if isinstance(value, frozenset) else value
    return held, gave, values


LEAVES = [
    Leaf("topics", Op.HAS_ANY, ("a",)), Leaf("topics", Op.HAS_ANY, ("a", "b")), Leaf("demand_topics", Op.HAS_ANY, ("b",)),
    Leaf("signals", Op.HAS_ANY, ("group10",)), Leaf("signals_count", Op.EQ, 0),
    Leaf("area", Op.EQ, "inside"), Leaf("area", Op.NE, "inside"),
    Leaf("area", Op.IN, ("inside",)), Leaf("area", Op.NOT_IN, ("inside",)), Leaf("has_phone", Op.EQ, True),
    Leaf("has_phone", Op.NE, True), *(Leaf("people", op, n) for op in (Op.EQ, Op.NE, Op.GE, Op.LE, Op.GT, Op.LT) for n in (1, 3)),
    Leaf("people", Op.IN, (0, 3)), Leaf("people", Op.NOT_IN, (1, 2)),
    *(Leaf("topics_count", op, n) for op in (Op.EQ, Op.GE, Op.LT, Op.NE) for n in (0, 1, 2)),
]
LATER = {
    "scope": [],
    "duty": [Leaf("scope", Op.EQ, "in"), Leaf("scope", Op.NE, "out"), *(Leaf("compound", Op.EQ, v) for v in (True, False))],
}
LATER["grounds"] = [*LATER["duty"], Leaf("units", Op.HAS_ANY, ("tax",)), Leaf("units_count", Op.GE, 2)]
LATER["triage"] = [*LATER["grounds"], Leaf("lead_candidates", Op.HAS_ANY, ("hr",)), Leaf("major_grounds_count", Op.EQ, 1)]
LATER["deadline"] = [*LATER["triage"], Leaf("lead", Op.IN, ("tax", "joint")), Leaf("track", Op.EQ, "major")]
OUTCOMES = {
    "scope": [{"scope": "in"}, {"scope": "out"}, {"scope": "boundary"}, {"compound": True}, {"scope": "in", "compound": False}],
    "duty": [{"units": frozenset({"tax"})}, {"units": frozenset({"tax", "hr"})}, {"lead_candidates": frozenset({"hr"})}],
    "grounds": [{"major_grounds": frozenset({"group10"})}],
    "triage": [{"lead": "tax"}, {"lead": "hr", "track": "joint"}, {"track": "major", "matter": "major"}, {"lead": "none"}],
    "deadline": [{"deadlines": frozenset({"a"})}],
}


@st.composite
def conditions(draw, family: str, depth: int = 2):
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        return draw(st.sampled_from([*LEAVES, *LATER[family] * 3]))
    group = draw(st.sampled_from([All, All, AnyOf, NoneOf]))
    return group(tuple(draw(st.lists(conditions(family, depth - 1), min_size=0 if depth == 2 else 1, max_size=3))))


@st.composite
def books(draw) -> RuleSource:
    families = {}
    for family, outcomes in OUTCOMES.items():
        rules = draw(st.lists(st.tuples(conditions(family), st.sampled_from(outcomes)), max_size=4))
        made = tuple(rule(f"{family}.r{n}", c, o) for n, (c, o) in enumerate(rules))
        families[family] = (draw(st.sampled_from([Hit.FIRST, Hit.ALL])), made)
    return source(settings=LIMITS, **families)


def gaps_of(values: Mapping[str, FactValue]) -> set[str]:
    """Say in the words of ``verify`` what a decided ticket was left without."""
    if "scope" not in values:
        return {"有的工单没有 “受理范围” 的结论"}
    if values["scope"] == "out":
        return set()
    left = {"有的工单属于本机制，却没有主办单位"} if values.get("lead", "none") == "none" else set()
    left |= {f"有的工单属于本机制，却没有 “{SMALL.by_code[c].label}” 的结论"
             for c in ("units", "track", "matter", "deadlines") if not values.get(c)}
    if values.get("lead") in UNITS and values["lead"] not in values.get("units", ()):
        left.add(f"有的工单由 “{values['lead']}” 主办，“涉及单位” 里却没有它")
    return left


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(books())
def test_findings_are_those_of_brute_force_over_every_ticket(book):
    decided = [outcome_of(book, t) for t in EVERY_TICKET]
    held_by = {r.id: {n for n, (held, _, _) in enumerate(decided) if r.id in held} for f in book.families for r in f.rules}
    given_by = {(r.id, c): {n for n, (_, gave, _) in enumerate(decided) if (r.id, c) in gave}
                for f in book.families for r in f.rules for c in r.outcome}
    dead = {id for id, held in held_by.items() if not held}
    shadowed, overlaps, conflicts = set(), set(), set()
    for family in book.families:
        if family.hit is Hit.FIRST:
            shadowed |= {r.id for r in family.rules if r.id not in dead and any(not given_by[r.id, c] for c in r.outcome)}
        for a, b in combinations(family.rules, 2):
            differing = [c for c in a.outcome if b.outcome.get(c, a.outcome[c]) != a.outcome[c]]
            if family.hit is Hit.ALL:
                scalars = any(not isinstance(a.outcome[c], frozenset) for c in differing)
                if scalars and held_by[a.id] & held_by[b.id]:
                    conflicts.add((a.id, b.id))
            elif (held_by[a.id] - held_by[b.id] and held_by[b.id] - held_by[a.id]
                  and any(given_by[a.id, c] & held_by[b.id] for c in differing)):
                overlaps.add((a.id, b.id))
    gaps = set().union(*(gaps_of(values) for _, _, values in decided))
    named = set().union(*({*v.get("units", ()), *v.get("lead_candidates", ()), v.get("lead")} for _, _, v in decided))

    findings = verify(book)
    if not any(f.rules for f in book.families):
        return
    assert {f.rules[0] for f in some(findings, Flaw.DEAD)} == dead
    assert {f.rules[0] for f in some(findings, Flaw.SHADOWED)} == shadowed
    assert {f.rules for f in some(findings, Flaw.OVERLAP)} == overlaps
    assert {f.rules for f in some(findings, Flaw.CONFLICT)} == conflicts
    assert {f.what for f in some(findings, Flaw.GAP)} == gaps
    assert {code for code in UNITS if any(f"（{code}）" in f.what for f in some(findings, Flaw.UNREACHED))} == set(UNITS) - named
    for finding in findings:
        if finding.facts is not None:
            assert_shown(book, finding)


def assert_shown(book: RuleSource, finding: Finding) -> None:
    """The example of a finding is a possible ticket, and shows it."""
    facts = dict(finding.facts)
    assert facts in EVERY_TICKET
    assert finding.shows(facts)
    held, gave, values = outcome_of(book, facts)
    if finding.flaw is Flaw.GAP:
        assert finding.what in gaps_of(values)
    elif finding.flaw is Flaw.SHADOWED:
        assert set(finding.rules) <= held
    else:
        assert set(finding.rules) <= held
        if finding.flaw is Flaw.OVERLAP:
            assert any(id == finding.rules[0] for id, _ in gave)


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(books(), st.sampled_from(EVERY_TICKET))
def test_the_brute_force_of_this_test_is_the_rule_book_itself(book, ticket):
    now = datetime(2026, 11, 20, 9, tzinfo=SHANGHAI)
    book_ = Rulebook(source(settings=LIMITS, deadlines=[Deadline("a", "甲", 1, Span.DAY, "", True)],
                            **{f.code: (f.hit, f.rules) for f in book.families}), compile_generated, lambda _: Facts(ticket))
    decision = book_.decide(Ticket(ticket_no="1"), now)
    _, gave, values = outcome_of(book, ticket)
    assert {r.rule for r in decision.reasons} == {id for id, _ in gave}
    assert (decision.lead, set(decision.units)) == (values.get("lead", "none"), set(values.get("units", ())))


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(st.lists(st.integers(1, 9).flatmap(lambda n: st.sampled_from([n, -n])), min_size=1, max_size=3), max_size=45),
       st.lists(st.integers(1, 9).flatmap(lambda n: st.sampled_from([n, -n])), max_size=3))
def test_the_solver_is_right_about_every_small_formula(clauses, assumed):
    circuit = Circuit()
    inputs = [circuit.input() for _ in range(9)]
    def literal(n: int) -> int:
        return inputs[n - 1] if n > 0 else -inputs[-n - 1]
    gates = [circuit.some(map(literal, clause)) for clause in clauses]
    asked = [*gates, *map(literal, assumed)]
    possible = [chosen for chosen in map(frozenset, sets(range(1, 10)))
                if all(any((abs(n) in chosen) == (n > 0) for n in c) for c in [*clauses, *([n] for n in assumed)])]
    solver = Solver(circuit)
    for _ in range(2):  # what it learned the first time must not mislead the second
        found = solver.possible(asked)
        assert (found is not None) == bool(possible)
        if found is not None:
            assert frozenset(inputs.index(x) + 1 for x in found) in possible


def test_a_condition_that_contradicts_itself_is_dead():
    findings = verify(source(duty=(Hit.ALL, (
        rule("duty.x", All((Leaf("people", Op.GE, 3), Leaf("people", Op.LT, 2))), {"units": frozenset({"tax"})}),))))
    assert [f.what for f in some(findings, Flaw.DEAD)] == ["规则“名 duty.x”（duty.x）的条件永不成立，各部分不能同时成立"]


def test_a_conclusion_that_no_earlier_family_gives_is_named():
    findings = verify(source(
        scope=(Hit.FIRST, (rule("scope.in", ALWAYS, {"scope": "in"}),)),
        duty=(Hit.ALL, (rule("duty.x", Leaf("scope", Op.EQ, "boundary"), {"units": frozenset({"tax"})}),))))
    assert "没有工单能满足其中的 “受理范围 存疑”" in some(findings, Flaw.DEAD)[0].what


def test_a_rule_behind_a_wider_one_is_shadowed_and_a_rule_behind_all_cases_is_a_net():
    wide, narrow = Leaf("topics", Op.HAS_ANY, ("a", "b")), Leaf("topics", Op.HAS_ANY, ("a",))
    findings = some(verify(source(scope=(Hit.FIRST, (
        rule("scope.wide", wide, {"scope": "in"}), rule("scope.narrow", narrow, {"scope": "out"}),
        rule("scope.none", Leaf("topics_count", Op.EQ, 0), {"scope": "out"}), rule("scope.rest", ALWAYS, {"scope": "boundary"}),
    )))), Flaw.SHADOWED)
    assert [(f.rules, f.severity) for f in findings] == [
        (("scope.narrow", "scope.wide"), Severity.ERROR), (("scope.rest", "scope.none"), Severity.NOTE)]
    assert findings[0].example == "主题 甲"


def test_an_exception_before_the_rule_it_excepts_from_is_no_finding():
    narrow = rule("scope.narrow", Leaf("topics", Op.HAS_ANY, ("a",)), {"scope": "out"})
    rest = rule("scope.rest", ALWAYS, {"scope": "in"})
    findings = verify(source(scope=(Hit.FIRST, (narrow, rest))))
    assert not some(findings, Flaw.OVERLAP)


def test_rules_are_verified_for_each_day_on_which_they_change():
    entries = (rule("scope.all", ALWAYS, {"scope": "in"}),
               rule("scope.all", Leaf("has_phone", Op.EQ, True), {"scope": "in"}, since=date(2027, 1, 1)))
    book = source(scope=(Hit.FIRST, entries))
    gap = next(f for f in some(verify(book), Flaw.GAP) if "受理范围" in f.what)
    assert (gap.since, gap.facts["has_phone"]) == (date(2027, 1, 1), False)
    ended = source(scope=(Hit.FIRST, (rule("scope.old", ALWAYS, {"scope": "in"}, until=date(2026, 1, 1)),
                                      rule("scope.new", ALWAYS, {"scope": "out"}, since=date(2026, 1, 1)))))
    assert not [f for f in verify(ended) if f.flaw in (Flaw.SHADOWED, Flaw.GAP) and "受理范围" in f.what]
    assert not some(verify(book, from_day=date(2027, 6, 1)), Flaw.DEAD)


def test_a_county_period_beyond_the_law_is_found_with_the_day_on_which_it_is():
    law = Deadline("law", "信访办结", 60, Span.DAY, "信访工作条例 第三十四条", True, statutory=True)
    for amount, late in ((40, False), (45, True)):
        ours = Deadline("ours", "重大疑难办结", amount, Span.WORKDAY, "县级自定", False, cap="law")
        findings = some(verify(source(deadlines=[law, ours])), Flaw.LATE)
        assert bool(findings) == late
    assert findings[0].severity is Severity.ERROR
    assert "起算，本县到" in findings[0].example


def test_unconfirmed_numbers_are_listed_but_do_not_fail():
    findings = some(verify(load(SHIPPED)), Flaw.UNCONFIRMED)
    assert len(findings) > 10
    assert {f.severity for f in findings} == {Severity.NOTE}


def test_the_shipped_rules_have_no_conflict_and_no_gap():
    findings = verify(load(SHIPPED))
    assert [str(f) for f in findings if f.flaw in (Flaw.CONFLICT, Flaw.GAP, Flaw.LATE)] == []


def test_a_finding_can_be_written_as_a_ticket_whose_words_lead_to_it():
    shipped = load(SHIPPED)
    extract = Extractor(shipped.words, shipped.regions, shipped.settings, shipped.table)
    book = Rulebook(shipped, compile_generated, extract)
    findings = [f for f in verify(shipped) if f.flaw is Flaw.OVERLAP]
    writer = Writer(shipped)
    written = {f.rules: ticket for f in findings if (ticket := writer.ticket(f))}
    assert len(written) > len(findings) / 2
    for (first, second), ticket in written.items():
        steps = []
        decision = book.decide_facts(ticket, extract(ticket), datetime(2026, 11, 20, 9, tzinfo=SHANGHAI), steps)
        assert first in {r.rule for r in decision.reasons}
        family, rule_ = next((n, r) for n, f in enumerate(shipped.families) for r in f.rules if r.id == second)
        assert holds(rule_.condition, steps[family])


def test_a_rule_that_never_holds_has_no_ticket():
    shipped = load(SHIPPED)
    never = rule("duty.never", All((Leaf("people", Op.GE, 3), Leaf("people", Op.LT, 2))), {"units": frozenset({"tax"})})
    families = tuple(replace(f, rules=(*f.rules, never)) if f.code == "duty" else f for f in shipped.families)
    dead = next(f for f in verify(replace(shipped, families=families)) if f.flaw is Flaw.DEAD)
    assert Writer(shipped).ticket(dead) is None


def test_what_verification_takes_for_granted_of_tickets_is_what_extraction_does():
    shipped = load(SHIPPED)
    extract = Extractor(shipped.words, shipped.regions, shipped.settings, shipped.table)
    texts = ["我们12名职工反映单位欠缴养老保险", "6人反映单位没交社保", "2010年至2020年单位没有给我交养老保险，要求补缴",
             "请问医保断缴了怎么办？", "单位欠缴社保。另外公积金也没有交，请求处理"]
    for text in texts:
        facts = extract(Ticket(ticket_no="1", content=text)).values
        for code, limits in NUMBER_SIGNALS.items():
            brought = [signal for signal, key in limits if facts.get(code, 0) >= shipped.settings[key].value][:1]
            assert facts["signals"].issuperset(brought), (text, code)
        for part, whole in zones(shipped.table):
            assert facts[part.code] <= facts[whole.code], (text, part.label)
    assert {(a.label, b.label) for a, b in zones(shipped.table)} >= {("诉求主题", "主题"), ("诉求领域", "领域")}
