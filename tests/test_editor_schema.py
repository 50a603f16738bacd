"""What an editor is told agrees with what ``load`` accepts, as far as one file alone can show."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from hsdispute_plugin.rules.editor_schema import json_schema, schema_text
from hsdispute_plugin.rules.facts import BUILT_IN, FactDef, FactTable, Kind
from tests import museum

HERE = Path(__file__).parent
CONFIG = HERE.parent / "config"

#: Pieces whose fault a schema of one file cannot see: YAML itself, other files, other rows, dates as dates.
BEYOND_A_SCHEMA = {
    "calendar-day-of-another-year", "calendar-file-of-another-year", "calendar-make-up-on-a-weekday",
    "calendar-rests-and-works", "calendar-span-backwards",
    "deadlines-cap-is-not-law", "deadlines-confirmed-and-not", "deadlines-confirmed-by-nothing", "deadlines-half-a-workday",
    "deadlines-repeated-code", "deadlines-same-name", "deadlines-starts-after-a-later-row", "deadlines-unknown-cap",
    "family-twice", "lexicon-several-words-as-one", "lexicon-unknown-class", "lexicon-unknown-member",
    "outcome-unknown-deadline",
    "regions-inside-and-outside", "rule-ends-before-it-begins", "rule-id-of-another-family", "rule-impossible-date",
    "rule-mark-without-basis", "rule-second-entry-not-later", "settings-closes-before-it-opens",
    "settings-half-a-lunch-break", "settings-missing", "settings-number-in-words", "settings-number-too-small",
    "settings-unconfirmed-without-basis", "units-member-missing", "units-repeated",
}


class Editor(yaml.SafeLoader):
    """Reads scalars as editors do (YAML 1.2): dates are texts."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith("timestamp")]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
VALIDATOR = Draft7Validator(json_schema())


def seen_by_editor(path: Path) -> list[str]:
    return [e.message for e in VALIDATOR.iter_errors(yaml.load(path.read_text(encoding="utf-8"), Loader=Editor))]


def test_the_shipped_schema_is_fresh():
    shipped = (CONFIG / "schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text(), "run: python -m hsdispute_plugin.rules.editor_schema > config/schema.json"
    Draft7Validator.check_schema(json.loads(shipped))


GOOD = [path for root in (CONFIG, HERE / "small_config") for folder in (".", "rules", "calendar", "lexicon")
        for path in sorted((root / folder).glob("*.yaml"))]


@pytest.mark.parametrize("path", GOOD, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_an_editor_sees_nothing_wrong_in_a_good_file(path):
    assert seen_by_editor(path) == []


@pytest.mark.parametrize("piece", [p for p in museum.PIECES if not p.stem.startswith("yaml-")], ids=lambda p: p.stem)
def test_an_editor_marks_each_fault_that_one_file_shows(piece):
    assert bool(seen_by_editor(piece)) == (piece.stem not in BEYOND_A_SCHEMA)


def test_an_editor_knows_the_facts_of_a_plugin():
    table = FactTable((*BUILT_IN, FactDef("企业欠费金额", "amount", Kind.INT, "分", optional=True)))
    assert json_schema(table)["definitions"]["事实 企业欠费金额"]["anyOf"][0]["type"] == "integer"
