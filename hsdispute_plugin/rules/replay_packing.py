"""The facts of a ticket packed into a row of numbers: each set and all yes-or-no facts as bits, nothing ever null.

- 多选: one bit for each member, in as many words as it takes;
- 是否: two bits in the words ``flags``, one for 是 and one for 否; a missing fact has neither;
- 单选: the place of the value in the table of facts, from 1; 0 is missing, ``OTHER`` a value that the table does not know;
- 整数: the number, clipped to what rules can tell apart; ``MISSING``, smaller than any number of a rule, is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import Scalar
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind

FLAGS = "flags"
OTHER = 65_535
MISSING = -(2**31)
CLIP = 2_000_000_000  # twice the largest number a rule may name
REMEMBERED = 50_000
_WORD = 64

Row = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bit:
    """Where one flag stands: a column and a bit of it."""

    column: str
    mask: int


class Packing:
    """The numbers for the facts of one table, and the way there and back.

    ``widths`` gives each column its bits, negative where the number may be below zero.
    """

    def __init__(self, table: FactTable) -> None:
        self.facts = tuple(d for d in table.by_code.values() if d.source != "family" and not d.counts)
        self.widths: dict[str, int] = {}
        self._bits: dict[str, dict[Scalar, Bit]] = {}  # fact -> member, or True and False
        self._places: dict[str, dict[str, int]] = {}  # 单选 fact -> value -> place
        for fact in self.facts:
            if fact.kind is Kind.SET:
                self._bits[fact.code] = dict(zip(_codes(fact), self._words(fact.code, len(_codes(fact))), strict=True))
            elif fact.kind is Kind.CHOICE:
                self._places[fact.code] = {code: n for n, code in enumerate(_codes(fact), 1)}
                self.widths[fact.code] = 16
            elif fact.kind is Kind.INT:
                self.widths[fact.code] = -32
        flags = [(d.code, answer) for d in self.facts if d.kind is Kind.BOOL for answer in (True, False)]
        for (code, answer), bit in zip(flags, self._words(FLAGS, len(flags)), strict=True):
            self._bits.setdefault(code, {})[answer] = bit
        self._columns = {name: n for n, name in enumerate(self.widths)}
        self._numbers = {d.code: self._columns[d.code] for d in self.facts if d.kind is Kind.INT}
        self._empty = [MISSING if name in self._numbers else 0 for name in self.widths]
        self._ready: dict[tuple[str, FactValue], tuple[tuple[int, int], ...]] = {}

    def _words(self, name: str, count: int) -> list[Bit]:
        """Give ``count`` bits their places, in words as narrow as they can be."""
        bits = []
        for first in range(0, max(count, 1), _WORD):
            column = name if first == 0 else f"{name}.{first // _WORD}"
            width = min(_WORD, count - first)
            self.widths[column] = next(size for size in (8, 16, 32, 64) if width <= size)
            bits += [Bit(column, 1 << n) for n in range(width)]
        return bits

    def pack(self, values: Mapping[str, FactValue]) -> Row:
        """Return the facts of one ticket as a row of numbers."""
        row = list(self._empty)
        for code, value in values.items():
            if code in self._numbers:
                row[self._numbers[code]] = max(-CLIP, min(CLIP, int(value)))  # type: ignore[arg-type]
                continue
            places = self._ready.get((code, value))
            for column, mask in self._places_of(code, value) if places is None else places:
                row[column] |= mask
        return tuple(row)

    def _places_of(self, code: str, value: FactValue) -> tuple[tuple[int, int], ...]:
        """Columns and bits of one value; messages repeat few, so those met are kept ready."""
        if code in self._places:
            made: tuple[tuple[int, int], ...] = ((self._columns[code], self._places[code].get(str(value), OTHER)),)
        else:
            bits = self._bits.get(code, {})
            held = [bits[m] for m in value if m in bits] if isinstance(value, frozenset) else [bits[bool(value)]] if bits else []
            made = tuple((self._columns[b.column], b.mask) for b in held)
        if len(self._ready) < REMEMBERED:
            self._ready[code, value] = made
        return made

    def unpack(self, row: Sequence[int]) -> dict[str, FactValue]:
        """Return the facts of one row; the way back of ``pack`` (a value that the table does not know is an empty text)."""
        found: dict[str, FactValue] = {}
        for fact in self.facts:
            if fact.kind is Kind.INT:
                if (number := row[self._columns[fact.code]]) != MISSING:
                    found[fact.code] = number
            elif fact.kind is Kind.CHOICE:
                if place := row[self._columns[fact.code]]:
                    found[fact.code] = next((c for c, n in self._places[fact.code].items() if n == place), "")
            else:
                held = [m for m, b in self._bits[fact.code].items() if row[self._columns[b.column]] & b.mask]
                if fact.kind is Kind.SET:
                    found[fact.code] = frozenset(map(str, held))
                elif held:
                    found[fact.code] = held[0]
        return found


def _codes(fact: FactDef) -> list[str]:
    return list(dict.fromkeys(fact.values.values()))
