"""What `hsdispute doctor` finds at a Request Tracker: the token, the rights, the fields, and whether a write arrives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hsdispute_plugin.adapters.mapping import HostWords
from hsdispute_plugin.adapters.request_tracker_rest import CORE, READ_ONLY, RequestTrackerRest, RtTicket, same
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused

_SEVERAL = "协办"
_WORDY = ("依据", "报送编号", "幂等键")


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a platform file maps: 字段, 读取, the host's words; ``name`` is the file's, ``trial`` its 试写工单 or empty."""

    name: str
    fields: Mapping[str, str]
    readable: Mapping[str, str]
    words: HostWords
    trial: str

    def closed(self) -> Iterator[tuple[str, str]]:
        """Yield label and value of what the file writes into closed lists."""
        for label, values in (("主办", self.words.units), ("协办", self.words.units), ("办理", self.words.tracks)):
            yield from ((label, value) for value in dict.fromkeys(values.values()) if label in self.fields)


def steps(rest: RequestTrackerRest, mapped: Mapped, writing: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what was tried and what is wrong with it, in Chinese; stop where nothing further can be tried."""
    what = "登录"
    try:
        version = rest.version()
        if not version.startswith(("5.", "6.")):
            yield what, (f"平台是 Request Tracker {version}，要 5 以上：从 5 起才自带 REST 2.0",)
            return
        rest.prove()
        yield f"登录，Request Tracker {version}", ()
        what = "读工单"
        newest = None if mapped.trial else rest.newest()
        number = mapped.trial or (newest.ticket_no if newest else "")
        if not number:
            yield what, ("机器人账号看不到任何工单：请在受理队列上给它 SeeQueue、ShowTicket 权限；新平台请先建一张工单再试",)
            return
        ticket = rest.ticket(number)
        yield f"读工单 {number}", ()
        what = "核对字段和权限"
        wrong = (*_fields(rest, ticket, mapped), *_rights(rest, ticket))
        yield what, wrong
        if writing and not wrong:
            what = f"试写：把工单 {number} 的每个字段写一遍再改回" if mapped.trial else "没有写 试写工单，字段的写权限没有试"
            yield what, tuple(_trial(rest, ticket, mapped)) if mapped.trial else ()
    except (DeliveryDelayed, DeliveryRefused) as err:
        yield what, (str(err),)


def _fields(rest: RequestTrackerRest, ticket: RtTicket, mapped: Mapped) -> Iterator[str]:
    known = {*ticket.field_ids, *CORE, *READ_ONLY}
    for label, field in (*mapped.fields.items(), *mapped.readable.items()):
        if field not in known:
            yield (f"工单 {ticket.number} 没有自定义字段 “{field}”，或机器人账号看不到它（要 SeeCustomField）："
                   f"请在平台里补上并用于队列 “{ticket.values['Queue']}”，或改 {mapped.name} 的 {label}")
    lists: dict[str, frozenset[str] | None] = {}
    for label, field in mapped.fields.items():
        if field in ticket.field_ids:
            several, lists[label] = rest.field(ticket.field_ids[field])
            if several != (label == _SEVERAL):
                yield (f"自定义字段 “{field}” 应能填多个值，现在只能填一个：请在平台里改成多选" if label == _SEVERAL else
                       f"自定义字段 “{field}” 应只填一个值，现在能填多个：请在平台里改成单选")
    for label, value in mapped.closed():
        if mapped.fields[label] == "Queue":
            if not rest.has_queue(value):
                yield f"没有队列 “{value}”，或机器人账号看不到它（要 SeeQueue）：请在平台里补上，或改 {mapped.name} 的 单位名称"
        elif (values := lists.get(label)) is not None and value not in values:
            yield f"自定义字段 “{mapped.fields[label]}” 没有取值 “{value}”：请在平台里加上，或改 {mapped.name}"


def _rights(rest: RequestTrackerRest, ticket: RtTicket) -> Iterator[str]:
    if not ticket.may_comment:
        yield f"机器人账号不能在工单 {ticket.number} 写说明：请在队列 “{ticket.values['Queue']}” 上给它 CommentOnTicket 权限"
    # A write under an ETag that never was: it goes the whole way to RT, and changes nothing.
    if rest.put(ticket.number, '"0"', {}) is not None:
        yield "平台不理会 If-Match，会盖掉经办人刚改的字段：请查网关和平台之间的代理是否去掉了这个头"


def _trial(rest: RequestTrackerRest, ticket: RtTicket, mapped: Mapped) -> Iterator[str]:
    """Write every field of the ticket that is there for this, read it back, put back what stood there."""
    values = dict[str, Any]()
    for label, field in mapped.fields.items():
        _, closed = rest.field(ticket.field_ids[field]) if field in ticket.field_ids else (False, None)
        stood = ticket.values.get(field)
        if label == "时限":
            values[field] = datetime(2000, 1, 3, tzinfo=UTC) + timedelta(hours=1)
        elif closed:
            other = next((v for v in sorted(closed) if not same(stood, v)), sorted(closed)[0])
            values[field] = [other] if label == _SEVERAL else other
        elif label in _WORDY:
            values[field] = "hsdispute doctor 试写"
    told = rest.put(ticket.number, ticket.etag, values)
    if told is None:
        yield f"试写工单 {ticket.number} 正有人在改，请再试一次"
        return
    now = rest.ticket(ticket.number)
    for field in (f for f, value in values.items() if not same(now.values.get(f), value)):
        yield (f"试写工单 {ticket.number} 的 “{field}” 没有写进去：请给机器人账号 "
               f"{'ModifyTicket' if field in CORE else 'ModifyCustomField'} 权限{'。平台说：' + '；'.join(told) if told else ''}")
    stood = {field: ticket.values.get(field) for field in values}
    rest.put(ticket.number, now.etag, {
        field: value if isinstance(values[field], list) else value[0] if isinstance(value, list) and value else value or ""
        for field, value in stood.items()})
    after = rest.ticket(ticket.number).values
    if any(not same(after.get(field), value) for field, value in stood.items()):
        yield f"试写工单 {ticket.number} 没能改回原样，请在平台里看一眼"

