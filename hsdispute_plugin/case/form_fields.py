"""What the form of an act asks for, field by field, so that a web page can show it and read it back; made from the act itself."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from hsdispute_plugin.case.acts import ACTS
from hsdispute_plugin.case.labels import FIELD_LABELS, TRACK_LABELS
from hsdispute_plugin.case.life import Case, fields_of

_UNIT, _UNITS = ("unit", "belongs_to", "respondent_unit"), ("units", "co_units", "present", "absent")
_LONG = frozenset({"matter", "claim", "summary", "materials", "facts", "view", "opinion", "agenda", "decisions", "dissent",
                   "text", "remedy", "result", "statement", "done"})
_STANDS_IN = "授权书（副主任代行时写明）"
#: Where the common name of a field does not say what a person agrees to by it.
_CLEARER: Mapping[tuple[str, str], str] = MappingProxyType({
    ("approve_special", "meeting"): "同时同意召开专题会议", ("approve_special", "authorisation"): _STANDS_IN,
    ("approve_meeting", "authorisation"): _STANDS_IN, ("sign_minutes", "authorisation"): _STANDS_IN,
})


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in.

    ``kind``: text, long, choice, choices, flag, number, date, moment, unit, units, list (of texts), pairs (of texts), group
    (``parts`` within). A group that may be left out and is left blank counts as not given.
    """

    name: str
    label: str
    kind: str
    required: bool
    choices: tuple[tuple[str, str], ...] = ()
    parts: tuple[Field, ...] = ()


@cache
def form_fields(act: str) -> tuple[Field, ...]:
    """Return the fields of an act's form in order; ``parent`` of 并案 is a case number.

    Raises:
        KeyError: No such act.
    """
    if act == "merge":
        return (Field("parent", FIELD_LABELS["parent"], "text", True),)
    given = inspect.signature(getattr(Case, ACTS[act].code)).parameters
    fields = (_field(name, adapter.json_schema(), {}, given[name].default is inspect.Parameter.empty)
              for name, adapter in fields_of(act).items())
    return tuple(replace(f, label=_CLEARER.get((act, f.name), f.label)) for f in fields)


def _field(name: str, schema: Mapping[str, Any], known: Mapping[str, Any], required: bool) -> Field:
    known = schema.get("$defs", known)
    if "$ref" in schema:
        return _field(name, known[schema["$ref"].rpartition("/")[2]], known, required)
    if "anyOf" in schema:
        return _field(name, next(s for s in schema["anyOf"] if s.get("type") != "null"), known, False)
    label = FIELD_LABELS[name]
    if name in _UNIT or name in _UNITS:
        return Field(name, label, "units" if name in _UNITS else "unit", required)
    if "enum" in schema:
        return Field(name, label, "choice", required, _choices(schema))
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required", ())
        parts = tuple(_field(n, s, known, n in wanted) for n, s in schema.get("properties", {}).items())
        return Field(name, label, "group", required, parts=parts)
    if kind == "array":
        inner = schema.get("items") or {}
        inner = known[inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
        if "enum" in inner:
            return Field(name, label, "choices", required, _choices(inner))
        return Field(name, label, "pairs" if inner.get("type") == "array" else "list", required)
    if kind in ("boolean", "integer"):
        return Field(name, label, "flag" if kind == "boolean" else "number", required)
    times = {"date": "date", "date-time": "moment"}
    return Field(name, label, times.get(str(schema.get("format")), "long" if name in _LONG else "text"), required)


def _choices(schema: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((word, TRACK_LABELS.get(word, word)) for word in schema["enum"])
