"""100,000 running clocks: a tick when nothing is due, and one when 1,000 cases are: ``python -m benchmarks.tick``."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hsdispute_plugin.app import open_rulebook, shipped_config
from hsdispute_plugin.desk import Desk
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.store import Store

CLOCKS, DUE = 100_000, 1_000
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)
WORDS = "我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处"


def main() -> None:
    """Fill a database with cases accepted on two days, then tick."""
    with TemporaryDirectory() as folder:
        store, book = Store(f"sqlite:///{Path(folder) / 'cases.sqlite3'}"), open_rulebook()
        desk = Desk(store, Forms(shipped_config() / "forms"))
        began, count = time.perf_counter(), 0
        while True:  # two clocks a case: 转办 and the whole matter
            at = MONDAY if count < DUE else MONDAY + timedelta(days=7)
            desk.accept("host", HostTicket(Ticket(ticket_no=str(count), content=WORDS, received_at=at), "1"), book, at)
            count += 1
            if count * 2 >= CLOCKS:
                break
        print(f"{count} cases, {count * 2} running clocks; filled in {time.perf_counter() - began:.0f} s")
        early = MONDAY + timedelta(minutes=5)
        desk.tick(book, early)  # the first one notes the edition
        late = MONDAY + timedelta(days=1, hours=8)
        for label, now in ((f"nothing due among {count * 2} clocks", early), (f"{DUE} cases due", late)):
            wall, cpu = time.perf_counter(), time.process_time()
            told = desk.tick(book, now)
            print(f"{label}: {told} told of, {time.process_time() - cpu:.3f} s CPU, {time.perf_counter() - wall:.2f} s")
        store.close()
        book.close()


if __name__ == "__main__":
    main()
