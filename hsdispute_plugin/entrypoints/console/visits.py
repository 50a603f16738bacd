"""A payer who came, called or wrote: whoever took it opens the case and is its first contact."""

from __future__ import annotations

from pydantic import ValidationError
from starlette.responses import Response

from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.entrypoints.console.pages import Page, Visit
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.model import SHANGHAI, Ticket

RECEIVING = (Role.FIRST_CONTACT, Role.HANDLER)
CHANNELS = ("来访", "来电", "来信", "网上")
_FIELDS = ("title", "content", "caller_name", "caller_phone", "area", "respondent", "channel")


def ask(visit: Visit) -> Response:
    """GET /visits/new: what the payer says."""
    return visit.page("visits/new.html", typed=visit.form, says="", channels=CHANNELS)


def take(visit: Visit) -> Response:
    """POST /visits/new: the case is open, the person its first contact; refused, what was typed stays."""
    actor = next(Actor(visit.person.name, visit.person.unit, r) for r in RECEIVING if r in visit.person.roles)
    says = "" if visit.text("content") else "没有写反映的内容，没有立案"
    try:
        if not says:
            with visit.app.store.begin() as tx:
                number = tx.next_number(f"visit-{visit.now.astimezone(SHANGHAI).year}")
            ticket = Ticket.model_validate({
                "ticket_no": f"LF-{visit.now.astimezone(SHANGHAI):%Y}-{number:05d}", "received_at": visit.now,
                **{name: visit.text(name) for name in _FIELDS}})
            row = visit.app.desk.take(ticket, actor, visit.book, visit.now)
            return visit.go(f"/cases/{row.case_no}", f"已立案：{row.case_no}。下一步：受理登记")
    except CaseRefused as err:
        says = str(err)
    except ValidationError:
        says = "内容看不懂，没有立案"
    return visit.page("visits/new.html", 422, typed=visit.form, says=says, channels=CHANNELS)


PAGES = (
    Page("/visits/new", ask, roles=RECEIVING, nav="来访登记", order=12), Page("/visits/new", take, roles=RECEIVING, post=True),
)
