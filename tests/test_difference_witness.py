"""Where two editions decide differently: all regions and no others, held against every ticket of a small vocabulary."""

import re
import shutil
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from hsdispute_plugin import app
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.model import SHANGHAI, Facts, Ticket
from hsdispute_plugin.rules.condition import holds
from hsdispute_plugin.rules.difference_texts import TextWitness, period_witnesses, text_witnesses
from hsdispute_plugin.rules.difference_witness import UNSAID, told, witnesses
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.rulebook import FAMILIES, Family, Hit, Rulebook
from hsdispute_plugin.rules.workdays import Deadline, Span
from tests.test_verify import EVERY_TICKET, LIMITS, SMALL, books, source

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, tzinfo=SHANGHAI)
CONFIG = Path(__file__).parents[1] / "config"


def edition(families):
    return source(settings=LIMITS, deadlines=[Deadline("a", "甲", 1, Span.DAY, "", True)],
                  **{f.code: (f.hit, f.rules) for f in families})


@st.composite
def edits(draw):
    """A small book, and what an edit made of it: rules dropped, moved, put in from another, a hit policy turned."""
    before, other = draw(books()), draw(books())
    families = []
    for mine, theirs in zip(before.families, other.families, strict=True):
        rules = list(mine.rules)
        match draw(st.sampled_from(["keep", "keep", "drop", "turn", "put", "hit", "all"])):
            case "drop":
                rules = rules[1:]
            case "turn":
                rules = rules[::-1]
            case "put":
                rules = [*(replace(r, id=r.id + "x") for r in theirs.rules[:1]), *rules]
            case "hit":
                mine = replace(mine, hit=Hit.FIRST if mine.hit is Hit.ALL else Hit.ALL)
            case "all":
                rules = [replace(r, id=r.id + "x") for r in theirs.rules]
        families.append(Family(mine.code, mine.hit, tuple(rules)))
    return edition(before.families), edition(families)


def stepwise(book, ticket):
    """The values after each family, and by code and value the rules that gave it there; the plain reading."""
    values, steps = dict(ticket), []
    for family in book.families:
        for d in SMALL.by_code.values():
            if d.counts:
                values[d.code] = len(values.get(d.counts, ()))
        gave, taken = {}, set()
        for r in [r for r in family.rules if holds(r.condition, values)]:
            for code, value in r.outcome.items():
                united = family.hit is Hit.ALL and isinstance(value, frozenset)
                if code not in taken or united:
                    for member in value if isinstance(value, frozenset) else (value,):
                        gave.setdefault((code, member), []).append(r.id)
                taken.add(code)
        for (code, member), _ in gave.items():
            if isinstance(next(r.outcome[code] for r in family.rules if code in r.outcome), frozenset):
                values[code] = values.get(code, frozenset()) | {member}
            else:
                values[code] = member
        steps.append((dict(values), gave))
    return steps


def differing(before, after, ticket):
    """The regions in which a ticket lies."""
    found, alike = set(), True
    for family, (was, gave_was), (now, gave_now) in zip(FAMILIES, stepwise(before, ticket), stepwise(after, ticket), strict=True):
        for code in FAMILIES[family][1] if alike else ():
            if SMALL.by_code[code].kind == "多选":
                a, b = was.get(code, frozenset()), now.get(code, frozenset())
                found |= {(code, m, None, id, None) for m in a - b for id in gave_was.get((code, m), ())}
                found |= {(code, None, m, None, id) for m in b - a for id in gave_now.get((code, m), ())}
                continue
            a, b = was.get(code, UNSAID.get(code)), now.get(code, UNSAID.get(code))
            if a != b:
                found.add((code, a, b, gave_was.get((code, a), [None])[0], gave_now.get((code, b), [None])[0]))
        alike = alike and all(was.get(c, frozenset()) == now.get(c, frozenset()) for c in FAMILIES[family][1])
    return found


def key(region):
    return region.code, region.was, region.now, region.before and region.before.id, region.after and region.after.id


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(edits())
def test_the_regions_are_those_of_brute_force_over_every_ticket(pair):
    before, after = pair
    wanted = set().union(*(differing(before, after, t) for t in EVERY_TICKET))
    found = list(witnesses(before, after, DAY))
    assert {key(r) for w in found for r in w.regions} == wanted
    assert sum(len(w.regions) for w in found) == len(wanted), "each region is told once"
    rulebooks = [Rulebook(s, compile_generated, lambda _: Facts({})) for s in pair]
    for witness in found:
        facts = dict(witness.facts)
        assert facts in EVERY_TICKET
        assert {key(r) for r in witness.regions} <= differing(before, after, facts)
        decisions = [book.decide_facts(Ticket(ticket_no="1"), Facts(facts), NOW) for book in rulebooks]
        assert [r.rule for r in decisions[0].reasons] != [r.rule for r in decisions[1].reasons]


@pytest.fixture
def edited(tmp_path):
    """Loads the shipped configuration with texts replaced."""
    def edit(*changes):
        folder = tmp_path / "edited"
        shutil.copytree(CONFIG, folder, dirs_exist_ok=True)
        for name, old, new in changes:
            text = (folder / name).read_text("utf-8")
            assert old in text
            (folder / name).write_text(text.replace(old, new, 1), "utf-8")
        return load(folder)

    return edit


SHIPPED = load(CONFIG)
LATER = """规则:
  - {编号: scope.later, 名称: 劳动关系存疑, 依据: 县,
     施行: 2027-01-01, 条件: {主题: [劳动关系]}, 结论: {受理范围: 存疑}, 理由: 试}
"""


def test_an_edition_against_itself_has_no_witness():
    assert list(witnesses(SHIPPED, load(CONFIG), DAY)) == []
    assert [*text_witnesses(SHIPPED, load(CONFIG), NOW), *period_witnesses(SHIPPED, load(CONFIG), NOW)] == []


def test_a_ticket_in_words_is_decided_differently_by_both_editions(edited):
    after = edited(("rules/scope.yaml", "规则:\n", LATER))
    found = list(witnesses(SHIPPED, after, DAY))
    assert len(found) > 5 and all(w.since == date(2027, 1, 1) for w in found)
    at = datetime(2027, 1, 1, 9, tzinfo=SHANGHAI)
    with_words = [w for w in found if w.ticket]
    assert len(with_words) > len(found) // 2
    for witness in with_words:
        was, now = (app.make_rulebook(s, compile_generated).decide(witness.ticket, at) for s in (SHIPPED, after))
        assert was.scope != now.scope == "boundary"
    said = "\n".join(told(found[0], SHIPPED, after))
    assert re.match(r"受理范围：\S+ → 存疑（原由 scope\.\S+，现由 scope\.later（劳动关系存疑）\）", said)
    assert "  例：主题 劳动关系" in said and "随之：" in said


def test_a_new_word_a_number_and_a_period_are_shown_by_what_becomes_of_a_ticket(edited):
    after = edited(("lexicon/topic-words.yaml", "词条:\n", "词条:\n  - {归入: 滞纳金, 词: [拖延金]}\n"),
                   ("settings.yaml", "键: group_people\n    值: 10", "键: group_people\n    值: 7"),
                   ("deadlines.yaml", "事项: 联办办结, 数值: 15", "事项: 联办办结, 数值: 20"))
    assert list(witnesses(SHIPPED, after, DAY)) == []
    found = [w for w in text_witnesses(SHIPPED, after, NOW) if isinstance(w, TextWitness)]
    assert [w.why for w in found] == ["词 “拖延金”", "设置 group_people（10 → 7）"]
    assert "我们7人" in found[1].ticket.content and any("重大疑难" in said for said in found[1].said)
    for witness in found:
        was, now = (app.make_rulebook(s, compile_generated).decide(witness.ticket, NOW) for s in (SHIPPED, after))
        assert (was.lead, was.units, was.track) != (now.lead, now.units, now.track)
    period, example = period_witnesses(SHIPPED, after, NOW)
    assert period.startswith("时限 联办办结：2026-12-11 18:00 → 2026-12-18 18:00") and example.startswith("  例：")


def test_a_word_that_changes_no_decision_is_counted(edited):
    after = edited(("lexicon/clues-work.yaml", "词条:\n", "词条:\n  - {归入: 闲话, 词: [多交几毛]}\n"))
    assert list(text_witnesses(SHIPPED, after, NOW)) == ["另有 1 处词语、地名或人数的改动，单独说到时不改变建议。"]


def test_the_command_shows_them(tmp_path):
    folder = tmp_path / "after"
    shutil.copytree(CONFIG, folder)
    file = folder / "rules" / "scope.yaml"
    file.write_text(file.read_text("utf-8").replace("规则:\n", LATER, 1), "utf-8")
    done = CliRunner().invoke(commands, ["diff", str(CONFIG), str(folder), "--witness"])
    assert done.exit_code == 0
    assert re.search(r"判得不同的工单：\n.*?自 2027-01-01 起：\n受理范围：", done.output)
    assert done.output.count("自 2027-01-01 起：") == 1
    assert re.search(r"共 \d+ 种情形判得不同。\n$", done.output)
    same = CliRunner().invoke(commands, ["diff", str(CONFIG), str(CONFIG), "--witness"])
    assert same.output.endswith("没有工单会判得不同。\n")
