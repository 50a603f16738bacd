"""The rows of a host's exported workbook, each a mapping by the headers of its first row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from hsdispute_plugin.errors import ReplayRefused


def rows_of_workbook(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of the first sheet that hold anything.

    Raises:
        ReplayRefused: It is no workbook.
    """
    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as err:
        raise ReplayRefused(f"{file.name} 不是 Excel 工作簿（.xlsx）。旧的 .xls 请先另存为 .xlsx") from err
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        headers = [str(h or "").strip() for h in next(rows, ())]
        for row in rows:
            given = {h: v for h, v in zip(headers, row, strict=False) if h and v is not None}
            if given:
                yield given
    finally:
        book.close()
