"""Tickets that break what reads them: raised, killed, never ended, held fast, endless. Set aside and shown; the others go on.

``HSDISPUTE_TRIES=5`` tries each as often as the product does (docs/reliability.md).
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.world import County, until
from tests.hosts.roundup.tracker import Desk, Tracker

CONTENT = "老城镇砖厂欠缴养老保险八个月，请税务局查处"
TRIES = int(os.environ.get("HSDISPUTE_TRIES", "2"))
LIMIT_S = 1

#: A fact of another package, as one is installed; the words of the ticket choose what goes wrong.
PLUGIN = '''
import os, re, signal
from hsdispute_plugin.hooks.platform import FactExtractor
from hsdispute_plugin.hooks.specs import hookimpl
from hsdispute_plugin.model import Facts


def read(ticket):
    if "毒甲" in ticket.title:
        raise ZeroDivisionError(ticket.content)
    if "毒乙" in ticket.title:
        os.kill(os.getpid(), signal.SIGKILL)  # as a fault in a C library does
    while "毒丙" in ticket.title:
        pass
    if "毒丁" in ticket.title:  # one call into C that never comes back and lets no other thread run
        re.match("(a+)+$", "a" * 64 + "b")
    return Facts({"poison": False})


@hookimpl
def hsdispute_fact_extractors():
    yield FactExtractor("有毒", "poison", "是否", "", read)
'''
POISONS = {
    "毒甲": "程序出错：PluginRefused", "毒乙": f"处理这张工单时程序中止了 {TRIES} 次", "毒丙": "秒还没有读完，已经停下",
    "毒丁": f"处理这张工单时程序中止了 {TRIES} 次", "毒戊": "超过 20000 字的不读",
}


@pytest.fixture
def county(tmp_path):
    plugins = tmp_path / "plugins"
    about = plugins / "hsdispute_poison-1.dist-info"
    about.mkdir(parents=True)
    (plugins / "hsdispute_poison.py").write_text(PLUGIN, "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: hsdispute-poison\nVersion: 1\n", "utf-8")
    (about / "entry_points.txt").write_text("[hsdispute]\npoison = hsdispute_poison\n", "utf-8")
    with Tracker(tmp_path / "host") as tracker:
        environment = {"PYTHONPATH": os.pathsep.join([str(plugins), str(Path(__file__).parents[2])]),
                       "HSDISPUTE_TEST_LIMIT_S": str(LIMIT_S), "HSDISPUTE_TEST_TRIES": str(TRIES)}
        made = County(tmp_path, tracker, f"sqlite:///{tmp_path / 'cases.sqlite3'}", beside={"neighbour": tracker.url},
                      program=Path(__file__).with_name("program.py"), environment=environment)
        made.tracker = tracker
        made.start()
        yield made
        made.close()


def test_poison_is_set_aside_and_shown_and_the_others_go_on(county):
    hotline, ended, restarts = Desk(county.tracker), threading.Event(), [0]

    def restarted():  # what systemd does: Restart=always
        while not ended.wait(0.2):
            process = county.processes["gateway"]
            if process is not None and process.poll() is not None:
                restarts[0] += 1
                with suppress(AssertionError):
                    county.start("gateway")

    keeper = threading.Thread(target=restarted, daemon=True)
    keeper.start()
    poisons, good = {}, []
    for n, poison in enumerate(POISONS):
        poisons[poison] = hotline.file_ticket(poison, CONTENT if poison != "毒戊" else CONTENT * 1000)
        good += [hotline.file_ticket(f"欠费{n}", CONTENT), hotline.file_ticket(f"欠费{n}{n}", CONTENT)]
        for number, platform in ((poisons[poison], "roundup"), (good[-2], "roundup"), (good[-1], "neighbour")):
            until(lambda number=number, platform=platform: county.tell(number, platform=platform), "taken")
    until(lambda: all(hotline.read(number)["extkey"] for number in good), "the others are written", 200)
    until(lambda: county.idle() and county.health()["queue"]["failed_events"] == len(POISONS), "all poison is set aside", 300)
    ended.set()
    keeper.join(60)

    assert not any(hotline.read(number)["extkey"] for number in poisons.values())
    assert all(sum(note.startswith("〔hsdispute:") for note in hotline.notes(number)) == 1 for number in good)
    listed = county.run("outbox", "list", "--state", "接不了").splitlines()
    for poison, why in POISONS.items():
        assert any(line.startswith("接单-") and f" roundup {poisons[poison]} " in line and why in line for line in listed), why
    assert listed[-1] == f"共 {len(POISONS)} 条。"
    assert 2 * TRIES - 1 <= restarts[0] <= 3 * TRIES, "for the tickets that kill, once perhaps both at a time"
    assert CONTENT not in county.log()
    print(f"{len(POISONS)} poisons set aside, {restarts[0]} restarts, {len(good)} others written")
