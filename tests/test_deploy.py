"""What is installed on a server calls commands and options that there are."""

import getpass
import os
import re
import subprocess
from pathlib import Path

import click
import pytest
import typer.main

from hsdispute_plugin.app import ENVIRONMENT
from hsdispute_plugin.entrypoints.cli import commands
from tools.make_bundle import TAKEN

ROOT = Path(__file__).parents[1]
WRAPPER = ROOT / "deploy" / "hsdispute"
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


def _wrapped(tmp_path, environment, *words):
    """Run the wrapper as the user we are, with a program that prints what it is given."""
    file, program = tmp_path / "environment", tmp_path / "program"
    file.write_text(environment, "utf-8")
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$HSDISPUTE_DATABASE\" \"$HSDISPUTE_API_TOKEN\" \"$@\"\n", "utf-8")
    program.chmod(0o755)
    given = {"PATH": os.environ["PATH"], "HSDISPUTE_ENVIRONMENT": str(file), "HSDISPUTE_PROGRAM": str(program),
             "HSDISPUTE_USER": getpass.getuser()}
    return subprocess.run([WRAPPER, *words], capture_output=True, text=True, env=given, check=True).stdout.splitlines()


def test_the_wrapper_gives_a_command_what_the_service_has(tmp_path):
    environment = """# 说明
HSDISPUTE_DATABASE=postgresql+psycopg://u:a&b;$c d@127.0.0.1/x?y=1
# HSDISPUTE_API_TOKEN=old
HSDISPUTE_API_TOKEN="quoted # token"
"""
    assert _wrapped(tmp_path, environment, "case", "list", "两 个 词") == [
        "postgresql+psycopg://u:a&b;$c d@127.0.0.1/x?y=1", "quoted # token", "case", "list", "两 个 词"]


def test_a_draft_that_is_not_finished_keeps_no_gateway_from_starting():
    """What is in force is opened by ``serve`` itself; the files beside it may be half edited when the machine restarts."""
    unit = (ROOT / "deploy" / "hsdispute.service").read_text("utf-8")
    assert "ExecStartPre" not in unit


def test_everything_that_is_packed_is_there():
    assert [given for given in TAKEN if not (ROOT / given).exists()] == []
