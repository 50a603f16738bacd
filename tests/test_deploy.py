"""What is installed on a server calls commands and options that there are."""

import re
from pathlib import Path

import click
import pytest
import typer.main

from hsdispute_plugin.app import ENVIRONMENT
from hsdispute_plugin.entrypoints.cli import commands
from tools.make_bundle import TAKEN

ROOT = Path(__file__).parents[1]
SAID = [*(ROOT / "deploy").glob("*.service"), ROOT / "docs" / "安装手册.md"]


@pytest.mark.parametrize("path", SAID, ids=lambda p: p.name)
def test_every_command_and_option_that_is_named_exists(path):
    root = typer.main.get_command(commands)
    called = re.findall(r"(?:/bin/|`)hsdispute ((?:[a-z]+ ?)+)([^`\n'\"]*)", path.read_text("utf-8"))
    assert called
    for words, rest in called:
        command, context = root, click.Context(root)
        for word in words.split():
            if not hasattr(command, "commands"):
                break
            assert word in command.list_commands(context), f"{path.name}: hsdispute {words}"
            command = command.commands[word]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z]+", rest)) <= known


def test_every_variable_of_the_example_is_one_that_is_read():
    text = (ROOT / "deploy" / "environment.example").read_text("utf-8")
    names = set(re.findall(r"^#? ?(HSDISPUTE_[A-Z_]+)=", text, re.M))
    assert names - set(ENVIRONMENT) == {"HSDISPUTE_ROUNDUP_PASSWORD", "HSDISPUTE_ROUNDUP_WEBHOOK_SECRET"}


def test_everything_that_is_packed_is_there():
    assert [given for given in TAKEN if not (ROOT / given).exists()] == []
