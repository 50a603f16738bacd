"""A 致远 V8 as far as we use it, answering in the shapes that its maker publishes, with invented people and numbers."""

import json
from types import MappingProxyType as Fixed
from urllib.parse import parse_qs, urlsplit

from tests.oa.host import CONTENT, LABELS, PAYER, ROBOT, Host, parts_of


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
    at = Fixed({label: f"field{n:04d}" for n, label in enumerate(LABELS, 11)})
    with_files, also = Fixed({"附件": "材料"}), Fixed({})
    enums = Fixed({"field0014": {"一般事项": "-700000001", "重大疑难事项": "-700000002", "不属本机制": "-700000003"}})

    def __init__(self, mocked):
        super().__init__(mocked)
        self.closed, self.stored, self.as_text, self.subjects, self.came, self.fenced = set(), {}, False, {}, {}, False

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
        if "/orgMember/" in path:
            return "who"
        return {"token": "token", "batch-update": "save", "attachment": "upload", "orgMember": "member", "replaceItem": "refer"}[
            path.rpartition("/")[2]]

    def act(self, kind, request):
        if kind == "token":
            given = json.loads(request.body)
            assert (given["userName"], given["loginName"]) == ("hsdispute", "hsrobot")
            right = given["password"] == self.secrets["PASSWORD"]
            return 200, {"id": self._give_token() if right else "-1", "bindingUser": None}
        if not self.knows(request) or (self.fenced and kind == "where"):
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

    def _who(self, request):
        number = urlsplit(request.url).path.rpartition("/")[2]
        known = {"id": int(number), "loginName": "someone", "code": "001", "isValid": number not in self.left}
        return known if number in {*self.persons.values(), *self.left} else None

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
