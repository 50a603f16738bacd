"""The words of a ticket behind facts and conclusions: sets of places as bits of one number, phrases made when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hsdispute_plugin.model import Facts, FactValue, Phrase
from hsdispute_plugin.rules.phrasebook import Token

SHOWN = 3  # places kept as evidence of one fact
#: Phrases shown with one reason; more would hide the rule behind the words.
MAX_PHRASES = 6


class Bits(dict[int, tuple[int, ...]]):
    """The numbers (from 1) of the bits of tokens, those that become evidence; found once, for the phrases of a lexicon are not
    many.
    """

    def __init__(self, shown: int) -> None:
        self._shown = shown

    def __missing__(self, bits: int) -> tuple[int, ...]:
        found = self[bits] = tuple([n + 1 for n in range(bits.bit_length()) if bits & self._shown & 1 << n])
        return found


class Evidence(Mapping[str, tuple[Phrase, ...]]):
    """The phrases behind each fact of one ticket.

    A set of places is a number whose bit ``n`` stands for the n-th place, so that many rules can share and unite them
    before a single phrase is made.
    """

    __slots__ = ("_behind", "_bits", "_held", "_made", "_original", "_places", "_said", "_tokens")

    def __init__(self, original: str, tokens: Callable[[], list[Token]], bits: Bits, held: Mapping[str, int]) -> None:
        """``tokens`` gives them; ``held``: what the text says (``people``, ``topics.arrears``), and the bit of its tokens."""
        self._original, self._tokens, self._bits, self._held = original, tokens, bits, held
        self._behind: dict[str, int] | None = None
        self._places: list[tuple[int, int]] = []
        self._made: dict[int, Phrase] = {}
        self._said: dict[int, tuple[Phrase, ...]] = {}

    @classmethod
    def of(cls, facts: Facts) -> Evidence:
        """Return the evidence of facts in this form; where it came as phrases (a plugin's, a test's), without that of members
        that no fact holds.
        """
        if isinstance(facts.evidence, cls):
            return facts.evidence
        evidence = {key: found for key, found in facts.evidence.items() if _held(key, facts.values)}
        phrases = sorted({p for found in evidence.values() for p in found}, key=lambda p: (p.start, p.end))
        number = {p: n for n, p in enumerate(phrases)}
        made = cls("", list, _NO_BITS, {})
        made._places = [(p.start, p.end) for p in phrases]
        made._made = dict(enumerate(phrases))
        made._behind = {key: sum(1 << number[p] for p in set(found)) for key, found in evidence.items() if found}
        return made

    @property
    def behind(self) -> Mapping[str, int]:
        """The first places of what is said for each fact."""
        if self._behind is None:
            said: dict[int, int] = {}
            places, numbers = self._places, self._bits
            begun = ended = -1
            one = 0
            for start, end, bits in sorted(self._tokens()):
                if shown := numbers[bits]:
                    if start != begun or end != ended:
                        places.append((start, end))
                        begun, ended = start, end
                        one = one << 1 or 1
                    for number in shown:
                        have = said.get(number, 0)
                        if have.bit_count() < SHOWN:
                            said[number] = have | one
            self._behind = {key: said[n] for key, bit in self._held.items() if (n := bit.bit_length()) in said}
        return self._behind

    def phrases(self, places: int) -> tuple[Phrase, ...]:
        """Return the phrases at some places in their order, without those inside another."""
        if (known := self._said.get(places)) is None:
            kept: list[int] = []
            begun = reach = -1
            rest = places
            while rest:
                last = rest & (rest - 1)
                n = (rest ^ last).bit_length() - 1
                rest = last
                start, end = self._places[n]
                if end > reach:
                    if start == begun:
                        kept[-1] = n  # what stands there already is the beginning of this one
                    elif len(kept) == MAX_PHRASES:
                        break
                    else:
                        kept.append(n)
                    begun, reach = start, end
            known = self._said[places] = tuple([self._phrase(n) for n in kept])
        return known

    def _phrase(self, n: int) -> Phrase:
        if (made := self._made.get(n)) is None:
            start, end = self._places[n]
            made = self._made[n] = Phrase(self._original[start:end], start, end)
        return made

    def __getitem__(self, key: str) -> tuple[Phrase, ...]:
        places = self.behind[key]
        return tuple([self._phrase(n) for n in range(places.bit_length()) if places >> n & 1])

    def get(self, key: str, default: Any = None) -> Any:
        """Return the phrases behind a fact, or ``default`` where the text says nothing of it."""
        return self[key] if key in self.behind else default

    def __iter__(self) -> Iterator[str]:
        return iter(self.behind)

    def __len__(self) -> int:
        return len(self.behind)


_NO_BITS = Bits(0)


def _held(key: str, values: Mapping[str, FactValue]) -> bool:
    fact, dot, member = key.partition(".")
    return not dot or member in values.get(fact, ())  # type: ignore[operator]
