"""The shipped examples hold, every rule has both kinds, and no rule can be bent without an example noticing."""

import shutil
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hsdispute_plugin.app import open_rulebook, shipped_config
from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.condition import holds
from hsdispute_plugin.rules.examples import bends, examine, read_examples, with_counts
from hsdispute_plugin.rules.proposals import as_yaml, proposed

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def book():
    opened = open_rulebook()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def examples(book):
    return read_examples(shipped_config(), book.source.table)


def test_every_shipped_example_holds(book, examples):
    assert [(v.example.id, v.why) for v in examine(book, examples, NOW).failed] == []


def test_every_shipped_rule_has_a_worked_example_and_a_near_miss(book, examples):
    assert examine(book, examples, NOW).uncovered == ()


def test_no_shipped_rule_can_be_deleted_or_bent_unnoticed(book, examples):
    report = examine(book, examples, NOW)
    assert report.survivors == ()
    assert report.mutants > 2 * sum(len(f.rules) for f in book.source.families)


def test_a_rule_without_examples_is_named_and_so_is_what_nobody_would_notice(book, examples):
    fewer = [e for e in examples if e.rule != "duty.finance"]
    report = examine(book, fewer, NOW)
    assert report.uncovered == ("duty.finance（缺成立的示例、缺差一点的示例）",)
    assert "duty.finance：整条删去，没有示例察觉" in report.survivors
    assert not report.passed


def test_bending_turns_each_comparison_once(book):
    rule = next(r for f in book.source.families for r in f.rules if r.id == "duty.finance")
    bent = list(bends(rule.condition))
    works = with_counts({"scope": "in", "signals": frozenset({"public_body"})}, book.source.table)
    assert len(bent) == 2
    assert holds(rule.condition, works) and not any(holds(b, works) for _, b in bent)


def test_proposals_are_true_of_every_shipped_rule(book):
    for family in book.source.families:
        for rule in family.rules:
            made = list(proposed(rule, book.source.table))
            assert made and made[0][0] is True, rule.id
            assert all(holds(rule.condition, with_counts(f, book.source.table)) is fires for fires, f in made)


def test_a_proposal_can_be_pasted_as_it_is(book, tmp_path):
    rule = book.source.families[1].rules[0]
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "new.yaml").write_text("示例:\n" + as_yaml(rule, book.source.table), "utf-8")
    assert {e.rule for e in read_examples(tmp_path, book.source.table)} == {rule.id}


def test_junit_names_what_failed(book, examples):
    from dataclasses import replace

    turned = [replace(examples[0], fires=not examples[0].fires), *examples[1:]]
    suite = ElementTree.fromstring(examine(book, turned, NOW).junit())
    assert suite.attrib["failures"] == "1" and suite.find("testcase/failure").attrib["message"].startswith("规则应")


@pytest.mark.parametrize(("row", "sentence"), [
    ("{名称: a, 规则: duty.finance, 成立: 是}", "示例要写 规则、事实、成立，或者写 工单、结果"),
    ("{名称: a, 规则: duty.finance, 成立: 是, 事实: {险中: [失业]}}", "是否想写 “险种”"),
    ("{名称: a, 规则: duty.finance, 成立: 是, 事实: {险种: [失业险]}}", "是否想写 “失业”"),
    ("{名称: a, 工单: {内容: x}, 结果: {主办单位: 税务所}}", "是否想写 “税务局”"),
    ("{规则: duty.finance}", "缺少 “名称”"),
])
def test_a_slip_in_an_example_is_told_with_its_place(book, tmp_path, row, sentence):
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "x.yaml").write_text(f"示例:\n  - {row}\n", "utf-8")
    with pytest.raises(RulebookError, match=sentence) as caught:
        read_examples(tmp_path, book.source.table)
    assert "examples/x.yaml:2" in str(caught.value)


def test_an_example_of_a_whole_ticket_says_what_came_instead(book, tmp_path):
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "x.yaml").write_text(
        "示例:\n  - {名称: a, 工单: {内容: 路灯不亮}, 结果: {主办单位: 税务局, 涉及单位: [税务局]}}\n", "utf-8")
    report = examine(book, read_examples(tmp_path, book.source.table), NOW)
    assert report.failed[0].why == "主办单位应是 税务局，实际是 无；涉及单位应是 税务局，实际是 空"


def test_a_repeated_name_is_refused(book, tmp_path):
    (tmp_path / "examples").mkdir()
    source = Path(shipped_config() / "examples" / "duty.yaml")
    shutil.copy(source, tmp_path / "examples" / "a.yaml")
    shutil.copy(source, tmp_path / "examples" / "b.yaml")
    with pytest.raises(RulebookError, match=r"已在 .*a\.yaml:"):
        read_examples(tmp_path, book.source.table)
