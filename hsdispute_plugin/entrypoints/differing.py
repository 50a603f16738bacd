"""The tickets that two editions decide differently, told line by line: by rules, by words and numbers, by periods."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.difference_texts import period_witnesses, text_witnesses
from hsdispute_plugin.rules.difference_witness import told, witnesses
from hsdispute_plugin.rules.rulebook import RuleSource


def differing_tickets(old: RuleSource, new: RuleSource, now: datetime) -> Iterator[str]:
    """Yield the lines on each region in which they decide differently, what belongs to one indented below it; then the sum."""
    today, regions = now.astimezone(SHANGHAI).date(), 0
    since = today
    for found in witnesses(old, new, today):
        regions += len(found.regions)
        if found.since != since:
            since = found.since
            yield f"自 {since} 起："
        yield from told(found, old, new)
    for read in text_witnesses(old, new, now):
        if isinstance(read, str):
            yield read
            continue
        regions += 1
        yield f"{read.why}读得不同：{'；'.join(read.said)}"
        yield f"  工单：{read.ticket.text.replace(chr(10), '。')}"
    for line in period_witnesses(old, new, now):
        regions += not line.startswith(" ")
        yield line
    yield f"共 {regions} 种情形判得不同。" if regions else "没有工单会判得不同。"
