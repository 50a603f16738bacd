"""The one HTTP client: timeouts, bounded answers, and every failure sorted into try again, refused or unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import NewConnectionError

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused

MAX_ANSWER_BYTES = 20_000_000
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered: status, headers (lower-case names) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            DeliveryDelayed: It is not JSON (a proxy's page, a login form); worth another try.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise DeliveryDelayed(f"平台回答的不是 JSON（HTTP {self.status}，{len(self.body)} 字节）") from None


class Http:
    """A session with one host. ``base`` ends without a slash; errors name the path, never a body or a header."""

    def __init__(
        self, base: str, *, auth: tuple[str, str] | None = None, headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0, cookies: bool = True, authority: str = "",
    ) -> None:
        self._base = base.rstrip("/")
        self._timeout = (min(5.0, timeout_s), timeout_s)
        self._session = requests.Session()
        self._session.trust_env = False  # an intranet host is never behind the proxy that the environment names
        # As bytes: a password that is not Latin-1 would otherwise stop the client before it sends anything.
        self._session.auth = HTTPBasicAuth(auth[0].encode(), auth[1].encode()) if auth else None
        self._session.headers.update(headers or {})
        self._session.verify = authority or True  # a county's OA often has a certificate of the county's own authority
        if not cookies:
            self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        body: object = None, raw: bytes | None = None, files: Mapping[str, Any] | list[tuple[str, Any]] | None = None,
        accept: frozenset[int] = frozenset(),
    ) -> Answer:
        """Send one request and return the answer when its status is 2xx or in ``accept``.

        ``body`` is sent as UTF-8 JSON, ``raw`` as it is; ``files`` as multipart. A host that has a header for idempotency keys
        is given it in ``headers``.

        Raises:
            DeliveryDelayed: Could not connect, 3xx/401/407/408/425/429/5xx, or no answer in time; ``outcome_unknown`` when
                the host may have acted on a request that is not safe to repeat.
            DeliveryRefused: Any other status: the host will not take this ticket as it is.
        """
        unknown = method not in _SAFE
        data = raw if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {**({"Content-Type": "application/json"} if data is not None else {}), **(headers or {})}
        try:
            with self._session.request(
                method, self._base + path, headers=sent, params=params, data=data, files=files, timeout=self._timeout,
                allow_redirects=False, stream=True,
            ) as response:
                answer = Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, _bounded(response))
        except requests.exceptions.SSLError:
            raise DeliveryDelayed(f"平台的 HTTPS 证书不能核实：{method} {path}。请核对地址；"
                                  "内网自己签发的，在平台文件写 证书: 签发机构证书的路径", host_down=True) from None
        except requests.ConnectTimeout as err:
            raise DeliveryDelayed(f"连不上平台：{method} {path}（{type(err).__name__}）", host_down=True) from None
        except requests.ReadTimeout:
            raise DeliveryDelayed(f"平台 {self._timeout[1]:g} 秒没有回答：{method} {path}", outcome_unknown=unknown,
                                  host_down=True) from None
        except requests.ConnectionError as err:
            if _never_sent(err):
                raise DeliveryDelayed(f"连不上平台：{method} {path}（{type(err).__name__}）", host_down=True) from None
            raise DeliveryDelayed(f"与平台的连接断了：{method} {path}（{type(err).__name__}）", outcome_unknown=unknown,
                                  host_down=True) from None
        except requests.RequestException as err:
            raise DeliveryDelayed(f"请求没有完成：{method} {path}（{type(err).__name__}）", outcome_unknown=unknown) from None
        return self._judged(method, path, answer, accept)

    def _judged(self, method: str, path: str, answer: Answer, accept: frozenset[int]) -> Answer:
        status = answer.status
        if 200 <= status < 300 or status in accept:
            return answer
        if status in (408, 425, 429) or status >= 500:
            raise DeliveryDelayed(f"平台暂时不行：{method} {path} 回答 HTTP {status}", retry_after_s=_retry_after(answer),
                                  outcome_unknown=status >= 500 and method not in _SAFE, host_down=True)
        # The account or the address is wrong, not the ticket: it waits until somebody has mended the settings.
        if status in (401, 407):
            raise DeliveryDelayed(f"账号或口令不对：{method} {path} 回答 HTTP {status}", host_down=True)
        if 300 <= status < 400:
            raise DeliveryDelayed(f"平台要求转到别处，请核对地址：{method} {path} 回答 HTTP {status}")
        hint = {403: "账号没有权限", 404: "没有这张工单或接口地址不对"}.get(status, "平台不接受")
        raise DeliveryRefused(f"{hint}：{method} {path} 回答 HTTP {status}")

    def close(self) -> None:
        """Close pooled connections."""
        self._session.close()


def _bounded(response: requests.Response) -> bytes:
    body = b""
    for chunk in response.iter_content(65_536):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise DeliveryRefused(f"平台的回答超过 {MAX_ANSWER_BYTES} 字节")
    return body


def _never_sent(error: requests.ConnectionError) -> bool:
    """Tell whether no connection came about at all (refused, no route, no such name)."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds of Retry-After; a date counts from the host's own ``Date``, whatever our clocks say."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(answer.headers.get("date", ""))).total_seconds())
    return None
