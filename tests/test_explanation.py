"""Why not: the rule that nearly spoke, the part that failed, what the ticket says instead and with which words."""

import json
from datetime import datetime

import pytest

from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.rules.condition import All, AnyOf, Leaf, NoneOf, Op, failing
from hsdispute_plugin.rules.explanation import Explanation, State
from hsdispute_plugin.rules.wording import condition_words, fact_words, outcome_words
from tests.test_cli import run

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)
TICKET = Ticket(ticket_no="1", title="欠费", content="老城镇砖厂欠缴养老保险八个月，我们8名工人请税务局查处")


@pytest.fixture(scope="module")
def told(book):
    return Explanation(book, TICKET, NOW)


def test_a_rule_that_nearly_spoke_tells_what_it_asked_for_and_what_the_ticket_says(told):
    lines = list(told.near())
    at = lines.index("      duty.finance（机关事业单位经费）要求情形含 机关事业单位")
    head = next(line for line in reversed(lines[:at]) if line.startswith("  · "))
    assert head == "  · 职责认定：本工单情形有 多人（原文：“8名工人”）"


def test_rules_that_spoke_or_were_far_are_not_told_unasked(told):
    spoke = {r.rule for r in told.decision.reasons}
    far = {a.rule.id for a in told.answers if len(a.missing) > 1}
    assert spoke and far
    named = "\n".join(told.near())
    assert not [rule for rule in spoke | far if f" {rule}（" in named]


def test_a_rule_asked_for_is_shown_part_by_part(told):
    assert list(told.of_rule("duty.finance"))[1:] == [
        "  ✗ 都要成立：",
        next(line for line in told.of_rule("duty.finance") if "受理范围" in line),
        "    ✗ 情形含 机关事业单位 —— 情形有 多人（原文：“8名工人”）",
    ]
    assert "✓ 受理范围等于 属于本机制 —— 受理范围是 属于本机制（由 scope." in "\n".join(told.of_rule("duty.finance"))


def test_what_must_not_be_is_shown_as_such(book):
    told = Explanation(book, Ticket(ticket_no="1", ticket_type="咨询", content="怎么补缴居民医保"), NOW)
    lines = "\n".join(told.of_rule("deadline.single"))
    assert "没有（工单类型等于 咨询）—— 工单类型是 咨询" in lines


def test_a_rule_says_how_it_fared(told):
    spoke = told.decision.reasons[0].rule
    for rule, state in ((spoke, State.SPOKE), ("triage.unclear", State.ANSWERED), ("duty.court", State.SILENT)):
        assert next(told.of_rule(rule)).endswith(f"：{state}")


def test_all_that_spoke_are_the_reasons_of_the_decision(told):
    assert {a.rule.id for a in told.answers if a.state is State.SPOKE} == {r.rule for r in told.decision.reasons}


@pytest.mark.parametrize(("condition", "said"), [
    (Leaf("people", Op.GE, 10), "涉及人数不少于 10"),
    (Leaf("has_phone", Op.EQ, True), "有联系电话：是"),
    (Leaf("topics", Op.HAS_ANY, ("arrears", "refund")), "主题含 欠费、退费 之一"),
    (NoneOf((Leaf("scope", Op.EQ, "out"),)), "没有（受理范围等于 不属于本机制）"),
    (All((Leaf("people", Op.LT, 5), Leaf("scope", Op.NE, "in"))), "涉及人数少于 5 且 受理范围不等于 属于本机制"),
    (AnyOf((Leaf("people", Op.LT, 5), Leaf("years", Op.GT, 3))), "涉及人数少于 5 或 涉及年数多于 3"),
    (All((Leaf("people", Op.LT, 5), AnyOf((Leaf("years", Op.GT, 3), Leaf("years", Op.EQ, 0))))),
     "涉及人数少于 5 且 （涉及年数多于 3 或 涉及年数等于 0）"),
    (All(()), "总是"),
])
def test_conditions_are_said_as_a_clerk_would(book, condition, said):
    assert condition_words(condition, book.source.table) == said


def test_facts_and_conclusions_are_said_by_their_labels(book):
    table = book.source.table
    facts = {"topics": frozenset({"refund", "arrears"}), "people": 8, "has_phone": False, "signals": frozenset()}
    assert [fact_words(c, facts, table) for c in ("topics", "people", "has_phone", "signals", "area")] == [
        "主题有 欠费、退费", "涉及人数是 8", "有联系电话是 否", "没有情形", "辖区不明"]
    outcome = {"lead": "tax", "units": frozenset({"hr", "tax"})}
    assert outcome_words(outcome, table) == "主办单位：税务局，涉及单位：税务局、人社局"


def test_the_failing_parts_are_the_fewest_that_would_turn_it():
    near, far = Leaf("people", Op.GE, 10), Leaf("years", Op.GE, 5)
    facts = {"people": 3, "years": 9}
    assert failing(All((near, far)), facts) == (near,)
    assert failing(AnyOf((All((near, Leaf("years", Op.LT, 2))), near)), facts) == (near,)
    assert failing(NoneOf((far, near)), facts) == (NoneOf((far,)),)
    assert failing(far, facts) == ()


def test_the_command_line_explains_every_ticket_of_a_file(tmp_path):
    file = tmp_path / "tickets.jsonl"
    row = json.dumps({"ticket_no": "1", "content": TICKET.content}, ensure_ascii=False)
    file.write_text(f"{row}\nno json\n{row}\n", "utf-8")
    done = run("explain", file, "--now", "2026-11-20T09:00:00")
    said = done.stdout.decode()
    assert done.returncode == 1 and said.count("工单 1") == 2 and "第 2 行：" in said
    assert "建议：属于本机制" in said and "只差一个条件的规则：" in said
    done = run("explain", file, "--rule", "duty.finanse")
    assert done.returncode == 2 and "是否想写 “duty.finance”" in done.stderr.decode()
    assert "规则 duty.finance（" in run("explain", file, "--rule", "duty.finance").stdout.decode()
    assert run("explain", "/no/such/file").returncode == 2
