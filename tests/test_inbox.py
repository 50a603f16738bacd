"""The inbox: who takes part in which case, what they owe next, in which colour; users and sessions as kept."""

from datetime import datetime, timedelta

import pytest

from hsdispute_plugin import app
from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_accounts import UserRow
from hsdispute_plugin.store_inbox import PartRow
from tests import old

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)
NUMBER = "HS-2026-000001"


@pytest.fixture
def desk(url):
    from hsdispute_plugin.desk import Desk
    from hsdispute_plugin.forms import Forms

    store = Store(url)
    yield Desk(store, Forms(app.shipped_config() / "forms"))
    store.close()


def accept(desk, book, number="T1", at=NOW):
    content = "我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处"
    ticket = Ticket(ticket_no=number, content=content, caller_name="柳某某", caller_phone="13800000000", received_at=at)
    return desk.accept("roundup", HostTicket(ticket, "1"), book, at)[0]


def seen(desk, now=NOW, **which):
    with desk._store.begin() as tx:
        return [(line.case_no, line.colour) for line in tx.inbox(now, **which)]


def test_a_case_is_in_the_inbox_of_those_who_take_part_and_of_nobody_else(desk, book):
    accept(desk, book)
    assert seen(desk) == seen(desk, unit="gov_office") == [(NUMBER, "green")]
    assert seen(desk, unit="tax") == seen(desk, unit="hr") == []
    desk.act(NUMBER, "dispatch", Actor("王某", "gov_office", Role.GOV_OFFICE), {"unit": "tax"}, book, NOW)
    assert seen(desk, unit="tax") == [(NUMBER, "green")]
    assert seen(desk, unit="gov_office") == [(NUMBER, "none")]  # took part, owes nothing more
    with desk._store.begin() as tx:
        assert tx.takes_part(NUMBER, "tax") and not tx.takes_part(NUMBER, "hr")


def test_a_case_changes_colour_with_the_office_hours_that_pass(desk, book):
    accept(desk, book)  # 转办: by the end of the next working day
    colours = [seen(desk, NOW + timedelta(hours=h), unit="gov_office")[0][1] for h in (1, 12, 25, 31, 34)]
    assert colours == ["green", "green", "yellow", "orange", "red"]
    with desk._store.begin() as tx:
        count = tx.count_inbox(NOW + timedelta(hours=34), unit="gov_office")
        assert count == {"red": 1, "orange": 0, "yellow": 0, "green": 0, "none": 0}


def test_pages_of_the_inbox_join_without_gap_or_repeat_and_filters_narrow_it(desk, book):
    for n in range(7):
        accept(desk, book, f"T{n}", NOW + timedelta(days=n))
    pages = [seen(desk, limit=3, offset=o) for o in (0, 3, 6)]
    assert [len(p) for p in pages] == [3, 3, 1]
    # The last two came on a weekend and are due together: then the newer one is in front.
    assert [number for page in pages for number, _ in page] == [f"HS-2026-{n:06d}" for n in (1, 2, 3, 4, 5, 7, 6)]
    assert seen(desk, text="HS-2026-000003") == seen(desk, text="T2") == [("HS-2026-000003", "green")]
    assert seen(desk, states=["triage"]) == seen(desk, accepting="tax") == seen(desk, text="HS%") == []
    assert len(seen(desk, NOW + timedelta(days=2), colour="red")) == 1


def test_open_danger_stands_before_all_that_is_overdue_until_it_is_dealt_with(desk, book):
    accept(desk, book)
    later = NOW + timedelta(days=7)
    threat = Ticket(ticket_no="T2", content="单位欠缴养老保险，再不解决我就从楼上跳下去", received_at=later)
    danger = desk.accept("roundup", HostTicket(threat, "1"), book, later)[0].case_no
    assert [number for number, _ in seen(desk, later)] == [danger, NUMBER]
    desk.act(danger, "settle_danger", Actor("王某", "gov_office", Role.GOV_OFFICE), {"处置情况": "110已到场"}, book, later)
    assert [number for number, _ in seen(desk, later)] == [NUMBER, danger]


def test_a_database_of_version_4_learns_who_takes_part(url, book):
    old.lay(url, 4)
    store = Store(url)
    with store.begin() as tx:
        assert [line.case_no for line in tx.inbox(NOW, unit="tax")] == [NUMBER]
        assert [tx.takes_part(NUMBER, u) for u in ("", "tax", "gov_office", "hr")] == [True, True, True, False]
        assert tx.inbox(NOW)[0].due_at == min(c.due_at for c in tx.clocks(NUMBER) if c.running)
        assert tx.users() == []
    store.close()


def test_users_and_sessions_are_kept_and_ended(url):
    store, user = Store(url), UserRow("zhang", "张某", "tax", ("handler", "reviewer"), "hash", False, NOW, NOW)
    with store.begin() as tx:
        tx.save_user(user)
        for n in range(3):
            tx.add_session(f"t{n}", "zhang", NOW + timedelta(hours=n))
        tx.see_session("t0", NOW + timedelta(minutes=5))
        assert (tx.user("zhang"), tx.user("nobody"), tx.users()) == (user, None, [user])
        assert tx.session("t0").seen_at == NOW + timedelta(minutes=5)
        assert [tx.end_sessions(token="t0"), tx.end_sessions(began_before=NOW + timedelta(hours=2)),
                tx.end_sessions(login="zhang")] == [1, 1, 1]
        tx.set_parts("HS-1", [PartRow("")])
    assert "hash" not in repr(user)
    store.close()


def test_failed_sign_ins_are_counted_for_a_while(url):
    store, ago = Store(url), NOW - timedelta(minutes=15)
    with store.begin() as tx:
        for n in range(3):
            tx.note_try(["a", "b"] if n else ["a"], ago, NOW)
        assert (tx.tries(["a", "b"], ago), tx.tries(["b"], ago), tx.tries(["c"], ago)) == (3, 2, 0)
        assert tx.tries(["a"], NOW + timedelta(minutes=1)) == 0
        tx.note_try(["a"], NOW + timedelta(minutes=1), NOW + timedelta(minutes=16))
        assert tx.tries(["a", "b"], ago) == 1
        tx.forget_tries(["a"])
        assert tx.tries(["a", "b"], ago) == 0
    store.close()
