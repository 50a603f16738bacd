"""Editions: only what checks, holds and compiles goes live; what goes live is served within two seconds; back is one step."""

import shutil
import threading
from datetime import UTC, datetime

import pytest

from hsdispute_plugin import app
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.rules.difference import differences
from hsdispute_plugin.rules.editions import (
    EditionRefused,
    RulebookHolder,
    activate,
    current,
    history,
    in_force,
    rollback,
    snapshot,
)
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
    from hsdispute_plugin.rules import editions

    monkeypatch.setattr(editions, "TRIAL_SECONDS", 0.01)
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
    import subprocess
    import sys
    from pathlib import Path

    province = tmp_path / "province"
    shutil.copytree(county, province)
    rules = county / "rules" / "duty.yaml"
    rules.write_text("规则族: 职责认定\n命中: 全收\n规则:\n  - {编号: duty.cyber, 停用: 是, 理由: 本县另有办法}\n", "utf-8")
    edit(county, "settings.yaml", "作息:", "基础目录: ../province\n作息:")
    tool = Path(sys.executable).with_name("hsdispute")
    told = subprocess.run([tool, "diff", "--base", "--config", county], capture_output=True, text=True, check=False).stdout
    assert told.startswith("停用 duty.cyber（舆情）：本县另有办法\n") and "删去规则" not in told


def test_what_changed_is_told_in_sentences(county):
    before = load(county)
    longer(county, 9)
    edit(county, "rules/duty.yaml", "涉及单位: [财政局]", "涉及单位: [财政局, 政府办]")
    edit(county, "units.yaml", '电话: "12366"', '电话: "0934-5550000"')
    told = list(differences(before, load(county)))
    assert any("general_total 由" in s and "改为 9工作日（未确认）" in s for s in told)
    assert any("duty.finance 的结论由“涉及单位：财政局”改为“涉及单位：财政局、政府办”" in s for s in told)
    assert any(s.startswith("单位：tax 由") for s in told)
    assert len(told) == 3
    assert list(differences(before, before)) == []


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

    def test_an_edition_that_cannot_be_read_leaves_the_old_one_in_force(self, holder, county, capsys):
        before = holder.rulebook().edition
        (county / "editions" / "current").write_text("no-such-edition\n", "utf-8")
        self.seconds += 1.5
        assert holder.rulebook().edition == before
        assert "edition_refused" in capsys.readouterr().out

    def test_fifty_swaps_harm_no_ticket_under_way(self, holder, county):
        longer(county, 9)
        activate(county, NOW, "管理员", "")
        names = [current(county), next(c.edition for c in history(county))]
        wrong, stop = [], threading.Event()

        def work():
            while not stop.is_set():
                decision = holder.rulebook().decide(TICKET, NOW)
                if decision.edition not in names or decision.lead != "tax":
                    wrong.append(decision)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for t in threads:
            t.start()
        seen = set()
        for n in range(50):
            (county / "editions" / "current").write_text(names[n % 2] + "\n", "utf-8")
            self.seconds += 1.5
            seen.add(holder.rulebook().edition)
        stop.set()
        for t in threads:
            t.join()
        assert wrong == []
        assert seen == set(names)
