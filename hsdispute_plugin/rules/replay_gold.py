"""What two editions decide against labels that people gave: accuracy before and after.

Labels are JSON lines ``{ticket_no or id, gold: {scope, lead, track, units, …}}``; a ``null`` is left out, ``X_maybe`` of a
set holds members that are neither asked for nor wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hsdispute_plugin.errors import ReplayRefused
from hsdispute_plugin.model import decode
from hsdispute_plugin.rules.replay_compare import Side

ONES = ("scope", "lead", "track", "ticket_type")
SETS = ("units", "topics", "insurance", "signals")


@dataclass(frozen=True, slots=True)
class Score:
    """One figure before and after: accuracy of an answer, F1 of a set. ``better`` and ``worse``: tickets now right, now wrong."""

    fact: str
    measure: str
    count: int
    before: float
    after: float
    better: tuple[str, ...]
    worse: tuple[str, ...]


def labels(file: Path) -> dict[str, Mapping[str, Any]]:
    """Read the labels of a file by ticket number.

    Raises:
        ReplayRefused: It cannot be read, or holds no label.
    """
    try:
        rows = [json.loads(line) for line in decode(file.read_bytes()).splitlines() if line.strip()]
        found = {str(r.get("ticket_no", r.get("id"))): r["gold"] for r in rows if isinstance(r.get("gold"), dict)}
    except OSError as err:
        raise ReplayRefused(f"读不了 {file}：{err.strerror}") from err
    except (ValueError, AttributeError) as err:
        raise ReplayRefused(f"{file.name} 不是标注文件：每行应是 {{\"ticket_no\": …, \"gold\": {{…}}}}") from err
    if not found:
        raise ReplayRefused(f"{file.name} 里没有标注：每行应是 {{\"ticket_no\": …, \"gold\": {{\"scope\": …}}}}")
    return found


def scores(before: Side, after: Side, ticket_nos: Sequence[str], gold: Mapping[str, Mapping[str, Any]]) -> Iterator[Score]:
    """Yield the figures of every fact that the labels speak of; facts beyond scope count only where the matter is ours."""
    places = [(n, no) for n, no in enumerate(ticket_nos) if no in gold]
    for code in (*ONES, *SETS):
        asked = [(n, no) for n, no in places if gold[no].get(code) is not None and _counts(code, gold[no])]
        if asked:
            at, answers = [n for n, _ in asked], [gold[no] for _, no in asked]
            results = [_result(code, _said(side, code, at), answers) for side in (before, after)]
            (was, right_before), (now, right_after) = results
            rows = list(zip(asked, right_before, right_after, strict=True))
            yield Score(
                after.table.by_code[code].label, "F1" if code in SETS else "准确率", len(asked), was, now,
                tuple(no for (_, no), old, new in rows if new and not old),
                tuple(no for (_, no), old, new in rows if old and not new),
            )


def _counts(code: str, gold: Mapping[str, Any]) -> bool:
    if gold.get("scope") not in ("in", "out"):
        return False
    return code == "scope" or (gold["scope"] == "in" and (code != "units" or bool(gold["units"])))


def _said(side: Side, code: str, at: Sequence[int]) -> list[set[str]]:
    """Return what is said of some tickets."""
    found: list[set[str]] = [set() for _ in at]
    for value in side.values(code):
        for n, held in enumerate(side.flag(code, value).gather(list(at)).to_list()):
            if held:
                found[n].add(str(value))
    return found


def _result(code: str, said: Sequence[set[str]], gold: Sequence[Mapping[str, Any]]) -> tuple[float, list[bool]]:
    """Return the figure, and for each ticket whether it is right."""
    if code in ONES:
        right = [have == {str(g[code])} for have, g in zip(said, gold, strict=True)]
        return sum(right) / len(right), right
    both, maybe = [set(g[code]) for g in gold], [set(g.get(f"{code}_maybe") or ()) for g in gold]
    kept = [have - m - w | have & w for have, m, w in zip(said, maybe, both, strict=True)]
    hit = sum(len(have & want) for have, want in zip(kept, both, strict=True))
    have, want = sum(map(len, kept)), sum(map(len, both))
    return 2 * hit / max(1, have + want), [k == w for k, w in zip(kept, both, strict=True)]
