"""A report as files: a workbook with charts, and a document that prints."""

from __future__ import annotations

from io import BytesIO

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from hsdispute_plugin.reports import Report, Table

BLOCK, WIDEST = "█", 16  # a bar of the document: characters that any font has, and how many the longest gets
TEXT_CM, BAR_CM = 15.8, 4.2
_FONT, _TITLE_FONT = "仿宋_GB2312", "方正小标宋简体"


def workbook(report: Report) -> bytes:
    """Return the report as .xlsx: a sheet for each table, with a native bar chart where there is something to compare."""
    book = Workbook()
    for number, table in enumerate(report.tables):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        sheet.title = table.title
        sheet.append([f"{report.title}：{table.title}"])
        sheet.append([report.span + (f"；{table.note}" if table.note else "")])
        sheet.append(list(table.head))
        for row in table.rows:
            sheet.append(list(row))
        sheet["A1"].font = Font(bold=True, size=14)
        for cell in sheet[3]:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")
        for column in range(1, len(table.head) + 1):
            longest = max([len(str(table.head[column - 1])), *(len(str(row[column - 1])) for row in table.rows)])
            sheet.column_dimensions[get_column_letter(column)].width = min(60, 4 + 2 * longest)
        sheet.freeze_panes = "A4"
        if table.charted and len(table.rows) > 1:
            chart = BarChart()
            chart.type, chart.title, chart.legend = "bar", table.title, None
            chart.add_data(Reference(sheet, min_col=table.charted + 1, min_row=4, max_row=3 + len(table.rows)))
            chart.set_categories(Reference(sheet, min_col=1, min_row=4, max_row=3 + len(table.rows)))
            chart.y_axis.delete = chart.x_axis.delete = False
            chart.x_axis.scaling.orientation = "maxMin"  # the first row on top, as in the table
            chart.height, chart.width = max(6.0, 0.9 * len(table.rows)), 18
            sheet.add_chart(chart, f"{get_column_letter(len(table.head) + 2)}3")
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def document(report: Report) -> bytes:
    """Return the report as .docx for A4 paper: every table with bars made of characters, which print on any machine."""
    paper = Document()
    page = paper.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.6)
    page.top_margin, page.bottom_margin = Cm(3.0), Cm(2.5)
    _line(paper, report.title, 20, font=_TITLE_FONT, centred=True)
    _line(paper, report.span, 12, centred=True)
    for table in report.tables:
        _line(paper, table.title, 15, font="黑体")
        if table.note:
            _line(paper, table.note, 12)
        _table(paper, table)
    out = BytesIO()
    paper.save(out)
    return out.getvalue()


def _table(paper: Document, table: Table) -> None:  # type: ignore[valid-type]
    if not table.rows:
        _line(paper, "（无）", 12)
        return
    bars = bool(table.charted) and len(table.rows) > 1
    made = paper.add_table(rows=0, cols=len(table.head) + bars, style="Table Grid")  # type: ignore[attr-defined]
    widths = [*_widths(table, TEXT_CM - BAR_CM * bars), *([BAR_CM] * bars)]
    made.autofit = False
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Cm(width)
    most = max((int(row[table.charted]) for row in table.rows), default=0) if bars else 0
    for n, row in enumerate((table.head, *table.rows)):
        line = made.add_row()
        line._tr.get_or_add_trPr().append(line._tr.makeelement(qn("w:cantSplit"), {}))
        cells = line.cells
        for cell, width in zip(cells, widths, strict=True):
            cell.width = Cm(width)
        for cell, value in zip(cells, row, strict=False):
            _fill(cell, str(value), bold=n == 0)
        if bars:
            size = round(WIDEST * int(row[table.charted]) / most) if n and most else 0
            _fill(cells[-1], BLOCK * size if n else "", bold=False, colour=RGBColor(0x3B, 0x6E, 0xA8))
    header = made.rows[0]._tr.get_or_add_trPr()
    header.append(header.makeelement(qn("w:tblHeader"), {}))  # the head stands on every page


def _widths(table: Table, whole_cm: float) -> list[float]:
    """Share out a width by what stands in each column; none is narrower than its head."""
    sizes = [max(len(str(row[n])) for row in (table.head, *table.rows)) for n in range(len(table.head))]
    sizes = [min(max(size, 3), 18) + 2 for size in sizes]
    return [whole_cm * size / sum(sizes) for size in sizes]


def _fill(cell: object, text: str, *, bold: bool, colour: RGBColor | None = None) -> None:
    run = cell.paragraphs[0].add_run(text)  # type: ignore[attr-defined]
    run.bold, run.font.size = bold, Pt(7 if colour else 11)
    if colour:
        run.font.color.rgb = colour
    else:
        _face(run, _FONT)


def _line(paper: Document, text: str, size: int, *, font: str = _FONT, centred: bool = False) -> None:  # type: ignore[valid-type]
    paragraph = paper.add_paragraph()  # type: ignore[attr-defined]
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_before = Pt(12 if size > 12 else 0)
    paragraph.paragraph_format.space_after = Pt(4)
    paragraph.paragraph_format.keep_with_next = True
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    _face(run, font)


def _face(run: object, font: str) -> None:
    run.font.name = font  # type: ignore[attr-defined]
    run._element.rPr.rFonts.set(qn("w:eastAsia"), font)  # type: ignore[attr-defined]
