"""What a process sees without asking the machine's clock: which other processes are dead, and when that clock jumped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

PATIENCE = 4  # looks, one with each beat of ours
JUMP = timedelta(seconds=5)


class Watch:
    """Tells who is dead: whose beat was the same at ``PATIENCE`` looks after the first.

    Looks are counted, not seconds: clocks of two machines that differ, a clock that jumps, and a database that was down for
    everybody take nobody's work away.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, int]] = {}

    def dead(self, beats: Mapping[str, str]) -> tuple[str, ...]:
        """Look at the beats of all others; return who is dead."""
        before = self._seen
        self._seen = {owner: (beat, before[owner][1] + 1) if owner in before and before[owner][0] == beat else (beat, 0)
                      for owner, beat in beats.items()}
        return tuple(owner for owner, (_, same) in self._seen.items() if same >= PATIENCE)


class Jumps:
    """Tells by how far the machine's clock was set between two looks; a machine that slept looks set forward."""

    def __init__(self, steady: Callable[[], float]) -> None:
        """``steady`` gives seconds that nobody can set."""
        self._steady = steady
        self._before: tuple[datetime, float] | None = None

    def seen(self, now: datetime) -> timedelta:
        """Return how far the clock jumped since the last look, negative: back; less than ``JUMP`` is none."""
        steady, before = self._steady(), self._before
        self._before = (now, steady)
        if before is None:
            return timedelta(0)
        jump = now - before[0] - timedelta(seconds=steady - before[1])
        return jump if abs(jump) >= JUMP else timedelta(0)
