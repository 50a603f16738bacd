"""What Request Tracker tells us, by signed webhooks of its scrip and by polling: each change once, none of our own."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue

import pytest

from hsdispute_plugin.adapters import built_in, request_tracker_rest
from hsdispute_plugin.adapters.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, refusal
from hsdispute_plugin.app import clock, open_rulebook, shipped_config
from hsdispute_plugin.desk import Desk as CaseDesk
from hsdispute_plugin.errors import DeliveryDelayed, TicketRefused
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.outbox import Outbox
from hsdispute_plugin.reception import Reception
from hsdispute_plugin.store import Store
from tests import request_tracker
from tests.hosts.request_tracker.settings import connect
from tests.hosts.request_tracker.tracker import CLERK, ELSEWHERE, INTAKE, Desk
from tests.test_roundup import RESULT

SECRET = "a-secret-of-the-test"
FILED = "我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处"


@pytest.fixture(scope="module")
def posts():
    """What the tracker's scrip posted, in order."""
    arrived = Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self):
            arrived.put(({k.lower(): v for k, v in self.headers.items()}, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    arrived.url = f"http://127.0.0.1:{server.server_port}/"
    yield arrived
    server.shutdown()


@pytest.fixture(scope="module")
def tracker(tmp_path_factory, posts):
    with request_tracker.running(tmp_path_factory.mktemp("rt"), hook_url=posts.url, hook_secret=SECRET) as served:
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
def told(posts, platform):
    """Collect what was posted of one ticket until now, as the gateway would read it, and the kinds of what is nothing to us.

    RT answers a person only after its scrips have run, so that all is posted by then.
    """
    def collect(number):
        events, passed_over = [], []
        while True:
            try:
                headers, body = posts.get_nowait()
            except Empty:
                return events, passed_over
            assert refusal((SECRET,), headers[TIMESTAMP_HEADER], headers[SIGNATURE_HEADER], body, datetime.now(UTC)) == ""
            if (given := json.loads(body))["id"] == number:
                event = platform.event(headers, body)
                (events if event else passed_over).append(event or given["event"])

    return collect


class TestWebhooks:
    def test_a_new_a_changed_and_a_deleted_ticket_are_told_signed(self, hotline, clerk, told):
        number = hotline.file_ticket("欠费", "单位欠缴")
        clerk.change(number, 办理依据="经办人写的", 主办单位="合水县税务局")
        clerk.say(number, "已电话联系")
        clerk.change(number, Status="deleted")
        events, _ = told(number)
        assert [e.kind for e in events] == ["created", "updated", "updated", "withdrawn"], "two fields in one act: one event"
        assert {e.ticket_no for e in events} == {number} and len({e.event_id for e in events}) == 4

    def test_what_is_told_can_be_read_at_once(self, tracker, platform, hotline, posts, told):
        """The scrip runs after the commit: a ticket that is told of is there."""
        number = hotline.file_ticket("欠费", "单位欠缴")
        ((event,), _) = told(number)
        assert platform.fetch(event.ticket_no).ticket.content == "单位欠缴"

    def test_the_robots_own_acts_are_nothing_to_us(self, platform, hotline, told):
        number = hotline.file_ticket("欠费", "单位欠缴")
        platform.write_back(number, RESULT, None)
        events, passed_over = told(number)
        assert ([e.kind for e in events], passed_over) == (["created"], ["ticket.updated"] * 2)

    def test_a_queue_that_is_not_ours_tells_nothing(self, hotline, told):
        assert told(hotline.file_ticket("别的事", "别的队列", queue=ELSEWHERE)) == ([], [])

    def test_the_ticket_for_trials_is_never_received(self, tracker):
        body = b'{"event": "ticket.updated", "id": "7", "actor": "rexian", "event_id": "txn-9"}'
        assert connect(tracker).event({}, body).ticket_no == "7"
        assert connect(tracker, 试写工单="7").event({}, body) is None

    @pytest.mark.parametrize("body", [
        b"", b"\xff", b"[]", b"7", b"{}", b"[" * 100_000, b'{"event": "ticket.created", "id": "1", "actor": "a"}',
        b'{"event": "x", "id": "1", "actor": "a", "event_id": "txn-1"}',
        b'{"event": "ticket.created", "id": "1 OR 1", "actor": "a", "event_id": "txn-1"}',
        '{"event": "ticket.created", "id": "７", "actor": "a", "event_id": "txn-1"}'.encode(),
        b'{"event": "ticket.created", "id": "1", "actor": "a", "event_id": "activity-1"}'])
    def test_a_callback_that_the_scrip_does_not_send_is_refused(self, body):
        class Nowhere:
            url = "http://tracker.invalid"

        with pytest.raises(TicketRefused):
            connect(Nowhere(), token="t").event({}, body)


class TestPolling:
    def told(self, platform, cursor):
        events, after = platform.changed(cursor)
        return [e.ticket_no for e in events], after

    def test_what_no_webhook_told_is_found_under_the_same_name(self, platform, hotline, told):
        _, cursor = platform.changed("")
        number = hotline.file_ticket("欠费", "单位欠缴")
        (events, _), (webhook, _) = platform.changed(cursor), told(number)
        assert list(events) == webhook, "told twice, taken once"

    def test_many_acts_on_one_ticket_are_one_event(self, platform, hotline, clerk):
        _, cursor = platform.changed("")
        number = hotline.file_ticket("欠费", "单位欠缴")
        clerk.change(number, 办理依据="一", 主办单位="合水县税务局")
        clerk.say(number, "已电话联系")
        ((event,), _) = platform.changed(cursor)
        assert (event.ticket_no, event.kind) == (number, "created")

    def test_our_own_writing_is_not_told_but_a_change_under_it_is(self, platform, hotline):
        number = hotline.file_ticket("欠费", "单位欠缴")
        _, cursor = platform.changed("")
        platform.write_back(number, RESULT, None)
        told, cursor = self.told(platform, cursor)
        assert told == []
        hotline.change(number, Subject="欠费，单位又欠了一年")
        platform.write_back(number, RESULT, RESULT)
        assert self.told(platform, cursor)[0] == [number]

    def test_what_was_told_is_not_told_again_once_its_cursor_is_kept(self, platform, hotline):
        number = hotline.file_ticket("欠费", "单位欠缴")
        first, cursor = self.told(platform, "")
        again, same = self.told(platform, cursor)
        assert number in first and again == [] and same == cursor

    def test_what_was_told_is_told_again_when_its_cursor_was_not_kept(self, platform, hotline):
        _, cursor = platform.changed("")
        number = hotline.file_ticket("欠费", "单位欠缴")
        assert self.told(platform, cursor)[0] == [number]
        assert self.told(platform, cursor)[0][-1] == number

    def test_what_was_committed_under_an_earlier_number_is_found_later(self, tracker, platform, hotline, monkeypatch):
        """Numbers are given before the commit: a slow act appears below the cursor."""
        number = hotline.file_ticket("欠费", "单位欠缴")
        real = request_tracker_rest.RequestTrackerRest.others_acts
        monkeypatch.setattr(request_tracker_rest.RequestTrackerRest, "others_acts",
                            lambda *given: [a for a in real(*given) if a.ticket_no != number])
        hotline.file_ticket("在它后面", "单位欠缴")
        told, cursor = self.told(platform, "")
        monkeypatch.undo()
        assert number not in told and number in self.told(platform, cursor)[0]

    def test_more_changes_than_a_page_holds_are_all_told(self, tracker, platform, hotline, monkeypatch):
        numbers = [hotline.file_ticket(f"欠费{n}", "单位欠缴") for n in range(5)]
        for limit, value in (("PAGE", 2), ("OVERLAP", 2), ("_MOST_PAGES", 3)):
            monkeypatch.setattr(f"hsdispute_plugin.adapters.request_tracker.{limit}", value)
        told, cursor = self.told(platform, "")
        while set(numbers) - set(told):
            more, after = self.told(platform, cursor)
            assert int(after) > int(cursor), "a poll that is cut short goes on where it was"
            told, cursor = told + more, after
        assert [n for n in told if n in numbers] == numbers

    def test_acts_that_we_may_not_see_hide_none_of_those_we_may(self, tracker, platform, hotline, monkeypatch):
        _, cursor = platform.changed("")
        monkeypatch.setattr(request_tracker_rest, "PAGE", 3)
        monkeypatch.setattr("hsdispute_plugin.adapters.request_tracker.PAGE", 3)
        for n in range(4):
            hotline.file_ticket(f"别的{n}", "别的队列", queue=ELSEWHERE)
        number = hotline.file_ticket("欠费", "单位欠缴")
        assert self.told(platform, cursor)[0] == [number]

    def test_a_tracker_with_old_tickets_is_polled_from_the_time_that_the_platform_file_names(self, tracker, hotline):
        number = hotline.file_ticket("欠费", "单位欠缴")
        soon = datetime.now(UTC) + timedelta(minutes=5)
        events, cursor = connect(tracker, 轮询起始=soon.isoformat()).changed("")
        assert events == ()
        events, _ = connect(tracker, 轮询起始=(soon - timedelta(minutes=10)).isoformat()).changed("")
        assert number in [e.ticket_no for e in events]
        hotline.change(number, Subject="又欠了")
        assert connect(tracker, 轮询起始=soon.isoformat()).changed(cursor)[0] == (), "nor is what stands below the cursor"
        events, _ = connect(tracker, 轮询起始=(soon - timedelta(minutes=10)).isoformat()).changed(cursor)
        assert number in [e.ticket_no for e in events]

    def test_a_host_that_is_down_forgets_nothing(self, platform, tracker, hotline):
        _, cursor = platform.changed("")
        number = hotline.file_ticket("欠费", "单位欠缴")
        tracker.stop()
        with pytest.raises(DeliveryDelayed, match="连不上平台"):
            platform.changed(cursor)
        tracker.start()
        assert self.told(platform, cursor)[0] == [number]


@pytest.fixture
def trip(tracker, tmp_path):
    """Reception, desk and outbox over the tracker, as the app joins them; the robot's tokens and the rules as shipped."""
    store, book = Store(f"sqlite:///{tmp_path / 'cases.sqlite3'}"), open_rulebook()
    desk, plugins, platforms = CaseDesk(store, Forms(shipped_config() / "forms")), Plugins([built_in], installed=False), {
        "request_tracker": connect(tracker, 轮询起始=(clock() - timedelta(seconds=2)).isoformat())}
    reception = Reception(store, platforms, desk, lambda: book, plugins, clock)
    outbox = Outbox(store, platforms, clock, lambda: 0.5, desk.paper, plugins.notify)
    yield store, reception, outbox
    store.close()
    book.close()


class TestATripFromTheWebhookToTheTicket:
    def stands(self, hotline, number):
        ticket = hotline.read(number)
        return (ticket["主办单位"], ticket["协办单位"], ticket["争议类别"], ticket["办理类型"], ticket["Queue"], ticket["Status"])

    @pytest.mark.parametrize("way", ["webhook", "polling"])
    def test_a_ticket_is_decided_and_the_result_stands_in_it(self, trip, tracker, hotline, told, way):
        store, reception, outbox = trip
        number = hotline.file_ticket("砖厂欠缴养老保险", FILED)
        (webhook,), _ = told(number)
        if way == "webhook":
            assert reception.keep([("request_tracker", webhook)]) == [True]
        reception.poll("request_tracker", "w")
        outcomes = [r.outcome for r in reception.work_off("request_tracker", "w", 500)]
        assert "accepted" in outcomes
        while outbox.deliver_due("request_tracker", "w", 20):
            pass
        assert self.stands(hotline, number) == (
            "合水县税务局", "合水县人力资源和社会保障局", "征缴", "一般事项", INTAKE, "new")
        (note,) = hotline.notes(number)
        with store.begin() as tx:
            case = tx.case_of("request_tracker", number)
        assert note.startswith(f"〔hsdispute:{case.case_no}-1〕") and hotline.read(number)["外部编号"] == f"{case.case_no}-1"
        # Our own writing comes back by webhook and polling, and moves nothing.
        events, passed_over = told(number)
        assert events == [] and passed_over
        assert reception.poll("request_tracker", "w") == 0
        assert not reception.keep([("request_tracker", webhook)])[0]

    def test_what_the_hotline_adds_is_decided_anew_and_a_clerks_field_stands(self, trip, hotline, clerk, told):
        _, reception, outbox = trip
        number = hotline.file_ticket("砖厂欠缴养老保险", FILED)
        reception.keep([("request_tracker", told(number)[0][0])])
        reception.work_off("request_tracker", "w", 500)
        while outbox.deliver_due("request_tracker", "w", 20):
            pass
        clerk.change(number, 争议类别="其他")
        hotline.change(number, Subject="砖厂欠缴养老保险，十五名工人一起反映，要求集体上访")
        for event in told(number)[0]:
            reception.keep([("request_tracker", event)])
        reception.work_off("request_tracker", "w", 500)
        while outbox.deliver_due("request_tracker", "w", 20):
            pass
        ticket = hotline.read(number)
        assert (ticket["争议类别"], ticket["办理类型"]) == ("其他", "重大疑难事项")
        assert len(hotline.notes(number)) == 2 and "类别" in hotline.notes(number)[1].rsplit("未覆盖的字段：", 1)[1]
