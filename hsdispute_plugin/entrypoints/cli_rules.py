"""Commands of the administrator at the 专班办公室: test, explain, activate, roll back, compare."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from hsdispute_plugin.entrypoints.cli_input import Config, edition_directory, fail, lines_of, moment, reader_may_leave
from hsdispute_plugin.entrypoints.cli_replay import replay
from hsdispute_plugin.entrypoints.cli_tables import table

Directory = Annotated[Path | None, typer.Argument(help="配置目录；不写则用 HSDISPUTE_CONFIG，再不然用随附的配置")]
Why = Annotated[str, typer.Option("--why", help="为什么，记入版次历史")]


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.command("test")(test)
    commands.command()(explain)
    commands.command()(activate)
    commands.command()(rollback)
    commands.command()(editions)
    commands.command()(diff)
    commands.command()(replay)
    commands.add_typer(table, name="table")


def test(
    directory: Directory = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="另存一份 JUnit XML")] = None,
    propose: Annotated[bool, typer.Option("--propose", help="给没有示例的规则拟出示例，核对后贴进 examples/")] = False,
) -> None:
    """跑全部示例，并试着改坏每条规则，看示例能不能察觉；有不符、缺示例或察觉不了的，退出码为 1。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.entrypoints.trial import trial
    from hsdispute_plugin.model import SHANGHAI
    from hsdispute_plugin.rules.load import load
    from hsdispute_plugin.rules.proposals import as_yaml

    place = app.config_directory(directory)
    report = trial(place)
    if junit:
        junit.write_text(report.junit(), encoding="utf-8")
    if propose:
        source = load(place, app.fact_defs(app.open_plugins().extractors))
        weak = [c.rule for c in report.covers if c.missing or c.survivors]
        typer.echo(f"# 给 {len(weak)} 条规则拟的示例；逐条核对后放进 examples/，换掉同一条规则原有的" if weak else "# 示例齐全")
        for rule in weak:
            typer.echo(as_yaml(rule, source.table, app.clock().astimezone(SHANGHAI).date()))
        return
    for line in report.lines():
        typer.echo(line)
    if not report.passed:
        raise typer.Exit(1)


def explain(
    file: Annotated[str, typer.Argument(help="工单文件（每行一张 JSON，或一个 JSON）；- 为标准输入")],
    config: Config = None,
    rule: Annotated[str, typer.Option("--rule", help="只问这一条规则：成立没有，条件逐项对不对得上")] = "",
    now: Annotated[str | None, typer.Option("--now", help="按此刻计算，如 2026-11-20T09:00:00；不写则用现在")] = None,
) -> None:
    """说明为什么这样建议，以及只差一个条件就成立的规则差在哪里。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.entrypoints.tickets import read_tickets
    from hsdispute_plugin.errors import TicketRefused
    from hsdispute_plugin.explain import explanation
    from hsdispute_plugin.rules.explanation import Explanation
    from hsdispute_plugin.rules.node import suggest

    at = moment(now) if now else app.clock()
    book = app.open_rulebook(config, app.open_plugins())
    known = {r.id: r.id for f in book.source.families for r in f.rules}
    if rule and rule not in known:
        fail(f"没有规则 “{rule}”。{suggest(rule, known)}")
    bad = False
    with lines_of(file) as given, reader_may_leave():
        for number, ticket in read_tickets(given):
            if isinstance(ticket, TicketRefused):
                typer.echo(f"第 {number} 行：{ticket}\n")
                bad = True
                continue
            told = Explanation(book, ticket, at)
            whole = [explanation(told.decision, book.source), "只差一个条件的规则：", *told.near()]
            typer.echo("\n".join([f"工单 {ticket.ticket_no}", *(told.of_rule(rule) if rule else whole), ""]))
    if bad:
        raise typer.Exit(1)


def activate(directory: Directory = None, why: Why = "") -> None:
    """启用目录里的规则：先检查、跑示例、试编译，全部通过才换上；有一处不对，原来的版次继续生效。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.rules.editions import activate as put_in_force

    edition = put_in_force(app.config_directory(directory), app.clock(), getpass.getuser(), why)
    typer.echo(f"已启用 {edition} 版。正在运行的网关两秒内换上，办理中的工单不受影响。")


def rollback(
    directory: Directory = None, why: Why = "",
    to: Annotated[str, typer.Option("--to", help="回到哪一版；不写则回到上一版")] = "",
) -> None:
    """回退到以前的版次。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.rules.editions import rollback as put_back

    typer.echo(f"已回退到 {put_back(app.config_directory(directory), app.clock(), getpass.getuser(), why, to)} 版。")


def editions(directory: Directory = None) -> None:
    """列出启用和回退的历史，以及现在生效的版次。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.rules.editions import current, history
    from hsdispute_plugin.rules.load import edition_of

    place = app.config_directory(directory)
    for change in history(place):
        typer.echo(f"{change.at[:19]}  {change.act}  {change.edition}  {change.who}  {change.why}".rstrip())
    now_in_force = current(place)
    if not now_in_force:
        typer.echo("还没有启用过版次，目录里的文件直接生效")
        return
    typer.echo(f"现在生效：{now_in_force} 版")
    if edition_of(place) != now_in_force:
        typer.echo("目录里的文件与它不同：用 hsdispute diff 看改了什么，用 hsdispute activate 启用")


def diff(
    before: Annotated[str, typer.Argument(help="版次，或一个配置目录；now 为生效的版次，work 为目录里的文件")] = "now",
    after: Annotated[str, typer.Argument(help="同上")] = "work",
    config: Config = None,
    base: Annotated[bool, typer.Option("--base", help="与基础目录（省模板）比：本县改了什么、停用了什么")] = False,
    witness: Annotated[bool, typer.Option("--witness", help="再证明哪些工单会判得不同，每一处举一张工单为例")] = False,
) -> None:
    """用中文说明两个版次差在哪里：规则、词、时限、设置、单位、通报；还能举出判得不同的工单。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.entrypoints.differing import differing_tickets
    from hsdispute_plugin.rules.difference import differences
    from hsdispute_plugin.rules.load import base_of, load, overlay_of
    from hsdispute_plugin.rules.overlay_summary import overlay_summary

    place = app.config_directory(config)
    below = base_of(place) if base else None
    if base and below is None:
        fail(f"{place} 没有基础目录，请先在 settings.yaml 里写 基础目录: ../province")

    extra = app.fact_defs(app.open_plugins().extractors)
    if below:
        old, new = load(below, extra), load(place, extra)
        sentences = list(overlay_summary(old, new, overlay_of(place)))
    else:
        old, new = load(edition_directory(place, before), extra), load(edition_directory(place, after), extra)
        sentences = list(differences(old, new))
    for sentence in sentences:
        typer.echo(sentence)
    typer.echo(f"共 {len(sentences)} 处不同。" if sentences else "没有不同。")
    if witness:
        typer.echo("\n判得不同的工单：")
        for line in differing_tickets(old, new, app.clock()):
            typer.echo(line)
