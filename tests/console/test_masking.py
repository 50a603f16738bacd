"""What is marked and what is hidden in a ticket's words."""

import pytest

from hsdispute_plugin import app as joined
from hsdispute_plugin.entrypoints.console.masking import pieces
from hsdispute_plugin.model import Phrase, Reason, Ticket


@pytest.fixture
def case(console):
    return console.app.desk.case(console.numbers["sole"], console.app.book, joined.clock()).case


def told(text, *phrases, case, masked, title=""):
    ticket = Ticket(ticket_no="1", title=title, content=text, caller_name="柳小草", caller_phone="13800000000")
    reasons = [Reason(f"r{n}", "f", "c", f"理由{n}", (Phrase(ticket.text[s:e], s, e),)) for n, (s, e) in enumerate(phrases)]
    return [(p.text, p.why) for p in pieces(ticket, case, reasons, masked=masked)]


def test_phrases_are_marked_where_the_decision_found_them(case):
    text = "欠费了，又欠费了"
    assert told(text, (5, 7), case=case, masked=False) == [("欠费了，又", ()), ("欠费", ("理由0",)), ("了", ())]


def test_the_mark_moves_with_what_masking_takes_away_before_it(case):
    text = "我叫柳小草，电话13800000000，单位欠费"
    shown = told(text, (text.index("欠费"), len(text)), case=case, masked=True)
    assert shown[-1] == ("欠费", ("理由0",))
    assert "柳小草" not in str(shown) and "13800000000" not in str(shown)


def test_phrases_that_overlap_are_each_named(case):
    assert told("单位欠费不缴", (0, 4), (2, 6), case=case, masked=False) == [
        ("单位", ("理由0",)), ("欠费", ("理由0", "理由1")), ("不缴", ("理由1",))]


def test_a_phrase_of_an_older_version_of_the_ticket_is_not_marked(case):
    ticket = Ticket(ticket_no="1", content="现在说的是另一件事")
    reasons = [Reason("r", "f", "c", "理由", (Phrase("欠费", 0, 2),))]
    assert [p.why for p in pieces(ticket, case, reasons, masked=True)] == [()]
