"""Roundup: REST over HTTP, events from its own detector, and the same field values for a detector that holds the plugin.

Seen with Roundup 2.6.0: every write wants ``Origin``, ``X-Requested-With`` and exactly ``application/json``; a stale
``If-Match`` is 412, but the check and the write are not one step, so a ticket is written by one worker at a time and
read back; dates are stored as UTC and read in the user's zone unless written with an offset.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hsdispute_plugin.adapters.http import Answer, Http
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, TicketRefused
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket, PlatformSettings, WriteBack
from hsdispute_plugin.model import Ticket

DATE = "%Y-%m-%d.%H:%M:%S"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_PAGE = 100


class Roundup:
    """A connected Roundup tracker (a ``Platform``)."""

    def __init__(self, settings: PlatformSettings) -> None:
        values = settings.values
        self.name = settings.name
        base = str(values["地址"]).rstrip("/")
        self._robot = str(values["账号"])
        self._fields: Mapping[str, str] = _texts(values["字段"])
        self._handling: Mapping[str, str] = _texts(values["办理类型"])
        waiting = values.get("可覆盖", ())
        self._waiting = frozenset(map(str, waiting if isinstance(waiting, list | tuple) else ()))
        timeout = values.get("超时秒", 10)
        self._http = Http(
            base + "/rest/data", auth=(self._robot, settings.secret("PASSWORD")),
            # Compressed answers carry another ETag than plain ones.
            headers={"X-Requested-With": "rest", "Origin": base, "Accept": "application/json", "Accept-Encoding": "identity"},
            timeout_s=float(str(timeout)),
        )

    def event(self, headers: Mapping[str, str], body: bytes) -> HostEvent | None:
        """Read the body of the tracker's detector: ``{event, id, actor}``; the robot's own acts are nothing to us."""
        try:
            given = json.loads(body)
            kind, number, actor = str(given["event"]), str(given["id"]), str(given.get("actor", ""))
        except (ValueError, KeyError, TypeError) as err:
            raise TicketRefused("回调内容应是 JSON，含 event 和 id") from err
        if actor == self._robot:
            return None
        kinds = {"issue.created": "created", "issue.updated": "updated", "issue.retired": "withdrawn"}
        if kind not in kinds or not number.isdecimal():
            raise TicketRefused(f"不认识的回调：event 应是 {'、'.join(kinds)}，id 应是数字")
        return HostEvent(number, headers.get("x-event-id") or f"{kind}-{number}-{given.get('activity', '')}", kinds[kind])

    def changed(self, cursor: str) -> tuple[tuple[HostEvent, ...], str]:
        """Poll by ``activity``; the cursor is the last activity seen, asked again so that none of one second is missed."""
        params = {"@fields": "activity,actor", "@sort": "activity,id", "@verbose": "2", "@page_size": str(_PAGE)}
        if cursor:
            params["activity"] = f"{cursor};"
        rows = self._http.call("GET", "/issue", params=params).json()["data"]["collection"]
        events = tuple(
            HostEvent(str(r["id"]), f"activity-{r['id']}-{r['activity']}", "updated")
            for r in rows if _name(r.get("actor")) != self._robot
        )
        return events, str(rows[-1]["activity"]) if rows else cursor

    def fetch(self, ticket_no: str) -> HostTicket:
        """Read one issue and its first message, which is what the payer said."""
        issue, _ = self._issue(ticket_no)
        messages = sorted((m["id"] for m in issue.get("messages") or ()), key=int)
        content = self._content(messages[0]) if messages else ""
        created = datetime.strptime(issue["creation"], DATE).replace(tzinfo=UTC)
        ticket = Ticket(ticket_no=ticket_no, title=issue.get("title") or "", content=content, received_at=created)
        # Our own writes change `activity` and ETag: only what the payer says makes another version.
        said = f"{ticket.title}\0{ticket.content}\0{issue.get('creation')}"
        return HostTicket(ticket, hashlib.sha256(said.encode()).hexdigest()[:16])

    def write_back(self, ticket_no: str, result: WriteBack, previous: WriteBack | None) -> str:
        """Set the fields, attach the files, post the note once, read back."""
        wanted = self._wanted(result)
        before = self._wanted(previous) if previous else {}
        for _ in range(2):
            issue, etag = self._issue(ticket_no)
            kept = self._clerks(issue, wanted, before)
            patch = {k: v for k, v in wanted.items() if k not in kept and not _same(issue.get(k), v)}
            if not patch or self._put(ticket_no, etag, patch).status != 412:
                break  # 412: somebody wrote in between; look again, once
        else:
            raise DeliveryDelayed(f"工单 {ticket_no} 正有人在改，稍后再写")
        self._say(ticket_no, result, kept)
        after, etag = self._issue(ticket_no)
        if wrong := [k for k, v in wanted.items() if k not in kept and not _same(after.get(k), v)]:
            raise DeliveryDelayed(f"工单 {ticket_no} 写后读回不一致：{'、'.join(wrong)}")
        return etag

    def _wanted(self, result: WriteBack) -> dict[str, Any]:
        values: dict[str, Any] = {
            "主办": result.lead or None, "协办": sorted(result.helpers), "类别": result.category or None,
            "办理": self._handling.get(result.handling, result.handling), "依据": result.basis,
            "时限": result.due_at.astimezone(UTC).strftime(DATE) + "+0000" if result.due_at else None,
            "报送编号": result.submission_no or None, "幂等键": result.key,
        }
        return {self._fields[k]: v for k, v in values.items() if k in self._fields and v is not None}

    def _clerks(self, issue: Mapping[str, Any], wanted: Mapping[str, Any], before: Mapping[str, Any]) -> frozenset[str]:
        """Return the fields that hold a person's value: theirs stand. Values of 可覆盖 are a waiting pool's, nobody's."""
        own = self._fields.get("幂等键")
        return frozenset(
            k for k in wanted
            if k != own and issue.get(k) and not _same(issue[k], wanted[k]) and not (k in before and _same(issue[k], before[k]))
            and _name(issue[k]) not in self._waiting
        )

    def _put(self, ticket_no: str, etag: str, patch: Mapping[str, Any]) -> Answer:
        path, judged_here = f"/issue/{ticket_no}", frozenset({400, 412})
        answer = self._http.call("PUT", path, headers={"If-Match": etag}, body=patch, accept=judged_here)
        if answer.status == 400:
            raise DeliveryRefused(
                f"平台不接受工单 {ticket_no} 的取值，请核对 config/platforms 的字段和单位名称：{_message(answer)}")
        return answer

    def _say(self, ticket_no: str, result: WriteBack, kept: frozenset[str]) -> None:
        issue, etag = self._issue(ticket_no)
        marker = f"〔hsdispute:{result.key}〕"
        if any(self._content(m["id"]).startswith(marker) for m in issue.get("messages") or ()):
            return
        files = [self._file(name, body) for name, body in result.files.items()]
        note = result.note + (f"\n\n经办人已改的字段未覆盖：{'、'.join(sorted(kept))}" if kept else "")
        message_id = self._http.call("POST", "/msg", body={"content": note}).json()["data"]["id"]
        links: dict[str, Any] = {"messages": [message_id]} | ({"files": files} if files else {})
        self._http.call("PATCH", f"/issue/{ticket_no}", headers={"If-Match": etag}, body={"@op": "add", **links})

    def _file(self, name: str, body: bytes) -> str:
        parts = {"name": (None, name), "type": (None, _DOCX), "content": (name, body, _DOCX)}
        return str(self._http.call("POST", "/file", files=parts).json()["data"]["id"])

    def _content(self, message_id: str) -> str:
        return str(self._http.call("GET", f"/msg/{message_id}/content").json()["data"]["data"])

    def _issue(self, ticket_no: str) -> tuple[dict[str, Any], str]:
        answer = self._http.call("GET", f"/issue/{ticket_no}", params={"@verbose": "2", "@protected": "true"})
        data = answer.json()["data"]
        return data["attributes"], answer.headers.get("etag", str(data.get("@etag", "")))

    def check(self) -> tuple[str, ...]:
        """Sign in and read; say in Chinese what is wrong."""
        try:
            self._http.call("GET", "/issue", params={"@page_size": "1"}).json()
        except (DeliveryDelayed, DeliveryRefused) as err:
            return (str(err),)
        return ()

    def close(self) -> None:
        """Close connections."""
        self._http.close()


def _texts(value: object) -> Mapping[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, Mapping) else {}


def _name(link: object) -> str:
    """Return the name of a linked item, or a plain value as text."""
    if isinstance(link, Mapping):
        return str(link.get("name") or link.get("username") or link.get("id") or "")
    return "" if link is None else str(link)


def _same(have: object, want: object) -> bool:
    """Tell whether a field as read holds what was written: links by name, lists in any order, dates without their offset."""
    if isinstance(want, list):
        return sorted(map(_name, have if isinstance(have, list) else ())) == sorted(map(str, want))
    return _name(have) == str(want).removesuffix("+0000")


def _message(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body)["error"]["msg"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status}"
