"""Roundup's REST as plain calls: what is asked, what comes back, and nothing of what it means to us.

Seen with Roundup 2.6.0 on 2026-11-25:

- every write wants ``Origin``, ``X-Requested-With`` and exactly ``application/json``;
- a stale ``If-Match`` is 412, but the check and the write are not one step;
- dates are stored and answered in UTC, but what is sent without an offset, a filter too, is read in the account's zone;
- ``null`` leaves a link or date as it is, an empty text empties it; texts are stripped and their line ends made one;
- links answer with their name only at ``@verbose=2``, contents of messages in a list only at 3;
- a retired issue is answered like any other, but is in no list;
- after some wrong passwords every answer is 429 for minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hsdispute_plugin.adapters.http import Answer, Http
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused

DATE = "%Y-%m-%d.%H:%M:%S"
PAGE = 500
_MOST_IDS = 200  # in the query of one request
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class RoundupRest:
    """One account at one tracker. Every call raises only ``DeliveryDelayed`` or ``DeliveryRefused``."""

    def __init__(self, base: str, account: str, password: str, timeout_s: float, authority: str = "") -> None:
        self._account = account
        self._http = Http(
            base + "/rest/data", auth=(account, password), timeout_s=timeout_s, authority=authority,
            headers={"X-Requested-With": "rest", "Origin": base, "Accept": "application/json"},
        )

    def issue(self, number: str) -> tuple[dict[str, Any], str]:
        """Return the fields of an issue, links with their names, and its ETag."""
        answer = self._http.call("GET", f"/issue/{number}", params={"@verbose": "2", "@protected": "true"})
        data = _data(answer)
        if not isinstance(data.get("attributes"), dict):
            raise strange()
        return data["attributes"], answer.headers.get("etag", str(data.get("@etag", "")))

    def active(self, since: datetime | None) -> Iterator[tuple[str, str]]:
        """Yield number and last activity (UTC, as the tracker writes it) of all issues active since, oldest first.

        Goes on from the last activity of a page: paging by number would pass over an issue when one before it changes.
        """
        start, page = since.astimezone(UTC).strftime(DATE) if since else "", 1
        while True:
            params = {"@fields": "activity", "@sort": "activity,id", "@page_size": str(PAGE), "@page_index": str(page)}
            if start:
                params["activity"] = f"{start}+0000;"
            rows = _rows(_data(self._http.call("GET", "/issue", params=params)), "collection")
            yield from ((text(r, "id"), text(r, "activity")) for r in rows)
            if len(rows) < PAGE:
                return
            last = text(rows[-1], "activity")
            start, page = last, page + 1 if last == start else 1

    def messages(self, issue: Mapping[str, Any], *, of: str = "") -> list[str]:
        """Return the contents of an issue's messages, oldest first; only those that the account ``of`` created."""
        ids = sorted((text(m, "id") for m in _rows(issue, "messages")), key=lambda i: (len(i), i))
        found: dict[str, str] = {}
        for first in range(0, len(ids), _MOST_IDS):
            query = [("id", i) for i in ids[first : first + _MOST_IDS]] + [("@fields", "content"), ("@verbose", "3")]
            answer = self._http.call("GET", "/msg", params=[*query, *([("creator", of)] if of else [])])
            found |= {text(r, "id"): name(r.get("content")) for r in _rows(_data(answer), "collection")}
        return [found[i] for i in ids if i in found]

    def put(self, number: str, etag: str, patch: Mapping[str, Any], mend: str) -> bool:
        """Set fields of an issue; ``False``: somebody wrote since the ETag was read.

        Raises:
            DeliveryRefused: The tracker knows no such field or value; ``mend`` tells what to look at.
        """
        judged_here = frozenset({400, 412})
        answer = self._http.call("PUT", f"/issue/{number}", headers={"If-Match": etag}, body=patch, accept=judged_here)
        return _took(answer, mend).status != 412

    def add(self, number: str, etag: str, links: Mapping[str, list[str]]) -> bool:
        """Add messages and files to an issue; ``False``: somebody wrote since the ETag was read."""
        answer = self._http.call("PATCH", f"/issue/{number}", headers={"If-Match": etag}, body={"@op": "add", **links},
                                 accept=frozenset({412}))
        return answer.status != 412

    def new_message(self, content: str, flags: Iterable[str], mend: str) -> str:
        """Make a message that stands in no issue yet; return its number. ``flags`` are 是否 fields of it to set.

        Raises:
            DeliveryRefused: As for ``put``.
        """
        message = {"content": content, "author": self._account, "date": ".", **dict.fromkeys(flags, True)}  # ".": their present
        return text(_data(_took(self._http.call("POST", "/msg", body=message, accept=frozenset({400})), mend)), "id")

    def new_file(self, title: str, body: bytes) -> str:
        """Store a .docx that stands in no issue yet; return its number."""
        parts = {"name": (None, title), "type": (None, _DOCX), "content": (title, body, _DOCX)}
        return text(_data(self._http.call("POST", "/file", files=parts)), "id")

    def signed_in(self) -> None:
        """Read something; raises what any call would."""
        _data(self._http.call("GET", "/issue", params={"@page_size": "1"}))

    def knows(self, kind: str, field: str, value: str = "") -> bool:
        """Tell whether items of a kind (issue, msg) have a field and, given one, whether a link may hold the value."""
        query = [("@page_size", "1"), (field, value) if value else ("@fields", field)]
        return self._http.call("GET", f"/{kind}", params=query, accept=frozenset({400})).status != 400

    def close(self) -> None:
        """Close connections."""
        self._http.close()


def name(value: object) -> str:
    """Return the name of a linked item, or a plain value as text; empty for nothing."""
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("username") or value.get("id") or "")
    return "" if value is None else str(value)


def same(have: object, want: object) -> bool:
    """Tell whether a field as read holds what was written: links by name, lists in any order, dates without their offset."""
    if isinstance(want, list):
        return sorted(map(name, have if isinstance(have, list) else ())) == sorted(map(str, want))
    return name(have).split() == str(want).removesuffix("+0000").split()


def written(moment: datetime) -> str:
    """Return an aware time as a date to write."""
    return moment.astimezone(UTC).strftime(DATE) + "+0000"


def read(date: str) -> datetime:
    """Return a date as answered."""
    try:
        return datetime.strptime(date, DATE).replace(tzinfo=UTC)
    except ValueError:
        raise strange() from None


def text(data: Mapping[str, Any], key: str) -> str:
    """Return a text that must be there."""
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise strange()
    return value


def strange() -> DeliveryDelayed:
    """Return the error for JSON that no Roundup sends: another program's address, or a proxy's page."""
    return DeliveryDelayed("平台的回答不是 Roundup 的格式，请核对地址")


def _data(answer: Answer) -> dict[str, Any]:
    body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        raise strange()
    data: dict[str, Any] = body["data"]
    return data


def _rows(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = data.get(key) or []
    if not isinstance(rows, list) or not all(isinstance(r, Mapping) for r in rows):
        raise strange()
    return rows


def _took(answer: Answer, mend: str) -> Answer:
    """Return the answer, or refuse with the tracker's own words: they name our field and value, never the payer's words."""
    if answer.status != 400:
        return answer
    try:
        told = str(json.loads(answer.body)["error"]["msg"])
    except (ValueError, KeyError, TypeError, RecursionError):
        told = f"HTTP {answer.status}"
    raise DeliveryRefused(f"平台不接受我们写的取值，{mend}。平台说：{told}")
