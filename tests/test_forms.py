"""The papers: what each must say, how it stands on the page, and what is refused."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from docx.document import Document as DocxDocument
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from hypothesis import given
from hypothesis import strategies as st

from hsdispute_plugin.case.acts import ACTS
from hsdispute_plugin.errors import CaseRefused, RulebookError
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_catalogue import SECRECY, Ground
from hsdispute_plugin.forms_context import PaperDate, parse_number, submission_number
from hsdispute_plugin.forms_docx import font_warnings, installed_families, visible_text
from tests.matter import MATTER, at
from tools.make_forms import MAKERS, template
from tools.papers_doc import DOC, with_tables

DIRECTORY = Path(__file__).parents[1] / "config" / "forms"
FORMS = Forms(DIRECTORY)
CODES = tuple(FORMS.papers)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the shipped papers, free to be changed."""
    return Path(shutil.copytree(DIRECTORY, tmp_path / "forms"))


def opened(raw: bytes) -> DocxDocument:
    return Document(BytesIO(raw))


def change(directory: Path, code: str, edit: Callable[[DocxDocument], None]) -> Forms:
    """Edit a template as an administrator would, and read the papers again."""
    path = directory / f"{code}.docx"
    document = Document(str(path))
    edit(document)
    document.save(str(path))
    return Forms(directory)


def replace_words(old: str, new: str) -> Callable[[DocxDocument], None]:
    def edit(document: DocxDocument) -> None:
        texts = [t for t in document.element.body.iter(qn("w:t")) if old in (t.text or "")]
        assert texts, f"{old} is not in the template"
        for text in texts:
            text.text = text.text.replace(old, new)
    return edit


# --- the 报送单 of the annex ---------------------------------------------------------------------------------------------

ANNEX_ROWS = [
    ["联系人信息", "姓名", "张建国", "电话", "13800000000"],
    ["反映\n内容\n摘要", MATTER["反映内容摘要"]],
    ["受理人信息", "姓名", "李受理", "电话", "0934-5520000", "受理时间", "2026年1月5日9时40分"],
    ["报送\n意见", MATTER["报送意见"]],
    ["报送\n意见", "单位签章            2026年1月5日"],
    ["备注：以上反映内容，现予以报送，请按规定程序处理，办理过程中严格保密，不得泄露缴费人信息。办理结果直接反馈缴费人，"
     "并于1月20日将办理情况反馈受理部门。\n电话：0934-5520000"],
]


def test_the_submission_form_is_the_annex_cell_by_cell():
    paper = opened(FORMS.render("submission", MATTER))
    assert [p.text for p in paper.paragraphs[:2]] == ["社会保险费征缴争议事项处理报送单", "报送编号 合税社争报〔2026〕7号"]
    rows = [list({cell._tc: cell.text.strip() for cell in row.cells}.values()) for row in paper.tables[0].rows]
    assert rows == ANNEX_ROWS


def test_the_label_of_the_opinion_stands_beside_opinion_and_seal():
    table = opened(FORMS.render("submission", MATTER)).tables[0]
    assert table.cell(3, 0)._tc is table.cell(4, 0)._tc


@pytest.mark.parametrize("code", [c for c, p in FORMS.papers.items() if p.secret])
@pytest.mark.parametrize("loss", [
    replace_words("严格保密，不得", "注意保密，不得"),
    replace_words(SECRECY, "{% if 文号 == '没有' %}" + SECRECY + "{% endif %}"),
], ids=["reworded", "made conditional"])
def test_a_template_that_lost_the_sentence_on_secrecy_is_refused(directory, code, loss):
    with pytest.raises(RulebookError, match=f"forms/{code}.docx.*\n.*模板丢了保密要求“{SECRECY}”"):
        change(directory, code, loss).render(code, MATTER)


def test_hiding_the_sentence_on_secrecy_does_not_help(directory):
    def hide(document):
        for paragraph in document.tables[0].rows[-1].cells[0].paragraphs:
            for run in paragraph.runs:
                run.font.hidden = True
    with pytest.raises(RulebookError, match="不能隐藏"):
        change(directory, "submission", hide).render("submission", MATTER)


# --- every paper -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("code", CODES)
def test_a_paper_prints_all_that_it_demands(code):
    text = visible_text(FORMS.render(code, MATTER))
    assert "{" not in text and "None" not in text
    paper = FORMS.papers[code]
    hidden = {"联系人姓名", "联系人电话"} if paper.deidentified else set()
    for name in set(paper.required) - hidden - {"办理期限"}:
        value = MATTER[name]
        if isinstance(value, str):
            assert all(line in text for line in value.split("\n")), name
        elif isinstance(value, date):
            assert f"{value.month}月{value.day}日" in text, name
        elif isinstance(value, list) and isinstance(value[0], dict):
            assert all(str(PaperDate.of(v)) if isinstance(v, date) else str(v) in text for row in value for v in row.values())


@pytest.mark.parametrize("code", CODES)
def test_a_paper_names_all_that_is_missing_at_once(code):
    required = FORMS.papers[code].required
    with pytest.raises(CaseRefused) as refused:
        FORMS.render(code, dict.fromkeys(required, "  "))
    said = str(refused.value)
    assert f"还缺 {len(set(required) | ({'联系人姓名'} if FORMS.papers[code].deidentified else set()))} 项" in said
    assert all(name in said for name in required)


@pytest.mark.parametrize("code", CODES)
def test_a_paper_stands_on_the_page_of_gb_t_9704(code):
    paper = opened(FORMS.render(code, MATTER))
    page = paper.sections[0]
    sizes = (page.page_width, page.page_height, page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)
    assert [round(s.mm) for s in sizes] == [210, 297, 37, 35, 28, 26]
    assert page._sectPr.find(qn("w:docGrid")).get(qn("w:linePitch")) == "579"  # 22 lines on 225 mm
    title = paper.paragraphs[0].runs[0]
    assert (title.font.size, title._r.rPr.rFonts.get(qn("w:eastAsia"))) == (Pt(22), "方正小标宋简体")
    for run in paper.element.body.iter(qn("w:r")):
        assert run.rPr.rFonts.get(qn("w:eastAsia")) in {"仿宋_GB2312", "方正小标宋简体", "楷体_GB2312", "黑体"}
    for table in paper.tables:
        assert sum(c.width for c in table.columns) <= Mm(156.2)


@pytest.mark.parametrize("code", CODES)
def test_page_numbers_stand_outside_between_dashes(code):
    page = opened(FORMS.render(code, MATTER)).sections[0]
    for footer, side in ((page.footer, 2), (page.even_page_footer, 0)):
        paragraph = footer.paragraphs[0]
        assert paragraph.text == "— 1 —" and paragraph.alignment == side
        assert " PAGE " in paragraph._p.xml
        assert {(r.font.size, r._r.rPr.rFonts.get(qn("w:eastAsia"))) for r in paragraph.runs} == {(Pt(14), "宋体")}


def test_headings_are_hei_and_kai_and_text_is_fang_song_of_the_third_size():
    paper = opened(FORMS.render("reply", {**MATTER, "联办情况": "人社局已提交意见。"}))
    font = {p.text[:4]: (p.runs[0]._r.rPr.rFonts.get(qn("w:eastAsia")), p.runs[0].font.size) for p in paper.paragraphs if p.runs}
    assert font["一、你（"] == ("黑体", Pt(16))
    assert font["（一）联"] == ("楷体_GB2312", Pt(16))
    assert font["欠费共计"] == font["工资表属"] == ("仿宋_GB2312", Pt(16))


def test_a_line_break_makes_a_paragraph_of_the_same_kind():
    paper = opened(FORMS.render("reply", MATTER))
    first, second = (next(p for p in paper.paragraphs if p.text == text) for text in ("欠费共计57个月。", "工资表属实。"))
    assert first.paragraph_format.first_line_indent == second.paragraph_format.first_line_indent == Pt(32)


@pytest.mark.parametrize("written", [
    "<w:t>&amp;</w:t> & <b>", "{{ 联系人姓名 }}{% raw %}", "甲\x00\x07\x0b乙", "一行\r\n\r\n两行", "{_{ }_}",
])
def test_what_people_write_is_printed_and_never_run(written):
    text = visible_text(FORMS.render("submission", {**MATTER, "报送意见": written}))
    wanted = re.sub(r"[\x00-\x08\x0b-\x1f]", "", written.replace("\r\n", "\n").replace("{_{", "{{").replace("}_}", "}}"))
    assert all(line in text for line in wanted.split("\n"))


def test_optional_dates_are_left_for_the_pen_and_optional_parts_are_left_out():
    text = visible_text(FORMS.render("special_approval", MATTER))
    assert "签字（章）：            年    月    日" in text
    assert "所需材料" not in visible_text(FORMS.render("inform", MATTER))
    assert "所需材料" in visible_text(FORMS.render("inform", {**MATTER, "所需材料": "居民身份证"}))


@pytest.mark.parametrize(("name", "value", "said"), [
    ("报送意见", 1.5, "字段“报送意见”的值不能印"), ("报送意见", object(), "字段“报送意见”的值不能印"),
])
def test_a_value_that_cannot_be_printed_is_refused(name, value, said):
    with pytest.raises(CaseRefused, match=said):
        FORMS.render("submission", {**MATTER, name: value})


def test_rows_that_are_no_rows_are_refused_with_the_columns():
    with pytest.raises(CaseRefused, match="卷内目录的“卷内文件”应是一行行的表，每行有：序号、文号、责任者"):
        FORMS.render("catalogue", {**MATTER, "卷内文件": "受理登记表"})


def test_every_paper_that_an_act_of_a_case_calls_for_is_here():
    assert {name for act in ACTS.values() for name in act.papers} <= {p.short for p in FORMS.papers.values()}
    assert {act for p in FORMS.papers.values() for act in p.acts} <= {act.label for act in ACTS.values()}
    assert FORMS.paper("报送单") is FORMS.paper("submission")
    with pytest.raises(CaseRefused, match="没有文书 “通报”，可用：报送单（submission）"):
        FORMS.paper("通报")


# --- the same bytes --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("code", CODES)
def test_the_same_values_give_the_same_bytes(code):
    raw = FORMS.render(code, MATTER)
    assert raw == Forms(DIRECTORY).render(code, dict(reversed(MATTER.items())))
    with zipfile.ZipFile(BytesIO(raw)) as package:
        assert {i.date_time for i in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = package.read("docProps/core.xml").decode()
    assert FORMS.papers[code].title in core and "creator" not in core and "lastModifiedBy" not in core


def test_other_values_give_other_bytes():
    assert FORMS.render("submission", MATTER) != FORMS.render("submission", {**MATTER, "报送意见": "同意报送。"})


# --- templates and forms.yaml ----------------------------------------------------------------------------------------------

def test_the_shipped_templates_are_sound():
    assert FORMS.check() == ()
    assert {p.name for p in DIRECTORY.glob("*.docx")} == {p.template for p in FORMS.papers.values()}


@pytest.mark.parametrize("code", CODES)
def test_a_default_template_can_be_made_again(code):
    assert set(MAKERS) == set(CODES)
    again, shipped = template(code), (DIRECTORY / f"{code}.docx").read_bytes()
    assert visible_text(again) == visible_text(shipped)
    assert opened(again).element.body.xml == opened(shipped).element.body.xml


@pytest.mark.parametrize("code", ["inform", "transfer", "receipt", "rejection", "extension_notice"])
def test_a_page_with_the_seal_holds_words_of_the_letter_and_not_a_telephone_number_alone(code):
    paragraphs = opened((DIRECTORY / f"{code}.docx").read_bytes()).paragraphs
    said = [p for p in paragraphs if p.text.strip() and not p.text.startswith("{%")]
    assert [p.paragraph_format.keep_with_next for p in said[-2:]] == [True, True]


def test_unknown_fields_of_a_template_are_named_with_the_right_one(directory):
    forms = change(directory, "submission", replace_words("{{ 联系人姓名 }}", "{{ 联系人性名 }}{{ 反映内容 }}"))
    with pytest.raises(RulebookError) as refused:
        forms.render("submission", MATTER)
    said = str(refused.value)
    assert "forms/submission.docx" in said
    assert "模板用了不认识的字段 “联系人性名”" in said and "是否想写 “联系人姓名”？" in said
    assert "模板用了不认识的字段 “反映内容”" in said and "是否想写 “反映内容摘要”？" in said


@pytest.mark.parametrize(("edit", "said"), [
    (replace_words("{{ 报送意见 }}", "同意"), "模板没有印出必填内容：报送意见"),
    (replace_words("{{ 报送意见 }}", "{{ 报送意见"), "双花括号写法有误"),
    (replace_words("{{ 报送意见 }}", "{{ 报送意见.字数 }}"), "双花括号写法有误"),
    (replace_words("{{ 报送意见 }}", "{{ 报送意见 }}{{ 1 // 0 }}{{ 报送意见 + 1 }}"), "双花括号写法有误"),
    (replace_words("{{ 报送意见 }}", "{{ ''.__class__.__mro__ }}{{ 报送意见 }}"), "双花括号写法有误"),
])
def test_check_finds_what_an_edit_broke(directory, edit, said):
    problems = change(directory, "submission", edit).check()
    assert [p.where for p in problems] == ["forms/submission.docx"] and said in problems[0].what


@pytest.mark.parametrize(("spoil", "said"), [
    (lambda p: p.write_bytes(b"not a zip"), "模板打不开"), (lambda p: p.unlink(), "没有这个模板文件"),
])
def test_a_template_that_cannot_be_read_is_named(directory, spoil, said):
    spoil(directory / "reply.docx")
    with pytest.raises(RulebookError, match=said):
        Forms(directory).render("reply", MATTER)


@pytest.mark.parametrize(("name", "old", "new", "said"), [
    ("forms.yaml", "    保密: 是", "    保密: 否", "报送单的保密要求不能关"),
    ("forms.yaml", "去标识: 是", "去标识: 否", "给对方当事人的函必须去标识"),
    ("forms.yaml", "代号: acceptance", "代号: submission", "代号 “submission” 重复"),
    ("forms.yaml", "简称: 受理登记表", "简称: 报送单", "简称 “报送单” 重复"),
    ("forms.yaml", "代号: submission", "代号: submision", "缺少文书 submission"),
    ("forms.yaml", "模板: submission.docx", "模板: ../submission.doc", "不是本目录的 .docx 文件"),
    ("forms.yaml", "必填: [报送编号,", "必填: [报送编号, 报送编号, 1号,", "“报送编号” 写了两次"),
    ("forms.yaml", "必填: [报送编号,", "必填: [1号,", "“1号” 不能作字段名"),
    ("forms.yaml", "字: 合人社争报", "字: 合税社争报", "“合税社争报” 已有别的单位在用"),
    ("forms.yaml", "{文书: 提级报告, 字: 提}", "{文书: 提级报告, 字: 函}", "“函” 已有别的在用"),
    ("forms.yaml", "{单位: 医保局, 字: 合医社争}", "{单位: 医保局, 字: 合税社争}", "“合税社争” 已有别的在用"),
    ("forms.yaml", "{文书: 提级报告, 字: 提}", "{文书: 提级报, 字: 提}", "提级报"),
    ("forms.yaml", "发文字号\n  未确认: 是", "发文字号\n  未确认: 否", "写了“未确认: 否”，却没有确认文号"),
    ("forms.yaml", "县级自定；附件只规定〔〕号, 未确认: 是", "附件, 未确认: 否", "却没有确认文号"),
    ("remedies.yaml", "向合水县人民政府申请行政复议（", "向县政府申请行政复议（", "告知里没有写到机关“合水县人民政府”"),
    ("remedies.yaml", "期限: 六个月内", "期限: 三个月内", "告知里没有写到期限“三个月内”"),
    ("remedies.yaml", "情形: 劳动争议", "情形: 劳动纠纷", "情形 “劳动纠纷” 不在可用范围内"),
])
def test_what_the_lists_may_not_say_is_refused_with_its_line(directory, name, old, new, said):
    path = directory / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RulebookError) as refused:
        Forms(directory)
    assert re.search(rf"forms/{name}:\d+ .*\n.*{re.escape(said)}", str(refused.value))


def test_the_guide_lists_what_the_files_say():
    text = DOC.read_text(encoding="utf-8")
    assert with_tables(text, FORMS) == text, "run python -m tools.papers_doc"


# --- fonts -----------------------------------------------------------------------------------------------------------------

def test_a_font_that_is_not_installed_is_replaced_and_named():
    forms = Forms(DIRECTORY, {"FangSong", "Noto Serif CJK SC", "黑体", "宋体"})
    assert forms.warnings[0] == "本机没有字体“仿宋_GB2312”，以“FangSong”代替，版面可能与 GB/T 9704 略有出入"
    assert not any("黑体" in w for w in forms.warnings)
    fonts = {f.get(qn("w:eastAsia")) for f in opened(forms.render("reply", MATTER)).element.body.iter(qn("w:rFonts"))}
    assert fonts == {"FangSong", "宋体", "黑体"}
    assert font_warnings({"仿宋_GB2312": ("仿宋", "FangSong")}, ()) == (
        "本机没有字体“仿宋_GB2312”，也没有替代字体（仿宋、FangSong），预览和打印会走样。请安装其中一种",)
    assert FORMS.warnings == ()


def test_readers_are_told_the_stand_ins():
    with zipfile.ZipFile(BytesIO(FORMS.render("reply", MATTER))) as package:
        table = package.read("word/fontTable.xml").decode()
    assert 'w:name="仿宋_GB2312"><w:altName w:val="仿宋,FangSong,Noto Serif CJK SC"/>' in table


# --- dates, numbers, names -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("value", "text"), [
    (date(2026, 1, 5), "2026年1月5日"),
    (at("2026-11-25 08:05"), "2026年11月25日8时05分"), (at("2026-11-25 00:00"), "2026年11月25日"),
    (datetime.fromisoformat("2026-01-04T16:30:00+00:00"), "2026年1月5日0时30分"), (None, "    年    月    日"),
])
def test_dates_are_written_without_padding_in_county_time(value, text):
    assert str(PaperDate.of(value)) == text


def test_a_deadline_is_a_day_and_a_visit_is_a_moment():
    text = visible_text(FORMS.render("receipt", MATTER))
    assert "于2026年1月5日9时30分反映" in text and "于2026年1月26日前办结" in text


def test_a_date_may_come_as_text_and_words_stay_words():
    text = visible_text(FORMS.render("submission", {**MATTER, "反馈期限": "2026/1/9", "落款日期": "2026-01-05"}))
    assert "并于1月9日将" in text and "单位签章            2026年1月5日" in text
    assert "请于收到后三日内前补充" in visible_text(FORMS.render("correction", {**MATTER, "补正期限": "收到后三日内"}))


def test_a_submission_number_has_full_year_square_brackets_and_no_padding():
    assert submission_number(FORMS.prefix("hr"), 2026, 1) == "合人社争报〔2026〕1号"
    assert submission_number("", 2026, 12) == "〔2026〕12号"
    for wrong in ((26, 1), (2026, 0)):
        with pytest.raises(CaseRefused, match="年份应是四位、序号从 1 起"):
            submission_number("合税社争报", *wrong)
    with pytest.raises(CaseRefused, match="单位 “court” 没有报送编号的字"):
        FORMS.prefix("court")


@given(st.sampled_from(["合税社争报", "合人社争报", "合医社争报", ""]), st.integers(2025, 2099), st.integers(1, 99999))
def test_a_number_is_read_back_as_it_was_given(prefix, year, seq):
    assert parse_number(submission_number(prefix, year, seq)) == (prefix, year, seq)


def test_numbers_are_read_as_people_type_them():
    assert parse_number("合税社争报[2026] 第007号") == parse_number("合税社争报﹝2026﹞7号") == ("合税社争报", 2026, 7)
    for wrong in ("合税社争报〔26〕7号", "合税社争报2026年7号", "合税社争报〔2026〕0号", ""):
        with pytest.raises(CaseRefused, match="不是编号，应写成 合税社争报〔2026〕1号"):
            parse_number(wrong)


@pytest.mark.parametrize(("code", "values", "name"), [
    ("submission", MATTER, "报送单〔2026〕7号.docx"), ("reply", MATTER, "答复意见书〔2026〕12号.docx"),
    ("acceptance", {"案件编号": "HS/2026:0007 甲"}, "受理登记表HS20260007甲.docx"), ("reply", {}, "答复意见书.docx"),
])
def test_an_attachment_is_named_after_paper_and_number(code, values, name):
    assert FORMS.file_name(code, values) == name


# --- remedies --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("respondents", "grounds", "told", "untold"), [
    (["tax"], [Ground.ACT], ["国家税务总局庆阳市税务局", "六十日内", "六个月内"], ["县人民政府", "仲裁"]),
    (["hr"], [Ground.ACT], ["合水县人民政府", "六十日内", "六个月内"], ["庆阳市税务局"]),
    (["medical"], [Ground.ACT], ["合水县人民政府", "六十日内", "六个月内"], ["庆阳市税务局"]),
    (["tax"], [Ground.OMISSION], ["应当先", "国家税务总局庆阳市税务局", "十五日内", "不能直接起诉"], ["六个月内", "县人民政府"]),
    (["hr", "medical"], [Ground.OMISSION], ["应当先", "合水县人民政府", "第二十三条第一款第三项"], ["六个月内"]),
    (["employer"], [Ground.LABOUR], ["劳动人事争议仲裁委员会", "一年内", "十五日内", "不能以仲裁代替"], ["行政复议"]),
    (["tax", "hr"], [Ground.ACT], ["1. ", "庆阳市税务局", "2. ", "合水县人民政府", "3. ", "六个月内"], []),
    (["tax"], [Ground.MEDIATION], ["人民调解委员会", "三十日内", "司法确认", "不停止计算"], ["行政复议法"]),
    (["medical"], [Ground.PETITION], ["上一级机关", "三十日内", "复查"], []),
])
def test_the_remedy_names_organ_and_period_of_the_respondent(respondents, grounds, told, untold):
    text = FORMS.remedy_text(respondents, grounds)
    assert [w for w in told if w not in text] == [] and [w for w in untold if w in text] == []


@pytest.mark.parametrize(("respondents", "grounds"), [
    (["court"], [Ground.ACT]), (["employer"], [Ground.ACT]), (["tax"], [Ground.LABOUR]),
])
def test_a_remedy_that_is_not_on_file_is_never_left_out_silently(respondents, grounds):
    with pytest.raises(CaseRefused, match=r"remedies.yaml 没有写明.*四（四）"):
        FORMS.remedies(respondents, grounds)


# --- as LibreOffice shows it -----------------------------------------------------------------------------------------------

@pytest.mark.skipif(shutil.which("soffice") is None or shutil.which("pdfinfo") is None, reason="LibreOffice is not installed")
def test_forms_of_one_page_are_shown_on_one_page(tmp_path):
    forms = Forms(DIRECTORY, installed_families())
    if any("也没有替代字体" in w for w in forms.warnings):
        pytest.skip("no Chinese font is installed")
    one_page = ("submission", "acceptance", "referral", "joint_opinion", "special_approval", "service", "cover")
    for code in one_page:
        (tmp_path / f"{code}.docx").write_bytes(forms.render(code, MATTER))
    subprocess.run(["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf",
                    "--outdir", tmp_path, *tmp_path.glob("*.docx")], check=True, capture_output=True, timeout=300)
    for code in one_page:
        said = subprocess.run(["pdfinfo", tmp_path / f"{code}.pdf"], check=True, capture_output=True, text=True).stdout
        assert re.search(r"Pages:\s+1\n", said) and "pts (A4)" in said, code
