"""The journal: every line sealed upon the one before, and the last one kept apart, so that no line goes missing unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_rows import JournalRow, seal_of


@dataclass(frozen=True, slots=True)
class Head:
    """The last line of the journal as it was written."""

    id: int
    case_no: str
    seal: str

    @classmethod
    def read(cls, text: str) -> Head | None:
        """Read what ``str`` gave; ``None``: nothing was written yet."""
        parts = text.split()
        return cls(int(parts[0]), parts[1], parts[2]) if len(parts) >= 3 else None

    def __str__(self) -> str:
        return f"{self.id} {self.case_no} {self.seal}"


@dataclass(frozen=True, slots=True)
class Broken:
    """A place at which the journal is not what was written; ``says`` is a Chinese sentence that names line and case."""

    line: int
    case_no: str
    says: str


class JournalTable:
    """The part of a transaction that appends to the journal and reads it."""

    _c: sa.Connection

    def add_journal(self, case_no: str, now: datetime, who: str, act: str, why: str, clause: str) -> None:
        """Append a line; its seal covers the line and the seal before it, so that a change is found."""
        before = self.journal_head(held=True)  # one at a time
        previous = before.seal if before else ""
        seal = seal_of(previous, case_no, now, who, act, why, clause)
        added = self._c.execute(_APPEND, {
            "case_no": case_no, "at": now, "who": who, "act": act, "why": why, "clause": clause, "previous": previous,
            "seal": seal})
        assert added.inserted_primary_key
        head = Head(int(added.inserted_primary_key[0]), case_no, seal)
        self._c.execute(_SET_HEAD, {"value": str(head)})

    def journal_head(self, *, held: bool = False) -> Head | None:
        """Return the last line ever written; ``held`` against other writers until the end of the transaction."""
        return Head.read(self._c.scalar(_HELD_HEAD if held else _HEAD) or "")

    def journal(self, case_no: str | None = None) -> list[JournalRow]:
        """Return the lines of a case, or of all, oldest first."""
        return list(self.journal_lines(case_no))

    def journal_lines(self, case_no: str | None = None) -> Iterator[JournalRow]:
        """Yield the lines of a case, or of all, oldest first."""
        chosen = sa.select(*schema.journal.c).order_by(schema.journal.c.id)
        if case_no is not None:
            chosen = chosen.where(schema.journal.c.case_no == case_no)
        for row in self._c.execute(chosen.execution_options(yield_per=1000)):
            yield JournalRow(*row)

    def journal_page(self, *, before: int | None = None, case_no: str = "", limit: int = 100) -> list[JournalRow]:
        """Return lines newest first, those before a line's number; of one case, or of all."""
        c = schema.journal.c
        wanted = [*([c.id < before] if before is not None else []), *([c.case_no == case_no] if case_no else [])]
        chosen = sa.select(*schema.journal.c).where(*wanted).order_by(c.id.desc()).limit(limit)
        return [JournalRow(*row) for row in self._c.execute(chosen)]


#: Statements asked with every line, made once: to build one takes longer than to ask it.
_APPEND = schema.journal.insert()
_HEAD = sa.select(schema.meta.c.value).where(schema.meta.c.key == schema.HEAD)
_HELD_HEAD = _HEAD.with_for_update()
_SET_HEAD = schema.meta.update().where(schema.meta.c.key == schema.HEAD).values(value=sa.bindparam("value"))


def broken(lines: Iterable[JournalRow], head: Head | None) -> Iterator[Broken]:
    """Find every place at which the whole journal was changed, robbed of lines, or added to, in the order of the lines."""
    before: JournalRow | None = None
    for line in lines:
        if line.previous != (before.seal if before else ""):
            yield Broken(line.id, line.case_no, _gap(before, line))
        if line.seal != seal_of(line.previous, line.case_no, line.at, line.who, line.act, line.why, line.clause):
            yield Broken(line.id, line.case_no, f"第 {line.id} 条（{line.case_no}）被改动过")
        before = line
    if head is None:
        if before:
            says = f"记着最后一条的地方被清掉了，末尾（第 {before.id} 条，{before.case_no}）无从核对"
            yield Broken(before.id, before.case_no, says)
        return
    if before and (before.id, before.seal) == (head.id, head.seal):
        return
    if before is None or before.id < head.id:
        after = f"第 {before.id} 条（{before.case_no}）之后" if before else "从头"
        yield Broken(head.id, head.case_no, f"{after}的被删去了：写到过第 {head.id} 条（{head.case_no}）")
    elif before.id > head.id:
        yield Broken(before.id, before.case_no, f"第 {head.id} 条之后的不是本系统写的，到第 {before.id} 条（{before.case_no}）")
    else:
        yield Broken(before.id, before.case_no, f"最后一条（第 {before.id} 条，{before.case_no}）被改写过")


def _gap(before: JournalRow | None, line: JournalRow) -> str:
    here = f"第 {line.id} 条（{line.case_no}）"
    if before is None:
        return f"{here}之前的被删去了" if line.id > 1 else f"{here}之前的被删去了，或它被改动过"
    missing = f"第 {before.id + 1} 条" + (f"到第 {line.id - 1} 条" if line.id - before.id > 2 else "")
    if line.id - before.id > 1:
        return f"{missing}不在了：在第 {before.id} 条（{before.case_no}）与{here}之间"
    return f"{here}与前一条（第 {before.id} 条，{before.case_no}）接不上：其中一条被改写过，或其间有被删去的"
