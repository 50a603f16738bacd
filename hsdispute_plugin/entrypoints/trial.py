"""Tries a configuration directory in a process of its own: ``python -m hsdispute_plugin.entrypoints.trial DIR``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hsdispute_plugin import app
from hsdispute_plugin.errors import HsdisputeError
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.condition import holds
from hsdispute_plugin.rules.durable import best_engine
from hsdispute_plugin.rules.examination import Report, examine
from hsdispute_plugin.rules.examples import Example, read_examples
from hsdispute_plugin.rules.finding import Severity
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.rules.verify import verify


def trial(directory: Path) -> Report:
    """Load, compile and run all examples.

    Raises:
        RulebookError: With every problem of its files.
    """
    return _tried(directory)[0]


def engine_slips(source: RuleSource, examples: Sequence[Example]) -> list[str]:
    """Return what the engine answers otherwise than the rules say, over the facts of all examples and every rule."""
    slips = []
    for family in source.families:
        engine = best_engine()(family.rules, source.table)
        try:
            for example in examples:
                if not example.rule:
                    continue
                got = set(engine.matching(example.facts))
                wrong = [r for n, r in enumerate(family.rules) if (n in got) is not holds(r.condition, example.facts)]
                slips += [f"{r.where}  规则 {r.id}：引擎 {engine.name} 对 {example.where} 的事实答得不对" for r in wrong]
        finally:
            engine.close()
    return slips


def _tried(directory: Path) -> tuple[Report, list[str], RuleSource]:
    book = app.open_rulebook(directory, app.open_plugins())
    try:
        examples = read_examples(directory, book.source)
        report, slips = examine(book, examples, app.clock()), engine_slips(book.source, examples)
    finally:
        book.close()
    return report, slips, book.source


def main(directory: Path) -> int:
    """Check, verify and try one directory; print what is wrong, return 1 if it may not go live."""
    try:
        report, slips, source = _tried(directory)
    except HsdisputeError as err:
        print(err)
        return 1
    flaws = [f for f in verify(source, app.clock().astimezone(SHANGHAI).date()) if f.severity is Severity.ERROR]
    for line in (*flaws, *slips, *report.lines()):
        print(line)
    return int(bool(flaws or slips) or not report.may_go_live)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
