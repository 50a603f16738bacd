"""The county's own files beside the rules: units, periods, notices, settings, working hours and calendars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from hsdispute_plugin.model import Unit
from hsdispute_plugin.rules.county_time import read_hours, read_year
from hsdispute_plugin.rules.facts import UNITS, FactDef, Kind
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.rulebook import Setting
from hsdispute_plugin.rules.workdays import Deadline, Span, WorkCalendar, WorkHours, Year

CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")

#: Keys of a row of each file: required, optional. ``editor_schema`` shows editors the same.
UNIT_KEYS = (("代号", "名称", "简称"), ("电话", "地址", "职责", "受理", "主办", "派单"))
DEADLINE_KEYS = (("代号", "事项", "数值", "单位", "依据", "状态"), ("未确认", "确认文号", "法定上限", "起算"))
NOTICE_KEYS = (("代号", "名称", "要求"), ())
SETTING_KEYS = (("键", "值", "说明"), ("依据", "未确认", "确认文号"))
HOUR_KEYS = (("上班", "下班"), ("午休开始", "午休结束", "依据", "未确认", "确认文号"))

STATUTE, HOST, COUNTY = "法定", "平台", "县级自定"

#: Settings that the program reads: 文字, 日期 or 整数 (1 or more). All must be given; others are refused.
SETTINGS: Mapping[str, str] = {
    "county": "文字", "policy_basis": "文字", "unified_mode_start": "日期",
    "group_people": "整数", "review_people": "整数", "many_years": "整数",
    "bounce_limit": "整数", "extension_times": "整数", "extension_workdays": "整数",
    "deputy_approval": "是否", "office_may_downgrade": "是否", "maker_checker": "是否",
    "suspend_grounds": "文字", "registration_extra": "文字", "keep_years": "整数",
    "trend_days": "整数", "yellow_percent": "整数", "orange_percent": "整数", "console_idle_minutes": "整数",
    "console_session_hours": "整数", "console_failures": "整数", "shadow_tickets": "整数",
    "prune_days": "整数", "rules_second_person": "是否", "policy_clauses": "文字",
}
#: Choices in the life of a case; without the row the shipped choice holds.
MAY_BE_ABSENT = frozenset(tuple(SETTINGS)[6:])


@dataclass(slots=True)
class County:
    """What the county's files say; empty parts mean problems were noted.

    The names of periods and notices are kept even of rows with other problems, so that one slip does not make every
    rule that uses the row look wrong.
    """

    units: dict[str, Unit] = field(default_factory=dict)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    years: dict[int, Year] = field(default_factory=dict)
    hours: WorkHours = field(default_factory=WorkHours)
    deadline_names: dict[str, str] = field(default_factory=dict)  # code -> 事项
    notice_names: dict[str, str] = field(default_factory=dict)  # code -> 名称

    @property
    def calendar(self) -> WorkCalendar:
        """The working days of all years given."""
        return WorkCalendar(self.years)

    def facts(self) -> tuple[FactDef, ...]:
        """The two conclusions whose members are the county's own: 时限 and 通报."""
        due, told = (
            {**{name: code for code, name in names.items()}, **{code: code for code in names}}
            for names in (self.deadline_names, self.notice_names)
        )
        return (
            FactDef("时限", "deadlines", Kind.SET, "适用的时限，代号见 deadlines.yaml", source="family", values=due),
            FactDef("通报", "notices", Kind.SET, "须立即告诉谁，代号见 notices.yaml", source="family", values=told),
        )


def read_county(files: Mapping[str, Node], reading: Reading) -> County:
    """Read units.yaml, deadlines.yaml, notices.yaml, settings.yaml and calendar/*.yaml."""
    county = County()
    for name, read in (("units.yaml", _units), ("deadlines.yaml", _deadlines), ("notices.yaml", _notices),
                       ("settings.yaml", _settings)):
        if name in files:
            read(files[name], county, reading)
        else:
            reading.missing(name)
    for name, node in files.items():
        if name.startswith("calendar/"):
            year = read_year(node, name.removeprefix("calendar/").removesuffix(".yaml"), reading)
            if year:
                county.years[year.year] = year
    return county


def _rows(node: Node, key: str, reading: Reading) -> tuple[Node, ...]:
    top = reading.mapping(node, "", (key,))
    return reading.items(top[key], key) if top else ()


def _subject(word: str, node: Node) -> str:
    return f"{word} {node.value}" if isinstance(node.value, str) else word


def _code(node: Node, subject: str, taken: Mapping[str, object], reading: Reading) -> str | None:
    code = reading.text(node, subject)
    if code is None:
        return None
    if not CODE.fullmatch(code):
        reading.note(node.where, subject, f"代号 “{code}” 不合写法", f"bad code {code!r}",
                     "请以小写字母开头，只用小写字母、数字、下划线，2 到 40 个")
        return None
    if code in taken:
        reading.note(node.where, subject, f"代号 “{code}” 重复", f"repeated code {code!r}", "请换一个代号，或删去一处")
        return None
    return code


def _name(node: Node, subject: str, taken: Mapping[str, str], reading: Reading) -> str | None:
    name = reading.text(node, subject)
    if name in taken.values():
        reading.note(node.where, subject, f"“{name}” 与另一行同名，规则里分不清", f"{name!r} is used twice", "请换一个名称")
    return name


def _units(node: Node, county: County, reading: Reading) -> None:
    known = {c: c for c in UNITS.values()}
    for row in (rows := _rows(node, "单位", reading)):
        top = reading.mapping(row, "单位", *UNIT_KEYS)
        if top is None:
            continue
        subject = _subject("单位", top["代号"])
        code = reading.choice(top["代号"], subject, known, "单位代号")
        if code in county.units:
            reading.note(top["代号"].where, subject, f"代号 “{code}” 重复", f"repeated code {code!r}", "请删去一处")
        name, short = reading.text(top["名称"], subject), reading.text(top["简称"], subject)
        phone, address, duty = (reading.text(top.get(k), subject, empty=True) or "" for k in ("电话", "地址", "职责"))
        accepts, leads = (bool(reading.yes(top.get(k), f"{subject}  {k}")) for k in ("受理", "主办"))
        if code:
            by_rules = "派单" not in top or bool(reading.yes(top["派单"], f"{subject}  派单"))
            county.units[code] = Unit(code, name or "", short or "", phone, address, duty, accepts, leads, by_rules)
    if rows and len(county.units) == len(rows):  # a row that could not be read may well be the one that is missing
        for label, code in UNITS.items():
            if code not in county.units:
                reading.note(node.where, "单位", f"缺少成员单位 “{label}”（{code}）", f"member unit {code} is missing",
                             "领导专班有八个成员单位（三（一）），请补上")


def _deadlines(node: Node, county: County, reading: Reading) -> None:
    caps: list[tuple[Node, str]] = []
    statutory: dict[str, bool] = {}
    for row in _rows(node, "时限", reading):
        top = reading.mapping(row, "时限", *DEADLINE_KEYS)
        if top is None:
            continue
        subject = _subject("时限", top["代号"])
        earlier = {k: k for k in county.deadline_names}  # so that no circle can be written
        after = reading.choice(top.get("起算"), f"{subject}  起算", earlier, "列在前面的时限代号")
        code = _code(top["代号"], subject, county.deadline_names, reading)
        what = _name(top["事项"], subject, county.deadline_names, reading)
        if code:
            county.deadline_names[code] = what or code
        basis = reading.text(top["依据"], subject)
        span = reading.choice(top["单位"], f"{subject}  单位", {s.value: s for s in Span}, "单位")
        amount = _amount(top["数值"], span, f"{subject}  数值", reading)
        status = reading.choice(top["状态"], f"{subject}  状态", {s: s for s in (STATUTE, HOST, COUNTY)}, "状态")
        confirmed = _confirmed(top, subject, reading, unless_said=status != COUNTY)
        cap = reading.text(top.get("法定上限"), f"{subject}  法定上限") or ""
        if cap:
            caps.append((top["法定上限"], subject))
        if code:
            statutory[code] = status != COUNTY
        if code and what and basis and span and amount is not None and status:
            county.deadlines[code] = Deadline(code, what, amount, span, basis, confirmed, cap,
                                              county.deadlines.get(after or ""), statutory=status == STATUTE)
    for node, subject in caps:
        if reading.choice(node, f"{subject}  法定上限", statutory, "时限代号") is False:
            reading.note(node.where, f"{subject}  法定上限", f"“{node.value}” 自己也是县级自定的",
                         "the cap is no statutory period", "请写状态为法定的时限代号")


def _amount(node: Node, span: Span | None, subject: str, reading: Reading) -> float | None:
    amount = (reading.number if span in (Span.HOUR, Span.WORKHOUR) else reading.integer)(node, subject)
    if amount is not None and not 0 <= amount <= 3660:
        reading.note(node.where, subject, f"“{node.value}” 不在 0 到 3660 之间", "out of range", "请改正")
        return None
    return amount


def _confirmed(row: Mapping[str, Node], subject: str, reading: Reading, *, unless_said: bool) -> bool:
    """Read 未确认 and 确认文号; a number of our own is confirmed only by a document that says so."""
    said = reading.yes(row.get("未确认"), f"{subject}  未确认")
    paper = reading.text(row.get("确认文号"), f"{subject}  确认文号")
    if said is None:
        return unless_said
    if not said and not unless_said and "确认文号" not in row:
        reading.note(row["未确认"].where, f"{subject}  未确认", "写了 “未确认: 否”，却没有确认文号", "confirmed by what?",
                     "请补上 确认文号: …，说明哪份文件确认了这个数字")
    if said and paper:
        reading.note(row["未确认"].where, f"{subject}  未确认", "写了 “未确认: 是”，又写了确认文号", "confirmed or not?",
                     "已经确认的请改为 未确认: 否；没有确认的请删去确认文号")
    return not said


def _notices(node: Node, county: County, reading: Reading) -> None:
    for row in _rows(node, "通报", reading):
        top = reading.mapping(row, "通报", *NOTICE_KEYS)
        if top is None:
            continue
        subject = _subject("通报", top["代号"])
        code = _code(top["代号"], subject, county.notice_names, reading)
        name = _name(top["名称"], subject, county.notice_names, reading)
        told = reading.text(top["要求"], subject)
        if code:
            county.notice_names[code] = name or code
            county.notices[code] = f"{name}：{told}"


def _settings(node: Node, county: County, reading: Reading) -> None:
    top = reading.mapping(node, "", ("设置",), ("作息",))
    if top is None:
        return
    if hours := reading.mapping(top.get("作息"), "作息", *HOUR_KEYS):
        county.hours, says = read_hours(hours, reading)
        basis = reading.text(hours.get("依据"), "作息  依据") or ""
        confirmed = _confirmed(hours, "作息", reading, unless_said=True)
        county.settings["work_hours"] = Setting("work_hours", says, "作息时间", basis, confirmed)
    unreadable = False
    for row in reading.items(top["设置"], "设置"):
        item = reading.mapping(row, "设置", *SETTING_KEYS)
        if item is None:
            unreadable = True
            continue
        subject = _subject("设置", item["键"])
        key = reading.choice(item["键"], subject, {k: k for k in SETTINGS}, "设置")
        if key in county.settings:
            reading.note(item["键"].where, subject, f"设置 “{key}” 重复", f"repeated setting {key!r}", "请删去一处")
        if key is None:
            continue
        value = _value(item["值"], SETTINGS[key], f"{subject}  值", reading)
        what = reading.text(item["说明"], subject) or ""
        basis = reading.text(item.get("依据"), subject) or ""
        confirmed = _confirmed(item, subject, reading, unless_said=True)
        if not confirmed and not basis:
            reading.note(row.where, subject, "未确认的数字没有写依据", "unconfirmed without a basis", "请写 依据: 数字从何而来")
        county.settings[key] = Setting(key, "" if value is None else value, what, basis, confirmed)
    for key in SETTINGS:
        if key not in county.settings and key not in MAY_BE_ABSENT and not unreadable:
            reading.note(node.where, "设置", f"缺少设置 “{key}”", f"setting {key!r} is missing",
                         "请从随附的 settings.yaml 抄一份")


def _value(node: Node, kind: str, subject: str, reading: Reading) -> str | int | None:
    if kind == "是否":
        return reading.yes(node, subject)
    if kind == "整数":
        number = reading.integer(node, subject)
        if number is not None and number < 1:
            reading.note(node.where, subject, f"“{number}” 太小", "must be 1 or more", "请写 1 或更大的整数")
        return number
    if kind == "日期":
        day = reading.day(node, subject)
        return day.isoformat() if day else None
    return reading.text(node, subject)
