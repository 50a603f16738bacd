"""The shipped examples hold, every rule has both kinds, and no rule can be bent without an example noticing."""

import shutil
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.entrypoints.trial import engine_slips
from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.condition import All, AnyOf, Leaf, NoneOf, Op, holds
from hsdispute_plugin.rules.examination import examine
from hsdispute_plugin.rules.examples import complete, read_examples
from hsdispute_plugin.rules.mutants import mutants
from hsdispute_plugin.rules.proposals import as_yaml, proposed
from tests.test_cli import run

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)
WORDS = "示例:\n"


@pytest.fixture(scope="module")
def examples(book):
    return read_examples(shipped_config(), book.source)


@pytest.fixture(scope="module")
def report(book, examples):
    return examine(book, examples, NOW)


@pytest.fixture
def own(tmp_path, book):
    """Reads examples written in a test."""
    (tmp_path / "examples").mkdir()

    def read(text: str):
        (tmp_path / "examples" / "x.yaml").write_text("示例:\n" + text, "utf-8")
        return read_examples(tmp_path, book.source)

    return read


def test_every_shipped_example_holds(report):
    assert [(v.example.name, v.why) for v in report.failed] == []


def test_every_shipped_rule_has_a_worked_example_and_a_near_miss(report):
    assert [(c.rule.id, c.missing) for c in report.uncovered] == []


def test_no_shipped_rule_can_be_deleted_or_bent_unnoticed(book, report):
    assert [(rule.id, what) for rule, what in report.survivors] == []
    assert report.mutants > 3 * sum(len(f.rules) for f in book.source.families)


def test_both_engines_answer_every_shipped_example_as_the_rules_say(book, examples):
    assert engine_slips(book.source, examples) == []


def test_a_rule_without_examples_is_named_and_so_is_what_nobody_would_notice(book, examples):
    report = examine(book, [e for e in examples if e.rule != "duty.finance"], NOW)
    assert [(c.rule.id, c.missing) for c in report.uncovered] == [("duty.finance", ("成立", "不成立"))]
    assert ("duty.finance", "整条删去") in [(rule.id, what) for rule, what in report.survivors]
    assert not report.may_go_live


def test_a_bent_rule_that_nobody_notices_may_go_live_but_does_not_pass(book, examples):
    report = examine(book, [e for e in examples if e.name != "duty.finance 不成立 2"], NOW)
    assert report.survivors and report.may_go_live and not report.passed
    assert any("，没有示例察觉" in line for line in report.lines())


@pytest.mark.parametrize(("condition", "bent"), [
    (Leaf("scope", Op.EQ, "in"), ["整条删去", "去掉条件 “受理范围等于 属于本机制”", "把 “受理范围等于 属于本机制” 反过来"]),
    (All((Leaf("people", Op.GE, 10),)),
     ["整条删去", "去掉条件 “涉及人数不少于 10”", "把 “涉及人数不少于 10” 反过来",
      "把 “涉及人数不少于 10” 改成 “涉及人数多于 10”"]),
    (NoneOf((Leaf("people", Op.LT, 10), Leaf("scope", Op.NE, "in"))),
     ["整条删去", "去掉条件 “涉及人数少于 10”", "把 “涉及人数少于 10” 反过来", "把 “涉及人数少于 10” 改成 “涉及人数不多于 10”",
      "去掉条件 “受理范围不等于 属于本机制”", "把 “受理范围不等于 属于本机制” 反过来"]),
    (All(()), ["整条删去"]),
])
def test_a_rule_is_bent_in_every_small_way(book, condition, bent):
    assert [what for what, _ in mutants(condition, book.source.table)] == bent


def test_each_bent_rule_differs_from_the_rule_for_some_facts(book):
    for rule in (r for f in book.source.families for r in f.rules):
        works, misses = proposed(rule, book.source.table)
        full = [complete(g, book.source.table) for g in (*works, *misses)]
        for what, bent in mutants(rule.condition, book.source.table):
            assert any(holds(bent, f) is not holds(rule.condition, f) for f in full), (rule.id, what)


def test_proposals_are_true_of_every_shipped_rule_and_can_be_pasted(book, own):
    rules = [r for f in book.source.families for r in f.rules]
    pasted = own("\n".join(as_yaml(r, book.source.table, NOW.date()) for r in {r.id: r for r in rules}.values()))
    assert examine(book, pasted, NOW).passed


def test_a_proposal_finds_both_sides_of_a_number_and_each_branch(book):
    rule = replace(book.source.families[0].rules[0], condition=AnyOf((Leaf("people", Op.GE, 10), Leaf("topics_count", Op.GT, 2))))
    works, misses = proposed(rule, book.source.table)
    people = {g.get("people") for g in works} | {g.get("people") for g in misses}
    counts = {len(g.get("topics", ())) for g in (*works, *misses)}
    assert {9, 10} <= people and {2, 3} <= counts


def test_a_sentence_says_what_failed_and_what_the_facts_are(book, own):
    report = examine(book, own("  - {规则: duty.finance, 成立: [{受理范围: 属于本机制, 情形: [多人]}]}\n"), NOW)
    assert report.failed[0].why == "条件应成立，实际不成立：要求情形含 机关事业单位，给出的事实情形有 多人"
    report = examine(book, own("  - {规则: duty.finance, 不成立: [{受理范围: 属于本机制, 情形: [机关事业单位]}]}\n"), NOW)
    assert report.failed[0].why == "条件应不成立，实际成立"


def test_an_example_of_a_whole_ticket_says_what_came_instead(book, own):
    report = examine(book, own("  - {名称: a, 工单: {内容: 路灯不亮}, 结果: {主办单位: 税务局, 涉及单位: [税务局]}}\n"), NOW)
    assert report.failed[0].why == "主办单位应是 税务局，实际是 无；涉及单位应是 税务局，实际是 空"


def test_an_example_of_the_whole_book_may_start_from_facts(book, own):
    row = "  - {名称: a, 事实: {辖区: 县外}, 结果: {受理范围: 不属于本机制, 时限: [inform_reply], 通报: []}}\n"
    assert examine(book, own(row), NOW).failed == ()
    (failed,) = examine(book, own(row.replace("inform_reply", "self_total")), NOW).failed
    assert failed.why == "时限应是 单独办理办结，实际是 告知移送"


def entries(book, *days):
    """The book with rule duty.finance in several entries, each from a day, the later ones asking for 舆情 too."""
    families = []
    for family in book.source.families:
        rules = []
        for rule in family.rules:
            rules.append(rule)
            if rule.id == "duty.finance":
                narrower = All((rule.condition, Leaf("signals", Op.HAS_ANY, ("public_opinion",))))
                rules += [replace(rule, since=day, condition=narrower, where=f"x:{n}") for n, day in enumerate(days)]
        families.append(replace(family, rules=tuple(rules)))
    return replace(book.source, families=tuple(families))


def test_an_entry_that_begins_later_wants_examples_of_its_day(book, examples):
    from hsdispute_plugin.app import make_rulebook
    from hsdispute_plugin.rules.generated import compile_generated

    later = make_rulebook(entries(book, date(2027, 1, 1)), compile_generated)
    report = examine(later, examples, NOW)
    assert [(c.rule.since, c.missing) for c in report.uncovered] == [(date(2027, 1, 1), ("成立", "不成立"))]
    own = [e for e in examples if e.rule == "duty.finance"]
    narrower = {**own[0].facts, "signals": frozenset({"public_body", "public_opinion"})}
    dated = [replace(own[0], name="new", facts=narrower, day=date(2027, 1, 1)),
             *(replace(e, name=f"old {n}", holds=False, day=date(2027, 3, 1)) for n, e in enumerate(own))]
    report = examine(later, [*examples, *dated], NOW)
    assert report.failed == () and report.uncovered == ()


def test_an_entry_that_is_over_is_history(book, examples):
    from hsdispute_plugin.app import make_rulebook
    from hsdispute_plugin.rules.generated import compile_generated

    now = make_rulebook(entries(book, date(2026, 1, 1)), compile_generated)
    report = examine(now, examples, NOW)
    assert [c.rule.since for c in report.covers if c.rule.id == "duty.finance"] == [date(2026, 1, 1)]


def test_junit_names_what_failed(book, examples):
    chosen = next(e for e in examples if e.rule)
    turned = [replace(e, holds=not e.holds) if e is chosen else e for e in examples]
    suite = ElementTree.fromstring(examine(book, turned, NOW).junit())
    failed = {(c.attrib["classname"], c.attrib["name"]) for c in suite.iter("testcase") if c.find("failure") is not None}
    assert ("示例", chosen.name) in failed
    assert suite.attrib["failures"] == str(len(failed))
    assert int(suite.attrib["tests"]) == len(examples) + 2 * len(examine(book, examples, NOW).covers)


@pytest.mark.parametrize(("row", "sentence"), [
    ("{规则: duty.finanze, 成立: [{}]}", "是否想写 “duty.finance”"),
    ("{规则: duty.finance}", "没有写 “成立” 或 “不成立”"),
    ("{规则: duty.finance, 成立: {险种: [失业]}}", "这里应是列表"),
    ("{规则: duty.finance, 成立: [{险中: [失业]}]}", "是否想写 “险种”"),
    ("{规则: duty.finance, 成立: [{险种: [失业险]}]}", "是否想写 “失业”"),
    ("{规则: duty.finance, 成立: [{}], 当日: 明年}", "“明年” 不是日期"),
    ("{名称: a, 工单: {内容: x}, 结果: {主办单位: 税务所}}", "是否想写 “税务局”"),
    ("{名称: a, 结果: {主办单位: 税务局}}", "“工单” 和 “事实” 要写一个"),
    ("{名称: a, 事实: {受理范围: 属于本机制}, 结果: {主办单位: 税务局}}", "不认识的键 “受理范围”"),
    ("{工单: {内容: x}, 结果: {主办单位: 税务局}}", "缺少 “名称”"),
])
def test_a_slip_in_an_example_is_told_with_its_place(own, row, sentence):
    with pytest.raises(RulebookError, match=sentence) as caught:
        own(f"  - {row}\n")
    assert "examples/x.yaml:2" in str(caught.value)


def test_a_repeated_name_is_refused(book, tmp_path):
    (tmp_path / "examples").mkdir()
    source = Path(shipped_config() / "examples" / "duty.yaml")
    shutil.copy(source, tmp_path / "examples" / "a.yaml")
    shutil.copy(source, tmp_path / "examples" / "b.yaml")
    with pytest.raises(RulebookError, match=r"已在 .*a\.yaml:"):
        read_examples(tmp_path, book.source)


def test_a_county_inherits_the_examples_of_rules_that_it_left_alone(tmp_path):
    province, county = tmp_path / "province", tmp_path / "county"
    run("init", province)
    (county / "rules").mkdir(parents=True)
    (county / "settings.yaml").write_text("基础目录: ../province\n", "utf-8")
    (county / "rules" / "own.yaml").write_text(
        "规则族: 职责认定\n命中: 全收\n规则:\n  - {编号: duty.cyber, 停用: 是, 理由: 另有办法}\n"
        "  - {编号: duty.finance, 名称: 财政, 依据: 县, 施行: 2025-10-27, 条件: {情形: [机关事业单位]},"
        " 结论: {涉及单位: [财政局]}, 理由: 经费}\n", "utf-8")
    done = run("test", county).stdout.decode()
    assert "duty.cyber" not in done and "规则 duty.finance（财政）：缺成立、不成立的示例" in done
    (county / "examples").mkdir()
    proposal = run("test", county, "--propose").stdout.decode()
    (county / "examples" / "own.yaml").write_text("示例:\n" + proposal, "utf-8")
    assert run("test", county).returncode == 0


def test_the_command_line_tests_and_writes_junit(tmp_path):
    county = tmp_path / "county"
    run("init", county)
    done = run("test", county, "--junit", tmp_path / "report.xml")
    assert done.returncode == 0, done.stdout.decode()
    assert "（100%）" in done.stdout.decode()
    assert ElementTree.parse(tmp_path / "report.xml").getroot().attrib["failures"] == "0"
    file = county / "rules" / "duty.yaml"
    file.write_text(file.read_text("utf-8").replace("- 情形: [机关事业单位]", "- 情形: [舆情]"), "utf-8")
    done = run("test", county)
    assert done.returncode == 1 and "✗ county/examples/duty.yaml:" in done.stdout.decode()
