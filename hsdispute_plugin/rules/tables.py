"""A rule family as a workbook: one row a rule, one column a fact, every cell a text, with lists to pick from and notes.

Conditions that a row cannot say stand in the column 条件（原文） as a rule file writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.rule_text import condition_text
from hsdispute_plugin.rules.rulebook import FAMILIES, Family, Rule
from hsdispute_plugin.rules.schema import UNCONFIRMED
from hsdispute_plugin.rules.table_cells import cell_of, flat, labels_of, outcome_cell

HELD, BARRED, CONCLUDED, RAW = "条件：", "均不：", "结论：", "条件（原文）"
FRONT, BACK = ("编号", "名称", "依据", "施行", "废止"), ("理由", "标记", "标记依据")
MUST = ("编号", "名称", "依据", "施行", "理由")
_CHOICES, ORIGIN = "可选值", "来源"  # sheets that nobody needs to see
_SPARE_ROWS = 200  # empty rows formatted as text, for rules to be added
_SAYS = {
    "编号": "族.事项，只用小写字母、数字、点和短横。不改号，不重用。", "名称": "给人看的短名。", "依据": "哪份文件哪一条。",
    "施行": "从哪天起，写成 2025-10-27。修改旧规则可以另加一行，编号相同，施行日期更晚。",
    "废止": "从哪天起不再适用；一直适用就空着。",
    "理由": "原样写进给办理人员看的建议。", "标记": "数字没有依据时写 未确认。", "标记依据": "未确认的数字从何而来。",
    RAW: "表格写不下的条件（任一、多层嵌套），按规则文件的写法。写了这一格，本行其他条件格要空着。",
}


def export(family: Family, table: FactTable, origin: str, path: Path) -> None:
    """Write one family as a workbook; ``origin`` is the digest of its rule file, kept so that an import sees later changes."""
    book = Workbook()
    sheet: Worksheet = book.active
    sheet.title = family.label
    headers = _headers(family, table)
    for column, header in enumerate(headers, 1):
        _write(sheet, 1, column, header)
        note = Comment(_note(header, table), "hsdispute", width=360, height=160)
        sheet.cell(1, column).comment = note
    for row, rule in enumerate(family.rules, 2):
        for column, text in enumerate(_row(rule, headers, table), 1):
            _write(sheet, row, column, text)
    _dress(sheet, headers, len(family.rules))
    _dropdowns(book, sheet, headers, table)
    hidden = book.create_sheet(ORIGIN)
    for row, text in enumerate((family.code, origin), 1):
        _write(hidden, row, 1, text)
    hidden.sheet_state = "hidden"
    book.save(path)


def _headers(family: Family, table: FactTable) -> list[str]:
    held: dict[str, None] = {}
    barred: dict[str, None] = {}
    nested = False
    for rule in family.rules:
        row = flat(rule.condition)
        if row is None:
            nested = True
            continue
        for labels, seen in zip(labels_of(row, table), (held, barred), strict=True):
            seen.update(dict.fromkeys(labels))
    concluded = [table.by_code[c].label for c in FAMILIES[family.code][1]]
    return [*FRONT, *(HELD + x for x in held), *(BARRED + x for x in barred), *([RAW] if nested else []),
            *(CONCLUDED + x for x in concluded), *BACK]


def _row(rule: Rule, headers: Sequence[str], table: FactTable) -> Iterator[str]:
    row = flat(rule.condition)
    plain = {"编号": rule.id, "名称": rule.name, "依据": rule.clause, "施行": rule.since.isoformat(),
             "废止": rule.until.isoformat() if rule.until else "", "理由": rule.because,
             "标记": UNCONFIRMED if rule.unconfirmed else "", "标记依据": rule.unconfirmed}
    for header in headers:
        kind, fact = column_of(header, table)
        if kind == CONCLUDED and fact:
            yield outcome_cell(rule.outcome[fact.code], fact) if fact.code in rule.outcome else ""
        elif kind in (HELD, BARRED) and fact:
            leaves = () if row is None else row.held if kind == HELD else row.barred
            yield cell_of([x for x in leaves if x.fact == fact.code], fact)
        elif kind == RAW:
            yield condition_text(rule.condition, table) if row is None else ""
        else:
            yield plain[header]


def column_of(header: str, table: FactTable) -> tuple[str, FactDef | None]:
    """Return what kind of column a header names, and the fact it is about (``None``: a plain column, or no such fact)."""
    for kind in (HELD, BARRED, CONCLUDED):
        if header.startswith(kind):
            return kind, table.by_label.get(header.removeprefix(kind).strip())
    return header, None


def _note(header: str, table: FactTable) -> str:
    kind, fact = column_of(header, table)
    if fact is None:
        return _SAYS[header]
    values = list(dict.fromkeys(label for label, code in fact.values.items() if label != code)) or list(fact.values)
    known = f"\n可用：{'、'.join(values)}" if values else ""
    if kind == CONCLUDED:
        return f"{fact.says}。空着就是不给这项结论。" + ("几个值用顿号隔开。" if fact.kind is Kind.SET else "") + known
    ways = {Kind.SET: "写几个值是 含其中任一", Kind.CHOICE: "写几个值是 属于；也可写 不等于 某值", Kind.BOOL: "写 是 或 否",
            Kind.INT: "写数，或 不少于 10、多于 3；几项都要满足用分号隔开"}[fact.kind]
    side = "都成立才算" if kind == HELD else "有一项成立就不算"
    return f"{fact.says}。{ways}。本列{side}；空着就是不问。{known}"


def _write(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column)
    cell.number_format = "@"
    if text:
        cell.value = text
        cell.data_type = "s"  # a text that begins with = is no formula


def _dress(sheet: Worksheet, headers: Sequence[str], rules: int) -> None:
    for column, header in enumerate(headers, 1):
        head = sheet.cell(1, column)
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")
        wide = header in ("理由", "依据", "标记依据", RAW) or header.startswith((HELD, BARRED))
        sheet.column_dimensions[get_column_letter(column)].width = 36 if wide else 18
        for row in range(1, rules + _SPARE_ROWS + 2):
            cell = sheet.cell(row, column)
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "C2"


def _dropdowns(book: Workbook, sheet: Worksheet, headers: Sequence[str], table: FactTable) -> None:
    lists = book.create_sheet(_CHOICES)
    for column, header in enumerate(headers, 1):
        kind, fact = column_of(header, table)
        if header == "标记":
            values, strict = [UNCONFIRMED], True
        elif fact and (fact.values or fact.kind is Kind.BOOL):
            known = [label for label, code in fact.values.items() if label != code] or list(fact.values)
            values = ["是", "否"] if fact.kind is Kind.BOOL else known
            strict = fact.kind is Kind.BOOL or (kind == CONCLUDED and fact.kind is Kind.CHOICE)
        else:
            continue
        letter = get_column_letter(column)
        for row, value in enumerate(values, 1):
            _write(lists, row, column, value)
        rule = DataValidation("list", formula1=f"'{_CHOICES}'!${letter}$1:${letter}${len(values)}", allow_blank=True,
                              showErrorMessage=strict, error="请从列表里选", errorTitle=header)
        rule.add(f"{letter}2:{letter}{1000}")
        sheet.add_data_validation(rule)
    lists.sheet_state = "hidden"
