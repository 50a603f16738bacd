"""Three OA products as far as we use them, answering in the shapes that their makers publish, with invented people and numbers.

They stand in for systems that cannot run here. Each keeps forms, knows tokens, and can be told to fail in the ways that count.
"""

import base64
import json
import re
from collections import Counter, defaultdict
from email.parser import BytesParser
from email.policy import HTTP
from types import MappingProxyType as Fixed
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

URL = "http://oa.invalid"
ROBOT = "robot"
PAYER = ("缴费人甲", "13800000000", "固城镇某厂拖欠")
CONTENT = f"{PAYER[2]}三个月的养老保险费"
HTML = "<!DOCTYPE html><html><head><title>登录</title></head><body>请登录</body></html>"
_LABELS = ("主办", "协办", "类别", "办理", "时限", "依据", "幂等键", "说明")
_KEY = rsa.generate_private_key(65537, 2048)


class Host:
    """What the three have in common. ``fail[kind]`` are faults to come: token, rows, read, save, upload, say, where, refer.

    ``held`` are those who hold the to-do of a form, ``ROBOT`` at first; ``persons`` are who takes it for a unit.
    """

    number = "1"
    flow = "工单办理"
    persons, referring = Fixed({}), Fixed({})

    def __init__(self, mocked):
        self.forms, self.files, self.times, self.filed = {}, defaultdict(dict), {}, {}
        self.tokens, self.fail, self.calls = set(), defaultdict(list), Counter()
        self.dropped, self.during, self.lost = set(), {}, []
        self.moved, self.held, self.referred = 0, defaultdict(lambda: {ROBOT}), []
        mocked.add_callback("GET", re.compile(URL + "/.*"), self._answer)
        mocked.add_callback("POST", re.compile(URL + "/.*"), self._answer)
        mocked.add_callback("PUT", re.compile(URL + "/.*"), self._answer)
        self.new(self.number)

    def new(self, number, at="2026-11-25 09:00:00", **changed):
        self.forms[number] = {**self.ticket(), **changed}
        self.times[number] = self.filed[number] = at

    def expire(self):
        self.tokens.clear()

    def _give_token(self):
        self.calls["token"] += 1
        self.tokens.add(f"token-{self.calls['token']}")
        return f"token-{self.calls['token']}"

    def _answer(self, request):
        kind = self.kind(request)
        fault = self.fail[kind].pop(0) if self.fail[kind] else None
        if callable(fault):
            return fault(request)
        if fault == "refused":  # nothing was done
            raise requests.ReadTimeout("slow")
        if isinstance(fault, tuple):
            status, body = fault
            self.calls[kind + "!"] += 1
            return status, {}, body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        status, body = self.act(kind, request)
        if act := self.during.pop(kind, None):
            act()
        self.calls["where"] += kind == "where"
        if fault == "lost":  # it was done, and nobody heard of it
            raise requests.ReadTimeout("slow")
        return status, {"Set-Cookie": "session=of-somebody-else"}, json.dumps(body, ensure_ascii=False)

    def knows(self, request, header="token"):
        assert "Cookie" not in request.headers
        return request.headers.get(header) in self.tokens

    def get(self, number, place):
        """Return what stands in a field; ``put`` writes it as a clerk does."""
        return self.forms[number].get(place, "")

    def put(self, number, place, value):
        self.forms[number][place] = value

    def refer(self, number, person, keep=False):
        self.calls["refer"] += 1
        self.referred.append((number, person))
        self.held[number] = (self.held[number] if keep else self.held[number] - {ROBOT}) | {person}

    def set(self, number, values):
        self.calls["save"] += 1
        self.forms[number] |= {k: v for k, v in values.items() if k not in self.dropped}


def parts_of(request):
    """Return the parts of a multipart body: name → (file name or None, bytes)."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    found = {}
    for part in message.iter_parts():
        named = re.search(rb'filename="([^"]*)"', request.body)
        name = part.get_param("name", header="content-disposition")
        is_file = part.get_content_type() != "text/plain"
        found[name] = (named.group(1).decode() if is_file else None, part.get_payload(decode=True))
    return found


def form_of(request):
    return {k: v[0] for k, v in parse_qs(request.body.decode() if isinstance(request.body, bytes) else request.body).items()}


class WeaverHost(Host):
    adapter, number = "weaver", "3038137"
    secrets = Fixed({
        "SECRET": "a-secrit-of-nobody",
        "SPK": base64.b64encode(_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode(),
    })
    at = Fixed(dict(zip(_LABELS, ("zbdw", "xbdw", "sxlb", "blfs", "blsx", "blyj", "hskey", "jysm"), strict=True)))
    with_files, also = Fixed({"附件": "clfj"}), Fixed({"附件目录": "35"})
    paths = Fixed({
        "applytoken": "token", "getToDoWorkflowRequestList": "rows", "getWorkflowRequest": "read", "submitRequest": "save",
        "uploadFile2Doc": "upload", "saveRequestLog": "say", "getRequestResources": "files",
        "getRequestOperatorInfo": "where", "forwardRequest": "refer"})
    persons = Fixed({"合水县税务局": "1002", "合水县医疗保障局": "1003"})
    options = Fixed({"blfs": {"一般事项": "0", "重大疑难事项": "1", "不属本机制": "2"}})
    no_token = Fixed({"msg": "token不存在或者超时：1234", "code": -1, "msgShowType": "none", "status": False})

    def __init__(self, mocked):
        super().__init__(mocked)
        self.opinion, self.log, self.documents, self.closed = "", [], {}, set()

    def ticket(self):
        return {"gdnr": CONTENT, "ldr": PAYER[0], "ldhm": PAYER[1], "xzq": "固城镇", "gdlx": "2", "ldsj": "2026-11-25 08:30",
                "bsbh": "", "clfj": "", **dict.fromkeys(self.at.values(), "")}

    def kind(self, request):
        return self.paths[urlsplit(request.url).path.rpartition("/")[2]]

    def act(self, kind, request):
        headers = request.headers
        if kind == "token":
            assert headers["appid"] == "hsdispute" and headers["time"] == "1800"
            if _opened(headers["secret"]) != self.secrets["SECRET"]:
                return 200, {"msg": "secret解密失败,请检查加密内容.", "code": -1, "status": False}
            return 200, {"msg": "获取成功!", "code": 0, "msgShowType": "none", "status": True, "token": self._give_token()}
        if not self.knows(request):
            return 200, dict(self.no_token)
        assert _opened(headers["userid"]) == "1001" and headers["appid"] == "hsdispute"
        return 200, getattr(self, f"_{kind}")(request)

    def _rows(self, request):
        asked = form_of(request)
        wanted = json.loads(asked.get("conditions", "{}")).get("workflowIds", "").split(",")
        rows = [{"requestId": n, "requestName": "某厂欠缴", "receiveTime": at[:10] + " 08:00:00", "lastOperateTime": at,
                 "workflowBaseInfo": {"workflowId": "102" if n in self.forms else "9"}} for n, at in self.times.items()]
        rows = [r for r in rows if wanted == [""] or r["workflowBaseInfo"]["workflowId"] in wanted]
        first = (int(asked["pageNo"]) - 1) * int(asked["pageSize"])
        return rows[first:first + int(asked["pageSize"])]

    def _read(self, request):
        number = parse_qs(urlsplit(request.url).query)["requestId"][0]
        if number not in self.forms:
            return {"code": "NO_PERMISSION", "errMsg": {"isremark": 2}}
        fields = [{"fieldName": "requestname", "fieldValue": "某厂欠缴", "fieldShowValue": "某厂欠缴", "edit": True}]
        for name, value in self.forms[number].items():
            one = {"fieldName": name, "fieldValue": value, "fieldShowValue": value, "edit": name not in self.closed, "view": True}
            if name == "jysm":
                one["fieldValue"] = one["fieldShowValue"] = value.replace("\n", "<br>")
            if name == "gdlx":
                one["fieldShowValue"] = "投诉"
            if codes := self.options.get(name):
                one |= {"selectnames": list(codes), "selectvalues": list(codes.values())}
                one["fieldShowValue"] = {v: k for k, v in codes.items()}.get(value, "")
            fields.append(one)
        return {"code": "SUCCESS", "errMsg": {}, "data": {
            "requestId": number, "requestName": "某厂欠缴", "createTime": "2026-11-25 08:58:00", "canView": True,
            "canEdit": ROBOT in self.held[number],
            "currentNodeName": "分派", "remark": self.opinion, "workflowRequestLogs": self.log,
            "workflowMainTableInfo": {"requestRecords": [{"recordOrder": 0, "workflowRequestTableFields": fields}]}}}

    def _files(self, request):
        number = parse_qs(urlsplit(request.url).query)["requestid"][0]
        return {"code": {"name": "SUCCESS", "statusCode": 1}, "data": [
            {"id": 1, "name": name, "type": 3} for name in self.files[number]]}

    def _upload(self, request):
        parts = parts_of(request)
        assert parts["category"][1] == b"35"
        self.calls["upload"] += 1
        self.documents[str(500 + self.calls["upload"])] = parts["name"][1].decode(), parts["file"][1]
        return {"data": {"fileid": 500 + self.calls["upload"]}, "status": "1", "api_status": True}

    def _save(self, request):
        asked = form_of(request)
        if json.loads(asked["otherParams"]).get("src") != "save":
            self.moved += 1
        if ROBOT not in self.held[asked["requestId"]]:
            return {"code": "NO_PERMISSION", "errMsg": {}}
        values = {f["fieldName"]: f["fieldValue"] for f in json.loads(asked["mainData"])}
        if unknown := values.keys() - self.forms[asked["requestId"]].keys():
            return {"code": "PARAM_ERROR", "errMsg": {f"error_param_{n}": PAYER[1] for n in unknown}}
        self.set(asked["requestId"], values)
        self.opinion = asked.get("remark", "")
        if "clfj" in values:
            self.files[asked["requestId"]] = dict(self.documents[d] for d in values["clfj"].split(","))
        return {"code": "SUCCESS", "errMsg": {}, "reqFailMsg": {"keyParameters": {}}}

    def _say(self, request):
        self.calls["say"] += 1
        self.opinion = form_of(request)["remark"]
        return {"code": "SUCCESS", "errMsg": {}}


    def _where(self, request):
        number = parse_qs(urlsplit(request.url).query)["requestid"][0]
        told = [{"id": 838, "userid": 900, "isremark": 2, "nodeName": "登记", "userName": "话务丙"}]
        told += [{"id": 839 + n, "userid": 1001 if who == ROBOT else int(who), "isremark": 0, "nodeName": "分派"}
                 for n, who in enumerate(sorted(self.held[number]))]
        if ROBOT not in self.held[number]:
            told.append({"id": 850, "userid": 1001, "isremark": 2, "nodeName": "分派", "userName": "机器人"})
        return {"code": "SUCCESS", "data": told, "errMsg": {}}

    def _refer(self, request):
        asked = form_of(request)
        assert asked["forwardFlag"] == "3" and asked["remark"].startswith("转合水县")
        if ROBOT not in self.held[asked["requestId"]]:
            return {"code": "NO_PERMISSION", "errMsg": {}}
        self.refer(asked["requestId"], asked["forwardResourceIds"])
        return {"code": "SUCCESS", "errMsg": {}}


def _opened(sealed):
    return _KEY.decrypt(base64.b64decode(sealed), padding.PKCS1v15()).decode()


class SeeyonHost(Host):
    adapter, number = "seeyon", "-5463281234567890123"
    secrets = Fixed({"PASSWORD": "not-a-real-password"})
    codes = Fixed({
        "工单标题": "field0001", "工单内容": "field0002", "来电人": "field0003", "来电号码": "field0004",
        "乡镇": "field0005", "工单类型": "field0006", "来电时间": "field0007", "登记时间": "field0008",
        "主办单位": "field0011", "协办单位": "field0012", "事项类别": "field0013", "办理方式": "field0014",
        "办理时限": "field0015", "办理依据": "field0016", "插件标记": "field0017", "建议说明": "field0018",
        "报送编号": "field0019", "材料": "field0020", "工单编号": "field0021"})
    persons = Fixed({"合水县税务局": "-7231816252026829001", "合水县医疗保障局": "7231816252026829002"})
    referring = Fixed({"待办依据": "工单编号"})
    robot = "-7231816252026829000"
    at = Fixed({label: f"field{n:04d}" for n, label in enumerate(_LABELS, 11)})
    with_files, also = Fixed({"附件": "材料"}), Fixed({})
    enums = Fixed({"field0014": {"一般事项": "-700000001", "重大疑难事项": "-700000002", "不属本机制": "-700000003"}})

    def __init__(self, mocked):
        super().__init__(mocked)
        self.closed, self.stored, self.as_text, self.subjects, self.came = set(), {}, False, {}, {}

    def ticket(self):
        return {**dict.fromkeys(self.codes.values(), ""), "field0001": "某厂欠缴", "field0002": CONTENT, "field0003": PAYER[0],
                "field0004": PAYER[1], "field0005": "固城镇", "field0006": "投诉", "field0007": "2026-11-25 08:30",
                "field0021": f"GD-2026-{len(self.forms) + 1:04d}"}

    def kind(self, request):
        path, body = urlsplit(request.url).path, request.body or b""
        if path.endswith("/export"):
            return "read" if b"dataId" in body else "rows"
        if path.endswith("/affairs/pending"):
            return "where"
        return {"token": "token", "batch-update": "save", "attachment": "upload", "orgMember": "member", "replaceItem": "refer"}[
            path.rpartition("/")[2]]

    def act(self, kind, request):
        if kind == "token":
            given = json.loads(request.body)
            assert (given["userName"], given["loginName"]) == ("hsdispute", "hsrobot")
            right = given["password"] == self.secrets["PASSWORD"]
            return 200, {"id": self._give_token() if right else "-1", "bindingUser": None}
        if not self.knows(request):
            return 401, {"code": 401, "message": "Invalid token"}
        return 200, getattr(self, f"_{kind}")(request)

    def _row(self, number):
        cells = {code: {"value": value, "showValue": value} for code, value in self.forms[number].items()}
        cells["field0008"] = {"value": self.times[number], "showValue": self.times[number]}
        for code, enum in self.enums.items():
            value = self.forms[number][code]
            cells[code] = {"value": value, "showValue": {v: k for k, v in enum.items()}.get(value, "")}
        cells["field0020"]["showValue"] = "、".join(self.files[number])
        return {"masterData": {"id": number, **cells}, "subData": {}}

    def _export(self, numbers):
        fields = [{"name": code, "display": name, "fieldType": "VARCHAR", "enumId": "77" if code in self.enums else "0",
                   "auth": "browse" if code in self.closed else "edit"} for name, code in self.codes.items()]
        data = {"success": 1, "code": "200", "message": "操作成功!", "data": {
            "definition": {"form": {"formId": "1", "formName": "台账"}, "fields": fields},
            "data": [self._row(n) for n in numbers]}}
        return {"code": 0, "data": json.dumps(data) if self.as_text else data, "message": ""}

    def _rows(self, request):
        given = json.loads(request.body)
        assert (given["templateCode"], given["rightId"]) == ("HS12345", "1000000000000000001.2000000000000000002")
        numbers = [n for n, at in self.filed.items()
                   if n in self.times and given["beginDateTime"] <= at[:10] <= given["endDateTime"]]
        first = (given["page"] - 1) * given["pageSize"]
        return self._export(numbers[first:first + given["pageSize"]])

    def _read(self, request):
        number = str(json.loads(request.body)["dataId"])
        return self._export([number] if number in self.forms else [])

    def _upload(self, request):
        self.calls["upload"] += 1
        name, content = parts_of(request)["file"]
        number = str(9_000_000_000_000_000_000 + self.calls["upload"])
        self.stored[number] = name, content
        return {"atts": [{"fileUrl": number, "filename": name}], "createDate": "2026-11-25"}

    def _save(self, request):
        given = json.loads(request.body)
        if given["doTrigger"]:
            self.moved += 1
        assert (given["formCode"], given["loginName"]) == ("HS12345", "hsrobot")
        (one,) = given["dataList"]
        assert one["masterTable"]["name"] == "formmain_0001"
        number = str(one["masterTable"]["record"]["id"])
        if number not in self.forms:
            return {"code": 0, "data": {"successIdList": [], "failedData": {number: PAYER[0]}}, "message": ""}
        values = {f["name"]: f["value"] or self.enums.get(f["name"], {}).get(f["showValue"], f["showValue"])
                  for f in one["masterTable"]["record"]["fields"]}  # the value comes first, the shown name where there is none
        self.set(number, values)
        for tie in one.get("attachmentInfos", ()):
            assert tie["subReference"] == values["field0020"] and 0 < int(tie["subReference"]) < 2**63
            name, content = self.stored[tie["fileUrl"]]
            self.files[number][name] = content
        return {"code": 0, "data": {"successIdList": [number]}, "message": ""}


    def _member(self, request):
        assert parse_qs(urlsplit(request.url).query)["loginName"] == ["hsrobot"]
        return {"id": int(self.robot), "name": "机器人", "loginName": "hsrobot", "code": "R01"}

    def todos(self, who):
        """Return the to-dos of a person: each is a flow whose title holds the number of a ticket."""
        of = {n: self.subjects.get(n, f"12345工单〔{form['field0021']}〕某厂欠缴") for n, form in self.forms.items()}
        came = {n: self.came.get(n, "2026-11-25 08:59:00") for n in of}
        return [{"id": 50 + n, "objectId": 60 + n, "subObjectId": 70 + n, "app": 1, "subject": of[number], "number": number,
                 "receiveTime": came[number]} for n, number in enumerate(of) if who in self.held[number]]

    def _where(self, request):
        asked = {k: v[0] for k, v in parse_qs(urlsplit(request.url).query).items()}
        rows = self.todos(ROBOT if asked["memberId"] == self.robot else asked["memberId"])
        first = (int(asked["pageNo"]) - 1) * int(asked["pageSize"])
        told = [{k: v for k, v in row.items() if k != "number"} for row in rows[first:first + int(asked["pageSize"])]]
        return {"pageNo": asked["pageNo"], "total": len(rows), "data": told}

    def _refer(self, request):
        asked = json.loads(request.body)
        assert asked["appName"] == "collaboration"
        number = next((r["number"] for r in self.todos(ROBOT) if str(r["subObjectId"]) == asked["workitemId"]), None)
        if number is None:
            return {"code": 1, "data": None, "message": PAYER[0]}
        self.refer(number, asked["nextMemberId"])
        return {"code": 0, "data": {}, "message": ""}


class O2oaHost(Host):
    adapter, number = "o2oa", "8b1d7a3e-0000-4000-8000-000000000001"
    secrets = Fixed({"SECRET": "sso-key-of-nobody"})
    at = Fixed(dict(zip(_LABELS, (
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


HOSTS = (WeaverHost, SeeyonHost, O2oaHost)
