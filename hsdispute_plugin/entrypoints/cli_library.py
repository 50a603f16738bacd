"""Commands on 处理常例: draft one from an answered case, put it in when a person has gone over it, look one up."""

from __future__ import annotations

from typing import Annotated

import typer

from hsdispute_plugin.entrypoints.cli_cases import Name, Number, Role, Unit, office
from hsdispute_plugin.entrypoints.cli_input import Config, Database, Now, fail, lines_of

library = typer.Typer(name="library", no_args_is_help=True, help="处理常例：去掉身份的典型案件，供以后参看。")


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.add_typer(library, name="library")


@library.command()
def draft(number: Number, config: Config = None, database: Database = None, now: Now = None) -> None:
    """由一件已答复的案件拟出常例，存成文件、由人改好再收入；已登记的姓名、号码、单位名称已略去。"""
    from hsdispute_plugin.desk_library import draft as drafted

    with office(config, database, now) as here:
        typer.echo(drafted(here.desk.case(number, here.book, here.now), here.desk.terms(here.book)))


@library.command()
def add(
    number: Number, title: Annotated[str, typer.Option("--title", help="题目")],
    file: Annotated[str, typer.Option("--file", help="改好的内容；- 为标准输入")],
    name: Name, unit: Unit, role: Role, config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """收入一件常例；还看得出是谁的不收。"""
    from hsdispute_plugin.desk_library import add as added
    from hsdispute_plugin.model import decode

    with lines_of(file) as stream:
        text = decode(stream.read())
    with office(config, database, now) as here:
        docket, terms = here.desk.case(number, here.book, here.now), here.desk.terms(here.book)
        with here.store.begin() as tx:
            got = added(tx, docket, terms, title, text, here.actor(name, unit, role), here.now)
    typer.echo(f"已收入处理常例第 {got} 号。")


@library.command("list")
def list_(
    word: Annotated[str, typer.Argument(help="只列含这个词的；不写则全列")] = "", database: Database = None,
) -> None:
    """列出常例，新的在前。"""
    from hsdispute_plugin.app import open_store
    from hsdispute_plugin.desk_library import line_of

    with open_store(database) as store, store.begin() as tx:
        found = [t for t in tx.typical_cases() if word in t.title or word in t.text]
    for typical in found:
        typer.echo(line_of(typical))
    typer.echo(f"共 {len(found)} 件。")


@library.command()
def show(which: Annotated[int, typer.Argument(help="第几号")], database: Database = None) -> None:
    """看一件常例。"""
    from hsdispute_plugin.app import open_store
    from hsdispute_plugin.desk_library import line_of

    with open_store(database) as store, store.begin() as tx:
        typical = next((t for t in tx.typical_cases() if t.id == which), None)
    if typical is None:
        fail(f"没有处理常例第 {which} 号。用 hsdispute library list 查看")
    typer.echo(f"{line_of(typical)}\n收入人：{typical.added_by}\n\n{typical.text}")
