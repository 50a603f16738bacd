"""Text to facts: what the clauses of a ticket say, what that lets us presume, numbers and places — each with its offsets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hsdispute_plugin.model import Facts, FactValue, Phrase, Ticket
from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.rules.clauses import SHORT, Clauses, Reading
from hsdispute_plugin.rules.facts import INSURANCE as INSURANCES
from hsdispute_plugin.rules.facts import TICKET_TYPES, TOPICS, FactDef, FactTable, Kind
from hsdispute_plugin.rules.lexicon import Words, Zone
from hsdispute_plugin.rules.numbers import Quantity, people, stretches_of_years
from hsdispute_plugin.rules.phrasebook import Phrasebook
from hsdispute_plugin.rules.presumed import Presumed
from hsdispute_plugin.rules.regions import INSIDE, OUTSIDE, Regions
from hsdispute_plugin.rules.rulebook import Setting

SHOWN = 3  # phrases kept as evidence of one fact
REMEMBERED = 5_000  # sets of members of one fact kept ready; messages repeat few
SIGNALS, DOMAIN = "情形", "领域"
BESIDE = ("推诿", "劳动关系")  # topics that other disputes share
NOTHING: frozenset[str] = frozenset()
DOUBTFUL, INSURANCE = "存疑情形", "险种"
UMBRELLA = "职工社保未细分"
OF_UMBRELLA = ("企业职工养老", "职工医保", "失业", "工伤", "生育")  # what 社保 as a whole includes
HAD = "已有险"  # the clue of an insurance that the payer has already


class _Source:
    """Where one fact is read from: a zone of the message and the bit of each of its members."""

    def __init__(self, fact: FactDef, zone: Zone, members: tuple[tuple[int, str], ...]) -> None:
        self.fact, self.zone, self.members = fact, zone, members
        self.mask = 0
        for bit, _ in members:
            self.mask |= bit
        self._known: dict[int, tuple[frozenset[str], tuple[tuple[str, int], ...]]] = {}

    def concluded(self, bits: int) -> tuple[frozenset[str], tuple[tuple[str, int], ...]]:
        """Return the members that some bits (of ``mask``) stand for, and the evidence key and bit of each."""
        if (known := self._known.get(bits)) is None:
            held = [(bit, code) for bit, code in self.members if bits & bit]
            prefix = f"{self.fact.code}." if self.fact.kind is Kind.SET else ""
            keyed = tuple((prefix + code if prefix else self.fact.code, bit) for bit, code in held)
            known = frozenset(code for _, code in held), keyed
            if len(self._known) < REMEMBERED:
                self._known[bits] = known
        return known


class Extractor:
    """Reads the facts of a ticket. Immutable once built; safe to share between threads."""

    def __init__(
        self, words: Words, regions: Regions, settings: Mapping[str, Setting], table: FactTable, *, plain: bool = False
    ) -> None:
        """``plain``: search without the compiled library (tests)."""
        self._regions = regions
        book = Phrasebook(words, {INSIDE: tuple(sorted(regions.inside)), OUTSIDE: tuple(sorted(regions.outside))}, plain=plain)
        self._facts = tuple(_source(d, book) for d in table.by_code.values() if d.source == "text" and d.kind is not Kind.INT)
        self._presumptions = tuple(Presumed(p, book) for p in words.presumptions)
        self._choices = {p.klass for p in self._presumptions if table.by_label.get(p.klass, _NO_FACT).kind is Kind.CHOICE}
        self._asides = tuple((book.mask((klass,)), book.mask(tags)) for klass, tags in words.asides.items() if tags)
        self._inside, self._outside = book.mask((INSIDE,)), book.mask((OUTSIDE,))
        self._signals = {s: book.mask((s, SIGNALS)) for s in ("十人以上", "多人", "多年")}
        self._premium = book.mask(label for label in TOPICS if label not in BESIDE)
        self._other = book.mask((DOMAIN,))
        self._had, self._insurance = book.mask((HAD,)), book.mask(INSURANCES)
        self._umbrella = book.mask((UMBRELLA,))
        self._single = book.mask(OF_UMBRELLA)
        self._limits = {
            "people": (("十人以上", _number(settings, "group_people")), ("多人", _number(settings, "review_people"))),
            "years": (("多年", _number(settings, "many_years")),),
        }
        shown = self._inside | self._outside | self._had
        for source in self._facts:
            shown |= source.mask
        for p in self._presumptions:
            shown |= p.met
        asked = 0
        for p in self._presumptions:
            asked |= p.asked
            p.shown = bool(p.result & shown)
        self._clauses = Clauses(words, book, shown, asked)

    def __call__(self, ticket: Ticket) -> Facts:
        """Read one ticket."""
        original = ticket.text
        text = fold(original)
        found = self._clauses.read(text, len(ticket.title))
        self._presume(found)
        for klass, tags in self._asides:
            if found.demand & klass:  # 顺带不算: what the title and the demands do not name was told in passing
                found.everywhere &= ~tags | found.demand
        values: dict[str, FactValue] = {
            "has_phone": bool(ticket.caller_phone), "has_name": bool(ticket.caller_name), "is_repeat": bool(ticket.repeat_of),
        }
        spans: dict[str, Where] = {}
        premium = 0
        found.premium = found.head
        for bits in found.sentences:
            if bits & self._premium:
                premium += 1
                found.premium |= bits
        other = sum(1 for bits in found.sentences if bits & self._other)
        values["premium_sentences"], values["premium_share"] = premium, 100 * premium // (premium + other or 1)
        self._numbers(text, found, values, spans)
        places: dict[tuple[int, int], int] = {}
        for start, end, bits in found.tokens:
            place = start, end
            places[place] = places.get(place, 0) | bits
        tokens = sorted(places.items())
        found.premium &= ~self._only_had(found.premium, tokens)
        found.premium &= ~self._beside_umbrella(found.premium, found.head)
        for source in self._facts:
            _conclude(source, found, values, spans)
        self._given(ticket, found, tokens, values, spans)
        return Facts(values, Evidence(original, tokens, spans))

    def _only_had(self, premium: int, tokens: Sequence[Place]) -> int:
        """Return the insurances that the payer has already, and only that: 在外省已买养老保险，是否还要参加新农合."""
        had = [place for place, bits in tokens if bits & self._had]
        if not had:
            return 0
        disputed = 0
        for (start, end), bits in tokens:
            if bits & self._insurance and not any(s <= start and end <= e for s, e in had):
                disputed |= bits
        disputed &= premium & self._insurance
        return self._insurance & ~disputed if disputed else 0

    def _beside_umbrella(self, premium: int, head: int) -> int:
        """Return what yields where both 社保 as a whole and single insurances are named: what the title does not name."""
        if premium & self._umbrella and premium & self._single:
            if head & self._umbrella and not head & self._single:
                return self._single
            if head & self._single and not head & self._umbrella:
                return self._umbrella
        return 0

    def _presume(self, found: Reading) -> None:
        settled: set[object] = set()
        for p in self._presumptions:
            if not found.everywhere & p.met:
                continue
            key = p.klass if p.klass in self._choices else (p.klass, p.met)
            if (p.alone and key in settled) or not p.holds(found):
                continue
            settled.add(key)
            found.everywhere |= p.result
            for n, bits in enumerate(found.sentences):
                if bits & p.met:
                    found.sentences[n] = bits | p.result
            found.head |= p.result if found.head & p.met else 0
            found.demand |= p.result if found.demand & p.met else 0
            if p.shown:
                found.tokens += [(s, e, p.result) for s, e, bits in found.tokens if bits & p.met][:SHOWN]

    def _numbers(
        self, text: str, found: Reading, values: dict[str, FactValue], spans: dict[str, Where]
    ) -> None:
        quantities: tuple[tuple[str, Iterable[Quantity]], ...] = (("people", people(text)), ("years", stretches_of_years(text)))
        for code, counted in quantities:
            most = max(counted, key=lambda q: q.value, default=None)
            if most is None:
                continue
            values[code] = most.value
            spans[code] = [(most.start, most.end)]
            for signal, limit in self._limits[code]:
                if most.value >= limit:
                    found.everywhere |= self._signals[signal]
                    found.tokens.append((most.start, most.end, self._signals[signal]))
                    break  # ten people are not also 多人

    def _given(
        self, ticket: Ticket, found: Reading, tokens: Sequence[Place], values: dict[str, FactValue], spans: dict[str, Where],
    ) -> None:
        """What the host's own fields say goes before what the text lets us presume."""
        if ticket.ticket_type:
            named = [(ticket.ticket_type.find(word), code) for label, code in TICKET_TYPES.items() for word in (label, code)]
            values["ticket_type"] = min((n for n in named if n[0] >= 0), default=(0, values.get("ticket_type", "")))[1]
        area = self._regions.area(ticket.area) if ticket.area else None
        if area is None:
            here = [place for place, bits in tokens if bits & self._inside]
            there = [place for place, bits in tokens if bits & self._outside]
            if here:
                area, spans["area"] = INSIDE, here[:SHOWN]
            elif len(there) > 1 or (found.head & self._outside and (ticket.title or len(ticket.content) > SHORT)):
                # A neighbour county named once in passing moves nothing, and a short message is all head.
                area, spans["area"] = OUTSIDE, there[:SHOWN]
        if area:
            values["area"] = area


Place = tuple[tuple[int, int], int]  # a stretch of the text, and the bits of all that stands there
#: Where a fact stands: stretches, or the bits whose tokens are its places.
Where = int | list[tuple[int, int]]


class Evidence(Mapping[str, tuple[Phrase, ...]]):
    """The phrases behind each fact, made when they are asked for: most tickets are asked for few."""

    __slots__ = ("_original", "_tokens", "_where")

    def __init__(self, original: str, tokens: Sequence[Place], where: Mapping[str, Where]) -> None:
        self._original, self._tokens, self._where = original, tokens, where

    def __getitem__(self, key: str) -> tuple[Phrase, ...]:
        if (found := self.get(key)) is None:
            raise KeyError(key)
        return found  # type: ignore[no-any-return]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the phrases behind a fact, or ``default`` where the text says nothing of it."""
        where = self._where.get(key)
        if where is None:
            return default
        if isinstance(where, int):
            where = [place for place, bits in self._tokens if bits & where]
        original = self._original
        return tuple([Phrase(original[s:e], s, e) for s, e in where[:SHOWN]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)


_NO_FACT = FactDef("", "", Kind.BOOL, "")


def _source(fact: FactDef, book: Phrasebook) -> _Source:
    """标题主题 is the members of 主题 in the head; a 是否 fact is the clue of its own name."""
    zone = next((z for z in (Zone.HEAD, Zone.DEMAND) if fact.label.startswith(z.value)), Zone.ALL)
    if fact.kind is Kind.BOOL:
        members: tuple[tuple[int, str], ...] = ((book.mask((fact.label.removeprefix(zone.value),)), ""),)
    else:
        members = tuple((bit, code) for label, code in fact.values.items() if (bit := book.mask((label,))))
    return _Source(fact, zone, members)


def _conclude(
    source: _Source, found: Reading, values: dict[str, FactValue], spans: dict[str, Where]
) -> None:
    fact = source.fact
    bits = found.everywhere if source.zone is Zone.ALL else found.head if source.zone is Zone.HEAD else found.demand
    if fact.label == DOUBTFUL:
        bits = found.doubtful
    elif fact.label == INSURANCE and found.premium & source.mask:
        bits = found.premium  # an insurance named in passing elsewhere is not the one disputed
    bits &= source.mask
    if not bits:
        if fact.kind is Kind.SET:
            values[fact.code] = NOTHING
        elif fact.kind is Kind.BOOL:
            values[fact.code] = False
        return
    members, keyed = source.concluded(bits)
    if fact.kind is Kind.SET:
        values[fact.code] = members
        spans.update(keyed)
    else:
        key, bit = keyed[0]
        values[fact.code] = True if fact.kind is Kind.BOOL else next(code for b, code in source.members if b == bit)
        spans[key] = bit


def _number(settings: Mapping[str, Setting], key: str) -> int:
    value = settings[key].value if key in settings else 0
    return value if isinstance(value, int) and value > 0 else 10**9
