"""What leaves the database for good: the content of a case whose term of keeping is over, and work that was done long ago."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_cases import CaseTables
from hsdispute_plugin.store_rows import CaseRow, JournalRow


@dataclass(frozen=True, slots=True)
class Gone:
    """What was deleted of a case."""

    papers: int
    results: int


class RetentionTables(CaseTables):
    """The part of a transaction that lists what may go, and deletes it. The journal stays: no payer data is in it."""

    def cases_in(self, state: str, opened_before: datetime, *, after: str = "", limit: int = 200) -> list[CaseRow]:
        """Return the cases in a state that were opened before a moment, by number, those after a number."""
        c = schema.cases.c
        chosen = sa.select(*[c[name] for name in CaseRow.__dataclass_fields__]).where(
            c.state == state, c.opened_at < opened_before, c.case_no > after).order_by(c.case_no).limit(limit)
        return [self._case_row(row) for row in self._c.execute(chosen)]

    def acts_in_journal(self, acts: Sequence[str], case_no: str = "") -> Iterator[JournalRow]:
        """Yield the journal's lines of these acts, oldest first."""
        j = schema.journal.c
        chosen = sa.select(*j).where(j.act.in_(acts), *([j.case_no == case_no] if case_no else [])).order_by(j.id)
        for row in self._c.execute(chosen):
            yield JournalRow(*row)

    def waits_for_delivery(self, case_no: str) -> bool:
        """Tell whether something of a case must still reach somebody."""
        o = schema.outbox.c
        return bool(self._c.scalar(sa.select(sa.func.count()).where(o.case_no == case_no, o.state != "done")))

    def erase(self, row: CaseRow) -> Gone:
        """Delete all of a case but its journal."""
        o, e = schema.outbox.c, schema.events.c
        papers = self._c.execute(schema.papers.delete().where(schema.papers.c.case_no == row.case_no)).rowcount
        results = self._c.execute(schema.outbox.delete().where(o.case_no == row.case_no)).rowcount
        self._c.execute(schema.events.delete().where(e.platform == row.platform, e.ticket_no == row.ticket_no))
        for table in (schema.clocks, schema.traits, schema.parts, schema.shadow_tickets, schema.cases):
            self._c.execute(table.delete().where(table.c.case_no == row.case_no))
        self.note_scrub()
        return Gone(int(papers), int(results))

    def prune(self, before: datetime, limit: int) -> int:
        """Delete up to ``limit`` events and as many outbox rows that were done before a moment; return how many.

        What a host's ticket was last told stays: the next write-back is compared with it.
        """
        o, e, later = schema.outbox.c, schema.events.c, schema.outbox.alias("later")
        superseded = sa.exists().where(
            later.c.platform == o.platform, later.c.ticket_no == o.ticket_no, later.c.id > o.id, later.c.kind == "result",
            later.c.state == "done")
        told = sa.select(o.id).where(o.state == "done", o.done_at < before, sa.or_(o.kind != "result", superseded)).limit(limit)
        taken = sa.select(e.id).where(e.state == "done", e.received_at < before).limit(limit)
        gone = self._c.execute(schema.outbox.delete().where(o.id.in_(told))).rowcount
        return int(gone + self._c.execute(schema.events.delete().where(e.id.in_(taken))).rowcount)
