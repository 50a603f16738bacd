"""A museum of what the C core cannot bear: each exhibit is split before it reaches the core, or refused by a sentence."""

import threading
from datetime import date

import pytest

from hsdispute_plugin.errors import EngineRefused
from hsdispute_plugin.rules import durable
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, Op, holds
from hsdispute_plugin.rules.durable import (
    MAX_CHILDREN,
    MAX_EQUAL_ENDS,
    MAX_FORWARDS,
    MAX_GROUPS,
    MAX_STACK,
    DurableEngine,
    compile_durable,
    groups,
    nets_of,
    pieces_of,
)
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.flat import Flattener
from hsdispute_plugin.rules.rulebook import Rule

INTS = [FactDef(f"数{n}", f"n{n}", Kind.INT, "", optional=True) for n in range(70)]
TABLE = FactTable((*INTS, FactDef("类", "kind", Kind.SET, "", values={f"m{n}": f"m{n}" for n in range(600)})))


def rules(*conditions: Condition) -> list[Rule]:
    return [Rule(f"fence.r{n}", "", "", date(2025, 10, 27), c, {}, "") for n, c in enumerate(conditions)]


def agrees(made: list[Rule], *tickets: dict) -> None:
    engine = compile_durable(made, TABLE)
    try:
        for values in tickets:
            wanted = [n for n, r in enumerate(made) if holds(r.condition, {"kind": frozenset(), **values})]
            assert engine.matching(values) == wanted
    finally:
        engine.close()


def flat_pieces(made: list[Rule]):
    flattener = Flattener(TABLE)
    flats = [pieces_of(flattener.condition(r.condition), r.id) for r in made]
    return [(f"r{n}_{k}", n, piece) for n, pieces in enumerate(flats) for k, piece in enumerate(pieces)]


def test_more_groups_than_the_core_counts_are_split():
    wide = AnyOf(tuple(All((Leaf(f"n{n}", Op.GE, n), Leaf(f"n{n + 1}", Op.LE, n))) for n in range(40)))
    pieces = flat_pieces(rules(wide))
    assert len(pieces) > 1
    assert all(groups(p) <= MAX_GROUPS for _, _, p in pieces)
    agrees(rules(wide), {"n7": 7, "n8": 1}, {"n39": 50, "n40": 0}, {"n39": 50, "n40": 99}, {})


def test_a_condition_that_no_split_narrows_is_refused_by_name():
    narrow = All(tuple(AnyOf((Leaf(f"n{n}", Op.EQ, 1), Leaf(f"n{n}", Op.EQ, 2))) for n in range(60)))
    with pytest.raises(EngineRefused, match=r"fence\.r0: 条件太宽，引擎装不下 / condition is too wide.*请把这条规则拆成几条"):
        compile_durable(rules(narrow), TABLE)


def test_more_tests_on_one_fact_than_the_stack_holds_are_split_into_nets():
    made = rules(*(Leaf(f"n{n}", Op.GT, n) for n in range(MAX_STACK + 10)))
    assert len(nets_of(flat_pieces(made))) > 1
    agrees(made, {f"n{n}": 100 for n in range(70)}, {"n3": 4}, {})


def test_more_children_of_one_node_than_the_core_hashes_are_split_into_nets():
    made = rules(*(Leaf("n1", Op.EQ, n) for n in range(MAX_CHILDREN + 50)))
    assert all(len(net) <= MAX_CHILDREN for net in nets_of(flat_pieces(made)))
    agrees(made, {"n1": 0}, {"n1": MAX_CHILDREN + 49}, {"n1": MAX_CHILDREN + 50})


def test_more_equal_rules_than_one_node_can_end_are_split_into_nets():
    made = rules(*[Leaf("n1", Op.EQ, 1)] * (MAX_EQUAL_ENDS + 50))
    assert len(nets_of(flat_pieces(made))) == 2
    agrees(made, {"n1": 1}, {"n1": 2})


def test_more_joins_behind_one_test_than_the_core_forwards_are_split_into_nets():
    # A join forwards from the last test of each branch: many 任一 that share a test pile up behind it.
    made = rules(*(AnyOf((Leaf("kind", Op.HAS_ANY, ("m0",)), Leaf("n1", Op.EQ, n))) for n in range(MAX_FORWARDS + 20)))
    assert len(nets_of(flat_pieces(made))) > 1
    agrees(made, {"kind": frozenset({"m0"})}, {"n1": 5}, {})


def test_more_properties_than_a_fact_of_the_core_may_have_are_split():
    made = rules(Leaf("kind", Op.HAS_ANY, tuple(f"m{n}" for n in range(600))))
    agrees(made, {"kind": frozenset({"m599"})}, {"kind": frozenset({"m0", "m300"})}, {"kind": frozenset()})


def test_a_choice_with_two_true_branches_fires_once():
    made = rules(AnyOf((Leaf("n1", Op.EQ, 1), Leaf("n2", Op.EQ, 2))))
    engine = compile_durable(made, TABLE)
    assert engine.matching({"n1": 1, "n2": 2}) == [0]
    engine.close()


def test_a_number_the_core_would_wrap_is_refused_with_a_mend():
    with pytest.raises(EngineRefused, match=r"数字 1000000001 超出 ±1000000000.*请用较小的数"):
        compile_durable(rules(Leaf("n1", Op.GE, 1_000_000_001)), TABLE)


def test_a_fact_beyond_the_core_keeps_its_order():
    agrees(rules(Leaf("n1", Op.GE, 1_000_000_000), Leaf("n1", Op.LT, -1_000_000_000)), {"n1": 2**80}, {"n1": -(2**80)})


def test_more_rules_than_priorities_are_refused():
    made = rules(Leaf("n1", Op.EQ, 1)) * (durable.MAX_RULES + 1)
    with pytest.raises(EngineRefused, match="超过 65535 条规则"):
        compile_durable(made, TABLE)


def test_unconditional_and_impossible_rules_need_no_net():
    engine = compile_durable(rules(All(()), AnyOf(())), TABLE)
    assert (engine.matching({}), engine.matching({"n1": 1})) == ([0], [0])
    engine.close()


def test_an_error_of_the_core_hands_over_to_generated(monkeypatch):
    engine = DurableEngine(rules(Leaf("n1", Op.EQ, 1)), TABLE)

    def refuse(handle, text):
        raise durable.core.error("Could not assert fact, error code: 302")

    monkeypatch.setattr(durable.core, "assert_fact", refuse)
    assert engine.matching({"n1": 1}) == [0]


def test_a_code_that_means_trouble_hands_over_to_generated(monkeypatch, capsys):
    made = rules(Leaf("n1", Op.EQ, 1), All(()))
    engine = DurableEngine(made, TABLE)
    real = durable.core.assert_fact
    monkeypatch.setattr(durable.core, "assert_fact", lambda handle, text: (7, None))
    assert engine.matching({"n1": 1}) == [0, 1]
    monkeypatch.setattr(durable.core, "assert_fact", real)
    assert engine.matching({"n1": 1}) == [0, 1]
    assert capsys.readouterr().out.count("durable_engine_discarded") == 1


def test_without_the_core_one_warning_names_the_engine_instead(monkeypatch, capsys):
    monkeypatch.setattr(durable, "core", None)
    engine = durable.best_engine()(rules(Leaf("n1", Op.EQ, 1)), TABLE)
    assert (engine.name, engine.matching({"n1": 1})) == ("generated", [0])
    assert capsys.readouterr().out.count("改用自带的 generated 引擎") == 1


def test_closing_twice_is_harmless_and_a_net_that_never_fired_can_be_closed():
    engine = compile_durable(rules(Leaf("n1", Op.EQ, 1)), TABLE)
    engine.close()
    engine.close()
    assert engine.matching({"n1": 1}) == [0], "a decision that still holds a closed engine is answered by generated"


def test_threads_may_share_an_engine():
    made = rules(*(Leaf("n1", Op.EQ, n) for n in range(20)), *(Leaf("n2", Op.GE, n) for n in range(20)))
    engine = compile_durable(made, TABLE)
    wrong: list[int] = []

    def work(n: int) -> None:
        for k in range(2_000):
            if engine.matching({"n1": n, "n2": k % 20}) != [n, *range(20, 21 + k % 20)]:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    engine.close()
    assert wrong == []
