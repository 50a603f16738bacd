"""Doing an act: its form, made from the act's own description; what was typed is never lost, whoever was quicker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from hsdispute_plugin.case import ACTS, Field, form_fields
from hsdispute_plugin.desk import PAPERS
from hsdispute_plugin.desk_docket import Docket
from hsdispute_plugin.desk_forms import FILLED, place_to_go
from hsdispute_plugin.desk_records import ticket_of
from hsdispute_plugin.entrypoints.console.cases import acts_of, docket_of
from hsdispute_plugin.entrypoints.console.pages import CASE_WORKERS, Missing, Page, Visit
from hsdispute_plugin.errors import CaseChanged, CaseRefused
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.paperwork import asks, drafts

_REGISTERING = ("register", "ask_supplement", "correct_registration")
_KEPT = ("name", "phone", "document_no", "address")  # of the payer: left blank, what is on record stays


def ask(visit: Visit) -> Response:
    """GET /cases/{number}/acts/{act}: the form, with what the ticket and the suggestion already say."""
    docket, code = docket_of(visit), _code(visit)
    may, may_not = acts_of(visit, docket.row.case_no)
    given = FormData([*_known(visit, docket, code), ("signer", visit.person.name)])
    return _page(visit, docket, code, 200, given, may_not.get(code, "") if code not in may else "")


def do(visit: Visit) -> Response:
    """POST /cases/{number}/acts/{act}: done, or refused with the clause, or told that somebody was quicker."""
    docket, code = docket_of(visit), _code(visit)
    number = docket.row.case_no
    may, may_not = acts_of(visit, number)
    seen = int(visit.text("seen")) if visit.text("seen").isdecimal() else -1
    if seen != docket.row.writes:
        return _page(visit, docket, code, 409, visit.form, "", changed=True)
    if code not in may:
        return _page(visit, docket, code, 422, visit.form, may_not.get(code, ""))
    form = read(form_fields(code), visit.form)
    if code in _REGISTERING and isinstance(form.get("form"), dict):
        form["form"]["payer"] = _payer(docket, form["form"].get("payer") or {})
    form[PAPERS] = {kind: {f: text for f in (*asks(kind), *drafts(kind)) if (text := visit.text(f"paper.{kind}.{f}"))}
                    for kind in ACTS[code].papers}
    try:
        done = visit.app.desk.act(number, code, may[code], form, visit.book, visit.now, visit.text("why"), seen)
    except CaseChanged:
        return _page(visit, docket_of(visit), code, 409, visit.form, "", changed=True)
    except CaseRefused as err:
        return _page(visit, docket, code, 422, visit.form, str(err))
    return visit.go(f"/cases/{number}", done.says[0] if done.says else f"已办：{ACTS[code].label}")


def read(fields: tuple[Field, ...], given: FormData, prefix: str = "") -> dict[str, Any]:
    """Return what was filled in, by codes; what may be left out and was left blank is not there."""
    found: dict[str, Any] = {}
    for field in fields:
        name = prefix + field.name
        text = str(given.get(name) or "").strip()
        if field.kind == "group":
            inner = read(field.parts, given, name + ".")
            if field.required or any(v not in ("", False) for v in inner.values()):
                found[field.name] = inner
        elif field.kind in ("units", "choices"):
            found[field.name] = [str(v) for v in given.getlist(name)]
        elif field.kind == "flag":
            found[field.name] = bool(text)
        elif field.kind == "list":
            found[field.name] = [line.strip() for line in text.splitlines() if line.strip()]
        elif field.kind == "pairs":
            lines = [line.replace("：", ":", 1).partition(":") for line in text.splitlines() if line.strip()]
            found[field.name] = [[key.strip(), value.strip()] for key, _, value in lines]
        elif field.kind == "moment" and text:
            found[field.name] = _moment(text)
        elif text or (field.required and field.kind in ("text", "long")):
            found[field.name] = text
    return found


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text  # the case says what is wrong with it
    return at.isoformat() if at.tzinfo else at.replace(tzinfo=SHANGHAI).isoformat()


def _code(visit: Visit) -> str:
    code = str(visit.params["act"])
    if code not in ACTS or code == "absorb":
        raise Missing
    return code


def _known(visit: Visit, docket: Docket, code: str) -> list[tuple[str, str | UploadFile]]:
    """Return what the ticket or the suggestion already says for a form; nothing that identifies the payer."""
    ticket, decision, registered = ticket_of(docket.row), docket.case.decision, docket.case.registration
    if code == "correct_registration" and registered:
        other, at = registered.respondent, registered.visited_at
        return [("form.area", registered.area), ("form.claim", registered.claim), ("form.payer.kind", registered.payer.kind),
                ("form.respondent.name", other.name if other else ""), ("form.respondent.kind", other.kind if other else ""),
                *([("form.visited_at", f"{at.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}")] if at else [])]
    if code in _REGISTERING:
        at = ticket.received_at or docket.row.opened_at
        area = ticket.area or visit.book.source.regions.town(ticket.text)
        return [("form.visited_at", f"{at.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"), ("form.area", area),
                ("form.respondent.name", ticket.respondent)]
    if code == "inform" and (unit := place_to_go(docket.case, visit.book.source.units)):
        return [("to", unit.name), ("address", unit.address), ("phone", unit.phone)]
    if code == "classify":
        others: list[tuple[str, str | UploadFile]] = [("co_units", u) for u in decision.units if u != docket.case.accepting_unit]
        return [("track", decision.track.value), *others]
    return []


def _payer(docket: Docket, given: Mapping[str, Any]) -> dict[str, Any]:
    ticket, registered = ticket_of(docket.row), docket.case.registration
    kept = {n: getattr(registered.payer, n) for n in _KEPT} if registered else {
        "name": ticket.caller_name, "phone": ticket.caller_phone}
    return {**given, **{n: given.get(n) or value for n, value in kept.items()}}


def _page(
    visit: Visit, docket: Docket, code: str, status: int, typed: FormData, says: str, *, changed: bool = False
) -> Response:
    row, forms = ACTS[code], visit.app.desk.forms
    with visit.app.store.begin() as tx:
        journal = tx.journal(docket.row.case_no)[-4:] if changed else []
    papers = [(kind, asks(kind), tuple(f for f in drafts(kind) if f not in forms.paper(kind).rows)) for kind in row.papers]
    return visit.page(
        "cases/act.html", status, row=docket.row, case=docket.case, act=row, fields=form_fields(code), typed=typed, says=says,
        papers=[p for p in papers if p[1] or p[2]], changed=changed, journal=journal,
        unit_choices=[(u.code, u.short) for u in visit.book.source.units.values()],
        keeps_payer=code in _REGISTERING, filled=FILLED.get(code, ()))


PAGES = (
    Page("/cases/{number}/acts/{act}", ask, roles=CASE_WORKERS),
    Page("/cases/{number}/acts/{act}", do, roles=CASE_WORKERS, post=True),
)
