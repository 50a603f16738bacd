"""Facts of many tickets as columns: each set and all yes-or-no facts packed as bits of one number, nothing ever null.

- 多选: one bit for each member, in as many words as it takes;
- 是否: two bits in the words ``flags``, one for 是 and one for 否; a missing fact has neither;
- 单选: the place of the value in the table of facts, from 1; 0 is missing, ``OTHER`` a value that the table does not know;
- 整数: the number, clipped to what rules can tell apart; ``MISSING``, smaller than any number of a rule, is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

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


class Layout:
    """The columns for the facts of one table, and the way there and back."""

    def __init__(self, table: FactTable) -> None:
        self.facts = tuple(d for d in table.by_code.values() if d.source != "family" and not d.counts)
        self.schema: dict[str, type[pl.DataType]] = {}
        self._bits: dict[str, dict[Scalar, Bit]] = {}  # fact -> member, or True and False
        self._places: dict[str, dict[str, int]] = {}  # 单选 fact -> value -> place
        for fact in self.facts:
            if fact.kind is Kind.SET:
                self._bits[fact.code] = dict(zip(_codes(fact), self._words(fact.code, len(_codes(fact))), strict=True))
            elif fact.kind is Kind.CHOICE:
                self._places[fact.code] = {code: n for n, code in enumerate(_codes(fact), 1)}
                self.schema[fact.code] = pl.UInt16
            elif fact.kind is Kind.INT:
                self.schema[fact.code] = pl.Int32
        flags = [(d.code, answer) for d in self.facts if d.kind is Kind.BOOL for answer in (True, False)]
        for (code, answer), bit in zip(flags, self._words(FLAGS, len(flags)), strict=True):
            self._bits.setdefault(code, {})[answer] = bit
        self._columns = {name: n for n, name in enumerate(self.schema)}
        self._numbers = {d.code: self._columns[d.code] for d in self.facts if d.kind is Kind.INT}
        self._empty = [MISSING if name in self._numbers else 0 for name in self.schema]
        self._ready: dict[tuple[str, FactValue], tuple[tuple[int, int], ...]] = {}

    def _words(self, name: str, count: int) -> list[Bit]:
        """Give ``count`` bits their places, in words as narrow as they can be."""
        bits = []
        for first in range(0, max(count, 1), _WORD):
            column = name if first == 0 else f"{name}.{first // _WORD}"
            width = min(_WORD, count - first)
            self.schema[column] = next(t for size, t in _WIDTHS if width <= size)
            bits += [Bit(column, 1 << n) for n in range(width)]
        return bits

    # -- one ticket ---------------------------------------------------------------------------------------------------

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

    def frame(self, rows: Iterable[Row]) -> pl.DataFrame:
        """Return rows as columns."""
        columns = list(zip(*rows, strict=True)) or [()] * len(self.schema)
        return pl.DataFrame([pl.Series(name, values, dtype=dtype)
                             for (name, dtype), values in zip(self.schema.items(), columns, strict=True)])

    # -- many tickets -------------------------------------------------------------------------------------------------

    def flag(self, code: str, value: Scalar) -> pl.Expr | None:
        """Return what tells whether a set holds a member, or a 单选 or 是否 fact is just this; ``None``: it never can."""
        if code in self._places:
            place = self._places[code].get(str(value))
            return None if place is None else pl.col(code) == pl.lit(place, dtype=pl.UInt16)
        bit = self._bits[code].get(value)
        if bit is None:
            return None
        return (pl.col(bit.column) & pl.lit(bit.mask, dtype=self.schema[bit.column])) != 0

    def known(self, code: str) -> pl.Expr:
        """Return what tells whether a 单选, 是否 or 整数 fact is known."""
        if code in self._places:
            return pl.col(code) != 0
        if code not in self._bits:
            return pl.col(code) != MISSING
        column, mask = self._bits[code][True].column, self._bits[code][True].mask | self._bits[code][False].mask
        if self._bits[code][False].column != column:  # the two lie in two words
            return (pl.col(column) & self._bits[code][True].mask != 0) | (
                pl.col(self._bits[code][False].column) & self._bits[code][False].mask != 0)
        return (pl.col(column) & pl.lit(mask, dtype=self.schema[column])) != 0

    def count(self, code: str) -> pl.Expr:
        """Return the number of members of a set."""
        columns = dict.fromkeys(b.column for b in self._bits[code].values()) or {code: None}
        return pl.sum_horizontal([pl.col(c).bitwise_count_ones() for c in columns]).cast(pl.Int32)

    def columns_of(self, codes: Iterable[str]) -> list[str]:
        """Return the columns in which these facts stand, in the order of the layout; a count stands where its set does."""
        wanted = set()
        for code in codes:
            wanted |= {b.column for b in self._bits.get(code, {}).values()} or {code}
        return [name for name in self.schema if name in wanted]


_WIDTHS: tuple[tuple[int, type[pl.DataType]], ...] = ((8, pl.UInt8), (16, pl.UInt16), (32, pl.UInt32), (64, pl.UInt64))


def _codes(fact: FactDef) -> list[str]:
    return list(dict.fromkeys(fact.values.values()))
