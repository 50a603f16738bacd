"""An O2OA as far as we use it, answering in the shapes of its published sources, with invented people and numbers."""

import base64
import json
import re
from types import MappingProxyType as Fixed
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from tests.oa.host import CONTENT, LABELS, PAYER, ROBOT, Host, parts_of


class O2oaHost(Host):
    adapter, number = "o2oa", "8b1d7a3e-0000-4000-8000-000000000001"
    secrets = Fixed({"SECRET": "sso-key-of-nobody"})
    at = Fixed(dict(zip(LABELS, (
        "dispute.handlingUnit", "dispute.helperUnits", "dispute.category", "dispute.handling", "dispute.handleDue",
        "dispute.basis", "dispute.key", "dispute.suggestion"), strict=True)))
    with_files, also = Fixed({"附件": "attachment"}), Fixed({})
    persons = Fixed({"合水县税务局": "税务丁@swd@I", "合水县医疗保障局": "医保戊@ybw@I"})

    def __init__(self, mocked):
        super().__init__(mocked)
        self.titles = {}

    def get(self, number, place):
        head, _, name = place.partition(".")
        inner = self.forms[number].get(head, {} if name else "")
        return inner.get(name, "") if name else inner

    def put(self, number, place, value):
        head, _, name = place.partition(".")
        if name:
            self.forms[number].setdefault(head, {})[name] = value
        else:
            self.forms[number][head] = value

    def ticket(self):
        return {"content": CONTENT, "callerName": PAYER[0], "callerPhone": PAYER[1], "area": "固城镇", "ticketType": "投诉",
                "callTime": "2026-11-25 08:30", "clerk": [{"name": "经办乙", "distinguishedName": "经办乙@b@P"}],
                "mine": {"of": "经办"}}

    def kind(self, request):
        path = urlsplit(request.url).path
        for part, kind in (("/sso", "token"), ("/task/list/work/", "where"), ("/task/list/", "rows"), ("/reset", "refer"),
                           ("/identity/", "who"), ("/upload/", "upload"), ("/attachment/list/", "files")):
            if part in path:
                return kind
        assert "/data/work/" in path
        return "read" if request.method == "GET" else "save"

    def act(self, kind, request):
        if kind == "token":
            given = json.loads(request.body)
            if given["client"] != "hsdispute":
                return 500, _error("sso.ExceptionClientNotExist")
            opened = _des_opened(given["token"], self.secrets["SECRET"])
            if opened is None:
                return 500, _error("sso.ExceptionReadToken")
            assert re.fullmatch(r"hsrobot#\d{13}", opened)
            return 200, {"type": "success", "message": "", "data": {
                "token": self._give_token(), "name": "机器人", "distinguishedName": "机器人@hsrobot@P"}}
        if not self.knows(request, "x-token"):
            return 500, {"type": "error", "message": "not cipher or manager or user."}
        answer = getattr(self, f"_{kind}")(request)
        return (500, answer) if isinstance(answer, dict) and answer.get("type") == "error" else (200, {
            "type": "success", "data": answer, "message": "", "count": 1})

    def _rows(self, request):
        page, size = map(int, re.search(r"paging/(\d+)/size/(\d+)", request.url).groups())
        rows = [{"id": f"task-{n}", "work": n, "job": f"job-{n}", "title": "某厂欠缴", "startTime": at[:10] + " 08:00:00",
                 "updateTime": at, "processName": "工单办理" if n in self.forms else "请假"} for n, at in self.times.items()]
        return rows[(page - 1) * size:page * size]

    def _read(self, request):
        number = urlsplit(request.url).path.rpartition("/")[2]
        if number not in self.forms:
            return _error("ExceptionEntityNotExist")
        return {**self.forms[number], "$work": {"workId": number, "title": self.titles.get(number, "某厂欠缴"),
                                                "startTime": "2026-11-25 08:58:00", "creatorPerson": "话务丙@c@P"},
                "$attachmentList": []}

    def _files(self, request):
        return [{"name": n, "length": len(c)} for n, c in self.files[urlsplit(request.url).path.rpartition("/")[2]].items()]

    def _upload(self, request):
        self.calls["upload"] += 1
        parts, number = parts_of(request), urlsplit(request.url).path.rpartition("/")[2]
        assert parts["site"][1] == b"attachment"
        name = parts["fileName"][1].decode()
        self.files[number][name if name not in self.files[number] else name + "(1)"] = parts["file"][1]
        return {"id": "f"}

    def _save(self, request):
        number, _, branch = urlsplit(request.url).path.partition("/data/work/")[2].partition("/")
        given = json.loads(request.body)
        if ROBOT not in self.held[number]:
            return _error("ExceptionAccessDenied")
        if number not in self.forms:
            return _error("ExceptionEntityNotExist")
        self.titles[number] = given.get("title") or given.get("subject") or ""  # as O2OA does: no title sent, no title left
        self.calls["save"] += 1
        before = {name: self.get(number, name) for name in self.dropped}
        if branch:
            self.forms[number][branch] = given
        else:
            self.forms[number] = {k: v for k, v in given.items() if k != "title"}
        for name, value in before.items():
            self.put(number, name, value)
        return {"id": number}


    def _where(self, request):
        number = urlsplit(request.url).path.rpartition("/")[2]
        return [{"id": f"task-{number}" if who == ROBOT else f"task-{n}", "work": number, "activityName": "分派",
                 "person": "机器人@hsrobot@P" if who == ROBOT else who.replace("@I", "p@P"),
                 "identity": "机器人@hsrobotid@I" if who == ROBOT else who} for n, who in enumerate(sorted(self.held[number]))]

    def _refer(self, request):
        number = urlsplit(request.url).path.split("/")[-2].removeprefix("task-")
        given = json.loads(request.body)
        if ROBOT not in self.held[number]:
            return _error("ExceptionEntityNotExist")
        (person,) = given["identityList"]
        self.refer(number, person, given["keep"])
        return {"id": "record"}

    def _who(self, request):
        who = unquote(urlsplit(request.url).path.rpartition("/")[2])
        if who not in self.persons.values():
            return _error("jaxrs.identity.ExceptionIdentityNotExist")
        return {"name": who.partition("@")[0], "distinguishedName": who}


def _error(name, message="缴费人甲 13800000000 无权访问"):
    return {"type": "error", "message": message, "prompt": f"com.x.base.core.project.exception.{name}"}


def _des_opened(token, key):
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    opener = Cipher(TripleDES(key.encode()[:8] * 3), modes.ECB()).decryptor()
    text = opener.update(raw) + opener.finalize()
    pad = text[-1]
    return text[:-pad].decode() if 1 <= pad <= 8 and text.endswith(bytes([pad]) * pad) else None
