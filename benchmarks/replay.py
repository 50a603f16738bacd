"""Replay: ``python -m benchmarks.replay [--tickets N] [--raw N] [--processes N] [--png FILE] [--json FILE]``.

Cached: facts of invented tickets in the cache, read back and decided by 15, 60, 300 and more rules. Raw: a file of tickets
read for the first time, read again, and read after a word was added. Each figure is taken in a process of its own.
"""

import argparse
import json
import os
import shutil
import tempfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any

from benchmarks.apart import apart, cpu_seconds
from benchmarks.invented import NOW, enlarged, tickets
from hsdispute_plugin.app import clock, config_directory, open_reader
from hsdispute_plugin.entrypoints.replay_lines import told_of_history
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.rulebook import RuleSource

RULES = (15, 60, 300, 1_000)
CURVE = (10_000, 30_000, 100_000, 300_000, 1_000_000)
DIFFERENT = 20_000  # tickets that differ; a million cached rows repeat them in random order under keys of their own
BATCH = 100_000
REPEATS = 3


def sized(source: RuleSource, count: int) -> RuleSource:
    """Return the shipped rules cut down, or enlarged, to about ``count``."""
    total = sum(len(f.rules) for f in source.families)
    if count >= total:
        return enlarged(source, count)
    families = tuple(replace(f, rules=f.rules[: max(1, round(count * len(f.rules) / total))]) for f in source.families)
    return replace(source, families=families)


def key(n: int) -> bytes:
    """Return a key that looks like a hash."""
    return (n * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "little") + n.to_bytes(8, "little")


def fill(folder: str, count: int) -> float:
    """Put the facts of ``count`` texts into a cache; return its size on disk in MB."""
    from hsdispute_plugin.rules.replay_cache import FactCache
    from hsdispute_plugin.rules.replay_columns import Layout
    from hsdispute_plugin.rules.replay_keys import reader_of

    extract, table = open_reader(config_directory())
    layout, dice = Layout(table), Random(1)
    rows = [layout.pack(extract(t).values) for t in tickets(min(count, DIFFERENT))]
    cache = FactCache(Path(folder), reader_of(load(config_directory())), layout)
    for start in range(0, count, BATCH):
        keys = range(start, min(start + BATCH, count))
        cache.add([key(n) for n in keys], [dice.choice(rows) for _ in keys])
    cache.close()
    return sum(p.stat().st_size for p in cache.folder.iterdir()) / 1e6


def cached(folder: str, count: int, rule_counts: Sequence[int]) -> dict[str, Any]:
    """Read facts back and decide: CPU seconds of each, of both editions of a whole comparison, and what stays in memory."""
    from hsdispute_plugin.rules.replay import replay
    from hsdispute_plugin.rules.replay_cache import FactCache
    from hsdispute_plugin.rules.replay_columns import Layout
    from hsdispute_plugin.rules.replay_compare import Side, compare
    from hsdispute_plugin.rules.replay_gather import Seen, stamp
    from hsdispute_plugin.rules.replay_keys import reader_of

    source = load(config_directory())
    layout = Layout(source.table)
    cache = FactCache(Path(folder), reader_of(source), layout)
    keys = [key(n) for n in range(count)]
    start = process_time()
    facts = cache.facts(keys)
    found: dict[str, Any] = {"read": process_time() - start, "decide": {}, "wall": {}}
    cache.close()
    for rules in rule_counts:
        made = sized(source, rules)
        spent = []
        for _ in range(REPEATS):
            cpu, wall = process_time(), perf_counter()
            outcome = replay(made, facts, NOW.date(), layout)
            spent.append((process_time() - cpu, perf_counter() - wall))
        found["decide"][sum(len(f.rules) for f in made.families)] = min(cpu for cpu, _ in spent)
        found["wall"][rules] = min(wall for _, wall in spent)
        if rules == rule_counts[-1]:
            other = replace(made, families=tuple(replace(f, rules=f.rules[1:]) for f in made.families))
            seen = Seen([str(n) for n in range(count)], array("q", [stamp(NOW)]) * count, keys)
            cpu = process_time()
            sides = Side(made, layout, facts, outcome), Side(other, layout, facts, replay(other, facts, NOW.date(), layout))
            found["compare"] = process_time() - cpu
            cpu = process_time()
            found["changed"] = compare(*sides, seen, NOW).changed
            found["compare"] += process_time() - cpu
    return found


def write_raw(file: str, count: int) -> float:
    """Write tickets that are all different as JSON lines; return MB."""
    with Path(file).open("w", encoding="utf-8") as out:
        for ticket in tickets(count, seed=7):
            out.write(ticket.model_dump_json(exclude_defaults=True) + "\n")
    return Path(file).stat().st_size / 1e6


def raw(file: str, folder: str, directory: str, processes: int) -> dict[str, float]:
    """Read a file of tickets into the cache and decide; return seconds and how many were read anew."""
    from hsdispute_plugin.entrypoints.replay_run import Run

    cpu, wall = cpu_seconds(), perf_counter()
    with Run(Path(folder), processes, NOW, first=Path(directory)) as run:
        from hsdispute_plugin.rules.replay_history import history

        side = run.side(Path(directory), lambda: history(Path(file)))
    report = run.report(side, side)
    return {"wall": perf_counter() - wall, "cpu": cpu_seconds() - cpu, "tickets": report.comparison.tickets,
            "extracted": report.extracted}


def parse_only(file: str) -> float:
    """Return CPU µs a ticket for reading lines as tickets and hashing them, without extraction."""
    from hsdispute_plugin.rules.replay_keys import key_of

    lines = Path(file).read_bytes().splitlines()[:20_000]
    start = process_time()
    for n, line in enumerate(lines):
        key_of(told_of_history(n, line))  # type: ignore[arg-type]
    return (process_time() - start) / len(lines) * 1e6


def cached_figures(folder: str, count: int) -> Iterator[tuple[str, Any]]:
    """Print and yield what is measured on cached facts."""
    size = apart(fill, folder, count).result
    print(f"Cached: {count:,} tickets, {size:.1f} MB of Parquet")
    spent = apart(cached, folder, count, RULES)
    found = spent.result
    print(f"  read back by key: {found['read']:.2f} s of CPU; peak memory with all columns, {max(RULES)} rules and a comparison: "
          f"{spent.peak:.0f} MB")
    for rules, cpu in found["decide"].items():
        print(f"  decide by {rules:5} rules: {cpu:.3f} s of CPU ({cpu / count * 1e9:.0f} ns a ticket)")
    print(f"  second edition and comparison at {max(RULES)} rules: {found['compare']:.2f} s of CPU, "
          f"{found['changed']:,} decisions changed")
    yield "cached", {**found, "peak_mb": spent.peak, "disk_mb": size, "tickets": count}
    curve = {}
    for n in (n for n in CURVE if n <= count):
        one = apart(cached, folder, n, (60, 300))
        curve[n] = {"decide": list(one.result["decide"].values())[-1], "read": one.result["read"], "peak_mb": one.peak}
        print(f"  {n:9,} tickets × 300 rules: decide {curve[n]['decide']:.3f} s, read {curve[n]['read']:.2f} s of CPU")
    yield "curve", curve


def raw_figures(folder: Path, count: int, processes: int) -> Iterator[tuple[str, Any]]:
    """Print and yield what is measured from text."""
    file, after = str(folder / "raw.jsonl"), folder / "after"
    size = write_raw(file, count)
    shutil.copytree(config_directory(), after)
    words = after / "lexicon" / "topic-words.yaml"
    words.write_text(words.read_text("utf-8").replace("词条:\n", "词条:\n  - {归入: 政策咨询, 词: [书面答复]}\n", 1), "utf-8")
    print(f"Raw: {count:,} different tickets, {size:.0f} MB of JSON lines, {processes} processes; "
          f"reading a line and its key alone: {parse_only(file):.0f} µs")
    told = (("first time", config_directory()), ("again", config_directory()), ("a word added", after))
    for name, directory in told:
        spent = apart(raw, file, str(folder / "cache"), str(directory), processes)
        row = {**spent.result, "peak_mb": spent.peak}
        print(f"  {name:13} {row['tickets'] / row['wall']:9,.0f} tickets/s ({row['wall']:.1f} s, {row['cpu']:.1f} s of CPU), "
              f"{row['extracted']:,} read anew, {spent.peak:.0f} MB")
        yield name, row


def main() -> int:
    """Print all figures; the chart shows cost against tickets and rules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--raw", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--png", type=Path)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    print(f"{clock():%Y-%m-%d}, {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory() as made:
        found = dict([*cached_figures(f"{made}/cached", asked.tickets), *raw_figures(Path(made), asked.raw, asked.processes)])
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if asked.png:
        draw(found, asked.png)
    return 0


def draw(found: Mapping[str, Any], file: Path) -> None:
    """Draw CPU seconds against rules and against tickets."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 4))
    rules = found["cached"]["decide"]
    left.plot([int(r) for r in rules], list(rules.values()), marker="o")
    left.axhline(1.0, color="grey", linestyle=":", label="bar: 1 s at 300 rules")
    left.set(xlabel="rules", ylabel="CPU s", title=f"{found['cached']['tickets']:,} cached tickets", ylim=(0, None))
    left.legend(fontsize=8)
    curve = found["curve"]
    for key, label in (("decide", "decide, 300 rules"), ("read", "read back by key, of all")):
        right.plot([int(n) for n in curve], [row[key] for row in curve.values()], marker="o", label=label)
    right.set(xscale="log", yscale="log", xlabel="tickets", ylabel="CPU s", title="Cost against tickets")
    for axes in (left, right):
        axes.grid(True, which="both", alpha=0.3)
    right.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    raise SystemExit(main())
