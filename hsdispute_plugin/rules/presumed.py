"""What may be presumed from what was found: 单说“医保”的看身份，单位不交社保的多半也没有参保."""

from __future__ import annotations

from collections.abc import Iterable

from hsdispute_plugin.rules.lexicon import Condition, Presumption, Zone
from hsdispute_plugin.rules.phrasebook import Phrasebook


class Presumed:
    """A presumption with its conditions as bits: of the whole, the head and the demands, in this order."""

    def __init__(self, p: Presumption, book: Phrasebook, *, single: bool) -> None:
        """``single``: its class has one value only."""
        self.alone, self.result = p.alone, book.bits_of(p.klass, p.tag)
        self.met = book.mask((p.met.tag,))
        self.key = p.klass if single else (p.klass, self.met)  # what one presumption settles for those that stand alone
        self.met_in = _by_zone((p.met,), book)
        self.some, self.none = _by_zone(p.any_of, book), _by_zone(p.none_of, book)
        self.every = tuple(_by_zone((c,), book) for c in p.all_of)
        self.shown = self.about = True  # whether what it concludes may become evidence, or what a sentence is about
        self.asked = self.met
        for masks in (self.some, self.none, *self.every):
            for mask in masks:
                self.asked |= mask

    def holds(self, whole: int, head: int, demand: int) -> bool:
        """Tell whether what was found in each zone meets it; ``met`` itself is known to be there, but maybe in another."""
        a, b, c = self.met_in
        if not (whole & a or head & b or demand & c):
            return False
        a, b, c = self.none
        if whole & a or head & b or demand & c:
            return False
        a, b, c = self.some
        if (a or b or c) and not (whole & a or head & b or demand & c):
            return False
        return all(whole & a or head & b or demand & c for a, b, c in self.every)


def _by_zone(conditions: Iterable[Condition], book: Phrasebook) -> tuple[int, int, int]:
    masks = {zone: book.mask(c.tag for c in conditions if c.zone is zone) for zone in Zone}
    return masks[Zone.ALL], masks[Zone.HEAD], masks[Zone.DEMAND]
