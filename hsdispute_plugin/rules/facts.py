"""The facts that rules may use: Chinese label, English code, type, where it comes from, what it says.

A rule file uses the label, engines and ``decide`` output use the code. Texts fix nothing here:
which words make a fact true is ``config/lexicon``; what follows from a fact is ``config/rules``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from hsdispute_plugin.errors import PluginRefused


class Kind(StrEnum):
    """Type of a fact."""

    BOOL = "是否"
    INT = "整数"
    CHOICE = "单选"
    SET = "多选"


@dataclass(frozen=True, slots=True)
class FactDef:
    """One fact. ``values`` maps label to code for 单选 and 多选.

    ``optional``: 整数 and 单选 may be unknown (absent); 是否 and 多选 are always present.
    ``source``: ``ticket`` (a field of the ticket), ``text`` (read from its words), ``desk`` (counted among the cases
    at hand), ``family`` (concluded by an earlier family) or ``count`` (the number of members of the set fact ``counts``).
    """

    label: str
    code: str
    kind: Kind
    says: str
    source: str = "text"
    values: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    counts: str = ""

    def label_of(self, code: str) -> str:
        """Return the Chinese label of a member or choice code."""
        return next((label for label, c in self.values.items() if c == code), code)


INSURANCE = MappingProxyType({
    "企业职工养老": "pension_employee", "城乡居民养老": "pension_resident", "机关事业养老": "pension_public",
    "职工医保": "medical_employee", "居民医保": "medical_resident", "失业": "unemployment", "工伤": "injury",
    "生育": "maternity", "职工社保未细分": "employee_all",
})
TOPICS = MappingProxyType({
    "参保登记": "registration", "增减员": "staff_change", "缴费基数": "base", "费率标准": "rate", "欠费": "arrears",
    "补缴": "backpay", "退费": "refund", "滞纳金": "late_fee", "代扣未缴": "withheld", "断缴": "break",
    "转移接续": "transfer", "系统渠道": "channel", "记录不符": "record", "缴费证明": "certificate",
    "强制执行举报": "enforcement", "劳动关系": "labor_relation", "放弃社保": "waiver", "缓缴减免": "relief",
    "政策咨询": "policy", "推诿": "passing_buck",
})
SIGNALS = MappingProxyType({
    "十人以上": "group10", "多人": "several", "舆情": "public_opinion", "极端": "extreme", "信访": "petition",
    "涉诉": "litigation", "破产改制": "restructuring", "重复反映": "repeated", "普遍政策": "policy_wide",
    "机关事业单位": "public_body", "多年": "many_years",
})
TICKET_TYPES = MappingProxyType({
    "咨询": "consult", "求助": "help", "投诉": "complaint", "举报": "report", "建议": "suggest",
})
UNITS = MappingProxyType({
    "税务局": "tax", "人社局": "hr", "医保局": "medical", "法院": "court", "司法局": "justice", "财政局": "finance",
    "网信办": "cyber", "政府办": "gov_office",
})
DOMAINS = MappingProxyType({
    "待遇": "benefit", "退休": "retirement", "社保卡": "card", "补贴": "subsidy", "公积金": "housing_fund",
    "商业保险": "commercial", "工资": "wages", "征地": "land", "视同缴费": "deemed", "等待期": "waiting",
    "落户购房": "household", "工伤事故": "accident", "机构服务": "service",
})
SIDE_MATTERS = MappingProxyType({
    "待遇损失": "benefit_loss", "挂靠代办": "agent", "行政处罚": "penalty", "不服决定": "remedy", "服务态度": "attitude",
    "破产清算": "insolvency",
})
SCOPES = MappingProxyType({"属于本机制": "in", "不属于本机制": "out", "存疑": "boundary"})
TRACKS = MappingProxyType({"告知移送": "inform", "单办": "single", "联办": "joint", "重大疑难": "major"})
MATTERS = MappingProxyType({"一般事项": "general", "重大疑难事项": "major"})

BUILT_IN: tuple[FactDef, ...] = (
    FactDef("险种", "insurance", Kind.SET, "工单说到的险种", values=INSURANCE),
    FactDef("主题", "topics", Kind.SET, "诉求涉及的征缴环节", values=TOPICS),
    FactDef("情形", "signals", Kind.SET, "可能构成重大疑难或须警惕的情形", values=SIGNALS),
    FactDef("旁涉事项", "side_matters", Kind.SET, "跟着征缴一起说到、另有一套办法的事", values=SIDE_MATTERS),
    FactDef("存疑情形", "doubtful_signals", Kind.SET, "被否定词否定的极端、舆情用语，须由人核实", values=SIGNALS),
    FactDef("领域", "domains", Kind.SET, "说到的征缴以外的事务", values=DOMAINS),
    FactDef("诉求主题", "demand_topics", Kind.SET, "标题、提出要求的句子或末尾两句里的主题", values=TOPICS),
    FactDef("诉求领域", "demand_domains", Kind.SET, "标题、提出要求的句子或末尾两句里的征缴以外的事务", values=DOMAINS),
    FactDef("标题主题", "head_topics", Kind.SET, "标题（没有标题时是头一句话）里的主题", values=TOPICS),
    FactDef("标题领域", "head_domains", Kind.SET, "标题（没有标题时是头一句话）里的征缴以外的事务", values=DOMAINS),
    FactDef("诉求问征缴", "asks_premium", Kind.BOOL, "标题、提出要求的句子或末尾两句里问怎么参保、怎么缴、缴多少"),
    FactDef("诉求问参保", "asks_enrolment", Kind.BOOL, "标题、提出要求的句子或末尾两句里问怎么参保"),
    FactDef("标题社保物", "head_insurance", Kind.BOOL, "标题（没有标题时是头一句话）里说到社会保险"),
    FactDef("诉求提缴", "names_premium", Kind.BOOL, "标题、提出要求的句子或末尾两句里说到参保、缴费，不管怎么说"),
    FactDef("单位失责", "employer_fault", Kind.BOOL, "用人单位没有参保、没有缴纳、拖欠或者扣了没交"),
    FactDef("请求调解", "asks_mediation", Kind.BOOL, "请求或愿意调解"),
    FactDef("曾缴", "paid_before", Kind.BOOL, "话里说到此前缴过、扣过、停缴过"),
    FactDef("征缴占比", "premium_share", Kind.INT, "说征缴的句子占说征缴和说其他事务的句子的百分比；都没有说到时为 0"),
    FactDef("征缴句数", "premium_sentences", Kind.INT, "说到征缴环节的句子数"),
    FactDef("涉及人数", "people", Kind.INT, "同一诉求的人数", optional=True),
    FactDef("涉及年数", "years", Kind.INT, "争议跨越的年数", optional=True),
    FactDef("工单类型", "ticket_type", Kind.CHOICE, "咨询、求助、投诉、举报、建议", values=TICKET_TYPES, optional=True),
    FactDef("辖区", "area", Kind.CHOICE, "事项所在地", values={"县内": "inside", "县外": "outside"}, optional=True),
    FactDef("有联系电话", "has_phone", Kind.BOOL, "工单带有联系电话", source="ticket"),
    FactDef("有姓名", "has_name", Kind.BOOL, "工单带有反映人姓名", source="ticket"),
    FactDef("重复工单", "is_repeat", Kind.BOOL, "平台标明是旧工单的重复", source="ticket"),
    FactDef("同单位近期件数", "same_employer", Kind.INT, "近期（设置 trend_days）反映同一单位的其他案件数；不经办案时不知道",
            source="desk", optional=True),
    FactDef("同乡镇近期件数", "same_town_topic", Kind.INT, "近期同一乡镇、同一主题的其他案件数；不经办案时不知道",
            source="desk", optional=True),
    FactDef("受理范围", "scope", Kind.CHOICE, "是否属于本机制", source="family", values=SCOPES, optional=True),
    FactDef("复合诉求", "compound", Kind.BOOL, "征缴诉求之外还有别的诉求", source="family"),
    FactDef("主办候选", "lead_candidates", Kind.SET, "按职责可作主办的单位", source="family", values=UNITS),
    FactDef("涉及单位", "units", Kind.SET, "按职责须参与的单位", source="family", values=UNITS),
    FactDef("重大情形", "major_grounds", Kind.SET, "单独即建议按重大疑难的情形", source="family", values=SIGNALS),
    FactDef("复核情形", "review_grounds", Kind.SET, "两项以上即建议按重大疑难的情形", source="family", values=SIGNALS),
    FactDef("主办单位", "lead", Kind.CHOICE, "主办单位", source="family",
            values={**UNITS, "联合主办": "joint", "无": "none"}, optional=True),
    FactDef("办理方式", "track", Kind.CHOICE, "告知移送、单办、联办、重大疑难", source="family", values=TRACKS, optional=True),
    FactDef("事项等级", "matter", Kind.CHOICE, "一般事项或重大疑难事项", source="family", values=MATTERS, optional=True),
)


class FactTable:
    """All facts of a rule book: built-in ones and those of plugins, each set with its count fact (``<label>数``)."""

    def __init__(self, defs: Iterable[FactDef] = BUILT_IN) -> None:
        self.by_code: dict[str, FactDef] = {}
        self.by_label: dict[str, FactDef] = {}
        for d in defs:
            self._add(d)
            if d.kind is Kind.SET:
                self._add(FactDef(d.label + "数", d.code + "_count", Kind.INT, f"“{d.label}”的个数", "count", counts=d.code))

    def _add(self, d: FactDef) -> None:
        if d.code in self.by_code or d.label in self.by_label:
            raise PluginRefused(f"事实 “{d.label}”（{d.code}）已有人定义，请换一个名称 / fact {d.code!r} is already defined")
        self.by_code[d.code] = self.by_label[d.label] = d
