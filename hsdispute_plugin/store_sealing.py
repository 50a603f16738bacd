"""How confidential columns are kept: sealed, bound to table, column and row; sealed anew, row by row, when keys change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_keys import SEPARATOR, Keys, KeysRefused, SealBroken, key_id, lacks

CALLER_HASH = "hmac:"  # how the hash of a caller begins that was made under the file's key
_SCRUB = "scrub"  # in meta: what was in clear may still stand in free pages of the database


class SealedTables:
    """The part of a transaction that seals and opens. Without keys it writes in clear, and reads only what is."""

    _c: sa.Connection
    _keys: Keys | None

    def _sealed_by(self) -> str:
        return self._keys.writer.id if self._keys else schema.PLAIN

    def _seal(self, column: sa.Column[Any], row: Sequence[str], plain: bytes) -> bytes:
        return self._keys.seal(_place(column, row), plain) if self._keys and plain else plain

    def _open(self, column: sa.Column[Any], row: Sequence[str], given: bytes) -> bytes:
        if self._keys:
            return self._keys.open(_place(column, row), given)
        if sealed_with := key_id(given):
            raise KeysRefused(lacks(None, [sealed_with]))
        return given

    def _seal_text(self, column: sa.Column[Any], row: Sequence[str], text: str) -> bytes:
        return self._seal(column, row, text.encode("utf-8", "surrogatepass"))

    def _open_text(self, column: sa.Column[Any], row: Sequence[str], given: bytes) -> str:
        return self._open(column, row, given).decode("utf-8", "surrogatepass")

    def _seal_json(self, column: sa.Column[Any], row: Sequence[str], value: object) -> bytes:
        return self._seal_text(column, row, json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def _open_json(self, column: sa.Column[Any], row: Sequence[str], given: bytes) -> Any:
        return json.loads(self._open_text(column, row, given))

    def caller_hash(self, hashed: str) -> str:
        """Return by what a caller is found again: ``hashed`` under a key that does not stand in the database."""
        return CALLER_HASH + self._keys.hashed(schema.CALLER, hashed) if self._keys else hashed

    # -- when keys change -------------------------------------------------------------------------------------------

    def seals(self) -> Counter[str]:
        """Count the rows with something confidential by the key that sealed them; ``schema.PLAIN``: in clear."""
        found: Counter[str] = Counter()
        for table in schema.SEALED:
            by = table.c.sealed_by
            rows = self._c.execute(sa.select(by, sa.func.count()).where(by > schema.NOTHING).group_by(by))
            found.update({str(key): int(n) for key, n in rows})
        return found

    def reseal(self, table: sa.Table, after: Any, limit: int) -> tuple[int, Any]:
        """Seal with the newest key up to ``limit`` rows of a table that are not, those after a primary key.

        Returns how many, and the last one's primary key, ``None`` when there are no more. Rows that somebody holds on
        PostgreSQL are passed over: they are found the next time.
        """
        assert self._keys
        (number,), writer, by = table.primary_key.columns, self._keys.writer.id, table.c.sealed_by
        columns = schema.SEALED[table]
        wanted = [sa.or_(sa.and_(by > schema.NOTHING, by < writer), by > writer)]
        wanted += [number > after] if after is not None else []
        of_row = [table.c[name] for name in table.info["row"]]
        chosen = sa.select(number, by, *of_row, *columns).where(*wanted).order_by(number).limit(limit)
        rows = self._c.execute(chosen.with_for_update(skip_locked=True)).all()
        done = 0
        for key, before, *values in rows:
            row, given = values[: len(of_row)], values[len(of_row) :]
            try:
                anew = {c.name: self._seal(c, row, self._open(c, row, v)) for c, v in zip(columns, given, strict=True) if v}
            except SealBroken:  # stays as it is, and counts as sealed with its old key
                continue
            self._c.execute(table.update().where(number == key).values(sealed_by=writer, **anew))
            done += 1
            if before == schema.PLAIN:
                self.note_scrub()
        return done, rows[-1][0] if len(rows) == limit else None

    def broken_seals(self, table: sa.Table, after: Any, limit: int) -> tuple[list[str], Any]:
        """Open up to ``limit`` rows of a table, those after a primary key; return what is wrong with those that do not open.

        Also returns the last one's primary key, ``None`` when there are no more.
        """
        (number,), columns = table.primary_key.columns, schema.SEALED[table]
        of_row = [table.c[name] for name in table.info["row"]]
        chosen = sa.select(number, *of_row, *columns).order_by(number).limit(limit)
        rows = self._c.execute(chosen.where(number > after) if after is not None else chosen).all()
        found = []
        for _, *values in rows:
            row, given = values[: len(of_row)], values[len(of_row) :]
            for column, value in zip(columns, given, strict=True):
                try:
                    self._open(column, row, value or b"")
                except SealBroken as err:
                    found.append(str(err))
        return found, rows[-1][0] if len(rows) == limit else None

    def rehash(self, limit: int) -> int:
        """Hash with the file's key up to ``limit`` callers whose hash was made with a key in the database; return how many."""
        t = schema.traits
        chosen = sa.select(t.c.case_no, t.c.value).where(
            t.c.kind == schema.CALLER, t.c.value.not_like(CALLER_HASH + "%")).limit(limit)
        rows = self._c.execute(chosen).all()
        for number, value in rows:
            self._c.execute(t.update().where(t.c.case_no == number, t.c.kind == schema.CALLER, t.c.value == value).values(
                value=self.caller_hash(value)))
        return len(rows)

    def note_scrub(self) -> None:
        """Note that something confidential may still stand in free pages of the database."""
        m = schema.meta
        if not self._c.execute(m.update().where(m.c.key == _SCRUB).values(value="due")).rowcount:
            self._c.execute(m.insert().values(key=_SCRUB, value="due"))

    def scrub_is_due(self) -> bool:
        """Tell whether something confidential may still stand in free pages."""
        return self._c.scalar(sa.select(schema.meta.c.value).where(schema.meta.c.key == _SCRUB)) == "due"

    def scrubbed(self) -> None:
        """Note that the free pages were wiped."""
        self._c.execute(schema.meta.delete().where(schema.meta.c.key == _SCRUB))


def _place(column: sa.Column[Any], row: Sequence[str]) -> str:
    return SEPARATOR.join([column.table.name, column.name, *map(str, row)])
