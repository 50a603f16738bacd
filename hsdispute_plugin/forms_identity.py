"""Who a case is about and what was said, so that journal, notices, errors and logs do not repeat it, whoever wrote them.

Clause: 报送单备注「严格保密，不得泄露缴费人信息」; 个人信息保护法 51.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hsdispute_plugin.case import Case
from hsdispute_plugin.forms_privacy import conceal
from hsdispute_plugin.model import Ticket

WORDS = "〔原话略〕"
RUN = 8  # characters in a row that are no accident: 城乡居民养老保险 has eight and is a word of everybody's, hence more than that


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """The complainant of a case: names, numbers and address as given, and the words of the ticket."""

    names: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, ticket: Ticket | None, case: Case | None = None) -> Identity:
        """Gather what ticket and registration hold; either may be absent."""
        payer = case.registration.payer if case and case.registration else None
        names = [*([ticket.caller_name] if ticket else []), *([payer.name] if payer else [])]
        exact = [*([ticket.caller_phone] if ticket else []), *((payer.phone, payer.document_no, payer.address) if payer else ())]
        words = [*([ticket.title, ticket.content] if ticket else []),
                 *((case.registration.matter, case.registration.claim) if case and case.registration else ())]
        told = tuple(e for e in exact if len(e.strip()) > 5)
        return cls(tuple(n for n in names if n.strip()), told, tuple(filter(None, words)))

    def conceal(self, text: str) -> str:
        """Return a text without names and numbers: for what officials write in their own words."""
        return conceal(text, self.names, self.exact)

    def unsaid(self, text: str) -> str:
        """Return a text also without runs of the payer's words: for what a host or a library says, which may echo them."""
        return _without_runs(self.conceal(text), self.words)


def _without_runs(text: str, words: Iterable[str]) -> str:
    size = RUN + 1
    known = {said[i : i + size] for said in map(_plain, words) for i in range(len(said) - size + 1)}
    if not known:
        return text
    places = [(i, c) for i, c in enumerate(text) if not c.isspace()]  # a host may have wrapped the lines
    plain = "".join(c for _, c in places)
    hidden: set[int] = set()
    for start in range(len(plain) - size + 1):
        if plain[start : start + size] in known:
            hidden.update(range(places[start][0], places[start + size - 1][0] + 1))
    return re.sub("\0+", WORDS, "".join("\0" if i in hidden else c for i, c in enumerate(text.replace("\0", " "))))


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)
