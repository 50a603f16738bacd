"""What the papers of reply and feedback print (四（三）、四（四）): to both parties, their service, objection and remedies."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hsdispute_plugin.case import Case, Party, RemedyKind, ReplyOutcome, ServiceMode, Side, TaskKind, TaskState
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_catalogue import Ground
from hsdispute_plugin.paperwork_occasion import NOT_GIVEN, Occasion

EMPLOYER = "employer"
_OPENING = {ReplyOutcome.SUPPORTED: "支持你（单位）的诉求。", ReplyOutcome.EXPLAINED: "现就你（单位）反映的事项解释说明如下。",
            ReplyOutcome.NOT_SUPPORTED: "不支持你（单位）的诉求。"}
_LETTER = {Side.PAYER: "答复意见书", Side.RESPONDENT: "对方当事人反馈函"}
_WAYS = {RemedyKind.MEDIATION: "调解", RemedyKind.REVIEW: "行政复议", RemedyKind.ARBITRATION: "劳动仲裁",
         RemedyKind.LITIGATION: "行政诉讼"}
_PHONE = re.compile(r"\d[\d\-—－ ]{3,}\d")


def payer_remedy(case: Case, forms: Forms) -> str:
    """Name what the payer may do: against the unit complained of; with an employer also arbitration, and review of what we did.

    Raises:
        CaseRefused: remedies.yaml has nothing for this respondent.

    Clause: 四（四）「按规定程序申请调解、行政复议、仲裁、行政诉讼」.
    """
    return forms.remedy_text(*_payer_may(case))


def _payer_may(case: Case) -> tuple[set[str], set[Ground]]:
    r = case.registration
    grounds = {Ground.ACT, Ground.MEDIATION}
    if "passing_buck" in case.decision.topics:
        grounds.add(Ground.OMISSION)  # 行政复议法 23：未履行法定职责的，复议前置
    if r and r.respondent_unit:
        return {r.respondent_unit}, grounds
    employed = r is None or (r.payer.kind != "用人单位" and (not r.respondent or r.respondent.kind in ("", "用人单位")))
    whom = {case.accepting_unit, *([EMPLOYER] if employed else [])}
    return whom, grounds | ({Ground.LABOUR} if employed else set())


def respondent_remedy(case: Case, forms: Forms) -> str:
    """Name what the other party may do: an employer against our act; a member unit is left with mediation."""
    unit = case.registration.respondent_unit if case.registration else ""
    if unit:
        return forms.remedy_text([unit], [Ground.MEDIATION])
    return forms.remedy_text([case.accepting_unit], [Ground.ACT, Ground.MEDIATION])


def reply(o: Occasion) -> Mapping[str, object]:
    """答复意见书, signed by the accepting unit. Clause: 四（三）1（3）、2（3）."""
    said = o.case.handling.reply
    assert said
    return {"争议诉求": said.claim, "查明事实": said.facts, "处理意见": f"{_OPENING[said.outcome]}\n{said.opinion}",
            "处理依据": said.basis, "救济途径": said.remedy, "联办情况": _together(o), **_contact(said.contact)}


def _contact(contact: str) -> dict[str, object]:
    found = _PHONE.search(contact)
    return {"受理人电话": found[0].strip()} if found else {}


def _together(o: Occasion) -> str:
    h = o.case.handling
    if h.approval:
        number = f"（{h.minutes.minutes_no}）" if h.minutes else ""
        return f"本事项经领导专班主任同意专案处理，各成员单位已书面提出意见，经领导专班会商形成会议纪要{number}。"
    tasks = [t for t in h.tasks if t.kind is TaskKind.JOINT]
    said, waived = ("、".join(dict.fromkeys(o.unit(t.unit) for t in tasks if t.state is state))
                    for state in (TaskState.DONE, TaskState.OVERRIDDEN))
    lines = [f"本事项由{o.unit(o.case.accepting_unit)}牵头，{said}已书面提出意见。"] if said else []
    return "".join([*lines, *([f"{waived}未在期限内提出书面意见。"] if waived else [])])


def respondent_feedback(o: Occasion) -> Mapping[str, object]:
    """对方当事人反馈函: its opinion is written anew by a person; the matter is told in words that name nobody.

    Clause: 四（四）「向争议双方进行反馈」; 附件备注「不得泄露缴费人信息」.
    """
    said, r = o.case.handling.reply, o.case.registration
    assert said and r and r.respondent
    return {"对方当事人": r.respondent.name, "争议事项": o.subject + "。", "处理依据": said.basis,
            "救济途径": respondent_remedy(o.case, o.forms), **_contact(said.contact), **hidden(o)}


def hidden(o: Occasion) -> dict[str, object]:
    """Name all who may have complained, so that ``Forms`` can take them out: an anonymous report shows none, yet may know one."""
    ticket, r = o.ticket, o.case.registration
    name, phone = (r.payer.name, r.payer.phone) if r else ("", "")
    name, phone = name or ticket.caller_name, phone or ticket.caller_phone
    others = [str(value) for field, value in (r.extra if r else ()) if field == "共同反映人"]
    others += [ticket.caller_name] if ticket.caller_name not in ("", name) else []
    found: dict[str, object] = {"联系人姓名": name, "联系人电话": phone, "共同反映人": others}
    return found | ({"代理人电话": ticket.caller_phone} if ticket.caller_phone not in ("", phone) else {})


def service(o: Occasion) -> Mapping[str, object]:
    """送达回证 of one side. Clause: 四（四）."""
    made, r = o.case.handling.services[-1], o.case.registration
    party = (r.payer if made.side is Side.PAYER else r.respondent) if r else None
    in_person = made.mode is ServiceMode.IN_PERSON
    letter = next((p for p in reversed(o.filed) if p.kind == _LETTER[made.side]), None)
    name = party.name if party and not (made.side is Side.PAYER and r and r.anonymous) else ""
    return {
        "送达文书": o.forms.paper(_LETTER[made.side]).title, "送达文书号": letter.number if letter else "",
        "受送达人": name or (NOT_GIVEN if made.side is Side.RESPONDENT else None) or _payer_name(o),
        "送达方式": made.mode.value, "送达地址": _where(o, made.mode, party), "送达人": o.by.actor.name,
        "送达时间": made.served_at, "签收人": made.receipt if in_person else "",
        "签收时间": made.served_at if in_person else None, "备注": "" if in_person else made.receipt,
        **(hidden(o) if made.side is Side.RESPONDENT else {}),
    }


def _payer_name(o: Occasion) -> str:
    return "（匿名）" if o.case.registration and o.case.registration.anonymous else o.ticket.caller_name or NOT_GIVEN


def _where(o: Occasion, mode: ServiceMode, party: Party | None) -> str | None:
    """Say where it was served; post and leaving at the door need an address that nobody but a person may know."""
    if mode is ServiceMode.ELECTRONIC:
        return (party.phone if party else "") or None
    if party and party.address:
        return party.address
    if mode is ServiceMode.IN_PERSON:
        unit = o.source.units[o.case.accepting_unit]
        return unit.address or f"{unit.name}（当面）"
    return "无法查明" if mode in (ServiceMode.NOTICE, ServiceMode.UNREACHABLE) else None


def objection(o: Occasion) -> Mapping[str, object]:
    """异议登记和救济途径告知书: the ways that were told to the payer, each with organ and period. Clause: 四（四）③."""
    h = o.case.handling
    made, served = h.objection, h.served(Side.PAYER)
    assert made and h.reply
    letter = next((p for p in reversed(o.filed) if p.kind == _LETTER[Side.PAYER]), None)
    title = o.forms.paper(_LETTER[Side.PAYER]).title
    return {
        "答复文书": f"{title}（{letter.number}）" if letter and letter.number else title,
        "答复日期": letter.made_on if letter else served.served_at if served else None,
        "异议内容": o.by.why.strip() or None, "异议提出时间": made.at, "选择途径": "、".join(made.routes),
        "救济途径": _told(o, made.routes) or h.reply.remedy,
    }


def _told(o: Occasion, routes: tuple[RemedyKind, ...]) -> str:
    """Give the sentences of the routes; empty where remedies.yaml lacks one of them, so that none is left out silently."""
    whom, grounds = _payer_may(o.case)
    try:
        known = o.forms.remedies(whom, grounds)
    except CaseRefused:
        return ""
    found = [[r.says for r in known if r.way.startswith(_WAYS[route])] for route in routes]
    if not all(found):
        return ""
    said = list(dict.fromkeys(line for lines in found for line in lines))
    return said[0] if len(said) == 1 else "\n".join(f"{n}. {line}" for n, line in enumerate(said, 1))


def follow_up(o: Occasion) -> Mapping[str, object]:
    """回访记录."""
    made = o.case.handling.follow_up
    assert made
    return {"回访时间": made.at, "回访人": made.by.name, "是否解决": made.solved, "是否满意": made.satisfied}
