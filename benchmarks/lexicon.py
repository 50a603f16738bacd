"""Reading against the size of the lexicon: ``python -m benchmarks.lexicon [--png FILE]``. Each size in a process of its own.

The shipped phrases are cut down or grown by invented ones: strings of characters that tickets are made of, so that the
search goes into them, and, for the second curve, pieces of the tickets' own sentences, so that ever more of them are met.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

from benchmarks.apart import apart, peak_mb
from benchmarks.invented import CLOSINGS, MIDDLES, OPENINGS, tickets
from hsdispute_plugin.app import clock, config_directory
from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.lexicon import Words
from hsdispute_plugin.rules.load import load

SIZES = (1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 25_000, 30_000)
TICKETS, REPEATS = 2_000, 5
MET = 3  # invented phrases of a hundred that are pieces of the tickets' sentences, in the second curve


def sized(words: Words, size: int, met: int, seed: int = 1) -> Words:
    """Return the shipped words cut down or grown to ``size`` phrases; ``met`` in a hundred of the new ones occur in tickets."""
    dice, own = Random(seed), list(words.phrases)
    if size <= len(own):
        kept = set(dice.sample(own, size))
        return replace(words, phrases={p: s for p, s in words.phrases.items() if p in kept})
    sentences = [fold(s) for s in (*OPENINGS, *MIDDLES, *CLOSINGS)]
    characters = sorted({c for s in sentences for c in s if "\u4e00" <= c <= "\u9fff"})
    phrases, entry = dict(words.phrases), words.entries
    while len(phrases) < size:
        sense = dice.choice(words.phrases[dice.choice(own)])
        if dice.randrange(100) < met:
            sentence = dice.choice(sentences)
            at = dice.randrange(max(1, len(sentence) - 6))
            phrase = sentence[at : at + dice.randint(3, 8)]
        else:
            phrase = "".join(dice.choices(characters, k=dice.randint(2, 7)))
        if phrase not in phrases:
            entry += 1
            phrases[phrase] = [replace(sense, entry=entry)]
    return replace(words, phrases=phrases, entries=entry)


def read(size: int, met: int) -> dict[str, float]:
    """Return phrases, milliseconds to build the reader, CPU µs a ticket, phrases met a ticket, peak MB."""
    source = load(config_directory())
    words = sized(source.words, size, met) if size else source.words
    start = process_time()
    extract = Extractor(words, source.regions, source.settings, source.table)
    built = process_time() - start
    given = list(tickets(TICKETS))
    passes = []
    for _ in range(REPEATS):
        start = process_time()
        for ticket in given:
            extract(ticket)
        passes.append((process_time() - start) / len(given) * 1e6)
    texts = [fold(t.text) for t in given[:200]]
    return {"size": len(words.phrases), "build": built * 1e3, "µs": median(passes), "peak": peak_mb(),
            "met": sum(p in text for text in texts for p in words.phrases) / len(texts)}


def slope(rows: Sequence[dict[str, float]]) -> float:
    """Return by least squares what 1,000 more phrases cost, in µs a ticket."""
    x, y = [r["size"] / 1_000 for r in rows], [r["µs"] for r in rows]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)


def main() -> int:
    """Print both curves, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--png", type=Path)
    asked = parser.parse_args()
    print(f"{clock():%Y-%m-%d}, {os.cpu_count()} cores; {TICKETS:,} invented tickets, median of {REPEATS} passes")
    curves = {}
    for met, title in ((0, "new phrases that are never met"), (MET, f"{MET} of a hundred new phrases stand in tickets")):
        rows = [apart(read, size, met).result for size in (*SIZES, 0)]
        own = rows[-1]["size"]
        curves[title] = rows = sorted(rows, key=lambda r: r["size"])
        print(f"\n{title}\n{'phrases':>8} {'build ms':>9} {'µs/ticket':>10} {'met':>6} {'peak MB':>8}")
        for r in rows:
            print(f"{r['size']:8,.0f} {r['build']:9.0f} {r['µs']:10.1f} {r['met']:6.1f} {r['peak']:8.0f}")
        print(f"1,000 more phrases: {slope([r for r in rows if r['size'] >= own]):+.2f} µs a ticket beyond the shipped {own:,}")
    if asked.png:
        draw(curves, asked.png)
    return 0


def draw(curves: dict[str, list[dict[str, float]]], file: Path) -> None:
    """Draw time and memory against the number of phrases."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 4))
    for title, rows in curves.items():
        left.plot([r["size"] for r in rows], [r["µs"] for r in rows], marker="o", label=title)
        right.plot([r["size"] for r in rows], [r["peak"] for r in rows], marker="o", label=title)
    left.set(xlabel="phrases", ylabel="CPU µs a ticket", title="Reading a ticket", ylim=(0, None))
    right.set(xlabel="phrases", ylabel="MB", title="Peak memory", ylim=(0, None))
    for axes in (left, right):
        axes.grid(visible=True, alpha=0.3)
    left.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    raise SystemExit(main())
