"""In no life of a case does a paper come up that cannot be made: what is missing is always among what a person is asked for."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from hsdispute_plugin.case import By, Outcome
from hsdispute_plugin.case.periods import effects
from hsdispute_plugin.clocks import ClockBook
from hsdispute_plugin.forms_docx import all_text, visible_text
from hsdispute_plugin.paperwork import FiledPaper, asks, missing_fields, number_prefix, paper_values, without_identity
from hsdispute_plugin.rules.clock import Clock
from tests.test_case_stateful import Life
from tests.test_paperwork import FORMS, PAYER, PHONE, SOURCE, TICKET

BOOK = ClockBook(SOURCE.deadlines, SOURCE.calendar, SOURCE.hours)


class PaperedLife(Life):
    """The random life of a case, with every paper that it calls for."""

    clocks: tuple[Clock, ...] | None = None
    filed: tuple[FiledPaper, ...] = ()

    def accept(self, outcome: Outcome, act: str, by: By, form: dict[str, Any]) -> None:
        if self.clocks is None:
            self.clocks = BOOK.apply(effects(None, self.case, by), ())
        super().accept(outcome, act, by, form)
        self.clocks = BOOK.apply(outcome.clocks, self.clocks)
        for due in outcome.papers:
            values = paper_values(due, outcome.case, TICKET, self.clocks, by, SOURCE, {}, forms=FORMS, filed=self.filed)
            assert json.loads(json.dumps(values)) == values
            missing = missing_fields(due, values, FORMS)
            assert set(missing) <= set(asks(due.kind)), (due, missing)
            values |= dict.fromkeys(missing, "由人补写的内容")
            assert number_prefix(due, values, FORMS, SOURCE) == "" or values["落款单位"]
            raw = FORMS.render(due.kind, values, without_identity=without_identity(due))
            assert "{" not in visible_text(raw) and "None" not in visible_text(raw)
            if without_identity(due):
                assert PAYER not in all_text(raw) and PHONE not in all_text(raw)
            self.filed = (*self.filed, FiledPaper.of(due.kind, due.to, by.at, values))


PaperedLife.TestCase.settings = settings(max_examples=25, stateful_step_count=12, deadline=None, database=None,
                                         phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
TestPaperedLife = PaperedLife.TestCase
