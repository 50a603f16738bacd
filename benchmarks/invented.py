"""Invented tickets, rules and facts, all different, the same for the same seed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from hsdispute_plugin.model import SHANGHAI, FactValue, Ticket
from hsdispute_plugin.rules.condition import All, AnyOf, Condition, Leaf, NoneOf, Op
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.rulebook import Rule, RuleSource

ASKED = ("insurance", "topics", "signals", "domains", "people", "years", "ticket_type", "area", "has_phone", "is_repeat")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)

PLACES = ("西华池镇", "老城镇", "太白镇", "板桥镇", "何家畔镇", "吉岘镇", "固城镇", "店子乡", "县城", "庆城县")
EMPLOYERS = ("某饭店", "砖厂", "建筑公司", "民办幼儿园", "物业公司", "农机厂", "货运公司", "乡镇卫生院", "超市", "纺织厂")
OPENINGS = (
    "我在{place}{employer}上班{years}年。", "我是{place}群众，之前在{employer}干活。",
    "我们{people}名职工都在{place}{employer}工作。",
    "{place}{employer}的事情反映过两次了。", "家里老人参加的是城乡居民养老保险，住在{place}。", "本人灵活就业，户口在{place}。",
)
MIDDLES = (
    "单位从来没有给我交过社保。", "工资条上每个月都扣了养老保险个人部分，去查发现单位没交。",
    "职工医保断缴了{months}个月，看病报不了。",
    "缴费基数报得比实际工资低很多。", "手机上交居民医保时扣款两次，钱一直没退。", "单位改制时欠缴的养老保险至今没有补。",
    "离职以后单位不给办减员，新单位没法参保。", "税务说找人社，人社说找税务，来回推了{months}次。",
    "催缴通知上的滞纳金有{money}元，不知道怎么算的。",
    "老板让我签了自愿放弃社保的协议。", "查询缴费记录，{year}年少了{months}个月。", "生育津贴因为单位欠费领不到。",
    "工伤保险费率突然涨了，没有人解释。", "在外省交的养老保险想转回来。", "公司注销了，欠的社保没有人管。",
)
CLOSINGS = (
    "请问应该找哪个部门？", "要求补缴并给书面答复。", "希望尽快退还多交的费用。",
    "请税务局依法查处。", "大家联名要求解决，不然就去上访。",
    "想了解{year}年的缴费标准。", "麻烦开具缴费证明。", "再没有人管就发到抖音上。",
    "请核实后给我回电话。", "要求按实际工资重新核定基数。",
)


def tickets(count: int, seed: int = 1) -> Iterator[Ticket]:
    """Yield tickets of three to six sentences."""
    rng = Random(seed)
    for n in range(count):
        words = {
            "place": rng.choice(PLACES), "employer": rng.choice(EMPLOYERS), "years": rng.randint(1, 30),
            "people": rng.randint(2, 60),
            "months": rng.randint(1, 24), "money": rng.randint(100, 90_000), "year": rng.randint(2001, 2026),
        }
        middles = rng.sample(MIDDLES, rng.randint(1, 4))
        text = "".join((rng.choice(OPENINGS), *middles, rng.choice(CLOSINGS))).format(**words)
        yield Ticket(ticket_no=f"B{seed}-{n}", title=(words["place"] + middles[0].format(**words))[:20], content=text,
                     received_at=NOW - timedelta(minutes=rng.randint(0, 10_000)), caller_phone="13800000000")


def conditions(facts: tuple[FactDef, ...], rng: Random) -> Condition:
    """Make a condition such as the shipped rules have: two or three comparisons, now and then 均不 and 任一 below them."""
    parts: list[Condition] = [_leaf(rng.choice(facts), rng) for _ in range(rng.randint(2, 3))]
    if rng.random() < 0.3:
        parts.append(NoneOf((_leaf(rng.choice(facts), rng),)))
    if rng.random() < 0.2:
        parts.append(AnyOf((_leaf(rng.choice(facts), rng), _leaf(rng.choice(facts), rng))))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _leaf(fact: FactDef, rng: Random) -> Leaf:
    values = list(fact.values.values())
    match fact.kind:
        case Kind.SET:
            return Leaf(fact.code, Op.HAS_ANY, tuple(rng.sample(values, rng.randint(1, 3))))
        case Kind.CHOICE:
            return Leaf(fact.code, Op.EQ if rng.random() < 0.8 else Op.NE, rng.choice(values))
        case Kind.BOOL:
            return Leaf(fact.code, Op.EQ, rng.random() < 0.5)
        case Kind.INT:
            return Leaf(fact.code, Op.GE if rng.random() < 0.8 else Op.LT, rng.randint(2, 30))


def asked_for(table: FactTable) -> tuple[FactDef, ...]:
    """Return the facts that invented rules ask for: a fixed choice, so that figures can be compared over the years."""
    return tuple(table.by_code[code] for code in ASKED)


def rules(count: int, table: FactTable, seed: int = 1) -> list[Rule]:
    """Make a family of rules."""
    rng = Random(seed)
    facts = asked_for(table)
    return [Rule(f"bench.r{n}", "", "", date(2025, 10, 27), conditions(facts, rng), {}, "") for n in range(count)]


def facts(count: int, table: FactTable, seed: int = 1) -> list[dict[str, FactValue]]:
    """Make the facts of tickets: a few members of each set, three in four of the facts that may be missing."""
    rng = Random(seed)
    return [{d.code: _value(d, rng) for d in asked_for(table) if not d.optional or rng.random() < 0.75} for _ in range(count)]


def _value(fact: FactDef, rng: Random) -> FactValue:
    values = list(fact.values.values())
    match fact.kind:
        case Kind.SET:
            return frozenset(rng.sample(values, rng.randint(0, 3)))
        case Kind.CHOICE:
            return rng.choice(values)
        case Kind.BOOL:
            return rng.random() < 0.5
        case Kind.INT:
            return int(rng.expovariate(0.2))


def enlarged(source: RuleSource, count: int, seed: int = 1) -> RuleSource:
    """Add rules to the families of a source, in proportion, until there are ``count``; each concludes what one before it does."""
    rng = Random(seed)
    facts = asked_for(source.table)
    families = list(source.families)
    total = sum(len(f.rules) for f in families)
    grown = []
    for family in families:
        wanted = max(len(family.rules), round(count * len(family.rules) / total))
        more = tuple(
            replace(rng.choice(family.rules), id=f"{family.code}.more{n}", condition=conditions(facts, rng))
            for n in range(wanted - len(family.rules))
        )
        grown.append(replace(family, rules=(*family.rules, *more)))
    return replace(source, families=tuple(grown))
