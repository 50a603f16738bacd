"""One case on a page: what was said and why the rules decide so, clocks, tasks, papers, history, and what may be done now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from hsdispute_plugin.case import ACTS, WINDOWS, Actor, ActRow, Role, TaskState
from hsdispute_plugin.desk_docket import Docket, in_words, owing, signature
from hsdispute_plugin.desk_records import ticket_of
from hsdispute_plugin.entrypoints.console.masking import pieces
from hsdispute_plugin.entrypoints.console.pages import CASE_WORKERS, Missing, Page, Visit
from hsdispute_plugin.forms_identity import Identity
from hsdispute_plugin.rules.clock import Clock
from hsdispute_plugin.rules.rulebook import FAMILIES

REVEALED, READ = "查看缴费人信息", "调阅文书"
SECRET = "合政办发〔2025〕30号 附件备注「严格保密」"
_PERIODS = FAMILIES["deadline"][0]


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A running clock as the page shows it."""

    what: str
    unit: str
    due: object
    colour: str
    basis: str
    marks: str


def docket_of(visit: Visit) -> Docket:
    """Return the case of the address.

    Raises:
        Missing: There is none, or this person's unit takes no part in it.
    """
    number, unit = visit.params["number"], visit.person.cases_of
    if unit is None or len(number) > 40:
        raise Missing
    with visit.app.store.begin() as tx:
        if not tx.takes_part(number, unit):
            raise Missing
    return visit.app.desk.case(number, visit.book, visit.now)


def show(visit: Visit) -> Response:
    """GET /cases/{number}."""
    docket = docket_of(visit)
    case, terms, number = docket.case, visit.terms, docket.row.case_no
    with visit.app.store.begin() as tx:
        papers, journal = tx.papers(number), tx.journal(number)
    may, may_not = acts_of(visit, number)
    done = [line for line in journal if line.act not in (REVEALED, READ)]
    label, conceal = terms.source.table.by_code, Identity.of(ticket_of(docket.row), case).conceal
    return visit.page(
        "cases/case.html", case=case, row=docket.row, pieces=_pieces(visit, docket, masked=True), decision=case.decision,
        label=label, units=terms.source.units, reasons=[r for r in case.decision.reasons if r.family != _PERIODS],
        clocks=[_line(c, visit) for c in sorted(docket.clocks, key=lambda c: (c.due_at, c.key)) if c.stopped_at is None],
        duties=[in_words(d, terms) for d in case.open_duties()], tasks=case.handling.tasks, task_states=TaskState,
        owing=lambda code: owing(code, terms), papers=papers, done=done, looked=[j for j in journal if j not in done],
        may=may, may_not={c: w.partition("：")[2] or w for c, w in may_not.items() if case.state in ACTS[c].sources},
        later=[ACTS[c].label for c in may_not if case.state not in ACTS[c].sources], conceal=conceal,
        acts=ACTS, suggested=case.handling.track or case.decision.track)


def reveal(visit: Visit) -> Response:
    """POST /cases/{number}/reveal: the payer's identity, once, for a reason that the journal keeps."""
    docket = docket_of(visit)
    if len(why := visit.text("why")) < 2:
        return visit.page(_identity(visit), 422, row=docket.row, case=docket.case, pieces=(), ticket=None,
                          says="没有写理由，没有显示。请写明为何要看，理由记入案卷")
    note(visit, docket, REVEALED, why)
    return visit.page(_identity(visit), row=docket.row, case=docket.case, ticket=ticket_of(docket.row), says="",
                      pieces=_pieces(visit, docket, masked=False))


def _identity(visit: Visit) -> str:
    return f"cases/identity_{'body' if visit.partial else 'page'}.html"


def pulse(visit: Visit) -> Response:
    """GET /cases/{number}/pulse?seen=N: nothing while the case is as seen, else who did what since."""
    docket = docket_of(visit)
    if visit.query.get("seen") == str(docket.row.writes):
        return Response(status_code=204)
    with visit.app.store.begin() as tx:
        last = [line for line in tx.journal(docket.row.case_no) if line.act not in (REVEALED, READ)][-1]
    return visit.page("cases/pulse.html", row=docket.row, last=last)


def note(visit: Visit, docket: Docket, act: str, why: str) -> None:
    """Write into a case's journal who looked at what is confidential, and why (without the payer, if a reason names them)."""
    told = Identity.of(ticket_of(docket.row), docket.case).conceal(why[:400])
    with visit.app.store.begin() as tx:
        tx.add_journal(docket.row.case_no, visit.now, signature(visit.terms, visit.person.actors[0]), act, told, SECRET)


def acts_of(visit: Visit, number: str) -> tuple[dict[str, Actor], Mapping[str, str]]:
    """Return the acts that are open to this person with the capacity in which they do them, and why the others are not."""
    may: dict[str, Actor] = {}
    why: dict[str, list[tuple[Actor, str]]] = {}
    for actor in visit.person.actors:
        open_, closed = visit.app.desk.acts(number, actor, visit.book, visit.now)
        for code in open_:
            may.setdefault(code, actor)
        for code, reason in closed.items():
            why.setdefault(code, []).append((actor, reason))
    # Of several capacities the one that could do the act at another time tells more.
    return may, {code: next((r for a, r in told if a.role in _doers(ACTS[code])), told[0][1])
                 for code, told in why.items() if code not in may}


def _doers(row: ActRow) -> tuple[Role, ...]:
    return (*row.roles, *row.leaders)


def _pieces(visit: Visit, docket: Docket, *, masked: bool) -> object:
    told = [r for r in docket.case.decision.reasons if r.family != _PERIODS]
    return pieces(ticket_of(docket.row), docket.case, told, masked=masked)


def _line(clock: Clock, visit: Visit) -> ClockLine:
    terms, now = visit.terms, visit.now
    late = clock.overdue(now)
    colour, says = ("none", "暂停") if clock.paused else ("red", "逾期") if late else ("green", "正常")
    if clock.key in WINDOWS:
        colour, says = "none", "已过" if late else "可办的时间"
    elif not late and not clock.paused:
        for name, word in (("yellow", "过半"), ("orange", "将到期")):
            if now >= terms.clocks.share_of(clock, terms.shares[name]):
                colour, says = name, word
    doubts = [w for w, holds in (("未确认", not clock.confirmed), ("暂定", clock.provisional)) if holds]
    return ClockLine(clock.what, owing(clock.unit, terms), clock.due_at, colour, clock.basis, "、".join([says, *doubts]))


PAGES = (
    Page("/cases/{number}", show, roles=CASE_WORKERS), Page("/cases/{number}/reveal", reveal, roles=CASE_WORKERS, post=True),
    Page("/cases/{number}/pulse", pulse, roles=CASE_WORKERS),
)
