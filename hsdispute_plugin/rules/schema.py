"""What a rule file may say: families, rules, conditions and conclusions, checked against the fact table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import Op, leaves
from hsdispute_plugin.rules.condition_reader import read_condition, read_operand
from hsdispute_plugin.rules.county import read_county
from hsdispute_plugin.rules.facts import BUILT_IN, FactDef, FactTable, Kind
from hsdispute_plugin.rules.levels_reader import read_levels
from hsdispute_plugin.rules.lexicon import CLUES, read_words
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.regions import read_regions
from hsdispute_plugin.rules.rulebook import FAMILIES, Family, Hit, Rule, RuleSource

RULE_ID = re.compile(r"[a-z0-9]+(\.[a-z0-9]+(-[a-z0-9]+)*)+")
UNCONFIRMED = "未确认"
#: Keys of a rule file and of one rule: required, optional. ``editor_schema`` shows editors the same.
FAMILY_KEYS = (("规则族", "命中", "规则"), ("说明",))
RULE_KEYS = (("编号", "名称", "依据", "施行", "条件", "结论", "理由"), ("废止", "标记", "标记依据"))

def read_source(
    files: Mapping[str, Node], extra_facts: Sequence[FactDef], edition: str, reading: Reading
) -> RuleSource | None:
    """Make one rule source of the files of a directory (keyed ``rules/duty.yaml``); ``None`` after problems that stop it."""
    county = read_county(files, reading)
    table = FactTable((*BUILT_IN, *extra_facts, *county.facts()))
    words = read_words(files, lexicon_classes(table), reading)
    if "regions.yaml" not in files:
        reading.missing("regions.yaml")
    regions = read_regions(files.get("regions.yaml"), reading)
    families = _families(files, table, reading)
    levels = read_levels(files.get("levels.yaml"), county.deadline_names, table, reading)
    if reading.problems:
        return None
    return RuleSource(
        families=families, table=table, units=county.units, deadlines=county.deadlines, notices=county.notices,
        settings=county.settings, calendar=county.calendar, hours=county.hours, words=words, regions=regions,
        edition=edition, levels=levels,
    )


def lexicon_classes(table: FactTable) -> dict[str, Mapping[str, str] | None]:
    """Return what a lexicon file may give words for: the facts read from text, and 线索, whose tags are free."""
    texts = {d.label: d.values for d in table.by_code.values() if d.source == "text" and d.values}
    return {CLUES: None, **texts}


def _families(files: Mapping[str, Node], table: FactTable, reading: Reading) -> tuple[Family, ...]:
    labels = {label: code for code, (label, _) in FAMILIES.items()}
    found: dict[str, Family] = {}
    places: dict[str, str] = {}
    all_known = not any(name.startswith("rules/") for name in reading.unread)
    for name, node in files.items():
        if not name.startswith("rules/"):
            continue
        top = reading.mapping(node, "", *FAMILY_KEYS)
        code = reading.choice(top["规则族"], "规则族", labels, "规则族") if top else None
        if top is None or code is None:
            all_known = False
            continue
        if code in found:
            reading.note(top["规则族"].where, "规则族", f"“{FAMILIES[code][0]}” 已在 {places[code]} 写过",
                         f"family {code} is already given", "每个规则族只能有一个文件，请合并")
            continue
        hit = reading.choice(top["命中"], "命中", {h.value: h for h in Hit}, "命中方式")
        reading.text(top.get("说明"), "说明")
        rules = tuple(r for n in reading.items(top["规则"], "规则") if (r := read_rule(n, code, table, reading)))
        found[code], places[code] = Family(code, hit or Hit.ALL, rules), reading.place(name)
    for code, (label, _) in FAMILIES.items():
        if code not in found and all_known:  # a file whose family is unknown may well be the one that is missing
            reading.note(f"{reading.place('rules')}:1", "规则族", f"缺少规则族 “{label}” 的文件", f"family {code} is missing",
                         f"请在 rules/ 下补上 规则族: {label} 的文件")
    families = tuple(found[code] for code in FAMILIES if code in found)
    _same_ids(families, reading)
    return families


def _same_ids(families: Sequence[Family], reading: Reading) -> None:
    seen: dict[str, tuple[str, Rule]] = {}
    for family in families:
        for rule in family.rules:
            code, other = seen.setdefault(rule.id, (family.code, rule))
            if other is rule:
                continue
            if code != family.code:
                reading.note(rule.where, f"规则 {rule.id}", f"编号 “{rule.id}” 已在 {other.where} 用过",
                             f"rule id {rule.id!r} is already used", "请换一个编号；编号全册不能重复")
            elif rule.since <= other.since:
                reading.note(rule.where, f"规则 {rule.id}  施行", f"编号 “{rule.id}” 已在 {other.where} 自 {other.since} 施行",
                             "a second entry of one id needs a later date",
                             "要修改旧规则，请在其后另写一条，编号相同，施行日期更晚；不是同一条就换编号")
            seen[rule.id] = (code, rule)


def read_rule(node: Node, family: str, table: FactTable, reading: Reading) -> Rule | None:
    """Read one rule of a family; ``None`` after noting what is wrong."""
    subject = "规则"
    if isinstance(node.value, Mapping) and (given := node.value.get("编号")) and isinstance(given.value, str):
        subject = f"规则 {given.value}"
    top = reading.mapping(node, subject, *RULE_KEYS)
    if top is None:
        return None
    before = len(reading.problems)
    id_ = reading.text(top["编号"], subject)
    if id_ is not None and not RULE_ID.fullmatch(id_):
        reading.note(top["编号"].where, subject, f"编号 “{id_}” 不合写法", f"bad rule id {id_!r}",
                     "请写成 族.事项，只用小写字母、数字、点和短横，如 duty.arrears-tax")
    name, clause = reading.text(top["名称"], subject), reading.text(top["依据"], subject)
    because = reading.text(top["理由"], subject)
    since = reading.day(top["施行"], f"{subject}  施行")
    until = reading.day(top.get("废止"), f"{subject}  废止")
    if since and until and until <= since:
        reading.note(top["废止"].where, f"{subject}  废止", "废止日期不晚于施行日期", "until is not after since",
                     "请改正其中一个日期")
    condition = read_condition(top["条件"], family, table, f"{subject}  条件", reading)
    outcome = _outcome(top["结论"], family, table, f"{subject}  结论", reading)
    unconfirmed = _unconfirmed(top, subject, reading)
    if len(reading.problems) > before or not (id_ and name and clause and because and since and condition and outcome):
        return None
    return Rule(id_, name, clause, since, condition, outcome, because, until, unconfirmed, node.where)


def _unconfirmed(top: Mapping[str, Node], subject: str, reading: Reading) -> str:
    if "标记" not in top and "标记依据" not in top:
        return ""
    reading.choice(top.get("标记"), f"{subject}  标记", {UNCONFIRMED: True}, "标记")
    if "标记" not in top or "标记依据" not in top:
        reading.note(next(top[k] for k in ("标记", "标记依据") if k in top).where, subject, "“标记” 和 “标记依据” 要同时写",
                     "标记 and 标记依据 go together", "请写 标记: 未确认 和 标记依据: 数字从何而来")
        return ""
    return reading.text(top["标记依据"], f"{subject}  标记依据") or ""


def _outcome(node: Node, family: str, table: FactTable, subject: str, reading: Reading) -> Mapping[str, FactValue] | None:
    own = {table.by_code[c].label: table.by_code[c] for c in FAMILIES[family][1]}
    top = reading.mapping(node, subject, (), tuple(own))
    if top is None:
        return None
    if not node.value:
        reading.note(node.where, subject, "没有结论", "no conclusion", "可用 / known: " + "、".join(own))
    found: dict[str, FactValue] = {}
    for label, value in top.items():
        fact, place = own[label], f"{subject}.{label}"
        given = read_operand(value, Op.HAS_ANY if fact.kind is Kind.SET else Op.EQ, fact, place, reading)
        if isinstance(given, tuple):
            found[fact.code] = frozenset(str(v) for v in given)
        elif given is not None:
            found[fact.code] = given
    return found if len(found) == len(top) and found else None


def rules_using(source: RuleSource, fact: str) -> tuple[Rule, ...]:
    """Return the rules whose condition asks for a fact code."""
    return tuple(r for f in source.families for r in f.rules if any(leaf.fact == fact for leaf in leaves(r.condition)))


def days_of_change(source: RuleSource) -> tuple[date, ...]:
    """Return the days on which the set of rules in force changes, ascending."""
    days = {d for f in source.families for r in f.rules for d in (r.since, r.until) if d}
    return tuple(sorted(days))

