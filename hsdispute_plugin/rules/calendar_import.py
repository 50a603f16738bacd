"""Turns the State Council's table of a year into the text of ``config/calendar/<year>.yaml``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hsdispute_plugin.errors import Problem, RulebookError
from hsdispute_plugin.rules.calendar_notice import is_notice, read_notice

_LINE = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})(?:\s*(?:\.\.|至|~|到)\s*(\d{4}-\d{1,2}-\d{1,2}))?\s*[,，:：\t ]\s*(\S+)")
_WORDS = {"休": True, "放假": True, "休息": True, "班": False, "上班": False, "补班": False, "调休上班": False}


@dataclass(frozen=True, slots=True)
class YearTable:
    """One year as the notice gives it. ``elsewhere`` are its days in other years: their files must be mended by hand."""

    year: int
    source: str
    rest: tuple[date, ...]
    work: tuple[date, ...]
    elsewhere: tuple[tuple[date, bool], ...]

    def text(self) -> str:
        """Write the calendar file."""
        return (f"年份: {self.year}\n文号: {json.dumps(self.source, ensure_ascii=False)}\n状态: 正式\n"
                f"休: [{', '.join(_spans(self.rest))}]\n班: [{', '.join(d.isoformat() for d in self.work)}]\n")

    def notes(self) -> tuple[str, ...]:
        """Say in Chinese what a person must still do."""
        return tuple(f"{d} {'休' if off else '班'} 不在 {self.year} 年，请补进 calendar/{d.year}.yaml"
                     for d, off in self.elsewhere)


def read_table(text: str, name: str, notice: str = "") -> YearTable:
    """Read a year's table: JSON ``{year, papers, days: [{name, date, isOffDay}]}``, lines such as ``2027-01-01 休``, or the
    notice itself as it was published.

    ``name`` is how the file is called in problems; ``notice`` is the number of the notice (国办发明电〔2026〕7号), needed
    unless the JSON names its papers or the notice its number.

    Raises:
        RulebookError: All that is wrong at once; among it a year whose notice is not out (no papers, no days).
    """
    problems: list[Problem] = []
    stripped = text.lstrip("\ufeff").strip()
    read = _from_json if stripped.startswith("{") else read_notice if is_notice(stripped) else _from_lines
    year, papers, days = read(stripped, name, problems)
    source = notice or "；".join(papers)
    if not problems and not days:
        problems.append(Problem(f"{name}:1", "", "表中没有一天，这一年的安排可能还没有公布", "no days; is the notice out?",
                                "请等国务院办公厅通知；在此之前用暂定日历，期限标为暂定"))
    if not problems and not source:
        problems.append(Problem(f"{name}:1", "", "没有通知的文号", "the notice is not named",
                                "请用 --notice 写明，如 国办发明电〔2026〕7号"))
    for day, off in days.items():
        if not off and day.weekday() < 5:
            problems.append(Problem(f"{name}:1", f"{day}", f"周{'一二三四五'[day.weekday()]}本来就上班，不会是调休上班",
                                    "a make-up workday must be a weekend", "请核对通知原文"))
    if problems:
        raise RulebookError(tuple(problems))
    year = year or min(day.year for day in days)
    return YearTable(
        year, source,
        tuple(sorted(d for d, off in days.items() if off and d.year == year)),
        tuple(sorted(d for d, off in days.items() if not off and d.year == year)),
        tuple(sorted((d, off) for d, off in days.items() if d.year != year)),
    )


_Table = tuple[int, tuple[str, ...], dict[date, bool]]


def _from_json(text: str, name: str, problems: list[Problem]) -> _Table:
    try:
        top: Any = json.loads(text)
    except (ValueError, RecursionError) as err:
        problems.append(Problem(f"{name}:{getattr(err, 'lineno', 1)}", "", "不是完整的 JSON", "not valid JSON",
                                "请重新下载，或改用逐行列表"))
        return 0, (), {}
    year, papers, rows = top.get("year"), top.get("papers", []), top.get("days")
    if not isinstance(year, int) or not isinstance(rows, list) or not isinstance(papers, list):
        problems.append(Problem(f"{name}:1", "", "缺少 year 或 days", "year or days is missing",
                                '应为 {"year": 2027, "papers": ["…"], "days": [{"date": "2027-01-01", "isOffDay": true}]}'))
        return 0, (), {}
    days: dict[date, bool] = {}
    for n, row in enumerate(rows, 1):
        off = row.get("isOffDay") if isinstance(row, Mapping) else None
        day = _date(str(row.get("date"))) if isinstance(row, Mapping) else None
        if day is None or not isinstance(off, bool):
            problems.append(Problem(f"{name}:1", f"days 第 {n} 项", "看不懂这一项", "bad entry",
                                    '应为 {"date": "2027-01-01", "isOffDay": true}'))
        else:
            _add(days, day, off, f"{name}:1", problems)
    return year, tuple(str(p) for p in papers), days


def _from_lines(text: str, name: str, problems: list[Problem]) -> _Table:
    days: dict[date, bool] = {}
    for n, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        found = _LINE.fullmatch(line)
        first = _date(found[1]) if found else None
        last = _date(found[2] or found[1]) if found else None
        if not found or first is None or last is None or found[3] not in _WORDS or not 0 <= (last - first).days <= 31:
            problems.append(Problem(f"{name}:{n}", "", f"看不懂 “{line[:30]}”", "bad line",
                                    "请写成 2027-01-01 休、2027-02-06 班，或 2027-05-01..2027-05-05 休"))
            continue
        for k in range((last - first).days + 1):
            _add(days, first + timedelta(k), _WORDS[found[3]], f"{name}:{n}", problems)
    years = sorted(day.year for day in days)
    return (max(set(years), key=years.count) if years else 0), (), days


def _add(days: dict[date, bool], day: date, off: bool, where: str, problems: list[Problem]) -> None:
    if days.setdefault(day, off) != off:
        problems.append(Problem(where, day.isoformat(), f"{day} 既休又班", "a day both rests and works", "请核对通知原文"))


def _date(text: str) -> date | None:
    try:
        return date(*map(int, text.split("-")))
    except (TypeError, ValueError, OverflowError):
        return None


def _spans(days: Iterable[date]) -> list[str]:
    spans: list[list[date]] = []
    for day in days:
        if spans and day - spans[-1][-1] == timedelta(1):
            spans[-1].append(day)
        else:
            spans.append([day])
    return [s[0].isoformat() if len(s) == 1 else f"{s[0]}..{s[-1]}" for s in spans]
