"""Random rules, facts and families, a million pairs a second or two: the same for the same seed."""

from datetime import date
from random import Random

from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op
from hsdispute_plugin.rules.condition_reader import facts_before
from hsdispute_plugin.rules.facts import BUILT_IN, FactDef, FactTable, Kind
from hsdispute_plugin.rules.rulebook import FAMILIES, Family, Hit, Rule

SINCE = date(2025, 10, 27)
#: More members than one word of 64 bits holds, and every kind of fact that a plugin may leave out.
PLUGIN = (
    FactDef("多", "plenty", Kind.SET, "七十个成员", "plugin", values={f"第{n}": f"m{n}" for n in range(70)}, optional=True),
    FactDef("风险级别", "risk_level", Kind.CHOICE, "有中文取值", "plugin", values={"一般": "一般", "引号": '"\\'}, optional=True),
    FactDef("可疑", "odd", Kind.BOOL, "可缺", "plugin", optional=True),
    FactDef("金额", "amount", Kind.INT, "可能很大", "plugin", optional=True),
)
TABLE = FactTable((*BUILT_IN, *PLUGIN))
NUMBERS = (-1_000_000_000, -1, 0, 1, 2, 3, 5, 10, 300, 999_999_999, 1_000_000_000)
_OF_NUMBERS = (Op.EQ, Op.NE, Op.GE, Op.LE, Op.GT, Op.LT, Op.IN, Op.NOT_IN)


def leaf(facts: tuple[FactDef, ...], dice: Random) -> Leaf:
    fact = dice.choice(facts)
    values = [*dict.fromkeys(fact.values.values()), "没有的"]
    if fact.kind is Kind.SET:
        return Leaf(fact.code, Op.HAS_ANY, tuple(dice.sample(values, dice.randint(1, min(4, len(values))))))
    if fact.kind is Kind.BOOL:
        return Leaf(fact.code, dice.choice((Op.EQ, Op.NE)), dice.random() < 0.5)
    op = dice.choice(_OF_NUMBERS if fact.kind is Kind.INT else (Op.EQ, Op.NE, Op.IN, Op.NOT_IN))
    values = [dice.choice(NUMBERS), dice.randint(-2, 12)] if fact.kind is Kind.INT else values
    if op in (Op.IN, Op.NOT_IN):
        return Leaf(fact.code, op, tuple(dice.sample(list(dict.fromkeys(values)), 1)))
    return Leaf(fact.code, op, dice.choice(values))


def condition(facts: tuple[FactDef, ...], dice: Random, depth: int = 3) -> Condition:
    if depth == 0 or dice.random() < 0.3:
        return leaf(facts, dice)
    least = 0 if depth == 3 else 1
    parts = tuple(condition(facts, dice, depth - 1) for _ in range(dice.randint(least, 3)))
    return dice.choice((All, All, AnyOf, NoneOf))(parts)


def of_tickets(table: FactTable = TABLE) -> tuple[FactDef, ...]:
    """Facts that stand before any family has spoken."""
    return tuple(d for d in table.by_code.values() if d.source != "family"
                 and (not d.counts or table.by_code[d.counts].source != "family"))


def facts(dice: Random, table: FactTable = TABLE) -> dict:
    values: dict = {}
    for fact in of_tickets(table):
        codes = list(dict.fromkeys(fact.values.values()))
        if fact.counts or (fact.optional and dice.random() < 0.4):
            continue
        if fact.kind is Kind.SET:
            values[fact.code] = frozenset(dice.sample(codes, min(len(codes), dice.randint(0, 4))))
        elif fact.kind is Kind.BOOL:
            values[fact.code] = dice.random() < 0.5
        elif fact.kind is Kind.CHOICE:
            values[fact.code] = dice.choice([*codes, ""])
        else:
            values[fact.code] = dice.choice([*NUMBERS, dice.randint(-2, 12), 2**31, -(2**40), 2**70])
    return values


def counted(values: dict, table: FactTable = TABLE) -> dict:
    """The facts with the count of each set, as ``Rulebook`` gives them to an engine."""
    return {**{d.counts: frozenset() for d in table.by_code.values() if d.counts}, **values,
            **{d.code: len(values.get(d.counts, ())) for d in table.by_code.values() if d.counts}}


def rules(count: int, dice: Random, table: FactTable = TABLE) -> list[Rule]:
    known = of_tickets(table)
    return [Rule(f"random.r{n}", "", "", SINCE, condition(known, dice), {}, "因为") for n in range(count)]


def families(per_family: int, dice: Random, table: FactTable) -> tuple[Family, ...]:
    """Six families whose rules ask for anything concluded before and conclude anything their family may."""
    made = []
    for code, (_, concludes) in FAMILIES.items():
        known = facts_before(code, table)
        own = []
        for n in range(per_family):
            outcome: dict = {}
            for fact in dice.sample(concludes, dice.randint(1, len(concludes))):
                d = table.by_code[fact]
                codes = list(dict.fromkeys(d.values.values()))
                outcome[fact] = (dice.random() < 0.5 if d.kind is Kind.BOOL else dice.choice(codes) if d.kind is Kind.CHOICE
                                 else frozenset(dice.sample(codes, dice.randint(1, min(3, len(codes))))))
            until = date(2027, 1, 1) if dice.random() < 0.1 else None
            since = date(2027, 1, 1) if dice.random() < 0.1 else SINCE
            own.append(Rule(f"{code}.r{n}", f"第{n}条", "县", since, condition(known, dice, 2), outcome, "因为",
                            until if until != since else None))
        made.append(Family(code, dice.choice((Hit.FIRST, Hit.ALL)), tuple(own)))
    return tuple(made)
