"""The plugin manager: loads what is installed, refuses by name what is broken, misspelt or in conflict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

import pluggy
import structlog

from hsdispute_plugin.errors import PluginRefused
from hsdispute_plugin.hooks import specs
from hsdispute_plugin.hooks.platform import FactExtractor, PlatformRegistration
from hsdispute_plugin.hooks.specs import PROJECT
from hsdispute_plugin.model import Decision, Ticket

GROUP = "hsdispute"
_log = structlog.get_logger(__name__)


class Plugins:
    """What all plugins offer, checked once at start."""

    def __init__(self, built_in: Sequence[ModuleType], *, blocked: Iterable[str] = (), installed: bool = True) -> None:
        """Register our own modules first, then every installed package of the group.

        Args:
            built_in: Modules of this package that implement hooks.
            blocked: Names of entry points not to load (设置: 停用的插件).
            installed: Whether to look at installed packages at all.

        Raises:
            PluginRefused: A package cannot be imported, implements no such hook or with other arguments, offers records of
                another type, or a platform name that another package offers.
        """
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(specs)
        self._owner: dict[object, str] = {}
        for module in built_in:
            self._register(module, "hsdispute-plugin")
        skipped = set(blocked)
        if installed:
            for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
                if point.name not in skipped:
                    self._load(point)
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as err:
            raise PluginRefused(f"插件 “{self._package(err.plugin)}” 的钩子名写错了：{err} / unknown hook") from err
        self.platforms = self._platforms()
        self.extractors = self._extractors()

    def _load(self, point: EntryPoint) -> None:
        package = point.dist.name if point.dist else point.name
        try:
            module = point.load()
        except Exception as err:
            raise PluginRefused(f"插件 “{package}” 装不上：{type(err).__name__}: {err} / cannot be imported。"
                                f"请联系其作者，或在设置中停用 {point.name}") from err
        if not self._manager.is_registered(module):
            self._register(module, package)

    def _register(self, module: object, package: str) -> None:
        self._owner[module] = package
        try:
            self._manager.register(module, name=f"{package}:{id(module)}")
        except pluggy.PluginValidationError as err:
            raise PluginRefused(f"插件 “{package}” 的钩子参数不对：{err} / wrong hook arguments") from err

    def _package(self, module: object) -> str:
        return self._owner.get(module, str(module))

    def _offers(self, hook: str, wanted: type) -> list[tuple[str, object]]:
        found: list[tuple[str, object]] = []
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            package = self._package(implementation.plugin)
            try:
                offered = list(implementation.function() or ())
            except Exception as err:
                raise PluginRefused(f"插件 “{package}” 的 {hook} 出错：{type(err).__name__}: {err} / raised at start") from err
            for record in offered:
                if not isinstance(record, wanted):
                    raise PluginRefused(f"插件 “{package}” 的 {hook} 给的不是 {wanted.__name__}，而是 {type(record).__name__} / "
                                        f"wrong record type")
                found.append((package, record))
        return sorted(found, key=lambda f: f[0])

    def _platforms(self) -> dict[str, PlatformRegistration]:
        found: dict[str, tuple[str, PlatformRegistration]] = {}
        for package, record in self._offers("hsdispute_platforms", PlatformRegistration):
            assert isinstance(record, PlatformRegistration)
            if record.name in found:
                raise PluginRefused(f"平台名 “{record.name}” 有两个插件提供：“{found[record.name][0]}” 和 “{package}” / "
                                    f"platform {record.name!r} is offered twice。请停用其中一个")
            found[record.name] = (package, record)
        return {name: record for name, (_, record) in found.items()}

    def _extractors(self) -> tuple[FactExtractor, ...]:
        return tuple(r for _, r in self._offers("hsdispute_fact_extractors", FactExtractor) if isinstance(r, FactExtractor))

    def decided(self, ticket: Ticket, decision: Decision) -> None:
        """Tell every observer; one that raises is logged by name and the others still hear."""
        for implementation in self._manager.hook.hsdispute_decided.get_hookimpls():
            try:
                given = {"ticket": ticket, "decision": decision}
                implementation.function(*(given[name] for name in implementation.argnames))
            except Exception as err:
                _log.error("observer_failed", package=self._package(implementation.plugin), error=type(err).__name__)
