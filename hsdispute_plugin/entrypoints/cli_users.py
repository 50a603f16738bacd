"""Commands on the users of the console: add, list, disable, password; the first administrator is made here."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsdispute_plugin.entrypoints.cli_input import Config, Database, fail

if TYPE_CHECKING:
    from hsdispute_plugin.accounts import Accounts
    from hsdispute_plugin.model import Unit

Login = Annotated[str, typer.Argument(help="登录名：字母、数字、下划线")]
user = typer.Typer(name="user", no_args_is_help=True, help="网页控制台的用户：添加、列出、停用、改口令。")


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.add_typer(user, name="user")


@contextmanager
def _accounts(database: str | None) -> Iterator[Accounts]:
    from hsdispute_plugin.accounts import Accounts
    from hsdispute_plugin.app import open_store

    with open_store(database) as store:
        yield Accounts(store)


@user.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option("--name", help="姓名，办理时记入案卷")],
    unit: Annotated[str, typer.Option("--unit", help="单位：简称、全称或代号")],
    role: Annotated[list[str], typer.Option("--role", help="身份，如 承办人、审核人、系统管理员；可写多次")],
    no_password: Annotated[bool, typer.Option("--no-password", help="不设口令，只由本单位的统一登录带入")] = False,
    config: Config = None, database: Database = None,
) -> None:
    """添加一个用户；口令在提示后输入两次，或从标准输入读一行。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.accounts import MAY_HOLD

    roles = {word: r for r in MAY_HOLD for word in (r.label, r.value)}
    if unknown := [r for r in role if r not in roles]:
        fail(f"没有“{'、'.join(unknown)}”这种身份。可用：{'、'.join(r.label for r in MAY_HOLD)}")
    units = _units(config)
    codes = {w: u.code for u in units.values() for w in (u.short, u.name, u.code)}
    if unit not in codes:
        fail(f"没有单位“{unit}”。可用：{'、'.join(u.short for u in units.values())}")
    with _accounts(database) as accounts:
        password = "" if no_password else _password()
        accounts.add(login, name, codes[unit], [roles[r] for r in role], password, app.clock())
    typer.echo(f"已添加 {login}（{name}）。")


@user.command("list")
def list_(config: Config = None, database: Database = None) -> None:
    """列出用户：登录名、姓名、单位、身份、是否停用。"""
    from hsdispute_plugin.app import open_store
    from hsdispute_plugin.case import Role

    units = _units(config)
    with open_store(database) as store, store.begin() as tx:
        rows = tx.users()
    for row in rows:
        marks = ("  已停用" if row.disabled else "") + ("" if row.password else "  无口令")
        unit = units[row.unit].short if row.unit in units else row.unit
        typer.echo(f"{row.login}  {row.person}  {unit}  {'、'.join(Role(r).label for r in row.roles)}{marks}")
    typer.echo(f"共 {len(rows)} 个用户。")


@user.command()
def disable(
    login: Login, enable: Annotated[bool, typer.Option("--enable", help="重新启用")] = False, database: Database = None,
) -> None:
    """停用一个用户，并立即结束其登录；--enable 重新启用。"""
    from hsdispute_plugin import app

    with _accounts(database) as accounts:
        accounts.set_disabled(login, not enable, app.clock())
    typer.echo(f"已{'启用' if enable else '停用'} {login}。")


@user.command()
def password(login: Login, database: Database = None) -> None:
    """重设一个用户的口令，并立即结束其登录；口令在提示后输入两次，或从标准输入读一行。"""
    from hsdispute_plugin import app

    with _accounts(database) as accounts:
        accounts.set_password(login, _password(), app.clock())
    typer.echo(f"已重设 {login} 的口令。")


def _units(config: Path | None) -> Mapping[str, Unit]:
    from hsdispute_plugin import app
    from hsdispute_plugin.rules.editions import in_force
    from hsdispute_plugin.rules.load import load

    return load(in_force(app.config_directory(config)), app.fact_defs(app.open_plugins().extractors)).units


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("口令", hide_input=True, confirmation_prompt="再输一次"))
    if given := sys.stdin.readline().rstrip("\r\n"):
        return given
    fail("标准输入里没有口令，什么也没有改。请在终端里运行，或从标准输入给一行；由统一登录带入的写 --no-password")
