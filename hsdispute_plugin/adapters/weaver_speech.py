"""How 泛微 e-cology 9 signs a caller in, and what its answers mean: told, refused, to be tried again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hsdispute_plugin.adapters.http import Http
from hsdispute_plugin.adapters.json_shape import word
from hsdispute_plugin.adapters.oa_calls import Speech, Told, posted, strange
from hsdispute_plugin.adapters.oa_cipher import rsa_key, rsa_sealed
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused

_TOKEN_S = 1800
_CODES = {1: "SUCCESS", 2: "PARAM_ERROR", 3: "NO_PERMISSION", 4: "SYSTEM_INNER_ERROR", 5: "USER_EXCEPTION", 6: "FAIL"}
_REFUSED = {
    "PARAM_ERROR": "参数不对",
    "NO_PERMISSION": "机器人没有权限：流程已流转，或机器人不是当前节点的操作者",
    "FAIL": "没有办成",
}


class WeaverSpeech(Speech):
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


def _details(given: Mapping[str, Any]) -> str:
    """Return names of fields and of kinds of failure in a refusal, never what stands in the form."""
    text = json.dumps([given.get("errMsg"), given.get("reqFailMsg")], ensure_ascii=False)
    fields = dict.fromkeys(re.findall(r"error_param_(\w{1,40})", text))
    kinds = dict.fromkeys(re.findall(r'"msgType": "([A-Z_]{3,60})"', text))
    said = ([f"字段 {'、'.join(fields)} 不对"] if fields else []) + ([f"原因 {'、'.join(kinds)}"] if kinds else [])
    return f"（{'；'.join(said)}）" if said else ""
