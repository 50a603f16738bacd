"""From a host's hint to the write-back: accepted once per version, delivered until it stands, nothing lost on the way."""

from datetime import UTC, datetime, timedelta

import pytest

from hsdispute_plugin.adapters import built_in
from hsdispute_plugin.app import open_rulebook
from hsdispute_plugin.desk import Desk
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.outbox import MAX_FAULTS, Outbox
from hsdispute_plugin.reception import MAX_FAULTS as MAX_TICKET_FAULTS
from hsdispute_plugin.reception import Reception
from hsdispute_plugin.store import Store, broken_seal


class Clock:
    def __init__(self):
        self.now = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)

    def __call__(self):
        return self.now


class Host:
    """A platform of our own making that keeps its tickets in memory and can be told to misbehave."""

    name = "host"

    def __init__(self):
        self.tickets, self.written, self.calls, self.fault = {}, {}, 0, None
        self.order = []

    def say(self, number, content):
        self.tickets[number] = HostTicket(Ticket(ticket_no=number, content=content), version=str(hash(content)))

    def fetch(self, number):
        if isinstance(self.tickets[number], Exception):
            raise self.tickets[number]
        return self.tickets[number]

    def write_back(self, number, result, previous):
        self.calls += 1
        if self.fault:
            raise self.fault
        self.order.append(result.key)
        self.written.setdefault(number, {})[result.key] = (result, previous)
        return "v"

    def changed(self, cursor):
        number = int(cursor or 0)
        found = [HostEvent(n, f"poll-{n}", "updated") for n in sorted(self.tickets)[number:]]
        return tuple(found), str(len(self.tickets))


class World:
    def __init__(self, url, book):
        self.clock, self.host, self.store = Clock(), Host(), Store(url)
        self.plugins = Plugins([built_in], installed=False)
        platforms = {"host": self.host}
        self.reception = Reception(self.store, platforms, Desk(self.store), lambda: book, self.plugins, self.clock)
        self.outbox = Outbox(self.store, platforms, self.clock, lambda: 0.5)


@pytest.fixture(scope="module")
def book():
    opened = open_rulebook()
    yield opened
    opened.close()


@pytest.fixture
def world(tmp_path, book):
    made = World(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    yield made
    made.store.close()


def event(world, number, event_id):
    return world.reception.keep("host", HostEvent(number, event_id, "updated"))


def rows(world, *states):
    with world.store.begin() as tx:
        return tx.outbox(states or ("queued", "claimed", "done", "dead"))


def test_the_same_event_five_times_is_one_case_and_one_write_back(world):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    assert [event(world, "T1", "e1") for _ in range(5)] == [True, False, False, False, False]
    world.reception.work_off()
    world.outbox.deliver_due("w")
    assert (len(rows(world)), world.host.calls) == (1, 1)


def test_other_events_of_the_same_version_change_nothing(world):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    for n in range(5):
        event(world, "T1", f"e{n}")
    world.reception.work_off()
    with world.store.begin() as tx:
        assert [c.case_no for c in tx.cases()] == ["HS-2026-000001"]
        assert len(tx.journal()) == 1
    assert len(rows(world)) == 1


def test_a_new_version_that_changes_the_decision_is_written_again_with_what_stood_there(world):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    event(world, "T1", "e1")
    world.reception.work_off()
    world.outbox.deliver_due("w")
    world.host.say("T1", "单位欠缴养老保险八个月，我们三十多名职工联名要求查处")
    event(world, "T1", "e2")
    world.reception.work_off()
    world.outbox.deliver_due("w")
    assert world.host.order == ["HS-2026-000001-1", "HS-2026-000001-2"]
    result, previous = world.host.written["T1"]["HS-2026-000001-2"]
    assert (previous.key, result.handling) == ("HS-2026-000001-1", "重大疑难")


def test_a_new_version_that_changes_nothing_is_not_written_again(world):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    event(world, "T1", "e1")
    world.reception.work_off()
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处。谢谢")
    event(world, "T1", "e2")
    world.reception.work_off()
    assert [r.key for r in rows(world)] == ["HS-2026-000001-1"]
    with world.store.begin() as tx:
        assert tx.journal()[-1].why.startswith("工单内容有变，建议不变（规则册")
        assert broken_seal(tx.journal()) is None


def test_a_host_that_is_down_gets_it_later_and_less_and_less_often(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    world.reception.work_off()
    world.host.fault = DeliveryDelayed("连不上平台")
    waits = []
    for _ in range(4):
        assert world.outbox.deliver_due("w") == {"queued": 1}
        (row,) = rows(world)
        waits.append((row.next_at - world.clock.now).total_seconds())
        assert world.outbox.deliver_due("w") == {}, "not before its time"
        world.clock.now = row.next_at
    assert waits == [1.5, 3.0, 6.0, 12.0]
    world.host.fault = None
    assert world.outbox.deliver_due("w") == {"done": 1}


def test_a_host_that_names_its_hour_is_asked_then(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    world.reception.work_off()
    world.host.fault = DeliveryDelayed("忙", retry_after_s=77)
    world.outbox.deliver_due("w")
    assert rows(world)[0].next_at - world.clock.now == timedelta(seconds=77)


def test_what_a_host_refuses_waits_for_a_person_with_its_reason(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    world.reception.work_off()
    world.host.fault = DeliveryRefused("平台不接受")
    assert world.outbox.deliver_due("w") == {"dead": 1}
    assert (rows(world)[0].state, rows(world)[0].error) == ("dead", "平台不接受")


def test_a_fault_of_our_own_is_tried_a_few_times_and_then_set_aside(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    world.reception.work_off()
    world.host.fault = ZeroDivisionError("张三的电话 13800000000")
    for _ in range(MAX_FAULTS):
        world.outbox.deliver_due("w")
        world.clock.now += timedelta(hours=1)
    assert (rows(world)[0].state, rows(world)[0].error) == ("dead", "程序出错：ZeroDivisionError")


def test_a_ticket_that_breaks_the_code_is_set_aside_and_the_others_go_on(world):
    world.host.tickets["T1"] = ZeroDivisionError("poison")
    world.host.say("T2", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    event(world, "T2", "e2")
    for _ in range(MAX_TICKET_FAULTS):
        world.reception.work_off()
        world.clock.now += timedelta(hours=1)
    with world.store.begin() as tx:
        assert [c.ticket_no for c in tx.cases()] == ["T2"]
        assert tx.due_events(world.clock.now, 10) == []


def test_polling_finds_what_no_webhook_told(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    assert (world.reception.poll("host"), world.reception.poll("host")) == (1, 0)
    world.reception.work_off()
    assert len(rows(world)) == 1


def test_the_note_names_no_payer(world):
    ticket = Ticket(ticket_no="T1", content="单位欠缴养老保险八个月", caller_name="张三丰", caller_phone="13800000000")
    world.host.tickets["T1"] = HostTicket(ticket, "1")
    event(world, "T1", "e1")
    world.reception.work_off()
    stored = str(rows(world)[0].payload)
    assert "张三丰" not in stored and "13800000000" not in stored


def test_observers_hear_of_each_new_decision_once(world, monkeypatch):
    heard = []
    monkeypatch.setattr(world.plugins, "decided", lambda ticket, decision: heard.append(decision.track.value))
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    for n in range(3):
        event(world, "T1", f"e{n}")
    world.reception.work_off()
    assert heard == ["joint"]
