"""A ticket of an OA goes the whole way: it waits for the robot, becomes a case, and the result stands in the form."""

import json
import shutil
import time
from datetime import timedelta

import pytest
import yaml
from starlette.testclient import TestClient

from hsdispute_plugin.adapters.signature import sign
from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.app import clock as app_clock
from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.entrypoints.doctor import examine_platform
from hsdispute_plugin.entrypoints.gateway import create
from tests.oa.hosts import CONTENT, URL


@pytest.fixture
def also():
    """What a test writes into the platform file beside what all need."""
    return lambda host: {}


@pytest.fixture
def app(host, tmp_path, monkeypatch, also):
    shutil.copytree(shipped_config(), tmp_path / "config")
    file = tmp_path / "config" / "platforms" / f"{host.adapter}.yaml"
    values = yaml.load(file.read_text("utf-8"), yaml.BaseLoader) | {"启用": "是", "地址": URL, **also(host)}
    file.write_text(yaml.safe_dump(values, allow_unicode=True), "utf-8")
    for name, value in {**host.secrets, "WEBHOOK_SECRET": "a-hook-secret-of-nobody"}.items():
        monkeypatch.setenv(f"HSDISPUTE_{host.adapter}_{name}".upper(), value)
    opened = App(tmp_path / "config", f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    yield opened
    opened.close()


def test_a_waiting_ticket_becomes_a_case_and_its_result_stands_in_the_form(app, host):
    name = host.adapter
    assert app.reception.poll(name, "w") == 1
    assert [r.outcome for r in app.reception.work_off(name, "w")] == ["accepted"]
    assert app.outbox.deliver_due(name, "w") == ("done",)
    assert host.get(host.number, host.at["主办"]).endswith("税务局")
    assert host.get(host.number, host.at["说明"]).startswith("〔hsdispute:HS-")
    assert app.reception.poll(name, "w") == 0 and host.moved == 0


def test_a_hint_and_a_poll_of_one_ticket_make_one_case(app, host):
    name, body = host.adapter, json.dumps({"id": host.number}).encode()
    stamp = str(int(time.time()))
    answer = TestClient(create(app)).post(f"/hooks/{name}", content=body, headers={
        "X-Hsdispute-Timestamp": stamp, "X-Hsdispute-Signature": sign("a-hook-secret-of-nobody", stamp, body)})
    assert answer.status_code == 202
    app.reception.poll(name, "w")
    assert sorted(r.outcome for _ in range(2) for r in app.reception.work_off(name, "w")) == ["accepted", "known"]
    with app.store.begin() as tx:
        assert tx.case_of(name, host.number).ticket["content"] == CONTENT


def test_a_result_whose_answer_is_lost_is_queued_and_then_stands_once(app, host, monkeypatch):
    name = host.adapter
    app.reception.poll(name, "w")
    app.reception.work_off(name, "w")
    host.fail["save"] = ["lost"]
    assert app.outbox.deliver_due(name, "w") == ("queued",)
    later = app_clock() + timedelta(hours=1)
    monkeypatch.setattr(app.outbox, "_clock", lambda: later)
    assert app.outbox.deliver_due(name, "w") == ("done",)
    assert host.calls["save"] == 1 and host.get(host.number, host.at["说明"]).count("〔hsdispute:") == 1


class TestReferral:
    @pytest.fixture
    def also(self):
        return lambda host: {"接收人": dict(host.persons), **host.referring}

    @pytest.fixture
    def handed(self, app, host):
        """A case whose ticket the government office has just handed to the tax office."""
        name = host.adapter
        app.reception.poll(name, "w")
        assert [r.outcome for r in app.reception.work_off(name, "w")] == ["accepted"]
        assert app.outbox.deliver_due(name, "w") == ("done",) and host.referred == []
        with app.store.begin() as tx:
            case_no = tx.case_of(name, host.number).case_no
        app.desk.act(case_no, "dispatch", Actor("王某", "gov_office", Role.GOV_OFFICE), {"unit": "tax"}, app.book, app_clock())
        return name

    def test_what_the_government_office_hands_to_a_unit_is_handed_to_its_person_in_the_oa(self, app, host, handed):
        assert app.outbox.deliver_due(handed, "w") == ("done",)
        assert host.referred == [(host.number, host.persons["合水县税务局"])] and host.moved == 0
        assert "政府办转税务局承办" in host.get(host.number, host.at["说明"])

    def test_one_whose_answer_is_lost_is_queued_and_then_found_done(self, app, host, handed, monkeypatch):
        host.fail["refer"] = ["lost"]
        assert app.outbox.deliver_due(handed, "w") == ("queued",)
        later = app_clock() + timedelta(hours=1)
        monkeypatch.setattr(app.outbox, "_clock", lambda: later)
        assert app.outbox.deliver_due(handed, "w") == ("done",) and len(host.referred) == 1

    def test_one_that_the_oa_refuses_waits_for_a_person_and_is_done_when_sent_again(self, app, host, handed):
        answers = {"weaver": (200, {"code": "NO_PERMISSION"}), "seeyon": (200, {"code": 1}),
                   "o2oa": (500, {"type": "error", "prompt": "x.ExceptionAccessDenied"})}
        host.fail["refer"] = [answers[host.adapter]]
        assert app.outbox.deliver_due(handed, "w") == ("dead",)
        with app.store.begin() as tx:
            (row,) = [row for row in tx.outbox() if row.state == "dead"]
            assert "的建议已写好，转给合水县税务局没有办成：" in row.error and host.referred == []
            assert tx.resend(row.key, app_clock())
        assert app.outbox.deliver_due(handed, "w") == ("done",) and len(host.referred) == 1


def test_a_platform_without_steps_is_asked_as_a_whole(monkeypatch, mocked):
    monkeypatch.delenv("HSDISPUTE_HTTP_JSON_SECRET", raising=False)
    lines = list(examine_platform(shipped_config(), "http_json"))
    assert lines[0].startswith("✗ 平台 http_json：登录和读取：没有密钥：请设 HSDISPUTE_HTTP_JSON_SECRET")
    assert "! 平台 http_json：这种平台不试写，写回在第一张工单上核对" in lines
