"""保管期满: which archived cases have been kept for as long as they must, 暂缓销毁 for a reason, and erasing them for good.

Clause: 四（五）（案卷归档，保管年限）; 个人信息保护法 47（保存期限届满应当删除）.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hsdispute_plugin.case import Actor, Case, Role, State
from hsdispute_plugin.desk_docket import Terms, number_of, signature
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.forms_identity import Identity
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.store import Store, Transaction
from hsdispute_plugin.store_rows import CaseRow

ERASED, HELD, FREED = "到期销毁", "暂缓销毁", "解除暂缓销毁"
CLAUSE = "四（五）；个人信息保护法 47"
MAY = (Role.ARCHIVIST, Role.OFFICE)
BATCH, MOST_BATCHES = 500, 200
_PRUNED = "pruned"


@dataclass(frozen=True, slots=True)
class Kept:
    """An archived case: until when it is kept (that day included), what was merged into it, why it is held beyond that."""

    case_no: str
    archived_on: date
    keep_years: int
    until: date
    merged: tuple[str, ...]
    held: str

    def due(self, today: date) -> bool:
        """Tell whether it may be erased."""
        return today > self.until and not self.held


def kept_until(archived_on: date, keep_years: int) -> date:
    """Return the last day on which an archived case is kept: years count from the first of January after it was archived.

    >>> kept_until(date(2026, 3, 5), 10)
    datetime.date(2036, 12, 31)
    """
    return date(archived_on.year + keep_years, 12, 31)


def archived(tx: Transaction, now: datetime) -> Iterator[Kept]:
    """Give every archived case that was opened before this year, by number."""
    held: dict[str, str] = {}
    for line in tx.acts_in_journal((HELD, FREED)):
        held[line.case_no] = line.why if line.act == HELD else ""
    first, after = datetime(now.astimezone(SHANGHAI).year, 1, 1, tzinfo=SHANGHAI), ""
    while rows := tx.cases_in(State.ARCHIVED.value, first.astimezone(UTC), after=after):
        for row in rows:
            if row.file:
                yield _kept(row, held.get(row.case_no, ""))
        after = rows[-1].case_no


def hold(tx: Transaction, case_no: str, terms: Terms, who: Actor, why: str, now: datetime, *, free: bool = False) -> None:
    """Keep a case beyond its term for a reason (诉讼、复议、巡察 …), or ``free`` it again.

    Raises:
        CaseRefused: No such case, no reason, no right, or it is (not) held already.
    """
    row = _row(tx, case_no)
    _may(who)
    if len(why.strip()) < 2:
        raise CaseRefused("请写明理由，如“行政诉讼未结” / a reason is needed")
    last = next(iter(reversed(list(tx.acts_in_journal((HELD, FREED), case_no)))), None)
    if (last is not None and last.act == HELD) is not free:
        raise CaseRefused(f"{case_no} {'没有' if free else '已经'}暂缓销毁 / {'not held' if free else 'held already'}")
    about = Identity.of(Ticket.model_validate(row.ticket), Case.from_json(row.file) if row.file else None)
    tx.add_journal(case_no, now, signature(terms, who), FREED if free else HELD, about.conceal(why.strip()), CLAUSE)


def erase(store: Store, case_no: str, terms: Terms, who: Actor, why: str, now: datetime) -> str:
    """Erase a case, and what was merged into it, for good; its journal stays, with a line on this. Return what was erased.

    What lies in free pages of the database goes with ``store.scrub``, which whoever calls does at the end.

    Raises:
        CaseRefused: Not archived, its term is not over, it is held, something of it is still to be delivered, no right.
    """
    _may(who)
    if len(why.strip()) < 2:
        raise CaseRefused("请写明批准销毁的依据，如鉴定销毁的批准文号 / a reason is needed")
    with store.begin() as tx:
        row = _row(tx, case_no)
        if row.state != State.ARCHIVED.value or not row.file:
            raise CaseRefused(f"{case_no} 没有归档，不能销毁 / not archived")
        last = next(iter(reversed(list(tx.acts_in_journal((HELD, FREED), case_no)))), None)
        kept = _kept(row, last.why if last and last.act == HELD else "")
        if kept.held:
            raise CaseRefused(f"{case_no} 暂缓销毁（{kept.held}），没有动它 / held")
        if not kept.due(now.astimezone(SHANGHAI).date()):
            raise CaseRefused(f"{case_no} 要保管到 {kept.until}，没有动它 / to be kept until then")
        rows = [row, *(r for n in kept.merged if (r := tx.case_by(n)))]
        if waiting := [r.case_no for r in rows if tx.waits_for_delivery(r.case_no)]:
            raise CaseRefused(f"{'、'.join(waiting)} 还有没送到平台的，没有动它。请先处理，见 hsdispute outbox list / "
                              f"not delivered yet")
        about = Identity.of(Ticket.model_validate(row.ticket), Case.from_json(row.file))
        says = []
        for one in rows:
            gone = tx.erase(one)
            told = (f"{kept.archived_on.year}年归档，保管{kept.keep_years}年，到{kept.until}期满；"
                    f"删去工单、案卷、文书{gone.papers}件、写回和通知{gone.results}条；依据：{about.conceal(why.strip())}")
            tx.add_journal(one.case_no, now, signature(terms, who), ERASED, told, CLAUSE)
            says.append(f"{one.case_no}：{told}")
    return "\n".join(says)


def erased(tx: Transaction) -> Counter[tuple[int, str]]:
    """Count erased cases by the year in which they were erased and the year of their number."""
    return Counter((line.at.astimezone(SHANGHAI).year, line.case_no.split("-")[1]) for line in tx.acts_in_journal((ERASED,)))


def prune(store: Store, terms: Terms, now: datetime) -> int:
    """Delete, once a day, what was delivered or worked off longer ago than settings.yaml says; return how many rows."""
    today = now.astimezone(SHANGHAI).date().isoformat()
    before, total = now - timedelta(days=number_of(terms.source, "prune_days")), 0
    with store.begin() as tx:
        if tx.meta(_PRUNED) == today:
            return 0
    for _ in range(MOST_BATCHES):
        with store.begin() as tx:
            count = tx.prune(before, BATCH)
            if not count:
                tx.set_meta(_PRUNED, today)
                break
        total += count
    return total


def _kept(row: CaseRow, held: str) -> Kept:
    case = Case.from_json(row.file)
    archive = case.archives[-1]
    on = archive.at.astimezone(SHANGHAI).date()
    return Kept(row.case_no, on, archive.keep_years, kept_until(on, archive.keep_years), case.absorbed, held)


def _row(tx: Transaction, case_no: str) -> CaseRow:
    if (row := tx.case_by(case_no)) is None:
        raise CaseRefused(f"没有案件 {case_no[:40]} / no such case")
    return row


def _may(who: Actor) -> None:
    if who.role not in MAY:
        raise CaseRefused(f"这一步由{'或'.join(r.label for r in MAY)}办 / not in this capacity")
