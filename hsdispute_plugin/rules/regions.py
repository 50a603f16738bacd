"""Where a matter lies: 合水县's townships and its neighbours, from ``config/regions.yaml``, with look-alikes kept apart."""

from __future__ import annotations

from dataclasses import dataclass, field

from hsdispute_plugin.rules.lexicon import Scanner, fold
from hsdispute_plugin.rules.node import Node, Reading


@dataclass(frozen=True, slots=True)
class Area:
    """``inside`` or ``outside`` the county, and the places in the text that say so."""

    code: str
    spans: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Regions:
    """Names of places inside and outside the county. A longer name hides those inside it (西华池镇 hides 华池)."""

    inside: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    phrases: tuple[str, ...] = ()
    _scanner: Scanner = field(default_factory=lambda: Scanner(()))

    def area(self, given: str, text: str, title_length: int) -> Area | None:
        """Tell where the matter lies. The host's own field goes first; a place outside counts only when no place inside is
        named and it stands in the title or is named twice (a neighbour county mentioned in passing moves nothing).

        ``text`` is folded; ``None`` when nothing is known.
        """
        of_field = self._places(fold(given))
        if of_field:
            return Area("inside" if any(i for _, _, i in of_field) else "outside", ())
        places = self._places(text)
        here = tuple((s, e) for s, e, inside in places if inside)
        if here:
            return Area("inside", here[:3])
        there = tuple((s, e) for s, e, _ in places)
        if len(there) > 1 or any(e <= title_length for _, e in there):
            return Area("outside", there[:3])
        return None

    def _places(self, text: str) -> list[tuple[int, int, bool]]:
        if not text:
            return []
        found = sorted(self._scanner.find(text), key=lambda m: (m[1], -m[2]))
        kept: list[tuple[int, int, bool]] = []
        reach = 0
        for number, start, end in found:
            if end > reach:
                reach = end
                kept.append((start, end, self.phrases[number] in self.inside))
        return kept


def read_regions(node: Node | None, reading: Reading) -> Regions:
    """Read ``regions.yaml``: 县名, 乡镇 with 别名, 县外."""
    regions = Regions()
    top = reading.mapping(node, "", ("县名", "乡镇", "县外"))
    if top is None:
        return regions
    for name in (top["县名"], *reading.items(top["县外"], "县外")):
        text = reading.text(name, "地名")
        if text:
            (regions.inside if name is top["县名"] else regions.outside).add(fold(text))
    for row in reading.items(top["乡镇"], "乡镇"):
        item = reading.mapping(row, "乡镇", ("名称",), ("别名", "代码"))
        for n in (item["名称"], *reading.items(item.get("别名"), "别名")) if item else ():
            if text := reading.text(n, "乡镇"):
                regions.inside.add(fold(text))
    if both := regions.inside & regions.outside:
        reading.note(top["县外"].where, "县外", f"“{min(both)}” 既在县内又在县外", "a place is both inside and outside",
                     "请删去一处")
    regions.phrases = tuple(sorted(regions.inside | regions.outside))
    regions._scanner = Scanner(regions.phrases)
    return regions

