"""kill -9 at random moments under load: counted at the host by key, nothing is lost and nothing stands there twice.

``HSDISPUTE_KILLS=60`` is the long run of docs/reliability.md; CI does a short one.
"""

import os
import random
import threading
import time
from collections import Counter

import pytest

from tests.faults.world import County, until
from tests.hosts.roundup.tracker import Desk, Tracker

KILLS = int(os.environ.get("HSDISPUTE_KILLS", "8"))
TICKETS = 3 * KILLS
CONTENT = "老城镇砖厂欠缴养老保险八个月，请税务局查处"


@pytest.fixture(params=["sqlite", "postgresql"])
def county(request, tmp_path):
    with Tracker(tmp_path / "host") as tracker:
        if request.param == "sqlite":
            made = County(tmp_path, tracker, f"sqlite:///{tmp_path / 'cases.sqlite3'}")
        else:
            made = County(tmp_path, tracker, request.getfixturevalue("url_of_its_own"), workers=2)
        made.tracker = tracker
        made.start()
        yield made
        made.close()


def test_killed_at_random_moments_under_load_every_result_stands_once(county):
    hotline, chance = Desk(county.tracker), random.Random(20251027)
    numbers, told = [], threading.Event()

    def load():
        for n in range(TICKETS):
            number = hotline.file_ticket(f"欠费{n}", CONTENT)
            numbers.append(number)
            while not county.tell(number):
                time.sleep(0.05)
            if n % 5 == 0:
                county.tell(number)  # hosts repeat themselves
        told.set()

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.6))
        victim = chance.choice(list(county.processes))
        county.kill(victim)
        county.start(victim)
    thread.join(120)
    assert told.is_set()
    until(county.idle, "nothing is left to do", 120)

    reader = Desk(county.tracker)
    keys = [reader.read(n)["extkey"] for n in numbers]
    marks = Counter(note.partition("〕")[0] for n in numbers for note in reader.notes(n) if note.startswith("〔hsdispute:"))
    assert len(set(keys)) == TICKETS and all(keys), "lost"
    assert set(marks.values()) == {1}, "doubled"
    assert len(marks) == TICKETS
    assert county.health()["queue"]["dead"] == 0
    assert "Traceback" not in county.log()
