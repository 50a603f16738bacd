"""Tickets as they are typed in or sent: one JSON object, a list, or JSON lines, in UTF-8 or GB18030."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from hsdispute_plugin.errors import TicketRefused
from hsdispute_plugin.model import MAX_TEXT, Ticket, decode

if TYPE_CHECKING:  # `hsdispute decide` reads tickets without a database
    from hsdispute_plugin.store import Store
    from hsdispute_plugin.store_rows import CaseRow

PAGE = 2_000  # cases read in one transaction
BOM = b"\xef\xbb\xbf"
FIELDS = {
    "ticket_no": "工单编号", "title": "标题", "content": "内容", "received_at": "来电时间", "ticket_type": "工单类型",
    "channel": "受理渠道", "area": "所在辖区", "caller_name": "来电人", "caller_phone": "来电号码", "respondent": "被反映单位",
    "urgency": "紧急程度", "host_due_at": "平台时限", "repeat_of": "原工单", "extra": "其他字段",
}


def ticket_from(given: Any) -> Ticket:
    """Return the ticket of one JSON value.

    Raises:
        TicketRefused: It is no ticket; names the fields that are wrong, never what stands in them.
    """
    if not isinstance(given, dict):
        raise TicketRefused("一张工单应是一个 JSON 对象，如 {\"ticket_no\": \"1\", \"content\": \"…\"}")
    try:
        ticket = Ticket.model_validate(given)
    except ValidationError as err:
        raise TicketRefused("；".join(_sentence(e["loc"], e["type"]) for e in err.errors(include_input=False))) from None
    if (length := len(ticket.text)) > MAX_TEXT:
        raise TicketRefused(f"标题和内容共 {length} 字，最多 {MAX_TEXT} 字")
    return ticket


def rows_of(store: Store) -> Iterator[CaseRow]:
    """Yield all cases of a store by number, a page in each transaction, so that a running gateway hardly waits."""
    last = ""
    while True:
        with store.reading() as tx:
            rows = tx.cases(last, PAGE)
        if not rows:
            return
        last = rows[-1].case_no
        yield from rows


def _sentence(place: tuple[int | str, ...], kind: str) -> str:
    name = str(place[0]) if place else ""
    field = f"{FIELDS[name]}（{name}）" if name in FIELDS else "工单"
    if kind in ("missing", "too_short", "string_too_short"):
        return f"缺少{field}"
    if name in ("received_at", "host_due_at"):
        return f"{field}看不懂，请写成 2026-01-05 08:30:00"
    return f"{field}应是{'一个 JSON 对象' if kind == 'dict_type' else '文字'}"


def read_tickets(given: bytes | Iterable[bytes]) -> Iterator[tuple[int, Ticket | TicketRefused]]:
    """Yield each ticket, or why it is none, with its line number, or its place in a list (from 1).

    ``given`` is a whole file or its lines. JSON lines are answered one by one, as they come; blank lines are passed over.
    """
    lines: Iterator[tuple[int, bytes]] = enumerate(io.BytesIO(given) if isinstance(given, bytes) else given, 1)
    first = next(((number, line) for number, line in lines if line.removeprefix(BOM).strip()), None)
    if first is None:
        return
    number, line = first
    value = value_of(line)
    if isinstance(value, TicketRefused) and line.removeprefix(BOM).lstrip()[:1] in (b"{", b"["):
        rest = list(lines)  # it opens a value that does not end on its line: one value over the whole file, or a bad line
        value = value_of(b"".join([line, *(r for _, r in rest)]))
        if isinstance(value, TicketRefused):
            yield from (_line(n, r) for n, r in chain([first], rest) if r.strip())
            return
        lines = iter(())
    if isinstance(value, list):
        yield from ((place, ticket_or_refusal(v)) for place, v in enumerate(value, 1))
    else:
        yield number, ticket_or_refusal(value)
    yield from (_line(n, r) for n, r in lines if r.strip())


def _line(number: int, line: bytes) -> tuple[int, Ticket | TicketRefused]:
    return number, ticket_or_refusal(value_of(line))


def value_of(raw: bytes) -> Any:
    """Return the JSON value of some bytes, or why it is none (a value, so that the reader goes on)."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass  # a mark at the beginning, GB18030, or no JSON
    try:
        return json.loads(decode(raw))
    except UnicodeDecodeError:
        return TicketRefused("这一行既不是 UTF-8 也不是 GB18030 编码")
    except (ValueError, RecursionError):
        return TicketRefused("这一行不是 JSON，请每行写一张工单：{\"ticket_no\": \"1\", \"content\": \"…\"}")


def ticket_or_refusal(value: Any) -> Ticket | TicketRefused:
    """Return the ticket of one JSON value, or why it is none."""
    if isinstance(value, TicketRefused):
        return value
    try:
        return ticket_from(value)
    except TicketRefused as err:
        return err
