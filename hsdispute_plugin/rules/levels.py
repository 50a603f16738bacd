"""Levels of reminding (催办督办级别, levels.yaml): when a running clock is to be told to whom, by which act.

The county document orders 催办 and 提级 (四（三）, 五（三）) and gives no number: every share and offset is the county's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hsdispute_plugin.model import SHANGHAI, FactValue
from hsdispute_plugin.rules.clock import Clock
from hsdispute_plugin.rules.condition import All, Condition, holds
from hsdispute_plugin.rules.workdays import Span, WorkCalendar, WorkHours

ALWAYS = All(())


class Told(StrEnum):
    """Who is told."""

    HANDLER = "承办人"
    HEAD = "单位负责人"
    OFFICE = "专班办公室"
    DIRECTOR = "专班主任"
    GOV_OFFICE = "政府办"


class Way(StrEnum):
    """By which act: a note in the host's ticket, a notice to people, 催办 of the unit, 督办 put before the government office."""

    NOTE = "便笺"
    NOTICE = "通知"
    URGE = "催办"
    SUPERVISE = "督办建议"


class Anchor(StrEnum):
    """From where a level counts."""

    SHARE = "份额"
    BEFORE = "到期前"
    AFTER = "到期后"


@dataclass(frozen=True, slots=True)
class Level:
    """One row of levels.yaml. ``amount`` is per cent of the period for 份额, else counted in ``span``.

    ``periods`` empty: every period but windows. ``times`` is how often at most, ``every`` apart (in ``span``).
    ``in_hours``: a moment outside office hours, closing included, waits for the next opening. ``unconfirmed``: its basis.
    """

    id: str
    name: str
    periods: frozenset[str]
    anchor: Anchor
    amount: float
    span: Span
    to: tuple[Told, ...]
    ways: tuple[Way, ...]
    clause: str
    every: float = 0.0
    times: int = 1
    in_hours: bool = True
    condition: Condition = ALWAYS
    unconfirmed: str = ""
    where: str = ""

    def concerns(self, clock: Clock, values: Mapping[str, FactValue]) -> bool:
        """Tell whether this level watches a clock of a case with these facts."""
        if self.periods and clock.key not in self.periods:
            return False
        if self.anchor is Anchor.SHARE and clock.span is None and self.amount < 100:
            return False  # host or paper fixed the moment: nobody knows from when it runs
        return holds(self.condition, values)


@dataclass(frozen=True, slots=True)
class Firing:
    """A level whose moment has come for one clock. ``key`` notes it in the clock; ``missed`` earlier ones are told with it."""

    level: Level
    key: str
    moment: datetime
    to: tuple[Told, ...]
    missed: int = 0


def moments(level: Level, clock: Clock, calendar: WorkCalendar, hours: WorkHours) -> Iterator[tuple[str, datetime]]:
    """Yield the key and moment of each time that a level is due on a clock. A moved due is another key: it is told anew."""
    due = clock.due_at.astimezone(SHANGHAI)
    first = _first(level, clock, due, calendar, hours)
    for n in range(level.times):
        moment = _later(first, level.every * n, level.span, calendar, hours) if n else first
        if level.in_hours:
            moment = calendar.add_worktime(moment, timedelta(0), hours)
        yield f"{level.id}#{n + 1}@{due:%Y%m%d%H%M}", moment


def next_moment(
    clock: Clock, levels: Iterable[Level], values: Mapping[str, FactValue], calendar: WorkCalendar, hours: WorkHours
) -> datetime | None:
    """Return the moment of the next level that was not yet told; ``None``: none is left, or the clock stands or stopped."""
    if clock.stopped_at or clock.paused:
        return None
    coming = [next((m for key, m in moments(level, clock, calendar, hours) if key not in clock.levels), None)
              for level in levels if level.concerns(clock, values)]
    return min((m for m in coming if m), default=None)


def due_now(
    clock: Clock, levels: Iterable[Level], values: Mapping[str, FactValue], calendar: WorkCalendar, hours: WorkHours,
    now: datetime,
) -> tuple[Firing, ...]:
    """Return all that should have been told by ``now`` and was not, in the order of their moments."""
    if clock.stopped_at or clock.paused:
        return ()
    found = [Firing(level, key, moment, level.to) for level in levels if level.concerns(clock, values)
             for key, moment in moments(level, clock, calendar, hours) if moment <= now and key not in clock.levels]
    return tuple(sorted(found, key=lambda f: (f.moment, f.level.amount, f.key)))


def left_to(after: Iterable[Firing], firings: Iterable[Firing], due_at: datetime) -> tuple[Firing, ...]:
    """Return ``firings`` without those from before the due for people whom ``after``, the next to come, tells that it is over.

    「即将到期」 told on a Sunday of what was due on Friday helps nobody who hears 「已逾期」 when the offices open.
    """
    heard = {who for firing in after for who in firing.to}
    kept = (replace(f, to=tuple(who for who in f.to if who not in heard)) if f.moment < due_at else f for f in firings)
    return tuple(f for f in kept if f.to)


def collapsed(firings: Sequence[Firing]) -> tuple[Firing, ...]:
    """Return what is really told of one clock's firings: each person hears only the last one that concerns them.

    After a night or a week without a tick nobody gets a storm; ``missed`` says how many are told by one.
    """
    last = {who: n for n, firing in enumerate(firings) for who in firing.to}
    missed = [0] * len(firings)
    for n, firing in enumerate(firings):
        if n not in last.values():
            missed[max(last[who] for who in firing.to)] += 1
    return tuple(replace(f, to=tuple(who for who in f.to if last[who] == n), missed=missed[n])
                 for n, f in enumerate(firings) if n in last.values())


def _first(level: Level, clock: Clock, due: datetime, calendar: WorkCalendar, hours: WorkHours) -> datetime:
    if level.anchor is Anchor.SHARE:
        return clock.moment_at(level.amount / 100, calendar, hours).astimezone(SHANGHAI)
    if level.anchor is Anchor.AFTER:
        return _later(due, level.amount, level.span, calendar, hours)
    return max(_earlier(due, level.amount, level.span, calendar, hours), clock.started_at.astimezone(SHANGHAI))


def _later(moment: datetime, amount: float, span: Span, calendar: WorkCalendar, hours: WorkHours) -> datetime:
    if span is Span.HOUR:
        return moment + timedelta(hours=amount)
    if span is Span.WORKHOUR:
        return calendar.add_worktime(moment, timedelta(hours=amount), hours)
    return datetime.combine(calendar.add_workdays(moment.date(), int(amount)), moment.timetz()) if amount else moment


def _earlier(moment: datetime, amount: float, span: Span, calendar: WorkCalendar, hours: WorkHours) -> datetime:
    if span is Span.HOUR:
        return moment - timedelta(hours=amount)
    if span is Span.WORKDAY:
        day, left = moment.date(), int(amount)
        while left:
            day -= timedelta(1)
            left -= calendar.is_workday(day)
        return datetime.combine(day, hours.opens, SHANGHAI)  # in the morning: people can still act that day
    day, left_time = moment.date(), timedelta(hours=amount)
    while True:  # office hours backwards from the due
        for opens, closes in reversed(hours.open_spans(day) if calendar.is_workday(day) else ()):
            closes = min(closes, moment)
            if closes > opens:
                if left_time <= closes - opens:
                    return closes - left_time
                left_time -= closes - opens
        day -= timedelta(1)
