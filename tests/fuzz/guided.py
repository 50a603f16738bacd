"""The long run: the same inputs and readers, but chosen by what code they reach (atheris, libFuzzer). See ``make fuzz``.

``python -m tests.fuzz.guided 1000000`` spreads a million inputs over the kinds; ``… 1000 webhook`` feeds one kind alone. Stops at
the first input that is neither read nor refused in our own words, or that takes longer than two minutes.
"""

import multiprocessing
import sys
import time

import atheris

with atheris.instrument_imports(include=["hsdispute_plugin"]):
    from tests.fuzz.kinds import KINDS, MOST_EDITS, OURS, grown

HANG_S = 120


def run(name: str, inputs: int) -> None:
    """Feed one kind; ends the process."""
    feed, refused, began = KINDS[name].feed, [0, 0], time.perf_counter()

    def one(program: bytes) -> None:
        refused[1] += 1
        try:
            feed(grown(name, program))
        except OURS:
            refused[0] += 1
        except BaseException:
            print(f"{name}: {grown(name, program)!r}", flush=True)
            raise
        if refused[1] == inputs:
            print(f"{name}: {inputs} inputs, {refused[0]} refused, {time.perf_counter() - began:.0f} s", flush=True)

    atheris.Setup([sys.argv[0], f"-runs={inputs}", f"-max_len={MOST_EDITS}", f"-timeout={HANG_S}", "-rss_limit_mb=4096",
                   "-verbosity=0", "-len_control=0"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    total = int(sys.argv[1])
    for kind in sys.argv[2:] or KINDS:
        count = total if sys.argv[2:] else max(20, round(total * KINDS[kind].share / 1000))
        process = multiprocessing.get_context("spawn").Process(target=run, args=(kind, count))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{kind}: an input that must not be")
