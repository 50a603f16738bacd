"""Papers of a case: values in, a .docx out, from templates that the county edits in config/forms.

A template is a Word file with field names in double braces, ``{{ 联系人姓名 }}``; ``forms.yaml`` says which paper
exists, when it is due, and which fields it cannot do without. Nothing here knows how a paper looks.
"""

from __future__ import annotations

import difflib
import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from lxml.etree import XMLSyntaxError

from hsdispute_plugin.errors import CaseRefused, Problem, RulebookError
from hsdispute_plugin.forms_catalogue import IDENTITY, SECRECY, Ground, Paper, Remedy, read_catalogue
from hsdispute_plugin.forms_context import parse_number
from hsdispute_plugin.forms_docx import all_text, font_warnings, sealed, visible_text
from hsdispute_plugin.forms_print import DATES, Hidden, empty, mark, printed
from hsdispute_plugin.forms_privacy import remains


class Forms:
    """The papers of one ``config/forms`` directory. Templates are read anew for each paper, so an edit counts at once.

    ``installed``: font families of the machine that will show the papers, where it is known; ``None`` leaves the
    choice to the reader's machine, which is told the stand-ins.

    Raises:
        RulebookError: ``forms.yaml`` or ``remedies.yaml`` cannot be used; all problems at once.
    """

    def __init__(self, directory: Path, installed: Collection[str] | None = None) -> None:
        self._directory = directory
        self._catalogue = read_catalogue(directory)
        self._installed = None if installed is None else frozenset(installed)
        self._env = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)

    @property
    def papers(self) -> Mapping[str, Paper]:
        """All papers by code, in the order of ``forms.yaml``."""
        return self._catalogue.papers

    @property
    def warnings(self) -> tuple[str, ...]:
        """Name each font that ``installed`` lacks and what stands in; empty when ``installed`` is not given."""
        return () if self._installed is None else font_warnings(self._catalogue.fonts, self._installed)

    def paper(self, code: str) -> Paper:
        """Return one paper by its code (``submission``) or its short name (报送单), by which a case calls for it.

        Raises:
            CaseRefused: No such paper; lists those there are.
        """
        found = self.papers.get(code) or next((p for p in self.papers.values() if p.short == code), None)
        if found is None:
            known = "、".join(f"{p.short}（{p.code}）" for p in self.papers.values())
            raise CaseRefused(f"没有文书 “{code}”，可用：{known} / unknown paper {code!r}")
        return found

    def prefix(self, unit: str) -> str:
        """Return the prefix (字) of a unit's submission numbers.

        Raises:
            CaseRefused: This unit sends no submission forms.
        """
        if unit not in self._catalogue.prefixes:
            raise CaseRefused(f"单位 “{unit}” 没有报送编号的字，请在 forms.yaml 的“报送编号”里补上 / no prefix for unit {unit!r}")
        return self._catalogue.prefixes[unit]

    def number_prefix(self, code: str, unit: str) -> str:
        """Return the 字 of the 文号 of one paper of a unit (``office``: 专班办公室); empty: this paper bears none.

        Raises:
            CaseRefused: This unit has no 字 of its own.
        """
        short = self.paper(code).short
        if short not in self._catalogue.series:
            return ""
        if unit not in self._catalogue.stems:
            raise CaseRefused(f"单位 “{unit}” 没有文号的字，请在 forms.yaml 的“文号”里补上 / no number prefix for unit {unit!r}")
        return self._catalogue.stems[unit] + self._catalogue.series[short]

    def remedies(self, respondents: Collection[str], grounds: Collection[Ground]) -> tuple[Remedy, ...]:
        """Return what a party may do, in the order of ``remedies.yaml``.

        ``respondents``: unit codes whose act is objected to, ``employer`` for a quarrel with an employer.

        Raises:
            CaseRefused: For one of the grounds the table names no organ for any of these respondents.

        Clause: 四（四）「按规定程序申请调解、行政复议、仲裁、行政诉讼」.
        """
        found = tuple(r for r in self._catalogue.remedies if r.ground in grounds and r.respondents & set(respondents))
        without = [g.value for g in grounds if not any(r.ground is g for r in found)]
        if without or not found:
            raise CaseRefused(f"remedies.yaml 没有写明对象 {'、'.join(sorted(respondents))} 的救济途径（{'、'.join(without)}），"
                              "请补上后再答复（四（四））/ no remedy on file")
        return found

    def remedy_text(self, respondents: Collection[str], grounds: Collection[Ground]) -> str:
        """Return the remedies as numbered paragraphs for the field 救济途径; refuses as ``remedies`` does."""
        found = self.remedies(respondents, grounds)
        return found[0].says if len(found) == 1 else "\n".join(f"{n}. {r.says}" for n, r in enumerate(found, 1))

    def render(self, code: str, values: Mapping[str, object], *, without_identity: bool = False) -> bytes:
        """Return the paper as .docx; the same values, template and settings give the same bytes.

        ``code`` is a code or a short name. Values are text, whole numbers, 是否, dates, aware times, lists of text, and
        lists of mappings for tables. A line break starts a new paragraph. Fields of other papers are ignored; optional
        ones that are absent print blank.
        ``without_identity`` makes the copy that the other party may see, of any paper: who complained is left out and
        free text is concealed. Papers marked 去标识 are always made so.

        Raises:
            CaseRefused: Required fields are missing (all are named), a value cannot be printed, or identity would show.
            RulebookError: The template is broken, uses unknown fields, or lost the sentence on secrecy.

        Clause: 附件; 备注「严格保密，不得泄露缴费人信息」.
        """
        paper = self.paper(code)
        masked = without_identity or paper.deidentified
        # A name can only be taken out of a text by one who knows it; nobody's is 匿名.
        if missing := self.missing(code, values, without_identity=masked):
            raise CaseRefused(f"{paper.short}还缺 {len(missing)} 项必填内容：{'、'.join(missing)}。请补齐后再生成"
                              f"（{paper.basis}）/ required fields are missing")
        hidden = Hidden.of(values) if masked else None
        raw = self._filled(paper, self._printed(paper, values, hidden))
        if paper.secret and SECRECY not in re.sub(r"\s", "", visible_text(raw)):
            raise RulebookError((self._problem(
                paper, f"模板丢了保密要求“{SECRECY}”", "the sentence on secrecy is gone",
                "请把这句话原样写回模板（报送单备注），不能隐藏；或用 tools/make_forms.py 重做模板"),))
        if hidden and remains(all_text(raw), hidden.names, hidden.exact):
            raise CaseRefused(f"{paper.short}没有生成：去标识后仍有缴费人的姓名或号码，请检查所填内容和模板"
                              f"（{paper.basis}）/ identity would show")
        return raw

    def missing(self, code: str, values: Mapping[str, object], *, without_identity: bool = False) -> tuple[str, ...]:
        """Name the required fields that the values leave blank; for a copy without identity also the name to be left out.

        Raises:
            CaseRefused: No such paper.
        """
        paper = self.paper(code)
        also = ("联系人姓名",) if without_identity or paper.deidentified else ()
        return tuple(n for n in dict.fromkeys((*paper.required, *also)) if empty(values.get(n)))

    def file_name(self, code: str, values: Mapping[str, object]) -> str:
        """Return a file name for an attachment, such as 报送单〔2026〕7号.docx; never holds a payer's name.

        The number is 报送编号 for papers that demand it, else 文号, else 案件编号.
        """
        paper = self.paper(code)
        number = next((str(values[k]) for k in (("报送编号",) if "报送编号" in paper.required else ("文号", "案件编号"))
                       if values.get(k)), "")
        try:
            _, year, seq = parse_number(number)
            number = f"〔{year}〕{seq}号"
        except CaseRefused:
            number = re.sub(r'[\\/:*?"<>|\s\x00-\x1f]', "", number)[:60]
        return f"{paper.short}{number}.docx"

    def check(self) -> tuple[Problem, ...]:
        """Fill every template with trial values and return all that is wrong: for ``hsdispute check`` and ``doctor``."""
        problems: list[Problem] = []
        for paper in self.papers.values():
            trial: dict[str, object] = {name: date(2026, 1, 5) if name.endswith(DATES) else f"试{name}" for name in paper.fields}
            trial |= {name: [{c: f"试{c}" for c in columns}] for name, columns in paper.rows.items()}
            trial |= {"报送编号": "试〔2026〕1号", "联系人姓名": "匿名"}
            try:
                text = visible_text(self.render(paper.code, trial))
            except RulebookError as err:
                problems += err.problems
                continue
            lost = [n for n in paper.required if n not in IDENTITY and n not in paper.rows and mark(trial[n]) not in text]
            if lost:
                problems.append(self._problem(
                    paper, f"模板没有印出必填内容：{'、'.join(lost)}", "required fields are not printed",
                    f"请在模板里写上 {{{{ {lost[0]} }}}}，或在 forms.yaml 里移到选填"))
        return tuple(problems)

    def _printed(self, paper: Paper, values: Mapping[str, object], hidden: Hidden | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in (*self._catalogue.common, *paper.required, *paper.optional):
            if name not in paper.rows:
                found[name] = printed(name, values.get(name), hidden)
        for name, columns in paper.rows.items():
            rows = values.get(name) or ()
            if not isinstance(rows, Sequence) or not all(isinstance(r, Mapping) for r in rows):
                raise CaseRefused(f"{paper.short}的“{name}”应是一行行的表，每行有：{'、'.join(columns)} / rows expected")
            found[name] = [{c: printed(c, row.get(c), hidden) for c in columns} for row in rows]
        return found

    def _filled(self, paper: Paper, printed: Mapping[str, Any]) -> bytes:
        path = self._directory / paper.template
        template = DocxTemplate(path)
        try:
            template.init_docx()
        except (PackageNotFoundError, zipfile.BadZipFile, XMLSyntaxError, KeyError, ValueError, OSError) as err:
            what = "模板打不开，不是完好的 .docx 文件" if path.is_file() else "没有这个模板文件"
            raise RulebookError((self._problem(
                paper, what, "the template cannot be read",
                "请用 Word 或 WPS 另存为 .docx，或用 tools/make_forms.py 重做"),)) from err
        out = BytesIO()
        try:
            unknown = sorted(template.get_undeclared_template_variables(self._env) - printed.keys())
            if unknown:
                raise RulebookError(tuple(self._unknown(paper, name, printed) for name in unknown))
            template.render(dict(printed), self._env)
            template.save(out)
        except (TemplateError, XMLSyntaxError, TypeError, ValueError, ArithmeticError) as err:
            raise RulebookError((self._problem(
                paper, f"模板里的双花括号写法有误：{err}", f"template syntax: {err}",
                "请检查 {{ }} 和 {% %} 是否成对、表格行的字段名是否正确"),)) from err
        return sealed(out.getvalue(), paper.title, self._catalogue.fonts, self._installed)

    def _problem(self, paper: Paper, what: str, what_en: str, mend: str) -> Problem:
        return Problem(f"{self._directory.name}/{paper.template}", f"文书 {paper.code}（{paper.short}）", what, what_en, mend)

    def _unknown(self, paper: Paper, name: str, known: Collection[str]) -> Problem:
        near = difflib.get_close_matches(name, list(known), 1, 0.4)
        guess = f"是否想写 “{near[0]}”？" if near else ""
        return self._problem(paper, f"模板用了不认识的字段 “{name}”", f"unknown field {name!r}",
                             f"{guess}要新增字段，请写进 forms.yaml 文书 {paper.code} 的选填")
