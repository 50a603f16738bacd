"""A line of a history is read alike the fast way and the careful way: whatever stands in it, and however it is written."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.invented import tickets
from hsdispute_plugin.entrypoints.replay_lines import _NAMED, _SPACE, ticket_of_history, told_of_history
from hsdispute_plugin.entrypoints.tickets import FIELDS
from hsdispute_plugin.errors import TicketRefused
from hsdispute_plugin.model import MAX_TEXT, PastTicket, Ticket
from hsdispute_plugin.rules.replay_gather import stamp
from hsdispute_plugin.rules.replay_keys import key_of

SPACES = [chr(n) for n in (*range(0x21), 0x7F, 0x85, 0xA0, 0x180E, 0x200B, 0x2028, 0x202F, 0x3000, 0xFEFF)]
WORDS = st.one_of(st.text(max_size=12), st.lists(st.sampled_from([*SPACES, "欠", "缴", "a", "\ud800"]), max_size=6).map("".join))
TIMES = st.sampled_from([
    "2026-01-05T08:30:00+08:00", "2026-01-05 08:30:00", "2026-01-05 08:30", "2026/1/5 8:30:00", "2026年1月5日 8时30分",
    "2026-1-5", "20260105", "2026-01-05T00:30:00Z", "2026-01-05T08:30:00.123456", "2026-02-30 08:30:00", "0206-01-05 08:30:00",
    "昨天", " ", "2026-01-05 08:30:00 \x1c", "9999-12-31 23:59:59", "2026-W02-1", "2026-01-05T08", "1950-01-01T00:00:00+14:00"])
ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.lists(WORDS, max_size=2),
                st.dictionaries(WORDS, WORDS, max_size=2))
KEYS = st.one_of(st.sampled_from([*FIELDS, *_NAMED, " 标题 ", "title ", "别的"]), WORDS)
VALUES = {"received_at": TIMES, "host_due_at": TIMES, "来电时间": TIMES}


@st.composite
def records(draw):
    found = draw(st.dictionaries(KEYS, st.none(), max_size=6))
    return {key: draw(st.one_of(VALUES.get(key, WORDS), VALUES.get(key, WORDS), ODD)) for key in found}


def written(value, ascii_only, before, after):
    return before + json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass") + after


def told(found):
    if isinstance(found, TicketRefused):
        return str(found)
    fields = {name: getattr(found, name) for name in PastTicket._fields}
    return fields | {"received_at": stamp(found.received_at)}, found.text, key_of(found)


def alike(line):
    fast, careful = told_of_history(7, line), ticket_of_history(7, line)
    assert told(fast) == told(careful), line
    return isinstance(fast, PastTicket)


@settings(max_examples=1500, deadline=None, database=None)
@given(records(), st.booleans(), st.sampled_from([b"", b" ", b"\xef\xbb\xbf"]), st.sampled_from([b"", b"\r", b" ", b"}"]))
@example({"received_at": 20260105}, False, b"", b"")
@example({"content": "欠\0缴"}, False, b"", b"")
@example({"content": "\x1c欠缴\x1f"}, False, b"", b"")
@example({"id": 1, "ticket_no": 2}, False, b"", b"")
@example({"extra": "不是对象"}, False, b"", b"")
@example({"ticket_no": None}, False, b"", b"")
@example({"title": "a" * 10_000, "content": "b" * 10_000}, False, b"", b"")
@example({"content": "b" * MAX_TEXT}, False, b"", b"")
def test_any_object_is_read_alike_both_ways(value, ascii_only, before, after):
    alike(written(value, ascii_only, before, after))


@settings(max_examples=300, deadline=None, database=None)
@given(st.one_of(st.binary(max_size=40), st.recursive(ODD, st.lists).map(lambda value: json.dumps(value).encode())))
@example(json.dumps({"内容": "欠缴"}, ensure_ascii=False).encode("gb18030"))
@example(b'{"content": "\xff\xff"}')
@example(b'{"content": "1", "content": "2"}')
@example(b'{"content": ' + b"[" * 2000)
def test_what_is_no_ticket_is_refused_in_the_same_words(line):
    alike(line)


def test_lines_of_an_export_go_the_fast_way():
    for ticket in tickets(50):
        assert alike(ticket.model_dump_json(exclude_defaults=True).encode())
    export = {"工单编号": 20260001, "标题": " 欠费 ", "主要内容": "单位没交社保\n", "来电时间": "2026/1/5 8:30", "联系电话": None,
              "序号": [1]}
    assert alike(json.dumps(export).encode())
    assert alike(b'{"content": "\xe6\xac\xa0\xe7\xbc\xb4"}')  # a ticket without a number is known by its line


def test_what_is_taken_off_the_ends_of_a_text_is_what_a_ticket_takes_off():
    for char in map(chr, [*range(1, 0xD800), *range(0xE000, 0x11000)]):
        assert (char in _SPACE) == (Ticket(ticket_no="1", content=f"a{char}").content == "a"), repr(char)


def test_a_past_ticket_tells_nobody_its_payer():
    line = '{"ticket_no": "7", "content": "某甲欠费", "caller_name": "某甲", "caller_phone": "13800000000"}'
    found = told_of_history(1, line.encode())
    assert isinstance(found, PastTicket)
    assert repr(found) == str(found) == f"{[found]}"[1:-1] == "PastTicket('7', ***)"
