"""The processes that read a history: answers in order, no process left behind, whether begun early or when they are needed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from select import select

import pytest

from hsdispute_plugin.errors import ReplayRefused
from hsdispute_plugin.rules.replay_readers import Readers

ROOT = Path(__file__).parents[1]
RUN = """
import os, signal, sys
from pathlib import Path
from multiprocessing import active_children
from benchmarks.invented import NOW
from hsdispute_plugin.entrypoints.replay_run import Run

def progress(done, total, told=[]):
    told.append(done)
    if len(told) == 2:
        print(*(f"{{p.name}} {{p.pid}}" for p in active_children()), flush=True)
        os.kill({victim}, signal.SIGKILL)

if __name__ == "__main__":
    file, cache, config = map(Path, sys.argv[1:])
    with Run(cache, 2, NOW, first=config) as run:
        from hsdispute_plugin.rules.replay_history import history
        side = run.side(config, lambda: history(file), progress)
"""


def begin(*told):
    return lambda given: os._exit(9) if given == "end" else told[0] // given


@pytest.fixture
def readers():
    with Readers(3, begin) as made:
        yield made


def test_answers_come_in_the_order_of_what_was_given(readers):
    given = [n % 7 + 1 for n in range(200)]
    assert list(readers.work(given, 840)) == [840 // n for n in given]
    assert list(readers.work(given, 5)) == [5 // n for n in given], "the same processes, told something else"
    assert list(readers.work([], 5)) == []


def test_what_goes_wrong_in_a_process_goes_wrong_here(readers):
    with pytest.raises(ZeroDivisionError):
        list(readers.work([1, 0, 1, 1], 5))
    assert list(readers.work([1, 2], 4)) == [4, 2], "and leaves nothing behind"


def test_a_process_that_the_system_ended_is_told_in_a_sentence(readers):
    with pytest.raises(ReplayRefused, match="减少 --processes 后再跑"):
        list(readers.work([1, "end", 1, 1, 1, 1, 1, 1, 1, 1], 5))


def ended(pid):
    try:
        return bool(select([os.pidfd_open(int(pid))], [], [], 10)[0])
    except ProcessLookupError:
        return True


@pytest.mark.parametrize("victim", ["os.getpid()", "active_children()[0].pid"], ids=["all", "one"])
def test_processes_begun_early_end_with_the_run(tmp_path, victim):
    file, script = tmp_path / "工单.jsonl", tmp_path / "run.py"
    file.write_text("".join(f'{{"content": "{"单位没有缴社保。" * 20}{n}"}}\n' for n in range(8_000)), "utf-8")
    script.write_text(RUN.format(victim=victim), "utf-8")
    done = subprocess.run([sys.executable, script, file, tmp_path / "cache", ROOT / "config"], env={
        **os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=120)
    pids = re.findall(r"Fork\S+ (\d+)", done.stdout)
    assert len(pids) == 2, done.stderr
    if victim == "os.getpid()":
        assert done.returncode == -signal.SIGKILL
    else:
        assert "ReplayRefused" in done.stderr and "已读好的都在缓存里" in done.stderr
    assert all(map(ended, pids))
