"""The plugin manager: loads what is installed, refuses by name what is broken, misspelt or in conflict."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import TypeVar

import pluggy

from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, PluginRefused, trace_of
from hsdispute_plugin.hooks import specs
from hsdispute_plugin.hooks.platform import FactExtractor, Notice, PlatformRegistration
from hsdispute_plugin.hooks.specs import PROJECT
from hsdispute_plugin.logger import Logger, ready
from hsdispute_plugin.model import Decision, Ticket

GROUP = "hsdispute"
OURS = "hsdispute-plugin"
HOOKS = tuple(name for name in vars(specs) if name.startswith("hsdispute_"))
_log = Logger(__name__)
_Record = TypeVar("_Record", PlatformRegistration, FactExtractor)


class Plugins:
    """What all plugins offer, checked once at start."""

    def __init__(self, built_in: Sequence[ModuleType], *, blocked: Iterable[str] = (), installed: bool = True) -> None:
        """Register our own modules first, then every installed package of the group, by the names of their entry points.

        Args:
            built_in: Modules of this package that implement hooks.
            blocked: Names of entry points or of packages not to load (停用的插件).
            installed: Whether to look at installed packages at all.

        Raises:
            PluginRefused: A package cannot be imported, implements no hook, one that is none or one with other arguments,
                offers what is no good record, or a platform or fact that another package offers.
        """
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(specs)
        for module in built_in:
            self._register(module, OURS)
        skipped = {name.strip() for name in blocked}
        if installed:
            for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
                if not {point.name, _package(point)} & skipped:
                    self._load(point)
        self._check_spelling()
        platforms = self._offers("hsdispute_platforms", PlatformRegistration)
        _refuse_twice("平台名", ((r.name, package) for package, r in platforms))
        self.platforms = {r.name: r for _, r in platforms}
        facts = self._offers("hsdispute_fact_extractors", FactExtractor)
        _refuse_twice("事实", ((name, package) for package, r in facts for name in (r.label, r.code)))
        self.extractors = tuple(replace(r, package=package) for package, r in facts)

    def _load(self, point: EntryPoint) -> None:
        package = _package(point)
        if package != OURS:
            ready()  # from here on others may log
        try:
            module = point.load()
        except (Exception, SystemExit) as err:
            raise PluginRefused(f"插件 “{package}” 装不上：{type(err).__name__}: {err} / cannot be imported。"
                                f"{_mend(point.name)}") from err
        if not self._manager.is_registered(module):
            self._register(module, package)

    def _register(self, module: object, package: str) -> None:
        try:
            self._manager.register(module, name=f"{package}:{id(module)}")
        except pluggy.PluginValidationError as err:
            raise PluginRefused(f"插件 “{package}” 的钩子参数不对：{err} / wrong hook arguments。{_mend(package)}") from err
        for hook in HOOKS:
            function = getattr(module, hook, None)
            if inspect.isroutine(function) and self._manager.parse_hookimpl_opts(module, hook) is None:
                raise PluginRefused(f"插件 “{package}” 的 {hook} 上面缺少 @hookimpl，不会被调用 / not marked。{_mend(package)}")
        callers = self._manager.get_hookcallers(module) or []
        if not callers:
            raise PluginRefused(f"插件 “{package}” 没有实现任何钩子 / implements no hook。可用 / known: {'、'.join(HOOKS)}。"
                                f"{_mend(package)}")
        for caller in callers:
            if any(i.plugin is module and (i.hookwrapper or i.wrapper) for i in caller.get_hookimpls()):
                raise PluginRefused(f"插件 “{package}” 的 {caller.name} 是包装钩子，这里不接受 / hook wrappers are not taken。"
                                    f"{_mend(package)}")

    def _check_spelling(self) -> None:
        for name, module in self._manager.list_name_plugin():
            package = _package_of(name)
            for caller in self._manager.get_hookcallers(module) or ():
                if caller.name not in HOOKS:
                    near = difflib.get_close_matches(caller.name, HOOKS, 1)
                    meant = f"是否想写 {near[0]}？" if near else f"可用 / known: {'、'.join(HOOKS)}。"
                    raise PluginRefused(f"插件 “{package}” 的钩子名写错了：{caller.name} / unknown hook。{meant}{_mend(package)}")
        self._manager.check_pending()

    def _offers(self, hook: str, wanted: type[_Record]) -> list[tuple[str, _Record]]:
        found: list[tuple[str, _Record]] = []
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            package = _package_of(implementation.plugin_name)
            try:
                offered = list(implementation.function() or ())
            except Exception as err:
                raise PluginRefused(f"插件 “{package}” 的 {hook} 出错：{type(err).__name__}: {err} / raised at start。"
                                    f"{_mend(package)}") from err
            for record in offered:
                if not isinstance(record, wanted):
                    raise PluginRefused(f"插件 “{package}” 的 {hook} 给的不是 {wanted.__name__}，而是 {type(record).__name__} / "
                                        f"wrong record type。{_mend(package)}")
                if wrong := record.wrong():
                    raise PluginRefused(f"插件 “{package}” 的 {hook} 给的记录用不了：{wrong} / bad record。{_mend(package)}")
                found.append((package, record))
        return sorted(found, key=lambda f: (f[0] != OURS, f[0]))  # ours first: of two offers of one name the other is left out

    def decided(self, ticket: Ticket, decision: Decision) -> None:
        """Tell every observer; one that raises is logged by name and the others still hear."""
        for implementation in reversed(self._manager.hook.hsdispute_decided.get_hookimpls()):  # in the order that pluggy calls
            try:
                given = {"ticket": ticket, "decision": decision}
                implementation.function(*(given[name] for name in implementation.argnames))
            except Exception as err:
                _log.error("observer_failed", package=_package_of(implementation.plugin_name), error=trace_of(err))


    def notify(self, notice: Notice) -> None:
        """Give a notice to every plugin that tells people.

        Raises:
            DeliveryDelayed, DeliveryRefused: As a plugin raised it; anything else that a plugin raises comes through as it is.
        """
        for implementation in reversed(self._manager.hook.hsdispute_notice.get_hookimpls()):
            try:
                implementation.function(*(notice for _ in implementation.argnames))
            except (DeliveryDelayed, DeliveryRefused):
                raise
            except Exception as err:
                _log.error("notice_failed", package=_package_of(implementation.plugin_name), error=trace_of(err))
                raise


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.name


def _package_of(name: str) -> str:
    """Return the package in the name that a plugin was registered under."""
    return name.rpartition(":")[0]


def _refuse_twice(what: str, offered: Iterable[tuple[str, str]]) -> None:
    owners: dict[str, str] = {}
    for name, package in offered:
        if name in owners:
            raise PluginRefused(f"{what} “{name}” 有两个插件提供：“{owners[name]}” 和 “{package}” / {name!r} is offered twice。"
                                f"请停用其中一个：HSDISPUTE_BLOCKED_PLUGINS={package}")
        owners[name] = package


def _mend(plugin: str) -> str:
    return f"请联系其作者；先用着，可停用它：HSDISPUTE_BLOCKED_PLUGINS={plugin}"
