"""The gateway over HTTP: only signed and fresh webhooks are kept, decisions are answered, nothing leaks."""

import json
import time

import pytest
from starlette.testclient import TestClient

from hsdispute_plugin.adapters.signature import sign
from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.entrypoints.gateway import MAX_BODY_BYTES, create

SECRET = "a-secret-of-the-test"


@pytest.fixture
def app(tmp_path, monkeypatch):
    import shutil

    config = tmp_path / "config"
    shutil.copytree(shipped_config(), config)
    file = config / "platforms" / "roundup.yaml"
    quiet = file.read_text("utf-8").replace("启用: 否", "启用: 是").replace("轮询秒: 30", "轮询秒: 0")
    file.write_text(quiet.replace("8087", "9"), "utf-8")
    monkeypatch.setenv("HSDISPUTE_ROUNDUP_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("HSDISPUTE_ROUNDUP_PASSWORD", "unused")
    return App(config, f"sqlite:///{tmp_path / 'cases.sqlite3'}")


@pytest.fixture
def client(app):
    with TestClient(create(app)) as served:
        yield served


def post(client, body=b'{"event": "issue.created", "id": "7", "actor": "rexian"}', *, secret=SECRET, at=None, **headers):
    stamp = str(int(time.time()) if at is None else at)
    sent = {"X-Hsdispute-Timestamp": stamp, "X-Hsdispute-Signature": sign(secret, stamp, body), "X-Event-Id": "e7", **headers}
    return client.post("/hooks/roundup", content=body, headers=sent)


def test_a_signed_event_is_kept_once_and_answered_202(client, app):
    answers = [post(client) for _ in range(5)]
    assert [(a.status_code, a.json()["outcome"]) for a in answers] == [(202, "new")] + [(202, "known")] * 4
    with app.store.begin() as tx:
        assert tx.depths()["events"] == 1


@pytest.mark.parametrize(("change", "why"), [
    ({"secret": "another"}, "签名不符"),
    ({"at": 1_000_000_000}, "校准两台机器的时钟"),
    ({"X-Hsdispute-Timestamp": "soon"}, "缺少时间戳"),
    ({"X-Hsdispute-Signature": ""}, "签名不符"),
])
def test_what_is_not_genuine_and_fresh_is_refused(client, app, change, why):
    answer = post(client, **change)
    assert answer.status_code == 401 and why in answer.json()["error"]
    with app.store.begin() as tx:
        assert tx.depths()["events"] == 0


def test_without_a_secret_nothing_is_taken(client, monkeypatch):
    monkeypatch.delenv("HSDISPUTE_ROUNDUP_WEBHOOK_SECRET")
    assert "没有配置回调密钥" in post(client, secret="").json()["error"]


def test_the_robots_own_event_is_answered_and_forgotten(client, app):
    answer = post(client, b'{"event": "issue.updated", "id": "7", "actor": "hsdispute-robot"}')
    assert (answer.status_code, answer.json()) == (202, {"outcome": "ours"})
    with app.store.begin() as tx:
        assert tx.depths()["events"] == 0


def test_an_unknown_platform_and_a_body_too_large_are_refused(client):
    assert client.post("/hooks/nowhere", content=b"{}").status_code == 404
    assert post(client, b"x" * (MAX_BODY_BYTES + 1)).status_code == 413


def test_a_decision_is_answered_with_its_reasons(client):
    answer = client.post("/api/v1/decide", json={"ticket_no": "1", "title": "欠费", "content": "单位欠缴养老保险八个月，请查处"})
    told = answer.json()
    assert (answer.status_code, told["scope"], told["lead"], told["track"]) == (200, "in", "tax", "joint")
    text = "欠费\n单位欠缴养老保险八个月，请查处"
    phrases = [p for r in told["reasons"] for p in r["evidence"]]
    assert phrases and all(text[p["start"] : p["end"]] == p["text"] for p in phrases)


def test_a_list_is_answered_item_by_item(client):
    told = client.post("/api/v1/decide", json=[{"ticket_no": "1", "content": "欠费"}, {"content": "没有编号"}, 7]).json()
    assert told[0]["ticket_no"] == "1"
    assert told[1]["error"] == "缺少工单编号（ticket_no）"
    assert "JSON 对象" in told[2]["error"]


def test_a_refusal_does_not_repeat_the_payers_words(client):
    answer = client.post("/api/v1/decide", json={"ticket_no": "1", "content": "x", "received_at": "张三丰 13800000000"})
    assert answer.status_code == 422
    assert "张三丰" not in answer.text and "13800000000" not in answer.text


def test_a_token_is_asked_for_where_one_is_set(app, monkeypatch):
    monkeypatch.setenv("HSDISPUTE_API_TOKEN", "t")
    with TestClient(create(app)) as client:
        ticket = {"ticket_no": "1", "content": "欠费"}
        assert client.post("/api/v1/decide", json=ticket).status_code == 401
        assert client.post("/api/v1/decide", json=ticket, headers={"Authorization": "Bearer t"}).status_code == 200


def test_health_names_edition_engine_and_queue(client, app):
    told = client.get("/healthz").json()
    assert (told["ok"], told["edition"], told["platforms"]) == (True, app.book.edition, ["roundup"])
    assert told["queue"]["queued"] == 0


def test_figures_count_without_naming_anybody(client):
    client.post("/api/v1/decide", json={"ticket_no": "秘密编号", "content": "单位欠缴养老保险", "caller_name": "张三丰"})
    post(client)
    text = client.get("/metrics").text
    assert 'hsdispute_decided_total{track="joint"} 1.0' in text
    assert 'hsdispute_events_total{outcome="new",platform="roundup"} 1.0' in text
    assert "张三丰" not in text and "秘密编号" not in text


def test_a_body_that_is_no_json_is_told_so(client):
    assert client.post("/api/v1/decide", content=b"{").json() == {"error": "内容不是 JSON"}
    assert json.loads(post(client, b"no json").text)["error"].startswith("回调内容应是 JSON")
