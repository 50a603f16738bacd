"""试算 in the browser: begin it, see how both editions differ on live tickets, stop it, put the candidate in force."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from hsdispute_plugin.app_shadow import Scope, ShadowRefused, pilot
from hsdispute_plugin.case import Role
from hsdispute_plugin.entrypoints.console.pages import Missing, Page, Visit
from hsdispute_plugin.entrypoints.console.rules import READERS, signed
from hsdispute_plugin.entrypoints.console.rules_editions import APPROVERS, two_needed
from hsdispute_plugin.entrypoints.shadow_report import as_html, kept, summary
from hsdispute_plugin.errors import HsdisputeError, RulebookError
from hsdispute_plugin.rules import editions
from hsdispute_plugin.rules.editions import EditionRefused, current, snapshot
from hsdispute_plugin.rules.load import edition_of

RUNNERS = (Role.ADMIN, Role.OFFICE)
PROMOTERS = (*RUNNERS, Role.DIRECTOR)
HERE = "/rules/shadow"
DRAFT = "work"
HTML = "text/html; charset=utf-8"


def page(visit: Visit) -> Response:
    """GET /rules/shadow: what goes on, or the form to begin; and what was tried before."""
    return visit.page("shadow/shadow.html", **_now(visit))


def report(visit: Visit) -> Response:
    """GET /rules/shadow/report: what was found so far; asked for apart, since every ticket is compared."""
    running = visit.app.shadows.running()
    if running is None:
        raise Missing
    try:
        found = visit.app.shadows.report(running, visit.now)
    except (EditionRefused, RulebookError) as err:
        return visit.page("shadow/refused.html", says=str(err))
    return visit.page("shadow/report.html", report=found, c=found.comparison, lines=list(summary(found)),
                      may_open=visit.person.cases_of is not None)


def saved(visit: Visit) -> Response:
    """GET /rules/shadow/{number}.html: the report as a file; of one that ended, as it was kept."""
    given = visit.params["number"]
    try:
        row = visit.app.shadows.one(int(given) if given.isdecimal() and len(given) < 10 else -1)
        text = json.loads(row.report).get("html", "") if row.report else as_html(visit.app.shadows.report(row, visit.now))
    except HsdisputeError:
        raise Missing from None
    if not text:
        raise Missing
    return visit.download(f"试算-{row.candidate}.html", text.encode(), HTML)


def start(visit: Visit) -> Response:
    """POST /rules/shadow/start: examine the candidate and begin; refused, what was typed stays."""
    directory, asked, share = visit.app.directory, visit.text("edition"), visit.text("share") or "0"
    scope = Scope(int(share) if share.isdecimal() and len(share) < 4 and int(share) <= 100 else -1,
                  [str(u) for u in visit.form.getlist("unit")], [str(t) for t in visit.form.getlist("town")])
    try:
        if scope.share < 0:
            raise ShadowRefused("试点的百分数写 0 到 100")
        if not visit.text("why"):
            raise ShadowRefused("请写为什么试，记入办理日志")
        if two_needed(visit) and (scope.share or scope.units or scope.towns):
            raise ShadowRefused("本县启用规则册要两个人（rules_second_person），试点等于部分启用，不能由一个人开始。请先只试算")
        files = directory if asked == DRAFT else snapshot(directory, asked)
        begun = visit.app.shadows.start(files, scope, visit.now, signed(visit), visit.text("why"))
    except (ShadowRefused, EditionRefused, RulebookError) as err:
        return visit.page("shadow/shadow.html", 422, **_now(visit, str(err)))
    return visit.go(HERE, f"开始试算 {begun.candidate} 版。{pilot(begun, visit.book.source)}")


def stop(visit: Visit) -> Response:
    """POST /rules/shadow/stop: back to the edition in force, at once."""
    try:
        ended = visit.app.shadows.stop(visit.now, signed(visit), visit.text("why"), kept)
    except ShadowRefused as err:
        return visit.page("shadow/shadow.html", 422, **_now(visit, str(err)))
    return visit.go(HERE, f"{ended.candidate} 版停止试算，报告已留存")


def promote(visit: Visit) -> Response:
    """POST /rules/shadow/promote: put the candidate in force, with a reason and its report."""
    running = visit.app.shadows.running()
    try:
        own = running is not None and running.began_by.partition("（")[0] == visit.person.name
        if two_needed(visit) and running and (own or not visit.person.holds(*APPROVERS)):
            raise ShadowRefused("本县启用规则册要两个人：请专班办公室或专班主任来启用，不能是开始试算的人。试算照常进行")
        ended = visit.app.shadows.promote(visit.now, signed(visit), visit.text("why"), kept)
    except (ShadowRefused, EditionRefused, RulebookError) as err:
        return visit.page("shadow/shadow.html", 422, **_now(visit, str(err)))
    return visit.go(HERE, f"已启用 {ended.candidate} 版，试算结束，报告已留存；两秒内换上")


def _now(visit: Visit, says: str = "") -> dict[str, Any]:
    shadows, source, directory = visit.app.shadows, visit.book.source, visit.app.directory
    running = shadows.running()
    draft = edition_of(directory)
    return {
        "says": says, "typed": visit.form, "running": running, "counts": shadows.counts(running) if running else {},
        "pilot": pilot(running, source) if running else "", "may_run": visit.person.holds(*RUNNERS), "DRAFT": DRAFT,
        "may_promote": visit.person.holds(*PROMOTERS),
        "ended": [row for row in shadows.all() if row.outcome], "live": source.edition, "activated": current(directory),
        "draft": draft if draft != source.edition else "",
        "earlier": [e for e in editions.kept(directory) if e not in (draft, source.edition)], "units": source.units.values(),
        "towns": sorted(set(source.regions.towns.values()))}


PAGES = (
    Page(HERE, page, roles=READERS), Page(f"{HERE}/report", report, roles=READERS),
    Page(HERE + "/{number}.html", saved, roles=READERS),
    Page(f"{HERE}/start", start, roles=RUNNERS, post=True), Page(f"{HERE}/stop", stop, roles=RUNNERS, post=True),
    Page(f"{HERE}/promote", promote, roles=PROMOTERS, post=True),
)
