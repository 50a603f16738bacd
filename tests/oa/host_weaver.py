"""A 泛微 e-cology 9 as far as we use it, answering in the shapes that its maker publishes, with invented people and numbers."""

import base64
import json
from types import MappingProxyType as Fixed
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.oa.host import CONTENT, LABELS, PAYER, ROBOT, Host, form_of, parts_of

_KEY = rsa.generate_private_key(65537, 2048)


class WeaverHost(Host):
    adapter, number = "weaver", "3038137"
    secrets = Fixed({
        "SECRET": "a-secrit-of-nobody",
        "SPK": base64.b64encode(_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode(),
    })
    at = Fixed(dict(zip(LABELS, ("zbdw", "xbdw", "sxlb", "blfs", "blsx", "blyj", "hskey", "jysm"), strict=True)))
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
