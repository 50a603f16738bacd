"""Roundup as a ``Platform``: events from its own detector, polling for what no event told, results written once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import ValidationError

from hsdispute_plugin.adapters.mapping import READABLE, WRITABLE, PlatformFile
from hsdispute_plugin.adapters.roundup_rest import RoundupRest, name, read, same, text, written
from hsdispute_plugin.adapters.writing import changes, is_a_persons, noted
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, TicketRefused
from hsdispute_plugin.hooks.platform import MARK, HostEvent, HostTicket, PlatformSettings, WriteBack, mark_of
from hsdispute_plugin.model import Ticket

OVERLAP = timedelta(seconds=60)  # an issue's `activity` is taken before its commit, which may wait for others
_TRIES = 3  # at a ticket that somebody else is writing
_KINDS = {"issue.created": "created", "issue.updated": "updated", "issue.retired": "withdrawn"}
_PRIVATE = "说明私密"


class Roundup:
    """A connected Roundup tracker. One thread polls; a ticket is written by one thread at a time."""

    def __init__(self, settings: PlatformSettings) -> None:
        """Read the platform file; connects at the first call.

        Raises:
            RulebookError: The file is wrong.
        """
        file = PlatformFile(settings)
        self.name = settings.name
        address, self._robot = file.address(), file.text("账号")
        fields = file.fields("字段", WRITABLE)
        self._fields = {label: field for label, field in fields.items() if label != _PRIVATE}
        self._flags = [fields[_PRIVATE]] if _PRIVATE in fields else []
        self._readable = file.fields("读取", tuple(READABLE))
        self._words = file.host_words()
        self._waiting, self._start = file.names("可覆盖"), file.moment("轮询起始")
        timeout_s, authority = file.seconds("超时秒", 10), file.authority()
        file.done()
        self._rest = RoundupRest(address, self._robot, settings.secret("PASSWORD"), timeout_s, authority)
        self._polled: tuple[str, frozenset[str]] = ("", frozenset())  # the last cursor given, and the events told under it

    def event(self, headers: Mapping[str, str], body: bytes) -> HostEvent | None:
        """Read the body of the tracker's detector: ``{event, id, actor, event_id}``; the robot's own acts are nothing to us.

        Detectors from before 0.2 sent their id in a header, which the signature does not cover: theirs is left empty.
        """
        try:
            given = json.loads(body)
            kind, number, actor = str(given["event"]), str(given["id"]), str(given.get("actor", ""))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
            raise TicketRefused("回调内容应是 JSON，含 event 和 id") from err
        if kind not in _KINDS or not (number.isascii() and number.isdecimal()):
            raise TicketRefused(f"不认识的回调：event 应是 {'、'.join(_KINDS)}，id 应是数字")
        if actor == self._robot:
            return None
        return HostEvent(number, str(given.get("event_id", "")), _KINDS[kind])

    def changed(self, cursor: str) -> tuple[tuple[HostEvent, ...], str]:
        """Poll by ``activity`` from a minute before the cursor, without what was told already when the cursor was given.

        The robot's own acts are told too: a person's change may lie under them. The version of the ticket tells.
        """
        since = cursor.partition(" ")[0]
        told = self._polled[1] if cursor == self._polled[0] else frozenset()
        begin = read(since) - OVERLAP if since else self._start
        found = {f"activity-{number}-{at}": (number, at) for number, at in self._rest.active(begin)}
        newest = max([since, *(at for _, at in found.values())])
        if found:  # the mark tells cursors of one second apart: only under the very one that was kept is anything told already
            newest += " " + hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:12]
        self._polled = (newest, frozenset(found))
        return tuple(HostEvent(number, key, "updated") for key, (number, _) in found.items() if key not in told), newest

    def fetch(self, ticket_no: str) -> HostTicket:
        """Read one issue, and its first message that is not ours: what the payer said."""
        issue, _ = self._rest.issue(ticket_no)
        said = [content for content in self._rest.messages(issue) if not content.startswith(MARK)]
        creation = text(issue, "creation")
        given: dict[str, Any] = {"ticket_no": ticket_no, "title": name(issue.get("title")), "received_at": read(creation)}
        given["content"] = said[0] if said else ""
        mapped = {READABLE[label]: value for label, field in self._readable.items() if (value := name(issue.get(field)))}
        moments = {key: _moment(mapped[key]) for key in ("received_at", "host_due_at") if key in mapped}
        try:
            ticket = Ticket.model_validate({**given, **mapped, **moments})
        except ValidationError as err:
            wrong = {e["loc"] for e in err.errors(include_input=False)}
            fields = [field for label, field in self._readable.items() if (READABLE[label],) in wrong]
            raise DeliveryRefused(f"工单 {ticket_no} 的 {'、'.join(fields)} 看不懂，请写成 2026-01-05 08:30:00") from None
        # Our own writes change `activity` and ETag: only what the payer and the hotline say makes another version.
        version = "\0".join([ticket.title, ticket.content, creation, *(f"{k}={v}" for k, v in sorted(mapped.items()))])
        return HostTicket(ticket, hashlib.sha256(version.encode()).hexdigest()[:16])

    def write_back(self, ticket_no: str, result: WriteBack, previous: WriteBack | None) -> str:
        """Set the fields, attach the files, post the note once, read back."""
        wanted, before = self._values(result), self._values(previous) if previous else {}
        for _ in range(_TRIES):
            issue, etag = self._rest.issue(ticket_no)
            kept = [label for label in wanted if self._is_a_persons(label, issue, wanted, before)]
            new = changes(wanted, before, kept, partial(self._holds, issue))
            patch = {self._fields[label]: value for label, value in new.items()}
            if not patch or self._rest.put(ticket_no, etag, patch, self._mend):
                break
        else:
            raise _busy(ticket_no)
        self._say(ticket_no, result, [label for label in kept if wanted[label]])
        after, etag = self._rest.issue(ticket_no)
        # What is neither ours nor what stood there before was written since by a person, and stands.
        lost = [f for f, value in patch.items() if not same(after.get(f), value) and after.get(f) == issue.get(f)]
        if lost:
            raise DeliveryDelayed(f"工单 {ticket_no} 写后读回不一致：{'、'.join(lost)}")
        return etag

    def _values(self, result: WriteBack) -> dict[str, Any]:
        """Return what should stand in the mapped fields, by our labels, in the tracker's words."""
        values = self._words.values(result)
        values["时限"] = written(result.due_at) if result.due_at else ""
        return {label: value for label, value in values.items() if label in self._fields}

    def _holds(self, issue: Mapping[str, Any], label: str, value: Any) -> bool:
        return same(issue.get(self._fields[label]), value)

    def _is_a_persons(
        self, label: str, issue: Mapping[str, Any], wanted: Mapping[str, Any], before: Mapping[str, Any],
    ) -> bool:
        have = issue.get(self._fields[label])
        return is_a_persons(label, [name(have)] if have else [], self._waiting, partial(same, have), wanted, before)

    def _say(self, ticket_no: str, result: WriteBack, kept: list[str]) -> None:
        """Post the note with its files, unless a message of the robot's has its mark."""
        links: dict[str, list[str]] = {}
        for _ in range(_TRIES):
            issue, etag = self._rest.issue(ticket_no)
            if any(content.startswith(mark_of(result.key)) for content in self._rest.messages(issue, of=self._robot)):
                return
            if not links:
                note = noted(result.note, kept)
                if result.files:
                    links["files"] = [self._rest.new_file(title, body) for title, body in result.files.items()]
                links["messages"] = [self._rest.new_message(note, self._flags, self._mend)]
            if self._rest.add(ticket_no, etag, links):
                return
        raise _busy(ticket_no)

    def check(self) -> tuple[str, ...]:
        """Sign in, and ask for each field and value that the platform file names; say in Chinese what is wrong."""
        wrong: list[str] = []
        try:
            self._rest.signed_in()
            for label, field in (*self._fields.items(), *self._readable.items()):
                if not self._rest.knows("issue", field):
                    wrong.append(f"工单（issue）没有字段 “{field}”：请改 {self._file} 的 {label}，或删去那一行")
            wrong += [f"消息（msg）没有字段 “{field}”：请改 {self._file} 的 {_PRIVATE}，或删去那一行"
                      for field in self._flags if not self._rest.knows("msg", field)]
            for label, values in (("主办", self._words.units), ("办理", self._words.tracks)):
                wrong += [f"字段 “{self._fields[label]}” 没有取值 “{value}”：请在平台里加上，或改 {self._file}"
                          for value in dict.fromkeys(values.values())
                          if label in self._fields and not self._rest.knows("issue", self._fields[label], value)]
        except (DeliveryDelayed, DeliveryRefused) as err:
            wrong.append(str(err))
        return tuple(wrong)

    @property
    def _file(self) -> str:
        return f"config/platforms/{self.name}.yaml"

    @property
    def _mend(self) -> str:
        return f"请核对 {self._file} 的字段、单位名称和办理类型，改好后重发"

    def close(self) -> None:
        """Close connections."""
        self._rest.close()


def _moment(value: str) -> datetime | str:
    """Return a date field's time; what is no date of Roundup's is left to ``Ticket``, which knows how people write times."""
    try:
        return read(value)
    except DeliveryDelayed:
        return value


def _busy(ticket_no: str) -> DeliveryDelayed:
    return DeliveryDelayed(f"工单 {ticket_no} 正有人在改，稍后再写")
