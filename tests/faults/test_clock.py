"""The machine's clock set forward by days and back by an hour under load: no clock tells twice, none is lost, no lease stolen."""

import os
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from hsdispute_plugin import app
from hsdispute_plugin.desk_docket import Terms, facts_of, read
from hsdispute_plugin.store import Store
from tests import sealed
from tests.faults.proxy import Proxy
from tests.faults.world import County, until
from tests.hosts.roundup.tracker import Desk, Tracker

HOUR, DAY = 3600.0, 86_400.0
HALF_A_DAY = timedelta(hours=12)
JUMPS = (DAY, -HOUR, 3 * DAY, -HOUR, 10 * DAY, -HOUR, 30 * DAY) * int(os.environ.get("HSDISPUTE_JUMPS", "1"))
CONTENT = "老城镇砖厂欠缴养老保险八个月，请税务局查处"


@pytest.fixture(params=["sqlite", "postgresql"])
def county(request, tmp_path):
    offset = tmp_path / "offset"
    offset.write_text("0")
    with Tracker(tmp_path / "host") as tracker, Proxy(tracker.url) as proxy:
        given = {"program": Path(__file__).with_name("program.py"), "environment": {"HSDISPUTE_TEST_OFFSET": str(offset)}}
        if request.param == "sqlite":
            made = County(tmp_path, proxy, f"sqlite:///{tmp_path / 'cases.sqlite3'}", **given)
        else:
            made = County(tmp_path, proxy, request.getfixturevalue("url_of_its_own"), workers=2, **given)
        made.tracker, made.proxy, made.offset = tracker, proxy, offset
        made.start()
        yield made
        made.close()


def jump(county, seconds):
    county.offset_s += seconds
    county.offset.with_suffix(".new").write_text(str(county.offset_s))
    county.offset.with_suffix(".new").rename(county.offset)


def test_clocks_that_are_set_tell_once_and_take_no_work_away(county):
    hotline, numbers = Desk(county.tracker), []
    store = Store(county.database, sealed.keys())
    book = app.open_rulebook(county.config, app.open_plugins())
    terms = Terms.of(book.source)

    def now():
        return app.clock() + timedelta(seconds=county.offset_s)

    def all_looked_at():
        with store.begin() as tx:
            return not tx.cases_to_look_at(now(), 1)

    for seconds in JUMPS:
        county.proxy.slow_s = 0.15  # a write-back takes more than a second: some are in hand when the clock jumps
        for _ in range(3):
            numbers.append(hotline.file_ticket(f"欠费{len(numbers)}", CONTENT))
            until(lambda: county.tell(numbers[-1]), "taken")
        until(lambda: county.health()["queue"]["claimed"], "a write-back is in hand")
        jump(county, seconds)
        county.proxy.slow_s = 0.0
        until(all_looked_at, "the tick looked at every clock")
        until(county.idle, "nothing is left to do, whatever the clock showed when it was put off")

    marks = Counter(note.partition("〕")[0] for n in numbers for note in hotline.notes(n) if note.startswith("〔hsdispute:"))
    reminders = sum("【提醒】" in note for n in numbers for note in hotline.notes(n))
    assert set(marks.values()) == {1}
    assert all(hotline.read(n)["extkey"] for n in numbers)
    with store.begin() as tx:
        told = defaultdict(list)
        for line in tx.journal_lines():
            if line.who == "系统时钟":
                told[line.case_no, line.act, line.why].append(line.at)
        dockets = [read(tx, row) for row in tx.cases()]
        rows = tx.outbox(("done",))
    assert len(dockets) == len(numbers)
    assert reminders >= len(numbers), "late matters were told of"
    times = {level.name: level.times for level in terms.clocks.levels}
    for (_, act, _), moments in told.items():  # what is repeated (每) says the same again, but days later
        assert len(moments) <= times.get(act, len(moments)), "told too often"
        assert all(later - earlier > HALF_A_DAY for earlier, later in pairwise(sorted(moments))), "told twice"
    for docket in dockets:
        values = facts_of(docket.case)
        assert not any(terms.clocks.to_tell(clock, values, now())[1] for clock in docket.clocks), "a moment was lost"
    assert "Traceback" not in county.log()
    assert "process_dead" not in county.log(), "nobody was taken for dead"
    store.close()
    print(f"{len(JUMPS)} jumps, {len(numbers)} tickets, {sum(map(len, told.values()))} moments told, {reminders} reminders, "
          f"{sum(r.kind == 'notice' for r in rows)} notices")
