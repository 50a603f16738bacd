"""What changed between two editions, in sentences."""

import shutil
from pathlib import Path

import pytest

from hsdispute_plugin.rules.difference import differences
from hsdispute_plugin.rules.load import load

CONFIG = Path(__file__).parents[1] / "config"


@pytest.fixture
def told(small_config, tmp_path):
    """Tells what changes when texts of the small configuration are replaced."""
    before = load(small_config)

    def tell(*edits):
        changed = Path(shutil.copytree(small_config, tmp_path / "changed"))
        for name, old, new in edits:
            file = changed / name
            text = file.read_text("utf-8") if file.exists() else ""
            assert old in text
            file.write_text(text.replace(old, new, 1) if old else text + new, "utf-8")
        return list(differences(before, load(changed)))

    return tell


def test_nothing_changed_is_nothing_told():
    source = load(CONFIG)
    assert list(differences(source, source)) == []
    assert list(differences(source, load(CONFIG))) == []


def test_a_comparison_that_changed_is_named_alone(told):
    assert told(("rules/scope.yaml", "主题数: {不少于: 1}", "主题数: {不少于: 2}")) == [
        "受理范围：规则 scope.premium（征缴诉求） 条件 “主题数不少于 1” 改为 “主题数不少于 2”"]


def test_comparisons_that_came_and_went_are_named(told):
    assert told(("rules/scope.yaml", "      主题数: {不少于: 1}", "      险种: [失业]\n      均不: [{辖区: 县外}]")) == [
        "受理范围：规则 scope.premium（征缴诉求） 去掉条件 “主题数不少于 1”，加上条件 “险种含 失业”、“没有（辖区等于 县外）”"]


def test_a_nested_condition_is_told_whole(told):
    assert told(("rules/scope.yaml", "      主题数: {不少于: 1}", "      任一: [{主题数: 1}, {险种: [失业]}]")) == [
        "受理范围：规则 scope.premium（征缴诉求） 条件由 “主题数不少于 1” 改为 “主题数等于 1 或 险种含 失业”"]


def test_all_that_changed_of_one_rule_is_one_sentence(told):
    assert told(("rules/duty.yaml", "涉及单位: [税务局]", "涉及单位: [税务局, 人社局]"),
                ("rules/duty.yaml", "    施行: 2025-10-27", "    施行: 2025-10-27\n    废止: 2027-01-01"),
                ("rules/duty.yaml", "税务局负责征收", "征收由税务局负责")) == [
        "职责认定：规则 duty.tax（征收） "
        "结论由 “主办候选：税务局，涉及单位：税务局” 改为 “主办候选：税务局，涉及单位：税务局、人社局”；"
        "理由由 “税务局负责征收” 改为 “征收由税务局负责”；废止日期由 “无” 改为 “2027-01-01”"]


NEW = """  - 编号: scope.new
    名称: 新
    依据: 县
    施行: 2026-01-01
    条件: {辖区: 县外}
    结论: {受理范围: 存疑}
    理由: 因为
"""


def test_rules_added_removed_and_moved_are_told(told):
    told_ = told(("rules/scope.yaml", "规则:\n", "规则:\n" + NEW))
    assert told_ == ["受理范围：新增规则 scope.new（新），2026-01-01 起施行：辖区等于 县外 → 受理范围：存疑"]


def test_a_rule_that_is_gone_and_one_that_moved(told):
    file = "rules/scope.yaml"
    text = (Path(__file__).parent / "small_config" / file).read_text("utf-8")
    premium = text[text.index("  - 编号: scope.premium"): text.index("  - 编号: scope.other")]
    assert told((file, premium, "")) == [
        "受理范围：删去规则 scope.premium（征缴诉求）：主题数不少于 1 → 受理范围：属于本机制"]


def test_a_change_of_order_names_the_rule_and_its_new_place(told):
    file = "rules/scope.yaml"
    text = (Path(__file__).parent / "small_config" / file).read_text("utf-8")
    premium = text[text.index("  - 编号: scope.premium"): text.index("  - 编号: scope.other")]
    assert told((file, premium, ""), (file, "", premium)) == [
        "受理范围：规则 scope.other（其他） 的次序变了，现在排在最前"]


def test_a_new_entry_of_an_old_rule_is_new_and_another_hit_policy_is_told(told):
    entry = NEW.replace("scope.new", "scope.other").replace("2026-01-01", "2027-01-01")
    assert told(("rules/scope.yaml", "", entry), ("rules/duty.yaml", "命中: 全收", "命中: 首条")) == [
        "受理范围：新增规则 scope.other（新），2027-01-01 起施行：辖区等于 县外 → 受理范围：存疑",
        "职责认定：命中方式由 全收 改为 首条"]


def test_rows_are_told_field_by_field(told):
    assert told(
        ("settings.yaml", "键: group_people, 值: 10", "键: group_people, 值: 8"),
        ("units.yaml", "简称: 税务局", "简称: 税务局, 电话: \"0934-5550000\""),
    ) == ["设置：group_people（十人以上）值由 10 改为 8", "单位：tax（税务局）电话由 无 改为 0934-5550000"]


def test_periods_are_told_with_whether_they_are_confirmed(told):
    row = "  - {代号: extra, 事项: 另一期限, 数值: 3, 单位: 工作日, 依据: 县级自定, 状态: 县级自定, 未确认: 是}\n"
    assert told(("deadlines.yaml", "", row)) == [
        "时限：新增 extra（另一期限）：期限 3工作日，事项 另一期限，状态 非法定、未确认，依据 县级自定"]


def test_words_are_told_by_tag(told):
    words = "归类: 主题\n词条:\n  - {归入: 欠费, 词: [社保拖着, 社保拖下去], 不算: [社保拖着走]}\n"
    assert told(("lexicon/more.yaml", "", words)) == [
        "词表：主题 “欠费” 新增词 社保拖下去、社保拖着", "词表：主题 “欠费” 不算里新增 社保拖着走"]


def test_many_words_are_counted(told):
    words = "、".join(f"说法{n}号" for n in range(20)).replace("、", ", ")
    (sentence,) = told(("lexicon/more.yaml", "", f"归类: 主题\n词条:\n  - {{归入: 欠费, 词: [{words}]}}\n"))
    assert sentence.endswith(" 等 20 个")


def test_combinations_and_presumptions_are_told(told):
    text = """归类: 主题
词条:
  - {归入: 欠费, 词: [社保拖着]}
  - {归入: 补缴, 词: [补上社保]}
组合:
  - {归入: 断缴, 依次: [欠费, 补缴], 间隔: 4}
推定:
  - {遇: 欠费, 归入: 滞纳金, 有: [补缴]}
"""
    told_ = told(("lexicon/more.yaml", "", text))
    assert "词表：新增组合 欠费 + 补缴（依次，同一分句，间隔 4 字以内） → 主题 “断缴”" in told_
    assert "词表：新增推定 遇 欠费，有 补缴 → 主题 “滞纳金”" in told_


def test_a_calendar_that_became_official_is_told(told, small_config):
    name = sorted((small_config / "calendar").glob("*.yaml"))[0].name
    text = (small_config / "calendar" / name).read_text("utf-8")
    old = next(line for line in text.split("\n") if line.startswith(("休:", "班:")))
    year = name.removesuffix(".yaml")
    told_ = told((f"calendar/{name}", old, f"休: [{year}-12-31]"))
    assert told_[0].startswith(f"日历：{year} 年") and f"加休 {year}-12-31" in told_[0]


def test_places_are_told(told):
    assert told(("regions.yaml", "邻县", "邻县, 某外县")) == ["县外地名：新增 某外县"]
