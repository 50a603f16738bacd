"""What the fields of the acts' forms are called in Chinese; a form may use these names or the codes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

#: Field of a form, or of a record in it → what a clerk reads. One name, one meaning, in all forms.
FIELD_LABELS: Mapping[str, str] = MappingProxyType({
    # who and where
    "unit": "单位", "units": "单位名单", "co_units": "联办单位", "belongs_to": "应由何单位承办", "person": "姓名",
    "to": "接收单位", "upper": "上级单位", "organ": "受理机关", "respondent_unit": "对方单位代号",
    # registration
    "form": "表单", "payer": "缴费人", "respondent": "对方当事人", "name": "名称", "phone": "电话", "kind": "类别",
    "document_no": "证件号码", "address": "地址", "visited_at": "来访时间", "area": "事项所在辖区", "matter": "反映主要事项",
    "claim": "诉求", "anonymous": "匿名", "evidence": "提交材料", "extra": "其他登记项", "summary": "内容摘要",
    # triage
    "materials": "所需材料", "told_by": "告知方式", "written": "书面移送", "feedback_due_on": "反馈日期", "ground": "事由",
    "route": "法定途径", "parent": "主案", "track": "办理方式", "policy_issue": "政策性普遍性问题",
    # opinions, meetings, special case
    "facts": "查明事实", "view": "处理意见", "basis": "依据", "signer": "签字人", "concerned": "涉及本单位", "meeting": "会商",
    "special": "专题会议", "held_at": "会议时间", "place": "地点", "chair": "主持", "present": "到会单位", "absent": "缺席单位",
    "agenda": "议题", "decisions": "议定事项", "dissent": "不同意见", "text": "正文", "submission_no": "报送编号",
    "opinion": "意见", "contact_phone": "联系电话", "authorisation": "授权书", "as_general": "转一般事项",
    "minutes_no": "纪要编号",
    # reply, objection, archive, remedies
    "reply": "答复", "outcome": "答复结论", "remedy": "救济途径和期限", "contact": "联系方式", "side": "送达对象",
    "mode": "送达方式", "receipt": "送达回证", "answer": "答复内容", "routes": "救济途径", "satisfied": "满意",
    "solved": "已解决", "result": "结果", "agreement": "达成调解协议", "document": "申请书", "accepted": "已受理",
    "file_no": "档号", "keep_years": "保管年限",
    "contents": "卷内目录",
    # beside the main course
    "workdays": "工作日数", "statement": "撤回凭据", "done": "处置情况",
})
TRACK_LABELS: Mapping[str, str] = MappingProxyType({"inform": "告知移送", "single": "单办", "joint": "联办", "major": "重大疑难"})
_CODES = {label: code for code, label in FIELD_LABELS.items()}
_TRACKS = {label: code for code, label in TRACK_LABELS.items()}


def by_code(form: Any) -> Any:
    """Return a form with Chinese field names and tracks turned into codes, in its records too; the rest stays as it is."""
    if isinstance(form, Mapping):
        coded = {_CODES.get(str(name), name): by_code(value) for name, value in form.items()}
        if isinstance(track := coded.get("track"), str):
            coded["track"] = _TRACKS.get(track, track)
        return coded
    return [by_code(part) for part in form] if isinstance(form, list) else form
