"""A ticket may be thought about for so long: what does not end is stopped where it is, the thread lives on."""

import threading
import time

import pytest

from hsdispute_plugin.errors import DeliveryRefused
from hsdispute_plugin.reception_limit import Limit, TookTooLong


def stopped(limit, work):
    """Let another thread enforce the limit on us until the work ends."""
    ended = threading.Event()

    def enforce():
        while not ended.wait(0.01):
            limit.enforce()

    thread = threading.Thread(target=enforce)
    thread.start()
    try:
        with limit.on():
            work()
    finally:
        ended.set()
        thread.join()


def test_what_does_not_end_is_stopped_and_said():
    def forever():
        while True:
            pass

    with pytest.raises(DeliveryRefused, match=r"用了 0\.05 秒还没有读完，已经停下"):
        stopped(Limit(0.05), forever)


def test_what_swallows_the_error_is_stopped_in_the_end():
    swallowed = []

    def stubborn():
        while True:
            try:
                while True:
                    pass
            except TookTooLong:
                swallowed.append(1)
                if len(swallowed) > 2:
                    raise

    with pytest.raises(DeliveryRefused):
        stopped(Limit(0.02), stubborn)
    assert len(swallowed) == 3


def test_what_ends_in_time_and_what_fails_for_itself_is_left_alone():
    limit = Limit(60)
    stopped(limit, lambda: time.sleep(0.03))
    with pytest.raises(ZeroDivisionError):
        stopped(limit, lambda: 1 / 0)


def test_what_waits_is_not_thinking_until_it_waits_for_ever():
    stopped(Limit(0.05), lambda: time.sleep(0.2))
    steps = []
    with pytest.raises(DeliveryRefused):
        stopped(Limit(0.02), lambda: [steps.append(time.sleep(0.01)) for _ in range(1000)])
    assert 0 < len(steps) < 1000
