"""Working days of the county: holidays and 调休 per year, and the last moment at which a duty is done in time.

Sources: 国务院办公厅 holiday notices (config/calendar); 民法典 200–203 for counting; the county document
itself gives no number of days.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from hsdispute_plugin.model import SHANGHAI, DueDate


class Span(StrEnum):
    """Unit of a period. 小时 runs round the clock, 工作小时 only while offices are open."""

    WORKDAY = "工作日"
    DAY = "日"
    HOUR = "小时"
    WORKHOUR = "工作小时"
    MONTH = "月"


@dataclass(frozen=True, slots=True)
class Year:
    """Holidays of one year by notice; ``official`` is false where no notice is out and the dates are a projection."""

    year: int
    rest: frozenset[date]
    work: frozenset[date]
    source: str
    official: bool


@dataclass(frozen=True, slots=True)
class WorkHours:
    """When offices are open; tickets that arrive after closing count from the next working day (县级自定).

    Without a lunch break ``lunch_from`` equals ``lunch_to``.
    """

    opens: time = time(8, 30)
    closes: time = time(18, 0)
    lunch_from: time = time(12, 0)
    lunch_to: time = time(12, 0)

    def open_spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """Return the hours of one working day as (from, to), in order, none empty."""
        at = [datetime.combine(day, t, SHANGHAI) for t in (self.opens, self.lunch_from, self.lunch_to, self.closes)]
        if at[1] == at[2]:
            return ((at[0], at[3]),)
        return ((at[0], at[1]), (at[2], at[3]))


_REMEMBERED = 4096


class WorkCalendar:
    """Tells working days from rest days. A year without a file counts weekends only and is provisional."""

    def __init__(self, years: Mapping[int, Year]) -> None:
        self._years = dict(years)
        self._counted: dict[tuple[date, int], date] = {}  # tickets of one day ask the same questions

    def year(self, number: int) -> Year | None:
        """Return a year's holidays and their notice, ``None`` where there is no file."""
        return self._years.get(number)

    def is_workday(self, day: date) -> bool:
        """Tell whether offices work: 调休 weekends do, holidays do not."""
        known = self._years.get(day.year)
        if known:
            if day in known.work:
                return True
            if day in known.rest:
                return False
        return day.weekday() < 5

    def provisional(self, first: date, last: date) -> bool:
        """Tell whether a span runs through a year whose notice is not out."""
        return any(not (y := self._years.get(n)) or not y.official for n in range(first.year, last.year + 1))

    def add_workdays(self, start: date, workdays: int) -> date:
        """Return the ``workdays``-th working day after ``start``, which is not counted.

        0 gives ``start`` itself, or the next working day if it is a rest day.
        """
        if (known := self._counted.get((start, workdays))) is not None:
            return known
        day, left = start, workdays
        while left > 0:
            day += timedelta(1)
            left -= self.is_workday(day)
        if len(self._counted) > _REMEMBERED:
            self._counted.clear()
        last = self._counted[start, workdays] = self.next_workday(day)
        return last

    def add_days(self, start: date, days: int) -> date:
        """Return the last day of a period in calendar days; off a rest day it moves to the next working day (民法典 203)."""
        return self.next_workday(start + timedelta(days))

    def add_months(self, start: date, count: int) -> date:
        """Return the same date ``count`` months on, or the month's last day (民法典 202), moved off rest days."""
        y, m = divmod(start.month - 1 + count, 12)
        y, m = start.year + y, m + 1
        return self.next_workday(date(y, m, min(start.day, months.monthrange(y, m)[1])))

    def next_workday(self, day: date) -> date:
        """Return ``day`` itself if offices work on it, else the next day they do."""
        while not self.is_workday(day):
            day += timedelta(1)
        return day

    def workdays_between(self, first: date, last: date) -> int:
        """Count the working days after ``first`` up to and with ``last``; 0 when ``last`` is not later."""
        return sum(self.is_workday(first + timedelta(n)) for n in range(1, (last - first).days + 1))

    def add_worktime(self, start: datetime, amount: timedelta, hours: WorkHours) -> datetime:
        """Return the moment at which offices have been open for ``amount`` since ``start``.

        A start outside office hours counts from the next opening.
        """
        for opens, closes in self._open_spans(start, hours):
            if amount <= closes - opens:
                return opens + amount
            amount -= closes - opens
        raise AssertionError("office hours never end")

    def worktime_between(self, first: datetime, last: datetime, hours: WorkHours) -> timedelta:
        """Return how long offices were open between two moments; zero when ``last`` is not later."""
        total = timedelta(0)
        for opens, closes in self._open_spans(first, hours):
            if opens >= last:
                return total
            total += min(closes, last) - opens
        raise AssertionError("office hours never end")

    def _open_spans(self, start: datetime, hours: WorkHours) -> Iterator[tuple[datetime, datetime]]:
        start = start.astimezone(SHANGHAI)
        day = start.date()
        while True:
            if self.is_workday(day):
                for opens, closes in hours.open_spans(day):
                    if start < closes:
                        yield max(start, opens), closes
            day += timedelta(1)


@dataclass(frozen=True, slots=True)
class Deadline:
    """One period of ``deadlines.yaml``. ``confirmed`` is false for every number that law or host does not give."""

    key: str
    what: str
    amount: float
    span: Span
    basis: str
    confirmed: bool
    cap: str = ""  # 法定上限: key of the statutory period that this one may not exceed
    after: Deadline | None = None  # 起算: the period that must have run before this one starts
    statutory: bool = False  # 状态: 法定

    @property
    def in_days(self) -> bool:
        """Whether the last moment depends on the day of the start (and whether offices were closed), not on its hour."""
        return self.span not in (Span.HOUR, Span.WORKHOUR) and (self.after is None or self.after.in_days)

    def due(self, key: str, start: datetime, calendar: WorkCalendar, hours: WorkHours) -> DueDate:
        """Foresee the last moment in time from the arrival of a ticket, through the periods that come before this one."""
        began = self.after.due(self.after.key, start, calendar, hours).due_at if self.after else start
        due_at = self.count(began, calendar, hours)
        return DueDate(key, self.what, due_at, self.basis, self.confirmed, self.provisional(start, due_at, calendar))

    def count(self, start: datetime, calendar: WorkCalendar, hours: WorkHours) -> datetime:
        """Return the last moment in time, counted from ``start`` (not counted itself).

        小时 run round the clock from the moment (民法典 201); 工作小时 while offices are open; the others end when
        work ends on their last day. A start after closing, or on a rest day, counts as the next working day for
        periods in working days (县级自定).
        """
        local = start.astimezone(SHANGHAI)
        if self.span is Span.HOUR:
            return local + timedelta(hours=self.amount)
        if self.span is Span.WORKHOUR:
            return calendar.add_worktime(local, timedelta(hours=self.amount), hours)
        day, amount = local.date(), int(self.amount)
        if self.span is Span.WORKDAY:
            if local.time() > hours.closes:
                day += timedelta(1)
            last = calendar.add_workdays(calendar.next_workday(day), amount)
        elif self.span is Span.DAY:
            last = calendar.add_days(day, amount)
        else:
            last = calendar.add_months(day, amount)
        return datetime.combine(last, hours.closes, SHANGHAI)

    def provisional(self, start: datetime, due_at: datetime, calendar: WorkCalendar) -> bool:
        """Tell whether the count from ``start`` to ``due_at`` may change when a holiday notice comes out."""
        if self.span is Span.HOUR:
            return False
        return calendar.provisional(start.astimezone(SHANGHAI).date(), due_at.astimezone(SHANGHAI).date())
