"""How 致远 V8 signs a caller in, and what its answers mean: told, refused, to be tried again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hsdispute_plugin.adapters.http import Http
from hsdispute_plugin.adapters.json_shape import word
from hsdispute_plugin.adapters.oa_calls import Speech, Told, posted, strange
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused

REST = "/seeyon/rest"


class SeeyonSpeech(Speech):
    """How 致远 signs callers in, and what its answers mean."""

    product = "致远"

    def __init__(self, account: str, password: str, login: str) -> None:
        self._account, self._password, self._login = account, password, login

    def missing(self, name: str) -> tuple[str, ...]:
        """Return what is wrong with the secret."""
        return () if self._password else (f"没有口令：请设 HSDISPUTE_{name}_PASSWORD（或 …_FILE），值是 REST 用户的口令",)

    def sign_in(self, http: Http) -> Mapping[str, str]:
        """Fetch a token for the REST account, bound to the robot's login."""
        path = f"{REST}/token"
        told = posted(http, path, self.product, body={
            "userName": self._account, "password": self._password, "loginName": self._login})
        token = word(told.fields.get("id"))
        if told.status != 200 or token in ("", "-1"):
            raise DeliveryDelayed(
                f"致远不给令牌：POST {path}（HTTP {told.status}）。请系统管理员核对 REST 用户 “{self._account}” 的口令、"
                f"授权的模块和 IP，以及登录名 “{self._login}” 是否存在", host_down=True)
        return {"token": token}

    def expired(self, told: Told) -> bool:
        """Tell by the code in the body; HTTP 401 is looked at before."""
        return word(told.fields.get("code")) == "401"

    def fenced(self, where: str) -> str:
        """Return the mend for the lists of to-dos, which V8.2 SP1 and later close to all but named callers (三方互信)."""
        return "" if "/affairs/" not in where else (
            "V8.2SP1 起待办接口默认不开放，放开的办法见 docs/oa.md；不放开的请删去平台文件的 待办依据 和 接收人")

    def judged(self, told: Told, where: str, *, reading: bool) -> Any:
        """Return ``data`` of an answer with code 0; uploads (``atts``), persons and lists of to-dos come without such a code."""
        given = told.fields
        if told.status == 200 and ("atts" in given or "loginName" in given):
            return given
        if told.status == 200 and "code" not in given and isinstance(data := opened(given.get("data")), list):
            return data
        code = word(given.get("code"))
        if told.status == 500 or code in ("500", "-1"):
            raise DeliveryDelayed(f"致远内部出错：{where}（HTTP {told.status}，code {code or '空的'}）",
                                  outcome_unknown=not reading)
        if not code:
            raise strange(self.product, where, reading=reading)
        if code not in ("0", "200"):
            mend = "表单编号、主表名、权限和字段" if "/cap4/" in where else "REST 用户授权的接口和人员编号"
            raise DeliveryRefused(f"致远不接受：{where}（code {code[:10]}）。请核对 {mend}")
        return opened(given.get("data"))


def opened(data: Any) -> Any:
    """Return data that may come as a JSON string."""
    if isinstance(data, str) and data.lstrip().startswith(("{", "[")):
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return data
    return data
