"""CPU time of a decision: ``python -m benchmarks.decide [--config DIR]``. Medians of several runs over different tickets."""

import argparse
import platform
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from statistics import median
from time import process_time
from typing import TypeVar

from benchmarks.invented import NOW, enlarged, facts, rules, tickets
from hsdispute_plugin.app import config_directory, make_rulebook
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.rules.durable import available, compile_durable
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.rulebook import CompileEngine, Rulebook

T = TypeVar("T")
REPEATS = 7
TICKETS = 3_000
ENGINES: dict[str, CompileEngine] = {**({"durable": compile_durable} if available() else {}), "generated": compile_generated}


def microseconds(act: Callable[[T], object], over: Callable[[int], Iterable[T]]) -> float:
    """Return the median CPU time of one call over ``REPEATS`` passes, in microseconds; ``over`` gives what each pass is about."""
    passes = []
    for n in range(REPEATS):
        given = list(over(n))
        start = process_time()
        for one in given:
            act(one)
        passes.append((process_time() - start) / len(given) * 1e6)
    return median(passes)


def engines() -> None:
    """Print compile time and time per ticket of both engines, on one family of 100, 300 and 1,000 rules."""
    table = FactTable()
    print("One family of invented rules on facts already read")
    print(f"{'engine':10} {'rules':>6} {'compile ms':>11} {'µs/ticket':>10} {'rules true':>11}")
    for count in (100, 300, 1_000):
        made, values = rules(count, table), facts(TICKETS, table)
        for name, compile_engine in ENGINES.items():
            compiled = []
            for _ in range(3):
                start = process_time()
                engine = compile_engine(made, table)
                compiled.append((process_time() - start) * 1e3)
                last = engine
            spent = microseconds(last.matching, lambda _, values=values: values)
            fired = sum(len(last.matching(v)) for v in values) / len(values)
            print(f"{name:10} {count:6} {median(compiled):11.1f} {spent:10.1f} {fired:11.1f}")
            last.close()


def whole(directory: Path) -> None:
    """Print time per ticket from text to decision with a configuration as it is and enlarged to 100 and 300 rules."""
    source = load(directory)
    own = sum(len(f.rules) for f in source.families)
    length = sum(len(t.text) for t in tickets(TICKETS)) / TICKETS
    print(f"\nText to decision, six families, edition {source.edition}, {length:.0f} characters a ticket")
    print(f"{'engine':10} {'rules':>6} {'facts µs':>9} {'rules µs':>9} {'total µs':>9} {'per second':>11}")
    for count in (own, 100, 300):
        for name, compile_engine in ENGINES.items():
            book = make_rulebook(enlarged(source, count), compile_engine)
            for ticket in tickets(TICKETS, seed=99):  # a gateway that has run for a while; no ticket comes twice
                book.decide(ticket, NOW)
            read, total = microseconds(book.facts, _fresh), microseconds(_decide(book, NOW), _fresh)
            print(f"{name:10} {count:6} {read:9.1f} {total - read:9.1f} {total:9.1f} {1e6 / total:11,.0f}")
            book.close()


def _fresh(turn: int) -> Iterable[Ticket]:
    return tickets(TICKETS, seed=turn)


def _decide(book: Rulebook, now: datetime) -> Callable[[Ticket], object]:
    return lambda ticket: book.decide(ticket, now)


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    directory = config_directory(parser.parse_args().config)
    machine = f"Python {platform.python_version()}, {platform.machine()}, one core"
    print(f"{machine}; median of {REPEATS} passes over {TICKETS} tickets\n")
    engines()
    whole(directory)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
