"""A folder of exports as a host: real files in, whatever they look like; one case a ticket number, one row a decision out."""

import csv
import io
import os
import random
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from hsdispute_plugin.adapters import spreadsheet, spreadsheet_results
from hsdispute_plugin.adapters.spreadsheet import Spreadsheet
from hsdispute_plugin.app import App, platform_settings, shipped_config
from hsdispute_plugin.entrypoints.doctor import examine
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, RulebookError, TicketRefused
from hsdispute_plugin.model import SHANGHAI
from tests.test_roundup import NEXT, RESULT

FOUR = ("序号", "工单编号", "标题", "内容")
ROWS = [("1", "QY-1", "固城镇㐂欠缴", "单位欠缴养老保险八个月，\n请税务局查处"),
        ("2", "QY-2", "医保重复扣款", "同一个月扣了两次，请退费")]


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "表格"
    folder.mkdir()
    return folder


def connect(home, clock, **values):
    shipped = platform_settings("spreadsheet", shipped_config())
    return Spreadsheet(replace(shipped, values={**shipped.values, "目录": str(home), **values}), clock)


@pytest.fixture
def folder(home, clock):
    made = connect(home, clock)
    made.changed("")
    return made


def as_xlsx(rows, header=FOUR, titles=()):
    book, out = Workbook(), io.BytesIO()
    for row in (*titles, header, *rows):
        book.active.append(list(row))
    book.save(out)
    return out.getvalue()


def as_csv(rows, header=FOUR, encoding="gb18030", delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return out.getvalue().encode(encoding)


def drop(home, name, content):
    path = home / "收件" / name
    path.write_bytes(content)
    return path


def looked(folder, clock, cursor=""):
    """Poll as the worker does: what was told is kept, then the next look, until nothing is left to do."""
    told = []
    for _ in range(60):
        events, after = folder.changed(cursor)
        told += events
        if not events and after == cursor:
            clock.now += 6
            events, after = folder.changed(cursor)
            told += events
            if not events and after == cursor:
                return told, cursor
        cursor = after
    raise AssertionError("it never ends")


def names(home, room):
    return sorted(p.name for p in (home / room).iterdir())


def cells(path):
    return [list(row) for row in load_workbook(path).active.iter_rows(values_only=True)]


class TestReading:
    @pytest.mark.parametrize(("name", "content"), [
        ("导出.xlsx", as_xlsx(ROWS)), ("导出.csv", as_csv(ROWS)), ("导出.csv", as_csv(ROWS, encoding="utf-8")),
        ("导出.csv", as_csv(ROWS, encoding="utf-8-sig")), ("导出.csv", as_csv(ROWS, encoding="utf-16", delimiter="\t")),
        ("导出.csv", as_csv(ROWS, delimiter=";")), ("其实是表格.csv", as_xlsx(ROWS)),
        ("有标题行.xlsx", as_xlsx(ROWS, titles=[("12345 工单导出",), (), ("导出时间：2026-11-25",)])),
    ], ids=["xlsx", "gb18030", "utf-8", "bom", "utf-16", "semicolon", "wrong-suffix", "title-rows"])
    def test_four_columns_are_enough(self, folder, home, clock, name, content):
        drop(home, name, content)
        told, cursor = looked(folder, clock)
        assert [(e.ticket_no, e.ticket.ticket.title) for e in told] == [("QY-1", "固城镇㐂欠缴"), ("QY-2", "医保重复扣款")]
        assert told[0].ticket.ticket.content == ROWS[0][3] and len(cursor) < 200
        assert (names(home, "收件"), names(home, "处理中"), names(home, "已收")) == ([], [], [name])

    def test_a_full_export_is_read_by_the_names_that_its_columns_have(self, folder, home, clock):
        header = ("工单号", "诉求标题", "主要内容", "来电人姓名", "联系电话*", "所属区域", "来源", "诉求类型",
                  "受理时间（必填）", "办结时限", "回访员")
        drop(home, "全.xlsx", as_xlsx([("A1", "欠费", "单位欠缴", "缴费人甲", 13800000000, "老城镇", "微信", "投诉",
                                       datetime(2026, 11, 2, 8, 30), 46359.5, "某某")], header))  # noqa: DTZ001 - a cell has no zone
        (event,), _ = looked(folder, clock)
        t = event.ticket.ticket
        assert (t.caller_name, t.caller_phone, t.area) == ("缴费人甲", "13800000000", "老城镇")
        assert (t.channel, t.ticket_type) == ("微信", "投诉")
        assert t.received_at == datetime(2026, 11, 2, 8, 30, tzinfo=SHANGHAI)
        assert t.host_due_at == datetime(2026, 12, 3, 12, 0, tzinfo=SHANGHAI), "a number of days since 1900"
        assert t.extra == {"回访员": "某某"}

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(order=st.permutations(range(4)), encoding=st.sampled_from(["gb18030", "utf-8", "utf-8-sig", "xlsx"]),
           number=st.sampled_from(["工单编号", "工单号", " 工单 编号* ", "orderNum"]),
           content=st.sampled_from(["内容", "主要内容", "诉求内容"]),
           said=st.text(st.characters(codec="gb18030", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1,
                        max_size=30))
    def test_the_order_and_the_encoding_are_of_no_account(self, tmp_path_factory, order, encoding, number, content, said):
        header, row = ("序号", number, "标题", content), ("1", "QY-1", "标题", "说" + said)
        rows, head = [tuple(row[n] for n in order)], tuple(header[n] for n in order)
        home, clock = tmp_path_factory.mktemp("表"), Clock()
        folder = connect(home, clock)
        folder.changed("")
        drop(home, "a.xlsx" if encoding == "xlsx" else "a.csv",
             as_xlsx(rows, head) if encoding == "xlsx" else as_csv(rows, head, encoding))
        (event,), _ = looked(folder, clock)
        assert (event.ticket_no, event.ticket.ticket.content) == ("QY-1", ("说" + said).strip().strip("\ufeff"))

    def test_bad_rows_are_named_by_their_number_and_lose_nothing(self, folder, home, clock):
        bad = [("3", "", "没有编号", "单位欠缴"), ("4", "QY-4", "", ""), ("5", "2.02601E+13", "坏编号", "x"),
               ("6", "9" * 130, "长", "x")]
        drop(home, "混.csv", as_csv([ROWS[0], *bad, ROWS[1]], encoding="utf-8"))
        told, _ = looked(folder, clock)
        assert [e.ticket_no for e in told] == ["QY-1", "QY-2"]
        (sheet,) = (home / "错行").iterdir()
        _, *found = cells(sheet)
        assert [(r[0], r[1][:8]) for r in found] == [
            ("3", "缺少工单编号"), ("4", "标题和内容都是空"), ("5", "工单编号被当成数"), ("6", "工单编号超过 1")]
        assert found[0][4:] == ["没有编号", "单位欠缴"], "as they stand"

    def test_a_time_that_nobody_can_read_makes_a_bad_row(self, folder, home, clock):
        drop(home, "a.xlsx", as_xlsx([("A1", "欠费", "后天下午")], ("工单编号", "标题", "来电时间")))
        assert looked(folder, clock)[0] == []
        (sheet,) = (home / "错行").iterdir()
        assert cells(sheet)[1][:2] == ["2", "来电时间看不懂，时间请写成 2026-01-05 08:30:00"]


class TestPartialFiles:
    def test_a_file_that_still_grows_is_not_touched(self, folder, home, clock):
        content = as_csv([(str(n), f"N{n}", "t", "c") for n in range(200)])
        for size in range(500, len(content), 500):
            path = drop(home, "慢.csv", content[:size])
            clock.now += 6
            assert folder.changed("") == ((), "")
            assert path.exists()
        drop(home, "慢.csv", content)
        assert len(looked(folder, clock)[0]) == 200

    def test_a_half_copied_workbook_waits_and_then_is_read_whole(self, folder, home, clock):
        content = as_xlsx(ROWS)
        drop(home, "半.xlsx", content[:len(content) // 2])
        assert looked(folder, clock)[0] == [] and names(home, "收件") == ["半.xlsx"]
        drop(home, "半.xlsx", content)
        assert len(looked(folder, clock)[0]) == 2 and names(home, "不能读") == []

    def test_one_that_stays_broken_is_put_aside_with_its_reason(self, folder, home, clock):
        drop(home, "半.xlsx", as_xlsx(ROWS)[:900])
        drop(home, "旧.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600)
        drop(home, "无表头.csv", as_csv([], ("甲", "乙")))
        drop(home, "乱.csv", b"\xff\xff\x80" * 40)
        drop(home, "好.csv", as_csv(ROWS))
        told, cursor = looked(folder, clock)
        assert len(told) == 2, "the others go on"
        clock.now += 300
        looked(folder, clock, cursor)
        why = {p.name.removesuffix(".为什么.txt"): p.read_text("utf-8") for p in (home / "不能读").glob("*.txt")}
        assert set(why) == {"半.xlsx", "旧.xls", "无表头.csv", "乱.csv"}
        assert "文件坏了或没有拷完" in why["半.xlsx"] and "不认识的文件类型" in why["旧.xls"]
        assert "没有找到表头" in why["无表头.csv"] and "既不是 UTF-8 也不是 GB18030" in why["乱.csv"]
        assert "“不能读”里有 4 个文件" in folder.check()[0]

    @pytest.mark.parametrize("name", [".隐.csv", "~$开着.xlsx", "拷.csv.part", "下.crdownload"])
    def test_what_is_named_as_unfinished_is_left_alone(self, folder, home, clock, name):
        drop(home, name, as_csv(ROWS))
        clock.now += 9_999
        assert looked(folder, clock)[0] == [] and names(home, "收件") == [name]

    def test_a_workbook_that_breaks_in_the_middle_keeps_what_came_before(self, folder, home, clock, monkeypatch):
        monkeypatch.setattr(spreadsheet, "_ROWS", 20)
        whole = as_xlsx([(str(n), f"N{n}", "标题", "单位欠缴" * 9) for n in range(300)])
        source, out = zipfile.ZipFile(io.BytesIO(whole)), io.BytesIO()
        with zipfile.ZipFile(out, "w") as target:
            for item in source.infolist():
                data = source.read(item)
                target.writestr(item, data[:len(data) // 2] if "sheet1" in item.filename else data)
        drop(home, "断.xlsx", out.getvalue())
        told, _ = looked(folder, clock)
        assert 20 <= len(told) < 300 and [e.ticket_no for e in told] == [f"N{n}" for n in range(len(told))]
        assert f"到第 {len(told) + 1} 行为止的已经受理" in (home / "不能读" / "断.xlsx.为什么.txt").read_text("utf-8")


class TestGoingOn:
    def test_a_restart_in_the_middle_of_a_file_goes_on_behind_what_was_kept(self, home, clock, monkeypatch):
        monkeypatch.setattr(spreadsheet, "_ROWS", 50)
        first = connect(home, clock)
        first.changed("")
        drop(home, "大.xlsx", as_xlsx([(str(n), f"N{n}" if n != 3 else "", "t", "c") for n in range(180)]))
        first.changed("")
        clock.now += 6
        events, cursor = first.changed("")
        told, _ = looked(connect(home, clock), clock, cursor)
        numbers = [e.ticket_no for e in (*events, *told)]
        assert numbers == [f"N{n}" for n in range(180) if n != 3] and len(names(home, "错行")) == 1
        assert len({e.event_id for e in (*events, *told)}) == 179

    def test_the_same_file_dropped_again_has_events_of_its_own(self, folder, home, clock):
        cursor, ids = "", set()
        for turn in range(3):
            path = drop(home, "同.csv", as_csv(ROWS))
            os.utime(path, (1_000_000, 1_000_000))
            told, cursor = looked(folder, clock, cursor)
            ids |= {e.event_id for e in told}
            assert len(ids) == 2 * (turn + 1)
        assert names(home, "已收") == ["同.csv", "同（2）.csv", "同（3）.csv"]


def published(folder):
    return [folder.changed("") for _ in range(2)]


class TestResults:
    def test_a_decision_is_one_row_with_reasons_and_note(self, folder, home):
        note = f"〔hsdispute:{RESULT.key}〕\n建议：联办。\n理由：\n  1. 涉及多部门（四（一）） [r.1]\n以上由规则册 X 版给出。"
        for _ in range(3):
            folder.write_back("QY-1", replace(RESULT, note=note), None)
        published(folder)
        header, row = cells(home / "结果" / "结果-0001.xlsx")
        told = dict(zip(header, row, strict=True))
        assert (told["工单编号"], told["主办单位"]) == ("QY-1", "合水县税务局")
        assert told["参加单位"] == "合水县医疗保障局、合水县财政局"
        assert (told["办理方式"], told["办理时限"], told["依据"]) == ("联办", "2026-12-01 18:00", "四（一）")
        assert (told["理由"], told["说明"]) == ("1. 涉及多部门（四（一）） [r.1]", "建议：联办。")

    def test_a_newer_decision_goes_into_a_new_workbook_and_no_old_one_is_touched(self, folder, home):
        folder.write_back("QY-1", RESULT, None)
        published(folder)
        before = (home / "结果" / "结果-0001.xlsx").read_bytes()
        folder.write_back("QY-1", RESULT, None)
        folder.write_back("QY-1", NEXT, RESULT)
        published(folder)
        assert (home / "结果" / "结果-0001.xlsx").read_bytes() == before
        assert [row[-1] for row in cells(home / "结果" / "结果-0002.xlsx")[1:]] == [NEXT.key]
        published(folder)
        assert names(home, "结果") == ["结果-0001.xlsx", "结果-0002.xlsx"]

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "=HYPERLINK(\"http://x\")"])
    def test_what_looks_like_a_formula_stays_a_text(self, folder, home, start):
        folder.write_back(f"{start}1+1", replace(RESULT, basis=f"{start}cmd\x07"), None)
        published(folder)
        row = next(load_workbook(home / "结果" / "结果-0001.xlsx").active.iter_rows(min_row=2))
        assert {c.data_type for c in row if c.value} == {"s"} and row[0].quotePrefix and row[6].quotePrefix
        assert row[6].value == f"{start}cmd"

    def test_a_crash_between_workbook_and_ledger_doubles_no_row(self, home, clock, monkeypatch):
        folder = connect(home, clock)
        folder.changed("")
        folder.write_back("QY-1", RESULT, None)

        def dies(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(spreadsheet_results.Results, "_forget", dies)
            with pytest.raises(KeyboardInterrupt):
                published(folder)
        again = connect(home, clock)
        again.write_back("QY-1", RESULT, None)  # the outbox did not hear of it either
        again.write_back("QY-2", NEXT, None)
        published(again)
        marks = [row[-1] for p in sorted((home / "结果").glob("*.xlsx")) for row in cells(p)[1:]]
        assert marks == [RESULT.key, NEXT.key]

    def test_a_line_cut_off_by_a_crash_spoils_no_other(self, folder, home, clock):
        folder.write_back("QY-1", RESULT, None)
        with (home / ".hsdispute" / "results.jsonl").open("ab") as file:
            file.write(b'{"t": "QY-9", "k": "cut')
        again = connect(home, clock)
        again.write_back("QY-2", NEXT, None)
        published(again)
        assert [row[0] for row in cells(home / "结果" / "结果-0001.xlsx")[1:]] == ["QY-1", "QY-2"]

    def test_what_is_published_is_forgotten_in_the_ledger(self, folder, home):
        folder.write_back("QY-1", RESULT, None)
        ledger = home / ".hsdispute" / "results.jsonl"
        assert "联办" in ledger.read_text("utf-8") and ledger.stat().st_mode & 0o077 == 0
        published(folder)
        assert "联办" not in ledger.read_text("utf-8") and ledger.stat().st_mode & 0o077 == 0


@pytest.fixture
def joined(home, tmp_path):
    import shutil

    shutil.copytree(shipped_config(), tmp_path / "config")
    file = tmp_path / "config" / "platforms" / "spreadsheet.yaml"
    text = file.read_text("utf-8").replace("启用: 否", "启用: 是").replace("/srv/hsdispute/表格", str(home))
    file.write_text(text.replace("静置秒: 5", "静置秒: 0.001"), "utf-8")
    app = App(tmp_path / "config", f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    yield app
    app.close()


def test_five_equal_drops_make_one_case_each_and_one_row_each(joined, home):
    def works():
        joined.reception.poll("spreadsheet", "w")
        received = joined.reception.work_off("spreadsheet", "w")
        sent = joined.outbox.deliver_due("spreadsheet", "w")
        return [r.outcome for r in received], sent

    works()
    outcomes = []
    for turn in range(5):
        drop(home, f"第{turn}次.csv", as_csv(ROWS))
        for _ in range(8):
            outcomes += works()[0]
    assert sorted(outcomes) == ["accepted"] * 2 + ["known"] * 8
    rows = [row for p in (home / "结果").glob("*.xlsx") for row in cells(p)[1:]]
    assert sorted(row[0] for row in rows) == ["QY-1", "QY-2"] and all("税务局" in r[1] or "医" in r[1] for r in rows)
    assert all(r[7] for r in rows), "with its reasons"
    with joined.store.begin() as tx:
        assert len({tx.case_of("spreadsheet", n).case_no for n in ("QY-1", "QY-2")}) == 2


def test_the_doctor_says_in_chinese_what_is_wrong(joined, home, tmp_path):
    def told():
        return "\n".join(examine(tmp_path / "config", f"sqlite:///{tmp_path / 'd'}"))

    assert "✓ 平台 spreadsheet" in told() and "回调密钥" not in told(), "a folder calls nobody back"
    for room in home.iterdir():
        if room.is_dir():
            room.rmdir()
    home.rmdir()
    assert f"✗ 平台 spreadsheet：文件夹 {home} 不在，请建好" in told()


def test_what_a_folder_cannot_do_is_refused_in_words(folder, home, clock):
    with pytest.raises(DeliveryRefused, match="再放一次"):
        folder.fetch("QY-1")
    with pytest.raises(TicketRefused, match="收件"):
        folder.event({}, b"{}")
    with pytest.raises(RulebookError, match="完整路径"):
        connect("表格", clock)
    with pytest.raises(RulebookError, match="不认识的 “颜色”"):
        connect(home, clock, 列名={"颜色": ["x"]})
    with pytest.raises(DeliveryDelayed, match="不在，请建好"):
        connect(home / "没有", clock).changed("")


def test_fifty_thousand_rows_are_told_in_pages_and_held_in_no_list(folder, home, clock):
    import tracemalloc

    noise = random.Random(5)
    said = ["".join(chr(noise.randint(0x4E00, 0x9000)) for _ in range(60)) for _ in range(50)]
    with (home / "收件" / "大.csv").open("w", encoding="gb18030", newline="") as file:
        out = csv.writer(file)
        out.writerow(FOUR)
        out.writerows((n, f"N{n}", "标题", said[n % 50]) for n in range(50_000))
    folder.changed("")
    clock.now += 6
    cursor, count, most = "", 0, 0
    tracemalloc.start()
    while True:
        events, cursor = folder.changed(cursor)
        if not events:
            break
        assert len(events) <= 500
        count += len(events)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 50_000 and most < 15_000_000, f"{most} bytes"


def test_the_example_of_the_guide_does_what_the_guide_says(folder, home, clock):
    guide = (Path(__file__).parents[1] / "docs" / "spreadsheet.md").read_text("utf-8")
    drop(home, "11月25日.csv", guide.partition("```csv\n")[2].partition("```")[0].encode())
    told, _ = looked(folder, clock)
    (sheet,) = (home / "错行").iterdir()
    assert [e.ticket_no for e in told] == ["QY-1", "QY-3"] and cells(sheet)[1][:2] == ["3", "缺少工单编号"]
