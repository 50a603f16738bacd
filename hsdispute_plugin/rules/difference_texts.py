"""Where two editions read or count differently: a text for each word, place or number that changed, a ticket for each period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.rules.chain import NUMBER_SIGNALS, Chain
from hsdispute_plugin.rules.circuit import FALSE
from hsdispute_plugin.rules.difference_witness import Books, differing
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.replay_keys import reader_of
from hsdispute_plugin.rules.rulebook import Rulebook, RuleSource
from hsdispute_plugin.rules.witness import Search, in_words
from hsdispute_plugin.rules.witness_ticket import joined

_SAID = {"people": "我们{}人", "years": "连续{}年"}
#: Texts in which a changed phrase is tried: alone, and beside what makes a matter of it.
_TRIED = (("", "{}。以上是大致经过。有关材料另附。"), ("情况反映", "我在单位上班，参加企业职工养老保险。{}。请税务局处理。"))
_MOMENT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class TextWitness:
    """A text that is read otherwise: what changed, and what the rules of the later edition make of either reading."""

    why: str
    ticket: Ticket
    said: tuple[str, ...]


def text_witnesses(before: RuleSource, after: RuleSource, at: datetime) -> Iterator[TextWitness | str]:
    """Yield a text for each change of words, places and numbers that changes a decision; at the end how many change none."""
    books = Books(before, after)
    reading = [Extractor(s.words, s.regions, s.settings, s.table) for s in (before, after)]
    rules = Rulebook(after, compile_generated, reading[1])
    idle = 0
    for why, phrase in _candidates(before, after):
        for title, text in _TRIED:
            ticket = Ticket(ticket_no="示例", title=title, content=text.format(phrase))
            found = differing(*(rules.decide_facts(ticket, read(ticket), at) for read in reading))
            if found:
                yield TextWitness(why, ticket, tuple(books.words(code, *pair) for code, pair in found.items()))
                break
        else:
            idle += 1
    if idle:
        yield f"另有 {idle} 处词语、地名或人数的改动，单独说到时不改变建议。"


def _candidates(before: RuleSource, after: RuleSource) -> Iterator[tuple[str, str]]:
    old, new = (reader_of(s).phrases for s in (before, after))
    yield from ((f"词 “{p}”", p) for p in sorted({*old, *new}) if old.get(p) != new.get(p))
    if before.words.combinations != after.words.combinations:
        yield from ((f"组合，如 “{p}”", p) for p in sorted({*joined(before.words)} ^ {*joined(after.words)}))
    for code, limits in NUMBER_SIGNALS.items():
        for _, key in limits:
            was, now = (s.settings[key].value if key in s.settings else 0 for s in (before, after))
            if was != now and isinstance(was, int) and isinstance(now, int):
                said = _SAID[code].format(min(was, now) or max(was, now))
                yield f"设置 {key}（{was} → {now}）", said
    places = (before.regions.inside ^ after.regions.inside) | (before.regions.outside ^ after.regions.outside)
    yield from ((f"地名 “{p}”", p) for p in sorted(places))


def period_witnesses(before: RuleSource, after: RuleSource, at: datetime) -> Iterator[str]:
    """Yield for each period that is counted otherwise what becomes of a ticket received at a moment, with such a ticket."""
    changed = [(before.deadlines[key], new) for key, new in after.deadlines.items() if key in before.deadlines]
    moved = [(new, was, now) for old, new in changed
             if (was := old.due(old.key, at, before.calendar, before.hours).due_at)
             != (now := new.due(new.key, at, after.calendar, after.hours).due_at)]
    if not moved:
        return
    chain = Chain(after, at.astimezone(SHANGHAI).date())
    search = Search(chain)
    for new, was, now in moved:
        literal = chain.values["deadlines"].get(new.key, FALSE)
        if search.possible(literal):
            yield (f"时限 {new.what}：{was.astimezone(SHANGHAI):{_MOMENT}} → {now.astimezone(SHANGHAI):{_MOMENT}}"
                   f"（{at.astimezone(SHANGHAI):{_MOMENT}} 收到的工单）")
            yield f"  例：{in_words(chain.facts(search.example(literal)), after.table)}"
