"""What may be written at a place of a configuration file: keys and values out of the editor's schema, with what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hsdispute_plugin.rules.editor_place import ITEM, Spot, spot
from hsdispute_plugin.rules.editor_schema import json_schema
from hsdispute_plugin.rules.examples import OUTCOMES
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.lexicon import CLUES, Negated
from hsdispute_plugin.rules.overlay import OFF
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.rules.schema import lexicon_classes

Schema = Mapping[str, Any]
MOST = 60
_OPERATORS = 12  # a mapping of at most so many keys may be begun at a value: {不少于: 10}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may be written: ``insert`` takes the place of what was typed of it."""

    insert: str
    label: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be written at the caret; ``over``: how many characters before it are replaced."""

    found: tuple[Choice, ...]
    over: int
    says: str = ""


def choices(name: str, text: str, caret: int, table: FactTable, source: RuleSource | None = None) -> Choices:
    """Return what may stand at the caret of a file. ``source``: the rule book, for the names of rules."""
    at, root = spot(text, caret), _schema_of(name, table, source)
    seen = {m[1] for m in re.finditer(r"^([^\s#:\-][^:#]*):(?=\s|$)", text, re.M)}
    family = re.search(r"^规则族:\s*(\S+)", text, re.M)
    klass = re.search(r"^归类:\s*(\S+)", text, re.M)
    walk = _Walk(root, seen, {"规则族": family[1] if family else "", "归类": klass[1] if klass else ""})
    here = [root]
    for step in at.path:
        here = [s for h in here for s in walk.step(h, step)]
    found = [*(_keys(walk, here, at) if at.at_key else ()), *(_values(walk, here) if not at.at_key or at.item else ())]
    if not at.path and at.at_key and not found and "allOf" in root:  # an empty file: what it may be
        found = [Choice(f"{key}: ", key) for part in root["allOf"] for key in part["if"].get("required", ())]
    kept = [c for c in dict.fromkeys(found) if at.typed in c.label or at.typed in c.insert]
    told = next((str(s["description"]) for h in here for s in walk.open(h) if s.get("description")), "")
    return Choices(tuple(kept[:MOST]), len(at.typed), told)


class _Walk:
    """Goes down a schema, taking the branches that fit the file: ``said`` are values at its top that decide."""

    def __init__(self, root: Schema, seen: set[str], said: Mapping[str, str]) -> None:
        self._root, self._seen, self._said = root, seen, said

    def open(self, schema: Schema) -> Iterator[Schema]:
        """Yield a schema and all it is put together from."""
        yield schema
        if "$ref" in schema:
            yield from self.open(self._root["definitions"][schema["$ref"].rpartition("/")[2]])
        for key in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(key, ()):
                yield from self.open(part)
        if "if" in schema:
            chosen = "then" if self._fits(schema["if"]) else "else"
            if chosen in schema:
                yield from self.open(schema[chosen])

    def _fits(self, asked: Schema) -> bool:
        if "required" in asked:
            return asked["required"][0] != OFF and asked["required"][0] in self._seen
        (key, wanted), = asked["properties"].items()
        return bool(self._said.get(key) == wanted["const"])

    def step(self, schema: Schema, name: str) -> Iterator[Schema]:
        """Yield what stands under a key, or in a list."""
        for part in self.open(schema):
            if name == ITEM and "items" in part:
                yield part["items"]
            elif name in part.get("properties", {}):
                yield part["properties"][name]


def _keys(walk: _Walk, here: Sequence[Schema], at: Spot) -> Iterator[Choice]:
    for part in (p for h in here for p in walk.open(h)):
        for key, below in _chinese(part.get("properties", {})).items():
            if key not in at.taken:
                says = next((str(s["description"]) for s in walk.open(below) if s.get("description")), "")
                yield Choice(f"{key}: ", str(key), says)


def _values(walk: _Walk, here: Sequence[Schema]) -> Iterator[Choice]:
    for part in (p for h in here for p in walk.open(h)):
        if "const" in part:
            yield Choice(str(part["const"]), str(part["const"]))
        wanted = {str(v): None for v in part.get("enum", ())}
        yield from (Choice(v, v) for v in _chinese(wanted))
        keys = part.get("properties", {})
        if 0 < len(keys) <= _OPERATORS:
            yield from (Choice(f"{{{key}: ", f"{{{key}: …}}") for key in keys)


def _chinese(named: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the codes where the labels stand beside them: clerks write labels."""
    labels = {k: v for k, v in named.items() if not k.isascii()}
    return labels or dict(named)


def _schema_of(name: str, table: FactTable, source: RuleSource | None) -> Schema:
    whole = json_schema(table)
    if name.startswith("lexicon/"):
        return _lexicon(table)
    if name.startswith("examples/"):
        return {**_examples(table, source), "definitions": whole["definitions"]}
    return whole


def _lexicon(table: FactTable) -> Schema:
    text = {"type": "string"}
    words = {"type": "array", "items": text, "description": "群众的说法，写短语，不要写整句"}
    blocked = {**words, "description": "容易误会的长词：在它们里面的不算"}
    classes = lexicon_classes(table)
    tag = {"allOf": [{"if": {"properties": {"归类": {"const": klass}}}, "then": {"enum": list(tags or ())}}
                     for klass, tags in classes.items() if klass != CLUES]}
    row = {"归入": tag, "说明": text, "例": words}
    return {"properties": {
        "归类": {"enum": list(classes), "description": "这些词说的是哪一种事实；线索只给组合和推定用"}, "说明": text,
        "命中": {"enum": ["首条", "全收"]}, "整词": words, "都不算": blocked, "顺带不算": {"type": "array", "items": tag},
        "词条": {"items": {"properties": {**row, "词": words, "不算": blocked, "否定": {
            "enum": [n.value for n in Negated], "description": "紧跟在否定词后面时：不论、取消、存疑（由人核实）"}}}},
        "合称": {"items": {"properties": {"名称": text, "包括": words, "说明": text}}},
        "组合": {"items": {"properties": {**row, "依次": words, "同在": words, "间隔": {"type": "integer"},
                                        "范围": {"enum": ["分句", "整句"]}, "除非": words}}},
        "推定": {"items": {"properties": {**row, "遇": text, "有": words, "都有": words, "无": words}}},
    }}


def _examples(table: FactTable, source: RuleSource | None) -> Schema:
    facts = {"properties": {d.label: {"$ref": f"#/definitions/事实 {d.label}"} for d in table.by_code.values() if not d.counts}}
    rules = [r.id for f in source.families for r in f.rules] if source else []
    text = {"type": "string"}
    outcome = {label: {"$ref": f"#/definitions/事实 {label}"} for label in OUTCOMES if label in table.by_label}
    return {"properties": {"示例": {"items": {"properties": {
        "规则": {"enum": list(dict.fromkeys(rules)), "description": "哪一条规则的示例"}, "名称": text,
        "当日": {"type": "string", "description": "按哪一天施行的规则，如 2027-01-01"},
        "成立": {"items": facts, "description": "规则成立的事实，一行一组"},
        "不成立": {"items": facts, "description": "只差一点、不成立的事实"}, "事实": facts,
        "工单": {"properties": dict.fromkeys(("标题", "内容", "类型", "辖区"), text), "description": "一张编造的工单"},
        "结果": {"properties": outcome, "description": "整册规则应当得出的结论"}}}}}}
