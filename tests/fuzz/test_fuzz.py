"""Mutations of good inputs of every kind, through the reader that must not break (Hypothesis).

``HSDISPUTE_FUZZ`` is how many inputs all kinds get together: 20,000 in CI, a million by ``make fuzz``.
"""

import os
import signal
import time
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsdispute_plugin.model import MAX_TEXT
from tests.fuzz.kinds import KINDS, MOST_EDITS, OURS, grown

INPUTS = int(os.environ.get("HSDISPUTE_FUZZ", "20000"))
HANG_S = 120  # nothing that ends takes a hundredth of it


@contextmanager
def alarmed():
    """Let an alarm break off what has not ended ``HANG_S`` after the last call of ``signal.alarm``."""
    def late(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", KINDS)
def test_whatever_comes_is_read_or_refused_in_our_own_words(name):
    kind, fed = KINDS[name], [0, 0]

    @settings(max_examples=max(20, round(INPUTS * kind.share / 1000)), deadline=None, database=None,
              suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=MOST_EDITS))
    def feed(program):
        fed[0] += 1
        signal.alarm(HANG_S)
        try:
            kind.feed(grown(name, program))
        except OURS as err:
            fed[1] += 1
            assert str(err)

    began = time.perf_counter()
    with alarmed():
        feed()
    print(f"{name}: {fed[0]} inputs, {fed[1]} refused, {time.perf_counter() - began:.0f} s")


@pytest.mark.parametrize(
    "run", [*"1十万，。（《不请第年 \n㐂a.", "一二三四", "养老保险", "十人", "2015年至", "没有不", "1,2", "《》"])
def test_the_longest_ticket_of_anything_again_and_again_is_read(run):
    with alarmed():
        signal.alarm(HANG_S)
        KINDS["text"].feed((run * (MAX_TEXT // len(run))).encode())
