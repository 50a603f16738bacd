"""Tickets as they are typed in or sent: one JSON object, a list, or JSON lines, in UTF-8 or GB18030."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from hsdispute_plugin.errors import TicketRefused
from hsdispute_plugin.model import Ticket, decode

_FIELDS = {
    "ticket_no": "工单编号", "title": "标题", "content": "内容", "received_at": "来电时间", "host_due_at": "平台时限",
    "extra": "其他字段",
}


def ticket_from(given: Any) -> Ticket:
    """Return the ticket of one JSON value.

    Raises:
        TicketRefused: It is no ticket; names the fields that are wrong, never what stands in them.
    """
    if not isinstance(given, dict):
        raise TicketRefused("一张工单应是一个 JSON 对象，如 {\"ticket_no\": \"1\", \"content\": \"…\"}")
    try:
        return Ticket.model_validate(given)
    except ValidationError as err:
        raise TicketRefused("；".join(_sentence(e["loc"], e["type"]) for e in err.errors(include_input=False))) from None


def _sentence(place: tuple[int | str, ...], kind: str) -> str:
    name = str(place[0]) if place else ""
    field = f"{_FIELDS[name]}（{name}）" if name in _FIELDS else name or "工单"
    if kind in ("missing", "string_too_short"):
        return f"缺少{field}"
    if kind == "value_error" or "datetime" in kind:
        return f"{field}看不懂，请写成 2026-01-05 08:30:00"
    return f"{field}应是文字"


def read_tickets(raw: bytes) -> Iterator[tuple[int, Ticket | TicketRefused]]:
    """Yield each ticket, or why it is none, with its line number (from 1). Blank lines are passed over."""
    whole = _whole(raw)
    if whole is not None:
        for given in whole if isinstance(whole, list) else [whole]:
            yield 1, _one(given)
        return
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            text = decode(line).strip()
            if not text:
                continue
            given = json.loads(text)
        except UnicodeDecodeError:
            yield number, TicketRefused("这一行既不是 UTF-8 也不是 GB18030 编码")
        except (ValueError, RecursionError):
            yield number, TicketRefused("这一行不是 JSON，请每行写一张工单：{\"ticket_no\": \"1\", \"content\": \"…\"}")
        else:
            yield number, _one(given)


def _whole(raw: bytes) -> Any:
    """Return the value of a file that is one JSON value over several lines or a list; ``None`` for JSON lines."""
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start not in (b"{", b"["):
        return None
    try:
        return json.loads(decode(raw))
    except (ValueError, RecursionError):
        return None


def _one(given: Any) -> Ticket | TicketRefused:
    try:
        return ticket_from(given)
    except TicketRefused as err:
        return err
