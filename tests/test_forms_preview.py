"""A paper in the browser: the same words in the same order, merged cells once."""

import io

from docx import Document

from hsdispute_plugin.forms_preview import Block, blocks


def test_paragraphs_and_tables_come_in_order_and_merged_cells_once():
    document, kept = Document(), io.BytesIO()
    document.add_paragraph("标题").alignment = 1
    table = document.add_table(2, 3)
    for place, word in enumerate("甲乙丙"):
        table.cell(0, place).text = word
    table.cell(1, 0).text = "丁"
    table.cell(1, 1).merge(table.cell(1, 2)).text = "合并"
    document.add_paragraph("落款").alignment = 2
    document.save(kept)
    assert list(blocks(kept.getvalue())) == [
        Block("标题", "centre"), Block(rows=((("甲", 1), ("乙", 1), ("丙", 1)), (("丁", 1), ("合并", 2)))),
        Block("落款", "right")]
