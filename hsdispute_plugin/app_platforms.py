"""What the files of ``platforms/`` say: which hosts are connected, which unit they belong to, how fast they may be written to."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsdispute_plugin.app_secrets import secret
from hsdispute_plugin.errors import Problem, RulebookError
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import Platform, PlatformSettings
from hsdispute_plugin.model import Unit, codes_by_name
from hsdispute_plugin.rules.load import read_yaml
from hsdispute_plugin.rules.node import Node, Reading

if TYPE_CHECKING:
    from hsdispute_plugin.store_lanes import Pace

_PACE = ("每秒最多", "同时最多", "连败几次暂停")
_OURS = ("适配器", "启用", "轮询秒", "首问单位", "签名", *_PACE)  # what is read of a file beside the adapter


class Asked(dict[str, object]):
    """The values of a file, which note the keys that were asked for; whoever goes through all asked for all."""

    def __init__(self, values: Mapping[str, object], where: Mapping[str, str]) -> None:
        super().__init__(values)
        self.where = where  # of each key: file:line
        self.asked = set(_OURS)

    def __getitem__(self, key: str) -> object:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or the default."""
        self.asked.add(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self.asked.update(self.where)
        return super().__iter__()

    def keys(self) -> Any:
        """Return all keys."""
        self.asked.update(self.where)
        return super().keys()

    def items(self) -> Any:
        """Return all keys with their values."""
        self.asked.update(self.where)
        return super().items()

    def misspelt(self) -> Iterator[Problem]:
        """Name each key that nobody asked for and that is much like one that was asked for and is not there."""
        lacking = sorted(self.asked - self.where.keys())
        for key in self.where:
            if key not in self.asked and (near := difflib.get_close_matches(key, lacking, 1, 0.5)):
                yield Problem(self.where[key], key, f"没有 “{key}” 这一项，这一行不起作用", f"nobody reads {key!r}",
                              f"是否想写 “{near[0]}”？")


def open_platforms(directory: Path, plugins: Plugins) -> tuple[dict[str, Platform], dict[str, float], tuple[Problem, ...]]:
    """Connect every enabled platform of ``platforms/*.yaml``.

    Return them, their polling intervals in seconds, and the keys of their files that seem misspelt, which stop nothing.

    Raises:
        RulebookError: A file is wrong.
        PluginRefused: A file names an adapter that nobody offers.
    """
    reading = Reading()
    opened: dict[str, Platform] = {}
    intervals: dict[str, float] = {}
    doubts: list[Problem] = []
    for name, node, values in _files(directory, reading):
        adapter = reading.choice(values.get("适配器", node), "适配器", {n: n for n in plugins.platforms}, "适配器")
        given = _asked(node)
        if not reading.yes(values.get("启用"), "启用") or adapter is None:
            if "启用" not in values:
                given.asked = {"启用"}  # what its adapter reads is not known
                doubts += given.misspelt()
            continue
        try:
            opened[name] = plugins.platforms[adapter].connect(PlatformSettings(name, adapter, given, partial(secret, name)))
            doubts += given.misspelt()
        except RulebookError as err:
            reading.problems.extend(err.problems)
        except KeyError as err:
            reading.note(node.where, name, f"缺少 {err}", f"missing {err}", f"请对照随附的 platforms/{name}.yaml 补上")
        intervals[name] = reading.number(values.get("轮询秒"), "轮询秒") or 0.0
    if reading.problems:
        raise RulebookError(tuple(reading.problems))
    return opened, intervals, tuple(doubts)


def first_units(directory: Path, units: Iterable[Unit]) -> dict[str, str]:
    """Return by platform the unit that receives its tickets first (首问单位), where its file names one.

    Raises:
        RulebookError: It has no reception room (三（一）) and is not the government office.
    """
    reading, found = Reading(), dict[str, str]()
    may = codes_by_name(u for u in units if u.accepts or u.code == "gov_office")
    for name, _, values in _files(directory, reading):
        if (named := values.get("首问单位")) and (code := reading.choice(named, "首问单位", may, "设有工作室的单位或政府办")):
            found[name] = code
    if reading.problems:
        raise RulebookError(tuple(reading.problems))
    return found


def paces(directory: Path) -> dict[str, Pace]:
    """Return by platform how fast it may be written to: 每秒最多, 同时最多, 连败几次暂停 of its file.

    Raises:
        RulebookError: One is not a number, or less than it may be.
    """
    from hsdispute_plugin.store_lanes import Pace  # the database, which reading a platform's file must not need

    reading, found, usual = Reading(), dict[str, Pace](), Pace()
    for name, _, values in _files(directory, reading):
        given = {label: reading.number(values[label], label) or 0 for label in _PACE if label in values}
        found[name] = Pace(float(given.get("每秒最多", usual.per_second)), int(given.get("同时最多", usual.at_once)),
                           max(1, int(given.get("连败几次暂停", usual.failures))))
    if reading.problems:
        raise RulebookError(tuple(reading.problems))
    return found


def platform_settings(name: str, directory: Path) -> PlatformSettings:
    """Return one file of ``platforms/``, switched on or not; without the file there are no values.

    Raises:
        RulebookError: The file is wrong.
    """
    reading = Reading()
    path = directory / "platforms" / f"{name}.yaml"
    node = read_yaml(path, f"{directory.name}/platforms/{path.name}", reading) if path.exists() else None
    if reading.problems:
        raise RulebookError(tuple(reading.problems))
    return PlatformSettings(name, name, _asked(node) if node else {}, partial(secret, name))


def _files(directory: Path, reading: Reading) -> Iterator[tuple[str, Node, Mapping[str, Node]]]:
    """Yield the name, the whole and the values of each file that can be read; what is wrong with one is noted."""
    for path in sorted((directory / "platforms").glob("*.yaml")):
        node = read_yaml(path, f"{directory.name}/platforms/{path.name}", reading)
        if node is not None and isinstance(node.value, Mapping):
            yield path.stem, node, node.value


def _asked(node: Node) -> Asked:
    def value(n: Node) -> object:
        if isinstance(n.value, str):
            return n.value
        return [value(i) for i in n.value] if isinstance(n.value, tuple) else {k: value(v) for k, v in n.value.items()}

    given = node.value if isinstance(node.value, Mapping) else {}
    return Asked({k: value(v) for k, v in given.items()}, {k: v.where for k, v in given.items()})
