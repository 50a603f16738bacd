"""How long ``verify`` takes on 300 rules: ``python -m benchmarks.verify [RULES]``."""

import random
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op
from hsdispute_plugin.rules.condition_reader import facts_before
from hsdispute_plugin.rules.facts import FactDef, Kind
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.rulebook import FAMILIES, Family, Rule, RuleSource
from hsdispute_plugin.rules.verify import verify

CONFIG = Path(__file__).parent.parent / "config"
#: Share of each family in a county's rules, as in the shipped ones.
SHARES = {"scope": 0.1, "duty": 0.3, "grounds": 0.15, "triage": 0.25, "deadline": 0.15, "escalation": 0.05}


def many_rules(shipped: RuleSource, count: int, seed: int = 1) -> RuleSource:
    """Return the shipped rules grown to ``count`` by invented ones of two to four conditions each, put before them."""
    dice = random.Random(seed)
    families = []
    for family in shipped.families:
        facts = [d for d in facts_before(family.code, shipped.table) if d.values or d.kind is not Kind.CHOICE]
        wanted = max(0, round(count * SHARES[family.code]) - len(family.rules))
        extra = tuple(_rule(dice, n, family, facts, shipped) for n in range(wanted))
        families.append(Family(family.code, family.hit, (*extra, *family.rules)))
    return replace(shipped, families=tuple(families))


def _rule(dice: random.Random, number: int, family: Family, facts: list[FactDef], shipped: RuleSource) -> Rule:
    code = dice.choice(FAMILIES[family.code][1])
    fact = shipped.table.by_code[code]
    value = dice.choice(list(dict.fromkeys(fact.values.values()))) if fact.values else True
    outcome = frozenset({value}) if fact.kind is Kind.SET else value
    condition = All(tuple(_part(dice, facts) for _ in range(dice.randint(2, 4))))
    return Rule(f"{family.code}.made-{number}", f"第{number}条", "四（二）", date(2025, 10, 27), condition, {code: outcome},
                "因为")


def _part(dice: random.Random, facts: list[FactDef]) -> Condition:
    leaf = _leaf(dice, dice.choice(facts))
    roll = dice.random()
    if roll < 0.1:
        return NoneOf((leaf,))
    return AnyOf((leaf, _leaf(dice, dice.choice(facts)))) if roll < 0.25 else leaf


def _leaf(dice: random.Random, fact: FactDef) -> Leaf:
    if fact.kind is Kind.BOOL:
        return Leaf(fact.code, Op.EQ, dice.random() < 0.5)
    if fact.kind is Kind.INT:
        return Leaf(fact.code, dice.choice([Op.GE, Op.LT, Op.EQ]), dice.randint(1, 3 if fact.counts else 50))
    codes = list(dict.fromkeys(fact.values.values()))
    some = tuple(dice.sample(codes, dice.randint(1, min(4, len(codes)))))
    return Leaf(fact.code, Op.HAS_ANY if fact.kind is Kind.SET else Op.IN, some)


def main() -> None:
    book = many_rules(load(CONFIG), int(sys.argv[1]) if len(sys.argv) > 1 else 300)
    rules = sum(len(f.rules) for f in book.families)
    began = time.process_time()
    findings = verify(book)
    print(f"{rules} rules verified in {time.process_time() - began:.1f} s of CPU")
    for flaw, count in Counter(f.flaw.name for f in findings).most_common():
        print(f"  {count:5} {flaw.lower()}")


if __name__ == "__main__":
    main()
