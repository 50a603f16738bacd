"""Reads the facts of a whole history: in several processes, only what the cache does not know, going on where a run ended."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hsdispute_plugin.errors import TicketRefused
from hsdispute_plugin.model import SHANGHAI, Facts, PastTicket, Ticket
from hsdispute_plugin.rules.automaton import Automaton, fold
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.replay_keys import Key, key_of
from hsdispute_plugin.rules.replay_packing import Packing, Row
from hsdispute_plugin.rules.replay_readers import Readers

if TYPE_CHECKING:  # the processes that read need no columns
    from hsdispute_plugin.rules.replay_cache import FactCache, Known

CHUNK = 1_000  # rows given to a process at once
KEPT = 20_000  # facts kept together: what a killed run loses at most, beside what is under way
REMEMBERED = 100_000  # texts that a process knows it has read
NEVER = -(2**63)  # in place of a moment
_EPOCH = datetime(1970, 1, 1, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records in a row: lines of a file, or rows of whatever ``parse`` reads.

    ``first`` is the number of the first in the history; ``weight`` says how much of it they are (bytes, or rows).
    """

    first: int
    given: bytes | Sequence[Any]
    weight: int

    def records(self) -> Iterator[tuple[int, Any]]:
        """Return the number and the words of each record; blank lines are counted, and passed over."""
        if not isinstance(self.given, bytes):
            return enumerate(self.given, self.first)
        return ((n, line) for n, line in enumerate(self.given.split(b"\n"), self.first) if line.strip())


@dataclass(frozen=True, slots=True)
class Means:
    """How to read. ``read`` gives the extractor and its facts; with ``plugins``, ``parse`` gives nothing but a ``Ticket``."""

    parse: Callable[[int, Any], Ticket | PastTicket | TicketRefused]
    read: Callable[[], tuple[Callable[[Any], Facts], FactTable]]
    plugins: bool = False


@dataclass(slots=True)
class Seen:
    """The tickets of a history in their order, and what was no ticket. ``received``: as ``stamp`` gives it."""

    ticket_nos: list[str] = field(default_factory=list)
    received: array[int] = field(default_factory=lambda: array("q"))
    keys: list[Key] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    extracted: int = 0
    taken: int = 0


@dataclass(frozen=True, slots=True)
class _Read:
    """One chunk as read."""

    ticket_nos: list[str]
    received: array[int]
    keys: list[Key]
    refused: list[tuple[int, str]]
    new: dict[Key, Row]
    same: list[Key]  # read alike by the donor
    weight: int


def stamp(at: datetime | None) -> int:
    """Return a moment as microseconds of the county's own clock."""
    if at is None:
        return NEVER
    passed = at - _EPOCH  # by hand: twice as fast as // of two
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


class Worker:
    """Reads chunks in one process. ``changed``: the phrases in which this reader and the donor differ."""

    def __init__(self, means: Means, known: Known, alike: Known | None, changed: frozenset[str]) -> None:
        self._means, self._alike = means, alike
        self._known: Known | frozenset[Key] = known or frozenset()  # to ask nothing takes no time
        self._changed = Automaton(sorted(changed)) if changed else None
        self._met: set[Key] = set()
        self._row: Callable[[Any], Row] | None = None

    def __call__(self, chunk: Chunk) -> _Read:
        """Read one chunk."""
        read, met, known = _Read([], array("q"), [], [], {}, [], chunk.weight), self._met, self._known
        for number, given in chunk.records():
            ticket = self._means.parse(number, given)
            if isinstance(ticket, TicketRefused):
                read.refused.append((number, str(ticket)))
                continue
            key = key_of(ticket, self._means.plugins)
            read.ticket_nos.append(ticket.ticket_no)
            read.received.append(stamp(ticket.received_at))
            read.keys.append(key)
            if key in met or key in known:
                continue
            met.add(key)
            if self._alike is not None and key in self._alike and not self._touched(ticket):
                read.same.append(key)
            else:
                read.new[key] = (self._row or self._open())(ticket)
        if len(met) > REMEMBERED:
            met.clear()
        return read

    def _open(self) -> Callable[[Any], Row]:
        """Load what reads; a process that finds everything known reads no lexicon."""
        extract, table = self._means.read()
        packing = Packing(table)
        if isinstance(extract, Extractor):
            self._row = extract.rows(packing)
        else:  # with what plugins add
            self._row = lambda ticket: packing.pack(extract(ticket).values)
        return self._row

    def _touched(self, ticket: Ticket | PastTicket) -> bool:
        return self._changed is not None and any(True for _ in self._changed.find(fold(ticket.text)))


def begin(inherited: Means | None, means: Means, *told: Any) -> Worker:
    """Begin to read in one process; what it has inherited it need not load again."""
    return Worker(inherited if inherited == means else means, *told)


def gather(
    chunks: Iterable[Chunk], means: Means, cache: FactCache, readers: Readers, progress: Callable[[int], None] = lambda _: None,
    keep_every: int = KEPT,
) -> Seen:
    """Read a history into the cache and return its tickets in order.

    ``progress`` is told the weight of each chunk when it is done.
    """
    donor = cache.donor()
    nearest, changed = donor if donor else (None, frozenset[str]())
    try:
        seen, new, same = Seen(), dict[Key, Row](), dict[Key, None]()
        kept: set[Key] = set()  # of this run: chunks read at the same time may hold the same words

        def keep() -> None:
            cache.add(list(new), list(new.values()))
            if nearest:
                cache.take(nearest, [k for k in same if k not in new])
            seen.extracted, seen.taken = seen.extracted + len(new), seen.taken + len(same)
            kept.update(new, same)
            new.clear()
            same.clear()

        try:
            for read in readers.work(chunks, means, cache.known(), nearest.known() if nearest else None, changed):
                seen.refused += read.refused
                seen.ticket_nos += read.ticket_nos
                seen.received += read.received
                seen.keys += read.keys
                new.update(read.new if kept.isdisjoint(read.new) else {k: row for k, row in read.new.items() if k not in kept})
                same.update(dict.fromkeys(k for k in read.same if k not in kept))
                if len(new) + len(same) >= keep_every:
                    keep()
                progress(read.weight)
        finally:
            keep()  # also what was read before an interruption
        return seen
    finally:
        if nearest:
            nearest.close()
