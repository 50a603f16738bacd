"""The draft in the browser: its files, an editor with the loader's sentences beside the text; of two the second is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from difflib import unified_diff
from functools import partial

from starlette.responses import Response

from hsdispute_plugin.entrypoints.console.pages import Missing, Page, Visit
from hsdispute_plugin.entrypoints.console.rules import BOOK, EDITORS, READERS, draft_of, extra_facts, journal
from hsdispute_plugin.errors import Problem
from hsdispute_plugin.rules.draft import Draft, DraftChanged, DraftFile, DraftRefused
from hsdispute_plugin.rules.editor_choices import choices
from hsdispute_plugin.store_rows import JournalRow

EDITED, REMOVED = "改规则草稿", "删规则草稿"
LAST = 12  # lines of the journal shown
_ABOUT = {
    "rules/scope.yaml": "受理范围", "rules/duty.yaml": "职责认定", "rules/grounds.yaml": "事项分类：哪些情形建议按重大疑难",
    "rules/triage.yaml": "分类流转：主办单位，单办、联办、重大疑难", "rules/deadline.yaml": "适用哪几项时限",
    "rules/escalation.yaml": "立即通报谁", "deadlines.yaml": "每项时限是几天", "notices.yaml": "通报时要求做什么",
    "settings.yaml": "本县参数、作息", "units.yaml": "成员单位", "regions.yaml": "县内乡镇、邻县", "levels.yaml": "提醒和催办"}
_FOLDERS = {"lexicon": "群众的说法", "calendar": "放假和调休", "examples": "示例", "rules": "规则"}
_BEGINNINGS = {
    "lexicon": "归类: 主题\n说明: 本县群众的说法\n词条:\n  - 归入: 退费\n    词: []\n",
    "calendar": "年份: {stem}\n文号: \n状态: 暂定\n休: []\n班: []\n", "examples": "示例:\n"}


def about(draft: Draft, name: str) -> str:
    """Say what a file is for: as the file itself does, or else by its place."""
    said = None
    with suppress(DraftRefused):  # no text that we can read: the problems beside it say so
        said = re.search(r"^说明: *(.{1,60})", draft.read(name).text, re.M) if name.startswith("lexicon/") else None
    return said[1] if said else _ABOUT.get(name) or _FOLDERS.get(name.partition("/")[0], "")


def files(visit: Visit) -> Response:
    """GET /rules/draft: the files of the draft, what is wrong with them, who changed them last."""
    draft = draft_of(visit)
    with visit.app.store.reading() as tx:
        last = tx.journal_page(case_no=BOOK, limit=LAST)
    return visit.page("rules/draft.html", files=sorted(draft.files(), key=lambda f: not f.differs), about=partial(about, draft),
                      problems=draft.problems(extra_facts(visit)),
                      closed=draft.closed(), edition=visit.book.edition, journal=last,
                      may_edit=visit.person.holds(*EDITORS) and not draft.closed())


def open_file(visit: Visit) -> Response:
    """GET /rules/draft/file/{name}: the editor; ``?line=`` where to begin, ``?from=live`` with the text in force."""
    draft, name = draft_of(visit), visit.params["name"]
    try:
        file, live = draft.read(name), draft.live_text(name)
    except DraftRefused as err:
        if any(f.name == name for f in draft.files()):
            return visit.go("/rules/draft", f"{err}。")
        raise Missing from None
    if not file.mark and not live:
        raise Missing
    from_live = visit.query.get("from") == "live" and live != file.text
    return _editor(visit, DraftFile(file.name, live, file.mark) if from_live else file, from_live=from_live)


def new_file(visit: Visit) -> Response:
    """GET /rules/draft/new?folder=&stem=: the editor of a file that does not exist yet."""
    folder, stem = visit.query.get("folder", ""), visit.query.get("stem", "").strip().removesuffix(".yaml")
    try:
        file = draft_of(visit).read(f"{folder}/{stem}.yaml")
    except DraftRefused as err:
        return visit.go("/rules/draft", str(err))
    if file.mark or folder not in _BEGINNINGS:
        return visit.go(f"/rules/draft/file/{file.name}")
    return _editor(visit, DraftFile(file.name, _BEGINNINGS[folder].replace("{stem}", stem), ""))


def save(visit: Visit) -> Response:
    """POST /rules/draft/save: keep what was typed, right or wrong; if somebody was quicker both texts are shown."""
    typed, draft = _typed(visit), draft_of(visit)
    try:
        before = draft.read(typed.name).text
        file = draft.save(typed.name, typed.text, typed.mark)
    except DraftChanged as err:
        return _editor(visit, DraftFile(typed.name, typed.text, err.file.mark), 409, says=str(err),
                       theirs=_differing(err.file.text, typed.text))
    except DraftRefused as err:
        return _editor(visit, typed, 422, says=str(err))
    if file.text != before:
        journal(visit, EDITED, f"{file.name}：{_counted(before, file.text)}")
    wrong = draft.problems(extra_facts(visit))
    said = f"已存进草稿，还没有生效。{f'还有 {len(wrong)} 处要改。' if wrong else ''}"
    return visit.go(f"/rules/draft/file/{file.name}", said)


def remove(visit: Visit) -> Response:
    """POST /rules/draft/remove: take a file out of the draft."""
    name = visit.text("name")
    if visit.text("sure") != "yes":
        return visit.go(f"/rules/draft/file/{name}", "没有勾选，文件还在。")
    try:
        draft_of(visit).remove(name, visit.text("seen"))
    except DraftRefused as err:
        return visit.go("/rules/draft", f"没有删去：{err}。")
    journal(visit, REMOVED, name)
    return visit.go("/rules/draft", f"已从草稿里删去 {name}。")


def look(visit: Visit) -> Response:
    """POST /rules/draft/look: what is wrong with a text while it is typed; nothing is saved."""
    typed = _typed(visit)
    return visit.page("rules/problems.html", problems=_ordered(draft_of(visit).problems(extra_facts(visit), typed), typed.name),
                      file=typed)


def words(visit: Visit) -> Response:
    """POST /rules/draft/words: what may be written where the caret stands."""
    typed, caret, source = _typed(visit), visit.text("caret"), visit.book.source
    at = int(caret) if caret.isdecimal() and len(caret) < 9 else 0
    return visit.page("rules/words.html", choices=choices(typed.name, typed.text, at, source.table, source))


def _typed(visit: Visit) -> DraftFile:
    given = visit.form.get("text")
    text = given if isinstance(given, str) else ""
    try:
        name = draft_of(visit).read(visit.text("name")).name
    except DraftRefused:
        raise Missing from None
    return DraftFile(name, text.replace("\r\n", "\n"), visit.text("seen"))


def _editor(
    visit: Visit, file: DraftFile, status: int = 200, *, says: str = "", theirs: Sequence[str] = (), from_live: bool = False,
) -> Response:
    draft = draft_of(visit)
    changed_by: JournalRow | None = None
    if theirs:
        with visit.app.store.reading() as tx:
            changed_by = next((line for line in tx.journal_page(case_no=BOOK) if line.why.startswith(f"{file.name}：")), None)
    line = visit.query.get("line", "")
    return visit.page(
        "rules/editor.html", status, file=file, says=says, theirs=theirs, changed_by=changed_by, from_live=from_live,
        problems=_ordered(draft.problems(extra_facts(visit), file), file.name), closed=draft.closed(),
        may_edit=visit.person.holds(*EDITORS) and not draft.closed(), line=line if line.isdecimal() and len(line) < 6 else "",
        differs=bool(draft.live_text(file.name)) and draft.live_text(file.name) != file.text)


def _ordered(problems: Sequence[Problem], name: str) -> list[Problem]:
    """Put the problems of one file first."""
    return sorted(problems, key=lambda p: p.where.rpartition(":")[0].partition("/")[2] != name)


def _differing(theirs: str, ours: str) -> list[str]:
    lines = list(unified_diff(theirs.splitlines(), ours.splitlines(), n=2, lineterm=""))[2:]
    signs = {"+": "＋", "-": "－", " ": "　"}
    return [re.sub(r"^@@ -(\d+).*", r"…… 第 \1 行起", line) if line[0] == "@" else signs[line[0]] + line[1:] for line in lines]


def _counted(before: str, after: str) -> str:
    lines = [line[0] for line in list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]]
    return f"加 {lines.count('+')} 行，减 {lines.count('-')} 行"


PAGES = (
    Page("/rules/draft", files, roles=READERS),
    Page("/rules/draft/file/{name:path}", open_file, roles=READERS),
    Page("/rules/draft/new", new_file, roles=EDITORS),
    Page("/rules/draft/save", save, roles=EDITORS, post=True),
    Page("/rules/draft/remove", remove, roles=EDITORS, post=True),
    Page("/rules/draft/look", look, roles=EDITORS, post=True),
    Page("/rules/draft/words", words, roles=EDITORS, post=True),
)
