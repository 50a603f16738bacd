"""The command on calendars: next year's notice of the State Council into ``calendar/<year>.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsdispute_plugin.entrypoints.cli_input import fail, lines_of

calendar = typer.Typer(name="calendar", no_args_is_help=True, help="日历：放假和调休。")


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.add_typer(calendar, name="calendar")


@calendar.command("import")
def import_(
    file: Annotated[str, typer.Argument(help="放假安排：通知原文、JSON，或每行一天（2027-01-01 休）；- 为标准输入")],
    directory: Annotated[Path, typer.Argument(help="配置目录")],
    notice: Annotated[str, typer.Option("--notice", help="通知的文号；原文或 JSON 里没有的要写")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="那一年已有正式日历时也换掉")] = False,
) -> None:
    """把国务院办公厅的放假安排写成一年的日历文件；启用后，在办案件的期限随之重算。"""
    from hsdispute_plugin.model import decode
    from hsdispute_plugin.rules.calendar_import import read_table

    with lines_of(file) as stream:
        raw = stream.read()
    table = read_table(decode(raw), file, notice)
    path = directory / "calendar" / f"{table.year}.yaml"
    if path.exists() and "状态: 正式" in path.read_text("utf-8") and not replace:
        fail(f"{path} 已是正式日历，没有动它。要换掉请加 --replace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table.text(), "utf-8")
    except OSError as err:
        fail(f"写不了 {path}：{err.strerror}")
    typer.echo(f"已写 {path}：休 {len(table.rest)} 天，调休上班 {len(table.work)} 天。请核对后运行 hsdispute activate。")
    for note in table.notes():
        typer.echo(f"! {note}")
