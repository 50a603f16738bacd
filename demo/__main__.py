"""`make demo`: a real Roundup tracker, the gateway on SQLite, invented tickets, and what then stands in the tracker."""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hsdispute_plugin.model import SHANGHAI
from tests.hosts.roundup.tracker import HOTLINE, PEOPLE_PASSWORD, ROBOT_PASSWORD, Desk, Tracker, free_port

HERE = Path(__file__).parent
HOME = HERE.parent / ".demo"
WAIT_S = 60
PEOPLE = (
    ("wang", "王某", "政府办", "政府办经办人"), ("zhang", "张某", "人社局", "首问人员", "承办人"),
    ("li", "李某", "人社局", "审核人"), ("zhao", "赵某", "税务局", "联办单位经办人"), ("qian", "钱某", "人社局", "单位负责人"),
    ("sun", "孙某", "人社局", "档案员"), ("zheng", "郑某", "税务局", "专班办公室"), ("feng", "冯某", "政府办", "专班主任"),
    ("wu", "吴某", "网信办", "网信办经办人"), ("admin", "陈某", "税务局", "系统管理员"), ("chu", "褚某", "政府办", "审计员"))
console = Console(width=max(100, shutil.get_terminal_size((150, 40)).columns))


def main() -> int:
    """Run the main job and show it; 1 when a result does not stand in the tracker."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--keep", action="store_true", help="leave both servers running until Ctrl+C")
    keep = asked.parse_args().keep
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    port, token = free_port(), secrets.token_hex(16)
    console.print("[bold]1. 起一个真实的工单系统（Roundup）和网关（SQLite）[/]")
    with Tracker(HOME / "host", hook_url=f"http://127.0.0.1:{port}/hooks/roundup", hook_secret=token) as tracker:
        gateway = start_gateway(tracker, port, token)
        try:
            tickets = [json.loads(line) for line in (HERE / "tickets.jsonl").read_text("utf-8").splitlines()]
            console.print(f"[bold]2. 热线录入 {len(tickets)} 张工单[/]（人名、电话均为虚构）")
            desk = Desk(tracker)
            numbers = [desk.file_ticket(t["title"], t["content"]) for t in tickets]
            console.print("[bold]3. 等结果写回工单系统[/]")
            missing = wait_for(desk, numbers)
            show(desk, numbers, tickets)
            console.print(f"\n浏览器查看：{tracker.url}/issue1 （用户 {HOTLINE}，口令 {PEOPLE_PASSWORD}）；"
                          f"网关状态：http://127.0.0.1:{port}/healthz")
            console.print(f"一张工单的说明全文：\n\n{desk.notes(numbers[3])[-1]}\n", markup=False)
            if not missing:
                console.print("[bold]4. 办一件：转办、签收、受理登记、审核、分类流转[/]（命令行代经办人，平台工单随之改变）")
                walk(desk, numbers[0])
            if missing:
                console.print(f"[red]没有写回：{missing}；见 {HOME / 'gateway.log'}[/]")
            elif keep:
                people(port)
                console.print("两个服务都开着，按 Ctrl+C 结束。")
                with suppress(KeyboardInterrupt):
                    gateway.wait()
            return 1 if missing else 0
        finally:
            gateway.terminate()
            gateway.wait(20)


def start_gateway(tracker: Tracker, port: int, token: str) -> subprocess.Popen[bytes]:
    """Copy out the configuration, switch Roundup on, serve, and wait until it answers."""
    config = HOME / "config"
    tool = Path(sys.executable).with_name("hsdispute")
    subprocess.run([tool, "init", config], check=True, stdout=subprocess.DEVNULL)
    platform = config / "platforms" / "roundup.yaml"
    platform.write_text(platform.read_text("utf-8").replace("启用: 否", "启用: 是").replace("http://127.0.0.1:8087", tracker.url),
                        encoding="utf-8")
    environment = {**os.environ, "HSDISPUTE_ROUNDUP_PASSWORD": ROBOT_PASSWORD, "HSDISPUTE_ROUNDUP_WEBHOOK_SECRET": token}
    with (HOME / "gateway.log").open("wb") as log:
        gateway = subprocess.Popen(
            [tool, "serve", "--config", config, "--database", f"sqlite:///{HOME / 'cases.sqlite3'}", "--port", str(port)],
            env=environment, stdout=log, stderr=log)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and gateway.poll() is None:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
            return gateway
        time.sleep(0.1)
    raise SystemExit(f"网关没有起来：\n{(HOME / 'gateway.log').read_text('utf-8')[-2000:]}")


def wait_for(desk: Desk, numbers: list[str]) -> list[str]:
    """Wait until our mark and note stand in every issue; return those where they do not."""
    waiting, deadline = list(numbers), time.monotonic() + WAIT_S
    while waiting and time.monotonic() < deadline:
        waiting = [n for n in waiting if not (desk.read(n)["extkey"] and len(desk.notes(n)) == 2)]
        time.sleep(0.2)
    return waiting


def show(desk: Desk, numbers: list[str], tickets: list[dict]) -> None:
    """Print what stands in the tracker, issue by issue."""
    table = Table(show_lines=True, title="工单系统里现在的结果")
    for heading in ("工单", "标题", "办理方式", "主办", "参加", "最早时限", "为什么"):
        table.add_column(heading, overflow="fold")
    for number, ticket in zip(numbers, tickets, strict=True):
        issue, note = desk.read(number), desk.notes(number)[-1].split("\n")
        urgent = [line.removeprefix("【通报】").partition("：")[0] for line in note if line.startswith("【通报】")]
        due = datetime.strptime(issue["due"], "%Y-%m-%d.%H:%M:%S").replace(tzinfo=UTC).astimezone(SHANGHAI)
        track = next(line for line in note if line.startswith("建议：")).split("，")[1].partition("（")[0].rstrip("。")
        table.add_row(
            number, ticket["title"], "\n".join([track, *(f"[red]{u}[/]" for u in urgent)]), unit(issue["unit"]),
            "\n".join(unit(u) for u in issue["helpers"]), f"{due:%m-%d %H:%M}", "\n".join(reasons(note)))
    console.print(table)


def walk(desk: Desk, number: str) -> None:
    """Take one case through chapter four up to its classification; show the case, and what then stands in the tracker."""
    registered = {"表单": {
        "缴费人": {"名称": "柳某某", "电话": "13800000000"}, "来访时间": datetime.now(SHANGHAI).isoformat(timespec="minutes"),
        "事项所在辖区": "西华池镇", "反映主要事项": "单位三年未办参保登记、未缴社保", "诉求": "补办登记并补缴",
        "对方当事人": {"名称": "某饭店", "类别": "用人单位"}}}
    steps: list[tuple[str, str, str, str, dict[str, object]]] = [
        ("转办", "王某", "政府办", "政府办经办人", {"单位": "人社局"}), ("签收", "张某", "人社局", "首问人员", {}),
        ("受理登记", "张某", "人社局", "首问人员", registered),
        ("审核", "李某", "人社局", "审核人", {"内容摘要": "诉求一项：补办登记并补缴"}),
        ("分类流转", "李某", "人社局", "审核人", {"办理方式": "联办", "联办单位": ["税务局"]})]
    place = ["--config", str(HOME / "config"), "--database", f"sqlite:///{HOME / 'cases.sqlite3'}"]
    tool = str(Path(sys.executable).with_name("hsdispute"))
    case_no = desk.read(number)["extkey"].rpartition("-")[0]
    for act, name, unit_name, role, form in steps:
        done = subprocess.run(
            [tool, "case", "act", case_no, act, "--name", name, "--unit", unit_name, "--role", role, "--why", "演示",
             *(["--form", "-"] if form else []), *place], input=json.dumps(form), capture_output=True, text=True, check=False)
        console.print(f"  {act}：{(done.stdout + done.stderr).splitlines()[0]}", markup=False)
    shown = subprocess.run([tool, "case", "show", case_no, *place], capture_output=True, text=True, check=True).stdout
    console.print(f"\n{shown.partition('经过：')[0]}", markup=False)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and len(desk.notes(number)) < 2 + len(steps):
        time.sleep(0.2)
    console.print(f"工单 {number} 里的最后一条说明：\n{desk.notes(number)[-1]}", markup=False)
    console.print(f"附件：{'、'.join(desk.files(number))}\n", markup=False)


def people(port: int) -> None:
    """Add invented people to the console and print where and as whom to sign in."""
    tool, password = str(Path(sys.executable).with_name("hsdispute")), "demo-" + secrets.token_hex(4)
    place = ["--config", str(HOME / "config"), "--database", f"sqlite:///{HOME / 'cases.sqlite3'}"]
    table = Table(title="网页控制台可以这样登录")
    for heading in ("登录名", "姓名", "单位", "身份"):
        table.add_column(heading)
    for login, name, unit_name, *roles in PEOPLE:
        words = [w for r in roles for w in ("--role", r)]
        subprocess.run([tool, "user", "add", login, "--name", name, "--unit", unit_name, *words, *place],
                       input=password + "\n", text=True, capture_output=True, check=True)
        table.add_row(login, name, unit_name, "、".join(roles))
    console.print(table)
    console.print(f"网页控制台：http://127.0.0.1:{port}/console （口令都是 {password}）")


def unit(link: dict | None) -> str:
    """Return the name of a linked unit without the county's."""
    return link["name"].removeprefix("合水县") if link else "—"


def reasons(note: list[str]) -> list[str]:
    """Return from a note why the ticket goes where it goes, with the words quoted."""
    told = [re.match(r"  \d+\. (.+?)（.*?(?:——原文：(.+))? \[(\w+)\.", line) for line in note]
    kept = [m for m in told if m and m[3] in ("grounds", "triage")]
    return [m[1] + (f"：{'、'.join(m[2].split('、')[:2])}" if m[2] else "") for m in kept or told[:1] if m]


if __name__ == "__main__":
    raise SystemExit(main())
