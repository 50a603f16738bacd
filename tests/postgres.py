"""A throw-away PostgreSQL: its own directory, a socket and no port; skipped with a reason where none is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


class Server:
    """A server that runs. ``url`` is the address of its own database; ``durable``: what it commits is on the disk."""

    def __init__(self, home: Path, control: Path, quiet: dict, durable: bool) -> None:
        self.url = f"postgresql+psycopg://test@/postgres?host={home}"
        self._home, self._quiet, self._durable = home, quiet, durable
        self._control = [control, "-D", home / "data", "-w"]

    def start(self) -> None:
        options = f"-k {self._home} -c listen_addresses=''{'' if self._durable else ' -F'}"
        subprocess.run([*self._control, "start", "-l", self._home / "log", "-o", options], **self._quiet)

    def stop(self, mode: str = "immediate") -> None:
        """``fast`` ends every connection in good order, ``immediate`` as if the machine had failed."""
        subprocess.run([*self._control, "stop", "-m", mode], **self._quiet)


@contextmanager
def running(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL of the server's own database."""
    with serving(durable=durable) as server:
        yield server.url


@contextmanager
def serving(*, durable: bool = False) -> Iterator[Server]:
    """Yield a server of its own, which may be stopped and started; tests need no disk's sync, figures do (``durable``)."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    binaries = [Path(b) for b in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    initdb = next((b / "initdb" for b in binaries if (b / "initdb").exists()), shutil.which("initdb"))
    if initdb is None:
        pytest.skip("PostgreSQL is not installed")
    home = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path may hold 107 characters
    # The server refuses to run as root.
    user = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
    if user:
        shutil.chown(home, "nobody", "nogroup")
    quiet = {"check": True, "capture_output": True, "cwd": home, **user}
    server = Server(home, Path(initdb).with_name("pg_ctl"), quiet, durable)
    try:
        subprocess.run([initdb, "-D", home / "data", "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8"], **quiet)
        server.start()
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):  # it may be stopped
                server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
