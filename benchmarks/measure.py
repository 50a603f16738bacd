"""Agreement with messages that people labelled: ``python -m benchmarks.measure [--messages FILE] [--half 0|1] [-v [KIND]]``.

The file holds JSON lines ``{id, title, text, gold: {scope, lead, track, …}}``; ``X_maybe`` in ``gold`` is what one of two
readers said. Without one, the invented messages beside this file are measured: they say which ways of speaking are heard,
not how often people speak so.
"""

import argparse
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from hsdispute_plugin.app import open_rulebook
from hsdispute_plugin.model import SHANGHAI, Decision, Ticket

INVENTED = Path(__file__).with_name("messages.jsonl")
SETS = ("topics", "units", "insurance", "signals")
ONES = ("scope", "lead", "track", "ticket_type")


def rows(path: Path, half: int | None) -> list[dict]:
    """Read the labelled messages, or one half of them by a hash of their id."""
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [r for r in found if half is None or hashlib.md5(r["id"].encode()).digest()[0] % 2 == half]


def cause(gold: dict, got: Decision) -> str:
    """Name where a wrong row went wrong: a word, an insurance, a signal not heard, or the rules."""
    if gold["scope"] != got.scope:
        if got.scope == "in":
            return "顺带说到" if got.topics else "范围规则"
        return "范围规则" if set(got.topics) & set(gold.get("topics", ())) else "缺词"
    for kind, name in (("topics", "主题"), ("insurance", "险种"), ("signals", "情形")):
        both, maybe = set(gold.get(kind, ())), set(gold.get(kind + "_maybe", ()))
        if set(getattr(got, kind)) - maybe != both:
            return name
    return "规则"


def f1(hit: int, have: int, want: int) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * hit / max(1, have + want)


def macro_f1(pairs: Iterable[tuple[str, str]]) -> float:
    """Return the mean F1 over the classes of the labels."""
    pairs = list(pairs)
    classes = sorted({g for g, _ in pairs})
    return sum(f1(sum(g == d == c for g, d in pairs), sum(d == c for _, d in pairs), sum(g == c for g, _ in pairs))
               for c in classes) / max(1, len(classes))


def measure(messages: list[dict], decisions: dict[str, Decision], show: str | None) -> None:
    """Print every figure, the confusions, and the wrong rows of one kind."""
    pairs: dict[str, list[tuple[str, str]]] = {k: [] for k in ONES}
    sets = {k: [0, 0, 0] for k in SETS}
    causes: Counter[tuple[str, str]] = Counter()
    for row in messages:
        gold, got = row["gold"], decisions[row["id"]]
        if gold["scope"] not in ("in", "out"):
            continue
        pairs["scope"].append((gold["scope"], got.scope.value))
        wrong = [("scope", gold["scope"], got.scope.value)] if gold["scope"] != got.scope else []
        if gold["scope"] == "in":
            for kind in ONES[1:]:
                if gold.get(kind):
                    pairs[kind].append((gold[kind], str(getattr(got, kind))))
                    if gold[kind] != getattr(got, kind):
                        wrong.append((kind, gold[kind], str(getattr(got, kind))))
            for kind, count in sets.items():
                both, maybe, have = set(gold.get(kind, ())), set(gold.get(kind + "_maybe", ())), set(getattr(got, kind))
                if kind == "units" and not both:
                    continue
                count[0] += len(have & both)
                count[1] += len(have - maybe)
                count[2] += len(both)
                if have - maybe != both:
                    wrong.append((kind, "缺 " + " ".join(sorted(both - have)), "多 " + " ".join(sorted(have - maybe - both))))
        for kind, want, have in wrong:
            causes[kind, cause(gold, got)] += 1
            if show in ("all", kind):
                phrases = " ".join(dict.fromkeys(p.text for r in got.reasons for p in r.evidence))
                text = (row["title"] + " " + row["text"])[:200]
                print(f"{kind:9} {want} | {have} | {row['id']} [{phrases[:90]}]\n      {text!r}", file=sys.stderr)
    pairs = {kind: of for kind, of in pairs.items() if of}
    for kind, of in pairs.items():
        print(f"{kind + '_accuracy':22} {sum(g == d for g, d in of) / max(1, len(of)):.3f} ({len(of)})")
    inside = [(g == "in", d == "in") for g, d in pairs["scope"]]
    print(f"{'scope_in_f1':22} {f1(sum(g and d for g, d in inside), sum(d for _, d in inside), sum(g for g, _ in inside)):.3f}")
    if "track" in pairs:
        print(f"{'track_macro_f1':22} {macro_f1(pairs['track']):.3f}")
    for kind, (hit, have, want) in sets.items():
        if not want:
            continue
        parts = f"precision {hit / max(1, have):.2f}, recall {hit / max(1, want):.2f}"
        print(f"{kind + '_f1':22} {f1(hit, have, want):.3f} ({parts})")
    for kind, of in pairs.items():
        confused = Counter((g, d) for g, d in of if g != d)
        print(f"confused {kind}:", ", ".join(f"{g}→{d} {n}" for (g, d), n in confused.most_common(6)))
    for kind in (*ONES[:3], "units"):
        print(f"causes {kind}:", ", ".join(f"{c} {n}" for (k, c), n in causes.most_common() if k == kind))


def main() -> int:
    """Measure and print; 0 also where there is nothing to measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=Path, default=os.environ.get("HSDISPUTE_MEASURE"))
    parser.add_argument("--config", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("-v", dest="show", nargs="?", const="all")
    asked = parser.parse_args()
    path = Path(asked.messages or Path(__file__).parents[2] / "shared" / "data" / "messages_dev.jsonl")
    if not path.is_file():
        print("no labelled messages at hand (--messages FILE); measuring invented ones")
        path = INVENTED
    messages = rows(path, asked.half)
    book = open_rulebook(asked.config)
    now = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)
    tickets = [Ticket(ticket_no=r["id"], title=r["title"], content=r["text"], received_at=now) for r in messages]
    decisions = {t.ticket_no: book.decide(t, now) for t in tickets}
    print(f"{len(messages)} messages, edition {book.edition}")
    measure(messages, decisions, asked.show)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
