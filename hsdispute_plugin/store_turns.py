"""One writer at a time, in the order in which they came: whoever has much to write lets the others in between."""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """A lock that is handed on to whoever waited longest. A plain one is mostly taken again by the thread that gave it back:

    one with thousands of notices to tell kept webhooks and tickets waiting for minutes (seen 2026-11-25).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def take(self, timeout_s: float) -> bool:
        """Wait for one's turn; ``False``: it did not come in time."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(timeout_s):
            return True
        with self._lock:
            if mine.is_set():  # it came just now
                return True
            self._waiting.remove(mine)
            return False

    def give(self) -> None:
        """Let the next one in."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
