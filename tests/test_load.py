"""A configuration directory is read line by line, and all that is wrong with it is said at once."""

import re
import shutil
from datetime import date, time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hsdispute_plugin.errors import PluginRefused, RulebookError
from hsdispute_plugin.rules import load as load_room
from hsdispute_plugin.rules.condition import All, AnyOf, Leaf, NoneOf, Op
from hsdispute_plugin.rules.facts import FactDef, Kind
from hsdispute_plugin.rules.load import MAX_BYTES, edition_of, load, parse, read_yaml
from hsdispute_plugin.rules.node import Reading
from tests import museum

SHIPPED = Path(__file__).parent.parent / "config"
BOTH_PARSERS = [yaml.SafeLoader] + ([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])


@pytest.fixture(params=BOTH_PARSERS, ids=lambda loader: loader.__name__)
def parser(request, monkeypatch):
    monkeypatch.setattr(load_room, "_LOADER", request.param)


def problems(directory: Path) -> list[str]:
    with pytest.raises(RulebookError) as refused:
        load(directory)
    return [f"{p.where} {p.what}" for p in refused.value.problems]


def change(directory: Path, name: str, old: str, new: str) -> None:
    path = directory / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def duty_with(directory: Path, condition: str) -> Path:
    change(directory, "rules/duty.yaml", "条件: 总是", f"条件: {condition}")
    return directory


@pytest.mark.parametrize("piece", museum.PIECES, ids=lambda piece: piece.stem)
def test_every_piece_of_the_museum_earns_exactly_its_sentences(piece, tmp_path, parser):
    refused = museum.earned(piece, tmp_path / "config")
    assert str(refused) == museum.wanted(piece), "after a deliberate change of words or facts: python -m tests.museum"


def test_the_museum_is_large_and_each_sentence_speaks_both_languages_and_mends(tmp_path):
    assert len(museum.PIECES) >= 40
    for n, piece in enumerate(museum.PIECES):
        for problem in museum.earned(piece, tmp_path / str(n) / "config").problems:
            assert re.fullmatch(r"config/[a-z0-9/.-]+:[1-9][0-9]*", problem.where), problem
            assert re.search("[一-鿿]", problem.what), problem
            assert re.search("[a-z]{2}", problem.what_en), problem
            assert problem.mend, problem


def test_the_shipped_configuration_is_good(parser):
    source = load(SHIPPED)
    assert [f.code for f in source.families] == ["scope", "duty", "grounds", "triage", "deadline", "escalation"]
    assert set(source.units) == {"tax", "hr", "medical", "court", "justice", "finance", "cyber", "gov_office"}


@pytest.mark.parametrize(("written", "meant"), [
    ("总是", All(())),
    ("{主题: 欠费}", Leaf("topics", Op.HAS_ANY, ("arrears",))),
    ("{主题: [欠费, backpay]}", Leaf("topics", Op.HAS_ANY, ("arrears", "backpay"))),
    ("{工单类型: [投诉, 举报]}", Leaf("ticket_type", Op.IN, ("complaint", "report"))),
    ("{工单类型: 投诉}", Leaf("ticket_type", Op.EQ, "complaint")),
    ("{有联系电话: 否}", Leaf("has_phone", Op.EQ, False)),
    ("{涉及人数: 10}", Leaf("people", Op.EQ, 10)),
    ("{涉及人数: [10, 20]}", Leaf("people", Op.IN, (10, 20))),
    ("{涉及人数: {不少于: 10, 少于: 50}}", All((Leaf("people", Op.GE, 10), Leaf("people", Op.LT, 50)))),
    ("{受理范围: {不等于: 不属于本机制}}", Leaf("scope", Op.NE, "out")),
    ("{主题数: {多于: 1}, 涉及年数: {不多于: 3}}", All((Leaf("topics_count", Op.GT, 1), Leaf("years", Op.LE, 3)))),
    ("{任一: [{主题: 欠费}, {均不: [{险种: 失业}]}]}",
     AnyOf((Leaf("topics", Op.HAS_ANY, ("arrears",)), NoneOf((Leaf("insurance", Op.HAS_ANY, ("unemployment",)),))))),
    ("{工单类型: {不属于: [咨询]}}", Leaf("ticket_type", Op.NOT_IN, ("consult",))),
])
def test_a_condition_means_what_it_says(small_config, written, meant):
    source = load(duty_with(small_config, written))
    assert source.families[1].rules[0].condition == meant


def test_a_later_entry_of_one_id_may_replace_the_earlier(small_config):
    path = small_config / "rules/duty.yaml"
    entry = path.read_text(encoding="utf-8").partition("规则:\n")[2]
    path.write_text(path.read_text(encoding="utf-8") + entry.replace("2025-10-27", "2026-05-01"), encoding="utf-8")
    rules = load(small_config).families[1].rules
    assert [(r.id, r.since) for r in rules] == [("duty.tax", date(2025, 10, 27)), ("duty.tax", date(2026, 5, 1))]


def test_a_number_of_the_county_is_confirmed_only_by_a_document(small_config):
    assert not load(small_config).deadlines["single_total"].confirmed
    change(small_config, "deadlines.yaml", "未确认: 是", "未确认: 否, 确认文号: 某政办发〔2026〕3号")
    assert load(small_config).deadlines["single_total"].confirmed
    change(small_config, "deadlines.yaml", "状态: 法定", "状态: 法定, 未确认: 是")
    assert not load(small_config).deadlines["petition_total"].confirmed


def test_a_period_may_start_when_an_earlier_one_ends(small_config):
    change(small_config, "deadlines.yaml", "状态: 法定", "状态: 法定, 起算: single_total")
    deadlines = load(small_config).deadlines
    assert deadlines["petition_total"].after == deadlines["single_total"]


def test_settings_keep_their_type_and_office_hours_their_lunch_break(small_config):
    change(small_config, "settings.yaml", '下班: "18:00"', '午休开始: "12:00", 午休结束: "14:30", 下班: "18:00"')
    source = load(small_config)
    assert source.settings["group_people"].value == 10
    assert source.settings["unified_mode_start"].value == "2023-12-01"
    assert (source.hours.lunch_from, source.hours.lunch_to) == (time(12, 0), time(14, 30))
    assert not source.settings["work_hours"].confirmed


def test_a_calendar_knows_spans_and_make_up_days(small_config):
    calendar = load(small_config).calendar
    assert not calendar.is_workday(date(2025, 10, 3))  # a Friday in the span
    assert calendar.is_workday(date(2025, 9, 28))  # a Sunday made up


def test_a_fact_of_a_plugin_is_a_word_of_rules(small_config):
    fact = FactDef("企业欠费金额", "amount", Kind.INT, "分", optional=True)
    duty_with(small_config, "{企业欠费金额: {不少于: 100}}")
    assert "事实 “企业欠费金额” 不在可用范围内" in problems(small_config)[0]
    assert load(small_config, [fact]).families[1].rules[0].condition == Leaf("amount", Op.GE, 100)
    with pytest.raises(PluginRefused, match="时限"):
        load(small_config, [FactDef("时限", "mine", Kind.INT, "")])


def test_a_fact_that_no_family_concludes_is_refused(small_config):
    fact = FactDef("等级", "grade", Kind.CHOICE, "", source="family", values={"高": "high"})
    duty_with(small_config, "{等级: 高}")
    with pytest.raises(RulebookError, match="没有哪个规则族给出"):
        load(small_config, [fact])


def test_problems_of_all_files_come_in_the_order_of_files_and_lines(small_config):
    duty_with(small_config, "{主体: 欠费}")
    change(small_config, "units.yaml", "代号: medical", "代号: medicare")
    change(small_config, "notices.yaml", "通报:", "通告:")
    assert [p.split()[0] for p in problems(small_config)] == [
        "config/notices.yaml:1", "config/notices.yaml:2", "config/rules/duty.yaml:8", "config/units.yaml:4",
    ]


def test_one_bad_row_does_not_make_the_rules_that_use_it_look_wrong(small_config):
    change(small_config, "deadlines.yaml", "数值: 5", "数值: 五")
    assert problems(small_config) == ["config/deadlines.yaml:2 “五” 不是整数"]
    (small_config / "deadlines.yaml").write_text("时限: [\n", encoding="utf-8")
    assert problems(small_config) == ["config/deadlines.yaml:1 括号里少了一项，或括号没有收好"]


def test_a_missing_directory_and_missing_files_are_said(small_config, tmp_path):
    assert problems(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'} 没有这个目录"]
    (small_config / "units.yaml").unlink()
    (small_config / "regions.yaml").unlink()
    (small_config / "rules/duty.yaml").unlink()
    assert problems(small_config) == [
        "config/regions.yaml:1 缺少文件 regions.yaml", "config/rules:1 缺少规则族 “职责认定” 的文件",
        "config/units.yaml:1 缺少文件 units.yaml",
    ]


def test_a_file_with_another_ending_is_not_silently_left_out(small_config):
    (small_config / "rules/duty.yaml").rename(small_config / "rules/duty.yml")
    assert "config/rules/duty.yml:1 只读取扩展名为 .yaml 的文件，这个文件不起作用" in problems(small_config)
    (small_config / "lexicon/own.yaml.txt").write_text("归类: 主题\n", "utf-8")  # as Notepad names it
    assert "config/lexicon/own.yaml.txt:1 只读取扩展名为 .yaml 的文件，这个文件不起作用" in problems(small_config)


def test_a_file_in_another_encoding_or_too_large_is_refused(small_config):
    duty = small_config / "rules/duty.yaml"
    text = duty.read_text(encoding="utf-8")
    duty.write_bytes(b"# plain\n" + text.encode("gb18030"))
    assert problems(small_config) == ["config/rules/duty.yaml:2 文件不是 UTF-8 编码"]
    duty.write_text(text + "#" * MAX_BYTES, encoding="utf-8")
    assert re.match(r"config/rules/duty.yaml:1 文件有 \d+ 字节", problems(small_config)[0])


def test_a_file_that_cannot_be_opened_is_a_problem_not_a_crash(tmp_path):
    reading = Reading()
    assert read_yaml(tmp_path / "nothing.yaml", "config/nothing.yaml", reading) is None
    assert reading.problems[0].what == "文件打不开"


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(small_config):
    before = load(small_config)
    for path in small_config.rglob("*.yaml"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    after = load(small_config)
    assert after.edition == before.edition
    assert after.families == before.families


def test_the_edition_is_the_same_for_the_same_words_and_another_for_any_change(small_config):
    edition = edition_of(small_config)
    assert re.fullmatch("[0-9a-f]{12}", edition)
    assert load(small_config).edition == edition
    for path in sorted(small_config.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "# 改\n", encoding="utf-8")
        assert edition_of(small_config) != edition, path
        path.write_text(text, encoding="utf-8")
    (small_config / "examples").mkdir()
    (small_config / "examples" / "duty.yaml").write_text("例: []\n", encoding="utf-8")
    assert edition_of(small_config) == edition


def test_scalars_are_the_text_as_written_with_their_line(parser):
    reading = Reading()
    text = "甲: 2025-10-27\n乙: '0531'\n丙: [12366, 0.5]\n丁: >-\n  两行\n  文字\n戊: \"是\"\n"
    node = parse(text.encode(), "config/x.yaml", reading)
    assert not reading.problems
    read = {key: [n.value for n in v.value] if isinstance(v.value, tuple) else v.value for key, v in node.value.items()}
    assert read == {"甲": "2025-10-27", "乙": "0531", "丙": ["12366", "0.5"], "丁": "两行 文字", "戊": "是"}
    assert node.value["丁"].where == "config/x.yaml:4"


@settings(max_examples=400, deadline=None, database=None)
@given(st.one_of(st.binary(max_size=60), st.text("甲：:- \n\t[]{}'\"&*!|>%@`#?,0531~no.e", max_size=60).map(str.encode)))
def test_no_bytes_make_the_reader_fail_otherwise_than_by_sentences(raw):
    reading = Reading()
    assert parse(raw, "config/x.yaml", reading) is not None or reading.problems


@settings(max_examples=60, deadline=None, database=None)
@given(st.data())
def test_no_slip_in_a_good_rule_file_makes_the_loader_fail_otherwise_than_by_sentences(tmp_path_factory, data):
    directory = museum.HERE / "small_config"
    name = data.draw(st.sampled_from(sorted(p.relative_to(directory).as_posix() for p in directory.rglob("*.yaml"))))
    lines = (directory / name).read_text(encoding="utf-8").split("\n")
    n = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(0, len(lines[n])))
    slip = data.draw(st.sampled_from(["", ":", "：", "[", "}", '"', "  ", "- ", "#", "0", "~"]))
    lines[n] = lines[n][:at] + slip + lines[n][at + 1:]
    copy = Path(shutil.copytree(directory, tmp_path_factory.mktemp("slip") / "config"))
    (copy / name).write_text("\n".join(lines), encoding="utf-8")
    try:
        load(copy)
    except RulebookError as err:
        assert err.problems
