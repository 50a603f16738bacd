"""How one host's JSON stands to our fields: places in it, its codes, its dates; read from the platform file, both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from hsdispute_plugin.adapters.mapping import READABLE, PlatformFile, version_of
from hsdispute_plugin.errors import DeliveryRefused
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Ticket, aware

#: What is read from a ticket, all of it named in the platform file: the label of 读取 and the field of ``Ticket``.
FIELDS: Mapping[str, str] = {"工单编号": "ticket_no", "标题": "title", "内容": "content", **READABLE}
CODED = ("工单类型", "受理渠道", "紧急程度", "所在辖区")
TIME_FORMATS = ("2026-01-05 08:30:00", "2026年1月5日 8时30分", "ISO", "秒", "毫秒")
_MOMENTS = ("received_at", "host_due_at")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?$")
_MOST_EXTRA = 20_000  # characters of what is not mapped, kept beside the ticket


def at(value: Any, path: str) -> Any:
    """Return what stands at a dotted place (``data.list.0.单位``; numbers count in lists from 0), or ``None``.

    A name that itself holds dots is found whole, too. An empty path is the value itself.
    """
    if not path or value is None:
        return value
    if isinstance(value, Mapping) and path in value:
        return value[path]
    head, _, rest = path.partition(".")
    if isinstance(value, Mapping):
        return at(value.get(head), rest) if rest or head in value else None
    if isinstance(value, list) and head.isdecimal() and int(head[:6]) < len(value):
        return at(value[int(head[:6])], rest)
    return None


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Set a dotted place in a body, making the objects on the way."""
    *way, last = path.split(".")
    for name in way:
        inner = body.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = body[name] = {}
        body = inner
    body[last] = value


def word(value: Any) -> str:
    """Return a JSON scalar as text: ``true``, ``7``; an object's name or label where a host wraps its codes; else empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Mapping):
        return next((word(value[k]) for k in ("name", "label", "text", "value") if k in value), "")
    return str(value).strip() if isinstance(value, str | int | float) else ""


def moment(value: Any) -> Any:
    """Return a host's time: what ``Ticket`` reads anyway, ``20260105083000``, and seconds or milliseconds since 1970."""
    text = word(value)
    if text.isascii() and text.isdecimal():
        if compact := _COMPACT.match(text):
            parts = [int(p) for p in compact.groups() if p]
            if 1950 <= parts[0] < 2200:
                try:
                    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type, misc]
                except ValueError:
                    return text
        if len(text) in (10, 13):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
    return text


def written(value: datetime, form: str) -> Any:
    """Return a time as the host wants it, one of ``TIME_FORMATS``; local unless it is a count."""
    local = value.astimezone(SHANGHAI)
    if form in ("秒", "毫秒"):
        return int(value.timestamp()) * (1000 if form == "毫秒" else 1)
    if form == "ISO":
        return local.isoformat(timespec="seconds")
    if form == TIME_FORMATS[1]:
        return f"{local.year}年{local.month}月{local.day}日 {local.hour}时{local.minute:02d}分"
    return f"{local:%Y-%m-%d %H:%M:%S}"


def same(have: Any, want: Any) -> bool:
    """Tell whether a host shows a value that we sent, however it spells lists and times; nothing equals empty."""
    if isinstance(want, datetime):
        return _as_time(have) == want.replace(microsecond=0)
    if isinstance(want, list):
        given = [word(v) for v in have] if isinstance(have, list) else re.split(r"[、,，;；]", word(have))
        return sorted(filter(None, (g.strip() for g in given))) == sorted(want)
    return word(have) == word(want)


def _as_time(have: Any) -> datetime | None:
    try:
        value = aware(moment(have))
    except ValueError:
        return None
    return value.replace(microsecond=0) if isinstance(value, datetime) else None


@dataclass(frozen=True, slots=True)
class TicketShape:
    """Where in a host's JSON our fields stand (读取), and what its codes mean (码表)."""

    places: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, file: PlatformFile) -> TicketShape:
        """Read 读取 and 码表 of a platform file; 工单编号 must be placed, and 标题 or 内容."""
        places = file.fields("读取", tuple(FIELDS))
        if "工单编号" not in places or not {"标题", "内容"} & places.keys():
            file.note("读取", "要写明 工单编号，和 标题 或 内容", "ticket number and text must be placed",
                      "如 读取: {工单编号: orderNum, 标题: title, 内容: majorContent}")
        tables = file.part("码表", CODED)
        return cls(places, {label: tables.words(label) for label in CODED})

    def number(self, raw: Any) -> str:
        """Return the ticket number in a host's ticket; empty when it has none."""
        return word(at(raw, self.places.get("工单编号", "")))

    def ticket(self, raw: Any) -> HostTicket:
        """Return the ticket in a host's JSON; what is not mapped stays beside it.

        Raises:
            DeliveryRefused: It is none; says which of the host's fields are wrong, never what stands in them.
        """
        if not isinstance(raw, Mapping):
            raise DeliveryRefused("平台给的工单不是一个 JSON 对象，请核对平台文件里“数据”指的位置")
        given: dict[str, Any] = {}
        for label, path in self.places.items():
            value, name = at(raw, path), FIELDS[label]
            text = moment(value) if name in _MOMENTS else word(value)
            given[name] = self.codes.get(label, {}).get(text, text) if isinstance(text, str) else text
        taken = {path.partition(".")[0] for path in self.places.values()} | set(self.places.values())
        rest = {str(k): v for k, v in raw.items() if k not in taken}
        try:
            extra = rest if len(json.dumps(rest, ensure_ascii=False)) <= _MOST_EXTRA else {}
            ticket = Ticket.model_validate({**given, "extra": extra})
        except ValidationError as err:
            wrong = {e["loc"][0] for e in err.errors(include_input=False) if e["loc"]}
            told = [f"{label}（{path}）" for label, path in self.places.items() if FIELDS[label] in wrong]
            raise DeliveryRefused(f"平台给的工单看不懂：{'、'.join(told) or '格式不对'}。"
                                  "编号不能空；时间请写成 2026-01-05 08:30:00") from None
        return HostTicket(ticket, version_of(ticket))
