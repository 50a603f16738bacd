"""Who is to be told what about a case, outside of the host's ticket; no payer data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from hsdispute_plugin.case import Case, Outcome
from hsdispute_plugin.desk_docket import Terms, in_words
from hsdispute_plugin.hooks.platform import Notice
from hsdispute_plugin.model import Alert

#: Danger to life is told at any hour.
URGENT = frozenset({"police110"})


def of_alerts(key: str, case: Case, alerts: Iterable[Alert]) -> Iterator[Notice]:
    """Give one notice for each body that the rules want told at once (110、专班主任、网信办 …). Clause: 国办发〔2022〕12号."""
    alerts = tuple(alerts)
    urgent = any(a.key in URGENT for a in alerts)
    for alert in alerts:
        yield _notice(f"{key}-{alert.key}", case, (alert.what.partition("：")[0],), "", alert.what, None, urgent=urgent)


def of_act(key: str, case: Case, outcome: Outcome, terms: Terms) -> Iterator[Notice]:
    """Give a notice for those whom an act says to tell, but the payer, who is told by the papers."""
    to = tuple(t for t in outcome.tell if t != "缴费人")
    if to and outcome.journal:
        said = in_words("；".join(e.says for e in outcome.journal), terms)
        yield _notice(key, case, to, case.accepting_unit, f"{said}。现在的状态：{case.state.label}。", None, terms=terms)


def _notice(
    key: str, case: Case, to: tuple[str, ...], unit: str, says: str, due_at: datetime | None, *, urgent: bool = False,
    terms: Terms | None = None,
) -> Notice:
    named = terms.source.units.get(unit) if terms else None
    return Notice(f"{key}-notice", case.number, case.platform, case.ticket_no, to, named.name if named else "", says, due_at,
                  urgent)
