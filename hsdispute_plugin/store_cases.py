"""What is kept of the cases: the case itself, its clocks, its papers, and the library of typical ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_keys import Keys
from hsdispute_plugin.store_rows import CaseRow, ClockRow, PaperRow, TypicalCase
from hsdispute_plugin.store_sealing import SealedTables
from hsdispute_plugin.store_statements import insert_new, upsert


class CaseTables(SealedTables):
    """The part of a transaction that reads and writes cases."""

    def __init__(self, connection: sa.Connection, keys: Keys | None = None) -> None:
        self._c, self._keys = connection, keys
        self._several = connection.dialect.name == "postgresql"  # several processes may write at once
        self._told = set[str]()  # what other processes are told of at the end

    # -- cases ------------------------------------------------------------------------------------------------------

    def case_of(self, platform: str, ticket_no: str, *, held: bool = True) -> CaseRow | None:
        """Return the case of a host's ticket, ``held``: whoever is about to change it waits here for whoever is at it."""
        return self._case(_HELD_CASE_OF if held else _CASE_OF, {"platform_": platform, "ticket_no_": ticket_no})

    def case_by(self, case_no: str) -> CaseRow | None:
        """Return the case of this number; whoever is about to change it waits here for whoever is at it."""
        return self._case(_HELD_CASE_BY, {"case_no_": case_no})

    def _case(self, chosen: sa.Select[Any], which: dict[str, str]) -> CaseRow | None:
        row = self._c.execute(chosen, which).first()
        return self._case_row(row) if row else None

    def cases(self, after: str = "", limit: int | None = None) -> list[CaseRow]:
        """Return all cases by number, with everything in them; or the first ``limit`` of those after a number."""
        chosen = sa.select(*_CASE_COLUMNS).where(schema.cases.c.case_no > after).order_by(schema.cases.c.case_no).limit(limit)
        return [self._case_row(row) for row in self._c.execute(chosen)]

    def count_cases(self) -> int:
        """Return how many cases there are."""
        return int(self._c.scalar(sa.select(sa.func.count()).select_from(schema.cases)) or 0)

    def case_files(self, opened_from: datetime, opened_before: datetime) -> Iterator[CaseRow]:
        """Yield the cases opened in a span of time by number, one after another."""
        c = schema.cases.c
        chosen = sa.select(*_CASE_COLUMNS).where(c.opened_at >= opened_from, c.opened_at < opened_before, c.file != b"")
        for row in self._c.execute(chosen.order_by(c.case_no).execution_options(yield_per=200)):
            yield self._case_row(row)

    def save_case(self, row: CaseRow) -> None:
        """Insert the case, or replace it."""
        c, key = schema.cases.c, (row.case_no,)
        values = {name: getattr(row, name) for name in CaseRow.__dataclass_fields__}
        self._c.execute(upsert(schema.cases, self._several), values | {
            "ticket": self._seal_json(c.ticket, key, row.ticket), "file": self._seal_text(c.file, key, row.file),
            "sealed_by": self._sealed_by()})

    def _case_row(self, row: sa.Row[Any]) -> CaseRow:
        c, key = schema.cases.c, (row.case_no,)
        return CaseRow(**{**row._mapping, "ticket": self._open_json(c.ticket, key, row.ticket),
                          "file": self._open_text(c.file, key, row.file)})

    def next_number(self, series: str) -> int:
        """Return the next number of a series, from 1, without gaps or repeats (the transaction holds it)."""
        key = f"series:{series}"
        number = int(self.meta(key) or 0) + 1
        if number == 1:  # two who both find none: the second insert fails, and its transaction with it
            self._c.execute(schema.meta.insert().values(key=key, value="1"))
        else:
            self.set_meta(key, str(number))
        return number

    def meta(self, key: str) -> str:
        """Return a value that is kept beside the tables, held against other writers; empty: none is kept."""
        return self._c.scalar(_HELD_META, {"key_": key}) or ""

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value beside the tables (at most 400 characters)."""
        self._c.execute(upsert(schema.meta, self._several), {"key": key, "value": value})

    def first_meta(self, key: str, value: str) -> str:
        """Keep a value beside the tables unless one is kept; return the one that is, also where several come at once."""
        self._c.execute(insert_new(schema.meta, self._several), {"key": key, "value": value})
        return str(self._c.scalar(_META, {"key_": key}))

    # -- clocks -----------------------------------------------------------------------------------------------------

    def clocks(self, case_no: str) -> list[ClockRow]:
        """Return the clocks of a case in the order they were started."""
        c = schema.clocks.c
        return [ClockRow(*row) for row in
                self._c.execute(sa.select(*schema.clocks.c).where(c.case_no == case_no).order_by(c.place))]

    def save_clocks(self, rows: Iterable[ClockRow]) -> None:
        """Insert these clocks, or replace them."""
        names = schema.clocks.c.keys()
        if given := [{name: getattr(row, name) for name in names} for row in rows]:
            self._c.execute(upsert(schema.clocks, self._several), given)

    def clocks_of(self, opened_from: datetime, opened_before: datetime) -> dict[str, list[ClockRow]]:
        """Return the clocks of the cases opened in a span of time, by case number, in the order they were started."""
        c, k = schema.cases.c, schema.clocks.c
        chosen = sa.select(*schema.clocks.c).join(schema.cases, c.case_no == k.case_no).where(
            c.opened_at >= opened_from, c.opened_at < opened_before).order_by(k.case_no, k.place)
        found: dict[str, list[ClockRow]] = {}
        for row in self._c.execute(chosen):
            found.setdefault(row[0], []).append(ClockRow(*row))
        return found

    def cases_to_look_at(self, now: datetime, limit: int) -> list[str]:
        """Return the numbers of cases with a clock at which the tick must look by ``now``, the longest waiting first."""
        c = schema.clocks.c
        chosen = sa.select(c.case_no).where(c.next_at <= now).group_by(c.case_no).order_by(
            sa.func.min(c.next_at), c.case_no).limit(limit)
        return list(self._c.scalars(chosen))

    def cases_with_running_clocks(self, after: str, limit: int) -> list[str]:
        """Return the numbers of cases whose clocks run, in order, those after ``after``."""
        c = schema.clocks.c
        chosen = sa.select(c.case_no).where(c.running.is_(True), c.case_no > after).distinct().order_by(c.case_no).limit(limit)
        return list(self._c.scalars(chosen))

    # -- papers -----------------------------------------------------------------------------------------------------

    def add_paper(
        self, case_no: str, kind: str, receiver: str, now: datetime, name: str, values: dict[str, Any]
    ) -> int:
        """Keep a paper's values; return its id."""
        sealed = self._seal_json(schema.papers.c.paper_values, (case_no, name), values)
        added = self._c.execute(schema.papers.insert().values(
            case_no=case_no, kind=kind, receiver=receiver, made_at=now, name=name, paper_values=sealed,
            sealed_by=self._sealed_by()))
        assert added.inserted_primary_key
        return int(added.inserted_primary_key[0])

    def papers(self, case_no: str) -> list[PaperRow]:
        """Return the papers of a case in the order they were called for, without their .docx."""
        columns = [sa.null().label("content") if c.name == "content" else c for c in _PAPER_COLUMNS]
        chosen = sa.select(*columns).where(schema.papers.c.case_no == case_no).order_by(schema.papers.c.id)
        return [self._paper_row(row) for row in self._c.execute(chosen)]

    def paper(self, paper_id: int) -> PaperRow | None:
        """Return one paper."""
        row = self._c.execute(sa.select(*_PAPER_COLUMNS).where(schema.papers.c.id == paper_id)).first()
        return self._paper_row(row) if row else None

    def keep_content(self, paper_id: int, content: bytes) -> None:
        """Keep the .docx of a paper, which from now on is what was issued."""
        c = schema.papers.c
        key = self._c.execute(sa.select(c.case_no, c.name).where(c.id == paper_id)).one()
        self._c.execute(schema.papers.update().where(c.id == paper_id).values(content=self._seal(c.content, key, content)))

    def _paper_row(self, row: sa.Row[Any]) -> PaperRow:
        c, key = schema.papers.c, (row.case_no, row.name)
        content = None if row.content is None else self._open(c.content, key, row.content)
        values = self._open_json(c.paper_values, key, row.paper_values)
        return PaperRow(**{**row._mapping, "paper_values": values, "content": content})

    # -- library ----------------------------------------------------------------------------------------------------

    def add_typical(self, case_no: str, title: str, track: str, topics: Iterable[str], text: str, who: str, now: datetime) -> int:
        """Add a typical case; return its number."""
        added = self._c.execute(schema.library.insert().values(
            case_no=case_no, title=title, track=track, topics=" ".join(topics), text=text, added_by=who, added_at=now))
        assert added.inserted_primary_key
        return int(added.inserted_primary_key[0])

    def typical_cases(self, sharing: Sequence[str] | None = None) -> list[TypicalCase]:
        """Return the library, newest first; with ``sharing`` only what has one of these topics, without the texts."""
        if sharing is not None and not sharing:
            return []
        rows = self._c.execute(_LIBRARY if sharing is None else _LIBRARY_IN_SHORT)
        found = [TypicalCase(id_, case_no, title, track, tuple(topics.split()), text, who, at)
                 for id_, case_no, title, track, topics, text, who, at in rows]
        return found if sharing is None else [t for t in found if not set(t.topics).isdisjoint(sharing)]


_CASE_COLUMNS = tuple(schema.cases.c[name] for name in CaseRow.__dataclass_fields__)
_PAPER_COLUMNS = tuple(schema.papers.c[name] for name in PaperRow.__dataclass_fields__)
#: Statements asked with every ticket, made once: to build one takes longer than to ask it.
_C, _M = schema.cases.c, schema.meta.c
_CASE_OF = sa.select(*_CASE_COLUMNS).where(_C.platform == sa.bindparam("platform_"), _C.ticket_no == sa.bindparam("ticket_no_"))
_HELD_CASE_OF = _CASE_OF.with_for_update()
_HELD_CASE_BY = sa.select(*_CASE_COLUMNS).where(_C.case_no == sa.bindparam("case_no_")).with_for_update()
_META = sa.select(_M.value).where(_M.key == sa.bindparam("key_"))
_L = schema.library.c
_LIBRARY = sa.select(*_L).order_by(_L.id.desc())
_LIBRARY_IN_SHORT = sa.select(*(sa.literal_column("''") if c is _L.text else c for c in _L)).order_by(_L.id.desc())
_HELD_META = _META.with_for_update()
