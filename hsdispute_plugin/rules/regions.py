"""Where a matter lies: 合水县's townships and its neighbours, from ``config/regions.yaml``, with look-alikes kept apart."""

from __future__ import annotations

from dataclasses import dataclass, field

from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.rules.node import Node, Reading

INSIDE, OUTSIDE = "inside", "outside"


@dataclass(slots=True)
class Regions:
    """Names of places inside and outside the county, folded. A longer name hides those inside it (西华池镇 hides 华池)."""

    inside: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    towns: dict[str, str] = field(default_factory=dict)  # name or other name, folded → name

    def area(self, given: str) -> str | None:
        """Tell where the host's own field puts a matter: the longest name in it decides; ``None`` when it names no place."""
        text = fold(given)
        found = max((n for n in self.inside | self.outside if n in text), key=len, default=None)
        return None if found is None else INSIDE if found in self.inside else OUTSIDE


    def town(self, text: str) -> str:
        """Return the township that a text names, the longest name first; empty: none."""
        folded = fold(text)
        return self.towns[max(found, key=len)] if (found := [n for n in self.towns if n in folded]) else ""


def read_regions(node: Node | None, reading: Reading) -> Regions:
    """Read ``regions.yaml``: 县名, 乡镇 with 别名, 县外."""
    regions = Regions()
    top = reading.mapping(node, "", ("县名", "乡镇", "县外"))
    if top is None:
        return regions
    if name := reading.text(top["县名"], "县名"):
        regions.inside.add(fold(name))
    for row in reading.items(top["乡镇"], "乡镇"):
        item = reading.mapping(row, "乡镇", ("名称",), ("别名", "代码"))
        name = reading.text(item["名称"], "乡镇") if item else None
        for n in (item["名称"], *reading.items(item.get("别名"), "别名")) if item else ():
            if text := reading.text(n, "乡镇"):
                regions.inside.add(fold(text))
                regions.towns[fold(text)] = name or text
    for n in reading.items(top["县外"], "县外"):
        if text := reading.text(n, "县外"):
            regions.outside.add(fold(text))
    if both := regions.inside & regions.outside:
        reading.note(top["县外"].where, "县外", f"“{min(both)}” 既在县内又在县外", "a place is both inside and outside",
                     "请删去一处")
    return regions
