"""Editions: put the draft in force, go back to an earlier one, with a reason and, where the county wants it, a second person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.responses import Response

from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.console.pages import Page, Visit
from hsdispute_plugin.entrypoints.console.rules import BOOK, EDITORS, READERS, draft_of, journal, signed
from hsdispute_plugin.entrypoints.console.rules_check import CHECK
from hsdispute_plugin.entrypoints.console.rules_errands import errand
from hsdispute_plugin.rules.draft import Listed
from hsdispute_plugin.rules.editions import EditionRefused, activate, current, editions, history, rollback, snapshot
from hsdispute_plugin.rules.editions_asked import Asked, ask, asked, settle
from hsdispute_plugin.rules.load import edition_of

APPROVERS = (Role.OFFICE, Role.DIRECTOR)
ACTIVATE, ROLL_BACK = "启用", "回退"
SECOND = "rules_second_person"
_JOURNALED = "rules:journaled"  # how many lines of the editions' history stand in the journal


def list_editions(visit: Visit) -> Response:
    """GET /rules/editions: what is in force, what waits, what was before."""
    journal_changes(visit)
    return _page(visit)


def put_in_force(visit: Visit) -> Response:
    """POST /rules/editions/activate: put the draft in force as it was seen, or ask a second person to."""
    return _do(visit, ACTIVATE, visit.text("edition"))


def put_back(visit: Visit) -> Response:
    """POST /rules/editions/rollback: put an earlier edition in force again, or ask a second person to."""
    try:
        edition = snapshot(visit.app.directory, visit.text("edition")).parent.name
    except EditionRefused as err:
        return _page(visit, 422, says=str(err))
    return _do(visit, ROLL_BACK, edition)


def _do(visit: Visit, act: str, edition: str) -> Response:
    why, directory = visit.text("why")[:400], visit.app.directory
    if not why:
        return _page(visit, 422, says=f"{act}要写明理由，记入版次历史和办理日志")
    if draft_of(visit).shipped:
        return _page(visit, 422, says=draft_of(visit).closed())
    if act == ACTIVATE and edition != edition_of(directory):
        return _page(visit, 409, says="草稿在您打开这一页之后又改过，没有启用。请看清不同之处，再启用")
    if two_needed(visit):
        if edition == current(directory):
            return _page(visit, 422, says=f"{edition} 版已经在生效，没有改动")
        ask(directory, Asked(act, edition, visit.person.login, _person(visit), signed(visit), why, visit.now.isoformat()))
        journal(visit, f"提请{act}规则册", f"{edition} 版；理由：{why}")
        return visit.go("/rules/editions", f"已提请{act} {edition} 版，等专班办公室或专班主任同意。")
    return _carry_out(visit, act, edition, signed(visit), why)


def approve(visit: Visit) -> Response:
    """POST /rules/editions/approve: a second person agrees, and it is done."""
    waiting = asked(visit.app.directory)
    if waiting is None or waiting.edition != visit.text("edition"):
        return _page(visit, 409, says="您看的这一项已经不在等同意了")
    if waiting.by(visit.person.login, _person(visit)):
        return _page(visit, 403, says="提请的人不能自己同意，请另一个人来")
    if waiting.act == ACTIVATE and waiting.edition != edition_of(visit.app.directory):
        return _page(visit, 409, says="提请之后草稿又改过，没有启用。请提请的人核对后重新提请，或者您不同意这一次")
    journal(visit, f"同意{waiting.act}规则册", f"{waiting.edition} 版，{waiting.who}提请")
    return _carry_out(visit, waiting.act, waiting.edition, f"{waiting.who}，{signed(visit)}同意", waiting.why)


def refuse(visit: Visit) -> Response:
    """POST /rules/editions/refuse: a second person does not agree, or whoever asked takes it back."""
    waiting, why = asked(visit.app.directory), visit.text("why")[:400]
    if waiting is None:
        return _page(visit, 409, says="没有等同意的了")
    own = waiting.by(visit.person.login, _person(visit))
    if not own and not visit.person.holds(*APPROVERS):
        return _page(visit, 403, says="不同意由专班办公室或专班主任来写")
    if not why:
        return _page(visit, 422, says="请写明理由")
    settle(visit.app.directory)
    journal(visit, f"{'撤回' if own else '不同意'}{waiting.act}规则册", f"{waiting.edition} 版；理由：{why}")
    return visit.go("/rules/editions", "已撤回。" if own else "已记下不同意，规则册没有更换。")


def _person(visit: Visit) -> str:
    return f"{visit.person.name} {visit.person.unit}"


def two_needed(visit: Visit) -> bool:
    """Tell whether the edition in force wants a second person (a draft cannot switch that off for itself)."""
    wanted = visit.book.source.settings.get(SECOND)
    return wanted is not None and wanted.value is True


def _carry_out(visit: Visit, act: str, edition: str, who: str, why: str) -> Response:
    directory = visit.app.directory
    try:
        if act == ACTIVATE:
            activate(directory, visit.now, who, why, only=edition)
        else:
            rollback(directory, visit.now, who, why, to=edition)
    except EditionRefused as err:
        return _page(visit, 422, refusal=str(err))
    settle(directory)
    journal_changes(visit)
    return visit.go("/rules/editions", f"已{act} {edition} 版，两秒内换上，办理中的工单不受影响。")


def journal_changes(visit: Visit) -> None:
    """Bring every line of the editions' history into the journal once, those of the command line too."""
    changes = history(visit.app.directory)
    with visit.app.store.begin() as tx:
        done = int(tx.meta(_JOURNALED) or 0)
        for c in changes[done:]:
            before = f"，原为 {c.before} 版" if c.before else ""
            tx.add_journal(BOOK, datetime.fromisoformat(c.at), c.who[:80], f"{c.act}规则册",
                           f"{c.edition} 版{before}；理由：{c.why or '没有写'}", "规则册管理")
        if done != len(changes):
            tx.set_meta(_JOURNALED, str(len(changes)))


def _page(visit: Visit, status: int = 200, *, says: str = "", refusal: str = "") -> Response:
    directory, draft = visit.app.directory, draft_of(visit)
    waiting, now_in_force, changed, damaged = asked(directory), current(directory), list[Listed](), ""
    try:
        changed = [f for f in draft.files() if f.differs] if now_in_force else []
    except EditionRefused as err:  # the snapshot in force is not what it was: here is where that is mended
        damaged = str(err)
    values: dict[str, Any] = {
        "waiting": waiting, "own": waiting is not None and waiting.by(visit.person.login, _person(visit)),
        "activated": now_in_force, "edition": visit.book.edition, "planned": edition_of(directory), "typed": visit.text("why"),
        "changed": changed, "damaged": damaged, "checked": errand(visit, CHECK), "shipped": draft.shipped,
        "history": [(c, datetime.fromisoformat(c.at)) for c in reversed(history(directory))],
        "earlier": [(e, datetime.fromisoformat(at)) for e, at in reversed(editions(directory)) if e != now_in_force],
        "second": two_needed(visit), "may_edit": visit.person.holds(*EDITORS), "may_approve": visit.person.holds(*APPROVERS)}
    return visit.page("rules/editions.html", status, says=says, refusal=refusal, **values)


PAGES = (
    Page("/rules/editions", list_editions, roles=READERS),
    Page("/rules/editions/activate", put_in_force, roles=EDITORS, post=True),
    Page("/rules/editions/rollback", put_back, roles=EDITORS, post=True),
    Page("/rules/editions/approve", approve, roles=APPROVERS, post=True),
    Page("/rules/editions/refuse", refuse, roles=(*EDITORS, *APPROVERS), post=True),
)
