"""How long one ticket may be thought about: a rule, or a plugin's fact, that never ends must not keep the others waiting."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hsdispute_plugin.errors import DeliveryRefused
from hsdispute_plugin.logger import Logger

LONGEST_S = 60.0  # of the processor's time: a hundred times what the longest ticket takes; waiting for the database is none
WAITING = 10  # times as long by the clock, for what waits and never comes back
_log = Logger(__name__)


class TookTooLong(Exception):
    """Raised in the middle of what does not end."""


class Limit:
    """Stops a thread that thinks for longer than ``seconds`` by an error raised where it is; ``enforce`` is called by another.

    It reaches Python code only. A C function that never comes back holds the whole interpreter: the process is ended then
    (``Working``), and the ticket known by that.
    """

    def __init__(self, seconds: float = 0.0, steady: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._steady = seconds or LONGEST_S, steady
        self._lock = threading.Lock()
        self._since: dict[int, tuple[float, int, float]] = {}  # by thread: when it began, its own clock, what that showed
        self._stopped: set[int] = set()

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch over what this thread does inside.

        Raises:
            DeliveryRefused: It was stopped.
        """
        me = threading.get_ident()
        own = time.pthread_getcpuclockid(me)
        with self._lock:
            self._since[me] = self._steady(), own, time.clock_gettime(own)
        try:
            yield
        except Exception as err:
            if me in self._stopped:
                raise DeliveryRefused(f"读这张工单用了 {self._seconds:g} 秒还没有读完，已经停下，请联系管理员") from err
            raise
        finally:
            with self._lock:
                self._since.pop(me, None)
                self._stopped.discard(me)

    def enforce(self) -> None:
        """Stop every thread that is over its time; again and again, should it swallow the error."""
        with self._lock:
            for thread, (since, own, used) in self._since.items():
                thought, waited = time.clock_gettime(own) - used, self._steady() - since
                if thought > self._seconds or waited > WAITING * self._seconds:
                    self._stopped.add(thread)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TookTooLong))
                    _log.warning("ticket_stopped", seconds=self._seconds)
