"""Commands on pending work: further processes that do it, and what waits for a host or for a person."""

from __future__ import annotations

import os
import signal
import threading
from typing import Annotated

import typer

from hsdispute_plugin.entrypoints.cli_input import Config, Database, fail

STATES = {"待送": "queued", "在送": "claimed", "已送": "done", "送不了": "dead"}
GIVING_WAY = 5  # a worker on the machine of the gateway and the database leaves them the processor when they want it
UNTAKEN = "接不了"  # of a ticket that could not be taken in

outbox = typer.Typer(name="outbox", no_args_is_help=True, help="写回和通知：还没送到的、平台不收的，重发；还有接不了的工单。")


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.command()(worker)
    commands.add_typer(outbox, name="outbox")


def worker(config: Config = None, database: Database = None) -> None:
    """再起一个办事的进程（须用 PostgreSQL）：与网关分担接单、写回和提醒，可在多台机器上起多个。"""
    from hsdispute_plugin.app import App
    from hsdispute_plugin.entrypoints.figures import Figures
    from hsdispute_plugin.entrypoints.logs import configure
    from hsdispute_plugin.entrypoints.working import Working

    os.umask(0o077)
    os.nice(GIVING_WAY)
    app = App(config, database)
    try:
        if app.store.embedded:
            fail("SQLite 只能由一个进程写，网关自己就办了。要多个进程，请用 PostgreSQL：--database postgresql+psycopg://…")
        configure()
        working, stop = Working(app, Figures(), guarded=True), threading.Event()
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, lambda *_: stop.set())
        working.start()
        stop.wait()
        working.stop()
    finally:
        app.close()


@outbox.command("list")
def list_(
    state: Annotated[
        list[str] | None, typer.Option("--state", help="待送、在送、送不了、接不了、已送；可写多次，不写则不列已送")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多列多少条")] = 100,
    database: Database = None,
) -> None:
    """列出写回和通知，以及接不了的工单：编号、平台、工单、试过几次、为什么。"""
    from hsdispute_plugin.app import open_store

    if unknown := [s for s in state or () if s not in (*STATES, UNTAKEN)]:
        fail(f"没有“{'、'.join(unknown)}”这种状态。可用：{'、'.join((*STATES, UNTAKEN))}")
    labels = {code: label for label, code in STATES.items()}
    with open_store(database) as store, store.begin() as tx:
        rows = tx.outbox([STATES[s] for s in state or ("待送", "在送", "送不了") if s in STATES], limit, words=False)
        failed = tx.failed_events(limit) if not state or UNTAKEN in state else []
    for row in rows:
        what = "通知" if row.kind == "notice" else row.platform
        typer.echo(f"{row.key}  {labels[row.state]}  {what} {row.ticket_no}  试过 {row.attempts} 次"
                   + (f"  {row.error}" if row.error else ""))
    for event in failed:
        typer.echo(f"{event.key}  {UNTAKEN}  {event.platform} {event.ticket_no}  试过 {event.attempts} 次  {event.error}")
    whole = max(len(rows), len(failed)) < limit
    typer.echo(f"共 {len(rows) + len(failed)} 条。" if whole else f"每种列出前 {limit} 条，可用 --limit 多列。")


@outbox.command()
def show(
    key: Annotated[str, typer.Argument(help="编号，见 outbox list")], config: Config = None, database: Database = None,
) -> None:
    """看一条写回或通知的全文；含工单原文的摘引，注意保密。"""
    from hsdispute_plugin.app import open_store

    with open_store(database, config, sealed=True) as store, store.begin() as tx:
        row = next(iter(tx.outbox(tuple(STATES.values()), key=key)), None)
    if row is None:
        fail(f"没有编号 {key}。用 hsdispute outbox list 查看")
    for name, value in row.payload.items():
        typer.echo(f"{name}：{'、'.join(map(str, value)) if isinstance(value, list) else value}")


@outbox.command()
def resend(
    keys: Annotated[list[str] | None, typer.Argument(help="编号，可写多个")] = None,
    every: Annotated[bool, typer.Option("--all", help="送不了的全部重发")] = False,
    database: Database = None,
) -> None:
    """重发送不了的、再接接不了的：原因消除之后，写编号；--all 只管送不了的。"""
    from hsdispute_plugin import app

    if bool(keys) is every:
        fail("请写编号，或写 --all 全部重发")
    with app.open_store(database) as store, store.begin() as tx:
        chosen = keys or [row.key for row in tx.outbox(("dead",), words=False)]
        missing = [key for key in chosen if not tx.resend(key, app.clock())]
    for key in missing:
        typer.echo(f"{key} 不在送不了、接不了的里面，没有动它")
    typer.echo(f"已排队重发 {len(chosen) - len(missing)} 条。")
    if missing:
        raise typer.Exit(1)
