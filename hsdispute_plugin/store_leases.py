"""Who holds what: processes that live, the rows and tasks leased to them, and what becomes free when one is dead.

No lease ends by the machine's clock, which may jump: a process is dead when the others no longer see it beat (``work_watch``),
and what a living one has lost sight of it gives back itself (``Hands``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.store_statements import insert_new, upsert

_TASK = "task:"


class Hands:
    """The leased rows that threads of this process are at work on. A row leased to it that is not here was lost sight of:

    the database took the claim and broke off the answer, or did not take how it ended.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._lock, self._steady = threading.Lock(), steady
        self._held: dict[int, float] = {}

    @contextmanager
    def claiming(self) -> Iterator[None]:
        """Claim under this, and ``take`` what was claimed: nobody looks in between."""
        with self._lock:
            yield

    def take(self, ids: Iterable[int]) -> None:
        """Note rows as being worked on; called while ``claiming``."""
        self._held |= dict.fromkeys(ids, self._steady())

    def put_down(self, ids: Iterable[int]) -> None:
        """Note that nobody works on rows any longer, however it ended."""
        with self._lock:
            for number in ids:
                self._held.pop(number, None)

    @contextmanager
    def seen(self) -> Iterator[Collection[int]]:
        """Give the rows in hand; none is taken meanwhile."""
        with self._lock:
            yield tuple(self._held)


class LeaseTables:
    """The part of a transaction that knows who lives and who holds what."""

    _c: sa.Connection
    _several: bool

    def beat(self, owner: str, until: datetime) -> None:
        """Say that a process lives; ``until`` is for people to read, the others look whether it changes."""
        self._c.execute(upsert(schema.workers, self._several), {"owner": owner, "alive_until": until})

    def beats(self) -> dict[str, str]:
        """Return the last beat of every process, empty of one that holds rows and never beat."""
        found = dict.fromkeys(self._holders(), "")
        w = schema.workers.c
        return found | {owner: until.isoformat() for owner, until in self._c.execute(sa.select(w.owner, w.alive_until))}

    def workers(self, now: datetime) -> list[str]:
        """Return the names of the processes that are alive."""
        w = schema.workers.c
        return list(self._c.scalars(sa.select(w.owner).where(w.alive_until > now).order_by(w.owner)))

    def lease(self, task: str, owner: str) -> bool:
        """Take for as long as it lives a task that one process at a time does (a poll, the tick); ``False``: it is another's."""
        key, w = f"{_TASK}{task}", schema.workers.c
        self._c.execute(insert_new(schema.meta, self._several), {"key": key, "value": ""})
        chosen = sa.select(schema.meta.c.value).where(schema.meta.c.key == key).with_for_update()
        holder = (self._c.scalar(chosen) or "").partition(" ")[0]
        if holder not in ("", owner) and self._c.scalar(sa.select(w.owner).where(w.owner == holder)):
            return False
        if holder != owner:
            self._c.execute(schema.meta.update().where(schema.meta.c.key == key).values(value=owner))
        return True

    def release(self, owners: Collection[str] | None = None) -> int:
        """Make free what dead processes held; ``None``: whatever anybody held, for the one process of an embedded database.

        An event in whose hands a process died is marked: it is decided alone from now on (``begin_alone``).
        """
        e, o, w = schema.events, schema.outbox, schema.workers
        theirs = [sa.true() if owners is None else t.c.lease_owner.in_(owners) for t in (e, o)]
        died = sa.case((e.c.crashes == 0, 1), else_=e.c.crashes)
        self._c.execute(e.update().where(e.c.state == "claimed", theirs[0]).values(
            state="waiting", lease_owner=None, crashes=died))
        done = self._c.execute(o.update().where(o.c.state == "claimed", theirs[1]).values(state="queued", lease_owner=None))
        self._c.execute(w.delete().where(sa.true() if owners is None else w.c.owner.in_(owners)))
        return int(done.rowcount)

    def give_back_events(self, owner: str, in_hand: Collection[int]) -> int:
        """Make those of a process's own events free again that it is not at work on."""
        return self._give_back(schema.events, "waiting", owner, in_hand)

    def give_back(self, owner: str, in_hand: Collection[int]) -> int:
        """Make those of a process's own outbox rows free again that it is not at work on."""
        return self._give_back(schema.outbox, "queued", owner, in_hand)

    def due_again(self, now: datetime, beyond: timedelta = timedelta(0)) -> int:
        """Make due at once what waits for a moment more than ``beyond`` from now: the clock was set back. Return how much."""
        late, moved = now + beyond, 0
        for table, state in ((schema.events, "waiting"), (schema.outbox, "queued")):
            moved += int(self._c.execute(table.update().where(
                table.c.state == state, table.c.next_at > late).values(next_at=now)).rowcount)
        lane = schema.lanes
        self._c.execute(lane.update().where(lane.c.paced_to > late).values(paced_to=now))
        self._c.execute(lane.update().where(lane.c.closed_until > late).values(closed_until=now))
        return moved

    def _holders(self) -> Iterator[str]:
        for table in (schema.events, schema.outbox):
            yield from self._c.scalars(sa.select(table.c.lease_owner).where(
                table.c.state == "claimed", table.c.lease_owner.is_not(None)).distinct())

    def _give_back(self, table: sa.Table, state: str, owner: str, in_hand: Collection[int]) -> int:
        lost = table.update().where(table.c.state == "claimed", table.c.lease_owner == owner, table.c.id.not_in(in_hand))
        return int(self._c.execute(lost.values(state=state, lease_owner=None)).rowcount)
