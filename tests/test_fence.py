"""A museum of what the C core cannot bear: each exhibit is split before it reaches the core, or refused by a sentence."""

import gc
import json
import threading
from datetime import date

import pytest
from structlog.testing import capture_logs

from hsdispute_plugin.errors import EngineRefused
from hsdispute_plugin.rules import durable
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, holds
from hsdispute_plugin.rules.durable import DurableEngine, compile_durable
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.fence import (
    MAX_CHILDREN,
    MAX_EQUAL_ENDS,
    MAX_FORWARDS,
    MAX_GROUPS,
    MAX_PIECES,
    MAX_PRIORITY,
    MAX_PROPERTIES,
    MAX_RULES,
    MAX_STACK,
    Piece,
    groups,
    nets_of,
    pieces_of,
)
from hsdispute_plugin.rules.flat import MISSING, Flattener, properties
from hsdispute_plugin.rules.rulebook import Rule

pytestmark = pytest.mark.skipif(not durable.available(), reason="durable-rules is not installed (Python 3.13 or later)")
INTS = [FactDef(f"数{n}", f"n{n}", Kind.INT, "", optional=True) for n in range(300)]
TABLE = FactTable((
    *INTS,
    FactDef("类", "kind", Kind.SET, "", values={f"m{n}": f"m{n}" for n in range(600)}),
    FactDef("级别", "级别 id\"", Kind.CHOICE, "代号不是 ASCII 的插件事实", values={"高": '"}', "低": "低\0"}, optional=True),
    FactDef("序号", "id", Kind.INT, "代号与引擎自己的属性同名", optional=True),
    FactDef("编号", "sid", Kind.BOOL, "代号与引擎自己的属性同名", optional=True),
))


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
    return [Piece(f"r{n}_{k}", n, piece) for n, pieces in enumerate(flats) for k, piece in enumerate(pieces)]


def test_more_groups_than_the_core_counts_are_split():
    wide = AnyOf(tuple(All((Leaf(f"n{n}", Op.GE, n), Leaf(f"n{n + 1}", Op.LE, n))) for n in range(40)))
    pieces = flat_pieces(rules(wide))
    assert len(pieces) > 1
    assert all(groups(p.flat) <= MAX_GROUPS for p in pieces)
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


def test_more_properties_than_a_fact_of_the_core_may_have_are_split_into_nets():
    made = rules(*(All((Leaf(f"n{n}", Op.EQ, n), Leaf(f"n{n + 1}", Op.EQ, n + 1))) for n in range(299)))
    for net in nets_of(flat_pieces(made)):
        assert len(frozenset().union(*(properties(p.flat) for p in net))) <= MAX_PROPERTIES
    agrees(made, {f"n{n}": n for n in range(300)}, {"n298": 298, "n299": 299}, {})


def test_one_rule_on_more_facts_than_the_core_may_have_is_refused():
    with pytest.raises(EngineRefused, match=r"fence\.r0: 条件太宽，引擎装不下"):
        compile_durable(rules(All(tuple(Leaf(f"n{n}", Op.EQ, n) for n in range(MAX_PROPERTIES + 1)))), TABLE)


def single_members(count: int) -> tuple[Leaf, ...]:
    return tuple(Leaf("kind", Op.HAS_ANY, (f"m{n}",)) for n in range(count))


def test_one_choice_among_more_members_than_the_core_may_have_is_split():
    made = rules(AnyOf(single_members(600)))
    assert 1 < len(flat_pieces(made)) <= MAX_PIECES
    agrees(made, {"kind": frozenset({"m599"})}, {"kind": frozenset({"m0", "m300"})}, {"kind": frozenset()})


def test_none_of_more_members_than_the_core_may_have_is_refused():
    with pytest.raises(EngineRefused, match="条件太宽"):
        compile_durable(rules(NoneOf(single_members(600))), TABLE)


def test_members_asked_for_together_are_one_property_however_many():
    many = Leaf("kind", Op.HAS_ANY, tuple(f"m{n}" for n in range(600)))
    made = rules(many, NoneOf((many,)), Leaf("kind", Op.HAS_ANY, ("m7", "m9")))
    flattener = Flattener(TABLE, [r.condition for r in made])
    flats = [flattener.condition(r.condition) for r in made]
    assert frozenset().union(*map(properties, flats)) == {"p0", "p1"}
    write = flattener.writer(flats)
    assert write({"kind": frozenset({"m8"})}) == write({"kind": frozenset({"m10", "m11"})}) != write({"kind": frozenset({"m7"})})
    agrees(made, {"kind": frozenset({"m599"})}, {"kind": frozenset({"m7", "m8"})}, {"kind": frozenset({"other"})}, {})


def test_more_groups_than_members_are_asked_for_member_by_member():
    pairs = [("a", "b"), ("b", "c"), ("a", "c"), ("a", "b", "c")]
    made = rules(*(Leaf("kind", Op.HAS_ANY, pair) for pair in pairs))
    flattener = Flattener(TABLE, [r.condition for r in made])
    assert len(frozenset().union(*(properties(flattener.condition(r.condition)) for r in made))) == 3
    agrees(made, *({"kind": frozenset(held)} for held in ("", "a", "b", "c", "ab", "abc", "d")))


def test_more_rules_than_a_net_of_the_core_counts_are_split_into_nets():
    made = rules(*(All((Leaf("n1", Op.EQ, n // 300), Leaf("n2", Op.EQ, n % 300))) for n in range(5_000)))
    assert all(len(net) <= MAX_RULES for net in nets_of(flat_pieces(made)))
    agrees(made, {"n1": 16, "n2": 199}, {"n1": 0, "n2": 0}, {"n1": 16, "n2": 200})


def test_no_two_property_names_look_alike_to_the_core():
    # The core compares 32-bit hashes of names (FNV-1a), those of its own words among them, never the names.
    def fnv1a(name: str) -> int:
        found = 2_166_136_261
        for byte in name.encode():
            found = (found ^ byte) * 16_777_619 & 0xFFFF_FFFF
        return found

    assert fnv1a("id") == 926_444_256, "as in state.h"
    own = ["id", "sid", "_warm", "$s", "$i", "$m", "$l", "$r", "$forward", "all", "any", "pri", "count", "cap", "dist", "name",
           "$lt", "$lte", "$gt", "$gte", "$eq", "$neq", "$mt", "$imt", "$iall", "$iany", "$ex", "$nex", "$or", "$and", "$not",
           "$add", "$sub", "$mul", "$div"]
    names = [*own, *(f"p{n}" for n in range(100_000))]
    assert len({fnv1a(name) for name in names}) == len(names)


def test_codes_and_values_of_plugins_never_reach_the_core():
    made = rules(Leaf('级别 id"', Op.EQ, '"}'), NoneOf((Leaf('级别 id"', Op.IN, ('"}', "低\0")),)), Leaf("id", Op.GE, 3),
                 Leaf("sid", Op.EQ, True), Leaf("sid", Op.NE, True))
    flattener = Flattener(TABLE)
    write = flattener.writer([flattener.condition(r.condition) for r in made])
    sent = json.loads(write({'级别 id"': "低\0", "id": 7}))
    assert sent == {"id": "t", "p0": 2, "p1": 3, "p2": MISSING}
    agrees(made, {'级别 id"': "低\0", "id": 7}, {'级别 id"': '"}', "sid": True}, {'级别 id"': "没见过\n", "sid": False}, {})


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


def test_a_fact_that_looks_like_the_mark_for_missing_is_not_missing():
    agrees(rules(NoneOf((Leaf("n1", Op.GE, 0),)), Leaf("n1", Op.LT, 0), Leaf("n1", Op.NE, 0)), {"n1": MISSING}, {})


def test_more_rules_than_priorities_are_refused():
    made = rules(Leaf("n1", Op.EQ, 1)) * (MAX_PRIORITY + 2)
    with pytest.raises(EngineRefused, match="一个规则族超过 65536 条规则 / more than 65536 rules in one family。请删去"):
        compile_durable(made, TABLE)


@pytest.mark.parametrize(("leaf", "sentence"), [
    (Leaf('级别 id"', Op.GE, "低\0"), "“级别” 是单选，不能用 “不少于” / GE does not fit"),
    (Leaf("kind", Op.EQ, "m1"), "“类” 是多选，不能用 “等于” / EQ does not fit kind。多选用 包含任一"),
    (Leaf("n1", Op.HAS_ANY, (1,)), "“数1” 是整数，不能用 “包含任一”"),
    (Leaf("n1", Op.EQ, "1"), "“数1” 是整数，不能与 1 比较 / n1 cannot be compared with '1'"),
    (Leaf("kind", Op.HAS_ANY, (1,)), "“类” 是多选，不能与 1 比较"),
])
def test_a_comparison_that_the_kind_of_fact_does_not_bear_is_refused(leaf, sentence):
    with pytest.raises(EngineRefused, match=sentence):
        compile_durable(rules(leaf), TABLE)


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


def test_a_code_that_means_trouble_hands_over_to_generated(monkeypatch):
    made = rules(Leaf("n1", Op.EQ, 1), All(()))
    engine = DurableEngine(made, TABLE)
    real = durable.core.assert_fact
    monkeypatch.setattr(durable.core, "assert_fact", lambda handle, text: (7, None))
    with capture_logs() as said:
        assert engine.matching({"n1": 1}) == [0, 1]
        monkeypatch.setattr(durable.core, "assert_fact", real)
        assert engine.matching({"n1": 1}) == [0, 1]
    assert [(line["event"], line["code"], line["log_level"]) for line in said] == [
        ("durable_engine_discarded", "assert 7", "warning")]


def test_a_net_that_the_core_refuses_at_compile_time_is_answered_by_generated(monkeypatch):
    def refuse(name, text):
        raise durable.core.error("Could not create ruleset, error code: 112")

    monkeypatch.setattr(durable.core, "create_ruleset", refuse)
    with capture_logs() as said:
        assert compile_durable(rules(Leaf("n1", Op.EQ, 1)), TABLE).matching({"n1": 1}) == [0]
    assert said[0]["code"] == "Could not create ruleset, error code: 112"


def test_a_signal_amid_a_decision_leaves_no_fact_of_it_for_the_next(monkeypatch):
    engine = compile_durable(rules(Leaf("n1", Op.EQ, 1), Leaf("n1", Op.GE, 1), Leaf("n2", Op.EQ, 2)), TABLE)

    def interrupted(handle, state):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(durable.core, "complete_and_start_action", interrupted)
        engine.matching({"n1": 1})
    assert engine.matching({"n2": 2}) == [2]


def test_a_value_of_the_wrong_kind_is_an_error_and_spoils_nothing():
    engine = compile_durable(rules(Leaf("n1", Op.EQ, 1)), TABLE)
    with capture_logs() as said:
        with pytest.raises(TypeError):
            engine.matching({"n1": "一"})
        assert engine.matching({"n1": 1}) == [0]
    engine.close()
    assert said == []


def test_what_breaks_is_logged_without_the_facts(monkeypatch):
    engine = compile_durable(rules(Leaf("n1", Op.EQ, 1)), TABLE)

    def careless(handle, text):
        raise RuntimeError(text)

    monkeypatch.setattr(durable.core, "assert_fact", careless)
    with capture_logs() as said, pytest.raises(RuntimeError):
        engine.matching({"n1": 31_337})
    assert said[0]["why"] == "RuntimeError"
    assert "31337" not in str(said)


def test_without_the_core_one_warning_names_the_engine_instead(monkeypatch):
    monkeypatch.setattr(durable, "core", None)
    durable.best_engine.cache_clear()
    try:
        with capture_logs() as said:
            durable.best_engine()
            engine = durable.best_engine()(rules(Leaf("n1", Op.EQ, 1)), TABLE)
    finally:
        durable.best_engine.cache_clear()
    assert (engine.name, engine.matching({"n1": 1})) == ("generated", [0])
    assert [line["event"] for line in said] == ["durable_rules_missing"]
    assert "改用自带的 generated 引擎，结论相同 / durable-rules is not installed" in said[0]["message"]


def test_closing_twice_is_harmless_and_a_net_that_never_fired_can_be_closed():
    engine = compile_durable(rules(Leaf("n1", Op.EQ, 1)), TABLE)
    engine.close()
    engine.close()
    assert engine.matching({"n1": 1}) == [0], "a decision that still holds a closed engine is answered by generated"


def test_a_net_that_nobody_closed_is_given_back(monkeypatch):
    freed = []
    real = durable.core.delete_ruleset
    monkeypatch.setattr(durable.core, "delete_ruleset", lambda handle: (freed.append(handle), real(handle)))
    engine = compile_durable(rules(Leaf("n1", Op.EQ, 1)), TABLE)
    del engine
    gc.collect()
    assert len(freed) == 1


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
