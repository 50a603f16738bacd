"""A paper as the browser shows it before it is downloaded: its paragraphs and tables in order, without Word's own layout."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

_ALIGNED = {WD_ALIGN_PARAGRAPH.CENTER: "centre", WD_ALIGN_PARAGRAPH.RIGHT: "right"}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (``text``, ``align``: empty, centre, right), or a table (``rows`` of cells with their span of columns)."""

    text: str = ""
    align: str = ""
    rows: tuple[tuple[tuple[str, int], ...], ...] = ()


def blocks(content: bytes) -> Iterator[Block]:
    """Give what a .docx says, in order; cells that were merged are given once."""
    for part in Document(io.BytesIO(content)).iter_inner_content():
        if isinstance(part, Paragraph):
            yield Block(part.text, _ALIGNED.get(part.alignment, "") if part.alignment is not None else "")
        elif isinstance(part, Table):
            yield Block(rows=tuple(_cells(row.cells) for row in part.rows))


def _cells(cells: tuple[_Cell, ...]) -> tuple[tuple[str, int], ...]:
    found: dict[int, tuple[str, int]] = {}
    for cell in cells:
        found[id(cell._tc)] = (cell.text, found.get(id(cell._tc), ("", 0))[1] + 1)
    return tuple(found.values())
