"""Reads a workbook of rules that a person changed, with every problem named by its cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from hsdispute_plugin.errors import Problem, RulebookError
from hsdispute_plugin.rules.condition_reader import facts_before
from hsdispute_plugin.rules.load import parse
from hsdispute_plugin.rules.node import Node, Reading, suggest
from hsdispute_plugin.rules.rule_text import ORDER
from hsdispute_plugin.rules.rulebook import FAMILIES, Rule, RuleSource
from hsdispute_plugin.rules.schema import read_rule
from hsdispute_plugin.rules.table_cells import comparisons, condition_node, outcome_node, same
from hsdispute_plugin.rules.tables import BACK, BARRED, CONCLUDED, FRONT, HELD, MUST, ORIGIN, RAW, column_of

#: Rows that are read; one formatted cell in the last row of a sheet would otherwise make a million of them.
MAX_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What a workbook says: the rules of one family in the order of its rows, and the digest of the file it came from."""

    family: str
    origin: str
    rules: tuple[Rule, ...]


def read(path: Path, source: RuleSource) -> Imported:
    """Read a workbook that ``export`` wrote and a person changed.

    Raises:
        RulebookError: With every problem of every cell, each named ``职责认定.xlsx!F7``.
    """
    try:
        book = load_workbook(path)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError) as err:
        raise RulebookError((Problem(path.name, "", "打不开这个工作簿", f"not a workbook: {type(err).__name__}",
                                     "请另存为 .xlsx；最好从 hsdispute table export 导出的文件改起"),)) from err
    code = str(book[ORIGIN]["A1"].value) if ORIGIN in book.sheetnames else ""
    if code not in FAMILIES or FAMILIES[code][0] not in book.sheetnames:
        raise RulebookError((Problem(f"{path.name}!A1", "", "这不是导出的规则表", "not an exported rule table",
                                     "请从 hsdispute table export 导出的文件改起，不要改工作表的名称"),))
    reader = _Reader(path.name, code, source)
    rules = reader.rules(book[FAMILIES[code][0]])
    if reader.reading.problems:
        raise RulebookError(tuple(reader.reading.problems))
    return Imported(code, str(book[ORIGIN]["A2"].value or ""), rules)


class _Reader:
    def __init__(self, name: str, family: str, source: RuleSource) -> None:
        self.reading = Reading(name)
        self._name, self._family, self._table = name, family, source.table
        self._known = next((f.rules for f in source.families if f.code == family), ())

    def rules(self, sheet: Worksheet) -> tuple[Rule, ...]:
        headers = {cell.column: header for cell in sheet[1] if (header := self._header(cell))}
        for header in MUST:
            if header not in headers.values():
                self.reading.note(self._at("A1"), "", f"缺少 “{header}” 这一列", f"column {header!r} is missing",
                                  "请重新导出，照着补上")
        twice = {h for h in headers.values() if list(headers.values()).count(h) > 1}
        for header in twice:
            where = next(c.coordinate for c in reversed(sheet[1]) if headers.get(c.column) == header)
            self.reading.note(self._at(where), "", f"“{header}” 有两列", f"column {header!r} is repeated", "请合并成一列")
        if self.reading.problems:
            return ()
        found: dict[tuple[str, date], str] = {}
        rules = []
        if sheet.max_row > MAX_ROWS:
            self.reading.note(self._at(f"A{sheet.max_row}"), "", f"表格一直用到第 {sheet.max_row} 行，超过上限 {MAX_ROWS}",
                              "too many rows", "请选中最后一条规则以下的各行，整行删除，再保存")
            return ()
        for row in sheet.iter_rows(min_row=2, max_col=max(headers)):
            cells = {headers[c.column]: Node(self._at(c.coordinate), text) for c in row
                     if c.column in headers and (text := self._text(c))}
            if not cells:
                continue
            rule = self._rule(cells, self._at(row[0].coordinate), {headers[c.column]: self._at(c.coordinate)
                                                                   for c in row if c.column in headers})
            if rule is None:
                continue
            first = found.setdefault((rule.id, rule.since), rule.where)
            if first != rule.where:
                self.reading.note(rule.where, f"规则 {rule.id}", f"编号和施行日期与 {first} 相同",
                                  "a rule id and date is repeated", "要修改旧规则请写更晚的施行日期；不是同一条就换编号")
            rules.append(self._as_it_was(rule))
        if not rules and not self.reading.problems:
            self.reading.note(self._at("A2"), "", "表里一条规则也没有", "no rules", "请至少留一条；要空着整个规则族，请改 YAML")
        return tuple(rules)

    def _at(self, coordinate: str) -> str:
        return f"{self._name}!{coordinate}"

    def _header(self, cell) -> str | None:  # type: ignore[no-untyped-def]
        text = self._text(cell).replace(":", "：").replace("(", "（").replace(")", "）")
        if not text:
            return None
        kind, fact = column_of(text, self._table)
        at = self._at(cell.coordinate)
        if kind in (HELD, BARRED):
            known = {f.label for f in facts_before(self._family, self._table)}
        elif kind == CONCLUDED:
            known = {self._table.by_code[c].label for c in FAMILIES[self._family][1]}
        elif text in (*FRONT, *BACK, RAW):
            return text
        else:
            self.reading.note(at, "", f"不认识的列 “{text}”", f"unknown column {text!r}",
                              suggest(text, [*FRONT, *BACK, RAW]) + f" 其余各列写成 {HELD}事实、{BARRED}事实、{CONCLUDED}事实")
            return None
        label = text.removeprefix(kind).strip()
        if fact is None or label not in known:
            self.reading.note(at, "", f"“{label}” 不能用在本族的{kind.rstrip('：')}里", f"unknown fact {label!r}",
                              suggest(label, sorted(known)))
            return None
        return kind + label

    def _text(self, cell) -> str:  # type: ignore[no-untyped-def]
        value = cell.value
        if cell.data_type in ("f", "e"):
            what, what_en = ("公式", "a formula") if cell.data_type == "f" else (f"错误值 {value}", f"the error {value}")
            self.reading.note(self._at(cell.coordinate), "", f"这一格是{what}", what_en, "请改成文字")
            return ""
        if isinstance(value, datetime):
            return value.date().isoformat()
        if isinstance(value, bool):
            return "是" if value else "否"
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return "" if value is None else str(value).strip()

    def _rule(self, cells: Mapping[str, Node], row: str, places: Mapping[str, str]) -> Rule | None:
        subject = f"规则 {cells['编号'].value}" if "编号" in cells else "规则"
        before = len(self.reading.problems)
        for key in MUST:
            if key not in cells:
                self.reading.note(places[key], subject, f"“{key}” 不能空着", f"{key} is empty", "请写上；整行不要了就清空整行")
        concluded = {h: n for h, n in cells.items() if h.startswith(CONCLUDED)}
        if not concluded:
            at = next((p for h, p in places.items() if h.startswith(CONCLUDED)), row)
            self.reading.note(at, subject, "没有结论", "no conclusion", "请在一个 “结论” 列里写上")
        condition = self._condition(cells, row, subject)
        if condition is None or len(self.reading.problems) > before:
            return None
        rows = {key: cells[key] for key in ORDER if key in cells}
        rows["条件"] = condition
        outcomes = {}
        for header, node in concluded.items():
            fact = column_of(header, self._table)[1]
            assert fact
            outcomes[fact.label] = outcome_node(node, fact)
        rows["结论"] = Node(row, outcomes)
        rule = read_rule(Node(row, rows), self._family, self._table, self.reading)
        return replace(rule, where=row) if rule else None

    def _condition(self, cells: Mapping[str, Node], row: str, subject: str) -> Node | None:
        held, barred = (
            {h.removeprefix(kind): comparisons(n, self._table.by_label[h.removeprefix(kind)])
             for h, n in cells.items() if h.startswith(kind)}
            for kind in (HELD, BARRED)
        )
        if RAW not in cells:
            return condition_node(held, barred, row)
        raw = cells[RAW]
        if held or barred:
            self.reading.note(raw.where, subject, f"写了 {RAW}，本行又写了别的条件", "two conditions in one row", "请只留一处")
            return None
        own = Reading(self._name)
        node = parse(str(raw.value).encode(), "格", own)
        for problem in own.problems:
            self.reading.problems.append(replace(problem, where=raw.where, subject=subject))
        return None if node is None else _placed(node, raw.where)

    def _as_it_was(self, rule: Rule) -> Rule:
        """Return the condition in the order the file has it, where the row says the same."""
        known = [r for r in self._known if r.id == rule.id and same(r.condition, rule.condition)]
        closest = min(known, key=lambda r: r.since != rule.since, default=rule)
        return replace(rule, condition=closest.condition)


def _placed(node: Node, where: str) -> Node:
    value = node.value
    if isinstance(value, tuple):
        return Node(where, tuple(_placed(n, where) for n in value), node.spoilt)
    if isinstance(value, Mapping):
        return Node(where, {k: _placed(n, where) for k, n in value.items()}, node.spoilt)
    return Node(where, value, node.spoilt)
