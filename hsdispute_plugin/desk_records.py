"""How the desk reads and saves: one case in one transaction, with journal, clocks, papers, write-back and notices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hsdispute_plugin.case import Actor, By, FirstContact, Outcome, PaperDue, Role, open_case
from hsdispute_plugin.desk_alike import caller_key
from hsdispute_plugin.desk_docket import Docket, Terms, clocked, read, save, write_journal
from hsdispute_plugin.desk_notices import of_act
from hsdispute_plugin.desk_retention import ERASED
from hsdispute_plugin.desk_shadow import Candidate
from hsdispute_plugin.desk_standing import act_note, standing
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_context import submission_number
from hsdispute_plugin.hooks.platform import Notice
from hsdispute_plugin.model import SHANGHAI, Decision, Ticket
from hsdispute_plugin.paperwork import number_prefix, paper_values, refuse_incomplete, without_identity
from hsdispute_plugin.paperwork_occasion import FiledPaper
from hsdispute_plugin.rules.rulebook import Rulebook
from hsdispute_plugin.store import Store, Transaction
from hsdispute_plugin.store_rows import CaseRow

ROBOT = "规则插件"
GOV_OFFICE = "gov_office"
VISIT = "visit"  # of no platform: the payer came, called or wrote; nothing is written back
LONGEST_NUMBER = 40  # as long as the store keeps; longer is no number but somebody's words
NOTICES = "notices"  # the lane of what is told outside of the hosts; no platform file has this name


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was saved: the case as it now is, what the act gave, and how it reads."""

    docket: Docket
    outcome: Outcome
    says: tuple[str, ...]


class Records:
    """The desk's own hands. ``first_units``: by platform the unit that receives its tickets first; else the government office.

    ``candidate`` opens the editions that are tried beside the one in force.
    """

    def __init__(
        self, store: Store, forms: Forms, first_units: Mapping[str, str] | None = None, candidate: Candidate | None = None
    ) -> None:
        self._store, self._forms, self._first_units = store, forms, first_units or {}
        self._candidate = candidate
        self._terms: Terms | None = None
        self._key = b""

    @property
    def forms(self) -> Forms:
        """The papers of the configuration."""
        return self._forms

    def terms(self, book: Rulebook) -> Terms:
        """Return what is worked by under a rule book; made once for each edition."""
        if self._terms is None or self._terms.source is not book.source:
            self._terms = Terms.of(book.source)
        return self._terms

    def _caller_key(self) -> bytes:
        """Return the key under which callers are hashed. Asked for outside of any transaction: it may have to be made."""
        if not self._key:
            with self._store.begin() as tx:
                self._key = caller_key(tx)
        return self._key

    def case(self, case_no: str, book: Rulebook, now: datetime) -> Docket:
        """Return a case with its clocks.

        Raises:
            CaseRefused: There is none of this number.
        """
        with self._store.begin() as tx:
            return self._docket(tx, case_no, book, now)

    def paper(self, paper_id: int) -> tuple[str, bytes]:
        """Return a paper's file name and .docx: made when first asked for, and from then on what was issued.

        Raises:
            CaseRefused: There is none of this number, or it lacks something.
            RulebookError: Its template is broken; it can be made once that is mended.
        """
        with self._store.begin() as tx:
            row = tx.paper(paper_id)
        if row is None:
            raise CaseRefused(f"没有第 {paper_id} 号文书 / no such paper")
        if row.content is not None:
            return row.name, row.content
        masked = without_identity(PaperDue(row.kind, row.receiver))
        content = self._forms.render(row.kind, row.paper_values, without_identity=masked)
        with self._store.begin() as tx:
            tx.keep_content(paper_id, content)
        return row.name, content

    def _docket(self, tx: Transaction, case_no: str, book: Rulebook, now: datetime) -> Docket:
        row = tx.case_by(case_no)
        if row is None:
            if any(tx.acts_in_journal((ERASED,), case_no)):
                raise CaseRefused(f"{case_no} 保管期满，已经销毁；办理日志还在 / the case was erased")
            named = case_no if len(case_no) <= LONGEST_NUMBER else "这个编号"
            raise CaseRefused(f"没有案件 {named}。用 hsdispute case list 查看案号 / no such case")
        return self._read(tx, row, book, now)

    def _read(self, tx: Transaction, row: CaseRow, book: Rulebook, now: datetime) -> Docket:
        if row.file:
            return read(tx, row)
        # From before version 3, which kept no file: open it now, as of when the ticket came.
        ticket, terms = ticket_of(row), self.terms(book)
        outcome = self._open(terms, row.case_no, row.platform, ticket, book.decide(ticket, now), row.opened_at, now)
        write_journal(tx, terms, row, outcome.case, outcome.journal)
        return save(tx, terms, Docket(row, outcome.case, clocked(terms, outcome)))

    def _open(
        self, terms: Terms, number: str, platform: str, ticket: Ticket, decision: Decision, received_at: datetime,
        now: datetime, taken_by: Actor | None = None,
    ) -> Outcome:
        unit = taken_by.unit if taken_by else self._first_units.get(platform, GOV_OFFICE)
        person = taken_by.name if taken_by else f"{platform} 平台坐席"
        first = FirstContact(person, unit, received_at, ticket.channel or platform)
        by = By(taken_by or Actor(ROBOT, unit, Role.CLOCK), now, policy=terms.policy)
        return open_case(number, platform, ticket.ticket_no, first, decision, received_at, by)

    def _done(
        self, tx: Transaction, terms: Terms, docket: Docket, outcome: Outcome, by: By, written: Mapping[str, Any]
    ) -> Done:
        """Save all that an act gives, but what it does to another case. ``written``: by 文种, what a person wrote for a paper."""
        after = Docket(replace(docket.row, updated_at=by.at), outcome.case, clocked(terms, outcome, docket.clocks))
        write_journal(tx, terms, docket.row, outcome.case, outcome.journal)
        papers = self._papers(tx, terms, after, outcome, by, written)
        note = act_note(outcome, terms, dict.fromkeys(p.kind for p in outcome.papers))
        after = self._told(tx, terms, after, docket, note, by.at, papers)
        self._notify(tx, of_act(f"{after.row.case_no}-{after.row.writes}", after.case, outcome, terms), by.at)
        return Done(after, outcome, tuple(note.splitlines()))

    def _papers(
        self, tx: Transaction, terms: Terms, after: Docket, outcome: Outcome, by: By, written: Mapping[str, Any] | None = None
    ) -> list[int]:
        """Keep the values of every paper that an act calls for, numbered; a .docx is made of them when it is first asked for.

        Raises:
            CaseRefused: A paper lacks something that only a person knows; all of it in one sentence.
        """
        case_no, ticket, made = after.row.case_no, ticket_of(after.row), []
        year, source = by.at.astimezone(SHANGHAI).year, terms.source
        before = tx.papers(case_no)
        filed = [FiledPaper.of(p.kind, p.receiver, p.made_at, p.paper_values) for p in before]
        for due in outcome.papers:
            more = (written or {}).get(due.kind) or {}
            values = paper_values(due, after.case, ticket, after.clocks, by, source, more, forms=self._forms, filed=filed)
            if prefix := number_prefix(due, values, self._forms, source):
                values["文号"] = submission_number(prefix, year, tx.next_number(f"paper-{prefix}-{year}"))
            made.append((due, values))
        if by.actor.role is not Role.CLOCK:
            refuse_incomplete(case_no, made, self._forms)
        names = [p.name for p in before]
        for due, values in made:
            names.append(_unlike(self._forms.file_name(due.kind, values), names))
        return [tx.add_paper(case_no, due.kind, due.to, by.at, name, values)
                for (due, values), name in zip(made, names[len(before):], strict=True)]

    def _told(
        self, tx: Transaction, terms: Terms, after: Docket, before: Docket | None, note: str, now: datetime,
        papers: Iterable[int] = (), *, anew: bool = False,
    ) -> Docket:
        """Save a case and queue what should now stand in the host, with a note and papers under a key of its own.

        ``before`` is the case as it was saved last; ``None``: every clock is to be saved. ``anew``: the case never was.
        """
        row = replace(after.row, writes=after.row.writes + 1)
        after = save(tx, terms, replace(after, row=row), before.clocks if before else (), anew=anew)
        if row.platform == VISIT:
            return after
        result = standing(f"{row.case_no}-{row.writes}", after, terms, note)
        payload = {**result.as_payload(), "papers": list(papers)}
        tx.add_outbox(result.key, row.case_no, row.platform, row.ticket_no, payload, now)
        return after

    def _notify(self, tx: Transaction, notices: Iterable[Notice], now: datetime) -> None:
        for notice in notices:
            tx.add_outbox(notice.key, notice.case_no, NOTICES, notice.ticket_no, notice.as_payload(), now, "notice")


def _unlike(name: str, taken: list[str]) -> str:
    """Return a file name that no other paper of the case has: the second 送达回证 is ``送达回证…（2）.docx``."""
    stem, dot, end = name.rpartition(".")
    names = [name, *(f"{stem}（{n}）{dot}{end}" for n in range(2, len(taken) + 2))]
    return next(n for n in names if n not in taken)


def ticket_of(row: CaseRow) -> Ticket:
    """Return the ticket of a case as it last came from the host."""
    return Ticket.model_validate(row.ticket)
