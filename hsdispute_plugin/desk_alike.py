"""What a ticket has in common with others: same caller, same employer, same matter in the same township (五（二）, 四（二）).

Counts become facts for the next decision; what may be the same matter is named to the clerk, never merged by the system.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.case import Case, State
from hsdispute_plugin.desk_docket import Terms
from hsdispute_plugin.model import Decision, FactValue, Ticket
from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.store import Transaction
from hsdispute_plugin.store_board import ALERT

EMPLOYER, TOPIC, TOWN, CALLER = "employer", "topic", "town", schema.CALLER
SHOWN = 5  # case numbers named in one note
_KEY = "caller-key"
_CLOSED = frozenset({State.ARCHIVED.value, State.MERGED.value, State.WITHDRAWN.value})
_LEGAL_FORM = re.compile(r"(?:股份)?有限(?:责任)?公司|集团公司?|（[^）]*）|\([^)]*\)|[\s·]")
_PLACE = re.compile(r"^(?:甘肃省?|庆阳市?|合水县?)+")
#: What an organisation's name ends with; the name of a person never becomes a trait.
_ORGANISATION = re.compile(
    r"(?:公司|厂|店|矿|队|局|院|校|所|站|社|会|部|处|馆|园|行|中心|集团|学校|医院|饭店|酒店|超市|幼儿园|合作社|工作室|物业|办事处)$")


@dataclass(frozen=True, slots=True)
class Alike:
    """Other cases of the window, newest first. ``same_matter`` are open ones of the same caller, or that the host names."""

    days: int
    same_employer: tuple[str, ...] = ()
    same_town_topic: tuple[str, ...] = ()
    same_matter: tuple[str, ...] = ()

    def facts(self) -> dict[str, FactValue]:
        """Return what rules may ask."""
        return {"same_employer": len(self.same_employer), "same_town_topic": len(self.same_town_topic)}

    def lines(self) -> tuple[str, ...]:
        """Return what a clerk reads of it."""
        found = []
        if self.same_matter:
            found.append(f"可能与 {_named(self.same_matter)} 是同一事项，核实后可并案（由受理人决定）。")
        if self.same_employer:
            found.append(f"近{self.days}日反映同一单位的另有 {len(self.same_employer)} 件：{_named(self.same_employer)}。")
        if self.same_town_topic:
            count = len(self.same_town_topic)
            found.append(f"近{self.days}日同一乡镇同类诉求的另有 {count} 件：{_named(self.same_town_topic)}。")
        return tuple(found)


def employer_name(given: str) -> str:
    """Return the name of an employer without legal form, brackets and place; empty for what may be a person's name."""
    name = fold(given).strip()
    if not _ORGANISATION.search(re.sub(r"[（(][^）)]*[）)]\s*$", "", name)):
        return ""
    return _PLACE.sub("", _LEGAL_FORM.sub("", name))[:60]


def traits(
    tx: Transaction, terms: Terms, ticket: Ticket, topics: Iterable[str], case: Case | None = None
) -> list[tuple[str, str]]:
    """Return what a ticket may share with others; the caller only as a keyed hash."""
    form = case.registration if case else None
    employer = employer_name(form.respondent.name if form and form.respondent else ticket.respondent)
    town = terms.source.regions.town(f"{form.area if form else ''} {ticket.area} {ticket.text}")
    phone = re.sub(r"\D", "", (form.payer.phone if form else "") or ticket.caller_phone)
    found = [(EMPLOYER, employer), (TOWN, town), *((TOPIC, t) for t in topics)]
    if len(phone) >= 7:
        found.append((CALLER, tx.caller_hash(hmac.new(_key(tx), phone[-11:].encode(), hashlib.sha256).hexdigest())))
    return [(kind, value) for kind, value in found if value]


def alike(
    tx: Transaction, terms: Terms, given: Iterable[tuple[str, str]], platform: str, repeat_of: str, now: datetime, but: str = ""
) -> Alike:
    """Find the other cases of the window that share these traits."""
    setting = terms.source.settings.get("trend_days")
    days = int(setting.value) if setting else 30
    since, values = now - timedelta(days=days), dict(given)
    same = {kind: tx.cases_alike(kind, values[kind], since, but) for kind in (EMPLOYER, TOWN, CALLER) if kind in values}
    town = set(same.get(TOWN, ()))
    by_topic = [[n for n in tx.cases_alike(TOPIC, value, since, but) if n in town] for kind, value in given if kind == TOPIC]
    most: list[str] = max(by_topic, key=len, default=[])
    matter = same.get(CALLER, [])
    if repeat_of and (named := tx.case_of(platform, repeat_of)) and named.case_no != but:
        matter = [named.case_no, *(n for n in matter if n != named.case_no)]
    states = tx.states_of(matter[: 4 * SHOWN])
    return Alike(days, tuple(same.get(EMPLOYER, ())), tuple(most),
                 tuple(n for n in matter if states.get(n, "") not in _CLOSED and n in states))


def known(facts: Mapping[str, FactValue]) -> tuple[str, ...]:
    """Return the topics among the facts of a ticket."""
    topics = facts.get("topics", frozenset())
    return tuple(sorted(topics)) if isinstance(topics, frozenset) else ()


def alerting(decision: Decision) -> list[tuple[str, str]]:
    """Return the traits by which the board finds whom a decision alerts."""
    return [(ALERT, alert.key) for alert in decision.alerts]


def _key(tx: Transaction) -> bytes:
    key = tx.meta(_KEY)
    if not key:
        key = secrets.token_hex(32)
        tx.set_meta(_KEY, key)
    return key.encode()


def _named(numbers: tuple[str, ...]) -> str:
    return "、".join(numbers[:SHOWN]) + ("等" if len(numbers) > SHOWN else "")
