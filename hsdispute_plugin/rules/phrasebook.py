"""All phrases with what they mean, made ready for reading: tags as bits of one number, nested phrases settled beforehand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from hsdispute_plugin.rules.automaton import Automaton
from hsdispute_plugin.rules.lexicon import CLUES, Negated, Words

Token = tuple[int, int, int]  # start, end, bits

#: What ends a clause, and what ends a sentence as well.
CLAUSE_ENDS = ",，:：;；()（）"
SENTENCE_ENDS = "。！？!?;；\n…"
CLAUSE_END, SENTENCE_END = "分句末", "句末"


class Phrasebook:
    """Phrases of a lexicon (and names of places) as one automaton. Immutable once built.

    Every tag, class and 合称 is one bit: ``bit["欠费"]``. A phrase inside a longer one of its class does not count, nor
    one inside a phrase that its entry excludes (不算); both are known before any text is read.
    """

    def __init__(self, words: Words, more: Mapping[str, tuple[str, ...]], *, plain: bool = False) -> None:
        """``more``: further phrases by tag (names of places)."""
        self.bit: dict[str, int] = {}
        tags = [t for klass in words.classes for t in (klass, *sorted(words.classes[klass]))]
        for name in (*tags, *words.unions, *more, CLAUSE_END, SENTENCE_END):
            self.bit.setdefault(name, 1 << len(self.bit))
        self.unions = _closed(words)
        meanings: dict[str, list[tuple[str, int, int, Negated]]] = defaultdict(list)  # group, entry, bits, negated

        @cache  # many phrases say the same
        def said(klass: str, tag: str) -> tuple[str, int]:
            # A clue yields only to a longer phrase of the same clue, a fact's word to any longer one of the class.
            return f"{CLUES}.{tag}" if klass == CLUES else klass, self.bits_of(klass, tag)

        for phrase, senses in words.phrases.items():
            for s in senses:
                group, bits = said(s.klass, s.tag)
                meanings[phrase].append((group, s.entry, bits, s.negated))
        for tag, names in more.items():
            for name in names:
                meanings[name].append(("地名", 0, self.bit[tag], Negated.KEPT))
        for ends, tag in ((CLAUSE_ENDS, CLAUSE_END), (SENTENCE_ENDS, SENTENCE_END)):
            for char in ends:
                meanings[char].append((tag, 0, self.bit[tag], Negated.KEPT))
        phrases = sorted({*meanings, *words.blocks, *words.wholes})
        self.phrases = phrases
        automaton = Automaton(phrases, plain=plain)
        self.find, self.tree = automaton.find, automaton.tree
        self.bits = [_union(b for _, _, b, _ in meanings.get(p, ())) for p in phrases]
        self._alike = Counter(self.bits)
        negated = {(b, n) for m in meanings.values() for _, _, b, n in m}
        self.dropped = _union(b for b, n in negated if n is Negated.DROPPED)
        self.doubtful = _union(b for b, n in negated if n is Negated.DOUBTFUL)
        self.wholes = frozenset(n for n, p in enumerate(phrases) if p in words.wholes)
        self.hides = self._nested(phrases, meanings, words.blocks)
        self._special = self.wholes | self.hides.keys()
        self.hidden = frozenset(inner for row in self.hides.values() for inner, _, _ in row)

    def tokens(self, text: str) -> list[Token]:
        """Return the phrases of a folded text that count, ascending by end."""
        matches = self.find(text)
        all_bits, hides, special = self.bits, self.hides, self._special
        gone: dict[tuple[int, int], int] = {}
        wholes = []
        for match in matches:
            number = match[0]
            if number in special:
                if number in self.wholes:
                    wholes.append(match)
                for inner, offset, bits in hides.get(number, ()):
                    place = inner, match[1] + offset
                    gone[place] = gone.get(place, 0) | bits
        if not gone:
            found = [(start, end, all_bits[number]) for number, start, end in matches if all_bits[number]]
        else:
            hidden = self.hidden
            found = []
            for number, start, end in matches:
                bits = all_bits[number]
                if number in hidden:
                    bits &= ~gone.get((number, start), 0)
                if bits:
                    found.append((start, end, bits))
        for _, begin, close in wholes:
            found = [t for t in found if not (t[0] < begin < t[1] < close or begin < t[0] < close < t[1])]
        return found

    def bits_of(self, klass: str, tag: str) -> int:
        """Return the bits that a tag sets: its own, that of its class (not of 线索) and of every 合称 it is in."""
        bits = self.bit[tag] | (0 if klass == CLUES else self.bit[klass])
        for name, members in self.unions.items():
            if tag in members or klass in members:
                bits |= self.bit[name]
        return bits

    def phrases_of(self, bits: int) -> int:
        """Count the phrases that set any of some bits; those of combinations are none."""
        return sum(n for b, n in self._alike.items() if b & bits) or len(self.bits)

    def mask(self, names: Iterable[str]) -> int:
        """Return the bits of some names together; names that no word leads to give none."""
        return _union(self.bit.get(n, 0) for n in names)

    def _nested(
        self, phrases: list[str], meanings: Mapping[str, list[tuple[str, int, int, Negated]]], blocks: Mapping[str, set[int]]
    ) -> dict[int, tuple[tuple[int, int, int], ...]]:
        """Per phrase number: ``(inner phrase number, offset, bits of it that do not count)``."""
        hides = {}
        meant = [meanings.get(p, ()) for p in phrases]
        for n, outer in enumerate(phrases):
            found, blocked = list(self.find(outer)), blocks.get(outer, ())
            if len(found) == 1 and not blocked:
                continue  # itself
            groups = {group for group, *_ in meant[n]}
            inside = []
            for inner, start, _ in found:
                lost = kept = 0
                for group, entry, bits, _ in meant[inner]:
                    if entry in blocked or (group in groups and inner != n):
                        lost |= bits
                    else:
                        kept |= bits
                if gone := lost & ~kept:
                    inside.append((inner, start, gone))
            if inside:
                hides[n] = tuple(inside)
        return hides


def _closed(words: Words) -> dict[str, frozenset[str]]:
    """Unions with their unions resolved."""
    closed = dict(words.unions)
    for _ in words.unions:
        closed = {n: m.union(*(closed[x] for x in m if x in closed)) for n, m in closed.items()}
    return closed


def _union(bits: Iterable[int]) -> int:
    total = 0
    for b in bits:
        total |= b
    return total
