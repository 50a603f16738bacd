"""Numbers as citizens write them, each with the place where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.rules.numbers import people, stretches_of_years, value_of


@pytest.mark.parametrize(("text", "value"), [
    ("3万5千", 35_000), ("3万5", 35_000), ("三十", 30), ("十", 10), ("两百五", 250), ("一百零五", 105), ("1.5万", 15_000),
    ("一万零三百", 10_300), ("2,300", 2300), ("二十七", 27), ("2019", 2019), ("一千二", 1200), ("两千三百万", 23_000_000),
    ("没有", None), ("", None), ("..", None),
])
def test_figures_of_both_kinds_mean_one_number(text, value):
    assert value_of(text) == value


@pytest.mark.parametrize(("text", "value"), [
    ("我们32名职工的养老保险", 32), ("三十多名教师", 30), ("20余人联名", 20), ("我们一百多号人", 100), ("两千多员工", 2000),
    ("侵犯42个员工的权益", 42), ("这10名申诉人", 10), ("二十七位专职审核员", 27), ("共36人", 36), ("20余户村民", 20),
    ("100多人被解除合同", 100), ("2万余人", 20_000), ("几十号人里有15人", 15),
    ("只有七八个管理人员", 7), ("二三十名职工", 20), ("三十几本地职工", 30), ("50直管人员", 50),
    ("二十几个派遣工", 20), ("店里二十多个导购", 20),
])
def test_people_are_counted_by_the_least_that_is_said(text, value):
    assert max(q.value for q in people(fold(text))) == value


@pytest.mark.parametrize("text", [
    "第3名", "三个月", "两年", "2人社部门", "10个月", "每人380元", "4050人员", "四零五零人员补缴",
    "我们是一家二十来人的幼儿园", "我开了个十几个人的小厂",
    "A9市老年人",
    "十组的村民", "3千人均", "五一放假", "第十七位", "视频五万人看了", "已经有三千人转发", "两万人次浏览", "八百人点赞",
    "十二工区的事故", "一直没有职工管",
])
def test_a_number_beside_something_else_counts_no_people(text):
    assert max((q.value for q in people(fold(text))), default=0) < 3


@pytest.mark.parametrize(("text", "value"), [
    ("工作了十几年", 10), ("干了30余年", 30), ("五年社保单位没买", 5), ("至今已有六年", 6), ("拖了好几年", 3), ("二十多年来", 20),
    ("2007年到2014年没有缴", 7), ("97年到05年", 8), ("2015-2018年", 3), ("1993年进厂，2003年改制", 10), ("12年到15年没交", 3),
    ("干了四五年", 4), ("八五年到九八年在镇办企业", 13), ("九六年到零三年没交", 7), ("干了八九年", 8),
])
def test_years_that_passed_are_counted(text, value):
    assert max(q.value for q in stretches_of_years(fold(text))) == value


@pytest.mark.parametrize("text", [
    "要交满15年", "缴费年限不低于10年", "还差四年", "2018年的医保", "今年45岁", "办〔2016〕28号，2010年", "2008年1月1日施行",
    "18年医保什么时候交", "为什么17年买18年的医保", "这家厂成立21年了", "父亲瘫痪十几年", "自行交纳十五年的那种",
    "有效期为5年", "大学四年级", "1954年9月出生，2010年",
])
def test_years_that_a_rule_asks_for_did_not_pass(text):
    assert max((q.value for q in stretches_of_years(fold(text))), default=0) < 5


@given(st.text(alphabet="0123456789一二三十百千万几两多余名人年个〇,.，个职工交满至到 abc", max_size=60))
def test_numbers_stand_where_they_say(text):
    for quantity in (*people(text), *stretches_of_years(text)):
        assert 0 <= quantity.start < quantity.end <= len(text)
        assert quantity.value > 0


@pytest.mark.parametrize("run", ["1", "百", "一二三四五", "1,2"])
def test_a_long_run_of_figures_is_no_number_of_people_and_costs_no_more_than_its_length(run):
    text = run * (20_000 // len(run)) + "名职工，另有12名工人"
    assert [q.value for q in people(text)] == [12]  # quadratic, it would take minutes
