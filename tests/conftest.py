"""Nouns that many tests share."""

import os
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from hsdispute_plugin.app import open_rulebook
from tests import postgres, request_tracker, sealed


@pytest.fixture
def small_config(tmp_path: Path) -> Path:
    """A good configuration of six rules, free to be changed."""
    return Path(shutil.copytree(Path(__file__).parent / "small_config", tmp_path / "config"))


@pytest.fixture(scope="session")
def book():
    """The shipped rule book, which nothing can change."""
    opened = open_rulebook()
    yield opened
    opened.close()


@pytest.fixture(scope="session", autouse=True)
def key_file(tmp_path_factory):
    """Whatever a test opens, payer data is sealed in it, as in an installation."""
    before = os.environ.get("HSDISPUTE_KEYS")
    os.environ["HSDISPUTE_KEYS"] = str(sealed.make(tmp_path_factory.mktemp("sealed")))
    yield Path(os.environ["HSDISPUTE_KEYS"])
    del os.environ["HSDISPUTE_KEYS"]
    if before:
        os.environ["HSDISPUTE_KEYS"] = before


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


@pytest.fixture(scope="session")
def served_request_tracker(tmp_path_factory):
    """A Request Tracker of this test process, which tells nobody; skipped with a reason where none is installed."""
    with request_tracker.running(tmp_path_factory.mktemp("rt")) as served:
        yield served
