"""Server time of the console's pages with 10,000 cases in the database: ``python -m benchmarks.console [--cases N]``.

Each page is asked for over HTTP in this process, signed in, without a network between; median and worst of 15.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from starlette.testclient import TestClient

from hsdispute_plugin import app as joined
from hsdispute_plugin.accounts import Accounts
from hsdispute_plugin.app import App
from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.store_keys import create as create_keys

TIMES, BAR_MS, PASSWORD = 15, 200, "invented-by-a-bench-7"
STORIES = ("单位欠缴养老保险八个月，请税务局查处", "我缴了两次养老保险费，请问怎么退", "请问城乡居民医疗保险今年缴多少钱，怎么缴",
           "单位三年没给我们交社保，请查处", "参保登记时工资报低了，要求补足")


def opened(home: Path) -> App:
    """Open an app of its own in a directory, its payer data sealed as in an installation."""
    create_keys(home / "keys", joined.clock().astimezone(SHANGHAI).date())
    os.environ["HSDISPUTE_KEYS"] = str(home / "keys")
    return App(None, f"sqlite:///{home / 'cases.sqlite3'}")


def fill(app: App, count: int) -> str:
    """Accept so many invented tickets over the past thirty days; return a case number from the middle."""
    now, numbers = joined.clock(), []
    for n in range(count):
        at = now - timedelta(days=30) * (count - n) / count
        ticket = Ticket(ticket_no=f"T{n}", content=f"我在第{n % 997}厂上班，{STORIES[n % len(STORIES)]}", received_at=at)
        numbers.append(app.desk.accept("roundup", HostTicket(ticket, "1"), app.book, at)[0].case_no)
    return numbers[count // 2]


def main() -> int:
    """Fill, ask, print; 1 where a page is slower than the bar."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=10_000)
    count, slow = asked.parse_args().cases, False
    with tempfile.TemporaryDirectory() as home:
        app = opened(Path(home))
        number = fill(app, count)
        Accounts(app.store).add("office", "郑某", "tax", [Role.OFFICE], PASSWORD, joined.clock())
        client = TestClient(create(app))  # no lifespan: nothing else works meanwhile
        client.post("/console/login", data={"login": "office", "password": PASSWORD})
        last = max(1, count // 50)
        print(f"{count:,} cases on SQLite; milliseconds of the server\n")
        print(f"{'page':<34}{'median':>8}{'worst':>8}")
        for name, path in (
            ("inbox", "/inbox"), ("inbox, last page", f"/inbox?page={last}"), ("inbox, overdue", "/inbox?colour=red"),
            ("inbox, one state", "/inbox?state=new"), ("inbox, by number", f"/inbox?q={number}"),
            ("case", f"/cases/{number}"), ("form of an act", f"/cases/{number}/acts/urge"),
            ("is the case as seen?", f"/cases/{number}/pulse?seen=1"), ("board", "/board"), ("operations", "/operations"),
            ("rules", "/rules"), ("a family of rules", "/rules/families/duty"), ("unconfirmed numbers", "/rules/numbers"),
            ("words", "/rules/words?q=欠"), ("a year", "/rules/calendar/2026"), ("draft", "/rules/draft"),
            ("a file of the draft", "/rules/draft/file/rules/duty.yaml"), ("differences", "/rules/changes"),
        ):
            took = []
            for _ in range(TIMES):
                began = time.perf_counter()
                answer = client.get(f"/console{path}")
                took.append((time.perf_counter() - began) * 1000)
                assert answer.status_code in (200, 204), (path, answer.status_code)
            slow |= statistics.median(took) > BAR_MS
            print(f"{name:<34}{statistics.median(took):>8.1f}{max(took):>8.1f}")
        app.close()
    print(f"\nbar: {BAR_MS} ms — {'missed' if slow else 'kept'}")
    return int(slow)


if __name__ == "__main__":
    raise SystemExit(main())
