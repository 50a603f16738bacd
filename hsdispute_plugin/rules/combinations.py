"""What phrases mean together: combinations of tags, tried only where their parts are at hand and the result is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hsdispute_plugin.rules.lexicon import Combination, Words
from hsdispute_plugin.rules.phrasebook import Phrasebook, Token

REMEMBERED = 5_000  # different things said whose rows are kept ready
SPOILING = 4  # characters around a combination within which a spoiler (除非) still spoils it


class Row:
    """One combination with its tags as bits."""

    def __init__(self, c: Combination, book: Phrasebook) -> None:
        self.steps = tuple(book.mask(s) for s in c.steps)
        self.result = book.bits_of(c.klass, c.tag)
        self.whole = c.whole_sentence
        #: Its rarest step of words; where only other combinations ask for it, what those need (``rows_of``).
        self.needs = -1
        self.gap, self.unless, self.ordered = c.gap, book.mask(c.unless), c.ordered
        self._reach = self._next if c.ordered else self._near

    def first(self, tokens: Sequence[Token], around: int) -> Token | None:
        """Return the first place where it holds, as a token; ``around``: bits of all tokens."""
        spoilers = self.unless & around
        for start, end, bits in tokens:
            if bits & self.steps[0]:
                span = self._reach(tokens, start, end)
                if span and not (spoilers and self._spoilt(tokens, *span)):
                    return (*span, self.result)
        return None

    def _next(self, tokens: Sequence[Token], start: int, end: int) -> tuple[int, int] | None:
        for step in self.steps[1:]:
            near = [(s, e) for s, e, b in tokens if b & step and 0 <= s - end <= self.gap]
            if not near:
                return None
            end = min(near)[1]
        return start, end

    def _near(self, tokens: Sequence[Token], start: int, end: int) -> tuple[int, int] | None:
        first, last = start, end
        for step in self.steps[1:]:
            near = [(max(s - end, start - e, 0), s, e) for s, e, b in tokens if b & step]
            if not near:
                return None
            gap, s, e = min(near)
            if gap > self.gap:
                return None
            first, last = min(first, s), max(last, e)
        return first, last

    def _spoilt(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        return any(b & self.unless and start - SPOILING <= s and e <= end + SPOILING for s, e, b in tokens)


_Try = tuple[int, int, int, int, Row]  # bits of the first four steps (-1 where there are fewer), to fail early
_Group = tuple[int, list[_Try]]  # a step that all its rows share, and the rows


class _Stage(dict[int, tuple[Row, ...]]):
    """Rows by what a part of a sentence says: those whose steps are all at hand. Messages repeat what they say."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.groups = _grouped(list(rows))
        self.asked = 0  # bits of all steps
        for row in rows:
            for step in row.steps:
                self.asked |= step

    def __missing__(self, bits: int) -> tuple[Row, ...]:
        found = tuple([row for shared, tries in self.groups if bits & shared
                       for a, b, c, d, row in tries if bits & a and bits & b and bits & c and bits & d])
        if len(self) < REMEMBERED:
            self[bits] = found
        return found


class Combinations:
    """Combinations of one range, in stages: those of words first, then those that need what the first found.

    ``worth``: a sentence without any of these bits holds no combination that leads anywhere.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.worth = 0
        self.stages: list[_Stage] = []
        rest = list(rows)
        while rest:
            made = 0
            for row in rest:
                made |= row.result
                self.worth |= row.needs
            ready = [row for row in rest if not any(step & made for step in row.steps)] or rest
            self.stages.append(_Stage(ready))
            rest = [row for row in rest if row not in ready]

    def met(self, parts: Sequence[list[Token]], around: int) -> list[Token]:
        """Return one token for each combination that a part holds; ``around``: bits of their whole sentence."""
        found: list[Token] = []
        for tokens in parts:
            bits = 0
            for token in tokens:
                bits |= token[2]
            for stage in self.stages:
                new = [made for row in stage[bits & stage.asked] if around & row.needs and (made := row.first(tokens, bits))]
                if not new:
                    break
                found += new
                tokens = tokens + new
                for token in new:
                    bits |= token[2]
        return found


def rows_of(words: Words, book: Phrasebook, asked: int) -> list[Row]:
    """All combinations; one that leads only to others needs what those need. ``asked``: bits of facts and presumptions."""
    rows = [Row(c, book) for c in words.combinations]
    made = 0
    for row in rows:
        made |= row.result
    for row in rows:
        # A step that another combination may give says nothing before that has been tried.
        row.needs = min((s for s in row.steps if not s & made), key=book.phrases_of, default=-1)
    for _ in range(3):  # combinations of combinations of combinations
        for row in rows:
            if not row.result & asked:
                after = [r.needs for r in rows if any(step & row.result for step in r.steps)]
                row.needs = 0
                for needs in after:
                    row.needs |= needs
    return rows


def _grouped(rows: list[Row]) -> list[_Group]:
    """Group rows by the step that most of them share, so that most clauses try none."""
    groups: list[_Group] = []
    while rows:
        shared = Counter(step for row in rows for step in set(row.steps)).most_common(1)[0][0]
        tries: list[_Try] = []
        for row in rows:
            if shared in row.steps:
                a, b, c, d = (*row.steps, -1, -1)[:4]
                tries.append((a, b, c, d, row))
        groups.append((shared, tries))
        rows = [row for row in rows if shared not in row.steps]
    return groups
