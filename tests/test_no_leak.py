"""Marked names, numbers and words go in on every path; nothing that is logged, told, counted or listed may hold one of them."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from starlette.testclient import TestClient
from typer.testing import CliRunner

from hsdispute_plugin.adapters.signature import sign
from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.case import ACTS, blank_form
from hsdispute_plugin.entrypoints import logs
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.entrypoints.doctor import examine
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.errors import CaseRefused, DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.forms_identity import Identity
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.logger import Logger, ready
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.store_schema import SEALED
from tests.casework import FORMS as GOOD_FORMS
from tests.county import FIRST, HANDLER, LEADING, REVIEWER, Room
from tests.test_acceptance import World, event

NAME, PHONE, CARD = "穆冰岚", "13955550123", "621024190001011236"
SAID = "蓝鲸在雪地里给砖厂唱歌"
MARKS = (NAME, PHONE, CARD, SAID, SAID[:10])
CONTENT = f"我叫{NAME}，电话{PHONE}，身份证{CARD}。{SAID}，单位欠缴养老保险八个月，请税务局查处"
TICKET = {"ticket_no": "T1", "title": SAID, "content": CONTENT, "caller_name": NAME, "caller_phone": PHONE}
ECHO = f"平台不接受：字段 title={SAID} caller={NAME} phone={PHONE} 全文={CONTENT}"
#: Columns that are made for it and are sealed (tests/test_sealing.py); every other column of the database is looked at.
CONFIDENTIAL = {(table.name, column.name) for table, columns in SEALED.items() for column in columns}


@pytest.fixture
def logged(monkeypatch):
    """The served process's logs at their most talkative; gives a function that returns all that was written."""
    monkeypatch.setenv("HSDISPUTE_LOG_LEVEL", "debug")
    before = (sys.excepthook, threading.excepthook, logging.root.handlers[:], logging.root.level)
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    logs.configure()
    yield lambda: out.getvalue() + err.getvalue()
    sys.excepthook, threading.excepthook, logging.root.handlers[:], logging.root.level = before
    logging.captureWarnings(False)
    ready()
    structlog.reset_defaults()


def clean(text):
    found = [m for m in MARKS if m in text]
    assert found == [], f"{found} in …{text[max(0, text.find(found[0]) - 200):][:400]}"
    return text


def open_columns(store):
    """All of the database but the columns that are confidential, as one text; of the outbox the notices in full."""
    told = []
    with store._engine.connect() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            shown = [c for c in table.c if (table.name, c.name) not in CONFIDENTIAL]
            told += [f"{table.name}: {row}" for row in connection.execute(sa.select(*shown))]
        assert "journal" in {t.name for t in tables.sorted_tables}
    with store.begin() as tx:
        told += [json.dumps(dict(r.payload), ensure_ascii=False) for r in tx.outbox(("queued", "claimed", "done", "dead"))
                 if r.kind == "notice"]
    return "\n".join(told)


def test_the_marks_would_be_found(logged):
    Logger("probe").warning("probe", word=f"x{SAID}x")
    with pytest.raises(AssertionError, match="probe"):
        clean(logged())


# -- the gateway ------------------------------------------------------------------------------------------------------


@pytest.fixture
def gateway(tmp_path, monkeypatch, logged):
    import shutil

    config = tmp_path / "config"
    shutil.copytree(shipped_config(), config)
    file = config / "platforms" / "roundup.yaml"
    told = file.read_text("utf-8").replace("启用: 否", "启用: 是").replace("轮询秒: 30", "轮询秒: 0").replace("8087", "9")
    file.write_text(told, "utf-8")
    monkeypatch.setenv("HSDISPUTE_ROUNDUP_WEBHOOK_SECRET", "a-secret-of-the-test")
    monkeypatch.setenv("HSDISPUTE_ROUNDUP_PASSWORD", "unused")
    app = App(config, f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    with TestClient(create(app), client=("127.0.0.1", 50000), raise_server_exceptions=False) as client:
        yield client, app


def test_webhooks_and_decisions_leave_no_word_in_logs_answers_or_figures(gateway, logged, monkeypatch):
    client, app = gateway

    def hook(body, path="/hooks/roundup"):
        raw, stamp = json.dumps(body, ensure_ascii=False).encode(), str(int(time.time()))
        headers = {"X-Hsdispute-Timestamp": stamp, "X-Hsdispute-Signature": sign("a-secret-of-the-test", stamp, raw)}
        return client.post(path, content=raw, headers=headers)

    good = {"event": "issue.created", "id": "7", "actor": NAME, "event_id": "e1"}
    answers = [hook(b) for b in (
        {**good, **TICKET}, {**good, "id": PHONE + NAME}, {**good, "event": SAID}, [CONTENT], CONTENT,
        {"event": {SAID: NAME}}, {**good, "id": {SAID: 1}})]
    assert [a.status_code for a in answers] == [202, 400, 400, 400, 400, 400, 400]
    answers.append(client.post("/hooks/roundup", content=CONTENT.encode(), headers={"X-Hsdispute-Signature": PHONE}))
    answers += [client.post("/api/v1/decide", content=json.dumps(b).encode()) for b in (
        {**TICKET, "received_at": CONTENT}, {**TICKET, "ticket_no": {SAID: NAME}}, CONTENT, [[CONTENT]], {"content": CONTENT})]
    answers.append(client.post("/api/v1/decide", content=CONTENT.encode()))
    decided = client.post("/api/v1/decide", json=TICKET)  # quotes phrases of the ticket to whoever sent them: not looked at
    assert decided.status_code == 200

    def broken(self, *_):
        raise RuntimeError(CONTENT) from ValueError(NAME)

    monkeypatch.setattr(type(app.platforms["roundup"]), "event", broken)
    answers.append(hook(good))
    assert answers[-1].status_code == 500
    answers += [client.get("/metrics"), client.get("/healthz"), client.get(f"/{NAME}"), client.get("/hooks/roundup?x=" + SAID)]
    clean("".join(a.text for a in answers if a is not decided))
    clean(open_columns(app.store))
    assert "RuntimeError at" in clean(logged())


def test_what_other_packages_log_and_what_nobody_caught_is_told_by_place(logged):
    logging.getLogger("urllib3.connectionpool").debug("%s://%s?%s", "http", NAME, SAID)
    logging.getLogger("sqlalchemy.engine").error("Row %r", (CONTENT,))
    warnings.warn(f"value {PHONE}", stacklevel=1)
    try:
        raise KeyError(CONTENT)
    except KeyError as err:
        logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: {err!r}", exc_info=True)
        Logger("ours").exception("ours", host=f"answered {PHONE}", all=[{CARD}, err])
    Logger("ours").debug("number", ticket_no="13955559999", note="13955559999")

    def dies():
        raise ValueError(CONTENT)

    thread = threading.Thread(target=dies, name="hsdispute-x")
    thread.start()
    thread.join()
    try:
        dies()
    except ValueError:
        sys.excepthook(*sys.exc_info())
    told = [json.loads(line) for line in clean(logged()).splitlines()]
    assert [t["event"] for t in told][:3] == ["%s://%s?%s", "Row %r", "UserWarning"]
    assert told[3]["error"].startswith("KeyError at test_no_leak.py:") and told[4]["error"].startswith("KeyError")
    assert (told[5]["ticket_no"], told[5]["note"]) == ("13955559999", "〔电话略〕")
    assert [(t["event"], t.get("thread")) for t in told[6:]] == [("uncaught", "hsdispute-x"), ("uncaught", None)]


# -- hosts ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path, book):
    made = World(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    yield made
    made.store.close()


def comes(world, version="1"):
    world.host.tickets["T1"] = HostTicket(Ticket.model_validate(TICKET), version)
    event(world, "T1", f"e{version}")
    return world.work_off()


@pytest.mark.parametrize("fault", [
    DeliveryRefused(ECHO), DeliveryDelayed(ECHO, host_down=True), DeliveryRefused(ECHO.replace("，", "，\n ")), ValueError(ECHO)],
    ids=["refused", "delayed", "wrapped", "fault"])
def test_a_host_that_echoes_the_ticket_in_its_refusal_is_not_repeated(world, logged, fault):
    assert comes(world) == ["accepted"]
    world.host.fault = fault
    world.deliver()
    told = open_columns(world.store)
    assert "平台不接受" in told or isinstance(fault, ValueError)
    clean(told)
    assert "delivery_" in clean(logged())
    clean(CliRunner().invoke(commands, ["outbox", "list", "--database", str(world.store._engine.url)]).output)


@pytest.mark.parametrize("fault", [DeliveryRefused(ECHO), DeliveryDelayed(ECHO), ValueError(ECHO)],
                         ids=["refused", "delayed", "fault"])
def test_a_host_that_echoes_when_it_is_asked_is_not_repeated(world, logged, fault):
    comes(world)
    world.host.tickets["T1"] = fault
    event(world, "T1", "e2")
    world.work_off()
    clean(open_columns(world.store))
    clean(logged())


def test_a_poison_ticket_is_set_aside_without_its_words(world, logged, monkeypatch):
    def poisoned(*_):
        raise UnicodeError(CONTENT) from ValueError(NAME)

    monkeypatch.setattr(type(world.reception._book()), "facts", poisoned)
    assert comes(world) == ["put_off"]
    assert "ticket_set_aside" in clean(logged())
    assert "程序出错：UnicodeError" in clean(open_columns(world.store))


# -- the desk ---------------------------------------------------------------------------------------------------------


def marked(form):
    """A form with marks in every text that a person may write freely."""
    if isinstance(form, dict):
        free = {"matter", "claim", "summary", "facts", "view", "text", "opinion", "statement", "result", "answer", "done",
                "agenda", "decisions", "receipt", "document", "told_by", "materials"}
        return {k: (f"{v}，{CONTENT}" if k in free and isinstance(v, str) else marked(v)) for k, v in form.items()}
    return [marked(v) for v in form] if isinstance(form, list) else form


def test_acts_of_people_leave_the_payer_in_the_file_alone(tmp_path, book, logged):
    room = Room(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    case_no = room.arrives(CONTENT, title=SAID, caller_name=NAME, caller_phone=PHONE).case_no
    payer = {"name": NAME, "phone": PHONE, "document_no": CARD, "address": "虚构镇雪地村一组九号"}
    registration = {**GOOD_FORMS["register"]["form"], "payer": payer, "matter": CONTENT, "claim": SAID}
    why = f"{NAME}来电（{PHONE}，{CARD}）"
    room.does(case_no, "dispatch", LEADING, why, unit="tax")
    room.does(case_no, "sign", FIRST, why)
    room.does(case_no, "register", FIRST, why, form=registration)
    room.does(case_no, "review", REVIEWER, why, summary=CONTENT)
    room.does(case_no, "classify", REVIEWER, why, track="joint", co_units=["hr"])
    done, refused = [], []
    for _ in range(3):
        for act in ACTS:
            for actor in (HANDLER, REVIEWER, LEADING, FIRST):
                if act in ("merge", "absorb", "withdraw", "archive", "decline"):
                    continue
                try:
                    room.does(case_no, act, actor, why, **marked(GOOD_FORMS.get(act, {})))
                    done.append(act)
                except CaseRefused as err:
                    refused.append(str(err))
    assert len(set(done)) >= 8 and refused
    for act in ACTS:  # what is no form at all, from people and programs
        fields = [k for k in (blank_form(act) if act != "absorb" else {}) if k != "姓名"]  # an official's name, which is shown
        for form in ({"no_such_field": NAME}, dict.fromkeys(fields, CONTENT), {key: [CONTENT] for key in fields}):
            try:
                room.does(case_no, act, HANDLER, why, **form)
            except CaseRefused as err:
                refused.append(str(err))
    room.desk.tick(book, room.now.replace(year=2027))
    clean("\n".join(refused))
    clean(open_columns(room.store))
    clean(logged())
    url = str(room.store._engine.url)
    who = ["--name", "张某", "--unit", "税务局", "--role", "承办人"]
    for words in (["case", "list"], ["case", "show", case_no], ["case", "acts", case_no, *who, "--all"], ["outbox", "list"]):
        clean(CliRunner().invoke(commands, [*words, "--database", url]).output)
    clean("\n".join(examine(None, url)))
    room.store.close()


# -- the command line -------------------------------------------------------------------------------------------------


def test_errors_of_the_command_line_name_place_and_field_alone(tmp_path, logged):
    url, file = f"sqlite:///{tmp_path / 'cases.sqlite3'}", tmp_path / "t.json"
    who = ["--name", "张某", "--unit", "税务局"]
    for bad in ({**TICKET, "received_at": CONTENT}, [CONTENT], CONTENT, {"content": CONTENT}):
        given = bad if isinstance(bad, str) else json.dumps(bad)
        file.write_text(given, "utf-8")
        told = CliRunner().invoke(commands, ["decide", str(file)])
        assert told.exit_code == 1
        clean(told.output)
        clean(CliRunner().invoke(commands, ["case", "open", str(file), *who, "--database", url]).output)
        act = ["case", "act", "HS-2026-000001", "register", *who, "--role", "承办人", "--form", str(file), "--database", url]
        clean(CliRunner().invoke(commands, act).output)


def test_a_fault_on_the_command_line_is_told_by_place(tmp_path):
    code = ("import sys; from hsdispute_plugin.entrypoints import cli\n"
            "from hsdispute_plugin.rules import rulebook\n"
            "def broken(self, ticket, now): raise ValueError(ticket.content) from KeyError(ticket.caller_name)\n"
            "rulebook.Rulebook.decide = broken\n"
            "sys.argv = ['hsdispute', 'decide', '-']; cli.main()")
    done = subprocess.run([sys.executable, "-c", code], input=json.dumps(TICKET), capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert "程序出错" in done.stderr and "ValueError at" in done.stderr and "KeyError" in done.stderr
    clean(done.stdout + done.stderr)


# -- how echoes are cut -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "left"), [
    (f"字段 title 的值“{SAID}”太长", "字段 title 的值“〔原话略〕”太长"),
    (f"caller={NAME}（{PHONE}）", "caller=〔姓名略〕（〔电话略〕）"),
    ("没有取值 城乡居民养老保险", "没有取值 城乡居民养老保险"), ("HTTP 400", "HTTP 400"), ("", ""),
])
def test_an_echo_is_cut_and_the_rest_stays_legible(said, left):
    ticket = Ticket(ticket_no="T1", title=SAID, content=f"{CONTENT}城乡居民养老保险", caller_name=NAME, caller_phone=PHONE)
    assert Identity.of(ticket).unsaid(said) == left


def test_a_level_that_is_none_is_told_and_the_usual_one_holds():
    code = "import sys; from hsdispute_plugin.entrypoints import cli; sys.argv = ['hsdispute', 'editions']; cli.main()"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "HSDISPUTE_LOG_LEVEL": "loud"}, capture_output=True,
                          text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert (json.loads(line)["event"], json.loads(line)["known"]) == ("unknown_log_level", ["debug", "info", "warning", "error"])


def test_a_full_disk_of_the_logs_stops_no_work():
    said = "from hsdispute_plugin.logger import Logger; from hsdispute_plugin.entrypoints.logs import configure; configure(); "
    said += "[Logger('full').warning('x' * 9000) for _ in range(9)]; print('went on')"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-c", said], stdout=subprocess.PIPE, stderr=full, check=False)
    assert done.stdout == b"went on\n"


def test_a_plugin_that_logs_by_structlog_itself_is_masked_like_us_from_its_first_line(tmp_path):
    (tmp_path / "talking.py").write_text(f"""
import structlog
from hsdispute_plugin.hooks.specs import hookimpl
structlog.get_logger().warning("loaded", seen="{PHONE}")

@hookimpl
def hsdispute_fact_extractors():
    return []
""", encoding="utf-8")
    said = tmp_path / "talking-1.dist-info"
    said.mkdir()
    (said / "METADATA").write_text("Metadata-Version: 2.1\nName: talking\nVersion: 1\n", encoding="utf-8")
    (said / "entry_points.txt").write_text("[hsdispute]\ntalking = talking\n", encoding="utf-8")
    ticket = tmp_path / "t.json"
    ticket.write_text('{"ticket_no": "T1", "content": "单位欠缴养老保险"}', encoding="utf-8")
    code = "from hsdispute_plugin.entrypoints.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "decide", "--format", "jsonl", str(ticket)],
                          env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["ticket_no"] == "T1"
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["event"] == "loaded" and PHONE not in clean(done.stderr)


def test_a_command_that_logs_nothing_does_not_load_what_it_would_log_with():
    code = ("import sys; from hsdispute_plugin.entrypoints import cli; sys.argv = ['hsdispute', 'editions']\n"
            "try: cli.main()\nexcept SystemExit: pass\nprint([m for m in ('structlog', 'asyncio') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
