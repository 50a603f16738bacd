"""Nouns that many tests share."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def small_config(tmp_path: Path) -> Path:
    """A good configuration of six rules, free to be changed."""
    return Path(shutil.copytree(Path(__file__).parent / "small_config", tmp_path / "config"))
