"""Group commit: what many callers want kept at one moment is kept in one transaction; each is answered after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

Item = TypeVar("Item")
Kept = TypeVar("Kept")
MAX_AT_ONCE = 200


class GroupCommit(Generic[Item, Kept]):
    """Collects while the commit before is under way: one caller alone waits for nobody, many share the disk's sync.

    ``keep`` commits the items of a list and answers each in order. Belongs to one event loop.
    """

    def __init__(self, keep: Callable[[Sequence[Item]], Sequence[Kept]]) -> None:
        self._keep = keep
        self._waiting: list[tuple[Item, asyncio.Future[Kept]]] = []
        self._running: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Kept:
        """Return once the item is kept; raises what ``keep`` raised, as for all that were to be kept with it."""
        answer: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_AT_ONCE], self._waiting[MAX_AT_ONCE:]
            try:
                kept = await run_in_threadpool(self._keep, [item for item, _ in batch])
            except Exception as err:  # belongs to the callers, each of which hears it
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(err)
            else:
                for (_, answer), one in zip(batch, kept, strict=True):
                    if not answer.done():  # a caller may have gone away
                        answer.set_result(one)
        self._running = None
