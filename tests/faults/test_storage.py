"""The database locked by another process, and a full disk: webhooks are refused clearly, nothing is half kept, and it goes on."""

import os
import resource
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager, suppress

import pytest

from tests.faults.world import County, until
from tests.hosts.roundup.tracker import Desk, Tracker

CONTENT = "老城镇砖厂欠缴养老保险八个月，请税务局查处"
LOCKED_S = float(os.environ.get("HSDISPUTE_LOCKED_S", "6"))
PATIENCE_S = 1
SIZE = 24_000_000


@contextmanager
def started(home, database, log_home=None):
    """``log_home``: where the logs stand, perhaps on the disk that is filled."""
    with Tracker(home / "host") as tracker:
        made = County(home, tracker, database)
        made.logs = log_home or home
        made.tracker = tracker
        made.start()
        try:
            yield made
        finally:
            made.close()


def kept(path):
    """The numbers of the tickets whose event is kept."""
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("select ticket_no from events")}


def whole(path):
    """Nothing half kept: the file is sound, and every case has its clocks, its journal and its write-back."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        for table in ("clocks", "journal", "outbox"):
            assert connection.execute(
                f"select count(*) from cases where case_no not in (select case_no from {table})").fetchone() == (0,)


def written_once(county, numbers):
    reader = Desk(county.tracker)
    until(county.idle, "nothing is left to do")
    for number in numbers:
        assert reader.read(number)["extkey"]
        assert sum(note.startswith("〔hsdispute:") for note in reader.notes(number)) == 1


def test_a_database_that_another_process_holds_is_waited_for_and_then_the_host_is_told_to_come_again(tmp_path):
    path = tmp_path / "cases.sqlite3"
    with started(tmp_path, f"sqlite:///{path}?timeout={PATIENCE_S}") as county:
        hotline = Desk(county.tracker)
        numbers = [hotline.file_ticket(f"欠费{n}", CONTENT) for n in range(4)]
        assert county.tell(numbers[0])
        other = sqlite3.connect(path, timeout=30, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        until_free, answers = time.monotonic() + LOCKED_S, []
        while time.monotonic() < until_free:
            for number in numbers[1:]:
                began = time.monotonic()
                answers.append((*county.told(number), time.monotonic() - began))
        assert {status for status, *_ in answers} == {503}
        assert all("数据库" in said and "请稍后再试" in said for _, said, _ in answers)
        other.execute("ROLLBACK")
        other.close()
        assert kept(path) == {numbers[0]}
        assert all(county.tell(number) for number in numbers[1:])
        written_once(county, numbers)
        whole(path)
        assert "Traceback" not in county.log()
        slowest = max(seconds for *_, seconds in answers)
        print(f"locked for {LOCKED_S:g} s: {len(answers)} webhooks answered 503, the slowest in {slowest:.1f} s")


@pytest.fixture(params=["tmpfs", "limit"])
def disk(request, tmp_path):
    """A directory for the database, and what fills and frees its disk for a process."""
    home = tmp_path / "disk"
    home.mkdir()
    if request.param == "limit":  # no file may grow beyond this: what every Linux has
        class Limit:
            def fill(self, county):
                most = max(p.stat().st_size for p in home.iterdir())
                resource.prlimit(county.processes["gateway"].pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

            def free(self, county):
                unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                resource.prlimit(county.processes["gateway"].pid, resource.RLIMIT_FSIZE, unlimited)

        made = Limit()
        made.home = home
        yield made
        return
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", home], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk")

    class Small:
        def fill(self, county):
            with suppress(OSError), (home / "filler").open("ab", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)

        def free(self, county):
            (home / "filler").unlink()

    made = Small()
    made.home = home
    yield made
    subprocess.run(["umount", "--lazy", home], check=True)


def test_a_full_disk_refuses_clearly_keeps_nothing_by_halves_and_goes_on_when_there_is_space(tmp_path, disk):
    path = disk.home / "cases.sqlite3"
    with started(tmp_path, f"sqlite:///{path}", disk.home) as county:
        hotline = Desk(county.tracker)
        numbers = [hotline.file_ticket(f"欠费{n}", CONTENT) for n in range(20)]
        assert all(county.tell(number) for number in numbers[:3])
        disk.fill(county)
        answers = {number: county.told(number) for number in numbers[3:]}
        refused = {number for number, (status, _) in answers.items() if status != 202}
        assert len(refused) > 10
        assert {answers[number][0] for number in refused} == {503}
        assert all("磁盘" in answers[number][1] and "没有改动任何内容" in answers[number][1] for number in refused)
        assert county.processes["gateway"].poll() is None
        time.sleep(2)  # the work meets the full disk, too
        disk.free(county)
        assert kept(path) == set(numbers) - refused, "what was answered 202 is kept, and nothing else"
        assert all(county.tell(number) for number in refused)
        written_once(county, numbers)
        whole(path)
        assert "Traceback" not in county.log()
        print(f"{len(numbers) - len(refused)} of {len(numbers)} kept, {len(refused)} answered 503")
