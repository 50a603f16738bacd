"""What sealing payer data costs: ``python -m benchmarks.sealing [--cases N]``; CPU time of one process on SQLite, no network.

The same invented tickets are accepted in clear, sealed with AES-256-GCM and sealed with SM4-GCM, a hundred of each in turn, so
that whatever else the machine does falls on all three alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from starlette.testclient import TestClient

from benchmarks.console import PASSWORD, STORIES
from hsdispute_plugin import app as joined
from hsdispute_plugin.accounts import Accounts
from hsdispute_plugin.app import App
from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.store_keys import AES, SM4, supported
from hsdispute_plugin.store_keys import create as make_keys

TURN, PAGES = 100, 40


def opened(home: Path, algorithm: str) -> App:
    """Open an app of its own in a directory, sealing with an algorithm; empty: in clear."""
    home.mkdir()
    if algorithm:
        make_keys(home / "keys", joined.clock().astimezone(SHANGHAI).date(), algorithm)
    os.environ["HSDISPUTE_KEYS"] = str(home / "keys") if algorithm else joined.NO_KEYS
    return App(None, f"sqlite:///{home / 'cases.sqlite3'}")


def cpu_ms(do: Callable[..., object], *given: object) -> float:
    """Return the CPU time of one call."""
    began = time.process_time()
    do(*given)
    return (time.process_time() - began) * 1000


def accept(app: App, first: int) -> None:
    """Accept a turn of tickets."""
    now = joined.clock()
    for n in range(first, first + TURN):
        at = now - timedelta(minutes=n)
        ticket = Ticket(ticket_no=f"T{n}", content=f"我在第{n % 997}厂上班，{STORIES[n % len(STORIES)]}", received_at=at,
                        caller_phone=f"1380000{n % 10000:04d}")
        app.desk.accept("roundup", HostTicket(ticket, "1"), app.book, at)


def main() -> int:
    """Accept, ask, print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=1_000)
    count = asked.parse_args().cases
    names = {"in clear": "", AES: AES, **({SM4: SM4} if SM4 in supported() else {})}
    with tempfile.TemporaryDirectory() as folder:
        apps = {name: opened(Path(folder) / str(n), algorithm) for n, (name, algorithm) in enumerate(names.items())}
        spent: dict[str, list[float]] = {name: [] for name in apps}
        for first in range(0, count, TURN):
            for name, app in apps.items():
                spent[name].append(cpu_ms(accept, app, first) / TURN)
        rows = {"accept a ticket, decided and saved": {n: statistics.median(s) for n, s in spent.items()}}
        clients = {}
        for name, app in apps.items():
            Accounts(app.store).add("office", "郑某", "tax", [Role.OFFICE], PASSWORD, joined.clock())
            clients[name] = TestClient(create(app))
            clients[name].post("/console/login", data={"login": "office", "password": PASSWORD})
        for what, path in (("page: inbox", "/inbox"), ("page: a case", "/cases/{}"),
                           ("page: form of an act", "/cases/{}/acts/urge"), ("page: board", "/board")):
            took: dict[str, list[float]] = {name: [] for name in apps}
            for n in range(PAGES):
                number = f"HS-{joined.clock().year}-{1 + n:06d}"
                for name, client in clients.items():
                    took[name].append(cpu_ms(client.get, "/console" + path.format(number)))
            rows[what] = {name: statistics.median(t) for name, t in took.items()}
        rows["open the files of all cases (a report), each"] = {n: cpu_ms(read, a) / count for n, a in apps.items()}
        size = {name: sum(f.stat().st_size for f in (Path(folder) / str(n)).glob("cases*")) / 1e6 for n, name in enumerate(apps)}
        for app in apps.values():
            app.close()
    print(f"{count:,} cases on SQLite; milliseconds of CPU, medians\n")
    print(f"{'':<46}" + "".join(f"{name:>14}" for name in apps))
    for what, values in rows.items():
        print(f"{what:<46}" + "".join(f"{v:>14.2f}" for v in values.values()))
    print(f"{'size of the database, MB':<46}" + "".join(f"{v:>14.1f}" for v in size.values()))
    return 0


def read(app: App) -> None:
    """Read every case as the month's report does."""
    with app.store.begin() as tx:
        for _ in tx.case_files(joined.clock() - timedelta(days=900), joined.clock()):
            pass


if __name__ == "__main__":
    raise SystemExit(main())
