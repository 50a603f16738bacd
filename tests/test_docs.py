"""Documents that are written from code are not stale, and what they show runs."""

import hashlib
import hmac
import inspect
import re
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hsdispute_plugin.adapters.signature import refusal
from hsdispute_plugin.app import ENVIRONMENT
from hsdispute_plugin.hooks import specs
from hsdispute_plugin.hooks.platform import FactExtractor, Notice, PlatformRegistration
from hsdispute_plugin.model import Facts
from tools import write_docs

ROOT = Path(__file__).parents[1]
SPECS = [name for name in vars(specs) if name.startswith("hsdispute_")]


@pytest.mark.parametrize("name", ["hooks", "cli", "facts", "gateway"])
def test_a_document_written_from_code_is_fresh(name):
    wanted = getattr(write_docs, name)()
    assert (ROOT / "docs" / f"{name}.md").read_text("utf-8") == wanted, "run: python -m tools.write_docs"


@pytest.mark.parametrize("name", SPECS)
def test_the_example_of_a_hook_runs(name):
    example = inspect.cleandoc(inspect.getdoc(getattr(specs, name)).partition("Example:\n")[2])
    world = {"hookimpl": specs.hookimpl, "PlatformRegistration": PlatformRegistration, "FactExtractor": FactExtractor,
             "Facts": Facts, "Qingyang12345": object, "COUNTS": Counter(), "SENT": {}}
    exec(example, world)
    made = world[name]
    arguments = {"ticket": type("T", (), {"content": "内容"}), "decision": type("D", (), {"track": "single"}), "now": None,
                 "notice": Notice("k", "HS-1", "roundup", "T1", ("承办人",), "", "请办理", None)}
    result = made(*(arguments[p] for p in inspect.signature(made).parameters))
    if name == "hsdispute_fact_extractors":
        assert next(result).extract(arguments["ticket"]).values == {"words": 2}
    elif name == "hsdispute_platforms":
        assert next(result).name == "qingyang-12345"
    elif name == "hsdispute_decided":
        assert world["COUNTS"] == {"single": 1}
    elif name == "hsdispute_notice":
        assert world["SENT"] == {"k": (("承办人",), "请办理")}
    else:
        assert result is None


def test_the_host_in_the_document_decides():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "hooks.md").read_text("utf-8"), re.S)
    world: dict[str, Any] = {}
    exec(next(b for b in blocks if "load_setuptools_entrypoints" in b), world)
    assert set(world["values"]) == {"lead", "helpers", "category", "handling", "basis", "due_at", "note"}
    assert world["values"]["lead"].endswith("税务局")


def test_every_file_that_the_readme_names_exists():
    text = (ROOT / "README.md").read_text("utf-8")
    missing = [t for t in re.findall(r"\]\(([^)#]+)\)", text) if not (ROOT / t).exists()]
    assert missing == []


def test_no_document_names_a_machine_path():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    assert [p.name for p in pages if re.search(r"/(?:work|home|root)/", p.read_text("utf-8"))] == []


def test_every_environment_variable_that_is_read_is_documented():
    code = "".join(p.read_text("utf-8") for p in (ROOT / "hsdispute_plugin").rglob("*.py"))
    read = set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", code)) | set(re.findall(r"_secret\(\"(\w+)\"", code))
    assert read and read <= set(ENVIRONMENT)


def test_the_signature_in_the_document_is_the_one_that_is_checked():
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "gateway.md").read_text("utf-8"), re.S)
    world = {"time": time, "hmac": hmac, "hashlib": hashlib, "secret": "s", "body": b"{}"}
    exec(block, world)
    assert refusal(("s",), world["stamp"], world["seal"], b"{}", datetime.now(UTC)) == ""
