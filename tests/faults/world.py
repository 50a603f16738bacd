"""A gateway and workers as processes of their own, over SQLite or PostgreSQL, in front of a real Roundup."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hsdispute_plugin.adapters.signature import sign
from tests.hosts.roundup.tracker import ROBOT_PASSWORD, Tracker, free_port

TOOL = Path(sys.executable).with_name("hsdispute")
SECRET = "a-secret-of-the-test"


class County:
    """One county's installation. ``database``: the address; ``workers``: processes beside the gateway (PostgreSQL only)."""

    def __init__(self, home: Path, tracker: Tracker, database: str, workers: int = 0, **settings: str) -> None:
        self.home, self.port, self.database = home, free_port(), database
        self.config = home / "config"
        subprocess.run([TOOL, "init", self.config], check=True, capture_output=True)
        file = self.config / "platforms" / "roundup.yaml"
        text = file.read_text("utf-8").replace("启用: 否", "启用: 是").replace("http://127.0.0.1:8087", tracker.url)
        for key, value in {"轮询秒": "0", "超时秒": "5", **settings}.items():
            lines = [f"{key}: {value}" if line.startswith(f"{key}:") else line for line in text.splitlines()]
            text = "\n".join(lines) + "\n"
        file.write_text(text, "utf-8")
        self.processes: dict[str, subprocess.Popen[bytes] | None] = dict.fromkeys(["gateway", *(f"w{n}" for n in range(workers))])

    def start(self, name: str = "") -> None:
        """Start one process, or all that do not run."""
        for one in [name] if name else [n for n, p in self.processes.items() if p is None]:
            words = ["serve", "--port", str(self.port)] if one == "gateway" else ["worker"]
            secrets = {"HSDISPUTE_ROUNDUP_PASSWORD": ROBOT_PASSWORD, "HSDISPUTE_ROUNDUP_WEBHOOK_SECRET": SECRET}
            with (self.home / f"{one}.log").open("ab") as log:
                self.processes[one] = subprocess.Popen(
                    [TOOL, *words, "--config", self.config, "--database", self.database],
                    env={**os.environ, **secrets}, stdout=log, stderr=log)
        if name in ("", "gateway"):
            until(self.healthy, "gateway up")

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self.processes[name]
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        self.processes[name] = None

    def close(self) -> None:
        for name, process in self.processes.items():
            if process is not None:
                self.kill(name)

    def healthy(self) -> bool:
        with suppress(OSError):
            return bool(self.health()["ok"])
        return False

    def health(self) -> dict:
        return json.loads(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).read())

    def idle(self) -> bool:
        """Nothing waits and nothing is in hand."""
        with suppress(OSError):
            queue = self.health()["queue"]
            return not (queue["events"] or queue["queued"] or queue["claimed"])
        return False

    def tell(self, number: str, event: str = "") -> bool:
        """Send a webhook as a host does: again until it is taken; ``True`` once it was."""
        own = event or f"created-{number}"
        body = f'{{"event": "issue.created", "id": "{number}", "actor": "rexian", "event_id": "{own}"}}'.encode()
        stamp = str(int(time.time()))
        headers = {"X-Hsdispute-Timestamp": stamp, "X-Hsdispute-Signature": sign(SECRET, stamp, body)}
        with suppress(OSError):
            url = f"http://127.0.0.1:{self.port}/hooks/roundup"
            return urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=10).status == 202
        return False

    def log(self) -> str:
        return "".join(p.read_text("utf-8", "replace") for p in sorted(self.home.glob("*.log")))


def until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError(f"not in time: {what}")
