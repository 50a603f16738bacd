"""The command line: every word a county's administrator or IT person needs, in Chinese."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hsdispute_plugin.entrypoints.cli_backup import register as register_backup
from hsdispute_plugin.entrypoints.cli_calendar import register as register_calendar
from hsdispute_plugin.entrypoints.cli_cases import register as register_cases
from hsdispute_plugin.entrypoints.cli_help import arrange, leave_only, version
from hsdispute_plugin.entrypoints.cli_input import Config, Database, fail, lines_of, moment, reader_may_leave
from hsdispute_plugin.entrypoints.cli_keys import made as keys_made
from hsdispute_plugin.entrypoints.cli_keys import register as register_keys
from hsdispute_plugin.entrypoints.cli_library import register as register_library
from hsdispute_plugin.entrypoints.cli_reports import register as register_reports
from hsdispute_plugin.entrypoints.cli_retention import register as register_retention
from hsdispute_plugin.entrypoints.cli_rules import register as register_rules
from hsdispute_plugin.entrypoints.cli_shadow import register as register_shadow
from hsdispute_plugin.entrypoints.cli_users import register as register_users
from hsdispute_plugin.entrypoints.cli_work import register as register_work
from hsdispute_plugin.entrypoints.logs import configure
from hsdispute_plugin.errors import HsdisputeError, RulebookError, TicketRefused, trace_of

commands = typer.Typer(
    name="hsdispute", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="社会保险费征缴争议处理规则插件：按规则册给工单提出处理建议，写回平台。",
)


@commands.callback()
def _whole(
    _version: Annotated[bool, typer.Option("--version", help="版本", callback=version, is_eager=True)] = False,
) -> None:
    pass


register_rules(commands)
register_shadow(commands)
register_cases(commands)
register_reports(commands)
register_library(commands)
register_calendar(commands)
register_backup(commands)
register_work(commands)
register_users(commands)
register_keys(commands)
register_retention(commands)


_LISTENING = {
    errno.EADDRINUSE: "已被占用。网关是否已在运行？请先停掉它，或换 --port",
    errno.EACCES: "现在的用户没有权限，1024 以下的端口要 root。请换 --port，前面放 nginx",
}


@commands.command()
def init(directory: Annotated[Path, typer.Argument(help="要建立的配置目录")]) -> None:
    """把随附的配置复制到一个新目录，供本县修改；旁边建立封存缴费人信息的密钥文件。"""
    import shutil

    from hsdispute_plugin.app import keys_path, shipped_config

    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        fail(f"{directory} 已有内容，没有动它。请换一个新目录")
    try:
        shutil.copytree(shipped_config(), directory, dirs_exist_ok=True)
    except OSError as err:
        fail(f"建不了目录 {directory}：{err.strerror}")
    typer.echo(f"配置已复制到 {directory}。改完后运行：hsdispute check {directory}")
    path = keys_path(directory)
    if path is None:
        typer.echo("HSDISPUTE_KEYS 说的是不封存：数据库里的缴费人信息将是明文。")
    else:
        typer.echo(f"沿用已有的密钥文件 {path}。" if path.exists() else keys_made(directory))


@commands.command()
def decide(
    file: Annotated[str, typer.Argument(help="工单文件（每行一张 JSON，或一个 JSON）；- 为标准输入")],
    config: Config = None,
    now: Annotated[str | None, typer.Option("--now", help="按此刻计算，如 2026-11-20T09:00:00；不写则用现在")] = None,
    format_: Annotated[str, typer.Option("--format", help="jsonl（每行一个 JSON）或 text（给人看）")] = "jsonl",
) -> None:
    """给工单提出处理建议，不写任何平台和数据库。有坏行时其余照办，退出码为 1。"""
    import orjson

    from hsdispute_plugin import app
    from hsdispute_plugin.entrypoints.tickets import read_tickets
    from hsdispute_plugin.explain import decision_json, explanation

    if format_ not in ("jsonl", "text"):
        fail(f"--format 不能是 “{format_}”，请写 jsonl 或 text")
    at = moment(now) if now else app.clock()
    book = app.open_rulebook(config, app.open_plugins())
    bad = False
    with lines_of(file) as lines, reader_may_leave():
        for number, given in read_tickets(lines):
            if isinstance(given, TicketRefused):
                bad = True
                answer, text = {"line": number, "error": str(given)}, f"第 {number} 行：{given}\n"
            else:
                decision = book.decide(given, at)
                answer = decision_json(decision) if format_ == "jsonl" else {}
                text = f"工单 {given.ticket_no}\n{explanation(decision, book.source)}\n" if format_ == "text" else ""
            if format_ == "text":
                typer.echo(text)
            else:  # programs read it: UTF-8 whatever the terminal speaks, a line as soon as it is known
                sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
                sys.stdout.buffer.flush()
    if bad:
        raise typer.Exit(1)


@commands.command()
def check(
    directory: Annotated[Path | None, typer.Argument(help="配置目录；不写则用 HSDISPUTE_CONFIG，再不然用随附的配置")] = None,
    everything: Annotated[bool, typer.Option("--all", help="备查的也逐条列出：次序决定结论的规则、未确认的数字")] = False,
) -> None:
    """检查配置：写法上的问题一次说完，再证明规则合在一起没有毛病；每条说明在哪里、错在哪、应当怎么写，并举一张工单为例。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.model import SHANGHAI
    from hsdispute_plugin.rules.editions import current
    from hsdispute_plugin.rules.finding import Flaw, Severity
    from hsdispute_plugin.rules.load import load
    from hsdispute_plugin.rules.verify import verify
    from hsdispute_plugin.rules.witness_ticket import Writer

    place = app.config_directory(directory)
    try:
        source = load(place, app.fact_defs(app.open_plugins().extractors))
    except RulebookError as err:
        raise RulebookError(err.problems, f"规则册未更换，{edition} 版仍在生效 / the edition in force stays"
                            if (edition := current(place)) else err.still) from None
    findings = verify(source, app.clock().astimezone(SHANGHAI).date())
    told = [f for f in findings if everything or f.severity is not Severity.NOTE]
    writer = Writer(source) if any(f.facts is not None for f in told) else None
    for finding in told:
        typer.echo(str(finding))
        if writer and (ticket := writer.ticket(finding)):
            typer.echo(f"       工单 / ticket: {ticket.title}。{ticket.content}")
    count = {s: sum(f.severity is s for f in findings) for s in Severity}
    rules, open_numbers = sum(len(f.rules) for f in source.families), sum(f.flaw is Flaw.UNCONFIRMED for f in findings)
    typer.echo(f"{rules} 条规则，{len(source.words.phrases)} 个词，版次 {source.edition}。")
    typer.echo(f"{'、'.join(f'{s} {n}' for s, n in count.items())}（其中未确认的数字 {open_numbers}）。"
               + ("没有错误。" if not count[Severity.ERROR] else "有错误，请改正后再用。"))
    if count[Severity.ERROR]:
        raise typer.Exit(1)


@commands.command()
def serve(
    config: Config = None, database: Database = None,
    host: Annotated[str, typer.Option("--host", help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="监听端口")] = 8930,
) -> None:
    """启动网关：接收平台回调，给出建议，写回平台；网页控制台在 /console。"""
    import socket

    import uvicorn
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    from hsdispute_plugin.app import App
    from hsdispute_plugin.entrypoints.console.door import PeerKept
    from hsdispute_plugin.entrypoints.gateway import create

    configure()
    os.umask(0o077)  # the database holds payers' words: nobody else on the machine reads it
    try:  # first of all: a gateway started twice must not touch the leases of the one that runs
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as err:
        fail(f"不能在 {host} 的 {port} 端口监听：{_LISTENING.get(err.errno or 0, '--host 要写这台机器自己的地址，如 127.0.0.1')}")
    # We let uvicorn's middleware read X-Forwarded-For ourselves, so that the console still knows who really connected.
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
    served = PeerKept(ProxyHeadersMiddleware(create(App(config, database), guarded=True), trusted_hosts=trusted))  # type: ignore[arg-type]
    # h11 by name: httptools, taken where it happens to be installed, sets headers no limit (uvicorn 0.54).
    settings = uvicorn.Config(served, http="h11", log_config=None, access_log=False, proxy_headers=False)
    uvicorn.Server(settings).run(sockets=[listening])


@commands.command()
def doctor(
    config: Config = None, database: Database = None,
    platform: Annotated[str, typer.Option("--platform", help="只查这一个平台（没启用的也行）：登录、读、按原值试写一次")] = "",
) -> None:
    """体检：配置、引擎、数据库、办理日志、各平台、日历，逐项说明好坏和怎么办。"""
    from hsdispute_plugin.entrypoints.doctor import examine, examine_platform

    worst = 0
    for line in examine_platform(config, platform) if platform else examine(config, database):
        typer.echo(line)
        worst |= line.startswith("✗")
    if worst:
        raise typer.Exit(1)


arrange(commands)


def main() -> None:
    """Run the command line; refusals are printed as sentences, and of a fault of ours the place: its words may be a payer's."""
    gc.set_threshold(50_000, 20, 100)  # a rule book is large and stays: looking for garbage among it was a tenth of each start
    atexit.register(gc.freeze)  # and so is looking through it once more at the end
    configure("warning")
    leave_only(commands, sys.argv[1] if len(sys.argv) > 1 else "")
    try:
        commands()
    except HsdisputeError as err:
        typer.echo(str(err), err=True)
        sys.exit(2)
    except Exception as err:
        typer.echo(f"程序出错，请把这一行报给维护人员（里面没有工单的话）：{trace_of(err)}", err=True)
        sys.exit(70)
