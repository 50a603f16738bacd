"""泛微 e-cology 9: its token, its workflow interface for other systems (``/api/workflow/paService``), its answers.

Read in public descriptions of the interface and in other people's callers (2026-11), never tried against a live system:

- every call answers 200; success is ``code`` SUCCESS, as text or ``{"name": "SUCCESS"}``; the list of what waits is a bare array;
- a token that is not known comes as ``status: false`` with words, or ``errorCode: "002"``;
- ``submitRequest`` moves the flow on unless ``otherParams`` says ``{"src": "save"}``; fields that are not sent stay;
- a saved opinion is one draft for each operator: saving another replaces it, so the earlier notes are sent again with it;
- an attachment field holds document numbers joined by commas.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hsdispute_plugin.adapters.http import Http
from hsdispute_plugin.adapters.json_shape import at, word
from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.adapters.oa_calls import OaCalls, Told, docx, posted, strange
from hsdispute_plugin.adapters.oa_cipher import rsa_key, rsa_sealed
from hsdispute_plugin.adapters.oa_form import FILES, Form, FormWords, Row, time_of
from hsdispute_plugin.adapters.oa_platform import OaPlatform
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.platform import PlatformSettings

PAGE = 100
_MOST_PAGES = 200
_SERVICE = "/api/workflow/paService"
_TOKEN_S = 1800
_SAVE_ONLY = json.dumps({"src": "save"})
_CODES = {1: "SUCCESS", 2: "PARAM_ERROR", 3: "NO_PERMISSION", 4: "SYSTEM_INNER_ERROR", 5: "USER_EXCEPTION", 6: "FAIL"}
_REFUSED = {
    "PARAM_ERROR": "参数不对",
    "NO_PERMISSION": "机器人没有权限：流程已流转，或机器人不是当前节点的操作者",
    "FAIL": "没有办成",
}
_FLOW = {"标题": "requestName", "创建时间": "createTime", "创建人": "creatorName", "节点": "currentNodeName", "状态": "status",
         "紧急程度": "requestLevel"}


def weaver(settings: PlatformSettings) -> OaPlatform:
    """Connect an e-cology 9.

    Raises:
        RulebookError: The platform file is wrong.
    """
    return OaPlatform(settings, Weaver)


class WeaverSpeech:
    """How e-cology signs callers in, and what its answers mean."""

    product = "泛微"

    def __init__(self, app: str, user: str, secret: str, spk: str) -> None:
        self._app, self._user, self._secret, self._spk = app, user, secret, spk

    def missing(self, name: str) -> tuple[str, ...]:
        """Return what is wrong with the secrets."""
        said = []
        if not self._secret:
            said.append(f"没有密钥：请设 HSDISPUTE_{name}_SECRET（或 …_FILE），值是注册时返回的 secrit")
        if not self._spk:
            said.append(f"没有公钥：请设 HSDISPUTE_{name}_SPK（或 …_FILE），值是注册时返回的 spk")
        elif rsa_key(self._spk) is None:
            said.append(f"HSDISPUTE_{name}_SPK 不是 RSA 公钥：请把注册时返回的 spk 原样放进去，不要截断")
        return tuple(said)

    def sign_in(self, http: Http) -> Mapping[str, str]:
        """Fetch a token for half an hour; the user's number goes along encrypted."""
        key = rsa_key(self._spk)
        if key is None or not self._secret:
            raise DeliveryDelayed("泛微的 SECRET 或 SPK 没有设好，用 hsdispute doctor 看该设什么", host_down=True)
        path = "/api/ec/dev/auth/applytoken"
        told = posted(http, path, self.product, headers={
            "appid": self._app, "secret": rsa_sealed(key, self._secret), "time": str(_TOKEN_S)})
        token = word(told.fields.get("token"))
        if not token:
            words = word(told.fields.get("msg"))
            why = ("SECRET 与 SPK 不是一对，请核对或重新注册" if "解密" in words or "secret" in words.lower()
                   else f"请核对应用 “{self._app}” 是否已在 OA 登记（ECOLOGY_BIZ_EC）、本机地址是否在白名单")
            raise DeliveryDelayed(f"泛微不给令牌：POST {path}。{why}", host_down=True)
        return {"appid": self._app, "token": token, "userid": rsa_sealed(key, self._user)}

    def expired(self, told: Told) -> bool:
        """Tell by its words or its number that the token is not known."""
        words = word(told.fields.get("msg"))
        return told.fields.get("status") is False and (
            word(told.fields.get("errorCode")) == "002" or "token" in words.lower() or "登录信息超时" in words)

    def judged(self, told: Told, where: str, *, reading: bool) -> Any:
        """Return ``data`` of a SUCCESS, or a bare array; sort the rest."""
        if isinstance(told.body, list):
            return told.body
        given, code = told.fields, told.fields.get("code")
        if given.get("status") is False:
            raise DeliveryDelayed(f"泛微不让机器人登录：{where}。请核对人员编号、账号是否停用或密码过期", host_down=True)
        if code is None and "data" in given:  # interfaces outside of paService
            return given["data"]
        name = word(code) or "空的"
        name = _CODES.get(int(name), name) if name.isdecimal() and len(name) < 3 else name
        if name == "SUCCESS":
            return given.get("data")
        if name in _REFUSED:
            raise DeliveryRefused(f"泛微不接受，{_REFUSED[name]}：{where}{_details(given)}")
        if name == "USER_EXCEPTION":
            raise DeliveryDelayed(f"泛微说机器人账号异常：{where}。请核对人员编号、账号状态", host_down=True)
        if name == "SYSTEM_INNER_ERROR":
            raise DeliveryDelayed(f"泛微内部出错：{where}", outcome_unknown=not reading)
        raise strange(self.product, where, reading=reading)


class Weaver:
    """One e-cology with one robot, which is an operator at the node where tickets are assigned."""

    product = WeaverSpeech.product
    listed_in, rights_at = "机器人的待办", "流程的节点设置（机器人要是当前节点的操作者）"
    keeps_absent_fields = False

    def __init__(self, file: PlatformFile, settings: PlatformSettings, words: FormWords) -> None:
        """Read 地址, 应用, 用户, 流程, 附件目录 of the platform file; its problems are noted in it."""
        self._name = settings.name.upper().replace("-", "_")
        self._speech = WeaverSpeech(file.text("应用"), file.text("用户"), settings.secret("SECRET"), settings.secret("SPK"))
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


def _details(given: Mapping[str, Any]) -> str:
    """Return names of fields and of kinds of failure in a refusal, never what stands in the form."""
    text = json.dumps([given.get("errMsg"), given.get("reqFailMsg")], ensure_ascii=False)
    fields = dict.fromkeys(re.findall(r"error_param_(\w{1,40})", text))
    kinds = dict.fromkeys(re.findall(r'"msgType": "([A-Z_]{3,60})"', text))
    said = ([f"字段 {'、'.join(fields)} 不对"] if fields else []) + ([f"原因 {'、'.join(kinds)}"] if kinds else [])
    return f"（{'；'.join(said)}）" if said else ""
