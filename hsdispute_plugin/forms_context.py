"""What papers print, from plain values: dates as the county writes them, submission numbers, the common fields of a case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.model import SHANGHAI, Decision, Ticket, Unit
from hsdispute_plugin.rules.facts import INSURANCE, MATTERS, TICKET_TYPES, TOPICS, TRACKS

_NUMBER = re.compile(r"(?P<prefix>[^\d〔〕﹝﹞\[\]［］]*)[〔﹝\[［](?P<year>\d{4})[〕﹞\]］]第?0*(?P<seq>[1-9]\d{0,5})号")


def submission_number(prefix: str, year: int, seq: int) -> str:
    """Return a number as GB/T 9704 writes it: full year in 〔〕, no 第, no padding; ``seq`` counts from 1 per unit and year.

    >>> submission_number("合税社争报", 2026, 1)
    '合税社争报〔2026〕1号'

    Raises:
        CaseRefused: Year without four digits, or a sequence below 1.

    Clause: 附件「报送编号〔 〕 号」.
    """
    if not 1000 <= year <= 9999 or seq < 1:
        raise CaseRefused(f"报送编号的年份应是四位、序号从 1 起，给的是 {year} 和 {seq} / bad year or sequence")
    return f"{prefix.strip()}〔{year}〕{seq}号"


def parse_number(text: str) -> tuple[str, int, int]:
    """Read a number back as prefix, year, sequence; brackets of another kind and padding, as people type them, are accepted.

    Raises:
        CaseRefused: Not a number of this form.
    """
    found = _NUMBER.fullmatch(re.sub(r"\s", "", text))
    if not found:
        raise CaseRefused(f"“{text}” 不是编号，应写成 合税社争报〔2026〕1号 / not a submission number")
    return found["prefix"], int(found["year"]), int(found["seq"])


@dataclass(frozen=True, slots=True)
class PaperDate:
    """A date or time in a paper: ``{{ 落款日期 }}`` prints 2026年1月5日, ``{{ 反馈期限.月 }}`` prints 1.

    A time that is not midnight prints 2026年1月5日9时30分, county time. ``None`` prints blanks to be filled in by hand.
    """

    value: date | None

    def __str__(self) -> str:
        if self.value is None:
            return "    年    月    日"
        text = f"{self['年']}年{self['月']}月{self['日']}日"
        if isinstance(self.value, datetime) and (self.value.hour or self.value.minute):
            text += f"{self.value.hour}时{self.value.minute:02d}分"
        return text

    def __getitem__(self, part: str) -> str:
        size = {"年": "year", "月": "month", "日": "day"}[part]
        return "    " if self.value is None else str(getattr(self.value, size))

    @classmethod
    def of(cls, value: date | None) -> PaperDate:
        """Take a date or an aware time, which is turned to county time."""
        return cls(value.astimezone(SHANGHAI) if isinstance(value, datetime) and value.tzinfo else value)


def _labels(codes: tuple[str, ...], table: Mapping[str, str]) -> str:
    known = {code: label for label, code in table.items()}
    return "、".join(known.get(code, code) for code in codes)


@dataclass(frozen=True, slots=True)
class PaperContext:
    """The common fields of one case. ``more`` holds what a person wrote for one paper, by field name, and wins.

    ``accepting_unit`` is a code of ``units``. Pure: the same parts give the same values.
    """

    case_no: str
    ticket: Ticket
    units: Mapping[str, Unit]
    accepting_unit: str
    issued_on: date
    decision: Decision | None = None
    county: str = ""
    policy_basis: str = ""
    more: Mapping[str, object] = field(default_factory=dict)

    def values(self) -> dict[str, object]:
        """Return field name → value for ``Forms.render``; what is not known is absent.

        Raises:
            CaseRefused: The accepting unit is not in units.yaml.
        """
        unit = self.units.get(self.accepting_unit)
        if unit is None:
            raise CaseRefused(f"案件 {self.case_no} 的受理部门代号 “{self.accepting_unit}” 不在 units.yaml 中，"
                              f"可用：{'、'.join(self.units)} / unknown accepting unit")
        ticket = self.ticket
        found: dict[str, object] = {
            "县名": self.county, "政策依据": self.policy_basis, "案件编号": self.case_no, "落款日期": self.issued_on,
            "受理部门": unit.name, "受理部门电话": unit.phone, "受理部门地址": unit.address, "落款单位": unit.name,
            "工单编号": ticket.ticket_no, "事项标题": ticket.title, "联系人姓名": ticket.caller_name,
            "联系人电话": ticket.caller_phone, "被反映单位": ticket.respondent, "事项所在辖区": ticket.area,
            "受理渠道": ticket.channel, "来访时间": ticket.received_at, "反映主要事项": ticket.content,
            "反映内容摘要": ticket.content, "工单类型": _labels((ticket.ticket_type,), TICKET_TYPES),
            **self._decided(), **self.more,
        }
        return {name: value for name, value in found.items() if value not in (None, "")}

    def _decided(self) -> dict[str, object]:
        decision = self.decision
        if decision is None:
            return {}
        lead = self.units.get(decision.lead)
        helpers = [self.units[u].name for u in decision.units if u in self.units and u != decision.lead]
        reasons = [r for r in decision.reasons if r.because]
        return {
            "工单类型": _labels((decision.ticket_type,), TICKET_TYPES), "险种": _labels(decision.insurance, INSURANCE),
            "争议环节": _labels(decision.topics, TOPICS), "办理方式": _labels((decision.track,), TRACKS),
            "事项等级": _labels((decision.matter,), MATTERS) if decision.matter else None,
            "主办单位": lead.name if lead else None, "联办单位": "、".join(helpers),
            "判定理由": "；".join(dict.fromkeys(r.because for r in reasons)),
            "判定依据": "；".join(dict.fromkeys(r.clause for r in reasons)),
            "办理期限": decision.due_at,
        }
