"""The page of a county paper after GB/T 9704-2012: A4, margins, line grid, fonts, page numbers; letters and tables on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

BODY, TITLE, KAI, HEI, SONG = "仿宋_GB2312", "方正小标宋简体", "楷体_GB2312", "黑体", "宋体"
LINE = Pt(28.95)  # 22 lines on 225 mm
SIGNED = "\u2192"  # a line of a cell that starts so is set at its right edge: seal, signature, date
_KEPT_STYLES = {"Normal", "Default Paragraph Font", "Normal Table", "No List"}
_BORDERS = ("top", "left", "bottom", "right", "insideH", "insideV")


@dataclass(frozen=True)
class Cell:
    """One cell of a form: its words (a line break starts a paragraph), how many columns it spans, how it is set."""

    text: str
    span: int = 1
    align: str = "left"
    label: bool = False


def label(text: str, span: int = 1) -> Cell:
    """A cell that names what stands beside it."""
    return Cell(text, span, "center", True)


class Page:
    """A blank A4 page that paragraphs and tables are added to, top to bottom."""

    def __init__(self) -> None:
        self.document: DocxDocument = Document()
        _strip(self.document)
        _set_page(self.document)

    def paragraph(self, text: str = "", *, font: str = BODY, size: float = 16, align: str = "both", indent: bool = False,
                  after: float = 0, bold: bool = False, keep: bool = False) -> Paragraph:
        """Add one paragraph on the line grid; ``indent`` sets the first line in by two characters."""
        paragraph = self.document.add_paragraph()
        _write(paragraph, text, font, size, bold)
        _align(paragraph, align)
        _spacing(paragraph, LINE if size <= 16 else Pt(36), after)
        paragraph.paragraph_format.keep_with_next = keep or None
        if indent:
            _indent(paragraph)
        return paragraph

    def title(self, text: str, number: str = "", *, optional_number: str = "") -> None:
        """Add the title, 2号小标宋 in the middle, and a number line; ``optional_number`` is a field that may be empty."""
        self.paragraph(text, font=TITLE, size=22, align="center", after=6 if number else 18)
        if optional_number:  # no empty line where a paper has no number
            self.paragraph(f"{{%p if {optional_number} %}}")
            self.paragraph(f"{{{{ {optional_number} }}}}", align="center", after=12)
            self.paragraph("{%p endif %}")
        elif number:
            self.paragraph(number, align="center", after=12)

    def body(self, *texts: str) -> None:
        """Add paragraphs; one that starts with 一、 is a heading in 黑体, with （一） in 楷体.

        The last two stay with what follows: a page with the seal holds more of the letter than a telephone number.
        """
        for n, text in enumerate(texts, 1):
            heading = text[1:2] == "、" and text[0] in "一二三四五六七八九十"
            font = HEI if heading else KAI if text.startswith("（") and text[2:3] == "）" else BODY
            self.paragraph(text, font=font, indent=not text.startswith("{%"), keep=heading or n >= len(texts) - 1)

    def signature(self, unit: str = "{{ 落款单位 }}", day: str = "{{ 落款日期 }}") -> None:
        """Add unit and date one above the other at the right, with room for the seal, never alone on a page."""
        self.paragraph(keep=True)
        table = self.document.add_table(1, 1)
        _fix(table, (88,), borders=False, align=WD_TABLE_ALIGNMENT.RIGHT)
        cell = table.cell(0, 0)
        for n, text in enumerate((unit, day)):
            paragraph = cell.paragraphs[0] if n == 0 else cell.add_paragraph()
            _write(paragraph, text, BODY, 16)
            _align(paragraph, "center")
            _spacing(paragraph, LINE, 0)
            paragraph.paragraph_format.keep_with_next = n == 0
        _no_split(table.rows[0])
        self._end()

    def form(self, widths_mm: Sequence[float], rows: Sequence[tuple[float, Sequence[Cell]]], *, size: float = 14,
             repeat_head: bool = False, keep_last: int = 0) -> Table:
        """Add a ruled table. Each row: least height in mm and its cells; a text that starts with ``{%tr`` is a loop row.

        The last ``keep_last`` rows stay on one page, so that a seal is never alone on the next.
        """
        table = self.document.add_table(0, len(widths_mm))
        _fix(table, widths_mm, borders=True, align=WD_TABLE_ALIGNMENT.CENTER)
        for height, cells in rows:
            row = table.add_row()
            row.height = Mm(height)
            at = 0
            for cell in cells:
                first, last = row.cells[at], row.cells[at + cell.span - 1]
                _fill(first.merge(last) if cell.span > 1 else first, cell, size, tall=height >= 18)
                at += cell.span
            if at != len(widths_mm):
                raise ValueError(f"row {[c.text for c in cells]} covers {at} of {len(widths_mm)} columns")
            if height < 30:
                _no_split(row)
        for row in table.rows[-keep_last:-1] if keep_last else ():
            for paragraph in (p for cell in row.cells for p in cell.paragraphs):
                paragraph.paragraph_format.keep_with_next = True
        if repeat_head:
            table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        self._end()
        return table

    def _end(self) -> None:
        """A table needs a paragraph after it; this one takes no room."""
        paragraph = self.document.add_paragraph()
        _write(paragraph, "", BODY, 1)
        _spacing(paragraph, Pt(1), 0)

    def note(self, *texts: str, size: float = 12) -> None:
        """Add small print under a form."""
        for text in texts:
            paragraph = self.document.add_paragraph()
            _write(paragraph, text, BODY, size)
            _spacing(paragraph, Pt(18), 0)
            paragraph.paragraph_format.space_before = Pt(4)


def merge_down(table: Table, column: int, first: int, last: int) -> None:
    """Join the cells of one column from row ``first`` to ``last``; the words of the first stay."""
    for row in range(first + 1, last + 1):
        table.cell(row, column).paragraphs[0].clear()
    merged = table.cell(first, column).merge(table.cell(last, column))
    for paragraph in merged.paragraphs[1:]:
        if not paragraph.text:
            paragraph._p.getparent().remove(paragraph._p)


def inner_borders_off(table: Table, row: int, column: int, side: str) -> None:
    """Take one border off a cell, so that two cells look like one box."""
    borders = OxmlElement("w:tcBorders")
    edge = OxmlElement(f"w:{side}")
    edge.set(qn("w:val"), "nil")
    borders.append(edge)
    pr = table.cell(row, column)._tc.get_or_add_tcPr()
    pr.insert_element_before(borders, "w:shd", "w:noWrap", "w:tcMar", "w:textDirection", "w:tcFitText", "w:vAlign", "w:hideMark")


def _write(paragraph: Paragraph, text: str, font: str, size: float, bold: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.bold = Pt(size), bold or None
    fonts = run._r.get_or_add_rPr().get_or_add_rFonts()
    # One font for all scripts: in a Western font “” and 〔〕 come out half as wide.
    for name in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(name), font)
    fonts.set(qn("w:hint"), "eastAsia")
    if size == 16:  # 28 characters on 156 mm are 15.8 points each
        spacing = OxmlElement("w:spacing")
        spacing.set(qn("w:val"), "-4")
        run._r.get_or_add_rPr().insert_element_before(spacing, "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:lang")


def _align(paragraph: Paragraph, align: str) -> None:
    paragraph.alignment = {"left": WD_ALIGN_PARAGRAPH.LEFT, "center": WD_ALIGN_PARAGRAPH.CENTER,
                           "right": WD_ALIGN_PARAGRAPH.RIGHT, "both": WD_ALIGN_PARAGRAPH.JUSTIFY}[align]


def _spacing(paragraph: Paragraph, line: Length, after: float) -> None:
    form = paragraph.paragraph_format
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, line
    form.space_before, form.space_after = Pt(0), Pt(after)
    if line != LINE:  # tables have a pitch of their own, and no room to lose between 年 and a figure
        for name in ("w:autoSpaceDE", "w:autoSpaceDN", "w:snapToGrid"):
            off = OxmlElement(name)
            off.set(qn("w:val"), "0")
            paragraph._p.get_or_add_pPr().insert_element_before(off, "w:spacing", "w:ind", "w:jc")


def _indent(paragraph: Paragraph, size: float = 16) -> None:
    paragraph.paragraph_format.first_line_indent = Pt(2 * size)
    paragraph._p.get_or_add_pPr().find(qn("w:ind")).set(qn("w:firstLineChars"), "200")


def _fill(cell: _Cell, content: Cell, size: float, *, tall: bool) -> None:
    prose = tall and not content.label and content.align == "left"
    cell.vertical_alignment = WD_ALIGN_VERTICAL.TOP if prose else WD_ALIGN_VERTICAL.CENTER
    for n, text in enumerate(content.text.split("\n")):
        paragraph = cell.paragraphs[0] if n == 0 else cell.add_paragraph()
        signed = text.startswith(SIGNED)
        _write(paragraph, text.removeprefix(SIGNED), BODY, size)
        _align(paragraph, "right" if signed else content.align)
        _spacing(paragraph, Pt(size + 6), 0)
        if prose and not signed:
            _indent(paragraph, size)
        if prose and (n == 0 or signed):
            paragraph.paragraph_format.space_before = Pt(8 if signed else 4)


def _fix(table: Table, widths_mm: Sequence[float], *, borders: bool, align: WD_TABLE_ALIGNMENT) -> None:
    table.alignment, table.autofit = align, False
    properties = table._tbl.tblPr
    if borders:
        box = OxmlElement("w:tblBorders")
        for side in _BORDERS:
            edge = OxmlElement(f"w:{side}")
            for name, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
                edge.set(qn(f"w:{name}"), value)
            box.append(edge)
        properties.insert_element_before(box, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), "85")
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    properties.insert_element_before(margins, "w:tblLook")
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width)


def _no_split(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _strip(document: DocxDocument) -> None:
    """Drop what python-docx's own template brings and no paper uses; it is nine tenths of its size."""
    for rels, kept in ((document.part.rels, ("/styles", "/settings", "/fontTable")),
                       (document.part.package.rels, ("/officeDocument", "/core-properties", "/extended-properties"))):
        for key in [k for k, r in rels.items() if not r.reltype.endswith(kept)]:
            del rels[key]
    styles = document.styles.element
    for style in list(styles.style_lst):
        if style.name_val not in _KEPT_STYLES:
            styles.remove(style)
    for latent in styles.findall(qn("w:latentStyles")):
        styles.remove(latent)
    normal = document.styles["Normal"]
    normal.font.size = Pt(16)
    for fonts in styles.iter(qn("w:rFonts")):
        fonts.attrib.clear()
        for name in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            fonts.set(qn(name), BODY)
    for language in styles.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    for spacing in styles.iter(qn("w:spacing")):
        spacing.attrib.clear()


def _set_page(document: DocxDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = Mm(37), Mm(35), Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Mm(22)
    grid = section._sectPr.find(qn("w:docGrid"))
    grid.set(qn("w:type"), "lines")  # a grid of characters is drawn twice as wide by LibreOffice 24.2; _write sets them instead
    grid.set(qn("w:linePitch"), "579")
    for language in document.settings.element.iter(qn("w:themeFontLang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    document.settings.odd_and_even_pages_header_footer = True
    for footer, align in ((section.footer, "right"), (section.even_page_footer, "left")):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]
        paragraph.style = None
        for text in ("— ", "PAGE", " —"):
            if text == "PAGE":
                _page_field(paragraph)
            else:
                _write(paragraph, text, SONG, 14)
        _align(paragraph, align)
        side = "right_indent" if align == "right" else "left_indent"
        setattr(paragraph.paragraph_format, side, Pt(14))  # 空一字


def _page_field(paragraph: Paragraph) -> None:
    for kind in ("begin", "code", "separate", "text", "end"):
        _write(paragraph, "1" if kind == "text" else "", SONG, 14)
        run = paragraph.runs[-1]._r
        if kind == "code":
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = " PAGE "
            run.append(code)
        elif kind != "text":
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run.append(mark)
