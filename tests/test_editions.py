"""Editions: only what checks, holds and compiles goes live; what goes live is served within two seconds; back is one step."""

import fcntl
import gc
import os
import shutil
import subprocess
import sys
import threading
import time
import weakref
from datetime import UTC, datetime

import pytest

from hsdispute_plugin import app
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.rules import editions as editions_room
from hsdispute_plugin.rules.editions import (
    EditionRefused,
    activate,
    current,
    history,
    in_force,
    rollback,
    snapshot,
)
from hsdispute_plugin.rules.holder import RulebookHolder
from hsdispute_plugin.rules.load import load

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
TICKET = Ticket(ticket_no="1", content="老城镇砖厂欠缴养老保险八个月，请税务局查处", received_at=NOW)


@pytest.fixture
def county(tmp_path):
    directory = tmp_path / "county"
    shutil.copytree(app.shipped_config(), directory)
    return directory


def edit(county, name, old, new):
    file = county / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def longer(county, days):
    import re

    file = county / "deadlines.yaml"
    text = re.sub(r"(代号: general_total,.*?数值: )\d+", rf"\g<1>{days}", file.read_text("utf-8"))
    file.write_text(text, "utf-8")


def test_without_an_activation_the_files_themselves_are_in_force(county):
    assert (current(county), in_force(county)) == ("", county)


def test_activation_puts_a_snapshot_in_force_that_later_edits_do_not_touch(county):
    edition = activate(county, NOW, "管理员", "首次")
    longer(county, 9)
    assert current(county) == edition
    assert load(in_force(county)).edition == edition != load(county).edition
    assert [(c.act, c.edition, c.who, c.why) for c in history(county)] == [("启用", edition, "管理员", "首次")]


def test_a_rule_with_a_slip_does_not_go_live_and_the_old_edition_stays(county):
    first = activate(county, NOW, "管理员", "")
    edit(county, "rules/duty.yaml", "涉及单位: [财政局]", "涉及单位: [财政所]")
    with pytest.raises(EditionRefused, match="财政所") as caught:
        activate(county, NOW, "管理员", "")
    assert f"规则册未更换，{first} 版仍在生效" in str(caught.value)
    assert current(county) == first


def test_a_rule_that_breaks_an_example_does_not_go_live(county):
    edit(county, "rules/duty.yaml", "- 情形: [机关事业单位]", "- 情形: [舆情]")
    with pytest.raises(EditionRefused, match=r"duty\.finance"):
        activate(county, NOW, "管理员", "")
    assert current(county) == ""


def test_a_trial_that_hangs_is_ended_and_refused(county, monkeypatch):
    monkeypatch.setattr(editions_room, "TRIAL_SECONDS", 0.01)
    with pytest.raises(EditionRefused, match="没有结束"):
        activate(county, NOW, "管理员", "")


def test_rolling_back_returns_to_the_edition_before(county):
    first = activate(county, NOW, "管理员", "")
    longer(county, 9)
    second = activate(county, NOW, "管理员", "改天数")
    assert rollback(county, NOW, "管理员", "改错了") == first
    assert load(in_force(county)).deadlines["general_total"].amount != 9
    assert [c.act for c in history(county)] == ["启用", "启用", "回退"]
    assert rollback(county, NOW, "管理员", "还是要", to=second) == second


def test_there_is_nothing_to_roll_back_to_at_first(county):
    with pytest.raises(EditionRefused, match="没有更早的版次"):
        rollback(county, NOW, "管理员", "")
    activate(county, NOW, "管理员", "")
    with pytest.raises(EditionRefused, match="没有更早的版次"):
        rollback(county, NOW, "管理员", "")
    with pytest.raises(EditionRefused, match="没有版次 “nowhere”"):
        snapshot(county, "nowhere")


def test_the_same_edition_is_not_activated_twice(county):
    activate(county, NOW, "管理员", "")
    with pytest.raises(EditionRefused, match="已经在生效"):
        activate(county, NOW, "管理员", "")


def test_a_county_laid_over_a_province_keeps_the_province_it_went_live_with(county, tmp_path):
    province = tmp_path / "province"
    shutil.copytree(county, province)
    for folder in ("rules", "lexicon", "calendar", "examples"):
        shutil.rmtree(county / folder)
    for file in ("units.yaml", "deadlines.yaml", "notices.yaml", "regions.yaml"):
        (county / file).unlink()
    (county / "settings.yaml").write_text("基础目录: ../province\n设置: []\n", "utf-8")
    edition = activate(county, NOW, "管理员", "")
    longer(province, 9)
    assert load(in_force(county)).edition == edition != load(county).edition
    assert load(in_force(county)).deadlines["general_total"].amount != 9


def test_what_a_county_changed_of_its_province_is_told(county, tmp_path):
    from pathlib import Path

    province = tmp_path / "province"
    shutil.copytree(county, province)
    rules = county / "rules" / "duty.yaml"
    rules.write_text("规则族: 职责认定\n命中: 全收\n规则:\n  - {编号: duty.cyber, 停用: 是, 理由: 本县另有办法}\n", "utf-8")
    edit(county, "settings.yaml", "作息:", "基础目录: ../province\n作息:")
    tool = Path(sys.executable).with_name("hsdispute")
    told = subprocess.run([tool, "diff", "--base", "--config", county], capture_output=True, text=True, check=False).stdout
    assert told.startswith("停用 duty.cyber（舆情）：本县另有办法\n") and "删去规则" not in told


DEAD = """
  - 编号: deadline.dead
    名称: 不可能
    依据: 县
    施行: 2025-10-27
    条件:
      全部:
        - 涉及人数: {不少于: 10}
        - 涉及人数: {少于: 5}
    结论: {时限: [self_total]}
    理由: 不可能
"""


def test_a_rule_that_can_never_hold_does_not_go_live(county):
    file = county / "rules" / "deadline.yaml"
    file.write_text(file.read_text("utf-8") + DEAD, "utf-8")
    with pytest.raises(EditionRefused, match="永不成立"):
        activate(county, NOW, "管理员", "")


def test_a_rule_without_examples_does_not_go_live(county):
    file = county / "rules" / "deadline.yaml"
    file.write_text(file.read_text("utf-8") + DEAD.replace("{少于: 5}", "{不少于: 5}"), "utf-8")
    with pytest.raises(EditionRefused, match=r"规则 deadline\.dead（不可能）：缺成立、不成立的示例"):
        activate(county, NOW, "管理员", "")


def test_a_crash_of_the_trial_is_told_and_nothing_changes(county, monkeypatch):
    monkeypatch.setattr(editions_room, "TRIAL", (sys.executable, "-c", "import os; os.kill(os.getpid(), 11)"))
    with pytest.raises(EditionRefused, match="试运行崩溃（SIGSEGV）"):
        activate(county, NOW, "管理员", "")
    assert current(county) == "" and [p.name for p in (county / "editions").iterdir()] == [".lock"]


def test_a_snapshot_that_somebody_edited_is_not_used(county):
    first = activate(county, NOW, "管理员", "")
    longer(county, 9)
    activate(county, NOW, "管理员", "")
    edit(county, f"editions/{first}/county/rules/duty.yaml", "财政局", "司法局")
    with pytest.raises(EditionRefused, match=f"{first} 版的快照被改动过"):
        rollback(county, NOW, "管理员", "")
    longer(county, 15)
    assert activate(county, NOW, "管理员", "从目录重新启用") == first
    assert load(in_force(county)).edition == first


def test_a_history_line_without_its_swap_never_happened(county):
    first = activate(county, NOW, "管理员", "")
    longer(county, 9)
    activate(county, NOW, "管理员", "断电")
    (county / "editions" / "current").write_text(first + "\n", "utf-8")
    assert [c.why for c in history(county)] == [""]
    assert activate(county, NOW, "管理员", "再来") != first
    assert [c.why for c in history(county)] == ["", "再来"]


def test_two_people_cannot_activate_at_once(county):
    (county / "editions").mkdir()
    with (county / "editions" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(EditionRefused, match="另有人正在启用或回退"):
            activate(county, NOW, "管理员", "")


def test_an_edition_may_be_named_by_its_beginning(county):
    edition = activate(county, NOW, "管理员", "")
    assert snapshot(county, edition[:5]).parent.name == edition
    with pytest.raises(EditionRefused, match="没有版次 “”"):
        snapshot(county, "")


def test_a_snapshot_holds_no_more_than_decides(county):
    (county / "hsdispute.sqlite3").write_bytes(b"x")
    edition = activate(county, NOW, "管理员", "")
    kept = {p.name for p in (county / "editions" / edition / "county").iterdir()}
    assert kept >= {"rules", "lexicon", "examples", "settings.yaml"} and not kept & {"hsdispute.sqlite3", "forms", "platforms"}


class TestHolder:
    @pytest.fixture
    def holder(self, county):
        activate(county, NOW, "管理员", "")
        self.seconds = 0.0
        made = RulebookHolder(county, app.open_rulebook, lambda: self.seconds)
        yield made
        made.close()

    def test_a_new_edition_is_served_within_two_seconds(self, holder, county):
        before = holder.rulebook().edition
        longer(county, 9)
        after = activate(county, NOW, "管理员", "")
        assert holder.rulebook().edition == before
        self.seconds += 1.5
        assert holder.rulebook().edition == after

    def test_an_edition_that_cannot_be_read_leaves_the_old_one_in_force_and_says_so(self, holder, county, capsys):
        before = holder.rulebook().edition
        (county / "editions" / "current").write_text("no-such-edition\n", "utf-8")
        self.seconds += 1.5
        assert holder.rulebook().edition == before
        assert f"规则册未更换，{before} 版仍在生效" in holder.refused
        assert "edition_refused" in capsys.readouterr().out
        (county / "editions" / "current").write_text(before + "\n", "utf-8")
        self.seconds += 1.5
        assert (holder.rulebook().edition, holder.refused) == (before, "")

    def test_an_old_book_lives_as_long_as_a_ticket_holds_it_and_no_longer(self, holder, county):
        under_way = holder.rulebook()
        engine, before = under_way.engine_name, under_way.edition
        gone = weakref.ref(under_way)
        longer(county, 9)
        activate(county, NOW, "管理员", "")
        self.seconds += 1.5
        assert holder.rulebook() is not under_way
        decision = under_way.decide(TICKET, NOW)
        assert (decision.edition, decision.engine) == (before, engine)
        del under_way
        gc.collect()
        assert gone() is None


def test_fifty_swaps_harm_no_ticket_under_way(small_config, monkeypatch):
    monkeypatch.setattr(editions_room, "TRIAL", (sys.executable, "-c", "pass"))
    edit(small_config, "lexicon/topics.yaml", "[欠缴]", "[欠缴, 漏缴]")
    names = [activate(small_config, NOW, "管理员", "")]
    edit(small_config, "lexicon/topics.yaml", "漏缴", "拖欠")
    names.append(activate(small_config, NOW, "管理员", ""))
    wanted = {name: app.open_rulebook(snapshot(small_config, name)).decide(TICKET, NOW) for name in names}
    seconds, wrong, decided, stop = [0.0], [], [0, 0, 0], threading.Event()
    holder = RulebookHolder(small_config, app.open_rulebook, lambda: seconds[0])

    def work(number):
        while not stop.is_set():
            try:
                decision = holder.rulebook().decide(TICKET, NOW)
                decided[number] += 1
                if decision != wanted.get(decision.edition):
                    wrong.append(decision)
            except Exception as err:
                wrong.append(err)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for t in threads:
        t.start()
    seen = []
    for n in range(50):
        (small_config / "editions" / "current").write_text(names[n % 2] + "\n", "utf-8")
        before, seconds[0] = holder.rulebook().edition, seconds[0] + 1.5
        while (now := holder.rulebook().edition) != names[n % 2]:  # another thread may be the one that reloads
            assert now == before
        seen.append(now)
    stop.set()
    for t in threads:
        t.join()
    holder.close()
    assert wrong == [] and min(decided) > 0
    assert seen == names * 25


def test_a_serving_gateway_decides_by_the_new_edition_within_two_seconds(county, tmp_path, monkeypatch):
    from starlette.testclient import TestClient

    from hsdispute_plugin.app import App
    from hsdispute_plugin.entrypoints.gateway import create

    monkeypatch.delenv("HSDISPUTE_API_TOKEN", raising=False)
    first = activate(county, NOW, "管理员", "")
    near = ("127.0.0.1", 50000)
    with TestClient(create(App(county, f"sqlite:///{tmp_path / 'x.sqlite3'}")), client=near) as client:
        body = {"ticket_no": "1", "content": TICKET.content}
        assert client.post("/api/v1/decide", json=body).json()["edition"] == first
        longer(county, 9)
        second = activate(county, NOW, "管理员", "")
        began, edition = time.monotonic(), first
        while edition == first and time.monotonic() - began < 10:
            edition = client.post("/api/v1/decide", json=body).json()["edition"]
            time.sleep(0.05)
        assert edition == second and time.monotonic() - began < 2


IN_A_HOST = """
from datetime import UTC, datetime
from hsdispute_plugin.entrypoints import plugin
ticket = plugin.ticket(ticket_no="1", content="欠缴养老保险")
print(plugin.hsdispute_decide(ticket, datetime(2026, 11, 20, tzinfo=UTC)).edition)
"""


def test_the_plugin_inside_a_host_decides_by_the_edition_in_force(small_config, monkeypatch):
    monkeypatch.setattr(editions_room, "TRIAL", (sys.executable, "-c", "pass"))
    edition = activate(small_config, NOW, "管理员", "")
    edit(small_config, "lexicon/topics.yaml", "[欠缴]", "[漏缴]")
    world = {**os.environ, "HSDISPUTE_CONFIG": str(small_config)}
    done = subprocess.run([sys.executable, "-c", IN_A_HOST], capture_output=True, text=True, check=True, env=world)
    assert done.stdout.strip() == edition


def test_the_doctor_says_which_edition_is_in_force(small_config, monkeypatch, tmp_path):
    from hsdispute_plugin.entrypoints.doctor import examine

    monkeypatch.setattr(editions_room, "TRIAL", (sys.executable, "-c", "pass"))
    database = f"sqlite:///{tmp_path / 'x.sqlite3'}"

    def said():
        lines = list(examine(small_config, database))
        return [line for line in lines if ("版次" in line and "条规则" not in line) or "生效的是" in line]

    assert said() == ["! 还没有启用过版次，目录里的文件直接生效。改好后用 hsdispute activate 启用"]
    edition = activate(small_config, NOW, "管理员", "")
    assert said() == [f"✓ 版次 {edition} 生效，与目录里的文件一致"]
    edit(small_config, "lexicon/topics.yaml", "[欠缴]", "[漏缴]")
    assert said()[0].startswith(f"! 生效的是 {edition} 版，目录里的文件与它不同")
    edit(small_config, f"editions/{edition}/config/rules/duty.yaml", "三（二）", "三（三）")
    assert said()[0].startswith(f"✗ 版次：{edition} 版的快照被改动过")
