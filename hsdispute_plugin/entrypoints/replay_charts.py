"""The geometry of two charts: pairs of bars, and bands that flow from one class to another. A template draws them as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hsdispute_plugin.rules.comparison import Moved

WIDTH, ROW, BAR = 420, 34, 13  # of the bars; of a row of two
FLOW_WIDTH, FLOW_HEIGHT, NODE, GAP = 520, 260, 12, 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: name, y, and the lengths and numbers before and after."""

    name: str
    y: int
    before: float
    after: float
    was: int
    now: int


@dataclass(frozen=True, slots=True)
class Node:
    """A class on one side, with its number."""

    name: str
    x: float
    y: float
    height: float
    count: int


@dataclass(frozen=True, slots=True)
class Band:
    """Tickets that go from one class to another: an SVG path, its number, and whether they stay what they were."""

    path: str
    count: int
    stays: bool
    said: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole flow chart."""

    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]


def bars(rows: Sequence[Moved]) -> tuple[Bar, ...]:
    """Lay out rows of two bars; the longest takes the whole width."""
    most = max((max(r.before, r.after) for r in rows), default=0) or 1
    return tuple(Bar(r.name, n * ROW, WIDTH * r.before / most, WIDTH * r.after / most, r.before, r.after)
                 for n, r in enumerate(rows))


def flow(counts: Mapping[tuple[str, str], int]) -> Flow:
    """Lay out classes before at the left, after at the right, and bands as thick as they are many."""
    total = sum(counts.values()) or 1
    names = list(dict.fromkeys([*(was for was, _ in counts), *(now for _, now in counts)]))
    scale = (FLOW_HEIGHT - GAP * len(names)) / total
    nodes, tops = list[Node](), list[dict[str, float]]()
    for side in (0, 1):
        y, top = 0.0, dict[str, float]()
        for name in names:
            count = sum(n for pair, n in counts.items() if pair[side] == name)
            top[name] = y
            if count:
                nodes.append(Node(name, (FLOW_WIDTH - NODE) * side, y, max(1.0, count * scale), count))
                y += count * scale + GAP
        tops.append(top)
    bands = []
    for was in names:
        for now in names:
            if count := counts.get((was, now), 0):
                thick = count * scale
                left, right = tops[0][was], tops[1][now]
                bands.append(Band(_band(left, right, thick), count, was == now, f"{was} → {now}：{count} 张"))
                tops[0][was], tops[1][now] = left + thick, right + thick
    return Flow(tuple(nodes), tuple(bands))


def _band(left: float, right: float, thick: float) -> str:
    a, b, middle = NODE, FLOW_WIDTH - NODE, FLOW_WIDTH / 2
    return (f"M{a} {left:.1f}C{middle} {left:.1f} {middle} {right:.1f} {b} {right:.1f}V{right + thick:.1f}"
            f"C{middle} {right + thick:.1f} {middle} {left + thick:.1f} {a} {left + thick:.1f}Z")
