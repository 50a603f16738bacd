"""Text to facts: phrases in their clauses, negation, combinations, presumptions, numbers, places — each with its offsets."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hsdispute_plugin.model import Facts, FactValue, Phrase, Ticket
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.lexicon import CLUES, Combination, Scanner, Sense, Words, fold
from hsdispute_plugin.rules.numbers import people, spans_of_years
from hsdispute_plugin.rules.regions import Regions
from hsdispute_plugin.rules.rulebook import Setting

NEGATION, REQUEST = "否定", "请求"  # clues that this room itself asks for
NEGATION_WINDOW = 4  # characters between a negation and what it negates
LAST_SENTENCES = 2  # where a demand stands even without a word of request

_CLAUSE_END = re.compile(r"[，。；！？,;!?\n…、：:]|\s{2,}")
_SENTENCE_END = frozenset("。；！？;!?\n…")


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found, in its clause and sentence (numbered from 0)."""

    start: int
    end: int
    clause: int
    sentence: int


class Extractor:
    """Reads the facts of a ticket. Immutable once built; safe to share between threads."""

    def __init__(self, words: Words, regions: Regions, settings: Mapping[str, Setting], table: FactTable) -> None:
        self._regions = regions
        self._senses: list[tuple[Sense, ...]] = []
        self._blocks: list[tuple[int, ...]] = []
        phrases = sorted({*words.phrases, *words.blocks, *regions.phrases})
        for phrase in phrases:
            self._senses.append(tuple(words.phrases.get(phrase, ())))
            self._blocks.append(tuple(words.blocks.get(phrase, ())))
        self._phrases = phrases
        self._scanner = Scanner(phrases)
        self._combinations: dict[str, list[Combination]] = defaultdict(list)
        for c in words.combinations:
            self._combinations[c.tags[0]].append(c)
        self._presumptions = tuple(words.presumptions)
        self._facts = {d.label: d for d in table.by_code.values() if d.source == "text"}
        self._people = {"十人以上": _number(settings, "group_people"), "多人": _number(settings, "review_people")}
        self._years = {"多年": _number(settings, "many_years")}

    def __call__(self, ticket: Ticket) -> Facts:
        """Read one ticket."""
        text = fold(ticket.text)
        layout = _Layout(text, len(ticket.title))
        found: dict[str, dict[str, list[Hit]]] = defaultdict(lambda: defaultdict(list))  # class -> member -> hits
        tags = self._phrase_hits(text, layout, found)
        self._combine(tags, text, found)
        self._presume(tags, found)
        return self._facts_of(ticket, text, layout, found)

    def _phrase_hits(
        self, text: str, layout: _Layout, found: dict[str, dict[str, list[Hit]]]
    ) -> dict[str, list[Hit]]:
        raw: list[tuple[int, int, Sense]] = []
        blocked: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, start, end in self._scanner.find(text):
            for entry in self._blocks[number]:
                blocked[entry].append((start, end))
            for sense in self._senses[number]:
                raw.append((start, end, sense))
        raw.sort(key=lambda r: (r[0], -r[1]))
        reach: dict[str, int] = defaultdict(int)  # per class: end of the longest phrase so far
        kept: list[tuple[int, int, Sense]] = []
        negations: list[tuple[int, int]] = []
        for start, end, sense in raw:
            scale = sense.member if sense.klass == CLUES else sense.klass
            if end <= reach[scale] and not any(k[0] == start and k[1] == end for k in kept[-3:]):
                continue  # inside a longer phrase of its class
            if any(s <= start and end <= e for s, e in blocked.get(sense.entry, ())):
                continue
            reach[scale] = max(reach[scale], end)
            kept.append((start, end, sense))
            if sense.member == NEGATION:
                negations.append((start, end))
        tags: dict[str, list[Hit]] = defaultdict(list)
        for start, end, sense in kept:
            if sense.negatable and _negated(start, negations, layout):
                continue
            hit = layout.hit(start, end)
            tags[sense.member].append(hit)
            found[sense.klass][sense.member].append(hit)
        return tags

    def _combine(self, tags: dict[str, list[Hit]], text: str, found: dict[str, dict[str, list[Hit]]]) -> None:
        for first in [t for t in self._combinations if t in tags]:
            for combination in self._combinations[first]:
                hits = list(_combined(combination, tags))
                if hits:
                    tags.setdefault(combination.member, []).extend(hits)
                    found[combination.klass][combination.member] += hits

    def _presume(self, tags: dict[str, list[Hit]], found: dict[str, dict[str, list[Hit]]]) -> None:
        settled: set[tuple[str, str]] = set()
        for p in self._presumptions:
            if (p.klass, p.met) in settled or p.met not in tags:
                continue
            if (p.any_of and p.any_of.isdisjoint(tags)) or not p.none_of.isdisjoint(tags):
                continue
            settled.add((p.klass, p.met))
            tags.setdefault(p.member, []).extend(tags[p.met])
            found[p.klass][p.member] += tags[p.met]

    def _facts_of(self, ticket: Ticket, text: str, layout: _Layout, found: dict[str, dict[str, list[Hit]]]) -> Facts:
        values: dict[str, FactValue] = {
            "has_phone": bool(ticket.caller_phone), "has_name": bool(ticket.caller_name), "is_repeat": bool(ticket.repeat_of),
        }
        evidence: dict[str, tuple[Phrase, ...]] = {}
        original = ticket.text
        self._numbers(text, layout, found, values, evidence, original)
        demands = layout.demand_sentences(found[CLUES].get(REQUEST, ()))
        for label, fact in self._facts.items():
            base, _, rest = label.partition("诉求")
            members = found.get(rest if not base and rest in found else label)
            if members is None:
                if fact.kind is Kind.SET:
                    values[fact.code] = frozenset()
                continue
            kept = {m: [h for h in hits if label in found or h.sentence in demands] for m, hits in members.items()}
            self._put(fact, {m: h for m, h in kept.items() if h}, values, evidence, original)
        self._ticket_type(ticket, values)
        area = self._regions.area(ticket.area, text, len(ticket.title))
        if area:
            values["area"] = area.code
            evidence["area"] = tuple(Phrase(original[s:e], s, e) for s, e in area.spans)
        return Facts(values, evidence)

    def _put(
        self, fact: FactDef, members: Mapping[str, list[Hit]], values: dict[str, FactValue],
        evidence: dict[str, tuple[Phrase, ...]], original: str,
    ) -> None:
        if fact.kind is Kind.SET:
            values[fact.code] = frozenset(fact.values[m] for m in members)
            for m, hits in members.items():
                evidence[f"{fact.code}.{fact.values[m]}"] = _phrases(hits, original)
        elif fact.kind is Kind.BOOL:
            values[fact.code] = bool(members)
            evidence[fact.code] = _phrases((h for hits in members.values() for h in hits), original)
        elif fact.kind is Kind.CHOICE and members:
            first = next(m for m in fact.values if m in members)
            values[fact.code] = fact.values[first]
            evidence[fact.code] = _phrases(members[first], original)

    def _numbers(
        self, text: str, layout: _Layout, found: dict[str, dict[str, list[Hit]]], values: dict[str, FactValue],
        evidence: dict[str, tuple[Phrase, ...]], original: str,
    ) -> None:
        for code, quantities, limits in (
            ("people", list(people(text)), self._people), ("years", list(spans_of_years(text)), self._years),
        ):
            if not quantities:
                continue
            most = max(quantities, key=lambda q: q.value)
            values[code] = most.value
            evidence[code] = (Phrase(original[most.start : most.end], most.start, most.end),)
            for member, limit in limits.items():
                if most.value >= limit:
                    found["情形"][member].append(layout.hit(most.start, most.end))

    def _ticket_type(self, ticket: Ticket, values: dict[str, FactValue]) -> None:
        fact = self._facts["工单类型"]
        for label, code in fact.values.items():
            if label in ticket.ticket_type or ticket.ticket_type == code:
                values[fact.code] = code  # the host knows its own classes
                return


class _Layout:
    """Clauses and sentences of a text."""

    def __init__(self, text: str, title_length: int) -> None:
        self._clause_starts = [0]
        self._sentence_of = [0]
        self._title_length = title_length
        sentence = 0
        for m in _CLAUSE_END.finditer(text):
            sentence += m[0][0] in _SENTENCE_END
            self._clause_starts.append(m.end())
            self._sentence_of.append(sentence)
        self.last = sentence if text[-1:] not in _SENTENCE_END else max(0, sentence - 1)

    def hit(self, start: int, end: int) -> Hit:
        clause = bisect_right(self._clause_starts, start) - 1
        return Hit(start, end, clause, self._sentence_of[clause])

    def clause(self, position: int) -> int:
        return bisect_right(self._clause_starts, position) - 1

    def demand_sentences(self, requests: Iterable[Hit]) -> set[int]:
        """Sentences that ask for something: those with a word of request, the title, the last two."""
        demands = {h.sentence for h in requests} | {self.last - n for n in range(LAST_SENTENCES)}
        if self._title_length:
            demands.add(0)
        return demands


def _negated(start: int, negations: list[tuple[int, int]], layout: _Layout) -> bool:
    return any(0 <= start - end <= NEGATION_WINDOW and layout.clause(begin) == layout.clause(start) for begin, end in negations)


def _combined(combination: Combination, tags: Mapping[str, list[Hit]]) -> Iterable[Hit]:
    steps = [tags.get(t, ()) for t in combination.tags]
    if not all(steps):
        return
    spoilers = [h for t in combination.unless for h in tags.get(t, ())]
    for first in steps[0]:
        last = first
        for step in steps[1:]:
            near = [
                h for h in step
                if 0 <= h.start - last.end <= combination.gap
                and (h.sentence == last.sentence if combination.whole_sentence else h.clause == last.clause)
            ]
            if not near:
                break
            last = min(near, key=lambda h: h.start)
        else:
            if not any(first.start - NEGATION_WINDOW <= h.start and h.end <= last.end + 2 for h in spoilers):
                yield Hit(first.start, last.end, first.clause, first.sentence)


def _phrases(hits: Iterable[Hit], original: str) -> tuple[Phrase, ...]:
    spans = sorted({(h.start, h.end) for h in hits})
    return tuple(Phrase(original[s:e], s, e) for s, e in spans[:3])


def _number(settings: Mapping[str, Setting], key: str) -> int:
    value = settings[key].value if key in settings else 0
    return value if isinstance(value, int) and value > 0 else 10**9
