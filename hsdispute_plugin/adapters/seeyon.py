"""致远 V8 (CAP4): its REST token, and a form without a flow (无流程表单) that its flows fill and read.

Read in the vendor's published interface (V8.0 SP1 and later) and in other people's callers (2026-11), never tried against a
live system. That interface can read the form of a flow, and submit it, but not store fields of it without submitting; a form
without a flow can be read, stored and given papers. So the county's flow writes each ticket into such a form by a trigger.

- the token is ``id`` of the answer, ``-1`` when name or password is wrong; an unknown one is 401;
- ``export`` gives rows by day of creation, or one row by its number; fields have a code (``field0001``) and a name;
- ``batch-update`` sets the fields that are sent, others stay; ``code`` 0 may still leave the row out of ``successIdList``;
- ``data`` may be an object or the same as a JSON string.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from hsdispute_plugin.adapters.json_shape import at, word
from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.adapters.oa_calls import OaCalls, docx, strange
from hsdispute_plugin.adapters.oa_form import FILES, Form, FormWords, Row, Whereabouts, time_of
from hsdispute_plugin.adapters.oa_platform import OaPlatform
from hsdispute_plugin.adapters.seeyon_speech import REST, SeeyonSpeech, opened
from hsdispute_plugin.adapters.seeyon_todos import SHORTEST, Todo, Todos
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.platform import PlatformSettings
from hsdispute_plugin.model import SHANGHAI

PAGE = 200
_MOST_PAGES = 200
_EXPORT, _UPDATE = f"{REST}/cap4/form/soap/export", f"{REST}/cap4/form/soap/batch-update"
_FIRST_DAY, _LAST_DAY = "2000-01-01", "2099-12-31"
_NO_ENUM = ("", "0", "-1")


def seeyon(settings: PlatformSettings) -> OaPlatform:
    """Connect a 致远 V8.

    Raises:
        RulebookError: The platform file is wrong.
    """
    return OaPlatform(settings, Seeyon)


class Seeyon:
    """One 致远 with one robot, and the form without a flow that holds the tickets."""

    product = SeeyonSpeech.product
    listed_in, rights_at = "台账", "台账的操作权限（平台文件里的 权限）"
    keeps_absent_fields, writes_by_todo = False, False
    person_shape, person_words = re.compile(r"-?\d{5,19}"), "人员编号（一长串数字，可有负号，不是登录名）"
    not_mine = ("机器人手里没有标题含这个工单编号的待办：请核对 待办依据、流程标题里有没有这个编号、"
                "机器人是不是这个节点的处理人；这一张若已办过，请另放一张试验工单")

    def __init__(self, file: PlatformFile, settings: PlatformSettings, words: FormWords) -> None:
        """Read the platform file; its problems are noted in it."""
        self._name = settings.name.upper().replace("-", "_")
        self._login = file.text("登录名")
        self._speech = SeeyonSpeech(file.text("账号"), settings.secret("PASSWORD"), self._login)
        self._code, self._table, self._right = file.text("表单编号"), file.text("主表"), file.text("权限")
        if self._right and not re.fullmatch(r"-?\d+\.-?\d+", self._right):
            file.note("权限", f"“{self._right}” 不是 视图.权限 两个数", "a right is viewId.authId",
                      '如 权限: "7382243805.7390779347"')
        self._changed_at = file.text("更新时间")
        days = file.text("回看天", "30")
        if not (days.isdecimal() and len(days) < 5):
            file.note("回看天", f"“{days}” 不是天数", "not a number of days", "请写整数，如 30")
        self._back = timedelta(days=int(days) if days.isdecimal() and len(days) < 5 else 0)
        self._triggers = file.choice("执行触发", ("否", "是")) == "是"
        self._files_at = words.write_at.get(FILES, "")
        self._calls = OaCalls(file.address(), self._speech, file.seconds("超时秒", 20), file.authority())
        self._known_by = file.text("待办依据") if file.has("待办依据") else ""
        self._todos = Todos(self._calls, self._login)
        self.no_todos = "" if self._known_by else "只接了台账。要转办，请写上 待办依据：台账里哪个字段的值写在流程标题里"

    def missing(self) -> tuple[str, ...]:
        """Return what is wrong with PASSWORD."""
        return self._speech.missing(self._name)

    def signed_in(self) -> None:
        """Fetch a new token."""
        self._calls.signed_in()

    def rows(self, begin: datetime | None) -> Iterator[Row]:
        """Yield rows of the form: the interface knows only the day of creation, so older ones are looked at for 回看天 days.

        With 待办依据 a row also counts as changed when its flow came to the robot, be it again.
        """
        first = (begin - self._back).astimezone(SHANGHAI).strftime("%Y-%m-%d") if begin else _FIRST_DAY
        seen: set[str] = set()
        todos: tuple[Todo, ...] = ()
        for page in range(1, _MOST_PAGES + 1):
            codes, rows = self._export({"beginDateTime": first, "endDateTime": _LAST_DAY, "page": page, "pageSize": PAGE})
            if page == 1 and self._known_by:
                todos = tuple(self._todos.of_robot())
            fresh = [(number, row) for row in rows if (number := _number(row)) and number not in seen]
            for number, row in fresh:
                ticket_no = _cell(row.get(codes.get(self._known_by, self._known_by)))[1]
                times = [time_of(_cell(row.get(codes.get(self._changed_at, self._changed_at)))[0]),
                         *(todo.received_at for todo in todos if todo.is_of(ticket_no))]
                if known := [t for t in times if t]:
                    yield Row(number, max(known))
            seen |= {number for number, _ in fresh}
            if rows and not seen:
                raise DeliveryDelayed("致远导出的行里没有数据编号（masterData.id）：请核对版本，要 V8.0 SP1 以上")
            if len(rows) < PAGE or not fresh:  # a version that knows no pages gives everything each time
                return
        raise DeliveryDelayed(f"致远的表单超过 {_MOST_PAGES} 页，请在平台文件里写上较近的 轮询起始，或减小 回看天")

    def read(self, number: str) -> Form:
        """Read one row; fields can be named by their code or by the name that people see."""
        if not re.fullmatch(r"-?\d{1,19}", number):
            raise DeliveryRefused(f"“{number}” 不是致远的数据编号")
        asked = {"beginDateTime": _FIRST_DAY, "endDateTime": _LAST_DAY, "dataId": int(number)}
        codes, rows, definition = self._exported(asked)
        row = next((row for row in rows if _number(row) == number), None)
        if row is None:
            raise DeliveryRefused(f"致远的表单里没有数据 {number}：可能已删除，或 权限 看不到它")
        cells = {code: _cell(row.get(code)) for code in [*codes.values(), *(c for c in row if c.startswith("field"))]}
        named = {**{name: cells[code] for name, code in codes.items()}, **cells}
        closed = {word(at(f, k)) for f in definition if word(at(f, "auth")) in ("browse", "hide") for k in ("name", "display")}
        names = re.split(r"[、,，;；\n]", named.get(self._files_at, ("", ""))[1])
        return Form(number, {name: value for name, (value, _) in named.items()},
                    {name: shown for name, (_, shown) in named.items()}, editable=frozenset(named) - closed,
                    files=frozenset(filter(None, names)), raw=(codes, definition))

    def _export(self, asked: Mapping[str, Any]) -> tuple[Mapping[str, str], list[Mapping[str, Any]]]:
        codes, rows, _ = self._exported(asked)
        return codes, rows

    def _exported(self, asked: Mapping[str, Any]) -> tuple[Mapping[str, str], list[Mapping[str, Any]], list[Any]]:
        """Return the codes of fields by their names, the rows, and the definition of the fields."""
        given = self._calls.ask("POST", _EXPORT, body={"templateCode": self._code, "rightId": self._right, **asked})
        if isinstance(given, Mapping) and word(given.get("success")) not in ("1", "true", ""):
            raise DeliveryRefused(f"致远不接受：POST {_EXPORT}。请核对 表单编号、权限")
        inner = opened(at(given, "data"))
        rows, definition = at(inner, "data"), at(inner, "definition.fields")
        if not isinstance(rows, list) or not isinstance(definition, list):
            raise strange(self.product, f"POST {_EXPORT}", reading=True)
        codes = {word(at(f, "display")): word(at(f, "name")) for f in definition}
        return codes, [row for r in rows if isinstance(row := at(r, "masterData"), Mapping)], definition

    def upload(self, form: Form, title: str, content: bytes) -> str:
        """Bring a paper to the file store; return its number there."""
        path = f"{REST}/attachment"
        given = self._calls.tell("POST", path, params={"applicationCategory": "0", "extensions": "", "firstSave": "true"},
                                 parts={"file": docx(title, content)})
        if not (number := word(at(given, "atts.0.fileUrl"))):
            raise strange(self.product, f"POST {path}", reading=False)
        return number

    def save(self, form: Form, changes: Mapping[str, str], papers: Mapping[str, str]) -> None:
        """Set fields of the row and tie papers to its attachment field; fields that are not sent stay as they are."""
        fields = [self._field(form, name, value) for name, value in changes.items()]
        ties: list[dict[str, Any]] = []
        if papers:
            tie = form.values.get(self._files_at) or _tie(form.number, self._files_at)
            fields.append({"name": form.raw[0].get(self._files_at, self._files_at), "value": tie, "showValue": ""})
            ties = [{"subReference": tie, "fileUrl": number, "sort": len(form.files) + count}
                    for count, number in enumerate(papers.values(), 1)]
        one = {"masterTable": {"name": self._table, "record": {"id": int(form.number), "fields": fields}, "changedFields": []},
               "subTables": [], **({"attachmentInfos": ties} if ties else {})}
        given = self._calls.tell("POST", _UPDATE, body={
            "formCode": self._code, "loginName": self._login, "rightId": self._right, "doTrigger": self._triggers,
            "dataList": [one]})
        done = at(given, "successIdList")
        if isinstance(done, list) and form.number not in map(word, done):
            raise DeliveryRefused(f"致远没有更新数据 {form.number}：POST {_UPDATE}。请核对 主表、权限，以及字段的长度和枚举值")

    def _field(self, form: Form, name: str, value: str) -> dict[str, str]:
        """Return a field to set: of a list (枚举) the name that is shown, of others the value."""
        codes, definition = form.raw
        code = codes.get(name, name)
        told: Mapping[str, Any] = next((f for f in definition if word(at(f, "name")) == code), {})
        listed = word(at(told, "enumId")) not in _NO_ENUM and not re.fullmatch(r"-?\d{6,19}", value)
        return {"name": code, "value": "" if listed else value, "showValue": value}

    def whereabouts(self, form: Form, person: str) -> Whereabouts:
        """Read the to-dos of the robot and of a person, and look for the flow whose title holds the ticket number."""
        number = form.seen(self._known_by)
        if len(number) < SHORTEST:
            raise DeliveryRefused(f"台账的 “{self._known_by}” 里没有工单编号（至少 {SHORTEST} 个字符），认不出是哪件待办")
        mine = self._todos.one(number)
        return Whereabouts(mine is not None, any(todo.is_of(number) for todo in self._todos.of(person)), mine)

    def hand_on(self, form: Form, person: str, found: Whereabouts, remark: str) -> None:
        """转办 of the robot's to-do; this interface takes no remark."""
        if isinstance(found.raw, Todo):
            self._todos.hand_on(found.raw, person)

    def knows(self, person: str) -> bool | None:
        """Ask the organisation for a person."""
        return self._todos.has(person)

    def close(self) -> None:
        """Close connections."""
        self._calls.close()


def _cell(value: Any) -> tuple[str, str]:
    """Return what a cell stores and what it shows."""
    if isinstance(value, Mapping):
        stored, shown = word(value.get("value")), word(value.get("showValue"))
        return stored or shown, shown or stored
    return word(value), word(value)


def _number(row: Mapping[str, Any]) -> str:
    return _cell(row.get("id"))[0]


def _tie(number: str, field: str) -> str:
    """Return the number that ties papers to a row's attachment field, the same each time it is made."""
    return str(int.from_bytes(hashlib.sha256(f"{number}\0{field}".encode()).digest()[:8], "big") >> 1)
