"""The rules as people read them: families as tables and as typed, and every number that nobody has confirmed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from hsdispute_plugin import app as joined
from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.desk_docket import signature
from hsdispute_plugin.entrypoints.console.pages import Missing, Page, Visit
from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.draft import Draft
from hsdispute_plugin.rules.editions import current, in_force
from hsdispute_plugin.rules.facts import FactDef
from hsdispute_plugin.rules.load import base_of, edition_of
from hsdispute_plugin.rules.overlay import BASE
from hsdispute_plugin.rules.rulebook import FAMILIES, Family, Rule, RuleSource, rules_in_force
from hsdispute_plugin.rules.wording import condition_words, outcome_words

READERS = (Role.ADMIN, Role.OFFICE, Role.DIRECTOR, Role.DEPUTY, Role.AUDITOR)
EDITORS = (Role.ADMIN,)
TRIERS = (Role.ADMIN, Role.OFFICE, Role.DIRECTOR, Role.DEPUTY)  # those who see for themselves what a draft would do
BOOK = "规则册"  # in place of a case number in the journal


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as a line of the table."""

    rule: Rule
    when: str
    then: str
    in_force: bool


def draft_of(visit: Visit) -> Draft:
    """Return the draft of the configuration that is served."""
    directory = visit.app.directory
    return Draft(directory, shipped=directory.resolve() == joined.shipped_config().resolve())


def extra_facts(visit: Visit) -> tuple[FactDef, ...]:
    """Return the facts that plugins add."""
    return joined.fact_defs(visit.app.plugins.extractors)


def signed(visit: Visit) -> str:
    """Name the person as the journal does, in the capacity in which they have to do with rules."""
    role = next((r for r in (*READERS, *visit.person.roles) if r in visit.person.roles), visit.person.roles[0])
    return signature(visit.terms, Actor(visit.person.name, visit.person.unit, role))


def journal(visit: Visit, act: str, why: str) -> None:
    """Note in the journal what somebody did to the rule book."""
    with visit.app.store.begin() as tx:
        tx.add_journal(BOOK, visit.now, signed(visit), act, why, "规则册管理")


def shown(visit: Visit) -> tuple[RuleSource, bool]:
    """Return the source that a page shows: of the edition in force, or of the draft where ``?of=draft`` asks for it.

    Raises:
        RulebookError: The draft cannot be read.
    """
    if visit.query.get("of") == "draft":
        return draft_of(visit).source(extra_facts(visit)), True
    return visit.book.source, False


def families(visit: Visit) -> Response:
    """GET /rules: what is in force, and the way to everything about it."""
    source = visit.book.source
    day = visit.now.astimezone(SHANGHAI).date()
    counted = [(f, len(rules_in_force(f.rules, day)), sum(bool(r.unconfirmed) for r in f.rules), FAMILIES[f.code][1])
               for f in source.families]
    labels = {code: source.table.by_code[code].label for _, _, _, codes in counted for code in codes}
    directory = visit.app.directory
    return visit.page(
        "rules/list.html", families=counted, labels=labels, activated=current(directory), refused=visit.app.books.refused,
        draft_differs=bool(current(directory)) and edition_of(directory) != current(directory), words=len(source.words.phrases),
        unconfirmed=len(numbers(source)), edition=source.edition, base=base_of(directory))


def family(visit: Visit) -> Response:
    """GET /rules/families/{code}: one family as a table; ``?of=draft`` the draft's, ``?q=`` only rules with these words."""
    try:
        source, of_draft = shown(visit)
    except RulebookError as err:
        return visit.page("rules/unreadable.html", 422, problems=err.problems)
    found = _family(source, visit.params["code"])
    words = visit.query.get("q", "").strip()[:60]
    kept = rules_in_force(found.rules, visit.now.astimezone(SHANGHAI).date())
    rows = [Row(r, condition_words(r.condition, source.table), outcome_words(r.outcome, source.table), n in kept)
            for n, r in enumerate(found.rules)]
    if words:
        rows = [r for r in rows if words in " ".join((r.rule.id, r.rule.name, r.when, r.then, r.rule.clause, r.rule.because))]
    template = "rules/rows.html" if visit.partial else "rules/family.html"
    return visit.page(template, family=found, rows=rows, of_draft=of_draft, words=words, source=source, files=_files(found))


def typed(visit: Visit) -> Response:
    """GET /rules/typed/{code}: one family as it was typed, of the edition in force."""
    found = _family(visit.book.source, visit.params["code"])
    directory = in_force(visit.app.directory)
    below = base_of(directory)
    texts = []
    for name in _files(found):
        root, _, inside = name.partition("/")
        place = directory if (directory / inside).is_file() and root == directory.resolve().name else below
        if place is not None and (place / inside).is_file():
            texts.append((inside if place == directory else f"{BASE} {root}/{inside}", (place / inside).read_text("utf-8-sig")))
    return visit.page("rules/typed.html", family=found, texts=texts, source=visit.book.source)


def _family(source: RuleSource, code: str) -> Family:
    found = next((f for f in source.families if f.code == code), None)
    if found is None:
        raise Missing
    return found


def _files(found: Family) -> Sequence[str]:
    return tuple(dict.fromkeys(r.where.rpartition(":")[0] for r in found.rules))


@dataclass(frozen=True, slots=True)
class Number:
    """A number that neither law nor document gives, and where it stands. ``key``: of its row, if a form can change it."""

    kind: str
    name: str
    value: str
    basis: str
    file: str
    key: str = ""
    line: str = ""


def numbers(source: RuleSource) -> list[Number]:
    """List every unconfirmed number of a source: periods, settings, rules, levels of reminding."""
    return [*_county_numbers(source), *_rule_numbers(source)]


def _county_numbers(source: RuleSource) -> Iterator[Number]:
    for d in source.deadlines.values():
        if not d.confirmed:
            yield Number("时限", d.what, f"{d.amount:g} {d.span}", d.basis, "deadlines.yaml", d.key)
    for s in source.settings.values():
        if not s.confirmed:
            value = ("是" if s.value else "否") if isinstance(s.value, bool) else str(s.value)
            yield Number("参数", s.says, value, s.basis, "settings.yaml", "" if s.key == "work_hours" else s.key)


def _rule_numbers(source: RuleSource) -> Iterator[Number]:
    for f in source.families:
        for r in f.rules:
            if r.unconfirmed:
                yield Number("规则", f"{r.name}（{r.id}）", f"{condition_words(r.condition, source.table)} → "
                             f"{outcome_words(r.outcome, source.table)}", r.unconfirmed, *_place(r.where))
    for level in source.levels:
        if level.unconfirmed:
            amount = f"{level.anchor} {level.amount:g}{'%' if level.anchor.name == 'SHARE' else level.span.value}"
            again = f"，每 {level.every:g}{level.span} 一次，最多 {level.times} 次" if level.times > 1 else ""
            yield Number("提醒", f"{level.name}（{level.id}）", amount + again, level.unconfirmed, *_place(level.where))


def _place(where: str) -> tuple[str, str, str]:
    name, _, line = where.rpartition(":")
    return name.partition("/")[2], "", line


def list_numbers(visit: Visit) -> Response:
    """GET /rules/numbers: the unconfirmed numbers of the edition in force, and what the draft says of each by now."""
    return visit.page("rules/numbers.html", **number_values(visit))


def number_values(visit: Visit) -> dict[str, Any]:
    """Return what the page of numbers shows."""
    draft = draft_of(visit)
    try:
        planned: RuleSource | None = draft.source(extra_facts(visit))
    except RulebookError:
        planned = None
    may_change = visit.person.holds(*EDITORS) and not draft.closed()
    return {"numbers": numbers(visit.book.source), "planned": {(n.kind, n.key or n.name): n for n in numbers(planned)}
            if planned else None, "source": planned, "may_change": may_change, "closed": draft.closed()}


PAGES = (
    Page("/rules", families, roles=READERS, nav="规则", order=30),
    Page("/rules/families/{code}", family, roles=READERS),
    Page("/rules/typed/{code}", typed, roles=READERS),
    Page("/rules/numbers", list_numbers, roles=READERS),
)
