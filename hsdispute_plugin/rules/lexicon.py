"""The county's words: which phrases stand for which tag, which do not count, and what tags mean together.

Files ``config/lexicon/*.yaml``; the form is told in docs/understanding.md. A tag is a member of a fact (归类 主题,
归入 欠费) or a clue of its own (归类 线索), which only combinations and presumptions use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.rules.node import Node, Reading

CLUES = "线索"  # class of tags that are no fact themselves
MAX_PHRASE = 40  # characters
DEFAULT_GAP = 8


class Negated(StrEnum):
    """What a negation right before a phrase does."""

    KEPT = "不论"  # nothing: 没有劳动合同 is about the contract
    DROPPED = "取消"  # 没有拖欠, 我们不上访
    DOUBTFUL = "存疑"  # to a person, never silently off: 我不会自杀


class Zone(StrEnum):
    """Part of a message. Facts of a zone are named by it: 标题主题, 诉求领域."""

    ALL = "全文"
    HEAD = "标题"
    DEMAND = "诉求"


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of a phrase: a tag of a class, under one entry (numbered over all files)."""

    klass: str
    tag: str
    entry: int
    negated: Negated


@dataclass(frozen=True, slots=True)
class Combination:
    """Tags within ``gap`` characters of one another that together mean a tag of ``klass``.

    ``ordered``: each follows the last; otherwise each stands near the first, on either side.
    """

    klass: str
    tag: str
    steps: tuple[frozenset[str], ...]  # each step: any of these tags
    gap: int
    whole_sentence: bool
    ordered: bool
    unless: frozenset[str]  # tags that spoil it, standing in it or next to it


@dataclass(frozen=True, slots=True)
class Condition:
    """A tag met in a zone."""

    zone: Zone
    tag: str


@dataclass(frozen=True, slots=True)
class Presumption:
    """Where ``met`` is met, with any of ``any_of``, all of ``all_of`` and none of ``none_of``, it stands for ``tag``.

    ``alone``: of such presumptions of one class for one ``met``, the first that holds counts alone (命中: 首条).
    """

    klass: str
    tag: str
    met: Condition
    any_of: tuple[Condition, ...]
    all_of: tuple[Condition, ...]
    none_of: tuple[Condition, ...]
    alone: bool


@dataclass(slots=True)
class Words:
    """All lexicon files as read."""

    phrases: dict[str, list[Sense]] = field(default_factory=dict)
    blocks: dict[str, set[int]] = field(default_factory=dict)  # phrase -> entries whose phrases do not count inside it
    wholes: set[str] = field(default_factory=set)  # 整词: no phrase counts that lies half inside one of them
    unions: dict[str, frozenset[str]] = field(default_factory=dict)  # 合称 -> tags
    combinations: list[Combination] = field(default_factory=list)
    presumptions: list[Presumption] = field(default_factory=list)
    classes: dict[str, set[str]] = field(default_factory=dict)  # class -> its tags, as far as words lead to them
    asides: dict[str, set[str]] = field(default_factory=dict)  # 顺带不算: class -> tags that count only where demanded
    entries: int = 0

    def known(self) -> dict[str, str]:
        """Return every name that a combination or presumption may use."""
        tags = [t for tags in self.classes.values() for t in sorted(tags)]
        return {t: t for t in (*tags, *self.classes, *self.unions)}


def read_words(files: Mapping[str, Node], classes: Mapping[str, Mapping[str, str] | None], reading: Reading) -> Words:
    """Read ``lexicon/*.yaml``. ``classes`` maps a class to its allowed tags (``None``: any, as for 线索)."""
    words = Words()
    later: list[tuple[str, str, bool, Node]] = []
    for name, node in files.items():
        if not name.startswith("lexicon/"):
            continue
        top = reading.mapping(node, "", ("归类",), ("说明", "命中", "整词", "都不算", "顺带不算", "词条", "合称", "组合", "推定"))
        klass = reading.choice(top["归类"], "归类", {k: k for k in classes}, "归类") if top else None
        if not top or not klass:
            continue
        alone = bool(reading.choice(top.get("命中"), "命中", {"首条": True, "全收": False}, "命中方式"))
        first = words.entries + 1
        for row in reading.items(top.get("词条"), f"{klass}  词条"):
            _entry(row, klass, classes[klass], words, reading)
        words.wholes.update(_phrases(top.get("整词"), f"{klass}  整词", reading))
        for phrase in _phrases(top.get("都不算"), f"{klass}  都不算", reading):
            words.blocks.setdefault(phrase, set()).update(range(first, words.entries + 1))
        tags = {tag: tag for tag in classes[klass] or {}}
        words.asides.setdefault(klass, set()).update(_names(top.get("顺带不算"), f"{klass}  顺带不算", tags, reading))
        for kind in ("合称", "组合", "推定"):
            later += [(kind, klass, alone, row) for row in reading.items(top.get(kind), f"{klass}  {kind}")]
    for kind, klass, _, row in later:
        if kind != "合称" and (tag := _tag_of(row, f"{klass}  {kind}", classes[klass], reading)):
            words.classes.setdefault(klass, set()).add(tag)
    for kind, klass, _, row in later:
        if kind == "合称":
            _union(row, klass, words, reading)
    known = words.known()
    for kind, klass, alone, row in later:
        if kind == "组合":
            _combination(row, klass, classes[klass], known, words, reading)
        elif kind == "推定":
            _presumption(row, klass, classes[klass], known, alone, words, reading)
    return words


def _tag_of(row: Node, subject: str, allowed: Mapping[str, str] | None, reading: Reading) -> str | None:
    given = row.value.get("归入") if isinstance(row.value, Mapping) else None
    if given is None:
        return None  # the reader of the row says so
    if allowed is None:
        return reading.text(given, f"{subject}  归入")
    return reading.choice(given, f"{subject}  归入", {k: k for k in allowed})


def _entry(row: Node, klass: str, allowed: Mapping[str, str] | None, words: Words, reading: Reading) -> None:
    top = reading.mapping(row, klass, ("归入", "词"), ("不算", "否定", "说明", "例"))
    tag = _tag_of(row, klass, allowed, reading) if top else None
    if not top or not tag:
        return
    subject = f"{klass} {tag}"
    negated = reading.choice(top.get("否定"), f"{subject}  否定", {n.value: n for n in Negated}, "否定") or Negated.KEPT
    words.classes.setdefault(klass, set()).add(tag)
    words.entries += 1
    sense = Sense(klass, tag, words.entries, negated)
    for item in reading.items(top["词"], f"{subject}  词"):
        if phrase := _phrase(item, f"{subject}  词", reading):
            senses = words.phrases.setdefault(phrase, [])
            if any(s.klass == klass and s.tag == tag for s in senses):
                reading.note(item.where, f"{subject}  词", f"“{item.value}” 重复（缴与交、帐与账、繁体与简体算同一个字）",
                             "repeated phrase", "请删去一处")
            senses.append(sense)
    for phrase in _phrases(top.get("不算"), f"{subject}  不算", reading):
        words.blocks.setdefault(phrase, set()).add(words.entries)


def _phrases(node: Node | None, subject: str, reading: Reading) -> Iterable[str]:
    found = (_phrase(item, subject, reading) for item in reading.items(node, subject))
    return [p for p in found if p]


def _phrase(node: Node, subject: str, reading: Reading) -> str | None:
    text = reading.text(node, subject)
    if text and len(text) > MAX_PHRASE:
        reading.note(node.where, subject, f"词条有 {len(text)} 个字，超过 {MAX_PHRASE}", "phrase is too long",
                     "请写短语，不要写整句")
        return None
    if text and (found := _SEVERAL.search(text)):
        reading.note(node.where, subject, f"“{text}” 里有“{found[0]}”，多半是几个词写成了一个", "several phrases written as one",
                     "各个词之间要用半角逗号加空格：[甲, 乙]")
        return None
    return fold(text) if text else None


#: What stands between words and in none: a comma or semicolon of Chinese, a space between Chinese characters.
_SEVERAL = re.compile("[，；;]|(?<=[\u4e00-\u9fff])[ \u3000]+(?=[\u4e00-\u9fff])")


def _union(row: Node, klass: str, words: Words, reading: Reading) -> None:
    top = reading.mapping(row, f"{klass}  合称", ("名称", "包括"), ("说明",))
    name = reading.text(top["名称"], f"{klass}  合称") if top else None
    if not top or not name:
        return
    known = words.known()
    if name in known:
        reading.note(top["名称"].where, f"{klass}  合称", f"“{name}” 已经用过", f"{name!r} is already used", "请换一个名称")
        return
    words.unions[name] = frozenset(_names(top["包括"], f"{klass}  合称 {name}", known, reading))


def _names(node: Node | None, subject: str, known: Mapping[str, str], reading: Reading) -> tuple[str, ...]:
    found = (reading.choice(n, subject, known, "名称", ()) for n in reading.items(node, subject))
    return tuple(t for t in found if t)


def _combination(
    row: Node, klass: str, allowed: Mapping[str, str] | None, known: Mapping[str, str], words: Words, reading: Reading
) -> None:
    subject = f"{klass}  组合"
    top = reading.mapping(row, subject, ("归入",), ("依次", "同在", "间隔", "范围", "除非", "说明", "例"))
    tag = _tag_of(row, subject, allowed, reading) if top else None
    if not top or not tag:
        return
    key = "同在" if "同在" in top else "依次"
    steps = []
    for node in reading.items(top.get(key), f"{subject} {tag}  {key}"):
        either = _names(node, f"{subject} {tag}  {key}", known, reading) if isinstance(node.value, tuple) else (
            reading.choice(node, f"{subject} {tag}  {key}", known, "名称", ()) or "",)
        steps.append(frozenset(t for t in either if t))
    gap = reading.integer(top.get("间隔"), f"{subject}  间隔")
    whole = reading.choice(top.get("范围"), f"{subject}  范围", {"分句": False, "整句": True}, "范围")
    unless = frozenset(_names(top.get("除非"), f"{subject} {tag}  除非", known, reading))
    if len(steps) < 2 or len(top.keys() & {"依次", "同在"}) != 1:
        reading.note(row.where, subject, "“依次” 或 “同在” 要写一样，至少两项", "a combination needs two steps",
                     "请写 依次: [甲, 乙]（乙在甲后）或 同在: [甲, 乙]（不论先后）；只有一项的请写成词条")
    elif all(steps):
        words.combinations.append(
            Combination(klass, tag, tuple(steps), DEFAULT_GAP if gap is None else gap, bool(whole), key == "依次", unless))


def _presumption(
    row: Node, klass: str, allowed: Mapping[str, str] | None, known: Mapping[str, str], alone: bool, words: Words,
    reading: Reading,
) -> None:
    subject = f"{klass}  推定"
    top = reading.mapping(row, subject, ("遇", "归入"), ("有", "都有", "无", "说明", "例"))
    tag = _tag_of(row, subject, allowed, reading) if top else None
    if not top or not tag:
        return
    met = _condition(top["遇"], f"{subject} {tag}  遇", known, reading)
    if met:
        some, every, none = (_conditions(top.get(k), f"{subject} {tag}  {k}", known, reading) for k in ("有", "都有", "无"))
        words.presumptions.append(Presumption(klass, tag, met, some, every, none, alone))


def _conditions(node: Node | None, subject: str, known: Mapping[str, str], reading: Reading) -> tuple[Condition, ...]:
    found = (_condition(n, subject, known, reading) for n in reading.items(node, subject))
    return tuple(c for c in found if c)


def _condition(node: Node, subject: str, known: Mapping[str, str], reading: Reading) -> Condition | None:
    text = reading.text(node, subject) or ""
    zone, dot, name = text.partition(".")
    if not dot:
        zone, name = Zone.ALL.value, text
    where = reading.choice(Node(node.where, zone), subject, {z.value: z for z in Zone}, "部分")
    tag = reading.choice(Node(node.where, name), subject, known, "名称", ())
    return Condition(where, tag) if where and tag else None
