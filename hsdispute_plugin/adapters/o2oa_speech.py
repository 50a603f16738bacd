"""How O2OA signs a caller in, and what its answers mean: told, refused, to be tried again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from hsdispute_plugin.adapters.http import Http
from hsdispute_plugin.adapters.json_shape import at, word
from hsdispute_plugin.adapters.oa_calls import Speech, Told, posted, strange
from hsdispute_plugin.adapters.oa_cipher import des_sealed
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused

_SSO = "/x_organization_assemble_authentication/jaxrs/sso"
_ANONYMOUS = ("not cipher or manager or user", "not manager or user", "not user", "not cipher")
_SIGN_IN = {
    "ExceptionTokenExpired": "本机与 O2OA 的时钟相差超过 60 秒，请校准",
    "ExceptionReadToken": "密钥不对，或 O2OA 改用了国密加密（person.json 的 encryptType），请与管理员核对",
    "ExceptionClientNotExist": "没有这个应用，或它没有启用：请管理员在“系统设置—SSO 配置”里添加并重启",
    "ExceptionPersonNotExist": "没有这个用户：请核对 用户（要用英文的唯一编码或手机号）",
    "ExceptionAdmin": "不能用 xadmin：请另建一个机器人账号",
}


class O2oaSpeech(Speech):
    """How O2OA signs callers in, and what its answers mean. ``clock`` gives Unix seconds."""

    product = "O2OA"

    def __init__(self, client: str, user: str, key: str, clock: Callable[[], float] = time.time) -> None:
        self._client, self._user, self._key, self._clock = client, user, key, clock
        self._person = ""

    def is_robot(self, person: str) -> bool:
        """Tell whether a full name (张三@zs@P) is the robot's, as the sign-on told it, or else by its middle part."""
        return person == self._person if self._person else person.split("@")[1:] == [self._user, "P"]

    def missing(self, name: str) -> tuple[str, ...]:
        """Return what is wrong with the secret."""
        if not self._key:
            return (f"没有密钥：请设 HSDISPUTE_{name}_SECRET（或 …_FILE），值是 SSO 配置里的密钥",)
        return () if len(self._key.encode()) >= 8 else (f"HSDISPUTE_{name}_SECRET 不足 8 个字符，O2OA 的 SSO 密钥至少 8 个",)

    def sign_in(self, http: Http) -> Mapping[str, str]:
        """Fetch a token as the robot."""
        try:
            sealed = des_sealed(self._key, f"{self._user}#{int(self._clock() * 1000)}")
        except ValueError:
            raise DeliveryDelayed("O2OA 的 SECRET 没有设好，用 hsdispute doctor 看该设什么", host_down=True) from None
        told = posted(http, _SSO, self.product, body={"client": self._client, "token": sealed})
        token = word(at(told.fields.get("data"), "token"))
        if not token:
            why = _SIGN_IN.get(_prompt(told), "请核对应用、用户和密钥")
            raise DeliveryDelayed(f"O2OA 不给令牌：POST {_SSO}。{why}", host_down=True)
        self._person = word(at(told.fields.get("data"), "distinguishedName"))
        return {"x-token": token}

    def expired(self, told: Told) -> bool:
        """Tell by the words of its filter that we are a stranger to it."""
        return told.fields.get("type") == "error" and word(told.fields.get("message")).startswith(_ANONYMOUS)

    def judged(self, told: Told, where: str, *, reading: bool) -> Any:
        """Return ``data`` of a success; sort errors by their class."""
        kind, prompt = told.fields.get("type"), _prompt(told)
        if kind in ("success", "warn") and told.status < 300:
            return told.fields.get("data")
        if kind == "connectFatal" or (kind == "error" and not prompt):
            raise DeliveryDelayed(f"O2OA 内部出错：{where}（HTTP {told.status}）", outcome_unknown=not reading,
                                  host_down=kind == "connectFatal")
        if kind != "error":
            raise strange(self.product, where, reading=reading)
        if prompt.endswith("AccessDenied"):
            raise DeliveryRefused(f"O2OA 说机器人没有权限：{where}。工作可能已流转，或机器人不是当前处理人、表单不许保存")
        if "NotExist" in prompt:
            raise DeliveryRefused(f"O2OA 里没有这个工作：{where}。可能已办结或删除")
        raise DeliveryRefused(f"O2OA 不接受（{prompt}）：{where}")


def _prompt(told: Told) -> str:
    """Return the class of an error without its package."""
    name = word(told.fields.get("prompt")).rpartition(".")[2].rpartition("$")[2]
    return name if name.isascii() and name.isalnum() and len(name) < 80 else ""
