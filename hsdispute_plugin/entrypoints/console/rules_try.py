"""Try the rules on a pasted ticket: what they would say and why, in force and in the draft; nothing is kept or logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from hsdispute_plugin import app as joined
from hsdispute_plugin.entrypoints.console.masking import Piece, marked
from hsdispute_plugin.entrypoints.console.pages import Page, Visit
from hsdispute_plugin.entrypoints.console.rules import TRIERS, draft_of, extra_facts
from hsdispute_plugin.entrypoints.tickets import read_tickets
from hsdispute_plugin.errors import Problem, RulebookError, TicketRefused
from hsdispute_plugin.explain import due_sentence
from hsdispute_plugin.model import Decision, Reason, Ticket
from hsdispute_plugin.rules.difference_witness import differing, named
from hsdispute_plugin.rules.explanation import Explanation
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.rulebook import Rulebook, RuleSource
from hsdispute_plugin.rules.wording import fact_words

BOOKS = {"live": "生效的", "draft": "草稿", "both": "两版都看"}
FIELDS = ("title", "content", "received_at")


@dataclass(frozen=True, slots=True)
class Tried:
    """What one book says of a ticket, ready to be shown."""

    name: str
    decision: Decision
    source: RuleSource
    pieces: tuple[Piece, ...]
    reasons: tuple[Reason, ...]
    due: tuple[str, ...]
    near: tuple[str, ...]
    facts: tuple[str, ...]


def form(visit: Visit) -> Response:
    """GET /rules/try."""
    return _page(visit, {"book": visit.query.get("book", "live")})


def answer(visit: Visit) -> Response:
    """POST /rules/try: decide what was pasted."""
    typed = {name: visit.text(name) for name in (*FIELDS, "book")}
    try:
        ticket = _ticket(typed)
    except TicketRefused as err:
        return _page(visit, typed, 422, says=str(err))
    tried: list[Tried] = []
    problems: tuple[Problem, ...] = ()
    if typed["book"] != "draft":
        tried.append(_tried(BOOKS["live"], visit.book, ticket, visit))
    if typed["book"] in ("draft", "both"):
        try:
            source = draft_of(visit).source(extra_facts(visit))
        except RulebookError as err:
            problems = err.problems
        else:  # an engine that no rule can bring down: nobody has tried this draft yet
            book = joined.make_rulebook(source, compile_generated, visit.app.plugins.extractors)
            tried.append(_tried(BOOKS["draft"], book, ticket, visit))
    return _page(visit, typed, 422 if problems else 200, tried=tried, problems=problems)


def _ticket(typed: dict[str, str]) -> Ticket:
    content = typed["content"]
    if content.startswith(("{", "[")):
        _, found = next(iter(read_tickets(content.encode())), (0, None))
        if isinstance(found, Ticket):
            return found
        raise found or TicketRefused("没有工单")
    if not content and not typed["title"]:
        raise TicketRefused("请把工单的内容贴进来")
    try:
        return Ticket(ticket_no="试", title=typed["title"], content=content.replace("\r\n", "\n"),
                      received_at=typed["received_at"] or None)  # type: ignore[arg-type]
    except ValidationError:
        raise TicketRefused("来电时间看不懂，请写成 2026-01-05 08:30:00") from None


def _tried(name: str, book: Rulebook, ticket: Ticket, visit: Visit) -> Tried:
    told, source = Explanation(book, ticket, visit.now), book.source
    facts = book.facts(ticket)
    read = [fact_words(code, facts.values, source.table) for code, value in facts.values.items()
            if value and source.table.by_code[code].source == "text"]
    reasons = told.decision.reasons
    return Tried(name, told.decision, source, marked(ticket.text, ticket.text, reasons), reasons,
                 tuple(due_sentence(d) for d in told.decision.due), tuple(told.near()), tuple(read))


def _page(visit: Visit, typed: dict[str, str], status: int = 200, *, tried: list[Tried] | None = None, **values: Any) -> Response:
    differences = []
    if tried and len(tried) == 2:
        one, other = tried
        label = other.source.table.by_code
        differences = [f"{label[code].label}：{named(code, was, one.source)} → {named(code, now, other.source)}"
                       for code, (was, now) in differing(one.decision, other.decision).items()]
    values = {"says": "", "problems": (), **values}
    return visit.page("rules/try.html", status, typed={name: typed.get(name, "") for name in (*FIELDS, "book")}, books=BOOKS,
                      tried=tried or [], differences=differences, **values)


PAGES = (
    Page("/rules/try", form, roles=TRIERS),
    Page("/rules/try/answer", answer, roles=TRIERS, post=True),
)
