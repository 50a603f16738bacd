"""The calls of a host that speaks HTTP and JSON in its own way: paths and success from its file, failures sorted as ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from hsdispute_plugin.adapters.http import Answer, Http
from hsdispute_plugin.adapters.json_auth import RequestAuth
from hsdispute_plugin.adapters.json_shape import at, put, word
from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.platform import PlatformSettings
from hsdispute_plugin.model import decode

#: What each entry of 接口 may say beside 方法 and 路径.
ENDPOINTS: Mapping[str, tuple[str, ...]] = {
    "列表": ("数据", "更新时间", "起始参数", "时间格式", "页码参数", "每页参数", "每页", "整单"),
    "取单": ("数据", "工单参数"), "写回": ("工单字段",), "说明": ("工单字段", "内容字段", "已有", "已有内容"),
    "附件": ("工单字段", "文件字段", "已有", "已有名称"),
}
_METHODS = ("GET", "POST", "PUT", "PATCH")
_SUCCESS = ("字段", "值", "重复", "过期", "稍后", "拒绝")


class JsonRest:
    """One host's calls, by the names of 接口. A call that a host does not have is not in ``has``."""

    def __init__(self, file: PlatformFile, settings: PlatformSettings) -> None:
        """Read 地址, 编码, 认证, 接口, 成功, 幂等 of a platform file; its problems are noted in the file."""
        base, timeout_s = file.address(), file.seconds("超时秒", 10)
        self.encoding = file.choice("编码", ("UTF-8", "GB18030"))
        self.auth = RequestAuth(file, settings.secret("APP_KEY"), settings.secret("SECRET"))
        part = file.part("接口", tuple(ENDPOINTS))
        self._calls = {name: part.words(name, ("方法", "路径", *more)) for name, more in ENDPOINTS.items() if part.has(name)}
        for name, call in self._calls.items():
            if not call.get("路径", "").startswith("/"):
                part.note(f"{name}.路径", "缺少路径，或不是以 / 开头", "a path is missing", "如 路径: /api/orders/{工单}")
            if call.get("方法", "GET") not in _METHODS:
                part.note(f"{name}.方法", "方法不对", "unknown method", f"可用：{'、'.join(_METHODS)}")
        success = file.part("成功", _SUCCESS)
        self._code_place = success.text("字段") if success.has("字段") else ""
        self._good = success.names("值") or frozenset({"0", "200", "true"})
        self._repeat, self._expired = success.names("重复"), success.names("过期")
        self._later, self._refused = success.names("稍后"), success.names("拒绝")
        once = file.part("幂等", ("头", "字段"))
        self._once_header = once.text("头") if once.has("头") else ""
        self._once_field = once.text("字段") if once.has("字段") else ""
        self.keyed = bool(self._once_header or self._once_field)
        self._http = Http(base, timeout_s=timeout_s, authority=file.authority())

    def has(self, name: str) -> bool:
        """Tell whether the host has a call."""
        return name in self._calls

    def say(self, name: str, key: str, default: str = "") -> str:
        """Return one setting of a call."""
        return self._calls.get(name, {}).get(key, default)

    def ask(self, name: str, ticket_no: str = "", params: Mapping[str, str] | None = None) -> Any:
        """Return what a reading call gives, at its 数据.

        Raises:
            DeliveryDelayed, DeliveryRefused: The host did not give it.
        """
        given = dict(params or {})
        if ticket_no and (named := self.say(name, "工单参数")):
            given[named] = ticket_no
        method = self.say(name, "方法", "GET")
        told = self._send(name, method, self._path(name, ticket_no), given if method == "GET" else {},
                          None if method == "GET" else dict(given), "", reading=True)
        return at(told, self.say(name, "数据"))

    def tell(self, name: str, ticket_no: str, values: Mapping[str, Any], key: str) -> None:
        """Send values, at their places, in a writing call; ``key`` marks the call, so that a host can know a repeat.

        Raises:
            DeliveryDelayed, DeliveryRefused: The host did not take it; a repeat that it knows is success.
        """
        body: dict[str, Any] = {}
        if place := self.say(name, "工单字段"):
            put(body, place, ticket_no)
        for path, value in values.items():
            put(body, path, value)
        if self._once_field:
            put(body, self._once_field, key)
        self._send(name, self.say(name, "方法", "POST"), self._path(name, ticket_no), {}, body, key)

    def upload(self, ticket_no: str, title: str, content: bytes, key: str) -> None:
        """Attach one file as multipart.

        Raises:
            DeliveryDelayed, DeliveryRefused: The host did not take it.
        """
        name = "附件"
        fields = {place: ticket_no} if (place := self.say(name, "工单字段")) else {}
        if self._once_field:
            fields[self._once_field] = key
        path = self._path(name, ticket_no)
        sent = self.auth.sign("POST", path, fields, None, self.encoding)
        files = {self.say(name, "文件字段", "file"): (title, content)}
        self._judged(name, "POST", path, self._http.call("POST", sent.path, headers=self._marked(sent.headers, key), files=files,
                                                   accept=self._accept()))

    def _send(
        self, name: str, method: str, path: str, params: Mapping[str, str], body: Mapping[str, Any] | None, key: str,
        *, reading: bool = False,
    ) -> Any:
        sent = self.auth.sign(method, path, params, body, self.encoding)
        try:
            answer = self._http.call(method, sent.path, headers=self._marked(sent.headers, key), raw=sent.body,
                                     accept=self._accept() if not reading else frozenset())
        except DeliveryDelayed as err:  # the path without its query, which holds signatures; a question changes nothing
            raise DeliveryDelayed(str(err).replace(sent.path, path), outcome_unknown=err.outcome_unknown and not reading,
                                  retry_after_s=err.retry_after_s, host_down=err.host_down) from None
        except DeliveryRefused as err:
            raise DeliveryRefused(str(err).replace(sent.path, path)) from None
        return self._judged(name, method, path, answer)

    def _judged(self, name: str, method: str, path: str, answer: Answer) -> Any:
        """Return the body of an answer that means yes; a code of the body that means no is sorted like a status."""
        if answer.status >= 400:  # one of 重复
            return {}
        try:
            told = json.loads(decode(answer.body)) if answer.body.strip() else {}
        except (ValueError, RecursionError):
            raise DeliveryDelayed(f"平台回答的不是 JSON：{method} {path}（HTTP {answer.status}，{len(answer.body)} 字节）",
                                  outcome_unknown=method != "GET", host_down=True) from None
        code = word(at(told, self._code_place)) if self._code_place else ""
        where = f"{method} {path} 的 {self._code_place} 是 {code[:20] or '空的'}"
        if not self._code_place or code in self._good or code in self._repeat:
            return told
        if code in self._expired:
            raise DeliveryDelayed(f"平台说凭证或时间戳过期，请核对密钥和本机时钟：{where}", host_down=True)
        if code in self._later:
            raise DeliveryDelayed(f"平台暂时不行：{where}", host_down=True)
        if code in self._refused:
            raise DeliveryRefused(f"平台不接受（接口“{name}”）：{where}")
        if not code:  # not an answer of this interface at all
            raise DeliveryDelayed(f"平台的回答里没有成功标志，请核对地址和“成功”的字段：{where}", outcome_unknown=method != "GET")
        raise DeliveryRefused(f"平台没有说成功（接口“{name}”）：{where}。这个值若可重试，请写进“成功”的 稍后")

    def _path(self, name: str, ticket_no: str) -> str:
        return self.say(name, "路径").replace("{工单}", quote(ticket_no, safe="", encoding=self.encoding))

    def _marked(self, headers: Mapping[str, str], key: str) -> dict[str, str]:
        return {**headers, **({self._once_header: key} if self._once_header and key else {})}

    def _accept(self) -> frozenset[int]:
        return frozenset(int(code) for code in self._repeat if code.isdecimal() and 400 <= int(code[:5]) < 500)

    def close(self) -> None:
        """Close pooled connections."""
        self._http.close()
