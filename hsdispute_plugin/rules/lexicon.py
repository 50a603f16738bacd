"""The county's words: which phrases stand for which fact, which do not count, which combinations mean more than their parts.

Files ``config/lexicon/*.yaml``; one automaton finds all phrases of all files in one pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hsdispute_plugin.rules.node import Node, Reading

try:
    from ahocorasick_rs import AhoCorasick
except ImportError:  # no wheel for this machine
    AhoCorasick = None  # type: ignore[assignment,misc]

CLUES = "线索"  # class of tags that are no fact themselves

#: Traditional forms met in practice, folded one to one so that offsets stay.
_TRADITIONAL = dict(zip(
    "養險醫療繳費補職業務轉關係資單據證實開辦員區鄉鎮縣廠欠產調發現繼續給條約號帳戶國問題領導訴請舉報廳應該們個為與從來時間無過還買賣錢農戶籍稅",
    "养险医疗缴费补职业务转关系资单据证实开办员区乡镇县厂欠产调发现继续给条约号帐户国问题领导诉请举报厅应该们个为与从来时间无过还买卖钱农户籍税",
    strict=True,
))


def _fold_table() -> dict[int, int]:
    table = {ord(a): ord(b) for a, b in _TRADITIONAL.items()}
    for code in range(0xFF01, 0xFF5F):  # full-width ASCII, except the punctuation that ends Chinese clauses
        if chr(code) not in "！，．：；？":
            table[code] = code - 0xFEE0
    for code in range(0x41, 0x5B):
        table[code] = table[code + 0xFEE0] = code + 0x20
    table[0x3000] = 0x20
    return table


_FOLD = _fold_table()


def fold(text: str) -> str:
    """Return the text with full-width, upper-case and traditional characters folded; same length, so offsets stay."""
    return text.translate(_FOLD)


@dataclass(frozen=True, slots=True)
class Sense:
    """What a phrase stands for: a member of a class (``主题``/``欠费``), under one entry of a file."""

    klass: str
    member: str
    entry: int
    negatable: bool


@dataclass(frozen=True, slots=True)
class Combination:
    """Tags that follow one another within ``gap`` characters of one clause (or sentence) and together mean a member."""

    klass: str
    member: str
    tags: tuple[str, ...]
    gap: int
    whole_sentence: bool
    unless: frozenset[str]  # tags that, standing between or right before, spoil it


@dataclass(frozen=True, slots=True)
class Presumption:
    """``遇``: when a tag is met; ``有``/``无``: and any/none of these tags; then it is taken as the member. First wins."""

    klass: str
    met: str
    member: str
    any_of: frozenset[str]
    none_of: frozenset[str]


@dataclass(slots=True)
class Words:
    """All lexicon files as read."""

    phrases: dict[str, list[Sense]] = field(default_factory=dict)
    blocks: dict[str, list[int]] = field(default_factory=dict)  # phrase -> entries that do not count inside it
    combinations: list[Combination] = field(default_factory=list)
    presumptions: list[Presumption] = field(default_factory=list)
    members: dict[str, set[str]] = field(default_factory=dict)
    entries: int = 0

    def tags(self) -> set[str]:
        """All tags that combinations and presumptions may name."""
        return {m for members in self.members.values() for m in members}


def read_words(files: Mapping[str, Node], classes: Mapping[str, Mapping[str, str] | None], reading: Reading) -> Words:
    """Read ``lexicon/*.yaml``. ``classes`` maps a class to its allowed members (``None``: any, as for 线索)."""
    words = Words()
    later: list[tuple[Node, str, str]] = []
    for name, node in files.items():
        if not name.startswith("lexicon/"):
            continue
        top = reading.mapping(node, "", ("归类",), ("说明", "词条", "组合", "推定"))
        klass = top and reading.choice(top["归类"], "归类", {k: k for k in classes}, "归类")
        if not top or not klass:
            continue
        allowed = classes[klass]
        for row in reading.items(top.get("词条"), f"{klass}  词条"):
            _entry(row, klass, allowed, words, reading)
        later += [(row, klass, "组合") for row in reading.items(top.get("组合"), f"{klass}  组合")]
        later += [(row, klass, "推定") for row in reading.items(top.get("推定"), f"{klass}  推定")]
    for row, klass, _ in later:
        allowed = classes[klass]
        member = _member_of(row, klass, allowed, reading)
        if member:
            words.members.setdefault(klass, set()).add(member)
    known = words.tags()
    for row, klass, kind in later:
        (_combination if kind == "组合" else _presumption)(row, klass, known, words, reading)
    return words


def _member_of(row: Node, klass: str, allowed: Mapping[str, str] | None, reading: Reading) -> str | None:
    given = row.value.get("归入") if isinstance(row.value, Mapping) else None
    if given is None:
        return None  # the readers below say so
    if allowed is None:
        return reading.text(given, f"{klass}  归入")
    return reading.choice(given, f"{klass}  归入", {k: k for k in allowed}, klass)


def _entry(row: Node, klass: str, allowed: Mapping[str, str] | None, words: Words, reading: Reading) -> None:
    top = reading.mapping(row, klass, ("归入", "词"), ("不算", "否定", "说明", "例"))
    member = top and _member_of(row, klass, allowed, reading)
    if not top or not member:
        return
    subject = f"{klass} {member}"
    keep = reading.choice(top.get("否定"), f"{subject}  否定", {"取消": True, "不论": False}, "否定")
    words.members.setdefault(klass, set()).add(member)
    words.entries += 1
    sense = Sense(klass, member, words.entries, bool(keep))
    for item in reading.items(top["词"], f"{subject}  词"):
        if phrase := _phrase(item, f"{subject}  词", reading):
            senses = words.phrases.setdefault(phrase, [])
            if any(s.klass == klass and s.member == member for s in senses):
                reading.note(item.where, f"{subject}  词", f"“{phrase}” 重复", f"repeated phrase {phrase!r}", "请删去一处")
            senses.append(sense)
    for item in reading.items(top.get("不算"), f"{subject}  不算"):
        if phrase := _phrase(item, f"{subject}  不算", reading):
            words.blocks.setdefault(phrase, []).append(words.entries)


def _phrase(node: Node, subject: str, reading: Reading) -> str | None:
    text = reading.text(node, subject)
    if text and len(text) > 40:
        reading.note(node.where, subject, f"词条有 {len(text)} 个字，超过 40", "phrase is too long", "请写短语，不要写整句")
        return None
    return fold(text) if text else None


def _tags(node: Node | None, subject: str, known: set[str], reading: Reading) -> tuple[str, ...]:
    found = (reading.choice(n, subject, {t: t for t in sorted(known)}, "线索") for n in reading.items(node, subject))
    return tuple(t for t in found if t)


def _combination(row: Node, klass: str, known: set[str], words: Words, reading: Reading) -> None:
    top = reading.mapping(row, f"{klass}  组合", ("归入", "依次"), ("间隔", "范围", "除非", "说明", "例"))
    if not top:
        return
    subject = f"{klass}  组合"
    tags = _tags(top["依次"], f"{subject}  依次", known, reading)
    gap = reading.integer(top.get("间隔"), f"{subject}  间隔")
    whole = reading.choice(top.get("范围"), f"{subject}  范围", {"分句": False, "整句": True}, "范围")
    unless = frozenset(_tags(top.get("除非"), f"{subject}  除非", known, reading))
    if len(tags) < 2:
        reading.note(row.where, subject, "“依次” 至少要两项", "a combination needs two tags", "只有一项的请写成词条")
    member = top["归入"].value
    if isinstance(member, str) and len(tags) >= 2:
        words.combinations.append(Combination(klass, member.strip(), tags, 8 if gap is None else gap, bool(whole), unless))


def _presumption(row: Node, klass: str, known: set[str], words: Words, reading: Reading) -> None:
    top = reading.mapping(row, f"{klass}  推定", ("遇", "归入"), ("有", "无", "说明", "例"))
    if not top:
        return
    subject = f"{klass}  推定"
    met = reading.choice(top["遇"], f"{subject}  遇", {t: t for t in sorted(known)}, "线索")
    any_of = frozenset(_tags(top.get("有"), f"{subject}  有", known, reading))
    none_of = frozenset(_tags(top.get("无"), f"{subject}  无", known, reading))
    member = top["归入"].value
    if met and isinstance(member, str):
        words.presumptions.append(Presumption(klass, met, member.strip(), any_of, none_of))


class Scanner:
    """Finds all phrases of a text in one pass, overlapping ones included."""

    def __init__(self, phrases: Sequence[str], *, plain: bool = False) -> None:
        self._phrases = tuple(phrases)
        self._automaton = AhoCorasick(list(phrases)) if AhoCorasick is not None and phrases and not plain else None
        self._by_first: dict[str, list[tuple[int, str]]] = {}
        if self._automaton is None:
            for n, p in enumerate(phrases):
                self._by_first.setdefault(p[0], []).append((n, p))

    def find(self, text: str) -> Iterable[tuple[int, int, int]]:
        """Return ``(phrase number, start, end)`` of every occurrence, in no particular order."""
        if self._automaton is not None:
            return self._automaton.find_matches_as_indexes(text, overlapping=True)
        return self._plainly(text)

    def _plainly(self, text: str) -> Iterator[tuple[int, int, int]]:
        for start, char in enumerate(text):
            for number, phrase in self._by_first.get(char, ()):
                if text.startswith(phrase, start):
                    yield number, start, start + len(phrase)

