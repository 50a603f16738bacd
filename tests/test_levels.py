"""Levels of reminding: the right moment over holidays and nights, nothing twice, one word after a week of silence."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.clocks import ClockBook
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.clock import start
from hsdispute_plugin.rules.condition import Leaf, Op
from hsdispute_plugin.rules.finding import Flaw
from hsdispute_plugin.rules.levels import Anchor, Level, Told, Way, collapsed, due_now, moments, next_moment
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.verify import verify
from hsdispute_plugin.rules.workdays import Span

SOURCE = load(shipped_config())
CALENDAR, HOURS = SOURCE.calendar, SOURCE.hours
JOINT = {"track": "joint", "signals": frozenset()}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def clock(key="self_total", began="2025-09-26 09:00"):
    return start(SOURCE.deadlines[key], "tax", at(began), CALENDAR, HOURS)


def level(anchor, amount, span=Span.WORKDAY, **more):
    given = {"periods": frozenset(), "to": (Told.HANDLER,), "ways": (Way.NOTE,), "clause": "县级自定", **more}
    return Level("level.x", "某级", anchor=anchor, amount=amount, span=span, **given)


def first(one, of=None):
    return f"{next(moments(one, of or clock(), CALENDAR, HOURS))[1]:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(("one", "moment"), [
    # 单独办理五个工作日，2025-09-26（周五）起，9-28（周日）调休上班，国庆在内：2025-10-10 18:00 到期
    (level(Anchor.SHARE, 100), "2025-10-11 08:30"),  # 下班才到期，次日（周六，调休上班）一早告知
    (level(Anchor.SHARE, 50), "2025-09-30 08:45"),
    (level(Anchor.SHARE, 0), "2025-09-26 09:00"),
    (level(Anchor.BEFORE, 4, Span.WORKHOUR), "2025-10-10 14:00"),
    (level(Anchor.BEFORE, 12, Span.WORKHOUR), "2025-10-09 15:30"),
    (level(Anchor.BEFORE, 2), "2025-09-30 08:30"),
    (level(Anchor.BEFORE, 400), "2025-09-26 09:00"),
    (level(Anchor.AFTER, 1), "2025-10-13 08:30"),  # 逾期满一个工作日
    (level(Anchor.AFTER, 2), "2025-10-14 08:30"),
    (level(Anchor.AFTER, 2, Span.HOUR), "2025-10-11 08:30"),  # 20:00 已下班，等到上班
    (level(Anchor.AFTER, 2, Span.HOUR, in_hours=False), "2025-10-10 20:00"),
    (level(Anchor.AFTER, 1, Span.WORKHOUR), "2025-10-11 09:30"),
])
def test_a_level_comes_at_its_moment(one, moment):
    assert first(one) == moment


def test_a_danger_waits_for_no_office_hours():
    danger = clock("extreme_words", "2025-10-03 23:10")
    found = {f.level.id: f"{f.moment:%m-%d %H:%M}" for f in due_now(danger, SOURCE.levels, JOINT, CALENDAR, HOURS,
                                                                   at("2025-10-03 23:40"))}
    assert found == {"level.danger-at-once": "10-03 23:10", "level.danger-half": "10-03 23:25",
                     "level.danger-overdue": "10-03 23:40"}


def test_a_level_looks_only_at_its_periods_and_its_cases():
    major = replace(level(Anchor.SHARE, 100), periods=frozenset({"self_total"}), condition=Leaf("matter", Op.EQ, "major"))
    assert not major.concerns(clock(), JOINT)
    assert major.concerns(clock(), {"matter": "major"})
    assert not major.concerns(clock("register"), {"matter": "major"})


def test_one_who_was_told_is_not_told_again_until_the_due_moves():
    one, running = level(Anchor.SHARE, 100), clock()
    (firing,) = due_now(running, [one], JOINT, CALENDAR, HOURS, at("2025-10-11 09:00"))
    told = running.fire(firing.key)
    assert due_now(told, [one], JOINT, CALENDAR, HOURS, at("2025-12-01 09:00")) == ()
    assert next_moment(told, [one], JOINT, CALENDAR, HOURS) is None
    moved = replace(told, due_at=at("2025-10-20 18:00"))
    assert next_moment(moved, [one], JOINT, CALENDAR, HOURS) == at("2025-10-21 08:30")


def test_a_clock_that_stopped_or_stands_tells_nobody():
    one, running = level(Anchor.SHARE, 100), clock()
    for still in (running.stop(at("2025-10-09 10:00")), running.pause(at("2025-10-09 10:00"), "某", "鉴定")):
        assert due_now(still, [one], JOINT, CALENDAR, HOURS, at("2025-12-01 09:00")) == ()
        assert next_moment(still, [one], JOINT, CALENDAR, HOURS) is None


def test_what_repeats_ends():
    again = level(Anchor.AFTER, 1, every=2, times=3)
    assert [f"{m:%m-%d}" for _, m in moments(again, clock(), CALENDAR, HOURS)] == ["10-13", "10-15", "10-17"]


def test_after_a_week_of_silence_each_person_hears_one_word():
    late = at("2025-10-20 09:00")
    said = collapsed(due_now(clock(), SOURCE.levels, JOINT, CALENDAR, HOURS, late))
    assert [(f.level.id, tuple(f.to), f.missed) for f in said] == [
        ("level.overdue", (Told.HANDLER,), 2),
        ("level.overdue-office", (Told.HEAD,), 0),
        ("level.overdue-supervise", (Told.OFFICE, Told.GOV_OFFICE), 0)]


def test_what_was_missed_before_the_due_is_left_to_the_word_that_it_is_over():
    book = ClockBook(SOURCE.deadlines, CALENDAR, HOURS, SOURCE.levels)
    running, values = clock(began="2026-11-26 20:30"), {**JOINT, "matter": "general"}
    assert f"{running.due_at:%a %H:%M}" == "Fri 18:00"
    on_sunday, said = book.to_tell(running, values, at("2026-12-06 10:00"))
    assert said == ()  # not 「即将到期」 of what is over
    _, said = book.to_tell(on_sunday, values, at("2026-12-07 08:30"))
    assert [(f.level.id, tuple(f.to)) for f in said] == [("level.overdue", (Told.HANDLER, Told.HEAD))]
    # nobody tells it later: better late than never
    _, said = replace(book, levels=tuple(lv for lv in SOURCE.levels if lv.id == "level.soon")).to_tell(
        running, values, at("2026-12-06 10:00"))
    assert [f.level.id for f in said] == ["level.soon"]


@given(st.lists(st.integers(0, 60 * 24 * 40), max_size=12), st.sampled_from(sorted(SOURCE.deadlines)))
def test_however_the_ticks_fall_every_level_is_told_once_and_in_time(minutes, key):
    running, told = clock(key), []
    for minute in sorted(minutes):
        now = at("2025-09-26 09:00") + timedelta(minutes=minute)
        came = due_now(running, SOURCE.levels, JOINT, CALENDAR, HOURS, now)
        assert all(f.moment <= now for f in came)
        assert due_now(running, SOURCE.levels, JOINT, CALENDAR, HOURS, now) == came
        told += [f.key for f in came]
        for firing in came:
            running = running.fire(firing.key)
        upcoming = next_moment(running, SOURCE.levels, JOINT, CALENDAR, HOURS)
        assert upcoming is None or upcoming > now
        heard = [who for f in collapsed(came) for who in f.to]
        assert len(heard) == len(set(heard))
        assert {who for f in came for who in f.to} == set(heard)
        assert len(came) == sum(1 + f.missed for f in collapsed(came))
    assert len(told) == len(set(told))


def test_every_period_of_the_county_is_watched_and_a_gap_is_found():
    assert not [f for f in verify(SOURCE) if "没有任何一级提醒" in f.what]
    blind = replace(SOURCE, levels=tuple(lv for lv in SOURCE.levels if lv.periods))
    found = [f.what for f in verify(blind) if f.flaw is Flaw.GAP]
    assert "时限 “单独办理办结” 逾期后没有任何一级提醒" in found
    assert not any("极端言行处置" in what for what in found)


def test_every_number_of_the_levels_is_marked_with_its_basis():
    assert all(lv.unconfirmed for lv in SOURCE.levels)
    listed = [f.what for f in verify(SOURCE) if f.flaw is Flaw.UNCONFIRMED]
    assert any("级别 “已逾期”（level.overdue） 未经确认，依据：五（三）" in what for what in listed)
