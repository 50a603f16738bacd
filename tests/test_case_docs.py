"""docs/case.md and docs/clauses.md are written from the tables, and every clause R01–R41 has something real that carries it."""

import ast
from pathlib import Path

import pytest

from hsdispute_plugin.case import ACTS, PERIODS, State, chart, clauses
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.rules.load import load

ROOT = Path(__file__).parents[1]
TESTS = {node.name for path in (ROOT / "tests").glob("test_*.py")
         for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
         if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
SOURCE = load(ROOT / "config")
RULES = {rule.id for family in SOURCE.families for rule in family.rules} | set(SOURCE.settings)


@pytest.mark.parametrize(("name", "module"), [("case", chart), ("clauses", clauses)])
def test_a_page_written_from_the_tables_is_fresh(name, module):
    shipped = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert shipped == module.page(), f"run: python -m {module.__name__} > docs/{name}.md"


def test_every_clause_of_the_document_is_in_the_table_once():
    assert [c.code for c in clauses.CLAUSES] == [f"R{n:02d}" for n in range(1, 42)]


@pytest.mark.parametrize("clause", clauses.CLAUSES, ids=lambda c: c.code)
def test_every_clause_is_carried_by_things_that_exist(clause):
    assert clause.where and clause.demands and (clause.acts or clause.files), "no row is empty"
    assert clause.tests and set(clause.tests) <= TESTS
    assert set(clause.acts) <= set(ACTS)
    assert set(clause.periods) <= {p.key for p in PERIODS}
    for name in clause.files:
        path, _, what = name.partition("#")
        assert (ROOT / path).is_file(), name
        assert not what or what in RULES, name


def test_every_act_and_every_period_serves_a_clause():
    named = {act for c in clauses.CLAUSES for act in c.acts}
    assert set(ACTS) - named == {"absorb"}, "absorb is the parent's side of merge"
    assert {p.key for p in PERIODS} == {key for c in clauses.CLAUSES for key in c.periods}


def test_every_paper_that_an_act_calls_for_is_a_form_and_knows_the_act():
    papers = {paper.short: paper for paper in Forms(ROOT / "config" / "forms").papers.values()}
    called = [(row.label, kind) for row in ACTS.values() for kind in row.papers]
    assert [(label, kind) for label, kind in called if kind not in papers or label not in papers[kind].acts] == []
    assert [p.short for p in papers.values() if p.short not in {kind for _, kind in called}] == []


def test_the_diagram_draws_every_move_of_the_table_and_no_other():
    drawn = {tuple(line.strip().partition(":")[0].split(" --> ")) for line in chart.page().splitlines() if " --> " in line}
    real = {(str(a), str(b)) for a, b in chart.moves()}
    assert drawn == real | {("[*]", "new"), ("archived", "[*]"), ("merged", "[*]")}
    assert {s for move in chart.moves() for s in move} == set(State)
