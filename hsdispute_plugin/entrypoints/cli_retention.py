"""`hsdispute retention`: what has been kept for as long as it must — listed, held back for a reason, erased for good."""

from __future__ import annotations

from typing import Annotated

import typer

from hsdispute_plugin.entrypoints.cli_cases import Name, Number, Role, Unit, office
from hsdispute_plugin.entrypoints.cli_input import Config, Database, Now, fail

Why = Annotated[str, typer.Option("--why", help="理由，记入办理日志")]
retention = typer.Typer(name="retention", no_args_is_help=True, help="保管期满的案卷：列出、暂缓销毁、销毁。")


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.add_typer(retention, name="retention")


@retention.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="没有期满的归档案卷也列")] = False,
    config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """列出保管期满、可以销毁的案卷；年限从归档的次年一月一日算起（县级自定，未确认）。"""
    from hsdispute_plugin.desk_retention import archived
    from hsdispute_plugin.model import SHANGHAI

    with office(config, database, now) as here:
        today = here.now.astimezone(SHANGHAI).date()
        with here.store.begin() as tx:
            kept = [k for k in archived(tx, here.now) if everything or k.until < today]
    for one in kept:
        state = f"暂缓销毁：{one.held}" if one.held else "期满" if one.due(today) else "保管中"
        merged = f"，连同并入的 {'、'.join(one.merged)}" if one.merged else ""
        typer.echo(f"{one.case_no}  {one.archived_on} 归档，保管 {one.keep_years} 年，到 {one.until}{merged}  {state}")
    typer.echo(f"共 {len(kept)} 件，可以销毁 {sum(k.due(today) for k in kept)} 件。")


@retention.command()
def hold(
    number: Number, name: Name, unit: Unit, why: Why, role: Role = "档案员",
    free: Annotated[bool, typer.Option("--free", help="解除暂缓")] = False,
    config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """暂缓销毁一件案卷（诉讼、复议、巡察未结等），或用 --free 解除。"""
    from hsdispute_plugin.desk_retention import hold as held

    with office(config, database, now) as here, here.store.begin() as tx:
        held(tx, number, here.desk.terms(here.book), here.actor(name, unit, role), why, here.now, free=free)
    typer.echo(f"{number} {'已解除暂缓销毁' if free else '已暂缓销毁'}。")


@retention.command()
def erase(
    name: Name, unit: Unit,
    why: Annotated[str, typer.Option("--why", help="批准销毁的依据，如鉴定销毁的批准文号，记入办理日志")],
    numbers: Annotated[list[str] | None, typer.Argument(help="案号，可写多个")] = None, role: Role = "档案员",
    every: Annotated[bool, typer.Option("--all", help="期满的全部销毁")] = False,
    config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """销毁期满的案卷，不能恢复：工单、案卷、文书、写回都删去，数据库空闲页也清掉；办理日志留下，添一行。"""
    from hsdispute_plugin.desk_retention import archived
    from hsdispute_plugin.desk_retention import erase as erased
    from hsdispute_plugin.errors import CaseRefused
    from hsdispute_plugin.model import SHANGHAI

    if bool(numbers) is every:
        fail("请写案号，或写 --all 销毁期满的全部")
    with office(config, database, now) as here:
        who, today = here.actor(name, unit, role), here.now.astimezone(SHANGHAI).date()
        if every:
            with here.store.begin() as tx:
                numbers = [k.case_no for k in archived(tx, here.now) if k.due(today)]
        refused, gone = [], 0
        for number in dict.fromkeys(numbers or ()):
            try:
                typer.echo(erased(here.store, number, here.desk.terms(here.book), who, why, here.now))
                gone += 1
            except CaseRefused as err:
                refused.append(str(err))
        here.store.scrub()
    typer.echo(f"销毁了 {gone} 件，数据库空闲页里的残留已清掉。以前的备份里还有，请一并处置。" if gone else "没有销毁。")
    for sentence in refused:
        typer.echo(sentence, err=True)
    if refused:
        raise typer.Exit(1)


@retention.command()
def erased(database: Database = None) -> None:
    """统计销毁过的案件：哪一年销毁了哪一年的多少件。"""
    from hsdispute_plugin.app import open_store
    from hsdispute_plugin.desk_retention import erased as counted

    with open_store(database) as store, store.begin() as tx:
        rows = counted(tx)
    for (year, opened), count in sorted(rows.items()):
        typer.echo(f"{year} 年销毁 {opened} 年的 {count} 件")
    typer.echo(f"共 {sum(rows.values())} 件。")
