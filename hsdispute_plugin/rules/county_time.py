"""When the county's offices work: hours of a day (settings.yaml) and holidays of a year (calendar/<year>.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time, timedelta

from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.workdays import WorkHours, Year

YEAR_KEYS = (("年份", "文号", "状态", "休", "班"), ())
OFFICIAL = {"正式": True, "暂定": False}


def read_hours(row: Mapping[str, Node], reading: Reading) -> tuple[WorkHours, str]:
    """Read 作息: the hours, and the same in words; the defaults after a problem."""
    given = {k: _clock(row[k], f"作息  {k}", reading) for k in ("上班", "午休开始", "午休结束", "下班") if k in row}
    times = [t for t in given.values() if t is not None]
    if len(times) < len(given):
        return WorkHours(), ""
    if len(times) == 3:
        reading.note(row["下班"].where, "作息  午休", "午休只写了一头", "half a lunch break",
                     "午休开始、午休结束 请一起写，不午休就都不写")
        return WorkHours(), ""
    if sorted(set(times)) != times:
        reading.note(row["下班"].where, "作息", "时刻没有一个比一个晚", "times must ascend",
                     "应依次是 上班、午休开始、午休结束、下班，请改正")
        return WorkHours(), ""
    return WorkHours(times[0], times[-1], *times[1:-1]), " ".join(f"{k}{t:%H:%M}" for k, t in zip(given, times, strict=True))


def _clock(node: Node, subject: str, reading: Reading) -> time | None:
    text = reading.text(node, subject)
    if text is None:
        return None
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        reading.note(node.where, subject, f"“{text}” 不是时刻", f"{text!r} is not a time of day", '请写成 "08:30"，带引号')
        return None
    return time.fromisoformat(text)


def read_year(node: Node, file_stem: str, reading: Reading) -> Year | None:
    """Read one calendar file; ``file_stem`` is its name without ``.yaml`` and must be the year."""
    top = reading.mapping(node, "日历", *YEAR_KEYS)
    if top is None:
        return None
    year = reading.integer(top["年份"], "日历  年份")
    source = reading.text(top["文号"], "日历  文号")
    official = reading.choice(top["状态"], "日历  状态", OFFICIAL, "状态")
    if year is not None and str(year) != file_stem:
        reading.note(top["年份"].where, "日历  年份", f"年份 {year} 与文件名 {file_stem}.yaml 不符", "year and file name differ",
                     "一年一个文件，文件名就是年份")
        return None
    rest = _days(top["休"], "日历  休", year, reading)
    work = _days(top["班"], "日历  班", year, reading)
    if both := rest & work:
        reading.note(top["班"].where, "日历  班", f"{min(both)} 既休又班", "a day both rests and works", "请改正其中一处")
    elif plain := sorted(d for d in work if d.weekday() < 5):
        reading.note(top["班"].where, "日历  班", f"{plain[0]} 是星期{'一二三四五'[plain[0].weekday()]}，本来就上班",
                     "a make-up working day must be a weekend day", "调休上班日只写星期六、星期日，请对照通知改正")
    if year is None or source is None or official is None:
        return None
    return Year(year, rest, work, source, official)


def _days(node: Node, subject: str, year: int | None, reading: Reading) -> frozenset[date]:
    found: set[date] = set()
    for item in reading.items(node, subject):
        text = reading.text(item, subject)
        if text is None:
            continue
        first_text, _, last_text = text.partition("..")
        first = reading.day(Node(item.where, first_text), subject)
        last = reading.day(Node(item.where, last_text or first_text), subject) if first else None
        if first is None or last is None:
            continue
        if last < first or (last - first).days > 31:
            reading.note(item.where, subject, f"“{text}” 起止颠倒或超过一个月", "bad span", "请写成 2025-10-01..2025-10-08")
        elif year is not None and {first.year, last.year} != {year}:
            reading.note(item.where, subject, f"“{text}” 不在 {year} 年", f"not in {year}", "每年一个文件，请移到对应年份")
        else:
            found.update(first + timedelta(n) for n in range((last - first).days + 1))
    return frozenset(found)
