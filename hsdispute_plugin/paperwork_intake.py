"""What the papers of acceptance and triage print (四（一）、四（二）): registration, and a word to the payer or another unit."""

from __future__ import annotations

from collections.abc import Mapping

from hsdispute_plugin.case import DeclineGround
from hsdispute_plugin.case.guards import DOC
from hsdispute_plugin.case.labels import TRACK_LABELS
from hsdispute_plugin.model import Track
from hsdispute_plugin.paperwork_occasion import TRIAGE, Occasion, sentence

_FIVE = {"缴费人姓名或名称", "联系方式", "来访时间", "事项所在辖区", "反映主要事项"}


def acceptance(o: Occasion) -> Mapping[str, object]:
    """受理登记表; once reviewed or classified it shows that too."""
    case, found = o.case, dict[str, object]()
    if case.registration:
        found["提交材料"] = list(case.registration.evidence)
    if case.reviewed:
        found |= {"审核意见": case.reviewed.summary, "审核人": case.reviewed.by.name, "审核日期": case.reviewed.at}
    if case.handling.classes:
        last = case.handling.classes[-1]
        said = f"{TRACK_LABELS[last.after]}。{sentence(last.why)}"
        found |= {"分类意见": said, "分类人": last.by.name, "分类日期": last.at}
    return found


def receipt(o: Occasion) -> Mapping[str, object]:
    """受理回执."""
    return {}


def correction(o: Occasion) -> Mapping[str, object]:
    """一次性补正告知: everything that is missing, and why it is asked for. Clause: 四（一）「准确完整登记」."""
    missing = o.case.supplement.missing if o.case.supplement else ()
    rows = [{"序号": n, "内容": item, "说明": "文件四（一）规定的登记内容" if item in _FIVE else "办理本事项需要的登记内容"}
            for n, item in enumerate(missing, 1)]
    return {"补正事项": rows, "补正期限": o.due_at("supplement")}


def referral(o: Occasion) -> Mapping[str, object]:
    """转办单 of the government office, or of the leading group's office where it designates a unit."""
    unit = o.due.to or (o.case.designations[-1].unit if o.case.designations else o.case.accepting_unit)
    return {
        "承办单位": o.unit(unit), "转办时间": o.by.at, "转办意见": o.by.why.strip() or "请按职责办理。",
        "签收期限": o.due_at("sign", unit), "退单期限": None if _designated(o, unit) else o.due_at("return_unit", unit),
        "经办人姓名": o.by.actor.name, "经办人电话": o.phone(o.issuer), "落款单位": o.unit(o.issuer),
    }


def _designated(o: Occasion, unit: str) -> bool:
    return unit in {d.unit for d in o.case.designations}


def inform(o: Occasion) -> Mapping[str, object]:
    """告知单: where to go, with what. Clause: 四（一）「应告知缴费人前往相关职能部门办理」."""
    sent = o.case.handling.referral
    assert sent
    return {"告知理由": _why_elsewhere(o), "职能部门": o.unit(sent.to), "职能部门地址": sent.address, "职能部门电话": sent.phone,
            "所需材料": sent.materials}


def transfer(o: Occasion) -> Mapping[str, object]:
    """移送函 to the unit that has the power. Clause: 社会保险法 82."""
    evidence = o.case.registration.evidence if o.case.registration else ()
    return {**inform(o), "移送材料": list(evidence)}


def _why_elsewhere(o: Occasion) -> str | None:
    """Take the person's reason; where the rules suggested the same, theirs. Otherwise a person must write it."""
    said = o.case.decision
    reasons = [r for r in said.reasons if r.because] if said.track is Track.INFORM else []
    where = [r for r in reasons if r.family == TRIAGE] or reasons  # the payer reads where to go, not how the ticket was read
    return sentence(o.by.why.strip() or "；".join(dict.fromkeys(r.because for r in where))) or None


def rejection(o: Occasion) -> Mapping[str, object]:
    """不予受理告知书: ground, basis, and the legal way that is open."""
    said = o.case.handling.refusal
    assert said
    basis = DOC + "二（三）" if said.ground is DeclineGround.OUTSIDE else "国办发〔2020〕53号"
    return {"不予受理理由": f"{said.ground}。{sentence(said.why)}", "不予受理依据": basis, "法定途径": said.route}


def handling_feedback(o: Occasion) -> Mapping[str, object]:
    """办理情况反馈单 of the unit to which the matter was sent; it must say how the payer was told. Clause: 附件备注."""
    sent = o.case.handling.referral
    assert sent and sent.feedback
    return {"办理情况": sent.feedback.text, "反馈期限": sent.feedback_due_on, "承办人电话": sent.phone,
            "落款单位": o.unit(sent.to)}
