"""The Request Tracker of the tests that want a real one: set up as the docs say, or skipped with a reason."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.hosts.request_tracker.tracker import MEDICAL, TAX, RequestTracker, missing

SETUP = ("--read", "来电人", "--read", "来电号码", "--read", "所在辖区", "--read", "期限", "--move-to", TAX, "--move-to", MEDICAL)


@cache
def _made() -> Path:
    """Make the database once in each process of the tests: it takes longer than to copy it."""
    home = Path(tempfile.mkdtemp(prefix="rt"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    RequestTracker(home, setup=SETUP)
    return home


@contextmanager
def running(home: Path, *, hook_url: str = "", hook_secret: str = "") -> Iterator[RequestTracker]:
    """Serve a tracker of its own in ``home``."""
    if why := missing():
        pytest.skip(why)
    shutil.copytree(_made(), home, dirs_exist_ok=True)
    with RequestTracker(home, hook_url=hook_url, hook_secret=hook_secret) as served:
        yield served
