"""`hsdispute shadow` and `promote`: a candidate decides live tickets beside the edition in force, and then in its place."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hsdispute_plugin.entrypoints.cli_input import Config, Database, edition_directory, fail

if TYPE_CHECKING:
    from hsdispute_plugin.app_shadow import Shadows
    from hsdispute_plugin.store_shadow import ShadowRow

Why = Annotated[str, typer.Option("--why", help="为什么，记入日志")]
Html = Annotated[Path | None, typer.Option("--html", help="另存一份带图表的网页，不用联网就能看")]

shadow = typer.Typer(name="shadow", no_args_is_help=True, help="试算：改好的规则与生效的规则并行判新工单，看差在哪里，再启用。")


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.add_typer(shadow, name="shadow")
    commands.command()(promote)


@shadow.command()
def start(
    edition: Annotated[str, typer.Option("--edition", help="试哪一版：work 为目录里的文件，或版次，或一个配置目录")] = "work",
    share: Annotated[str, typer.Option(
        "--share", help="试点：百分之几的新工单真的按试算的版次办，如 20%；不写也不写单位、乡镇，就只试算，不影响任何案件")] = "",
    unit: Annotated[list[str] | None, typer.Option("--unit", help="试点：只在这个单位主办的工单里；可写多次")] = None,
    township: Annotated[list[str] | None, typer.Option("--township", help="试点：只在这个乡镇的工单里；可写多次")] = None,
    why: Why = "", config: Config = None, database: Database = None,
) -> None:
    """开始试算：先检查、跑示例、试编译，全部通过才开始；网关不用重启，案件、平台和时限都不受影响。"""
    from hsdispute_plugin.app_shadow import Scope, pilot

    scope = Scope(_percent(share), unit or (), township or ())
    with _shadows(config, database) as (shadows, place):
        begun = shadows.start(edition_directory(place, edition), scope, _clock(), getpass.getuser(), why)
        typer.echo(f"开始试算 {begun.candidate} 版，与生效的 {begun.live} 版并行。{pilot(begun, shadows.live())}。")
        typer.echo("过些日子用 hsdispute shadow report 看差在哪里；hsdispute shadow stop 随时停下。")


@shadow.command()
def status(config: Config = None, database: Database = None) -> None:
    """现在在试算哪一版，试过多少张，多少张不同，多少张出错；以前试过哪些。"""
    from hsdispute_plugin.app_shadow import pilot
    from hsdispute_plugin.entrypoints.shadow_report import summary

    with _shadows(config, database) as (shadows, _):
        if running := shadows.running():
            typer.echo(f"正在试算 {running.candidate} 版（{running.began_by} 开始{_because(running.why)}）。"
                       f"{pilot(running, shadows.live())}。")
            for line in summary(shadows.report(running, _clock())):
                typer.echo(line)
        else:
            typer.echo("现在没有试算。")
        for row in shadows.all():
            if row.outcome:
                typer.echo(_ended(row))


@shadow.command()
def report(
    number: Annotated[int | None, typer.Option("--id", help="第几次试算；不写则为正在试算的，或最近一次")] = None,
    format_: Annotated[str, typer.Option("--format", help="text（给人看）或 json")] = "text",
    html: Html = None, config: Config = None, database: Database = None,
) -> None:
    """两版对同样的新工单判得怎样不同：哪些结论变、谁的活多了少了、时限提前推后、哪些规则没用上、出错几张。"""
    from hsdispute_plugin.entrypoints.shadow_report import as_html, as_json, as_text

    if format_ not in ("text", "json"):
        fail(f"--format 不能是 “{format_}”，请写 text 或 json")
    with _shadows(config, database) as (shadows, _):
        row = shadows.one(number)
        told: dict[str, Any]
        if row.report is not None:  # ended: as it was kept
            told = json.loads(row.report)
        else:
            found = shadows.report(row, _clock())
            told = {"text": "\n".join(as_text(found)), "data": as_json(found), "html": as_html(found)}
    if html and "html" in told:
        html.write_text(told["html"], encoding="utf-8")
    if format_ == "json" and "data" in told:
        typer.echo(json.dumps(told["data"], ensure_ascii=False, indent=2))
        return
    typer.echo(told["text"])
    if html and "html" in told:
        typer.echo(f"网页已存到 {html}")


@shadow.command()
def stop(why: Why = "", config: Config = None, database: Database = None) -> None:
    """停止试算：马上全部回到生效的版次；已经定了的案件不变，报告留存。"""
    from hsdispute_plugin.entrypoints.shadow_report import kept

    with _shadows(config, database) as (shadows, _):
        ended = shadows.stop(_clock(), getpass.getuser(), why, kept)
    typer.echo(f"{ended.candidate} 版停止试算，报告已留存：hsdispute shadow report --id {ended.id}")


def promote(
    why: Annotated[str, typer.Option("--why", help="启用的依据，必须写，如会议纪要的文号")] = "",
    html: Html = None, config: Config = None, database: Database = None,
) -> None:
    """试好了，启用正在试算的版次：张数不够、出过错、检查或示例不再通过的都不启用；报告和理由一起留存。"""
    from hsdispute_plugin.entrypoints.shadow_report import kept

    with _shadows(config, database) as (shadows, _):
        ended = shadows.promote(_clock(), getpass.getuser(), why, kept)
    if html and ended.report:
        html.write_text(json.loads(ended.report)["html"], encoding="utf-8")
    typer.echo(f"已启用 {ended.candidate} 版，试算结束，报告已留存：hsdispute shadow report --id {ended.id}。"
               "正在运行的网关两秒内换上，办理中的案件不受影响。")


@contextmanager
def _shadows(config: Path | None, database: str | None) -> Iterator[tuple[Shadows, Path]]:
    from hsdispute_plugin import app
    from hsdispute_plugin.app_shadow import Shadows

    place = app.config_directory(config)
    with app.open_store(database) as store:
        yield Shadows(place, store, app.open_plugins().extractors), place


def _clock() -> Any:
    from hsdispute_plugin import app

    return app.clock()


def _percent(text: str) -> int:
    if not text:
        return 0
    number = text.strip().removesuffix("%").removesuffix("％")
    if not number.isdecimal() or not 1 <= int(number) <= 100:
        fail(f"--share 写百分之几，1 到 100，如 20%；看不懂“{text}”")
    return int(number)


def _because(why: str) -> str:
    return f"：{why}" if why else ""


def _ended(row: ShadowRow) -> str:
    from hsdispute_plugin.model import SHANGHAI

    assert row.ended_at
    how = "启用" if row.outcome == "promoted" else "停止"
    return (f"第 {row.id} 次：{row.candidate} 版，{row.began_at.astimezone(SHANGHAI):%Y-%m-%d} 开始，"
            f"{row.ended_at.astimezone(SHANGHAI):%Y-%m-%d} {how}（{row.ended_by}{_because(row.ended_why or '')}）")
