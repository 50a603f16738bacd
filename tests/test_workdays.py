"""How days are counted: the county's calendars against the official notices, and 民法典 200–203 by worked dates."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.calendar_import import read_table
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.workdays import Deadline, Span, WorkCalendar, WorkHours, Year

CONFIG = Path(__file__).parent.parent / "config"


@pytest.fixture(scope="module")
def source():
    return load(CONFIG)


@pytest.fixture(scope="module")
def calendar(source) -> WorkCalendar:
    return source.calendar


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def period(amount: float, span: Span) -> Deadline:
    return Deadline("x", "某项", amount, span, "某条", confirmed=True)


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_calendar_of_an_official_year_equals_the_state_councils_day_by_day(calendar, year):
    days = [date(year, 1, 1) + timedelta(n) for n in range(365)]
    assert [d for d in days if calendar.is_workday(d) != chinese_calendar.is_workday(d)] == []
    assert sum(map(calendar.is_workday, days)) == 248


def test_next_years_calendar_is_provisional_until_its_notice_comes(calendar):
    assert not calendar.provisional(date(2026, 1, 1), date(2026, 12, 31))
    assert calendar.provisional(date(2026, 12, 1), date(2027, 1, 4))
    assert calendar.provisional(date(2031, 1, 1), date(2031, 1, 2))  # no file at all
    assert not calendar.is_workday(date(2027, 10, 1))


@pytest.mark.parametrize(("start", "workdays", "last"), [
    ("2026-09-18", 5, "2026-09-24"),  # 9-20 is a working Sunday
    ("2026-09-30", 5, "2026-10-13"),  # National Day, 10-10 is a working Saturday
    ("2026-02-13", 3, "2026-02-25"),  # Spring Festival, 2-14 is worked
    ("2026-11-20", 15, "2026-12-11"),
    ("2025-09-26", 5, "2025-10-10"),
    ("2026-10-02", 0, "2026-10-08"),
])
def test_working_days_exclude_the_start_and_know_the_holidays(calendar, start, workdays, last):
    assert calendar.add_workdays(date.fromisoformat(start), workdays) == date.fromisoformat(last)


@pytest.mark.parametrize(("start", "days", "last"), [
    ("2026-08-02", 60, "2026-10-08"),  # would end on 10-01
    ("2026-09-10", 15, "2026-09-28"),  # would end on 9-25, Mid-Autumn
    ("2026-09-05", 15, "2026-09-20"),  # ends on a working Sunday: not moved
])
def test_a_period_in_days_that_ends_on_a_rest_day_ends_on_the_next_working_day(calendar, start, days, last):
    assert calendar.add_days(date.fromisoformat(start), days) == date.fromisoformat(last)


@pytest.mark.parametrize(("start", "count", "last"), [
    ("2026-08-31", 6, "2027-02-28"),  # no 31 February: the month's last day; a Sunday, moved below
    ("2026-01-31", 1, "2026-02-28"),  # 2026-02-28 is a working Saturday
    ("2026-03-15", 6, "2026-09-15"),
])
def test_a_period_in_months_ends_on_the_same_date_or_the_months_last_day(calendar, start, count, last):
    assert calendar.add_months(date.fromisoformat(start), count) == calendar.next_workday(date.fromisoformat(last))


@pytest.mark.parametrize(("start", "due"), [
    ("2026-11-20 09:00", "2026-11-27 18:00"),
    ("2026-11-20 18:00", "2026-11-27 18:00"),  # the last minute of the day
    ("2026-11-20 18:01", "2026-11-30 18:00"),  # Friday after closing counts as Monday
    ("2026-11-21 10:00", "2026-11-30 18:00"),  # Saturday counts as Monday
])
def test_a_ticket_after_closing_starts_on_the_next_working_day(calendar, start, due):
    assert period(5, Span.WORKDAY).count(at(start), calendar, WorkHours()) == at(due)


def test_a_start_in_another_zone_counts_as_the_countys_day(calendar):
    friday_in_greenwich = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # Saturday 00:30 here
    assert period(1, Span.WORKDAY).count(friday_in_greenwich, calendar, WorkHours()) == at("2026-11-24 18:00")


def test_hours_run_round_the_clock_and_office_hours_only_while_offices_are_open(calendar):
    lunch = WorkHours(time(8, 30), time(18, 0), time(12, 0), time(14, 30))
    friday = at("2026-11-20 17:00")
    assert period(2, Span.HOUR).count(friday, calendar, lunch) == at("2026-11-20 19:00")
    assert period(2, Span.WORKHOUR).count(friday, calendar, lunch) == at("2026-11-23 09:30")
    assert period(4, Span.WORKHOUR).count(at("2026-11-20 11:00"), calendar, lunch) == at("2026-11-20 17:30")
    assert period(0.5, Span.WORKHOUR).count(at("2026-11-21 03:00"), calendar, lunch) == at("2026-11-23 09:00")


@given(st.integers(0, 400), st.integers(0, 40))
def test_working_days_are_counted_as_one_counts_on_fingers(start, workdays):
    rest, work = frozenset({date(2026, 5, 4), date(2026, 5, 5)}), frozenset({date(2026, 5, 9)})
    calendar = WorkCalendar({2026: Year(2026, rest, work, "试", True)})
    first = date(2026, 1, 1) + timedelta(start)
    last = calendar.add_workdays(first, workdays)
    counted = [d for n in range(1, (last - first).days + 1) if calendar.is_workday(d := first + timedelta(n))]
    assert calendar.is_workday(last)
    assert len(counted) == workdays or (workdays == 0 and not calendar.is_workday(first) and len(counted) == 1)
    assert calendar.workdays_between(first, last) == len(counted)


@given(st.integers(0, 60 * 24 * 30), st.integers(0, 60 * 100))
def test_office_time_added_is_office_time_found(start, minutes):
    calendar, hours = WorkCalendar({}), WorkHours(lunch_from=time(12, 0), lunch_to=time(14, 0))
    first = at("2026-11-01 00:00") + timedelta(minutes=start)
    amount = timedelta(minutes=minutes)
    assert calendar.worktime_between(first, calendar.add_worktime(first, amount, hours), hours) == amount


def test_a_forecast_runs_through_the_periods_before_it(source):
    found = source.deadlines["minutes_issue"].due("minutes_issue", at("2026-11-20 09:00"), source.calendar, source.hours)
    chain, workdays = source.deadlines["minutes_issue"], 0.0
    while chain:
        workdays, chain = workdays + chain.amount, chain.after
    assert workdays == 1 + 2 + 10 + 5 + 3
    assert found.due_at.date() == source.calendar.add_workdays(date(2026, 11, 20), int(workdays))


def test_every_number_that_is_not_law_is_marked_unconfirmed(source):
    assert {d.key for d in source.deadlines.values() if not d.statutory and d.confirmed} == set()
    assert all(d.basis for d in source.deadlines.values())
    assert {k for k, d in source.deadlines.items() if d.statutory} >= {"petition_total", "review_apply", "enforce_demand"}


HOLIDAY_CN = {"year": 2027, "papers": ["https://www.gov.cn/zhengce/example.htm"], "days": [
    {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
    {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
    {"name": "元旦", "date": "2027-01-02", "isOffDay": True},
    {"name": "春节", "date": "2027-02-06", "isOffDay": False},
]}


def test_the_state_councils_table_becomes_a_calendar_file_that_loads(tmp_path):
    table = read_table(json.dumps(HOLIDAY_CN), "2027.json", "国办发明电〔2026〕9号")
    assert table.notes() == ("2026-12-31 休 不在 2027 年，请补进 calendar/2026.yaml",)
    assert "休: [2027-01-01..2027-01-02]" in table.text()
    copy = tmp_path / "config"
    for path in CONFIG.rglob("*.yaml"):
        target = copy / path.relative_to(CONFIG)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (copy / "calendar" / "2027.yaml").write_text(table.text(), encoding="utf-8")
    calendar = load(copy).calendar
    assert (calendar.is_workday(date(2027, 2, 6)), calendar.is_workday(date(2027, 1, 1))) == (True, False)
    assert not calendar.provisional(date(2027, 1, 1), date(2027, 12, 31))


def test_a_simple_list_says_the_same_as_the_table():
    lines = "# 元旦\n2027-01-01..2027-01-02 休\n2027-02-06 班\n2026-12-31\t放假\n"
    listed = read_table(lines, "2027.txt", "国办发明电〔2026〕9号")
    assert listed == read_table(json.dumps(HOLIDAY_CN), "2027.json", "国办发明电〔2026〕9号")


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_shipped_calendar_read_as_a_list_gives_its_own_file_back(calendar, year):
    known = calendar.year(year)
    lines = [f"{d} 休" for d in known.rest] + [f"{d} 班" for d in known.work]
    written = read_table("\n".join(lines), "list", known.source).text()
    file = (CONFIG / "calendar" / f"{year}.yaml").read_text(encoding="utf-8")
    assert written.replace('"', "").splitlines() == [line for line in file.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(("text", "says"), [
    ('{"year": 2027, "papers": [], "days": []}', "可能还没有公布"),
    ('{"year": 2027, "papers": [], "days": [{"date": "2027-01-01", "isOffDay": true}]}', "没有通知的文号"),
    ('{"year": 2027, "days": [{"date": "2027-13-01", "isOffDay": true}]}', "days 第 1 项"),
    ('{"year": 2027', "不是完整的 JSON"),
    ("{}", "缺少 year 或 days"),
    ("2027-01-01 休息日", "list:1"),
    ("2027-01-01 休\n2027-01-01 班", "既休又班"),
    ("2027-01-04 班", "周一本来就上班"),
    ("", "可能还没有公布"),
])
def test_a_table_that_cannot_be_right_is_refused(text, says):
    with pytest.raises(RulebookError, match=says):
        read_table(text, "list")
