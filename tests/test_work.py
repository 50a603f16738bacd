"""The embedded work: hosts do not wait for each other, faults do not end a thread, stopping waits for what is in hand."""

import threading

import pytest

from hsdispute_plugin.errors import DeliveryDelayed
from hsdispute_plugin.work import Embedded

SOON = 10  # seconds until a test gives up; none waits that long


def nothing(name):
    return 0


@pytest.fixture
def start():
    made = []

    def run(intervals=None, *, receive=nothing, deliver=nothing, poll=nothing):
        work = Embedded(intervals or {"a": 0, "b": 0}, receive, deliver, poll)
        made.append(work)
        work.start()
        return work

    yield run
    for work in made:
        work.stop()


def test_a_host_that_hangs_delays_no_other(start):
    hanging, served = threading.Event(), threading.Event()

    def deliver(name):
        if name == "a":
            hanging.wait(SOON)
        else:
            served.set()
        return 0

    start(deliver=deliver)
    assert served.wait(SOON)
    hanging.set()


def test_what_was_received_is_delivered_without_waiting_for_the_clock(start):
    left, waited, delivered = [1], threading.Event(), threading.Event()

    def receive(name):
        waited.wait(SOON)
        return left.pop() if name == "a" and left else 0

    def deliver(name):
        if name == "a" and waited.is_set():
            delivered.set()
        waited.set()
        return 0

    start(receive=receive, deliver=deliver)
    assert delivered.wait(SOON)


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), DeliveryDelayed("连不上平台")])
def test_a_step_that_raises_is_taken_again(start, error):
    tries, again = [], threading.Event()

    def receive(name):
        tries.append(name)
        if len(tries) == 1:
            raise error
        again.set()
        return 0

    work = start({"a": 0}, receive=receive)
    work.wake("a")
    assert again.wait(SOON)


def test_a_platform_without_an_interval_is_not_polled(start):
    polled, begun = [], threading.Event()

    def poll(name):
        polled.append(name)
        begun.set()
        return 0

    work = start({"a": 0, "b": 3600}, poll=poll)
    assert begun.wait(SOON)
    work.stop()
    assert polled == ["b"]


def test_polling_goes_on_at_once_while_there_is_news(start):
    pages, all_seen = [3, 2, 1], threading.Event()

    def poll(name):
        if pages:
            return pages.pop()
        all_seen.set()
        return 0

    start({"a": 3600}, poll=poll)
    assert all_seen.wait(SOON)


def test_stopping_waits_for_what_is_in_hand():
    begun, ended = threading.Event(), []

    def deliver(name):
        begun.set()
        work._stop.wait(SOON)
        ended.append(name)
        return 0

    work = Embedded({"a": 0}, nothing, deliver, nothing)
    work.start()
    assert begun.wait(SOON)
    work.stop()
    assert ended == ["a"]


def test_what_arrived_wakes_who_receives_and_nobody_else(start, monkeypatch):
    monkeypatch.setattr("hsdispute_plugin.work.IDLE_S", 10 * SOON)  # nobody looks of himself
    asked, again = [], threading.Event()

    def receive(name):
        asked.append("receive")
        if asked.count("receive") > 1:
            again.set()
        return 0

    def deliver(name):
        asked.append("deliver")
        return 0

    work = start({"a": 0}, receive=receive, deliver=deliver)
    while len(asked) < 2:  # both looked and sleep
        pass
    work.wake("a", queued=False)
    assert again.wait(SOON)
    assert asked.count("deliver") == 1


def test_what_is_told_right_after_a_look_that_found_nothing_shares_the_next_look(start, monkeypatch):
    monkeypatch.setattr("hsdispute_plugin.work.REST_S", 10 * SOON)
    monkeypatch.setattr("hsdispute_plugin.work.IDLE_S", 10 * SOON)
    looks, looked = [], threading.Event()

    def receive(name):
        looks.append(name)
        looked.set()
        return 0

    work = start({"a": 0}, receive=receive)
    assert looked.wait(SOON)
    for _ in range(100):
        work.wake("a")
    work.stop()  # ends the rest, too
    assert looks == ["a"]
