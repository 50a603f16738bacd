"""The one HTTP client: timeouts, bounded answers, and every failure sorted into try again, refused or unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

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
        except ValueError as err:
            raise DeliveryDelayed(f"平台回答的不是 JSON（HTTP {self.status}，{len(self.body)} 字节）") from err


class Http:
    """A session with one host. ``base`` ends without a slash; errors name the path, never a body or a header."""

    def __init__(
        self, base: str, *, auth: tuple[str, str] | None = None, headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._base = base.rstrip("/")
        self._timeout = (min(5.0, timeout_s), timeout_s)
        self._session = requests.Session()
        self._session.trust_env = False  # an intranet host is never behind the proxy that the environment names
        self._session.auth = auth
        self._session.headers.update(headers or {})

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None,
        body: object = None, files: Mapping[str, Any] | None = None, accept: frozenset[int] = frozenset(),
    ) -> Answer:
        """Send one request and return the answer when its status is 2xx or in ``accept``.

        ``body`` is sent as UTF-8 JSON; ``files`` as multipart.

        Raises:
            DeliveryDelayed: Could not connect, 408/425/429/5xx, or no answer in time; ``outcome_unknown`` when the host
                may have acted on a request that is not safe to repeat.
            DeliveryRefused: Any other status: the host will not take it as it is.
        """
        unknown = method not in _SAFE
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {**({"Content-Type": "application/json"} if data is not None else {}), **(headers or {})}
        try:
            with self._session.request(
                method, self._base + path, headers=sent, params=params, data=data, files=files, timeout=self._timeout,
                allow_redirects=False, stream=True,
            ) as response:
                answer = Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, _bounded(response))
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as err:
            raise DeliveryDelayed(f"连不上平台：{method} {path}（{type(err).__name__}）") from None
        except requests.ReadTimeout:
            raise DeliveryDelayed(f"平台 {self._timeout[1]:g} 秒没有回答：{method} {path}", outcome_unknown=unknown) from None
        except requests.ConnectionError as err:
            # Refused before anything was sent, or cut off after: the two cannot be told apart reliably.
            raise DeliveryDelayed(f"与平台的连接断了：{method} {path}（{type(err).__name__}）", outcome_unknown=unknown) from None
        except requests.RequestException as err:
            raise DeliveryDelayed(f"请求没有完成：{method} {path}（{type(err).__name__}）", outcome_unknown=unknown) from None
        return self._judged(method, path, answer, accept)

    def _judged(self, method: str, path: str, answer: Answer, accept: frozenset[int]) -> Answer:
        status = answer.status
        if 200 <= status < 300 or status in accept:
            return answer
        if status in (408, 425, 429) or status >= 500:
            raise DeliveryDelayed(f"平台暂时不行：{method} {path} 回答 HTTP {status}", retry_after_s=_retry_after(answer),
                                  outcome_unknown=status >= 500 and method not in _SAFE)
        hint = {401: "账号或口令不对", 403: "账号没有权限", 404: "没有这张工单或接口地址不对"}.get(status, "平台不接受")
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


def _retry_after(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(3600.0, float(text)) if text.isdecimal() else None
