"""Writes the table of docs/papers.md from config/forms: ``python -m tools.papers_doc``."""

from __future__ import annotations

from pathlib import Path

from hsdispute_plugin.case import ACTS
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_catalogue import Ground, Paper
from hsdispute_plugin.paperwork import asks, drafts

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "papers.md"
START, END = "<!-- 以下由 python -m tools.papers_doc 生成 -->\n", "<!-- 生成到此为止 -->\n"


def with_tables(text: str, forms: Forms) -> str:
    """Return the text of the guide with its generated part written anew."""
    head, _, rest = text.partition(START)
    _, _, tail = rest.partition(END)
    return f"{head}{START}\n{_acts(forms)}\n{_papers(forms)}\n{_remedies(forms)}\n{END}{tail}"


def _acts(forms: Forms) -> str:
    heads = ("步骤", "文书", "送给", "须由人补写", "系统代拟或留空，可改写", "文号")
    rows = [_line(row.label, kind, "、".join(forms.paper(kind).receivers), "、".join(asks(kind)), "、".join(drafts(kind)),
                  _numbered(kind, forms)) for row in ACTS.values() for kind in row.papers]
    return "\n".join(["### 哪一步出哪份文书", "", _line(*heads), _line(*["---"] * len(heads)), *rows, ""])


def _numbered(kind: str, forms: Forms) -> str:
    if kind in ("报送单", "会议纪要"):
        return {"报送单": "报送编号", "会议纪要": "纪要编号"}[kind]
    prefix = forms.number_prefix(kind, "tax")
    return f"{prefix}〔年〕号" if prefix else ""


def _papers(forms: Forms) -> str:
    heads = ("文书（简称）", "模板", "触发", "接收", "保密", "去标识", "必填", "依据")
    return "\n".join(["### 文书", "", _line(*heads), _line(*["---"] * len(heads)), *map(_row, forms.papers.values()), ""])


def _row(paper: Paper) -> str:
    name = paper.title if paper.title == paper.short else f"{paper.title}（{paper.short}）"
    return _line(name, f"`{paper.template}`", "、".join(paper.acts), "、".join(paper.receivers), "是" if paper.secret else "",
                 "是" if paper.deidentified else "", "、".join(paper.required), paper.basis)


def _remedies(forms: Forms) -> str:
    whom = ("tax", "hr", "medical", "employer")
    names = dict(zip(whom, ("税务局", "人社局", "医保局", "用人单位"), strict=True))
    heads = ("对象", "情形", "途径", "机关", "期限", "依据")
    rows = [_line("、".join(names[c] for c in whom if c in r.respondents), r.ground, r.way, r.organ, r.period, r.basis)
            for r in forms.remedies(whom, tuple(Ground))]
    return "\n".join(["### 救济途径", "", _line(*heads), _line(*["---"] * len(heads)), *rows, ""])


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    DOC.write_text(with_tables(DOC.read_text(encoding="utf-8"), Forms(ROOT / "config" / "forms")), encoding="utf-8")
