"""The shipped words read by linguistic class: subjects, negations, demands, benefits, insurances, signals, places."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.load import load


@pytest.fixture(scope="module")
def source():
    return load(shipped_config())


@pytest.fixture(scope="module")
def read(source):
    extractor = Extractor(source.words, source.regions, source.settings, source.table)

    def facts(content: str, title: str = "", **more: str):
        return extractor(Ticket(ticket_no="1", title=title, content=content, **more))

    return facts


@pytest.mark.parametrize(("text", "wanted", "unwanted"), [
    ("公司一直没有给我们缴纳养老保险", {"arrears"}, {"withheld"}),
    ("五险一金，厂里从来没给我们买过", {"registration"}, {"refund"}),
    ("老板扣了社保钱却没有上缴", {"withheld", "arrears"}, {"registration"}),
    ("单位拖欠职工社会养老保险金三年", {"arrears"}, {"registration"}),
    ("我没有单位，想自己交养老保险", {"registration"}, {"arrears", "withheld"}),
    ("我妈从来没交过居民养老保险，现在想一次性补缴", {"backpay"}, {"arrears"}),
    ("村上收的合作医疗钱，去查没有我的名字", {"record"}, {"arrears"}),
    ("离职半年公司还不给办停保", {"staff_change"}, {"refund"}),
    ("手机交医保重复扣了两次，多交的钱退给我", {"refund"}, {"arrears"}),
    ("以前在外地交的养老保险怎么转回来", {"transfer"}, {"backpay"}),
    ("公司按最低基数给员工交社保", {"base"}, set()),
    ("合作医疗年年涨价，今年交多少钱", {"rate"}, {"refund"}),
    ("签了自愿放弃社保的承诺书", {"waiver"}, set()),
    ("补缴养老保险要收滞纳金", {"late_fee", "backpay"}, set()),
    ("税务说归人社，人社又推给税务，互相推", {"passing_buck"}, set()),
    ("干了八年，单位从来没有给我交过养老保险", {"registration"}, {"withheld"}),
    ("工资拖着，还有14个月的社保未缴纳", {"arrears"}, {"registration"}),
    ("网上不可以缴纳城乡居民医保", {"channel"}, {"registration"}),
    ("医保要全家一起买，不能单独买", {"registration"}, {"arrears"}),
    ("村上收了医保钱不开收据", {"certificate"}, {"refund"}),
    ("辞职半年，社保还挂在原公司", {"staff_change"}, {"arrears"}),
    ("交新农合还要重复交吗", set(), {"refund"}),
    ("如不缴纳养老保险就不发工资", set(), {"arrears"}),
])
def test_who_did_what_decides_the_topic(read, text, wanted, unwanted):
    topics = read(text).values["topics"]
    assert wanted <= topics
    assert not topics & unwanted


@pytest.mark.parametrize("insurance", ["养老保险", "医保", "工伤保险", "失业保险", "生育险", "社保", "五险", "职工医保"])
@pytest.mark.parametrize("said", ["公司没给我们买{}", "{}单位一直没给我们买", "老板不给员工上{}", "单位从未给我办{}"])
def test_an_employer_who_never_bought_is_heard_for_every_insurance(read, insurance, said):
    values = read(said.format(insurance)).values
    assert "registration" in values["topics"] and values["employer_fault"]


@pytest.mark.parametrize("text", [
    "社保没有断缴过", "单位没有拖欠社保", "不需要交新农合的有哪些人", "领取养老金的资格认证", "补办社保卡", "社保局电话打不通",
    "话费欠费停机", "每年都按时交了合作医疗", "公司给我买了社保", "《关于未参保人员补缴养老保险的通知》什么时候发的",
])
def test_what_is_denied_done_or_merely_named_is_no_arrears(read, text):
    assert not read(text).values["topics"] & {"arrears", "backpay", "withheld", "break"}


@pytest.mark.parametrize(("title", "text", "head", "demand"), [
    ("单位欠缴养老保险", "我住在县城。", {"arrears"}, {"arrears"}),
    ("孩子入学", "学校好。我家远。单位欠缴养老保险。路不好走。学校很好。请问怎么报名？谢谢。", set(), set()),
    ("孩子入学", "学校好。我家远。请督促单位补缴养老保险。路不好走。学校很好。", set(), {"backpay"}),
    ("", "单位欠缴养老保险，我住在县城。" + "其他情况都好，家里也没有别的困难，孩子也大了。" * 3, {"arrears"}, {"arrears"}),
])
def test_title_demand_and_passing_mention_are_kept_apart(read, title, text, head, demand):
    values = read(text, title).values
    assert values["head_topics"] == head
    assert values["demand_topics"] >= demand and bool(values["demand_topics"]) == bool(demand)


def test_a_short_message_without_a_title_is_all_head(read):
    values = read("单位欠缴养老保险").values
    assert values["head_topics"] == {"arrears"} and values["head_insurance"]


def test_what_is_told_in_passing_is_no_topic_where_another_is_demanded(read):
    story = "以前断缴过养老保险。"
    assert read(story + "后来两边都交了养老保险。请退还重复缴费。", "反映一件事").values["topics"] == {"refund"}
    assert "break" in read(story, "反映一件事").values["topics"]


@pytest.mark.parametrize(("title", "text", "insurance"), [
    ("单位欠缴养老保险", "五险一金都没有交。", {"pension_employee"}),
    ("公司拖欠五险一金", "养老保险欠了两年没交。", {"employee_all"}),
    ("", "公司没有交五险一金，养老保险也没有交。", {"employee_all", "pension_employee"}),
])
def test_beside_all_five_a_single_insurance_counts_where_the_title_names_it(read, title, text, insurance):
    assert read(text, title).values["insurance"] == insurance


@pytest.mark.parametrize(("text", "insurance"), [
    ("单位没给我交医保", {"medical_employee"}),
    ("给刚出生的孩子办医保", {"medical_resident"}),
    ("合疗费今年交多少", {"medical_resident"}),
    ("厂里不交五险", {"employee_all"}),
    ("在家种地的老人交养老保险选什么档次", {"pension_resident"}),
    ("单位没交养老、医疗、失业保险", {"pension_employee", "medical_employee", "unemployment"}),
    ("在外省工作已买养老保险，是否还要参加新农合", {"medical_resident"}),
    ("建筑工地的工伤保险怎么交", {"injury"}),
    ("养老院收费太高", frozenset()),
    ("保险公司不给理赔", frozenset()),
])
def test_insurances_are_those_disputed(read, text, insurance):
    assert read(text).values["insurance"] == insurance


@pytest.mark.parametrize(("text", "signals"), [
    ("我们三十多名职工", {"group10"}),
    ("所有保安都没有社保", {"group10"}),
    ("我们四位员工", {"several"}),
    ("再不解决我就跳楼", {"extreme"}),
    ("我要发抖音曝光", {"public_opinion"}),
    ("只好去上访", {"petition"}),
    ("我们不上访", frozenset()),
    ("已经申请劳动仲裁", {"litigation"}),
    ("厂子破产改制", {"restructuring"}),
    ("反映多次没有结果", {"repeated"}),
    ("我是代课教师", {"public_body"}),
    ("我在镇政府工作", {"public_body"}),
    ("我去镇政府反映", frozenset()),
    ("干了十几年", {"many_years"}),
])
def test_signals_are_heard(read, text, signals):
    assert read(text).values["signals"] == signals


def test_a_denied_threat_goes_to_a_person(read):
    values = read("我不会自杀的").values
    assert (values["signals"], values["doubtful_signals"]) == (frozenset(), {"extreme"})


@pytest.mark.parametrize(("text", "employer"), [
    ("公司没有给员工缴纳社保", True), ("扣了工资里的社保没有交", True),
    ("我自己交的居民医保没有交上", False), ("社区不给孩子办医保", False),
])
def test_the_employer_is_at_fault_only_where_work_is_spoken_of(read, text, employer):
    assert read(text).values["employer_fault"] is employer


@pytest.mark.parametrize(("given", "text", "area"), [
    ("", "我在西华池镇一家饭店上班", "inside"),
    ("", "肖嘴的砖厂", "inside"),
    ("", "我是太白镇的", "inside"),
    ("", "我是太白梁乡的，太白梁乡的公司", "outside"),
    ("", "正宁县的公司，在正宁县上班", "outside"),
    ("", "我从宁县嫁过来", None),
    ("合水县板桥镇", "我在宁县上班，宁县的公司", "inside"),
    ("华池县悦乐镇", "没有地名", "outside"),
    ("", "没有地名", None),
])
def test_places_that_look_alike_are_kept_apart(read, given, text, area):
    assert read(text, area=given).values.get("area") == area


@pytest.mark.parametrize(("title", "text", "kind"), [
    ("咨询养老保险", "请问怎么交？", "consult"), ("投诉公司不交社保", "公司违法。", "complaint"),
    ("举报某公司", "请查处。", "report"),
    ("建议降低费率", "负担重。", "suggest"), ("请求解决养老保险", "恳请领导帮助。", "help"),
])
def test_tone_gives_the_type_where_the_host_gives_none(read, title, text, kind):
    assert read(text, title).values["ticket_type"] == kind
    assert read(text, title, ticket_type="表扬").values["ticket_type"] == kind
    assert read(text, title, ticket_type="投诉举报").values["ticket_type"] == "complaint"


def test_numbers_of_a_person_reach_the_rules_as_numbers(read):
    values = read("我们36名职工，2003年到2014年没有交养老保险").values
    assert (values["people"], values["years"]) == (36, 11)


TRADE = "社保养老医保合作疗保险欠缴交补退转断没有不未单位公司我们职工扣钱买上办请问怎么吗十名年《》，。？\n投诉领导村"


@settings(max_examples=300)
@given(st.text(alphabet=TRADE, max_size=30), st.text(alphabet=TRADE, max_size=150))
def test_every_phrase_stands_where_it_says(read, title, content):
    ticket = Ticket(ticket_no="1", title=title, content=content)
    facts = read(content, title)
    for phrases in facts.evidence.values():
        for phrase in phrases:
            assert ticket.text[phrase.start : phrase.end] == phrase.text


@settings(max_examples=300)
@given(st.text(max_size=200), st.text(max_size=400))
def test_no_text_is_too_strange_to_read(read, title, content):
    assert read(content, title).values["has_phone"] is False
