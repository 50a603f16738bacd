"""The gateway over HTTP: only signed and fresh webhooks are kept, decisions are answered, nothing leaks."""

import asyncio
import json
import re
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from hsdispute_plugin.adapters.signature import sign
from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.entrypoints.gateway_body import MAX_BODY_BYTES, MAX_DEPTH, refuse_depth
from hsdispute_plugin.entrypoints.group_commit import GroupCommit
from hsdispute_plugin.store import StoreDelayed

SECRET = "a-secret-of-the-test"
NEAR, FAR = ("127.0.0.1", 50000), ("10.1.2.3", 50000)
CREATED = b'{"event": "issue.created", "id": "7", "actor": "rexian", "event_id": "e7"}'


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
    with TestClient(create(app), client=NEAR) as served:
        yield served


def post(client, body=CREATED, *, secret=SECRET, at=None, **headers):
    stamp = str(int(time.time()) if at is None else at)
    sent = {"X-Hsdispute-Timestamp": stamp, "X-Hsdispute-Signature": sign(secret, stamp, body), **headers}
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
    ({"X-Hsdispute-Signature": b"\xe9" * 64}, "签名不符"),
])
def test_what_is_not_genuine_and_fresh_is_refused(client, app, change, why):
    answer = post(client, **change)
    assert answer.status_code == 401 and why in answer.json()["error"]
    with app.store.begin() as tx:
        assert tx.depths()["events"] == 0


def test_a_webhook_that_is_played_again_is_not_a_new_event_even_after_a_restart(app):
    old_detector, stamp = b'{"event": "issue.updated", "id": "7", "actor": "rexian"}', int(time.time())
    for turn in range(2):
        with TestClient(create(app), client=NEAR) as client:
            again = [post(client, old_detector, at=stamp, **{"X-Event-Id": f"made-up-{turn}-{n}"}) for n in range(3)]
            again.append(post(client, old_detector, at=stamp, **{
                "X-Hsdispute-Signature": sign(SECRET, str(stamp), old_detector).upper()}))
        assert {(a.status_code, a.json()["outcome"]) for a in again[turn == 0:]} == {(202, "known")}
        app = App(app.directory, str(app.store._engine.url))
        with app.store.begin() as tx:
            assert sum(tx.depths()[k] for k in ("events", "failed_events")) == 1


def test_a_platform_may_sign_with_sm3_under_headers_of_its_own(app, monkeypatch):
    file = app.directory / "platforms" / "roundup.yaml"
    file.write_text(file.read_text("utf-8") + "签名: {算法: HMAC-SM3, 时间戳头: X-Time, 签名头: X-Sign, 时间窗秒: 60}\n", "utf-8")
    monkeypatch.setenv("HSDISPUTE_ROUNDUP_WEBHOOK_SECRET_PREVIOUS", "the-secret-of-last-year")
    def sent(client, secret, algorithm, age_s=0):
        stamp = str(int(time.time()) - age_s)
        seal = sign(secret, stamp, CREATED, algorithm)
        return client.post("/hooks/roundup", content=CREATED, headers={"X-Time": stamp, "X-Sign": seal})

    with TestClient(create(App(app.directory, str(app.store._engine.url))), client=NEAR) as client:
        assert sent(client, SECRET, "HMAC-SM3").json()["outcome"] == "new"
        assert sent(client, "the-secret-of-last-year", "HMAC-SM3").json()["outcome"] == "known"
        assert sent(client, SECRET, "HMAC-SHA256").status_code == 401
        assert "超过 60 秒" in sent(client, SECRET, "HMAC-SM3", 90).json()["error"]
        assert "X-Time".lower() in post(client).json()["error"]


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
    with TestClient(create(app), client=FAR) as client:
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
    assert 'hsdispute_webhooks_total{outcome="new",platform="roundup"} 1.0' in text
    assert "张三丰" not in text and "秘密编号" not in text


def test_a_body_that_is_no_json_is_told_so(client):
    assert client.post("/api/v1/decide", content=b"{").json() == {"error": "内容不是 JSON"}
    assert json.loads(post(client, b"no json").text)["error"].startswith("回调内容应是 JSON")


def test_without_a_token_only_the_machine_itself_is_answered(app):
    with TestClient(create(app), client=FAR) as client:
        answer = client.post("/api/v1/decide", json={"ticket_no": "1", "content": "欠费"})
        assert answer.status_code == 401 and "只接受本机的请求" in answer.json()["error"]
        assert client.get("/healthz").status_code == 200


def test_a_token_may_stand_in_a_file(app, monkeypatch, tmp_path):
    (tmp_path / "token").write_text("t\n", "utf-8")
    monkeypatch.setenv("HSDISPUTE_API_TOKEN_FILE", str(tmp_path / "token"))
    with TestClient(create(app), client=NEAR) as client:
        ticket = {"ticket_no": "1", "content": "欠费"}
        assert client.post("/api/v1/decide", json=ticket).status_code == 401
        assert client.post("/api/v1/decide", json=ticket, headers={"Authorization": "Bearer t"}).status_code == 200


def test_a_decision_is_answered_in_either_encoding(client):
    body = json.dumps({"ticket_no": "1", "content": "单位欠缴养老保险"}, ensure_ascii=False)
    given = [client.post("/api/v1/decide", content=body.encode(e)).json() for e in ("utf-8", "gb18030")]
    assert given[0] == given[1] and given[0]["scope"] == "in"


@pytest.mark.parametrize(("method", "path", "body", "status"), [
    ("GET", "/nowhere", b"", 404), ("GET", "/api/v1/decide", b"", 405), ("POST", "/api/v1/decide", b"[" * 100_000, 400),
    ("POST", "/api/v1/decide", b"\xff\xff", 400), ("POST", "/api/v1/decide", b"[" + b"1," * 1000 + b"1]", 413),
    ("POST", "/api/v1/decide", b"x" * (MAX_BODY_BYTES + 1), 413),
])
def test_every_refusal_is_a_chinese_sentence_in_json(client, method, path, body, status):
    answer = client.request(method, path, content=body)
    assert answer.status_code == status
    assert any("一" <= c <= "龥" for c in answer.json()["error"])


@pytest.mark.parametrize(("body", "deep"), [
    (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), True), (b'{"a":' * 50_000, True), (b"[{}]" * 3, False),
    (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, False), (b'{"a": "' + b"[" * 900 + b'"}', False), (b'"' + b"\\\"[" * 300, False),
    (b'["' + b"{" * 99 + b"\\\\" + b'"' + b"[" * 40, True),
    (b"\xff\xff[[[", False),
])
def test_json_is_refused_by_its_depth_before_anything_is_made_of_it(client, body, deep):
    for answer in (post(client, body), client.post("/api/v1/decide", content=body)):
        assert ("嵌套超过" in answer.text) is deep, answer.text
        assert answer.status_code == 400 or not deep


def test_an_event_longer_than_the_store_keeps_is_refused(client):
    body = {"event": "issue.created", "id": "7", "actor": "rexian", "event_id": "e" * 201}
    assert "最长" in post(client, json.dumps(body).encode()).json()["error"]


def test_a_database_that_is_away_asks_the_host_to_come_again(app, tmp_path):
    client = TestClient(create(app))  # without the work beside it, which would hold the old file open
    app.store.close()
    for file in tmp_path.glob("cases.sqlite3*"):
        file.unlink()
    (tmp_path / "cases.sqlite3").mkdir()
    answer = post(client)
    assert answer.status_code == 503 and answer.headers["Retry-After"] and "数据库暂时不可用" in answer.json()["error"]
    assert client.get("/healthz").json()["ok"] is False


def test_an_error_nobody_foresaw_is_logged_by_place_without_its_words(client, app, capsys):
    class Broken:
        def event(self, headers, body):
            raise ValueError("张三丰 13800000000")

        def close(self):
            pass

    app.platforms["roundup"] = Broken()
    answer = post(client)
    told = capsys.readouterr()
    assert (answer.status_code, answer.json()["error"][:4]) == (500, "程序出错")
    assert re.search(r"ValueError at gateway.py:\d+ > .*test_gateway.py:\d+", told.out + told.err)
    assert "张三丰" not in told.out + told.err + answer.text


def test_what_comes_while_a_commit_is_under_way_shares_the_next():
    batches, first, release = [], threading.Event(), threading.Event()

    def keep(items):
        batches.append(list(items))
        first.set()
        release.wait(10)
        return [n * 2 for n in items]

    async def all_at_once():
        commit = GroupCommit(keep)
        alone = asyncio.create_task(commit.add(0))
        await asyncio.to_thread(first.wait, 10)
        others = [asyncio.create_task(commit.add(n)) for n in range(1, 6)]
        await asyncio.sleep(0)
        release.set()
        return [await alone, *[await o for o in others]]

    assert asyncio.run(all_at_once()) == [0, 2, 4, 6, 8, 10]
    assert batches == [[0], [1, 2, 3, 4, 5]]


def test_a_commit_that_fails_is_heard_by_all_who_shared_it_and_not_by_the_next():
    def keep(items):
        if 1 in items:
            raise StoreDelayed("数据库暂时不可用")
        return items

    async def one_after_another():
        commit = GroupCommit(keep)
        together = await asyncio.gather(commit.add(1), return_exceptions=True)
        return [*together, await commit.add(2)]

    failed, kept = asyncio.run(one_after_another())
    assert isinstance(failed, StoreDelayed) and kept == 2


@settings(deadline=None, max_examples=300)
@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
    st.text(max_size=3), inner, max_size=2), max_leaves=40), st.integers(0, 2 * MAX_DEPTH))
def test_the_depth_that_is_counted_is_that_of_the_value(value, more):
    for _ in range(more):
        value = [value]

    def depth(given):
        inner = given.values() if isinstance(given, dict) else given if isinstance(given, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    for body in (json.dumps(value).encode(), json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")):
        if depth(value) > MAX_DEPTH:
            with pytest.raises(HTTPException, match="嵌套超过"):
                refuse_depth(body)
        else:
            refuse_depth(body)
