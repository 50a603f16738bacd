"""What the county did in a span of time, counted from its cases; and what rises. No payer data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hsdispute_plugin.case import TOTALS, Case, Side, State, TaskKind
from hsdispute_plugin.desk_alike import EMPLOYER, TOPIC, TOWN
from hsdispute_plugin.desk_docket import Terms, owing
from hsdispute_plugin.model import SHANGHAI, Track
from hsdispute_plugin.rules.clock import Clock
from hsdispute_plugin.store import Transaction

#: An employer, topic or township is told of when it has so many cases, and twice as many as in the time before (县级自定).
LEAST, TIMES = 3, 2
_OPINIONS = {"general_opinion": "联办意见", "major_opinion": "专案书面意见"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a report: every row begins with a name; ``charted`` is the column of numbers that a chart shows."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    charted: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Tables in order, each standing for itself."""

    title: str
    span: str
    tables: tuple[Table, ...]


@dataclass(slots=True)
class _Sums:
    received: int = 0
    answered: int = 0
    in_time: int = 0
    archived: int = 0
    late: int = 0
    classed: int = 0
    class_as_suggested: int = 0
    lead_as_suggested: int = 0
    by_track: Counter[str] = field(default_factory=Counter)
    by_state: Counter[str] = field(default_factory=Counter)
    units: dict[str, Counter[str]] = field(default_factory=dict)
    opinions: dict[str, Counter[str]] = field(default_factory=dict)
    topics: dict[str, Counter[str]] = field(default_factory=dict)
    towns: dict[str, Counter[str]] = field(default_factory=dict)
    side: Counter[str] = field(default_factory=Counter)


def span_of(text: str) -> tuple[datetime, datetime] | None:
    """Return the first moment of a month (2026-11) or quarter (2026-Q4) and that of the next; ``None``: it is neither."""
    if not (found := re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2]|Q[1-4])", text)):
        return None
    year, part = int(found[1]), found[2]
    first, months = (3 * int(part[1]) - 2, 3) if part[0] == "Q" else (int(part), 1)
    after = first + months
    return (datetime(year, first, 1, tzinfo=SHANGHAI), datetime(year + (after > 12), (after - 1) % 12 + 1, 1, tzinfo=SHANGHAI))


def monthly(tx: Transaction, terms: Terms, first: datetime, last: datetime, now: datetime) -> Report:
    """Count the cases opened from ``first`` until before ``last``, as they stand ``now``.

    在时限内 is: answered to both parties before the earliest of the whole matter's periods (host, statute, county) ran out.
    """
    sums, clocks = _Sums(), tx.clocks_of(first, last)
    towns = tx.traits_between(TOWN, first, last)
    for row in tx.case_files(first, last):
        own = [Clock.from_json(c.clock) for c in clocks.get(row.case_no, ())]
        _add(sums, Case.from_json(row.file), own, towns.get(row.case_no, [""])[0], now)
    until = last - timedelta(seconds=1)
    span = f"{first.astimezone(SHANGHAI):%Y年%m月%d日}至{until.astimezone(SHANGHAI):%Y年%m月%d日}收到的案件"
    county = terms.source.settings.get("county")
    title = f"{county.value if county else ''}社会保险费征缴争议处理情况"
    return Report(title, span, tuple(_tables(sums, terms)))


def warning(tx: Transaction, terms: Terms, now: datetime, days: int) -> Report:
    """Name employers, topics and townships of which more is heard than before. Clause: 五（二）、四（二）."""
    span, rows = timedelta(days=days), []
    topics = {code: label for label, code in terms.source.table.by_code["topics"].values.items()}
    for kind, what in ((EMPLOYER, "单位"), (TOPIC, "主题"), (TOWN, "乡镇")):
        before = dict(tx.count_traits(kind, now - 2 * span, now - span))
        for value, count in tx.count_traits(kind, now - span, now + timedelta(seconds=1)):
            if count >= LEAST and count >= TIMES * before.get(value, 0):
                numbers = tx.alike(kind, value, now - span, "", 5).newest
                rows.append((what, topics.get(value, value), count, before.get(value, 0), "、".join(numbers)))
    head = ("类别", "名称", f"近{days}日", f"此前{days}日", "案号（最近五件）")
    note = f"列出近{days}日不少于 {LEAST} 件、且不少于此前 {TIMES} 倍的（县级自定，未确认）。"
    return Report("苗头预警", f"截至{now.astimezone(SHANGHAI):%Y年%m月%d日}", (Table("增多的", head, tuple(rows), 2, note),))


def lines(report: Report) -> Iterable[str]:
    """Give a report as text."""
    yield f"{report.title}（{report.span}）"
    for table in report.tables:
        yield ""
        yield f"{table.title}{f'——{table.note}' if table.note else ''}"
        yield "  " + "  ".join(table.head)
        yield from ("  " + "  ".join(map(str, row)) for row in table.rows)
        if not table.rows:
            yield "  （无）"


def answered_at(case: Case) -> datetime | None:
    """Return when the answer had reached both parties; a matter told elsewhere, not accepted or withdrawn: when it ended."""
    h = case.handling
    served = [s.served_at for side in Side if (s := h.served(side))]
    if len(served) == len(Side):
        return max(served)
    ended = [r.at for r in (h.referral, h.refusal, h.withdrawal) if r]
    return min(ended) if ended else None


def _add(sums: _Sums, case: Case, clocks: Sequence[Clock], town: str, now: datetime) -> None:
    done, h = answered_at(case), case.handling
    due = min((c.due_at for c in clocks if c.key in TOTALS and (c.stopped_at is None or done is None or c.stopped_at >= done)),
              default=None)
    in_time = done is not None and (due is None or done <= due)
    late = due is not None and (done or now) > due
    counts = {"收到": 1, "已答复": int(done is not None), "按时": int(in_time), "逾期": int(late)}
    sums.received += 1
    sums.answered += counts["已答复"]
    sums.in_time += counts["按时"]
    sums.late += counts["逾期"]
    sums.archived += case.state is State.ARCHIVED
    sums.by_track[(h.track or (Track.INFORM if h.referral else case.decision.track)).value] += 1
    sums.by_state[case.state.value] += 1
    for group, names in ((sums.units, [case.accepting_unit]), (sums.topics, case.decision.topics), (sums.towns, [town])):
        for name in names:
            group.setdefault(name, Counter()).update(counts)
    first = next((c for rounds in (*case.past, h) for c in rounds.classes), None)
    if first:
        sums.classed += 1
        sums.class_as_suggested += first.after is case.decision.track
        sums.lead_as_suggested += case.decision.lead in ("joint", case.accepting_unit)
    for clock in clocks:
        if clock.key in _OPINIONS:
            late_opinion = (clock.stopped_at or now) > clock.due_at
            sums.opinions.setdefault(clock.unit, Counter()).update(
                {"应交": 1, "按时交": int(clock.stopped_at is not None and not late_opinion), "逾期": int(late_opinion)})
    _side(sums.side, case)


def _side(side: Counter[str], case: Case) -> None:
    rounds = (*case.past, case.handling)
    side["险情"] += case.danger is not None
    side["舆情"] += case.public_opinion is not None
    side["退单"] += len(case.returns)
    side["联办任务退回"] += sum(t.why != "" and t.kind is TaskKind.JOINT for h in rounds for t in h.tasks)
    side["催办"] += len(case.urges)
    side["督办"] += len(case.supervisions)
    side["延期"] += sum(len(h.extensions) for h in rounds)
    side["有异议"] += sum(h.objection is not None and bool(h.objection.routes) for h in rounds)
    for remedy in (r for h in rounds for r in h.remedies):
        side[f"申请{remedy.kind}"] += 1
    follow = [h.follow_up for h in rounds if h.follow_up]
    side["回访"] += len(follow)
    side["回访满意"] += sum(f.satisfied for f in follow)
    side["回访已解决"] += sum(f.solved for f in follow)


def _tables(sums: _Sums, terms: Terms) -> Iterable[Table]:
    table = terms.source.table.by_code
    yield Table("总体", ("项目", "件数"), (
        ("收到", sums.received), ("已答复", sums.answered), ("其中按时", sums.in_time), ("超过办结时限（含未答复的）", sums.late),
        ("已归档", sums.archived)), 1, f"按时率 {_share(sums.in_time, sums.answered)}（按时答复占已答复）")
    yield Table("首次分流", ("项目", "件数"), (
        ("已由人定类", sums.classed), ("办理方式与建议一致", sums.class_as_suggested),
        ("主办单位与建议一致", sums.lead_as_suggested)), 0,
        f"办理方式准确率 {_share(sums.class_as_suggested, sums.classed)}；"
        f"主办准确率 {_share(sums.lead_as_suggested, sums.classed)}")
    tracks = tuple((table["track"].label_of(t), n) for t, n in sums.by_track.most_common())
    joint = sums.by_track[Track.JOINT.value] + sums.by_track[Track.MAJOR.value]
    yield Table("办理方式", ("办理方式", "件数"), tracks, 1, f"联办率 {_share(joint, sums.received)}（联办和重大疑难占收到）")
    yield Table("现在的状态", ("状态", "件数"), tuple((State(s).label, n) for s, n in sums.by_state.most_common()), 1)
    yield _grouped("受理部门", sums.units, {u: owing(u, terms) for u in sums.units})
    owed = sorted(sums.opinions.items(), key=lambda item: (-item[1]["逾期"], item[0]))
    yield Table("书面意见", ("单位", "应交", "按时交", "逾期"),
                tuple((owing(u, terms), c["应交"], c["按时交"], c["逾期"]) for u, c in owed), 3)
    yield _grouped("主题", sums.topics, {t: table["topics"].label_of(t) for t in sums.topics})
    yield _grouped("乡镇", sums.towns, {t: t or "（未写明）" for t in sums.towns})
    yield Table("其他", ("项目", "件数"), tuple((name, n) for name, n in sums.side.items() if n), 1)


def _grouped(title: str, groups: Mapping[str, Counter[str]], names: Mapping[str, str]) -> Table:
    order = sorted(groups.items(), key=lambda item: (-item[1]["收到"], item[0]))
    return Table(title, (title, "收到", "已答复", "按时", "逾期", "按时率"), tuple(
        (names[g], c["收到"], c["已答复"], c["按时"], c["逾期"], _share(c["按时"], c["已答复"])) for g, c in order), 1)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "—"
