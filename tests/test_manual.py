"""The administrator's manual: every command is run, every edit is made, every snippet is loaded."""

import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from hsdispute_plugin.app import open_rulebook, shipped_config
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.examination import examine
from hsdispute_plugin.rules.examples import read_examples
from hsdispute_plugin.rules.load import load

MANUAL = (Path(__file__).parents[1] / "docs" / "管理员手册.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(console|改|yaml)\n(.*?)^```|^<!-- (单元格) (.*?) -->", MANUAL, re.DOTALL | re.MULTILINE)
STEPS = [(kind or cell, text or more) for kind, text, cell, more in BLOCKS]
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)
WORLD = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LANG": "C.UTF-8", "USER": "guanli", "LOGNAME": "guanli"}


def like(wanted: str) -> re.Pattern[str]:
    """Return a pattern in which a line of … stands for any lines, and … in a line for any words."""
    lines = ["(?:.*\n)*?" if line == "…" else ".*?".join(map(re.escape, line.split("…"))) + "\n"
             for line in wanted.strip("\n").splitlines()]
    return re.compile("".join(lines) + r"\n*")


def edit(folder: Path, block: str) -> None:
    """Do what a box 改 says: 新建, 加上, or 原来 and 改成."""
    name = re.match(r"文件：(\S+)\n", block)[1]
    file, rest = folder / name, block.partition("\n")[2]
    if rest.startswith("新建：\n"):
        file.parent.mkdir(parents=True, exist_ok=True)
        assert not file.exists(), f"{name} is there already"
        file.write_text(rest.removeprefix("新建：\n"), "utf-8")
        return
    text = file.read_text("utf-8")
    if rest.startswith("加上：\n"):
        file.write_text(text.rstrip("\n") + "\n\n" + rest.removeprefix("加上：\n"), "utf-8")
        return
    old, new = re.fullmatch(r"原来：(.*?)\n改成：(.*?)\n", rest, re.DOTALL).groups()
    assert old in text, f"{name} does not hold {old!r}"
    file.write_text(text.replace(old, new, 1), "utf-8")


def fill(folder: Path, step: str) -> None:
    """Change one cell of a workbook: file, rule id, header=text."""
    name, rule, change = step.split(" ", 2)
    header, _, text = change.partition("=")
    book = load_workbook(folder / name)
    sheet = book.worksheets[0]
    column = next(c.column for c in sheet[1] if c.value == header)
    row = next(c.row for c in sheet["A"] if c.value == rule)
    sheet.cell(row, column).value = text
    book.save(folder / name)


def test_every_command_of_the_manual_does_what_it_shows(tmp_path):
    ran = 0
    for kind, block in STEPS:
        if kind == "改":
            edit(tmp_path, block)
        elif kind == "单元格":
            fill(tmp_path, block)
        elif kind == "console":
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, wanted = part.partition("\n")
                done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False,
                                      env={**WORLD, "HOME": str(tmp_path)})
                said = done.stdout + done.stderr
                assert like(wanted).fullmatch(said), f"$ {command}\nwanted:\n{wanted}\ngot:\n{said}"
                ran += 1
    assert ran >= 20


PLACES = {"规则族": "rules/own.yaml", "归类": "lexicon/own.yaml", "年份": "calendar/2027.yaml", "示例": "examples/own.yaml"}


@pytest.mark.parametrize("snippet", [text for kind, text in STEPS if kind == "yaml"], ids=lambda t: t.split("\n")[0])
def test_every_snippet_loads_over_the_shipped_configuration(snippet, tmp_path):
    shutil.copytree(shipped_config(), tmp_path / "province", ignore=shutil.ignore_patterns("examples", "forms"))
    county = tmp_path / "county"
    place = county / PLACES[snippet.partition(":")[0]]
    place.parent.mkdir(parents=True)
    (county / "settings.yaml").write_text("基础目录: ../province\n", "utf-8")
    place.write_text(snippet, "utf-8")
    source = load(county)
    if place.parent.name == "examples":
        examples = read_examples(county, source)
        assert len(examples) == snippet.count("工单:") + snippet.count("事实:") + snippet.count("      - {")
        assert examine(open_rulebook(county), examples, NOW).failed == ()
