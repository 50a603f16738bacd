"""致远's to-dos (待办) beside the ledger: which flows wait for a person, known by the ticket number in their titles, and 转办.

Read in the vendor's published interface (V8.0 SP1 to V9.0, 2026-11), never tried against a live system:

- ``orgMember`` gives a person by login name or number; ``affairs/pending`` a person's to-dos, page by page, from V8.2 SP1 on only
  to callers that are named or where the check is switched off: others get 401, however fresh the token;
- of a to-do, ``subObjectId`` is the work item that ``bpm/process/replaceItem`` gives to another person (转办), and ``subject``
  the title of its flow;
- the form of a flow can be read (``flow/data``) but not stored: what sets its fields is saved by the next person who saves the
  form, and ``bpm/workitem/finish`` leaves an opinion (暂存待办) that no call reads back, so that a lost answer would mean a
  second one. Hence the ticket is read and written in the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from hsdispute_plugin.adapters.json_shape import at, word
from hsdispute_plugin.adapters.oa_calls import OaCalls, strange
from hsdispute_plugin.adapters.oa_form import time_of
from hsdispute_plugin.adapters.seeyon_speech import REST
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused

PAGE = 100
SHORTEST = 4  # characters of a ticket number: a shorter one stands in a title by chance
_MOST_PAGES = 100
_PENDING, _REPLACE = f"{REST}/affairs/pending", f"{REST}/bpm/process/replaceItem"
_FLOWS = "1"  # apps: 1 is 协同, to which the flows of forms belong


@dataclass(frozen=True, slots=True)
class Todo:
    """One flow that waits for a person: the work item, its title, and when it came."""

    item: str
    title: str
    received_at: datetime | None

    def is_of(self, number: str) -> bool:
        """Tell whether the title holds this ticket number, and not only a longer one that begins or ends so."""
        return len(number) >= SHORTEST and bool(re.search(rf"(?<![0-9A-Za-z]){re.escape(number)}(?![0-9A-Za-z])", self.title))


class Todos:
    """The to-dos of one 致远, asked for as the robot."""

    product = "致远"

    def __init__(self, calls: OaCalls, login: str) -> None:
        self._calls, self._login = calls, login
        self._robot = ""

    def of_robot(self) -> Iterator[Todo]:
        """Yield what waits for the robot."""
        if not self._robot:
            where = f"{REST}/orgMember"
            given = self._calls.ask("GET", where, params={"loginName": self._login})
            self._robot = word(at(given, "id"))
            if not self._robot:
                raise strange(self.product, f"GET {where}", reading=True)
        return self.of(self._robot)

    def of(self, member: str) -> Iterator[Todo]:
        """Yield what waits for a person, by the person's number."""
        for page in range(1, _MOST_PAGES + 1):
            given = self._calls.ask("GET", _PENDING, params={
                "memberId": member, "apps": _FLOWS, "pageNo": str(page), "pageSize": str(PAGE)})
            if not isinstance(given, list):
                raise strange(self.product, f"GET {_PENDING}", reading=True)
            for one in given:
                if isinstance(one, Mapping) and (item := word(at(one, "subObjectId"))):
                    yield Todo(item, word(at(one, "subject")), time_of(at(one, "receiveTime")))
            if len(given) < PAGE:
                return
        raise DeliveryDelayed(f"致远里一个人的待办超过 {_MOST_PAGES} 页，请先清理：GET {_PENDING}")

    def one(self, number: str) -> Todo | None:
        """Return the robot's to-do whose title holds a ticket number; ``None``: there is none.

        Raises:
            DeliveryRefused: There are several, and which is meant cannot be told.
        """
        found = {todo.item: todo for todo in self.of_robot() if todo.is_of(number)}
        if len(found) > 1:
            raise DeliveryRefused(f"机器人有 {len(found)} 件待办的标题里都有编号 {number}，分不清是哪一件，请人工转办")
        return next(iter(found.values()), None)

    def has(self, member: str) -> bool | None:
        """Tell whether a number is that of a person who works here; ``None``: no answer that tells."""
        try:
            given = self._calls.ask("GET", f"{REST}/orgMember/{member}")
        except DeliveryDelayed:  # a number that nobody has may be answered by nothing at all
            return None
        return word(at(given, "id")) == member and word(at(given, "isValid")) != "false"

    def hand_on(self, todo: Todo, member: str) -> None:
        """转办: another person gets the work item."""
        self._calls.tell("POST", _REPLACE, body={"appName": "collaboration", "workitemId": todo.item, "nextMemberId": member})
