"""Text to facts: what the clauses of a ticket say, what that lets us presume, numbers and places — each with its offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING

from hsdispute_plugin.model import Facts, FactValue, PastTicket, Ticket
from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.rules.clauses import SHORT, Clauses, Reading, head_end, titles_in
from hsdispute_plugin.rules.evidence import Bits, Evidence
from hsdispute_plugin.rules.facts import INSURANCE as INSURANCES
from hsdispute_plugin.rules.facts import TICKET_TYPES, TOPICS, FactDef, FactTable, Kind
from hsdispute_plugin.rules.lexicon import Words, Zone
from hsdispute_plugin.rules.numbers import Quantity, people, stretches_of_years
from hsdispute_plugin.rules.phrasebook import Phrasebook, Token
from hsdispute_plugin.rules.presumed import Presumed
from hsdispute_plugin.rules.reading import Reader, compiled
from hsdispute_plugin.rules.regions import INSIDE, OUTSIDE, Regions
from hsdispute_plugin.rules.rulebook import Setting

if TYPE_CHECKING:
    from hsdispute_plugin.rules.replay_packing import Packing, Row

REMEMBERED = 1_000  # sets of members of one fact kept ready, and what a host gives; messages repeat few
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
        self._compiled = None if plain else compiled(reader)
        self._read = (self._compiled or reader).read

    def __call__(self, ticket: Ticket | PastTicket) -> Facts:
        """Read one ticket."""
        original = ticket.text
        text = fold(original)
        found = self._read(text, head_end(text, len(ticket.title)), titles_in(text))
        values = self._told(ticket)
        held: dict[str, int] = {}
        premium = values["premium_sentences"] = found.about_premium
        values["premium_share"] = 100 * premium // (premium + found.about_other or 1)
        for code, most, signals in self._numbers(text):
            values[code], held[code] = most.value, self._counted[code]
            found.everywhere |= signals
            found.counted.append((most.start, most.end, self._counted[code] | signals))
        if found.everywhere & self._had:
            found.premium &= ~self._only_had(found.premium, found.tokens())
        found.premium &= ~self._beside_umbrella(found.premium, found.head)
        # An insurance named in passing elsewhere is not the one disputed.
        insured = found.premium if found.premium & self._insurance else found.everywhere
        zones = (found.everywhere, found.head, found.demand, found.doubtful, insured)
        values.update(self._nothing)
        for code, mask, zone, source in self._sources:
            if bits := zones[zone] & mask:
                values[code], said = source[bits]
                held.update(said)
        self._given(ticket, found, values, held)
        return Facts(values, Evidence(original, found.tokens, self._bits, held))

    def rows(self, packing: Packing) -> Callable[[Ticket | PastTicket], Row]:
        """Return what reads a ticket into the row that ``packing`` makes of its facts: at once where it is compiled."""

        def plainly(ticket: Ticket | PastTicket) -> Row:
            return packing.pack(self(ticket).values)

        compiled = self._compiled
        if compiled is None:
            return plainly
        masks = (self._had, self._inside, self._outside, self._insurance, self._umbrella, self._single)
        places = (packing.size, *(packing.offsets[code] for code in ("premium_sentences", "premium_share", "area")),
                  *(byte for area in (INSIDE, OUTSIDE) for _, byte in self._changes(packing, "area", area)))
        read = compiled.rows(masks, self._marks(packing), places)
        numbers_of = self._numbers

        @lru_cache(REMEMBERED)
        def begun(known: tuple[tuple[str, FactValue], ...]) -> Row:
            return packing.pack({**self._nothing, **dict(known)})

        laid = lru_cache(REMEMBERED)(compiled.laid)

        def row(ticket: Ticket | PastTicket) -> Row:
            text = fold(ticket.text)
            values, signals = self._told(ticket), 0
            for code, most, said in numbers_of(text):
                values[code] = most.value
                signals |= said
            if ticket.ticket_type:
                if not (named := _type_named(ticket.ticket_type)):
                    return plainly(ticket)  # the text says it, if it does
                values["ticket_type"] = named
            if ticket.area and (area := self._area(ticket.area)):
                values["area"] = area
            made = read(text, head_end(text, len(ticket.title)), titles_in(text), _has_head(ticket),
                        begun(tuple(values.items())), laid(signals) if signals else b"")
            return plainly(ticket) if made is None else made

        return row

    def _marks(self, packing: Packing) -> list[tuple[int, int, int, int, bool]]:
        """How each member of each source changes the row of a text in which nothing else is found."""
        marks = []
        for code, _, zone, source in self._sources:
            one = code not in self._nothing
            for bit, member in source.members:
                value = member if one else frozenset((member,)) if source.fact.kind is Kind.SET else True
                marks += [(bit, zone, *change, one) for change in self._changes(packing, code, value)]
        return marks

    def _changes(self, packing: Packing, code: str, value: FactValue) -> Iterator[tuple[int, int]]:
        """Yield the bytes of a row that one value changes, each with how (``^``)."""
        bits = packing.bits({code: value}) ^ packing.bits({code: self._nothing[code]} if code in self._nothing else {})
        return ((place, byte) for place, byte in enumerate(bits.to_bytes(packing.size, "little")) if byte)

    def _told(self, ticket: Ticket | PastTicket) -> dict[str, FactValue]:
        return {"has_phone": bool(ticket.caller_phone), "has_name": bool(ticket.caller_name), "is_repeat": bool(ticket.repeat_of)}

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

    def _numbers(self, text: str) -> Iterator[tuple[str, Quantity, int]]:
        """Yield the fact, the greatest number told of it, and the bits of signals that it gives."""
        for code, counted in (("people", [*people(text)]), ("years", [*stretches_of_years(text)])):
            if counted:
                most = max(counted, key=_value)
                # Ten people are not also 多人.
                yield code, most, next((self._signals[signal] for signal, limit in self._limits[code] if most.value >= limit), 0)

    def _given(self, ticket: Ticket | PastTicket, found: Reading, values: dict[str, FactValue], held: dict[str, int]) -> None:
        """What the host's own fields say goes before what the text lets us presume."""
        if ticket.ticket_type:
            values["ticket_type"] = _type_named(ticket.ticket_type) or values.get("ticket_type", "")
        area = self._area(ticket.area) if ticket.area else None
        if area is None:
            if found.everywhere & self._inside:
                area, held["area"] = INSIDE, self._inside
            elif found.everywhere & self._outside and (
                # A neighbour county named once in passing moves nothing.
                (found.head & self._outside and _has_head(ticket))
                or len({token[:2] for token in found.tokens() if token[2] & self._outside}) > 1
            ):
                area, held["area"] = OUTSIDE, self._outside
        if area:
            values["area"] = area


_value = attrgetter("value")
_NO_FACT = FactDef("", "", Kind.BOOL, "")


def _has_head(ticket: Ticket | PastTicket) -> bool:
    """Tell whether the head is less than all: a short message is all head."""
    return bool(ticket.title) or len(ticket.content) > SHORT


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
