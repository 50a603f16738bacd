"""Tries a configuration directory in a process of its own: ``python -m hsdispute_plugin.entrypoints.trial DIR``."""

from __future__ import annotations

import sys
from pathlib import Path

from hsdispute_plugin import app
from hsdispute_plugin.errors import HsdisputeError
from hsdispute_plugin.rules.examples import Report, examine, read_examples


def trial(directory: Path) -> Report:
    """Load, compile and run all examples.

    Raises:
        RulebookError: With every problem of its files.
    """
    book = app.open_rulebook(directory, app.open_plugins())
    try:
        return examine(book, read_examples(directory, book.source.table), app.clock())
    finally:
        book.close()


def summary(report: Report) -> str:
    """Return a report in Chinese: what failed, which rules are not covered, which changes nobody would notice."""
    lines = [f"✗ {v.example.where}  示例 {v.example.id}：{v.why}" for v in report.failed]
    lines += [f"! 规则 {what}" for what in report.uncovered]
    lines += [f"! {what}" for what in report.survivors]
    good = len(report.verdicts) - len(report.failed)
    caught = report.mutants - len(report.survivors)
    lines.append(f"{len(report.verdicts)} 个示例，{good} 个符合；试改 {report.mutants} 处，察觉 {caught} 处。")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        result = trial(Path(sys.argv[1]))
    except HsdisputeError as err:
        print(err)
        raise SystemExit(1) from None
    print(summary(result))
    raise SystemExit(bool(result.failed))
