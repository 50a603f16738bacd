"""A county laid over a province: what it replaces, takes out and adds, and what is refused."""

import shutil
from pathlib import Path

import pytest

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.rules.load import base_of, edition_of, load, overlay_of
from hsdispute_plugin.rules.overlay_summary import overlay_summary

BASE_LINE = "基础目录: ../province\n"


@pytest.fixture
def province(small_config: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_config, tmp_path / "province"))


@pytest.fixture
def county(province: Path, tmp_path: Path) -> Path:
    directory = tmp_path / "county"
    (directory / "rules").mkdir(parents=True)
    (directory / "settings.yaml").write_text(BASE_LINE, "utf-8")
    return directory


def rule(code: str, **more: str) -> str:
    lines = {"编号": code, "名称": "县里的", "依据": "县", "施行": "2026-01-01", "条件": "总是",
             "结论": "{受理范围: 存疑}", "理由": "县里的理由", **more}
    return "  - " + "\n    ".join(f"{k}: {v}" for k, v in lines.items() if v) + "\n"


def scope(directory: Path, *rules: str, head: str = "规则族: 受理范围\n规则:\n") -> None:
    (directory / "rules" / "own.yaml").write_text(head + "".join(rules), "utf-8")


def ids(directory: Path, family: str = "scope") -> list[str]:
    return [r.id for f in load(directory).families if f.code == family for r in f.rules]


def refused(directory: Path) -> str:
    with pytest.raises(RulebookError) as err:
        load(directory)
    return str(err.value)


def test_a_county_that_says_nothing_decides_as_the_province(county, province):
    ours, theirs = load(county), load(province)
    assert [f.rules for f in ours.families] == [f.rules for f in theirs.families]
    assert (ours.units, ours.deadlines, ours.settings) == (theirs.units, theirs.deadlines, theirs.settings)


def test_a_rule_of_the_same_id_replaces_the_provinces_where_it_stood(county):
    scope(county, rule("scope.premium"))
    replaced = next(r for r in load(county).families[0].rules if r.id == "scope.premium")
    assert ids(county) == ["scope.premium", "scope.other"]
    assert (replaced.because, replaced.where) == ("县里的理由", "county/rules/own.yaml:3")


def test_all_entries_of_an_id_are_replaced_by_all_of_ours(county, province):
    file = province / "rules" / "scope.yaml"
    file.write_text(file.read_text("utf-8") + rule("scope.other", 施行="2026-05-01"), "utf-8")
    assert ids(province) == ["scope.premium", "scope.other", "scope.other"]
    scope(county, rule("scope.other"), rule("scope.other", 施行="2026-06-01"), rule("scope.end"))
    assert ids(county) == ["scope.premium", "scope.other", "scope.other", "scope.end"]
    assert [str(r.since) for r in load(county).families[0].rules][1:3] == ["2026-01-01", "2026-06-01"]


@pytest.mark.parametrize(("place", "order"), [
    ({}, ["scope.premium", "scope.other", "scope.new"]),
    ({"之前": "scope.premium"}, ["scope.new", "scope.premium", "scope.other"]),
    ({"之后": "scope.premium"}, ["scope.premium", "scope.new", "scope.other"]),
])
def test_a_new_rule_stands_where_it_says_else_at_the_end(county, place, order):
    scope(county, rule("scope.new", **place))
    assert ids(county) == order


def test_a_replaced_rule_may_move(county):
    scope(county, rule("scope.other", 之前="scope.premium"))
    assert ids(county) == ["scope.other", "scope.premium"]
    scope(county, rule("scope.premium", 之后="scope.other"))
    assert ids(county) == ["scope.other", "scope.premium"]


def test_a_rule_is_taken_out_with_a_reason(county):
    scope(county, "  - {编号: scope.other, 停用: 是, 理由: 本县不设兜底}\n")
    assert ids(county) == ["scope.premium"]
    assert overlay_of(county).off == {"scope.other": "本县不设兜底"}


@pytest.mark.parametrize(("row", "sentence"), [
    ("  - {编号: scope.other, 停用: 是}\n", "缺少 “理由”"),
    ("  - {编号: scope.other, 停用: 否, 理由: 无}\n", "写了 “停用: 否”"),
    ("  - {编号: scope.othr, 停用: 是, 理由: 错字}\n", "基础目录里没有规则 “scope.othr”，不能停用"),
    ("  - {编号: scope.other, 停用: 是, 理由: 无, 名称: 多余}\n", "不认识的键 “名称”"),
    (rule("scope.new", 之前="scope.premum"), "本族里没有别的规则 “scope.premum”"),
    (rule("scope.new", 之前="scope.new"), "本族里没有别的规则 “scope.new”"),
    (rule("scope.new", 之前="scope.premium", 之后="scope.other"), "“之前” 和 “之后” 只能写一个"),
    (rule("duty.tax"), "编号 “duty.tax” 已在 county/rules/own.yaml:3 用过"),
])
def test_a_slip_of_the_overlay_is_told_with_its_line_in_the_county(county, row, sentence):
    scope(county, row)
    told = refused(county)
    assert sentence in told and "county/rules/own.yaml:" in told


def test_two_files_of_the_county_for_one_family_are_refused(county):
    scope(county, rule("scope.new"))
    shutil.copy(county / "rules" / "own.yaml", county / "rules" / "second.yaml")
    assert refused(county).startswith(
        "county/rules/second.yaml:1  规则族\n       “受理范围” 已在 county/rules/own.yaml 写过")


def test_the_hit_policy_stays_unless_the_county_gives_another(county, province):
    scope(county, rule("scope.new"), head="规则族: 受理范围\n命中: 全收\n规则:\n")
    assert load(county).families[0].hit.value == "全收"
    scope(county, rule("scope.new"))
    assert load(county).families[0].hit is load(province).families[0].hit


def test_rows_of_the_countys_own_files_replace_rows_of_the_same_name(county, province):
    (county / "units.yaml").write_text(
        "单位:\n  - {代号: tax, 名称: 合水县税务局, 简称: 税务局, 电话: \"0934-12366\"}\n", "utf-8")
    (county / "deadlines.yaml").write_text(
        "时限:\n  - {代号: county_total, 事项: 县里的期限, 数值: 3, 单位: 工作日, 依据: 县级自定, 状态: 县级自定}\n", "utf-8")
    (county / "settings.yaml").write_text(
        "基础目录: ../province\n设置:\n  - {键: group_people, 值: 8, 说明: 十人以上, 依据: 会议纪要, 未确认: 是}\n", "utf-8")
    ours, theirs = load(county), load(province)
    assert ours.units["tax"].phone == "0934-12366" and ours.units["hr"] == theirs.units["hr"]
    assert set(ours.deadlines) == {*theirs.deadlines, "county_total"}
    assert ours.settings["group_people"].value == 8 and ours.settings["county"] == theirs.settings["county"]
    assert ours.hours == theirs.hours


def test_words_are_added_by_files_of_another_name_and_replaced_by_the_same_name(county, province):
    (county / "lexicon").mkdir()
    words = "归类: 主题\n词条:\n  - {归入: 欠费, 词: [县里的说法]}\n"
    (county / "lexicon" / "county.yaml").write_text(words, "utf-8")
    assert set(load(county).words.phrases) == {*load(province).words.phrases, "县里的说法"}
    name = next((province / "lexicon").glob("*.yaml")).name
    shutil.move(county / "lexicon" / "county.yaml", county / "lexicon" / name)
    assert not {*load(province).words.phrases} <= {*load(county).words.phrases}


def test_the_edition_names_both_directories(county, province):
    before = edition_of(county)
    assert load(county).edition == before != edition_of(province)
    file = province / "rules" / "duty.yaml"
    file.write_text(file.read_text("utf-8") + "# 省里改了\n", "utf-8")
    assert edition_of(county) == load(county).edition != before


def test_a_base_of_a_base_and_so_a_circle_is_refused_where_the_base_names_it(county, province):
    (province / "settings.yaml").write_text("设置: []\n基础目录: ../county\n", "utf-8")
    assert refused(county).startswith("province/settings.yaml:2  基础目录\n       基础目录自己不能再有基础目录")
    assert edition_of(county)


@pytest.mark.parametrize(("named", "sentence"), [
    ("../nowhere", "没有基础目录 ../nowhere"), (".", "基础目录不能是本目录自己"), ("../county", "基础目录不能是本目录自己"),
    ("[../province]", "这里应是文字，写的却是列表"), ("", "冒号或短横后面空着"),
])
def test_a_base_that_is_no_directory_is_one_problem_at_its_line(county, named, sentence):
    (county / "settings.yaml").write_text(f"基础目录: {named}\n", "utf-8")
    told = refused(county)
    assert told.startswith("county/settings.yaml:1") and sentence in told
    assert told.count("county/") == 1, told


def test_a_base_kept_inside_a_snapshot_wins(county, province, tmp_path):
    shutil.copytree(province, county / "基础目录")
    shutil.rmtree(province)
    assert ids(county) == ["scope.premium", "scope.other"]
    assert base_of(county) == county / "基础目录"


def test_problems_below_are_told_with_their_own_place(county, province):
    file = province / "rules" / "duty.yaml"
    file.write_text(file.read_text("utf-8").replace("税务局]", "税务所]"), "utf-8")
    assert "province/rules/duty.yaml:" in refused(county)


def told(county: Path, province: Path) -> list[str]:
    return list(overlay_summary(load(province), load(county), overlay_of(county)))


def test_what_the_county_takes_out_replaces_and_adds_is_told_once_each(county, province):
    assert told(county, province) == []
    scope(county, "  - {编号: scope.other, 停用: 是, 理由: 本县不设兜底}\n", rule("scope.premium", 名称="说到征缴"),
          rule("scope.new", 之前="scope.premium"))
    (county / "settings.yaml").write_text(
        BASE_LINE + "设置:\n  - {键: group_people, 值: 8, 说明: 十人以上, 依据: 会议纪要, 未确认: 是}\n", "utf-8")
    out, replaced, new, *more = told(county, province)
    assert out.startswith("停用 scope.other（") and out.endswith("）：本县不设兜底")
    assert replaced == "受理范围：替换 scope.premium（说到征缴），施行由 2025-10-27 改为 2026-01-01"
    assert new == "受理范围：新增 scope.new（县里的），在最前：县里的理由"
    assert any("scope.premium" in line and "结论" in line for line in more) and any("group_people" in line for line in more)
    assert not any("新增" in line or "删去" in line or "停用" in line for line in more)


def test_a_replaced_rule_that_says_the_same_is_told_as_needless(county, province):
    shutil.copy(province / "rules" / "scope.yaml", county / "rules" / "scope.yaml")
    assert told(county, province) == ["有 2 条规则写得与基础目录相同，可以从本县文件里删去：scope.premium、scope.other"]
