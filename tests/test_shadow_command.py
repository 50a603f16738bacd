"""The commands of 试算 as an administrator types them, from a changed file to the edition in force."""

import json
import shutil
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from hsdispute_plugin import app
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.rules.editions import activate, current

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def place(tmp_path):
    made = shutil.copytree(app.shipped_config(), tmp_path / "county")
    settings = made / "settings.yaml"
    settings.write_text(settings.read_text("utf-8").replace("    值: 200\n", "    值: 2\n"), "utf-8")
    activate(made, NOW, "郑某", "首次")
    periods = made / "deadlines.yaml"
    periods.write_text(periods.read_text("utf-8").replace("受理登记, 数值: 0,", "受理登记, 数值: 1,"), "utf-8")
    return made


@pytest.fixture
def run(place, tmp_path):
    def ran(*words):
        at = ["--config", str(place), "--database", f"sqlite:///{tmp_path / 'cases.sqlite3'}"]
        return CliRunner().invoke(commands, [*words, *at])
    return ran


def arrive(place, tmp_path, count):
    desk, store, book = app.open_desk(place, f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    for n in range(count):
        ticket = Ticket(ticket_no=f"T{n}", content="我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处", received_at=NOW)
        desk.accept("roundup", HostTicket(ticket, "1"), book, NOW)
    book.close()
    store.close()


def test_from_a_changed_file_to_the_edition_in_force(run, place, tmp_path):
    assert run("shadow", "status").output == "现在没有试算。\n"
    begun = run("shadow", "start", "--share", "40%", "--township", "老城镇", "--why", "登记改为一天")
    assert begun.exit_code == 0, begun.exception
    assert "试点：老城镇的新工单的 40%按试算的版次给出建议。" in begun.output
    early = run("promote", "--why", "会议纪要")
    assert early.exit_code == 1 and "只试算过 0 张工单，至少要 2 张" in str(early.exception)
    arrive(place, tmp_path, 6)
    told = run("shadow", "status").output
    assert "试算 6 张工单" in told and "建议有变的 6 张（100.0%）" in told and "登记改为一天" in told
    assert "! 正在试算 " in run("doctor").output and "6 张。hsdispute shadow status" in run("doctor").output
    page = tmp_path / "试算.html"
    told = run("shadow", "report", "--html", str(page)).output
    assert "受理登记：提前 0 张，推后 6 张，不变 0 张" in told and f"网页已存到 {page}" in told
    assert "规则试算" in page.read_text("utf-8") and "http" not in page.read_text("utf-8").replace("http-equiv", "")
    data = json.loads(run("shadow", "report", "--format", "json").output)
    assert data["tickets"] == 6 and data["decided"] > 0
    assert "没有写理由" in str(run("promote").exception)
    live = current(place)
    done = run("promote", "--why", "会议纪要〔2026〕3号")
    assert done.exit_code == 0, done.exception
    assert current(place) == data["after"] != live
    told = run("shadow", "status").output
    assert told.startswith("现在没有试算。\n第 1 次：") and "启用（" in told and "会议纪要〔2026〕3号" in told
    assert json.loads(run("shadow", "report", "--id", "1", "--format", "json").output)["tickets"] == 6
    assert "没有第 2 次试算" in str(run("shadow", "report", "--id", "2").exception)
    assert "没有正在试算的版次" in str(run("shadow", "stop").exception)


@pytest.mark.parametrize("share", ["0", "120%", "一半"])
def test_a_share_is_a_number_of_a_hundred(run, share):
    done = run("shadow", "start", "--share", share)
    assert done.exit_code == 2 and "--share 写百分之几" in done.output


def test_a_directory_in_which_nothing_was_put_in_force_is_told_what_comes_first(tmp_path):
    place = shutil.copytree(app.shipped_config(), tmp_path / "fresh")
    done = CliRunner().invoke(commands, ["shadow", "start", "--config", str(place), "--database", f"sqlite:///{tmp_path / 'x'}"])
    assert "还没有启用过版次" in str(done.exception)
    assert "还没有试算过" in str(CliRunner().invoke(
        commands, ["shadow", "report", "--config", str(place), "--database", f"sqlite:///{tmp_path / 'x'}"]).exception)
