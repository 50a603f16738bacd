"""The pending work of one process: the gateway's own, or one of any number of ``hsdispute worker`` on PostgreSQL."""

from __future__ import annotations

import faulthandler
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

from hsdispute_plugin import app as joined
from hsdispute_plugin.app import App
from hsdispute_plugin.desk_records import NOTICES
from hsdispute_plugin.entrypoints.figures import Figures
from hsdispute_plugin.entrypoints.rush import Rush
from hsdispute_plugin.errors import HsdisputeError
from hsdispute_plugin.logger import Logger
from hsdispute_plugin.outbox import LONGEST_ASKED_S
from hsdispute_plugin.store import StoreDelayed
from hsdispute_plugin.store_events import EVENTS, OUTBOX
from hsdispute_plugin.work import Embedded
from hsdispute_plugin.work_watch import Jumps, Watch

BEAT_EVERY_S, ALIVE = 3.0, timedelta(seconds=12)
FARTHEST = timedelta(seconds=LONGEST_ASKED_S + 60)  # nothing is put off for longer: a later moment is of a clock since set back
GUARD_EVERY_S, STUCK_S = 3.0, 60.0
NOTICES_AT_ONCE = 10  # no host waits behind them that could be asked too often
NOTICE_EVERY_S, TICK_EVERY_S, LISTEN_S = 1.0, 20.0, 1.0
SEAL_EVERY_S = 0.2  # a batch; slow enough that nobody waits for it
SEAL_REST = 300  # batches left out when one could not be sealed
_log = Logger(__name__)


class Working:
    """Works off events, delivers, polls, tells; says every few seconds that it is alive, so that nobody waits for the dead."""

    def __init__(self, app: App, figures: Figures, *, guarded: bool = False) -> None:
        """``guarded``: end the process when no thread of it comes to run any more, so that the service is started anew."""
        self._app, self._figures, self._guarded = app, figures, guarded
        self._owner = app.owner
        self._work = Embedded(
            app.intervals_s, self._receive, self._deliver, lambda name: app.reception.poll(name, self._owner),
            {"notices": (NOTICE_EVERY_S, lambda: self._deliver(NOTICES, NOTICES_AT_ONCE)), "beat": (BEAT_EVERY_S, self._beat),
             "seal": (SEAL_EVERY_S, self._seal),
             "guard": (GUARD_EVERY_S, self._guard),
             "tick": (TICK_EVERY_S, lambda: app.desk.tick(app.book, joined.clock(), self._owner))},
            {name: pace.at_once for name, pace in app.paces.items()})
        self._stop, self.rush = threading.Event(), Rush()
        self._watch, self._jumps = Watch(), Jumps(time.monotonic)
        self._sealing: Iterator[int] | None = None
        self._resealed, self._round, self._sealed_with, self._resting = 0, "", "", 0

    def start(self) -> None:
        """Start all threads; what the process before this one held on an embedded database is free again."""
        with self._app.store.begin() as tx:
            if self._app.store.embedded:
                tx.release()
            tx.due_again(joined.clock(), FARTHEST)
        self._beat()
        self._work.start()
        if not self._app.store.embedded:
            threading.Thread(target=self._listen, name="hsdispute-listen", daemon=True).start()

    def wake(self, name: str) -> None:
        """Let the thread that receives from a platform look now: something arrived."""
        self.rush.came()
        self._work.wake(name, queued=False)

    def stop(self) -> None:
        """Let every thread finish what it holds, and end."""
        self._stop.set()
        self._work.stop()
        if self._guarded:
            faulthandler.cancel_dump_traceback_later()

    def _receive(self, name: str) -> int:
        began = time.monotonic()
        received = self._app.reception.work_off(name, self._owner)
        if rest_s := self.rush.rest_s(time.monotonic() - began):
            self._stop.wait(rest_s)
        for one in received:
            self._figures.received.labels(name, one.outcome).inc()
            if one.track:
                self._figures.accepted.labels(name, one.track.value).inc()
        return len(received)

    def _deliver(self, name: str, limit: int = 1) -> int:
        ended = self._app.outbox.deliver_due(name, self._owner, limit)
        for state in ended:
            self._figures.delivered.labels(name, state).inc()
        return len(ended)

    def _guard(self) -> int:
        self._app.reception.enforce()
        if self._guarded:  # a watch in C: it needs nobody's turn in the interpreter, and tells files and lines, no values
            faulthandler.dump_traceback_later(STUCK_S, exit=True)
        return 0

    def _beat(self) -> int:
        now = joined.clock()
        if jump := self._jumps.seen(now):
            _log.warning("clock_jumped", seconds=round(jump.total_seconds()))
        with self._app.store.begin() as tx:
            tx.beat(self._owner, now + ALIVE)
            others = tx.beats()
            others.pop(self._owner)
            if dead := self._watch.dead(others):
                tx.release(dead)
            if jump:
                tx.due_again(now)
        for owner in dead:
            _log.warning("process_dead", owner=owner)
        self._app.reception.regain(self._owner)
        self._app.outbox.regain(self._owner)
        return 0

    def _seal(self) -> int:
        """Seal a batch of what is in clear, or sealed with an older key; nothing once a whole round found none."""
        store = self._app.store
        if store.keys is None or self._sealed_with == store.keys.writer.id:
            return 0
        if self._resting:
            self._resting -= 1
            return 0
        if self._sealing is None:
            self._sealing, self._resealed, self._round = store.reseal(), 0, store.keys.writer.id
        try:
            count = next(self._sealing, None)
            if count is None and not self._resealed:  # a whole round, and nothing left
                store.scrub()
                self._sealed_with = self._round
        except HsdisputeError:
            self._sealing, self._resting = None, SEAL_REST
            raise
        if count is not None:
            self._resealed += count
            return 0  # not at once again
        self._sealing = None
        if self._resealed:
            _log.info("resealed", rows=self._resealed, key=self._round)
        return 0

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                for told in self._app.store.listen(LISTEN_S):
                    if self._stop.is_set():
                        return
                    what, _, name = told.partition(" ")
                    if name in self._app.platforms:
                        self._work.wake(name, arrived=what == EVENTS, queued=what == OUTBOX)
            except StoreDelayed as err:  # the threads look every second anyway
                _log.warning("not_listening", error=str(err))
                self._stop.wait(LISTEN_S)
