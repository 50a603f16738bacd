"""A case as a clerk reads it on a terminal: where it stands, who owes what by when, what is still open, papers, history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from hsdispute_plugin.case import WINDOWS
from hsdispute_plugin.desk_docket import Docket, Terms, in_words, owing
from hsdispute_plugin.desk_records import VISIT
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.clock import Clock
from hsdispute_plugin.store_rows import JournalRow, PaperRow


def view(
    docket: Docket, terms: Terms, papers: Sequence[PaperRow], journal: Iterable[JournalRow], now: datetime
) -> Iterator[str]:
    """Give the lines; none holds payer data."""
    case, label = docket.case, terms.source.table.by_code
    track = case.handling.track
    yield f"{case.number}  {case.state.label}{'（中止）' if case.suspended else ''}{'（保密）' if case.confidential else ''}"
    source = f"平台工单：{case.platform}" if case.platform != VISIT else "来访编号："
    yield f"{source} {case.ticket_no}；收到：{_at(case.opened_at)}"
    first = case.first_contact
    yield f"受理部门：{owing(case.accepting_unit, terms)}；首问：{owing(first.unit, terms)} {first.person}"
    yield (f"办理方式：{label['track'].label_of(track or case.decision.track)}"
           + ("（人已定）" if track else "（规则建议，待人定）")
           + (f"；联办单位：{'、'.join(owing(u, terms) for u in case.handling.co_units)}" if case.handling.co_units else ""))
    running = sorted((c for c in docket.clocks if c.stopped_at is None), key=lambda c: (c.due_at, c.key))
    yield "时钟：" if running else "时钟：没有在走的"
    yield from (f"  · {clock_sentence(c, terms, now)}" for c in running)
    if duties := case.open_duties():
        yield f"未了的事：{'、'.join(in_words(d, terms) for d in duties)}"
    yield "文书：" if papers else "文书：还没有"
    yield from (f"  {place}. {p.kind}{f' → {owing(p.receiver, terms)}' if p.receiver else ''}（{_at(p.made_at)}）"
                for place, p in enumerate(papers, 1))
    yield "经过："
    yield from (f"  {_at(line.at)}  {line.act}  {line.who}：{line.why}（{line.clause}）" for line in journal)


def clock_sentence(clock: Clock, terms: Terms, now: datetime) -> str:
    """Return who owes what by when, and what is doubtful about it."""
    marks = ["" if clock.confirmed else "未确认", "暂定" if clock.provisional else "", "暂停" if clock.paused else "",
             "已过" if clock.overdue(now) and clock.key in WINDOWS else "逾期" if clock.overdue(now) else ""]
    told = "、".join(filter(None, marks))
    return f"{clock.what}：{owing(clock.unit, terms)}，{_at(clock.due_at)} 前（{clock.basis}{f'；{told}' if told else ''}）"


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
