"""A cell says exactly what its comparison says, whichever fact, comparison and values it is about."""

from itertools import permutations

import pytest

from hsdispute_plugin.rules.condition import All, Leaf, NoneOf, Op
from hsdispute_plugin.rules.condition_reader import FITS, LISTS, facts_before
from hsdispute_plugin.rules.facts import BUILT_IN, FactDef, FactTable, Kind
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.schema import RULE_KEYS, read_rule
from hsdispute_plugin.rules.table_cells import cell_of, comparisons, condition_node

TABLE = FactTable((*BUILT_IN, FactDef("时限", "deadlines", Kind.SET, "时限", source="family",
                                    values={"register": "register", "total": "total"}),
                   FactDef("通报", "notices", Kind.SET, "通报", source="family", values={"office": "office"})))


def conditions(fact):
    """Every comparison that a rule may make of a fact with one value or two."""
    values = list(fact.values.values()) or ([True, False] if fact.kind is Kind.BOOL else [0, 7, -3])
    for op in FITS[fact.kind]:
        for value in [p for n in (1, 2) for p in permutations(values, n)] if op in LISTS else values:
            yield Leaf(fact.code, op, value)


def read(condition: Node):
    reading = Reading()
    row = {key: Node("A1", "x") for key in RULE_KEYS[0]}
    row |= {"编号": Node("A1", "escalation.x"), "施行": Node("A1", "2026-01-01"), "条件": condition}
    row["结论"] = Node("A1", {"时限": Node("A1", (Node("A1", "register"),))})
    rule = read_rule(Node("A1", row), "escalation", TABLE, reading)
    return rule.condition if rule else [p.what for p in reading.problems]


@pytest.mark.parametrize("fact", facts_before("escalation", TABLE), ids=lambda f: f.code)
def test_every_comparison_of_a_fact_comes_back_as_it_went_out(fact):
    for leaf in conditions(fact):
        cell = Node("A1", cell_of([leaf], fact))
        assert read(condition_node({fact.label: comparisons(cell, fact)}, {}, "A1")) == All((leaf,)), cell.value
        assert read(condition_node({}, {fact.label: comparisons(cell, fact)}, "A1")) == All((NoneOf((leaf,)),)), cell.value


@pytest.mark.parametrize(("label", "text", "leaves"), [
    ("险种", "失业\n工伤", [Leaf("insurance", Op.HAS_ANY, ("unemployment", "injury"))]),
    ("险种", "失业，工伤 、", [Leaf("insurance", Op.HAS_ANY, ("unemployment", "injury"))]),
    ("办理方式", "属于 单办\n联办", [Leaf("track", Op.IN, ("single", "joint"))]),
    ("受理范围", "不等于 不属于本机制", [Leaf("scope", Op.NE, "out")]),
    ("涉及人数", "不少于10;少于 50", [Leaf("people", Op.GE, 10), Leaf("people", Op.LT, 50)]),
])
def test_a_cell_may_be_typed_as_people_type(label, text, leaves):
    fact = TABLE.by_label[label]
    assert read(condition_node({label: comparisons(Node("A1", text), fact)}, {}, "A1")) == All(tuple(leaves))


@pytest.mark.parametrize("text", ["至少 10", ">= 10", "≥10", "大于等于10", "不超过 10"])
def test_a_comparison_in_other_words_is_refused_with_the_word_that_would_be_right(text):
    said = read(condition_node({"涉及人数": comparisons(Node("A1", text), TABLE.by_label["涉及人数"])}, {}, "A1"))
    assert said == [f"比较 “{text.rstrip(' 10')}” 不在可用范围内"]
