"""One generated Python function per family: the cross-check of ``durable``, and the engine where that cannot be built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition_code import matcher
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.rulebook import Engine, Rule


class GeneratedEngine:
    """Matches all rules of a family in one function call."""

    name = "generated"

    def __init__(self, rules: Sequence[Rule], table: FactTable) -> None:
        self._matching = matcher([r.condition for r in rules], table)

    def matching(self, values: Mapping[str, FactValue]) -> list[int]:
        """Return the positions of all rules that hold, ascending."""
        return self._matching(values)

    def close(self) -> None:
        """Nothing is held."""


def compile_generated(rules: Sequence[Rule], table: FactTable) -> Engine:
    """Compile the rules of one family (a ``CompileEngine``)."""
    return GeneratedEngine(rules, table)
