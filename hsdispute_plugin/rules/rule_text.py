"""The YAML text of a rule file, changed rule by rule: what nobody changed stays as it was typed, comments included."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, Op
from hsdispute_plugin.rules.condition_reader import UNCONDITIONAL
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.rulebook import Rule
from hsdispute_plugin.rules.schema import RULE_KEYS, UNCONFIRMED
from hsdispute_plugin.rules.table_cells import in_order, same, word
from hsdispute_plugin.rules.traps import turned

#: Keys of a rule in the order in which we write them.
ORDER = ("编号", "名称", "依据", "施行", "废止", "条件", "结论", "理由", "标记", "标记依据")
assert set(ORDER) == {*RULE_KEYS[0], *RULE_KEYS[1]}

_PLAIN = re.compile(r"[\w（《〔“][\w（）《》〔〕“”、，。；：·—…／.\-/ ]*")


class TextRefused(ValueError):
    """The text of a file is laid out in a way that we will not touch; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Block:
    """One rule as typed: blank and comment lines before it, then its own lines from ``- `` on."""

    lead: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file cut at its rules; ``head``, the blocks in order and ``tail`` are all its lines."""

    head: tuple[str, ...]
    blocks: tuple[Block, ...]
    tail: tuple[str, ...]

    def text(self) -> str:
        """Join the lines again."""
        lines = [*self.head, *(line for b in self.blocks for line in (*b.lead, *b.body)), *self.tail]
        return "\n".join(lines) + "\n"


def cut(text: str, rules: Sequence[Rule]) -> RuleFile:
    """Cut the text of a family at its rules, whose ``where`` ends in the line each begins at.

    Raises:
        TextRefused: The rules are not laid out as one item below the other.
    """
    lines = text.removesuffix("\n").split("\n")
    starts = [_dash(lines, int(rule.where.rpartition(":")[2]) - 1, rule) for rule in rules]
    if not starts:
        raise TextRefused("这个文件里还没有规则，请先照着别的规则文件写上第一条")
    indent = _indent(lines[starts[0]])
    blocks, end = [], starts[0]
    head = lines[: starts[0]]
    for start, after in zip(starts, [*starts[1:], len(lines)], strict=True):
        stop = next((n for n in range(start + 1, after) if _leaves_list(lines[n], indent)), after)
        while stop > start + 1 and _idle(lines[stop - 1], indent):
            stop -= 1
        blocks.append(Block(tuple(lines[end:start]), tuple(lines[start:stop])))
        end = stop
    return RuleFile(tuple(head), tuple(blocks), tuple(lines[end:]))


def _dash(lines: Sequence[str], at: int, rule: Rule) -> int:
    while at >= 0 and not re.match(r"\s*- ?", lines[at]):
        at -= 1
    if at < 0 or re.match(r"\s*- *\[", lines[at]):
        raise TextRefused(f"规则 {rule.id} 不是以 “- ” 另起一段写的，请先改成每条规则一段")
    return at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _leaves_list(line: str, indent: int) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#") and _indent(line) <= indent


def _idle(line: str, indent: int) -> bool:
    return not line.strip() or (line.lstrip().startswith("#") and _indent(line) <= indent)


def changed(block: Block, old: Rule, new: Rule, table: FactTable) -> Block:
    """Return a rule's block with only the lines of the changed keys written anew."""
    segments = _segments(block.body)
    if segments is None or set(segments) != set(_fields(old)):
        return Block(block.lead, written(new, table, _indent(block.body[0])))
    key_indent = len(re.match(r"\s*- *", block.body[0])[0])  # type: ignore[index]
    was, now = _fields(old), _fields(new)
    body: list[str] = []
    for key in [*segments, *(k for k in ORDER if k in now and k not in segments)]:
        if key in segments and key in now and _unchanged(key, was[key], now[key]):
            fresh = list(segments[key])
        elif key not in now:
            continue
        else:
            fresh = [*_lines(key, new, table, key_indent), *_trailing(segments.get(key, ()))]
        if key in segments:
            body += fresh
        else:  # behind the last key that comes before it in our order
            at = _place(body, key, key_indent)
            body[at:at] = fresh
    return Block(block.lead, (block.body[0][:key_indent] + body[0][key_indent:], *body[1:]))


def _segments(body: Sequence[str]) -> dict[str, tuple[str, ...]] | None:
    opening = re.match(r"\s*- *", body[0])
    assert opening
    key_indent = len(opening[0])
    found: dict[str, list[str]] = {}
    key = ""
    for n, line in enumerate(body):
        match = re.match(rf"({'|'.join(ORDER)}):(?= |$)", line[key_indent:])
        if match and (n == 0 or line[:key_indent].strip() == ""):
            key = match[1]
            if key in found:
                return None
        if not key:
            return None
        found.setdefault(key, []).append(" " * key_indent + line[key_indent:] if n == 0 else line)
    return {k: tuple(v) for k, v in found.items()}


def _trailing(segment: Sequence[str]) -> list[str]:
    lines = list(segment)
    kept: list[str] = []
    while lines and _idle(lines[-1], 10_000):
        kept.insert(0, lines.pop())
    return kept


def _place(body: Sequence[str], key: str, key_indent: int) -> int:
    before = ORDER[: ORDER.index(key)]
    place, inside = 0, False
    for n, line in enumerate(body):
        match = re.match(rf" {{{key_indent}}}({'|'.join(ORDER)}):", line)
        if match:
            inside = match[1] in before
        if inside and not _idle(line, 10_000):  # a comment stays with the key below it
            place = n + 1
    return place


def _fields(rule: Rule) -> dict[str, object]:
    said: Mapping[str, object] = {
        "编号": rule.id, "名称": rule.name, "依据": rule.clause, "施行": rule.since, "废止": rule.until, "条件": rule.condition,
        "结论": dict(rule.outcome), "理由": rule.because, "标记": rule.unconfirmed and UNCONFIRMED, "标记依据": rule.unconfirmed,
    }
    return {key: said[key] for key in ORDER if said[key] or key == "条件"}


def _unchanged(key: str, was: object, now: object) -> bool:
    return same(was, now) if key == "条件" else was == now  # type: ignore[arg-type]


def written(rule: Rule, table: FactTable, indent: int = 2) -> tuple[str, ...]:
    """Write a whole rule as an item of 规则, its dash ``indent`` spaces in."""
    lines = [line for key in _fields(rule) for line in _lines(key, rule, table, indent + 2)]
    return (" " * indent + "- " + lines[0].lstrip(), *lines[1:])


def _lines(key: str, rule: Rule, table: FactTable, indent: int) -> list[str]:
    pad = " " * indent
    if key == "条件":
        if rule.condition == All(()):
            return [f"{pad}条件: {UNCONDITIONAL}"]
        return [f"{pad}条件:", *_condition(rule.condition, table, indent + 2)]
    if key == "结论":
        parts = (f"{table.by_code[c].label}: {_outcome(v, c, table)}" for c, v in rule.outcome.items())
        return [f"{pad}结论: {{{', '.join(parts)}}}"]
    return [f"{pad}{key}: {scalar(str(_fields(rule)[key]))}"]


def _outcome(value: object, code: str, table: FactTable) -> str:
    fact = table.by_code[code]
    words = [scalar(word(v, fact)) for v in in_order(value, fact)]  # type: ignore[arg-type]
    return f"[{', '.join(words)}]" if isinstance(value, frozenset) else words[0]


def _condition(condition: Condition, table: FactTable, indent: int) -> list[str]:
    pad = " " * indent
    if isinstance(condition, Leaf):
        return [f"{pad}{_leaf(condition, table)}"]
    lines = [f"{pad}{_group(condition)}:"]
    for part in condition.parts:
        inner = _condition(part, table, indent + 4)
        lines += [f"{pad}  - {inner[0].lstrip()}", *inner[1:]]
    return lines


def _group(condition: Condition) -> str:
    return "全部" if isinstance(condition, All) else "任一" if isinstance(condition, AnyOf) else "均不"


def _leaf(leaf: Leaf, table: FactTable) -> str:
    fact = table.by_code[leaf.fact]
    several = isinstance(leaf.value, tuple)
    words = [scalar(word(v, fact)) for v in (leaf.value if isinstance(leaf.value, tuple) else (leaf.value,))]
    value = f"[{', '.join(words)}]" if several else words[0]
    return f"{fact.label}: {value}" if leaf.op in (Op.EQ, Op.HAS_ANY) else f"{fact.label}: {{{leaf.op.value}: {value}}}"


def condition_text(condition: Condition, table: FactTable) -> str:
    """Write a condition on one line, as it may stand behind ``条件:``."""
    if condition == All(()):
        return UNCONDITIONAL
    if isinstance(condition, Leaf):
        return "{" + _leaf(condition, table) + "}"
    return f"{{{_group(condition)}: [{', '.join(condition_text(p, table) for p in condition.parts)}]}}"


def scalar(text: str) -> str:
    """Write a text as a YAML scalar: plain where every parser reads it as it stands, else in double quotes."""
    if _PLAIN.fullmatch(text) and turned(text) is None and not text.endswith(" "):
        return text
    return json.dumps(text, ensure_ascii=False)
