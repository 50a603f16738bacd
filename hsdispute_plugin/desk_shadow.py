"""试算 at the desk: a candidate decides each ticket beside the edition in force, and, for 试点 alone, in its place.

Nothing the candidate does reaches the live decision: it runs on the engine that cannot break the process, after the live
decision stands, and whatever it raises is counted as a fault of that ticket.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from hsdispute_plugin.desk_alike import TOWN, Alike
from hsdispute_plugin.desk_docket import Terms
from hsdispute_plugin.errors import DeliveryRefused, RulebookError, place_of, trace_of
from hsdispute_plugin.logger import Logger
from hsdispute_plugin.model import Decision
from hsdispute_plugin.rules.editions import EditionRefused
from hsdispute_plugin.rules.rulebook import Rulebook
from hsdispute_plugin.rules.shadow import said_of
from hsdispute_plugin.store import Transaction
from hsdispute_plugin.store_shadow import LONGEST_FAULT, ShadowRow, ShadowTicket

SLOW_MOST = 3  # tickets in one process that did not end
_log = Logger(__name__)


@dataclass(frozen=True, slots=True)
class Thought:
    """What one edition makes of a ticket: its decision, what the ticket shares with others, and whether it is on trial."""

    book: Rulebook
    terms: Terms
    decision: Decision
    shared: Sequence[tuple[str, str]]
    others: Alike
    explained: str  # the decision in words
    on_trial: bool = False

    @property
    def signed(self) -> str:
        """Name the edition as the journal does."""
        return f"规则册 {self.decision.edition}{'，试点' if self.on_trial else ''}"


Think = Callable[[Rulebook, Terms, bool], Thought]


@dataclass(frozen=True, slots=True)
class Beside:
    """What the candidate of a 试算 made of a ticket. ``decides``: its decision is the one that counts."""

    shadow: ShadowRow
    says: str | None  # ``None``: the same as the live edition, or it failed
    fault: str | None = None
    thought: Thought | None = None
    decides: bool = False


class Candidate:
    """The rule book under 试算, opened once in each process; one that cannot be opened is not tried again until the next 试算."""

    def __init__(
        self, open_: Callable[[str], Rulebook], limit: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        """``open_`` opens a prepared edition by name; ``limit`` stops with ``DeliveryRefused`` what thinks for too long."""
        self._open, self._limit, self._lock = open_, limit, threading.Lock()
        self._slow = 0
        self._known: tuple[int, tuple[Rulebook, Terms] | Exception] | None = None

    def of(self, shadow: ShadowRow) -> tuple[Rulebook, Terms]:
        """Return the rule book and its terms.

        Raises:
            EditionRefused, RulebookError: It cannot be opened on this machine.
        """
        with self._lock:
            if self._known is None or self._known[0] != shadow.id:
                self._slow = 0
                try:
                    book = self._open(shadow.candidate)
                    self._known = shadow.id, (book, Terms.of(book.source))
                except (EditionRefused, RulebookError) as err:
                    self._known = shadow.id, err
            found = self._known[1]
        if isinstance(found, Exception):
            raise found
        return found

    def beside(self, shadow: ShadowRow, live: Thought, key: str, before: str, think: Think) -> Beside:
        """Let the candidate think of a ticket, and tell whether its word counts.

        ``key`` names the ticket for good; ``before`` is the edition that decided its case when it came first, empty for a
        new one: a case stays with the edition that decided it.
        """
        try:
            book, terms = self.of(shadow)
            with self._limit():
                thought = think(book, terms, True)
            said, live_said = said_of(thought.decision), said_of(live.decision)
            mine = before == shadow.candidate or (not before and chosen(shadow, live, key))
        except Exception as err:  # whatever it is, it is the candidate's, and the live decision stands
            known = isinstance(err, EditionRefused | RulebookError | DeliveryRefused)
            if isinstance(err, DeliveryRefused):
                self._was_slow(shadow)
            _log.warning("candidate_failed", edition=shadow.candidate, error=str(err) if known else trace_of(err))
            return Beside(shadow, None, (str(err) if known else place_of(err))[:LONGEST_FAULT])
        return Beside(shadow, said if said != live_said else None, thought=thought, decides=mine and _as_safe(thought, live))

    def _was_slow(self, shadow: ShadowRow) -> None:
        """Note that it did not end; one that does so again and again is not asked any more."""
        with self._lock:
            self._slow += 1
            if self._slow >= SLOW_MOST:
                self._known = shadow.id, EditionRefused(f"{shadow.candidate} 版有 {SLOW_MOST} 张工单读不完，已不再试，请停止试算")


def chosen(shadow: ShadowRow, live: Thought, key: str) -> bool:
    """Tell whether a new ticket is one of 试点: always the same for the same ticket, and more of them with a greater share."""
    town = dict(live.shared).get(TOWN, "")
    units, towns = shadow.units.split(), shadow.towns.split()
    if (units and live.decision.lead not in units) or (towns and town not in towns):
        return False
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 100 < shadow.share


def _as_safe(thought: Thought, live: Thought) -> bool:
    """A candidate that would tell fewer people of danger does not decide: it is only tried."""
    return {a.key for a in live.decision.alerts} <= {a.key for a in thought.decision.alerts}


def keep(tx: Transaction, case_no: str, beside: Beside, live: Decision, decided_by: str, now: datetime) -> None:
    """Keep what both said of a ticket, in the transaction that accepts it."""
    row = ShadowTicket(beside.shadow.id, case_no, now, live.edition, decided_by, said_of(live), beside.says, beside.fault)
    if not tx.note_shadow(row):
        _log.warning("shadow_not_kept", case_no=case_no)
