"""The plugin inside Roundup's own process: decided in the transaction that creates the issue."""

import pytest

from tests.hosts.roundup.tracker import Desk, Tracker


@pytest.fixture(scope="module")
def hotline(tmp_path_factory):
    with Tracker(tmp_path_factory.mktemp("roundup"), in_process=True) as tracker:
        yield Desk(tracker)


def test_the_answer_to_creating_a_ticket_already_holds_the_decision(hotline):
    number = hotline.file_ticket("固城镇居民医保重复扣款", "手机缴费时扣款两次，多交的钱能不能退费？")
    issue = hotline.read(number)
    assert issue["unit"]["name"] == "合水县税务局"
    assert [u["name"] for u in issue["helpers"]] == ["合水县医疗保障局"]
    assert (issue["handling"]["name"], issue["category"]["name"]) == ("一般事项", "征缴")
    assert issue["due"] and issue["basis"]
    assert hotline.notes(number)[-1].startswith("〔hsdispute:")


def test_a_ticket_outside_the_mechanism_is_told_elsewhere(hotline):
    issue = hotline.read(hotline.file_ticket("路灯不亮", "肖咀镇街道的路灯坏了，请维修。"))
    assert (issue["unit"], issue["helpers"], issue["handling"]["name"]) == (None, [], "不属本机制")
