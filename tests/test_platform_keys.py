"""Keys of a platform file that nobody reads: pointed out with what was meant, and stopping nothing."""

import json
import shutil

import pytest
from starlette.testclient import TestClient

from hsdispute_plugin.adapters import built_in
from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.app_platforms import Asked, open_platforms
from hsdispute_plugin.entrypoints.doctor import examine, examine_platform
from hsdispute_plugin.entrypoints.gateway import create
from hsdispute_plugin.hooks.manager import Plugins


@pytest.fixture
def changed(tmp_path):
    """A function that gives the shipped configuration with one platform switched on, and words of its file replaced."""
    def make(name, *changes):
        config = shutil.copytree(shipped_config(), tmp_path / "config")
        file = config / "platforms" / f"{name}.yaml"
        text = file.read_text("utf-8")
        for before, after in (("启用: 否", "启用: 是"), *changes):
            assert before in text
            text = text.replace(before, after)
        file.write_text(text, "utf-8")
        return config
    return make


def doubts(config):
    platforms, _, found = open_platforms(config, Plugins([built_in], installed=False))
    for platform in platforms.values():
        platform.close()
    return [(d.where, d.subject, d.mend) for d in found]


@pytest.mark.parametrize("name", sorted(p.stem for p in (shipped_config() / "platforms").glob("*.yaml")))
def test_the_shipped_files_raise_no_doubt(changed, name):
    assert doubts(changed(name)) == []


@pytest.mark.parametrize(("right", "wrong"), [
    ("轮询秒", "轮循秒"), ("每秒最多", "每秒最大"), ("首问单位", "首问部门"), ("超时秒", "超时妙"), ("可覆盖", "可复盖"),
    ("单位名称", "单位名"), ("办理类型", "办理类别")])
def test_a_misspelt_key_is_named_with_its_line_and_the_right_one(changed, right, wrong):
    config = changed("roundup", (f"{right}:", f"{wrong}:"))
    lines = (config / "platforms" / "roundup.yaml").read_text("utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if text.startswith(wrong))
    ((where, key, mend),) = doubts(config)
    assert (key, mend) == (wrong, f"是否想写 “{right}”？")
    # Of a mapping or list over several lines the first line of what it holds is named.
    assert where in {f"config/platforms/roundup.yaml:{n}" for n in (line, line + 1)}


def test_the_doctor_names_it_and_the_gateway_starts_and_logs_it_once(changed, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HSDISPUTE_ROUNDUP_PASSWORD", "unused")
    config = changed("roundup", ("轮询秒: 30", "轮循秒: 30"), ("8087", "9"))
    url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    said = "! 平台文件 config/platforms/roundup.yaml:14：没有 “轮循秒” 这一项，这一行不起作用。是否想写 “轮询秒”？"
    assert said in list(examine(config, url)) and said in list(examine_platform(config, "roundup"))
    with TestClient(create(App(config, url))) as client:
        assert client.get("/healthz").status_code == 200
    assert capsys.readouterr().out.count("轮循秒") == 1


def test_a_platform_that_is_not_switched_on_since_that_word_is_misspelt_is_named(changed):
    config = changed("roundup", ("启用: 是", "起用: 是"))
    assert [(key, mend) for _, key, mend in doubts(config)] == [("起用", "是否想写 “启用”？")]


def test_whoever_takes_the_values_as_a_whole_has_read_all_of_them():
    given, where = {"轮循秒": "30", "地址": "x"}, {"轮循秒": "a:1", "地址": "a:2"}
    for take in (dict, json.dumps, list, lambda v: {**v}, lambda v: list(v.items())):
        values = Asked(given, where)
        taken = take(values)
        assert list(values.misspelt()) == [] and taken in (given, json.dumps(given), list(given), list(given.items()))
    values = Asked(given, where)
    assert values["地址"] == "x" and values.get("没有", 1) == 1 and "没有" not in values and isinstance(values, dict)
    assert [problem.subject for problem in values.misspelt()] == ["轮循秒"]
