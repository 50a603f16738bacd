"""What is done with a ticket and its case: accepted once per version, every act of a person saved with all that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hsdispute_plugin.case import Actor, By, FirstContact, Outcome, Role, open_case, perform
from hsdispute_plugin.clocks import lapsed
from hsdispute_plugin.desk_docket import Docket, Terms, clocked, read, save, write_journal
from hsdispute_plugin.desk_standing import act_note, standing
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.explain import decision_json, explanation
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Decision, Ticket
from hsdispute_plugin.rules.rulebook import Rulebook
from hsdispute_plugin.store import Store, Transaction
from hsdispute_plugin.store_rows import CaseRow

ROBOT = "规则插件"
GOV_OFFICE = "gov_office"

#: What a new version of a ticket must change for the host to be written again.
_TELLING = ("scope", "lead", "units", "track", "signals", "alerts", "due")


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was saved: the case as it now is, and what the act gave."""

    docket: Docket
    outcome: Outcome


class Desk:
    """Accepts tickets and does the acts of people. Each is one transaction of the store.

    ``first_units``: by platform the unit that receives its tickets first (三（一）、三（二）); the government office otherwise.
    """

    def __init__(self, store: Store, first_units: Mapping[str, str] | None = None) -> None:
        self._store, self._first_units = store, first_units or {}
        self._terms: Terms | None = None

    def terms(self, book: Rulebook) -> Terms:
        """Return what is worked by under a rule book; made once for each edition."""
        if self._terms is None or self._terms.source is not book.source:
            self._terms = Terms.of(book.source)
        return self._terms

    def accept(self, platform: str, given: HostTicket, book: Rulebook, now: datetime) -> tuple[CaseRow, Decision | None]:
        """Accept one version of a host's ticket; the decision is ``None`` when this version is the one we have.

        Clause: 合政办发〔2025〕30号 四、首段（登记）；四（二）（分类流转）.
        """
        with self._store.begin() as tx:
            row = tx.case_of(platform, given.ticket.ticket_no)
        if row and row.host_version == given.version:
            return row, None
        ticket = given.ticket
        if row and ticket.received_at is None:  # a host that gives no time: the periods go on from when it first came
            ticket = ticket.model_copy(update={"received_at": row.opened_at})
        decision = book.decide(ticket, now)  # outside the transaction: the writer waits for nobody's thinking
        terms = self.terms(book)
        with self._store.begin() as tx:
            row = tx.case_of(platform, given.ticket.ticket_no)
            if row and row.host_version == given.version:
                return row, None  # another worker was quicker
            if row is None:
                return self._opened(tx, terms, platform, given, decision, now), decision
            return self._renewed(tx, terms, self._read(tx, terms, row, book, now), given, decision, now), decision

    def act(
        self, case_no: str, act: str, actor: Actor, form: Mapping[str, Any], book: Rulebook, now: datetime, why: str = ""
    ) -> Done:
        """Do one act of chapter four on a case, by code and form; nothing is changed when it is refused.

        Raises:
            CaseRefused: No such case, or what the act lacks, with mend and clause.
        """
        terms = self.terms(book)
        with self._store.begin() as tx:
            docket = self._docket(tx, terms, case_no, book, now)
            by = By(actor, now, why, terms.policy, lapsed(docket.clocks, now))
            outcome = perform(docket.case, act, by, self._form(tx, terms, act, form, book, now))
            for other in outcome.others:
                self._done(tx, terms, self._docket(tx, terms, other.case.number, book, now), other, now)
            return self._done(tx, terms, docket, outcome, now)

    def case(self, case_no: str, book: Rulebook, now: datetime) -> Docket:
        """Return a case with its clocks.

        Raises:
            CaseRefused: There is none of this number.
        """
        with self._store.begin() as tx:
            return self._docket(tx, self.terms(book), case_no, book, now)

    def _docket(self, tx: Transaction, terms: Terms, case_no: str, book: Rulebook, now: datetime) -> Docket:
        row = tx.case_by(case_no)
        if row is None:
            raise CaseRefused(f"没有案件 {case_no}。用 hsdispute case list 查看案号 / no such case")
        return self._read(tx, terms, row, book, now)

    def _read(self, tx: Transaction, terms: Terms, row: CaseRow, book: Rulebook, now: datetime) -> Docket:
        if row.file:
            return read(tx, row)
        # From before version 3, which kept no file: open it now, as of when the ticket came.
        ticket = ticket_of(row)
        outcome = self._open(terms, row.case_no, row.platform, ticket, book.decide(ticket, now), row.opened_at, now)
        write_journal(tx, terms, row.case_no, outcome.journal)
        return save(tx, terms, Docket(row, outcome.case, clocked(terms, outcome)))

    def _form(
        self, tx: Transaction, terms: Terms, act: str, form: Mapping[str, Any], book: Rulebook, now: datetime
    ) -> Mapping[str, Any]:
        if act == "merge" and isinstance(form.get("parent"), str):
            return {**form, "parent": self._docket(tx, terms, form["parent"], book, now).case}
        return form

    def _done(self, tx: Transaction, terms: Terms, docket: Docket, outcome: Outcome, now: datetime) -> Done:
        after = Docket(replace(docket.row, updated_at=now), outcome.case, clocked(terms, outcome, docket.clocks))
        write_journal(tx, terms, docket.row.case_no, outcome.journal)
        return Done(self._told(tx, terms, after, docket, act_note(outcome, terms, ()), now), outcome)

    def _told(self, tx: Transaction, terms: Terms, after: Docket, before: Docket | None, note: str, now: datetime) -> Docket:
        row = replace(after.row, writes=after.row.writes + 1)
        after = save(tx, terms, replace(after, row=row), before.clocks if before else ())
        result = standing(f"{row.case_no}-{row.writes}", after, terms, note)
        tx.add_outbox(result.key, row.case_no, row.platform, row.ticket_no, result.as_payload(), now)
        return after

    def _open(
        self, terms: Terms, number: str, platform: str, ticket: Ticket, decision: Decision, received_at: datetime, now: datetime
    ) -> Outcome:
        unit = self._first_units.get(platform, GOV_OFFICE)
        first = FirstContact(f"{platform} 平台坐席", unit, received_at, ticket.channel or platform)
        by = By(Actor(ROBOT, unit, Role.CLOCK), now, policy=terms.policy)
        return open_case(number, platform, ticket.ticket_no, first, decision, received_at, by)

    def _opened(
        self, tx: Transaction, terms: Terms, platform: str, given: HostTicket, decision: Decision, now: datetime
    ) -> CaseRow:
        year = now.astimezone(SHANGHAI).year
        number = f"HS-{year}-{tx.next_number(f'case-{year}'):06d}"
        received_at = given.ticket.received_at or now
        outcome = self._open(terms, number, platform, given.ticket, decision, received_at, now)
        row = CaseRow(
            case_no=number, platform=platform, ticket_no=given.ticket.ticket_no, state=outcome.case.state.value,
            decision=decision_json(decision), writes=0, edition=decision.edition, host_version=given.version,
            ticket=given.ticket.model_dump(mode="json"), opened_at=now, updated_at=now)
        why = f"待首问人员登记；按规则册给出建议（规则册 {decision.edition}）"
        tx.add_journal(number, now, ROBOT, "收到工单", why, "四、首段；四（二）")
        docket = Docket(row, outcome.case, clocked(terms, outcome))
        return self._told(tx, terms, docket, None, explanation(decision, terms.source), now).row

    def _renewed(
        self, tx: Transaction, terms: Terms, before: Docket, given: HostTicket, decision: Decision, now: datetime
    ) -> CaseRow:
        row, told = before.row, decision_json(decision)
        again = any(_told(row.decision, k) != _told(told, k) for k in _TELLING)
        row = replace(row, host_version=given.version, ticket=given.ticket.model_dump(mode="json"), edition=decision.edition,
                      updated_at=now, decision=told if again else row.decision)
        by = By(Actor(ROBOT, before.case.accepting_unit, Role.CLOCK), now, policy=terms.policy)
        try:
            outcome = before.case.suggest_again(by, decision)
        except CaseRefused as err:  # archived or merged: a person must look
            tx.add_journal(row.case_no, now, ROBOT, "工单有变", str(err), "四（五）")
            return self._told(tx, terms, replace(before, row=row), before, str(err), now).row
        why = f"工单内容有变，建议{'随之改变' if again else '不变'}（规则册 {decision.edition}）"
        tx.add_journal(row.case_no, now, ROBOT, "重新建议", why, "四、首段；四（二）")
        after = Docket(row, outcome.case, clocked(terms, outcome, before.clocks))
        if again:
            return self._told(tx, terms, after, before, explanation(decision, terms.source), now).row
        return save(tx, terms, after, before.clocks).row


def ticket_of(row: CaseRow) -> Ticket:
    """Return the ticket of a case as it last came from the host."""
    return Ticket.model_validate(row.ticket)


def _told(told: Mapping[str, Any], key: str) -> Any:
    value = told.get(key)
    return [(d["key"], d["due_at"]) for d in value] if key == "due" and value else value
