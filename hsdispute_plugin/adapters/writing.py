"""What every host has in common when a result is written into its ticket: whose value stands there, and what is changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Set
from typing import Any

#: Values of the decision: emptied when the new one has none. 报送编号 is given once and stays.
DECIDED = ("主办", "协办", "类别", "办理", "时限", "依据")
KEY = "幂等键"  # the field that holds the key of a result; never a person's


def is_a_persons(
    label: str, shown: Collection[str], waiting: Set[str], holds: Callable[[Any], bool], wanted: Mapping[str, Any],
    before: Mapping[str, Any],
) -> bool:
    """Tell whether a field holds a person's value, which stands. A value of 可覆盖 (``waiting``) is a waiting pool's, nobody's.

    ``shown``: the words in which the host shows what the field holds, none when it is empty; ``holds`` tells whether that is
    a value of ours; ``wanted`` and ``before`` are the values of this result and of the one before, by label.
    """
    if label == KEY or not shown or not waiting.isdisjoint(shown):
        return False
    return not holds(wanted[label]) and not (label in before and holds(before[label]))


def changes(
    wanted: Mapping[str, Any], before: Mapping[str, Any], kept: Collection[str], holds: Callable[[str, Any], bool]
) -> dict[str, Any]:
    """Return what is to be written, by label: nothing over a person's value, nothing that stands already (``holds``)."""
    return {label: value for label, value in wanted.items()
            if label not in kept and (value or (label in before and label in DECIDED)) and not holds(label, value)}


def noted(note: str, kept: Iterable[str]) -> str:
    """Return a note that also names the fields in which a person's value was kept."""
    labels = "、".join(kept)
    return f"{note}\n\n经办人已填、未覆盖的字段：{labels}" if labels else note
