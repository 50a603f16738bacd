"""What every OA owes us, held against each of them: filled in once, nobody overwritten, never moved on, never silent."""

import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
import requests

from hsdispute_plugin.adapters import http
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, TicketRefused
from hsdispute_plugin.model import SHANGHAI
from tests.oa.hosts import CONTENT, HTML, PAYER, URL
from tests.test_roundup import NEXT, RESULT, TOLD

PAPER, = RESULT.files
WANTED = {"主办": RESULT.lead, "协办": "合水县医疗保障局、合水县财政局", "类别": "征缴", "时限": "2026-12-01 18:00:00",
          "依据": "四（一）", "幂等键": RESULT.key}


def standing(host, *labels):
    return {label: host.get(host.number, host.at[label]) for label in labels or WANTED}


class TestReading:
    def test_a_ticket_is_read_in_the_words_that_people_see(self, platform, host):
        given = platform.fetch(host.number)
        ticket = given.ticket
        assert (ticket.ticket_no, ticket.title, ticket.content) == (host.number, "某厂欠缴", CONTENT)
        assert (ticket.ticket_type, ticket.area, ticket.caller_name) == ("投诉", "固城镇", PAYER[0])
        assert ticket.received_at == datetime(2026, 11, 25, 8, 30, tzinfo=SHANGHAI)

    def test_what_we_write_makes_no_new_version_and_what_the_payer_says_does(self, connect, host):
        platform = connect(with_files=True)
        before = platform.fetch(host.number).version
        platform.write_back(host.number, RESULT, None)
        assert platform.fetch(host.number).version == before
        form = host.forms[host.number]
        host.forms[host.number] = {k: v.replace("三", "四") if v == CONTENT else v for k, v in form.items()}
        assert platform.fetch(host.number).version != before

    def test_polling_tells_every_change_once_over_pages(self, platform, host):
        for n in range(250):
            host.new(str(n + 1000), f"2026-11-25 10:{n % 60:02d}:{n // 60:02d}")
        events, cursor = platform.changed("")
        assert len(events) == 251 and len({e.event_id for e in events}) == 251 and len(cursor) < 200
        none, cursor = platform.changed(cursor)
        assert none == ()
        host.times["1003"] = "2026-11-25 11:00:00"
        assert [e.ticket_no for e in platform.changed(cursor)[0]] == ["1003"]

    def test_old_waiting_tickets_are_left_alone_from_the_start_that_the_file_names(self, connect, host):
        host.new("2000", "2026-11-20 09:00:00")
        assert [e.ticket_no for e in connect(轮询起始="2026-11-25").changed("")[0]] == [host.number]

    def test_a_form_that_is_not_there_is_put_before_a_person(self, platform):
        with pytest.raises(DeliveryRefused):
            platform.fetch("404404")

    def test_a_hint_of_the_oa_is_only_a_number(self, platform, host):
        event = platform.event({}, f'{{"id": "{host.number}", "event_id": 7}}'.encode())
        assert (event.ticket_no, event.event_id, event.ticket) == (host.number, "7", None)

    @pytest.mark.parametrize("body", [
        b"", b"[1]", b'{"id": ""}', b'{"id": "../x"}', b'{"id": "1 or 1"}', b"\xff\xff", b"[" * 90_000])
    def test_a_hint_that_is_none_is_refused(self, platform, body):
        with pytest.raises(TicketRefused, match="回调内容"):
            platform.event({}, body)


class TestWriting:
    def test_what_should_stand_stands_once_whatever_is_repeated(self, connect, host):
        platform = connect(with_files=True)
        for _ in range(3):
            platform.write_back(host.number, RESULT, None)
        assert standing(host) == WANTED
        assert standing(host, "说明")["说明"] == RESULT.note
        assert host.files[host.number] == {PAPER: RESULT.files[PAPER]}, "with its Chinese name"
        assert (host.calls["save"], host.calls["upload"], host.moved) == (1, 1, 0), "and nobody moved the flow on"

    def test_a_second_result_follows_the_first_note(self, platform, host):
        platform.write_back(host.number, RESULT, None)
        platform.write_back(host.number, NEXT, RESULT)
        assert standing(host, "说明", "依据") == {"说明": f"{RESULT.note}\n\n{NEXT.note}", "依据": "四（二）"}

    def test_a_name_of_a_list_is_stored_as_its_code(self, platform, host):
        platform.write_back(host.number, RESULT, None)
        code = {"weaver": "0", "seeyon": "-700000001", "o2oa": "一般事项"}[host.adapter]
        assert standing(host, "办理") == {"办理": code}

    def test_a_clerks_value_stands_and_the_note_says_so(self, platform, host):
        platform.write_back(host.number, RESULT, None)
        host.put(host.number, host.at["主办"], "合水县人社局")
        platform.write_back(host.number, NEXT, RESULT)
        assert standing(host, "主办", "依据") == {"主办": "合水县人社局", "依据": "四（二）"}
        assert standing(host, "说明")["说明"].endswith("经办人已填、未覆盖的字段：主办")

    def test_our_own_mark_is_nobodys_value(self, platform, host):
        host.put(host.number, host.at["幂等键"], "HS-2025-000009-9")
        platform.write_back(host.number, RESULT, None)
        assert standing(host, "幂等键") == {"幂等键": RESULT.key} and "未覆盖" not in standing(host, "说明")["说明"]

    def test_what_a_clerk_wrote_into_the_note_stays(self, platform, host):
        host.put(host.number, host.at["说明"], "已电话联系")
        platform.write_back(host.number, RESULT, None)
        assert standing(host, "说明") == {"说明": f"已电话联系\n\n{RESULT.note}"}

    def test_fields_that_are_not_ours_are_as_they_were(self, platform, host):
        ours = {place.partition(".")[0] for place in host.at.values()}
        before = {k: v for k, v in host.forms[host.number].items() if k not in ours}
        platform.write_back(host.number, RESULT, None)
        assert {k: v for k, v in host.forms[host.number].items() if k not in ours} == before

    def test_what_a_clerk_saves_elsewhere_between_our_reading_and_our_writing_stands(self, platform, host):
        place = {"weaver": "xzq", "seeyon": "field0005", "o2oa": "area"}[host.adapter]
        host.during["read"] = lambda: host.put(host.number, place, "老城镇")
        platform.write_back(host.number, RESULT, None)
        assert (host.get(host.number, place), standing(host)) == ("老城镇", WANTED)

    def test_what_a_clerk_writes_while_we_upload_stands(self, connect, host):
        def clerk():
            host.put(host.number, host.at["主办"], "合水县人社局")

        host.during["upload"] = clerk
        connect(with_files=True).write_back(host.number, RESULT, None)
        assert standing(host, "主办", "依据") == {"主办": "合水县人社局", "依据": "四（一）"}

    def test_what_a_clerk_writes_right_after_us_is_no_fault(self, platform, host):
        def clerk():
            host.put(host.number, host.at["主办"], "合水县人社局")

        host.during["save"] = clerk
        platform.write_back(host.number, RESULT, None)
        assert standing(host, "主办") == {"主办": "合水县人社局"}

    def test_a_waiting_pool_is_nobodys_and_what_no_longer_holds_is_emptied(self, connect, host):
        platform = connect(可覆盖=["待分派"])
        host.put(host.number, host.at["主办"], "待分派")
        platform.write_back(host.number, RESULT, None)
        assert standing(host, "主办") == {"主办": RESULT.lead}
        platform.write_back(host.number, TOLD, RESULT)
        assert standing(host, "主办", "协办", "时限") == {"主办": "", "协办": "", "时限": ""}

    @pytest.mark.parametrize("label", ["主办", "说明"])
    def test_a_host_that_says_yes_and_keeps_nothing_is_found_out(self, platform, host, label):
        host.dropped = {host.at[label]}
        with pytest.raises(DeliveryDelayed, match=r"写后读回不一致：\S+。请核对这些字段") as caught:
            platform.write_back(host.number, RESULT, None)
        assert not caught.value.outcome_unknown


    def test_a_field_that_keeps_only_a_part_is_put_before_a_person(self, platform, host):
        def cut():
            host.put(host.number, host.at["时限"], "2026-12-01")

        host.during["save"] = cut
        with pytest.raises(DeliveryRefused, match="只存下了一部分：字段太短，或只存日期"):
            platform.write_back(host.number, RESULT, None)


class TestTokens:
    def test_an_expired_token_is_renewed_and_the_call_sent_once_more(self, platform, host):
        platform.fetch(host.number)
        host.expire()
        platform.write_back(host.number, RESULT, None)
        assert (host.calls["token"], host.calls["save"]) == (2, 1)

    def test_a_token_that_expires_just_before_a_write_leads_to_one_write(self, platform, host):
        host.during["read"] = host.expire
        platform.write_back(host.number, RESULT, None)
        assert (host.calls["token"], host.calls["save"]) == (2, 1)

    def test_many_threads_renew_it_once(self, platform, host):
        platform.fetch(host.number)
        host.expire()
        with ThreadPoolExecutor(8) as threads:
            read = list(threads.map(platform.fetch, [host.number] * 16))
        assert len(read) == 16 and host.calls["token"] == 2

    def test_without_an_answer_to_the_sign_in_nothing_was_written(self, platform, host):
        host.fail["token"] = ["refused"]
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back(host.number, RESULT, None)
        assert caught.value.host_down and not caught.value.outcome_unknown
        host.fail["token"], host.during["read"] = [None, "lost"], host.expire
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back(host.number, RESULT, None)
        assert caught.value.host_down and not caught.value.outcome_unknown and host.calls["save"] == 0

    def test_a_token_that_is_never_known_is_not_asked_for_ever(self, platform, host):
        host.knows = lambda *_: False
        with pytest.raises(DeliveryDelayed, match="刚给的令牌它自己不认") as caught:
            platform.fetch(host.number)
        assert caught.value.host_down and host.calls["token"] == 2

    def test_a_wrong_secret_is_told_with_its_mend(self, connect, host):
        wrong = {name: value if name == "SPK" else "another-secret" for name, value in host.secrets.items()}
        with pytest.raises(DeliveryDelayed, match=r"不给令牌：POST .+(请|不是一对|密钥不对)") as caught:
            connect(secrets=wrong).fetch(host.number)
        assert caught.value.host_down and "another-secret" not in str(caught.value)


class TestTrouble:
    @pytest.mark.parametrize(("body", "told"), [(HTML, "登录页或网页"), ("OK", "看不懂的内容"), ('{"code":', "看不懂的内容"),
                                                ("[" * 100_000, "看不懂的内容"), ("\xff", "看不懂的内容")])
    def test_a_write_that_is_answered_by_no_json_may_have_been_done(self, platform, host, body, told):
        host.fail["save"] = [(200, body)]
        with pytest.raises(DeliveryDelayed, match=f"不是 JSON，是{told}") as caught:
            platform.write_back(host.number, RESULT, None)
        assert caught.value.outcome_unknown and caught.value.host_down

    def test_a_login_page_in_answer_to_a_question_means_sign_in_again(self, platform, host):
        platform.fetch(host.number)
        host.fail["read"] = [(200, HTML)]
        assert platform.fetch(host.number).ticket.title == "某厂欠缴"
        assert host.calls["token"] == 2
        host.fail["read"] = [(200, HTML)] * 2
        with pytest.raises(DeliveryDelayed, match="请核对账号是否停用、地址是否经过登录网关"):
            platform.fetch(host.number)

    @pytest.mark.parametrize("kind", ["rows", "read"])
    @pytest.mark.parametrize("body", ["7", "null", '"x"', "{}", "[7]", '{"code": "SUCCESS"}', '{"code": 0, "data": 7}',
                                      '{"type": "success", "data": 7}'])
    def test_json_of_another_program_is_never_taken_for_a_ticket(self, platform, host, kind, body):
        host.fail[kind] = [(200, body)] * 2
        try:
            found = platform.changed("")[0] if kind == "rows" else platform.fetch(host.number)
        except (DeliveryDelayed, DeliveryRefused) as err:
            assert not getattr(err, "outcome_unknown", False)
        else:
            assert found == (), "an array of what is no row holds no tickets"

    @pytest.mark.parametrize("fault", ["refused", "lost"])
    @pytest.mark.parametrize("kind", ["save", "upload"])
    def test_after_a_timeout_the_form_is_read_before_anything_is_done_again(self, connect, host, kind, fault):
        platform = connect(with_files=True)
        host.fail[kind] = [fault]
        with pytest.raises(DeliveryDelayed) as caught:
            platform.write_back(host.number, RESULT, None)
        assert caught.value.outcome_unknown and caught.value.host_down
        platform.write_back(host.number, RESULT, None)
        assert standing(host) == WANTED and standing(host, "说明")["说明"].count("〔hsdispute:") == 1
        assert host.files[host.number] == dict(RESULT.files) and host.calls["save"] == 1

    def test_a_question_without_an_answer_leaves_nothing_unknown(self, platform, host):
        for kind, ask in (("read", lambda: platform.fetch(host.number)), ("rows", lambda: platform.changed(""))):
            host.fail[kind] = ["refused"]
            with pytest.raises(DeliveryDelayed) as caught:
                ask()
            assert not caught.value.outcome_unknown and caught.value.host_down

    @pytest.mark.parametrize("status", [502, 503, 429])
    def test_a_proxy_in_trouble_is_tried_again(self, platform, host, status):
        host.fail["save"] = [(status, HTML)]
        with pytest.raises(DeliveryDelayed, match=f"HTTP {status}") as caught:
            platform.write_back(host.number, RESULT, None)
        assert caught.value.outcome_unknown is (status != 429)

    def test_a_redirect_to_another_host_is_not_followed(self, platform, host, mocked):
        taken = []
        mocked.add_callback("GET", "http://elsewhere.invalid/", lambda r: taken.append(r) or (200, {}, "{}"))

        def elsewhere(request):
            return 302, {"Location": "http://elsewhere.invalid/"}, ""

        host.fail["read"] = [elsewhere] * 2
        with pytest.raises(DeliveryDelayed, match=r"刚给的令牌它自己不认：.*HTTP 302"):
            platform.fetch(host.number)
        host.fail |= {"read": [elsewhere], "save": [elsewhere]}
        platform.write_back(host.number, RESULT, None)
        assert host.calls["save"] == 1, "a redirect to the login page is an old token: nothing was done"
        assert taken == [] and all(call.request.url.startswith(URL) for call in mocked.calls)

    def test_an_answer_without_end_is_cut_off(self, platform, host, monkeypatch):
        monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 100_000)
        host.fail["read"] = [(200, '{"data": "' + "x" * 200_000 + '"}')]
        with pytest.raises(DeliveryRefused, match="超过 100000 字节"):
            platform.fetch(host.number)

    def test_no_cookie_of_an_answer_is_sent_back(self, platform, host):
        for _ in range(2):
            platform.fetch(host.number)  # the host asserts it: every answer sets one

    def test_no_payer_and_no_secret_is_in_an_error_or_a_log(self, connect, host, caplog):
        caplog.set_level(logging.DEBUG)
        bodies = [{"code": "PARAM_ERROR", "errMsg": {"error_param_zbdw": PAYER[1], "x": PAYER[0]}},
                  {"code": 1, "message": " ".join(PAYER)}, {"code": "NO_PERMISSION", "reqFailMsg": {"msgType": PAYER[0]}},
                  {"type": "error", "message": " ".join(PAYER), "prompt": PAYER[0]}, {"status": False, "msg": PAYER[2]},
                  {"type": "error", "message": PAYER[0], "prompt": "x.ExceptionAccessDenied"}, " ".join(PAYER), HTML + PAYER[0]]
        for kind in ("read", "save"):
            for body in bodies:
                host.fail[kind] = [(200, body)] * 2
                with pytest.raises((DeliveryDelayed, DeliveryRefused)) as caught:
                    connect().write_back(host.number, RESULT, None)
                said = f"{caught.value!s}{caught.value!r}"
                assert not [w for w in (*PAYER, *host.secrets.values(), "token-") if w in said]
        assert not [w for w in (*PAYER, *host.secrets.values()) if w in caplog.text]


def test_a_connection_that_is_cut_off_while_writing_leaves_the_outcome_unknown(platform, host):
    def cut(request):
        raise requests.ConnectionError("reset")

    host.fail["save"] = [cut]
    with pytest.raises(DeliveryDelayed) as caught:
        platform.write_back(host.number, RESULT, None)
    assert caught.value.outcome_unknown


def places(body, at=()):
    """Yield the places of a body, the whole first; of many alike (fields of a form) some."""
    yield at
    inner = list(body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ())
    for key, value in inner if len(inner) < 16 else inner[:4]:
        yield from places(value, (*at, key))


def replaced(body, place, value):
    if not place:
        return value
    key, *rest = place
    if isinstance(body, dict):
        return {k: replaced(v, rest, value) if k == key else v for k, v in body.items()}
    return [replaced(v, rest, value) if n == key else v for n, v in enumerate(body)]


@pytest.mark.parametrize("kind", ["token", "rows", "read", "files", "save", "upload"])
def test_whatever_stands_at_any_place_of_an_answer_no_other_error_comes_of_it(connect, host, kind):
    platform, good, count = connect(with_files=True), [], 0
    answer = host.act
    host.act = lambda k, request: [given := answer(k, request), good.append(given[1]) if k == kind else None][0]
    platform.changed(platform.changed("")[1])
    platform.write_back(host.number, RESULT, None)
    host.act = answer
    for place in places(good[0]) if good else ():
        for value in (None, -1.5, "x", True, [], [None], {}, {"a": [1]}):
            host.fail[kind] = [(200, replaced(good[0], place, value))] * 2
            host.expire()
            count += 1
            for ask in (lambda: platform.changed(""), lambda: platform.write_back(host.number, NEXT, RESULT)):
                with contextlib.suppress(DeliveryDelayed, DeliveryRefused):
                    ask()
    assert count or (host.adapter, kind) in (("seeyon", "files"),)
