"""One replay: two editions read and decide the same history, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hsdispute_plugin import app
from hsdispute_plugin.entrypoints.replay_lines import ticket_of_history, told_of_history
from hsdispute_plugin.errors import ReplayRefused
from hsdispute_plugin.hooks.platform import FactExtractor
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.comparison import Comparison
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.replay_gather import Chunk, Means, Seen, begin, gather
from hsdispute_plugin.rules.replay_keys import Reader, code_of, reader_of
from hsdispute_plugin.rules.replay_readers import Readers
from hsdispute_plugin.rules.rulebook import RuleSource

if TYPE_CHECKING:  # columns are loaded where they are needed, after the processes that read have begun
    from hsdispute_plugin.rules.replay_columns import DataFrame, Layout
    from hsdispute_plugin.rules.replay_compare import Side
    from hsdispute_plugin.rules.replay_gold import Score

Chunks = Callable[[], tuple[Iterator[Chunk], int | None]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay found, and on what day's rules."""

    comparison: Comparison
    scores: tuple[Score, ...]
    refused: tuple[tuple[int, str], ...]
    extracted: int  # texts read anew in this run, of both editions
    at: datetime


@dataclass(frozen=True, slots=True)
class _Edition:
    """Opens what reads by an edition: by its files as loaded; in a process that it is sent to, they are loaded anew."""

    directory: Path
    source: RuleSource | None = field(default=None, compare=False)

    def __call__(self) -> Any:
        return app.open_reader(self.directory, self.source)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Edition, (self.directory,)


class Run:
    """Reads a history once for each reader of two editions; editions whose words are the same share what was read."""

    def __init__(self, cache: Path, processes: int, at: datetime, first: Path | None = None) -> None:
        """``first``: the edition to be read by first; then the processes that read begin at once, and with its words loaded.

        Raises:
            RulebookError: With every problem of its files.
        """
        self._cache, self._at = cache, at
        self._plugins = app.open_plugins().extractors
        self._sources: dict[Path, RuleSource] = {}
        self._read: dict[tuple[str, str], tuple[Seen, DataFrame]] = {}
        self._seen: Seen | None = None
        self._readers = Readers(processes, partial(begin, self._means(first) if first else None), early=first is not None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None) -> None:
        self._readers.close()

    def side(self, directory: Path, chunks: Chunks, progress: Callable[[int, int | None], None] = lambda *_: None) -> Side:
        """Read and decide by one edition."""
        from hsdispute_plugin.rules.replay import replay
        from hsdispute_plugin.rules.replay_columns import Layout
        from hsdispute_plugin.rules.replay_compare import Side

        source = self._source(directory)
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
        from hsdispute_plugin.rules.replay_cache import FactCache

        given, total = chunks()
        cache = FactCache(self._cache, reader, layout)
        try:
            seen = gather(given, self._means(directory), cache, self._readers, lambda done: progress(done, total))
            return seen, cache.facts(seen.keys)
        finally:
            cache.close()

    def _means(self, directory: Path) -> Means:
        parse = ticket_of_history if self._plugins else told_of_history
        return Means(parse, _Edition(directory, self._source(directory)), bool(self._plugins))

    def _source(self, directory: Path) -> RuleSource:
        if directory not in self._sources:
            self._sources[directory] = load(directory, app.fact_defs(self._plugins))
        return self._sources[directory]

    def report(self, before: Side, after: Side, gold: Path | None = None) -> Report:
        """Compare the sides, and both with labels."""
        from hsdispute_plugin.rules.replay_compare import compare
        from hsdispute_plugin.rules.replay_gold import labels, scores

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
