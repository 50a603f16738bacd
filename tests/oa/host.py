"""What the three OA products of the tests have in common: forms, tokens, who holds a to-do, and the faults they have on order."""

import json
import re
from collections import Counter, defaultdict
from email.parser import BytesParser
from email.policy import HTTP
from types import MappingProxyType as Fixed
from urllib.parse import parse_qs

import requests

URL = "http://oa.invalid"
ROBOT = "robot"
PAYER = ("缴费人甲", "13800000000", "固城镇某厂拖欠")
CONTENT = f"{PAYER[2]}三个月的养老保险费"
HTML = "<!DOCTYPE html><html><head><title>登录</title></head><body>请登录</body></html>"
LABELS = ("主办", "协办", "类别", "办理", "时限", "依据", "幂等键", "说明")


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
        self.moved, self.held, self.referred, self.left = 0, defaultdict(lambda: {ROBOT}), [], set()
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


