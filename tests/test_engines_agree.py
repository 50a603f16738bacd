"""Three readings of one condition tree — the plain meaning, the generated function, the C core — never differ."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsdispute_plugin.errors import EngineRefused
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, holds, leaves
from hsdispute_plugin.rules.durable import available, compile_durable
from hsdispute_plugin.rules.facts import BUILT_IN, FactDef, FactTable, Kind
from hsdispute_plugin.rules.fence import pieces_of
from hsdispute_plugin.rules.flat import Flattener
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.rulebook import Rule

NEEDS_CORE = pytest.mark.skipif(not available(), reason="durable-rules is not installed (Python 3.13 or later)")
LEVELS = {"一般": "一般", "引号": '"\\', "空白": " \n\t", "长": "长" * 300, "全角": "ＡＢ１２㐂𠮷"}
TABLE = FactTable((
    *BUILT_IN,
    FactDef("风险级别", "risk_level", Kind.CHOICE, "有中文取值的插件事实", values=LEVELS, optional=True),
    FactDef("金额", "amount", Kind.INT, "可能很大", optional=True),
    FactDef("年份", "year_from", Kind.INT, "可能为负", optional=True),
))
TOPICS = ["arrears", "backpay", "refund", "registration", "没有的"]
NUMBERS = st.one_of(st.integers(-3, 12), st.sampled_from([-1_000_000_000, -999_999_999, 999_999_999, 1_000_000_000]))
TEXTS = st.sampled_from(list(LEVELS.values()))

RULES_PER_BOOK = 40  # more groups of members than members: asked one by one
RULES_OF_FEW = 3  # mostly fewer: asked as groups
FACTS_PER_BOOK = 40
BOOKS = 140  # × 40 × 40 = 224,000 evaluations of each engine


def leaf(draw) -> Leaf:
    kind = draw(st.sampled_from(["set", "int", "text", "bool", "count"]))
    if kind == "set":
        members = draw(st.lists(st.sampled_from(TOPICS), min_size=1, max_size=4, unique=True))
        return Leaf("topics", Op.HAS_ANY, tuple(members))
    if kind == "bool":
        return Leaf("has_phone", draw(st.sampled_from([Op.EQ, Op.NE])), draw(st.booleans()))
    fact = {"int": draw(st.sampled_from(["people", "amount", "year_from"])), "count": "topics_count", "text": "risk_level"}[kind]
    values = TEXTS if kind == "text" else NUMBERS
    ops = [Op.EQ, Op.NE, Op.IN, Op.NOT_IN] + ([] if kind == "text" else [Op.GE, Op.LE, Op.GT, Op.LT])
    op = draw(st.sampled_from(ops))
    if op in (Op.IN, Op.NOT_IN):
        return Leaf(fact, op, tuple(draw(st.lists(values, min_size=1, max_size=3, unique=True))))
    return Leaf(fact, op, draw(values))


@st.composite
def conditions(draw, depth: int = 3) -> Condition:
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        return leaf(draw)
    group = draw(st.sampled_from([All, AnyOf, NoneOf]))
    return group(tuple(draw(st.lists(conditions(depth - 1), min_size=0 if depth == 3 else 1, max_size=3))))


@st.composite
def facts(draw) -> dict:
    values: dict = {"topics": frozenset(draw(st.sets(st.sampled_from(TOPICS))))}
    for code in ("people", "amount", "year_from", "topics_count"):
        if draw(st.booleans()):
            values[code] = draw(st.one_of(NUMBERS, st.sampled_from([2**31, -(2**40), 2**70])))
    if draw(st.booleans()):
        values["risk_level"] = draw(st.one_of(TEXTS, st.text(max_size=5)))
    if draw(st.booleans()):
        values["has_phone"] = draw(st.booleans())
    if draw(st.integers(0, 9)) == 0:
        del values["topics"]
    return values


@st.composite
def books(draw, count: int = RULES_PER_BOOK) -> tuple[list[Rule], list[dict]]:
    made = draw(st.lists(conditions(), min_size=count, max_size=count))
    rules = [Rule(f"random.r{n}", "", "", date(2025, 10, 27), c, {}, "") for n, c in enumerate(made)]
    return rules, draw(st.lists(facts(), min_size=FACTS_PER_BOOK, max_size=FACTS_PER_BOOK))


def plain(condition: Condition, values: dict) -> bool:
    return holds(condition, {"topics": frozenset(), **values})


@NEEDS_CORE
def test_three_engines_agree_on_two_hundred_thousand_evaluations():
    compared = fired = 0

    @settings(max_examples=BOOKS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(books())
    def agree(book):
        nonlocal compared, fired
        rules, tickets = book
        durable, generated = compile_durable(rules, TABLE), compile_generated(rules, TABLE)
        try:
            for values in tickets:
                wanted = [n for n, r in enumerate(rules) if plain(r.condition, values)]
                assert generated.matching(values) == wanted
                assert durable.matching(values) == wanted
                compared += len(rules)
                fired += len(wanted)
        finally:
            durable.close()

    agree()
    assert compared >= 200_000
    assert compared // 10 < fired < compared - compared // 10, "random rules must both fire and not fire"


@NEEDS_CORE
def test_sets_asked_for_as_groups_mean_the_same():
    grouped = compared = 0

    @settings(max_examples=BOOKS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(books(RULES_OF_FEW))
    def agree(book):
        nonlocal grouped, compared
        rules, tickets = book
        asked = {frozenset(x.value) for r in rules for x in leaves(r.condition) if x.op is Op.HAS_ANY}
        grouped += any(len(group) > 1 for group in asked) and len(asked) <= len(frozenset().union(*asked))
        durable = compile_durable(rules, TABLE)
        try:
            for values in tickets:
                assert durable.matching(values) == [n for n, r in enumerate(rules) if plain(r.condition, values)]
                compared += 1
        finally:
            durable.close()

    agree()
    assert grouped > BOOKS // 5 and compared >= BOOKS * FACTS_PER_BOOK


@st.composite
def wide_conditions(draw) -> Condition:
    """Too many groups for one rule of the core, most of them."""
    return draw(st.sampled_from([AnyOf, AnyOf, All, NoneOf]))(tuple(draw(st.lists(conditions(2), min_size=6, max_size=16))))


@NEEDS_CORE
def test_rules_too_wide_for_the_core_mean_the_same_after_their_split():
    split = kept = refused = compared = 0

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(wide_conditions(), st.lists(facts(), min_size=20, max_size=20))
    def agree(condition, tickets):
        nonlocal split, kept, refused, compared
        rules = [Rule("wide.r", "", "", date(2025, 10, 27), condition, {}, "")]
        try:
            pieces = len(pieces_of(Flattener(TABLE, [condition]).condition(condition), "wide.r"))
        except EngineRefused:
            refused += 1
            return
        split, kept = split + (pieces > 1), kept + (pieces == 1)
        durable = compile_durable(rules, TABLE)
        try:
            for values in tickets:
                assert durable.matching(values) == ([0] if plain(condition, values) else [])
                compared += 1
        finally:
            durable.close()

    agree()
    assert min(split, kept) > 0, f"split {split}, kept {kept}, refused {refused}"
    assert compared > 1_000


@settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(books())
def test_the_generated_function_keeps_the_plain_meaning_where_the_core_is_absent(book):
    rules, tickets = book
    generated = compile_generated(rules, TABLE)
    for values in tickets:
        assert generated.matching(values) == [n for n, r in enumerate(rules) if plain(r.condition, values)]
