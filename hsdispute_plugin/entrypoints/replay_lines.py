"""One line or row of a history as a ticket: lines that are plain in half the time, all others with every care."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from hsdispute_plugin.entrypoints.tickets import FIELDS, ticket_or_refusal, value_of
from hsdispute_plugin.errors import TicketRefused
from hsdispute_plugin.model import MAX_TEXT, PastTicket, Ticket, aware, of_our_time

#: What exports call the fields, beside their Chinese names.
_NAMED = {label: name for name, label in FIELDS.items()} | {
    "id": "ticket_no", "编号": "ticket_no", "工单号": "ticket_no", "工单标题": "title", "text": "content", "主要内容": "content",
    "诉求内容": "content", "工单内容": "content", "正文": "content", "受理时间": "received_at", "创建时间": "received_at",
    "登记时间": "received_at", "类型": "ticket_type", "诉求类型": "ticket_type", "来源": "channel", "区域": "area",
    "所属区域": "area", "姓名": "caller_name", "联系人": "caller_name", "联系电话": "caller_phone", "电话": "caller_phone",
    "办结时限": "host_due_at",
}
#: What ``Ticket`` takes off both ends of a text; Python alone would take \x1c to \x1f too.
_SPACE = "".join(char for char in map(chr, range(0x3001)) if char.isspace() and not "\x1c" <= char <= "\x1f")
_MOMENTS = ("received_at", "host_due_at")


class _NotPlain(ValueError):
    """A line that must be read with care."""


def ticket_of_history(number: int, given: bytes | Mapping[str, Any]) -> Ticket | TicketRefused:
    """Return the ticket of one line or row of an export, whose columns may have Chinese names; it may lack a number."""
    value = value_of(given) if isinstance(given, bytes) else given
    if not isinstance(value, Mapping):
        return value if isinstance(value, TicketRefused) else TicketRefused("这一行不是一张工单")
    named = {_NAMED.get(str(key).strip(), str(key)): v for key, v in value.items()}
    named = {**named, **{k: v for k, v in value.items() if k in FIELDS}}  # our own names go before others
    return ticket_or_refusal({"ticket_no": f"第{number}行", **named})


def told_of_history(number: int, given: bytes | Mapping[str, Any]) -> PastTicket | Ticket | TicketRefused:
    """Return the same as ``ticket_of_history``, or all of it that replay without plugins asks for."""
    if isinstance(given, bytes) and (b"\\" not in given or b"\\u0000" not in given):
        try:
            return _told(number, orjson.loads(given))
        except ValueError:  # no UTF-8, no JSON, no time, or in any other way not plain
            pass
    return ticket_of_history(number, given)


def _told(number: int, value: Any) -> PastTicket:
    """Return what a JSON object tells in texts, whole numbers and nulls.

    Raises:
        ValueError: It is not plain; what is wrong with it is not looked for.
    """
    if type(value) is not dict or (names := _names(tuple(value))) is None:
        raise _NotPlain
    fields = {name: v.strip(_SPACE) if type(v) is str else _text(name, v)
              for name, v in zip(names, value.values(), strict=False) if name}
    get = fields.get
    ticket_no, title, content = get("ticket_no"), get("title", ""), get("content", "")
    if not ticket_no:
        if ticket_no is not None:
            raise _NotPlain
        ticket_no = f"第{number}行"
    if len(title) + len(content) >= MAX_TEXT:
        raise _NotPlain
    if due := get("host_due_at"):
        of_our_time(aware(due))
    received = get("received_at")
    return PastTicket(ticket_no, title, content, of_our_time(aware(received)) if received else None, get("ticket_type", ""),
                      get("area", ""), get("caller_name", ""), get("caller_phone", ""), get("repeat_of", ""))


@lru_cache(maxsize=256)
def _names(keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the fields that keys name, empty for those that name none; ``None``: two name the same, or ``extra`` is told."""
    names = tuple(key if key in FIELDS else _NAMED.get(key.strip(), "") for key in keys)
    told = [name for name in names if name]
    return None if "extra" in told or len(told) > len(set(told)) else names


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if type(value) is int and name not in _MOMENTS:
        return str(value)
    raise _NotPlain
