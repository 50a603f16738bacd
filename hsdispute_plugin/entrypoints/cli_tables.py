"""Commands that turn a rule family into a workbook and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsdispute_plugin.entrypoints.cli_input import Config, fail

table = typer.Typer(no_args_is_help=True, help="把一个规则族导出成 Excel 表，改好后导回；没有改动的规则和注释原样保留。")


@table.command(name="export")
def export_table(
    family: Annotated[str, typer.Argument(help="规则族：受理范围、职责认定、事项分类、分类流转、时限、催办督办")],
    file: Annotated[Path, typer.Argument(help="要写的 .xlsx 文件")],
    config: Config = None,
) -> None:
    """导出：一条规则一行，一个事实一列，带下拉列表和批注。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.rules.load import load
    from hsdispute_plugin.rules.rulebook import FAMILIES
    from hsdispute_plugin.rules.tables import export
    from hsdispute_plugin.rules.tables_import import digest, family_file

    codes = {**{label: code for code, (label, _) in FAMILIES.items()}, **{code: code for code in FAMILIES}}
    if family not in codes:
        fail(f"没有规则族 “{family}”。可用：{'、'.join(label for label, _ in FAMILIES.values())}")
    if file.suffix.lower() != ".xlsx":
        fail(f"文件名要以 .xlsx 结尾：{file.name}")
    directory = app.config_directory(config)
    source = load(directory, app.fact_defs(app.open_plugins().extractors))
    origin = digest(family_file(directory, source, codes[family]))
    chosen = next(f for f in source.families if f.code == codes[family])
    export(chosen, source.table, origin, file)
    typer.echo(f"{chosen.label} {len(chosen.rules)} 条规则已写入 {file}。改好后运行：hsdispute table import {file}")


@table.command(name="import")
def import_table(
    file: Annotated[Path, typer.Argument(help="改好的 .xlsx 文件")],
    config: Config = None,
    force: Annotated[bool, typer.Option("--force", help="导出之后规则文件又改过，仍以表格为准")] = False,
) -> None:
    """导入：问题按单元格一次说完；只改动过的规则写进 YAML 文件，写之前先整册检查。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.rules.difference import differences
    from hsdispute_plugin.rules.tables_import import prepare

    change = prepare(app.config_directory(config), file, app.fact_defs(app.open_plugins().extractors), force=force)
    sentences = list(differences(change.before, change.after))
    if change.before is change.after:
        typer.echo("没有改动。")
        return
    change.write()
    for sentence in sentences:
        typer.echo(sentence)
    typer.echo(f"已写入 {change.file}，版次 {change.after.edition}。还没有启用：请运行 hsdispute test，再 hsdispute activate")
