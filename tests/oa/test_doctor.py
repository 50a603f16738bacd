"""The doctor at an OA: one step after another, in Chinese, with the mend; it leaves nothing changed behind."""

import shutil

import pytest
import yaml
from typer.testing import CliRunner

from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.entrypoints.doctor import examine, examine_platform
from tests.oa.hosts import URL
from tests.test_roundup import RESULT


@pytest.fixture
def directory(host, tmp_path, monkeypatch):
    shutil.copytree(shipped_config(), tmp_path / "config")
    write(tmp_path / "config", host, 地址=URL)
    for name, value in host.secrets.items():
        monkeypatch.setenv(f"HSDISPUTE_{host.adapter}_{name}".upper(), value)
    return tmp_path / "config"


def write(directory, host, **changed):
    file = directory / "platforms" / f"{host.adapter}.yaml"
    values = yaml.load(file.read_text("utf-8"), yaml.BaseLoader) | changed
    file.write_text(yaml.safe_dump(values, allow_unicode=True), "utf-8")


def listed(host):
    return "台账" if host.adapter == "seeyon" else "机器人的待办"


def told(directory, host):
    return list(examine_platform(directory, host.adapter))


def test_all_is_well_is_told_step_by_step_and_changes_nothing(directory, host, platform):
    platform.write_back(host.number, RESULT, None)
    before = dict(host.forms[host.number])
    name = {"weaver": "hskey", "seeyon": "插件标记", "o2oa": "dispute.key"}[host.adapter]
    also = "（只接了台账。要转办，请写上 待办依据：台账里哪个字段的值写在流程标题里）" if host.adapter == "seeyon" else ""
    assert told(directory, host) == [
        f"✓ 平台 {host.adapter}：{what}" for what in (
            "密钥", "换令牌", f"读{listed(host)}", f"读表单 {host.number}", "核对字段和权限",
            f"试写：把 {host.number} 的 “{name}” 按原值存一遍", f"转办：没有写 接收人，由经办人自己转{also}")
    ] + [f"! 平台 {host.adapter}：还没有启用，体检都好以后在 platforms/{host.adapter}.yaml 里写 启用: 是",
         f"! 平台 {host.adapter}：没有回调密钥，回调一律拒收，只靠轮询。请设 HSDISPUTE_{host.adapter.upper()}_WEBHOOK_SECRET"]
    assert {k: v for k, v in host.forms[host.number].items() if k in before} == before and host.moved == 0


def test_the_command_ends_with_failure_when_something_is_wrong(directory, host, monkeypatch):
    runner = CliRunner()
    asked = ["doctor", "--config", str(directory), "--platform", host.adapter]
    assert runner.invoke(commands, asked).exit_code == 0
    monkeypatch.delenv(f"HSDISPUTE_{host.adapter}_{next(iter(host.secrets))}".upper())
    result = runner.invoke(commands, asked)
    assert result.exit_code == 1 and "✗" in result.output and "（或 …_FILE）" in result.output and host.calls["token"] == 1


def test_the_whole_examination_reads_but_does_not_write(directory, host, tmp_path):
    write(directory, host, 启用="是")
    lines = [line for line in examine(directory, f"sqlite:///{tmp_path / 'd'}") if f"平台 {host.adapter}" in line]
    assert lines[0] == f"✓ 平台 {host.adapter}：登录和读取正常" and host.calls["save"] == 0


def test_a_robot_without_work_is_told(directory, host):
    host.times.clear()
    assert any(f"{listed(host)}里没有工单，表单没有核对：请放一张试验工单" in line for line in told(directory, host))


def test_the_newest_ticket_is_looked_at(directory, host):
    host.new("99", "2026-11-26 09:00:00")
    assert any("读表单 99" in line for line in told(directory, host))


def test_a_field_that_is_not_there_is_told_with_the_line_to_change(directory, host):
    write(directory, host, 读取={"标题": "没有的字段", "内容": "流程.没有的"})
    lines = told(directory, host)
    also = "（名称写错了，或这一张还没填过）" if host.adapter == "o2oa" else ""
    for name, label in (("没有的字段", "标题"), ("流程.没有的", "内容")):
        assert (f"✗ 平台 {host.adapter}：核对字段和权限：表单里没有 “{name}”{also}："
                f"请改 config/platforms/{host.adapter}.yaml 的 读取.{label}，或删去那一行") in lines
    assert host.calls["save"] == 0, "no trial after that"


def test_an_answer_that_no_oa_gives_is_told(directory, host):
    host.fail["token"] = [(200, "<html>nginx</html>")]
    assert any("✗" in line and "换令牌的接口回答的不是 JSON" in line for line in told(directory, host))


def test_a_write_that_is_refused_is_told_as_the_last_step(directory, host):
    answers = {"weaver": (200, {"code": "NO_PERMISSION"}), "seeyon": (200, {"code": 1}),
               "o2oa": (500, {"type": "error", "prompt": "x.ExceptionAccessDenied"})}
    host.fail["save"] = [answers[host.adapter]]
    line = next(line for line in told(directory, host) if line.startswith("✗"))
    assert "试写：" in line and ("没有权限" in line or "不接受" in line)


def test_a_field_without_right_and_a_choice_without_option_are_told(directory, host):
    if host.adapter == "o2oa":
        pytest.skip("O2OA tells neither rights nor options")
    host.closed = {host.at["主办"]}
    write(directory, host, 办理类型={"联办": "联合办理"})
    lines = "\n".join(told(directory, host))
    assert "机器人不能编辑 “" in lines and "里给编辑权限，或删去 config/platforms/" in lines
    if host.adapter == "weaver":
        assert "字段 “blfs” 没有选项 “联合办理”：请在表单里加上" in lines


def test_a_platform_that_is_not_there_is_told(directory):
    (line,) = examine_platform(directory, "oaa")
    assert line.startswith("✗ 平台 oaa：没有 platforms/oaa.yaml，有的是：") and "o2oa、" in line


class TestReferral:
    @pytest.fixture
    def directory(self, directory, host):
        write(directory, host, 接收人=dict(host.persons), **host.referring)
        return directory

    def test_what_it_needs_is_tried_and_nothing_is_handed_on(self, directory, host):
        lines = [line for line in told(directory, host) if "转办" in line]
        units = "、".join(sorted(host.persons))
        checked = f"：核对 接收人（{units}）"
        if host.adapter == "weaver":
            checked = f"，接口查不到{units}的 接收人，请用试验工单各转一次"
        assert lines == [f"✓ 平台 {host.adapter}：转办{what}" for what in (f"：看 {host.number} 的待办在谁手里", checked)]
        assert host.calls["refer"] == 0 and host.held[host.number] == {"robot"} and host.moved == 0

    def test_a_form_that_the_robot_does_not_hold_is_told_with_what_to_look_at(self, directory, host):
        host.held[host.number] = {host.persons["合水县税务局"]}  # in O2OA it may not write, and the trial of that comes first
        mend = {"weaver": "操作者里没有机器人：请核对 用户 是不是机器人的人员编号（id）", "o2oa": "没有权限",
                "seeyon": "机器人手里没有标题含这个工单编号的待办：请核对 待办依据、流程标题里有没有这个编号"}[host.adapter]
        assert [line for line in told(directory, host) if line.startswith("✗") and mend in line]
        assert host.calls["refer"] == 0

    def test_persons_that_the_organisation_does_not_know_are_told(self, directory, host):
        if host.adapter == "weaver":
            pytest.skip("泛微 does not tell")
        nobody, product = {"o2oa": ("财政庚@cz@I", "O2OA"), "seeyon": ("-7231816252026829777", "致远")}[host.adapter]
        host.left = {nobody}
        write(directory, host, 接收人={"合水县税务局": host.persons["合水县税务局"], "合水县财政局": nobody})
        assert [line for line in told(directory, host) if line.startswith("✗")] == [
            f"✗ 平台 {host.adapter}：转办：核对 接收人（合水县税务局、合水县财政局）：{product}里没有 “{nobody}”，或已停用："
            "请改 接收人.合水县财政局"]

    def test_a_person_about_whom_nothing_is_answered_is_left_to_a_trial(self, directory, host):
        if host.adapter != "seeyon":
            pytest.skip("only 致远 may answer nothing at all")
        write(directory, host, 接收人={"合水县税务局": host.persons["合水县税务局"], "合水县财政局": "-7231816252026829778"})
        assert ("✓ 平台 seeyon：转办：核对 接收人（合水县税务局），接口查不到合水县财政局的 接收人，请用试验工单各转一次"
                in told(directory, host))

    def test_an_interface_that_does_not_answer_is_told_as_that_step(self, directory, host):
        host.fail["where"] = [(200, "<html>nginx</html>")] * 2
        (line,) = [line for line in told(directory, host) if line.startswith("✗")]
        assert line.startswith(f"✗ 平台 {host.adapter}：") and ("转办" in line or "读台账" in line)

    def test_the_whole_examination_asks_too_and_hands_on_nothing(self, directory, host, tmp_path):
        write(directory, host, 启用="是")
        lines = [line for line in examine(directory, f"sqlite:///{tmp_path / 'd'}") if f"平台 {host.adapter}" in line]
        assert lines[0] == f"✓ 平台 {host.adapter}：登录和读取正常" and host.calls["where"] >= 1 and host.calls["refer"] == 0

    def test_a_unit_that_the_county_does_not_have_is_told_with_what_was_meant(self, directory, host):
        write(directory, host, 接收人={"合水税务局": host.persons["合水县税务局"]}, 单位名称={"合水县税务局": "税务"})
        (line,) = [line for line in told(directory, host) if "units.yaml" in line]
        assert line.startswith(f"✗ 平台 {host.adapter}：接收人 里的 “合水税务局” 不是 units.yaml 的单位名称。可用")
        assert line.endswith("是否想写 “合水县税务局”？")
