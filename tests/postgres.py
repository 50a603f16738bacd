"""A throw-away PostgreSQL: its own directory, a socket and no port; skipped with a reason where none is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def running() -> Iterator[str]:
    """Yield the URL of the server's own database."""
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
    control = [Path(initdb).with_name("pg_ctl"), "-D", home / "data", "-w"]
    try:
        subprocess.run([initdb, "-D", home / "data", "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8"], **quiet)
        subprocess.run([*control, "start", "-l", home / "log", "-o", f"-k {home} -c listen_addresses='' -F"], **quiet)
        try:
            yield f"postgresql+psycopg://test@/postgres?host={home}"
        finally:
            subprocess.run([*control, "stop", "-m", "immediate"], **quiet)
    finally:
        shutil.rmtree(home, ignore_errors=True)
