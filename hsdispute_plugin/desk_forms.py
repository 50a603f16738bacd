"""The form of an act as the desk completes it: units by their names, the main case, numbers without gaps, the usual remedy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from hsdispute_plugin.case import Case
from hsdispute_plugin.case.labels import by_code
from hsdispute_plugin.desk_docket import Docket, Terms
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_context import submission_number
from hsdispute_plugin.model import SHANGHAI, Track, Unit, codes_by_name
from hsdispute_plugin.paperwork import payer_remedy
from hsdispute_plugin.paperwork_occasion import TRIAGE
from hsdispute_plugin.store import Transaction

_UNIT_FIELDS = ("unit", "units", "co_units", "belongs_to", "to", "respondent_unit", "present", "absent")

#: What is filled in here where it was left out, by act: the way to the field.
FILLED: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "submit": ("form.submission_no",), "sign_minutes": ("minutes_no",), "issue_reply": ("reply.remedy", "reply.contact"),
    "archive": ("file_no", "keep_years", "contents"),
})


def completed(
    tx: Transaction, terms: Terms, forms: Forms, docket: Docket, act: str, given: Mapping[str, Any], now: datetime,
    case_of: Callable[[str], Case],
) -> dict[str, Any]:
    """Return the form of an act by codes, with what the house knows filled in where it was left out.

    ``case_of`` finds the main case of 并案. Numbers are taken in this transaction: a refused act leaves no gap.
    """
    form: dict[str, Any] = _unit_codes(by_code(given), terms)
    year = now.astimezone(SHANGHAI).year
    if act == "merge" and isinstance(form.get("parent"), str):
        form["parent"] = case_of(form["parent"])
    elif act == "submit" and isinstance(form.get("form"), Mapping):
        form["form"] = {"submission_no": "", **form["form"]}
        if not form["form"]["submission_no"]:
            unit = docket.case.accepting_unit
            form["form"]["submission_no"] = submission_number(
                forms.prefix(unit), year, tx.next_number(f"submission-{unit}-{year}"))
    elif act == "sign_minutes" and not form.get("minutes_no"):
        form["minutes_no"] = submission_number("", year, tx.next_number(f"minutes-{year}"))
    elif act == "issue_reply" and isinstance(form.get("reply"), Mapping):
        form["reply"] = {"remedy": "", "contact": "", **form["reply"]}
        form["reply"]["remedy"] = form["reply"]["remedy"] or payer_remedy(docket.case, forms)
        form["reply"]["contact"] = form["reply"]["contact"] or _contact(terms, docket.case)
    elif act == "archive":
        form = {**_archive(tx, terms, docket, year), **{k: v for k, v in form.items() if v}}
    return form


def place_to_go(case: Case, units: Mapping[str, Unit]) -> Unit | None:
    """Return the unit to which the rules would send the payer; ``None``: they name none, several, or the accepting one."""
    if case.decision.track is not Track.INFORM:
        return None
    said = "".join(r.because for r in case.decision.reasons if r.family == TRIAGE)
    named = [u for u in units.values() if u.by_rules and (u.short in said or u.name in said)]
    return named[0] if len(named) == 1 and named[0].code != case.accepting_unit else None


def _unit_codes(form: Any, terms: Terms) -> Any:
    codes = codes_by_name(terms.source.units.values())

    def coded(value: Any) -> Any:
        if isinstance(value, str):
            return codes.get(value.strip(), value)
        return [coded(v) for v in value] if isinstance(value, list) else walked(value)

    def walked(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: coded(v) if name in _UNIT_FIELDS else walked(v) for name, v in value.items()}
        return [walked(v) for v in value] if isinstance(value, list) else value

    return walked(form)


def _contact(terms: Terms, case: Case) -> str:
    unit = terms.source.units.get(case.accepting_unit)
    return f"{unit.name} {unit.phone}".strip() if unit else ""


def _archive(tx: Transaction, terms: Terms, docket: Docket, year: int) -> dict[str, Any]:
    unit = docket.case.accepting_unit
    made = dict.fromkeys(p.kind for p in tx.papers(docket.row.case_no))
    number = tx.next_number(f"archive-{unit}-{year}")
    return {"file_no": f"{terms.source.units[unit].short}-{year}-{number:04d}",
            "keep_years": terms.policy.keep_years, "contents": [*made]}
