"""The clocks of one case: carries out what acts do to them, and says by when the whole matter is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hsdispute_plugin.case import PERIODS, TOTALS, WINDOWS, ClockEffect
from hsdispute_plugin.model import SHANGHAI, FactValue
from hsdispute_plugin.rules.clock import Clock, Extension, fixed, start
from hsdispute_plugin.rules.levels import Firing, Level, collapsed, due_now, left_to, next_moment
from hsdispute_plugin.rules.workdays import Deadline, Span, WorkCalendar, WorkHours


@dataclass(frozen=True, slots=True)
class ClockBook:
    """What clocks go by: the periods of deadlines.yaml, the levels of reminding, calendar and office hours of one edition."""

    deadlines: Mapping[str, Deadline]
    calendar: WorkCalendar
    hours: WorkHours
    levels: tuple[Level, ...] = ()

    def apply(self, effects: Iterable[ClockEffect], clocks: Iterable[Clock]) -> tuple[Clock, ...]:
        """Return the clocks of a case after an act, stopped ones included; those not concerned are the same objects.

        A period without a row in deadlines.yaml starts no clock (``missing_periods`` names such rows at start).
        """
        now = list(clocks)
        for effect in effects:
            if effect.do == "start":
                if started := self._start(effect):
                    now.append(started)
            else:
                now = [self._change(c, effect) if _is(c, effect) else c for c in now]
        return tuple(now)

    def missing_periods(self) -> tuple[str, ...]:
        """Name the periods that the life of a case uses and deadlines.yaml does not give."""
        return tuple(row.key for row in PERIODS if row.key not in self.deadlines)

    def look_at(self, clock: Clock, values: Mapping[str, FactValue]) -> datetime | None:
        """Return when somebody is next to be told of a clock of a case with these facts; ``None``: never, or it is a window."""
        return None if clock.key in WINDOWS else next_moment(clock, self.levels, values, self.calendar, self.hours)

    def share_of(self, clock: Clock, share: float) -> datetime:
        """Return when ``share`` (0–1) of a period has passed, in office time."""
        return clock.moment_at(share, self.calendar, self.hours)

    def to_tell(self, clock: Clock, values: Mapping[str, FactValue], now: datetime) -> tuple[Clock, tuple[Firing, ...]]:
        """Return the clock with every level noted that came by ``now``, and what is really told of them."""
        if clock.key in WINDOWS:
            return clock, ()
        came = due_now(clock, self.levels, values, self.calendar, self.hours, now)
        for firing in came:
            clock = clock.fire(firing.key)
        if came and came[0].moment < clock.due_at <= now:  # missed, and over now: whoever is told so next is told once
            coming = next_moment(clock, self.levels, values, self.calendar, self.hours)
            after = due_now(clock, self.levels, values, self.calendar, self.hours, coming) if coming else ()
            came = left_to(after, came, clock.due_at)
        return clock, collapsed(came)

    def _start(self, effect: ClockEffect) -> Clock | None:
        if effect.due_at:
            return fixed(effect.key, "平台工单时限", effect.unit, effect.at, effect.due_at, "平台随工单给出的时限")
        if effect.due_on:
            due_at = datetime.combine(effect.due_on, self.hours.closes, SHANGHAI)
            return fixed(effect.key, "反馈受理部门", effect.unit, effect.at, due_at, "合政办发〔2025〕30号 附件备注")
        deadline = self.deadlines.get(effect.key)
        return start(deadline, effect.unit, effect.at, self.calendar, self.hours) if deadline else None

    def _change(self, clock: Clock, effect: ClockEffect) -> Clock:
        if effect.do == "stop":
            return clock.stop(effect.at)
        if effect.do == "pause":
            return clock.pause(effect.at, effect.approver, effect.reason)
        if effect.do == "resume":
            return clock.resume(effect.at, self.calendar, self.hours)
        more = Extension(effect.workdays, Span.WORKDAY, effect.at, effect.approver, effect.reason)
        return clock.extend(more, self.calendar, self.hours)


def _is(clock: Clock, effect: ClockEffect) -> bool:
    return clock.stopped_at is None and (clock.key, clock.unit) == (effect.key, effect.unit)


def effective(clocks: Iterable[Clock]) -> Clock | None:
    """Return the clock by which the whole matter is due: the earliest of host, statute and county; ``None``: answered.

    A paused county clock does not count; a statutory one, which 中止 cannot stop, still does.

    Clause: 四（三）「在规定时限内」; never later than a statutory limit.
    """
    return _earliest(clocks, lambda c: c.key in TOTALS and not c.paused)


def next_due(clocks: Iterable[Clock]) -> Clock | None:
    """Return the clock of the nearest duty of any kind that is running."""
    return _earliest(clocks, lambda c: not c.paused)


def lapsed(clocks: Iterable[Clock], now: datetime) -> frozenset[str]:
    """Return the keys of clocks that run and are past due: what an act must know of them (``By.lapsed``)."""
    return frozenset(c.key for c in clocks if c.overdue(now))


def _earliest(clocks: Iterable[Clock], wanted: Callable[[Clock], bool]) -> Clock | None:
    return min((c for c in clocks if c.stopped_at is None and wanted(c)), key=lambda c: (c.due_at, c.key), default=None)
