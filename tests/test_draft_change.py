"""A number or a word changes in the text of a file; comments, quotes and order stay as typed."""

from pathlib import Path

import pytest

from hsdispute_plugin.rules.draft import DraftRefused
from hsdispute_plugin.rules.draft_change import with_values, with_word, without_word
from hsdispute_plugin.rules.load_places import places

CONFIG = Path(__file__).parents[1] / "config"
LEXICON = """\
归类: 主题  # 词
词条:
  - 归入: 退费
    词: [退保费, "退 社保"]  # 常用
  - 归入: 欠费
    词:
      - 欠缴  # 一
      - 拖欠
    不算: []
"""


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    one, other = before.split("\n"), after.split("\n")
    assert len(one) == len(other)
    return [(a, b) for a, b in zip(one, other, strict=True) if a != b]


def test_a_period_is_changed_and_confirmed_on_its_own_line():
    text = (CONFIG / "deadlines.yaml").read_text("utf-8")
    after = with_values(text, "时限", ("代号", "self_total"), {"数值": "4", "未确认": "否", "确认文号": "合社争办〔2026〕3号"})
    ((was, now),) = changed_lines(text, after)
    assert was.startswith("  - {代号: self_total, 事项: 单独办理办结, 数值: 5, 单位: 工作日") and was.endswith("未确认: 是}")
    assert now == was.replace("数值: 5", "数值: 4").replace("未确认: 是}", "未确认: 否, 确认文号: 合社争办〔2026〕3号}")
    assert with_values(after, "时限", ("代号", "self_total"), {"数值": "5", "未确认": "是", "确认文号": None}) == text


def test_a_setting_in_lines_gets_a_line_and_loses_it():
    text = (CONFIG / "settings.yaml").read_text("utf-8")
    after = with_values(text, "设置", ("键", "review_people"), {"值": "4", "未确认": "否", "确认文号": "纪要 3号"})
    assert "    值: 4\n" in after and "    未确认: 否\n    确认文号: 纪要 3号\n  - 键: many_years\n" in after
    assert with_values(after, "设置", ("键", "review_people"), {"值": "5", "未确认": "是", "确认文号": None}) == text


def test_the_last_row_of_a_file_gets_a_line_too():
    text = (CONFIG / "settings.yaml").read_text("utf-8")
    last = places(text).at("设置").parts[-1].at("键").value
    after = with_values(text, "设置", ("键", last), {"确认文号": "x"})
    assert after == text.rstrip("\n") + "\n    确认文号: x\n"


def test_words_come_and_go_in_either_layout():
    flow = with_word(LEXICON, "词条", 0, "词", "多交的: 钱")
    assert "词: [退保费, \"退 社保\", \"多交的: 钱\"]  # 常用" in flow
    assert without_word(flow, "词条", 0, "词", "多交的: 钱") == LEXICON
    assert "词: [\"退 社保\"]  # 常用" in without_word(LEXICON, "词条", 0, "词", "退保费")
    lines = with_word(LEXICON, "词条", 1, "词", "没交")
    assert "      - 拖欠\n      - 没交\n    不算: []\n" in lines
    assert without_word(lines, "词条", 1, "词", "没交") == LEXICON
    assert "      - 拖欠\n    不算" in without_word(LEXICON, "词条", 1, "词", "欠缴")


def test_words_that_do_not_count_get_a_list_where_there_is_none():
    added = with_word(LEXICON, "词条", 0, "不算", "退保费的传言")
    assert "词: [退保费, \"退 社保\"]  # 常用\n    不算: [退保费的传言]\n" in added
    assert "不算: [欠缴传言]\n" in with_word(LEXICON, "词条", 1, "不算", "欠缴传言")


@pytest.mark.parametrize("change", [
    lambda: with_word(LEXICON, "词条", 0, "词", "退保费"),
    lambda: with_word(LEXICON, "词条", 7, "词", "x"),
    lambda: without_word(LEXICON, "词条", 0, "词", "没有的"),
    lambda: without_word("词条:\n  - 词: [一]\n", "词条", 0, "词", "一"),
    lambda: with_values(LEXICON, "设置", ("键", "x"), {"值": "1"}),
    lambda: with_values(": [", "设置", ("键", "x"), {"值": "1"}),
])
def test_what_cannot_be_changed_is_refused_with_a_mend(change):
    with pytest.raises(DraftRefused, match=r"请在编辑器里|已经|请重新打开"):
        change()
