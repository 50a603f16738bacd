"""Where YAML would read something else than what stands there, and its syntax errors in words a clerk can act on."""

from __future__ import annotations

import re

#: Files nested deeper are refused.
MAX_DEPTH = 30

#: Unquoted words that some YAML reader (1.1 or 1.2) turns into something else; what it turns them into.
_TURNED: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"y|n|yes|no|on|off|true|false", re.IGNORECASE), "真假值", "a truth value"),
    (re.compile(r"~|null", re.IGNORECASE), "空值", "null"),
    (re.compile(r"[-+]?0[0-9_]+(\.[0-9_]*)?"), "八进制数，或丢掉开头的 0", "an octal number, or loses its zero"),
    (re.compile(r"[-+]?0(b[01_]+|o[0-7_]+|x[0-9a-f_]+)", re.IGNORECASE), "二、八或十六进制数",
     "a binary, octal or hexadecimal number"),
    (re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"), "六十进制数", "a base-60 number"),
    (re.compile(r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)e[-+]?[0-9]+", re.IGNORECASE), "科学计数", "a number with an exponent"),
    (re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE), "无穷大或非数", "infinity or not-a-number"),
    (re.compile(r"\+[0-9][0-9_.]*|-?[0-9]+_[0-9_.]*|-?[0-9][0-9_]*\.|-?\.[0-9_]+|-?[0-9]+\.[0-9]*_[0-9_]*|-0"),
     "另一个数", "another number"),
    (re.compile(r"\d{4}-\d\d?-\d\d?([Tt]|\s+)\d.*"), "带时间的日期", "a time stamp"),
    (re.compile(r"<<"), "合并键", "a merge key"),
    (re.compile(r"="), "默认值键", "a default-value key"),
)

#: What the two YAML parsers say (libyaml, pure Python), and what we say instead: Chinese, English, mend, and whether the
#: place to look is where the construct began rather than where the parser gave up.
_SYNTAX: tuple[tuple[str, str, str, str, bool], ...] = (
    (r"found unexpected (end of stream|document indicator)", "引号没有成对", "a quote is not closed", "请补上另一半引号", True),
    (r"expected ',' or '([\]}])'", "括号没有收好", "a bracket is not closed",
     "请补上 ] 或 }，各项之间用半角逗号加空格隔开", True),
    (r"expected (the )?node content", "括号里少了一项，或括号没有收好", "an item or a bracket is missing",
     "请补上 ] 或 }，删去多余的逗号", True),
    (r"mapping values are not allowed", "这里不能再出现 “键: 值”", "a mapping is not allowed here",
     "请检查缩进是否与上一行对齐；值里面有 “: ” 的要整个加引号", False),
    (r"could not find expected ':'", "键后面少了冒号", "a colon is missing", "键后面要写半角冒号加一个空格", True),
    (r"sequence entries are not allowed", "这里不能用 “- ” 开头的列表", "a list is not allowed here", "请另起一行并缩进", False),
    (r"cannot start any token", "这一行有不能直接写的符号", "a character that cannot start a value",
     "请把这个值整个加上引号", False),
    (r"unknown escape character", "双引号里的 \\ 写法不对", "unknown escape in double quotes",
     "请改用单引号，或把 \\ 写成 \\\\", False),
    (r"maximum nesting depth|exceeded maximum depth", f"嵌套超过 {MAX_DEPTH} 层", "nested too deeply", "请减少嵌套", False),
    (r"(undefined alias|expected alphabetic or numeric)", "不能用 & 和 * 引用", "anchors and aliases are not allowed",
     "请把内容写全；词语以 * 或 & 开头的要加引号", False),
    (r"\btag\b", "不能用以 ! 开头的标签", "tags are not allowed", "请删去标签", False),
)
_UNREADABLE = ("缩进或符号不对，读不下去", "cannot be read as YAML",
               "请检查这一行和上一行：缩进对齐、冒号后有空格、引号和括号成对", False)

_TAB = re.compile(r"^[^#'\"]*\t")
_WIDE_INDENT = re.compile("^ *[\u3000\u00a0]")
_WIDE_COLON = re.compile(r"^\s*(- )?[^\s:#'\"“]{1,12}：")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def turned(text: str) -> tuple[str, str] | None:
    """Tell what YAML would make of an unquoted word (Chinese, English); ``None`` if it stays what it is.

    Whole numbers, plain decimals and dates such as 2025-10-27 stay: we read their text ourselves.
    """
    if "\u4e00" <= text[:1] <= "\u9fff":  # most words: none of these begins so
        return None
    return next(((zh, en) for pattern, zh, en in _TURNED if pattern.fullmatch(text)), None)


def first_bad_character(text: str) -> tuple[int, str] | None:
    """Return line and code of the first control or line-separating character that an editor does not show."""
    found = _CONTROL.search(text)
    return (text.count("\n", 0, found.start()) + 1, f"U+{ord(found.group()):04X}") if found else None


def tabs(text: str) -> tuple[int, ...]:
    """Return the lines with a tab outside quotes and comments: YAML forbids it in places and takes it in others."""
    return tuple(n for n, line in enumerate(text.split("\n"), 1) if _TAB.search(line))


def wide_indents(text: str) -> tuple[int, ...]:
    """Return the lines that begin with a space which YAML takes for a letter: full-width, or that of web pages."""
    return tuple(n for n, line in enumerate(text.split("\n"), 1) if _WIDE_INDENT.search(line))


def wide_colon(text: str, line: int) -> int | None:
    """Return the line, this one or one of the two before it, whose key ends in a full-width colon."""
    lines = text.split("\n")
    return next((n for n in range(line, max(0, line - 3), -1) if n <= len(lines) and _WIDE_COLON.match(lines[n - 1])), None)


def syntax(message: str) -> tuple[str, str, str, bool]:
    """Put a parser's message into our words: Chinese, English, mend, and whether to look where the construct began."""
    return next(((zh, en, mend, begin) for pattern, zh, en, mend, begin in _SYNTAX if re.search(pattern, message)), _UNREADABLE)
