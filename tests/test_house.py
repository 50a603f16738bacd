"""The law of the house: imports run down only, each package has one room, nobody asks the machine's clock but the app."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "hsdispute_plugin"
FILES = sorted(p for p in ROOT.rglob("*.py"))

#: Rooms from the cellar up. A room may import rooms below it and files of its own; the three of one floor do not know each other.
FLOORS = [
    {"model", "errors", "logger"},
    {"hooks", "rules", "case"},
    {"store", "forms", "adapters", "clocks"},
    {"explain", "paperwork"},
    {"desk", "outbox"},
    {"reception", "work", "reports", "accounts"},
    {"app"},
    {"entrypoints"},
]
FLOOR = {room: n for n, rooms in enumerate(FLOORS) for room in rooms}

ONE_ROOM = {
    "durable_rules_engine": "rules/durable.py",
    "requests": "adapters/http.py",
    "yaml": "rules/load",
    "uvicorn": "entrypoints/cli.py",
    "typer": "entrypoints/cli",
    "argon2": "accounts.py",
    "jinja2": ("forms", "entrypoints/"),
    "starlette": "entrypoints/",
    "cryptography": ("adapters/signature.py", "adapters/oa_cipher.py", "store_keys.py"),
    "sqlalchemy": "store",
    "docxtpl": "forms",
    "docx": ("forms", "reports_files"),
    "openpyxl": ("rules/tables", "reports_files", "adapters/spreadsheet_"),
    "prometheus_client": "entrypoints/",
    "polars": "rules/replay",
    "structlog": ("logger.py", "entrypoints/logs.py"),
}


def imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found += [f"{node.module}.{a.name}" if node.module == "hsdispute_plugin" else str(node.module) for a in node.names]
    return found


def room_of(path: Path) -> str:
    name = path.relative_to(ROOT).parts[0].removesuffix(".py")
    return name.partition("_")[0] if name.partition("_")[0] in FLOOR else name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_down_only(path):
    room = room_of(path)
    if room == "__init__":
        return
    assert room in FLOOR, f"room {room!r} has no floor: give it one in FLOORS, or put the file into a room"
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package != "hsdispute_plugin":
            continue
        other = rest.partition(".")[0]
        other = other.partition("_")[0] if other.partition("_")[0] in FLOOR else other
        assert other == room or FLOOR[other] < FLOOR[room], f"{path.name} ({room}) may not import {name}"


@pytest.mark.parametrize("package", ONE_ROOM)
def test_each_package_has_one_room(package):
    users = [str(p.relative_to(ROOT)) for p in FILES if any(n == package or n.startswith(package + ".") for n in imports(p))]
    assert [u for u in users if not u.startswith(ONE_ROOM[package])] == []


def test_only_hooks_know_pluggy():
    users = [p.relative_to(ROOT).parts[0] for p in FILES if "pluggy" in imports(p)]
    assert set(users) == {"hooks"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_app_asks_the_clock(path):
    asked = [
        node.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today") and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    ]
    assert asked == [] or path.name == "app.py"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_room_is_longer_than_four_hundred_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_room_has_a_door_plate(path):
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert doc and len(doc.splitlines()[0]) > 20, "line 1 says why this room exists"


def test_no_room_is_called_by_an_empty_name():
    assert not {p.stem for p in FILES} & {"utils", "helpers", "common", "base", "misc"}
