"""The draft proved and tried: gaps, conflicts and dead rules, each with a ticket that shows it, and every example run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from hsdispute_plugin import app as joined
from hsdispute_plugin.entrypoints.console.pages import Page, Visit
from hsdispute_plugin.entrypoints.console.rules import READERS, TRIERS, draft_of
from hsdispute_plugin.entrypoints.console.rules_errands import Progress, begin, errand
from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.examination import examine
from hsdispute_plugin.rules.examples import read_examples
from hsdispute_plugin.rules.finding import Finding, Flaw, Severity
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.load import edition_of, load
from hsdispute_plugin.rules.proposals import as_yaml
from hsdispute_plugin.rules.verify import verify
from hsdispute_plugin.rules.witness_ticket import Writer

CHECK = "check"


def show(visit: Visit) -> Response:
    """GET /rules/check: the last check, and how far one is; htmx asks for that alone."""
    return _page(visit, "rules/checked.html" if visit.partial else "rules/check.html")


def check(visit: Visit) -> Response:
    """POST /rules/check/begin: check the draft as it stands."""
    directory = visit.app.directory
    work = partial(checked, directory, visit.app.plugins, visit.now)
    said = begin(visit, CHECK, {"edition": edition_of(directory)}, work)
    return visit.go("/rules/check", said or "开始检查。")


def _page(visit: Visit, template: str) -> Response:
    return visit.page(template, errand=errand(visit, CHECK), edition=edition_of(visit.app.directory), poll="/rules/check",
                      may_check=visit.person.holds(*TRIERS), activated=not draft_of(visit).closed())


def checked(directory: Path, plugins: Plugins, now: datetime, progress: Progress) -> Mapping[str, Any]:
    """Return all that is wrong with a directory, as plain values. The engine is the one that no rule can bring down."""
    try:
        source = load(directory, joined.fact_defs(plugins.extractors))
        examples = read_examples(directory, source)
    except RulebookError as err:
        return {"problems": [{"where": p.where, "subject": p.subject, "what": p.what, "mend": p.mend} for p in err.problems]}
    today = now.astimezone(SHANGHAI).date()
    progress(1, 3)
    findings = verify(source, today)
    progress(1, 3)
    write: Callable[[Finding], Any] = Writer(source).ticket
    told = []
    for f in findings:
        if f.flaw is Flaw.UNCONFIRMED:
            continue
        ticket = write(f) if f.severity is not Severity.NOTE else None
        told.append({"severity": f.severity.value, "flaw": f.flaw.value, "where": [_inside(w) for w in f.where], "what": f.what,
                     "mend": f.mend, "example": f.example, "ticket": ticket.text if ticket else "",
                     "since": f.since.isoformat() if f.since and f.since > today else ""})
    progress(1, 3)
    book = joined.make_rulebook(source, compile_generated, plugins.extractors)
    report = examine(book, examples, now)
    weak = [c.rule for c in report.covers if c.missing or c.survivors]
    *lines, sums = report.lines()
    return {
        "findings": told, "unconfirmed": sum(f.flaw is Flaw.UNCONFIRMED for f in findings), "examples": lines, "sums": sums,
        "may_go_live": report.may_go_live and not any(f["severity"] == Severity.ERROR for f in told),
        "proposed": "\n".join(as_yaml(rule, source.table, today) for rule in weak)}


def _inside(where: str) -> str:
    return where.partition("/")[2] or where


PAGES = (
    Page("/rules/check", show, roles=READERS),
    Page("/rules/check/begin", check, roles=TRIERS, post=True),
)
