"""A gateway and workers as processes of their own, over SQLite or PostgreSQL, in front of a real Roundup."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from hsdispute_plugin.adapters.signature import sign
from tests.hosts.roundup.tracker import ROBOT_PASSWORD, Tracker, free_port

TOOL = Path(sys.executable).with_name("hsdispute")
SECRET = "a-secret-of-the-test"


class County:
    """One county's installation. ``database``: the address; ``workers``: processes beside the gateway (PostgreSQL only).

    ``tracker``: a Roundup, none where the test brings another host. ``beside``: further Roundup platforms by name, with their
    addresses. ``program``: a Python file that runs instead of ``hsdispute``, with the same words; ``environment``: more variables
    for the processes.
    """

    def __init__(
        self, home: Path, tracker: Tracker | None, database: str, workers: int = 0, *, beside: Mapping[str, str] | None = None,
        program: Path | None = None, environment: Mapping[str, str] | None = None, **settings: str,
    ) -> None:
        self.home, self.port, self.database, self.logs = home, free_port(), database, home
        self.config, self.environment = home / "config", dict(environment or {})
        self.offset_s = 0.0  # what the clocks of the processes show more than ours (program.py)
        self.tool = [TOOL] if program is None else [sys.executable, program]
        subprocess.run([TOOL, "init", self.config], check=True, capture_output=True)
        file = self.config / "platforms" / "roundup.yaml"
        shipped = file.read_text("utf-8").replace("启用: 否", "启用: 是")
        for key, value in {"轮询秒": "0", "超时秒": "5", **settings}.items():
            lines = [f"{key}: {value}" if line.startswith(f"{key}:") else line for line in shipped.splitlines()]
            shipped = "\n".join(lines) + "\n"
        for name, url in {**({"roundup": tracker.url} if tracker else {}), **(beside or {})}.items():
            file.with_stem(name).write_text(shipped.replace("http://127.0.0.1:8087", url), "utf-8")
            self.environment |= {f"HSDISPUTE_{name.upper()}_PASSWORD": ROBOT_PASSWORD,
                                 f"HSDISPUTE_{name.upper()}_WEBHOOK_SECRET": SECRET}
        self.processes: dict[str, subprocess.Popen[bytes] | None] = dict.fromkeys(["gateway", *(f"w{n}" for n in range(workers))])

    def start(self, name: str = "") -> None:
        """Start one process, or all that do not run."""
        for one in [name] if name else [n for n, p in self.processes.items() if p is None]:
            words = ["serve", "--port", str(self.port)] if one == "gateway" else ["worker"]
            with (self.logs / f"{one}.log").open("ab") as log:
                self.processes[one] = subprocess.Popen(
                    [*self.tool, *words, "--config", self.config, "--database", self.database],
                    env={**os.environ, **self.environment}, stdout=log, stderr=log)
        if name in ("", "gateway"):
            until(self.healthy, "gateway up")

    def run(self, *words: str) -> str:
        """Run a command of ours against the county's database, and return what it says."""
        done = subprocess.run([TOOL, *words, "--database", self.database], capture_output=True, text=True, check=True,
                              env={**os.environ, **self.environment})
        return done.stdout

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

    def tell(self, number: str, event: str = "", platform: str = "roundup") -> bool:
        """Send a webhook as a host does: again until it is taken; ``True`` once it was."""
        return self.told(number, event, platform)[0] == 202

    def told(self, number: str, event: str = "", platform: str = "roundup", timeout_s: float = 10) -> tuple[int, str]:
        """Send a webhook once; return status and answer, 0 where nobody answered."""
        own = event or f"created-{number}"
        return self.send(f'{{"event": "issue.created", "id": "{number}", "actor": "rexian", "event_id": "{own}"}}'.encode(),
                         platform, timeout_s)

    def send(self, body: bytes, platform: str, timeout_s: float = 10) -> tuple[int, str]:
        """Send any signed body to the webhook of a platform."""
        stamp = str(int(time.time() + self.offset_s))
        headers = {"X-Hsdispute-Timestamp": stamp, "X-Hsdispute-Signature": sign(SECRET, stamp, body)}
        url = f"http://127.0.0.1:{self.port}/hooks/{platform}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=timeout_s) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as err:
            return err.code, err.read().decode()
        except (OSError, http.client.HTTPException):  # also one that dies within its answer
            return 0, ""

    def log(self) -> str:
        return "".join(p.read_text("utf-8", "replace") for p in sorted(self.logs.glob("*.log")))


def until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError(f"not in time: {what}")
