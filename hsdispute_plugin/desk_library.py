"""处理常例 (五（二）): answered cases as examples for later ones, without identity; a person writes and confirms the text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hsdispute_plugin.case import Actor, Case
from hsdispute_plugin.desk_docket import Docket, Terms, in_words, signature
from hsdispute_plugin.errors import CaseRefused
from hsdispute_plugin.forms_privacy import conceal, remains
from hsdispute_plugin.model import SHANGHAI, Decision
from hsdispute_plugin.store import Transaction
from hsdispute_plugin.store_rows import TypicalCase

SHOWN = 2  # typical cases named in the note of a ticket
SOMEBODY, EMPLOYER = "缴费人", "某单位"


def draft(docket: Docket, terms: Terms) -> str:
    """Return the text of a typical case for a person to go over: names and numbers that are on file are already left out.

    Raises:
        CaseRefused: The case is not answered yet.
    """
    case, table = docket.case, terms.source.table.by_code
    reply, combined = case.handling.reply, case.handling.combined
    if reply is None:
        raise CaseRefused(f"{case.number} 还没有答复，不能作为处理常例。请答复后再收 / not answered yet")
    track = case.handling.track or case.decision.track
    units = "、".join(in_words(u, terms) for u in (case.accepting_unit, *case.handling.co_units))
    text = "\n".join([
        f"情形：{'、'.join(table['topics'].label_of(t) for t in case.decision.topics) or '（未归类）'}；"
        f"{table['track'].label_of(track)}；{units}",
        f"诉求：{reply.claim}", f"查明事实：{reply.facts}", *([f"总处理意见：{combined.text}"] if combined else []),
        f"答复：{reply.outcome}。{reply.opinion}", f"依据：{reply.basis}",
    ])
    names, exact = _identity(case)
    for name in _employers(case):
        text = text.replace(name, EMPLOYER)
    return conceal(text, names, exact)


def add(tx: Transaction, docket: Docket, terms: Terms, title: str, text: str, who: Actor, now: datetime) -> int:
    """Put a text that a person has gone over into the library; return its number.

    Raises:
        CaseRefused: Not answered, nothing written, or somebody could still be known from it.
    """
    case = docket.case
    draft(docket, terms)
    if not title.strip() or not text.strip():
        raise CaseRefused("处理常例的题目和内容都要写 / title and text are needed")
    names, exact = _identity(case)
    said = f"{title}\n{text}"
    if remains(said, names, exact) or conceal(said, names, exact) != said or [n for n in _employers(case) if n in said]:
        raise CaseRefused(f"{case.number} 的处理常例里还看得出是谁（姓名、号码、住址或单位名称），没有收入。请改写后再收 / "
                          f"identity would show")
    track = (case.handling.track or case.decision.track).value
    signed = signature(terms, who)
    number = tx.add_typical(case.number, title.strip()[:120], track, case.decision.topics, text.strip(), signed, now)
    tx.add_journal(case.number, now, signed, "收入处理常例", f"处理常例第 {number} 号", "五（二）")
    return number


def similar(library: Sequence[TypicalCase], decision: Decision) -> tuple[TypicalCase, ...]:
    """Return the typical cases nearest to a decision: by common topics, then of the same track, newest first."""
    topics = set(decision.topics)
    near = [(len(topics & set(t.topics)), t.track == decision.track.value, t.id, t) for t in library if topics & set(t.topics)]
    return tuple(t for *_, t in sorted(near, key=lambda n: n[:3], reverse=True)[:SHOWN])


def line_of(typical: TypicalCase) -> str:
    """Return how a typical case is named to a clerk."""
    return f"处理常例第 {typical.id} 号“{typical.title}”（{typical.added_at.astimezone(SHANGHAI):%Y-%m-%d} 收）"


def _identity(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    form = case.registration
    if form is None:
        return (), ()
    people = [form.payer, *([form.respondent] if form.respondent else [])]
    names = tuple(p.name.strip() for p in people if p.name.strip() and p.name.strip() not in _employers(case))
    exact = tuple(v.strip() for p in people for v in (p.phone, p.document_no, p.address) if len(v.strip()) > 6)
    return names, exact


def _employers(case: Case) -> tuple[str, ...]:
    other = case.registration.respondent if case.registration else None
    return (other.name.strip(),) if other and other.name.strip() and other.kind != "个人" else ()
