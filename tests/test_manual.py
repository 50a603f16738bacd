"""The administrator's manual: every command is run, every edit is made, every snippet is read."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hsdispute_plugin.rules.load import parse
from hsdispute_plugin.rules.node import Reading

MANUAL = Path(__file__).parents[1] / "docs" / "管理员手册.md"
BLOCKS = re.findall(r"```(console|edit|yaml)\n(.*?)```", MANUAL.read_text("utf-8"), re.DOTALL)


def like(wanted: str) -> re.Pattern[str]:
    """Return a pattern in which … stands for anything, lines included."""
    return re.compile(".*?".join(re.escape(p) for p in wanted.strip().split("…")) + r"\s*", re.DOTALL)


def test_every_command_of_the_manual_does_what_it_shows(tmp_path):
    tools = str(Path(sys.executable).parent)
    ran = 0
    for kind, block in BLOCKS:
        if kind == "edit":
            name, old, new = block.strip("\n").split("\n")
            file = tmp_path / name
            text = file.read_text("utf-8")
            assert old in text, f"{name} does not hold {old!r}"
            file.write_text(text.replace(old, new, 1), "utf-8")
        elif kind == "console":
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, wanted = part.partition("\n")
                world = {"PATH": f"{tools}:/usr/bin:/bin", "LANG": "C.UTF-8", "USER": "guanli", "HOME": str(tmp_path)}
                done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False, env=world)
                said = done.stdout + done.stderr
                assert like(wanted).fullmatch(said), f"$ {command}\nwanted:\n{wanted}\ngot:\n{said}"
                ran += 1
    assert ran >= 12


@pytest.mark.parametrize("block", [b for kind, b in BLOCKS if kind == "yaml"])
def test_every_snippet_can_be_read(block):
    reading = Reading()
    assert parse(block.encode(), "手册", reading) is not None
    assert reading.problems == []
