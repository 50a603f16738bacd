"""What one text says: its clauses read, what they let us presume, what is told in passing. Compiled where it can be.

``Reader`` is the meaning; ``compiled`` lays the same tables out for ``_reading.c``, which gives the same answers in a tenth of
the time. A machine without that module reads with ``Reader`` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from hsdispute_plugin.rules.automaton import _reading
from hsdispute_plugin.rules.clauses import LAST_SENTENCES, NEGATION_WINDOW, Clauses, Reading, Span
from hsdispute_plugin.rules.combinations import SPOILING, Combinations
from hsdispute_plugin.rules.evidence import SHOWN
from hsdispute_plugin.rules.presumed import Presumed

ReadRow = Callable[[str, int, list[Span], bool, bytes, bytes], bytes | None]
_Row = tuple[Any, ...]  # of a table of ``_reading.c``, which says what stands in it


def built() -> bool:
    """Tell whether the compiled module is there."""
    return _reading is not None


class Reader:
    """Reads texts. Immutable once built; safe to share between threads."""

    def __init__(
        self, clauses: Clauses, presumptions: Sequence[Presumed], asides: Sequence[tuple[int, int]], premium: int, other: int
    ) -> None:
        """``asides``: classes, and their tags that do not count beside them; ``premium``, ``other``: what sentences are about."""
        self.clauses, self.presumptions, self.asides, self.premium, self.other = clauses, presumptions, asides, premium, other
        self._by_met = tuple((p.met, p) for p in presumptions)

    def read(self, text: str, head_end: int, titles: list[Span]) -> Reading:
        """Read one folded text, whose head ends at ``head_end`` and which names documents at ``titles``."""
        found = self.clauses.read(text, head_end, titles)
        self._presume(found)
        for klass, tags in self.asides:
            if found.demand & klass:  # 顺带不算: what the title and the demands do not name was told in passing
                found.everywhere &= ~tags | found.demand
        found.premium = found.head
        for bits in found.sentences:
            if bits & self.premium:
                found.about_premium += 1
                found.premium |= bits
            found.about_other += bool(bits & self.other)
        found.told = found.said.copy
        return found

    def _presume(self, found: Reading) -> None:
        settled: set[object] = set()
        whole, head, demand = found.everywhere, found.head, found.demand
        for met, p in self._by_met:
            if not whole & met or (p.alone and p.key in settled) or not p.holds(whole, head, demand):
                continue
            settled.add(p.key)
            whole |= p.result
            head |= p.result if head & met else 0
            demand |= p.result if demand & met else 0
            if p.about:
                for n, bits in enumerate(found.sentences):
                    if bits & met:
                        found.sentences[n] = bits | p.result
            if p.shown:
                found.said += [(s, e, p.result) for s, e, bits in found.said if bits & met][:SHOWN]
        found.everywhere, found.head, found.demand = whole, head, demand


class Compiled:
    """A reader, compiled."""

    def __init__(self, core: Any, laid: Callable[[int], bytes]) -> None:
        self._core, self.laid = core, laid
        self._understand, self._tokens = core.read, core.tokens

    def read(self, text: str, head_end: int, titles: list[Span]) -> Reading:
        """As ``Reader.read``."""
        found = Reading(*self._understand(text, head_end, titles))
        found.told = partial(self._tokens, found.told)
        return found

    def rows(self, masks: Sequence[int], marks: Sequence[tuple[int, int, int, int, bool]], places: tuple[int, ...]) -> ReadRow:
        """Return what makes of a row that is begun the row of a text, ``None`` where that asks for tokens.

        It is also given whether the head is less than all, and what numbers add to the bits of the whole, ``laid`` or empty.
        ``masks``: bits of what is had already, of places inside and outside, of insurances, the umbrella, single ones under it.
        ``marks``: by which bits in which zone which byte changes how, and whether only while it is 0. ``places``: the size of a
        row, where its premium sentences, their share and the area begin, and the bytes of an area inside and outside.
        """
        made = _reading.Rows(core=self._core, masks=list(map(self.laid, masks)),
                             marks=[(self.laid(bits), *rest) for bits, *rest in marks], places=places)
        read: ReadRow = made.read
        return read


def compiled(reader: Reader) -> Compiled | None:
    """Return a reader compiled; ``None`` where the module was not built, or the lexicon has too many tags for it."""
    clauses = reader.clauses
    book = clauses.book
    width = -(-len(book.bit) // 64)
    if book.tree is None or width > _reading.WORDS:
        return None
    everything = (1 << 64 * width) - 1

    def laid(bits: int) -> bytes:
        return (bits & everything).to_bytes(8 * width, "little")  # -1: any

    def zones(masks: tuple[int, int, int]) -> tuple[bytes, ...]:
        return tuple(map(laid, masks))

    phrases: list[_Row] = []
    hides: list[_Row] = []
    groups: list[_Row] = []
    rows: list[_Row] = []
    steps: list[bytes] = []
    every: list[_Row] = []
    same = {bits: laid(bits) for bits in set(book.bits)}  # many phrases say the same
    for n, bits in enumerate(book.bits):
        first = len(hides)
        if n in book.hides:
            hides += [(inner, offset, laid(gone)) for inner, offset, gone in book.hides[n]]
        phrases.append((same[bits], n in book.wholes, n in book.hidden, first, len(hides)))

    rarity = cache(book.phrases_of)

    def stages(of: Combinations) -> tuple[list[Span], bytes]:
        found = []
        for stage in of.stages:
            begin = len(groups)
            for shared, tries in stage.groups:
                first = len(rows)
                for *_, row in tries:
                    rows.append((laid(min(row.steps, key=rarity)), laid(row.result), laid(row.needs), laid(row.unless),
                                 row.gap, row.ordered, len(steps), len(steps) + len(row.steps)))
                    steps.extend(map(laid, row.steps))
                groups.append((laid(shared), first, len(rows)))
            found.append((begin, len(groups)))
        return found, laid(of.worth)

    keys: dict[object, int] = {}
    presumptions = []
    for p in reader.presumptions:
        first = len(every)
        every += map(zones, p.every)
        presumptions.append((laid(p.met), laid(p.result), zones(p.met_in), zones(p.some), zones(p.none), first, len(every),
                             keys.setdefault(p.key, len(keys)), p.alone, p.shown, p.about))
    masks = (clauses.ends, clauses.sentence, clauses.negation, book.dropped, book.doubtful, clauses.request, clauses.named,
             clauses.shown, reader.premium, reader.other)
    core = _reading.Core(
        words=width, tree=book.tree, limits=(NEGATION_WINDOW, SPOILING, LAST_SENTENCES, SHOWN), masks=list(map(laid, masks)),
        phrases=phrases, hides=hides, of_clause=stages(clauses.of_clause), of_sentence=stages(clauses.of_sentence),
        groups=groups, rows=rows, steps=steps, presumptions=presumptions, every=every,
        asides=[laid(bits) for pair in reader.asides for bits in pair])
    return Compiled(core, laid)
