"""Every small way to get a rule wrong: a comparison turned round, moved by one, or left out. Examples should notice each."""

from __future__ import annotations

from collections.abc import Iterator

from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.wording import condition_words

#: An order comparison moved by one: what happens to the number that the rule names.
_MOVED = {Op.GE: Op.GT, Op.GT: Op.GE, Op.LE: Op.LT, Op.LT: Op.LE}
NEVER: Condition = AnyOf(())


def mutants(condition: Condition, table: FactTable) -> Iterator[tuple[str, Condition]]:
    """Yield what was done to a rule's condition, in words, and the condition it left; the rule deleted comes first."""
    yield "整条删去", NEVER
    if isinstance(condition, Leaf):
        yield f"去掉条件 “{condition_words(condition, table)}”", All(())
    yield from _bent(condition, table)


def _bent(condition: Condition, table: FactTable) -> Iterator[tuple[str, Condition]]:
    if isinstance(condition, Leaf):
        said = condition_words(condition, table)
        yield f"把 “{said}” 反过来", NoneOf((condition,))
        if condition.op in _MOVED:
            moved = Leaf(condition.fact, _MOVED[condition.op], condition.value)
            yield f"把 “{said}” 改成 “{condition_words(moved, table)}”", moved
        return
    for n, part in enumerate(condition.parts):
        before, behind = condition.parts[:n], condition.parts[n + 1 :]
        yield f"去掉条件 “{condition_words(part, table)}”", type(condition)((*before, *behind))
        for what, bent in _bent(part, table):
            yield what, type(condition)((*before, bent, *behind))
