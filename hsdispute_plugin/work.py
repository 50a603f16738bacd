"""Who does the pending work, embedded in the gateway's process: a few threads that look at the tables and sleep between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import structlog

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused

IDLE_S = 1.0  # how long a thread sleeps when nothing was due and nobody woke it
_log = structlog.get_logger(__name__)


class Embedded:
    """Runs the tasks until stopped. ``wake`` makes them look at once; the tables, not the wake-up, are the truth."""

    def __init__(
        self, work_off: Callable[[], int], deliver: Callable[[], Mapping[str, int]],
        poll: Mapping[str, tuple[Callable[[], int], float]],
    ) -> None:
        """``poll`` maps a platform to its polling call and interval in seconds; 0 means never."""
        self._stop = threading.Event()
        self._reception, self._delivery = threading.Event(), threading.Event()
        self._threads = [
            self._thread("reception", lambda: self._received(work_off()), self._reception, IDLE_S),
            self._thread("delivery", lambda: bool(deliver()), self._delivery, IDLE_S),
        ]
        for name, (call, every_s) in poll.items():
            if every_s > 0:
                self._threads.append(self._thread(f"poll-{name}", self._polling(name, call), threading.Event(), every_s))

    def start(self) -> None:
        """Start all threads."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Let the threads look now."""
        self._reception.set()
        self._delivery.set()

    def stop(self, timeout_s: float = 15.0) -> None:
        """Let every thread finish what it holds, and end."""
        self._stop.set()
        self.wake()
        for thread in self._threads:
            if not thread.name.startswith("hsdispute-poll-"):  # a poll asleep holds nothing
                thread.join(timeout_s)

    def _received(self, settled: int) -> bool:
        if settled:
            self._delivery.set()
        return settled > 0

    def _polling(self, name: str, call: Callable[[], int]) -> Callable[[], bool]:
        def poll() -> bool:
            try:
                if call():
                    self._reception.set()
            except (DeliveryDelayed, DeliveryRefused) as err:
                _log.warning("poll_failed", platform=name, error=str(err))
            return False

        return poll

    def _thread(self, name: str, step: Callable[[], bool], woken: threading.Event, every_s: float) -> threading.Thread:
        def run() -> None:
            while not self._stop.is_set():
                woken.clear()
                try:
                    busy = step()
                except Exception as err:  # the database may be locked or full: say so, and look again
                    _log.error("worker_fault", worker=name, error=type(err).__name__)
                    busy = False
                if not busy:
                    woken.wait(every_s)

        return threading.Thread(target=run, name=f"hsdispute-{name}", daemon=True)
