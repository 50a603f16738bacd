"""How a request to a county's 12345 is signed: fixed header, HMAC-SHA256, HMAC-SM3, or the old sorted-parameter MD5."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.adapters.signature import ALGORITHMS, mac

NONE, FIXED, MD5 = "无", "固定头", "排序MD5"
WAYS = (NONE, FIXED, *ALGORITHMS, MD5)
PARTS = ("应用", "时间戳", "随机数", "内容", "方法", "路径")
_KEYS = ("方式", "头", "前缀", "应用头", "时间戳头", "随机数头", "签名头", "签名内容", "签名编码", "时间戳单位", "密钥拼法")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that is ready to go: the path with its query, headers and the very bytes that were signed."""

    path: str
    headers: Mapping[str, str]
    body: bytes | None


class RequestAuth:
    """认证 of a platform file. ``app`` and ``key`` are the secrets APP_KEY and SECRET; clock and nonce are given for tests."""

    def __init__(
        self, file: PlatformFile, app: str, key: str, clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """Read 认证; its problems are noted in the file."""
        part = file.part("认证", _KEYS)
        self.way = part.choice("方式", WAYS)
        self._header = part.text("头", "Authorization")
        self._prefix = part.text("前缀") + " " if part.has("前缀") else ""
        signed = self.way in ALGORITHMS
        self._app_name = part.text("应用头", "X-App-Id" if signed else "appId")
        self._time_name = part.text("时间戳头", "X-Timestamp" if signed else "timestamp")
        self._nonce_name = part.text("随机数头", "X-Nonce" if signed else "nonce")
        self._sign_name = part.text("签名头", "X-Signature" if signed else "sign")
        self._message = part.text("签名内容", "{应用}{时间戳}{随机数}{内容}").replace("\\n", "\n")
        self._base64 = part.choice("签名编码", ("十六进制", "Base64")) == "Base64"
        self._thousandth = part.choice("时间戳单位", ("秒", "毫秒")) == "毫秒"
        self._joined = part.text("密钥拼法", "{参数}&key={密钥}")
        for name in re.findall(r"{(.*?)}", self._message):
            if name not in PARTS:
                part.note("签名内容", f"不认识的 “{{{name}}}”", f"unknown part {name!r}",
                          f"可用：{'、'.join(PARTS)}，写在花括号里")
        self._app, self._key, self._clock, self._nonce = app, key, clock, nonce

    def missing(self) -> str:
        """Return which secret is not set, as the end of its variable; empty: all there."""
        return "SECRET" if self.way != NONE and not self._key else ""

    def sign(self, method: str, path: str, params: Mapping[str, str], body: Mapping[str, Any] | None, encoding: str) -> Sent:
        """Return the request with what shows that it is ours."""
        raw = None if body is None else json.dumps(body, ensure_ascii=False).encode(encoding)
        headers: dict[str, str] = {} if raw is None else {"Content-Type": f"application/json; charset={encoding}"}
        query = dict(params)
        stamp = str(int(self._clock() * (1000 if self._thousandth else 1)))
        if self.way == FIXED:
            headers[self._header] = self._prefix + self._key
        elif self.way in ALGORITHMS:
            nonce = self._nonce()
            given = {"{应用}": self._app, "{时间戳}": stamp, "{随机数}": nonce, "{方法}": method, "{路径}": path}
            message = b"".join((raw or b"") if part == "{内容}" else given.get(part, part).encode()
                               for part in re.split(r"({.*?})", self._message))
            seal = mac(self.way, self._key.encode(), message)
            headers |= {self._app_name: self._app, self._time_name: stamp, self._nonce_name: nonce,
                        self._sign_name: base64.b64encode(seal).decode() if self._base64 else seal.hex()}
        elif self.way == MD5:
            query |= {self._app_name: self._app, self._time_name: stamp, self._nonce_name: self._nonce()}
            query[self._sign_name] = self._old_seal({**(body or {}), **query}, encoding)
        return Sent(path + (f"?{urlencode(query, encoding=encoding)}" if query else ""), headers, raw)

    def _old_seal(self, values: Mapping[str, Any], encoding: str) -> str:
        """Return the upper-case MD5 of the sorted, non-empty parameters and the key, as old systems want it."""
        flat = {k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, separators=(",", ":"))
                for k, v in values.items()}
        joined = "&".join(f"{k}={v}" for k, v in sorted(flat.items()) if v not in ("", "null"))
        text = self._joined.replace("{参数}", joined).replace("{密钥}", self._key)
        return hashlib.md5(text.encode(encoding), usedforsecurity=False).hexdigest().upper()
