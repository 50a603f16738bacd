"""A host down, or hanging, for a minute while thousands of results wait: drained at its pace, none lost, none twice, in order.

The host pushes its tickets, some twice, newer ones before older. ``HSDISPUTE_QUEUED=2000 HSDISPUTE_DOWN_S=60`` is the long run.
"""

import copy
import json
import os
import random
import re
import time
from collections import Counter

import pytest

from tests.faults.proxy import Proxy
from tests.faults.world import SECRET as WEBHOOK_SECRET
from tests.faults.world import County, until
from tests.hosts.json.host import APP, ORDER, SECRET, Host

QUEUED = int(os.environ.get("HSDISPUTE_QUEUED", "60"))
DOWN_S = float(os.environ.get("HSDISPUTE_DOWN_S", "3"))
PER_SECOND, AT_ONCE = 50, 4
EARLIER, LATER = "单位欠缴养老保险八个月，请税务局查处", "同一笔城乡居民医保重复缴费，要求退费"
PUSHED = "{整单: 是, 数据: data, 更新时间: data.updateTime, 事件编号: id}"


class Counted(Host):
    """Notes when each result was written, and how many requests were under way at once."""

    def __init__(self):
        super().__init__()
        self.written_at, self.under_way, self.most = [], 0, 0

    async def serve(self, request):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if request.url.path.endswith("/dispatch"):
                self.written_at.append(time.monotonic())
            return await super().serve(request)
        finally:
            self.under_way -= 1


@pytest.fixture
def county(tmp_path):
    with Counted() as host, Proxy(host.url) as proxy:
        keys = {"HSDISPUTE_HTTP_JSON_APP_KEY": APP, "HSDISPUTE_HTTP_JSON_SECRET": SECRET,
                "HSDISPUTE_HTTP_JSON_WEBHOOK_SECRET": WEBHOOK_SECRET}
        made = County(tmp_path, None, f"sqlite:///{tmp_path / 'cases.sqlite3'}", environment=keys)
        file = made.config / "platforms" / "http_json.yaml"
        text = file.read_text("utf-8").replace("启用: 否", "启用: 是").replace("http://127.0.0.1:8090", proxy.url)
        for key, value in {"轮询秒": "0", "超时秒": "1", "每秒最多": PER_SECOND, "同时最多": AT_ONCE, "推送": PUSHED}.items():
            text = re.sub(rf"^{key}: ?[^#\n]*", f"{key}: {value}  ", text, flags=re.MULTILINE)
        file.write_text(text, "utf-8")
        made.host, made.proxy = host, proxy
        made.start()
        yield made
        made.close()


def order(n, content, minute):
    return {**copy.deepcopy(ORDER), "orderNum": f"QY-{n}", "majorContent": content, "updateTime": f"2026-11-25 09:{minute:02}:00",
            "callerName": f"缴费人{n}", "callerPhone": f"1380000{n:04}"}


def pushes(chance):
    """Each ticket once, every fifth changed later, every seventh told twice, all in an order of chance."""
    told = []
    for n in range(QUEUED):
        told.append((f"{n}-1", order(n, EARLIER, 1)))
        if n % 5 == 0:
            told.append((f"{n}-2", order(n, LATER, 2)))
        if n % 7 == 0:
            told.append(told[-1])
    chance.shuffle(told)
    return [json.dumps({"id": event, "data": given}, ensure_ascii=False).encode() for event, given in told]


@pytest.mark.parametrize("fault", ["refuse", "hang"])
def test_what_waited_for_a_host_is_drained_at_its_pace_once_and_in_order(county, fault):
    host, began = county.host, time.monotonic()
    host.orders = {f"QY-{n}": order(n, EARLIER, 1) for n in range(QUEUED)}
    county.proxy.misbehave(fault)
    for body in pushes(random.Random(20251027)):
        until(lambda body=body: county.send(body, "http_json")[0] == 202, "taken")
    until(lambda: not county.health()["queue"]["events"], "all are decided", 600)
    waiting = county.health()["queue"]
    while time.monotonic() - began < DOWN_S:
        time.sleep(0.1)
    assert not host.written_at
    assert waiting["queued"] + waiting["claimed"] >= QUEUED
    county.proxy.misbehave("")
    up = time.monotonic()
    until(county.idle, "all is written", 900)
    took = time.monotonic() - up

    for n in range(QUEUED):
        stands = host.orders[f"QY-{n}"]
        keys = [re.search("〔hsdispute:(.*?)〕", note["content"])[1] for note in stands["notes"]]
        assert set(Counter(keys).values()) == {1}
        assert keys == sorted(keys, key=lambda key: int(key.rpartition("-")[2]))
        assert stands["handle"]["extKey"] == keys[-1]
        if n % 5 == 0:
            decided = [note["content"] for note in stands["notes"] if "【提醒】" not in note["content"]]
            assert "重复" in decided[-1], "what the host changed last was told last"
    assert host.most <= AT_ONCE
    times = host.written_at
    for i, first in enumerate(times):  # the pace: what a second allows, and what an idle second had saved
        within = sum(1 for t in times[i:i + 3 * PER_SECOND] if t - first < 1.0)
        assert within <= 2 * PER_SECOND + AT_ONCE
    busiest = max(sum(1 for t in times[i:i + 4 * PER_SECOND] if t - first < 1.0) for i, first in enumerate(times))
    print(f"{fault}: {waiting['queued'] + waiting['claimed']} waited, {len(times)} written in {took:.1f} s, "
          f"{busiest} in the busiest second, {host.most} requests at once")
