"""What is done with a ticket and its case: accepted once per version, every act of a person saved with all that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from hsdispute_plugin.case import ACTS, Actor, By, Role, perform
from hsdispute_plugin.clocks import lapsed
from hsdispute_plugin.desk_alike import alerting, alike, known, traits
from hsdispute_plugin.desk_docket import Docket, Terms, clocked, in_words, save, signature
from hsdispute_plugin.desk_forms import completed
from hsdispute_plugin.desk_library import line_of, similar
from hsdispute_plugin.desk_notices import of_alerts
from hsdispute_plugin.desk_records import ROBOT, VISIT, Done, ticket_of
from hsdispute_plugin.desk_shadow import Thought, keep
from hsdispute_plugin.desk_tick import Ticking
from hsdispute_plugin.errors import CaseChanged, CaseRefused
from hsdispute_plugin.explain import decision_codes, explanation
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Decision, Ticket
from hsdispute_plugin.rules.rulebook import Rulebook
from hsdispute_plugin.store import Transaction
from hsdispute_plugin.store_rows import CaseRow

#: What a new version of a ticket must change for the host to be written again.
_TELLING = ("scope", "lead", "units", "track", "signals", "alerts", "due")

PAPERS = "文书"
_NAMING = ("register", "correct_registration")  # acts that write down who the other party is, and where
_ALARMING = ("raise_danger", "settle_danger", "close_public_opinion")  # acts by which an alarm begins or ends


class Desk(Ticking):
    """Accepts tickets and does the acts of people. Each is one transaction of the store."""

    def accept(
        self, platform: str, given: HostTicket, book: Rulebook, now: datetime,
        along: Callable[[Transaction], None] = lambda tx: None,
    ) -> tuple[CaseRow, Decision | None]:
        """Accept one version of a host's ticket; the decision is ``None`` when this version is the one we have, or is older.

        ``along`` is done in the transaction that accepts it, and not where nothing is accepted.

        Clause: 合政办发〔2025〕30号 四、首段（登记）；四（二）（分类流转）.
        """
        return self._accepted(platform, given, book, now, None, along)

    def _accepted(
        self, platform: str, given: HostTicket, book: Rulebook, now: datetime, taken_by: Actor | None,
        along: Callable[[Transaction], None] = lambda tx: None,
    ) -> tuple[CaseRow, Decision | None]:
        number = given.ticket.ticket_no
        with self._store.reading() as tx:
            row, shadow = tx.case_of(platform, number, held=False), tx.running_shadow()
            tried = tx.shadow_ticket(shadow.id, row.case_no) if row and shadow else None
        if row and _had(row, given):
            return row, None
        ticket = given.ticket
        if row and ticket.received_at is None:  # a host that gives no time: the periods go on from when it first came
            ticket = ticket.model_copy(update={"received_at": row.opened_at})
        think = partial(self._thought, platform, ticket, row.case_no if row else "", now)
        live = used = think(book, self.terms(book))
        beside = None
        if shadow and self._candidate:
            before = tried.decided_by if tried else live.decision.edition if row else ""
            beside = self._candidate.beside(shadow, live, f"{platform} {number}", before, think)
        with self._store.begin() as tx:
            if beside and tx.running_shadow(held=True) != shadow:
                beside = None  # ended meanwhile: from now on it has no say and is not heard
            if beside and beside.decides and beside.thought:
                used = beside.thought
            shown = (f"可参看{line_of(t)}。" for t in similar(tx.typical_cases(used.decision.topics), used.decision))
            on_trial = (f"本件由试点的 {used.decision.edition} 版规则给出建议。",) if used.on_trial else ()
            note = "\n".join([*used.others.lines(), *shown, *on_trial, used.explained])
            row = tx.case_of(platform, number)
            if row and _had(row, given):
                return row, None  # another worker was quicker
            if new := row is None:
                docket = self._opened(tx, platform, given, used, note, now, taken_by)
            else:
                docket = self._renewed(tx, self._read(tx, row, book, now), given, used, note, now)
            row = docket.row
            tx.set_traits(row.case_no, [*used.shared, *alerting(docket.case)], row.opened_at, anew=new)
            if beside:
                keep(tx, row.case_no, beside, live.decision, used.decision.edition, now)
            along(tx)
            return row, used.decision

    def _thought(
        self, platform: str, ticket: Ticket, but: str, now: datetime, book: Rulebook, terms: Terms, on_trial: bool = False
    ) -> Thought:
        """Let one edition decide a ticket; ``but`` is the number of its own case."""
        facts, key = book.facts(ticket), self._caller_key()
        with self._store.reading() as tx:
            shared = traits(tx, terms, key, ticket, known(facts.values))
            others = alike(tx, terms, shared, platform, ticket.repeat_of, now, but)
        # Outside the transaction: the writer waits for nobody's thinking.
        decision = book.decide_facts(ticket, replace(facts, values={**facts.values, **others.facts()}), now)
        return Thought(book, terms, decision, shared, others, explanation(decision, book.source), on_trial)

    def take(self, ticket: Ticket, by: Actor, book: Rulebook, now: datetime) -> CaseRow:
        """Open a case for a payer who came, called or wrote to a reception room; whoever took it is the first contact.

        Raises:
            CaseRefused: The unit has no reception room, or a case of this ticket number is open already.

        Clause: 合政办发〔2025〕30号 三（一）、四、首段（首问责任制）.
        """
        with self._store.begin() as tx:
            if tx.case_of(VISIT, ticket.ticket_no):
                raise CaseRefused(f"来访编号 {ticket.ticket_no} 已经立案，请用别的编号 / this number is taken")
        return self._accepted(VISIT, HostTicket(ticket, "1"), book, now, by)[0]

    def act(
        self, case_no: str, act: str, actor: Actor, form: Mapping[str, Any], book: Rulebook, now: datetime, why: str = "",
        seen: int | None = None,
    ) -> Done:
        """Do one act of chapter four on a case, by code and form; nothing is changed when it is refused.

        Under ``PAPERS`` the form may hold, by 文种, what a person writes for a paper that the act calls for.
        ``seen`` are the ``writes`` of the case as the person saw it when the form was opened.

        Raises:
            CaseChanged: The case went on since it was ``seen``.
            CaseRefused: No such case, or what the act lacks, with mend and clause.
        """
        terms, key = self.terms(book), self._caller_key()
        with self._store.begin() as tx:
            docket = self._docket(tx, case_no, book, now)
            if seen is not None and seen != docket.row.writes:
                raise CaseChanged(f"{case_no} 在您填表时已由别人办理，这一步没有办。请看清新的情况，所填内容还在，可改后再交 / "
                                  f"the case has changed")
            by = By(actor, now, why, terms.policy, lapsed(docket.clocks, now))
            try:
                written = form.get(PAPERS) or {}
                whole = completed(tx, terms, self._forms, docket, act, {k: v for k, v in form.items() if k != PAPERS}, now,
                                  lambda number: self._docket(tx, number, book, now).case)
                outcome = perform(docket.case, act, by, whole)
                for other in outcome.others:
                    self._done(tx, terms, self._docket(tx, other.case.number, book, now), other, by, {})
                done = self._done(tx, terms, docket, outcome, by, written)
                if act in (*_NAMING, *_ALARMING):
                    row, case = done.docket.row, outcome.case
                    named = traits(tx, terms, key, ticket_of(row), case.decision.topics, case)
                    tx.set_traits(case_no, [*named, *alerting(case)], row.opened_at)
                return done
            except CaseRefused as err:
                raise CaseRefused(in_words(str(err), terms)) from err

    def acts(self, case_no: str, actor: Actor, book: Rulebook, now: datetime) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the codes of the acts that are open to an actor now, and for each other act why it is not."""
        docket, terms = self.case(case_no, book, now), self.terms(book)
        by = By(actor, now, policy=terms.policy, lapsed=lapsed(docket.clocks, now))
        why = {code: in_words(docket.case.why_not(code, by), terms) for code in ACTS if code != "absorb"}
        return tuple(c for c, w in why.items() if not w), {c: w for c, w in why.items() if w}

    def _opened(
        self, tx: Transaction, platform: str, given: HostTicket, used: Thought, note: str, now: datetime, taken_by: Actor | None,
    ) -> Docket:
        terms, decision = used.terms, used.decision
        year = now.astimezone(SHANGHAI).year
        number = f"HS-{year}-{tx.next_number(f'case-{year}'):06d}"
        received_at = given.ticket.received_at or now
        outcome = self._open(terms, number, platform, given.ticket, decision, received_at, now, taken_by)
        row = CaseRow(
            case_no=number, platform=platform, ticket_no=given.ticket.ticket_no, state=outcome.case.state.value,
            decision=decision_codes(decision), writes=0, edition=decision.edition, host_version=given.version,
            changed_at=given.changed_at,
            ticket=given.ticket.model_dump(mode="json"), opened_at=now, updated_at=now)
        why = f"待首问人员登记；按规则册给出建议（{used.signed}）"
        tx.add_journal(number, now, signature(terms, taken_by) if taken_by else ROBOT, "收到工单", why, "四、首段；四（二）")
        docket = Docket(row, outcome.case, clocked(terms, outcome))
        docket = self._told(tx, terms, docket, None, note, now, anew=True)
        self._notify(tx, of_alerts(f"{number}-{docket.row.writes}", outcome.case, decision.alerts), now)
        return docket

    def _renewed(
        self, tx: Transaction, before: Docket, given: HostTicket, used: Thought, note: str, now: datetime
    ) -> Docket:
        terms, decision = used.terms, used.decision
        row, told = before.row, decision_codes(decision)
        again = any(_compared(row.decision, k) != _compared(told, k) for k in _TELLING)
        row = replace(row, host_version=given.version, changed_at=given.changed_at or row.changed_at,
                      ticket=given.ticket.model_dump(mode="json"), edition=decision.edition, updated_at=now,
                      decision=told if again else row.decision)
        by = By(Actor(ROBOT, before.case.accepting_unit, Role.CLOCK), now, policy=terms.policy)
        try:
            outcome = before.case.suggest_again(by, decision)
        except CaseRefused as err:  # archived or merged: a person must look
            tx.add_journal(row.case_no, now, ROBOT, "工单有变", str(err), "四（五）")
            return self._told(tx, terms, replace(before, row=row), before, str(err), now)
        why = f"工单内容有变，建议{'随之改变' if again else '不变'}（规则册 {decision.edition}）"
        tx.add_journal(row.case_no, now, ROBOT, "重新建议", why, "四、首段；四（二）")
        after = Docket(row, outcome.case, clocked(terms, outcome, before.clocks))
        if not again:
            return save(tx, terms, after, before.clocks)
        after = self._told(tx, terms, after, before, note, now)
        earlier = {a.key for a in before.case.decision.alerts}
        new = (a for a in decision.alerts if a.key not in earlier)
        self._notify(tx, of_alerts(f"{row.case_no}-{after.row.writes}", after.case, new), now)
        return after


def _had(row: CaseRow, given: HostTicket) -> bool:
    """Tell whether a version of a ticket is the one we have, or was so before: a host's messages may overtake each other."""
    older = row.changed_at is not None and given.changed_at is not None and given.changed_at < row.changed_at
    return older or row.host_version == given.version


def _compared(told: Mapping[str, Any], key: str) -> Any:
    value = told.get(key)
    return [(d["key"], d["due_at"]) for d in value] if key == "due" and value else value
