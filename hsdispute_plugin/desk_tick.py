"""What the clock does: tells of clocks whose moment has come, 催办 by the table of levels, recounts when a calendar arrives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hsdispute_plugin.case import Actor, By, Role
from hsdispute_plugin.desk_docket import Docket, Terms, facts_of, owing, read, save, write_journal
from hsdispute_plugin.desk_records import Records
from hsdispute_plugin.desk_retention import prune
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.hooks.platform import Notice
from hsdispute_plugin.logger import Logger
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.clock import Clock, recounted
from hsdispute_plugin.rules.levels import Firing, Way
from hsdispute_plugin.rules.rulebook import Rulebook
from hsdispute_plugin.store import Transaction

CLOCK = "系统时钟"
#: Cases in one transaction. An embedded database syncs for each; on PostgreSQL a second case could be one that another
#: process holds while it waits for the journal that we hold.
BATCH, ALONE = 50, 1
_RECOUNTED = "recounted"
_log = Logger(__name__)


@dataclass(frozen=True, slots=True)
class _Told:
    """One thing that is told of one clock."""

    clock: Clock
    firing: Firing
    says: str


class Ticking(Records):
    """The part of the desk that time moves."""

    def tick(self, book: Rulebook, now: datetime, owner: str = "desk") -> int:
        """Tell of every clock whose moment came by ``now``; return how many cases were told of.

        Deterministic: the same store and the same ``now`` give the same acts, and a second tick gives none. What was
        missed is told once. One process at a time ticks. When the edition changed, running clocks are counted anew first.

        Clause: 合政办发〔2025〕30号 四（三）「在规定时限内」; 五（三）.
        """
        terms, told = self.terms(book), 0
        with self._store.begin() as tx:
            if not tx.lease("tick", owner):
                return 0
            counted_by = tx.meta(_RECOUNTED)
            if not counted_by:  # the first tick ever: every clock was started under this edition
                tx.set_meta(_RECOUNTED, terms.source.edition)
        if counted_by not in ("", terms.source.edition):
            self._recount(terms, now)
        batch = BATCH if self._store.embedded else ALONE
        while True:
            with self._store.begin() as tx:
                numbers = tx.cases_to_look_at(now, batch)
                for number in numbers:
                    told += self._look(tx, terms, self._docket(tx, number, book, now), now)
            if len(numbers) < batch:
                break
        if gone := prune(self._store, terms, now):
            _log.info("pruned", rows=gone)
        return told

    def _look(self, tx: Transaction, terms: Terms, docket: Docket, now: datetime) -> int:
        values, clocks, told = facts_of(docket.case), [], list[_Told]()
        for before in docket.clocks:
            clock, firings = terms.clocks.to_tell(before, values, now)
            clocks.append(clock)
            told += [_Told(clock, f, _sentence(clock, f, terms, now)) for f in firings]
        after = replace(docket, clocks=tuple(clocks), row=replace(docket.row, updated_at=now))
        if not told:  # a level that was told of in another edition
            save(tx, terms, after, docket.clocks)
            return 0
        for one in told:
            tx.add_journal(docket.case.number, now, CLOCK, one.firing.level.name, one.says, one.firing.level.clause)
        after, papers = self._urged(tx, terms, after, told, now)
        if any({Way.NOTE, Way.URGE, Way.SUPERVISE} & set(one.firing.level.ways) for one in told):
            note = "\n".join(dict.fromkeys(one.says for one in told))
            after = self._told(tx, terms, after, docket, f"【提醒】{note}", now, papers)
        else:
            after = save(tx, terms, after, docket.clocks)
        self._notify(tx, _notices(after, told, terms), now)
        return 1

    def _urged(
        self, tx: Transaction, terms: Terms, docket: Docket, told: Sequence[_Told], now: datetime
    ) -> tuple[Docket, list[int]]:
        """催办 each unit once, however many of its clocks are late; who is no unit is told by the note alone."""
        papers: list[int] = []
        owed = dict.fromkeys(o.clock.unit for o in told if Way.URGE in o.firing.level.ways)
        for unit in (u for u in owed if u in terms.source.units):
            late = dict.fromkeys(_due(o.clock, terms, now) for o in told if o.clock.unit == unit and o.clock.overdue(now))
            by = By(Actor(CLOCK, docket.case.accepting_unit, Role.CLOCK), now, "；".join(late), terms.policy)
            try:
                outcome = docket.case.urge(by, unit)
            except CaseRefused as err:  # the state knows no 催办: the reminder stands in journal and note
                _log.info("not_urged", case_no=docket.case.number, unit=unit, why=str(err))
                continue
            write_journal(tx, terms, docket.row, outcome.case, outcome.journal)
            docket = replace(docket, case=outcome.case)
            papers += self._papers(tx, terms, docket, outcome, by)
        return docket, papers

    def _recount(self, terms: Terms, now: datetime) -> None:
        """Count every running clock by the new calendar and numbers; what moved is journaled and shown in the host."""
        book, because, after = terms.clocks, f"规则册更换为 {terms.source.edition} 版", ""
        batch = BATCH if self._store.embedded else ALONE
        while True:
            with self._store.begin() as tx:
                numbers = tx.cases_with_running_clocks(after, batch)
                for number in numbers:
                    row = tx.case_by(number)
                    assert row is not None
                    docket = read(tx, row)
                    changes = recounted(docket.clocks, book.deadlines, book.calendar, book.hours, because)
                    moved = {id(c.before): c.after for c in changes}
                    clocks = tuple(moved.get(id(c), c) for c in docket.clocks)
                    for change in changes:
                        tx.add_journal(number, now, CLOCK, "重算时限", change.says, "三（二）；四（三）")
                    counted = replace(docket, clocks=clocks)
                    if any(c.before.due_at != c.after.due_at for c in changes):
                        self._told(tx, terms, counted, None, "\n".join(c.says for c in changes), now)
                    else:
                        save(tx, terms, counted)  # all of them: the levels may have changed too
                if len(numbers) < batch:
                    tx.set_meta(_RECOUNTED, terms.source.edition)
                    return
                after = numbers[-1]


def _sentence(clock: Clock, firing: Firing, terms: Terms, now: datetime) -> str:
    doubt = "" if clock.confirmed else "（期限未确认）"
    missed = f"（补报，另有 {firing.missed} 次提醒并入）" if firing.missed else ""
    who = "、".join(firing.to)
    asked = "考虑督办" if Way.SUPERVISE in firing.level.ways else "督促办理"
    return f"{firing.level.name}：{_due(clock, terms, now)}{doubt}，请{who}{asked}{missed}"


def _due(clock: Clock, terms: Terms, now: datetime) -> str:
    due = clock.due_at.astimezone(SHANGHAI)
    state = "已逾期" if clock.overdue(now) else "到期"
    return f"{owing(clock.unit, terms)}的“{clock.what}”{due.month}月{due.day}日{due:%H:%M}{state}"


def _notices(docket: Docket, told: Sequence[_Told], terms: Terms) -> Iterator[Notice]:
    case = docket.case
    for one in told:
        if {Way.NOTICE, Way.SUPERVISE} & set(one.firing.level.ways):
            unit = terms.source.units.get(one.clock.unit)
            yield Notice(f"{case.number}-{one.firing.key}-{one.clock.unit}"[:80], case.number, case.platform, case.ticket_no,
                         tuple(one.firing.to), unit.name if unit else "", one.says, one.clock.due_at,
                         urgent=not one.firing.level.in_hours)

