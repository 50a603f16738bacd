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
from hsdispute_plugin.model import FactValue, Ticket
from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.store import Transaction
from hsdispute_plugin.store_traits import ALERT, DANGER, NONE, Common

EMPLOYER, TOPIC, TOWN, CALLER = "employer", "topic", "town", schema.CALLER
DANGER_OVER, OPINION_OVER = "danger-over", "opinion-over"  # values of an alert that was dealt with: seen, but no alarm
SHOWN = 5  # case numbers named in one note
LOOKED_AT = 4 * SHOWN  # cases of one caller that may be the same matter: closed ones among them are not named
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
    same_employer: Common = NONE
    same_town_topic: Common = NONE
    same_matter: tuple[str, ...] = ()

    def facts(self) -> dict[str, FactValue]:
        """Return what rules may ask."""
        return {"same_employer": self.same_employer.count, "same_town_topic": self.same_town_topic.count}

    def lines(self) -> tuple[str, ...]:
        """Return what a clerk reads of it."""
        found = []
        if self.same_matter:
            named = _named(self.same_matter, len(self.same_matter))
            found.append(f"可能与 {named} 是同一事项，核实后可并案（由受理人决定）。")
        for what, common in (("反映同一单位", self.same_employer), ("同一乡镇同类诉求", self.same_town_topic)):
            if common.count:
                named = _named(common.newest, common.count)
                found.append(f"近{self.days}日{what}的另有 {common.count} 件：{named}。")
        return tuple(found)


def employer_name(given: str) -> str:
    """Return the name of an employer without legal form, brackets and place; empty for what may be a person's name."""
    name = fold(given).strip()
    if not _ORGANISATION.search(re.sub(r"[（(][^）)]*[）)]\s*$", "", name)):
        return ""
    return _PLACE.sub("", _LEGAL_FORM.sub("", name))[:60]


def traits(
    tx: Transaction, terms: Terms, key: bytes, ticket: Ticket, topics: Iterable[str], case: Case | None = None
) -> list[tuple[str, str]]:
    """Return what a ticket may share with others; the caller only as a hash under ``key`` (``caller_key``)."""
    form = case.registration if case else None
    employer = employer_name(form.respondent.name if form and form.respondent else ticket.respondent)
    town = terms.source.regions.town(f"{form.area if form else ''} {ticket.area} {ticket.text}")
    phone = re.sub(r"\D", "", (form.payer.phone if form else "") or ticket.caller_phone)
    found = [(EMPLOYER, employer), (TOWN, town), *((TOPIC, t) for t in topics)]
    if len(phone) >= 7:
        found.append((CALLER, tx.caller_hash(hmac.new(key, phone[-11:].encode(), hashlib.sha256).hexdigest())))
    return [(kind, value) for kind, value in found if value]


def alike(
    tx: Transaction, terms: Terms, given: Iterable[tuple[str, str]], platform: str, repeat_of: str, now: datetime, but: str = ""
) -> Alike:
    """Find the other cases of the window that share these traits."""
    setting = terms.source.settings.get("trend_days")
    days = int(setting.value) if setting else 30
    given = list(given)
    since, values = now - timedelta(days=days), dict(given)
    employer, most, matter = NONE, NONE, list[str]()
    if EMPLOYER in values:
        employer = tx.alike(EMPLOYER, values[EMPLOYER], since, but, SHOWN)
    topics = [value for kind, value in given if kind == TOPIC]
    if TOWN in values and topics:
        most = tx.alike_in((TOWN, values[TOWN]), TOPIC, topics, since, but, SHOWN)
    if CALLER in values:
        matter = list(tx.alike(CALLER, values[CALLER], since, but, LOOKED_AT).newest)
    if repeat_of and (named := tx.case_of(platform, repeat_of, held=False)) and named.case_no != but:
        matter = [named.case_no, *(n for n in matter if n != named.case_no)][:LOOKED_AT]
    states = tx.states_of(matter) if matter else {}
    return Alike(days, employer, most, tuple(n for n in matter if n in states and states[n] not in _CLOSED))


def caller_key(tx: Transaction) -> bytes:
    """Return the key under which callers are hashed: made once for each database."""
    return tx.first_meta(_KEY, secrets.token_hex(32)).encode()


def known(facts: Mapping[str, FactValue]) -> tuple[str, ...]:
    """Return the topics among the facts of a ticket."""
    topics = facts.get("topics", frozenset())
    return tuple(sorted(topics)) if isinstance(topics, frozenset) else ()


def alerting(case: Case) -> list[tuple[str, str]]:
    """Return the traits by which inbox and board find whom a case alarms, and which alarm is over."""
    keys = [alert.key for alert in case.alarms()]
    if case.danger:
        keys.append(DANGER_OVER if case.danger.settled_at else DANGER)
    if case.public_opinion and case.public_opinion.closed_at:
        keys.append(OPINION_OVER)
    return [(ALERT, key) for key in keys]


def _named(numbers: tuple[str, ...], count: int) -> str:
    return "、".join(numbers[:SHOWN]) + ("等" if count > SHOWN else "")
