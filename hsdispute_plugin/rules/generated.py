"""One generated Python function per family: the cross-check of ``durable``, and the engine where that cannot be built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, leaves
from hsdispute_plugin.rules.facts import FactTable, Kind
from hsdispute_plugin.rules.rulebook import Engine, Rule

_SIGNS = {Op.EQ: "==", Op.NE: "!=", Op.GE: ">=", Op.LE: "<=", Op.GT: ">", Op.LT: "<"}
_NO_MEMBERS: frozenset[str] = frozenset()


class GeneratedEngine:
    """Matches all rules of a family in one function call."""

    name = "generated"

    def __init__(self, rules: Sequence[Rule], table: FactTable) -> None:
        self._matching = _compile([r.condition for r in rules], table)

    def matching(self, values: Mapping[str, FactValue]) -> list[int]:
        """Return the positions of all rules that hold, ascending."""
        return self._matching(values)

    def close(self) -> None:
        """Nothing is held."""


def compile_generated(rules: Sequence[Rule], table: FactTable) -> Engine:
    """Compile the rules of one family (a ``CompileEngine``)."""
    return GeneratedEngine(rules, table)


def _compile(conditions: Sequence[Condition], table: FactTable) -> Callable[[Mapping[str, FactValue]], list[int]]:
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
    matching: Callable[[Mapping[str, FactValue]], list[int]] = constants["matching"]  # type: ignore[assignment]
    return matching
