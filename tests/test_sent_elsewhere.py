"""What is not ours is sent on with words a clerk can say to the caller; who looks into what nobody can place yet."""

from datetime import datetime

import pytest

from hsdispute_plugin.model import SHANGHAI, Ticket

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)


def decided(book, title, text):
    return book.decide(Ticket(ticket_no="1", title=title, content=text), NOW)


@pytest.mark.parametrize(("title", "text", "where"), [
    ("合作医疗查不到", "我在宁县早胜镇住，今年的合作医疗在村上交了查不到。", "事项所在地的人社、医保、税务部门"),
    ("住院报销少", "母亲在县医院住院花了八千，居民医保才报了三千，请核实。", "由医保局办理"),
    ("医保个人账户", "职工医保个人账户的钱变少了，每月才划八十。", "由医保局办理"),
    ("养老金太少", "退休三年了，养老金一个月才一千八，为啥？", "由人社局办理"),
    ("失业金", "被单位裁了，能不能领失业金，要带啥资料？", "由人社局办理"),
    ("资格认证", "老人在外地，待遇资格认证认不过去。", "养老、失业、工伤的由人社局办理，医疗、生育的由医保局办理"),
    ("退休年龄", "档案里写的出生年月不一样，退休年龄按哪个？", "由人社局办理"),
    ("不签劳动合同", "饭店不签劳动合同还把我辞了，要求赔两个月工资。", "劳动监察投诉，或者申请劳动仲裁"),
    ("拖欠工资", "工地干了五个月，老板拖欠工资两万三不给。", "劳动监察投诉，或者申请劳动仲裁"),
    ("公积金", "公司不交住房公积金，找谁投诉？", "住房公积金管理机构"),
    ("社保卡丢了", "社保卡丢了，咋补办？", "由人社局办理"),
    ("车险", "车险理赔一直不给，保险公司不接电话。", "由承保的保险公司办理"),
    ("路烂了", "老城镇的路坑坑洼洼，请尽快修。", "由县政府办按12345机制转交"),
])
def test_what_is_not_ours_is_sent_on_with_the_place_to_go_to(book, title, text, where):
    decision = decided(book, title, text)
    assert (decision.scope, decision.lead, decision.track) == ("out", "none", "inform")
    told = next(r for r in decision.reasons if r.rule.startswith("triage."))
    assert where in told.because and "社会保险法 第八十二条" in told.clause
    assert "告知" not in told.because, "the payer reads it too"
    assert any("投诉、举报并书面移送" in d.basis for d in decision.due)


def test_what_only_one_unit_can_be_asked_about_is_led_by_it_and_not_by_all_jointly(book):
    decision = decided(book, "学生医保", "娃在兰州上大学，学校把医保交了，村上又让交一份，不交说影响任务，咋办？")
    assert (decision.lead, decision.units, decision.track) == ("medical", ("medical",), "single")
    decision = decided(book, "居民养老", "村上催着给家里每个人都交居民养老，合不合适？")
    assert decision.lead in ("hr", "tax") and "medical" not in decision.units


@pytest.mark.parametrize(("title", "text", "units"), [
    ("要票据", "我们店在税务局给员工交的社保，想开个票据，哪里打？", {"hr", "medical", "tax"}),
    ("判了没执行", "酒厂欠职工社保，法院判了也执行不了。", {"court", "hr", "medical", "tax"}),
    ("单位没拨款", "我们是差额事业单位，财政没拨款，单位养老保险欠了两年。", {"finance", "hr", "tax"}),
    ("传言", "网上都在传县里要把社保费涨三倍，是不是真的？", {"cyber", "hr", "medical"}),
    ("欠三个月", "我的社保交在本县，现在单位欠三个月了。", {"hr", "medical", "tax"}),
    ("养老和医疗都没交", "派遣公司只上了工伤，没给交养老和医疗，两年了。", {"hr", "medical", "tax"}),
])
def test_those_take_part_whom_the_words_name(book, title, text, units):
    assert set(decided(book, title, text).units) == units


def test_how_many_saw_a_film_is_no_number_of_people_with_one_claim(book):
    decision = decided(book, "抖音曝光", "我把单位不给交养老保险的视频发到抖音，五万人看了。")
    assert "group10" not in decision.signals and "public_opinion" in decision.signals


def test_of_a_matter_without_any_premium_nobody_says_that_its_premium_part_is_handled(book):
    decision = decided(book, "住院报销少", "母亲在县医院住院花了八千，居民医保才报了三千，请核实。")
    assert "scope.compound" not in {r.rule for r in decision.reasons} and not decision.compound
    assert decided(book, "欠社保还欠工资", "公司欠养老保险八个月，还拖欠工资两万。").compound
