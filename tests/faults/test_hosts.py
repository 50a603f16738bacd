"""A host that misbehaves before our eyes: nothing lost, nothing standing twice, order kept, and its neighbour not held up.

``HSDISPUTE_TICKETS=40`` files more tickets under each fault (docs/reliability.md).
"""

import os
from collections import Counter
from contextlib import suppress

import pytest

from tests.faults.proxy import FAULTS, Proxy
from tests.faults.world import County, until
from tests.hosts.roundup.tracker import Desk, Tracker

TICKETS = int(os.environ.get("HSDISPUTE_TICKETS", "3"))
CONTENT = "老城镇砖厂欠缴养老保险八个月，请税务局查处"


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    home = tmp_path_factory.mktemp("hosts")
    with Tracker(home / "host") as tracker, Proxy(tracker.url) as proxy:
        made = County(home, proxy, f"sqlite:///{home / 'cases.sqlite3'}", beside={"neighbour": tracker.url}, 超时秒="1")
        made.tracker, made.proxy = tracker, proxy
        made.start()
        yield made
        made.close()


@pytest.fixture
def hotline(county):
    return Desk(county.tracker)


def keys(hotline, number):
    """The keys of our notes in a ticket, oldest first."""
    return [n[len("〔hsdispute:"):].partition("〕")[0] for n in hotline.notes(number) if n.startswith("〔hsdispute:")]


def filed(county, hotline, count, platform="roundup"):
    numbers = [hotline.file_ticket(f"欠费{n}", CONTENT) for n in range(count)]
    assert all(county.tell(number, platform=platform) for number in numbers)
    return numbers


def changed(hotline, number, title):
    """Change the title, again where our own write came in between."""
    def done():
        with suppress(RuntimeError):
            hotline.change(number, title=title)
            return True
        return False

    until(done, "the title was changed")


def all_written(hotline, numbers):
    return lambda: all(hotline.read(n)["extkey"] for n in numbers)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_host_that_misbehaves_gets_every_result_once_and_holds_up_no_other(county, hotline, fault):
    proxy, seen = county.proxy, county.proxy.seen[fault]
    proxy.misbehave(fault)
    suffering = filed(county, hotline, TICKETS)
    beside = filed(county, hotline, TICKETS, "neighbour")
    until(all_written(hotline, beside), "the neighbour is served meanwhile")
    if fault != "refuse":
        until(lambda: proxy.seen[fault] > seen, "the fault was met")
    assert not any(hotline.read(n)["extkey"] for n in suffering)
    proxy.misbehave("")
    until(all_written(hotline, suffering), "written after the fault")
    until(county.idle, "nothing is left to do")
    assert [len(keys(hotline, n)) for n in suffering + beside] == [1] * 2 * TICKETS
    assert county.health()["queue"]["dead"] == county.health()["queue"]["failed_events"] == 0


@pytest.mark.parametrize("fault", FAULTS[1:])
def test_several_results_for_one_ticket_arrive_in_order_and_once_though_writes_failed(county, hotline, fault):
    proxy, before = county.proxy, county.proxy.seen[fault]
    numbers = filed(county, hotline, TICKETS)
    until(county.idle, "the first result")
    proxy.misbehave(fault, writes_only=True)
    for turn, title in enumerate(("医保中断待遇停发", "同一笔养老保险费缴了两次要求退费", "砖厂欠缴失业保险费")):
        for number in numbers:
            changed(hotline, number, title)
            assert county.tell(number, f"changed-{fault}-{number}-{turn}")
        until(lambda: not county.health()["queue"]["events"], "the change was taken")
    until(lambda: proxy.seen[fault] > before, "the fault was met")
    waiting = county.health()["queue"]
    proxy.misbehave("")
    until(county.idle, "nothing is left to do", 120)
    assert waiting["queued"] + waiting["claimed"] >= 2 * TICKETS, "several results waited for each ticket"
    for number in numbers:
        found = keys(hotline, number)
        assert found == sorted(found, key=lambda key: int(key.rpartition("-")[2]))
        assert set(Counter(found).values()) == {1}
        assert len(found) > 2
        assert hotline.read(number)["extkey"] == found[-1]
    assert "Traceback" not in county.log()
