"""The plugin inside Roundup's own process: decided in the transaction that creates the issue."""

import shutil

import pytest
import roundup.instance

from hsdispute_plugin.app import shipped_config
from tests.hosts.roundup.tracker import Desk, Tracker


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    directory = tmp_path_factory.mktemp("county") / "config"
    shutil.copytree(shipped_config(), directory)
    return directory


@pytest.fixture(scope="module")
def tracker(tmp_path_factory, config):
    with Tracker(tmp_path_factory.mktemp("roundup"), in_process=True, environment={"HSDISPUTE_CONFIG": str(config)}) as served:
        yield served


@pytest.fixture
def hotline(tracker):
    return Desk(tracker)


def acts(tracker, number):
    """What the tracker's own history tells was done with an issue."""
    database = roundup.instance.open(str(tracker.home)).open("admin")
    try:
        return [act for _, _, _, act, _ in database.issue.history(number)]
    finally:
        database.close()


def test_creating_a_ticket_and_deciding_it_is_one_act(tracker, hotline):
    number = hotline.file_ticket("固城镇居民医保重复扣款", "手机缴费时扣款两次，多交的钱能不能退费？")
    issue = hotline.read(number)
    assert issue["unit"]["name"] == "合水县税务局"
    assert [u["name"] for u in issue["helpers"]] == ["合水县医疗保障局"]
    assert (issue["handling"]["name"], issue["category"]["name"]) == ("一般事项", "征缴")
    assert issue["due"] and issue["basis"]
    note = hotline.messages(number)[-1]
    assert note["content"].startswith("〔hsdispute:in-process-") and note["private"]
    assert acts(tracker, number) == ["create"]


def test_a_ticket_outside_the_mechanism_is_told_elsewhere(hotline):
    issue = hotline.read(hotline.file_ticket("路灯不亮", "肖咀镇街道的路灯坏了，请维修。"))
    assert (issue["unit"], issue["helpers"], issue["handling"]["name"]) == (None, [], "不属本机制")


def test_the_words_of_the_platform_file_are_the_words_of_the_host(hotline, config):
    file = config / "platforms" / "roundup.yaml"
    shipped = file.read_text("utf-8")
    file.write_text(shipped.replace("单位名称: {}", "单位名称:\n  合水县税务局: 合水县司法局\n", 1), "utf-8")
    try:
        issue = hotline.read(hotline.file_ticket("欠费", "老城镇砖厂欠缴养老保险八个月，请税务局查处"))
        assert issue["unit"]["name"] == "合水县司法局"
    finally:
        file.write_text(shipped, "utf-8")


def test_with_broken_rules_a_ticket_is_created_undecided(tmp_path, tmp_path_factory, config):
    broken = tmp_path / "config"
    shutil.copytree(config, broken)
    (broken / "rules" / "scope.yaml").write_text("规则: 不是列表\n", "utf-8")
    home = tmp_path_factory.mktemp("roundup")
    with Tracker(home, in_process=True, environment={"HSDISPUTE_CONFIG": str(broken)}) as tracker:
        hotline = Desk(tracker)
        number = hotline.file_ticket("欠费", "老城镇砖厂欠缴养老保险八个月，请税务局查处")
        issue = hotline.read(number)
        assert (issue["unit"], issue["handling"], hotline.notes(number)) == (
            None, None, ["老城镇砖厂欠缴养老保险八个月，请税务局查处"])
        shutil.copy(config / "rules" / "scope.yaml", broken / "rules" / "scope.yaml")
        number = hotline.file_ticket("欠费", "老城镇砖厂欠缴养老保险八个月，请税务局查处")
        assert hotline.read(number)["unit"]["name"] == "合水县税务局", "mended, without starting the host again"
