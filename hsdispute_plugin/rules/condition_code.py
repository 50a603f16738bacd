"""Conditions as one generated Python function: what the ``generated`` engine matches with, and explanations ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, leaves
from hsdispute_plugin.rules.facts import FactTable, Kind

Matcher = Callable[[Mapping[str, FactValue]], list[int]]

_SIGNS = {Op.EQ: "==", Op.NE: "!=", Op.GE: ">=", Op.LE: "<=", Op.GT: ">", Op.LT: "<"}
_NO_MEMBERS: frozenset[str] = frozenset()


def matcher(conditions: Sequence[Condition], table: FactTable) -> Matcher:
    """Compile conditions into one function that returns the positions of those that hold, ascending."""
    facts = sorted({leaf.fact for c in conditions for leaf in leaves(c)})
    variable = {fact: f"f{n}" for n, fact in enumerate(facts)}
    constants: dict[str, object] = {"none_": _NO_MEMBERS}

    def constant(value: object) -> str:
        # Values of rule files never stand in the source text, only their names do.
        name = f"c{len(constants)}"
        constants[name] = value
        return name

    def leaf_code(leaf: Leaf) -> str:
        f = variable[leaf.fact]
        match leaf.op:
            case Op.HAS_ANY:
                assert isinstance(leaf.value, tuple)
                if len(leaf.value) == 1:
                    return f"{constant(leaf.value[0])} in {f}"
                return f"not {f}.isdisjoint({constant(frozenset(leaf.value))})"
            case Op.IN:
                return f"{f} in {constant(leaf.value)}"
            case Op.NOT_IN:
                return f"({f} is not None and {f} not in {constant(leaf.value)})"
            case Op.EQ:
                return f"{f} == {constant(leaf.value)}"
            case _:
                return f"({f} is not None and {f} {_SIGNS[leaf.op]} {constant(leaf.value)})"

    def code(condition: Condition) -> str:
        match condition:
            case Leaf():
                return leaf_code(condition)
            case All(parts):
                return "(" + " and ".join(map(code, parts)) + ")" if parts else "True"
            case AnyOf(parts):
                return "(" + " or ".join(map(code, parts)) + ")" if parts else "False"
            case NoneOf(parts):
                return "not (" + " or ".join(map(code, parts)) + ")" if parts else "True"

    lines = ["def matching(values):", " get = values.get", " found = []"]
    for fact, name in variable.items():
        missing = "none_" if table.by_code[fact].kind is Kind.SET else "None"
        lines.append(f" {name} = get({constant(fact)}, {missing})")
    for position, condition in enumerate(conditions):
        lines.append(f" if {code(condition)}: found.append({position})")
    lines.append(" return found")
    exec(compile("\n".join(lines), "<rules>", "exec"), constants)
    matching: Matcher = constants["matching"]  # type: ignore[assignment]
    return matching
