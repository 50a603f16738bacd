"""Measures something in a process of its own: its result, CPU time of all its threads and children, and peak memory."""

import multiprocessing
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Any


@dataclass(frozen=True)
class Spent:
    """What was measured: seconds of CPU (children too), seconds on the wall, and peak resident memory in MB."""

    result: Any
    cpu: float
    wall: float
    peak: float


def apart(function: Callable[..., Any], *arguments: Any) -> Spent:
    """Run a module's function in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, function, arguments).result()


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def peak_mb() -> float:
    """Return the peak resident memory of this process, or of the largest child if that was larger."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def _measured(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Spent:
    cpu, wall = cpu_seconds(), perf_counter()
    result = function(*arguments)
    return Spent(result, cpu_seconds() - cpu, perf_counter() - wall, peak_mb())
