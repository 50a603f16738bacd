"""泛微 e-cology 9: its token, its workflow interface for other systems (``/api/workflow/paService``), its answers.

Read in public descriptions of the interface and in other people's callers (2026-11), never tried against a live system:

- every call answers 200; success is ``code`` SUCCESS, as text or ``{"name": "SUCCESS"}``; the list of what waits is a bare array;
- a token that is not known comes as ``status: false`` with words, or ``errorCode: "002"``;
- ``submitRequest`` moves the flow on unless ``otherParams`` says ``{"src": "save"}``; fields that are not sent stay;
- a saved opinion is one draft for each operator: saving another replaces it, so the earlier notes are sent again with it;
- an attachment field holds document numbers joined by commas;
- ``getRequestOperatorInfo`` tells who holds a flow: ``isremark`` 0 is an operator of the node who has not submitted, 1 one to
  whom it was forwarded, 2 and more are done or only read; ``forwardRequest`` with ``forwardFlag`` 3 is 转办, to one person.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hsdispute_plugin.adapters.json_shape import at, word
from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.adapters.oa_calls import OaCalls, docx, strange
from hsdispute_plugin.adapters.oa_form import FILES, Form, FormWords, Row, Whereabouts, time_of
from hsdispute_plugin.adapters.oa_platform import OaPlatform
from hsdispute_plugin.adapters.weaver_speech import WeaverSpeech
from hsdispute_plugin.errors import DeliveryDelayed
from hsdispute_plugin.hooks.platform import PlatformSettings

PAGE = 100
_MOST_PAGES = 200
_SERVICE = "/api/workflow/paService"
_SAVE_ONLY = json.dumps({"src": "save"})
_DONE = frozenset({"2", "4", "8", "9", "11"})  # isremark of those who have nothing more to do with a flow
_REFER = "3"  # forwardFlag: 1 转发, 2 意见征询, 3 转办
_FLOW = {"标题": "requestName", "创建时间": "createTime", "创建人": "creatorName", "节点": "currentNodeName", "状态": "status",
         "紧急程度": "requestLevel"}


def weaver(settings: PlatformSettings) -> OaPlatform:
    """Connect an e-cology 9.

    Raises:
        RulebookError: The platform file is wrong.
    """
    return OaPlatform(settings, Weaver)


class Weaver:
    """One e-cology with one robot, which is an operator at the node where tickets are assigned."""

    product = WeaverSpeech.product
    listed_in, rights_at = "机器人的待办", "流程的节点设置（机器人要是当前节点的操作者）"
    keeps_absent_fields, writes_by_todo = False, True
    person_shape, person_words = re.compile(r"\d{1,10}"), "人员编号（id，一串数字，不是登录名）"
    not_mine = "操作者里没有机器人：请核对 用户 是不是机器人的人员编号（id）"
    no_todos = ""

    def __init__(self, file: PlatformFile, settings: PlatformSettings, words: FormWords) -> None:
        """Read 地址, 应用, 用户, 流程, 附件目录 of the platform file; its problems are noted in it."""
        self._name = settings.name.upper().replace("-", "_")
        self._user = file.text("用户")
        self._speech = WeaverSpeech(file.text("应用"), self._user, settings.secret("SECRET"), settings.secret("SPK"))
        self._flows = file.names("流程")
        self._files_at = words.write_at.get(FILES, "")
        self._folder = file.text("附件目录") if self._files_at else ""
        self._calls = OaCalls(file.address(), self._speech, file.seconds("超时秒", 10), file.authority())

    def missing(self) -> tuple[str, ...]:
        """Return what is wrong with SECRET and SPK."""
        return self._speech.missing(self._name)

    def signed_in(self) -> None:
        """Fetch a new token."""
        self._calls.signed_in()

    def rows(self, begin: datetime | None) -> Iterator[Row]:
        """Yield what waits for the robot, of the flows that the file names (none named: of all)."""
        where = f"{_SERVICE}/getToDoWorkflowRequestList"
        for page in range(1, _MOST_PAGES + 1):
            asked = {"pageNo": str(page), "pageSize": str(PAGE)}
            if self._flows:
                asked["conditions"] = json.dumps({"workflowIds": ",".join(sorted(self._flows))})
            given = self._calls.ask("POST", where, form=asked)
            if not isinstance(given, list):
                raise strange(self.product, where, reading=True)
            for raw in given:
                if self._flows and word(at(raw, "workflowBaseInfo.workflowId")) not in self._flows:
                    continue
                times = [t for name in ("receiveTime", "lastOperateTime") if (t := time_of(at(raw, name)))]
                if (number := word(at(raw, "requestId"))) and times:
                    yield Row(number, max(times))
            if len(given) < PAGE:
                return
        raise DeliveryDelayed(f"泛微的待办超过 {_MOST_PAGES} 页，请在平台文件里写上 流程")

    def read(self, number: str) -> Form:
        """Read the main table of a flow, the opinions, and the names of its attachments where papers are to be attached."""
        where = f"{_SERVICE}/getWorkflowRequest"
        data = self._calls.ask("GET", where, params={"requestId": number})
        table = at(data, "workflowMainTableInfo.requestRecords.0.workflowRequestTableFields")
        if not isinstance(data, Mapping) or not isinstance(table, list):
            raise strange(self.product, f"GET {where}", reading=True)
        fields = {word(at(f, "fieldName")): f for f in table if isinstance(f, Mapping)}
        logs = data.get("workflowRequestLogs")
        said = [data.get("remark"), *(at(log, "remark") for log in (logs if isinstance(logs, list) else ()))]
        return Form(
            number, {name: _plain(word(f.get("fieldValue"))) for name, f in fields.items()},
            {name: _plain(word(f.get("fieldShowValue"))) for name, f in fields.items()},
            flow={label: word(data.get(name)) for label, name in _FLOW.items()},
            editable=frozenset(name for name, f in fields.items() if f.get("edit") is True and data.get("canEdit") is not False),
            options={name: _options(f) for name, f in fields.items()},
            opinions=tuple(_plain(word(text)) for text in said), files=self._files(number), raw=word(data.get("remark")))

    def _files(self, number: str) -> frozenset[str]:
        if not self._files_at:
            return frozenset()
        given = self._calls.ask("GET", f"{_SERVICE}/getRequestResources", params={"requestid": number})
        return frozenset(word(at(r, "name")) for r in given) if isinstance(given, list) else frozenset()

    def upload(self, form: Form, title: str, content: bytes) -> str:
        """Make a document of a paper in the folder 附件目录; return its number."""
        path = "/api/doc/upload/uploadFile2Doc"
        data = self._calls.tell("POST", path, parts={
            "category": (None, self._folder), "name": (None, title), "file": docx(title, content)})
        if not (number := word(at(data, "docid")) or word(at(data, "fileid"))):
            raise strange(self.product, f"POST {path}", reading=False)
        return number

    def save(self, form: Form, changes: Mapping[str, str], papers: Mapping[str, str]) -> None:
        """Store fields of the main table and stay at the node; what is not named stays as it is."""
        fields = dict(changes)
        if papers:
            fields[self._files_at] = ",".join([*filter(None, [form.values.get(self._files_at, "")]), *papers.values()])
        main = [{"fieldName": name, "fieldValue": value} for name, value in fields.items()]
        self._calls.tell("POST", f"{_SERVICE}/submitRequest", form={
            "requestId": form.number, "mainData": json.dumps(main, ensure_ascii=False), "otherParams": _SAVE_ONLY,
            **({"remark": form.raw} if form.raw else {})})

    def say(self, form: Form, note: str) -> None:
        """Save the robot's opinion, after what it said before."""
        mine = html.escape(note, quote=False).replace("\n", "<br>")
        remark = f"{form.raw}<br><br>{mine}" if form.raw else mine
        self._calls.tell("POST", f"{_SERVICE}/saveRequestLog", form={"requestId": form.number, "remark": remark})

    def whereabouts(self, form: Form, person: str) -> Whereabouts:
        """Read who has not submitted yet: whoever is an operator of the node, or was handed the flow."""
        where = f"{_SERVICE}/getRequestOperatorInfo"
        given = self._calls.ask("GET", where, params={"requestid": form.number, "requestId": form.number})
        if not isinstance(given, list):
            raise strange(self.product, f"GET {where}", reading=True)
        held = {(word(at(one, "userid")), word(at(one, "isremark"))) for one in given}
        theirs = any(who == person and state and state not in _DONE for who, state in held)
        return Whereabouts((self._user, "0") in held, theirs)

    def hand_on(self, form: Form, person: str, found: Whereabouts, remark: str) -> None:
        """转办: the person becomes the operator in the robot's place, at the same node."""
        self._calls.tell("POST", f"{_SERVICE}/forwardRequest", form={
            "requestId": form.number, "forwardFlag": _REFER, "forwardResourceIds": person, "remark": remark})

    def knows(self, person: str) -> bool | None:
        """Return ``None``: persons are read by another interface, which needs rights of its own."""
        return None

    def close(self) -> None:
        """Close connections."""
        self._calls.close()


def _plain(text: str) -> str:
    """Return the text of a value that e-cology keeps as HTML."""
    if "<" not in text and "&" not in text:
        return text
    text = re.sub(r"(?i)<br\s*/?>|</p>", "\n", text)
    return html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", text)).strip()


def _options(field: Mapping[str, Any]) -> dict[str, str]:
    names, codes = field.get("selectnames"), field.get("selectvalues")
    if not isinstance(names, list) or not isinstance(codes, list):
        return {}
    return {word(name): word(code) for name, code in zip(names, codes, strict=False) if word(name)}
