"""Where each value of a configuration file stands in its text, so that one is changed and all else stays as typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Place:
    """A value: from where to where in the text (characters), and what it is made of.

    ``parts`` of a list are its items; ``pairs`` of a mapping its keys with theirs; both empty for a text. ``flow``: in brackets.
    The end of a list or mapping that is not in brackets is of no use.
    """

    start: int
    end: int
    value: str = ""
    parts: tuple[Place, ...] = ()
    pairs: Mapping[str, tuple[Place, Place]] | None = None
    flow: bool = False

    def at(self, *keys: str) -> Place | None:
        """Return what stands under keys, one inside the other."""
        found: Place | None = self
        for key in keys:
            pair = found.pairs.get(key) if found and found.pairs is not None else None
            found = pair[1] if pair else None
        return found


def places(text: str) -> Place | None:
    """Return the places of a text with plain line ends; ``None`` where it is no YAML."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        return None
    return _place(root) if root is not None else None


def _place(node: Any) -> Place:
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.SequenceNode):
        return Place(start, end, parts=tuple(_place(n) for n in node.value), flow=bool(node.flow_style))
    if isinstance(node, yaml.MappingNode):
        pairs = {k.value: (_place(k), _place(v)) for k, v in node.value if isinstance(k, yaml.ScalarNode)}
        return Place(start, end, pairs=pairs, flow=bool(node.flow_style))
    return Place(start, end, node.value)
