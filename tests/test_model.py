"""Tickets as hosts really send them: naive times, numbers for text, unknown keys, two encodings."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hsdispute_plugin.model import SHANGHAI, Ticket, aware, decode


@pytest.mark.parametrize("written", [
    "2026-01-05 08:30:00", "2026-01-05T08:30:00", "2026/1/5 8:30:00", "2026年1月5日 8时30分", "2026年1月5日8时30分00秒",
    "2026-01-05T00:30:00+00:00",
])
def test_a_time_without_a_zone_is_county_time(written):
    assert Ticket(ticket_no="1", received_at=written).received_at == datetime(2026, 1, 5, 8, 30, tzinfo=SHANGHAI)


def test_a_date_alone_is_midnight_and_an_empty_time_is_none():
    ticket = Ticket(ticket_no="1", received_at="2026/1/5", host_due_at="")
    assert (ticket.received_at, ticket.host_due_at) == (datetime(2026, 1, 5, tzinfo=SHANGHAI), None)


def test_a_time_nobody_can_read_is_refused_with_the_right_form():
    with pytest.raises(ValidationError, match="请写成 2026-01-05 08:30:00"):
        Ticket(ticket_no="1", received_at="昨天下午")


def test_unknown_keys_are_kept():
    ticket = Ticket.model_validate({"ticket_no": 20260105001, "pilotLight": "红", "extra": {"a": 1}})
    assert (ticket.ticket_no, dict(ticket.extra)) == ("20260105001", {"pilotLight": "红", "a": 1})


def test_a_ticket_never_shows_its_payer():
    ticket = Ticket(ticket_no="1", caller_name="张三丰", caller_phone="13800000000", content="张三丰反映")
    assert "张三丰" not in f"{ticket!r} {ticket}"
    assert "13800000000" not in f"{ticket!r} {ticket}"


def test_offsets_count_in_title_and_content():
    assert Ticket(ticket_no="1", title="欠费", content="单位").text == "欠费\n单位"
    assert Ticket(ticket_no="1", content="单位").text == "单位"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_hosts_send_utf8_or_gb18030(encoding):
    assert decode("社会保险费㐂".encode(encoding)) == "社会保险费㐂"


def test_a_ticket_needs_a_number():
    with pytest.raises(ValidationError):
        Ticket(ticket_no="  ")


@pytest.mark.parametrize("written", ["0206-01-05 08:30:00", "9999-12-31", 1_000_000_000_000_000])
def test_a_year_no_calendar_can_count_from_is_refused(written):
    with pytest.raises(ValidationError):
        Ticket(ticket_no="1", received_at=written)


@given(st.dates(date(1950, 1, 1), date(2199, 12, 31)), st.times(), st.sampled_from(["T", " "]),
       st.sampled_from(["%H:%M", "%H:%M:%S"]), st.sampled_from(["", "Z", "+08:00", "-05:30"]))
def test_what_most_hosts_send_is_read_as_every_other_way_of_writing_it(day, time, between, clock, zone):
    text = f"{day}{between}{time.strftime(clock)}{zone}"
    assert aware(text) == aware(text[:10].replace("-", "/") + text[10:])
    assert aware(text).tzinfo is not None
