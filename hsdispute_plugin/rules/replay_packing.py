"""The facts of a ticket packed into a row of bytes, number after number: sets and yes-or-no facts as bits, nothing ever null.

- 多选: one bit for each member, in as many words as it takes;
- 是否: two bits in the words ``flags``, one for 是 and one for 否; a missing fact has neither;
- 单选: the place of the value in the table of facts, from 1; 0 is missing, ``OTHER`` a value that the table does not know;
- 整数: the number, clipped to what rules can tell apart; ``MISSING``, smaller than any number of a rule, is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import getitem, xor

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import Scalar
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind

FLAGS = "flags"
OTHER = 65_535
MISSING = -(2**31)
CLIP = 2_000_000_000  # twice the largest number a rule may name
REMEMBERED = 5_000  # values of one fact kept ready
_WORD = 64

Row = bytes


@dataclass(frozen=True, slots=True)
class Bit:
    """Where one flag stands: a column and a bit of it."""

    column: str
    mask: int


class _Places(dict[FactValue, int]):
    """The bits of a row that each value of one fact sets; messages repeat few, so those met are kept."""

    def __init__(self, bits_of: Callable[[FactValue], int]) -> None:
        self._bits_of = bits_of

    def __missing__(self, value: FactValue) -> int:
        made = self._bits_of(value)
        if len(self) < REMEMBERED:
            self[value] = made
        return made


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
        self.offsets: dict[str, int] = {}  # the byte at which each column begins
        self.size = 0  # bytes of a row
        for name, width in self.widths.items():
            self.offsets[name] = self.size
            self.size += abs(width) // 8
        numbers = [d.code for d in self.facts if d.kind is Kind.INT]
        self._empty = sum(self._at(code, MISSING) for code in numbers)
        # What is no fact of a text leaves no mark.
        self._of_fact: defaultdict[str, _Places] = defaultdict(lambda: _Places(lambda _: 0))
        self._of_fact |= {d.code: _Places(partial(self._bits_of, d)) for d in self.facts}

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
        """Return the facts of one ticket as a row."""
        return (self._empty ^ self.bits(values)).to_bytes(self.size, "little")

    def bits(self, values: Mapping[str, FactValue]) -> int:
        """Return what some facts change in a row that knows nothing; those of several facts together are their ``^``."""
        # Each fact has bits of its own, and a number turns the missing one that stands there into itself.
        return reduce(xor, map(getitem, map(self._of_fact.__getitem__, values), values.values()), 0)

    def _bits_of(self, fact: FactDef, value: FactValue) -> int:
        code = fact.code
        if fact.kind is Kind.INT:
            return self._at(code, max(-CLIP, min(CLIP, int(value)))) ^ self._at(code, MISSING)  # type: ignore[arg-type]
        if fact.kind is Kind.CHOICE:
            return self._at(code, self._places[code].get(str(value), OTHER))
        bits = self._bits[code]
        held = [bits[m] for m in value if m in bits] if isinstance(value, frozenset) else [bits[bool(value)]]
        return sum(self._at(b.column, b.mask) for b in held)

    def _at(self, column: str, number: int) -> int:
        """Return a number of a column where it stands in a row."""
        return number % (1 << abs(self.widths[column])) << 8 * self.offsets[column]

    def unpack(self, row: Sequence[int]) -> dict[str, FactValue]:
        """Return the facts of one row of columns; the way back of ``pack``.

        A value that the table does not know is an empty text.
        """
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
