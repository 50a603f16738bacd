"""From a host's hint to an accepted case: events are kept first, then fetched, decided and accepted one ticket at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from hsdispute_plugin.desk import Desk
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, place_of, trace_of
from hsdispute_plugin.forms_identity import Identity
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket, Platform
from hsdispute_plugin.logger import Logger
from hsdispute_plugin.model import MAX_TEXT, Ticket, Track
from hsdispute_plugin.reception_limit import Limit
from hsdispute_plugin.rules.rulebook import Rulebook
from hsdispute_plugin.store import Store, StoreDelayed
from hsdispute_plugin.store_leases import Hands
from hsdispute_plugin.store_rows import EventRow, NewEvent

MAX_FAULTS = 5  # tries at a ticket that breaks our own code, or in whose hands the process died, before a person must look
LONGEST_WAIT_S = 600.0
_log = Logger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """How one event ended: ``accepted`` (then with its track), ``known``, ``put_off`` or ``failed``."""

    outcome: str
    track: Track | None = None


class Reception:
    """Keeps events and works them off. ``book`` gives the rule book in force; ``clock`` the aware present."""

    def __init__(
        self, store: Store, platforms: Mapping[str, Platform], desk: Desk, book: Callable[[], Rulebook], plugins: Plugins,
        clock: Callable[[], datetime], aside: Limit | None = None,
    ) -> None:
        """``aside`` is the limit of what the desk tries beside the live decision; it is enforced here with our own."""
        self._store, self._platforms, self._desk, self._book = store, platforms, desk, book
        self._plugins, self._clock = plugins, clock
        self._hands, self._alone, self._limit = Hands(), threading.Lock(), Limit()
        self._limits = (self._limit, aside) if aside else (self._limit,)

    def keep(self, given: Sequence[tuple[str, HostEvent]]) -> list[bool]:
        """Record events (platform, event) durably in one commit; ``False`` for one that is known.

        After this returns, the hosts may be told 202.

        Raises:
            StoreDelayed: None was kept.
        """
        now = self._clock()
        with self._store.begin() as tx:
            return tx.add_events([_kept(name, e) for name, e in given], now)

    def poll(self, name: str, owner: str) -> int:
        """Ask a platform what changed since the last time; return how many events were new (1 when it must
        be asked on). One process at a time does.

        Raises:
            DeliveryDelayed, DeliveryRefused: The platform did not answer as it should; nothing is forgotten.
        """
        with self._store.begin() as tx:
            if not tx.lease(f"poll-{name}", owner):
                return 0
            cursor = tx.cursor(name)
        events, after = self._platforms[name].changed(cursor)
        now = self._clock()
        with self._store.begin() as tx:
            new = sum(tx.add_events([_kept(name, e) for e in events], now))
            if after != cursor:
                tx.set_cursor(name, after)
        return new or int(bool(events) and after != cursor)  # a page of what is known: the next one may be new

    def work_off(self, name: str, owner: str, limit: int = 5) -> tuple[Received, ...]:
        """Claim, fetch, decide and accept the tickets of a platform's due events; tell how each ended.

        Called by one thread per platform in each process, so that a host that hangs delays nobody else.
        """
        now = self._clock()
        with self._hands.claiming():
            with self._store.begin() as tx:
                rows = tx.claim_events(name, owner, now, limit)
            self._hands.take(row.id for row in rows)
        try:
            return tuple(self._work(row, owner) for row in rows)
        finally:
            self._hands.put_down(row.id for row in rows)

    def regain(self, owner: str) -> None:
        """Make free again the events that this process holds and no thread of it works off: the database did not take the end."""
        with self._hands.seen() as in_hand, self._store.begin() as tx:
            lost = tx.give_back_events(owner, in_hand)
        if lost:
            _log.warning("events_regained", events=lost)

    def enforce(self) -> None:
        """Stop the thinking about tickets that does not end; called from time to time by another thread."""
        for limit in self._limits:
            limit.enforce()

    def _work(self, row: EventRow, owner: str) -> Received:
        if row.crashes >= MAX_FAULTS:
            _log.error("ticket_set_aside", platform=row.platform, ticket_no=row.ticket_no, crashes=row.crashes)
            return self._settle(row, owner, "failed", f"处理这张工单时程序中止了 {row.crashes} 次，请联系管理员")
        given = None
        try:
            with self._with_care(row):
                given = HostTicket.from_text(row.ticket) if row.ticket else self._platforms[row.platform].fetch(row.ticket_no)
                if (length := len(given.ticket.text)) > MAX_TEXT:
                    raise DeliveryRefused(f"工单有 {length} 字，超过 {MAX_TEXT} 字的不读，请人工看后办理")
                with self._limit.on():
                    # Ended in the transaction that accepts it: one commit, and no moment at which one stands without the other.
                    case, decision = self._desk.accept(
                        row.platform, given, self._book(), now := self._clock(),
                        lambda tx: tx.settle_event(row.id, owner, "done", now))
        except (DeliveryDelayed, StoreDelayed) as err:
            return self._settle(row, owner, "waiting", self._unsaid(row, given, err))
        except DeliveryRefused as err:
            return self._settle(row, owner, "failed", self._unsaid(row, given, err))
        except Exception as err:  # one ticket that breaks the code must not stop the others
            _log.error("ticket_set_aside", platform=row.platform, ticket_no=row.ticket_no, error=trace_of(err))
            state = "failed" if row.attempts + 1 >= MAX_FAULTS else "waiting"
            return self._settle(row, owner, state, f"程序出错：{place_of(err)}")
        if decision is None:
            self._settle(row, owner, "done", "")
            return Received("known")
        _log.info("accepted", case_no=case.case_no, track=decision.track.value, lead=decision.lead, edition=decision.edition)
        self._plugins.decided(given.ticket, decision)
        return Received("accepted", decision.track)

    @contextmanager
    def _with_care(self, row: EventRow) -> Iterator[None]:
        """Work on a ticket with which the process died before with no other such beside it: so it is known which one kills."""
        if not row.crashes:
            yield
            return
        with self._alone:
            with self._store.begin() as tx:
                tx.begin_alone(row.id)
            yield

    def _unsaid(self, row: EventRow, given: HostTicket | None, error: Exception) -> str:
        """Return an error's sentence without the payer's words: of this version of the ticket, and of the one we have."""
        text = Identity.of(given.ticket).unsaid(str(error)) if given else str(error)
        try:
            with self._store.begin() as tx:
                before = tx.case_of(row.platform, row.ticket_no)
        except StoreDelayed:
            before = None
        return Identity.of(Ticket.model_validate(before.ticket) if before else None).unsaid(text)

    def _settle(self, row: EventRow, owner: str, state: str, error: str) -> Received:
        now = self._clock()
        wait = timedelta(seconds=min(LONGEST_WAIT_S, 2.0 * 2 ** min(row.attempts, 30)))
        with self._store.begin() as tx:
            tx.settle_event(row.id, owner, state, now, next_at=now + wait if state == "waiting" else None, error=error)
        if state == "failed":
            _log.warning("event_failed", platform=row.platform, ticket_no=row.ticket_no, error=error)
        return Received("put_off" if state == "waiting" else state)


def _kept(platform: str, event: HostEvent) -> NewEvent:
    handed = event.ticket.as_text() if event.ticket else ""
    return NewEvent(platform, event.event_id, event.ticket_no, event.kind, handed)
