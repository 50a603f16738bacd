"""Who does the pending work of a process: a few threads that look at the tables and sleep between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial

from hsdispute_plugin.errors import HsdisputeError, trace_of
from hsdispute_plugin.logger import Logger

IDLE_S = 1.0  # how long a thread sleeps when nothing was due and nobody woke it
REST_S = 0.05  # after a look that found nothing: what is told meanwhile shares the next look
_log = Logger(__name__)


class Embedded:
    """Three threads for each platform, so that a host that hangs delays no other: receive, deliver, poll; one for other work.

    ``wake`` makes a platform's threads look at once; the tables, not the wake-up, are the truth.
    """

    def __init__(
        self, intervals_s: Mapping[str, float], receive: Callable[[str], int], deliver: Callable[[str], int],
        poll: Callable[[str], int], others: Mapping[str, tuple[float, Callable[[], int]]] | None = None,
        at_once: Mapping[str, int] | None = None,
    ) -> None:
        """``intervals_s``: the platforms and how often each is polled, 0 for never; ``others``: work of no platform, by name.

        ``at_once``: threads that deliver to a platform, 1 where it is not named or 0.

        The calls take a platform's name and count what they did; after something, they are called again at once.
        """
        self._stop = threading.Event()
        self._woken = {name: (threading.Event(), threading.Event()) for name in intervals_s}
        self._threads: list[tuple[threading.Thread, threading.Event]] = []
        for name, every_s in intervals_s.items():
            arrived, queued = self._woken[name]
            self._add(f"receive-{name}", partial(receive, name), IDLE_S, woken=arrived, then=queued)
            for n in range((at_once or {}).get(name) or 1):
                self._add(f"deliver-{name}-{n}", partial(deliver, name), IDLE_S, woken=queued)
            if every_s > 0:
                self._add(f"poll-{name}", partial(poll, name), every_s, woken=threading.Event(), then=arrived)
        for what, (every_s, step) in (others or {}).items():
            self._add(what, step, every_s, woken=threading.Event(), then=None)

    def start(self) -> None:
        """Start all threads."""
        for thread, _ in self._threads:
            thread.start()

    def wake(self, name: str, *, arrived: bool = True, queued: bool = True) -> None:
        """Let the threads of a platform look now: those that receive, those that deliver, or both."""
        for event, wanted in zip(self._woken[name], (arrived, queued), strict=True):
            if wanted:
                event.set()

    def stop(self, timeout_s: float = 15.0) -> None:
        """Let every thread finish what it holds, and end. A lease that is held longer than this runs out by itself."""
        self._stop.set()
        for _, woken in self._threads:
            woken.set()
        until = time.monotonic() + timeout_s
        for thread, _ in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _add(
        self, what: str, step: Callable[[], int], every_s: float, *, woken: threading.Event, then: threading.Event | None = None,
    ) -> None:
        def run() -> None:
            while not self._stop.is_set():
                woken.clear()
                busy = self._done(what, step) > 0
                if busy and then:
                    then.set()
                if not busy and not self._stop.wait(min(REST_S, every_s)):
                    woken.wait(every_s - min(REST_S, every_s))

        self._threads.append((threading.Thread(target=run, name=f"hsdispute-{what}", daemon=True), woken))

    def _done(self, what: str, step: Callable[[], int]) -> int:
        try:
            return step()
        except HsdisputeError as err:  # the host or the database does not answer, and says why: look again later
            _log.warning("work_put_off", worker=what, error=str(err))
        except Exception as err:  # a fault of ours: the thread lives on
            _log.error("worker_fault", worker=what, error=trace_of(err))
        return 0
