"""A decision in words: JSON for programs, Chinese for the clerk who reads it in the host's ticket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hsdispute_plugin.model import SHANGHAI, Decision, DueDate, Matter, Scope
from hsdispute_plugin.rules.rulebook import FAMILIES, RuleSource

_WEEKDAYS = "一二三四五六日"
_PERIODS = FAMILIES["deadline"][0]


def decision_json(decision: Decision) -> dict[str, Any]:
    """Return the decision as plain values, by the codes of the fact table; offsets count in ``ticket.text``."""
    return {
        "ticket_no": decision.ticket_no,
        "scope": decision.scope.value,
        "compound": decision.compound,
        "insurance": list(decision.insurance),
        "topics": list(decision.topics),
        "lead": decision.lead,
        "units": list(decision.units),
        "track": decision.track.value,
        "matter": decision.matter.value if decision.matter else None,
        "signals": list(decision.signals),
        "ticket_type": decision.ticket_type,
        "due": [
            {"key": d.key, "what": d.what, "due_at": d.due_at.astimezone(SHANGHAI).isoformat(), "basis": d.basis,
             "confirmed": d.confirmed, "provisional": d.provisional}
            for d in decision.due
        ],
        "alerts": [{"key": a.key, "what": a.what, "rule": a.rule} for a in decision.alerts],
        "reasons": [
            {"rule": r.rule, "clause": r.clause, "because": r.because,
             "evidence": [{"text": p.text, "start": p.start, "end": p.end} for p in r.evidence]}
            for r in decision.reasons
        ],
        "edition": decision.edition,
        "engine": decision.engine,
    }


def decision_codes(decision: Decision) -> dict[str, Any]:
    """Return the same without the words of the ticket: what may be kept in clear."""
    told = decision_json(decision)
    return told | {"reasons": [reason | {"evidence": []} for reason in told["reasons"]]}


def explanation(decision: Decision, source: RuleSource) -> str:
    """Return the decision as a clerk reads it: what is suggested, by when, and why, with clause and quoted words."""
    label = source.table.by_code
    lines = [f"【通报】{a.what}" for a in decision.alerts]
    lines.append(f"建议：{label['scope'].label_of(decision.scope)}，{label['track'].label_of(decision.track)}"
                 + (f"（{label['matter'].label_of(decision.matter)}）" if decision.matter is Matter.GENERAL else "") + "。")
    if decision.scope is not Scope.OUT:
        lead = source.units[decision.lead].name if decision.lead in source.units else label["lead"].label_of(decision.lead)
        lines.append(f"主办：{lead}。" + (f"参加：{'、'.join(helper_names(decision, source))}。" if helpers(decision) else ""))
    elif decision.units:
        lines.append(f"可告知前往：{'、'.join(source.units[u].name for u in decision.units)}。")
    seen = [f"{label[code].label}：{'、'.join(label[code].label_of(m) for m in members)}"
            for code, members in (("insurance", decision.insurance), ("topics", decision.topics), ("signals", decision.signals))
            if members]
    if seen:
        lines.append("；".join(seen) + "。")
    if decision.due:
        lines += ["时限：", *(f"  · {due_sentence(d)}" for d in decision.due)]
    lines.append("理由：")
    told = [r for r in decision.reasons if r.family != _PERIODS]  # the periods stand above, each with its basis
    for number, reason in enumerate(told, 1):
        quoted = "、".join(f"“{text}”" for text in _texts(reason.evidence))
        lines.append(f"  {number}. {reason.because}（{reason.clause}）" + (f"——原文：{quoted}" if quoted else "")
                     + f" [{reason.rule}]")
    lines.append(f"以上由规则册 {decision.edition} 版给出，是否采纳由受理人决定。")
    return "\n".join(lines)


def due_sentence(due: DueDate) -> str:
    """Return ``办结 2026年12月1日（周二）18:00前，县级自定，未确认``."""
    at = due.due_at.astimezone(SHANGHAI)
    marks = ("" if due.confirmed else "，未确认") + ("，所跨年份节假日安排未公布，暂定" if due.provisional else "")
    return f"{due.what}：{at.year}年{at.month}月{at.day}日（周{_WEEKDAYS[at.weekday()]}）{at:%H:%M}前（{due.basis}{marks}）"


def helpers(decision: Decision) -> tuple[str, ...]:
    """Return the codes of the units that take part beside the lead."""
    return tuple(u for u in decision.units if u != decision.lead)


def helper_names(decision: Decision, source: RuleSource) -> tuple[str, ...]:
    """Return the names of the units that take part beside the lead."""
    return tuple(source.units[u].name for u in helpers(decision))


def basis(decision: Decision) -> str:
    """Return the clauses behind the decision: each document once, its clauses in the order of the reasons.

    ``合政办发〔2025〕30号 三（二），四（三）1；社会保险法 第六十三条``.
    """
    documents: dict[str, dict[str, None]] = {}
    for part in (p.strip() for r in decision.reasons for p in r.clause.split("；")):
        document, _, clause = part.partition(" ")
        documents.setdefault(document, {})[clause] = None
    return "；".join(f"{document} {'，'.join(filter(None, clauses))}".rstrip() for document, clauses in documents.items())


def _texts(evidence: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(p.text.replace("\n", " ") for p in evidence))[:4]
