"""One running period of a case: who owes what by when, with its pauses and extensions; counted anew when a calendar comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from pydantic import TypeAdapter

from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.workdays import Deadline, Span, WorkCalendar, WorkHours


@dataclass(frozen=True, slots=True)
class Pause:
    """中止: the clock stood from ``paused_at`` to ``resumed_at`` (``None``: it still stands)."""

    paused_at: datetime
    approver: str
    reason: str
    resumed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """延期: so many more working days or calendar days, granted by ``approver``."""

    amount: int
    span: Span
    granted_at: datetime
    approver: str
    reason: str


@dataclass(frozen=True, slots=True)
class Clock:
    """One period that runs. ``unit`` owes; ``span`` is ``None`` where host or paper fixed the moment itself.

    ``due_at`` is the last moment in time, never guessed: it is ``provisional`` while a holiday notice is missing.
    ``levels`` are the reminders already given, so that none is given twice.
    """

    key: str
    what: str
    unit: str
    started_at: datetime
    due_at: datetime
    amount: float
    span: Span | None
    basis: str
    confirmed: bool
    statutory: bool = False
    provisional: bool = False
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    levels: tuple[str, ...] = ()
    stopped_at: datetime | None = None

    @property
    def paused(self) -> bool:
        """Tell whether the clock stands still now."""
        return bool(self.pauses) and self.pauses[-1].resumed_at is None

    def overdue(self, now: datetime) -> bool:
        """Tell whether the duty should have been done by ``now``: the clock neither stopped nor paused, its due passed."""
        return self.stopped_at is None and not self.paused and now > self.due_at

    def stop(self, at: datetime) -> Clock:
        """Return the clock stopped: its duty is done or fell away. Stopping twice keeps the first moment."""
        return self if self.stopped_at else replace(self, stopped_at=at)

    def fire(self, level: str) -> Clock:
        """Return the clock with a reminder level noted; noting it twice is harmless."""
        return self if level in self.levels else replace(self, levels=(*self.levels, level))

    def pause(self, at: datetime, approver: str, reason: str) -> Clock:
        """Return the clock standing still from ``at``; one that stands, has stopped or is fixed stays as it is."""
        if self.paused or self.stopped_at or self.span is None:
            return self
        return replace(self, pauses=(*self.pauses, Pause(at, approver, reason)))

    def resume(self, at: datetime, calendar: WorkCalendar, hours: WorkHours) -> Clock:
        """Return the clock running again, its due later by the time it stood.

        As with a start, the day of resuming is not counted (民法典 201); the day of pausing was.
        """
        if not self.paused:
            return self
        ended = replace(self.pauses[-1], resumed_at=at)
        return replace(self, pauses=(*self.pauses[:-1], ended)).recount(calendar, hours)

    def extend(self, more: Extension, calendar: WorkCalendar, hours: WorkHours) -> Clock:
        """Return the clock with a later due.

        Raises:
            ValueError: The period is in hours, or host or paper fixed it: such a due is not ours to move.
        """
        if self.span in (None, Span.HOUR, Span.WORKHOUR):
            raise ValueError(f"“{self.what}”按小时计或由平台给定，不能延期 / {self.key} cannot be extended here")
        return replace(self, extensions=(*self.extensions, more)).recount(calendar, hours)

    def recount(self, calendar: WorkCalendar, hours: WorkHours) -> Clock:
        """Return the clock with its due counted from the start again, by this calendar."""
        if self.span is None:
            return self
        due_at = self._due(calendar, hours)
        return replace(self, due_at=due_at, provisional=self._period().provisional(self.started_at, due_at, calendar))

    def moment_at(self, share: float, calendar: WorkCalendar, hours: WorkHours) -> datetime:
        """Return when ``share`` (0–1) of the period has passed: office time, or plain time for 小时. Pauses do not count."""
        if share >= 1:
            return self.due_at
        if self.span is Span.HOUR:
            moment = self.started_at + (self.due_at - self.started_at - self._stood()) * share
            for p in self.pauses:
                if p.resumed_at and moment >= p.paused_at:
                    moment += p.resumed_at - p.paused_at
            return moment
        stood = [(p, calendar.worktime_between(p.paused_at, p.resumed_at, hours)) for p in self.pauses if p.resumed_at]
        whole = calendar.worktime_between(self.started_at, self.due_at, hours) - sum((s for _, s in stood), timedelta())
        moment = calendar.add_worktime(self.started_at, whole * share, hours)
        for p, length in stood:
            if moment >= p.paused_at:
                moment = calendar.add_worktime(moment, length, hours)
        return moment

    def to_json(self) -> str:
        """Write the clock as JSON; ``from_json`` reads back an equal value."""
        return _adapter().dump_json(self).decode()

    @staticmethod
    def from_json(text: str | bytes) -> Clock:
        """Read what ``to_json`` wrote."""
        return _adapter().validate_json(text)

    def _period(self, more: int = 0) -> Deadline:
        assert self.span is not None
        return Deadline(self.key, self.what, self.amount + more, self.span, self.basis, self.confirmed)

    def _due(self, calendar: WorkCalendar, hours: WorkHours) -> datetime:
        if self.span is Span.HOUR:
            return self._period().count(self.started_at, calendar, hours) + self._stood()
        if self.span is Span.WORKHOUR:
            stood = (calendar.worktime_between(p.paused_at, p.resumed_at, hours) for p in self.pauses if p.resumed_at)
            amount = timedelta(hours=self.amount) + sum(stood, timedelta())
            return calendar.add_worktime(self.started_at, amount, hours)
        in_workdays = self.span is Span.WORKDAY
        own = Span.WORKDAY if in_workdays else Span.DAY
        more = sum(e.amount for e in self.extensions if e.span is own)
        for p in self.pauses:
            if p.resumed_at:
                first, last = _day(p.paused_at), _first_day(p.resumed_at, calendar, hours) if in_workdays else _day(p.resumed_at)
                more += calendar.workdays_between(first, last) if in_workdays else (last - first).days
        if self.span is Span.MONTH:  # months first, then days, and off a rest day only at the very end
            last_on = _day(self._period().count(self.started_at, _EVERY_DAY, hours))
            last_on = calendar.add_days(last_on, more)
        else:
            last_on = _day(self._period(more).count(self.started_at, calendar, hours))
        for e in self.extensions:
            if e.span is not own:
                last_on = (calendar.add_workdays if e.span is Span.WORKDAY else calendar.add_days)(last_on, e.amount)
        return datetime.combine(last_on, hours.closes, SHANGHAI)

    def _stood(self) -> timedelta:
        return sum((p.resumed_at - p.paused_at for p in self.pauses if p.resumed_at), timedelta())


@dataclass(frozen=True, slots=True)
class Change:
    """A due that moved, or became certain, with the sentence for the journal."""

    before: Clock
    after: Clock
    says: str


def start(deadline: Deadline, unit: str, at: datetime, calendar: WorkCalendar, hours: WorkHours) -> Clock:
    """Start one period for the unit that owes it."""
    due_at = deadline.count(at, calendar, hours)
    return Clock(deadline.key, deadline.what, unit, at, due_at, deadline.amount, deadline.span, deadline.basis,
                 deadline.confirmed, deadline.statutory, deadline.provisional(at, due_at, calendar))


def fixed(key: str, what: str, unit: str, at: datetime, due_at: datetime, basis: str) -> Clock:
    """Start a clock whose moment is given by the host or written in a paper; it is never recounted."""
    return Clock(key, what, unit, at, due_at, 0, None, basis, confirmed=True)


def recounted(
    clocks: Iterable[Clock], deadlines: Mapping[str, Deadline], calendar: WorkCalendar, hours: WorkHours, because: str
) -> tuple[Change, ...]:
    """Return what changes in running clocks when a calendar or an edition of the rules arrives.

    Every due is counted by the new calendar. A number that was 未确认 takes its new value; a confirmed number stays
    with the clocks that started under it. Stopped clocks are history. ``because`` names the notice or edition.
    """
    changes = []
    for before in clocks:
        if before.stopped_at or before.span is None:
            continue
        after = before
        if not before.confirmed and (d := deadlines.get(before.key)):
            after = replace(before, what=d.what, amount=d.amount, span=d.span, basis=d.basis, confirmed=d.confirmed,
                            statutory=d.statutory)
        after = after.recount(calendar, hours)
        if after != before:
            changes.append(Change(before, after, _says(before, after, because)))
    return tuple(changes)


def _says(before: Clock, after: Clock, because: str) -> str:
    old, new = (f"{c.due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for c in (before, after))
    moved = f"到期由 {old} 改为 {new}" if old != new else f"到期 {new} 不变"
    if before.provisional != after.provisional:
        moved += "，仍须等放假通知（暂定）" if after.provisional else "，不再是暂定"
    if not before.confirmed and after.confirmed:
        moved += f"，期限已确认（{after.basis}）"
    return f"{because}：“{after.what}”{moved}"


class _EveryDay(WorkCalendar):
    def is_workday(self, day: date) -> bool:
        return True


_EVERY_DAY = _EveryDay({})


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _first_day(moment: datetime, calendar: WorkCalendar, hours: WorkHours) -> date:
    after_closing = moment.astimezone(SHANGHAI).time() > hours.closes
    return calendar.next_workday(_day(moment) + timedelta(after_closing))


@cache
def _adapter() -> TypeAdapter[Clock]:
    return TypeAdapter(Clock)
