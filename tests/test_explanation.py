"""Why not: the rule that nearly spoke, what failed, what the ticket says instead."""

from datetime import datetime

import pytest

from hsdispute_plugin.app import open_rulebook
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.rules.condition import All, AnyOf, Leaf, NoneOf, Op, failing
from hsdispute_plugin.rules.explanation import silences, words

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)
TICKET = Ticket(ticket_no="1", title="欠费", content="老城镇砖厂欠缴养老保险八个月，请税务局查处")


@pytest.fixture(scope="module")
def book():
    opened = open_rulebook()
    yield opened
    opened.close()


def test_a_rule_asked_for_tells_what_failed(book):
    (silence,) = silences(book, TICKET, NOW, "duty.finance")
    assert silence.sentences == ("要求情形含 机关事业单位，工单：没有情形",)


def test_a_rule_that_held_after_another_had_answered_says_so(book):
    (silence,) = silences(book, TICKET, NOW, "triage.unclear")
    assert silence.sentences == ()


def test_only_rules_that_were_near_are_told_unasked(book):
    told = list(silences(book, TICKET, NOW))
    assert told and all(len(s.sentences) <= 1 for s in told)
    spoke = {r.rule for r in book.decide(TICKET, NOW).reasons}
    assert not spoke & {s.rule.id for s in told}


@pytest.mark.parametrize(("condition", "said"), [
    (Leaf("people", Op.GE, 10), "涉及人数不少于 10"),
    (Leaf("has_phone", Op.EQ, True), "有联系电话：是"),
    (Leaf("topics", Op.HAS_ANY, ("arrears", "refund")), "主题含 欠费、退费 之一"),
    (NoneOf((Leaf("scope", Op.EQ, "out"),)), "没有（受理范围等于 不属于本机制）"),
    (All((Leaf("people", Op.LT, 5), Leaf("scope", Op.NE, "in"))), "涉及人数少于 5 且 受理范围不等于 属于本机制"),
    (AnyOf((Leaf("people", Op.LT, 5), Leaf("years", Op.GT, 3))), "涉及人数少于 5 或 涉及年数多于 3"),
    (All(()), "总是"),
])
def test_conditions_are_said_as_a_clerk_would(book, condition, said):
    assert words(condition, book.source.table) == said


def test_the_failing_parts_are_the_fewest_that_would_turn_it():
    near, far = Leaf("people", Op.GE, 10), Leaf("years", Op.GE, 5)
    facts = {"people": 3, "years": 9}
    assert failing(All((near, far)), facts) == (near,)
    assert failing(AnyOf((All((near, Leaf("years", Op.LT, 2))), near)), facts) == (near,)
    assert failing(NoneOf((far, near)), facts) == (NoneOf((far,)),)
    assert failing(far, facts) == ()
