"""What the other party reads never says who complained."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.forms_docx import all_text, visible_text
from hsdispute_plugin.forms_privacy import conceal, is_account_number, is_identity_number, split_names
from tests.matter import CARD, MATTER, PAYER, PHONE
from tests.test_forms import DIRECTORY, FORMS, change, replace_words

SLIPS = (f"缴费人{PAYER}（{PHONE}，身份证{CARD}，住在西华池镇某街12号楼3单元）称：张某找过厂长，小张、张女士、建国都是一个人，"
         "座机0934-5521234，卡号6222020000000000000，微信jianguo_1980，邮箱zjg@example.com，工号A00123。")


def test_the_respondent_never_reads_who_complained():
    raw = FORMS.render("respondent_feedback", {**MATTER, "争议事项": SLIPS, "反馈意见": SLIPS})
    everything = all_text(raw)
    for trace in (PAYER, "建国", "张某", "张女士", "小张", PHONE, CARD, "12号楼", "5521234", "6222020000000000000", "jianguo",
                  "zjg@", "A00123"):
        assert trace not in everything, trace
    text = visible_text(raw)
    assert "联系人：李受理    联系电话：0934-5520000" in text  # whom to call is no secret
    assert text.splitlines()[2] == "某建材厂："
    assert "不得打听、追查反映人身份" in text


@pytest.mark.parametrize("code", list(FORMS.papers))
def test_any_paper_can_be_had_without_identity(code):
    values = {**MATTER, **dict.fromkeys(("反映主要事项", "反映内容摘要", "争议诉求", "会议情况"), SLIPS),
              "共同反映人": ["王丽", "赵小军"], "送达地址": "王丽转交"}
    everything = all_text(FORMS.render(code, values, without_identity=True))
    for trace in (PAYER, PHONE, CARD, "王丽", "赵小军"):
        assert trace not in everything, trace


def test_other_papers_keep_the_payer():
    assert PAYER in visible_text(FORMS.render("referral", MATTER))


def test_a_template_that_asks_for_the_name_gets_none(tmp_path):
    directory = Path(shutil.copytree(DIRECTORY, tmp_path / "forms"))
    asking = replace_words("{{ 争议事项 }}", "{{ 争议事项 }}反映人：{{ 联系人姓名 }}{{ 联系人电话 }}")
    forms = change(directory, "respondent_feedback", asking)
    assert "反映人：（略）（略）" in visible_text(forms.render("respondent_feedback", MATTER))


def test_a_name_in_a_number_that_is_printed_as_it_is_stops_the_paper():
    with pytest.raises(CaseRefused, match="去标识后仍有缴费人的姓名或号码") as refused:
        FORMS.render("respondent_feedback", {**MATTER, "案件编号": f"HS-{PHONE}"})
    assert PHONE not in str(refused.value)


def test_no_copy_without_identity_is_made_for_an_unknown_name():
    with pytest.raises(CaseRefused, match="会议纪要还缺 1 项必填内容：联系人姓名"):
        FORMS.render("minutes", {**MATTER, "联系人姓名": None}, without_identity=True)
    assert FORMS.render("minutes", {**MATTER, "联系人姓名": None})


def test_the_name_must_be_known_before_it_can_be_left_out():
    with pytest.raises(CaseRefused, match="对方当事人反馈函还缺 1 项必填内容：联系人姓名"):
        FORMS.render("respondent_feedback", {**MATTER, "联系人姓名": ""})
    assert "某建材厂" in visible_text(FORMS.render("respondent_feedback", {**MATTER, "联系人姓名": "匿名", "联系人电话": ""}))


@pytest.mark.parametrize(("written", "left"), [
    ("请打138 0000 0000或+86-13900000000", "请打〔电话略〕或〔电话略〕"),
    ("１３８００００００００", "〔电话略〕"),
    ("电话一三八零零零零零零零零", "电话〔电话略〕"),
    ("(0934)5521234，0934 5521234，电话：5521234", "〔电话略〕，〔电话略〕，电话：〔电话略〕"),
    ("身份证11010519491231002X", "身份证〔证件号略〕"),
    ("身份证110105 19491231 0021", "身份证〔证件号略〕"),  # a mistyped last digit is still an identity number
    ("卡6222 0200 0000 0000 000", "卡〔账号略〕"),
    ("卡号：62220001，", "卡号：〔账号略〕，"),
    ("家住老城镇某村二组，", "家住〔住址略〕，"),
    ("社会保障号62280001、QQ:1234567", "社会保障号〔编号略〕、QQ:〔联系方式略〕"),
])
def test_numbers_that_lead_to_a_person_go(written, left):
    assert conceal(written) == left


@pytest.mark.parametrize("written", [
    "2026年1月5日9时30分，欠费35000元，共57个月", "合政办发〔2025〕30号 四（三）1（3）", "工单202601050001234，案件HS2026-0007",
    "《社会保险法》第六十三条、第八十六条",
    "拨打12345、12366、12333", "二〇一九年三月至二〇二三年十一月", "住在县城的职工", "2019.03-2023.11",
])
def test_facts_stay(written):
    assert conceal(written, ["王"]) == written


@pytest.mark.parametrize(("names", "written", "left"), [
    (["欧阳建华"], "欧阳建华、欧阳女士、老欧阳、建华", "〔姓名略〕、〔姓名略〕、〔姓名略〕、〔姓名略〕"),
    (["李四等12人"], "李 四和李某某来访", "〔姓名略〕和〔姓名略〕来访"),
    (["王女士"], "王女士说，王法在上", "〔姓名略〕说，王法在上"),
    (["某建材经销部（负责人）"], "某建材经销部反映", "〔姓名略〕反映"),
    (["匿名"], "匿名反映", "匿名反映"),
])
def test_a_name_goes_in_every_form_people_use(names, written, left):
    assert conceal(written, names) == left


def test_one_field_may_hold_several_names():
    assert split_names(["张三、李四，王五先生", "匿名", "赵六（代理人）"]) == ("张三", "李四", "王五", "赵六")


def test_check_digits_tell_identity_and_account_numbers():
    assert is_identity_number("11010519491231002X") and is_identity_number("110105491231002")
    assert not is_identity_number("202601050001234567") and not is_identity_number("123456789012345")
    assert is_account_number("6222020000000000000") and not is_account_number("6222020000000000001")


_HAN = st.sampled_from("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英")
_TEXT = st.text(st.sampled_from("单位没给交养老保险费，。；：（）0123456789年月日 \n-"), max_size=40)


@given(before=_TEXT, after=_TEXT, name=st.text(_HAN, min_size=2, max_size=3), tail=st.text("0123456789", min_size=9, max_size=9),
       second=st.sampled_from("3456789"), gap=st.sampled_from(["", " ", "-"]))
def test_a_name_and_a_phone_never_survive_wherever_they_stand(before, after, name, tail, second, gap):
    phone = gap.join(("1" + second + tail[0], tail[1:5], tail[5:]))
    left = conceal(f"{before}。{name}，{phone}，{after}", [name])
    assert name not in left
    assert not re.search(r"(?<![\d\- ])" + re.escape(phone) + r"(?![\d\- ])", left)
