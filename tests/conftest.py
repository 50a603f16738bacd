"""Nouns that many tests share."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import postgres


@pytest.fixture
def small_config(tmp_path: Path) -> Path:
    """A good configuration of six rules, free to be changed."""
    return Path(shutil.copytree(Path(__file__).parent / "small_config", tmp_path / "config"))


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL of this test process; skipped with a reason where none is installed."""
    with postgres.running() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """A database (or a schema of one) of its own for each test, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    return request.getfixturevalue("url_of_its_own")


@pytest.fixture
def url_of_its_own(request, server):
    """A schema of its own in the test process's PostgreSQL."""
    name = f"t{abs(hash(request.node.name))}"
    engine = sa.create_engine(server)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    engine.dispose()
    return f"{server}&options=-csearch_path%3D{name}"
