"""Rows of a 12345 export, xlsx or csv, one after another in flat memory: whatever its encoding, title lines and column names."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException
from pydantic import ValidationError

from hsdispute_plugin.adapters.json_shape import FIELDS, moment
from hsdispute_plugin.adapters.mapping import version_of
from hsdispute_plugin.errors import DeliveryRefused
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import Ticket

SUFFIXES = (".xlsx", ".csv")
_TITLE_ROWS = 20  # a header stands among the first so many rows
_MOST_UNPACKED = 1_500_000_000  # bytes: more in one workbook is a zip bomb, no export
_LONGEST_NUMBER = 120
_MOMENTS = ("来电时间", "平台时限")
_BROKEN = (zipfile.BadZipFile, zlib.error, InvalidFileException, KeyError, ValueError, TypeError, SyntaxError, EOFError,
           IndexError, AttributeError, NotImplementedError)  # what openpyxl lets out of a file that is none


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as the sheet shows it, its ticket or why it is none, and its cells as they stand."""

    number: int
    ticket: HostTicket | None
    why: str
    cells: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which names a column may have (列名 of the platform file), by our label."""

    names: Mapping[str, frozenset[str]]

    def find(self, cells: Iterable[Any]) -> dict[str, int]:
        """Return by label where its column is; a column of the label's own name goes before others, then the first."""
        told = [_plain(c) for c in cells]
        found: dict[str, int] = {}
        for label in FIELDS:
            places = [n for n, name in enumerate(told) if name == label] or [
                n for n, name in enumerate(told) if name and name in self.names.get(label, ())]
            if places and places[0] not in found.values():
                found[label] = places[0]
        return found

    def head(self, cells: Iterable[Any]) -> bool:
        """Tell whether this is a header: it has a number, and a title or a content."""
        found = self.find(cells)
        return "工单编号" in found and bool({"标题", "内容"} & found.keys())


def rows(path: Path, columns: Columns) -> Iterator[Row]:
    """Yield the rows under the header. Empty ones are passed over.

    Raises:
        DeliveryRefused: The file cannot be read (any further), with what would be right.
    """
    header: dict[str, int] | None = None
    names: tuple[str, ...] = ()
    for number, cells in _lines(path, columns):
        if number == 1:  # another sheet
            if header is not None:
                return
            names = ()
        if header is not None:
            if any(_text(c) for c in cells):
                yield _row(number, cells, header, names)
        elif number <= _TITLE_ROWS and columns.head(cells):
            header, names = columns.find(cells), tuple(_plain(c) for c in cells)
    if header is None:
        raise DeliveryRefused(f"前 {_TITLE_ROWS} 行里没有找到表头：要有“工单编号”，和“标题”或“内容”。"
                              "列名不同的，请管理员加到平台文件的 列名 里")


def _lines(path: Path, columns: Columns) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield the lines of all sheets with their numbers."""
    last = 0
    try:
        for sheet in _sheets(path, columns):
            for last, cells in enumerate(sheet, 1):
                yield last, cells
    except _BROKEN as err:
        raise DeliveryRefused(f"文件坏了或没有拷完，读到第 {last} 行读不下去（{type(err).__name__}）。"
                              "请重新导出，再放一次") from None
    except csv.Error:
        raise DeliveryRefused(f"第 {last + 1} 行附近的引号没有配对，读不下去。"
                              "请在 Excel 里打开，另存为 .xlsx 再放一次") from None


def _sheets(path: Path, columns: Columns) -> Iterator[Iterator[tuple[Any, ...]]]:
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise DeliveryRefused("这是旧的 .xls 格式，或加了密码。请在 Excel 里打开，另存为没有密码的 .xlsx 再放一次")
    if path.suffix.lower() == ".csv" and not start.startswith(b"PK\x03\x04"):
        yield _csv(path, columns)
        return
    with zipfile.ZipFile(path) as packed:
        if sum(i.file_size for i in packed.infolist()) > _MOST_UNPACKED:
            raise DeliveryRefused("文件解开后太大，不像工单表格。请分成几个文件再放")
    with path.open("rb") as file, closing(load_workbook(file, read_only=True, data_only=True)) as book:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some exporters write a size of A1, and openpyxl would believe it
            yield sheet.iter_rows(values_only=True)


def _csv(path: Path, columns: Columns) -> Iterator[tuple[Any, ...]]:
    with path.open(encoding=_encoding(path), newline="") as file:
        first = list(islice(file, _TITLE_ROWS))
        file.seek(0)
        marks = [m for m in ",\t;" if any(columns.head(cells) for cells in csv.reader(first, delimiter=m))]
        mark = marks[0] if marks else ","
        yield from (tuple(cells) for cells in csv.reader(file, delimiter=mark))


def _encoding(path: Path) -> str:
    """Return UTF-8 (with or without BOM), UTF-16 with its mark, or GB18030: the first that all bytes of the file are good in."""
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
    for name in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            with path.open("rb") as file:
                while part := file.read(1 << 16):
                    decoder.decode(part)
            decoder.decode(b"", True)
            return name
        except UnicodeDecodeError:
            continue
    raise DeliveryRefused("文件既不是 UTF-8 也不是 GB18030（GBK）编码。请在 Excel 里打开，另存为 .xlsx 再放一次")


def _row(number: int, cells: tuple[Any, ...], header: Mapping[str, int], names: tuple[str, ...]) -> Row:
    shown = tuple(_text(c) for c in cells)
    given: dict[str, Any] = {label: cells[place] if place < len(cells) else None for label, place in header.items()}
    ticket_no = given["工单编号"]
    if why := _bad_number(ticket_no):
        return Row(number, None, why, shown)
    if not _text(given.get("标题")) and not _text(given.get("内容")):
        return Row(number, None, "标题和内容都是空的", shown)
    values = {FIELDS[label]: _moment(v) if label in _MOMENTS else _text(v) for label, v in given.items()}
    taken = {*header.values()}
    extra = {name: text for n, (name, text) in enumerate(zip(names, shown, strict=False))
             if n not in taken and name and text and name != "序号"}
    try:
        ticket = Ticket.model_validate({**values, "extra": extra})
    except ValidationError as err:
        wrong = {e["loc"][0] for e in err.errors(include_input=False) if e["loc"]}
        told = "、".join(label for label in header if FIELDS[label] in wrong)
        return Row(number, None, f"{told or '这一行'}看不懂，时间请写成 2026-01-05 08:30:00", shown)
    return Row(number, HostTicket(ticket, version_of(ticket)), "", shown)


def _bad_number(value: Any) -> str:
    text = _text(value)
    if not text:
        return "缺少工单编号"
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+", text, re.I) or (isinstance(value, int | float) and abs(value) >= 10**15):
        return "工单编号被当成数字，后面几位已经丢了。请把这一列设为文本，重新导出"
    return f"工单编号超过 {_LONGEST_NUMBER} 字" if len(text) > _LONGEST_NUMBER else ""


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - Ticket gives it the county's zone
    if isinstance(value, int | float) and 20_000 < value < 80_000:  # days since 1900, in a cell without a date's format
        return from_excel(value)
    return moment(_text(value)) or None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    text = str(value).strip().strip("\ufeff")
    return text[2:-1] if text.startswith('="') and text.endswith('"') else text  # how some exports keep long numbers whole


def _plain(value: Any) -> str:
    """Return a column's name without spaces, asterisks and what stands in brackets behind it."""
    return re.sub(r"[（(].*[）)]$", "", re.sub(r"[\s*：:]+", "", _text(value)))
