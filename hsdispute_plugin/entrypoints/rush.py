"""Accepting comes first: while webhooks come in fast, whoever decides beside rests, but never for most of the time."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_S = 0.2  # arrivals are counted over spans of this length
MANY = 10  # arrivals in one of them, 50 a second: fewer are no rush, whatever a county's day brings
REST = 2.0  # times as long as was worked: a third of the time goes to deciding, however long the rush
LONGEST_REST_S = 0.5  # at once, so that no one slow ticket makes the next wait for long


class Rush:
    """Counts what arrives, by spans of time. ``came`` is called by the one thread that accepts, ``rest_s`` by any."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        """``steady`` gives seconds that nobody can set."""
        self._steady = steady
        self._span = (0, 0)  # the number of the last span in which something arrived, and how much did
        self._before = (0, 0)  # and of the one before that

    def came(self) -> None:
        """Note that something arrived."""
        number = int(self._steady() / LOOK_S)
        last, count = self._span
        if number == last:
            self._span = number, count + 1
        else:
            self._before, self._span = self._span, (number, 1)

    def rest_s(self, worked_s: float) -> float:
        """Return for how long to rest after so much work: not at all, unless there was a rush within the last two spans."""
        now = int(self._steady() / LOOK_S)
        rush = any(count >= MANY and now - number <= 1 for number, count in (self._span, self._before))
        return min(LONGEST_REST_S, REST * worked_s) if rush else 0.0
