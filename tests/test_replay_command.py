"""`hsdispute replay`: what is counted is right, from every kind of file and from the database; no word of a ticket gets out."""

import csv
import json
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from benchmarks.invented import tickets
from hsdispute_plugin import app
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.rules.comparison import median

ROOT = Path(__file__).parents[1]
NOW = "2026-11-20T09:00:00"
AT = datetime(2026, 11, 20, 9, tzinfo=SHANGHAI)
TICKETS = list(tickets(150, seed=5))


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    file = tmp_path_factory.mktemp("history") / "工单.jsonl"
    file.write_text("".join(t.model_dump_json(exclude_defaults=True) + "\n" for t in TICKETS), "utf-8")
    return file


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def edited(tmp_path):
    """Copies the shipped configuration and replaces texts in it."""
    def edit(*edits):
        folder = tmp_path / "after"
        shutil.copytree(ROOT / "config", folder)
        for name, old, new in edits:
            text = (folder / name).read_text("utf-8")
            assert old in text
            (folder / name).write_text(text.replace(old, new, 1), "utf-8")
        return folder

    return edit


@pytest.fixture
def run(cache):
    def call(*arguments, wanted=0):
        done = CliRunner().invoke(commands, ["replay", "--cache", str(cache), "--now", NOW, *map(str, arguments)])
        assert done.exit_code == wanted, done.output
        return done.output

    return call


def report(run, *arguments):
    return json.loads(run("--format", "json", *arguments))


FAMILY = "rules/triage.yaml"


def both(config, given=TICKETS, at=AT):
    book = app.open_rulebook(config)
    decisions = [book.decide(t, at) for t in given]
    book.close()
    return decisions


def test_the_command_reads_anew_only_what_an_edited_word_touches(run, lines, edited):
    first = report(run, "--tickets", lines, "--before", ROOT / "config", "--after", ROOT / "config")
    after = edited(("lexicon/topic-words.yaml", "词条:\n", "词条:\n  - {归入: 政策咨询, 词: [书面答复]}\n"))
    second = report(run, "--tickets", lines, "--before", ROOT / "config", "--after", after)
    holding = {t.text for t in TICKETS if "书面答复" in t.text}
    assert first["extracted"] in (0, len({t.text for t in TICKETS}))  # another test may have read them before
    assert 0 < second["extracted"] <= len(holding) < len(TICKETS)


def test_an_edition_against_itself_changes_nothing(run, lines):
    found = report(run, "--tickets", lines, "--before", "work")
    assert (found["tickets"], found["changed"], found["reasons_only"], found["changes"], found["read"]) == (150, 0, 0, [], [])


def test_what_is_counted_is_what_both_rule_books_decide(run, lines, edited):
    after = edited(("settings.yaml", "键: group_people\n    值: 10", "键: group_people\n    值: 30"),
                   ("lexicon/topic-words.yaml", "词条:\n", "词条:\n  - {归入: 强制执行举报, 词: [滞纳金有]}\n"))
    found = report(run, "--tickets", lines, "--before", ROOT / "config", "--after", after)
    old, new = both(ROOT / "config"), both(after)
    told = ("scope", "compound", "lead", "units", "track", "matter")

    def of(d):
        return [getattr(d, k) for k in told] + [sorted(x.key for x in d.due), sorted(a.key for a in d.alerts)]

    changed = [t.ticket_no for t, a, b in zip(TICKETS, old, new, strict=True) if of(a) != of(b)]
    assert found["changed"] == len(changed) > 0
    reasoned = sum(of(a) == of(b) and [r.rule for r in a.reasons] != [r.rule for r in b.reasons]
                   for a, b in zip(old, new, strict=True))
    assert found["reasons_only"] == reasoned
    flow = {(f["before"], f["after"]): f["tickets"] for f in found["flows"]["track"]}
    labels = {"inform": "告知移送", "single": "单办", "joint": "联办", "major": "重大疑难"}
    for pair in {(a.track, b.track) for a, b in zip(old, new, strict=True)}:
        count = sum((a.track, b.track) == pair for a, b in zip(old, new, strict=True))
        assert flow.pop((labels[pair[0]], labels[pair[1]])) == count
    assert flow == {}
    units = {u["name"]: (u["before"], u["after"]) for u in found["units"]}
    assert units["税务局"] == (sum("tax" in d.units for d in old), sum("tax" in d.units for d in new))
    for change in found["changes"]:
        assert set(change["samples"]) <= set(changed) and 0 < len(change["samples"]) <= 5
        if change["fact"] == "办理方式":
            was, now = change["what"].split(" → ")
            assert change["count"] == sum((labels[a.track], labels[b.track]) == (was, now) for a, b in zip(old, new, strict=True))
    spoke = {r.rule for d in new for r in d.reasons}
    assert {s["rule"] for s in found["silent_after"]}.isdisjoint(spoke)
    topics = [c for c in found["read"] if c["fact"] == "主题" and c["what"] == "加 强制执行举报"]
    assert topics[0]["count"] == sum("enforcement" in b.topics and "enforcement" not in a.topics
                                     for a, b in zip(old, new, strict=True)) > 0


def test_a_longer_period_is_told_as_a_shift_in_days(run, lines, edited):
    after = edited(("deadlines.yaml", "事项: 联办办结, 数值: 15", "事项: 联办办结, 数值: 20"))
    found = report(run, "--tickets", lines, "--before", ROOT / "config", "--after", after)
    (shift,) = found["shifts"]
    days = sorted((b - a).total_seconds() / 86400
                  for x, y in zip(both(ROOT / "config"), both(after), strict=True)
                  for a in [d.due_at for d in x.due if d.key == "general_total"]
                  for b in [d.due_at for d in y.due if d.key == "general_total"])
    assert (shift["key"], shift["later"], shift["earlier"]) == ("general_total", len(days), 0)
    assert (shift["least_days"], shift["most_days"]) == (days[0], days[-1])
    assert shift["median_days"] == days[(len(days) - 1) // 2]
    assert found["changed"] == 0, "a period that is counted otherwise is told apart from what is decided"


def test_periods_in_hours_are_shifted_too(run, lines, edited):
    after = edited(("deadlines.yaml", "事项: 受理登记, 数值: 0, 单位: 工作日", "事项: 受理登记, 数值: 4, 单位: 工作小时"))
    (shift,) = report(run, "--tickets", lines, "--before", ROOT / "config", "--after", after)["shifts"]
    days = [(b - a).total_seconds() for x, y in zip(both(ROOT / "config"), both(after), strict=True)
            for a in [d.due_at for d in x.due if d.key == "register"] for b in [d.due_at for d in y.due if d.key == "register"]]
    assert (shift["earlier"], shift["later"], shift["same"]) == tuple(
        sum(f(d) for d in days) for f in (lambda d: d < 0, lambda d: d > 0, lambda d: d == 0))


def test_the_median_counts_every_ticket():
    assert median([(-1.0, 2), (0.5, 3), (4.0, 1)]) == 0.5
    assert median([(-1.0, 5), (9.0, 1)]) == -1.0


def exported(kind, folder):
    file = folder / f"导出{kind}"
    rows = [(t.ticket_no, t.title, t.content, t.received_at.strftime("%Y-%m-%d %H:%M:%S"), t.caller_phone) for t in TICKETS]
    header = ("工单编号", "标题", "主要内容", "来电时间", "来电号码")
    if kind == ".xlsx":
        book = Workbook()
        for row in (header, *rows):
            book.active.append(row)
        book.save(file)
    elif kind == ".parquet":
        pl.DataFrame(rows, schema=list(header), orient="row").write_parquet(file)
    elif kind == ".json":
        file.write_text(json.dumps([dict(zip(header, row, strict=True)) for row in rows], ensure_ascii=False, indent=1), "utf-8")
    else:
        with file.open("w", encoding="gb18030", newline="") as out:
            csv.writer(out).writerows([header, *rows])
    return file


@pytest.mark.parametrize("kind", [".csv", ".xlsx", ".parquet", ".json"])
def test_an_export_of_any_kind_is_read_like_the_lines(run, lines, tmp_path, kind):
    one, other = report(run, "--tickets", lines), report(run, "--tickets", exported(kind, tmp_path))
    assert other["extracted"] == 0, "the same texts are known already, whatever file they come in"
    del one["extracted"], other["extracted"]
    assert one == other


def test_without_a_file_the_tickets_of_the_database_are_replayed(run, lines, tmp_path):
    running = app.App(None, f"sqlite:///{tmp_path}/s.sqlite3")
    for ticket in TICKETS[:12]:
        running.desk.accept("platform", HostTicket(ticket, "1"), running.book, AT)
    running.close()
    found = report(run, "--database", f"sqlite:///{tmp_path}/s.sqlite3")
    assert found["tickets"] == 12
    file = tmp_path / "same.jsonl"
    file.write_text("".join(t.model_dump_json() + "\n" for t in TICKETS[:12]), "utf-8")
    assert report(run, "--tickets", file)["units"] == found["units"]


def test_labels_tell_whether_a_change_is_for_the_better(run, tmp_path, edited):
    after = edited(("rules/scope.yaml", "规则:\n", """规则:
  - {编号: scope.all, 名称: 一律受理, 依据: 县, 施行: 2025-10-27, 条件: 总是, 结论: {受理范围: 属于本机制}, 理由: 试}
"""))
    decisions = both(ROOT / "config")
    some = [(t, d) for t, d in zip(TICKETS, decisions, strict=True) if d.scope in ("in", "out")]
    assert any(d.scope == "out" for _, d in some)
    file = tmp_path / "标注.jsonl"
    file.write_text("".join(json.dumps({"id": t.ticket_no, "title": t.title, "text": t.content, "gold": {
        "scope": d.scope, "lead": None if n % 2 else d.lead, "units": list(d.units), "topics": [*d.topics, "relief"],
        "topics_maybe": ["relief"]}}, ensure_ascii=False) + "\n" for n, (t, d) in enumerate(some)), "utf-8")
    told = report(run, "--tickets", file, "--after", after, "--before", ROOT / "config", "--gold", file)
    found = {s["fact"]: s for s in told["scores"]}
    outside = [t.ticket_no for t, d in some if d.scope == "out"]
    assert (found["受理范围"]["before"], found["受理范围"]["count"]) == (1.0, len(some))
    assert found["受理范围"]["after"] == 1 - len(outside) / len(some)
    assert found["受理范围"]["worse"] == outside
    assert found["涉及单位"]["before"] == 1.0
    assert found["主办单位"]["count"] == sum(d.scope == "in" for n, (_, d) in enumerate(some) if n % 2 == 0)


def test_the_page_holds_its_charts_and_asks_for_nothing(run, lines, edited, tmp_path):
    after = edited(("settings.yaml", "键: group_people\n    值: 10", "键: group_people\n    值: 30"))
    told = run("--tickets", lines, "--before", ROOT / "config", "--after", after, "--html", tmp_path / "回放.html")
    page = (tmp_path / "回放.html").read_text("utf-8")
    assert not re.search(r"https?://|src=|@import|<script|<link", page)
    assert page.count("<svg") == 5 and "<path d=" in page
    for ticket in TICKETS:
        assert ticket.content[:12] not in page + told
    assert "13800000000" not in page + told
    assert re.search(r"建议有变的 \d+ 张", told) and "办理方式的流向" in told


def test_a_rule_that_begins_later_is_named_and_not_counted(run, lines, edited):
    after = edited(("rules/scope.yaml", "规则:\n", """规则:
  - {编号: scope.later, 名称: 明年, 依据: 县, 施行: 2027-01-01, 条件: 总是, 结论: {受理范围: 存疑}, 理由: 试}
"""))
    arguments = ("--tickets", lines, "--before", ROOT / "config", "--after", after)
    assert "还没到施行日、没有算进来的规则 1 条：scope.later（2027-01-01 起施行）" in run(*arguments)
    later = report(run, *arguments, "--now", "2027-02-01T09:00:00")
    assert later["waiting"] == [] and later["changed"] > 0


def test_what_cannot_be_read_is_said(run, lines, tmp_path):
    bad = tmp_path / "坏.jsonl"
    bad.write_text('{"ticket_no": "1", "content": "单位没交社保"}\n{"ticket_no": \n', "utf-8")
    assert "第 2 行：这一行不是 JSON" in run("--tickets", bad)
    for name, text, said in (("x.doc", "", "不是历史工单文件"), ("x.xlsx", "nothing", "不是 Excel 工作簿"),
                             ("x.parquet", "nothing", "不是 Parquet 文件"), ("空.jsonl", "", "没有一张工单可用")):
        (tmp_path / name).write_text(text, "utf-8")
        done = CliRunner().invoke(commands, ["replay", "--cache", str(tmp_path / "c"), "--tickets", str(tmp_path / name)])
        assert done.exit_code and said in str(done.exception)
    gold = tmp_path / "空标注.jsonl"
    gold.write_text('{"ticket_no": "1"}\n', "utf-8")
    done = CliRunner().invoke(commands, ["replay", "--cache", str(tmp_path / "c"), "--tickets", str(lines), "--gold", str(gold)])
    assert "里没有标注" in str(done.exception)


def test_without_polars_a_sentence_says_what_to_install(monkeypatch, lines):
    monkeypatch.setattr("hsdispute_plugin.entrypoints.cli_replay.find_spec", lambda name: None)
    done = CliRunner().invoke(commands, ["replay", "--tickets", str(lines)])
    assert done.exit_code == 2
    assert "没有安装 polars，不能回放。请安装 hsdispute-plugin[replay]" in done.output


def test_deciding_loads_nothing_of_replay(tmp_path):
    script = ("import sys\nfrom hsdispute_plugin.entrypoints import cli\nfrom hsdispute_plugin import app\n"
              "app.open_rulebook()\nassert not {'polars', 'matplotlib', 'openpyxl', 'jinja2'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", script], check=True, env={"PATH": "/usr/bin:/bin"})


def test_a_ticket_without_a_number_is_known_by_its_line(run, tmp_path):
    file = tmp_path / "无编号.csv"
    file.write_text("标题,内容\n欠费,单位欠缴社保请税务局查处\n", "utf-8")
    assert report(run, "--tickets", file)["tickets"] == 1
    assert Ticket(ticket_no="1").title == ""
