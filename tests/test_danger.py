"""Words of danger are never missed for a negation, and never settled by the system alone (国办发〔2022〕12号)."""

from datetime import UTC, datetime

import pytest

from hsdispute_plugin.model import Ticket

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def alerts(book, text):
    return {a.key for a in book.decide(Ticket(ticket_no="1", content=text), NOW).alerts}


@pytest.mark.parametrize("text", [
    "再不办我就跳楼", "再不给办我就死给你们看", "不解决我就跳楼", "不给我办社保我就从税务局楼上跳下去",
    "不给补社保我就抱着你们一起死",
    "单位欠缴养老保险，不解决我就死在税务局门口", "再不答复就提着汽油去找你们", "活不下去了，想喝敌敌畏", "让你们偿命",
    "活着真没意思，交了二十年养老保险打了水漂", "再不退养老保险的钱我就抱着孩子从楼上下去", "母亲气得喝了农药，就因为合疗没交上",
    "把我逼急了啥事都干得出来", "给你们三天，不办后果自负", "老板说谁去告社保就打断谁的腿", "我这就上楼顶去",
    "再不管我就把大厅砸了，砸窗口"])
def test_a_threat_is_told_to_110_whatever_condition_it_hangs_on(book, text):
    assert "police110" in alerts(book, text)


@pytest.mark.parametrize("text", ["我没有自杀的想法，就想问问社保", "我不会发到抖音上的，请把社保补上"])
def test_a_denied_threat_is_put_before_a_person(book, text):
    assert alerts(book, text) & {"verify_words", "police110"}
    assert "police110" not in alerts(book, text)


@pytest.mark.parametrize("text", ["我父亲去年病死在医院，丧葬费怎么领", "我开加油站卖汽油，灵活就业怎么交社保",
    "商场跳楼价，单位没交社保", "单位让写自愿放弃社保一切后果自负",
    "楼顶漏水没人修，物业还让交保险", "母亲喝了药好多了，医保怎么交",
    "车被人砸了窗户，保险公司不赔"])
def test_ordinary_words_alarm_nobody(book, text):
    assert not alerts(book, text) & {"verify_words", "police110"}
