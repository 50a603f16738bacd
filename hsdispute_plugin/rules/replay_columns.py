"""Packed facts of many tickets as columns of a Polars frame, and what asks them for one flag, one number, one count."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
from polars import DataFrame as DataFrame

from hsdispute_plugin.rules.condition import Scalar
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.replay_packing import MISSING, Packing, Row

_TYPES: dict[int, type[pl.DataType]] = {8: pl.UInt8, 16: pl.UInt16, 32: pl.UInt32, 64: pl.UInt64, -32: pl.Int32}


class Layout(Packing):
    """The packing of one table as columns."""

    def __init__(self, table: FactTable) -> None:
        super().__init__(table)
        self.schema = {name: _TYPES[width] for name, width in self.widths.items()}

    def frame(self, rows: Iterable[Row]) -> pl.DataFrame:
        """Return rows as columns."""
        packed = pl.Series("row", list(rows), dtype=pl.Binary).to_frame()
        return packed.select(
            pl.col("row").bin.slice(self.offsets[name], abs(self.widths[name]) // 8)
            .bin.reinterpret(dtype=dtype, endianness="little").alias(name) for name, dtype in self.schema.items())

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
