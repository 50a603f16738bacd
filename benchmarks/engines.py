"""Our engines beside others on the same rules and facts, in one run: ``python -m benchmarks.engines [--png FILE] [--json FILE]``.

Rules are flattened as for durable_rules (whole numbers, and/or), then written in each engine's own language, so that all
answer the same question: which rules hold. Every answer is checked. Each engine runs in a process of its own.
"""

import argparse
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from benchmarks.apart import apart, peak_mb
from benchmarks.invented import facts, rules
from hsdispute_plugin.rules.durable import compile_durable
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.flat import MISSING, And, Atom, Flat, Flattener, Or, properties
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.rulebook import Rule

COUNTS = (100, 300, 1_000)
PASSES = 5
BUDGET = 3.0  # CPU seconds that one pass of a slow engine may take, before fewer tickets are asked
TICKETS = 2_000
WIDTHS = (14, 7, 12, 12, 11, 13, 7, 9)

Given = Sequence[Mapping[str, Any]]
Match = Callable[[Any], Sequence[int]]
Props = Mapping[str, int]


def durable(made: Sequence[Rule], _: Sequence[Flat]) -> Match:
    return compile_durable(made, FactTable()).matching


def generated(made: Sequence[Rule], _: Sequence[Flat]) -> Match:
    return compile_generated(made, FactTable()).matching


def zen(_: Sequence[Rule], flats: Sequence[Flat]) -> Match:
    """ZEN: a decision table that collects, one row a rule, the condition as an expression."""
    import zen as package

    table = {"hitPolicy": "collect", "inputs": [{"id": "c", "name": "condition", "field": ""}],
             "outputs": [{"id": "o", "name": "rule", "field": "rule"}],
             "rules": [{"_id": str(n), "c": _infix(flat, "and", "or", "=="), "o": str(n)} for n, flat in enumerate(flats)]}
    graph = {"nodes": [{"id": "i", "name": "request", "type": "inputNode"},
                       {"id": "t", "name": "table", "type": "decisionTableNode", "content": table},
                       {"id": "o", "name": "response", "type": "outputNode"}],
             "edges": [{"id": "a", "type": "edge", "sourceId": "i", "targetId": "t"},
                       {"id": "b", "type": "edge", "sourceId": "t", "targetId": "o"}]}
    decision = package.ZenEngine().create_decision(json.dumps(graph))
    return lambda props: [row["rule"] for row in decision.evaluate(props)["result"] or ()]


def rule_engine(_: Sequence[Rule], flats: Sequence[Flat]) -> Match:
    """rule-engine: one expression a rule, asked one after another."""
    import rule_engine as package

    made = [package.Rule(_infix(flat, "and", "or", "==")) for flat in flats]
    return lambda props: [n for n, rule in enumerate(made) if rule.matches(props)]


def business_rules(_: Sequence[Rule], flats: Sequence[Flat]) -> Match:
    """business-rules: JSON conditions over numeric variables; it has no “not equal”, so that is “less or greater”."""
    from business_rules.engine import check_conditions_recursively
    from business_rules.variables import BaseVariables, numeric_rule_variable

    def variable(prop: str) -> Any:
        def read(self: Any) -> int:
            return self.props[prop]

        read.__name__ = prop
        return numeric_rule_variable(read)

    def init(self: Any, props: Props) -> None:
        self.props = props

    names = sorted({p for flat in flats for p in properties(flat)})
    ticket = type("Ticket", (BaseVariables,), {"__init__": init, **{name: variable(name) for name in names}})
    signs = {"==": "equal_to", "<": "less_than", "<=": "less_than_or_equal_to", ">": "greater_than",
             ">=": "greater_than_or_equal_to"}

    def tree(flat: Flat) -> dict[str, Any]:
        if isinstance(flat, Atom):
            if flat.op == "!=":
                return {"any": [tree(Atom(flat.prop, op, flat.value)) for op in ("<", ">")]}
            return {"name": flat.prop, "operator": signs[flat.op], "value": flat.value}
        return {"all" if isinstance(flat, And) else "any": [tree(p) for p in flat.parts]}

    made = [tree(flat) for flat in flats]

    def match(props: Props) -> list[int]:
        given = ticket(props)
        return [n for n, condition in enumerate(made) if check_conditions_recursively(condition, given)]

    return match


def clips(_: Sequence[Rule], flats: Sequence[Flat]) -> Match:
    """CLIPS: one fact with a slot for each property; tests of a conjunction stand in the pattern, a choice in a test."""
    import clips as package

    environment = package.Environment()
    fired: list[int] = []
    environment.define_function(fired.append, name="fired")
    names = sorted({p for flat in flats for p in properties(flat)})
    environment.build(f"(deftemplate ticket {' '.join(f'(slot {n})' for n in names)})")

    def test(flat: Flat) -> str:
        if isinstance(flat, Atom):
            return f"({'=' if flat.op == '==' else '<>' if flat.op == '!=' else flat.op} ?{flat.prop} {flat.value})"
        return f"({'and' if isinstance(flat, And) else 'or'} {' '.join(map(test, flat.parts))})"

    for n, flat in enumerate(flats):
        parts = flat.parts if isinstance(flat, And) else (flat,)
        equal = {p.prop: p.value for p in parts if isinstance(p, Atom) and p.op == "=="}
        rest = [p for p in parts if not (isinstance(p, Atom) and p.op == "==" and equal[p.prop] == p.value)]
        asked = {p for part in rest for p in properties(part)}
        slots = " ".join(f"({p} ?{p}{f'&{equal[p]}' if p in equal else ''})" if p in asked else f"({p} {equal[p]})"
                         for p in sorted(asked | equal.keys()))
        tests = " ".join(f"(test {test(p)})" for p in rest)
        environment.build(f"(defrule r{n} (ticket {slots}) {tests} => (fired {n}))")
    template = environment.find_template("ticket")

    def match(props: Props) -> list[int]:
        fired.clear()
        fact = template.assert_fact(**{n: props[n] for n in names})
        environment.run()
        fact.retract()
        return sorted(fired)

    return match


def drools(_: Sequence[Rule], flats: Sequence[Flat]) -> Match:
    """Drools through drools_jpy: its JSON rule tree, an event for each ticket, all rules that match."""
    _find_java()
    from drools.ruleset import Ruleset

    signs = {"==": "Equals", "!=": "NotEquals", "<": "LessThan", "<=": "LessThanOrEqualTo", ">": "GreaterThan",
             ">=": "GreaterThanOrEqualTo"}

    def tree(flat: Flat) -> dict[str, Any]:
        if isinstance(flat, Atom):
            return {f"{signs[flat.op]}Expression": {"lhs": {"Event": flat.prop}, "rhs": {"Integer": flat.value}}}
        name = "AndExpression" if isinstance(flat, And) else "OrExpression"
        made = tree(flat.parts[0])
        for part in flat.parts[1:]:
            made = {name: {"lhs": made, "rhs": tree(part)}}
        return made

    ruleset = {"name": "bench", "match_multiple_rules": True, "sources": [], "rules": [
        {"Rule": {"name": f"r{n}", "enabled": True, "condition": {"AllCondition": [tree(flat)]},
                  "action": {"Action": {"action": "none", "action_args": {}}}}} for n, flat in enumerate(flats)]}
    session = Ruleset("bench", json.dumps(ruleset))

    def match(props: Props) -> list[int]:
        answer = session._api.assertEvent(session._session_id, json.dumps(props))
        return sorted(int(next(iter(m))[1:]) for m in json.loads(answer or "[]"))

    return match


def _find_java() -> None:
    java = shutil.which("java")
    if java and "JAVA_HOME" not in os.environ:
        os.environ["JAVA_HOME"] = str(Path(java).resolve().parents[1])


ENGINES: Mapping[str, Callable[[Sequence[Rule], Sequence[Flat]], Match]] = {
    "durable": durable, "generated": generated, "clipspy": clips, "zen-engine": zen, "drools_jpy": drools,
    "rule-engine": rule_engine, "business-rules": business_rules,
}
OURS = ("durable", "generated")  # take facts as they are; the others take flat properties


def _infix(flat: Flat, and_: str, or_: str, equal: str) -> str:
    if isinstance(flat, Atom):
        return f"{flat.prop} {equal if flat.op == '==' else flat.op} {flat.value}"
    return "(" + f" {and_ if isinstance(flat, And) else or_} ".join(_infix(p, and_, or_, equal) for p in flat.parts) + ")"


def flattened(made: Sequence[Rule], table: FactTable) -> tuple[list[Flat], Callable[[Mapping[str, Any]], dict[str, int]]]:
    """Return the rules as flat conditions, and what turns facts into their properties, none left out."""
    flattener = Flattener(table, [r.condition for r in made])
    flats = [flattener.condition(r.condition) for r in made]
    if any(flat in (And(()), Or(())) for flat in flats):
        raise ValueError("a rule of the benchmark is always or never true")

    def props(values: Mapping[str, Any]) -> dict[str, int]:
        found = {prop: int(not group.isdisjoint(values.get(fact, ()))) for (fact, group), prop in flattener._members.items()}
        for fact, prop in flattener._scalars.items():
            value, places = values.get(fact), flattener._places.get(fact)
            found[prop] = MISSING if value is None else int(value) if places is None else places.get(value, 0)
        return found

    return flats, props


def measure(name: str, count: int) -> dict[str, float]:
    """Compile one engine, ask it about tickets that are all different, check every answer."""
    table = FactTable()
    made, values = rules(count, table), facts(TICKETS, table)
    flats, props = flattened(made, table)
    reference = compile_generated(made, table)
    wanted = [reference.matching(v) for v in values]
    given: Given = values if name in OURS else [props(v) for v in values]
    start = process_time()
    match = ENGINES[name](made, flats)
    compiled = process_time() - start
    start = process_time()
    wrong = sum(sorted(match(g)) != w for g, w in zip(given[:50], wanted, strict=False))  # also warms it up
    asked = max(50, min(TICKETS, int(BUDGET / max(1e-9, (process_time() - start) / 50))))
    wrong += sum(sorted(match(g)) != w for g, w in zip(given[50:asked], wanted[50:], strict=False))
    passes = []
    for _ in range(PASSES):
        start = process_time()
        for g in given[:asked]:
            match(g)
        passes.append((process_time() - start) / asked * 1e6)
    return {"compile_ms": compiled * 1e3, "us": median(passes), "asked": asked, "wrong": wrong, "peak_mb": peak_mb()}


def columns(count: int, tickets: int = 200_000) -> dict[str, float]:
    """The columnar engine has no single ticket: many at once, their facts packed already."""
    from hsdispute_plugin.rules.replay import Columns
    from hsdispute_plugin.rules.replay_columns import Layout

    table = FactTable()
    made, values = rules(count, table), facts(TICKETS, table)
    layout = Layout(table)
    rows = [layout.pack(v) for v in values]
    frame = layout.frame(rows * (tickets // TICKETS))
    reference = compile_generated(made, table)
    start = process_time()
    conditions = [r.condition for r in made]
    found = Columns(frame, table, layout).holding(conditions)
    first = process_time() - start
    wrong = sum([n for n, bits in enumerate(found) if bits[t]] != reference.matching(values[t]) for t in range(0, TICKETS, 20))
    passes = []
    for _ in range(PASSES):
        start = process_time()
        Columns(frame, table, layout).holding(conditions)
        passes.append((process_time() - start) / frame.height * 1e6)
    return {"compile_ms": 0.0, "us": median(passes), "asked": frame.height, "wrong": wrong, "peak_mb": peak_mb(), "first": first}


def main() -> int:
    """Print the table, with ratios to our online engine; an engine that is not there is named with the reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--png", type=Path)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found: dict[str, dict[int, dict[str, float]]] = {}
    heads = ("engine", "rules", "compile ms", "µs/ticket", "× durable", "× generated", "wrong", "peak MB")
    print("".join(f"{h:>{width}}" for h, width in zip(heads, WIDTHS, strict=True)))
    for name in (*ENGINES, "replay"):
        for count in COUNTS:
            try:
                spent = apart(columns, count) if name == "replay" else apart(measure, name, count)
            except Exception as err:  # any failure of a foreign engine is a row of the table
                print(f"{name:>14}{count:>7}  not measured: {type(err).__name__}: {str(err).splitlines()[0][:90]}")
                continue
            row = found.setdefault(name, {})[count] = spent.result
            ratios = [row["us"] / found[o][count]["us"] if count in found.get(o, {}) else 0 for o in ("durable", "generated")]
            cells = (name, count, f"{row['compile_ms']:.1f}", f"{row['us']:.2f}", f"{ratios[0]:.3g}", f"{ratios[1]:.3g}",
                     f"{row['wrong']:.0f}", f"{row['peak_mb']:.0f}")
            print("".join(f"{c:>{width}}" for c, width in zip(cells, WIDTHS, strict=True)), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if asked.png:
        draw(found, asked.png)
    return 0


def draw(found: Mapping[str, Mapping[int, Mapping[str, float]]], file: Path) -> None:
    """Draw µs a ticket against rules, both axes logarithmic."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for name, rows in found.items():
        axes.plot(list(rows), [r["us"] for r in rows.values()], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="rules", ylabel="CPU µs a ticket", title="Which rules of one family hold")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend(fontsize=8, ncols=2, loc=(0.02, 0.28))
    figure.tight_layout()
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    raise SystemExit(main())
