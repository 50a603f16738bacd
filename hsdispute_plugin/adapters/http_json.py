"""Any host with HTTP and JSON as a ``Platform``: what its interface is like stands in its platform file, none of it here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hsdispute_plugin.adapters.http_json_rest import JsonRest
from hsdispute_plugin.adapters.json_shape import TIME_FORMATS, TicketShape, at, moment, same, word, written
from hsdispute_plugin.adapters.mapping import WRITABLE, PlatformFile
from hsdispute_plugin.adapters.writing import changes, is_a_persons, noted
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, TicketRefused
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket, PlatformSettings, WriteBack, mark_of
from hsdispute_plugin.logger import Logger
from hsdispute_plugin.model import aware, decode

OVERLAP = timedelta(seconds=60)  # a row's time is taken before its commit, which may come after our last look
_MOST_PAGES = 200
_log = Logger(__name__)
_NOTE = "说明"
_PUSHED = ("数据", "事件编号", "工单", "操作人", "账号", "整单", "更新时间")


class HttpJson:
    """A connected host. One thread polls; a ticket is written by one thread at a time."""

    def __init__(self, settings: PlatformSettings) -> None:
        """Read the platform file; connects at the first call.

        Raises:
            RulebookError: The file is wrong.
        """
        file = PlatformFile(settings)
        self.name = settings.name
        self._rest = JsonRest(file, settings)
        self._shape = TicketShape.of(file)
        self._fields = file.fields("字段", (*(w for w in WRITABLE if w != "说明私密"), _NOTE))
        self._read_at = {**self._fields, **file.words("读回字段", tuple(self._fields))}
        self._words, self._waiting, self._start = file.host_words(), file.names("可覆盖"), file.moment("轮询起始")
        self._push = file.words("推送", _PUSHED)
        self._list_joined = file.choice("协办写法", ("顿号", "逗号", "列表"))
        self._time_form = file.choice("时间写法", TIME_FORMATS)
        self._since_form = self._rest.say("列表", "时间格式", TIME_FORMATS[0])
        self._consistent(file)
        file.done()
        self._polled: tuple[str, frozenset[str]] = ("", frozenset())

    def _consistent(self, file: PlatformFile) -> None:
        has, say = self._rest.has, self._rest.say
        if has("写回") and not has("取单") and not self._rest.keyed:
            file.note("接口.写回", "平台既不能取单核对，又没有幂等键，断线重发会写两次", "writing cannot be made safe to repeat",
                      "请写上 接口.取单，或 幂等 的 头/字段")
        for name in ("说明", "附件"):
            if has(name) and not self._rest.keyed and not (has("取单") and say(name, "已有")):
                file.note(f"接口.{name}", "没有幂等键，也看不到已有的，断线重发会出现两条",
                          "posting cannot be made safe to repeat",
                          f"请写上 幂等 的 头/字段，或 接口.{name}.已有（取单结果里的位置）")
        if has("列表") and not say("列表", "更新时间"):
            file.note("接口.列表.更新时间", "缺少更新时间的位置", "the place of the time of change is missing",
                      "如 更新时间: updateTime")
        if self._since_form not in TIME_FORMATS:
            file.note("接口.列表.时间格式", f"“{self._since_form}” 不在可用的里面", "unknown format",
                      f"可用：{'、'.join(TIME_FORMATS)}")
        if not say("列表", "每页", "100").isdecimal():
            file.note("接口.列表.每页", "应是数字", "a number is expected", "如 每页: 100")
        if not has("列表") and not self._push:
            file.note("接口", "既没有列表，也没有推送，工单进不来", "no way for tickets to come in",
                      "请写上 接口.列表，或 推送: {整单: 是}")
        if not has("取单") and ((self._push and not _yes(self._push)) or (has("列表") and say("列表", "整单") != "是")):
            file.note("接口.取单", "没有取单，就要在列表和推送里给出整张工单", "tickets cannot be fetched",
                      "请写上 接口.取单，或在 列表、推送 里写 整单: 是")

    def event(self, headers: Mapping[str, str], body: bytes) -> HostEvent | None:
        """Read a pushed body: a hint with a ticket number, or with 整单 the whole ticket in the host's own shape."""
        if not self._push:
            raise TicketRefused(f"这个平台没有配置推送，请在 {self._file} 写上 推送")
        try:
            given = json.loads(decode(body))
        except (ValueError, RecursionError):
            raise TicketRefused("推送内容不是 UTF-8 或 GB18030 的 JSON") from None
        if (robot := self._push.get("账号")) and word(at(given, self._push.get("操作人", ""))) == robot:
            return None
        event_id = word(at(given, self._push["事件编号"])) if "事件编号" in self._push else ""
        raw = at(given, self._push.get("数据", ""))
        if not _yes(self._push):
            number = word(at(given, self._push["工单"])) if "工单" in self._push else self._shape.number(raw)
            if not number:
                raise TicketRefused("推送内容里没有工单编号")
            return HostEvent(number, event_id, "updated")
        try:
            ticket = self._shape.ticket(raw)
        except DeliveryRefused as err:
            raise TicketRefused(str(err)) from None
        if (place := self._push.get("更新时间")) and (changed_at := _changed_at(given, place)):
            ticket = replace(ticket, changed_at=changed_at)
        return HostEvent(ticket.ticket.ticket_no, event_id, "updated", ticket)

    def changed(self, cursor: str) -> tuple[tuple[HostEvent, ...], str]:
        """Poll the list from a minute before the cursor, without what was told already when the cursor was given."""
        if not self._rest.has("列表"):
            return (), cursor
        told = self._polled[1] if cursor == self._polled[0] else frozenset()
        since = cursor.partition(" ")[0]
        begin = datetime.fromisoformat(since) - OVERLAP if since else self._start
        found = sorted(self._rows(begin), key=lambda row: row[0])
        events = {key: event for _, key, event in found}
        newest = max([at_.isoformat() for at_, _, _ in found[-1:]] + [since])
        if found:
            newest += " " + hashlib.sha256("\n".join(sorted(events)).encode()).hexdigest()[:12]
        self._polled = (newest or cursor, frozenset(events))
        return tuple(event for key, event in events.items() if key not in told), newest or cursor

    def _rows(self, begin: datetime | None) -> list[tuple[datetime, str, HostEvent]]:
        rows = list[tuple[datetime, str, HostEvent]]()
        for page in range(1, _MOST_PAGES + 1):
            given = self._page(begin, page)
            good = [row for raw in given if (row := self._row(raw))]
            if given and not good:
                raise DeliveryDelayed(self._unplaced)
            if len(good) < len(given):
                _log.warning("rows_without_number_or_time", platform=self.name, rows=len(given) - len(good))
            rows += [row for row in good if begin is None or row[0] >= begin]
            if not self._rest.say("列表", "页码参数") or len(given) < self._page_size:
                return rows
        raise DeliveryDelayed(f"平台的列表超过 {_MOST_PAGES} 页，请在 {self._file} 写上较近的 轮询起始")

    def _page(self, begin: datetime | None, page: int) -> list[Any]:
        values = {"起始参数": word(written(begin, self._since_form)) if begin else "", "每页参数": str(self._page_size),
                  "页码参数": str(page)}
        named = {self._rest.say("列表", label): value for label, value in values.items() if value}
        given = self._rest.ask("列表", params={name: value for name, value in named.items() if name})
        if not isinstance(given, list):
            raise DeliveryDelayed(f"平台的列表里没有工单数组，请核对 {self._file} 的 接口.列表.数据")
        return given

    def _row(self, raw: Any) -> tuple[datetime, str, HostEvent] | None:
        number = self._shape.number(raw)
        changed_at = _changed_at(raw, self._rest.say("列表", "更新时间"))
        if not number or changed_at is None:
            return None
        key = "list-" + hashlib.sha256(f"{number}\0{changed_at.isoformat()}".encode()).hexdigest()[:32]
        handed = None
        if self._rest.say("列表", "整单") == "是":
            with suppress(DeliveryRefused):  # it comes without its ticket, and is put before a person by its number
                handed = replace(self._shape.ticket(raw), changed_at=changed_at)
        return changed_at, key, HostEvent(number, key, "updated", handed)

    def fetch(self, ticket_no: str) -> HostTicket:
        """Read one ticket, where the host lets it be read."""
        if not self._rest.has("取单"):
            raise DeliveryRefused(f"这个平台不能按编号取单（{self._file} 没有 接口.取单），请平台把整张工单再推送一次")
        given = self._shape.ticket(self._rest.ask("取单", ticket_no))
        if given.ticket.ticket_no != ticket_no:
            raise DeliveryRefused(f"要的是工单 {ticket_no}，平台给了另一张，请核对 {self._file} 的 接口.取单 和 读取.工单编号")
        return given

    def write_back(self, ticket_no: str, result: WriteBack, previous: WriteBack | None) -> str:
        """Set the fields, post the note and the files once, read back; what the host cannot do is left out."""
        wanted, before = self._values(result), self._values(previous) if previous else {}
        stands = self._stands(ticket_no)
        kept = [label for label in wanted if self._is_a_persons(label, stands, wanted, before)]
        send = changes(wanted, before, kept,
                       lambda label, value: stands is not None and same(at(stands, self._read_at[label]), value))
        note = noted(result.note, (label for label in kept if wanted[label]))
        body = {self._fields[label]: self._spelt(value) for label, value in send.items()}
        if _NOTE in self._fields and not self._said(result.key, at(stands, self._read_at[_NOTE])):
            body[self._fields[_NOTE]] = note
        if body and self._rest.has("写回"):
            self._rest.tell("写回", ticket_no, body, result.key)
        self._post(ticket_no, result, note, stands)
        if stands is None or not (body and self._rest.has("写回")):
            return ""
        after = self._stands(ticket_no)
        lost = [self._fields[label] for label, value in send.items()
                if not same(at(after, self._read_at[label]), value)
                and same_as_before(at(after, self._read_at[label]), at(stands, self._read_at[label]))]
        if lost:
            raise DeliveryDelayed(f"工单 {ticket_no} 写后读回不一致：{'、'.join(lost)}")
        return ""

    def _post(self, ticket_no: str, result: WriteBack, note: str, stands: Any) -> None:
        say, notes = self._rest.say, self._rest.say("说明", "已有")
        if self._rest.has("说明") and not self._said(result.key, at(stands, notes) if notes else None):
            self._rest.tell("说明", ticket_no, {say("说明", "内容字段", "content"): note}, f"{result.key}-note")
        if self._rest.has("附件"):
            place = say("附件", "已有")
            there = at(stands, place) if place else None
            names = {word(at(f, say("附件", "已有名称", "name"))) for f in there} if isinstance(there, list) else set()
            for count, (title, content) in enumerate(result.files.items(), 1):
                if title not in names:
                    self._rest.upload(ticket_no, title, content, f"{result.key}-file-{count}")

    def _said(self, key: str, there: Any) -> bool:
        """Tell whether the note with a key is among what stands there: a text, or a list of notes."""
        place = self._rest.say("说明", "已有内容", "content")
        notes = [at(n, place) if isinstance(n, Mapping) else n for n in there] if isinstance(there, list) else [there]
        return any(mark_of(key) in word(n) for n in notes)

    def _stands(self, ticket_no: str) -> Any:
        """Return the host's ticket as it is, or ``None`` where the host cannot be asked."""
        return self._rest.ask("取单", ticket_no) if self._rest.has("取单") else None

    def _values(self, result: WriteBack) -> dict[str, Any]:
        return {label: value for label, value in self._words.values(result).items() if label in self._fields}

    def _spelt(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return written(value, self._time_form)
        if isinstance(value, list) and self._list_joined != "列表":
            return ("、" if self._list_joined == "顿号" else ",").join(value)
        return "" if value is None else value

    def _is_a_persons(self, label: str, stands: Any, wanted: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
        have = at(stands, self._read_at[label])
        shown = "、".join(word(v) for v in have) if isinstance(have, list) else word(have)
        return is_a_persons(label, [shown] if shown else [], self._waiting, partial(same, have), wanted, before)

    def check(self) -> tuple[str, ...]:
        """Sign in, read the list and one ticket, and say in Chinese what is wrong."""
        if missing := self._rest.auth.missing():
            return (f"没有密钥：请设 HSDISPUTE_{self.name.upper().replace('-', '_')}_{missing}（或 …_FILE）",)
        if not self._rest.has("列表"):
            return ()
        try:
            given = self._page(self._start, 1)
            if not given:
                return ()
            if (row := self._row(given[0])) is None:
                return (self._unplaced,)
            number = row[2].ticket_no
            raw = self._stands(number) if self._rest.has("取单") else given[0]
            written_at = self._read_at if self._rest.has("取单") else {}
            places = [("读取", *place) for place in self._shape.places.items()]
            places += [("字段", label, path) for label, path in written_at.items() if label != _NOTE]
            wrong = [f"工单里没有 “{path}”：请改 {self._file} 的 {part}.{label}，或删去那一行"
                     for part, label, path in places if not _known(raw, path)]
            self._shape.ticket(raw)
        except (DeliveryDelayed, DeliveryRefused) as err:
            return (str(err),)
        return tuple(wrong)

    @property
    def _page_size(self) -> int:
        return int(self._rest.say("列表", "每页", "100"))

    @property
    def _unplaced(self) -> str:
        return f"平台的列表里没有工单编号或更新时间，请核对 {self._file} 的 读取.工单编号、接口.列表.更新时间"

    @property
    def _file(self) -> str:
        return f"config/platforms/{self.name}.yaml"

    def close(self) -> None:
        """Close connections."""
        self._rest.close()


def _changed_at(raw: Any, place: str) -> datetime | None:
    """Return when the host says it changed a ticket; ``None``: it does not, or in no words that are known."""
    try:
        told = aware(moment(at(raw, place)))
    except ValueError:
        return None
    return told if isinstance(told, datetime) else None


def same_as_before(after: Any, before: Any) -> bool:
    """Tell whether a field still shows what it showed before we wrote: then the host dropped ours, and no person wrote."""
    return bool(after == before) or (not after and not before)


def _yes(push: Mapping[str, str]) -> bool:
    return push.get("整单") == "是"


def _known(raw: Any, path: str) -> bool:
    """Tell whether a ticket has a place at all, be it empty."""
    head, _, last = path.rpartition(".")
    inner = at(raw, head)
    return any(isinstance(v, Mapping) and k in v for v, k in ((raw, path), (inner, last))) or at(raw, path) is not None
