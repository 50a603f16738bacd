"""What the papers of handling print (四（三）): joint work, special cases, consultations, extensions, reminders, supervision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hsdispute_plugin.case import Consultation, Role, Task, TaskKind, total_key
from hsdispute_plugin.case.guards import DOC
from hsdispute_plugin.paperwork_occasion import GROUNDS, GROUP, OFFICE, Occasion, day_of, is_head, progress, sentence
from hsdispute_plugin.rules.facts import SIGNALS

_PERIOD = {TaskKind.JOINT: "general_opinion", TaskKind.SPECIAL: "major_opinion"}


def joint_notice(o: Occasion) -> Mapping[str, object]:
    """联办通知 to one unit: of the accepting unit in joint work, of the leading group's office in a special case."""
    h = o.case.handling
    special = h.approval is not None and h.task_of(TaskKind.SPECIAL, o.due.to) is not None
    unit = o.source.units.get(o.due.to)
    duty = f"（{unit.duty}）" if unit and unit.duty else ""
    sorted_out = f"经审核，梳理的事项和诉求：{sentence(o.case.reviewed.summary)}\n" if o.case.reviewed else ""
    wanted = f"{sorted_out}请依职责{duty}核查，书面说明查明的事实、处理意见和依据，由负责人签字。"
    kind = TaskKind.SPECIAL if special else TaskKind.JOINT
    found: dict[str, object] = {"联办单位": o.unit(o.due.to), "联办要求": wanted, "专案": special,
                                "意见期限": o.due_at(_PERIOD[kind], o.due.to)}
    return found | {"落款单位": o.unit(OFFICE)} if special else found


def joint_opinion(o: Occasion) -> Mapping[str, object]:
    """联办意见书 of the actor's unit. Clause: 四（三）1（3）."""
    return _opinion(o, _given(o, TaskKind.JOINT))


def special_opinion(o: Occasion) -> Mapping[str, object]:
    """专案审批意见 of the actor's unit; 不涉及 is an answer that rests on the unit's duties. Clause: 四（三）2（3）."""
    task = _given(o, TaskKind.SPECIAL)
    assert task.opinion
    found = _opinion(o, task) | {"是否涉及": task.opinion.concerned}
    if not task.opinion.concerned and not task.opinion.basis:
        found["意见依据"] = f"{DOC}三（二）本单位职责"
    return found


def _given(o: Occasion, kind: TaskKind) -> Task:
    """Return the task whose opinion this act gave."""
    return max((t for t in o.case.handling.tasks if t.kind is kind and t.unit == o.by.actor.unit and t.opinion),
               key=lambda t: t.opinion.at if t.opinion else o.by.at)


def _opinion(o: Occasion, task: Task) -> dict[str, object]:
    said, due = task.opinion, o.clock(_PERIOD[task.kind], task.unit)
    assert said
    return {"查明事实": said.facts, "办理意见": said.view, "意见依据": said.basis, "负责人姓名": said.signer,
            "承办人姓名": o.by.actor.name, "承办人电话": o.phone(task.unit), "落款单位": o.unit(task.unit),
            "阶段性情况": "；".join(task.progress), "意见期限": due.due_at if due else None}


def submission(o: Occasion) -> Mapping[str, object]:
    """报送单, exactly the annex."""
    sent = o.case.handling.submission
    assert sent
    return {"报送编号": sent.submission_no, "反映内容摘要": sent.summary, "报送意见": sent.opinion,
            "反馈期限": sent.feedback_due_on, "反馈电话": sent.contact_phone}


def special_approval(o: Occasion) -> Mapping[str, object]:
    """专案审批表 as far as it is filled: with the submission, and again with the director's decision.

    Clause: 四（二）「报请专班主任同意后，进行专案处理」; 四（三）2（2）.
    """
    h = o.case.handling
    refused = h.disapprovals[-1] if h.disapprovals and not h.submission else None
    sent = refused.submission if refused else h.submission
    assert sent
    said = o.case.decision
    signals = "、".join(label for label, code in SIGNALS.items() if code in said.signals)
    decided = [c.why for c in h.classes if c.why]
    grounds = [r for r in said.reasons if r.family == GROUNDS and r.because]  # not the duties of others
    because = list(dict.fromkeys([*(r.because for r in grounds), *decided]))
    found: dict[str, object] = {
        "报送编号": sent.submission_no, "受理部门意见": sent.opinion, "反映主要事项": sent.summary,
        "重大疑难情形": "；".join([*([f"情形：{signals}"] if signals else []), *because]) or "经审核属于重大、复杂、疑难事项",
        "判定依据": "；".join(dict.fromkeys([*(r.clause for r in grounds), f"{DOC}四（二）"])),
        "负责人姓名": o.by.actor.name if o.by.actor.role is Role.UNIT_HEAD else None,
    }
    if h.endorsement:
        found |= {"专班办公室意见": h.endorsement.text, "专班办公室签字": h.endorsement.by.name,
                  "专班办公室日期": h.endorsement.at}
    if refused:
        after = "转一般事项办理" if refused.as_general else "补充材料后再报"
        found |= {"专班主任意见": f"不同意专案办理，{after}。{sentence(refused.why)}", "专班主任签字": refused.by.name,
                  "专班主任日期": refused.at}
    elif h.approval:
        meeting = "并召开专题会议" if h.meeting_approval else ""
        found |= {"专班主任意见": f"同意专案办理{meeting}。{sentence(h.approval.why)}", "专班主任签字": h.approval.by.name,
                  "专班主任日期": h.approval.at}
    return found


def consultation(o: Occasion) -> Mapping[str, object]:
    """会商记录; a unit that gave its opinion in writing is quoted, others speak in the conclusion. Clause: 四（三）3."""
    meeting = o.case.handling.consultations[-1]
    return {
        "会商类型": "重大事项会商（专题会议）" if meeting.special else "一般事项会商", **_held(o, meeting),
        "记录人": o.by.actor.name, "各方意见": [_view(o, unit) for unit in meeting.present], "会商结论": meeting.decisions,
    }


def minutes(o: Occasion) -> Mapping[str, object]:
    """会议纪要; at the least the accepting unit must carry out what was decided and tell the payer.

    Clause: 四（三）2（3）「经专班会商后形成会议纪要，由受理部门将处理意见以书面形式告知缴费人」.
    """
    h = o.case.handling
    meeting = next(m for m in reversed(h.consultations) if m.special)
    assert h.minutes
    task = {"序号": 1, "任务": "落实议定事项，书面答复缴费人，向争议双方反馈", "责任单位": o.short(o.case.accepting_unit),
            "完成期限": o.due_at("notify_after_decision")}
    return {**_held(o, meeting), "会议情况": h.minutes.text, "议定事项": meeting.decisions, "任务分工": [task],
            "签发人": h.minutes.by.name, "文号": h.minutes.minutes_no, "落款单位": o.unit(GROUP)}


def _held(o: Occasion, meeting: Consultation) -> dict[str, object]:
    return {"会商时间": meeting.held_at, "会商地点": meeting.place, "主持人": meeting.chair, "会商议题": meeting.agenda,
            "参加人员": o.names(meeting.present), "缺席人员": o.names(meeting.absent), "不同意见": meeting.dissent}


def _view(o: Occasion, unit: str) -> dict[str, object]:
    opinions = [t.opinion for t in o.case.handling.tasks if t.unit == unit and t.opinion]
    if opinions:
        return {"单位": o.short(unit), "发言人": opinions[-1].signer, "意见": opinions[-1].view}
    returned = [r.why for r in o.case.returns if r.unit == unit] + [
        t.why for t in o.case.handling.tasks if t.unit == unit and t.why]
    return {"单位": o.short(unit), "发言人": "", "意见": returned[-1] if returned else "未另交书面意见，见会商结论"}


def extension(o: Occasion) -> Mapping[str, object]:
    """延期审批表 and 延期办理告知书: the due before and after, counted by the same clock. Clause: 参照信访工作条例 34."""
    granted, clock = o.case.handling.extensions[-1], o.clock(total_key(o.case), o.case.accepting_unit)
    before = None
    if clock and clock.extensions:
        before = replace(clock, extensions=clock.extensions[:-1]).recount(o.source.calendar, o.source.hours).due_at
    said = f"同意延期{granted.workdays}个工作日。"
    mine = o.by.actor.role is Role.UNIT_HEAD
    signed = {"单位负责人意见": said, "单位负责人签字": granted.by.name, "单位负责人日期": granted.at} if mine else {
        "审批意见": said, "审批人签字": granted.by.name, "审批日期": granted.at}
    return {"申请单位": o.unit(o.case.accepting_unit), "申请日期": o.day, "延期理由": granted.why, "已办情况": progress(o),
            "原办理期限": before, "延期后期限": clock.due_at if clock else None, "承办人姓名": o.lead_person,
            "承办人电话": o.phone(o.case.accepting_unit), **signed}


def reminder(o: Occasion) -> Mapping[str, object]:
    """催办通知 to one unit, also by the system's clock, which signs for the accepting unit."""
    owed, times = o.owed_by(o.due.to), [u.at for u in o.case.urges if u.unit == o.due.to]
    late = "，已经逾期" if owed and owed.overdue(o.by.at) else ""
    by_clock = o.by.actor.role is Role.CLOCK
    return {
        "承办单位": o.unit(o.due.to), "办理期限": owed.due_at if owed else None,
        "催办事项": f"其中“{owed.what if owed else '本事项'}”至今未办结{late}。", "催办次数": len(times),
        "催办要求": (not by_clock and o.by.why.strip()) or "请抓紧办理，并将办理情况书面反馈受理部门。",
        "经办人姓名": o.lead_person if by_clock else o.by.actor.name, "经办人电话": o.phone(o.issuer),
        "落款单位": o.unit(o.issuer),
    }


def supervision(o: Occasion) -> Mapping[str, object]:
    """督办通知 to one unit, which must answer."""
    made, owed = o.case.supervisions[-1], o.owed_by(o.due.to)
    urged = [f"第{n}次：{day_of(u.at)}" for n, u in enumerate((u for u in o.case.urges if u.unit == made.unit), 1)]
    return {
        "承办单位": o.unit(made.unit), "原办理期限": owed.due_at if owed else None,
        "督办事由": f"{made.ground}。{sentence(made.why)}",
        "已催办情况": "；".join(urged) or "未催办", "督办要求": "请立即办理，按期书面答复办理结果；未办结的说明理由和办结日期。",
        "回复期限": o.due_at("supervise_reply", made.unit), "经办人姓名": o.by.actor.name, "经办人电话": o.phone(o.issuer),
        "落款单位": o.unit(o.issuer),
    }


def escalation(o: Occasion) -> Mapping[str, object]:
    """提级报告 of the actor's unit to its upper organ. Clause: 五（三）「要及时分部门上报情况」."""
    sent, h = o.case.handling.escalations[-1], o.case.handling
    return {"上级部门": sent.upper, "提级理由": sent.why, "已办情况": progress(o),
            "建议意见": h.combined.text if h.combined else None, "承办人姓名": o.by.actor.name,
            "承办人电话": o.phone(sent.unit), "签发人": o.by.actor.name if is_head(o.by.actor) else None,
            "落款单位": o.unit(sent.unit)}
