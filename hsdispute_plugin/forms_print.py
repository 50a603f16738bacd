"""What one field prints: words, dates, yes or no, concealed where the other party will read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.forms_catalogue import IDENTITY, NUMBERS
from hsdispute_plugin.forms_context import PaperDate
from hsdispute_plugin.forms_privacy import conceal
from hsdispute_plugin.model import aware

#: A field whose name ends so holds a date; left empty it prints blanks for the pen.
DATES = ("日期", "期限", "时间")
#: A field whose name ends so holds an official or an office; a masked copy still says whom to call.
OFFICES = ("姓名", "电话", "单位", "部门", "当事人")
_UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")  # XML cannot hold these


@dataclass(frozen=True, slots=True)
class Hidden:
    """Who must not be seen in a copy without identity."""

    names: tuple[str, ...]
    exact: tuple[str, ...]

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Hidden:
        """Take them from the fields that say who complained."""
        said = {name: _joined(values[name]) for name in IDENTITY if not empty(values.get(name))}
        names = tuple(v for k, v in sorted(said.items()) if k.endswith(("姓名", "反映人")))
        # A township or the words 居民身份证 name nobody, and the complainant's workplace is mostly the respondent itself.
        exact = tuple(v for k, v in sorted(said.items()) if re.search(r"\d{4}", v) or (k.endswith("住址") and len(v) > 6))
        return cls(names, exact)


def empty(value: object) -> bool:
    """Tell whether a field is left blank."""
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, list | tuple) and not value)


def mark(value: object) -> str:
    """Return what must be found again on the paper that printed the value."""
    return str(PaperDate.of(value)["年"]) if isinstance(value, date) else str(value)


def _joined(value: object) -> str:
    return "、".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _date(value: object) -> object:
    """Read a date that came as text; words such as 收到后三日内 stay words."""
    if empty(value):
        return None
    try:
        return aware(value)
    except ValueError:
        return value


def printed(name: str, value: object, hidden: Hidden | None) -> Any:
    """Turn a value into what the template prints; a date field keeps its parts (``.年 .月 .日``)."""
    if hidden and name in IDENTITY:
        return "（略）"
    if name.endswith(DATES):
        value = _date(value)
        if value is None or isinstance(value, date):
            moment = PaperDate.of(value)
            if name.endswith("时间") or not isinstance(moment.value, datetime):
                return moment
            return PaperDate(moment.value.date())  # a deadline runs to the end of its day
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return str(PaperDate.of(value))
    if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
        value = _joined(value)
    if not isinstance(value, str | int):
        raise CaseRefused(f"字段“{name}”的值不能印在文书上，应是文字、整数、日期、是否 / value of a wrong type")
    text = _UNREADABLE.sub("", str(value).replace("\r\n", "\n").replace("\r", "\n")).replace("\t", " ").strip()
    if hidden and not (name in NUMBERS or name.endswith(OFFICES)):
        text = conceal(text, hidden.names, hidden.exact)
    return re.sub(r"\n\s*", "\a", text)  # docxtpl turns \a into a new paragraph of the same kind
