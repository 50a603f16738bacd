"""The Request Tracker adapter against a real one: what we write stands there, once, and a person's word is never overwritten."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hsdispute_plugin.adapters.request_tracker_rest import RequestTrackerRest
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.model import SHANGHAI
from tests.hosts.request_tracker.settings import connect
from tests.hosts.request_tracker.tracker import CLERK, ELSEWHERE, INTAKE, MEDICAL, ROBOT, TAX, Desk
from tests.test_roundup import NEXT, RESULT, TOLD

RACES = int(os.environ.get("HSDISPUTE_RACES", "4"))
STANDS = {
    "主办单位": "合水县税务局", "协办单位": ["合水县医疗保障局", "合水县财政局"], "争议类别": "征缴", "办理类型": "一般事项",
    "办理依据": "四（一）", "外部编号": RESULT.key, "Due": "2026-12-01T10:00:00Z",
}
BY_QUEUE = {"字段": {"主办": "Queue", "依据": "办理依据"}, "可覆盖": [INTAKE],
            "单位名称": {"合水县税务局": TAX, "合水县医疗保障局": MEDICAL}}


@pytest.fixture(scope="module")
def tracker(served_request_tracker):
    return served_request_tracker


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


def stands(ticket):
    given = {name: ticket[name] for name in STANDS}
    several = given["协办单位"]
    return {**given, "协办单位": sorted(several) if isinstance(several, list) else several}


class TestWhatIsRead:
    def test_a_ticket_is_fetched_with_what_the_payer_said(self, platform, number):
        ticket = platform.fetch(number).ticket
        assert (ticket.title, ticket.content) == ("固城镇医保重复扣款㐂", "同一个月扣了两次\n请退费")
        assert abs((ticket.received_at - datetime.now(UTC)).total_seconds()) < 120

    def test_the_fields_that_the_platform_file_names_are_read_too(self, platform, hotline):
        filed = {"来电人": "缴费人甲", "来电号码": "13800000000", "所在辖区": "老城镇", "期限": "2026-12-03 09:30:00"}
        ticket = platform.fetch(hotline.file_ticket("欠费", "单位欠缴", **filed)).ticket
        assert (ticket.caller_name, ticket.caller_phone, ticket.area) == ("缴费人甲", "13800000000", "老城镇")
        assert ticket.host_due_at == datetime(2026, 12, 3, 9, 30, tzinfo=SHANGHAI), "as the hotline typed it, in its zone"

    def test_a_time_that_nobody_can_read_is_refused_with_its_field(self, tracker, hotline):
        number = hotline.file_ticket("欠费", "单位欠缴", 所在辖区="后天下午")
        with pytest.raises(DeliveryRefused, match=f"工单 {number} 的 所在辖区 看不懂，请写成 2026-01-05 08:30:00"):
            connect(tracker, 读取={"平台时限": "所在辖区"}).fetch(number)

    def test_words_that_came_as_html_are_read_as_text(self, platform, hotline):
        html = "<html><head><style>p {}</style></head><body><p>单位欠缴&nbsp;养老</p><p>请查处</p></body></html>"
        number = hotline.file_ticket("欠费", html, ContentType="text/html")
        assert platform.fetch(number).ticket.content.split() == ["单位欠缴", "养老", "请查处"]

    def test_only_what_the_ticket_was_filed_with_are_the_payers_words(self, platform, hotline):
        number = hotline.file_ticket("欠费", "")
        before = platform.fetch(number)
        platform.write_back(number, RESULT, None)
        hotline.say(number, "接线员补记")
        assert platform.fetch(number) == before and before.ticket.content == ""

    def test_only_what_the_payer_and_the_hotline_say_makes_another_version(self, platform, hotline, clerk, number):
        versions = [platform.fetch(number).version]
        platform.write_back(number, RESULT, None)
        clerk.say(number, "已电话联系")
        clerk.change(number, 办理依据="经办人写的", Status="open")
        versions.append(platform.fetch(number).version)
        hotline.change(number, 所在辖区="老城镇")
        versions.append(platform.fetch(number).version)
        hotline.change(number, Subject="固城镇医保重复扣款，又扣了一次")
        versions.append(platform.fetch(number).version)
        assert versions[0] == versions[1] and len(set(versions)) == 3

    def test_a_ticket_that_is_not_there_or_not_for_us_is_refused(self, platform, hotline):
        with pytest.raises(DeliveryRefused, match="没有这张工单"):
            platform.fetch("99999")
        with pytest.raises(DeliveryRefused, match="账号没有权限"):
            platform.fetch(hotline.file_ticket("别的事", "别的队列", queue=ELSEWHERE))
        with pytest.raises(DeliveryRefused, match="工单号应是数字"):
            platform.fetch("1 OR id > 0")

    def test_a_merged_or_deleted_ticket_is_never_taken_for_the_one_it_went_into(self, platform, hotline, number):
        into = hotline.file_ticket("欠费", "单位欠缴")
        hotline.change(number, MergeInto=into)
        for refused in (lambda: platform.fetch(number), lambda: platform.write_back(number, RESULT, None)):
            with pytest.raises(DeliveryRefused, match=f"工单 {number} 在平台里已并入工单 {into}"):
                refused()
        assert hotline.notes(into) == []
        hotline.change(into, Status="deleted")
        with pytest.raises(DeliveryRefused, match=f"工单 {into} 在平台里已删除"):
            platform.fetch(into)


class TestWhatIsWritten:
    def test_what_we_write_back_stands_in_the_ticket(self, platform, hotline, number):
        platform.write_back(number, replace(RESULT, submission_no="报送编号〔2026〕1号"), None)
        ticket = hotline.read(number)
        assert (stands(ticket), ticket["报送编号"], ticket["Queue"]) == (STANDS, "报送编号〔2026〕1号", INTAKE)
        assert hotline.notes(number) == [RESULT.note]
        assert hotline.acts(number)[-1] == ("Comment", ROBOT), "private: no answer to the payer"

    def test_a_file_with_a_chinese_name_hangs_with_the_note_byte_for_byte(self, platform, hotline, number):
        papers = {"报送单〔2026〕1号.docx": bytes(range(256)) * 40, "告知书“甲”㐂.docx": b"PK\x03\x04"}
        platform.write_back(number, replace(RESULT, files=papers), None)
        assert hotline.files(number) == papers

    def test_the_way_that_is_documented_for_files_fails_on_chinese_names(self, hotline, number):
        """Why it is multipart: the day this test fails, JSON would do."""
        with pytest.raises(RuntimeError, match="500"):
            hotline.call("POST", f"/ticket/{number}/comment", json={"Content": "附", "ContentType": "text/plain", "Attachments": [
                {"FileName": "报送单.docx", "FileType": "application/octet-stream", "FileContent": "UEs="}]})

    def test_a_due_time_is_stored_in_utc_and_shown_in_local_time(self, platform, hotline, number):
        platform.write_back(number, RESULT, None)
        assert hotline.read(number)["Due"] == "2026-12-01T10:00:00Z"
        told = hotline.change(number, Due="2026-12-01 10:00:01")
        assert told == [f"Ticket {number}: Due changed from Tue Dec 01 18:00:00 2026 to Tue Dec 01 18:00:01 2026"]

    def test_writing_twice_leaves_one_note_and_one_file_and_changes_nothing(self, platform, hotline, number):
        version = platform.write_back(number, RESULT, None)
        acts = hotline.acts(number)
        assert platform.write_back(number, RESULT, RESULT) == version
        assert hotline.acts(number) == acts and len(hotline.files(number)) == 1

    @pytest.mark.parametrize("call", ["put", "comment"])
    def test_a_write_that_arrived_without_our_hearing_of_it_is_not_done_again(self, platform, hotline, number, monkeypatch, call):
        def cut_off(rest, *given):
            real(rest, *given)
            raise DeliveryDelayed("与平台的连接断了", outcome_unknown=True)

        real = getattr(RequestTrackerRest, call)
        monkeypatch.setattr(RequestTrackerRest, call, cut_off)
        with pytest.raises(DeliveryDelayed):
            platform.write_back(number, RESULT, None)
        monkeypatch.undo()
        acts = hotline.acts(number)
        platform.write_back(number, RESULT, None)
        assert hotline.acts(number) == acts + ([("Comment", ROBOT)] if call == "put" else [])
        assert (hotline.notes(number), len(hotline.files(number))) == ([RESULT.note], 1)

    def test_our_mark_in_somebody_elses_comment_does_not_silence_our_note(self, platform, hotline, number):
        hotline.say(number, "冒充的说明", subject=f"〔hsdispute:{RESULT.key}〕")
        platform.write_back(number, RESULT, None)
        assert hotline.notes(number) == [RESULT.note]

    def test_a_decision_without_a_lead_empties_what_we_had_written(self, platform, hotline, number):
        numbered = replace(RESULT, submission_no="报送编号〔2026〕1号")
        platform.write_back(number, numbered, None)
        platform.write_back(number, TOLD, numbered)
        ticket = hotline.read(number)
        assert (ticket["主办单位"], ticket["协办单位"], ticket["Due"]) == ([], [], "1970-01-01T00:00:00Z")
        assert (ticket["办理类型"], ticket["报送编号"]) == ("不属本机制", "报送编号〔2026〕1号"), "a number is given once"

    def test_a_lead_that_is_a_queue_moves_the_ticket(self, tracker, hotline, number):
        platform = connect(tracker, **BY_QUEUE)
        platform.write_back(number, RESULT, None)
        assert (hotline.read(number)["Queue"], hotline.read(number)["办理依据"]) == (TAX, "四（一）")
        platform.write_back(number, replace(NEXT, lead="合水县医疗保障局"), RESULT)
        assert hotline.read(number)["Queue"] == MEDICAL

    def test_a_queue_that_a_clerk_moved_the_ticket_to_stands(self, tracker, hotline, clerk, number):
        clerk.change(number, Queue=MEDICAL)
        connect(tracker, **BY_QUEUE).write_back(number, RESULT, None)
        assert hotline.read(number)["Queue"] == MEDICAL
        assert hotline.notes(number)[-1].endswith("经办人已填、未覆盖的字段：主办")

    def test_a_field_that_the_platform_file_does_not_name_is_left_alone(self, tracker, hotline, number):
        connect(tracker, 字段={"主办": "主办单位"}).write_back(number, RESULT, None)
        ticket = hotline.read(number)
        assert (ticket["主办单位"], ticket["办理依据"], ticket["Due"]) == ("合水县税务局", [], "1970-01-01T00:00:00Z")


class TestWhatThePlatformWillNotTake:
    """It answers 200 to everything: only messages and reading back tell."""

    def test_a_value_that_is_in_no_list_is_refused_by_its_field_and_all_else_is_written(self, platform, hotline, number):
        with pytest.raises(DeliveryRefused) as caught:
            platform.write_back(number, replace(RESULT, lead="无此单位"), None)
        assert str(caught.value) == (
            f"工单 {number} 的 主办单位 平台没有收下，其余的和说明已写好。请核对 config/platforms/request_tracker.yaml 的字段、"
            "单位名称、办理类型和机器人账号的权限，改好后重发。平台说：Invalid value for custom field")
        assert stands(hotline.read(number)) == {**STANDS, "主办单位": []}
        assert hotline.notes(number) == [RESULT.note]

    def test_once_it_is_mended_only_what_was_missing_is_written(self, tracker, platform, hotline, number):
        renamed = replace(RESULT, lead="县税务局")
        with pytest.raises(DeliveryRefused):
            platform.write_back(number, renamed, None)
        acts = hotline.acts(number)
        connect(tracker, 单位名称={"县税务局": "合水县税务局"}).write_back(number, renamed, None)
        assert stands(hotline.read(number)) == STANDS
        assert hotline.acts(number) == [*acts, ("CustomField", ROBOT)]

    def test_a_field_that_is_not_there_is_passed_over_without_a_word_and_found_out(self, tracker, number):
        with pytest.raises(DeliveryRefused, match=f"工单 {number} 的 没有的字段 平台没有收下，其余的和说明已写好"):
            connect(tracker, 字段={"主办": "主办单位", "依据": "没有的字段"}).write_back(number, RESULT, None)

    def test_a_queue_that_we_may_not_move_to_is_refused(self, tracker, hotline, number):
        with pytest.raises(DeliveryRefused, match=r"的 Queue 平台没有收下.*平台说：.*Permission Denied"):
            connect(tracker, **{**BY_QUEUE, "单位名称": {"合水县税务局": ELSEWHERE}}).write_back(number, RESULT, None)
        assert hotline.read(number)["Queue"] == INTAKE

    @pytest.mark.parametrize("form", ["2026-12-02T10:00:00Z", "2026-12-02 10:00:00+0000", "昨天", "2026-13-41 99:99:99"])
    def test_a_time_in_another_form_is_dropped_silently_and_ours_is_written_nevertheless(self, platform, hotline, number, form):
        """Why times are written in one form only, and read back."""
        hotline.change(number, Due="2026-12-01 10:00:00")
        hotline.change(number, Due=form)
        assert hotline.read(number)["Due"] == "1970-01-01T00:00:00Z"
        platform.write_back(number, RESULT, None)
        assert stands(hotline.read(number)) == STANDS

    def test_a_time_that_was_dropped_is_found_out(self, platform, hotline, number, monkeypatch):
        platform.write_back(number, RESULT, None)
        monkeypatch.setattr("hsdispute_plugin.adapters.request_tracker_rest.written", lambda moment: moment.isoformat())
        later = replace(NEXT, due_at=datetime(2026, 12, 8, 18, 0, tzinfo=SHANGHAI))
        with pytest.raises(DeliveryRefused, match=f"工单 {number} 的 Due 平台没有收下"):
            platform.write_back(number, later, RESULT)

    @pytest.mark.parametrize(("right", "told"), [
        ("ModifyTicket", r"的 Due 平台没有收下.*平台说：.*Permission Denied"),
        ("ShowTicketComments", "的说明已写好，但机器人账号看不到：请在受理队列上给它 ShowTicketComments 权限"),
    ])
    def test_a_right_that_is_missing_is_told(self, platform, tracker, hotline, number, right, told):
        act = "my $u = RT::User->new($root); $u->Load('hsdispute-robot'); my $q = RT::Queue->new($root); $q->Load('12345受理');"
        tracker.perl(f"{act} $u->PrincipalObj->RevokeRight(Right => '{right}', Object => $q);")
        try:
            with pytest.raises(DeliveryRefused, match=told):
                platform.write_back(number, RESULT, None)
        finally:
            tracker.perl(f"{act} $u->PrincipalObj->GrantRight(Right => '{right}', Object => $q);")
        assert hotline.notes(number) == [RESULT.note]


class TestWhatAPersonWrote:
    def test_a_clerk_who_changed_a_field_keeps_it_and_the_note_says_so(self, platform, hotline, clerk, number):
        platform.write_back(number, RESULT, None)
        clerk.change(number, 主办单位="合水县人力资源和社会保障局")
        platform.write_back(number, replace(NEXT, lead="合水县医疗保障局"), RESULT)
        ticket = hotline.read(number)
        assert (ticket["主办单位"], ticket["办理依据"]) == ("合水县人力资源和社会保障局", "四（二）")
        assert hotline.notes(number)[-1] == NEXT.note + "\n\n经办人已填、未覆盖的字段：主办"

    def test_what_the_hotline_filled_in_before_us_stands(self, platform, hotline):
        filed = {"主办单位": "合水县医疗保障局", "协办单位": ["合水县司法局"], "Due": "2026-11-30 10:00:00"}
        number = hotline.file_ticket("欠费", "单位欠缴", **filed)
        platform.write_back(number, RESULT, None)
        assert stands(hotline.read(number)) == {
            **STANDS, "主办单位": "合水县医疗保障局", "协办单位": "合水县司法局", "Due": "2026-11-30T10:00:00Z"}
        assert hotline.notes(number)[-1].endswith("经办人已填、未覆盖的字段：主办、协办、时限")

    def test_a_clerks_unit_stands_when_our_decision_has_none(self, platform, hotline, clerk, number):
        platform.write_back(number, RESULT, None)
        clerk.change(number, 主办单位="合水县司法局")
        platform.write_back(number, TOLD, RESULT)
        assert hotline.read(number)["主办单位"] == "合水县司法局"
        assert hotline.notes(number)[-1] == TOLD.note, "nothing of ours was held back"

    def test_a_value_that_means_waiting_is_nobodys(self, tracker, hotline, clerk, number):
        clerk.change(number, 主办单位="合水县人民政府办公室")
        connect(tracker, 可覆盖=["合水县人民政府办公室"]).write_back(number, RESULT, None)
        assert hotline.read(number)["主办单位"] == "合水县税务局"

    def test_an_answer_to_what_was_read_before_a_clerk_wrote_is_412_and_read_again(
        self, platform, hotline, clerk, number, monkeypatch,
    ):
        real, reads = RequestTrackerRest.ticket, []

        def racing(rest, ticket_no):
            given = real(rest, ticket_no)
            reads.append(given)
            if len(reads) == 1:  # after we read, before we write: the ETag is stale
                clerk.change(number, 争议类别="其他")
            return given

        monkeypatch.setattr(RequestTrackerRest, "ticket", racing)
        platform.write_back(number, RESULT, None)
        assert stands(hotline.read(number)) == {**STANDS, "争议类别": "其他"}
        assert hotline.notes(number) == [RESULT.note + "\n\n经办人已填、未覆盖的字段：类别"]

    @pytest.mark.parametrize("cut_off", [False, True], ids=["at once", "after we were cut off"])
    def test_what_a_clerk_writes_between_the_trackers_check_and_its_write_is_put_back(
        self, platform, hotline, clerk, number, monkeypatch, cut_off,
    ):
        real, puts = RequestTrackerRest.put, []

        def checked_before_the_clerk_wrote(rest, ticket_no, etag, patch):
            puts.append(patch)
            if len(puts) > 1:
                return real(rest, ticket_no, etag, patch)
            clerk.change(number, 主办单位="合水县司法局", 协办单位=["合水县委网信办"], Due="2026-11-30 10:00:00", 办理依据="面谈")
            now = hotline.call("GET", f"/ticket/{number}/history", params={"orderby": "id", "order": "DESC"})["items"][0]["id"]
            told = real(rest, ticket_no, f'"{now}"', patch)  # as if the check had been passed already
            if cut_off:
                raise DeliveryDelayed("与平台的连接断了", outcome_unknown=True)
            return told

        monkeypatch.setattr(RequestTrackerRest, "put", checked_before_the_clerk_wrote)
        if cut_off:
            with pytest.raises(DeliveryDelayed):
                platform.write_back(number, RESULT, None)
            assert hotline.read(number)["主办单位"] == "合水县税务局", "ours came over the clerk's"
        platform.write_back(number, RESULT, None)
        assert stands(hotline.read(number)) == {
            **STANDS, "主办单位": "合水县司法局", "协办单位": "合水县委网信办", "Due": "2026-11-30T10:00:00Z", "办理依据": "面谈"}
        assert hotline.notes(number) == [RESULT.note + "\n\n经办人已填、未覆盖的字段：主办、协办、时限、依据"]

    def test_what_a_clerk_emptied_before_us_is_not_put_back(self, platform, hotline, clerk, number):
        clerk.change(number, 主办单位="合水县司法局", 协办单位=["合水县委网信办"])
        clerk.change(number, 主办单位=None, 协办单位=[])
        platform.write_back(number, RESULT, None)
        platform.write_back(number, RESULT, RESULT)
        assert stands(hotline.read(number)) == STANDS
        assert hotline.notes(number) == [RESULT.note]

    def test_of_many_writes_at_the_same_time_a_clerk_loses_none(self, tracker, platform, hotline, clerk):
        with ThreadPoolExecutor(2) as pool:
            for n in range(RACES):
                number = hotline.file_ticket("欠费", "单位欠缴")
                ours = pool.submit(platform.write_back, number, RESULT, None)
                time.sleep(n % 8 * 0.03)  # earlier or later within our writing
                filled = {"主办单位": "合水县司法局", "协办单位": ["合水县委网信办"], "办理依据": f"经办人{n}",
                          "Due": "2026-11-30 10:00:00"}
                theirs = pool.submit(clerk.change, number, **filled)
                theirs.result()
                try:
                    ours.result()
                except DeliveryDelayed:  # she wrote each time we looked
                    platform.write_back(number, RESULT, None)
                assert stands(hotline.read(number)) == {
                    **STANDS, **filled, "协办单位": "合水县委网信办", "Due": "2026-11-30T10:00:00Z"}
                assert len(hotline.notes(number)) == 1

    def test_a_ticket_that_somebody_writes_all_the_time_is_tried_again_later(self, platform, hotline, clerk, number, monkeypatch):
        real, reads = RequestTrackerRest.ticket, []

        def racing(rest, ticket_no):
            given = real(rest, ticket_no)
            reads.append(given)
            clerk.change(number, 办理依据=f"第{len(reads)}次")
            return given

        monkeypatch.setattr(RequestTrackerRest, "ticket", racing)
        with pytest.raises(DeliveryDelayed, match=f"工单 {number} 正有人在改，稍后再写"):
            platform.write_back(number, RESULT, None)
        assert hotline.notes(number) == []
