"""PostgreSQL restarted under load, with two workers: nothing lost, nothing standing twice, and all done soon after.

``HSDISPUTE_RESTARTS=20`` is the long run of docs/reliability.md.
"""

import os
import random
import threading
import time
from collections import Counter

import pytest

from tests import postgres
from tests.faults.world import County, until
from tests.hosts.roundup.tracker import Desk, Tracker

RESTARTS = int(os.environ.get("HSDISPUTE_RESTARTS", "3"))
CONTENT = "老城镇砖厂欠缴养老保险八个月，请税务局查处"


@pytest.fixture
def county(tmp_path):
    with postgres.serving() as server, Tracker(tmp_path / "host") as tracker:
        made = County(tmp_path, tracker, server.url, workers=2)
        made.tracker, made.server = tracker, server
        made.start()
        yield made
        made.close()


def test_a_database_that_restarts_under_load_loses_and_doubles_nothing(county):
    hotline, chance = Desk(county.tracker), random.Random(20251027)
    numbers, ended, refused = [], threading.Event(), Counter()

    def load():
        while not ended.is_set():
            number = hotline.file_ticket(f"欠费{len(numbers)}", CONTENT)
            numbers.append(number)
            while True:
                status, said = county.told(number)
                if status == 202:
                    break
                refused[status] += 1
                assert status != 503 or "数据库暂时不可用" in said
                time.sleep(0.1)

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    for turn in range(RESTARTS):
        time.sleep(chance.uniform(0.5, 2))
        county.server.stop("immediate" if turn % 2 else "fast")
        time.sleep(chance.uniform(0, 1.5))
        county.server.start()
    time.sleep(1)
    ended.set()
    thread.join(60)
    assert not thread.is_alive()
    until(county.idle, "nothing is left to do, without waiting for any lease to run out", 60)

    reader = Desk(county.tracker)
    marks = Counter(note.partition("〕")[0] for n in numbers for note in reader.notes(n) if note.startswith("〔hsdispute:"))
    assert all(reader.read(n)["extkey"] for n in numbers)
    assert len(marks) == len(numbers)
    assert set(marks.values()) == {1}
    assert set(refused) <= {503, 0}, "never another word than to come again"
    assert county.health()["queue"]["dead"] == county.health()["queue"]["failed_events"] == 0
    assert "Traceback" not in county.log()
    print(f"{RESTARTS} restarts, {len(numbers)} tickets, {refused[503]} answered 503")
