"""A ticket's words on the page: without the payer's identity unless a person asked for it, the rules' phrases marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hsdispute_plugin.case import Case
from hsdispute_plugin.forms_identity import Identity
from hsdispute_plugin.model import Phrase, Reason, Ticket


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of the text; ``why`` are the rules' reasons behind it, empty where none is."""

    text: str
    why: tuple[str, ...] = ()


def pieces(ticket: Ticket, case: Case, reasons: Sequence[Reason], *, masked: bool) -> tuple[Piece, ...]:
    """Return title and content in runs, those behind the decision marked with why."""
    text = ticket.text
    return marked(text, Identity.of(ticket, case).conceal(text) if masked else text, reasons)


def marked(text: str, shown: str, reasons: Sequence[Reason]) -> tuple[Piece, ...]:
    """Return a text, as it may be shown, in runs, those behind the reasons marked with why."""
    marks: list[set[int]] = [set() for _ in shown]
    for n, reason in enumerate(reasons):
        for phrase in reason.evidence:
            for start in _places(text, shown, phrase):
                for place in range(start, start + len(phrase.text)):
                    marks[place].add(n)
    found: list[Piece] = []
    start = 0
    for end in range(1, len(shown) + 1):
        if end == len(shown) or marks[end] != marks[start]:
            found.append(Piece(shown[start:end], tuple(dict.fromkeys(reasons[n].because for n in sorted(marks[start])))))
            start = end
    return tuple(found)


def _places(text: str, shown: str, phrase: Phrase) -> Iterable[int]:
    """Return where a phrase stands in the text as shown: masking moves it, so it is found again by which of its kind it is."""
    if text[phrase.start : phrase.end] != phrase.text or not phrase.text:
        return ()  # the ticket changed and the decision did not
    before, after = _all(text, phrase.text), _all(shown, phrase.text)
    return (after[before.index(phrase.start)],) if len(before) == len(after) else after


def _all(text: str, word: str) -> list[int]:
    return [i for i in range(len(text) - len(word) + 1) if text.startswith(word, i)]
