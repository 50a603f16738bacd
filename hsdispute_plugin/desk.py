"""What is done with a ticket: accept it once per version, with case, journal and write-back in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hsdispute_plugin.case import State
from hsdispute_plugin.explain import basis, decision_json, explanation, helper_names
from hsdispute_plugin.hooks.platform import HostTicket, WriteBack
from hsdispute_plugin.model import SHANGHAI, Decision, Ticket, Track
from hsdispute_plugin.rules.rulebook import Rulebook, RuleSource
from hsdispute_plugin.store import Store, Transaction
from hsdispute_plugin.store_rows import CaseRow

ROBOT = "规则插件"
CATEGORY_IN, CATEGORY_OUT = "征缴", "其他"

#: What a new version of a ticket must change for the host to be written again.
_TELLING = ("scope", "lead", "units", "track", "signals", "alerts", "due")


class Desk:
    """Accepts tickets. Every act is one transaction of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accept(self, platform: str, given: HostTicket, book: Rulebook, now: datetime) -> tuple[CaseRow, Decision | None]:
        """Accept one version of a host's ticket; the decision is ``None`` when this version is the one we have.

        Clause: 合政办发〔2025〕30号 四、首段（登记）；四（二）（分类流转）.
        """
        with self._store.begin() as tx:
            case = tx.case_of(platform, given.ticket.ticket_no)
        if case and case.host_version == given.version:
            return case, None
        ticket = given.ticket
        if case and ticket.received_at is None:  # a host that gives no time: the periods go on from when it first came
            ticket = ticket.model_copy(update={"received_at": case.opened_at})
        decision = book.decide(ticket, now)  # outside the transaction: the writer waits for nobody's thinking
        with self._store.begin() as tx:
            case = tx.case_of(platform, given.ticket.ticket_no)
            if case and case.host_version == given.version:
                return case, None  # another worker was quicker
            saved = self._save(tx, platform, given, decision, book.source, case, now)
        return saved, decision

    def _save(
        self, tx: Transaction, platform: str, given: HostTicket, decision: Decision, source: RuleSource,
        case: CaseRow | None, now: datetime,
    ) -> CaseRow:
        ticket, told = given.ticket, decision_json(decision)
        if case is None:
            year = now.astimezone(SHANGHAI).year
            number = f"HS-{year}-{tx.next_number(f'case-{year}'):06d}"
            act, why, again = "收到工单", "待首问人员登记；按规则册给出建议", True
        else:
            number, act = case.case_no, "重新建议"
            again = any(_told(case.decision, k) != _told(told, k) for k in _TELLING)
            why = "工单内容有变，建议随之改变" if again else "工单内容有变，建议不变"
        decisions = (case.decisions if case else 0) + again
        row = CaseRow(
            case_no=number, platform=platform, ticket_no=ticket.ticket_no, state=case.state if case else State.NEW.value,
            decision=told if again or case is None else case.decision, decisions=decisions, edition=decision.edition,
            host_version=given.version, ticket=ticket.model_dump(mode="json"),
            opened_at=case.opened_at if case else now, updated_at=now,
        )
        tx.save_case(row)
        tx.add_journal(number, now, ROBOT, act, f"{why}（规则册 {decision.edition}）", "四、首段；四（二）")
        if again:
            result = write_back(f"{number}-{decisions}", decision, source)
            tx.add_outbox(result.key, number, platform, ticket.ticket_no, result.as_payload(), now)
        return row


def write_back(key: str, decision: Decision, source: RuleSource) -> WriteBack:
    """Return what should stand in the host's ticket for a decision."""
    return WriteBack(
        key=key,
        lead=source.units[decision.lead].name if decision.lead in source.units else "",
        helpers=helper_names(decision, source) if decision.track is not Track.INFORM else (),
        category=CATEGORY_OUT if decision.track is Track.INFORM else CATEGORY_IN,
        handling=source.table.by_code["track"].label_of(decision.track),
        track=decision.track, due_at=decision.due_at, basis=basis(decision),
        note=f"〔hsdispute:{key}〕\n{explanation(decision, source)}",
    )


def ticket_of(row: CaseRow) -> Ticket:
    """Return the ticket of a case as it last came from the host."""
    return Ticket.model_validate(row.ticket)


def _told(told: Mapping[str, Any], key: str) -> Any:
    value = told.get(key)
    return [(d["key"], d["due_at"]) for d in value] if key == "due" and value else value
