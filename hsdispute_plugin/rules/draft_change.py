"""Small changes to the text of a configuration file: a value of a row, a word of a list; comments and all else stay as typed."""

from __future__ import annotations

from collections.abc import Mapping

from hsdispute_plugin.rules.draft import DraftRefused
from hsdispute_plugin.rules.load_places import Place, places
from hsdispute_plugin.rules.rule_text import scalar

_MEND = "请在编辑器里直接改这个文件"


def with_values(text: str, rows: str, named: tuple[str, str], values: Mapping[str, str | None]) -> str:
    """Return the text with keys of one row set (``None``: taken out): ``…, "时限", ("代号", "sign"), {"数值": "2"})``.

    Raises:
        DraftRefused: There is no such row, or it is laid out in a way that we will not touch.
    """
    for key, value in values.items():
        row = _row(text, rows, named)
        pairs = row.pairs or {}
        if key in pairs:
            text = _without_pair(text, row, key) if value is None else _replaced(text, pairs[key][1], scalar(value))
        elif value is not None:
            text = _with_pair(text, row, key, scalar(value))
    return text


def with_word(text: str, rows: str, number: int, key: str, word: str) -> str:
    """Return the text with a word added at the end of a list: of the row ``number`` (from 0) of ``rows``, under ``key``.

    Raises:
        DraftRefused: There is no such row, the word is there already, or the layout is not ours to touch.
    """
    row = _numbered(text, rows, number)
    found = row.at(key)
    if found is None:
        return _with_pair(text, row, key, f"[{scalar(word)}]")
    if any(item.value == word for item in found.parts):
        raise DraftRefused(f"“{word}” 已经在里面了")
    if not found.parts:
        if not text[found.start : found.end].startswith("["):
            raise DraftRefused(f"{key} 不是写在方括号里的词表，{_MEND}")
        return _replaced(text, found, f"[{scalar(word)}]")
    last = found.parts[-1]
    if found.flow:
        return text[: last.end] + f", {scalar(word)}" + text[last.end :]
    start, end = text.rfind("\n", 0, last.start) + 1, _line_end(text, last.end)
    return text[:end] + f"\n{text[start : last.start]}{scalar(word)}" + text[end:]


def without_word(text: str, rows: str, number: int, key: str, word: str) -> str:
    """Return the text with a word taken out of such a list.

    Raises:
        DraftRefused: It is not there, or is the last of its list.
    """
    found = _numbered(text, rows, number).at(key)
    items = found.parts if found else ()
    at = next((n for n, item in enumerate(items) if item.value == word), None)
    if found is None or at is None:
        raise DraftRefused(f"没有 “{word}” 这个词，可能已经被别人删去")
    if len(items) == 1:
        raise DraftRefused(f"“{word}” 是这一条唯一的词，不能删空。要整条删去，{_MEND}")
    if found.flow:
        start, end = (items[at - 1].end, items[at].end) if at else (items[0].start, items[1].start)
        return text[:start] + text[end:]
    start = text.rfind("\n", 0, items[at].start) + 1
    end = text.find("\n", items[at].end) + 1 or len(text)
    return text[:start] + text[end:]


def _row(text: str, rows: str, named: tuple[str, str]) -> Place:
    root = places(text)
    listed = root.at(rows) if root else None
    for row in listed.parts if listed else ():
        if (name := row.at(named[0])) is not None and name.value == named[1]:
            return row
    raise DraftRefused(f"草稿里没有 {named[0]} 为 {named[1]} 的一行，{_MEND}")


def _numbered(text: str, rows: str, number: int) -> Place:
    root = places(text)
    listed = root.at(rows) if root else None
    if listed is None or not 0 <= number < len(listed.parts):
        raise DraftRefused("草稿里没有这一条了，可能已经被别人改过，请重新打开")
    return listed.parts[number]


def _replaced(text: str, place: Place, fresh: str) -> str:
    return text[: place.start] + fresh + text[place.end :]


def _with_pair(text: str, row: Place, key: str, fresh: str) -> str:
    pairs = list((row.pairs or {}).values())
    if not pairs or pairs[-1][1].pairs is not None or (pairs[-1][1].parts and not pairs[-1][1].flow):
        raise DraftRefused(f"这一行的写法没法自动添上 {key}，{_MEND}")
    end = pairs[-1][1].end
    if row.flow:
        return text[:end] + f", {key}: {fresh}" + text[end:]
    first, end = pairs[0][0].start, _line_end(text, end)
    indent = first - (text.rfind("\n", 0, first) + 1)
    return text[:end] + f"\n{' ' * indent}{key}: {fresh}" + text[end:]


def _line_end(text: str, place: int) -> int:
    """Return where the line ends, behind a comment if it has one."""
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _without_pair(text: str, row: Place, key: str) -> str:
    pairs = row.pairs or {}
    order = list(pairs)
    at = order.index(key)
    began, ended = pairs[key]
    if row.flow:
        if at:
            return text[: pairs[order[at - 1]][1].end] + text[ended.end :]
        return text[: began.start] + text[pairs[order[1]][0].start :] if len(order) > 1 else text
    if at == 0:
        raise DraftRefused(f"{key} 写在一行的开头，没法自动删去，{_MEND}")
    start = text.rfind("\n", 0, began.start)
    return text[:start] + text[ended.end :]
