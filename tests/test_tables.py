"""Rule families as workbooks: out, changed by a person, and back, with nothing lost that nobody touched."""

import difflib
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.rules.load import edition_of, load
from hsdispute_plugin.rules.rulebook import FAMILIES
from hsdispute_plugin.rules.tables import export
from hsdispute_plugin.rules.tables_import import digest, family_file, prepare
from tests.test_cli import run

SHIPPED = Path(__file__).parents[1] / "config"

GROUNDS = """规则族: 事项分类
命中: 全收
# 以下由专班办公室 2026 年核定
规则:
  # 人数：参照仲裁法
  - 编号: grounds.group
    名称: 十人以上   # 口径见会议纪要
    依据: 四（二）
    施行: 2025-10-27
    # 只看情形，不看人数
    条件:
      全部:
        - 情形: [十人以上, 多人]
        - 均不:
            - 辖区: 县外
    结论: {重大情形: [十人以上]}
    理由: 十人以上

  # 任一种都算
  - 编号: grounds.any
    名称: 极端或舆情
    依据: 四（二）
    施行: 2025-10-27
    条件:
      任一:
        - 情形: [极端]
        - 涉及人数: {不少于: 50}
    结论: {重大情形: [极端], 复核情形: [舆情]}
    理由: 先保人身安全
    标记: 未确认
    标记依据: 县级自定
# 表尾
"""


@pytest.fixture
def county(small_config: Path) -> Path:
    (small_config / "rules" / "grounds.yaml").write_text(GROUNDS, "utf-8")
    return small_config


@pytest.fixture
def table(county: Path, tmp_path: Path):
    return Table(county, "grounds", tmp_path / "事项分类.xlsx")


class Table:
    """An exported family, its cells by row number and header."""

    def __init__(self, directory: Path, family: str, path: Path) -> None:
        self.directory, self.path = directory, path
        source = load(directory)
        self.file = family_file(directory, source, family)
        export(next(f for f in source.families if f.code == family), source.table, digest(self.file), path)
        self.book = load_workbook(path)
        self.sheet = self.book.worksheets[0]
        self.columns = {cell.value: cell.column for cell in self.sheet[1]}

    def cell(self, row: int, header: str):
        return self.sheet.cell(row, self.columns[header])

    def fill(self, row: int, **cells: str) -> None:
        for header, text in cells.items():
            self.cell(row, header).value = text

    def back(self, **how):
        self.book.save(self.path)
        return prepare(self.directory, self.path, **how)

    def changed_lines(self, **how) -> list[str]:
        change = self.back(**how)
        diff = difflib.unified_diff(self.file.read_text("utf-8").split("\n"), change.text.split("\n"), lineterm="", n=0)
        return [line for line in diff if not line.startswith(("---", "+++", "@@"))]

    def refused(self, **how) -> str:
        with pytest.raises(RulebookError) as refused:
            self.back(**how)
        return str(refused.value)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_shipped_family_goes_out_and_comes_back_as_the_same_edition(family, tmp_path):
    table = Table(SHIPPED, family, tmp_path / "x.xlsx")
    change = table.back()
    assert change.before is change.after
    assert change.text.encode() == table.file.read_bytes()


def test_a_row_says_what_its_rule_says(table):
    assert [table.cell(2, h).value for h in ("编号", "条件：情形", "均不：辖区", "结论：重大情形")] == [
        "grounds.group", "十人以上、多人", "县外", "十人以上"]
    assert table.cell(3, "条件（原文）").value == "{任一: [{情形: [极端]}, {涉及人数: {不少于: 50}}]}"
    assert table.cell(3, "条件：情形").value is None


def test_all_cells_are_text_with_notes_and_lists_to_pick_from(table):
    assert {c.number_format for row in table.sheet.iter_rows(min_row=1, max_row=60) for c in row} == {"@"}
    assert {c.data_type for row in table.sheet.iter_rows(min_row=1, max_row=3) for c in row if c.value} == {"s"}
    assert all(cell.comment for cell in table.sheet[1])
    assert "十人以上、多人、舆情" in table.cell(1, "条件：情形").comment.text
    lists = {str(v.sqref).partition("2")[0]: v for v in table.sheet.data_validations.dataValidation}
    letter = table.cell(1, "均不：辖区").column_letter
    assert lists[letter].formula1 == f"'可选值'!${letter}$1:${letter}$2"
    assert [table.book["可选值"][f"{letter}{n}"].value for n in (1, 2)] == ["县内", "县外"]


def test_a_changed_cell_changes_only_its_own_line(table):
    table.fill(2, 理由="十名以上职工", **{"结论：重大情形": "十人以上、多人"})
    assert table.changed_lines() == [
        "-    结论: {重大情形: [十人以上]}", "-    理由: 十人以上",
        "+    结论: {重大情形: [十人以上, 多人]}", "+    理由: 十名以上职工"]


def test_a_changed_condition_is_written_anew_and_the_comments_around_it_stay(table):
    table.fill(2, **{"条件：情形": "十人以上", "均不：辖区": ""})
    assert table.changed_lines() == [
        "-        - 情形: [十人以上, 多人]", "-        - 均不:", "-            - 辖区: 县外", "+        - 情形: [十人以上]"]


def test_a_condition_that_no_row_can_say_is_edited_as_a_rule_file_writes_it(table):
    table.fill(3, **{"条件（原文）": "任一: [{情形: [极端]}, {涉及人数: {不少于: 30}}]"})
    assert table.changed_lines() == ["-        - 涉及人数: {不少于: 50}", "+        - 涉及人数: {不少于: 30}"]


def test_a_new_row_becomes_a_rule_at_its_place(table):
    table.sheet.insert_rows(3)
    table.fill(3, 编号="grounds.new", 名称="是", 依据="第1条: 某款", 施行=date(2026, 1, 1), 废止="2027-01-01", 理由="因为",
               **{"条件：情形": "舆情；信访", "结论：复核情形": "舆情"})
    assert "\n".join(table.changed_lines()) == """\
+  - 编号: grounds.new
+    名称: 是
+    依据: "第1条: 某款"
+    施行: 2026-01-01
+    废止: 2027-01-01
+    条件:
+      全部:
+        - 情形: [舆情]
+        - 情形: [信访]
+    结论: {复核情形: [舆情]}
+    理由: 因为
+"""


def test_an_optional_line_comes_at_its_place_and_goes_again(table):
    table.fill(2, 废止="2027-01-01")
    assert table.changed_lines() == ["+    废止: 2027-01-01"]
    text = table.back().text.split("\n")
    assert text[text.index("    废止: 2027-01-01") - 1] == "    施行: 2025-10-27"
    table.fill(2, 废止="")
    table.fill(3, 标记="", 标记依据="")
    assert table.changed_lines() == ["-    标记: 未确认", "-    标记依据: 县级自定"]


def test_a_row_taken_out_takes_its_rule_but_no_comment(table):
    table.sheet.delete_rows(3)
    lines = table.changed_lines()
    assert all(not line.lstrip("-+ ").startswith("#") for line in lines)
    assert [r.id for r in next(f for f in table.back().after.families if f.code == "grounds").rules] == ["grounds.group"]


def test_rows_that_changed_places_change_the_order_of_the_rules(table):
    for column in range(1, len(table.columns) + 1):
        one, other = table.sheet.cell(2, column), table.sheet.cell(3, column)
        one.value, other.value = other.value, one.value
    change = table.back()
    assert [r.id for r in next(f for f in change.after.families if f.code == "grounds").rules] == ["grounds.any", "grounds.group"]
    assert sorted(change.text.split("\n")) == sorted(GROUNDS.split("\n"))


def test_windows_line_ends_and_a_byte_order_mark_stay(county, tmp_path):
    file = county / "rules" / "grounds.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GROUNDS.replace("\n", "\r\n").encode())
    table = Table(county, "grounds", tmp_path / "x.xlsx")
    table.fill(2, 理由="十名以上")
    table.back().write()
    wanted = GROUNDS.replace("理由: 十人以上", "理由: 十名以上").replace("\n", "\r\n")
    assert file.read_bytes() == b"\xef\xbb\xbf" + wanted.encode()


def test_every_problem_is_told_at_once_by_its_cell(table):
    at = {h: table.cell(2, h).coordinate for h in table.columns}
    table.fill(2, 名称="", 施行="2025年10月", **{"条件：情形": "十人"})
    table.fill(3, 编号="Grounds", **{"结论：重大情形": "", "结论：复核情形": "", "条件：情形": "极端"})
    told = table.refused()
    cells = {h: f"事项分类.xlsx!{table.cell(3, h).coordinate}" for h in table.columns}
    assert f"事项分类.xlsx!{at['名称']}  规则 grounds.group\n       “名称” 不能空着" in told
    assert f"{cells['结论：重大情形']}  规则 Grounds\n       没有结论" in told
    assert f"{cells['条件（原文）']}  规则 Grounds\n       写了 条件（原文），本行又写了别的条件" in told
    table.fill(2, 名称="十人")
    table.fill(3, **{"结论：重大情形": "极端", "条件：情形": ""})
    told = table.refused()
    assert f"事项分类.xlsx!{at['施行']}  规则 grounds.group  施行\n       “2025年10月” 不是日期" in told
    assert f"事项分类.xlsx!{at['条件：情形']}" in told and "值 “十人” 不在可用范围内" in told and "是否想写 “十人以上”" in told
    assert f"{cells['编号']}  规则 Grounds\n       编号 “Grounds” 不合写法" in told


@pytest.mark.parametrize(("header", "sentence"), [
    ("条件：险总", "“险总” 不能用在本族的条件里"), ("结论：主办单位", "“主办单位” 不能用在本族的结论里"),
    ("备注", "不认识的列 “备注”"), ("编号", "“编号” 有两列"),
])
def test_a_column_that_means_nothing_is_refused(table, header, sentence):
    table.sheet.cell(1, len(table.columns) + 1).value = header
    assert sentence in table.refused()


def test_a_column_for_another_fact_may_be_added(table):
    column = len(table.columns) + 1
    table.sheet.cell(1, column).value = "条件: 涉及年数"
    table.sheet.cell(2, column).value = "不少于5"
    assert table.changed_lines() == ["+        - 涉及年数: {不少于: 5}"]


def test_numbers_and_dates_that_the_spreadsheet_made_are_read(table):
    column = len(table.columns) + 1
    table.sheet.cell(1, column).value = "条件：涉及人数"
    table.sheet.cell(2, column).value = 10.0
    table.fill(2, 施行=date(2025, 10, 27))
    assert table.changed_lines() == ["+        - 涉及人数: 10"]


def test_a_formula_and_an_error_value_are_refused(table):
    table.fill(2, 理由="=1+1")
    table.fill(3, 名称="#REF!")
    table.cell(3, "名称").data_type = "e"
    told = table.refused()
    assert "这一格是公式" in told and "这一格是错误值 #REF!" in told


def test_a_cell_in_the_last_row_of_the_sheet_is_refused_at_once_not_after_a_million_rows(table):
    table.sheet.cell(1_048_576, 1).number_format = "0"
    assert "事项分类.xlsx!A1048576\n       表格一直用到第 1048576 行，超过上限 5000" in table.refused()


def test_a_table_without_rules_is_refused(table):
    table.sheet.delete_rows(2, 2)
    assert "事项分类.xlsx!A2\n       表里一条规则也没有" in table.refused()


def test_another_day_for_a_rule_changes_its_line_and_keeps_its_comments(table):
    table.fill(2, 施行="2026-01-01", **{"条件：情形": "多人、十人以上"})
    assert table.changed_lines() == ["-    施行: 2025-10-27", "+    施行: 2026-01-01"]


def test_a_later_row_of_the_same_id_leaves_the_earlier_rule_alone(table):
    table.sheet.insert_rows(3)
    for header in table.columns:
        table.cell(3, header).value = table.cell(2, header).value
    table.fill(3, 施行="2026-06-01", 理由="八人以上")
    assert not [line for line in table.changed_lines() if line.startswith("-")]
    assert [(r.id, str(r.since)) for f in table.back().after.families if f.code == "grounds" for r in f.rules] == [
        ("grounds.group", "2025-10-27"), ("grounds.group", "2026-06-01"), ("grounds.any", "2025-10-27")]


def test_the_same_rule_twice_is_refused_at_the_second_row(table):
    for header in table.columns:
        table.cell(4, header).value = table.cell(2, header).value
    assert "事项分类.xlsx!A4  规则 grounds.group\n       编号和施行日期与 事项分类.xlsx!A2 相同" in table.refused()


def test_a_file_that_was_changed_after_the_export_is_not_overwritten_unasked(table):
    table.file.write_text(GROUNDS.replace("先保人身安全", "先报 110"), "utf-8")
    table.fill(2, 理由="十名以上")
    assert "导出之后 grounds.yaml 又改过" in table.refused()
    assert "+    理由: 先保人身安全" in table.changed_lines(force=True)


def test_what_would_break_another_family_is_refused_before_anything_is_written(table):
    table.sheet.delete_rows(2)
    table.fill(2, 编号="triage.tax")
    assert "编号 “triage.tax” 已在" in table.refused()
    assert table.file.read_text("utf-8") == GROUNDS


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", "编号,名称".encode()])
def test_what_is_no_workbook_is_a_sentence(county, tmp_path, content):
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(RulebookError, match="打不开这个工作簿"):
        prepare(county, path)


def test_rules_written_on_one_line_are_left_to_the_editor(county, tmp_path):
    (county / "rules" / "duty.yaml").write_text(
        "规则族: 职责认定\n命中: 全收\n规则: [{编号: duty.tax, 名称: 征收, 依据: 三, 施行: 2025-10-27, 条件: 总是, "
        "结论: {主办候选: [税务局], 涉及单位: [税务局]}, 理由: 征收}]\n", "utf-8")
    table = Table(county, "duty", tmp_path / "x.xlsx")
    table.fill(2, 理由="负责征收")
    assert "请先改成每条规则一段" in table.refused()


def test_the_command_line_takes_a_table_out_and_in(tmp_path):
    county, file = tmp_path / "county", tmp_path / "事项分类.xlsx"
    run("init", county)
    before = edition_of(county)
    assert " 条规则已写入" in run("table", "export", "事项分类", file, "--config", county).stdout.decode()
    assert run("table", "import", file, "--config", county).stdout.decode() == "没有改动。\n"
    book = load_workbook(file)
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(3, columns["理由"]).value = "十名以上职工提出同一诉求"
    book.save(file)
    done = run("table", "import", file, "--config", county)
    assert done.returncode == 0 and "十名以上职工提出同一诉求" in done.stdout.decode()
    assert edition_of(county) != before
    assert run("table", "export", "事项", file, "--config", county).returncode == 2
