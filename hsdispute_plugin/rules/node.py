"""A configuration file as read: every value a text with its line, and readers that collect all problems at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from hsdispute_plugin.errors import Problem

T = TypeVar("T")

#: Largest whole number of a file either way: engines count in 32 bits.
LARGEST = 1_000_000_000

#: What people write for words that files know.
MEANT = {
    "大于": "多于", "超过": "多于", "小于": "少于", "低于": "少于", "至少": "不少于", "不小于": "不少于", "大于等于": "不少于",
    ">=": "不少于", "≥": "不少于", "<=": "不多于", "≤": "不多于", ">": "多于", "<": "少于", "=": "等于",
    "至多": "不多于", "不大于": "不多于", "不超过": "不多于", "小于等于": "不多于", "包含": "包含任一", "包括": "包含任一",
    "有任一": "包含任一", "是": "等于", "为": "等于", "不是": "不等于", "不为": "不等于", "并且": "全部", "且": "全部",
    "或": "任一", "或者": "任一", "非": "均不", "都不": "均不", "有": "是", "可以": "是", "无": "否", "没有": "否", "天": "日",
    "自然日": "日", "社保局": "人社局", "yibao": "medical", "shebao": "hr", "renshe": "hr", "shuiwu": "tax", "已发布": "正式",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file; ``value`` is a text, a tuple of nodes or a mapping of nodes. ``where`` is ``file:line``.

    ``spoilt``: its problem is already noted, so that readers pass over it in silence.
    """

    where: str
    value: str | tuple[Node, ...] | Mapping[str, Node]
    spoilt: bool = False

    @property
    def kind(self) -> str:
        """文字, 列表 or 键值."""
        return "文字" if isinstance(self.value, str) else "列表" if isinstance(self.value, tuple) else "键值"


class Reading:
    """Typed access to nodes. Each reader returns ``None`` after noting what is wrong, so that reading goes on.

    ``root`` is the name of the directory; ``unread`` are files in it that are there but could not be read at all.
    """

    def __init__(self, root: str = "config") -> None:
        self.problems: list[Problem] = []
        self.root = root
        self.unread: frozenset[str] = frozenset()

    def place(self, name: str) -> str:
        """Return how problems call a file of the directory: ``config/units.yaml``."""
        return f"{self.root}/{name}"

    def missing(self, name: str) -> None:
        """Note that a file is not there (one that is there but unreadable has its own problem)."""
        if name not in self.unread:
            self.note(f"{self.place(name)}:1", "", f"缺少文件 {name}", f"{name} is missing", "请从随附的 config 复制一份")

    def note(self, where: str, subject: str, what: str, what_en: str, mend: str = "") -> None:
        """Note one problem."""
        self.problems.append(Problem(where, subject, what, what_en, mend))

    def mapping(
        self, node: Node | None, subject: str, required: Collection[str] = (), optional: Collection[str] = ()
    ) -> Mapping[str, Node] | None:
        """Read 键值; unknown keys and missing ones are noted, known ones returned. Missing required keys give ``None``."""
        if node is None:
            return None
        if not isinstance(node.value, Mapping):
            self._wrong_kind(node, subject, "键值", "a mapping", [*required, *optional])
            return None
        known = [*required, *optional]
        for key, value in node.value.items():
            if key not in known:
                self.note(value.where, subject, f"不认识的键 “{key}”", f"unknown key {key!r}", suggest(key, known))
        missing = [k for k in required if k not in node.value]
        for key in missing:
            self.note(node.where, subject, f"缺少 “{key}”", f"missing key {key!r}", f"请补上一行 {key}: …")
        return None if missing else {k: v for k, v in node.value.items() if k in known}

    def items(self, node: Node | None, subject: str) -> tuple[Node, ...]:
        """Read 列表; anything else is noted and read as empty."""
        if node is None:
            return ()
        if not isinstance(node.value, tuple):
            self._wrong_kind(node, subject, "列表", "a list")
            return ()
        return node.value

    def text(self, node: Node | None, subject: str, *, empty: bool = False) -> str | None:
        """Read 文字; an empty one is noted unless ``empty``."""
        if node is None:
            return None
        if not isinstance(node.value, str):
            self._wrong_kind(node, subject, "文字", "a text")
            return None
        if node.spoilt:
            return None
        if not node.value.strip() and not empty:
            self.note(node.where, subject, "这里不能空着", "must not be empty", "请写上内容，或删去这一行")
            return None
        return node.value.strip()

    def integer(self, node: Node | None, subject: str) -> int | None:
        """Read a whole number, ``LARGEST`` at most either way."""
        text = self.text(node, subject)
        if text is None or node is None:
            return None
        if not re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
            self.note(node.where, subject, f"“{text}” 不是整数", f"{text!r} is not a whole number",
                      "请写十进制整数，如 10；不带单位和小数")
            return None
        if len(text) > 11 or abs(int(text)) > LARGEST:
            self.note(node.where, subject, f"“{text}” 太大", f"{text} is too large", "请写不超过十亿（1000000000）的整数")
            return None
        return int(text)

    def number(self, node: Node | None, subject: str) -> float | None:
        """Read a number that is not negative."""
        text = self.text(node, subject)
        if text is None or node is None:
            return None
        if not re.fullmatch(r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?", text):
            self.note(node.where, subject, f"“{text}” 不是数", f"{text!r} is not a number", "请写如 5 或 0.5，不带单位")
            return None
        return float(text)

    def day(self, node: Node | None, subject: str) -> date | None:
        """Read a date written 2025-10-27."""
        text = self.text(node, subject)
        if text is None or node is None:
            return None
        try:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                raise ValueError(text)
            return date.fromisoformat(text)
        except ValueError:
            self.note(node.where, subject, f"“{text}” 不是日期", f"{text!r} is not a date", "请写成 2025-10-27")
            return None

    def yes(self, node: Node | None, subject: str) -> bool | None:
        """Read 是 or 否."""
        return self.choice(node, subject, {"是": True, "否": False})

    def choice(
        self, node: Node | None, subject: str, allowed: Mapping[str, T], what: str = "值", shown: Iterable[str] | None = None
    ) -> T | None:
        """Read one of the allowed words and return what it stands for. ``shown``: those worth listing in a mend (all)."""
        text = self.text(node, subject)
        if text is None or node is None:
            return None
        if text not in allowed:
            self.note(node.where, subject, f"{what} “{text}” 不在可用范围内", f"unknown value {text!r}",
                      suggest(text, allowed, shown))
            return None
        return allowed[text]

    def _wrong_kind(self, node: Node, subject: str, wanted: str, wanted_en: str, keys: Collection[str] = ()) -> None:
        if node.spoilt:
            return
        mend = _FORMS[wanted] + (f"；这里的键有 {'、'.join(keys)}" if keys else "")
        if wanted == "键值" and isinstance(node.value, str) and "：" in node.value:
            mend = "键后面要用半角冒号加一个空格（: ），不是全角冒号（：）"
        self.note(node.where, subject, f"这里应是{wanted}，写的却是{node.kind}", f"expected {wanted_en}", mend)


_FORMS = {"键值": "请写成 键: 值", "列表": "请每项一行，以 “- ” 开头，或写成 [甲, 乙]", "文字": "请只写一个值"}


def suggest(word: str, known: Iterable[str], shown: Iterable[str] | None = None) -> str:
    """Return the mend for an unknown word: what is known (of very many: what looks alike), and what was probably meant."""
    words = list(dict.fromkeys(known))
    if not words:
        return "这里还没有可用的值"
    parts = [part.strip() for part in re.split("[，、]", word)]
    if len(parts) > 1 and all(part in words for part in parts):
        return f"各项之间要用半角逗号加空格：[{', '.join(parts)}]"
    listed = list(dict.fromkeys(shown)) if shown is not None else words
    near = [MEANT[word]] if MEANT.get(word) in words else difflib.get_close_matches(word, words, 1, 0.5)
    alike = difflib.get_close_matches(word, listed, 8, 0) if len(listed) > 24 else listed
    return f"可用 / known: {'、'.join(alike)}{' …' if len(listed) > 24 else ''}。" + (f"是否想写 “{near[0]}”？" if near else "")
