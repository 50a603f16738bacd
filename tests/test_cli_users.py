"""Users of the console on the command line: the first administrator, who there is, shut out, another password."""

import shutil

import pytest
from typer.testing import CliRunner

from hsdispute_plugin.entrypoints.cli import commands


@pytest.fixture
def run(tmp_path):
    place = ["--database", f"sqlite:///{tmp_path / 'cases.sqlite3'}"]
    return lambda *words, stdin=None: CliRunner().invoke(commands, ["user", *words, *place], input=stdin)


def test_users_are_added_listed_shut_out_and_given_another_password(run):
    given = ("--name", "陈某", "--unit", "税务局", "--role", "系统管理员", "--role", "审核人")
    assert run("add", "admin", *given, stdin="a-long-password\n").output == "已添加 admin（陈某）。\n"
    assert "已有人用" in str(run("add", "admin", *given, stdin="a-long-password\n").exception)
    assert run("add", "proxied", *given, "--no-password").exit_code == 0
    assert run("disable", "admin").output == "已停用 admin。\n"
    assert run("list").output.splitlines() == [
        "admin  陈某  税务局  系统管理员、审核人  已停用", "proxied  陈某  税务局  系统管理员、审核人  无口令", "共 2 个用户。"]
    assert run("disable", "admin", "--enable").output == "已启用 admin。\n"
    assert run("password", "admin", stdin="another-password\n").output == "已重设 admin 的口令。\n"
    assert "至少 10 个字符" in str(run("password", "admin", stdin="short\n").exception)


def test_nobody_is_added_without_a_password_unless_that_was_said(run):
    done = run("add", "admin", "--name", "陈某", "--unit", "税务局", "--role", "系统管理员", stdin="")
    assert done.exit_code == 2 and "没有口令" in done.output
    assert run("list").output == "共 0 个用户。\n"


def test_a_draft_with_faults_keeps_nobody_from_adding_users(run, tmp_path, monkeypatch):
    place = tmp_path / "config"
    shutil.copytree("config", place)
    monkeypatch.setenv("HSDISPUTE_CONFIG", str(place))
    assert CliRunner().invoke(commands, ["activate", str(place)]).exit_code == 0
    (place / "units.yaml").write_text("单位：", "utf-8")
    given = ("--name", "陈某", "--unit", "税务局", "--role", "审核人")
    assert run("add", "chen", *given, stdin="a-long-password\n").output == "已添加 chen（陈某）。\n"
    assert "税务局" in run("list").output


@pytest.mark.parametrize(("words", "says"), [
    (("--unit", "交通局", "--role", "承办人"), "没有单位“交通局”"),
    (("--unit", "税务局", "--role", "科长"), "没有“科长”这种身份"),
    (("--unit", "税务局", "--role", "系统时钟"), "没有“系统时钟”这种身份"),
])
def test_refusals_are_sentences(run, words, says):
    done = run("add", "x", "--name", "陈某", *words, stdin="a-long-password\n")
    assert done.exit_code != 0 and says in done.output
