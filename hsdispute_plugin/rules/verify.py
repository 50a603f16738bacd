"""What is wrong with rules that each look right: proved for all tickets, and shown by one.

Dead and shadowed rules, orders that decide, conflicts, gaps and units that nobody reaches; ``county_limits`` adds county
periods beyond the law and the list of unconfirmed numbers. Sound and complete over the facts of ``chain``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import combinations

from hsdispute_plugin.rules.chain import Chain, Entry
from hsdispute_plugin.rules.circuit import FALSE
from hsdispute_plugin.rules.county_limits import late, miscited, place, unconfirmed, unwatched
from hsdispute_plugin.rules.finding import Finding, Flaw, Severity
from hsdispute_plugin.rules.rulebook import FAMILIES, Hit, RuleSource, rules_in_force
from hsdispute_plugin.rules.schema import days_of_change
from hsdispute_plugin.rules.witness import Search, in_words, value_in_words


def verify(source: RuleSource, from_day: date | None = None) -> tuple[Finding, ...]:
    """Return all findings, errors first, for every set of rules in force on ``from_day`` or later (``None``: ever).

    Pure and repeatable: the same source gives the same findings with the same examples.
    """
    found: dict[tuple[Flaw, tuple[str, ...], str], Finding] = {}
    reached: set[str] = set()
    for day in _days(source, from_day):
        room = _Room(Chain(source, day))
        for finding in (*room.dead(), *room.shadowed(), *room.overlaps(), *room.conflicts(), *room.gaps()):
            found.setdefault((finding.flaw, finding.rules, finding.what), finding)
        reached.update(unit for unit in source.units if unit not in reached and room.reaches(unit))
    others = [*_unreached(source, reached), *late(source, from_day), *unwatched(source), *miscited(source), *unconfirmed(source)]
    order = list(Severity)
    return tuple(sorted([*found.values(), *others], key=lambda f: order.index(f.severity)))


def _days(source: RuleSource, from_day: date | None) -> Iterator[date]:
    seen: set[tuple[frozenset[int], ...]] = set()
    changes = days_of_change(source)
    for day in changes if from_day is None else (from_day, *(d for d in changes if d > from_day)):
        kept = tuple(rules_in_force(f.rules, day) for f in source.families)
        if any(kept) and kept not in seen:
            seen.add(kept)
            yield day


@dataclass(frozen=True, slots=True)
class _Gap:
    """What no ticket should meet: the literal of it, the family that should mend it, the sentence."""

    literal: int
    family: str
    what: str
    what_en: str


class _Room:
    """The checks of one day's rules."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._table = chain.source.table
        self._gaps = list(self._asked())  # grows the circuit, so before the search
        self._search = Search(chain)

    def dead(self) -> Iterator[Finding]:
        """Yield the rules whose condition no ticket satisfies."""
        for entry in self._chain.entries:
            if self._search.possible(entry.holds):
                continue
            never = [f"“{self._table.by_code[leaf.fact].label} {value_in_words(leaf.fact, leaf.value, self._table)}”"
                     for leaf, literal in entry.leaves if not self._search.possible(literal)]
            because = f"，没有工单能满足其中的 {'、'.join(never)}" if never else "，各部分不能同时成立"
            yield Finding(
                Flaw.DEAD, Severity.ERROR, (entry.rule.where,), (entry.rule.id,),
                f"规则{_name(entry)}的条件永不成立{because}", "the condition can never hold",
                "请改正条件，或让前面的规则族给出它要的结论；不再需要就写上废止日期", since=self._chain.day,
            )

    def shadowed(self) -> Iterator[Finding]:
        """Yield the rules of 首条 families that hold for some tickets but always after another that gives the same."""
        for n, entry in enumerate(self._chain.entries):
            if entry.family.hit is not Hit.FIRST or not self._search.possible(entry.holds):
                continue
            never = [code for code, gives in entry.gives.items() if not self._search.possible(gives)]
            if not never:
                continue
            before = [e for e in self._chain.entries[:n] if e.family is entry.family
                      and not e.rule.outcome.keys().isdisjoint(never) and self._search.possible(entry.holds, e.holds)]
            holding = self._search.holding(self._search.example(entry.holds))
            part = "" if len(never) == len(entry.gives) else f"的结论 “{'、'.join(self._table.by_code[c].label for c in never)}” "
            net = self._is_net(entry, before)
            yield self._shown(
                Flaw.SHADOWED, Severity.NOTE if net else Severity.ERROR, [entry, *(e for e in before if e.holds in holding)],
                f"规则{_name(entry)}{part}永远轮不到，前面的规则总是先给出结论", "an earlier rule always concludes first",
                "这是兜底规则，留着无妨" if net else "请把它移到前面、缩小前面规则的条件，或写上废止日期", entry.holds,
            )

    def _is_net(self, entry: Entry, before: list[Entry]) -> bool:
        """Tell whether a rule is what is left after special cases that, together only, happen to be all cases."""
        return all(not self._search.possible(e.holds, -entry.holds) and self._search.possible(entry.holds, -e.holds)
                   for e in before)

    def overlaps(self) -> Iterator[Finding]:
        """Yield pairs of a 首条 family of which neither is an exception to the other and whose order decides."""
        for family in self._chain.source.families:
            if family.hit is Hit.FIRST:  # two rules that can both hold mostly do for what each needs, put together
                shown = [self._search.example(e.holds) for e in self._chain.entries
                         if e.family is family and self._search.possible(e.holds)]
                self._search.suggest([a | b for a, b in combinations(shown, 2)])
        for first, second, codes in self._differing(Hit.FIRST):
            ordered = [code for code in codes if self._search.possible(first.gives[code], second.holds)]
            if not ordered or not self._search.possible(first.holds, -second.holds) \
                    or not self._search.possible(second.holds, -first.holds):
                continue
            literals = (first.gives[ordered[0]], second.holds)
            yield self._shown(
                Flaw.OVERLAP, Severity.NOTE, [first, second],
                f"规则{_name(first)}和{_name(second)}可同时成立，按次序{self._either(first, second, ordered, '定为', '而不是')}",
                "both can hold; their order decides", "请确认次序是有意的；不是就调整次序或条件", *literals,
            )

    def conflicts(self) -> Iterator[Finding]:
        """Yield pairs of a 全收 family that can both hold and give different answers where only one is possible."""
        for first, second, codes in self._differing(Hit.ALL):
            literals = (first.holds, second.holds)
            scalars = [code for code in codes if not isinstance(first.rule.outcome[code], frozenset)]
            if not scalars or not self._search.possible(*literals):
                continue
            yield self._shown(
                Flaw.CONFLICT, Severity.ERROR, [first, second],
                f"规则{_name(first)}和{_name(second)}可同时成立，却{self._either(first, second, scalars, '一个是', '一个是')}",
                "both can hold and conclude differently",
                "请让两条规则的条件互不重叠，或把本族改为 命中: 首条", *literals,
            )

    def gaps(self) -> Iterator[Finding]:
        """Yield what a ticket of this mechanism can be left without."""
        for gap in self._gaps:
            if not self._search.possible(gap.literal):
                continue
            rules = next((f.rules for f in self._chain.source.families if f.code == gap.family), ())
            where = rules[0].where.rpartition(":")[0] if rules else place(self._chain.source, f"rules/{gap.family}.yaml")
            yield self._shown(
                Flaw.GAP, Severity.ERROR, [], f"有的工单{gap.what}", f"some tickets get {gap.what_en}",
                f"请在规则族 “{FAMILIES[gap.family][0]}” 补一条规则，或在最后写一条 条件: 总是 的兜底规则",
                gap.literal, where=where,
            )

    def reaches(self, unit: str) -> bool:
        """Tell whether some ticket makes a rule name the unit."""
        literals = (self._chain.values[code].get(unit, FALSE) for code in ("units", "lead_candidates", "lead"))
        return any(self._search.possible(x) for x in literals)

    def _asked(self) -> Iterator[_Gap]:
        chain, every, some = self._chain, self._chain.circuit.every, self._chain.circuit.some
        scope, lead, units = (chain.values[code] for code in ("scope", "lead", "units"))
        ours = some(scope.get(s, FALSE) for s in ("in", "boundary"))
        yield _Gap(-chain.known("scope"), "scope", "没有 “受理范围” 的结论", "no scope")
        led = some(x for unit, x in lead.items() if unit != "none")
        yield _Gap(every([ours, -led]), "triage", "属于本机制，却没有主办单位", "no lead")
        for fact, family, what_en in (("units", "duty", "no units"), ("track", "triage", "no track"),
                                      ("matter", "triage", "no class"), ("deadlines", "deadline", "no deadline")):
            what = f"属于本机制，却没有 “{self._table.by_code[fact].label}” 的结论"
            yield _Gap(every([ours, -chain.known(fact)]), family, what, what_en)
        for unit, x in lead.items():
            if unit in chain.source.units:
                what = f"由 “{chain.source.units[str(unit)].short}” 主办，“涉及单位” 里却没有它"
                yield _Gap(every([ours, x, -units.get(unit, FALSE)]), "duty", what, "a lead that is not among the units")

    def _differing(self, hit: Hit) -> Iterator[tuple[Entry, Entry, list[str]]]:
        for first, second in combinations(self._chain.entries, 2):
            if first.family is second.family and first.family.hit is hit:
                codes = [c for c, value in first.rule.outcome.items() if second.rule.outcome.get(c, value) != value]
                if codes:
                    yield first, second, codes

    def _either(self, first: Entry, second: Entry, codes: list[str], one: str, other: str) -> str:
        return "；".join(
            f"“{self._table.by_code[c].label}” {one} “{value_in_words(c, first.rule.outcome[c], self._table)}”，"
            f"{other} “{value_in_words(c, second.rule.outcome[c], self._table)}”" for c in codes
        )

    def _shown(
        self, flaw: Flaw, severity: Severity, entries: list[Entry], what: str, what_en: str, mend: str,
        *literals: int, where: str = "",
    ) -> Finding:
        facts = self._chain.facts(self._search.example(*literals))
        places = (where,) if where else tuple(e.rule.where for e in entries)
        return Finding(flaw, severity, places, tuple(e.rule.id for e in entries), what, what_en, mend, facts,
                       in_words(facts, self._table), self._chain.day, partial(self._chain.shows, literals))


def _name(entry: Entry) -> str:
    return f"“{entry.rule.name}”（{entry.rule.id}）"


def _unreached(source: RuleSource, reached: set[str]) -> Iterator[Finding]:
    for code, unit in source.units.items():
        if code not in reached and unit.by_rules:
            yield Finding(
                Flaw.UNREACHED, Severity.WARNING, (place(source, "units.yaml"),), (),
                f"没有哪条成立得了的规则会用到 “{unit.short}”（{code}）",
                "no reachable rule names this unit",
                "请在职责认定里补一条规则；本来就不由规则派单的，在 units.yaml 那一行写 派单: 否",
            )
