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
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from hsdispute_plugin.adapters.http import Http
from hsdispute_plugin.adapters.json_shape import at, word
from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.adapters.oa_calls import OaCalls, Told, docx, posted, strange
from hsdispute_plugin.adapters.oa_form import FILES, Form, FormWords, Row, time_of
from hsdispute_plugin.adapters.oa_platform import OaPlatform
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.platform import PlatformSettings
from hsdispute_plugin.model import SHANGHAI

PAGE = 200
_MOST_PAGES = 200
_REST = "/seeyon/rest"
_EXPORT, _UPDATE = f"{_REST}/cap4/form/soap/export", f"{_REST}/cap4/form/soap/batch-update"
_FIRST_DAY, _LAST_DAY = "2000-01-01", "2099-12-31"
_NO_ENUM = ("", "0", "-1")


def seeyon(settings: PlatformSettings) -> OaPlatform:
    """Connect a 致远 V8.

    Raises:
        RulebookError: The platform file is wrong.
    """
    return OaPlatform(settings, Seeyon)


class SeeyonSpeech:
    """How 致远 signs callers in, and what its answers mean."""

    product = "致远"

    def __init__(self, account: str, password: str, login: str) -> None:
        self._account, self._password, self._login = account, password, login

    def missing(self, name: str) -> tuple[str, ...]:
        """Return what is wrong with the secret."""
        return () if self._password else (f"没有口令：请设 HSDISPUTE_{name}_PASSWORD（或 …_FILE），值是 REST 用户的口令",)

    def sign_in(self, http: Http) -> Mapping[str, str]:
        """Fetch a token for the REST account, bound to the robot's login."""
        path = f"{_REST}/token"
        told = posted(http, path, self.product, body={
            "userName": self._account, "password": self._password, "loginName": self._login})
        token = word(told.fields.get("id"))
        if told.status != 200 or token in ("", "-1"):
            raise DeliveryDelayed(
                f"致远不给令牌：POST {path}（HTTP {told.status}）。请系统管理员核对 REST 用户 “{self._account}” 的口令、"
                f"授权的模块和 IP，以及登录名 “{self._login}” 是否存在", host_down=True)
        return {"token": token}

    def expired(self, told: Told) -> bool:
        """Tell by the code in the body; HTTP 401 is looked at before."""
        return word(told.fields.get("code")) == "401"

    def judged(self, told: Told, where: str, *, reading: bool) -> Any:
        """Return ``data`` of an answer with code 0; uploads answer without a code, with ``atts``."""
        given = told.fields
        if "atts" in given and told.status == 200:
            return given
        code = word(given.get("code"))
        if told.status == 500 or code in ("500", "-1"):
            raise DeliveryDelayed(f"致远内部出错：{where}（HTTP {told.status}，code {code or '空的'}）",
                                  outcome_unknown=not reading)
        if not code:
            raise strange(self.product, where, reading=reading)
        if code not in ("0", "200"):
            raise DeliveryRefused(f"致远不接受：{where}（code {code[:10]}）。请核对表单编号、主表名、权限和字段")
        return _opened(given.get("data"))


class Seeyon:
    """One 致远 with one robot, and the form without a flow that holds the tickets."""

    product = SeeyonSpeech.product
    listed_in, rights_at = "台账", "台账的操作权限（平台文件里的 权限）"
    keeps_absent_fields = False

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

    def missing(self) -> tuple[str, ...]:
        """Return what is wrong with PASSWORD."""
        return self._speech.missing(self._name)

    def signed_in(self) -> None:
        """Fetch a new token."""
        self._calls.signed_in()

    def rows(self, begin: datetime | None) -> Iterator[Row]:
        """Yield rows of the form: the interface knows only the day of creation, so older ones are looked at for 回看天 days."""
        first = (begin - self._back).astimezone(SHANGHAI).strftime("%Y-%m-%d") if begin else _FIRST_DAY
        seen: set[str] = set()
        for page in range(1, _MOST_PAGES + 1):
            codes, rows = self._export({"beginDateTime": first, "endDateTime": _LAST_DAY, "page": page, "pageSize": PAGE})
            fresh = [(number, row) for row in rows if (number := _number(row)) and number not in seen]
            for number, row in fresh:
                if changed_at := time_of(_cell(row.get(codes.get(self._changed_at, self._changed_at)))[0]):
                    yield Row(number, changed_at)
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
        inner = _opened(at(given, "data"))
        rows, definition = at(inner, "data"), at(inner, "definition.fields")
        if not isinstance(rows, list) or not isinstance(definition, list):
            raise strange(self.product, f"POST {_EXPORT}", reading=True)
        codes = {word(at(f, "display")): word(at(f, "name")) for f in definition}
        return codes, [row for r in rows if isinstance(row := at(r, "masterData"), Mapping)], definition

    def upload(self, form: Form, title: str, content: bytes) -> str:
        """Bring a paper to the file store; return its number there."""
        path = f"{_REST}/attachment"
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

    def close(self) -> None:
        """Close connections."""
        self._calls.close()


def _opened(data: Any) -> Any:
    """Return data that may come as a JSON string."""
    if isinstance(data, str) and data.lstrip().startswith(("{", "[")):
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return data
    return data


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
