"""An unconfirmed number changed or confirmed in the draft, on the line where it stands and nowhere else."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from hsdispute_plugin.entrypoints.console.pages import Missing, Page, Visit
from hsdispute_plugin.entrypoints.console.rules import EDITORS, Number, draft_of, extra_facts, journal, numbers
from hsdispute_plugin.entrypoints.console.rules_edit import EDITED
from hsdispute_plugin.errors import Problem
from hsdispute_plugin.rules.draft import DraftChanged, DraftFile, DraftRefused
from hsdispute_plugin.rules.draft_change import with_values
from hsdispute_plugin.rules.load import base_of
from hsdispute_plugin.rules.load_places import Place, places

#: Per file: the list of rows, the key that names a row, the key of its number.
_ROWS = {"deadlines.yaml": ("时限", "代号", "数值"), "settings.yaml": ("设置", "键", "值")}
_CONFIRMED, _PAPER = "未确认", "确认文号"


def change(visit: Visit) -> Response:
    """GET /rules/numbers/change?file=&key=: the form for one number."""
    name, key = visit.query.get("file", ""), visit.query.get("key", "")
    try:
        file, row = _row(visit, name, key)
    except Missing:
        if name in _ROWS and base_of(visit.app.directory) and any(n.key == key for n in numbers(visit.book.source)):
            return visit.go("/rules/numbers", f"这个数字写在基础目录里。要改，请在本县的 {name} 里另写代号相同的一行。")
        raise
    value, paper = (_said(row, k) for k in (_ROWS[name][2], _PAPER))
    return _form(visit, name, key, row, value=value, paper=paper, seen=file.mark)


def save(visit: Visit) -> Response:
    """POST /rules/numbers/save: write it into the draft; a value that would not load is refused and nothing is written."""
    name, key, value, paper = (visit.text(f) for f in ("file", "key", "value", "paper"))
    file, row = _row(visit, name, key)
    rows, named, number = _ROWS[name]
    typed: dict[str, Any] = {"value": value, "paper": paper, "seen": file.mark}
    said: dict[str, str | None] = {number: value, _CONFIRMED: "否" if paper else "是", _PAPER: paper or None}
    draft = draft_of(visit)
    try:
        if visit.text("seen") != file.mark:
            raise DraftChanged(file)
        text = with_values(file.text, rows, (named, key), said)
        fresh = DraftFile(name, text, file.mark)
        before = set(map(str, draft.problems(extra_facts(visit))))
        if wrong := [p for p in draft.problems(extra_facts(visit), fresh) if str(p) not in before]:
            return _form(visit, name, key, row, 422, says="这个值不行，没有写进草稿：", problems=wrong, **typed)
        draft.save(name, text, file.mark)
    except DraftRefused as err:
        return _form(visit, name, key, row, 409 if isinstance(err, DraftChanged) else 422, says=f"{err}。看清后再交一次", **typed)
    told = f"由 {_said(row, number)} 改为 {value}" if value != _said(row, number) else f"值仍是 {value}"
    journal(visit, EDITED, f"{name}：{key} {told}{f'，{paper} 确认' if paper else '，未确认'}")
    return visit.go("/rules/numbers", "已写进草稿，启用以后才生效。")


def _row(visit: Visit, name: str, key: str) -> tuple[DraftFile, Place]:
    if name not in _ROWS:
        raise Missing
    file = draft_of(visit).read(name)
    rows, named, _ = _ROWS[name]
    root = places(file.text)
    listed = root.at(rows) if root else None
    for row in listed.parts if listed else ():
        if _said(row, named) == key:
            return file, row
    raise Missing


def _said(row: Place, key: str) -> str:
    found = row.at(key)
    return found.value if found else ""


def _form(
    visit: Visit, name: str, key: str, row: Place, status: int = 200, *, says: str = "", problems: list[Problem] | None = None,
    **typed: Any,
) -> Response:
    live: Number | None = next((n for n in numbers(visit.book.source) if (n.file, n.key) == (name, key)), None)
    return visit.page(
        "rules/number.html", status, name=_said(row, "事项") or _said(row, "说明"), basis=_said(row, "依据"),
        unit=_said(row, "单位"), live=live.value if live else "已确认", file_name=name, key=key, says=says,
        problems=problems or [], **typed)


PAGES = (
    Page("/rules/numbers/change", change, roles=EDITORS),
    Page("/rules/numbers/save", save, roles=EDITORS, post=True),
)
