"""The State Council's notice is read as it is published; weekdays and sums tell when it was read wrongly."""

import pytest

from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.rules.calendar_import import read_table
from hsdispute_plugin.rules.load import load

NOTICE_2026 = """\
国务院办公厅关于2026年
部分节假日安排的通知
国办发明电〔2025〕7号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
　　经国务院批准，现将2026年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
　　一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
　　二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
　　三、清明节：4月4日（周六）至6日（周一）放假，共3天。
　　四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
　　五、端午节：6月19日（周五）至21日（周日）放假，共3天。
　　六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
　　七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
　　节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作，遇有重大突发事件，要按规定及时报告并妥善处置。
"""
ITEMS_2025 = """\
关于2025年部分节假日安排的通知
一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。
"""


@pytest.mark.parametrize(("text", "notice", "year"), [(NOTICE_2026, "", 2026), (ITEMS_2025, "国办发明电〔2024〕12号", 2025),
                                                      (NOTICE_2026.replace("（", "(").replace("）", ")"), "", 2026)])
def test_a_notice_gives_the_days_that_the_shipped_calendar_has(text, notice, year):
    table, known = read_table(text, "通知", notice), load(shipped_config()).calendar.year(year)
    assert (table.year, table.source) == (year, known.source)
    assert (frozenset(table.rest), frozenset(table.work), table.elsewhere) == (known.rest, known.work, ())


@pytest.mark.parametrize(("old", "new", "said"), [
    ("共9天", "共8天", "通知说 共8天，读出来是 9 天"),
    ("关于2026年", "关于2027年", "2027-01-01 是周五，通知写的是周四"),
    ("1月4日（周日）上班", "1月3日（周六）上班", "2026-01-03 既休又班"),
    ("10月10日（周六）上班", "10月9日上班", "周五本来就上班"),
    ("5月9日（周六）", "5月39日（周六）", "没有这一天"),
    ("9月25日（周五）至27日（周日）放假，共3天", "9月25日（周五）至23日放假", "起止颠倒"),
])
def test_what_does_not_fit_is_refused_with_its_line(old, new, said):
    assert old in NOTICE_2026
    with pytest.raises(RulebookError, match="请") as told:
        read_table(NOTICE_2026.replace(old, new, 1).replace("2026年元旦", "当年元旦"), "通知")
    assert said in str(told.value) and any(p.where.startswith("通知:") for p in told.value.problems)


def test_a_notice_without_its_year_or_number_asks_for_them():
    with pytest.raises(RulebookError, match="哪一年"):
        read_table("一、元旦：1月1日（周四）放假1天。", "通知")
    with pytest.raises(RulebookError, match="文号"):
        read_table(ITEMS_2025, "通知")


def test_days_of_another_year_are_named():
    text = "关于2027年部分节假日安排的通知\n元旦：2026年12月31日（周四）至2027年1月2日（周六）放假，共3天。"
    table = read_table(text, "通知", "举例")
    assert [d.isoformat() for d, _ in table.elsewhere] == ["2026-12-31"] and len(table.rest) == 2
