"""Takes the complainant's identity out of a text that the other party may read.

Replaced outright, not half-masked: an employer knows its people by three digits of a phone number.

Clause: 报送单备注「不得泄露缴费人信息」; 社会保险费征缴暂行条例 21; 信访工作条例 30; 个人信息保护法 51.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from datetime import date

NAME, PHONE, CARD, ACCOUNT, ADDRESS, CONTACT, NUMBER = (
    "〔姓名略〕", "〔电话略〕", "〔证件号略〕", "〔账号略〕", "〔住址略〕", "〔联系方式略〕", "〔编号略〕")

_D = "[0-9０-９]"
_GAP = r"[ \u3000\-－—]?"
_PHONE = re.compile(rf"(?<!{_D})(?:[+＋]?(?:86|８６){_GAP})?[1１][3-9３-９](?:{_GAP}{_D}){{9}}(?!{_D})")
_LANDLINE = re.compile(rf"(?<!{_D})[(（]?[0０]{_D}{{2,3}}[)）]?{_GAP}{_D}{{7,8}}(?!{_D})")
_CALLED = re.compile(rf"((?:电话|座机|手机|联系方式|联系号码)(?:号码)?[是为:：]?\s*){_D}{{7,12}}(?!{_D})")
_SPOKEN = re.compile("[〇零一幺二三四五六七八九]{11,}")  # a number dictated to a hotline clerk
_LONG = re.compile(rf"(?<!{_D}){_D}(?:{_GAP}{_D}){{13,18}}{_GAP}[xXＸｘ]?(?!{_D})")
_MAIL = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_CHAT = re.compile(r"((?:微信|QQ|qq|ＱＱ)(?:号码?)?[是为:：]?\s*)[A-Za-z0-9_-]{5,20}")
_CARD_NO = re.compile(rf"((?:卡号|账号|账户|银行卡|存折)[是为:：]?\s*){_D}(?:{_GAP}{_D}){{7,}}")
_OWN_NUMBER = re.compile(r"((?:个人编号|个人社保号|社保编号|社会保障号码?|职工编号|工号)[是为:：]?\s*)[A-Za-z0-9]{4,}")
_LIVES = re.compile(r"((?:家住|现住址?|家庭住址|户籍地址?|住址|住在)[是为在:：]?\s*)"
                    r"[^，。；、,;\s]{0,40}(?:号|室|组|队|村|社区|小区|单元|楼|栋|户|院)")

_TITLES = "先生|女士|同志|师傅|老师|小姐|某某|某"
_DOUBLE_SURNAMES = frozenset({"欧阳", "上官", "司马", "东方", "南宫", "夏侯", "诸葛", "尉迟", "赫连", "皇甫", "濮阳", "申屠",
                              "公孙", "慕容", "钟离", "长孙", "宇文", "司徒", "鲜于", "司空", "令狐", "端木", "独孤", "呼延"})
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
#: What hosts write in the name field when nobody gave a name.
NAMELESS = frozenset({"", "匿名", "匿名用户", "不详", "未提供", "无"})


def conceal(text: str, names: Iterable[str] = (), exact: Iterable[str] = ()) -> str:
    """Return ``text`` without phone, card and account numbers, addresses, the complainants' ``names`` and ``exact`` strings.

    A name goes in all the forms people use: in full, spaced out, 张某, 张先生, 小张, and the given name alone when it
    has two characters. What no pattern can see (a post, a quarrel everyone knows of) is left to the person who signs.

    >>> conceal("张建国（13800000000）反映", ["张建国"])
    '〔姓名略〕（〔电话略〕）反映'
    """
    text = _CARD_NO.sub(rf"\1{ACCOUNT}", text)
    text = _LONG.sub(_long_number, text)
    text = _PHONE.sub(PHONE, text)
    text = _LANDLINE.sub(PHONE, text)
    text = _CALLED.sub(rf"\1{PHONE}", text)
    text = _SPOKEN.sub(PHONE, text)
    text = _MAIL.sub(CONTACT, text)
    text = _CHAT.sub(rf"\1{CONTACT}", text)
    text = _OWN_NUMBER.sub(rf"\1{NUMBER}", text)
    text = _LIVES.sub(rf"\1{ADDRESS}", text)
    for literal in sorted({e.strip() for e in exact} - {""}, key=lambda e: (-len(e), e)):
        text = text.replace(literal, NUMBER if re.search(r"\d{4}", literal) else ADDRESS)
    return _without_names(text, names)


def remains(text: str, names: Iterable[str], numbers: Iterable[str]) -> bool:
    """Tell whether a finished paper still shows a full name or a number of the complainant, spaces and width aside."""
    plain = re.sub(r"[\s\-—]", "", unicodedata.normalize("NFKC", text))
    wanted = [*(n for n in split_names(names) if len(n) > 1), *(n for n in numbers if len(n.strip()) >= 6)]
    return any(re.sub(r"[\s\-—]", "", unicodedata.normalize("NFKC", w)) in plain for w in wanted)


def split_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return single names from fields that may hold several (张三、李四), without titles; nameless ones are dropped."""
    found = []
    for field in names:
        for part in re.split(r"[、，,；;/\n]|\s{2,}", unicodedata.normalize("NFKC", field)):
            name = re.sub(rf"(?:{_TITLES})*(?:等.*|\(.*)?$", "", re.sub(r"\s", "", part))
            if name and name not in NAMELESS:
                found.append(name)
    return tuple(dict.fromkeys(found))


def _without_names(text: str, names: Iterable[str]) -> str:
    patterns: set[str] = set()
    for name in split_names(names):
        gap = r"[\s·]?"
        if len(name) > 4:  # a unit that complains; it has no surname
            patterns.add(gap.join(map(re.escape, name)))
            continue
        surname, given = _parts(name)
        if given:
            patterns.add(gap.join(map(re.escape, name)))
        if len(given) >= 2:
            patterns.add(gap.join(map(re.escape, given)))
        patterns.add(f"{re.escape(surname)}{gap}(?:{_TITLES})+")
        patterns.add(f"[小老]{re.escape(surname)}")
    if not patterns:
        return text
    return re.sub("|".join(sorted(patterns, key=lambda p: (-len(p), p))), NAME, text)


def _parts(name: str) -> tuple[str, str]:
    size = 2 if name[:2] in _DOUBLE_SURNAMES and len(name) > 2 else 1
    return name[:size], name[size:]


def _long_number(match: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9X]", "", unicodedata.normalize("NFKC", match[0]).upper())
    tests: Collection[tuple[Callable[[str], bool], str]] = ((is_identity_number, CARD), (is_account_number, ACCOUNT))
    return next((token for holds, token in tests if holds(digits)), match[0])


def is_identity_number(digits: str) -> bool:
    """Tell whether this is a resident identity number: a province, and a right check digit (GB 11643) or at least a
    birth date in its place, since payers mistype; or 15 digits of the old kind.
    """
    if not _PROVINCE.match(digits):
        return False
    if len(digits) == 15 and digits.isdigit():
        return _is_date(f"19{digits[6:12]}")
    if not re.fullmatch(r"\d{17}[\dX]", digits):
        return False
    check = "10X98765432"[sum(int(d) * w for d, w in zip(digits, _ID_WEIGHTS, strict=False)) % 11]
    return digits[17] == check or (digits[6:8] in ("19", "20") and _is_date(digits[6:14]))


def is_account_number(digits: str) -> bool:
    """Tell whether 16 to 19 digits pass the Luhn check of bank cards."""
    if not re.fullmatch(r"\d{16,19}", digits):
        return False
    total = sum(sum(divmod(int(d) * (1 + place % 2), 10)) for place, d in enumerate(reversed(digits)))
    return total % 10 == 0


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
