"""kill -9 of the real gateway in front of a real Roundup: what was accepted is delivered, once."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from hsdispute_plugin.adapters.signature import sign
from tests.hosts.roundup.tracker import ROBOT_PASSWORD, Desk, Tracker, free_port

TOOL = Path(sys.executable).with_name("hsdispute")
SECRET = "a-secret-of-the-test"
TICKETS = 6


class Gateway:
    """The gateway as a process of its own."""

    def __init__(self, home: Path, tracker: Tracker, poll_s: int = 0) -> None:
        self.home, self.port = home, free_port()
        self.config = home / "config"
        subprocess.run([TOOL, "init", self.config], check=True, capture_output=True)
        file = self.config / "platforms" / "roundup.yaml"
        text = file.read_text("utf-8").replace("启用: 否", "启用: 是").replace("http://127.0.0.1:8087", tracker.url)
        file.write_text(text.replace("轮询秒: 30", f"轮询秒: {poll_s}"), "utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        secrets = {"HSDISPUTE_ROUNDUP_PASSWORD": ROBOT_PASSWORD, "HSDISPUTE_ROUNDUP_WEBHOOK_SECRET": SECRET}
        environment = {**os.environ, **secrets}
        with (self.home / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [TOOL, "serve", "--config", self.config, "--database", f"sqlite:///{self.home / 'cases.sqlite3'}",
                 "--port", str(self.port)], env=environment, stdout=log, stderr=log)
        wait_until(self.healthy, "gateway up")

    def healthy(self) -> bool:
        with suppress(OSError):
            return b'"ok":true' in urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2).read()
        return False

    def queue(self) -> dict:
        return json.loads(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).read())["queue"]

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def tell(self, number: str) -> int:
        told = {"event": "issue.created", "id": number, "actor": "rexian", "event_id": f"created-{number}"}
        body, stamp = json.dumps(told).encode(), str(int(time.time()))
        headers = {"X-Hsdispute-Timestamp": stamp, "X-Hsdispute-Signature": sign(SECRET, stamp, body)}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/hooks/roundup", data=body, headers=headers)
        return urllib.request.urlopen(request, timeout=10).status


def wait_until(true, what: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError(f"not in time: {what}")


@pytest.fixture
def tracker(tmp_path):
    with Tracker(tmp_path / "host") as served:
        yield served


@pytest.fixture
def gateway(tmp_path, tracker):
    made = Gateway(tmp_path, tracker)
    made.start()
    yield made
    made.kill()


def standing(hotline: Desk, numbers: list[str]) -> bool:
    return all(hotline.read(n)["extkey"] and len(hotline.notes(n)) > 1 for n in numbers)


def test_killed_between_accepting_and_delivering_everything_is_delivered_once(gateway, tracker):
    hotline = Desk(tracker)
    numbers = [hotline.file_ticket(f"欠费{n}", "老城镇砖厂欠缴养老保险八个月，请税务局查处") for n in range(TICKETS)]
    tracker.stop()  # the host is down: what is told now can only be kept
    assert [gateway.tell(n) for n in numbers] == [202] * TICKETS
    gateway.kill()
    tracker.start()
    gateway.start()
    wait_until(lambda: standing(hotline, numbers), "every result stands in the host")
    assert [len(hotline.notes(n)) for n in numbers] == [2] * TICKETS


def test_killed_again_and_again_while_delivering_nothing_is_lost_or_doubled(gateway, tracker):
    hotline = Desk(tracker)
    numbers = [hotline.file_ticket(f"欠费{n}", "老城镇砖厂欠缴养老保险八个月，请税务局查处") for n in range(TICKETS)]
    for n in numbers:
        gateway.tell(n)
    for pause in (0.05, 0.15, 0.3):
        time.sleep(pause)
        gateway.kill()
        gateway.start()
    wait_until(lambda: standing(hotline, numbers), "every result stands in the host")
    assert [len(hotline.notes(n)) for n in numbers] == [2] * TICKETS
    assert len({hotline.read(n)["extkey"] for n in numbers}) == TICKETS


def test_the_same_webhook_five_times_leaves_one_case_and_one_note(gateway, tracker):
    hotline = Desk(tracker)
    number = hotline.file_ticket("欠费", "老城镇砖厂欠缴养老保险八个月，请税务局查处")
    for _ in range(5):
        assert gateway.tell(number) == 202
    wait_until(lambda: standing(hotline, [number]), "the result stands in the host")
    wait_until(lambda: not any(gateway.queue()[n] for n in ("events", "queued", "claimed")), "nothing is left to do")
    assert len(hotline.notes(number)) == 2
    assert gateway.queue()["done"] == 1


def test_asked_to_stop_it_ends_in_order_and_holds_no_lease(gateway, tracker):
    hotline = Desk(tracker)
    numbers = [hotline.file_ticket(f"欠费{n}", "老城镇砖厂欠缴养老保险八个月，请税务局查处") for n in range(TICKETS)]
    for n in numbers:
        gateway.tell(n)
    gateway.process.send_signal(signal.SIGTERM)
    gateway.process.wait(20)
    assert b"Traceback" not in (gateway.home / "gateway.log").read_bytes()
    with sqlite3.connect(gateway.home / "cases.sqlite3") as connection:
        assert connection.execute("select count(*) from outbox where state = 'claimed'").fetchone() == (0,)
    gateway.start()
    wait_until(lambda: standing(hotline, numbers), "every result stands in the host")


def test_a_ticket_whose_webhook_never_came_is_found_by_polling(tmp_path, tracker):
    made = Gateway(tmp_path, tracker, poll_s=1)
    made.start()
    try:
        hotline = Desk(tracker)
        number = hotline.file_ticket("欠费", "老城镇砖厂欠缴养老保险八个月，请税务局查处")
        wait_until(lambda: standing(hotline, [number]), "the result stands in the host")
    finally:
        made.kill()
