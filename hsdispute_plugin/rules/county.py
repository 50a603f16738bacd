"""The county's own files beside the rules: units, periods, notices, settings, working hours and calendars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from hsdispute_plugin.model import Unit
from hsdispute_plugin.rules.facts import UNITS, FactDef, Kind
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.rulebook import Setting
from hsdispute_plugin.rules.workdays import Deadline, Span, WorkCalendar, WorkHours, Year

CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


@dataclass(slots=True)
class County:
    """What the county's files say; empty parts mean problems were noted."""

    units: dict[str, Unit] = field(default_factory=dict)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    notice_names: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    years: dict[int, Year] = field(default_factory=dict)
    hours: WorkHours = field(default_factory=WorkHours)

    @property
    def calendar(self) -> WorkCalendar:
        """The working days of all years given."""
        return WorkCalendar(self.years)

    def facts(self) -> tuple[FactDef, ...]:
        """The two conclusions whose members are the county's own: 时限 and 通报."""
        due = {**{d.what: d.key for d in self.deadlines.values()}, **{k: k for k in self.deadlines}}
        told = {**{name: key for key, name in self.notice_names.items()}, **{k: k for k in self.notices}}
        return (
            FactDef("时限", "deadlines", Kind.SET, "适用的时限，代号见 deadlines.yaml", source="family", values=due),
            FactDef("通报", "notices", Kind.SET, "须立即告诉谁，代号见 notices.yaml", source="family", values=told),
        )


def read_county(files: Mapping[str, Node], reading: Reading) -> County:
    """Read units.yaml, deadlines.yaml, notices.yaml, settings.yaml and calendar/*.yaml."""
    county = County()
    _units(files.get("units.yaml"), county, reading)
    _deadlines(files.get("deadlines.yaml"), county, reading)
    _notices(files.get("notices.yaml"), county, reading)
    _settings(files.get("settings.yaml"), county, reading)
    for name, node in files.items():
        if name.startswith("calendar/"):
            _year(node, county, reading)
    for name in ("units.yaml", "deadlines.yaml", "notices.yaml", "settings.yaml"):
        if name not in files:
            reading.note(f"{name}:1", "", f"缺少文件 {name}", f"{name} is missing", "请从随附的 config 复制一份")
    return county


def _rows(node: Node | None, key: str, reading: Reading, optional: tuple[str, ...] = ()) -> tuple[Node, ...]:
    top = reading.mapping(node, "", (key,), optional)
    return reading.items(top[key], key) if top else ()


def _code(node: Node, subject: str, taken: Mapping[str, object], reading: Reading) -> str | None:
    code = reading.text(node, subject)
    if code is None:
        return None
    if not CODE.fullmatch(code):
        reading.note(node.where, subject, f"代号 “{code}” 不合写法", f"bad code {code!r}",
                     "请用小写字母开头，只含小写字母、数字、下划线")
        return None
    if code in taken:
        reading.note(node.where, subject, f"代号 “{code}” 重复", f"repeated code {code!r}", "请换一个代号")
        return None
    return code


def _units(node: Node | None, county: County, reading: Reading) -> None:
    known = {c: c for c in UNITS.values()}
    for row in _rows(node, "单位", reading):
        top = reading.mapping(row, "单位", ("代号", "名称", "简称"), ("电话", "地址", "职责", "受理", "主办"))
        if top is None:
            continue
        subject = f"单位 {top['代号'].value}"
        code = reading.choice(top["代号"], subject, known, "单位代号")
        if code in county.units:
            reading.note(top["代号"].where, subject, f"代号 “{code}” 重复", f"repeated code {code!r}", "请删去一处")
        name, short = reading.text(top["名称"], subject), reading.text(top["简称"], subject)
        phone, address, duty = (reading.text(top.get(k), subject, empty=True) or "" for k in ("电话", "地址", "职责"))
        accepts, leads = (bool(reading.yes(top.get(k), f"{subject}  {k}")) for k in ("受理", "主办"))
        if code and name and short:
            county.units[code] = Unit(code, name, short, phone, address, duty, accepts, leads)
    if node is not None:
        for label, code in UNITS.items():
            if code not in county.units:
                reading.note(node.where, "单位", f"缺少成员单位 “{label}”（{code}）", f"member unit {code} is missing",
                             "领导专班有八个成员单位（三（一）），请补上")


def _deadlines(node: Node | None, county: County, reading: Reading) -> None:
    caps: list[tuple[Node, str]] = []
    for row in _rows(node, "时限", reading):
        top = reading.mapping(row, "时限", ("代号", "事项", "数值", "单位", "依据", "状态"),
                              ("未确认", "确认文号", "法定上限", "起算"))
        if top is None:
            continue
        subject = f"时限 {top['代号'].value}"
        key = _code(top["代号"], subject, county.deadlines, reading)
        what, basis = reading.text(top["事项"], subject), reading.text(top["依据"], subject)
        span = reading.choice(top["单位"], f"{subject}  单位", {s.value: s for s in Span}, "单位")
        whole = span not in (Span.HOUR, Span.WORKHOUR)
        amount = (reading.integer if whole else reading.number)(top["数值"], f"{subject}  数值")
        if amount is not None and not 0 <= amount <= 3660:
            reading.note(top["数值"].where, f"{subject}  数值", f"“{top['数值'].value}” 不在 0 到 3660 之间", "out of range",
                         "请改正")
        confirmed = _confirmed(top, subject, reading)
        if "法定上限" in top and (cap := reading.text(top["法定上限"], subject)):
            caps.append((top["法定上限"], cap))
        after = None
        if "起算" in top:  # listed earlier, so that no circle can be written
            after = reading.choice(top["起算"], f"{subject}  起算", county.deadlines, "列在前面的时限代号")
        if key and what and basis and span and amount is not None and confirmed is not None:
            cap = str(top["法定上限"].value) if "法定上限" in top else ""
            county.deadlines[key] = Deadline(key, what, amount, span, basis, confirmed, cap, after,
                                             statutory=top["状态"].value == "法定")
    for where, cap in caps:
        reading.choice(Node(where.where, cap), "时限  法定上限", {k: k for k in county.deadlines}, "时限代号")


def _confirmed(top: Mapping[str, Node], subject: str, reading: Reading) -> bool | None:
    status = reading.choice(top["状态"], f"{subject}  状态", {s: s for s in ("法定", "平台", "县级自定")}, "状态")
    if status != "县级自定":
        return None if status is None else True
    unconfirmed = reading.yes(top.get("未确认"), f"{subject}  未确认")
    if unconfirmed is False and "确认文号" not in top:
        reading.note(top["未确认"].where, f"{subject}  未确认", "写了“未确认: 否”，却没有确认文号", "confirmed by what?",
                     "请写 确认文号: …，说明哪份文件确认了这个数字")
    return unconfirmed is False


def _notices(node: Node | None, county: County, reading: Reading) -> None:
    for row in _rows(node, "通报", reading):
        top = reading.mapping(row, "通报", ("代号", "名称", "要求"))
        if top is None:
            continue
        subject = f"通报 {top['代号'].value}"
        code = _code(top["代号"], subject, county.notices, reading)
        name, told = reading.text(top["名称"], subject), reading.text(top["要求"], subject)
        if code and name and told:
            county.notices[code] = f"{name}：{told}"
            county.notice_names[code] = name


def _settings(node: Node | None, county: County, reading: Reading) -> None:
    top = reading.mapping(node, "", ("设置",), ("作息", "基础目录"))
    if top is None:
        return
    hours = reading.mapping(top.get("作息"), "作息", ("上班", "下班"), ("午休开始", "午休结束", "依据", "未确认", "确认文号"))
    if hours:
        _hours(hours, county, reading)
    for row in reading.items(top["设置"], "设置"):
        item = reading.mapping(row, "设置", ("键", "值", "说明"), ("依据", "未确认", "确认文号"))
        if item is None:
            continue
        subject = f"设置 {item['键'].value}"
        key = _code(item["键"], subject, county.settings, reading)
        value, says = reading.text(item["值"], subject), reading.text(item["说明"], subject)
        basis = reading.text(item.get("依据"), subject) or ""
        unconfirmed = reading.yes(item.get("未确认"), f"{subject}  未确认")
        if unconfirmed and not basis:
            reading.note(row.where, subject, "未确认的数字没有写依据", "unconfirmed without a basis", "请写 依据: 数字从何而来")
        if key and value is not None and says:
            county.settings[key] = Setting(key, _typed(value), says, basis, not unconfirmed)


def _hours(top: Mapping[str, Node], county: County, reading: Reading) -> None:
    opens, closes = (_clock(top[k], f"作息  {k}", reading) for k in ("上班", "下班"))
    if opens is None or closes is None:
        return
    if closes <= opens:
        reading.note(top["下班"].where, "作息  下班", "下班不晚于上班", "closes before it opens", "请改正")
        return
    lunch = [_clock(top[k], f"作息  {k}", reading) for k in ("午休开始", "午休结束") if k in top]
    if not lunch:
        county.hours = WorkHours(opens, closes)
    elif len(lunch) == 2 and lunch[0] and lunch[1] and opens < lunch[0] < lunch[1] < closes:
        county.hours = WorkHours(opens, closes, lunch[0], lunch[1])
    elif None not in lunch:
        reading.note(top["下班"].where, "作息  午休", "午休不完整，或不在上下班之间", "lunch break is not within office hours",
                     "午休开始、午休结束 请一起写，并落在上班、下班之间；不午休就都不写")


def _typed(text: str) -> str | int | bool:
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    return {"是": True, "否": False}.get(text, text)


def _clock(node: Node, subject: str, reading: Reading) -> time | None:
    text = reading.text(node, subject)
    if text is None:
        return None
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        reading.note(node.where, subject, f"“{text}” 不是时刻", f"{text!r} is not a time of day", '请写成 "08:30"，带引号')
        return None
    return time.fromisoformat(text)


def _year(node: Node, county: County, reading: Reading) -> None:
    top = reading.mapping(node, "日历", ("年份", "文号", "状态", "休", "班"))
    if top is None:
        return
    year = reading.integer(top["年份"], "日历  年份")
    source = reading.text(top["文号"], "日历  文号")
    official = reading.choice(top["状态"], "日历  状态", {"正式": True, "暂定": False}, "状态")
    rest = _days(top["休"], "日历  休", year, reading)
    work = _days(top["班"], "日历  班", year, reading)
    if both := rest & work:
        reading.note(top["班"].where, "日历  班", f"{min(both)} 既休又班", "a day both rests and works", "请改正其中一处")
    if year in county.years:
        reading.note(top["年份"].where, "日历  年份", f"{year} 年已有日历", f"{year} is given twice", "请删去一个文件")
    if year is not None and source and official is not None:
        county.years[year] = Year(year, rest, work, source, official)


def _days(node: Node, subject: str, year: int | None, reading: Reading) -> frozenset[date]:
    found: set[date] = set()
    for item in reading.items(node, subject):
        text = reading.text(item, subject)
        if text is None:
            continue
        first_text, _, last_text = text.partition("..")
        first = reading.day(Node(item.where, first_text), subject)
        last = reading.day(Node(item.where, last_text or first_text), subject)
        if first is None or last is None:
            continue
        if last < first or (last - first).days > 31:
            reading.note(item.where, subject, f"“{text}” 起止颠倒或超过一个月", "bad span", "请写成 2025-10-01..2025-10-08")
            continue
        if year is not None and {first.year, last.year} != {year}:
            reading.note(item.where, subject, f"“{text}” 不在 {year} 年", f"not in {year}", "每年一个文件，请移到对应年份")
            continue
        found.update(first + timedelta(n) for n in range((last - first).days + 1))
    return frozenset(found)
