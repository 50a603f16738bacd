"""The compiled reading of texts and the plain one give the same facts from the same places, whatever is said."""

import shutil
from dataclasses import replace
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.model import Facts, Ticket
from hsdispute_plugin.rules import reading, replay_keys
from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.rules.clauses import head_end, titles_in
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.replay_packing import Packing

SOURCE = load(shipped_config())
SAID = sorted(SOURCE.words.phrases)
#: What texts are made of: phrases, what negates and parts them, titles of documents, numbers, and pieces that are nothing.
PIECE = st.one_of(
    st.sampled_from(SAID), st.sampled_from(SAID),
    st.sampled_from("，。！？、；：\n（）《》 没有不是未的了"),
    st.sampled_from(["没有", "不是", "《社会保险法》", "除非", "请问", "要求", "三十多人", "八年"]),
    st.sampled_from([*sorted(SOURCE.regions.outside)[:4], "西华池镇", "合水县"]),
    st.text(alphabet="社保养老医合作欠缴交退单位公司职工年月", max_size=3))
PARTS = ("everywhere", "head", "demand", "doubtful", "premium", "about_premium", "about_other")
TEXT = st.lists(PIECE, max_size=40).map("".join)


def extractors(words):
    return [Extractor(words, SOURCE.regions, SOURCE.settings, SOURCE.table, plain=plain) for plain in (False, True)]


COMPILED, PLAIN = extractors(SOURCE.words)


def assert_alike(one, other, title, content):
    ticket = Ticket(ticket_no="1", title=title, content=content)
    text = fold(ticket.text)
    a, b = (e._read(text, head_end(text, len(title)), titles_in(text)) for e in (one, other))
    assert a.tokens() == b.tokens()
    assert [getattr(a, part) for part in PARTS] == [getattr(b, part) for part in PARTS]
    a, b = one(ticket), other(ticket)
    assert a.values == b.values
    assert dict(a.evidence) == dict(b.evidence)


@pytest.mark.skipif(not shutil.which("gcc"), reason="no compiler here")
def test_where_there_is_a_compiler_texts_are_read_by_what_it_made():
    assert reading._reading
    assert COMPILED._read.__qualname__ != PLAIN._read.__qualname__


PACKING = Packing(SOURCE.table)
ROW = COMPILED.rows(PACKING)
GIVEN = st.fixed_dictionaries({}, optional={
    "ticket_type": st.sampled_from(["投诉", "咨询类", "举报投诉", "consult", "其他"]),
    "area": st.sampled_from(["西华池镇", "合水县老城镇", "庆城县", "不详"]), "caller_name": st.just("某甲"),
    "caller_phone": st.just("13800000000"), "repeat_of": st.just("7")})


@pytest.mark.skipif(not reading.built(), reason="no compiler here; rows are facts packed")
@settings(max_examples=1_000, deadline=None)
@given(st.one_of(st.just(""), TEXT), TEXT, GIVEN)
@example("公司拖欠五险一金", "养老保险欠了两年没交。", {})  # what the title names goes before what it does not
@example("单位欠缴养老保险", "五险一金都没有交。", {})
@example("", "我在外省已买养老保险，是否还要参加新农合？单位一直没有缴纳医疗保险，要求补缴医疗保险。", {})
def test_a_row_that_is_read_at_once_is_the_facts_packed(title, content, given):
    ticket = Ticket(ticket_no="1", title=title, content=content, **given)
    assert ROW(ticket) == PACKING.pack(COMPILED(ticket).values)


@pytest.mark.skipif(not reading.built(), reason="no compiler here; rows are facts packed")
def test_only_a_text_that_asks_for_tokens_is_read_into_facts_first(monkeypatch):
    asked = []
    monkeypatch.setattr(Extractor, "__call__", lambda self, ticket: asked.append(ticket.content) or Facts({}))
    had = "我在外省已买养老保险，是否还要参加新农合？"
    for content in ("单位没有缴纳养老保险，要求补缴。", "我在庆城县上班，庆城县没有人管。", "", had):
        ROW(Ticket(ticket_no="1", content=content))
    assert asked == [had]


@pytest.mark.parametrize("content", [
    "我是本县的，在庆城县上班，单位在庆城县，没有交养老保险。", "我是本县的，没有交养老保险。", "我在西华池镇，是本县的。",
])
def test_names_of_places_go_before_what_a_lexicon_says_of_the_area(tmp_path, content):
    directory = tmp_path / "config"
    shutil.copytree(shipped_config(), directory)
    (directory / "lexicon" / "area.yaml").write_text("归类: 辖区\n词条:\n  - {归入: 县内, 否定: 不论, 词: [本县的]}\n", "utf-8")
    source = load(directory)
    extract, packing = Extractor(source.words, source.regions, source.settings, source.table), Packing(source.table)
    ticket = Ticket(ticket_no="1", content=content)
    assert extract(ticket).values["area"] == ("outside" if "庆城" in content else "inside")
    assert extract.rows(packing)(ticket) == packing.pack(extract(ticket).values)


@settings(max_examples=3_000, deadline=None)
@given(st.one_of(st.just(""), TEXT), TEXT)
def test_compiled_and_plain_read_alike(title, content):
    assert_alike(COMPILED, PLAIN, title, content)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**9))
def test_they_read_alike_by_other_words(seed):
    dice, words = Random(seed), SOURCE.words
    few = {p: senses for p, senses in words.phrases.items() if dice.random() < 0.7}
    combinations = [replace(c, gap=dice.choice((0, 1, 3, 8, 20)), ordered=dice.random() < 0.5, whole_sentence=dice.random() < 0.5)
                    for c in words.combinations if dice.random() < 0.8]
    presumptions = [replace(p, alone=dice.random() < 0.5) for p in words.presumptions]
    dice.shuffle(presumptions)
    asides = {klass: frozenset(dice.sample(sorted(tags), 1 + len(tags) // 2)) for klass, tags in words.asides.items() if tags}
    one, other = extractors(replace(words, phrases=few, combinations=combinations, presumptions=presumptions, asides=asides))
    marks = ["，", "。", "没有", "不", "？", "《", "》", ""]
    for _ in range(60):
        pieces = [dice.choice((*marks, *dice.sample(SAID, 4))) for _ in range(dice.randrange(50))]
        cut = dice.randrange(len(pieces) + 1) if dice.random() < 0.5 else 0
        assert_alike(one, other, "".join(pieces[:cut]), "".join(pieces[cut:]))


def test_more_tags_than_the_compiled_reading_holds_are_read_all_the_same(monkeypatch):
    if reading._reading:
        monkeypatch.setattr(reading._reading, "WORDS", 1)
    small, other = extractors(SOURCE.words)
    assert small._read.__qualname__ == other._read.__qualname__
    assert_alike(small, other, "", "公司一直没有给我们缴纳养老保险")


def test_a_change_of_what_is_compiled_has_texts_read_anew(monkeypatch):
    seen, read_text = [], replay_keys.Path.read_text
    monkeypatch.setattr(replay_keys.Path, "read_text", lambda file, *how: seen.append(file.name) or read_text(file, *how))
    replay_keys._code.__wrapped__()
    assert {"reading.py", "_reading.c", "clauses.py"} <= set(seen)
