"""Reads levels.yaml: every row checked against the periods of the county and the facts that a running case knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from hsdispute_plugin.rules.condition import leaves
from hsdispute_plugin.rules.condition_reader import read_condition
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.levels import ALWAYS, Anchor, Level, Told, Way
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.workdays import Span

LEVEL_KEYS = (("编号", "名称", "时限", "给", "做", "依据"),
              ("份额", "到期前", "到期后", "单位", "每", "最多", "工作时间", "条件", "未确认", "确认文号"))
LEVEL_ID = re.compile(r"level\.[a-z0-9]+(-[a-z0-9]+)*")
EVERY_PERIOD = "全部"
SPANS = {s.value: s for s in (Span.WORKDAY, Span.WORKHOUR, Span.HOUR)}
MOST_TIMES = 50
#: What a case knows of itself when the clock looks at it.
KNOWN = ("scope", "compound", "insurance", "topics", "lead", "units", "track", "matter", "signals", "ticket_type")
_T = TypeVar("_T")


def read_levels(
    node: Node | None, periods: Mapping[str, str], table: FactTable, reading: Reading
) -> tuple[Level, ...]:
    """Read all rows, the problems of each noted; ``periods`` maps codes of deadlines.yaml to their names."""
    top = reading.mapping(node, "", ("级别",)) if node else None
    known = {**{name: code for code, name in periods.items()}, **{code: code for code in periods},
             "平台工单时限": "host", "反馈受理部门": "feedback"}
    found: dict[str, Level] = {}
    for row in reading.items(top["级别"], "级别") if top else ():
        level = _level(row, known, table, reading)
        if level and level.id in found:
            reading.note(row.where, f"级别 {level.id}", f"编号 “{level.id}” 重复", f"repeated id {level.id!r}", "请换一个编号")
        elif level:
            found[level.id] = level
    return tuple(found.values())


def _level(row: Node, known: Mapping[str, str], table: FactTable, reading: Reading) -> Level | None:
    top = reading.mapping(row, "级别", *LEVEL_KEYS)
    if top is None:
        return None
    before = len(reading.problems)
    given = top["编号"].value
    subject = f"级别 {given}" if isinstance(given, str) else "级别"
    id_, name = reading.text(top["编号"], subject), reading.text(top["名称"], subject)
    if id_ and not LEVEL_ID.fullmatch(id_):
        reading.note(top["编号"].where, subject, f"编号 “{id_}” 不合写法", f"bad id {id_!r}",
                     "请写成 level.事项，如 level.overdue")
    clause = reading.text(top["依据"], subject)
    periods = _periods(top["时限"], known, subject, reading)
    to = _several(top["给"], {t.value: t for t in Told}, f"{subject}  给", "谁", reading)
    ways = _several(top["做"], {w.value: w for w in Way}, f"{subject}  做", "做法", reading)
    anchor, amount = _anchor(top, row, subject, reading)
    span = reading.choice(top["单位"], f"{subject}  单位", SPANS, "单位") if "单位" in top else Span.WORKDAY
    every = reading.number(top.get("每"), f"{subject}  每") or 0.0
    times = reading.integer(top["最多"], f"{subject}  最多") if "最多" in top else 1
    if ("每" in top) is not ("最多" in top):
        reading.note(row.where, subject, "“每” 和 “最多” 要同时写", "每 and 最多 go together", "只提醒一次的都不写")
    elif "每" in top and (not every or times is None or not 2 <= times <= MOST_TIMES):
        reading.note(row.where, subject, "重复的间隔或次数不对", "bad repetition",
                     f"“每” 大于 0，“最多” 在 2 到 {MOST_TIMES} 之间")
    whole = anchor is not Anchor.SHARE and span is Span.WORKDAY
    if whole and amount is not None and (amount % 1 or every % 1):
        reading.note(row.where, subject, "工作日应是整数", "whole working days", "不满一天的请用 工作小时")
    in_hours = reading.yes(top.get("工作时间"), f"{subject}  工作时间") if "工作时间" in top else True
    condition = read_condition(top["条件"], "escalation", table, f"{subject}  条件", reading) if "条件" in top else ALWAYS
    for leaf in leaves(condition) if condition else ():
        if leaf.fact not in KNOWN:
            reading.note(top["条件"].where, f"{subject}  条件", f"时钟看不到 “{table.by_code[leaf.fact].label}”",
                         f"{leaf.fact} is not known to a clock",
                         f"可用 / known: {'、'.join(table.by_code[code].label for code in KNOWN)}")
    open_number = reading.yes(top.get("未确认"), f"{subject}  未确认") if "未确认" in top else False
    if open_number is False and "未确认" in top and not reading.text(top.get("确认文号"), f"{subject}  确认文号"):
        reading.note(row.where, subject, "已确认的没有写确认文号", "confirmed without a document", "请写 确认文号，或 未确认: 是")
    if len(reading.problems) > before or not (id_ and name and clause and to and ways and anchor and span and condition):
        return None
    assert amount is not None and times is not None
    return Level(id_, name, periods, anchor, amount, span, to, ways, clause, every, times, bool(in_hours), condition,
                 clause if open_number else "", row.where)


def _periods(node: Node, known: Mapping[str, str], subject: str, reading: Reading) -> frozenset[str]:
    if node.value == EVERY_PERIOD:
        return frozenset()
    return frozenset(_several(node, known, f"{subject}  时限", "时限", reading))


def _several(node: Node, allowed: Mapping[str, _T], subject: str, what: str, reading: Reading) -> tuple[_T, ...]:
    items = node.value if isinstance(node.value, tuple) else (node,)
    if not items:
        reading.note(node.where, subject, "列表是空的", "empty list", "请至少写一个")
    found = [reading.choice(item, subject, allowed, what, [w for w in allowed if not w.isascii()]) for item in items]
    return tuple(dict.fromkeys(value for value in found if value is not None))


def _anchor(
    top: Mapping[str, Node], row: Node, subject: str, reading: Reading
) -> tuple[Anchor | None, float | None]:
    given = [a for a in Anchor if a.value in top]
    if len(given) != 1:
        reading.note(row.where, subject, "份额、到期前、到期后 应写而且只写一个", "one of three is needed",
                     "如 份额: 50（期限过半）、到期前: 4、到期后: 1")
        return None, None
    anchor = given[0]
    amount = reading.number(top[anchor.value], f"{subject}  {anchor}")
    if amount is not None and anchor is Anchor.SHARE and not 0 <= amount <= 100:
        reading.note(top[anchor.value].where, f"{subject}  {anchor}", f"份额 {amount:g} 不在 0 到 100 之间", "bad share",
                     "份额按百分数写，50 是期限过半")
    return anchor, amount
