"""Reads the facts of a whole history: in several processes, only what the cache does not know, going on where a run ended."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from hsdispute_plugin.errors import ReplayRefused, TicketRefused
from hsdispute_plugin.model import Facts, Ticket
from hsdispute_plugin.rules.automaton import Automaton, fold
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.replay_keys import Key, key_of
from hsdispute_plugin.rules.replay_packing import Packing, Row

if TYPE_CHECKING:  # the processes that read need no columns
    from hsdispute_plugin.rules.replay_cache import FactCache, Known

CHUNK = 1_000  # records given to a process at once
KEPT = 20_000  # facts kept together: what a killed run loses at most, beside what is under way

Record = tuple[int, Any]  # its number in the history, and a line or a mapping that ``parse`` reads


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records, and how much of the history they are (bytes, or rows)."""

    records: Sequence[Record]
    weight: int


@dataclass(frozen=True, slots=True)
class Means:
    """How to read: made anew in each process, so all of it can be sent there. ``read`` gives the extractor and its facts."""

    parse: Callable[[int, Any], Ticket | TicketRefused]
    read: Callable[[], tuple[Callable[[Ticket], Facts], FactTable]]
    plugins: bool = False


@dataclass(slots=True)
class Seen:
    """The tickets of a history in their order, and what was no ticket."""

    ticket_nos: list[str] = field(default_factory=list)
    received: list[datetime | None] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    extracted: int = 0
    taken: int = 0


@dataclass(frozen=True, slots=True)
class _Read:
    """One chunk as read."""

    tickets: list[tuple[str, datetime | None, Key]]
    refused: list[tuple[int, str]]
    new: list[tuple[Key, Row]]
    same: list[Key]  # read alike by the donor
    weight: int


class _Worker:
    """Reads chunks in one process. ``changed``: the phrases in which this reader and the donor differ."""

    def __init__(self, means: Means, known: Known, alike: Known | None, changed: frozenset[str]) -> None:
        self._means, self._known, self._alike = means, known, alike
        self._row: Callable[[Ticket], Row] = self._begin  # a process that finds everything known reads no lexicon
        self._changed = Automaton(sorted(changed)) if changed else None

    def __call__(self, chunk: Chunk) -> _Read:
        read = _Read([], [], [], [], chunk.weight)
        met: set[Key] = set()
        for number, given in chunk.records:
            ticket = self._means.parse(number, given)
            if isinstance(ticket, TicketRefused):
                read.refused.append((number, str(ticket)))
                continue
            key = key_of(ticket, self._means.plugins)
            read.tickets.append((ticket.ticket_no, ticket.received_at, key))
            if key in met or key in self._known:
                continue
            met.add(key)
            if self._alike is not None and key in self._alike and not self._touched(ticket):
                read.same.append(key)
            else:
                read.new.append((key, self._row(ticket)))
        return read

    def _begin(self, ticket: Ticket) -> Row:
        extract, table = self._means.read()
        pack = Packing(table).pack
        self._row = lambda t: pack(extract(t).values)
        return self._row(ticket)

    def _touched(self, ticket: Ticket) -> bool:
        return self._changed is not None and any(True for _ in self._changed.find(fold(ticket.text)))


def gather(
    chunks: Iterable[Chunk], means: Means, cache: FactCache, processes: int, progress: Callable[[int], None] = lambda _: None,
    keep_every: int = KEPT,
) -> Seen:
    """Read a history into the cache and return its tickets in order.

    ``progress`` is told the weight of each chunk when it is done.
    """
    donor = cache.donor()
    nearest, changed = donor if donor else (None, frozenset[str]())
    try:
        given = means, cache.known(), nearest.known() if nearest else None, changed
        seen, new, same = Seen(), dict[Key, Row](), dict[Key, None]()

        def keep() -> None:
            cache.add(list(new), list(new.values()))
            if nearest:
                cache.take(nearest, [k for k in same if k not in new])
            seen.extracted, seen.taken = seen.extracted + len(new), seen.taken + len(same)
            kept.update(new, same)
            new.clear()
            same.clear()

        kept: set[Key] = set()  # of this run: chunks read at the same time may hold the same words
        try:
            for read in _all(chunks, given, processes):
                seen.refused += read.refused
                for ticket_no, received, key in read.tickets:
                    seen.ticket_nos.append(ticket_no)
                    seen.received.append(received)
                    seen.keys.append(key)
                new.update((k, row) for k, row in read.new if k not in kept)
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


def _all(chunks: Iterable[Chunk], given: tuple[Any, ...], processes: int) -> Iterator[_Read]:
    """Read chunks in order, a few ahead in each process."""
    chunks = iter(chunks)
    first = list(islice(chunks, 2))
    chunks = chain(first, chunks)
    if processes <= 1 or len(first) < 2:  # not worth a second process
        yield from map(_Worker(*given), chunks)
        return
    # Processes begun anew, not forked: the threads that columns use would not survive a fork.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=fresh, initializer=_begin, initargs=given) as pool:
        waiting: deque[Future[_Read]] = deque()
        try:
            for chunk in chunks:
                waiting.append(pool.submit(_read, chunk))
                if len(waiting) > 3 * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise ReplayRefused("读取工单的进程被系统结束了（多半是内存不足）。已读好的都在缓存里，"
                                "请减少 --processes 后再跑，会接着做") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_worker: _Worker | None = None  # one in each process that reads


def _begin(*given: Any) -> None:
    global _worker
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = _Worker(*given)


def _end_with_parent() -> None:
    """A parent that is killed cannot end its pool."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(chunk: Chunk) -> _Read:
    if _worker is None:
        raise RuntimeError("_begin comes first")
    return _worker(chunk)
