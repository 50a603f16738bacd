"""The life of a case (R17–R41): a pure domain, no database, no clock of its own; every act gives the next case or refuses.

``open_case`` begins it, the methods of ``Case`` are the acts of chapter four, ``allowed_acts`` says which are open to
whom, ``perform`` does one by code and form. ``docs/case.md`` is the same table for a person.
"""

from hsdispute_plugin.case.acts import ACTS, ActRow
from hsdispute_plugin.case.file import JournalEntry, Outcome, PaperDue
from hsdispute_plugin.case.form_fields import Field, form_fields
from hsdispute_plugin.case.handling import (
    Answer,
    Consultation,
    CourtKind,
    RemedyKind,
    Reply,
    ReplyOutcome,
    ServiceMode,
    Side,
    Submission,
    Task,
    TaskKind,
    TaskState,
)
from hsdispute_plugin.case.life import Case, allowed_acts, blank_form, open_case, perform
from hsdispute_plugin.case.periods import PERIODS, TOTALS, WINDOWS, ClockEffect, running, total_key
from hsdispute_plugin.case.policy import By, Policy
from hsdispute_plugin.case.records import DeclineGround, FirstContact, Party, Payer, Registration, SuperviseGround
from hsdispute_plugin.case.states import Actor, Role, State

__all__ = [
    "ACTS", "PERIODS", "TOTALS", "WINDOWS", "ActRow", "Actor", "Answer", "By", "Case", "ClockEffect", "Consultation", "CourtKind",
    "DeclineGround", "Field", "FirstContact", "JournalEntry", "Outcome", "PaperDue", "Party", "Payer", "Policy", "Registration",
    "RemedyKind", "Reply", "ReplyOutcome", "Role", "ServiceMode", "Side", "State", "Submission", "SuperviseGround", "Task",
    "TaskKind", "TaskState", "allowed_acts", "blank_form", "form_fields", "open_case", "perform", "running", "total_key",
]
