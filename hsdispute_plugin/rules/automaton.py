"""Every phrase of a text in one pass: characters folded one to one, then an automaton over all phrases at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

try:
    from hsdispute_plugin.rules import _reading as _reading  # type: ignore[attr-defined]
except ImportError:  # no compiler where this was installed
    _reading = None

#: Traditional forms met in practice, folded one to one so that offsets stay.
_TRADITIONAL = dict(zip(
    "養險醫療繳費補職業務轉關係資單據證實開辦員區鄉鎮縣廠產調發現繼續給條約號帳戶國問題領導訴請舉報廳應該們個為與從來時間無過還買賣錢農戶稅"
    "賬級學師幾歲萬兩數東車門電話網絡體總經營勞動會議書記長達標準對後裡麼嗎說話誰將處罰執強幫檢廣華鐵銀變離遲錯誤檔",
    "养险医疗缴费补职业务转关系资单据证实开办员区乡镇县厂产调发现继续给条约号帐户国问题领导诉请举报厅应该们个为与从来时间无过还买卖钱农户税"
    "账级学师几岁万两数东车门电话网络体总经营劳动会议书记长达标准对后里么吗说话谁将处罚执强帮检广华铁银变离迟错误档",
    strict=True,
))
#: Characters that mean the same in the words of this trade: 缴费 and 交费, 帐户 and 账户, 肖咀 and 肖嘴.
_SAME = {"缴": "交", "帐": "账", "咀": "嘴"}

#: Full-width punctuation that ends clauses; it stays as it is, so that most texts need hardly any folding.
_KEPT = "，。！？：；（）"


def _fold_table() -> dict[str, str]:
    table = {a: _SAME.get(b, b) for a, b in _TRADITIONAL.items()}
    for code in range(0xFF01, 0xFF5F):
        if chr(code) not in _KEPT:
            table[chr(code)] = chr(code - 0xFEE0).lower()
    table |= {chr(code): chr(code + 0x20) for code in range(0x41, 0x5B)}
    table["\u3000"] = " "
    return table


_FOLD = _fold_table()
_FOLDED = re.compile(f"[{re.escape(''.join(_FOLD))}]")


def fold(text: str) -> str:
    """Return the text with full-width, upper-case, traditional and like characters folded; same length, so offsets stay.

    >>> fold("ＡＢＣ公司欠繳養老保險！")
    'abc公司欠交养老保险！'
    """
    for char, same in _SAME.items():
        text = text.replace(char, same)
    return _FOLDED.sub(_folded, text)


def _folded(match: re.Match[str]) -> str:
    return _FOLD[match[0]]


class Automaton:
    """Finds every occurrence of every phrase, overlapping ones included. ``plain``: without anything compiled.

    ``tree``: the phrases for what else is compiled; ``None`` where nothing is.
    """

    def __init__(self, phrases: Sequence[str], *, plain: bool = False) -> None:
        self.tree: Any = _reading.Tree(list(phrases)) if _reading and not plain else None
        self._by_first: dict[str, dict[str, int]] = {}
        self._sizes: dict[str, tuple[int, ...]] = {}
        for n, phrase in enumerate(phrases if self.tree is None else ()):
            self._by_first.setdefault(phrase[0], {})[phrase] = n
        for first, known in self._by_first.items():
            self._sizes[first] = tuple(sorted({len(p) for p in known}))

    def find(self, text: str) -> Iterable[tuple[int, int, int]]:
        """Return ``(phrase number, start, end)`` of every occurrence, ascending by ``end``."""
        found: Iterable[tuple[int, int, int]] = self._plainly(text) if self.tree is None else self.tree.find(text)
        return found

    def _plainly(self, text: str) -> Iterable[tuple[int, int, int]]:
        found = []
        for start, char in enumerate(text):
            if char in self._by_first:
                known = self._by_first[char]
                for size in self._sizes[char]:
                    number = known.get(text[start : start + size])
                    if number is not None and start + size <= len(text):
                        found.append((number, start, start + size))
        found.sort(key=lambda m: m[2])
        return found
