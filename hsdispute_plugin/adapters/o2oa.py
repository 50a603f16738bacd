"""O2OA: its single sign-on, its tasks, works and data (``x_processplatform_assemble_surface``), its answers.

Read in its published sources (2026-11), never tried against a live system:

- an answer is ``{"type", "data", "message", "prompt"}``; errors come as HTTP 500, ``prompt`` is the class of the error, and its
  message may hold the ticket's title; a token that is not known is an anonymous visitor, told by words;
- a cookie of an earlier answer wins over the token in the header, so none is kept;
- ``PUT data/work/{id}`` replaces the whole data, ``PUT data/work/{id}/{name}`` one object in it, and each the title of the work:
  so our fields best lie in one object (``dispute..basis`` as a control's name in the form is ``dispute.basis`` here);
- ``attachment/upload`` attaches at once and renames a second file of one name; the name goes as a field of the form, in UTF-8;
- the token of the sign-on holds a time that may be 60 seconds off, and its answer the robot's full name (张三@zs@P);
- ``task/v2/{id}/reset`` gives one task to other identities (张三@zsid@I) while the work stays at its activity; it wants
  重置处理人 allowed there; with ``keep`` the task stays with us as well.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from hsdispute_plugin.adapters.json_shape import at, put, word
from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.adapters.o2oa_speech import O2oaSpeech
from hsdispute_plugin.adapters.oa_calls import OaCalls, docx, strange
from hsdispute_plugin.adapters.oa_form import FILES, Form, FormWords, Row, Whereabouts, time_of
from hsdispute_plugin.adapters.oa_platform import OaPlatform
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.platform import PlatformSettings

PAGE = 100
_MOST_PAGES = 200
_SURFACE = "/x_processplatform_assemble_surface/jaxrs"
_IDENTITY = "/x_organization_assemble_control/jaxrs/identity"
_FLOW = {"标题": "title", "创建时间": "startTime", "创建人": "creatorPerson", "流程": "processName", "节点": "activityName",
         "编号": "serial"}


def o2oa(settings: PlatformSettings) -> OaPlatform:
    """Connect an O2OA.

    Raises:
        RulebookError: The platform file is wrong.
    """
    return OaPlatform(settings, O2oa)


class O2oa:
    """One O2OA with one robot, which handles tasks at the activity where tickets are assigned."""

    product = O2oaSpeech.product
    listed_in, rights_at = "机器人的待办", "流程的活动设置"
    keeps_absent_fields, writes_by_todo = True, True
    person_shape, person_words = re.compile(r"[^@\s]+@[^@\s]+@I"), "身份的全称（组织管理里的 张三@编码@I）"
    not_mine = "这件工作的待办里没有机器人：请核对 用户"
    no_todos = ""

    def __init__(self, file: PlatformFile, settings: PlatformSettings, words: FormWords) -> None:
        """Read 地址, 应用, 用户, 流程, 附件位置 of the platform file; its problems are noted in it."""
        self._name = settings.name.upper().replace("-", "_")
        self._speech = O2oaSpeech(file.text("应用"), file.text("用户"), settings.secret("SECRET"))
        self._flows = file.names("流程")
        self._site = words.write_at.get(FILES, "")
        self._keeps = file.choice("保留待办", ("否", "是")) == "是"
        self._calls = OaCalls(file.address(), self._speech, file.seconds("超时秒", 10), file.authority())

    def missing(self) -> tuple[str, ...]:
        """Return what is wrong with SECRET."""
        return self._speech.missing(self._name)

    def signed_in(self) -> None:
        """Fetch a new token."""
        self._calls.signed_in()

    def rows(self, begin: datetime | None) -> Iterator[Row]:
        """Yield the robot's tasks, of the processes that the file names (none named: of all), by their works."""
        for page in range(1, _MOST_PAGES + 1):
            where = f"{_SURFACE}/task/list/my/paging/{page}/size/{PAGE}"
            given = self._calls.ask("GET", where)
            if not isinstance(given, list):
                raise strange(self.product, f"GET {where}", reading=True)
            for raw in given:
                if self._flows and not self._flows & {word(at(raw, k)) for k in ("process", "processName", "processAlias")}:
                    continue
                times = [t for name in ("startTime", "updateTime") if (t := time_of(at(raw, name)))]
                if (number := word(at(raw, "work"))) and times:
                    yield Row(number, max(times))
            if len(given) < PAGE:
                return
        raise DeliveryDelayed(f"O2OA 的待办超过 {_MOST_PAGES} 页，请在平台文件里写上 流程")

    def read(self, number: str) -> Form:
        """Read the data of a work, and the names of its attachments where papers are to be attached."""
        where = f"{_SURFACE}/data/work/{quote(number, safe='')}"
        data = self._calls.ask("GET", where)
        if not isinstance(data, Mapping):
            raise strange(self.product, f"GET {where}", reading=True)
        work = data.get("$work")
        values = {name: _shown(value) for name, value in _flat(data).items()}
        return Form(number, values, {}, flow={label: _shown(at(work, name)) for label, name in _FLOW.items()},
                    files=self._files(number), raw=data)

    def _files(self, number: str) -> frozenset[str]:
        if not self._site:
            return frozenset()
        given = self._calls.ask("GET", f"{_SURFACE}/attachment/list/work/{quote(number, safe='')}")
        return frozenset(word(at(f, "name")) for f in given) if isinstance(given, list) else frozenset()

    def upload(self, form: Form, title: str, content: bytes) -> str:
        """Attach a paper at the place 字段.附件; it stands there at once."""
        self._calls.tell("POST", f"{_SURFACE}/attachment/upload/work/{quote(form.number, safe='')}", parts={
            "fileName": (None, title), "site": (None, self._site), "file": docx(title, content)})
        return ""

    def save(self, form: Form, changes: Mapping[str, str], papers: Mapping[str, str]) -> None:
        """Put back what was read with our fields in it: the one object that holds them all, else the whole data.

        The title goes along: O2OA takes the work's title from what is sent, and empties it where there is none.
        """
        path = f"{_SURFACE}/data/work/{quote(form.number, safe='')}"
        heads = {name.partition(".")[0] for name in changes}
        title = word(form.raw.get("title")) or word(form.raw.get("subject")) or form.flow.get("标题", "")
        if len(heads) == 1 and all("." in name for name in changes):
            (head,) = heads
            there = form.raw.get(head)
            data = {**(copy.deepcopy(dict(there)) if isinstance(there, Mapping) else {}), "title": title}
            changes = {name.partition(".")[2]: value for name, value in changes.items()}
            path += f"/{quote(head, safe='')}"
        else:
            data = {name: value for name, value in form.raw.items() if not name.startswith("$")}
            for name in heads & {name.partition(".")[0] for name in changes if "." in name}:
                data[name] = copy.deepcopy(data.get(name))  # what was read stays as it was read
        for name, value in changes.items():
            put(data, name, value)
        if not word(data.get("title")) and not word(data.get("subject")):
            data["title"] = title
        self._calls.tell("PUT", path, body=data)

    def whereabouts(self, form: Form, person: str) -> Whereabouts:
        """Read the tasks of the work: the robot's, and that of an identity."""
        where = f"{_SURFACE}/task/list/work/{quote(form.number, safe='')}"
        given = self._calls.ask("GET", where)
        if not isinstance(given, list):
            raise strange(self.product, f"GET {where}", reading=True)
        tasks = (word(at(one, "id")) for one in given if self._speech.is_robot(word(at(one, "person"))))
        mine = next(filter(None, tasks), "")
        return Whereabouts(bool(mine), any(word(at(one, "identity")) == person for one in given), mine)

    def hand_on(self, form: Form, person: str, found: Whereabouts, remark: str) -> None:
        """重置处理人: the identity gets the robot's task, with 保留待办 beside the robot.

        An identity that does not exist is asked for first: O2OA would take the task from the robot and give it to nobody.
        """
        if not self.knows(person):
            raise DeliveryRefused(f"O2OA 里没有身份 “{person}”，请改 接收人")
        self._calls.tell("PUT", f"{_SURFACE}/task/v2/{quote(found.raw, safe='')}/reset", body={
            "identityList": [person], "keep": self._keeps, "opinion": remark})

    def knows(self, person: str) -> bool | None:
        """Ask the organisation for an identity."""
        try:
            given = self._calls.ask("GET", f"{_IDENTITY}/{quote(person, safe='')}")
        except DeliveryRefused:
            return False
        return word(at(given, "distinguishedName")) == person

    def close(self) -> None:
        """Close connections."""
        self._calls.close()


def _flat(data: Mapping[str, Any], before: str = "", depth: int = 3) -> dict[str, Any]:
    """Return the fields of data by dotted names; the OA's own ($work, …) are left out."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        if not name.startswith("$"):
            found[before + name] = value
            if isinstance(value, Mapping) and depth:
                found |= _flat(value, f"{before}{name}.", depth - 1)
    return found


def _shown(value: Any) -> str:
    """Return a value as people read it: of a list of persons or units their names, of 张三@zs@P the name."""
    if isinstance(value, list):
        return "、".join(filter(None, (_shown(v) for v in value if not isinstance(v, list))))
    text = word(value)
    return text.partition("@")[0] if text.endswith(("@P", "@I", "@U")) else text
