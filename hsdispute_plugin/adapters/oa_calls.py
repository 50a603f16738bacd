"""Calls to an OA that gives out tokens: one thread renews, an answer that says expired is asked once more, all else is sorted."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from hsdispute_plugin.adapters.http import Answer, Http
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.model import decode

_LOOKED_AT = frozenset({301, 302, 303, 307, 308, 401, 500})  # such an OA says several things with these: looked at here
_FORM = "application/x-www-form-urlencoded; charset=UTF-8"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the OA: its status, and its body as JSON (``None`` when it is no JSON: a login page, a proxy's)."""

    status: int
    body: Any
    page: bool  # the body is HTML

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return the body when it is an object, else an empty one."""
        return self.body if isinstance(self.body, Mapping) else {}


class Speech(Protocol):
    """How one product speaks: what it wants to sign in, and what its answers mean."""

    product: str

    def sign_in(self, http: Http) -> Mapping[str, str]:
        """Fetch a token; return the headers that carry it.

        Raises:
            DeliveryDelayed, DeliveryRefused: It was not given.
        """

    def expired(self, told: Told) -> bool:
        """Tell whether an answer says that the token is not known (any more): then nothing was done."""

    def fenced(self, where: str) -> str:
        """Return who must open an interface that knows no token of ours, in Chinese; empty: it is open to all who sign in."""
        return ""

    def judged(self, told: Told, where: str, *, reading: bool) -> Any:
        """Return what an answer gives.

        Raises:
            DeliveryDelayed, DeliveryRefused: It says no, or is no answer of this product. The OA's own words are not passed
                on: they may be the payer's.
        """


class OaCalls:
    """One account at one OA. May be used from several threads."""

    def __init__(self, base: str, speech: Speech, timeout_s: float, authority: str) -> None:
        # No cookies: O2OA lets a cookie of an earlier answer win over the token that we send.
        self._http = Http(base, timeout_s=timeout_s, cookies=False, authority=authority)
        self._speech = speech
        self._lock = threading.Lock()
        self._carried: Mapping[str, str] | None = None

    def signed_in(self) -> None:
        """Fetch a new token, whatever we have."""
        self._renewed(self._carried)

    def ask(self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: object = None,
            form: Mapping[str, str] | None = None) -> Any:
        """Return what a reading call gives; it changes nothing, so its outcome is never unknown.

        Raises:
            DeliveryDelayed, DeliveryRefused: The OA did not give it.
        """
        try:
            return self._send(method, path, reading=True, params=params, body=body, form=form)
        except DeliveryDelayed as err:
            raise DeliveryDelayed(str(err), retry_after_s=err.retry_after_s, host_down=err.host_down) from None

    def tell(self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: object = None,
             form: Mapping[str, str] | None = None, parts: Mapping[str, Any] | None = None) -> Any:
        """Return what a writing call gives; sent again only when the OA said that it did not know the token.

        Raises:
            DeliveryDelayed: ``outcome_unknown`` when the OA may have done it.
            DeliveryRefused: The OA will not do it.
        """
        return self._send(method, path, reading=False, params=params, body=body, form=form, parts=parts)

    def _send(self, method: str, path: str, *, reading: bool, params: Mapping[str, str] | None, body: object,
              form: Mapping[str, str] | None, parts: Mapping[str, Any] | None = None) -> Any:
        where, speech = f"{method} {path}", self._speech
        headers = {"Content-Type": _FORM} if form is not None else {}
        raw = urlencode(form).encode() if form is not None else None

        def once(carried: Mapping[str, str]) -> Told:
            return _told(self._http.call(method, path, headers={**headers, **carried}, params=params, body=body, raw=raw,
                                         files=parts, accept=_LOOKED_AT))

        carried = self._carried or self._renewed(None)
        told = once(carried)
        if self._not_known(told, reading=reading):
            told = once(self._renewed(carried))
            if self._not_known(told, reading=reading):
                if mend := speech.fenced(where):
                    raise DeliveryRefused(f"{speech.product}不让调用这个接口：{where}（HTTP {told.status}）。{mend}")
                raise DeliveryDelayed(f"{speech.product}刚给的令牌它自己不认：{where}（HTTP {told.status}）。"
                                      "请核对账号是否停用、地址是否经过登录网关", host_down=True)
        if told.body is None:
            what = "登录页或网页" if told.page else "看不懂的内容"
            raise DeliveryDelayed(f"{speech.product}回答的不是 JSON，是{what}：{where}（HTTP {told.status}）。请核对地址",
                                  outcome_unknown=True, host_down=True)
        return speech.judged(told, where, reading=reading)

    def _not_known(self, told: Told, *, reading: bool) -> bool:
        """Tell whether to sign in anew. A page in answer to a writing call is no proof that nothing was done."""
        return (told.status == 401 or 300 <= told.status < 400 or (told.page and reading and told.status < 400)
                or self._speech.expired(told))

    def _renewed(self, stale: Mapping[str, str] | None) -> Mapping[str, str]:
        """Return new headers; of several threads that find the same token stale, one fetches and the others take what it got."""
        with self._lock:
            if self._carried is None or self._carried is stale:
                self._carried = None
                try:
                    self._carried = dict(self._speech.sign_in(self._http))
                except DeliveryDelayed as err:  # of the call itself nothing was sent
                    raise DeliveryDelayed(str(err), retry_after_s=err.retry_after_s, host_down=True) from None
            return self._carried

    def close(self) -> None:
        """Close pooled connections."""
        self._http.close()


def posted(http: Http, path: str, what: str, *, headers: Mapping[str, str] | None = None, body: object = None) -> Told:
    """Send a call that signs in; return its answer, which is JSON.

    Raises:
        DeliveryDelayed, DeliveryRefused: No answer, or none in JSON; ``what`` names the product.
    """
    told = _told(http.call("POST", path, headers=headers, body=body, accept=frozenset({401, 500})))
    if told.body is None:
        raise DeliveryDelayed(f"{what}换令牌的接口回答的不是 JSON：POST {path}（HTTP {told.status}）。请核对地址和接口是否启用",
                              host_down=True)
    return told


def strange(product: str, where: str, *, reading: bool) -> DeliveryDelayed:
    """Return the error for JSON that the product does not send: another program's address."""
    return DeliveryDelayed(f"回答不是{product}的格式，请核对地址和版本：{where}", outcome_unknown=not reading)


def docx(title: str, content: bytes) -> tuple[str, bytes, str]:
    """Return a paper as a part of a multipart body."""
    return title, content, DOCX


def _told(answer: Answer) -> Told:
    try:
        text = decode(answer.body)
        body = json.loads(text)
    except (ValueError, RecursionError):
        return Told(answer.status, None, _is_page(answer))
    return Told(answer.status, body, False)


def _is_page(answer: Answer) -> bool:
    return answer.body[:500].lstrip().lower().startswith((b"<!doctype html", b"<html", b"<head", b"<script"))
