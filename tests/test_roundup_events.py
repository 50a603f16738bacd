"""What Roundup tells us, by signed webhooks and by polling: each change once, none missed."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest

from hsdispute_plugin.adapters import roundup_rest
from hsdispute_plugin.adapters.roundup_rest import DATE
from hsdispute_plugin.adapters.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, refusal
from hsdispute_plugin.errors import DeliveryDelayed, TicketRefused
from tests.hosts.roundup.settings import connect
from tests.hosts.roundup.tracker import ADMIN_PASSWORD, CLERK, Desk, Tracker
from tests.test_roundup import RESULT

SECRET = "a-secret-of-the-test"


@pytest.fixture(scope="module")
def posts():
    """What the tracker's detector posted, in order."""
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
    with Tracker(tmp_path_factory.mktemp("roundup"), hook_url=posts.url, hook_secret=SECRET) as served:
        yield served


@pytest.fixture
def hotline(tracker):
    return Desk(tracker)


@pytest.fixture
def platform(tracker):
    connected = connect(tracker)
    yield connected
    connected.close()


class TestWebhooks:
    @pytest.fixture
    def told(self, posts, platform):
        """Collect the events of one ticket as the gateway would read them, with the kind of those that are nothing to us."""
        def collect(number, count):
            events, passed_over = [], []
            while len(events) + len(passed_over) < count:
                headers, body = posts.get(timeout=10)
                assert refusal((SECRET,), headers[TIMESTAMP_HEADER], headers[SIGNATURE_HEADER], body, datetime.now(UTC)) == ""
                if (given := json.loads(body))["id"] == number:
                    event = platform.event(headers, body)
                    (events if event else passed_over).append(event or given["event"])
            return events, passed_over

        return collect

    def test_a_new_a_changed_and_a_retired_ticket_are_told_signed(self, tracker, hotline, told):
        number = hotline.file_ticket("欠费", "单位欠缴")
        Desk(tracker, CLERK).change(number, basis="经办人写的")
        Desk(tracker, "admin", ADMIN_PASSWORD).retire(number)
        events, _ = told(number, 3)
        assert sorted(e.kind for e in events) == ["created", "updated", "withdrawn"]
        assert {e.ticket_no for e in events} == {number}

    def test_two_changes_in_one_second_are_two_events(self, hotline, told):
        number = hotline.file_ticket("欠费", "单位欠缴")
        hotline.change(number, title="欠费一")
        hotline.change(number, title="欠费二")
        events, _ = told(number, 3)
        assert len({e.event_id for e in events}) == 3

    def test_the_robots_own_acts_are_nothing_to_us(self, platform, hotline, told):
        number = hotline.file_ticket("欠费", "单位欠缴")
        platform.write_back(number, RESULT, None)
        events, passed_over = told(number, 3)
        assert ([e.kind for e in events], passed_over) == (["created"], ["issue.updated"] * 2)

    def test_an_id_counts_only_where_the_signature_covers_it(self, platform):
        body = b'{"event": "issue.updated", "id": "7", "actor": "rexian"}'
        assert platform.event({"x-event-id": "e7"}, body).event_id == ""

    @pytest.mark.parametrize("body", [
        b"", b"\xff", b"[]", b"7", b"{}", b'{"event": "x", "id": "1"}', b'{"event": "issue.created", "id": "1; drop"}',
        '{"event": "issue.created", "id": "７"}'.encode(), b'{"event": "issue.created", "id": true}', b"[" * 100_000])
    def test_a_callback_that_roundup_does_not_send_is_refused(self, platform, body):
        with pytest.raises(TicketRefused):
            platform.event({}, body)


class TestPolling:
    def told(self, platform, cursor):
        events, after = platform.changed(cursor)
        return [e.ticket_no for e in events], after

    def test_what_no_webhook_told_is_found(self, platform, hotline):
        _, cursor = platform.changed("")
        number = hotline.file_ticket("欠费", "单位欠缴")
        assert self.told(platform, cursor)[0] == [number]

    def test_a_change_under_our_own_writing_is_found(self, platform, hotline):
        number = hotline.file_ticket("欠费", "单位欠缴")
        before = platform.fetch(number).version
        _, cursor = platform.changed("")
        wait_for_the_next_second()
        hotline.change(number, title="欠费，单位又欠了一年")
        platform.write_back(number, RESULT, None)
        assert self.told(platform, cursor)[0] == [number]
        assert platform.fetch(number).version != before

    def test_what_was_told_is_not_told_again_once_its_cursor_is_kept(self, platform, hotline):
        number = hotline.file_ticket("欠费", "单位欠缴")
        first, cursor = self.told(platform, "")
        again, same = self.told(platform, cursor)
        assert number in first and again == [] and same == cursor

    def test_what_was_told_is_told_again_when_its_cursor_was_not_kept(self, platform, hotline):
        _, cursor = platform.changed("")
        number = hotline.file_ticket("欠费", "单位欠缴")
        assert self.told(platform, cursor)[0] == [number]
        assert number in self.told(platform, cursor)[0]

    def test_after_a_restart_the_last_minute_is_told_once_more_under_the_same_event_ids(self, platform, tracker, hotline):
        hotline.file_ticket("欠费", "单位欠缴")
        events, cursor = platform.changed("")
        again, after = connect(tracker).changed(cursor)
        assert again and set(again) <= set(events) and after == cursor

    def test_a_commit_that_came_late_is_found_up_to_a_minute_back(self, platform, tracker, hotline):
        number = hotline.file_ticket("欠费", "单位欠缴")
        (at,) = [at for n, at in platform._rest.active(None) if n == number]
        seconds = timedelta(seconds=1)
        near, far = (
            (datetime.strptime(at, DATE).replace(tzinfo=UTC) + late).strftime(DATE) for late in (60 * seconds, 61 * seconds))
        assert number in self.told(connect(tracker), near)[0]
        assert number not in self.told(connect(tracker), far)[0]

    def test_more_changes_than_a_page_holds_are_all_told_in_order(self, platform, hotline, monkeypatch):
        numbers = [hotline.file_ticket(f"欠费{n}", "单位欠缴") for n in range(7)]
        monkeypatch.setattr(roundup_rest, "PAGE", 2)  # smaller than what happens in one second
        told, _ = self.told(platform, "")
        assert [n for n in told if n in numbers] == numbers

    def test_the_cursor_means_utc_whatever_the_robots_own_zone(self, platform, hotline):
        hotline.file_ticket("欠费", "单位欠缴")
        in_two_hours = (datetime.now(UTC) + timedelta(hours=2)).strftime(DATE)
        assert platform.changed(in_two_hours) == ((), in_two_hours)

    def test_a_tracker_with_old_tickets_is_polled_from_the_time_that_the_platform_file_names(self, tracker, hotline):
        hotline.file_ticket("欠费", "单位欠缴")
        soon = datetime.now(UTC) + timedelta(minutes=5)
        assert connect(tracker, 轮询起始=soon.isoformat()).changed("")[0] == ()
        assert connect(tracker, 轮询起始=(soon - timedelta(minutes=10)).isoformat()).changed("")[0]

    def test_a_cursor_stays_as_short_as_the_store_keeps(self, platform):
        assert len(platform.changed("")[1]) <= 40

    def test_a_host_that_is_down_forgets_nothing(self, platform, tracker, hotline):
        _, cursor = platform.changed("")
        number = hotline.file_ticket("欠费", "单位欠缴")
        tracker.stop()
        with pytest.raises(DeliveryDelayed, match="连不上平台"):
            platform.changed(cursor)
        tracker.start()
        assert self.told(platform, cursor)[0] == [number]


def wait_for_the_next_second():
    """The tracker tells activity to the second; two changes of one second look alike to polling."""
    time.sleep(1.05 - time.time() % 1)
