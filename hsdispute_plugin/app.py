"""The one place where parts are joined: configuration, engine, store, platforms, clock and environment."""

from __future__ import annotations

import os
import random
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from hsdispute_plugin.adapters import built_in
from hsdispute_plugin.adapters.signature import Signing
from hsdispute_plugin.app_platforms import first_units, open_platforms, paces, platform_settings
from hsdispute_plugin.errors import PluginRefused
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import FactExtractor
from hsdispute_plugin.model import Facts, Ticket
from hsdispute_plugin.rules.durable import best_engine
from hsdispute_plugin.rules.editions import snapshot
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.generated import compile_generated
from hsdispute_plugin.rules.holder import RulebookHolder
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.rulebook import CompileEngine, Extract, Rulebook, RuleSource

if TYPE_CHECKING:
    from hsdispute_plugin.desk import Desk
    from hsdispute_plugin.store import Store
    from hsdispute_plugin.store_keys import Keys

CANDIDATE_S = 2.0  # of the processor, for what is tried beside a live decision: a thousand times what a ticket takes
DEFAULT_DATABASE = "sqlite:///hsdispute.sqlite3"
NO_KEYS = "none"

#: Every environment variable that is read, and what it is for. A secret may also stand in a file that ``<name>_FILE`` names.
ENVIRONMENT: Mapping[str, str] = MappingProxyType({
    "HSDISPUTE_CONFIG": "配置目录；命令行的 --config 优先；都没有则用随附的配置",
    "HSDISPUTE_DATABASE": "数据库地址：sqlite:///文件，或 postgresql+psycopg://用户:口令@主机/库；命令行的 --database 优先。"
                          "SQLite 被占着时最多等 10 秒，要改写成 sqlite:///文件?timeout=5",
    "HSDISPUTE_KEYS": "封存缴费人信息的密钥文件（见 docs/security.md）；不写则是配置目录旁边的 <配置目录名>.keys；"
                      f"写 {NO_KEYS} 则不封存，数据库里是明文",
    "HSDISPUTE_CACHE": "回放时存放已读事实的目录（没有原文和编号）；命令行的 --cache 优先；都没有则用 ~/.cache/hsdispute",
    "HSDISPUTE_API_TOKEN": "调用 /api/v1 要带的令牌；不设则只接受本机的请求",
    "HSDISPUTE_CONSOLE_PROXIES": "统一登录：只信这些反向代理地址（用逗号分开）在请求头里写明的登录名；不设则不信任何请求头",
    "HSDISPUTE_CONSOLE_USER_HEADER": "统一登录：代理把登录名写在哪个请求头里，默认 X-Remote-User",
    "FORWARDED_ALLOW_IPS": "反向代理的地址：只信它写的 X-Forwarded-For 和 X-Forwarded-Proto，默认 127.0.0.1",
    "HSDISPUTE_LOG_LEVEL": "日志写多细：debug、info（默认）、warning、error；哪一级都不含缴费人信息",
    "HSDISPUTE_BLOCKED_PLUGINS": "停用的第三方插件（入口点名或包名，用逗号分开）",
    "HSDISPUTE_<平台>_<密钥>": "平台的密钥，如 HSDISPUTE_ROUNDUP_WEBHOOK_SECRET；平台名是 platforms/ 里的文件名。"
                           "换回调密钥时，旧的放在 …_WEBHOOK_SECRET_PREVIOUS，两个都认，平台改好后删去",
})


def clock() -> datetime:
    """Return the aware present: the one place that asks the machine's clock."""
    return datetime.now(UTC)


def shipped_config() -> Path:
    """Return the configuration that came with the package, or that of the checkout it runs from."""
    inside = Path(__file__).parent / "_config"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "config"


def config_directory(given: Path | None = None) -> Path:
    """Return the configuration directory: as given, else ``HSDISPUTE_CONFIG``, else the shipped one."""
    if given is not None:
        return given
    named = os.environ.get("HSDISPUTE_CONFIG")
    return Path(named) if named else shipped_config()


def cache_directory(given: Path | None = None) -> Path:
    """Return where facts once read and results of long work are kept: as given, else ``HSDISPUTE_CACHE``, else at home."""
    if given is not None:
        return given
    named = os.environ.get("HSDISPUTE_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "hsdispute"


def open_plugins() -> Plugins:
    """Load the built-in and the installed plugins; ``HSDISPUTE_BLOCKED_PLUGINS`` names entry points to leave out.

    Raises:
        PluginRefused: One is broken, or two clash.
    """
    return Plugins([built_in], blocked=os.environ.get("HSDISPUTE_BLOCKED_PLUGINS", "").split(","))


def make_rulebook(source: RuleSource, engine: CompileEngine, extractors: Sequence[FactExtractor] = ()) -> Rulebook:
    """Make the rule book of one source, asking the plugins' extractors after our own."""
    return Rulebook(source, engine, _reader(source, extractors))


def open_rulebook(directory: Path | None = None, plugins: Plugins | None = None) -> Rulebook:
    """Open the rule book of a configuration directory.

    Raises:
        RulebookError: With every problem of its files.
    """
    extractors = plugins.extractors if plugins else ()
    return make_rulebook(load(config_directory(directory), fact_defs(extractors)), best_engine(), extractors)


def open_reader(directory: Path, source: RuleSource | None = None) -> tuple[Extract, FactTable]:
    """Return what reads tickets under a configuration, and the facts it gives; without any engine.

    ``source``: what its files say, where they are loaded already.

    Raises:
        RulebookError: With every problem of its files.
    """
    extractors = open_plugins().extractors
    source = source or load(directory, fact_defs(extractors))
    return _reader(source, extractors), source.table


def fact_defs(extractors: Sequence[FactExtractor]) -> tuple[FactDef, ...]:
    """Return the facts that plugins add, as rule files may name them.

    Raises:
        PluginRefused: One is a fact of ours already.
    """
    own = FactTable()
    for e in extractors:
        if e.code in own.by_code or e.label in own.by_label:
            raise PluginRefused(f"插件 “{e.package}” 的事实 “{e.label}”（{e.code}）已有人定义，请其作者换一个名称 / "
                                f"fact {e.code!r} is already defined")
    return tuple(
        FactDef(e.label, e.code, Kind(e.kind), e.says, source="plugin", values=e.values, optional=True) for e in extractors
    )


def _reader(source: RuleSource, extractors: Sequence[FactExtractor]) -> Extract:
    """Return what reads tickets: our own extraction, then what plugins add."""
    own = Extractor(source.words, source.regions, source.settings, source.table)
    if not extractors:
        return own

    def extract(ticket: Ticket) -> Facts:
        facts = own(ticket)
        values, evidence = dict(facts.values), dict(facts.evidence)
        for e in extractors:
            given = e.read(ticket)
            values |= given.values
            evidence |= given.evidence
        return Facts(values, evidence)

    return extract


class App:
    """Everything a running gateway needs, joined; ``close`` ends it."""

    def __init__(self, directory: Path | None = None, database: str | None = None) -> None:
        """Open configuration, plugins, database and platforms.

        Raises:
            RulebookError, PluginRefused, StoreRefused: Each with what to do.
        """
        # Imported here: `hsdispute decide` must start in half a second and needs no database.
        from hsdispute_plugin.app_shadow import Shadows
        from hsdispute_plugin.outbox import Outbox
        from hsdispute_plugin.reception import Reception
        from hsdispute_plugin.reception_limit import Limit

        self.directory = config_directory(directory)
        self.plugins = open_plugins()
        make = partial(open_rulebook, plugins=self.plugins)
        self.books = RulebookHolder(self.directory, make, time.monotonic)
        self.platforms, self.intervals_s, self.misspelt = open_platforms(self.directory, self.plugins)
        self.store = _store(self.directory, database_url(database))
        aside = Limit(CANDIDATE_S)
        self.desk = _desk(self.directory, self.store, self.book, self.plugins, aside.on)
        self.shadows = Shadows(self.directory, self.store, self.plugins.extractors)
        self.owner = f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(3)}"
        self.paces = paces(self.directory)
        self.signings = {name: Signing.of(platform_settings(name, self.directory)) for name in self.platforms}
        self.outbox = Outbox(
            self.store, self.platforms, clock, random.random, self.desk.paper, self.plugins.notify, self.paces)
        self.reception = Reception(self.store, self.platforms, self.desk, self.books.rulebook, self.plugins, clock, aside)

    @property
    def book(self) -> Rulebook:
        """The rule book in force."""
        return self.books.rulebook()

    def close(self) -> None:
        """Close platforms, engines and database."""
        for platform in self.platforms.values():
            platform.close()
        self.books.close()
        self.store.close()


def database_url(given: str | None = None) -> str:
    """Return the address of the database: as given, else ``HSDISPUTE_DATABASE``, else a file in the working directory."""
    return given or os.environ.get("HSDISPUTE_DATABASE") or DEFAULT_DATABASE


def _known_database(given: str | None) -> str:
    """Return the address of the database; whoever named none and stands in another directory than the gateway gets no new one.

    Raises:
        StoreRefused: None is named, and there is none here.
    """
    from hsdispute_plugin.store import StoreRefused, file_of

    url = database_url(given)
    path = file_of(url) if url == DEFAULT_DATABASE else None
    if path and not path.exists():
        raise StoreRefused(f"没有写明用哪个数据库，这个目录里也没有 {path}。请写 --database，或设 HSDISPUTE_DATABASE，"
                           f"与网关用的一样 / which database?")
    return url


def keys_path(directory: Path | None = None) -> Path | None:
    """Return where the keys are looked for; ``None``: it was said that nothing is to be sealed."""
    named = os.environ.get("HSDISPUTE_KEYS")
    if named:
        return None if named == NO_KEYS else Path(named)
    place = config_directory(directory).absolute()
    # Beside the configuration, never inside: who copies that one to another place copies no key.
    return Path("hsdispute.keys") if place == shipped_config().absolute() else place.with_name(place.name + ".keys")


def open_keys(directory: Path | None = None) -> Keys | None:
    """Open the keys; ``None`` where nothing is to be sealed.

    Raises:
        KeysRefused: They are not there, or cannot be used.
    """
    from hsdispute_plugin.store_keys import Keys, KeysRefused

    path = keys_path(directory)
    if path is None:
        return None
    if not path.exists():
        raise KeysRefused(f"没有密钥文件 {path}：缴费人信息要封存了才写进数据库。新装的、从旧版升级的，请运行 "
                          f"hsdispute keys create；换了机器或从备份恢复的，请放回原来的密钥文件。确实不要封存的，"
                          f"设 HSDISPUTE_KEYS={NO_KEYS} / no key file")
    return Keys(path)


@contextmanager
def open_store(database: str | None = None, directory: Path | None = None, *, sealed: bool = False) -> Iterator[Store]:
    """Open the database alone, and close it again; with ``sealed`` also what is confidential in it.

    Raises:
        StoreRefused, KeysRefused: It cannot be used as it is.
    """
    from hsdispute_plugin.store import Store

    url = _known_database(database)
    store = _store(config_directory(directory), url) if sealed else Store(url)
    try:
        yield store
    finally:
        store.close()


def open_desk(directory: Path | None = None, database: str | None = None) -> tuple[Desk, Store, Rulebook]:
    """Open what the commands on cases need: no platform, and none of the gateway's work.

    Raises:
        RulebookError, PluginRefused, StoreRefused: Each with what to do.
    """
    directory = config_directory(directory)
    plugins = open_plugins()
    book = RulebookHolder(directory, partial(open_rulebook, plugins=plugins), time.monotonic).rulebook()
    store = _store(directory, _known_database(database))
    return _desk(directory, store, book, plugins), store, book


def _store(directory: Path, url: str) -> Store:
    from hsdispute_plugin.store import Store
    from hsdispute_plugin.store_keys import KeysRefused, lacks

    keys, refused = None, None
    try:
        keys = open_keys(directory)
    except KeysRefused as err:
        refused = err
    store = Store(url, keys)
    path = keys_path(directory)
    unusable = refused and path and path.exists()  # then its own reason says more: others may read it, it is broken
    if not unusable and (missing := store.missing_keys()):  # says more than that there is no file
        refused = KeysRefused(lacks(path, missing))
    if refused:
        store.close()
        raise refused
    return store


def _desk(
    directory: Path, store: Store, book: Rulebook, plugins: Plugins,
    limit: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Desk:
    from hsdispute_plugin.desk import Desk
    from hsdispute_plugin.desk_shadow import Candidate
    from hsdispute_plugin.forms import Forms

    candidate = Candidate(partial(open_candidate, directory, plugins=plugins), limit)
    return Desk(store, Forms(directory / "forms"), first_units(directory, book.source.units.values()), candidate)


def open_candidate(directory: Path, edition: str, plugins: Plugins) -> Rulebook:
    """Open a prepared edition on the engine that is plain Python: it can be wrong, but it cannot break the process.

    Raises:
        RulebookError, EditionRefused: It cannot be opened.
    """
    source = load(snapshot(directory, edition), fact_defs(plugins.extractors))
    return make_rulebook(source, compile_generated, plugins.extractors)
