"""A platform file's words: which of our values stands in which field of the host, and what its values are called there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hsdispute_plugin.errors import Problem, RulebookError
from hsdispute_plugin.hooks.platform import PlatformSettings, WriteBack
from hsdispute_plugin.model import Ticket, aware
from hsdispute_plugin.rules.node import suggest

#: What can be read from a ticket beside title and content: the label of 读取 and the field of ``Ticket``.
READABLE: Mapping[str, str] = MappingProxyType({
    "来电人": "caller_name", "来电号码": "caller_phone", "所在辖区": "area", "受理渠道": "channel", "工单类型": "ticket_type",
    "被反映单位": "respondent", "紧急程度": "urgency", "来电时间": "received_at", "平台时限": "host_due_at",
    "原工单": "repeat_of",
})
#: What can be written: the labels of 字段.
WRITABLE = ("主办", "协办", "类别", "办理", "时限", "依据", "报送编号", "幂等键", "说明私密")


@dataclass(frozen=True, slots=True)
class HostWords:
    """What the host calls our units and tracks; what is not listed has the same name there."""

    units: Mapping[str, str]
    tracks: Mapping[str, str]

    def values(self, result: WriteBack) -> dict[str, Any]:
        """Return what should stand in the host, by the labels of 字段; 时限 stays an aware time, nothing stays empty."""
        return {
            "主办": self.units.get(result.lead, result.lead), "协办": [self.units.get(u, u) for u in result.helpers],
            "类别": result.category, "办理": self.tracks.get(result.handling, result.handling), "时限": result.due_at,
            "依据": result.basis, "报送编号": result.submission_no, "幂等键": result.key,
        }


class PlatformFile:
    """Typed access to one file of ``config/platforms``. Problems are collected; ``done`` raises them all at once."""

    def __init__(self, settings: PlatformSettings) -> None:
        self._values = settings.values
        self._where = f"platforms/{settings.name}.yaml"
        self._problems: list[Problem] = []

    def address(self) -> str:
        """Return 地址 without a final slash."""
        text = self.text("地址").rstrip("/")
        if text and not text.startswith(("http://", "https://")):
            self.note("地址", f"“{text}” 不是网址", "not an http address", "请写成 http://主机:端口 或 https://主机")
        return text

    def authority(self) -> str:
        """Return 证书, the file of the authority that signed the host's certificate; absent: empty, and the usual ones count."""
        path = self.text("证书") if self.has("证书") else ""
        if path and not Path(path).is_file():
            self.note("证书", f"没有文件 “{path}”", "no such file", "请写签发机构证书（PEM）的完整路径，让服务账号能读它")
        return path

    def part(self, key: str, known: tuple[str, ...]) -> PlatformFile:
        """Return the mapping under a key as a file of its own, absent: empty; other keys than ``known`` are refused."""
        value = self._values.get(key, {})
        inner = PlatformFile(PlatformSettings("", "", value if isinstance(value, Mapping) else {}, str))
        inner._where, inner._problems = f"{self._where}  {key}", self._problems
        if not isinstance(value, Mapping):
            self.note(key, "这里应是键值", "a mapping is expected", f"没有就删去 {key}")
        for name in inner._values:
            if name not in known:
                inner.note(str(name), f"不认识的 “{name}”", f"unknown {name!r}", suggest(str(name), known))
        return inner

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        """Return one of these texts; absent: the first."""
        value = self._values.get(key, known[0])
        if value not in known:
            self.note(key, f"“{value}” 不在可用的里面", f"unknown {value!r}", suggest(str(value), known))
            return known[0]
        return str(value)

    def text(self, key: str, default: str = "") -> str:
        """Return a text; without a default it must be there."""
        value = self._values.get(key, default)
        if not isinstance(value, str) or not value.strip():
            self.note(key, f"缺少 “{key}”", f"missing {key!r}", f"请补上一行 {key}: …")
            return ""
        return value.strip()

    def seconds(self, key: str, default: float, most: float = 600) -> float:
        """Return a number of seconds greater than 0."""
        value = str(self._values.get(key, default))
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not 0 < number <= most:
            self.note(key, f"“{value}” 不是秒数", "not a number of seconds", f"请写 0 到 {most:g} 之间的数，如 {default:g}")
        return number

    def moment(self, key: str) -> datetime | None:
        """Return a time, local where no zone is written; absent: ``None``."""
        if key not in self._values:
            return None
        try:
            value = aware(self._values[key])
        except ValueError:
            value = None
        if not isinstance(value, datetime):
            self.note(key, f"“{self._values[key]}” 不是时间", "not a time", "请写成 2026-01-05 08:30:00")
            return None
        return value

    def names(self, key: str) -> frozenset[str]:
        """Return a list of texts; absent: empty."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.note(key, "这里应是列表", "a list is expected", f"请写成 {key}: [甲, 乙]；没有就写 []")
            return frozenset()
        return frozenset(value)

    def words(self, key: str, known: tuple[str, ...] = ()) -> Mapping[str, str]:
        """Return a mapping of texts, absent: empty. With ``known``, other keys are refused."""
        value = self._values.get(key, {})
        if not isinstance(value, Mapping) or not all(isinstance(v, str) and v for v in value.values()):
            self.note(key, "这里应是 “名称: 取值” 的键值", "a mapping of texts is expected", f"没有就写 {key}: {{}}")
            return MappingProxyType({})
        for name in value:
            if known and name not in known:
                self.note(f"{key}.{name}", f"不认识的 “{name}”", f"unknown {name!r}", suggest(str(name), known))
        return MappingProxyType({str(k): str(v) for k, v in value.items()})

    def fields(self, key: str, known: tuple[str, ...]) -> Mapping[str, str]:
        """Return a mapping of our labels to the host's field names, each field used once."""
        given = self.words(key, known)
        for name, field in given.items():
            if sum(f == field for f in given.values()) > 1:
                self.note(f"{key}.{name}", f"平台字段 “{field}” 用了两次", f"field {field!r} is used twice",
                           "请各写各的字段，或删去一行")
        return given

    def host_words(self) -> HostWords:
        """Return 单位名称 and 办理类型."""
        return HostWords(self.words("单位名称"), self.words("办理类型"))

    def done(self) -> None:
        """Raise what was noted.

        Raises:
            RulebookError: With every problem of the file.
        """
        if self._problems:
            raise RulebookError(tuple(self._problems))

    def has(self, key: str) -> bool:
        """Tell whether the file has a line of this name."""
        return key in self._values

    def note(self, subject: str, what: str, what_en: str, mend: str) -> None:
        """Add a problem of the file to those that ``done`` raises."""
        self._problems.append(Problem(self._where, subject, what, what_en, mend))


def version_of(ticket: Ticket) -> str:
    """Return the version of a ticket whose host tells none: the same words and values, the same version."""
    told = "\0".join(f"{k}={v}" for k, v in sorted(ticket.model_dump(mode="json", exclude={"extra"}).items()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
