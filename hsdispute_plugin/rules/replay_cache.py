"""The facts of tickets once read, kept in Parquet: packed flags under hashes, no word, number or name of any ticket.

``DIR/<extractor>-<lexicon>/`` holds what one reader made of texts: ``reader.json`` says which reader, ``part-<n>.parquet``
hold a row for each text. A part stands whole or not at all, so that a run that is killed goes on where it was.
"""

from __future__ import annotations

import fcntl
import json
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from struct import Struct

import polars as pl

from hsdispute_plugin.errors import ReplayRefused
from hsdispute_plugin.rules.replay_columns import Layout
from hsdispute_plugin.rules.replay_keys import Key, Reader
from hsdispute_plugin.rules.replay_packing import Row

KEYS: dict[str, type[pl.DataType]] = {"key": pl.UInt64, "key.1": pl.UInt64}
_HALVES = Struct("<QQ").unpack
PARTS = 16  # more are put together when a run has ended
GROUP = 100_000  # rows of one group of a file


@dataclass(frozen=True, slots=True)
class Known:
    """The texts whose facts are known, small enough to be sent to every process that reads."""

    first: array[int]  # one half of each key, ascending
    second: array[int]

    def __contains__(self, key: Key) -> bool:
        first, second = _HALVES(key)
        at = bisect_left(self.first, first)
        while at < len(self.first) and self.first[at] == first:
            if self.second[at] == second:
                return True
            at += 1
        return False

    def __len__(self) -> int:
        return len(self.first)


class FactCache:
    """What one reader made of texts. One process at a time holds it."""

    def __init__(self, directory: Path, reader: Reader, layout: Layout) -> None:
        """Open or begin it.

        Raises:
            ReplayRefused: Another process holds it, or the directory cannot be written.
        """
        self._layout, self.reader = layout, reader
        self._root = directory
        self.folder = directory / f"{reader.extractor[:12]}-{reader.lexicon[:12]}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = (self.folder / ".lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not (self.folder / "reader.json").is_file():
                _put(self.folder / "reader.json", json.dumps(asdict(reader), ensure_ascii=False, default=dict))
        except BlockingIOError:
            raise ReplayRefused(f"另一个回放正在使用 {self.folder}，请等它结束，或用 --cache 另指一个目录") from None
        except OSError as err:
            raise ReplayRefused(f"不能写缓存目录 {directory}：{err.strerror}。"
                                "请检查权限和磁盘空间，或用 --cache 另指一个目录") from err
        for left in self.folder.glob("*.new"):  # of a run that was killed
            left.unlink()
        self._drop_repeated()

    def close(self) -> None:
        """Put small parts together and let others use it."""
        if len(self._parts()) > PARTS:
            self._rewrite(pl.concat([pl.read_parquet(p) for p in self._parts()]))
        self._lock.close()

    def known(self) -> Known:
        """Return the texts whose facts are here."""
        found = self._scan().select(list(KEYS)).sort("key").collect()
        return Known(array("Q", found["key"].to_list()), array("Q", found["key.1"].to_list()))

    def donor(self) -> tuple[FactCache, frozenset[str]] | None:
        """Return the cache of the reader nearest to this one, with the phrases in which they differ; ``None``: there is none."""
        best: tuple[int, Path, Reader, frozenset[str]] | None = None
        for file in self._root.glob("*/reader.json"):
            if file.parent == self.folder or not any(file.parent.glob("part-*.parquet")):
                continue
            other = Reader(**json.loads(file.read_text("utf-8")))
            changed = self.reader.changed(other)
            if changed is not None and (best is None or len(changed) < best[0]):
                best = len(changed), file.parent, other, changed
        if best is None:
            return None
        with suppress(ReplayRefused):  # one that is being written is left alone
            return FactCache(self._root, best[2], self._layout), best[3]
        return None

    def add(self, keys: Sequence[Key], rows: Sequence[Row]) -> None:
        """Keep the facts of some texts, each given once, for good once this returns."""
        if keys:
            self._append(pl.concat([_frame(keys), self._layout.frame(rows)], how="horizontal"))

    def take(self, donor: FactCache, keys: Sequence[Key]) -> None:
        """Take over the facts of texts that another reader reads alike."""
        if keys:
            self._append(donor._scan().join(_frame(keys).lazy().unique(), list(KEYS), how="semi").collect())

    def facts(self, keys: Sequence[Key], columns: Iterable[str] | None = None) -> pl.DataFrame:
        """Return the facts of texts in their order: all columns of the layout, or those named.

        Raises:
            ReplayRefused: The facts of a text are not here.
        """
        wanted = list(self._layout.schema if columns is None else columns)
        found = self._scan().select([*KEYS, *wanted]).collect()
        asked = _frame(keys)
        # By one half of the key first, three times as fast: two texts that share it are as rare as they are possible.
        half = asked.join(found.rename({"key.1": "other"}), "key", how="left", maintain_order="left")
        if half.height == asked.height and (half["key.1"] == half["other"]).fill_null(False).all():
            return half.select(wanted)
        facts = asked.join(found, list(KEYS), how="left", maintain_order="left").select(wanted)
        if any(facts.null_count().row(0)):
            raise ReplayRefused(f"缓存 {self.folder} 不完整，请删去这个目录后再跑")
        return facts

    def _scan(self) -> pl.LazyFrame:
        parts = self._parts()
        schema = {**KEYS, **self._layout.schema}
        return pl.scan_parquet(parts) if parts else pl.LazyFrame(schema=schema)

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob("part-*.parquet"))

    def _append(self, frame: pl.DataFrame) -> None:
        last = max((int(p.stem.partition("-")[2]) for p in self._parts()), default=0)
        _write(frame, self.folder / f"part-{last + 1:08}.parquet")

    def _rewrite(self, frame: pl.DataFrame) -> None:
        old = self._parts()
        self._append(frame.unique(list(KEYS), keep="any", maintain_order=True))
        for part in old:
            part.unlink()

    def _drop_repeated(self) -> None:
        """A run that was killed while it put parts together leaves rows twice."""
        if len(self._parts()) > 1:
            keys = self._scan().select(list(KEYS)).collect()
            if keys.is_duplicated().any():
                self._rewrite(self._scan().collect())


def _frame(keys: Sequence[Key]) -> pl.DataFrame:
    halves = pl.col("").bin
    return pl.Series("", keys, dtype=pl.Binary).to_frame().select(
        halves.slice(8 * n, 8).bin.reinterpret(dtype=dtype, endianness="little").alias(name)
        for n, (name, dtype) in enumerate(KEYS.items()))


def _write(frame: pl.DataFrame, file: Path) -> None:
    fresh = file.with_name(file.name + ".new")
    try:
        frame.write_parquet(fresh, compression="zstd", row_group_size=GROUP)
        fresh.replace(file)
    except OSError as err:
        raise ReplayRefused(f"缓存写不下去：{err.strerror or err}。已经写好的部分还在，腾出空间后再跑会接着做") from err


def _put(file: Path, text: str) -> None:
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(file)
