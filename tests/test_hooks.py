"""Plugins: ours and others' come through the same hooks; what is broken is refused by the name of its package."""

import builtins
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from hsdispute_plugin import app
from hsdispute_plugin.adapters import built_in
from hsdispute_plugin.errors import PluginRefused
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import FactExtractor
from hsdispute_plugin.model import Facts, Phrase, Ticket

SAMPLE = Path(__file__).parent / "sample_plugin"
HEAD = """
from hsdispute_plugin.hooks.platform import FactExtractor, PlatformRegistration
from hsdispute_plugin.hooks.specs import hookimpl
from hsdispute_plugin.model import Facts
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put packages where Python finds them, with entry points as pip would write them."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def package(name: str, code: str) -> None:
        module = name.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(HEAD + dedent(code), "utf-8")
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[hsdispute]\n{module}_point = {module}\n", "utf-8")
        made.append(module)

    yield package
    for module in made:
        sys.modules.pop(module, None)


def refusal(**given) -> str:
    with pytest.raises(PluginRefused) as caught:
        Plugins([built_in], **given)
    return str(caught.value)


def test_our_own_platforms_come_through_the_same_hook():
    assert "roundup" in Plugins([built_in]).platforms
    assert Plugins([], installed=False).platforms == {}


BROKEN = {
    "a misspelt hook": ("""
        @hookimpl
        def hsdispute_platfroms(): yield
     """, "插件 “county-x” 的钩子名写错了：hsdispute_platfroms / unknown hook。是否想写 hsdispute_platforms？"),
    "a hook of another name": ("""
        @hookimpl
        def on_ticket(): pass
     """, "插件 “county-x” 的钩子名写错了：on_ticket / unknown hook。可用 / known: hsdispute_platforms、"),
    "other arguments": ("""
        @hookimpl
        def hsdispute_decided(case): pass
     """, "插件 “county-x” 的钩子参数不对："),
    "a hook without its mark": ("""
        def hsdispute_platforms(): yield
     """, "插件 “county-x” 的 hsdispute_platforms 上面缺少 @hookimpl，不会被调用"),
    "no hook at all": ("", "插件 “county-x” 没有实现任何钩子 / implements no hook。可用 / known: hsdispute_platforms、"),
    "a wrapper": ("""
        @hookimpl(wrapper=True)
        def hsdispute_decided(ticket, decision): return (yield)
     """, "插件 “county-x” 的 hsdispute_decided 是包装钩子，这里不接受"),
    "an import that fails": ("import no_such_module_anywhere", "插件 “county-x” 装不上：ModuleNotFoundError: No module named"),
    "a module that ends the process": ("raise SystemExit(3)", "插件 “county-x” 装不上：SystemExit: 3"),
    "a hook that raises": ("""
        @hookimpl
        def hsdispute_platforms(): raise ValueError("boom")
     """, "插件 “county-x” 的 hsdispute_platforms 出错：ValueError: boom"),
    "a hook that raises midway": ("""
        @hookimpl
        def hsdispute_platforms():
            yield PlatformRegistration("a", print)
            raise ValueError("boom")
     """, "插件 “county-x” 的 hsdispute_platforms 出错：ValueError: boom"),
    "a record of another type": ("""
        @hookimpl
        def hsdispute_platforms(): return [{"name": "x"}]
     """, "插件 “county-x” 的 hsdispute_platforms 给的不是 PlatformRegistration，而是 dict"),
    "a record for a list": ("""
        @hookimpl
        def hsdispute_fact_extractors(): return FactExtractor("字数", "words", "整数", "", print)
     """, "插件 “county-x” 的 hsdispute_fact_extractors 出错：TypeError"),
    "a platform of our own name": ("""
        @hookimpl
        def hsdispute_platforms(): yield PlatformRegistration("roundup", print)
     """, "平台名 “roundup” 有两个插件提供：“hsdispute-plugin” 和 “county-x”"),
    "a platform name for no file": ("""
        @hookimpl
        def hsdispute_platforms(): yield PlatformRegistration("../x", print)
     """, "平台名（name）用小写英文字母、数字、下划线和短横线"),
    "a platform that cannot be connected": ("""
        @hookimpl
        def hsdispute_platforms(): yield PlatformRegistration("x", None)
     """, "connect 应是一个函数或类"),
    "a fact without a good code": ("""
        @hookimpl
        def hsdispute_fact_extractors(): yield FactExtractor("字数", "字数", "整数", "", print)
     """, "代号（code）用小写英文字母、数字和下划线"),
    "a fact of no kind": ("""
        @hookimpl
        def hsdispute_fact_extractors(): yield FactExtractor("字数", "words", "int", "", print)
     """, "类型（kind）“int” 不对，可用：是否、整数、单选、多选"),
    "a choice of nothing": ("""
        @hookimpl
        def hsdispute_fact_extractors(): yield FactExtractor("档次", "grade", "单选", "", print)
     """, "单选、多选要在 values 里列出取值"),
    "a fact that nobody reads": ("""
        @hookimpl
        def hsdispute_fact_extractors(): yield FactExtractor("字数", "words", "整数", "", None)
     """, "extract 应是一个函数"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_package_is_refused_by_name_and_can_be_left_out(install, what):
    code, sentence = BROKEN[what]
    install("county-x", code)
    told = refusal()
    assert sentence in told and "HSDISPUTE_BLOCKED_PLUGINS=county" in told
    for name in ("county-x", "county_x_point", " county-x "):
        assert "roundup" in Plugins([built_in], blocked=["", name]).platforms


@pytest.mark.parametrize(("first", "second", "what"), [
    ('yield PlatformRegistration("a", print)', 'yield PlatformRegistration("a", print)', "平台名 “a”"),
    ('yield FactExtractor("甲", "x", "整数", "", print)', 'yield FactExtractor("乙", "x", "整数", "", print)', "事实 “x”"),
    ('yield FactExtractor("甲", "x", "整数", "", print)', 'yield FactExtractor("甲", "y", "整数", "", print)', "事实 “甲”"),
])
def test_two_packages_that_offer_the_same_are_both_named(install, first, second, what):
    for name, offer in (("county-x", first), ("county-y", second)):
        hook = "hsdispute_platforms" if "Platform" in offer else "hsdispute_fact_extractors"
        install(name, f"@hookimpl\ndef {hook}(): {offer}\n")
    assert f"{what} 有两个插件提供：“county-x” 和 “county-y”" in refusal()


def test_a_hook_may_offer_nothing(install):
    install("county-x", """
        @hookimpl
        def hsdispute_platforms(): return None
        @hookimpl
        def hsdispute_fact_extractors(): return ()
    """)
    assert Plugins([built_in]).extractors == ()


@pytest.mark.parametrize(("label", "code"), [
    ("险种", "kinds"), ("险类", "insurance"), ("险种数", "x"), ("险类", "insurance_count")])
def test_a_fact_that_is_ours_already_is_refused(install, label, code):
    install("county-x", f"""
        @hookimpl
        def hsdispute_fact_extractors():
            yield FactExtractor("{label}", "{code}", "整数", "", lambda ticket: Facts({{}}))
    """)
    with pytest.raises(PluginRefused, match=f"插件 “county-x” 的事实 “{label}”（{code}）已有人定义"):
        app.open_rulebook(None, Plugins([built_in]))


class TestFactsOfPlugins:
    TICKET = Ticket(ticket_no="T1", content="张三丰 13800000000 上访三次")

    def read(self, kind, given, values=None):
        made = FactExtractor("上访", "visits", kind, "", lambda ticket: given, values or {}, "county-x")
        assert made.wrong() == ""
        return made.read(self.TICKET)

    @pytest.mark.parametrize(("kind", "value", "values"), [
        ("是否", True, {}), ("整数", 3, {}), ("单选", "old", {"老户": "old"}), ("多选", frozenset(), {"老户": "old"}),
        ("多选", frozenset({"old"}), {"老户": "old"}),
    ])
    def test_a_value_of_its_kind_is_taken_with_its_phrases(self, kind, value, values):
        phrases = (Phrase("上访三次", 16, 20),)
        facts = self.read(kind, Facts({"visits": value}, {"visits": phrases, "visits.old": phrases}), values)
        assert facts.values == {"visits": value} and set(facts.evidence) == {"visits", "visits.old"}

    def test_what_it_says_of_other_facts_is_not_heard(self):
        facts = self.read("整数", Facts({"visits": 3, "scope": "in"}, {"visits": (), "scope": (), "visits_of_others": ()}))
        assert facts == Facts({"visits": 3}, {"visits": ()})

    def test_a_fact_left_out_is_unknown(self):
        assert self.read("整数", Facts({})) == Facts({}, {})

    @pytest.mark.parametrize(("kind", "value", "values"), [
        ("是否", 1, {}), ("整数", True, {}), ("整数", "3", {}), ("整数", 3.0, {}), ("整数", None, {}),
        ("单选", "new", {"老户": "old"}),
        ("多选", {"old"}, {"老户": "old"}), ("多选", "old", {"老户": "old"}), ("多选", frozenset({"new"}), {"老户": "old"}),
    ])
    def test_a_value_of_another_kind_is_refused_with_the_package(self, kind, value, values):
        told = f"插件 “county-x” 的事实 “上访”（visits）应是{kind}，给的是 {type(value).__name__}"
        with pytest.raises(PluginRefused, match=told):
            self.read(kind, Facts({"visits": value}), values)

    @pytest.mark.parametrize("given", [None, 3, {"visits": 3}])
    def test_what_is_no_record_of_facts_is_refused_with_the_package(self, given):
        with pytest.raises(PluginRefused, match=r"“county-x” 的事实 “上访”（visits）算不出来：AttributeError at platform\.py"):
            self.read("整数", given)

    def test_an_error_of_theirs_does_not_repeat_the_payers_words(self):
        def extract(ticket):
            raise ValueError(ticket.content)

        with pytest.raises(PluginRefused) as caught:
            FactExtractor("上访", "visits", "整数", "", extract, package="county-x").read(self.TICKET)
        assert "算不出来：ValueError at test_hooks.py:" in str(caught.value) and "张三丰" not in str(caught.value)


OBSERVERS = """
import builtins
@hookimpl{mark}
def hsdispute_decided({arguments}):
    {act}
"""


def test_an_observer_that_raises_is_logged_by_name_and_the_others_still_hear(install, capsys, monkeypatch):
    monkeypatch.setattr(builtins, "heard", [], raising=False)
    install("county-a", OBSERVERS.format(mark="", arguments="ticket", act='builtins.heard.append("a")'))
    install("county-b", OBSERVERS.format(mark="(tryfirst=True)", arguments="decision, ticket",
                                         act='builtins.heard.append(ticket.ticket_no)'))
    install("county-c", OBSERVERS.format(mark="(trylast=True)", arguments="", act='raise ValueError("13800000000")'))
    install("county-d", OBSERVERS.format(mark="(trylast=True)", arguments="", act='builtins.heard.append("d")'))
    Plugins([built_in]).decided(Ticket(ticket_no="T1"), None)
    assert builtins.heard == ["T1", "a", "d"]
    told = capsys.readouterr().out
    assert told.count("observer_failed") == 1
    assert "county-c" in told and "> county_c.py" in told and "13800000000" not in told


def test_an_installed_third_party_package_adds_a_fact_and_a_platform(tmp_path):
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", "--no-index",
               "--target", str(tmp_path), str(SAMPLE)]
    subprocess.run(command, check=True, capture_output=True)
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
                          env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("boundary") and second.startswith("in") and "'memory'" in first
