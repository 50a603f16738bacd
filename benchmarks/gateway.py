"""What the served default bears: ``python -m benchmarks.gateway [--tickets N] [--arrivals N]``.

A load in a process of its own sends signed webhooks that carry whole tickets to ``hsdispute serve``, on SQLite and, where
PostgreSQL is installed, on it with one and two workers: accepted a second, p50 and p99 of one answer, then how long
until every ticket is a decided case, and memory. Last, tickets are filed in a real Roundup and followed until the result
stands there. The host of the load is away, so that no write-back takes part.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

import pytest

from benchmarks.invented import tickets
from hsdispute_plugin.adapters.signature import sign
from hsdispute_plugin.model import SHANGHAI
from tests.faults.world import SECRET, County, until
from tests.hosts.roundup.tracker import Desk, Tracker, free_port
from tests.postgres import running

CONNECTIONS = 32
BARS = {"SQLite": 500, "PostgreSQL": 1_000}  # accepted a second
RSS_BAR_MB = 200
_PUSHED = """\
适配器: http_json
启用: 是
地址: http://127.0.0.1:{port}
轮询秒: 0
认证: {{方式: 无}}
接口: {{写回: {{路径: /reply, 工单字段: orderNum}}}}
推送: {{整单: 是, 数据: order}}
幂等: {{字段: requestId}}
读取: {{工单编号: orderNum, 标题: title, 内容: content, 来电时间: at}}
字段: {{主办: unit, 办理: kind, 时限: due, 说明: remark}}
"""


def load(port: int, count: int) -> dict[str, float]:
    """Send so many tickets over ``CONNECTIONS`` connections kept open; milliseconds of each answer, and all in a second."""
    stamp, requests = str(int(time.time())), []
    at = f"{datetime.now(SHANGHAI):%Y-%m-%d %H:%M}"  # those of an earlier day would be late, and urged at once
    for n, ticket in enumerate(tickets(count)):
        body = json.dumps({"order": {"orderNum": f"L{n}", "title": ticket.title, "content": ticket.content,
                                     "at": at}}, ensure_ascii=False).encode()
        head = (f"POST /hooks/pushed HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nX-Hsdispute-Timestamp: {stamp}\r\n"
                f"X-Hsdispute-Signature: {sign(SECRET, stamp, body)}\r\n\r\n")
        requests.append(head.encode() + body)
    took: list[float] = []

    def send(mine: Sequence[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", port)) as wire, wire.makefile("rb") as answers:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for request in mine:
                began = time.perf_counter()
                wire.sendall(request)
                status, length = answers.readline(), 0
                while (line := answers.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                answers.read(length)
                took.append((time.perf_counter() - began) * 1e3)
                if b" 202 " not in status:
                    raise SystemExit(f"refused: {status!r}")

    threads = [threading.Thread(target=send, args=(requests[n::CONNECTIONS],)) for n in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(took) != count:
        raise SystemExit(f"{count - len(took)} tickets were not accepted")
    parts = quantiles(took, n=100)
    return {"per_second": count / (time.perf_counter() - began), "p50": parts[49], "p99": parts[98]}


def accepted(name: str, url: str, workers: int, count: int) -> bool:
    """Measure one database; return whether the bars are kept."""
    with tempfile.TemporaryDirectory() as home, _county(Path(home), url.format(home=home), workers) as county:
        began = time.perf_counter()
        told = json.loads(subprocess.run([sys.executable, "-m", "benchmarks.gateway", "--load", str(county.port), str(count)],
                                         check=True, capture_output=True, text=True).stdout)
        while county.health()["queue"]["events"]:  # not asked more often: to count what waits takes time from deciding
            time.sleep(0.5)
        decided = count / (time.perf_counter() - began)
        memory = max(_resident_mb(p) for p in county.processes.values() if p)
    label = f"{name}, {workers} worker{'s' if workers > 1 else ''}" if workers else name
    print(f"{label:<24}{told['per_second']:>12,.0f}{told['p50']:>9.1f}{told['p99']:>9.1f}{decided:>12,.0f}{memory:>10.0f}",
          flush=True)
    return told["per_second"] >= BARS[name] and memory <= RSS_BAR_MB


def arrivals(count: int) -> None:
    """File tickets in a real Roundup, one after the other, and follow each until its result stands there."""
    took = []
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        hook = f"http://127.0.0.1:{port}/hooks/roundup"
        with Tracker(Path(home) / "host", hook_url=hook, hook_secret=SECRET) as tracker:
            county = County(Path(home), tracker, f"sqlite:///{home}/cases.sqlite3")
            county.port = port
            county.start()
            try:
                desk = Desk(tracker)
                for ticket in tickets(count, seed=5):
                    began = time.perf_counter()
                    number = desk.file_ticket(ticket.title, ticket.content)
                    until(lambda number=number: len(desk.notes(number)) > 1, "written back")  # type: ignore[misc]
                    took.append(time.perf_counter() - began)
            finally:
                county.close()
    print(f"\nRoundup, from filing to the result standing there, {count} tickets one after the other: "
          f"median {median(took):.2f} s, slowest {max(took):.2f} s")


@contextmanager
def _county(home: Path, url: str, workers: int) -> Iterator[County]:
    with Tracker(home / "host") as tracker:
        county = County(home, tracker, url, workers, environment={"HSDISPUTE_PUSHED_WEBHOOK_SECRET": SECRET})
        (county.config / "platforms" / "pushed.yaml").write_text(_PUSHED.format(port=free_port()), "utf-8")
        county.start()
        try:
            yield county
        finally:
            county.close()


def _resident_mb(process: subprocess.Popen[bytes]) -> float:
    return int(Path(f"/proc/{process.pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=5_000)
    parser.add_argument("--arrivals", type=int, default=20)
    parser.add_argument("--load", nargs=2, type=int, metavar=("PORT", "COUNT"), help="be the load")
    asked = parser.parse_args()
    if asked.load:
        print(json.dumps(load(*asked.load)))
        return 0
    print(f"{asked.tickets:,} webhooks with whole tickets over {CONNECTIONS} connections\n")
    print(f"{'':<24}{'accepted/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'decided/s':>12}{'RSS MB':>10}")
    good = accepted("SQLite", "sqlite:///{home}/cases.sqlite3", 0, asked.tickets)
    for workers in (1, 2):
        try:
            with running(durable=True) as url:
                good &= accepted("PostgreSQL", url, workers, asked.tickets)
        except pytest.skip.Exception as reason:
            print(f"PostgreSQL: not measured: {reason}")
    arrivals(asked.arrivals)
    print(f"\nbars: accepted/s {BARS}, RSS {RSS_BAR_MB} MB — {'kept' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
