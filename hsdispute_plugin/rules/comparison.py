"""What changes from one edition to another over many tickets, however it was found: over a history, or beside the live one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from hsdispute_plugin.rules.condition import Scalar
from hsdispute_plugin.rules.rulebook import RuleSource, rules_in_force
from hsdispute_plugin.rules.witness import value_in_words

#: What a ticket is decided to be where no rule says anything.
UNSAID: Mapping[str, Scalar] = {"scope": "boundary", "compound": False, "lead": "none", "track": "joint"}
CONCLUSIONS = ("scope", "compound", "lead", "units", "track", "matter", "deadlines", "notices")
READ = ("insurance", "topics", "signals", "ticket_type")  # facts that a decision shows
SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Shift:
    """One period: tickets whose last moment comes earlier, later or stays; the shift in days, earlier being negative."""

    key: str
    what: str
    earlier: int
    later: int
    same: int
    least_days: float
    median_days: float
    most_days: float


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which tickets come out otherwise, with how many, some of their numbers, and the rules that now say so."""

    fact: str  # Chinese label
    what: str  # 单办 → 联办, 加 财政局, 去 财政局
    count: int
    samples: tuple[str, ...]
    rules: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """A number before and after."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Silent:
    """A rule in force that said nothing of any ticket. ``held``: tickets for which its condition held all the same; ``None``:
    not counted.
    """

    rule: str
    name: str
    family: str
    held: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an edition would change."""

    before: str  # edition
    after: str
    tickets: int
    changed: int
    changes: tuple[Change, ...]
    read: tuple[Change, ...]  # facts that are read otherwise
    reasons_only: int  # decided alike, by other rules
    leads: tuple[Moved, ...]
    units: tuple[Moved, ...]
    deadlines: tuple[Moved, ...]
    shifts: tuple[Shift, ...]
    flows: Mapping[str, Mapping[tuple[str, str], int]]  # fact -> from, to -> tickets
    silent_before: tuple[Silent, ...]
    silent_after: tuple[Silent, ...]
    waiting: tuple[str, ...]  # rules of the later edition that are not in force on the day


def in_words(code: str, value: Scalar | None, *sources: RuleSource) -> str:
    """Write a value of a fact as clerks know it, by the first of the editions that knows it; ``None``: undecided."""
    if value is None:
        return "未定"
    if code == "notices":
        return next((s.notices[str(value)].partition("：")[0] for s in sources if value in s.notices), str(value))
    if code == "deadlines":
        return next((s.deadlines[str(value)].what for s in sources if value in s.deadlines), str(value))
    return value_in_words(code, value, sources[0].table)


def waiting(source: RuleSource, day: date) -> tuple[str, ...]:
    """Name the rules that come into force after a day."""
    return tuple(f"{r.id}（{r.since} 起施行）" for f in source.families for n, r in enumerate(f.rules)
                 if n not in rules_in_force(f.rules, day) and r.since > day)


def median(moved: Sequence[tuple[float, int]]) -> float:
    """Return the lower median of ascending values with their counts."""
    half = (sum(count for _, count in moved) + 1) // 2
    reached = zip(moved, accumulate(count for _, count in moved), strict=True)
    return next(days for (days, _), sum_ in reached if sum_ >= half)
