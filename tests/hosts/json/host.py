"""A small 12345 of our own on loopback, in its own thread: real HTTP, signatures checked, every call written down."""

import copy
import hashlib
import hmac
import json
import socket
import threading
from urllib.parse import parse_qs, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET, APP = "a-secret-of-the-test", "hsdispute"
ORDER = {"orderNum": "QY-1", "title": "固城镇㐂欠缴", "majorContent": "单位欠缴养老保险八个月，请税务局查处",
         "callerName": "缴费人甲", "callerPhone": "13800000000", "address": "老城镇",
         "sourceType": "1", "orderType": 3, "pilotLight": "1",
         "callTime": "2026年11月2日 8时30分", "deadlineDate": "20261203093000", "updateTime": "2026-11-25 09:00:00",
         "handle": dict.fromkeys(("unit", "helpers", "category", "mode", "due", "basis", "extKey"), ""),
         "notes": [], "files": []}


class Host:
    """``faults`` are used up one a call to the path's last part: a status, a code of the body, or ``lost`` (done, unanswered)."""

    def __init__(self, encoding="utf-8", sm3=False, old=False):
        self.encoding, self.sm3, self.old = encoding, sm3, old
        self.orders = {"QY-1": copy.deepcopy(ORDER)}
        self.calls, self.keys, self.faults = [], set(), {}
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = Starlette(routes=[Route("/api/{rest:path}", self.serve, methods=["GET", "POST"])])
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.should_exit = self.server.force_exit = True  # the client under test may keep its connection open
        self.thread.join(10)

    def said(self, *parts):
        return [c for c in self.calls if c.endswith(parts)]

    def answer(self, told, status=200):
        return Response(json.dumps(told, ensure_ascii=False).encode(self.encoding), status, media_type="application/json")

    def genuine(self, request, body):
        if self.old:
            given = {k: v[0] for k, v in parse_qs(urlsplit(str(request.url)).query, encoding=self.encoding).items()}
            seal = given.pop("sign", "")
            values = {**(json.loads(body.decode(self.encoding)) if body else {}), **given}
            flat = {k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, separators=(",", ":"))
                    for k, v in values.items()}
            text = "&".join(f"{k}={flat[k]}" for k in sorted(flat) if flat[k]) + f"&key={SECRET}"
            return seal == hashlib.md5(text.encode(self.encoding)).hexdigest().upper()
        h = request.headers
        message = (h["x-app-id"] + h["x-timestamp"] + h["x-nonce"]).encode() + body
        return hmac.compare_digest(hmac.digest(SECRET.encode(), message, "sm3" if self.sm3 else "sha256").hex(), h["x-signature"])

    async def serve(self, request: Request):
        body, parts = await request.body(), request.path_params["rest"].split("/")
        self.calls.append(f"{request.method} /{'/'.join(parts)}")
        multipart = request.headers.get("content-type", "").startswith("multipart")
        if not self.genuine(request, b"" if multipart else body):
            return self.answer({"code": 401, "msg": "签名不对"})
        fault = self.faults.get(parts[-1], []).pop(0) if self.faults.get(parts[-1]) else None
        if isinstance(fault, int):
            return self.answer({"code": fault}, fault if fault >= 500 else 200)
        if request.method == "GET":
            if len(parts) == 1:
                since = request.query_params.get("since", "")
                found = [o for o in self.orders.values() if o["updateTime"] >= since]
                page, size = int(request.query_params["page"]), int(request.query_params["size"])
                return self.answer({"code": "0", "data": {"list": found[(page - 1) * size:page * size]}})
            order = self.orders.get(parts[1])
            return self.answer({"code": "0", "data": order} if order else {"code": 404})
        order, key = self.orders[parts[1]], request.headers.get("x-idempotency-key", "")
        if key and key in self.keys:
            return self.answer({"code": 409, "msg": "重复"})
        self.keys.add(key)
        if parts[-1] == "files":
            order["files"].append({"name": (await self.file_name(body))})
        else:
            given = json.loads(body.decode(self.encoding))
            if parts[-1] == "notes":
                order["notes"].append(given)
            else:
                order["handle"] |= given["handle"]
        return Response(b"<html>", 502) if fault == "lost" else self.answer({"code": 0})

    async def file_name(self, body):
        head = body.split(b"\r\n\r\n", 1)[0].decode()
        if 'filename="' in head:
            return head.rsplit('filename="', 1)[-1].split('"')[0]
        return head.rsplit("''", 1)[-1].split("\r\n")[0]
