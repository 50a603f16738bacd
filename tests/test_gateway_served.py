"""The gateway as the real command serves it: its own process, its own port."""

import json
import socket
from pathlib import Path

import pytest

from tests.faults.world import SECRET, County, until
from tests.hosts.roundup.tracker import free_port

PUSHED = """\
适配器: http_json
启用: 是
地址: http://127.0.0.1:9
轮询秒: 0
认证: {方式: 无}
接口: {写回: {路径: /reply, 工单字段: orderNum}}
推送: {整单: 是, 数据: order}
幂等: {字段: requestId}
读取: {工单编号: orderNum, 标题: title, 内容: content}
字段: {主办: unit, 办理: kind, 时限: due, 说明: remark}
"""


@pytest.fixture
def county(tmp_path):
    made = County(tmp_path, None, f"sqlite:///{tmp_path / 'cases.sqlite3'}",
                  environment={"HSDISPUTE_PUSHED_WEBHOOK_SECRET": SECRET})
    roundup = made.config / "platforms" / "roundup.yaml"
    roundup.write_text(roundup.read_text("utf-8").replace("启用: 是", "启用: 否"), "utf-8")
    (made.config / "platforms" / "pushed.yaml").write_text(PUSHED, "utf-8")
    made.port = free_port()
    made.start()
    yield made
    made.close()


def test_a_ticket_handed_over_becomes_a_case_on_the_faster_event_loop(county):
    body = json.dumps({"order": {"orderNum": "1", "title": "欠缴社保", "content": "单位从来没有给我交过社保"}})
    assert county.send(body.encode(), "pushed")[0] == 202
    until(lambda: county.health()["queue"]["events"] == 0, "decided")
    process = county.processes["gateway"]
    assert process is not None
    assert "uvloop" in Path(f"/proc/{process.pid}/maps").read_text("utf-8")


def test_headers_that_do_not_end_are_refused_and_others_are_served_on(county):
    with socket.create_connection(("127.0.0.1", county.port), timeout=10) as wire:
        wire.sendall(b"POST /hooks/pushed HTTP/1.1\r\nHost: x\r\n")
        for n in range(64):  # a server that kept them all would go on asking for more
            try:
                wire.sendall(f"X-{n}: ".encode() + b"x" * 4_000 + b"\r\n")
            except OSError:  # it hung up already
                break
        try:
            answer = wire.recv(100)
        except ConnectionError:
            answer = b""
    assert answer.startswith(b"HTTP/1.1 400") or answer == b""
    assert county.healthy()
