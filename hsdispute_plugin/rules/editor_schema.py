"""JSON Schema of the configuration files, so that an editor completes words and marks slips while a clerk types.

Written from the same tables that ``load`` reads by; ``load`` stays the judge, since a schema sees one file at a time.
``python -m hsdispute_plugin.rules.editor_schema > config/schema.json`` writes the shipped one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from hsdispute_plugin.rules.condition_reader import FITS, GROUPS, LISTS, UNCONDITIONAL, facts_before
from hsdispute_plugin.rules.county import (
    COUNTY,
    DEADLINE_KEYS,
    HOST,
    HOUR_KEYS,
    NOTICE_KEYS,
    SETTING_KEYS,
    SETTINGS,
    STATUTE,
    UNIT_KEYS,
)
from hsdispute_plugin.rules.county_time import OFFICIAL, YEAR_KEYS
from hsdispute_plugin.rules.facts import UNITS, FactDef, FactTable, Kind
from hsdispute_plugin.rules.levels import Anchor, Told, Way
from hsdispute_plugin.rules.levels_reader import KNOWN, LEVEL_ID, LEVEL_KEYS, MOST_TIMES, SPANS
from hsdispute_plugin.rules.node import LARGEST
from hsdispute_plugin.rules.overlay import BASE, BEFORE, BEHIND, OFF
from hsdispute_plugin.rules.rulebook import FAMILIES, Hit
from hsdispute_plugin.rules.schema import FAMILY_KEYS, RULE_ID, RULE_KEYS, UNCONFIRMED
from hsdispute_plugin.rules.workdays import Span

Schema = dict[str, Any]

_TEXT: Schema = {"type": ["string", "number"], "minLength": 1}
_DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
_CLOCK: Schema = {"type": "string", "pattern": r"^\d\d:\d\d$"}
_CODE: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]{1,39}$"}
_YES: Schema = {"enum": ["是", "否"]}
_KNOWN: Mapping[str, Schema] = {  # keys that mean the same in every file; all others are text
    "施行": _DAY, "废止": _DAY, "上班": _CLOCK, "下班": _CLOCK, "午休开始": _CLOCK, "午休结束": _CLOCK, "代号": _CODE,
    "受理": _YES, "主办": _YES, "派单": _YES, "未确认": _YES, "电话": {"type": ["string", "number"]}, "地址": {"type": "string"},
    "职责": {"type": "string"}, "法定上限": _CODE, "起算": _CODE,
}


def json_schema(table: FactTable | None = None) -> Schema:
    """Return the schema of all files but the lexicon; ``table`` holds plugin facts too (built-in ones only)."""
    table = table or FactTable()
    files: Mapping[str, Schema] = {
        "规则族": _family_file(),
        "单位": _rows_file("单位", _keys(UNIT_KEYS, {"代号": {"enum": list(UNITS.values())}})),
        "时限": _rows_file("时限", _keys(DEADLINE_KEYS, {
            "数值": {"type": "number", "minimum": 0, "maximum": 3660}, "单位": {"enum": list(Span)},
            "状态": {"enum": [STATUTE, HOST, COUNTY]},
        })),
        "通报": _rows_file("通报", _keys(NOTICE_KEYS)),
        "设置": _object({
            "作息": _keys(HOUR_KEYS), "设置": _list(_keys(SETTING_KEYS, {"键": {"enum": list(SETTINGS)}})),
            BASE: {"type": "string", "description": "本目录以哪个目录为基础，如 ../province"},
        }),
        "级别": _rows_file("级别", {"oneOf": [{"required": [a]} for a in Anchor], **_keys(LEVEL_KEYS, {
            "编号": {"type": "string", "pattern": f"^{LEVEL_ID.pattern}$"}, "时限": {"anyOf": [_TEXT, _list(_TEXT)]},
            "给": _list({"enum": list(Told)}), "做": _list({"enum": list(Way)}), "单位": {"enum": list(SPANS)},
            **{key: {"type": "number", "minimum": 0} for key in ("份额", "到期前", "到期后", "每")},
            "最多": {"type": "integer", "minimum": 2, "maximum": MOST_TIMES}, "工作时间": _YES, "未确认": _YES,
            "条件": {"anyOf": [{"const": UNCONDITIONAL}, _ref("条件 级别")]},
        })}),
        "年份": _keys(YEAR_KEYS, {
            "年份": {"type": "integer"}, "状态": {"enum": list(OFFICIAL)},
            **{key: _list({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d(\.\.\d{4}-\d\d-\d\d)?$"}) for key in ("休", "班")},
        }),
    }
    definitions: Schema = {f"事实 {d.label}": _leaf(d) for d in table.by_code.values()}
    for code in FAMILIES:
        definitions[f"条件 {code}"] = _condition(code, table)
        definitions[f"规则 {code}"] = _rule(code, table)
    definitions["条件 级别"] = _condition_of("级别", tuple(table.by_code[code] for code in KNOWN))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "社会保险费征缴争议处理：配置文件",
        "type": "object",
        "allOf": [{"if": {"required": [key]}, "then": schema} for key, schema in files.items()],
        "anyOf": [{"required": [key]} for key in (*files, BASE, "归类", "县名")],
        "definitions": definitions,
    }


def _family_file() -> Schema:
    required, optional = FAMILY_KEYS
    labels = {code: label for code, (label, _) in FAMILIES.items()}
    return {
        **_object({
            **dict.fromkeys((*required, *optional), _TEXT), "规则族": {"enum": list(labels.values())},
            "命中": {"enum": list(Hit), "description": "首条：每项结论取第一条成立的规则；全收：成立的规则全部采用"}, "规则": {},
        }, required),
        "allOf": [
            {"if": {"properties": {"规则族": {"const": label}}}, "then": {"properties": {"规则": _list(_ref(f"规则 {code}"))}}}
            for code, label in labels.items()
        ],
    }


def _rule(family: str, table: FactTable) -> Schema:
    outcomes = {d.label: _outcome(d) for d in (table.by_code[c] for c in FAMILIES[family][1] if c in table.by_code)}
    for label, says in (("时限", "代号或事项，见 deadlines.yaml"), ("通报", "代号或名称，见 notices.yaml")):
        if label not in outcomes and {"时限": "deadlines", "通报": "notices"}[label] in FAMILIES[family][1]:
            outcomes[label] = {"anyOf": [_TEXT, _list(_TEXT)], "description": says}
    code: Schema = {"type": "string", "pattern": f"^{RULE_ID.pattern}$", "description": "族.事项，不改号，不重用"}
    required, optional = RULE_KEYS
    rule = _keys((required, (*optional, BEFORE, BEHIND)), {
        "编号": code,
        "条件": {"anyOf": [{"const": UNCONDITIONAL}, _ref(f"条件 {family}")]},
        "结论": {**_object(outcomes), "minProperties": 1},
        "标记": {"const": UNCONFIRMED},
        BEFORE: {**code, "description": "只用在有基础目录的目录：排在哪条规则之前"},
        BEHIND: {**code, "description": "只用在有基础目录的目录：排在哪条规则之后"},
    })
    off = _keys((("编号", OFF, "理由"), ()), {"编号": code, OFF: {"const": "是", "description": "只用在有基础目录的目录"}})
    return {"if": {"required": [OFF]}, "then": off, "else": rule}


def _condition(family: str, table: FactTable) -> Schema:
    return _condition_of(family, facts_before(family, table))


def _condition_of(name: str, known: Collection[FactDef]) -> Schema:
    part = {"anyOf": [{"const": UNCONDITIONAL}, _ref(f"条件 {name}")]}
    groups = {word: {**_list(part), "minItems": 1} for word in GROUPS}
    facts = {d.label: _ref(f"事实 {d.label}") for d in known}
    codes = {d.code: facts[d.label] for d in known}
    return {**_object({**groups, **facts, **codes}), "minProperties": 1}


def _leaf(fact: FactDef) -> Schema:
    one = _value(fact)
    several = {"anyOf": [one, {**_list(one), "minItems": 1, "uniqueItems": True}]}
    shorthand = one if fact.kind is Kind.BOOL else several
    compared = {**_object({op: several if op in LISTS else one for op in FITS[fact.kind]}), "minProperties": 1}
    return {"description": fact.says, "anyOf": [*shorthand.get("anyOf", [shorthand]), compared]}


def _outcome(fact: FactDef) -> Schema:
    one = _value(fact)
    return {"description": fact.says, **({"anyOf": [one, {**_list(one), "minItems": 1}]} if fact.kind is Kind.SET else one)}


def _value(fact: FactDef) -> Schema:
    if fact.kind is Kind.BOOL:
        return _YES
    if fact.kind is Kind.INT:
        return {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST}
    return {"enum": list(dict.fromkeys([*fact.values, *fact.values.values()]))} if fact.values else _TEXT


def _keys(keys: tuple[Collection[str], Collection[str]], special: Mapping[str, Schema] | None = None) -> Schema:
    required, optional = keys
    return _object({key: (special or {}).get(key, _KNOWN.get(key, _TEXT)) for key in (*required, *optional)}, required)


def _rows_file(key: str, row: Schema) -> Schema:
    return _object({key: _list(row)}, [key])


def _object(properties: Mapping[str, Schema], required: Collection[str] = ()) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def schema_text() -> str:
    """Return the shipped ``config/schema.json``."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
