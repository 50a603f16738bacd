"""Reads the State Council's holiday notice as it is published: prose, whose weekdays and sums show whether it was read right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from hsdispute_plugin.errors import Problem

_NUMBER = re.compile(r"国办发明电〔\d{4}〕\d+号")
_YEAR = re.compile(r"关于\s*(\d{4})\s*年|(\d{4})\s*年(?:部分)?节假日")
_WEEKDAY = r"(?:\([^()]*?(?:周|星期)(?P<{0}w>[一二三四五六日天])\)|\([^()]*\))?"
_DAY = r"(?:(?P<{0}y>\d{{4}})年)?(?:(?P<{0}m>\d{{1,2}})月)?(?P<{0}d>\d{{1,2}})日"
_ENDS = [_DAY.format(part) + _WEEKDAY.format(part) for part in "ab"]
_SPAN = re.compile(rf"{_ENDS[0]}(?:\s*(?:至|到|—|－|-)\s*{_ENDS[1]})?")
_COUNT = re.compile(r"共\s*(\d+)\s*天|放假\s*(\d+)\s*天")
_WEEKDAYS = "一二三四五六日"


def is_notice(text: str) -> bool:
    """Tell whether a text is a notice in prose."""
    return "放假" in text and re.search(r"\d月\d{1,2}日", text) is not None


def read_notice(text: str, name: str, problems: list[Problem]) -> tuple[int, tuple[str, ...], dict[date, bool]]:
    """Return the year, the number of the notice if it stands there, and its days (rest: true); what is doubtful is noted."""
    plain = text.replace("（", "(").replace("）", ")").replace("\u3000", " ")
    named = _YEAR.search(plain)
    years = {int(y) for y in re.findall(r"(\d{4})年\d{1,2}月\d{1,2}日(?:\([^()]*\))?(?:放假|至|到|上班)", plain)}
    year = int(named[1] or named[2]) if named else min(years, default=0)
    if not year:
        problems.append(Problem(f"{name}:1", "", "看不出是哪一年的安排", "which year?",
                                "请连标题一起贴上：关于2027年部分节假日安排的通知"))
        return 0, (), {}
    days: dict[date, bool] = {}
    for line, sentence in _sentences(plain):
        off = "放假" in sentence
        where = f"{name}:{line}"
        found = [d for span in _spans(sentence, year, where, problems) for d in span]
        if off and (said := _COUNT.search(sentence)) and len(found) != int(said[1] or said[2]):
            problems.append(Problem(where, "", f"通知说 {said[0]}，读出来是 {len(found)} 天：“{sentence.strip()[:40]}”",
                                    "the sum does not fit", "请核对通知原文，是不是少贴了几个字"))
        for day in found:
            if days.setdefault(day, off) != off:
                problems.append(Problem(where, day.isoformat(), f"{day} 既休又班", "a day both rests and works",
                                        "请核对通知原文"))
    return year, tuple(dict.fromkeys(_NUMBER.findall(text.replace("[", "〔").replace("]", "〕"))))[:1], days


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield the sentences that speak of rest or of work, with their lines."""
    for number, line in enumerate(text.splitlines(), 1):
        for sentence in re.split(r"[。；;]", line):
            if re.search(r"\d日", sentence) and ("放假" in sentence or "上班" in sentence) and "值班" not in sentence:
                yield number, sentence


def _spans(sentence: str, year: int, where: str, problems: list[Problem]) -> Iterator[list[date]]:
    month = 0
    for found in _SPAN.finditer(sentence):
        ends: list[date] = []
        for part in ("a", "b"):
            if found[f"{part}d"] is None:
                continue
            month = int(found[f"{part}m"] or month)
            try:
                day = date(int(found[f"{part}y"] or (ends[0].year if ends else year)), month, int(found[f"{part}d"]))
            except ValueError:
                problems.append(Problem(where, "", f"没有这一天：“{found[0][:30]}”", "no such day", "请核对通知原文"))
                return
            said = (found[f"{part}w"] or "").replace("天", "日")
            if said and _WEEKDAYS[day.weekday()] != said:
                problems.append(Problem(where, day.isoformat(), f"{day} 是周{_WEEKDAYS[day.weekday()]}，通知写的是周{said}",
                                        "the weekday does not fit", "请核对年份和日期"))
            ends.append(day)
        length = (ends[-1] - ends[0]).days
        if not 0 <= length <= 31:
            problems.append(Problem(where, "", f"起止颠倒或超过一个月：“{found[0][:30]}”", "bad span", "请核对通知原文"))
            return
        yield [ends[0] + timedelta(n) for n in range(length + 1)]
