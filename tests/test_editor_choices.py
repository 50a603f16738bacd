"""What the editor offers: the place is told from half-typed text, the words from the schema that marks slips."""

from pathlib import Path

import pytest

from hsdispute_plugin.app import open_plugins, shipped_config
from hsdispute_plugin.rules.editor_choices import choices
from hsdispute_plugin.rules.editor_place import spot
from hsdispute_plugin.rules.load import load

RULE = """\
规则族: 职责认定
命中: 全收
规则:
  - 编号: duty.finance
    条件:
      全部:
        - 受理范围: 属
        - 情形: [机关事业单位, 多]
        - 涉及人数: {不少于: 10}
        - 均不:
            - {主题: [欠费], 情形: [多人]}
    结论: {涉及单位: [财政局], 主
"""


@pytest.fixture(scope="module")
def source():
    assert not open_plugins().extractors
    return load(shipped_config())


def offered(source, text, after, name="rules/duty.yaml"):
    found = choices(name, text, text.index(after) + len(after), source.table, source)
    return [c.label for c in found.found], found.over


@pytest.mark.parametrize(("after", "path", "at_key", "typed"), [
    ("命中: ", "命中", False, ""),
    ("    条", "规则 [] ", True, "条"),
    ("受理范围: 属", "规则 [] 条件 全部 [] 受理范围", False, "属"),
    ("机关事业单位, 多", "规则 [] 条件 全部 [] 情形 []", False, "多"),
    ("{不少", "规则 [] 条件 全部 [] 涉及人数", True, "不少"),
    ("{主题: [欠费], 情", "规则 [] 条件 全部 [] 均不 []", True, "情"),
    ("[财政局], 主", "规则 [] 结论", True, "主"),
])
def test_the_place_is_told_from_half_typed_text(after, path, at_key, typed):
    found = spot(RULE, RULE.index(after) + len(after))
    assert (" ".join(found.path), found.at_key, found.typed) == (path.strip(), at_key, typed)


def test_brackets_may_run_over_lines_and_lists_may_stand_under_their_key():
    text = "级别:\n- {编号: a, 时限: [x],\n   给: [承办人, 单"
    assert spot(text, len(text)).path == ("级别", "[]", "给", "[]")
    assert spot("词条:\n- 归入: 退费\n  ", 19).taken == frozenset({"归入"})
    assert spot("# 说明: ", 6).path == ()


def test_keys_and_values_of_rules_are_offered_by_their_labels(source):
    assert offered(source, RULE, "命中: ") == (["首条", "全收"], 0)
    assert offered(source, RULE, "受理范围: 属")[0][:2] == ["属于本机制", "不属于本机制"]
    assert offered(source, RULE, "{不少") == (["不少于"], 2)
    assert offered(source, RULE, "[财政局], 主") == (["主办候选"], 1)
    assert "编号" not in offered(source, RULE, "    ")[0] and "结论" in offered(source, RULE, "finance\n    ")[0]
    assert {"全部", "均不", "受理范围", "涉及人数"} <= set(offered(source, RULE, "全部:\n        - ")[0])
    assert "办理方式" not in offered(source, RULE, "全部:\n        - ")[0]  # a later family concludes it
    assert choices("rules/duty.yaml", RULE, RULE.index("受理范围: 属") + 7, source.table, source).says == "是否属于本机制"


def test_other_files_have_their_own_words(source):
    assert offered(source, "归类: 主题\n词条:\n  - 归入: 退", "归入: 退", "lexicon/a.yaml") == (["退费"], 1)
    assert "否定" in offered(source, "归类: 主题\n词条:\n  - 归入: 退费\n    ", "退费\n    ", "lexicon/a.yaml")[0]
    assert offered(source, "示例:\n  - 规则: duty.cy", "duty.cy", "examples/a.yaml") == (["duty.cyber"], 7)
    assert offered(source, "时限:\n  - {代号: a, 单位: 工作", "工作", "deadlines.yaml") == (["工作日", "工作小时"], 2)
    text = "示例:\n  - 规则: duty.cyber\n    成立:\n      - {情形: [舆"
    assert offered(source, text, "[舆", "examples/a.yaml") == (["舆情"], 1)
    assert "规则族" in offered(source, "", "", "rules/new.yaml")[0]


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[1] / "config").glob("*/*.yaml"))[::5], ids=lambda p: p.name)
def test_no_place_of_a_real_file_is_too_much(source, path):
    text = path.read_text("utf-8")[:6_000]
    for caret in range(0, len(text), 97):
        choices(f"{path.parent.name}/{path.name}", text, caret, source.table, source)
