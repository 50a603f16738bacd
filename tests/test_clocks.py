"""Clocks that start, stand, move and are counted anew: worked dates, and what must hold for any pause or extension."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsdispute_plugin.case import PERIODS, ClockEffect
from hsdispute_plugin.clocks import ClockBook, effective, lapsed, next_due
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.clock import Clock, Extension, fixed, recounted, start
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.workdays import Deadline, Span, WorkCalendar, WorkHours, Year

SOURCE = load(Path(__file__).parent.parent / "config")
CALENDAR, HOURS = SOURCE.calendar, SOURCE.hours
LUNCH = WorkHours(lunch_from=time(12, 0), lunch_to=time(14, 0))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def clock(amount: float, span: Span, began: str = "2026-11-02 09:00", *, confirmed: bool = False) -> Clock:
    return start(Deadline("self_total", "单独办理办结", amount, span, "某条", confirmed), "tax", at(began), CALENDAR, HOURS)


@pytest.mark.parametrize(("amount", "span", "due"), [
    (5, Span.WORKDAY, "2026-11-11 18:00"),  # Mon 2 +5 = Mon 9; Wed to Fri stood two days: Wed 11
    (10, Span.DAY, "2026-11-16 18:00"),  # Thu 12, two days on is Saturday 14, moved to Monday
    (1, Span.MONTH, "2026-12-04 18:00"),
    (72, Span.HOUR, "2026-11-07 11:00"),
    (40, Span.WORKHOUR, "2026-11-10 13:00"),
])
def test_a_pause_moves_the_due_by_the_time_it_stood(amount, span, due):
    stood = clock(amount, span).pause(at("2026-11-04 10:00"), "张局", "等待法院或仲裁结论")
    assert stood.paused and not stood.overdue(at("2030-01-01 00:00"))
    again = stood.resume(at("2026-11-06 12:00"), CALENDAR, HOURS)
    assert not again.paused
    assert again.due_at == at(due)
    assert (again.pauses[0].approver, again.pauses[0].reason) == ("张局", "等待法院或仲裁结论")


def test_a_pause_of_hours_within_one_day_does_not_move_a_due_in_days():
    before = clock(5, Span.WORKDAY)
    after = before.pause(at("2026-11-04 10:00"), "张局", "鉴定").resume(at("2026-11-04 16:00"), CALENDAR, HOURS)
    assert after.due_at == before.due_at


def test_a_resumption_after_closing_counts_as_the_next_working_day():
    stood = clock(5, Span.WORKDAY).pause(at("2026-11-04 10:00"), "张局", "鉴定")
    assert stood.resume(at("2026-11-05 17:00"), CALENDAR, HOURS).due_at == at("2026-11-10 18:00")
    assert stood.resume(at("2026-11-05 18:30"), CALENDAR, HOURS).due_at == at("2026-11-11 18:00")


@settings(max_examples=300)
@given(st.sampled_from([(5, Span.WORKDAY), (30, Span.DAY), (2, Span.MONTH), (48, Span.HOUR), (16, Span.WORKHOUR)]),
       st.lists(st.integers(1, 4000), min_size=2, max_size=6))
def test_pauses_never_bring_a_due_forward_and_a_second_count_changes_nothing(period, minutes):
    running, now = clock(*period), at("2026-11-02 09:00")
    for n, step in enumerate(minutes):
        now += timedelta(minutes=step)
        before = running.due_at
        running = running.pause(now, "甲", "某") if n % 2 == 0 else running.resume(now, CALENDAR, LUNCH)
        assert running.due_at >= before
    if not running.paused:
        assert running.recount(CALENDAR, LUNCH) == running
        assert running.due_at <= clock(*period).due_at + (now - at("2026-11-02 09:00")) + timedelta(days=11)


def test_an_extension_in_working_days_is_added_to_a_period_in_working_days():
    more = Extension(10, Span.WORKDAY, at("2026-11-05 09:00"), "李局", "案情复杂")
    longer = clock(5, Span.WORKDAY).extend(more, CALENDAR, HOURS)
    assert longer.due_at == clock(15, Span.WORKDAY).due_at
    assert longer.extensions == (more,)


def test_a_petition_is_extended_in_calendar_days():
    more = Extension(30, Span.DAY, at("2026-11-05 09:00"), "李局", "信访工作条例 第三十四条")
    assert clock(60, Span.DAY).extend(more, CALENDAR, HOURS).due_at == clock(90, Span.DAY).due_at


def test_a_due_that_the_host_fixed_or_that_is_in_hours_is_not_ours_to_extend():
    more = Extension(1, Span.WORKDAY, at("2026-11-05 09:00"), "李局", "某")
    hosts = fixed("host", "平台工单时限", "tax", at("2026-11-02 09:00"), at("2026-11-05 09:00"), "平台")
    for other in (clock(2, Span.HOUR), hosts):
        with pytest.raises(ValueError, match="不能延期"):
            other.extend(more, CALENDAR, HOURS)


def test_a_stopped_clock_stays_stopped_and_is_never_overdue():
    done = clock(5, Span.WORKDAY).stop(at("2026-11-03 10:00"))
    assert done.stop(at("2026-11-09 10:00")) == done
    assert done.pause(at("2026-11-04 10:00"), "甲", "某") == done
    assert not done.overdue(at("2027-01-01 00:00"))


def test_a_reminder_level_is_noted_once():
    fired = clock(5, Span.WORKDAY).fire("50%").fire("80%").fire("50%")
    assert fired.levels == ("50%", "80%")


@pytest.mark.parametrize(("share", "moment"), [
    (0.25, "2026-11-04 13:15"),  # 14 office hours, and Tuesday stood
    (0.5, "2026-11-05 18:00"), (1, "2026-11-10 18:00"),
])
def test_a_share_of_a_period_is_a_share_of_its_office_time_without_pauses(share, moment):
    running = clock(5, Span.WORKDAY, "2026-11-02 08:30").pause(at("2026-11-03 08:30"), "甲", "某")
    running = running.resume(at("2026-11-04 08:30"), CALENDAR, WorkHours())
    assert running.moment_at(share, CALENDAR, WorkHours()) == at(moment)


def test_a_share_of_a_period_in_hours_is_plain_time():
    running = clock(10, Span.HOUR).pause(at("2026-11-02 10:00"), "甲", "某").resume(at("2026-11-02 12:00"), CALENDAR, HOURS)
    assert [running.moment_at(x, CALENDAR, HOURS) for x in (0.1, 0.5, 1)] == [
        at("2026-11-02 12:00"), at("2026-11-02 16:00"), at("2026-11-02 21:00")]


def official_2027() -> WorkCalendar:
    """2026 as shipped, and an invented 2027 in which 4 January rests and the 9th is worked."""
    known = CALENDAR.year(2026)
    assert known
    return WorkCalendar({2026: known, 2027: Year(2027, frozenset({date(2027, 1, 1), date(2027, 1, 4)}),
                                                 frozenset({date(2027, 1, 9)}), "试〔2026〕1号", True)})


def test_a_provisional_due_is_counted_anew_when_the_calendar_comes():
    running = clock(5, Span.WORKDAY, "2026-12-29 09:00")
    assert (running.provisional, running.due_at) == (True, at("2027-01-06 18:00"))
    (change,) = recounted([running], {}, official_2027(), HOURS, "2027年放假安排（试〔2026〕1号）")
    assert (change.after.provisional, change.after.due_at) == (False, at("2027-01-07 18:00"))
    assert change.says == ("2027年放假安排（试〔2026〕1号）：“单独办理办结”到期由 2027-01-06 18:00 改为 2027-01-07 18:00，"
                           "不再是暂定")


def test_a_due_that_does_not_move_still_becomes_certain():
    running = clock(1, Span.WORKDAY, "2026-12-30 09:00")
    quiet = clock(1, Span.WORKDAY, "2027-06-01 09:00")
    changes = recounted([running, quiet], {}, official_2027(), HOURS, "公布")
    assert [c.before for c in changes] == [quiet]
    assert changes[0].says == "公布：“单独办理办结”到期 2027-06-02 18:00 不变，不再是暂定"


def test_clocks_that_stopped_or_were_fixed_by_the_host_are_not_counted_anew():
    stopped = clock(5, Span.WORKDAY, "2026-12-29 09:00").stop(at("2026-12-30 09:00"))
    hosts = fixed("host", "平台工单时限", "tax", at("2026-12-29 09:00"), at("2027-01-05 09:00"), "平台")
    assert recounted([stopped, hosts], {}, official_2027(), HOURS, "公布") == ()


def test_a_new_edition_changes_numbers_that_were_unconfirmed_and_leaves_the_others():
    seven = {"self_total": Deadline("self_total", "单独办理办结", 7, Span.WORKDAY, "合政办函〔2026〕3号", confirmed=True)}
    (change,) = recounted([clock(5, Span.WORKDAY), clock(5, Span.WORKDAY, confirmed=True)], seven, CALENDAR, HOURS, "第 abc 版")
    assert (change.before.confirmed, change.after.due_at, change.after.confirmed) == (False, at("2026-11-11 18:00"), True)
    assert "期限已确认（合政办函〔2026〕3号）" in change.says


@given(st.sampled_from(list(Span)), st.integers(0, 40), st.booleans())
def test_a_clock_read_back_from_json_is_the_same_clock(span, amount, paused):
    running = clock(amount, span)
    if span not in (Span.HOUR, Span.WORKHOUR):
        running = running.extend(Extension(3, Span.WORKDAY, at("2026-11-03 09:00"), "李局", "某"), CALENDAR, HOURS)
    running = running.fire("80%").pause(at("2026-11-04 09:00"), "甲", "某")
    running = running if paused else running.resume(at("2026-11-05 09:00"), CALENDAR, HOURS)
    assert Clock.from_json(running.to_json()) == running


BOOK = ClockBook(SOURCE.deadlines, CALENDAR, HOURS)
BEGAN = at("2026-11-02 09:00")


def test_every_period_of_a_cases_life_has_a_row_with_its_basis():
    assert BOOK.missing_periods() == ()
    assert ClockBook({}, CALENDAR, HOURS).missing_periods() == tuple(row.key for row in PERIODS)


def test_the_effective_due_is_the_earliest_of_host_statute_and_county():
    clocks = BOOK.apply([
        ClockEffect("start", "general_total", "tax", BEGAN), ClockEffect("start", "petition_total", "tax", BEGAN),
        ClockEffect("start", "triage_review", "tax", BEGAN),
        ClockEffect("start", "host", "tax", BEGAN, due_at=at("2026-11-06 12:00")),
    ], ())
    assert effective(clocks).key == "host"
    assert next_due(clocks).key == "triage_review"  # not a due of the matter, but the next duty
    clocks = BOOK.apply([ClockEffect("stop", "host", "tax", BEGAN)], clocks)
    assert effective(clocks).due_at == at("2026-11-23 18:00")
    clocks = BOOK.apply([ClockEffect("extend", "general_total", "tax", BEGAN, workdays=60, approver="李局", reason="某")], clocks)
    assert (effective(clocks).key, effective(clocks).due_at) == ("petition_total", at("2027-01-04 18:00"))


def test_a_paused_county_clock_leaves_the_statutory_one_to_speak():
    clocks = BOOK.apply([ClockEffect("start", k, "tax", BEGAN) for k in ("self_total", "petition_total")], ())
    clocks = BOOK.apply([ClockEffect("pause", "self_total", "tax", BEGAN, approver="李局", reason="等待法院或仲裁结论")], clocks)
    assert effective(clocks).key == "petition_total"
    assert lapsed(clocks, at("2026-12-01 09:00")) == frozenset()
    clocks = BOOK.apply([ClockEffect("resume", "self_total", "tax", at("2026-11-30 09:00"))], clocks)
    assert lapsed(clocks, at("2026-12-31 09:00")) == {"self_total"}


def test_a_date_written_in_a_paper_ends_with_the_office_day():
    (clock_,) = BOOK.apply([ClockEffect("start", "feedback", "office", BEGAN, due_on=date(2026, 12, 1))], ())
    assert clock_.due_at == at("2026-12-01 18:00")


def test_a_stop_concerns_only_the_unit_that_has_done_its_duty():
    clocks = BOOK.apply([ClockEffect("start", "general_opinion", unit, BEGAN) for unit in ("hr", "medical")], ())
    clocks = BOOK.apply([ClockEffect("stop", "general_opinion", "hr", at("2026-11-03 09:00"))], clocks)
    assert [c.unit for c in clocks if not c.stopped_at] == ["medical"]
    assert effective(clocks) is None
