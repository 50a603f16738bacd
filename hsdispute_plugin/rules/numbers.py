"""Numbers as citizens write them: 三十多名职工, 20余人, 2015年至2018年, 十几年, 97年到05年.

Ready-made parsers tried were wrong on 三十多名 and 3万5千元, hence these small ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIGITS = {"〇": 0, "零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_CHINESE = "〇零一二两三四五六七八九十百千万"
_NUMBER = rf"(?:\d[\d,]*(?:\.\d+)?[万千百]?|[{_CHINESE}]+)"

_PERSON = (
    "职工|员工|工人|民工|教师|老师|同事|工友|村民|群众|居民|业主|学生|司机|护士|医生|干部|人员|退休|下岗|乡亲|家长|成员|员|人"
)
_PEOPLE = re.compile(
    rf"(?<![\d第.{_CHINESE}])(?P<n>{_NUMBER}|几十|几百|上百|数十|数百|上千|好几十|成百上千)(?P<more>多|余|几|来)?(?P<of>万|千|百)?"
    rf"(?P<more2>多|余|几|来)?(?P<m>名|位|个|号|余名|多名|户|口)?(?P<p>[一-龥]{{0,4}}?(?:{_PERSON}))"
)
_VAGUE_PEOPLE = {"几十": 20, "好几十": 20, "数十": 20, "几百": 200, "数百": 200, "上百": 100, "上千": 1000, "成百上千": 1000}
_NOT_PEOPLE = re.compile(r"^(?:个月|年|岁|元|块|点|天|次|分|份|人均|人社|人民|人事|人力|人才|人大|人寿|人口|人生|人为|人行)")

_SPAN = re.compile(
    rf"(?<![\d.{_CHINESE}第])(?P<n>\d{{1,2}}|[{_CHINESE}]{{1,3}}|十几|几十|好几|数十|多)(?P<more>多|余|几|来)?(?:个)?(?:年头|年多|年来|年了|年之久|年时间|余年|年)"
    r"(?![代度月初底末前级\d]|[一二三四五六七八九十]+月|后|制|薪|金|龄|检|审)"
)
_YEAR = re.compile(r"(?<!\d)(?P<y>(?:19[5-9]\d|20[0-4]\d)|(?:[5-9]\d|0\d|1\d|2\d)(?=年))(?=年|[-—~至到.]|\s*年)")
_BORN = re.compile(r"出生|生于|年生|岁|身份证|〔|\[|号文|文件|法》|条例|届")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number found: its value (the least it can mean) and where it stands."""

    value: int
    start: int
    end: int


def value_of(text: str) -> int | None:
    """Return the whole number that Arabic or Chinese figures stand for: ``3万5千`` 35000, ``三十`` 30, ``两百五`` 250.

    ``None`` where the text is no number. Fractions are cut off.
    """
    text = text.replace(",", "")
    if not text:
        return None
    total = section = 0
    digits = ""
    last_unit = 1
    for char in text:
        if char.isdecimal() or char == ".":
            digits += char
        elif char in _DIGITS:
            digits += str(_DIGITS[char])
        elif char in _UNITS:
            unit = _UNITS[char]
            number = float(digits) if digits not in ("", ".") else 1.0
            digits = ""
            if unit == 10_000:
                total = int((total + section + (number if section == 0 or number != 1.0 else 0)) * unit)
                section = 0
            else:
                section += int(number * unit)
            last_unit = unit
        else:
            return None
    if digits not in ("", "."):
        rest = float(digits)
        # 两百五 is 250: a bare last digit counts tens of what came before.
        section += int(rest * last_unit / 10) if last_unit > 10 and rest < 10 and text[-2:-1] in _UNITS else int(rest)
    return int(total + section)


def people(text: str) -> Iterator[Quantity]:
    """Yield each count of persons: ``32名职工``, ``三十多人``, ``我们一百多号人``, ``20余户``."""
    for m in _PEOPLE.finditer(text):
        if _NOT_PEOPLE.match(text[m.end("n"):]) or _NOT_PEOPLE.match(m["p"]):
            continue
        value = _VAGUE_PEOPLE.get(m["n"]) or value_of(m["n"])
        if value is None or not (m["m"] or m["more"] or m["more2"] or m["p"][:1] in "人职员工教老民下退"):
            continue
        if m["of"]:
            value *= _UNITS[m["of"]]
        if value < 1_000_000:
            yield Quantity(value, m.start(), m.end())


def spans_of_years(text: str) -> Iterator[Quantity]:
    """Yield each stretch of years: ``八年``, ``十几年``, ``30余年``; and the stretch between the first and last year named."""
    for m in _SPAN.finditer(text):
        vague = {"十几": 10, "几十": 20, "数十": 20, "好几": 3, "多": 2}.get(m["n"])
        value = vague if vague is not None else value_of(m["n"])
        if value is not None and 0 < value <= 60:
            yield Quantity(value, m.start(), m.end())
    years = [
        (_full(m["y"]), m.start(), m.end())
        for m in _YEAR.finditer(text) if not _BORN.search(text[max(0, m.start() - 4) : m.end() + 6])
    ]
    if len(years) > 1:
        first, last = min(years), max(years)
        if last[0] > first[0]:
            yield Quantity(last[0] - first[0], first[1], first[2])


def _full(year: str) -> int:
    if len(year) == 4:
        return int(year)
    return (1900 if int(year) >= 50 else 2000) + int(year)
