"""Text to facts: what the clauses of a ticket say, what that lets us presume, numbers and places — each with its offsets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING

from hsdispute_plugin.model import Facts, FactValue, Ticket
from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.rules.clauses import SHORT, Clauses, Reading, head_end, titles_in
from hsdispute_plugin.rules.evidence import Bits, Evidence
from hsdispute_plugin.rules.facts import INSURANCE as INSURANCES
from hsdispute_plugin.rules.facts import TICKET_TYPES, TOPICS, FactDef, FactTable, Kind
from hsdispute_plugin.rules.lexicon import Words, Zone
from hsdispute_plugin.rules.numbers import people, stretches_of_years
from hsdispute_plugin.rules.phrasebook import Phrasebook, Token
from hsdispute_plugin.rules.presumed import Presumed
from hsdispute_plugin.rules.reading import Reader, compiled
from hsdispute_plugin.rules.regions import INSIDE, OUTSIDE, Regions
from hsdispute_plugin.rules.rulebook import Setting

if TYPE_CHECKING:
    from hsdispute_plugin.rules.replay_keys import Told
    from hsdispute_plugin.rules.replay_packing import Packing, Row

REMEMBERED = 5_000  # sets of members of one fact kept ready, and what a host gives; messages repeat few
SIGNALS, DOMAIN = "情形", "领域"
BESIDE = ("推诿", "劳动关系")  # topics that other disputes share
NOTHING: frozenset[str] = frozenset()
_ZONES = (Zone.ALL, Zone.HEAD, Zone.DEMAND)  # and after them: what is doubtful, what insurances are read from
DOUBTFUL, INSURANCE = "存疑情形", "险种"
UMBRELLA = "职工社保未细分"
OF_UMBRELLA = ("企业职工养老", "职工医保", "失业", "工伤", "生育")  # what 社保 as a whole includes
HAD = "已有险"  # the clue of an insurance that the payer has already


_Concluded = tuple[FactValue, tuple[tuple[str, int], ...]]


class _Source(dict[int, _Concluded]):
    """Where one fact is read from: a zone of the message and the bit of each of its members.

    By some of these bits: the value that they stand for, and the key and bit of its evidence.
    """

    def __init__(self, fact: FactDef, zone: int, members: tuple[tuple[int, str], ...]) -> None:
        """``zone``: its place among ``_ZONES``; ``members``: bit and code of each, a 是否 fact has one without a code."""
        self.fact, self.zone, self.members = fact, zone, members
        self.mask = 0
        for bit, _ in members:
            self.mask |= bit

    def __missing__(self, bits: int) -> _Concluded:
        held = [(bit, code) for bit, code in self.members if bits & bit]
        found: _Concluded
        if self.fact.kind is Kind.SET:
            found = frozenset(code for _, code in held), tuple((f"{self.fact.code}.{code}", bit) for bit, code in held)
        else:
            bit, code = held[0]
            found = code or True, ((self.fact.code, bit),)
        if len(self) < REMEMBERED:
            self[bits] = found
        return found


class _Packed(dict[int, int]):
    """How the bits of a row change from those of nothing found to those of what some bits of a source stand for."""

    def __init__(self, source: _Source, packing: Packing, nothing: FactValue) -> None:
        self._source, self._packing = source, packing
        self._nothing = packing.bits({source.fact.code: nothing})

    def __missing__(self, bits: int) -> int:
        made = self._packing.bits({self._source.fact.code: self._source[bits][0]}) ^ self._nothing
        if len(self) < REMEMBERED:
            self[bits] = made
        return made


class Extractor:
    """Reads the facts of a ticket. Immutable once built; safe to share between threads."""

    def __init__(
        self, words: Words, regions: Regions, settings: Mapping[str, Setting], table: FactTable, *, plain: bool = False
    ) -> None:
        """``plain``: without what is compiled (tests)."""
        self._area = lru_cache(REMEMBERED)(regions.area)
        book = Phrasebook(words, {INSIDE: tuple(sorted(regions.inside)), OUTSIDE: tuple(sorted(regions.outside))}, plain=plain)
        sources = tuple(_source(d, book) for d in table.by_code.values() if d.source == "text" and d.kind is not Kind.INT)
        self._sources = tuple((s.fact.code, s.mask, s.zone, s) for s in sources)
        #: What is known where none of their members is found.
        self._nothing = {s.fact.code: NOTHING if s.fact.kind is Kind.SET else False for s in sources
                         if s.fact.kind is not Kind.CHOICE}
        presumptions = tuple(
            Presumed(p, book, single=table.by_label.get(p.klass, _NO_FACT).kind is Kind.CHOICE) for p in words.presumptions)
        asides = tuple((book.mask((klass,)), book.mask(tags)) for klass, tags in words.asides.items() if tags)
        self._inside, self._outside = book.mask((INSIDE,)), book.mask((OUTSIDE,))
        self._signals = {s: book.mask((s, SIGNALS)) for s in ("十人以上", "多人", "多年")}
        #: Bits beyond all that phrases mean.
        self._counted = {"people": 1 << len(book.bit), "years": 2 << len(book.bit)}
        premium, other = book.mask(label for label in TOPICS if label not in BESIDE), book.mask((DOMAIN,))
        self._had, self._insurance = book.mask((HAD,)), book.mask(INSURANCES)
        self._umbrella = book.mask((UMBRELLA,))
        self._single = book.mask(OF_UMBRELLA)
        self._limits = {
            "people": (("十人以上", _number(settings, "group_people")), ("多人", _number(settings, "review_people"))),
            "years": (("多年", _number(settings, "many_years")),),
        }
        asked = 0
        for p in presumptions:
            asked |= p.asked
        # What leads on: to evidence, and to what sentences are about.
        shown = self._inside | self._outside | self._had
        for source in sources:
            shown |= source.mask
        self._bits = Bits(shown | self._counted["people"] | self._counted["years"])
        about = premium | other | self._insurance | self._umbrella | self._single
        for p in reversed(presumptions):
            p.shown, p.about = bool(p.result & shown), bool(p.result & about)
            shown |= p.met if p.shown else 0
            about |= p.met if p.about else 0
        reader = Reader(Clauses(words, book, shown, asked), presumptions, asides, premium, other)
        self._read = (None if plain else compiled(reader)) or reader.read

    def __call__(self, ticket: Ticket) -> Facts:
        """Read one ticket."""
        values: dict[str, FactValue] = {}
        held: dict[str, int] = {}
        found, zones = self._read_into(ticket, values, held)
        values.update(self._nothing)
        for code, mask, zone, source in self._sources:
            if bits := zones[zone] & mask:
                values[code], said = source[bits]
                held.update(said)
        self._given(ticket, found, values, held)
        return Facts(values, Evidence(ticket.text, found.tokens, self._bits, held))

    def rows(self, packing: Packing) -> Callable[[Ticket | Told], Row]:
        """Return what reads a ticket into a row at once: its facts as ``packing`` would pack them, without where they stand."""
        empty = packing.bits(self._nothing)
        choices = [row for row in self._sources if row[3].fact.kind is Kind.CHOICE]
        packed_by = [(mask, zone, _Packed(source, packing, self._nothing[code]))
                     for code, mask, zone, source in self._sources if code in self._nothing]

        def row(ticket: Ticket | Told) -> Row:
            values: dict[str, FactValue] = {}
            held: dict[str, int] = {}
            found, zones = self._read_into(ticket, values, held)
            packed = empty
            for mask, zone, changes in packed_by:
                if bits := zones[zone] & mask:
                    packed ^= changes[bits]
            for code, mask, zone, source in choices:
                if bits := zones[zone] & mask:
                    values[code] = source[bits][0]
            self._given(ticket, found, values, held)
            return packing.row(packed ^ packing.bits(values))

        return row

    def _read_into(
        self, ticket: Ticket | Told, values: dict[str, FactValue], held: dict[str, int]
    ) -> tuple[Reading, tuple[int, ...]]:
        """Read a text: what it says, the bits of each zone, and as ``values`` all that is no phrase."""
        text = fold(ticket.text)
        found = self._read(text, head_end(text, len(ticket.title)), titles_in(text))
        values["has_phone"], values["has_name"] = bool(ticket.caller_phone), bool(ticket.caller_name)
        values["is_repeat"] = bool(ticket.repeat_of)
        premium = values["premium_sentences"] = found.about_premium
        values["premium_share"] = 100 * premium // (premium + found.about_other or 1)
        self._numbers(text, found, values, held)
        if found.everywhere & self._had:
            found.premium &= ~self._only_had(found.premium, found.tokens())
        found.premium &= ~self._beside_umbrella(found.premium, found.head)
        # An insurance named in passing elsewhere is not the one disputed.
        insured = found.premium if found.premium & self._insurance else found.everywhere
        return found, (found.everywhere, found.head, found.demand, found.doubtful, insured)

    def _only_had(self, premium: int, tokens: Sequence[Token]) -> int:
        """Return the insurances that the payer has already, and only that: 在外省已买养老保险，是否还要参加新农合."""
        had = [token for token in tokens if token[2] & self._had]
        disputed = 0
        for start, end, bits in tokens:
            if bits & self._insurance and not any(s <= start and end <= e for s, e, _ in had):
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

    def _numbers(self, text: str, found: Reading, values: dict[str, FactValue], held: dict[str, int]) -> None:
        for code, counted in (("people", [*people(text)]), ("years", [*stretches_of_years(text)])):
            if not counted:
                continue
            most = max(counted, key=_value)
            values[code] = most.value
            said = held[code] = self._counted[code]
            for signal, limit in self._limits[code]:
                if most.value >= limit:
                    found.everywhere |= self._signals[signal]
                    said |= self._signals[signal]
                    break  # ten people are not also 多人
            found.counted.append((most.start, most.end, said))

    def _given(self, ticket: Ticket | Told, found: Reading, values: dict[str, FactValue], held: dict[str, int]) -> None:
        """What the host's own fields say goes before what the text lets us presume."""
        if ticket.ticket_type:
            values["ticket_type"] = _type_named(ticket.ticket_type) or values.get("ticket_type", "")
        area = self._area(ticket.area) if ticket.area else None
        if area is None:
            if found.everywhere & self._inside:
                area, held["area"] = INSIDE, self._inside
            elif found.everywhere & self._outside and (
                # A neighbour county named once in passing moves nothing, and a short message is all head.
                (found.head & self._outside and (ticket.title or len(ticket.content) > SHORT))
                or len({token[:2] for token in found.tokens() if token[2] & self._outside}) > 1
            ):
                area, held["area"] = OUTSIDE, self._outside
        if area:
            values["area"] = area


_value = attrgetter("value")
_NO_FACT = FactDef("", "", Kind.BOOL, "")


@lru_cache(REMEMBERED)
def _type_named(given: str) -> str:
    """Return the type that a host's word names first; empty: none."""
    named = [(given.find(word), code) for label, code in TICKET_TYPES.items() for word in (label, code)]
    return min((n for n in named if n[0] >= 0), default=(0, ""))[1]


def _source(fact: FactDef, book: Phrasebook) -> _Source:
    """标题主题 is the members of 主题 in the head; a 是否 fact is the clue of its own name."""
    prefix = next((z for z in (Zone.HEAD, Zone.DEMAND) if fact.label.startswith(z.value)), Zone.ALL)
    zone = {DOUBTFUL: 3, INSURANCE: 4}.get(fact.label, _ZONES.index(prefix))
    if fact.kind is Kind.BOOL:
        members: tuple[tuple[int, str], ...] = ((book.mask((fact.label.removeprefix(prefix.value),)), ""),)
    else:
        members = tuple((bit, code) for label, code in fact.values.items() if (bit := book.mask((label,))))
    return _Source(fact, zone, members)


def _number(settings: Mapping[str, Setting], key: str) -> int:
    value = settings[key].value if key in settings else 0
    return value if isinstance(value, int) and value > 0 else 10**9
