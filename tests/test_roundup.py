"""The Roundup adapter against a real Roundup: what we write stands there, once, and a clerk's word is never overwritten."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
import responses

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, TicketRefused
from hsdispute_plugin.hooks.platform import WriteBack
from hsdispute_plugin.model import SHANGHAI, Track
from tests.hosts.roundup.settings import connect
from tests.hosts.roundup.tracker import CLERK, Desk, Tracker

RESULT = WriteBack(
    key="HS-2026-000001-1", lead="合水县税务局", helpers=("合水县医疗保障局", "合水县财政局"), category="征缴", handling="联办",
    track=Track.JOINT, due_at=datetime(2026, 12, 1, 18, 0, tzinfo=SHANGHAI), basis="四（一）",
    note="〔hsdispute:HS-2026-000001-1〕\n建议：联办。", files={"报送单〔2026〕1号.docx": b"PK-not-a-real-paper"},
)


@pytest.fixture(scope="module")
def tracker(tmp_path_factory):
    with Tracker(tmp_path_factory.mktemp("roundup")) as served:
        yield served


@pytest.fixture
def hotline(tracker):
    return Desk(tracker)


@pytest.fixture
def platform(tracker):
    connected = connect(tracker)
    yield connected
    connected.close()


@pytest.fixture
def number(hotline):
    return hotline.file_ticket("固城镇医保重复扣款㐂", "同一个月扣了两次\n请退费")


def name(link):
    return link["name"] if link else None


def test_a_ticket_is_fetched_with_what_the_payer_said(platform, number):
    given = platform.fetch(number)
    assert (given.ticket.title, given.ticket.content) == ("固城镇医保重复扣款㐂", "同一个月扣了两次\n请退费")
    assert given.ticket.received_at.tzinfo is not None


def test_what_we_write_back_stands_in_the_ticket(platform, hotline, number):
    platform.write_back(number, RESULT, None)
    issue = hotline.read(number)
    assert (name(issue["unit"]), sorted(map(name, issue["helpers"]))) == ("合水县税务局", ["合水县医疗保障局", "合水县财政局"])
    assert (name(issue["category"]), name(issue["handling"])) == ("征缴", "一般事项")
    assert issue["due"] == "2026-12-01.10:00:00", "18:00 in the county is 10:00 UTC"
    assert (issue["basis"], issue["extkey"]) == ("四（一）", RESULT.key)
    assert hotline.notes(number)[1:] == [RESULT.note]
    assert len(issue["files"]) == 1


def test_writing_twice_leaves_one_note_and_one_file(platform, hotline, number):
    platform.write_back(number, RESULT, None)
    platform.write_back(number, RESULT, RESULT)
    assert len(hotline.notes(number)) == 2
    assert len(hotline.read(number)["files"]) == 1


def test_our_own_writing_is_no_new_version_of_the_ticket(platform, number):
    before = platform.fetch(number).version
    platform.write_back(number, RESULT, None)
    assert platform.fetch(number).version == before


def test_a_clerk_who_changed_a_field_keeps_it_and_the_note_says_so(platform, tracker, hotline, number):
    platform.write_back(number, RESULT, None)
    Desk(tracker, CLERK).change(number, unit="合水县人力资源和社会保障局")
    second = replace(RESULT, key="HS-2026-000001-2", lead="合水县医疗保障局", basis="四（二）",
                     note="〔hsdispute:HS-2026-000001-2〕\n建议：单办。")
    platform.write_back(number, second, RESULT)
    issue = hotline.read(number)
    assert (name(issue["unit"]), issue["basis"]) == ("合水县人力资源和社会保障局", "四（二）")
    assert "经办人已改的字段未覆盖：unit" in hotline.notes(number)[-1]


def test_a_value_that_means_waiting_is_nobodys(tracker, hotline, number):
    Desk(tracker, CLERK).change(number, unit="合水县人民政府办公室")
    connect(tracker, 可覆盖=["合水县人民政府办公室"]).write_back(number, RESULT, None)
    assert name(hotline.read(number)["unit"]) == "合水县税务局"


def test_somebody_writing_in_between_is_looked_at_again(platform, tracker, hotline, number, monkeypatch):
    clerk, real, raced = Desk(tracker, CLERK), platform._issue, []

    def racing(ticket_no):
        issue, etag = real(ticket_no)
        if not raced:
            raced.append(clerk.change(number, basis="经办人写的"))  # after we read, before we write: the ETag is stale
        return issue, etag

    monkeypatch.setattr(platform, "_issue", racing)
    platform.write_back(number, RESULT, None)
    issue = hotline.read(number)
    assert (issue["basis"], name(issue["unit"])) == ("经办人写的", "合水县税务局")


def test_polling_finds_what_a_webhook_missed_and_passes_over_our_own_acts(platform, hotline, number):
    _, cursor = platform.changed("")
    ours = hotline.file_ticket("甲", "欠费")
    platform.write_back(ours, RESULT, None)
    theirs = hotline.file_ticket("乙", "欠费")
    events, after = platform.changed(cursor)
    seen = {e.ticket_no for e in events}
    assert theirs in seen and ours not in seen
    assert platform.changed(after)[1] == after


def test_a_unit_the_tracker_does_not_know_is_refused_with_its_name(platform, number):
    with pytest.raises(DeliveryRefused, match=r"请核对 config/platforms 的字段和单位名称.*无此单位"):
        platform.write_back(number, replace(RESULT, lead="无此单位"), None)


def test_a_ticket_that_is_not_there_is_refused(platform):
    with pytest.raises(DeliveryRefused, match="没有这张工单"):
        platform.fetch("99999")


def test_a_wrong_password_is_told_by_the_doctor(tracker):
    assert connect(tracker, password="wrong").check() == ("账号或口令不对：GET /issue 回答 HTTP 401",)
    assert connect(tracker).check() == ()


def test_the_robots_own_events_are_nothing_to_us(platform):
    body = {"event": "issue.updated", "id": "7", "actor": "hsdispute-robot"}
    assert platform.event({}, json.dumps(body).encode()) is None
    event = platform.event({"x-event-id": "e1"}, json.dumps({**body, "actor": "rexian"}).encode())
    assert (event.ticket_no, event.event_id, event.kind) == ("7", "e1", "updated")


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{}", b'{"event": "x", "id": "1"}', b'{"event": "issue.created", "id": "1; drop"}'])
def test_a_callback_that_roundup_does_not_send_is_refused(platform, body):
    with pytest.raises(TicketRefused):
        platform.event({}, body)


class TestHostsThatMisbehave:
    """Bodies of our own, for what a real tracker does not do on demand."""

    @pytest.fixture
    def platform(self):
        class Nowhere:
            url = "http://tracker.invalid"

        return connect(Nowhere())

    @responses.activate
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
    def test_a_passing_fault_is_tried_again(self, platform, status):
        responses.get("http://tracker.invalid/rest/data/issue/1", status=status, headers={"Retry-After": "7"})
        with pytest.raises(DeliveryDelayed) as caught:
            platform.fetch("1")
        assert (caught.value.retry_after_s, caught.value.outcome_unknown) == (7.0, False)

    @responses.activate
    def test_a_login_page_instead_of_json_is_tried_again(self, platform):
        responses.get("http://tracker.invalid/rest/data/issue/1", body="<html>请登录</html>")
        with pytest.raises(DeliveryDelayed, match="不是 JSON"):
            platform.fetch("1")

    @responses.activate
    def test_no_answer_to_a_write_leaves_the_outcome_unknown(self, platform):
        import requests

        responses.get("http://tracker.invalid/rest/data/issue/1", json={"data": {"attributes": {}, "@etag": "e"}})
        responses.put("http://tracker.invalid/rest/data/issue/1", body=requests.ReadTimeout("slow"))
        with pytest.raises(DeliveryDelayed, match="没有回答") as caught:
            platform.write_back("1", RESULT, None)
        assert caught.value.outcome_unknown

    def test_a_host_that_is_down_is_tried_again(self, tmp_path):
        from tests.hosts.roundup.tracker import free_port

        class Down:
            url = f"http://127.0.0.1:{free_port()}"

        with pytest.raises(DeliveryDelayed, match="与平台的连接断了"):
            connect(Down()).fetch("1")
