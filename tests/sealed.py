"""The keys of a test process: the same for the stores that tests open and for the commands that they call."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from hsdispute_plugin.store_keys import Keys, create


def make(directory: Path) -> Path:
    """Make a file of keys; return where."""
    create(directory / "keys", date(2026, 11, 1))
    return directory / "keys"


def keys() -> Keys:
    """Return the keys that ``HSDISPUTE_KEYS`` names (see conftest.py)."""
    return Keys(Path(os.environ["HSDISPUTE_KEYS"]))
