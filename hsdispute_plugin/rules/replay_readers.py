"""The processes that read a history, each a few chunks ahead; begun early, they hold what this process has loaded already.

An executor of the standard library tells each process something only when it begins; what is known already is found out later.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from hsdispute_plugin.errors import ReplayRefused

AHEAD = 3  # chunks given to each process at once
_ENDED = ("读取工单的进程被系统结束了（多半是内存不足）。已读好的都在缓存里，"
          "请减少 --processes 后再跑，会接着做")

Work = Callable[[Any], Any]
Begin = Callable[..., Work]


class Readers:
    """Processes that do the same work on chunk after chunk, which ``begin`` makes in each from what it is told.

    ``early``: they begin at once, unless this process has threads.
    """

    def __init__(self, processes: int, begin: Begin, *, early: bool = False) -> None:
        self._processes, self._begin = processes, begin
        self._running: list[tuple[Any, Connection]] = []
        # A process with threads, such as those of columns, must not be forked: what a thread holds would be held for ever.
        if early and processes > 1 and len(list(Path("/proc/self/task").iterdir())) == 1:
            self._start("fork")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        for process, _ in self._running:
            process.terminate()
        for process, connection in self._running:
            process.join()
            connection.close()
        self._running.clear()

    def work(self, chunks: Iterable[Any], *told: Any) -> Iterator[Any]:
        """Yield what the work made of each chunk, in order; in this process where the chunks are not worth others.

        Raises:
            ReplayRefused: The system ended a process.
        """
        chunks = iter(chunks)
        if not self._running:
            first = list(islice(chunks, 2))
            chunks = chain(first, chunks)
            if self._processes <= 1 or len(first) < 2:
                yield from map(self._begin(*told), chunks)
                return
            self._start("spawn")
        under_way: dict[Connection, deque[int]] = {connection: deque() for _, connection in self._running}
        try:
            yield from _shared(enumerate(chunks), under_way, _Told(told))
        finally:
            if any(under_way.values()):  # given up: answers that nobody waits for would still come
                self.close()

    def _start(self, method: str) -> None:
        context: Any = multiprocessing.get_context(method)
        for _ in range(self._processes):
            ours, theirs = multiprocessing.Pipe()
            # A fork holds our ends too: it would never see that we are gone.
            inherited = [ours, *(c for _, c in self._running)] if method == "fork" else []
            process = context.Process(target=_serve, args=(theirs, inherited, self._begin), daemon=True)
            process.start()
            theirs.close()
            self._running.append((process, ours))


class _Told(tuple[Any, ...]):
    """What the work on the chunks that follow is told."""

    __slots__ = ()


def _shared(numbered: Iterator[tuple[int, Any]], under_way: Mapping[Connection, deque[int]], told: _Told) -> Iterator[Any]:
    def give(connection: Connection) -> None:
        for number, chunk in islice(numbered, 1):
            _send(connection, chunk)
            under_way[connection].append(number)

    for connection in under_way:
        _send(connection, told)
    for _ in range(AHEAD):
        for connection in under_way:
            give(connection)
    made, following = dict[int, Any](), 0
    while any(under_way.values()):
        ready: list[Any] = wait([c for c, numbers in under_way.items() if numbers])
        for connection in ready:
            made[under_way[connection].popleft()] = _answer(connection)
            give(connection)
        while following in made:
            yield made.pop(following)
            following += 1


def _send(connection: Connection, given: Any) -> None:
    try:
        connection.send(given)
    except OSError:
        raise ReplayRefused(_ENDED) from None


def _answer(connection: Connection) -> Any:
    try:
        answer = connection.recv()
    except (EOFError, OSError):
        raise ReplayRefused(_ENDED) from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _serve(connection: Connection, inherited: Sequence[Connection], begin: Begin) -> None:
    """Answer chunk by chunk until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the process that began us says what then
    for other in inherited:
        other.close()
    gc.freeze()
    asked: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, asked), daemon=True).start()
    work: Work = _nothing
    while True:
        given = asked.get()
        try:
            if isinstance(given, _Told):
                work = begin(*given)
                continue
            answer = work(given)
        except Exception as err:
            answer = err
        connection.send(answer)


def _listen(connection: Connection, asked: SimpleQueue[Any]) -> None:
    """Take what comes at once, so that the other end never waits for us while we wait for it."""
    try:
        while True:
            asked.put(connection.recv())
    except (EOFError, OSError):
        os._exit(1)  # it is gone, killed perhaps


def _nothing(_: Any) -> Any:
    raise RuntimeError("what the work is told comes first")
