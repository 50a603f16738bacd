"""Working days of the county: holidays and 调休 per year, and the last moment at which a duty is done in time.

Sources: 国务院办公厅 holiday notices (config/calendar); 民法典 200–203 for counting; the county document
itself gives no number of days.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from hsdispute_plugin.model import SHANGHAI, DueDate


class Span(StrEnum):
    """Unit of a period."""

    WORKDAY = "工作日"
    DAY = "日"
    HOUR = "小时"
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
    """When a day's work ends; tickets that arrive later count from the next working day (县级自定)."""

    opens: time = time(8, 30)
    closes: time = time(18, 0)


class WorkCalendar:
    """Tells working days from rest days. A year without a file counts weekends only and is provisional."""

    def __init__(self, years: Mapping[int, Year]) -> None:
        self._years = dict(years)

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
        day = start
        while workdays > 0:
            day += timedelta(1)
            workdays -= self.is_workday(day)
        return self.next_workday(day)

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

    def due(self, key: str, start: datetime, calendar: WorkCalendar, hours: WorkHours) -> DueDate:
        """Return the last moment in time, counted from ``start`` (not counted itself).

        Hours run round the clock from the moment (民法典 201); the others end when work ends on their last day.
        A start after closing, or on a rest day, counts as the next working day for periods in working days.
        """
        local = start.astimezone(SHANGHAI)
        if self.span is Span.HOUR:
            due_at = local + timedelta(hours=self.amount)
        else:
            day, amount = local.date(), int(self.amount)
            if self.span is Span.WORKDAY:
                if local.time() > hours.closes:
                    day += timedelta(1)
                last = calendar.add_workdays(calendar.next_workday(day), amount)
            elif self.span is Span.DAY:
                last = calendar.add_days(day, amount)
            else:
                last = calendar.add_months(day, amount)
            due_at = datetime.combine(last, hours.closes, SHANGHAI)
        return DueDate(key, self.what, due_at, self.basis, self.confirmed,
                       provisional=self.span is not Span.HOUR and calendar.provisional(local.date(), due_at.date()))
