"""How the last moment of each period moves from one edition to another, over the tickets that have it in both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.comparison import Shift, median
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.rules.workdays import Deadline

if TYPE_CHECKING:
    from hsdispute_plugin.rules.replay_compare import Side

_YEARS = range(2020, 2100)  # of which a calendar file may speak
_DAY = 86_400


def shifts(before: Side, after: Side, received: pl.Series, now: datetime) -> Iterator[Shift]:
    """Yield the periods whose count differs between the editions, where any ticket has them in both."""
    came = received.fill_null(now.astimezone(SHANGHAI).replace(tzinfo=None))
    for key, new in after.source.deadlines.items():
        old = before.source.deadlines.get(key)
        if old is None or _counted_alike(old, new, before.source, after.source):
            continue
        found = _shift(old, new, came.filter(before.flag("deadlines", key) & after.flag("deadlines", key)), before, after)
        if found and (found.earlier or found.later):
            yield found


def _counted_alike(old: Deadline, new: Deadline, before: RuleSource, after: RuleSource) -> bool:
    def count(d: Deadline | None) -> object:
        return d and (d.amount, d.span, count(d.after))

    return (count(old) == count(new) and before.hours == after.hours
            and all(before.calendar.year(n) == after.calendar.year(n) for n in _YEARS))


def _shift(old: Deadline, new: Deadline, came: pl.Series, before: Side, after: Side) -> Shift | None:
    """Count both for each start that can come out otherwise: days where days are counted, else moments."""
    if came.is_empty():
        return None
    starts = came.alias("start").to_frame()
    if old.in_days and new.in_days:
        clock = pl.col("start").dt.time()
        same = [pl.col("start").dt.date().alias("day"), (clock > before.source.hours.closes).alias("late"),
                (clock > after.source.hours.closes).alias("later")]
        groups = starts.group_by(same).agg(pl.len().alias("count"), pl.col("start").min())
    else:
        groups = starts.group_by("start").agg(pl.len().alias("count"))
    moved: list[tuple[float, int]] = []
    for start, count in groups.select("start", "count").iter_rows():
        at = start.replace(tzinfo=SHANGHAI)
        was = old.due(old.key, at, before.source.calendar, before.source.hours).due_at
        now = new.due(new.key, at, after.source.calendar, after.source.hours).due_at
        moved.append(((now - was).total_seconds() / _DAY, count))
    moved.sort()
    return Shift(
        new.key, new.what, sum(c for d, c in moved if d < 0), sum(c for d, c in moved if d > 0),
        sum(c for d, c in moved if d == 0), moved[0][0], median(moved), moved[-1][0],
    )
