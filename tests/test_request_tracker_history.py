"""Two who write at once, as a ticket's history tells it: orders of acts seen with a real tracker, and some more."""

from datetime import UTC, datetime, timedelta

import pytest

from hsdispute_plugin.adapters.request_tracker_history import a_persons_last, of_field, of_this_writing, overtaken
from hsdispute_plugin.adapters.request_tracker_rest import NEVER, Act, RtTicket

ROBOT, CLERK = "hsdispute-robot", "jingban"
START = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def acts(*given, kind="CustomField", field="7"):
    """``"r +甲"``: the robot sets or adds 甲; ``"c -甲"``: she takes it away; ``"c 甲>乙"``: changes it; a number: seconds."""
    made, at = [], START
    for word in given:
        if isinstance(word, int):
            at += timedelta(seconds=word)
            continue
        who, _, what = word.partition(" ")
        before, _, after = what.partition(">") if ">" in what else ("", "", what[1:]) if what[0] == "+" else (what[1:], "", "")
        made.append(Act(len(made) + 1, "1", kind, ROBOT if who == "r" else CLERK, at, field, before, after))
    return made


def wanted(*values):
    return lambda stood: stood in values


@pytest.mark.parametrize(("given", "now", "stands"), [
    (["r +税务"], "税务", None),
    (["c +司法"], "司法", None),
    (["c +司法", "r 司法>税务"], "税务", "司法"),
    (["c +司法", "r +税务"], "税务", "司法"),  # RT read the field before the clerk's value stood in it
    (["r +税务", "c +司法"], "税务", "司法"),  # the clerk's act is told late: ours stands
    (["r +税务", "c 税务>司法"], "司法", "司法"),  # stands already
    (["c +司法", "c -司法", "r +税务"], "税务", None),  # emptied by the clerk before us
    (["c +待分派", "r 待分派>税务"], "税务", None),  # nobody's
    (["c +税务", "r +税务"], "税务", None),  # the same
    (["c +司法", "r 司法>税务", "r 税务>司法"], "司法", "司法"),  # given back already
])
def test_of_one_value_a_persons_is_the_one_that_stands(given, now, stands):
    assert overtaken(acts(*given), ROBOT, False, [now], wanted("税务", "待分派")) == stands


def test_a_time_that_a_person_took_away_is_no_value():
    assert overtaken(acts(f"c 2026-12-01 10:00:00>{NEVER}", "r +2026-12-02 10:00:00"), ROBOT, False, None, wanted()) is None


@pytest.mark.parametrize(("given", "now", "stands"), [
    (["r +医保", "r +财政"], ["医保", "财政"], None),
    (["c +网信", "r +医保", "r +财政", "r -网信"], ["医保", "财政"], ["网信"]),
    # Seen: each wrote value by value; of what the clerk did not see of ours, she took nothing away.
    (["r +医保", "r +财政", "c +网信", "c -医保"], ["财政", "网信"], ["网信"]),
    (["r +医保", "c +网信", "r +财政"], ["医保", "网信", "财政"], ["网信"]),
    (["r +医保", "r +财政", "c +网信"], ["医保", "财政", "网信"], ["网信"]),
    (["r +医保", "r +财政", "c +网信", "c -医保", "r -财政"], ["网信"], ["网信"]),  # given back already
    # Minutes later she looked at ours, and added one.
    (["r +医保", "r +财政", 60, "c +网信"], ["医保", "财政", "网信"], None),
    # We change an earlier decision of ours, 司法, as she puts another in its place, or beside it.
    (["r +医保", "c +网信", "c -司法"], ["医保", "网信"], ["网信"]),
    (["r +医保", "r -司法", "c +网信"], ["医保", "网信"], ["网信", "司法"]),
    (["c -医保", "r +医保", "r +财政"], ["医保", "财政"], None),  # emptied by her
])
def test_of_several_values_ours_are_taken_out_where_a_person_wrote_at_once(given, now, stands):
    found = overtaken(acts(*given), ROBOT, True, now, wanted(["医保", "财政"]))
    assert (found and sorted(found)) == (stands and sorted(stands))


def test_a_writing_ends_with_its_note():
    note = Act(9, "1", "Comment", ROBOT, START, "", "", "")
    theirs = Act(9, "1", "Comment", CLERK, START, "", "", "")
    one, two, three = acts("r +甲"), acts("c +乙", "r +丙"), acts("r +丁")
    history = [*one, note, *two, theirs, note, *three]
    assert of_this_writing(history, ROBOT, noted=False) == three
    assert of_this_writing(history, ROBOT, noted=True) == [*two, *three]
    assert of_this_writing(one, ROBOT, noted=True) == of_this_writing(one, ROBOT, noted=False) == one


def test_a_custom_field_is_known_by_its_number_and_a_core_field_by_its_name():
    ticket = RtTicket("1", "new", "", START, {}, {"协办单位": "7"}, "", True)
    history = [*acts("r +甲"), *acts("c +乙", field="8"), *acts("c +丙", kind="Set", field="Due")]
    assert [a.after for a in of_field(history, "协办单位", ticket)] == ["甲"]
    assert [a.after for a in of_field(history, "Due", ticket)] == ["丙"]
    assert a_persons_last(history, ROBOT) and not a_persons_last(history[:1], ROBOT) and not a_persons_last([], ROBOT)
