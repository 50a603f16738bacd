"""The command line as its users type it."""

import json
import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from hsdispute_plugin.entrypoints.cli_help import leave_only
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_rows import NewEvent

TOOL = Path(sys.executable).with_name("hsdispute")
NOW = "2026-11-20T09:00:00"
KEYS = ["ticket_no", "scope", "compound", "insurance", "topics", "lead", "units", "track", "signals", "ticket_type", "due",
        "reasons", "edition"]
GOOD = {"ticket_no": "A1", "title": "扣了没交", "content": "老城镇砖厂每月扣养老保险，查询发现单位欠缴八个月，请查处。"}

DEAD_RULE = """
  - 编号: triage.never
    名称: 永不
    依据: 三（二）
    施行: 2025-10-27
    条件:
      全部:
        - 涉及单位数: {不少于: 3}
        - 涉及单位数: {不多于: 1}
    结论: {主办单位: 人社局}
    理由: 永不
"""


def run(*words, stdin=b""):
    return subprocess.run([TOOL, *words], input=stdin, capture_output=True, check=False)


def decide(stdin, *words):
    done = run("decide", "--now", NOW, *words, "-", stdin=stdin)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()]


def lines(*tickets):
    return "\n".join(json.dumps(t, ensure_ascii=False) for t in tickets)


def test_each_ticket_gives_a_line_with_every_key():
    code, (told,) = decide(lines(GOOD).encode())
    assert code == 0
    assert [k for k in KEYS if k not in told] == []
    assert (told["lead"], told["track"]) == ("tax", "joint")
    assert set(told["due"][0]) >= {"what", "due_at", "basis", "confirmed"}
    assert set(told["reasons"][0]) >= {"rule", "clause", "because", "evidence"}


def test_evidence_counts_in_title_and_content():
    _, (told,) = decide(lines(GOOD).encode())
    text = f"{GOOD['title']}\n{GOOD['content']}"
    phrases = [p for r in told["reasons"] for p in r["evidence"]]
    assert phrases and all(text[p["start"] : p["end"]] == p["text"] for p in phrases)


def test_a_bad_line_is_told_by_number_and_the_others_go_on():
    code, told = decide((lines(GOOD) + "\nno json\n\n" + lines({"content": "x"}, [1], {**GOOD, "ticket_no": "A2"})).encode())
    assert code == 1
    assert [t.get("ticket_no") or (t["line"], t["error"][:6]) for t in told] == [
        "A1", (2, "这一行不是 "), (4, "缺少工单编号"), (5, "一张工单应是"), "A2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_both_encodings_are_read(encoding):
    code, told = decide(lines(GOOD, {**GOOD, "ticket_no": "A2"}).encode(encoding))
    assert (code, [t["lead"] for t in told]) == (0, ["tax", "tax"])


def test_one_object_over_several_lines_and_a_list_are_read():
    assert [t["ticket_no"] for t in decide(json.dumps(GOOD, indent=2).encode())[1]] == ["A1"]
    assert len(decide(json.dumps([GOOD, GOOD]).encode())[1]) == 2


def test_a_bad_ticket_in_a_list_is_told_by_its_place():
    code, told = decide(json.dumps([GOOD, {"content": "x"}, GOOD]).encode())
    assert (code, told[1]) == (1, {"line": 2, "error": "缺少工单编号（ticket_no）"})


def test_an_object_that_never_closes_does_not_hide_the_lines_after_it():
    code, told = decide(('{"ticket_no": "A0",\n' + lines(GOOD)).encode())
    assert (code, [t.get("ticket_no", t.get("line")) for t in told]) == (1, [1, "A1"])


def test_a_line_is_answered_before_the_next_one_comes():
    with subprocess.Popen([TOOL, "decide", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for number in ("A1", "A2"):
            process.stdin.write(lines({**GOOD, "ticket_no": number}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["ticket_no"] == number
        process.stdin.close()


def test_a_reader_that_has_seen_enough_ends_it_quietly():
    pipe = subprocess.PIPE
    with subprocess.Popen([TOOL, "decide", "-"], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.stdout.close()
        process.stdin.write(lines(GOOD, GOOD).encode())
        process.stdin.close()
        assert (process.wait(20), process.stderr.read()) == (0, b"")


def test_lines_for_programs_are_utf8_whatever_the_terminal_speaks():
    done = subprocess.run([TOOL, "decide", "--now", NOW, "-"], input=lines(GOOD).encode(), capture_output=True, check=True,
                          env={**os.environ, "PYTHONIOENCODING": "gb18030"})
    assert "欠缴" in done.stdout.decode("utf-8")


@pytest.mark.parametrize(("field", "value", "error"), [
    ("received_at", "9999-12-31", "来电时间（received_at）看不懂，请写成 2026-01-05 08:30:00"),
    ("received_at", 1e15, "来电时间（received_at）看不懂，请写成 2026-01-05 08:30:00"),
    ("ticket_no", None, "缺少工单编号（ticket_no）"),
    ("content", ["x"], "内容（content）应是文字"),
    ("extra", 5, "其他字段（extra）应是一个 JSON 对象"),
])
def test_an_error_names_the_field_and_what_would_be_right(field, value, error):
    assert decide(lines({**GOOD, field: value}).encode()) == (1, [{"line": 1, "error": error}])


def test_the_same_ticket_at_the_same_moment_gives_the_same_line():
    assert decide(lines(GOOD).encode()) == decide(lines(GOOD).encode())


def test_text_reads_like_a_note_to_a_clerk():
    done = run("decide", "--now", NOW, "--format", "text", "-", stdin=lines(GOOD).encode())
    text = done.stdout.decode()
    assert "建议：属于本机制，联办（一般事项）。" in text
    assert "主办：合水县税务局。" in text and "未确认" in text and "是否采纳由受理人决定" in text


def test_a_file_that_is_not_there_is_a_sentence():
    done = run("decide", "/no/such/file")
    assert done.returncode == 2 and "读不了文件" in done.stderr.decode() and "Traceback" not in done.stderr.decode()


def test_init_copies_a_configuration_that_checks_and_is_not_overwritten(tmp_path):
    target = tmp_path / "county"
    assert run("init", target).returncode == 0
    done = run("check", target)
    assert (done.returncode, "没有错误" in done.stdout.decode()) == (0, True), done.stdout.decode() + done.stderr.decode()
    again = run("init", target)
    assert again.returncode == 2 and "没有动它" in again.stderr.decode()


def test_check_tells_every_problem_with_its_place(tmp_path):
    target = tmp_path / "county"
    run("init", target)
    slips = (("rules/duty.yaml", "涉及单位: [财政局]", "涉及单位: [财政所]"), ("deadlines.yaml", "单位: 工作日", "单位: 天"))
    for name, old, new in slips:
        file = target / name
        file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    done = run("check", target)
    told = done.stderr.decode()
    assert done.returncode == 2 and "Traceback" not in told
    assert "county/rules/duty.yaml:" in told and "“财政所”" in told and "是否想写 “财政局”" in told
    assert "county/deadlines.yaml:" in told


def test_check_shows_by_a_ticket_what_is_wrong_with_rules_that_each_look_right(small_config):
    first, second = run("check", small_config), run("check", "--all", small_config)
    assert first.returncode == 0 and "备查" in first.stdout.decode()
    assert len(second.stdout) > len(first.stdout) and "未确认" in second.stdout.decode()
    assert "工单 / ticket: 情况反映。" in run("check", "--all").stdout.decode()
    file = small_config / "rules" / "triage.yaml"
    file.write_text(file.read_text("utf-8") + DEAD_RULE, "utf-8")
    done = run("check", small_config)
    told = done.stdout.decode()
    assert done.returncode == 1
    assert "config/rules/triage.yaml:" in told and "永不成立" in told and "有错误，请改正后再用" in told


def test_the_shipped_rules_leave_nothing_to_look_at_and_a_unit_that_no_rule_names_is_told_with_its_mend(tmp_path):
    assert "错误 0、提醒 0、" in run("check").stdout.decode()
    place = tmp_path / "config"
    shutil.copytree("config", place)
    units = place / "units.yaml"
    units.write_text(units.read_text("utf-8").replace(", 派单: 否}", "}"), "utf-8")
    told = run("check", place).stdout.decode()
    assert "会用到 “政府办”（gov_office）" in told and "在 units.yaml 那一行写 派单: 否" in told and "提醒 1、" in told


@pytest.mark.parametrize(("cited", "wrong"), [
    ("九（九）", ["九（九）"]), ("四（三）4、四（六）", ["四（三）4", "四（六）"]), ("三（二）县财政局、四、首段", []),
    ("四（三）1（3）；社会保险法 第九条", []),
])
def test_a_clause_that_the_document_has_not_is_told_with_those_it_has(tmp_path, cited, wrong):
    place = tmp_path / "config"
    shutil.copytree("config", place)
    file = place / "rules" / "duty.yaml"
    said = "    依据: 合政办发〔2025〕30号 三（二）县财政局\n"
    text = file.read_text("utf-8")
    assert said in text
    file.write_text(text.replace(said, f"    依据: 合政办发〔2025〕30号 {cited}\n"), "utf-8")
    told = run("check", place).stdout.decode()
    assert [f"合政办发〔2025〕30号 {w}，文件里没有这一条" in told for w in wrong] == [True] * len(wrong)
    assert told.count("没有这一条 / no such clause") == len(wrong) and (not wrong or "文件有：序言、一、二（一）" in told)


def test_the_doctor_names_what_is_good_and_what_to_know(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    Store(url).close()
    done = run("doctor", "--database", url)
    told = done.stdout.decode()
    assert done.returncode == 0
    assert "✓ 配置" in told and "✓ 办理日志还是空的" in told and "没有启用任何平台" in told


def test_the_doctor_names_what_waits_and_what_went_wrong(tmp_path):
    url, now = f"sqlite:///{tmp_path / 'x.sqlite3'}", datetime(2026, 11, 20, tzinfo=UTC)
    store = Store(url)
    with store.begin() as tx:
        tx.add_events([NewEvent("rt", "e1", "7", "created")], now)
        tx.add_events([NewEvent("rt", "e2", "8", "created")], now)
        tx.claim_events("rt", "w", now, 2)
        tx.settle_event(2, "w", "failed", now, error="账号没有权限")
        tx.add_outbox("HS-1-1", "HS-1", "rt", "7", {}, now)
        tx.claim("rt", "w", now, 1)
        tx.settle(1, "w", "dead", now, error="平台不接受")
    store.close()
    done = run("doctor", "--database", url)
    told = done.stdout.decode()
    assert done.returncode == 1
    assert "✗ 有 1 条写回" in told and "✗ 有 1 个事件没能受理" in told and "! 平台 rt 没有启用，却有 1 项没做完" in told


def test_the_doctor_does_not_print_the_address_of_a_database_it_cannot_reach():
    done = run("doctor", "--database", "sqlite:////no/such/dir/with-password/x.sqlite3")
    assert done.returncode == 1 and "数据库打不开：要放文件的目录不存在" in done.stdout.decode()
    assert "with-password" not in done.stdout.decode()


def test_the_doctor_makes_no_database_that_would_belong_to_the_wrong_user(tmp_path):
    done = run("doctor", "--database", f"sqlite:///{tmp_path / 'x.sqlite3'}")
    assert "! 数据库还没有建立" in done.stdout.decode() and not list(tmp_path.iterdir())


def test_whoever_names_no_database_gets_no_empty_one(tmp_path):
    without = {k: v for k, v in os.environ.items() if k != "HSDISPUTE_DATABASE"}
    for words in (("user", "list"), ("case", "list"), ("outbox", "list"), ("tick",)):
        done = subprocess.run([TOOL, *words], capture_output=True, check=False, cwd=tmp_path, env=without)
        assert done.returncode == 2 and "请写 --database，或设 HSDISPUTE_DATABASE" in done.stderr.decode(), words
    assert not list(tmp_path.iterdir())


def test_a_new_database_is_for_its_owner_alone_whoever_makes_it(tmp_path):
    before = os.umask(0o022)
    try:
        Store(f"sqlite:///{tmp_path / 'x.sqlite3'}").close()
    finally:
        os.umask(before)
    assert {p.stat().st_mode & 0o077 for p in tmp_path.iterdir()} == {0}


def test_a_draft_with_faults_does_not_end_the_examination_of_what_is_in_force(tmp_path):
    place = tmp_path / "config"
    shutil.copytree("config", place)
    assert run("activate", place).returncode == 0
    edition = (place / "editions" / "current").read_text("utf-8").strip()
    with (place / "rules" / "duty.yaml").open("a", encoding="utf-8") as file:
        file.write("说明：草稿\n")
    done = run("doctor", "--config", place, "--database", f"sqlite:///{tmp_path / 'x.sqlite3'}")
    told = done.stdout.decode()
    assert f"! 目录里的文件有错，不影响生效的 {edition} 版" in told and "全角冒号" in told and "✓ 引擎" in told
    checked = run("check", place)
    assert checked.returncode == 2 and f"规则册未更换，{edition} 版仍在生效" in checked.stderr.decode()


@pytest.mark.parametrize(("words", "says"), [
    (("--host", "192.0.2.1", "--port", "0"), "--host 要写这台机器自己的地址"),
    (("--host", "nothing.invalid", "--port", "0"), "--host 要写这台机器自己的地址"),
    (("--port", "70000"), "65535"),
])
def test_an_address_that_cannot_be_listened_on_is_refused_with_what_to_write(tmp_path, words, says):
    done = run("serve", *words, "--database", f"sqlite:///{tmp_path / 'x.sqlite3'}")
    assert done.returncode == 2 and says in done.stderr.decode()


def test_the_version_is_told():
    assert run("--version").stdout.decode().startswith("hsdispute-plugin 0.")


def test_the_overview_names_every_command_under_a_wish_with_words_that_are_not_cut_off():
    done = subprocess.run([TOOL, "--help"], capture_output=True, check=False, env={**os.environ, "COLUMNS": "80"})
    told = done.stdout.decode()
    assert "装起来，看好不好" in told and "…" not in told
    assert told.index("init ") < told.index("decide ") < told.index("case ")


def test_a_second_gateway_on_the_port_is_refused_before_it_touches_the_database(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", str(taken.getsockname()[1]), "--database", f"sqlite:///{tmp_path / 'x.sqlite3'}")
    assert done.returncode == 2 and "网关是否已在运行" in done.stderr.decode()
    assert not (tmp_path / "x.sqlite3").exists()


def test_nothing_but_the_command_asked_for_is_made_and_everything_where_none_is_known():
    def left(asked):
        app, group = typer.Typer(), typer.Typer()
        app.callback()(lambda: None)
        for name in ("decide", "check"):
            app.command(name)(lambda: None)
        group.command("list")(lambda: None)
        app.add_typer(group, name="case")
        leave_only(app, asked)
        return [*typer.main.get_group(app).commands]

    assert left("decide") == ["decide"] and left("case") == ["case"]
    assert left("") == left("--help") == left("decode") == ["decide", "check", "case"]
