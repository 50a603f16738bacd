"""Request Tracker 5 as a ``Platform``: events from a scrip or from polling, results written once, a person's word put back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from html.parser import HTMLParser
from typing import Any

from pydantic import ValidationError

from hsdispute_plugin.adapters.mapping import READABLE, WRITABLE, PlatformFile
from hsdispute_plugin.adapters.request_tracker_check import Mapped, steps
from hsdispute_plugin.adapters.request_tracker_history import Standing, a_persons_last, of_field, of_this_writing, overtaken
from hsdispute_plugin.adapters.request_tracker_rest import PAGE, Act, RequestTrackerRest, same, shown
from hsdispute_plugin.adapters.writing import changes, is_a_persons, noted
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, TicketRefused
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket, PlatformSettings, WriteBack, mark_of
from hsdispute_plugin.model import Ticket

OVERLAP = 100  # transactions get their number before their commit: so many may be under way at once
_MOST_EVENTS, _MOST_PAGES = 500, 200  # of one poll
_TRIES, _TRIES_TO_GIVE_BACK = 3, 10  # at a ticket that somebody else is writing
_KINDS = {"ticket.created": "created", "ticket.updated": "updated", "ticket.withdrawn": "withdrawn"}


class RequestTracker:
    """A connected Request Tracker. One thread polls; a ticket is written by one thread at a time."""

    def __init__(self, settings: PlatformSettings) -> None:
        """Read the platform file; connects at the first call.

        Raises:
            RulebookError: The file is wrong.
        """
        file = PlatformFile(settings)
        self.name = settings.name
        address, self._robot = file.address(), file.text("账号")
        if not re.fullmatch(r"[\w.@-]*", self._robot):
            file.note("账号", f"“{self._robot}” 不像账号", "not an account's name", "用字母、数字、. @ - _")
        self._fields = file.fields("字段", tuple(w for w in WRITABLE if w != "说明私密"))
        self._readable = file.fields("读取", tuple(READABLE))
        for label, field in self._fields.items():
            if (label == "时限") != (field == "Due") or (field == "Queue" and label != "主办"):
                file.note(f"字段.{label}", f"“{field}” 不能用在这里", f"{field!r} cannot hold this",
                          "时限 只能写 Due；Queue 只能给 主办；其余写自定义字段的名称")
        self._words, self._waiting, start = file.host_words(), file.names("可覆盖"), file.moment("轮询起始")
        self._start = start and start.replace(microsecond=0)  # RT tells of whole seconds
        self._trial = file.text("试写工单") if file.has("试写工单") else ""
        timeout_s, authority = file.seconds("超时秒", 10), file.authority()
        file.done()
        token = settings.secret("TOKEN")
        self._has_token = token.isascii() and bool(token)
        self._rest = RequestTrackerRest(address, self._robot, token if self._has_token else "", timeout_s, authority)
        self._sees_notes = False  # proved once
        self._told: tuple[str, frozenset[int]] = ("", frozenset())  # the last cursor given, and the transactions told under it

    def event(self, headers: Mapping[str, str], body: bytes) -> HostEvent | None:
        """Read the body of the tracker's scrip: ``{event, id, actor, event_id}``; the robot's own acts are nothing to us."""
        try:
            given = json.loads(body)
            kind, number, actor, event_id = (str(given[key]) for key in ("event", "id", "actor", "event_id"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
            raise TicketRefused("回调内容应是 JSON，含 event、id、actor 和 event_id") from err
        if kind not in _KINDS or not _is_number(number) or not re.fullmatch(r"txn-[0-9]{1,18}", event_id):
            raise TicketRefused(f"不认识的回调：event 应是 {'、'.join(_KINDS)}，id 应是数字，event_id 应是 txn-数字")
        if actor == self._robot or number == self._trial:
            return None
        return HostEvent(number, event_id, _KINDS[kind])

    def changed(self, cursor: str) -> tuple[tuple[HostEvent, ...], str]:
        """Poll by number of transaction: what others than the robot did, one event for each ticket.

        A little is read again each time; what was told when the cursor was given is left out.
        """
        self._rest.prove()
        newest = self._rest.newest()
        if newest is None:
            return (), cursor
        begin = self._rest.last_before(self._start, newest.number) if self._start and not cursor else 0
        done = min(int(cursor), newest.number) if cursor else begin  # less: the tracker was restored from an older copy
        told = self._told[1] if cursor == self._told[0] else frozenset()
        acts, at = dict[int, Act](), max(0, done - OVERLAP) if cursor else done
        for _ in range(_MOST_PAGES):
            upto = min(at + PAGE, newest.number)
            acts |= {act.number: act for act in self._rest.others_acts(at, upto)
                     if self._start is None or act.created_at >= self._start}
            at = max(at, upto)
            if at >= newest.number or len(acts) >= _MOST_EVENTS:
                break
        at = max(at, done)
        last = {act.ticket_no: act for act in acts.values() if act.number not in told and act.ticket_no != self._trial}
        self._told = (str(at), frozenset(number for number in acts if number > at - OVERLAP))
        new = {act.ticket_no for act in acts.values() if act.kind == "Create"}
        return tuple(HostEvent(ticket_no, f"txn-{act.number}", "created" if ticket_no in new else "updated")
                     for ticket_no, act in last.items()), str(at)

    def fetch(self, ticket_no: str) -> HostTicket:
        """Read one ticket, and what it was filed with: what the payer said."""
        _numbered(ticket_no)
        given = self._rest.ticket(ticket_no)
        if given.status == "deleted":
            raise DeliveryRefused(f"工单 {ticket_no} 在平台里已删除，请人工核对是否还要办")
        words, kind = self._rest.first_words(ticket_no)
        mapped = {READABLE[label]: value for label, field in self._readable.items() if (value := shown(given.values.get(field)))}
        values: dict[str, Any] = {"ticket_no": ticket_no, "title": given.title, "received_at": given.created_at,
                                  "content": words if kind == "text/plain" else _plain_text(words), **mapped}
        try:
            ticket = Ticket.model_validate(values)
        except ValidationError as err:
            wrong = {e["loc"] for e in err.errors(include_input=False)}
            fields = [field for label, field in self._readable.items() if (READABLE[label],) in wrong]
            raise DeliveryRefused(f"工单 {ticket_no} 的 {'、'.join(fields)} 看不懂，请写成 2026-01-05 08:30:00") from None
        # Our own writes change LastUpdated and ETag: only what the payer and the hotline say makes another version.
        told = (ticket.title, ticket.content, str(given.created_at), *(f"{k}={v}" for k, v in sorted(mapped.items())))
        version = "\0".join(told)
        return HostTicket(ticket, hashlib.sha256(version.encode()).hexdigest()[:16])

    def write_back(self, ticket_no: str, result: WriteBack, previous: WriteBack | None) -> str:
        """Set the fields, give back what a person wrote meanwhile, post the note with its files once, read back."""
        _numbered(ticket_no)
        self._rest.prove()
        wanted, before = self._values(result), self._values(previous) if previous else {}
        refusals: list[str] = []
        for _ in range(_TRIES):
            stood = self._rest.ticket(ticket_no)
            kept = [label for label in wanted if self._is_a_persons(label, stood.values.get(self._fields[label]), wanted, before)]
            new = changes(wanted, before, kept, partial(self._holds, stood.values))
            patch = {self._fields[label]: value for label, value in new.items()}
            answer = self._rest.put(ticket_no, stood.etag, patch) if patch else []
            if answer is not None:
                refusals = answer
                break
        else:
            raise _busy(ticket_no)
        kept += self._give_back(ticket_no, wanted, before, noted=False)
        self._say(ticket_no, result, [label for label in kept if wanted[label]])
        if patch:  # an act may be told only after what it did
            kept += self._give_back(ticket_no, wanted, before, noted=True)
        after = self._rest.ticket(ticket_no)
        lost = [field for label, field in self._fields.items() if field in patch and label not in kept
                and not same(have := after.values.get(field), patch[field]) and (not have or have == stood.values.get(field))]
        if lost:  # what a person emptied since, or put back, stands
            acts = self._rest.acts_of(ticket_no)
            lost = [field for field in lost if not a_persons_last(of_field(acts, field, after), self._robot)]
        if lost:
            told = f"。平台说：{'；'.join(refusals)}" if refusals else ""
            raise DeliveryRefused(f"工单 {ticket_no} 的 {'、'.join(lost)} 平台没有收下，其余的和说明已写好。{self._mend}{told}")
        return after.etag.strip('"')

    def _values(self, result: WriteBack) -> dict[str, Any]:
        return {label: value for label, value in self._words.values(result).items() if label in self._fields}

    def _holds(self, values: Mapping[str, Any], label: str, value: Any) -> bool:
        return same(values.get(self._fields[label]), value)

    def _is_a_persons(self, label: str, have: object, wanted: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
        return is_a_persons(label, [shown(have)] if have else [], self._waiting, partial(same, have), wanted, before)

    def _give_back(self, ticket_no: str, wanted: Mapping[str, Any], before: Mapping[str, Any], *, noted: bool) -> list[str]:
        """Put back what a person wrote between RT's look at the ETag and its write; return the labels.

        It is read from the history since our last note, so that it is found as well when we were cut off before.
        """
        given = list[str]()
        for _ in range(_TRIES_TO_GIVE_BACK):
            acts = of_this_writing(self._rest.acts_of(ticket_no), self._robot, noted=noted)
            if all(act.creator == self._robot for act in acts):
                return given
            now, back = self._rest.ticket(ticket_no), dict[str, Any]()
            for label, field in self._fields.items():
                named = partial(self._rest.named, field)
                meant = partial(self._may_write_over, label, wanted, before, named)
                stands, several = now.values.get(field), isinstance(wanted[label], list)
                theirs = overtaken(of_field(acts, field, now), self._robot, several, stands, meant)
                if theirs is not None and not same(stands, named(theirs)):
                    back[field] = named(theirs)
            if not back:
                return given
            if self._rest.put(ticket_no, now.etag, back) is not None:
                given += [label for label, field in self._fields.items() if field in back and label not in given]
        raise _busy(ticket_no)

    def _may_write_over(
        self, label: str, wanted: Mapping[str, Any], before: Mapping[str, Any], named: Callable[[Any], Any], stood: Standing,
    ) -> bool:
        return not self._is_a_persons(label, named(stood), wanted, before)

    def _say(self, ticket_no: str, result: WriteBack, kept: list[str]) -> None:
        """Post the note with its files as a comment, unless one of the robot's has its mark as subject."""
        mark = mark_of(result.key)
        if not self._rest.said(ticket_no, mark):
            self._rest.comment(ticket_no, mark, noted(result.note, kept), result.files)
            if not (self._sees_notes or self._rest.said(ticket_no, mark)):
                raise DeliveryRefused(f"工单 {ticket_no} 的说明已写好，但机器人账号看不到：请在受理队列上给它 "
                                      "ShowTicketComments 权限，不然断线重写时会出现两条")
            self._sees_notes = True

    def steps(self, *, writing: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Sign in, read a ticket, ask for each field, value and right that the platform file needs, try a write that changes
        nothing. With ``writing``, write all fields of 试写工单, where there is one, and put them back.
        """
        if not self._has_token:
            yield "令牌", (f"没有令牌：请设 HSDISPUTE_{self.name.upper().replace('-', '_')}_TOKEN（或 …_FILE）",)
            return
        yield from steps(self._rest, Mapped(self._file, self._fields, self._readable, self._words, self._trial), writing)

    def check(self) -> tuple[str, ...]:
        """Try all that changes nothing; say in Chinese what is wrong."""
        return tuple(sentence for _, wrong in self.steps(writing=False) for sentence in wrong)

    @property
    def _file(self) -> str:
        return f"config/platforms/{self.name}.yaml"

    @property
    def _mend(self) -> str:
        return f"请核对 {self._file} 的字段、单位名称、办理类型和机器人账号的权限，改好后重发"

    def close(self) -> None:
        """Close connections."""
        self._rest.close()


class _Words(HTMLParser):
    """Collects the words of a mail in HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "title"):
            self._silent = tag
        if tag in ("br", "p", "div", "li", "tr"):
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def _plain_text(html: str) -> str:
    parser = _Words()
    parser.feed(html)
    return "".join(parser.words).strip()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _numbered(ticket_no: str) -> None:
    if not _is_number(ticket_no):  # it stands in a query
        raise DeliveryRefused(f"“{ticket_no}” 不是 Request Tracker 的工单号，工单号应是数字")


def _busy(ticket_no: str) -> DeliveryDelayed:
    return DeliveryDelayed(f"工单 {ticket_no} 正有人在改，稍后再写")
