"""Memory over many tickets: ``python -m benchmarks.soak [--tickets 300000] [--engine-only] [--config DIR]``.

Every ticket is different. Ends with 1 if memory grew by more than 5 MB after the first tenth, or if the two engines differed.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time

from benchmarks.invented import NOW, facts, rules, tickets
from hsdispute_plugin.app import config_directory, make_rulebook
from hsdispute_plugin.rules.durable import best_engine
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.load import load

ALLOWED_MB = 5.0
CHECK_EVERY = 10  # the second engine doubles the work of a whole decision, so it checks one ticket in ten


def resident_mb() -> float:
    """Return the resident memory of this process (Linux), in MB of 1,000,000 bytes."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096 / 1e6


def whole(directory: Path, count: int) -> Iterator[bool]:
    """Decide tickets from their text; yield for each whether the engines differed on it."""
    source = load(directory)
    book, other = make_rulebook(source, best_engine()), make_rulebook(source, compile_generated)
    print(f"text to decision, edition {book.edition}, engine {book.engine_name}, every {CHECK_EVERY}th ticket decided twice")
    for n, ticket in enumerate(tickets(count)):
        decision = book.decide(ticket, NOW)
        yield n % CHECK_EVERY == 0 and replace(decision, engine="") != replace(other.decide(ticket, NOW), engine="")
    book.close()


def engine_only(count: int) -> Iterator[bool]:
    """Match facts against one family of 100 rules; yield for each whether the engines differed on it."""
    table = FactTable()
    made = rules(100, table)
    engine, other = best_engine()(made, table), compile_generated(made, table)
    print(f"one family of {len(made)} invented rules, engine {engine.name}, every ticket matched twice")
    batch = 1_000
    for start in range(0, count, batch):
        for values in facts(min(batch, count - start), table, seed=start + 1):
            yield engine.matching(values) != other.matching(values)
    assert engine.name == "generated" or not engine.discarded  # type: ignore[attr-defined]
    engine.close()


def watch(run: Iterator[bool], count: int, resident: Callable[[], float] = resident_mb) -> int:
    """Print memory and time at each tenth; return 1 if memory grew or the engines differed."""
    tenth = max(1, count // 10)
    first = highest = 0.0
    differed = 0
    start = process_time()
    print(f"{'tickets':>10} {'RSS MB':>8} {'differed':>9} {'CPU µs/ticket':>14}")
    for n, different in enumerate(run, 1):
        differed += different
        if n % tenth == 0:
            now = resident()
            first = first or now
            highest = max(highest, now)
            print(f"{n:10,} {now:8.1f} {differed:9} {(process_time() - start) / n * 1e6:14.1f}", flush=True)
    good = highest - first <= ALLOWED_MB and differed == 0
    print(f"grew by {highest - first:.1f} MB after the first tenth (allowed {ALLOWED_MB:.0f}); differed on {differed}: "
          f"{'good' if good else 'BAD'}")
    return 0 if good else 1


def main() -> int:
    """Run and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=300_000)
    parser.add_argument("--engine-only", action="store_true")
    parser.add_argument("--config", type=Path)
    asked = parser.parse_args()
    run = engine_only(asked.tickets) if asked.engine_only else whole(config_directory(asked.config), asked.tickets)
    return watch(run, asked.tickets)


if __name__ == "__main__":
    raise SystemExit(main())
