"""Commands for the leader: the month's figures, and what rises."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsdispute_plugin.entrypoints.cli_cases import office
from hsdispute_plugin.entrypoints.cli_input import Config, Database, Now, fail


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.command()(report)


def report(
    month: Annotated[str, typer.Option("--month", help="哪个月（如 2026-11）或哪个季度（如 2026-Q4）收到的案件")] = "",
    warning: Annotated[bool, typer.Option("--warning", help="苗头预警：近期明显增多的单位、主题、乡镇")] = False,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="预警看近多少天")] = 30,
    out: Annotated[Path | None, typer.Option("--out", help="另存 .xlsx 和 .docx 到这个目录")] = None,
    config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """统计：件数、按时率、首次分流准确率，按单位、主题、乡镇；或苗头预警。不含缴费人信息。"""
    from hsdispute_plugin.reports import lines, monthly, span_of
    from hsdispute_plugin.reports import warning as rising

    if bool(month) is warning:
        fail("请写 --month 2026-11，或 --warning")
    span = span_of(month) if month else None
    if month and span is None:
        fail(f"--month 不能是 “{month}”，请写成 2026-11，一个季度写成 2026-Q4")
    with office(config, database, now) as here, here.store.reading() as tx:
        terms = here.desk.terms(here.book)
        made = monthly(tx, terms, *span, here.now) if span else rising(tx, terms, here.now, days)
    for line in lines(made):
        typer.echo(line)
    if out:
        from hsdispute_plugin.reports_files import document, workbook

        out.mkdir(parents=True, exist_ok=True)
        name = f"统计-{month}" if month else "苗头预警"
        for end, content in (("xlsx", workbook(made)), ("docx", document(made))):
            (out / f"{name}.{end}").write_bytes(content)
            typer.echo(f"已存 {out / f'{name}.{end}'}")
