"""One replay: two editions read and decide the same history, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hsdispute_plugin import app
from hsdispute_plugin.entrypoints.tickets import ticket_of_history
from hsdispute_plugin.errors import ReplayRefused
from hsdispute_plugin.hooks.platform import FactExtractor
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.comparison import Comparison
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.replay import replay
from hsdispute_plugin.rules.replay_cache import FactCache
from hsdispute_plugin.rules.replay_columns import DataFrame, Layout
from hsdispute_plugin.rules.replay_compare import Side, compare
from hsdispute_plugin.rules.replay_gather import Chunk, Means, Seen, gather
from hsdispute_plugin.rules.replay_gold import Score, labels, scores
from hsdispute_plugin.rules.replay_keys import Reader, code_of, reader_of

Chunks = Callable[[], tuple[Iterator[Chunk], int | None]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay found, and on what day's rules."""

    comparison: Comparison
    scores: tuple[Score, ...]
    refused: tuple[tuple[int, str], ...]
    extracted: int  # texts read anew in this run, of both editions
    at: datetime


class Run:
    """Reads a history once for each reader of two editions; editions whose words are the same share what was read."""

    def __init__(self, cache: Path, processes: int, at: datetime) -> None:
        self._cache, self._processes, self._at = cache, processes, at
        self._plugins = app.open_plugins().extractors
        self._read: dict[tuple[str, str], tuple[Seen, DataFrame]] = {}
        self._seen: Seen | None = None

    def side(self, directory: Path, chunks: Chunks, progress: Callable[[int, int | None], None] = lambda *_: None) -> Side:
        """Read and decide by one edition."""
        source = load(directory, app.fact_defs(self._plugins))
        layout, reader = Layout(source.table), reader_of(source, [_mark(e) for e in self._plugins])
        key = reader.extractor, reader.lexicon
        if key not in self._read:
            self._read[key] = self._gather(directory, layout, reader, chunks, progress)
        seen, facts = self._read[key]
        self._seen = self._seen or seen
        if not seen.ticket_nos:
            raise ReplayRefused("历史里没有一张工单可用" + (f"；第一处：第 {seen.refused[0][0]} 行 {seen.refused[0][1]}"
                                                         if seen.refused else "。请用 --tickets 指一个文件"))
        return Side(source, layout, facts, replay(source, facts, self._at.astimezone(SHANGHAI).date(), layout))

    def _gather(
        self, directory: Path, layout: Layout, reader: Reader, chunks: Chunks, progress: Callable[[int, int | None], None]
    ) -> tuple[Seen, DataFrame]:
        given, total = chunks()
        means = Means(ticket_of_history, partial(app.open_reader, directory), bool(self._plugins))
        cache = FactCache(self._cache, reader, layout)
        try:
            seen = gather(given, means, cache, self._processes, lambda done: progress(done, total))
            return seen, cache.facts(seen.keys)
        finally:
            cache.close()

    def report(self, before: Side, after: Side, gold: Path | None = None) -> Report:
        """Compare the sides, and both with labels."""
        if self._seen is None:
            raise ReplayRefused("还没有读过工单")
        found = compare(before, after, self._seen, self._at)
        told = tuple(scores(before, after, self._seen.ticket_nos, labels(gold))) if gold else ()
        extracted = sum(seen.extracted for seen, _ in self._read.values())
        return Report(found, told, tuple(self._seen.refused), extracted, self._at)


def _mark(extractor: FactExtractor) -> str:
    """Name the code of a plugin's extractor, so that a new version of it reads anew."""
    try:
        number = version(extractor.package)
    except (PackageNotFoundError, ValueError):
        number = ""
    return f"{extractor.code} {extractor.package} {number} {code_of(extractor.extract)}"
