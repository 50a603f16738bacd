"""Plugins: ours and others' come through the same hooks; what is broken is refused by the name of its package."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from hsdispute_plugin import app
from hsdispute_plugin.adapters import built_in
from hsdispute_plugin.errors import PluginRefused
from hsdispute_plugin.hooks import manager
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import FactExtractor, PlatformRegistration
from hsdispute_plugin.hooks.specs import hookimpl
from hsdispute_plugin.model import Facts, Ticket

SAMPLE = Path(__file__).parent / "sample_plugin"


def module(**hooks) -> ModuleType:
    made = ModuleType("third_party")
    for name, function in hooks.items():
        setattr(made, name, hookimpl(function))
    return made


def plugins_of(*modules: ModuleType, monkeypatch) -> Plugins:
    points = []
    for n, m in enumerate(modules):
        point = SimpleNamespace(name=f"p{n}", dist=SimpleNamespace(name=f"package-{n}"), load=lambda m=m: m)
        points.append(point)
    monkeypatch.setattr(manager, "entry_points", lambda group: points)
    return Plugins([built_in])


def test_our_own_platforms_come_through_the_same_hook(monkeypatch):
    assert "roundup" in plugins_of(monkeypatch=monkeypatch).platforms


def test_two_offers_of_one_platform_stop_the_start_naming_both(monkeypatch):
    def offer():
        return [PlatformRegistration("roundup", lambda settings: None)]

    with pytest.raises(PluginRefused, match="平台名 “roundup” 有两个插件提供：“hsdispute-plugin” 和 “package-0”"):
        plugins_of(module(hsdispute_platforms=offer), monkeypatch=monkeypatch)


def test_a_misspelt_hook_is_refused(monkeypatch):
    with pytest.raises(PluginRefused, match=r"插件 “package-0” 的钩子名写错了.*hsdispute_platfroms"):
        plugins_of(module(hsdispute_platfroms=lambda: ()), monkeypatch=monkeypatch)


def test_a_hook_with_other_arguments_is_refused(monkeypatch):
    with pytest.raises(PluginRefused, match="插件 “package-0” 的钩子参数不对"):
        plugins_of(module(hsdispute_decided=lambda case: None), monkeypatch=monkeypatch)


def test_a_hook_that_raises_at_start_is_refused(monkeypatch):
    def broken():
        raise ValueError("boom")

    with pytest.raises(PluginRefused, match="插件 “package-0” 的 hsdispute_platforms 出错：ValueError: boom"):
        plugins_of(module(hsdispute_platforms=broken), monkeypatch=monkeypatch)


def test_a_record_of_another_type_is_refused(monkeypatch):
    with pytest.raises(PluginRefused, match="给的不是 PlatformRegistration，而是 dict"):
        plugins_of(module(hsdispute_platforms=lambda: [{"name": "x"}]), monkeypatch=monkeypatch)


def test_a_package_that_cannot_be_imported_is_refused(monkeypatch):
    point = EntryPoint("gone", "no_such_module_anywhere", "hsdispute")
    monkeypatch.setattr(manager, "entry_points", lambda group: [point])
    with pytest.raises(PluginRefused, match=r"插件 “gone” 装不上：ModuleNotFoundError.*或在设置中停用 gone"):
        Plugins([built_in])
    assert "roundup" in Plugins([built_in], blocked=["gone"]).platforms


def test_a_fact_that_exists_already_is_refused(monkeypatch):
    extractor = FactExtractor("险种", "insurance", "多选", "", lambda ticket: Facts({}))
    plugins = plugins_of(module(hsdispute_fact_extractors=lambda: [extractor]), monkeypatch=monkeypatch)
    with pytest.raises(PluginRefused, match="事实 “险种”（insurance）已有人定义"):
        app.open_rulebook(None, plugins)


def test_an_observer_that_raises_is_logged_by_name_and_the_others_still_hear(monkeypatch, capsys):
    heard = []

    def deaf(ticket, decision):
        raise ValueError("boom")

    def hears(ticket):
        heard.append(ticket.ticket_no)

    plugins = plugins_of(module(hsdispute_decided=deaf), module(hsdispute_decided=hears), monkeypatch=monkeypatch)
    plugins.decided(Ticket(ticket_no="T1"), None)
    assert heard == ["T1"]
    assert "observer_failed" in (out := capsys.readouterr().out) and "package-0" in out and "boom" not in out


def test_an_installed_third_party_package_adds_a_fact_and_a_platform(tmp_path):
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", "--no-index",
               "--target", str(tmp_path), str(SAMPLE)]
    subprocess.run(install, check=True, capture_output=True)
    script = """
from pathlib import Path
import sys
from hsdispute_plugin import app
from hsdispute_plugin.model import Ticket
plugins = app.open_plugins()
config = Path(sys.argv[1])
scope = config / "rules" / "scope.yaml"
scope.write_text(scope.read_text("utf-8").replace("规则:\\n", '''规则:
  - 编号: scope.too-short
    名称: 太短
    依据: 县级自定
    施行: 2025-10-27
    条件:
      全部:
        - 工单字数: {少于: 4}
    结论: {受理范围: 存疑}
    理由: 内容太短，先登记
''', 1), "utf-8")
book = app.open_rulebook(config, plugins)
for text in ("欠费", "单位欠缴养老保险"):
    print(book.decide(Ticket(ticket_no="1", content=text), app.clock()).scope.value, sorted(plugins.platforms))
"""
    config = tmp_path / "config"
    subprocess.run([Path(sys.executable).with_name("hsdispute"), "init", config], check=True, capture_output=True)
    done = subprocess.run([sys.executable, "-c", script, config], capture_output=True, text=True, check=False,
                          env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin"})
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("boundary") and second.startswith("in") and "'memory'" in first
