"""A history of tickets as it comes: JSON lines, CSV, Excel or Parquet, cut into chunks for the processes that read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from hsdispute_plugin.errors import ReplayRefused
from hsdispute_plugin.model import decode
from hsdispute_plugin.rules.replay_gather import CHUNK, Chunk

KINDS = (".jsonl", ".json", ".csv", ".xlsx", ".parquet")
_BLOCK = 400_000  # bytes of lines given to a process at once
_BATCH = 50_000  # rows of Parquet held at once
_SAMPLE = 65_536  # bytes by which the encoding of a CSV file is told


def history(file: Path) -> tuple[Iterator[Chunk], int | None]:
    """Return the chunks of a file and the sum of their weights, ``None`` where that is not known in advance.

    Raises:
        ReplayRefused: The file cannot be read, or is of another kind.
    """
    kind = file.suffix.lower()
    if kind not in KINDS:
        raise ReplayRefused(f"{file.name} 不是历史工单文件，可用 {'、'.join(KINDS)}；请从平台导出其中一种")
    try:
        size = file.stat().st_size
        if kind == ".parquet":
            return chunks_of(_of_parquet(file)), int(pl.scan_parquet(file).select(pl.len()).collect().item())
        if kind == ".xlsx":
            from hsdispute_plugin.rules.tables_rows import rows_of_workbook  # takes long to import

            return chunks_of(rows_of_workbook(file)), None
        if kind == ".csv":
            return chunks_of(_of_csv(file)), None
        whole = _whole(file)
        return (_lines(file), size) if whole is None else (chunks_of(whole), len(whole))
    except OSError as err:
        raise ReplayRefused(f"读不了 {file}：{err.strerror}") from err
    except pl.exceptions.PolarsError as err:
        raise ReplayRefused(f"{file.name} 不是 Parquet 文件，或已损坏") from err


def chunks_of(rows: Iterable[Any]) -> Iterator[Chunk]:
    """Cut rows into chunks; each row weighs one. They are numbered from 1."""
    waiting, first = iter(rows), 1
    while taken := list(islice(waiting, CHUNK)):
        yield Chunk(first, taken, len(taken))
        first += len(taken)


def _lines(file: Path) -> Iterator[Chunk]:
    first = 1
    with file.open("rb") as lines:
        while block := lines.read(_BLOCK) + lines.readline():
            yield Chunk(first, block, len(block))
            first += block.count(b"\n")


def _whole(file: Path) -> list[Any] | None:
    """Return the tickets of a file that is one JSON value, ``None`` where each line is one."""
    with file.open("rb") as lines:
        first = next((line for line in lines if line.strip()), b"")
    if not first.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"[", b"{")):
        return None
    try:
        return None if isinstance(json.loads(decode(first)), dict) else _listed(file)
    except ValueError:
        return _listed(file)


def _listed(file: Path) -> list[Any] | None:
    try:
        value = json.loads(decode(file.read_bytes()))
    except ValueError:
        return None  # lines after all, the first of them bad: each is answered for itself
    return value if isinstance(value, list) else [value]


def _of_csv(file: Path) -> Iterator[Mapping[str, Any]]:
    with file.open("rb") as raw:
        sample = raw.read(_SAMPLE)
    try:
        sample[: sample.rfind(b"\n") + 1 or None].decode("utf-8-sig")
        encoding = "utf-8-sig"
    except UnicodeDecodeError:
        encoding = "gb18030"
    with file.open(encoding=encoding, errors="replace", newline="") as text:
        for row in csv.DictReader(text):
            yield {k.strip(): v for k, v in row.items() if isinstance(k, str) and v is not None}


def _of_parquet(file: Path) -> Iterator[Mapping[str, Any]]:
    rows, at = pl.scan_parquet(file), 0
    while len(batch := rows.slice(at, _BATCH).collect()):
        yield from batch.iter_rows(named=True)
        at += _BATCH
