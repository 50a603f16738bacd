"""A form of an OA as we see it, how our values are spelt in it, and what each OA product offers to ``oa_platform``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol, runtime_checkable

from hsdispute_plugin.adapters.json_shape import CODED, FIELDS, TIME_FORMATS, TicketShape, moment, same, word, written
from hsdispute_plugin.adapters.mapping import WRITABLE, PlatformFile
from hsdispute_plugin.adapters.writing import is_a_persons
from hsdispute_plugin.hooks.platform import HostTicket, WriteBack
from hsdispute_plugin.model import aware

NOTE, FILES = "说明", "附件"
#: What can stand in an OA's form: the labels of 字段.
LABELS = (*(label for label in WRITABLE if label != "说明私密"), NOTE, FILES)
#: Under this name the OA's own words on a flow stand beside the form's fields: 流程.标题, 流程.创建时间, …
FLOW = "流程."
_NUMBER = "\0number"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the robot's list: which form, and when it last changed for us."""

    number: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it stands. ``values`` are what is stored, ``shown`` what people see, both by the OA's field names.

    ``editable`` are the fields that the robot may write now, ``None`` where the OA does not tell. ``options`` are the names and
    codes of fields with a list. ``opinions`` are what was said outside of the form, ``files`` the names of attached papers.
    ``raw`` is the OA's own, for the adapter alone.
    """

    number: str
    values: Mapping[str, str]
    shown: Mapping[str, str]
    flow: Mapping[str, str] = field(default_factory=dict)
    editable: frozenset[str] | None = None
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    opinions: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    raw: Any = field(default=None, repr=False)

    def has(self, place: str) -> bool:
        """Tell whether there is such a place, be it empty: a field, or 流程.… beside the fields."""
        return place in self.values or (place.startswith(FLOW) and place.removeprefix(FLOW) in self.flow)

    def seen(self, place: str) -> str:
        """Return what people see at a place; empty when there is nothing."""
        return self.flow.get(place.removeprefix(FLOW), "") if place.startswith(FLOW) else (
            self.shown.get(place) or self.values.get(place, ""))


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Who holds the to-do of a flow now: the robot (``mine``), the person who was asked about (``theirs``), or others.

    ``raw`` is what the adapter needs to hand it on, for the adapter alone.
    """

    mine: bool
    theirs: bool
    raw: Any = field(default=None, repr=False)


class OaHost(Protocol):
    """One OA product with one robot account. Each call raises only ``DeliveryDelayed`` or ``DeliveryRefused``."""

    product: str
    listed_in: str  # where tickets wait for the robot, and where it is given rights, in the administrator's words
    rights_at: str
    person_shape: re.Pattern[str]  # what a person of 接收人 looks like, and the same in words
    person_words: str
    not_mine: str  # what to look at when the robot does not hold the to-do of a form that waits for it
    writes_by_todo: bool  # the robot may write only while it holds the to-do
    no_todos: str  # what to change so that there are to-dos to hand on; empty: there are
    keeps_absent_fields: bool  # the form has a field only once somebody wrote it: none can be missed

    def missing(self) -> tuple[str, ...]:
        """Return the secrets that are not set or cannot be right, each as a Chinese sentence."""

    def signed_in(self) -> None:
        """Fetch a new token."""

    def rows(self, begin: datetime | None) -> Iterator[Row]:
        """Yield what waits for the robot; may yield rows older than ``begin``."""

    def read(self, number: str) -> Form:
        """Read one form now."""

    def upload(self, form: Form, title: str, content: bytes) -> str:
        """Bring a paper to the OA; return what ``save`` needs to attach it, empty when it is attached already."""

    def save(self, form: Form, changes: Mapping[str, str], papers: Mapping[str, str]) -> None:
        """Store these fields, and attach papers (what ``upload`` gave, by file name), without moving the flow on."""

    def whereabouts(self, form: Form, person: str) -> Whereabouts:
        """Read who holds the to-do of a form now: the robot, a person."""

    def hand_on(self, form: Form, person: str, found: Whereabouts, remark: str) -> None:
        """Hand the robot's to-do, which was ``found``, to a person; the flow stays at its node (转办)."""

    def knows(self, person: str) -> bool | None:
        """Tell whether the OA has such a person; ``None``: its interface does not tell."""

    def close(self) -> None:
        """Close connections."""


@runtime_checkable
class SaysOpinions(Protocol):
    """An OA in which a note can be said outside of the form (意见)."""

    def say(self, form: Form, note: str) -> None:
        """Say a note as the robot's opinion, without moving the flow on."""


class FormWords:
    """读取, 字段, 码表 and the spellings of one platform file: both ways between a form and our values."""

    def __init__(self, file: PlatformFile) -> None:
        """Read the file; its problems are noted in it."""
        self.read_at = file.fields("读取", tuple(label for label in FIELDS if label != "工单编号"))
        if not {"标题", "内容"} & self.read_at.keys():
            file.note("读取", "要写明 标题 或 内容", "title or content must be placed", "如 读取: {标题: 流程.标题, 内容: gdnr}")
        tables = file.part("码表", CODED)
        self._shape = TicketShape({"工单编号": _NUMBER, **self.read_at}, {label: tables.words(label) for label in CODED})
        self.write_at = file.fields("字段", LABELS)
        self.waiting = file.names("可覆盖")
        self.hosts = file.host_words()
        self._list_joined = file.choice("协办写法", ("顿号", "逗号"))
        self._time_form = file.choice("时间写法", TIME_FORMATS)

    def ticket(self, form: Form) -> HostTicket:
        """Return the ticket in a form, in the words that people see.

        Raises:
            DeliveryRefused: A time in it cannot be read; says which of the OA's fields.
        """
        read = {place: form.seen(place) for place in self.read_at.values()}  # what is not mapped stays in the OA
        return self._shape.ticket({**read, _NUMBER: form.number})

    def values(self, result: WriteBack) -> dict[str, Any]:
        """Return what should stand in the mapped fields, by our labels."""
        return {label: value for label, value in self.hosts.values(result).items() if label in self.write_at}

    def spelt(self, form: Form, label: str, value: Any) -> str:
        """Return a value as the OA stores it: a name of a list as its code."""
        codes = form.options.get(self.write_at[label], {})
        if isinstance(value, datetime):
            return str(written(value, self._time_form))
        if isinstance(value, list):
            return ("、" if self._list_joined == "顿号" else ",").join(codes.get(v, v) for v in value)
        return codes.get(word(value), word(value))

    def stands(self, form: Form, label: str, value: Any) -> bool:
        """Tell whether a form shows a value of ours, by what is stored or by what is shown."""
        name = self.write_at[label]
        have = {form.values.get(name, ""), form.seen(name)}
        if isinstance(value, datetime):
            return any(same(h, value) for h in have) or form.values.get(name, "") == self.spelt(form, label, value)
        return any(same(h, value) for h in have) or (
            bool(value) and form.values.get(name, "") == self.spelt(form, label, value))

    def is_a_persons(self, form: Form, label: str, wanted: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
        """Tell whether a field of a form holds a person's value, which stands."""
        name = self.write_at[label]
        have, shown = form.values.get(name, ""), form.shown.get(name, "")
        return is_a_persons(label, {have, shown} if have else (), self.waiting, partial(self.stands, form, label), wanted, before)


def time_of(value: Any) -> datetime | None:
    """Return an OA's time, Beijing's where no zone is written; ``None``: it is none."""
    try:
        read = aware(moment(value))
    except ValueError:
        return None
    return read if isinstance(read, datetime) else None
