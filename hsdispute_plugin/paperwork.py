"""From case to paper: for each 文种 that an act calls for, the values that its template prints, out of what is on record.

``Forms.render`` makes the .docx of them. What no record holds comes from a person (``asks``); what this room words itself
(``drafts``) a person may write otherwise. Numbers are taken by the caller, who knows the last one (``number_prefix``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from hsdispute_plugin import paperwork_archive as archive
from hsdispute_plugin import paperwork_closing as closing
from hsdispute_plugin import paperwork_handling as handling
from hsdispute_plugin import paperwork_intake as intake
from hsdispute_plugin.case import By, Case, PaperDue, Side
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_print import empty
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.paperwork_closing import payer_remedy
from hsdispute_plugin.paperwork_occasion import FiledPaper, Occasion, common
from hsdispute_plugin.rules.clock import Clock
from hsdispute_plugin.rules.rulebook import RuleSource

__all__ = ["WRITERS", "FiledPaper", "asks", "drafts", "missing_fields", "number_prefix", "paper_values", "payer_remedy", "plain",
           "refuse_incomplete", "without_identity"]

#: 文种 → what it prints besides the common fields. Every paper of the acts stands here.
WRITERS: Mapping[str, Callable[[Occasion], Mapping[str, object]]] = MappingProxyType({
    "转办单": intake.referral, "一次性补正告知": intake.correction, "受理登记表": intake.acceptance, "受理回执": intake.receipt,
    "告知单": intake.inform, "移送函": intake.transfer, "办理情况反馈单": intake.handling_feedback,
    "不予受理告知书": intake.rejection, "联办通知": handling.joint_notice, "联办意见书": handling.joint_opinion,
    "会商记录": handling.consultation, "报送单": handling.submission, "专案审批表": handling.special_approval,
    "专案审批意见": handling.special_opinion, "会议纪要": handling.minutes, "答复意见书": closing.reply,
    "对方当事人反馈函": closing.respondent_feedback, "送达回证": closing.service, "异议登记和救济告知": closing.objection,
    "回访记录": closing.follow_up, "提级报告": handling.escalation, "卷宗封面": archive.cover, "卷内目录": archive.catalogue,
    "卷内备考表": archive.archive_note, "延期审批表": handling.extension, "延期办理告知书": handling.extension,
    "催办通知": handling.reminder, "督办通知": handling.supervision,
})

_ASKS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "告知单": ("告知理由",), "移送函": ("告知理由",), "办理情况反馈单": ("反馈缴费人情况",), "联办意见书": ("承办人电话",),
    "专案审批意见": ("承办人电话",), "对方当事人反馈函": ("反馈意见",), "送达回证": ("送达地址",),
    "异议登记和救济告知": ("异议内容",), "回访记录": ("回访方式",), "提级报告": ("建议意见", "承办人电话"),
    "催办通知": ("经办人电话",), "督办通知": ("经办人电话",),
})

_DRAFTS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "转办单": ("转办意见",), "一次性补正告知": ("补正事项",), "不予受理告知书": ("不予受理依据",), "联办通知": ("联办要求",),
    "专案审批表": ("重大疑难情形", "判定依据"), "会商记录": ("各方意见", "记录人"), "会议纪要": ("任务分工", "列席人员"),
    "答复意见书": ("联办情况",), "对方当事人反馈函": ("争议事项", "救济途径", "应办事项", "应办期限"),
    "回访记录": ("未解决原因", "缴费人意见", "后续处理"), "延期审批表": ("已办情况",),
    "催办通知": ("催办事项", "催办要求", "回复期限"),
    "督办通知": ("督办要求", "批示意见"), "提级报告": ("已办情况", "附件清单"), "卷宗封面": ("案卷题名", "全宗号", "密级"),
    "卷内备考表": ("本卷情况说明", "检查人"),
})


def asks(kind: str) -> tuple[str, ...]:
    """Name the fields of a paper that the records may not hold, so that the act's form must be able to carry them."""
    return _ASKS.get(kind, ())


def drafts(kind: str) -> tuple[str, ...]:
    """Name the fields of a paper that are worded here or left blank, and that a person may well write otherwise."""
    return _DRAFTS.get(kind, ())


def paper_values(
    due: PaperDue, case: Case, ticket: Ticket, clocks: Sequence[Clock], by: By, source: RuleSource,
    more: Mapping[str, object], *, forms: Forms, filed: Sequence[FiledPaper] = (),
) -> dict[str, object]:
    """Return field → value of a paper, all of it plain JSON; ``more``, what a person wrote for it, wins.

    ``case`` and ``clocks`` are those after the act, ``filed`` the papers made before it. What is not known is absent:
    ``missing_fields`` names what of it is demanded.

    Raises:
        CaseRefused: No such paper, or remedies.yaml has no remedy for this respondent.
    """
    forms.paper(due.kind)
    occasion = Occasion(due, case, ticket, tuple(clocks), by, source, forms, tuple(filed))
    # What one paper leaves blank is not blank for the next: only what has content replaces the common fields.
    found = common(occasion) | _said(WRITERS[due.kind](occasion)) | _said(more)
    return {name: plain(value) for name, value in found.items() if not empty(value)}


def _said(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if not empty(value)}


def plain(value: Any) -> Any:
    """Return a value as JSON has it: dates as ISO text, rows and lists as lists."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value if isinstance(value, bool | int) else str(value)


def without_identity(due: PaperDue) -> bool:
    """Tell whether a paper goes to the other party, so that ``Forms.render`` must leave out who complained (附件备注)."""
    return due.to == Side.RESPONDENT


def number_prefix(due: PaperDue, values: Mapping[str, object], forms: Forms, source: RuleSource) -> str:
    """Return the 字 under which this paper takes its 文号, one series for each and each year; empty: it bears none.

    ``values`` are those of the paper: its unit (落款单位) gives its own 字. A number already written there stays.

    Raises:
        CaseRefused: The paper bears a number, and forms.yaml gives this unit no 字.
    """
    if values.get("文号"):
        return ""
    unit = next((u.code for u in source.units.values() if u.name == values.get("落款单位")), "office")
    return forms.number_prefix(due.kind, unit)


def missing_fields(due: PaperDue, values: Mapping[str, object], forms: Forms) -> tuple[str, ...]:
    """Name what the paper demands and the values lack."""
    return forms.missing(due.kind, values, without_identity=without_identity(due))


def refuse_incomplete(case_no: str, papers: Iterable[tuple[PaperDue, Mapping[str, object]]], forms: Forms) -> None:
    """Refuse papers of one act that lack something, all of them and all of it in one sentence.

    Raises:
        CaseRefused: With the names of papers and fields; never a value.
    """
    lacking = {due.kind: missing for due, values in papers if (missing := missing_fields(due, values, forms))}
    if lacking:
        said = "、".join(f"{kind}（{'、'.join(fields)}）" for kind, fields in lacking.items())
        basis = "；".join(dict.fromkeys(forms.paper(kind).basis for kind in lacking))
        raise CaseRefused(f"{case_no} 的文书还缺内容：{said}。请随这一步一并补写；单位电话填进 units.yaml 后不再问。"
                          f"依据：{basis}")
