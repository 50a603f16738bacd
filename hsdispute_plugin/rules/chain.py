"""The rules in force on one day as a circuit over the facts of a ticket: the families in order, each fed by those before.

The meaning is that of ``Rulebook.decide_facts`` and ``condition.holds``: a leaf on a missing fact is false, a 首条 family
gives each conclusion once, a 全收 family unites sets and lets the earlier of two different answers win.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.circuit import FALSE, TRUE, Circuit
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op, Scalar, leaves
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.lexicon import Zone
from hsdispute_plugin.rules.rulebook import FAMILIES, Family, Hit, Rule, RuleSource, rules_in_force

#: A number read from a ticket brings a member of 情形 with it from a setting on: the first of these that it reaches.
NUMBER_SIGNALS = {"people": (("group10", "group_people"), ("several", "review_people")), "years": (("many_years", "many_years"),)}


@dataclass(slots=True)
class Entry:
    """One rule in the circuit: when its condition holds, and when it is this rule that gives each of its conclusions."""

    rule: Rule
    family: Family
    holds: int
    gives: dict[str, int]
    leaves: list[tuple[Leaf, int]]


@dataclass(slots=True)
class Numbers:
    """A whole number: whether it is known, and whether it reaches each of the sizes that rules ask about, ascending."""

    known: int
    reaches: dict[int, int]


@dataclass(slots=True)
class Chain:
    """The circuit of one day. ``values`` maps a fact to its members or choices and the literal of each.

    ``tickets_of``: a chain whose tickets these rules are asked of, too, so that both stand in one circuit; it must have
    been made with this source as its ``beside``. ``steps`` keeps, by family, what its conclusions were after it spoke.
    """

    source: RuleSource
    day: date
    beside: RuleSource | None = None
    tickets_of: Chain | None = None
    circuit: Circuit = field(default_factory=Circuit)
    values: dict[str, dict[Scalar, int]] = field(default_factory=dict)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    ticket_facts: list[FactDef] = field(default_factory=list)
    steps: dict[str, dict[str, dict[Scalar, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        families = _in_force(self.source, self.day)
        if self.tickets_of is not None:
            self._share(self.tickets_of)
        else:
            self._tickets([*families, *(_in_force(self.beside, self.day) if self.beside else ())])
        for family, rules in families:
            self._family(family, rules)
            self.steps[family.code] = {code: dict(self.values[code]) for code in FAMILIES[family.code][1]}

    def _tickets(self, families: Sequence[tuple[Family, list[Rule]]]) -> None:
        """Make the facts of tickets, as finely as the rules of these families ask."""
        asked = [leaf for _, rules in families for rule in rules for leaf in leaves(rule.condition)]
        for fact in self.source.table.by_code.values():
            if fact.source != "family" and not fact.counts:
                self._input(fact, [leaf for leaf in asked if leaf.fact == fact.code])
                self.ticket_facts.append(fact)
            elif not fact.counts:
                self.values[fact.code] = {}
        self._what_extraction_knows()

    def _share(self, other: Chain) -> None:
        """Take the tickets of another chain."""
        self.circuit, self.numbers, self.ticket_facts = other.circuit, other.numbers, other.ticket_facts
        self.values |= {fact.code: other.values[fact.code] for fact in other.ticket_facts if fact.code in other.values}
        self.values |= {fact.code: {} for fact in self.source.table.by_code.values() if fact.source == "family"}

    def known(self, fact: str) -> int:
        """Return the literal that a 单选 or 是否 fact is known, or that a 多选 has a member."""
        return self.circuit.some(self.values[fact].values())

    def _input(self, fact: FactDef, asked: Sequence[Leaf]) -> None:
        new = self.circuit.input
        constants = [v for leaf in asked for v in (leaf.value if isinstance(leaf.value, tuple) else (leaf.value,))]
        if fact.kind is Kind.INT:
            self._number(fact, [int(v) for v in constants])
        elif fact.kind is Kind.BOOL:
            true = new()
            self.values[fact.code] = {True: true, False: new() if fact.optional else -true}
            if fact.optional:
                self.circuit.clauses.append((-true, -self.values[fact.code][False]))
        else:
            codes = list(dict.fromkeys([*fact.values.values(), *constants]))
            self.values[fact.code] = {code: new() for code in codes}
            if fact.kind is Kind.CHOICE:
                literals = list(self.values[fact.code].values())
                self.circuit.clauses += [(-a, -b) for n, a in enumerate(literals) for b in literals[n + 1 :]]
                if not fact.optional and fact.values:
                    self.circuit.clauses.append(tuple(literals))

    def _number(self, fact: FactDef, constants: Sequence[int]) -> None:
        settings = [n for _, key in NUMBER_SIGNALS.get(fact.code, ()) if (n := self._setting(key))]
        sizes = sorted({size for v in (*constants, *settings) for size in (v, v + 1)})
        known = self.circuit.input() if fact.optional else TRUE
        least = 0 if not sizes or sizes[0] >= 0 else None  # numbers of tickets count something, unless rules say otherwise
        reaches: dict[int, int] = {}
        before = known
        for size in sizes:
            if least is not None and size <= least:
                reaches[size] = known
                continue
            reaches[size] = self.circuit.input()
            self._implies(reaches[size], before)
            before = reaches[size]
        self.numbers[fact.code] = Numbers(known, reaches)

    def _setting(self, key: str) -> int:
        setting = self.source.settings.get(key)
        return setting.value if setting and isinstance(setting.value, int) else 0

    def _what_extraction_knows(self) -> None:
        """Leave out tickets that extraction can never make: a demand that is not said, twelve people but no group."""
        for part, whole in zones(self.source.table):
            for member, x in self.values[part.code].items():
                self._implies(x, self.values[whole.code].get(member, FALSE))
        signals = self.values.get("signals", {})
        for code, limits in NUMBER_SIGNALS.items():
            before: list[int] = []
            for signal, key in limits if code in self.numbers else ():
                if reached := self.numbers[code].reaches.get(self._setting(key)):
                    self.circuit.clauses.append((-reached, *before, *([signals[signal]] if signal in signals else [])))
                    before.append(reached)

    def _implies(self, literal: int, other: int) -> None:
        if other != TRUE:
            self.circuit.clauses.append((-literal,) if other == FALSE else (-literal, other))

    def _family(self, family: Family, rules: Sequence[Rule]) -> None:
        holding = [self.condition(rule.condition) for rule in rules]
        taken: dict[str, list[int]] = {}
        given: dict[str, dict[Scalar, list[int]]] = {}
        for rule, holds in zip(rules, holding, strict=True):
            gives: dict[str, int] = {}
            for code, value in rule.outcome.items():
                earlier = taken.setdefault(code, [])
                united = family.hit is Hit.ALL and isinstance(value, frozenset)
                gives[code] = holds if united else self.circuit.every([holds, *(-x for x in earlier)])
                for member in value if isinstance(value, frozenset) else (value,):
                    given.setdefault(code, {}).setdefault(member, []).append(gives[code])
                earlier.append(holds)
            parts = [(leaf, self._leaf(leaf)) for leaf in leaves(rule.condition)]
            self.entries.append(Entry(rule, family, holds, gives, parts))
        for code, members in given.items():
            old, kind = self.values[code], self.source.table.by_code[code].kind
            kept = TRUE if kind is Kind.SET else -self.circuit.some(taken[code])
            self.values[code] = {
                member: self.circuit.some([*members.get(member, ()), self.circuit.every([kept, old.get(member, FALSE)])])
                for member in (*old, *(m for m in members if m not in old))
            }

    def condition(self, condition: Condition) -> int:
        """Return the literal of a condition over the facts concluded so far."""
        match condition:
            case All(parts):
                return self.circuit.every(map(self.condition, parts))
            case AnyOf(parts):
                return self.circuit.some(map(self.condition, parts))
            case NoneOf(parts):
                return self.circuit.every(-self.condition(p) for p in parts)
            case Leaf():
                return self._leaf(condition)

    def _leaf(self, leaf: Leaf) -> int:
        fact, wanted = self.source.table.by_code[leaf.fact], leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        if fact.counts or fact.kind is Kind.INT:
            known = TRUE if fact.counts else self.numbers[fact.code].known
            sizes = [int(v) for v in wanted]
            match leaf.op:
                case Op.GE:
                    return self._reaches(fact, sizes[0])
                case Op.GT:
                    return self._reaches(fact, sizes[0] + 1)
                case Op.LT:
                    return self.circuit.every([known, -self._reaches(fact, sizes[0])])
                case Op.LE:
                    return self.circuit.every([known, -self._reaches(fact, sizes[0] + 1)])
            found = self.circuit.some(
                self.circuit.every([self._reaches(fact, n), -self._reaches(fact, n + 1)]) for n in sizes)
        else:
            known = TRUE if fact.kind is Kind.SET else self.known(fact.code)
            found = self.circuit.some(self.values[fact.code].get(v, FALSE) for v in wanted)
        return self.circuit.every([known, -found]) if leaf.op in (Op.NE, Op.NOT_IN) else found

    def _reaches(self, fact: FactDef, size: int) -> int:
        if fact.counts:
            return self.circuit.at_least(size, list(self.values[fact.counts].values()))
        return self.numbers[fact.code].reaches[size]

    def facts(self, true: frozenset[int]) -> dict[str, FactValue]:
        """Return the facts of the ticket of which just these inputs are true."""
        found: dict[str, FactValue] = {}
        for fact in self.ticket_facts:
            if fact.kind is Kind.INT:
                number = self.numbers[fact.code]
                if number.known == TRUE or number.known in true:
                    found[fact.code] = _size(number, true)
                continue
            held = [value for value, x in self.values[fact.code].items() if x in true or (x < 0 and -x not in true)]
            if fact.kind is Kind.SET:
                found[fact.code] = frozenset(map(str, held))
            elif held:
                found[fact.code] = held[0]
        return found


    def shows(self, literals: Sequence[int], facts: Mapping[str, FactValue]) -> bool:
        """Tell whether all literals hold for a ticket with these facts."""
        _, gates = self.circuit.below(literals)
        bits = self.circuit.compute(dict.fromkeys(self.inputs(facts), 1), 1, gates)
        return all(bits[x] for x in literals)

    def inputs(self, facts: Mapping[str, FactValue]) -> frozenset[int]:
        """Return the inputs that are true of a ticket with these facts; the way back of ``facts``."""
        true: set[int] = set()
        for fact in self.ticket_facts:
            value = facts.get(fact.code)
            if value is None:
                continue
            if fact.kind is Kind.INT:
                number = self.numbers[fact.code]
                true |= {number.known, *(x for size, x in number.reaches.items() if int(value) >= size)}  # type: ignore[arg-type]
            else:
                members = value if isinstance(value, frozenset) else (value,)
                true |= {x for member, x in self.values[fact.code].items() if member in members}
        return frozenset(x for x in true if x > TRUE)


def _in_force(source: RuleSource, day: date) -> list[tuple[Family, list[Rule]]]:
    return [(f, [f.rules[i] for i in sorted(rules_in_force(f.rules, day))]) for f in source.families]


def zones(table: FactTable) -> Iterator[tuple[FactDef, FactDef]]:
    """Yield pairs of sets of which the first holds only members of the second: 标题主题 of 诉求主题, 诉求主题 of 主题."""
    for part in table.by_code.values():
        for zone, wider in ((Zone.HEAD, Zone.DEMAND), (Zone.HEAD, ""), (Zone.DEMAND, "")):
            whole = table.by_label.get(wider + part.label.removeprefix(zone))
            if part.label.startswith(zone) and whole is not None and part.kind is whole.kind is Kind.SET:
                yield part, whole


def _size(number: Numbers, true: frozenset[int]) -> int:
    reached = [size for size, x in number.reaches.items() if x == TRUE or x in true]
    below = min(number.reaches, default=1)
    return max(reached) if reached else 0 if below > 0 else below - 1
