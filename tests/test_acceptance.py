"""From a host's hint to the write-back: accepted once per version, delivered until it stands, nothing lost on the way."""

from datetime import UTC, datetime, timedelta

import pytest

from hsdispute_plugin.adapters import built_in
from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.desk import Desk
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.outbox import MAX_FAULTS, Outbox
from hsdispute_plugin.reception import MAX_FAULTS as MAX_TICKET_FAULTS
from hsdispute_plugin.reception import Reception
from hsdispute_plugin.store import Store, StoreDelayed, Transaction
from hsdispute_plugin.store_journal import broken
from tests import sealed
from tests.counting import counting

FORMS = Forms(shipped_config() / "forms")


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
        self.clock, self.host, self.store = Clock(), Host(), Store(url, sealed.keys())
        self.plugins = Plugins([built_in], installed=False)
        platforms = {"host": self.host}
        desk = Desk(self.store, FORMS)
        self.reception = Reception(self.store, platforms, desk, lambda: book, self.plugins, self.clock)
        self.outbox = Outbox(self.store, platforms, self.clock, lambda: 0.5, desk.paper, self.plugins.notify)

    def work_off(self):
        return [r.outcome for r in self.reception.work_off("host", "w", 50)]

    def deliver(self):
        return self.outbox.deliver_due("host", "w", limit=10)


@pytest.fixture
def world(tmp_path, book):
    made = World(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    yield made
    made.store.close()


def event(world, number, event_id):
    return world.reception.keep([("host", HostEvent(number, event_id, "updated"))])[0]


def rows(world, *states):
    with world.store.begin() as tx:
        return tx.outbox(states or ("queued", "claimed", "done", "dead"))


def test_the_same_event_five_times_is_one_case_and_one_write_back(world):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    assert [event(world, "T1", "e1") for _ in range(5)] == [True, False, False, False, False]
    world.work_off()
    world.deliver()
    assert (len(rows(world)), world.host.calls) == (1, 1)


def test_a_ticket_is_accepted_and_its_event_ended_in_one_commit(world):
    for n in range(5):
        world.host.say(f"T{n}", "单位欠缴养老保险八个月，请税务局查处")
        event(world, f"T{n}", f"e{n}")
    world.work_off()  # whatever is made once is made
    for n in range(5):
        world.host.say(f"T{n}", f"单位欠缴养老保险{n + 2}年，请税务局查处")
        event(world, f"T{n}", f"again-{n}")
    with counting(world.store) as asked:
        assert world.work_off() == ["accepted"] * 5
    assert asked.written == 1 + 5  # what is claimed together, then each ticket


def test_a_ticket_whose_event_could_not_be_ended_is_not_accepted_and_taken_up_again(world, monkeypatch):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    event(world, "T1", "e1")
    real, tries = Transaction.settle_event, []

    def fails_once(tx, number, owner, state, now, **more):
        tries.append(state)
        if len(tries) == 1:
            raise StoreDelayed("数据库暂时不可用")
        real(tx, number, owner, state, now, **more)

    monkeypatch.setattr(Transaction, "settle_event", fails_once)
    assert (world.work_off(), rows(world), tries) == (["put_off"], [], ["done", "waiting"])
    world.clock.now += timedelta(minutes=1)
    assert (world.work_off(), len(rows(world))) == (["accepted"], 1)


def test_other_events_of_the_same_version_change_nothing(world):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    for n in range(5):
        event(world, "T1", f"e{n}")
    world.work_off()
    with world.store.begin() as tx:
        assert [c.case_no for c in tx.cases()] == ["HS-2026-000001"]
        assert len(tx.journal()) == 1
    assert len(rows(world)) == 1


def test_a_new_version_that_changes_the_decision_is_written_again_with_what_stood_there(world):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    event(world, "T1", "e1")
    world.work_off()
    world.deliver()
    world.host.say("T1", "单位欠缴养老保险八个月，我们三十多名职工联名要求查处")
    event(world, "T1", "e2")
    world.work_off()
    world.deliver()
    assert world.host.order == ["HS-2026-000001-1", "HS-2026-000001-2"]
    result, previous = world.host.written["T1"]["HS-2026-000001-2"]
    assert (previous.key, result.handling) == ("HS-2026-000001-1", "重大疑难")


def test_a_new_version_that_changes_nothing_is_not_written_again(world):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    event(world, "T1", "e1")
    world.work_off()
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处。谢谢")
    event(world, "T1", "e2")
    world.work_off()
    assert [r.key for r in rows(world)] == ["HS-2026-000001-1"]
    with world.store.begin() as tx:
        assert tx.journal()[-1].why.startswith("工单内容有变，建议不变（规则册")
        assert list(broken(tx.journal(), tx.journal_head())) == []


def test_a_ticket_edited_back_to_its_first_words_is_decided_by_them_again(world):
    first, second = "单位欠缴养老保险八个月，请税务局查处", "单位欠缴养老保险八个月，我们三十多名职工联名要求查处"
    for n, words in enumerate((first, second, first)):
        world.host.say("T1", words)
        event(world, "T1", f"e{n}")
        assert world.work_off() == ["accepted"]
        world.deliver()
    assert [world.host.written["T1"][k][0].handling for k in world.host.order] == ["联办", "重大疑难", "联办"]


def test_an_edit_of_a_ticket_without_a_time_does_not_put_off_its_periods(world):
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    event(world, "T1", "e1")
    world.work_off()
    world.clock.now += timedelta(days=3)
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处。谢谢")
    event(world, "T1", "e2")
    assert world.work_off() == ["accepted"]
    assert [r.key for r in rows(world)] == ["HS-2026-000001-1"], "nothing that tells has changed"


def test_a_ticket_that_the_host_refuses_is_taken_up_when_the_host_tells_it_again(world):
    world.host.tickets["T1"] = DeliveryRefused("账号没有权限")
    event(world, "T1", "e1")
    assert world.work_off() == ["failed"]
    world.host.say("T1", "单位欠缴养老保险八个月")
    assert event(world, "T1", "e1")
    assert world.work_off() == ["accepted"]


def test_a_host_that_was_down_for_weeks_is_still_asked(world):
    world.host.tickets["T1"] = DeliveryDelayed("连不上平台")
    event(world, "T1", "e1")
    with world.store.begin() as tx:
        tx._c.exec_driver_sql("update events set attempts = 5000")
    assert world.work_off() == ["put_off"]
    world.clock.now += timedelta(minutes=10)
    world.host.say("T1", "单位欠缴养老保险八个月")
    assert world.work_off() == ["accepted"]


def test_a_pause_of_years_is_not_granted(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    world.work_off()
    world.host.fault = DeliveryDelayed("忙", retry_after_s=1e12)
    world.deliver()
    assert rows(world)[0].next_at - world.clock.now == timedelta(hours=1)


def test_a_host_that_is_down_gets_it_later_and_less_and_less_often(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    world.work_off()
    world.host.fault = DeliveryDelayed("连不上平台")
    waits = []
    for _ in range(4):
        assert world.deliver() == ("queued",)
        (row,) = rows(world)
        waits.append((row.next_at - world.clock.now).total_seconds())
        assert world.deliver() == (), "not before its time"
        world.clock.now = row.next_at
    assert waits == [1.5, 3.0, 6.0, 12.0]
    world.host.fault = None
    assert world.deliver() == ("done",)


def test_a_host_that_names_its_hour_is_asked_then(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    world.work_off()
    world.host.fault = DeliveryDelayed("忙", retry_after_s=77)
    world.deliver()
    assert rows(world)[0].next_at - world.clock.now == timedelta(seconds=77)


def test_what_a_host_refuses_waits_for_a_person_with_its_reason(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    world.work_off()
    world.host.fault = DeliveryRefused("平台不接受")
    assert world.deliver() == ("dead",)
    assert (rows(world)[0].state, rows(world)[0].error) == ("dead", "平台不接受")


def test_a_fault_of_our_own_is_tried_a_few_times_and_then_set_aside(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    world.work_off()
    world.host.fault = ZeroDivisionError("张三的电话 13800000000")
    for _ in range(MAX_FAULTS):
        world.deliver()
        world.clock.now += timedelta(hours=1)
    assert (rows(world)[0].state, rows(world)[0].error) == ("dead", rows(world)[0].error)
    assert rows(world)[0].error.startswith("程序出错：ZeroDivisionError at test_acceptance.py:")


def test_a_ticket_that_breaks_the_code_is_set_aside_and_the_others_go_on(world):
    world.host.tickets["T1"] = ZeroDivisionError("poison")
    world.host.say("T2", "单位欠缴养老保险八个月")
    event(world, "T1", "e1")
    event(world, "T2", "e2")
    for _ in range(MAX_TICKET_FAULTS):
        world.work_off()
        world.clock.now += timedelta(hours=1)
    with world.store.begin() as tx:
        assert [c.ticket_no for c in tx.cases()] == ["T2"]
        assert tx.claim_events("host", "w", world.clock.now, 10) == []


def test_polling_finds_what_no_webhook_told(world):
    world.host.say("T1", "单位欠缴养老保险八个月")
    assert (world.reception.poll("host", "w"), world.reception.poll("host", "w")) == (1, 0)
    world.work_off()
    assert len(rows(world)) == 1


def test_the_note_names_no_payer(world):
    ticket = Ticket(ticket_no="T1", content="单位欠缴养老保险八个月", caller_name="张三丰", caller_phone="13800000000")
    world.host.tickets["T1"] = HostTicket(ticket, "1")
    event(world, "T1", "e1")
    world.work_off()
    stored = str(rows(world)[0].payload)
    assert "张三丰" not in stored and "13800000000" not in stored


def test_observers_hear_of_each_new_decision_once(world, monkeypatch):
    heard = []
    monkeypatch.setattr(world.plugins, "decided", lambda ticket, decision: heard.append(decision.track.value))
    world.host.say("T1", "单位欠缴养老保险八个月，请税务局查处")
    for n in range(3):
        event(world, "T1", f"e{n}")
    world.work_off()
    assert heard == ["joint"]
