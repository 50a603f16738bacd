"""Commands on copies of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsdispute_plugin.entrypoints.cli_input import Config, Database, fail


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.command()(backup)
    commands.command()(restore)


def backup(file: Annotated[Path, typer.Argument(help="备份写到哪个文件（不能已存在）")], database: Database = None) -> None:
    """备份数据库，网关不用停。密钥不在里面：密钥文件和配置目录请另行复制，密钥不要和备份放在一起。"""
    from hsdispute_plugin.app import database_url
    from hsdispute_plugin.store_backup import backup as copied

    copied(database_url(database), file)
    typer.echo(f"已备份到 {file}（{file.stat().st_size} 字节）。")


def restore(file: Annotated[Path, typer.Argument(help="备份文件")], config: Config = None, database: Database = None) -> None:
    """把备份恢复到一个空的数据库，核对办理日志的封印和密钥；先停掉网关。"""
    from hsdispute_plugin.app import database_url, open_store
    from hsdispute_plugin.errors import HsdisputeError
    from hsdispute_plugin.store_backup import restore as brought_back

    cases = brought_back(database_url(database), file)
    typer.echo(f"已恢复，共 {cases} 件案件，办理日志封印完整。")
    try:
        with open_store(database, config, sealed=True):
            pass
    except HsdisputeError as err:
        fail(f"但现在还不能用：{err}")
