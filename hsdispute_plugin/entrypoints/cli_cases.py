"""Commands on cases: list, show, what may be done now, do it, its papers; and the tick that follows the clocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hsdispute_plugin.entrypoints.cli_input import Config, Database, Now, fail, lines_of, moment
from hsdispute_plugin.model import codes_by_name

if TYPE_CHECKING:
    from hsdispute_plugin.case import Actor
    from hsdispute_plugin.desk import Desk
    from hsdispute_plugin.rules.rulebook import Rulebook
    from hsdispute_plugin.store import Store

Number = Annotated[str, typer.Argument(help="案号，如 HS-2026-000001")]
Name = Annotated[str, typer.Option("--name", help="谁：姓名，记入案卷")]
Unit = Annotated[str, typer.Option("--unit", help="哪个单位：简称、全称或代号")]
Role = Annotated[str, typer.Option("--role", help="什么身份：首问人员、承办人、审核人、单位负责人 …")]

case = typer.Typer(name="case", no_args_is_help=True, help="案件：查看、办理、文书。")


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.add_typer(case, name="case")
    commands.command()(tick)


def tick(config: Config = None, database: Database = None, now: Now = None) -> None:
    """看一遍所有时钟：到了提醒、催办时刻的告知有关人（网关自己每二十秒看一遍，停机时可用它补）。"""
    with office(config, database, now) as here:
        told = here.desk.tick(here.book, here.now)
    typer.echo(f"提醒了 {told} 件案件。" if told else "没有到时刻的提醒。")


@dataclass(frozen=True, slots=True)
class _Office:
    """The desk as opened for one command."""

    desk: Desk
    store: Store
    book: Rulebook
    now: datetime

    def actor(self, name: str, unit: str, role: str) -> Actor:
        """Read who acts."""
        from hsdispute_plugin.case import Actor
        from hsdispute_plugin.case import Role as Roles

        roles = {word: r for r in Roles for word in (r.label, r.value)}
        if role not in roles:
            fail(f"没有“{role}”这种身份。可用：{'、'.join(r.label for r in Roles if r is not Roles.CLOCK)}")
        if not name.strip() or len(name) > 40:
            fail("--name 请写办理人的姓名，不超过 40 字")
        return Actor(name.strip(), self.unit(unit), roles[role])

    def unit(self, word: str) -> str:
        """Read a unit."""
        units = self.book.source.units
        codes = codes_by_name(units.values())
        if word not in codes:
            fail(f"没有单位“{word}”。可用：{'、'.join(u.short for u in units.values())}")
        return codes[word]


@contextmanager
def office(config: Path | None, database: str | None, now: str | None) -> Iterator[_Office]:
    """Open the desk of a configuration and a database, and close it again."""
    from hsdispute_plugin import app

    at = moment(now) if now else app.clock()
    desk, store, book = app.open_desk(config, database)
    try:
        yield _Office(desk, store, book, at)
    finally:
        book.close()
        store.close()


@case.command("open")
def open_(
    file: Annotated[str, typer.Argument(help="来访人说的：一个 JSON，同 hsdispute decide 的工单；- 为标准输入")],
    name: Name, unit: Unit, role: Role = "首问人员", config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """为来访、来电、来信立案：谁接待，谁就是首问人员；平台转来的工单不用这一步。"""
    from hsdispute_plugin.entrypoints.tickets import read_tickets
    from hsdispute_plugin.errors import TicketRefused

    with lines_of(file) as stream:
        given = next((ticket for _, ticket in read_tickets(stream)), None)
    if given is None or isinstance(given, TicketRefused):
        fail(f"{file}：{given or '里面没有工单'}")
    with office(config, database, now) as here:
        row = here.desk.take(given, here.actor(name, unit, role), here.book, here.now)
    typer.echo(f"已立案：{row.case_no}。下一步：hsdispute case acts {row.case_no} --name … --unit … --role …")


@case.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option("--state", help="只列这些状态，如 待登记；可写多次")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="只列这个受理部门的")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="只列下一步已逾期的")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多列多少件")] = 100,
    format_: Annotated[str, typer.Option("--format", help="text（给人看）或 jsonl")] = "text",
    config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """列出案件，有险情的在前，再按下一步到期的先后，与收件箱一样；要通报谁也写出；不含缴费人信息。"""
    from hsdispute_plugin.case import State
    from hsdispute_plugin.model import SHANGHAI

    states = {word: s.value for s in State for word in (s.label, s.value)}
    if unknown := [s for s in state or () if s not in states]:
        fail(f"没有状态“{'、'.join(unknown)}”。可用：{'、'.join(s.label for s in State)}")
    with office(config, database, now) as here, here.store.begin() as tx:
        lines = tx.inbox(here.now, states=[states[s] for s in state or ()], accepting=here.unit(unit) if unit else "",
                         colour="red" if overdue else "", limit=limit)
        alerts, told = tx.alerts_of([line.case_no for line in lines]), here.book.source.notices
        names = {u.code: u.short for u in here.book.source.units.values()}
        track, labels = here.book.source.table.by_code["track"], {s.value: s.label for s in State}
        for line in lines:
            due = line.due_at.astimezone(SHANGHAI) if line.due_at else None
            if format_ == "jsonl":
                one = {"case_no": line.case_no, "ticket_no": line.ticket_no, "platform": line.platform, "state": line.state,
                        "accepting_unit": line.accepting_unit, "track": line.track, "due_at": due.isoformat() if due else None,
                       "alerts": alerts.get(line.case_no, ())}
                typer.echo(json.dumps(one, ensure_ascii=False))
                continue
            marks = ["逾期"] if due and due < here.now else []
            marks += [told[key].partition("：")[0] for key in alerts.get(line.case_no, ()) if key in told]
            typer.echo("  ".join([line.case_no, labels.get(line.state, line.state),
                                  track.label_of(line.track) if line.track else "—",
                                  names.get(line.accepting_unit, "—"), f"{due:%Y-%m-%d %H:%M} 前" if due else "没有待办时限",
                                  f"{line.platform} {line.ticket_no}", *marks]))
        if format_ == "text":
            typer.echo(f"共 {len(lines)} 件。" if len(lines) < limit else f"列出前 {limit} 件，可用 --limit 多列。")


@case.command()
def show(number: Number, config: Config = None, database: Database = None, now: Now = None) -> None:
    """一件案件的现状：谁在办、时钟、未了的事、文书、经过；不含缴费人信息。"""
    from hsdispute_plugin.desk_view import view

    with office(config, database, now) as here:
        docket = here.desk.case(number, here.book, here.now)
        with here.store.begin() as tx:
            papers, journal = tx.papers(number), tx.journal(number)
        for line in view(docket, here.desk.terms(here.book), papers, journal, here.now):
            typer.echo(line)


@case.command()
def acts(
    number: Number, name: Name, unit: Unit, role: Role,
    every: Annotated[bool, typer.Option("--all", help="办不了的也列出，各说为什么")] = False,
    config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """这个人现在可以办哪些步骤，各要填什么。"""
    from hsdispute_plugin.case import ACTS, blank_form
    from hsdispute_plugin.paperwork import asks

    with office(config, database, now) as here:
        open_, closed = here.desk.acts(number, here.actor(name, unit, role), here.book, here.now)
        for code in open_:
            row = ACTS[code]
            fields = "、".join(blank_form(code)) or "不用填表"
            asked = "、".join(f"{kind}的{'、'.join(asks(kind))}" for kind in row.papers if asks(kind))
            more = ("；要写理由" if row.why else "") + (f"；文书补写：{asked}" if asked else "")
            typer.echo(f"{row.label}（{code}）：{fields}{more}")
        if not open_:
            typer.echo("现在没有可以办的步骤。用 --all 看为什么。")
        for code, why in closed.items() if every else ():
            typer.echo(f"✗ {ACTS[code].label}（{code}）：{why}")


@case.command()
def form(act: Annotated[str, typer.Argument(help="步骤的名称或代号，如 受理登记")]) -> None:
    """打印一步的空白表（JSON），填好后用 case act --form 交上。"""
    from hsdispute_plugin.case import blank_form

    typer.echo(json.dumps(blank_form(_act_code(act)), ensure_ascii=False, indent=2))


@case.command()
def act(
    number: Number, act: Annotated[str, typer.Argument(help="步骤的名称或代号，如 分类流转")],
    name: Name, unit: Unit, role: Role,
    form: Annotated[str, typer.Option("--form", help="填好的表：JSON 文件，- 为标准输入；不用填表的不写")] = "",
    why: Annotated[str, typer.Option("--why", help="理由，入案卷")] = "",
    config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """办一步：案件、时钟、日志、文书和写回一并保存；办不了的说明缺什么，什么也不改。"""
    given = _read_form(form) if form else {}
    with office(config, database, now) as here:
        done = here.desk.act(number, _act_code(act), here.actor(name, unit, role), given, here.book, here.now, why)
        for line in done.says:
            typer.echo(line)


@case.command()
def paper(
    number: Number,
    which: Annotated[int | None, typer.Argument(help="第几份（见 case show）；不写则全部")] = None,
    out: Annotated[Path, typer.Option("--out", help="放到哪个目录")] = Path(),
    config: Config = None, database: Database = None, now: Now = None,
) -> None:
    """取出案件的文书（.docx）。含缴费人信息，注意保管。"""
    with office(config, database, now) as here:
        here.desk.case(number, here.book, here.now)
        with here.store.begin() as tx:
            rows = tx.papers(number)
        if which is not None and not 1 <= which <= len(rows):
            fail(f"{number} 有 {len(rows)} 份文书，没有第 {which} 份")
        out.mkdir(parents=True, exist_ok=True)
        for place, row in enumerate(rows, 1):
            if which in (None, place):
                path = out / f"{number}-{place:02d}-{row.name}"
                path.write_bytes(here.desk.paper(row.id)[1])
                typer.echo(str(path))
        if not rows:
            typer.echo(f"{number} 还没有文书。")


def _act_code(word: str) -> str:
    from hsdispute_plugin.case import ACTS

    codes = {row.label: code for code, row in ACTS.items()}
    return codes.get(word, word)


def _read_form(file: str) -> dict[str, Any]:
    from hsdispute_plugin.model import decode

    with lines_of(file) as stream:
        raw = stream.read()
    try:
        given = json.loads(decode(raw))
    except (ValueError, RecursionError) as err:
        where = f"第 {err.lineno} 行" if isinstance(err, json.JSONDecodeError) else "全文"
        fail(f"表单 {file} 不是 JSON（{where}）。用 hsdispute case form 步骤 打印一份空白的")
    if not isinstance(given, dict):
        fail(f"表单 {file} 应是一个 JSON 对象。用 hsdispute case form 步骤 打印一份空白的")
    return given
