"""The Roundup adapter against a real Roundup: what we write stands there, once, and a person's word is never overwritten."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from urllib.request import Request, urlopen

import pytest

from hsdispute_plugin.adapters.roundup_rest import RoundupRest
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.platform import WriteBack
from hsdispute_plugin.model import SHANGHAI, Track
from tests.hosts.roundup.settings import connect
from tests.hosts.roundup.tracker import CLERK, HOTLINE, PEOPLE_PASSWORD, ROBOT, Desk, Tracker

RESULT = WriteBack(
    key="HS-2026-000001-1", lead="合水县税务局", helpers=("合水县医疗保障局", "合水县财政局"), category="征缴", handling="联办",
    track=Track.JOINT, due_at=datetime(2026, 12, 1, 18, 0, tzinfo=SHANGHAI), basis="四（一）",
    note="〔hsdispute:HS-2026-000001-1〕\n建议：联办。", files={"报送单〔2026〕1号.docx": b"PK-not-a-real-paper"},
)
NEXT = replace(RESULT, key="HS-2026-000001-2", basis="四（二）", note="〔hsdispute:HS-2026-000001-2〕\n建议：单办。", files={})
TOLD = replace(NEXT, lead="", helpers=(), category="其他", handling="告知移送", track=Track.INFORM, due_at=None)


@pytest.fixture(scope="module")
def tracker(tmp_path_factory):
    with Tracker(tmp_path_factory.mktemp("roundup")) as served:
        yield served


@pytest.fixture
def hotline(tracker):
    return Desk(tracker)


@pytest.fixture
def clerk(tracker):
    return Desk(tracker, CLERK)


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


def units(issue):
    return name(issue["unit"]), sorted(map(name, issue["helpers"]))


class TestWhatIsRead:
    def test_a_ticket_is_fetched_with_what_the_payer_said(self, platform, number):
        ticket = platform.fetch(number).ticket
        assert (ticket.title, ticket.content) == ("固城镇医保重复扣款㐂", "同一个月扣了两次\n请退费")
        assert abs((ticket.received_at - datetime.now(UTC)).total_seconds()) < 120

    def test_the_fields_that_the_platform_file_names_are_read_too(self, platform, hotline):
        filed = {"caller": "缴费人甲", "phone": "13800000000", "town": "老城镇", "expected": "2026-12-03.09:30:00"}
        ticket = platform.fetch(hotline.file_ticket("欠费", "单位欠缴", **filed)).ticket
        assert (ticket.caller_name, ticket.caller_phone, ticket.area) == ("缴费人甲", "13800000000", "老城镇")
        assert ticket.host_due_at == datetime(2026, 12, 3, 9, 30, tzinfo=SHANGHAI), "as the hotline typed it, in its zone"

    def test_a_time_that_nobody_can_read_is_refused_with_its_field(self, tracker, hotline):
        number = hotline.file_ticket("欠费", "单位欠缴", town="后天下午")
        with pytest.raises(DeliveryRefused, match=f"工单 {number} 的 town 看不懂，请写成 2026-01-05 08:30:00"):
            connect(tracker, 读取={"平台时限": "town"}).fetch(number)
        hotline.change(number, town="2026/1/5 8:30")
        due = connect(tracker, 读取={"平台时限": "town"}).fetch(number).ticket.host_due_at
        assert due == datetime(2026, 1, 5, 8, 30, tzinfo=SHANGHAI)

    def test_our_own_note_is_never_taken_for_the_payers_words(self, platform, hotline, tracker):
        number = hotline.file_ticket("欠费", "x")
        hotline.change(number, messages=[])
        before = platform.fetch(number)
        platform.write_back(number, RESULT, None)
        assert platform.fetch(number) == before and before.ticket.content == ""

    def test_only_what_the_payer_and_the_hotline_say_makes_another_version(self, platform, hotline, clerk, number):
        versions = [platform.fetch(number).version]
        platform.write_back(number, RESULT, None)
        clerk.say(number, "已电话联系")
        clerk.change(number, basis="经办人写的")
        versions.append(platform.fetch(number).version)
        hotline.change(number, town="老城镇")
        versions.append(platform.fetch(number).version)
        hotline.change(number, title="固城镇医保重复扣款，又扣了一次")
        versions.append(platform.fetch(number).version)
        assert versions[0] == versions[1] and len(set(versions)) == 3

    def test_a_ticket_that_is_not_there_is_refused(self, platform):
        with pytest.raises(DeliveryRefused, match="没有这张工单"):
            platform.fetch("99999")


class TestWhatIsWritten:
    def test_what_we_write_back_stands_in_the_ticket(self, platform, hotline, number):
        platform.write_back(number, replace(RESULT, submission_no="报送编号〔2026〕1号"), None)
        issue = hotline.read(number)
        assert units(issue) == ("合水县税务局", ["合水县医疗保障局", "合水县财政局"])
        assert (name(issue["category"]), name(issue["handling"])) == ("征缴", "一般事项")
        assert (issue["basis"], issue["extkey"], issue["serial"]) == ("四（一）", RESULT.key, "报送编号〔2026〕1号")
        note = hotline.messages(number)[1]
        assert (note["content"], note["private"], note["author"]["username"]) == (RESULT.note, True, ROBOT)
        assert [f["name"] for f in issue["files"]] == ["报送单〔2026〕1号.docx"]

    def test_a_due_time_is_stored_in_utc_and_shown_in_local_time(self, platform, hotline, tracker, number):
        platform.write_back(number, RESULT, None)
        assert hotline.read(number)["due"] == "2026-12-01.10:00:00"
        token = b64encode(f"{HOTLINE}:{PEOPLE_PASSWORD}".encode()).decode()
        page = urlopen(Request(f"{tracker.url}/issue{number}", headers={"Authorization": "Basic " + token})).read().decode()
        assert re.findall(r"due: (?:-> )?([\d.:-]+)", page) == ["2026-12-01.18:00:00"]

    def test_writing_twice_leaves_one_note_and_one_file(self, platform, hotline, number):
        platform.write_back(number, RESULT, None)
        platform.write_back(number, RESULT, RESULT)
        assert len(hotline.notes(number)) == 2
        assert len(hotline.read(number)["files"]) == 1

    def test_a_note_that_arrived_without_our_hearing_of_it_is_not_posted_again(self, platform, hotline, number, monkeypatch):
        def cut_off(rest, *given):
            real(rest, *given)
            raise DeliveryDelayed("与平台的连接断了", outcome_unknown=True)

        real = RoundupRest.add
        monkeypatch.setattr(RoundupRest, "add", cut_off)
        with pytest.raises(DeliveryDelayed):
            platform.write_back(number, RESULT, None)
        monkeypatch.undo()
        platform.write_back(number, RESULT, None)
        assert hotline.notes(number)[1:] == [RESULT.note]

    def test_our_mark_in_somebody_elses_message_does_not_silence_our_note(self, platform, hotline, number):
        hotline.say(number, f"〔hsdispute:{RESULT.key}〕冒充的说明")
        platform.write_back(number, RESULT, None)
        assert RESULT.note in hotline.notes(number)

    def test_a_decision_without_a_lead_empties_what_we_had_written(self, platform, hotline, number):
        platform.write_back(number, replace(RESULT, submission_no="报送编号〔2026〕1号"), None)
        platform.write_back(number, TOLD, replace(RESULT, submission_no="报送编号〔2026〕1号"))
        issue = hotline.read(number)
        assert (issue["unit"], issue["helpers"], issue["due"]) == (None, [], None)
        assert (name(issue["handling"]), issue["serial"]) == ("不属本机制", "报送编号〔2026〕1号"), "a number is given once"

    def test_units_are_written_by_the_names_that_the_platform_knows(self, tracker, hotline, number):
        renamed = {"县税务局": "合水县税务局", "县财政局": "合水县财政局"}
        ours = replace(RESULT, lead="县税务局", helpers=("县财政局", "合水县医疗保障局"))
        connect(tracker, 单位名称=renamed).write_back(number, ours, None)
        issue = hotline.read(number)
        assert units(issue) == ("合水县税务局", ["合水县医疗保障局", "合水县财政局"])

    def test_a_field_that_the_platform_file_does_not_name_is_left_alone(self, tracker, hotline, number):
        connect(tracker, 字段={"主办": "unit"}).write_back(number, RESULT, None)
        issue = hotline.read(number)
        assert (name(issue["unit"]), issue["basis"], issue["extkey"], issue["due"]) == ("合水县税务局", None, None, None)
        assert hotline.messages(number)[1]["private"] is None

    @pytest.mark.parametrize(("given", "result", "told"), [
        ({}, {"lead": "无此单位"}, "property unit: '无此单位' is not a unit."),
        ({"字段": {"主办": "no_such_field"}}, {}, "Property no_such_field not found in class issue"),
        ({"字段": {"说明私密": "no_such_flag"}}, {}, "Property no_such_flag not found in class msg"),
    ])
    def test_a_value_that_the_tracker_does_not_know_is_refused_with_its_name(self, tracker, hotline, number, given, result, told):
        with pytest.raises(DeliveryRefused) as caught:
            connect(tracker, **given).write_back(number, replace(RESULT, **result), None)
        assert str(caught.value) == (f"平台不接受我们写的取值，请核对 config/platforms/roundup.yaml 的字段、单位名称和办理类型，"
                                     f"改好后重发。平台说：{told}")
        assert len(hotline.notes(number)) == 1


class TestWhatAPersonWrote:
    def test_a_clerk_who_changed_a_field_keeps_it_and_the_note_says_so(self, platform, hotline, clerk, number):
        platform.write_back(number, RESULT, None)
        clerk.change(number, unit="合水县人力资源和社会保障局")
        platform.write_back(number, replace(NEXT, lead="合水县医疗保障局"), RESULT)
        issue = hotline.read(number)
        assert (name(issue["unit"]), issue["basis"]) == ("合水县人力资源和社会保障局", "四（二）")
        assert hotline.notes(number)[-1] == NEXT.note + "\n\n经办人已填、未覆盖的字段：主办"

    def test_what_the_hotline_filled_in_before_us_stands(self, platform, hotline):
        number = hotline.file_ticket("欠费", "单位欠缴", unit="合水县医疗保障局", due="2026-11-30.18:00:00")
        platform.write_back(number, RESULT, None)
        issue = hotline.read(number)
        assert (name(issue["unit"]), issue["due"], issue["basis"]) == ("合水县医疗保障局", "2026-11-30.10:00:00", "四（一）")
        assert hotline.notes(number)[-1].endswith("经办人已填、未覆盖的字段：主办、时限")

    def test_a_clerks_unit_stands_when_our_decision_has_none(self, platform, hotline, clerk, number):
        platform.write_back(number, RESULT, None)
        clerk.change(number, unit="合水县司法局")
        platform.write_back(number, TOLD, RESULT)
        assert name(hotline.read(number)["unit"]) == "合水县司法局"
        assert hotline.notes(number)[-1] == TOLD.note, "nothing of ours was held back"

    def test_a_value_that_means_waiting_is_nobodys(self, tracker, hotline, clerk, number):
        clerk.change(number, unit="合水县人民政府办公室")
        connect(tracker, 可覆盖=["合水县人民政府办公室"]).write_back(number, RESULT, None)
        assert name(hotline.read(number)["unit"]) == "合水县税务局"

    @pytest.mark.parametrize("read", [1, 2], ids=["before the fields", "before the note"])
    def test_what_a_clerk_writes_between_our_reading_and_writing_stands(
        self, platform, hotline, clerk, number, monkeypatch, read,
    ):
        real, reads = RoundupRest.issue, []

        def racing(rest, ticket_no):
            given = real(rest, ticket_no)
            reads.append(given)
            if len(reads) == read:  # after we read, before we write: the ETag is stale
                clerk.change(number, category="其他")
            return given

        monkeypatch.setattr(RoundupRest, "issue", racing)
        platform.write_back(number, RESULT, None)
        issue = hotline.read(number)
        assert (name(issue["category"]), name(issue["unit"])) == ("其他", "合水县税务局")
        assert len(hotline.notes(number)) == 2 and len(issue["files"]) == 1

    def test_a_ticket_that_somebody_writes_all_the_time_is_tried_again_later(self, platform, hotline, clerk, number, monkeypatch):
        real, reads = RoundupRest.issue, []

        def racing(rest, ticket_no):
            given = real(rest, ticket_no)
            reads.append(given)
            clerk.change(number, basis=f"第{len(reads)}次")
            return given

        monkeypatch.setattr(RoundupRest, "issue", racing)
        with pytest.raises(DeliveryDelayed, match=f"工单 {number} 正有人在改，稍后再写"):
            platform.write_back(number, RESULT, None)
        assert len(hotline.notes(number)) == 1


class TestWhatTheDoctorSays:
    def test_all_is_well_with_the_shipped_file(self, tracker):
        assert connect(tracker).check() == ()

    def test_a_wrong_password_is_told_and_loses_no_ticket(self, tracker, number):
        platform = connect(tracker, password="口令不对")
        assert platform.check() == ("账号或口令不对：GET /issue 回答 HTTP 401",)
        with pytest.raises(DeliveryDelayed):  # waits until the password is mended, and is no dead letter
            platform.fetch(number)

    def test_every_field_and_value_that_the_tracker_lacks_is_told(self, tracker):
        platform = connect(
            tracker, 字段={"主办": "unit", "时限": "deadline", "办理": "handling", "说明私密": "secret"}, 读取={"来电人": "who"},
            单位名称={"合水县税务局": "县税务局"}, 办理类型={"单办": "一般事项", "联办": "一般", "重大疑难": "一般"})
        assert platform.check() == (
            "工单（issue）没有字段 “deadline”：请改 config/platforms/roundup.yaml 的 时限，或删去那一行",
            "工单（issue）没有字段 “who”：请改 config/platforms/roundup.yaml 的 来电人，或删去那一行",
            "消息（msg）没有字段 “secret”：请改 config/platforms/roundup.yaml 的 说明私密，或删去那一行",
            "字段 “unit” 没有取值 “县税务局”：请在平台里加上，或改 config/platforms/roundup.yaml",
            "字段 “handling” 没有取值 “一般”：请在平台里加上，或改 config/platforms/roundup.yaml",
        )
