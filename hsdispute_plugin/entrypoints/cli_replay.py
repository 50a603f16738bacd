"""`hsdispute replay`: what a changed rule book would have done to all tickets of the past, before it is put in force."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsdispute_plugin.entrypoints.cli_input import edition_directory, fail, moment

if TYPE_CHECKING:
    from hsdispute_plugin.rules.replay_gather import Chunk

Edition = "版次，或一个配置目录；now 为生效的版次，work 为目录里的文件"


def replay(
    tickets: Annotated[Path | None, typer.Option(
        "--tickets", help="历史工单：.jsonl .json .csv .xlsx .parquet；不写则用数据库里收过的全部工单")] = None,
    before: Annotated[str, typer.Option("--before", help=Edition)] = "now",
    after: Annotated[str, typer.Option("--after", help=Edition)] = "work",
    config: Annotated[Path | None, typer.Option(
        "--config", help="配置目录；不写则用 HSDISPUTE_CONFIG，再不然用随附的配置")] = None,
    database: Annotated[str | None, typer.Option("--database", help="数据库地址，没有 --tickets 时用")] = None,
    gold: Annotated[Path | None, typer.Option(
        "--gold", help="人工标注（每行 {\"ticket_no\": …, \"gold\": {…}}）：比较改前改后各对了多少")] = None,
    now: Annotated[str | None, typer.Option("--now", help="按这一刻施行的规则计算；不写则用现在")] = None,
    format_: Annotated[str, typer.Option("--format", help="text（给人看）或 json")] = "text",
    html: Annotated[Path | None, typer.Option("--html", help="另存一份带图表的网页，不用联网就能看")] = None,
    cache: Annotated[Path | None, typer.Option(
        "--cache", help="存放已读事实的目录；不写则用 HSDISPUTE_CACHE，再不然用 ~/.cache/hsdispute")] = None,
    processes: Annotated[int | None, typer.Option("--processes", min=1, help="几个进程同时读工单；不写则每个核一个")] = None,
) -> None:
    """把两个版次用在历史工单上，说明改了规则会怎样：哪些结论变、谁的活多了少了、时限提前推后、哪些规则从没用上。"""
    if find_spec("polars") is None:
        fail("没有安装 polars，不能回放。请安装 hsdispute-plugin[replay]；不装它，其余功能照常可用")
    if format_ not in ("text", "json"):
        fail(f"--format 不能是 “{format_}”，请写 text 或 json")
    from hsdispute_plugin import app
    from hsdispute_plugin.entrypoints.replay_run import Run

    at = moment(now) if now else app.clock()
    place = app.config_directory(config)
    old_place, new_place = edition_directory(place, before), edition_directory(place, after)
    with Run(app.cache_directory(cache), processes or os.cpu_count() or 1, at, first=old_place) as run:
        with _progress("改前：读事实") as progress:
            old = run.side(old_place, lambda: _chunks(tickets, config, database), progress)
        with _progress("改后：读事实") as progress:
            new = run.side(new_place, lambda: _chunks(tickets, config, database), progress)
    from hsdispute_plugin.entrypoints.replay_report import as_html, as_json, as_text

    report = run.report(old, new, gold)
    if html:
        html.write_text(as_html(report), encoding="utf-8")
    if format_ == "json":
        import orjson

        typer.echo(orjson.dumps(as_json(report), option=orjson.OPT_INDENT_2).decode())
        return
    for line in as_text(report):
        typer.echo(line)
    if html:
        typer.echo(f"网页已存到 {html}")


def _chunks(tickets: Path | None, config: Path | None, database: str | None) -> tuple[Iterator[Chunk], int | None]:
    from hsdispute_plugin.rules.replay_history import chunks_of, history

    if tickets is not None:
        return history(tickets)
    return chunks_of(_of_store(config, database)), None


def _of_store(config: Path | None, database: str | None) -> Iterator[object]:
    from hsdispute_plugin import app
    from hsdispute_plugin.entrypoints.tickets import rows_of

    with app.open_store(database, config, sealed=True) as store:
        yield from (row.ticket for row in rows_of(store))


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show how far reading is, on a terminal only."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, advance=done, total=total)
