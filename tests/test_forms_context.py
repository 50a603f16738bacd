"""What papers of a case print without anybody typing it: the ticket, the decision, the accepting unit."""

from datetime import date, datetime

import pytest

from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.forms_context import PaperContext
from hsdispute_plugin.forms_docx import visible_text
from hsdispute_plugin.model import SHANGHAI, Decision, DueDate, Matter, Reason, Scope, Ticket, Track, Unit
from tests.test_forms import FORMS

UNITS = {
    "tax": Unit("tax", "合水县税务局", "税务局", phone="12366"),
    "hr": Unit("hr", "合水县人力资源和社会保障局", "人社局"),
    "medical": Unit("medical", "合水县医疗保障局", "医保局"),
}
TICKET = Ticket(ticket_no="202601050001", title="代扣未缴", content="单位扣了社保没有交。", received_at="2026-01-05 09:30",
                channel="12345热线", area="西华池镇", caller_name="张建国", caller_phone="13800000000", respondent="某建材厂")
DECISION = Decision(
    "202601050001", Scope.IN, False, ("pension_employee", "unemployment"), ("withheld", "arrears"), "tax", ("tax", "hr"),
    Track.JOINT, Matter.GENERAL, (), "complaint",
    (DueDate("general_total", "联办办结", datetime(2026, 1, 26, 18, tzinfo=SHANGHAI), "四（三）1", False),),
    (Reason("duty.withheld", "职责认定", "社会保险法 第六十条", "代扣未缴由税务局征收"),
     Reason("triage.joint", "分类流转", "四（三）1", "涉及两个以上部门"),
     Reason("triage.joint2", "分类流转", "四（三）1", "涉及两个以上部门")), "e", "generated")


def context(**changes: object) -> PaperContext:
    parts: dict[str, object] = {"case_no": "HS2026-0007", "ticket": TICKET, "units": UNITS, "accepting_unit": "tax",
                                "issued_on": date(2026, 1, 5), "decision": DECISION, "county": "合水县"}
    return PaperContext(**{**parts, **changes})  # type: ignore[arg-type]


def test_ticket_and_decision_fill_the_common_fields_in_chinese():
    values = context().values()
    wanted = {
        "案件编号": "HS2026-0007", "工单编号": "202601050001", "联系人姓名": "张建国", "受理部门": "合水县税务局",
        "受理部门电话": "12366", "落款单位": "合水县税务局", "险种": "企业职工养老、失业", "争议环节": "代扣未缴、欠费",
        "工单类型": "投诉", "办理方式": "联办", "事项等级": "一般事项", "主办单位": "合水县税务局",
        "联办单位": "合水县人力资源和社会保障局", "判定理由": "代扣未缴由税务局征收；涉及两个以上部门",
        "判定依据": "社会保险法 第六十条；四（三）1",
    }
    assert {k: values[k] for k in wanted} == wanted
    assert values["办理期限"] == datetime(2026, 1, 26, 18, tzinfo=SHANGHAI)


def test_what_is_not_known_is_absent_and_what_a_person_wrote_wins():
    values = context(decision=None, more={"反映内容摘要": "代扣未缴。", "落款单位": "合水县人民政府办公室"}).values()
    assert not {"险种", "办理期限", "受理部门地址", "主办单位"} & values.keys()
    assert [values[k] for k in ("反映内容摘要", "落款单位", "受理部门")] == ["代扣未缴。", "合水县人民政府办公室", "合水县税务局"]


def test_a_receipt_needs_only_who_received_and_when():
    more = {"受理人姓名": "李受理", "受理人电话": "0934-5520000", "受理时间": datetime(2026, 1, 5, 9, 40, tzinfo=SHANGHAI)}
    text = visible_text(FORMS.render("受理回执", context(more=more).values()))
    assert "本事项的办理方式为联办，预计于2026年1月26日前办结" in text and "单位扣了社保没有交。" in text


def test_an_accepting_unit_that_is_not_listed_is_refused():
    with pytest.raises(CaseRefused, match=r"案件 HS2026-0007 的受理部门代号 “court” 不在 units\.yaml 中，可用：tax、hr、medical"):
        context(accepting_unit="court").values()
