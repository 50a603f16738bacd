"""Numbers as citizens write them: 三十多名职工, 20余人, 2015年至2018年, 十几年, 97年到05年, 3万5千元.

Ready-made parsers tried were wrong on 三十多名 and 3万5千元, hence these small ones. Texts are folded (缴 reads 交).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_letters
from typing import NamedTuple

_DIGITS = {"〇": 0, "零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_LARGE = 10_000  # units that close a section: 三千五百万

_N = "〇零一二两三四五六七八九十百千万"
_FEW = "多余几来"
_VAGUE = {"几十": 20, "好几十": 20, "数十": 20, "几百": 200, "好几百": 200, "数百": 200, "上百": 100, "上千": 1000, "几千": 2000,
          "数千": 2000, "成百上千": 1000, "上万": 10_000, "数万": 20_000, "几万": 20_000, "十几": 10, "二十几": 20, "三十几": 30}

_PERSON = ("职工|员工|工人|民工|教师|老师|教职|同事|工友|村民|群众|居民|业主|学生|学员|司机|护士|医生|干部|人员|退休|下岗|乡亲|"
           "家长|成员|代表|同志|战友|老兵|军人|保安|农民|社员|会员|导购|店员|骑手|保洁|厨师|技师|[一-龥]{1,2}工(?![作厂地程资伤业会龄艺商期时具])|[一-龥]{1,3}员(?!工)|申诉人|老人|人")
_FILL = "(?:(?![组队村镇乡县市区号])[一-龥])"  # 十组的村民 is no ten people
_LONGEST = 20  # figures of a number of people
_NUMBER = re.compile(rf"[0-9{_N}][0-9{_N}几]*(?:,[0-9][0-9{_N}几]*)*")
#: What follows a number of persons.
_OF_PEOPLE = re.compile(
    rf"(?P<few>[{_FEW}])?(?P<of>[万千百])?(?P<more>[{_FEW}])?"
    rf"(?:(?P<m>[名位])(?![次列额称于义牌誉单])|(?P<g>[个号])|(?P<h>户))?"
    rf"(?P<p>(?(m)(?:{_FILL}{{0,6}}?(?:{_PERSON}))?|(?(h)|(?(g){_FILL}{{0,4}}?(?:{_PERSON})|(?(few){_FILL}{{0,3}}?(?:{_PERSON})|(?:{_PERSON}))))))"
)
_NOT_BEFORE_PEOPLE = frozenset("第.-/") | frozenset(ascii_letters) | frozenset("0123456789") | frozenset(_N)
_OTHER_UNITS = "月年岁元块点天次分份层栋亩家"
_NEVER_PEOPLE = frozenset(f"{_OTHER_UNITS},，。")  # right after a number
_NOT_PEOPLE = re.compile(rf"[{_FEW}]?个?(?:[{_OTHER_UNITS}]|万元|等奖|号文|口人)|"
                         r"人(?:均|社|民|事|力|才|大|寿|口|生|为|行|次|份|物|格|类|情|身|家|"
                         r"(?:都|已|在|已经|次)?(?:看|浏览|点赞|转发|围观|观看|关注|评论|播放|刷到))")

#: 我们是一家二十来人的幼儿园: an employer tells how large it is; nobody claims together.
_OF_A_FIRM = re.compile(r"(?:我们?(?:是一?[家个]|公司|厂|店|单位|企业|开了?)|本公司|本企业|我司)[^,。;]{0,6}$")

#: 17年买18年的医保: two years of the calendar in short.
_SUCCESSIVE = re.compile(r"(?<!\d)([012]\d)(?=年[^\d,.。;]{0,6}([012]\d)年)")

#: The number before a 年, and what may follow 年 where it counts years that passed.
_STRETCH = re.compile(rf"(?:(?<=[^\d.{_N}第/])|^)(?P<n>[1-9]\d?|[{_N}]{{1,3}}|[二三四五]?十几|好?几十|数十|好几)[{_FEW}]?个?$")
_NO_STRETCH = re.compile(rf"[代度月初底末前级\d]|[{_N}]+[月个]|后|制|薪|龄|检|审|级|底|份|以上的?(?:条件|规定|年限)|的?年限|"
                         rf"(?:才|方)(?:能|可)|(?:就|便)?可以?(?:领|享|退)|合同|有期|期满|一交|一次|"
                         r"的?(?:医保|合作医疗|农合|新农合|社保费|保费)|医疗保险|的?(?:资质|品牌|老厂|老店|历史|党龄|房龄)")
_BEFORE_YEARS = frozenset(f"0123456789{_N}{_FEW}个")
#: A number of years that a rule asks for, a price or an age, not one that passed.
_ASKED = re.compile(r"(?:满|够|足|达到?|至少|最低|不少于|不低于|少于|累计|年限|连续|规定|需要?|必须|要|延长|交费?|买|买全|参保|"
                    r"补|再|还有|还差|差的?|不到|未到|距|有效期[为是]?|交纳|成立|建厂|建校|开业|经营|"
                    r"瘫痪|患病|卧床|结婚|离婚|守寡)了?[为是]?$")
#: A year of the calendar before 年: 2015年, 97年, 05年; 12年 only where a month, 底, 起 … follows.
_YEAR = re.compile(r"(?:(?<=[^\d〔\[【(〈])|^)(?:19[5-9]\d|20[0-3]\d|[5-9]\d|[012]\d)$")
#: 八五年到九八年, 零三年: a short year in Chinese figures; 八九年 alone says about eight.
_SHORT_YEAR = re.compile(r"(?<![一二三四五六七八九十百〇零])(?P<y>[五六七八九零〇][〇零一二三四五六七八九])$")
_OF_A_DATE = re.compile(rf"\d{{1,2}}月|[{_N}]+月|[底初末起]|[上下]半年|开始|以[前后]|之[前后]|[至到\-—~]")
_SPANNED = re.compile(r"(?:19[5-9]\d|20[0-3]\d)(?=[-—~至到.]\s?(?:19|20)\d\d)")
_NOT_LIVED = re.compile(r"出生|生于|年生|身份证|〕|\]|号文|文件|》|条例|施行|实施|颁布|出台")


#: 七八个, 四五年, 二三十人: two figures in a row say about how many; the lesser counts.
_PAIRS = "|".join(f"{a}(?={b})" for a, b in zip("一二两三四五六七八", "二三三四五六七八九", strict=True))
_ABOUT = re.compile(rf"(?<![一二三四五六七八九〇零])(?:{_PAIRS})[二三四五六七八九](?=[十百千万]|$)")


class Quantity(NamedTuple):
    """A number found: its value (the least it can mean) and where it stands."""

    value: int
    start: int
    end: int


def value_of(text: str) -> int | None:
    """Return the whole number that Arabic or Chinese figures stand for; ``None`` where the text is none.

    Fractions are cut off.

    >>> [value_of(t) for t in ("3万5千", "三十", "两百五", "1.5万", "一万零三百", "2,300", "七八", "二三十", "没有")]
    [35000, 30, 250, 15000, 10300, 2300, 7, 20, None]
    """
    total = section = 0
    figure = ""
    unit = 1
    text = _ABOUT.sub(lambda m: m[0][0], text.replace(",", ""))
    for char in text:
        if char in _UNITS:
            number = _figure(figure)
            if figure and number is None:
                return None
            unit, figure = _UNITS[char], ""
            if unit >= _LARGE:
                total += int((section + (number or 0) or 1) * unit)
                section = 0
            else:
                section += int((1 if number is None else number) * unit)
        elif char in _DIGITS:
            figure += str(_DIGITS[char])
        elif char.isascii() and (char.isdigit() or char == "."):
            figure += char
        else:
            return None
    rest = _figure(figure)
    if (figure and rest is None) or not text:
        return None
    if rest is None:
        return total + section
    # 两百五 is 250, 3万5 is 35000: a bare last figure counts tens of the unit before; 一百零五 is 105.
    short = unit > 10 and len(figure) == 1 and text[-2:-1] in _UNITS
    return total + section + int(rest * unit / 10 if short else rest)


def _figure(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def people(text: str) -> Iterator[Quantity]:
    """Yield each count of persons: ``32名职工``, ``三十多人``, ``我们一百多号人``, ``20余户``."""
    reached = 0
    for found in _NUMBER.finditer(text):
        start, end = found.span()
        if (text[end : end + 1] in _NEVER_PEOPLE or start < reached or end - start > _LONGEST
                or (start and text[start - 1] in _NOT_BEFORE_PEOPLE) or _NOT_PEOPLE.match(text, end)):
            continue
        m = _OF_PEOPLE.match(text, end)
        if m is None and text[end - 1] == "几" and end - start > 1:  # 三十几本地职工
            end -= 1
            m = _OF_PEOPLE.match(text, end)
        if m is None:
            continue
        number, reached = text[start:end], m.end()
        if m["p"].startswith("人") and _NOT_PEOPLE.match(text, m.start("p")):
            continue
        if number in ("4050", "四零五零", "四〇五〇", "万", "千") or m["p"].endswith("个人"):
            continue  # 4050 is a name for the unemployed over 40 and 50
        if text.startswith("的", reached) and _OF_A_FIRM.search(text, max(0, start - 14), start):
            continue
        value = _VAGUE.get(number) or value_of(number)
        if value is not None and m["of"]:
            value *= _UNITS[m["of"]]
        if value and value < 1_000_000:
            yield Quantity(value, start, reached)


def stretches_of_years(text: str) -> Iterator[Quantity]:
    """Yield each stretch of years that passed: ``八年``, ``十几年``, ``30余年``; and that between the years named.

    What a rule asks for (``交满15年``) is none.
    """
    years: list[tuple[int, int, int]] = []
    at = -1
    while (at := text.find("年", at + 1)) >= 0:
        if at and text[at - 1] not in _BEFORE_YEARS:
            continue
        before = max(0, at - 6)
        named = _YEAR.search(text, before, at)
        year = named[0] if named else ""
        if named and (len(year) == 4 or year[0] not in "12" or _OF_A_DATE.match(text, at + 1)
                      or text[max(0, named.start() - 1)] in "到至-—~" or _in_succession(text, at)):
            if not _NOT_LIVED.search(text, max(0, named.start() - 4), at + 7):
                years.append((_full(year), *named.span()))
        elif (m := _SHORT_YEAR.search(text, before, at)) and not _ABOUT.fullmatch(m["y"]):
            years.append((_full("".join(str(_DIGITS[c]) for c in m["y"])), m.start("y"), m.end("y")))
        elif (m := _STRETCH.search(text, before, at)) and not _NO_STRETCH.match(text, at + 1):
            number = m["n"]
            value = 3 if number == "好几" else _VAGUE.get(number) or value_of(number)
            if value and value <= 60 and not _ASKED.search(text, max(0, m.start() - 6), m.start()):
                yield Quantity(value, m.start(), at + 1)
    if years and text.count("19") + text.count("20") > 1:
        years += [(int(m[0]), m.start(), m.end()) for m in _SPANNED.finditer(text)]
    if len(years) > 1:
        first, last = min(years), max(years)
        if last[0] > first[0]:
            yield Quantity(last[0] - first[0], first[1], first[2])


def _in_succession(text: str, at: int) -> bool:
    return any(at in (m.end(1), m.end(2)) and 0 < int(m[2]) - int(m[1]) <= 2
               for m in _SUCCESSIVE.finditer(text, max(0, at - 12), at + 10))


def _full(year: str) -> int:
    if len(year) == 4:
        return int(year)
    return (1900 if int(year) >= 50 else 2000) + int(year)
