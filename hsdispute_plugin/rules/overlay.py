"""A county's files over a province's: rows replace rows of the same name, 停用 takes a rule out, 之前 and 之后 place a new one.

Works on files as read, before anything is checked, so that all checks see the rule book as it will be and still name
the file and line that each row came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hsdispute_plugin.rules.node import Node, Reading, suggest

BASE, OFF, BEFORE, BEHIND = "基础目录", "停用", "之前", "之后"

#: Files of rows: the key of their list and the key that names a row. All other files are taken whole.
_ROWS: Mapping[str, tuple[str, str]] = {
    "units.yaml": ("单位", "代号"), "deadlines.yaml": ("时限", "代号"), "notices.yaml": ("通报", "代号"),
    "settings.yaml": ("设置", "键"), "levels.yaml": ("级别", "编号"),
}


@dataclass(slots=True)
class Overlay:
    """Files of both directories put together. ``off`` maps a rule taken out to the reason given; ``own`` are rules replaced."""

    files: dict[str, Node]
    off: dict[str, str] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)


def laid_over(base: Mapping[str, Node], own: Mapping[str, Node], reading: Reading) -> Overlay:
    """Lay a county's files over a province's; problems of the overlay itself are noted in ``reading``."""
    result = Overlay(dict(base))
    by_family = {_text(node, "规则族"): name for name, node in base.items() if name.startswith("rules/")}
    laid: dict[str, Node] = {}
    for name, node in own.items():
        below = by_family.get(_text(node, "规则族")) if name.startswith("rules/") else name if name in base else None
        if name.startswith("rules/") and below in laid:
            reading.note(node.where, "规则族", f"“{_text(node, '规则族')}” 已在 {laid[below].where.rpartition(':')[0]} 写过",
                         "the family is already given", "每个规则族只能有一个文件，请合并")
        elif name.startswith("rules/") and below:
            laid[below] = node
            result.files[below] = _family(base[below], node, result, reading)
        elif name.startswith("rules/"):
            result.files[name if name not in base else f"{name} "] = node  # a family that the province has not
        elif name in _ROWS and below:
            result.files[name] = _rows(base[name], node, *_ROWS[name])
        else:
            result.files[name] = node
    return result


def _text(node: Node, key: str) -> str:
    given = node.value.get(key) if isinstance(node.value, Mapping) else None
    return given.value.strip() if given is not None and isinstance(given.value, str) else ""


def _rows(base: Node, own: Node, list_key: str, name_key: str) -> Node:
    if not isinstance(base.value, Mapping) or not isinstance(own.value, Mapping):
        return own
    below, above = _items(base, list_key), _items(own, list_key)
    mine = {_text(row, name_key): row for row in above}
    rows = [mine.pop(_text(row, name_key), row) for row in below]
    merged = {**base.value, **own.value}
    if above or list_key in base.value:
        merged[list_key] = Node(own.where, (*rows, *mine.values()))
    return Node(own.where, merged)


def _items(node: Node, key: str) -> tuple[Node, ...]:
    given = node.value.get(key) if isinstance(node.value, Mapping) else None
    return given.value if given is not None and isinstance(given.value, tuple) else ()


def _family(base: Node, own: Node, result: Overlay, reading: Reading) -> Node:
    if not isinstance(base.value, Mapping) or not isinstance(own.value, Mapping):
        return own
    rows = list(_items(base, "规则"))
    below = {_text(row, "编号") for row in rows}
    for row in _items(own, "规则"):
        _lay(row, rows, below, result, reading)
    merged = {**base.value, **{k: v for k, v in own.value.items() if k != "规则"}}
    merged["规则"] = Node(base.value["规则"].where if "规则" in base.value else own.where, tuple(rows))
    return Node(own.where, merged)


def _lay(row: Node, rows: list[Node], below: set[str], result: Overlay, reading: Reading) -> None:
    rule = _text(row, "编号")
    if not isinstance(row.value, Mapping) or not rule:
        rows.append(row)  # the reader of rules says what is wrong
        return
    if OFF in row.value:
        _take_out(row, rule, rows, below, result, reading)
        return
    at = _place(row, rule, rows, reading)
    same = [n for n, r in enumerate(rows) if _text(r, "编号") == rule]
    if same and rule not in result.own:  # the first entry of ours stands for all entries of theirs
        at = same[0] if at is None else at - sum(n < at for n in same)
        rows[:] = [r for r in rows if _text(r, "编号") != rule]
    elif same:
        at = same[-1] + 1
    if rule in below:
        result.own.add(rule)
    bare = {k: v for k, v in row.value.items() if k not in (BEFORE, BEHIND)}
    rows.insert(len(rows) if at is None else at, Node(row.where, bare))


def _take_out(row: Node, rule: str, rows: list[Node], below: set[str], result: Overlay, reading: Reading) -> None:
    subject = f"规则 {rule}"
    top = reading.mapping(row, subject, ("编号", OFF, "理由"))
    if top is None:
        return
    yes, why = reading.yes(top[OFF], f"{subject}  {OFF}"), reading.text(top["理由"], subject)
    if yes is False:
        reading.note(top[OFF].where, f"{subject}  {OFF}", "写了 “停用: 否”", "not taken out",
                     "要照用基础目录的规则，请删去这一条")
    elif rule not in below:
        reading.note(top["编号"].where, subject, f"基础目录里没有规则 “{rule}”，不能停用", f"no such rule below: {rule!r}",
                     suggest(rule, sorted(below)))
    elif yes and why:
        rows[:] = [r for r in rows if _text(r, "编号") != rule]
        result.off[rule] = why


def _place(row: Node, rule: str, rows: Sequence[Node], reading: Reading) -> int | None:
    """Return where the row goes, ``None`` for where it stood or, if it is new, the end."""
    assert isinstance(row.value, Mapping)
    subject = f"规则 {rule}"
    given = [key for key in (BEFORE, BEHIND) if key in row.value]
    if len(given) > 1:
        reading.note(row.value[BEHIND].where, subject, f"“{BEFORE}” 和 “{BEHIND}” 只能写一个", "two places", "请删去一个")
        return None
    if not given:
        return None
    node = row.value[given[0]]
    ids = [_text(r, "编号") for r in rows]
    anchor = reading.text(node, f"{subject}  {given[0]}")
    if anchor is None:
        return None
    if anchor not in ids or anchor == rule:
        reading.note(node.where, f"{subject}  {given[0]}", f"本族里没有别的规则 “{anchor}”", f"no other rule {anchor!r}",
                     suggest(anchor, [i for i in ids if i and i != rule]))
        return None
    return ids.index(anchor) if given[0] == BEFORE else len(ids) - ids[::-1].index(anchor)
