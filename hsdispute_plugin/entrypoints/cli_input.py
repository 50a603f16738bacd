"""What commands are given: the options that all share, a file or standard input, a moment; and how they refuse."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn

import typer

Config = Annotated[Path | None, typer.Option("--config", help="配置目录；不写则用 HSDISPUTE_CONFIG，再不然用随附的配置")]
Database = Annotated[str | None, typer.Option(
    "--database", help="数据库地址；不写则用 HSDISPUTE_DATABASE，再不然用当前目录的 hsdispute.sqlite3")]
Now = Annotated[str | None, typer.Option("--now", help="按此刻办理，如 2026-11-20T09:00:00；不写则用现在")]


def lines_of(file: str) -> AbstractContextManager[BinaryIO]:
    """Open a file for its lines; ``-`` is standard input."""
    if file == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except OSError as err:
        fail(f"读不了文件 {file}：{err.strerror}")


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """End quietly when the reader of the pipe has seen enough (``| head``)."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered has nowhere to go
        raise typer.Exit(0) from None


def moment(text: str) -> datetime:
    """Read what stands behind ``--now``."""
    from hsdispute_plugin.model import aware, of_our_time

    try:
        value = of_our_time(aware(text))
    except ValueError as err:
        fail(f"--now {err}")
    if not isinstance(value, datetime):
        fail("--now 不能是空的")
    return value


def edition_directory(config: Path, name: str) -> Path:
    """Return the directory of ``now`` (what is in force), ``work`` (the files as they stand), an edition, or a directory."""
    from hsdispute_plugin.rules.editions import in_force, snapshot

    if name == "now":
        return in_force(config)
    if name == "work":
        return config
    return Path(name) if Path(name).is_dir() else snapshot(config, name)


def fail(sentence: str) -> NoReturn:
    """Say why on standard error and end with 2."""
    typer.echo(sentence, err=True)
    raise typer.Exit(2)
