"""A real gateway before a real Request Tracker: from its own signed webhook to the written ticket, also through a faulty line."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests import request_tracker
from tests.faults.proxy import Proxy
from tests.faults.world import SECRET, County, until
from tests.hosts.request_tracker.tracker import CLERK, ROBOT, Desk
from tests.hosts.roundup.tracker import free_port

CONTENT = "我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处"


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    home, port = tmp_path_factory.mktemp("served"), free_port()
    hook = f"http://127.0.0.1:{port}/hooks/request_tracker"
    with request_tracker.running(home / "host", hook_url=hook, hook_secret=SECRET) as tracker, Proxy(tracker.url) as proxy:
        made = County(home, proxy, f"sqlite:///{home / 'cases.sqlite3'}")
        made.port, made.tracker, made.proxy = port, tracker, proxy
        (made.config / "platforms" / "roundup.yaml").unlink()
        file = made.config / "platforms" / "request_tracker.yaml"
        shipped = file.read_text("utf-8").replace("http://127.0.0.1:8085", proxy.url).replace("启用: 否", "启用: 是")
        # Without polling: it is the scrip's webhook that tells. A short wait, that a line which hangs is left soon.
        file.write_text(shipped.replace("轮询秒: 30", "轮询秒: 0").replace("超时秒: 10", "超时秒: 3"), "utf-8")
        made.environment |= {"HSDISPUTE_REQUEST_TRACKER_TOKEN": tracker.token(),
                             "HSDISPUTE_REQUEST_TRACKER_WEBHOOK_SECRET": SECRET}
        made.start()
        yield made
        made.close()


@pytest.fixture
def hotline(county):
    return Desk(county.tracker)


def written(hotline, number):
    return lambda: hotline.read(number)["外部编号"] and hotline.notes(number)


def test_a_ticket_that_is_filed_carries_the_decision_moments_later(county, hotline):
    number = hotline.file_ticket("砖厂欠缴养老保险", CONTENT)
    until(written(hotline, number), "written back")
    until(county.idle, "nothing is left to do")
    ticket = hotline.read(number)
    assert (ticket["主办单位"], ticket["协办单位"]) == ("合水县税务局", "合水县人力资源和社会保障局")
    assert ticket["办理依据"] and ticket["Due"] > "2026"
    (note,) = hotline.notes(number)
    assert note.startswith(f"〔hsdispute:{ticket['外部编号']}〕") and "砖厂" not in county.log()
    # Nothing that the robot wrote came back as news.
    assert [kind for kind, who in hotline.acts(number) if who == ROBOT].count("Comment") == 1
    assert county.health()["queue"]["failed_events"] == 0


@pytest.mark.parametrize("fault", ["cut", "half", "hang", "200-with-error"])
def test_through_a_faulty_line_every_result_stands_once_and_a_clerks_field_stays(county, hotline, fault):
    proxy = county.proxy
    number = hotline.file_ticket("砖厂欠缴养老保险", CONTENT)
    until(written(hotline, number), "the first result")
    until(county.idle, "nothing is left to do")
    seen = proxy.seen[fault]
    proxy.misbehave(fault, writes_only=True)
    Desk(county.tracker, CLERK).change(number, 争议类别="其他")
    hotline.change(number, Subject="砖厂欠缴养老保险，十五名工人一起反映，要求集体上访")
    until(lambda: proxy.seen[fault] >= seen + 2, "the fault was met, and met again")
    proxy.misbehave("")
    until(county.idle, "nothing is left to do", 120)
    ticket, notes = hotline.read(number), hotline.notes(number)
    keys = [note[len("〔hsdispute:"):].partition("〕")[0] for note in notes]
    assert len(keys) == len(set(keys)) == 2 and ticket["外部编号"] == keys[-1]
    assert (ticket["争议类别"], ticket["办理类型"]) == ("其他", "重大疑难事项")
    assert county.health()["queue"]["dead"] == 0 and "Traceback" not in county.log()


def alive(group):
    """The living processes of a group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended as we looked
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if its_group == str(group) and state != "Z":
                found.append(stat.parent.name)
    return found


def test_a_tracker_that_is_stopped_leaves_no_process(tmp_path):
    with request_tracker.running(tmp_path) as tracker:
        group = tracker._server.pid
        assert len(alive(group)) > 1, "with workers"
    assert alive(group) == []
    assert tracker.token(ROBOT), "the data stay"


def test_a_tracker_ends_with_the_tests_that_are_killed(tmp_path):
    with request_tracker.running(tmp_path):  # skipped where there is none; made, to be served once more
        pass
    served = f"""
import os, pathlib, signal
from tests.hosts.request_tracker.tracker import RequestTracker
print(RequestTracker(pathlib.Path({str(tmp_path)!r})).start()._server.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", served], capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == -9
    until(lambda: not alive(int(done.stdout)), "no server is left")
