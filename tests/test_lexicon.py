"""Words as administrators write them: which count, which hide others, what they mean together."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsdispute_plugin.model import Ticket
from hsdispute_plugin.rules.automaton import Automaton, fold
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.lexicon import read_words
from hsdispute_plugin.rules.load import read_yaml
from hsdispute_plugin.rules.node import Reading
from hsdispute_plugin.rules.reading import built
from hsdispute_plugin.rules.regions import Regions
from hsdispute_plugin.rules.schema import lexicon_classes


def words_of(tmp_path: Path, *files: str):
    """Read lexicon files written in a test."""
    reading = Reading()
    nodes = {}
    for n, text in enumerate(files):
        path = tmp_path / f"{n}.yaml"
        path.write_text(text, "utf-8")
        nodes[f"lexicon/{n}.yaml"] = read_yaml(path, f"config/lexicon/{n}.yaml", reading)
    words = read_words(nodes, lexicon_classes(FactTable()), reading)
    assert reading.problems == []
    return words


def facts_of(words, text: str, title: str = ""):
    extractor = Extractor(words, Regions(), {}, FactTable())
    return extractor(Ticket(ticket_no="1", title=title, content=text))


TOPICS = """
归类: 主题
词条:
  - {归入: 欠费, 词: [欠费, 欠缴社保], 不算: [话费欠费]}
  - {归入: 缴费证明, 词: [欠费证明]}
  - {归入: 断缴, 否定: 取消, 词: [断缴]}
"""


def test_a_longer_phrase_hides_one_inside_it(tmp_path):
    assert facts_of(words_of(tmp_path, TOPICS), "开一张欠费证明").values["topics"] == {"certificate"}


def test_a_phrase_does_not_count_where_its_entry_says_so(tmp_path):
    words = words_of(tmp_path, TOPICS)
    assert facts_of(words, "手机话费欠费停机").values["topics"] == frozenset()
    assert facts_of(words, "单位欠费").values["topics"] == {"arrears"}


def test_what_is_told_in_passing_counts_only_where_nothing_else_is_demanded(tmp_path):
    words = words_of(tmp_path, TOPICS.replace("词条:", "顺带不算: [断缴]\n词条:", 1))
    told = "以前断缴过。"
    assert facts_of(words, told + "单位欠费了。今年又欠费了。", "谈一件事").values["topics"] == {"arrears"}
    assert facts_of(words, told, "谈一件事").values["topics"] == {"break"}


def test_traditional_full_width_and_like_characters_are_one_word(tmp_path):
    facts = facts_of(words_of(tmp_path, TOPICS), "公司欠繳社保，又欠交社保")
    assert [p.text for p in facts.evidence["topics.arrears"]] == ["欠繳社保", "欠交社保"]


SPEECH = """
归类: 线索
词条:
  - {归入: 否定, 词: [没有, 没, 不], 不算: [不得不, 能不能]}
"""


@pytest.mark.parametrize(("text", "topics"), [
    ("我没有断缴过", frozenset()),
    ("医保断缴了", {"break"}),
    ("不得不断缴", {"break"}),
    ("能不能断缴", {"break"}),
    ("钱没有了，医保断缴", {"break"}),
])
def test_a_negation_reaches_within_its_clause_and_false_ones_reach_nothing(tmp_path, text, topics):
    assert facts_of(words_of(tmp_path, TOPICS, SPEECH), text).values["topics"] == topics


SIGNALS = """
归类: 情形
词条:
  - {归入: 极端, 否定: 存疑, 词: [自杀]}
  - {归入: 信访, 否定: 取消, 词: [上访]}
"""


def test_a_denied_threat_is_kept_for_a_person(tmp_path):
    words = words_of(tmp_path, SIGNALS, SPEECH)
    denied = facts_of(words, "我不会自杀，也不上访")
    assert denied.values["signals"] == frozenset()
    assert denied.values["doubtful_signals"] == {"extreme"}
    assert [p.text for p in denied.evidence["doubtful_signals.extreme"]] == ["自杀"]
    assert facts_of(words, "我要自杀").values["signals"] == {"extreme"}


TOGETHER = """
归类: 线索
整词: [社保卡]
词条:
  - {归入: 保险物, 词: [社保, 医保]}
  - {归入: 否定, 词: [没有, 没]}
  - {归入: 交, 词: [交]}
  - {归入: 补, 词: [补社]}
  - {归入: 老板, 词: [老板]}
组合:
  - {归入: 未交, 依次: [否定, 交], 间隔: 4}
  - {归入: 没交, 同在: [未交, 保险物], 间隔: 6, 范围: 整句, 除非: [老板]}
"""
MEANT = """
归类: 主题
推定:
  - {遇: 没交, 归入: 欠费}
  - {遇: 补, 归入: 补缴}
"""


@pytest.mark.parametrize(("text", "topics"), [
    ("没有给我交社保", {"arrears"}),
    ("社保，一直没交", {"arrears"}),
    ("社保没了。交了钱", frozenset()),
    ("没有交老板的社保", frozenset()),
    ("没有给我们单位的所有人交社保", frozenset()),
])
def test_tags_mean_more_together_within_reach_whatever_their_order(tmp_path, text, topics):
    assert facts_of(words_of(tmp_path, TOGETHER, MEANT), text).values["topics"] == topics


def test_no_phrase_counts_that_lies_half_inside_a_whole_word(tmp_path):
    words = words_of(tmp_path, TOGETHER, MEANT)
    assert facts_of(words, "我去补社保").values["topics"] == {"backpay"}
    assert facts_of(words, "我去补社保卡").values["topics"] == frozenset()


PRESUMED = """
归类: 险种
命中: 首条
词条:
  - {归入: 居民医保, 词: [农合]}
推定:
  - {遇: 医保, 都有: [居民医保], 归入: 居民医保}
  - {遇: 医保, 有: [标题.上班], 归入: 职工医保}
  - {遇: 医保, 无: [上班], 归入: 居民医保}
"""
GENERAL = """
归类: 线索
词条:
  - {归入: 医保, 词: [医保]}
  - {归入: 上班, 词: [上班]}
"""


@pytest.mark.parametrize(("title", "text", "insurance"), [
    ("", "农合就是医保，我上班", {"medical_resident"}),
    ("上班没有医保", "请解决", {"medical_employee"}),
    ("请解决", "我上班，医保没有", frozenset()),
    ("请解决", "医保没有", {"medical_resident"}),
])
def test_the_first_presumption_that_holds_counts_and_zones_are_kept_apart(tmp_path, title, text, insurance):
    assert facts_of(words_of(tmp_path, GENERAL, PRESUMED), text, title).values["insurance"] == insurance


def test_what_the_guide_shows_is_read_as_it_says(tmp_path):
    guide = (Path(__file__).parents[1] / "docs" / "understanding.md").read_text("utf-8")
    words = words_of(tmp_path, *re.findall(r"```yaml\n(.*?)```", guide, re.S))
    assert facts_of(words, "没有给我们交纳医保").values["topics"] == {"arrears"}
    assert facts_of(words, "不得不交医保").values["topics"] == frozenset()
    assert facts_of(words, "没断缴").values["topics"] == frozenset()
    assert facts_of(words, "没交社保卡的工本费").values["topics"] == frozenset()


PHRASES = ["社保", "社保卡", "保卡", "欠", "欠社保", "没", "没有", "交", "交社", "a", "ab", "b"]


@pytest.mark.skipif(not built(), reason="no compiler here; only the plain search runs")
@given(st.text(alphabet="社保卡欠没有交ab缴，", max_size=80))
def test_the_plain_search_finds_what_the_compiled_one_finds(text):
    compiled, plain = Automaton(PHRASES), Automaton(PHRASES, plain=True)
    assert sorted(plain.find(text)) == sorted(compiled.find(text))
    assert [e for _, _, e in plain.find(text)] == sorted(e for _, _, e in plain.find(text))


@settings(max_examples=400)
@given(st.text(max_size=200))
def test_folding_keeps_every_offset(text):
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_folding_brings_ways_of_writing_together():
    assert fold("ＡＢ１２欠繳Ｃ帐戶") == "ab12欠交c账户"
