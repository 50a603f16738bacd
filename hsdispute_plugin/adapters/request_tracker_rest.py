"""Request Tracker's REST 2.0 as plain calls: what is asked, what comes back, and nothing of what it means to us.

Seen with Request Tracker 5.0.3 on 2026-11-25:

- a write answers 200 with messages, some of them refusals; an unknown custom field is passed over without any;
- times are stored and answered in UTC. ``Due`` is taken as ``2026-12-01 10:00:00`` and means UTC; anything else empties it
  silently; never set is 1970. Times in searches mean the account's zone, whatever offset they have: we ask by number instead;
- a stale ``If-Match`` is 412, but the check and the write are not one step; the ETag is the ticket's last transaction;
- a file as JSON with Base64 and a Chinese name is 500 and leaves half a transaction; as multipart it is taken;
- a comment knows no key of its own. Its subject holds ours, and can be searched for;
- a page of a list passes over rows that the account may not see, so a short page is not the last;
- a merged ticket is answered with the one it went into.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from hsdispute_plugin.adapters.http import Answer, Http
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused

PAGE = 100  # the most that a list answers at once
_FORM, NEVER = "%Y-%m-%d %H:%M:%S", "1970-01-01 00:00:00"
CORE = ("Queue", "Due")  # what can be written that is no custom field
READ_ONLY = ("Requestor", "Creator", "Owner", "Status", "Starts", "Priority")
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_REFUSALS = ("Permission Denied", "Invalid value", "does not exist", "isn't a valid", "No permission", "not found", "Could not")
_MAILS = "Type != 'EmailRecord' AND Type != 'CommentEmailRecord'"


@dataclass(frozen=True, slots=True)
class RtTicket:
    """A ticket as read. ``values`` are by field name: texts, of a custom field the list of its values, of Due an aware time."""

    number: str
    status: str
    title: str
    created_at: datetime
    values: Mapping[str, Any]
    field_ids: Mapping[str, str]
    etag: str
    may_comment: bool


@dataclass(frozen=True, slots=True)
class Act:
    """One transaction of a ticket; ``field`` is a core field's name or a custom field's id."""

    number: int
    ticket_no: str
    kind: str
    creator: str
    created_at: datetime
    field: str
    before: str
    after: str


class RequestTrackerRest:
    """One account at one tracker. Every call raises only ``DeliveryDelayed`` or ``DeliveryRefused``."""

    def __init__(self, base: str, account: str, token: str, timeout_s: float, authority: str = "") -> None:
        self._account, self._user, self._proved = account, token.split("-")[1] if token.count("-") == 2 else "", False
        self._queues: dict[str, str] = {}  # names by id
        # No cookies: RT lets a session of an earlier answer win over the token.
        self._http = Http(base + "/REST/2.0", timeout_s=timeout_s, cookies=False, authority=authority, headers={
            "Authorization": f"token {token}", "Accept": "application/json", "Accept-Language": "en"})

    def version(self) -> str:
        """Return the tracker's version."""
        return text(_object(self._http.call("GET", "/rt")), "Version")

    def prove(self) -> None:
        """Ask once whether the token is the account's: by its name we know our own acts, and notes that are there already.

        Raises:
            DeliveryDelayed: It is another one's.
        """
        if self._proved or not self._user.isdecimal():
            return
        whose = text(_object(self._http.call("GET", f"/user/{self._user}")), "Name")
        if whose != self._account:
            raise DeliveryDelayed(f"令牌是账号 “{whose}” 的，平台文件里的 账号 是 “{self._account}”，请改成一致")
        self._proved = True

    def ticket(self, number: str) -> RtTicket:
        """Read a ticket.

        Raises:
            DeliveryRefused: It is not there, was deleted, or went into another one.
        """
        answer = self._http.call("GET", f"/ticket/{number}")
        given = _object(answer)
        if (got := text(given, "id")) != number:
            raise DeliveryRefused(f"工单 {number} 在平台里已并入工单 {got}，请人工核对两张工单的案卷")
        fields = _rows(given, "CustomFields")
        values: dict[str, Any] = {text(f, "name"): [v for v in f.get("values") or () if v not in (None, "")] for f in fields}
        values |= {name: _plain(given.get(name)) for name in (*CORE, *READ_ONLY)}
        values |= {"Queue": self.named("Queue", values["Queue"]), "Due": read(values["Due"]) if values["Due"] else ""}
        return RtTicket(
            number, text(given, "Status"), str(given.get("Subject") or ""), read(text(given, "Created")), values,
            {text(f, "name"): text(f, "id") for f in fields}, _strong(answer.headers.get("etag", "")),
            any(link.get("ref") == "comment" for link in _rows(given, "_hyperlinks")))

    def named(self, field: str, value: Any) -> Any:
        """Return a value as an act tells it, as a ticket read tells it: a queue's number as its name, Due as an aware time.

        An act tells of Due what was sent, also what RT made nothing of.
        """
        if field == "Due":
            with suppress(ValueError):
                return datetime.strptime(str(value), _FORM).replace(tzinfo=UTC)
            return ""
        if field != "Queue" or not value:
            return value
        if value not in self._queues:
            self._queues[value] = text(_object(self._http.call("GET", f"/queue/{quote(str(value))}")), "Name")
        return self._queues[value]

    def first_words(self, number: str) -> tuple[str, str]:
        """Return the text that a ticket was filed with, and whether it is ``text/plain`` or ``text/html``; empty for none."""
        for act in self._acts(f"ObjectId = {number} AND Type = 'Create'", descending=False):
            query = {"fields": "ContentType,Filename", "per_page": str(PAGE)}
            parts = self._http.call("GET", f"/transaction/{act.number}/attachments", params=query)
            texts = [p for p in _rows(_object(parts), "items") if not p.get("Filename")]
            for wanted in ("text/plain", "text/html"):
                for part in (p for p in texts if p.get("ContentType") == wanted):
                    return self._content(text(part, "id")), wanted
        return "", "text/plain"

    def _content(self, number: str) -> str:
        given = _object(self._http.call("GET", f"/attachment/{number}"))
        try:
            return b64decode(str(given.get("Content") or "")).decode()
        except ValueError:
            raise strange() from None

    def put(self, number: str, etag: str, patch: Mapping[str, Any]) -> list[str] | None:
        """Set fields of a ticket, custom ones by name; return what RT would not take, in its words, or ``None``: somebody
        wrote since the ETag was read. What it passes over without a word, only reading back tells. Times are aware.
        """
        spelt = {name: _spelt(name, value) for name, value in patch.items()}
        own = {name: value for name, value in spelt.items() if name in CORE}
        body = {**own, "CustomFields": {name: value for name, value in spelt.items() if name not in CORE}}
        answer = self._http.call("PUT", f"/ticket/{number}", headers={"If-Match": etag}, body=body, accept=frozenset({412}))
        if answer.status == 412:
            return None
        told = answer.json()
        if not isinstance(told, list):
            raise strange()
        # The other messages tell what stood there before: perhaps a person's words, which are not ours to hand on.
        return [str(t) for t in told if any(r in str(t) for r in _REFUSALS)]

    def said(self, number: str, subject: str) -> bool:
        """Tell whether a comment of the robot's has this subject."""
        query = f"ObjectId = {number} AND Type = 'Comment' AND Creator = '{self._account}' AND Subject = '{subject}'"
        return any(self._acts(query, descending=False))

    def comment(self, number: str, subject: str, content: str, files: Mapping[str, bytes]) -> None:
        """Add a private comment with its files, all or nothing."""
        note = json.dumps({"Subject": subject, "Content": content, "ContentType": "text/plain"}, ensure_ascii=False).encode()
        parts = [("JSON", (None, note)), *(("Attachments", (title, body, _DOCX)) for title, body in files.items())]
        self._http.call("POST", f"/ticket/{number}/comment", files=parts)

    def acts_of(self, number: str) -> list[Act]:
        """Return a ticket's last transactions but mails, as many as a page holds, oldest first."""
        return list(self._acts(f"ObjectId = {number} AND {_MAILS}", descending=True))[::-1]

    def newest(self) -> Act | None:
        """Return the newest transaction that the account may see."""
        return next(self._acts("id > 0", descending=True), None)

    def others_acts(self, after: int, upto: int) -> list[Act]:
        """Return transactions of others with numbers above ``after`` up to ``upto``, at most ``PAGE`` apart, oldest first."""
        query = f"id > {after} AND id <= {upto} AND {_MAILS} AND Creator != '{self._account}'"
        return list(self._acts(query, descending=False))

    def last_before(self, moment: datetime, newest: int) -> int:
        """Return the number of the last transaction before a time, as far as the account may see any."""
        day = (moment.astimezone(UTC) - timedelta(days=1)).date()  # whatever the account's zone
        page = 1
        while acts := list(self._acts(f"id <= {newest} AND Created >= '{day}'", descending=False, page=page)):
            if late := [a.number for a in acts if a.created_at >= moment]:
                return late[0] - 1
            page += 1
        return newest

    def _acts(self, query: str, *, descending: bool, page: int = 1) -> Iterator[Act]:
        params = {"query": f"ObjectType = 'RT::Ticket' AND {query}", "orderby": "id", "order": "DESC" if descending else "ASC",
                  "fields": "ObjectId,Type,Creator,Created,Field,OldValue,NewValue", "per_page": str(PAGE), "page": str(page)}
        for row in _rows(_object(self._http.call("GET", "/transactions", params=params)), "items"):
            number = text(row, "id")
            if not number.isdecimal():
                raise strange()
            yield Act(
                int(number), text(row, "ObjectId"), text(row, "Type"), _plain(row.get("Creator")), read(text(row, "Created")),
                *(str(row.get(key) or "") for key in ("Field", "OldValue", "NewValue")))

    def field(self, number: str) -> tuple[bool, frozenset[str] | None]:
        """Return whether a custom field holds several values, and its closed list of values where it has one."""
        given = _object(self._http.call("GET", f"/customfield/{number}"))
        values = given.get("Values")
        names = {str(v.get("name")) if isinstance(v, Mapping) else str(v) for v in values} if isinstance(values, list) else None
        return str(given.get("MaxValues")) == "0", None if names is None else frozenset(names)

    def has_queue(self, name: str) -> bool:
        """Tell whether the account sees a queue."""
        answer = self._http.call("GET", f"/queue/{quote(name, safe='')}", accept=frozenset({403, 404}))
        return answer.status < 300

    def close(self) -> None:
        """Close connections."""
        self._http.close()


def same(have: object, want: object) -> bool:
    """Tell whether a field as read holds what was written: lists in any order, times to the second."""
    if isinstance(want, datetime):
        return have == want.replace(microsecond=0)
    given = have if isinstance(have, list) else [have] if have else []
    wanted = want if isinstance(want, list) else [want] if want else []
    return sorted(" ".join(str(v).split()) for v in given) == sorted(" ".join(str(v).split()) for v in wanted)


def shown(value: object) -> str:
    """Return what a field holds as one text."""
    return "、".join(map(str, value)) if isinstance(value, list) else str(value or "")


def written(moment: datetime) -> str:
    """Return an aware time as it is written."""
    return moment.astimezone(UTC).strftime(_FORM)


def _spelt(field: str, value: Any) -> Any:
    """Return a value as RT wants it: nothing is null, an empty list or 1970."""
    if isinstance(value, datetime):
        return written(value)
    return value or (NEVER if field == "Due" else [] if isinstance(value, list) else None)


def read(moment: str) -> datetime:
    """Return a time as answered."""
    try:
        return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise strange() from None


def text(data: Mapping[str, Any], key: str) -> str:
    """Return a text or number that must be there, as text."""
    value = data.get(key)
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise strange()
    return str(value)


def strange() -> DeliveryDelayed:
    """Return the error for JSON that no Request Tracker sends: another program's address, or a proxy's page."""
    return DeliveryDelayed("平台的回答不是 Request Tracker 的格式，请核对地址")


def _strong(etag: str) -> str:
    """Return an ETag as RT gave it: a proxy that packs answers makes it ``W/"60"`` or ``"60-gzip"``, which RT never matches."""
    last = re.fullmatch(r'(?:W/)?"?(\d+)(?:-\w+)?"?', etag)
    return f'"{last[1]}"' if last else etag


def _plain(value: object) -> str:
    """Return the id that a linked thing goes by, of several the first, or a plain value; empty for nothing and for 1970."""
    if isinstance(value, list):
        return _plain(value[0]) if value else ""
    if isinstance(value, Mapping):
        return str(value.get("id") or "")
    return "" if value is None or str(value).startswith("1970-01-01T") else str(value)


def _object(answer: Answer) -> dict[str, Any]:
    body = answer.json()
    if not isinstance(body, dict):
        raise strange()
    return body


def _rows(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = data.get(key) or []
    if not isinstance(rows, list) or not all(isinstance(r, Mapping) for r in rows):
        raise strange()
    return rows
