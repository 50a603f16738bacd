"""Where in a half-typed YAML file somebody is writing: under which keys, at a key or at a value, and what is typed of it so far.

Made for text that does not parse yet: it goes by indentation, dashes and brackets alone, as they are written in our files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ITEM = "[]"  # in a path: an item of a list
_KEY = re.compile(r"\s*([^\s:#{}\[\],\"'][^:#{}\[\],\"']*?)\s*:(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the caret stands. ``path`` leads to the mapping (at a key) or to the value; ``taken``: keys that are there."""

    path: tuple[str, ...]
    at_key: bool
    typed: str
    taken: frozenset[str] = frozenset()
    item: bool = False  # a new item of a list, which may be a value or begin a mapping


@dataclass(slots=True)
class _Open:
    """A key, an item or a bracket that is still open."""

    indent: int
    name: str
    bracket: str = ""
    keys: set[str] = field(default_factory=set)


def spot(text: str, caret: int) -> Spot:
    """Tell where the caret (characters from the beginning) stands."""
    before = text[: max(0, caret)]
    stack = [_Open(-1, "")]
    lines = before.split("\n")
    for n, line in enumerate(lines):
        last = n == len(lines) - 1
        if _open(stack):
            rest = _in_brackets(line, stack)
            if last and _open(stack):
                return _bracket_spot(rest, stack)
        elif (found := _line(line, stack, last=last)) is not None and last:
            return found
    return Spot(_path(stack), at_key=True, typed="", taken=frozenset(stack[-1].keys))


def _line(line: str, stack: list[_Open], *, last: bool) -> Spot | None:
    """Read one line of blocks; of the last one return the spot."""
    body = line if last else line.rstrip()
    if not body.strip():
        if last:
            _leave(stack, len(line), dash=False)
            return Spot(_path(stack), at_key=True, typed="", taken=frozenset(stack[-1].keys))
        return None
    indent = len(body) - len(body.lstrip(" "))
    rest, dashed = body[indent:], False
    if rest.startswith("#"):
        return Spot((), at_key=False, typed="") if last else None
    while rest.startswith("-") and rest[1:2] in (" ", ""):
        _leave(stack, indent, dash=True)
        stack.append(_Open(indent, ITEM))
        dashed = True
        step = len(rest) - len(rest[1:].lstrip(" "))
        indent, rest = indent + step, rest[step:]
    if not dashed:
        _leave(stack, indent, dash=False)
    if (key := _KEY.match(rest)) is not None:
        stack[-1].keys.add(key[1])
        stack.append(_Open(indent, key[1]))
        rest = rest[key.end() :]
        value = rest.lstrip(" ")
        if value[:1] in "{[" and value:
            left = _in_brackets(value, stack)
            return _bracket_spot(left, stack) if last and _open(stack) else Spot((), at_key=False, typed="")
        return Spot(_path(stack), at_key=False, typed=value) if last else None
    if rest[:1] in ("{", "["):
        left = _in_brackets(rest, stack)
        return _bracket_spot(left, stack) if last and _open(stack) else Spot((), at_key=False, typed="")
    return Spot(_path(stack), at_key=True, typed=rest, taken=frozenset(stack[-1].keys), item=dashed) if last else None


def _leave(stack: list[_Open], indent: int, *, dash: bool) -> None:
    """Close what ends where a line begins at ``indent``; a dash may stand right below the key of its list."""
    while len(stack) > 1 and (stack[-1].indent > indent or (stack[-1].indent == indent and (not dash or stack[-1].name == ITEM))):
        stack.pop()


def _in_brackets(text: str, stack: list[_Open]) -> str:
    """Read what is in brackets; return what was typed since the last mark."""
    word, quote = "", ""
    for c in text:
        top = stack[-1]
        if quote:
            quote = "" if c == quote else quote
            word += c
        elif c in "\"'":
            quote, word = c, word + c
        elif c in "{[":
            stack.append(_Open(top.indent, ITEM if top.bracket == "[" else "", c))
            word = ""
        elif c in "}]":
            _close(stack)
            word = ""
            if not _open(stack):
                return ""
        elif c == "," and top.bracket:
            word = ""
        elif c == "," and len(stack) > 1 and stack[-2].bracket:  # the value of a key is over
            stack.pop()
            word = ""
        elif c == ":" and top.bracket == "{":
            top.keys.add(word.strip())
            stack.append(_Open(top.indent, word.strip()))
            word = ""
        else:
            word += c
    return word


def _open(stack: list[_Open]) -> bool:
    return any(o.bracket for o in stack)


def _close(stack: list[_Open]) -> None:
    while len(stack) > 1 and not stack[-1].bracket:
        stack.pop()
    if stack[-1].bracket:
        stack.pop()
    if len(stack) > 1 and not stack[-1].bracket and stack[-2].bracket:  # it was the value of a key in brackets
        stack.pop()


def _bracket_spot(word: str, stack: list[_Open]) -> Spot:
    top, typed = stack[-1], word.lstrip()
    if top.bracket == "{":
        return Spot(_path(stack), at_key=True, typed=typed, taken=frozenset(top.keys))
    return Spot((*_path(stack), ITEM) if top.bracket == "[" else _path(stack), at_key=False, typed=typed)


def _path(stack: list[_Open]) -> tuple[str, ...]:
    return tuple(o.name for o in stack if o.name)
