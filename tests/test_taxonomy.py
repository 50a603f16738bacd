"""Every kind of dispute that the county may meet has rules of its own, with their clause, and a ticket that they decide.

The codes are those of the list of disputes that the rules were drawn up from; people and places are invented.
"""

from datetime import datetime
from typing import NamedTuple

import pytest

from hsdispute_plugin.model import SHANGHAI, Ticket

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)

class Kind(NamedTuple):
    """One kind of dispute: the rules that must speak, a ticket, who leads, who takes part, how it is handled."""

    rules: tuple[str, ...]
    title: str
    text: str
    lead: str
    units: set[str]
    track: str


TAXONOMY = {
    "POL": Kind(
        ("duty.registration",), "咨询职工养老保险政策", "请问职工养老保险的参保政策有什么规定？",
        "hr", {"hr"}, "single"),
    "REG": Kind(
        ("duty.registration-medical",), "新生儿医保参保登记", "请问给刚出生的孩子怎么办理居民医保参保？",
        "medical", {"medical"}, "single"),
    "STAFF": Kind(
        ("duty.registration",), "离职不给减员", "我辞职三个月了，公司一直不给办理养老保险停保减员。",
        "hr", {"hr"}, "single"),
    "BASE": Kind(
        ("duty.base",), "公司按最低基数交社保", "工资七千，单位按最低基数给我交社保，请核查。",
        "tax", {"hr", "medical", "tax"}, "joint"),
    "RATE": Kind(
        ("duty.registration",), "工伤保险费率上浮", "请问工伤保险费率为什么上浮，缴费比例是多少？",
        "hr", {"hr"}, "single"),
    "ARR_POST": Kind(
        ("duty.arrears", "triage.lead-recent-arrears"), "公司欠缴养老保险", "公司从三月起停缴养老保险，之前一直正常，请催缴。",
        "tax", {"hr", "tax"}, "joint"),
    "ARR_PRE": Kind(
        ("triage.lead-before-reform",), "农机厂欠缴养老保险", "农机厂2003年改制时欠缴我养老保险八年，一直没有下文。",
        "hr", {"hr", "tax"}, "major"),
    "NEVER": Kind(
        ("duty.never-registered",), "干了三年没给买社保", "我在砖厂上班三年，老板从来没给我买过养老保险，请责令参保。",
        "hr", {"hr", "tax"}, "joint"),
    "BACK": Kind(
        ("duty.registration", "triage.lead-hr-registration"), "养老保险补缴政策咨询",
        "请问灵活就业人员能不能一次性补缴以前的养老保险？",
        "hr", {"hr"}, "single"),
    "REFUND": Kind(
        ("duty.refund",), "居民医保重复缴费", "学校和村里各交了一次居民医保，多交的钱怎么退费？",
        "tax", {"medical", "tax"}, "joint"),
    "LATE": Kind(
        ("duty.collection",), "养老保险滞纳金", "单位晚缴养老保险，凭什么让我交滞纳金？",
        "tax", {"hr", "tax"}, "joint"),
    "WITHH": Kind(
        ("duty.collection", "triage.lead-withheld"), "扣了钱没交养老保险", "工资里每月扣了养老保险，去查公司一直没有缴纳。",
        "tax", {"hr", "tax"}, "joint"),
    "BREAK": Kind(
        ("duty.collection",), "职工养老断缴", "我的职工养老保险断缴了四个月，有没有影响？",
        "tax", {"hr", "tax"}, "joint"),
    "TRANSFER": Kind(
        ("duty.registration",), "养老保险转移", "在外省交的养老保险怎么转移到本县？",
        "hr", {"hr"}, "single"),
    "BENEFIT": Kind(
        ("scope.title-elsewhere", "triage.inform-hr-benefit"), "退休金没有上涨",
        "我母亲的退休金什么时候调整？她以前交了养老保险。",
        "none", set(), "inform"),
    "FLEX": Kind(
        ("duty.registration",), "灵活就业人员参保", "请问灵活就业人员怎么参加职工养老保险？",
        "hr", {"hr"}, "single"),
    "RESID": Kind(
        ("duty.medical-insurance",), "居民医保缴费标准", "请问今年居民医保缴费标准是多少，什么档次？",
        "medical", {"medical"}, "single"),
    "GOVU": Kind(
        ("duty.finance",), "文化站欠缴养老保险", "我在乡文化站上班，单位一直欠缴养老保险，说财政没有拨款。",
        "tax", {"finance", "hr", "tax"}, "joint"),
    "REL": Kind(
        ("duty.labor-relation",), "站点不承认劳动关系", "我送外卖，站点不承认劳动关系，也没给我买养老保险。",
        "hr", {"hr", "tax"}, "joint"),
    "LOSS": Kind(
        ("duty.benefit-loss",), "公司不交医保造成损失", "公司没有给我缴纳职工医保，住院费报不了，要求公司赔偿损失。",
        "hr", {"hr", "medical", "tax"}, "joint"),
    "WAIVE": Kind(
        ("duty.labor-relation",), "签了放弃社保承诺", "公司让我签自愿放弃社保的承诺书，算数吗？",
        "hr", {"hr", "medical"}, "joint"),
    "SYS": Kind(
        ("duty.collection", "triage.lead-channel"), "手机交不了居民医保", "手机缴费失败，居民医保交不进去，在哪里交？",
        "tax", {"tax"}, "single"),
    "CERT": Kind(
        ("duty.collection",), "养老保险缴费证明", "请问养老保险缴费证明在哪里打印？",
        "tax", {"hr", "tax"}, "joint"),
    "RECORD": Kind(
        ("duty.record",), "交了养老保险查不到", "已经交了两年养老保险，去查询缴费记录没有我的名字。",
        "hr", {"hr", "tax"}, "joint"),
    "EXEC": Kind(
        ("duty.enforcement", "duty.court", "triage.lead-enforcement"), "判了不缴社保请强制执行",
        "法院判决公司补缴养老保险，公司不理，请申请强制执行。",
        "tax", {"court", "hr", "tax"}, "joint"),
    "FINE": Kind(
        ("duty.penalty",), "公司不给买养老保险", "公司一直不给员工买养老保险，请依法处罚单位。",
        "hr", {"hr", "tax"}, "joint"),
    "HIDE": Kind(
        ("duty.enforcement", "triage.lead-enforcement"), "举报公司瞒报工资人数", "该公司瞒报人数，少缴职工养老保险，请稽核。",
        "tax", {"hr", "tax"}, "joint"),
    "DEFER": Kind(
        ("duty.collection", "triage.lead-channel"), "申请缓缴养老保险", "小饭馆生意差，养老保险能不能缓缴？",
        "tax", {"hr", "tax"}, "joint"),
    "BANKR": Kind(
        ("duty.insolvency", "grounds.restructuring"), "农机厂破产欠缴养老保险",
        "厂子宣告破产，破产管理人正在登记，欠缴的养老保险怎么补？",
        "hr", {"court", "hr", "tax"}, "joint"),
    "SERVICE": Kind(
        ("escalation.attitude",), "补缴养老保险没人给办", "去窗口补缴养老保险，工作人员态度恶劣，请督促。",
        "hr", {"hr", "tax"}, "joint"),
    "REMEDY": Kind(
        ("duty.remedy",), "不服滞纳金决定", "我对税务局加收养老保险滞纳金的决定不服，想申请行政复议。",
        "tax", {"hr", "justice", "tax"}, "joint"),
    "AGENT": Kind(
        ("duty.agent",), "中介代缴社保跑路", "找中介代缴社保，交了一年，中介跑路，养老保险断缴半年。",
        "tax", {"hr", "tax"}, "joint"),
    "LANDLESS": Kind(
        ("scope.doubtful-land", "duty.landless", "triage.lead-unclear"), "失地农民养老保险",
        "我是失地农民，请问养老保险怎么参保？",
        "joint", {"finance", "hr"}, "joint"),
    "UNCLEAR": Kind(
        ("duty.passing-buck", "triage.lead-unclear"), "社保的事互相推诿", "社保的事税务和人社互相推，到底归谁管？",
        "joint", {"hr", "medical", "tax"}, "joint"),
    "OTHER": Kind(
        ("scope.title-subsidy",), "公积金怎么提取", "请问住房公积金提取要什么材料，社保交了两年。",
        "none", set(), "inform"),
}
#: Kinds of which law and practice do not say whose they are: registered and handled jointly, never guessed.
DOUBTFUL = ("BASE", "NEVER", "FINE", "AGENT", "LANDLESS", "UNCLEAR")


@pytest.mark.parametrize("code", TAXONOMY)
def test_every_kind_of_dispute_is_decided_by_rules_of_its_own(book, code):
    kind = TAXONOMY[code]
    decision = book.decide(Ticket(ticket_no=code, title=kind.title, content=kind.text), NOW)
    assert (decision.lead, set(decision.units), decision.track) == (kind.lead, kind.units, kind.track)
    assert set(kind.rules) <= {r.rule for r in decision.reasons}


def test_every_rule_of_a_kind_cites_its_clause(book):
    known = {rule.id: rule for family in book.source.families for rule in family.rules}
    for kind in TAXONOMY.values():
        for rule in kind.rules:
            assert known[rule].clause and known[rule].because


@pytest.mark.parametrize("code", DOUBTFUL)
def test_what_is_nobodys_for_certain_goes_to_joint_handling(code):
    assert TAXONOMY[code].track == "joint" and len(TAXONOMY[code].units) > 1
