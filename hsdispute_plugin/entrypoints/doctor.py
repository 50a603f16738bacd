"""`hsdispute doctor`: one line for each part, ✓ good, ! to know, ✗ broken with its mend."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from hsdispute_plugin import app
from hsdispute_plugin.adapters.signature import SHORTEST_SECRET
from hsdispute_plugin.app_platforms import Asked, open_platforms, platform_settings
from hsdispute_plugin.app_secrets import webhook_secrets
from hsdispute_plugin.clocks import ClockBook
from hsdispute_plugin.errors import PluginRefused, Problem, RulebookError
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import Examined, Platform, PlatformSettings
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules import durable, reading
from hsdispute_plugin.rules.editions import EditionRefused, current, in_force
from hsdispute_plugin.rules.facts import FactDef
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.node import suggest
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.store import Store, StoreDelayed, StoreRefused, file_of
from hsdispute_plugin.store_journal import broken
from hsdispute_plugin.store_keys import KeysRefused, lacks, supported
from hsdispute_plugin.store_schema import PLAIN

MOST_FAULTS = 10
_MAKES = "网关第一次启动时建。网关用的是别的库的，请写 --database，或设 HSDISPUTE_DATABASE"


def examine(config: Path | None, database: str | None) -> Iterator[str]:
    """Yield the findings, each one line (problems of the configuration: as many lines as they need)."""
    directory = app.config_directory(config)
    try:
        plugins = app.open_plugins()
        source, draft_wrong = _source(directory, app.fact_defs(plugins.extractors))
    except (PluginRefused, RulebookError) as err:
        yield f"✗ 配置 {directory}：{err}"
        return
    if draft_wrong:
        yield f"! 目录里的文件有错，不影响生效的 {source.edition} 版；改好之前不能启用：{draft_wrong}"
    else:
        yield f"✓ 配置 {directory}：{sum(len(f.rules) for f in source.families)} 条规则，版次 {source.edition}"
        yield from _edition(directory, source)
    yield "✓ 读取工单的部分已编译" if reading.built() else "! 读取工单的部分没有编译，用 Python 读，慢些，结论相同"
    yield "✓ 引擎 durable_rules 可用" if durable.available() else "! 未安装 durable_rules，用 generated 引擎，结论相同"
    yield from _numbers(source)
    try:
        platforms, _, doubts = open_platforms(directory, plugins)
        yield from _misspelt(doubts)
    except (RulebookError, PluginRefused) as err:
        yield f"✗ 平台文件：{err}"
        platforms = {}
    yield from _database(directory, database, platforms)
    yield from _platforms(platforms, directory, plugins)


def examine_platform(config: Path | None, name: str) -> Iterator[str]:
    """Yield the findings on one platform, switched on or not, one after another; where it can, a trial of writing is the last."""
    directory = app.config_directory(config)
    try:
        plugins, settings = app.open_plugins(), platform_settings(name, directory)
        adapter = str(settings.values.get("适配器", ""))
        if adapter not in plugins.platforms:
            there = "、".join(sorted(p.stem for p in (directory / "platforms").glob("*.yaml")))
            yield f"✗ 平台 {name}：" + (f"适配器 “{adapter}” 没有人提供" if settings.values
                                      else f"没有 platforms/{name}.yaml，有的是：{there}")
            return
        platform = plugins.platforms[adapter].connect(settings)
    except (RulebookError, PluginRefused, KeyError) as err:
        yield f"✗ 平台 {name}：{err}"
        return
    if isinstance(settings.values, Asked):
        yield from _misspelt(settings.values.misspelt())
    steps = platform.steps(writing=True) if isinstance(platform, Examined) else [("登录和读取", platform.check())]
    for what, wrong in steps:
        yield from (f"✗ 平台 {name}：{what}：{sentence}" for sentence in wrong)
        if not wrong:
            yield f"✓ 平台 {name}：{what}"
    if not isinstance(platform, Examined):
        yield f"! 平台 {name}：这种平台不试写，写回在第一张工单上核对"
    yield from _unit_names(name, settings, directory, plugins)
    if settings.values.get("启用") != "是":
        yield f"! 平台 {name}：还没有启用，体检都好以后在 platforms/{name}.yaml 里写 启用: 是"
    yield from _webhooks(name, pushes=plugins.platforms[adapter].pushes)
    platform.close()


def _misspelt(doubts: Iterable[Problem]) -> Iterator[str]:
    yield from (f"! 平台文件 {doubt.where}：{doubt.what}。{doubt.mend}" for doubt in doubts)


def _source(directory: Path, facts: tuple[FactDef, ...]) -> tuple[RuleSource, str]:
    """Return the files as they stand; where they are wrong what is in force, and what is wrong with them.

    Raises:
        RulebookError: They are wrong, and nothing else is in force.
    """
    try:
        return load(directory, facts), ""
    except RulebookError as err:
        try:
            force = in_force(directory)
        except EditionRefused:
            raise err from None
        if force == directory:
            raise
        return load(force, facts), str(err)


def _unit_names(name: str, settings: PlatformSettings, directory: Path, plugins: Plugins) -> Iterator[str]:
    """Say which units of a platform file the county does not have: what is written there would never be used."""
    try:
        known = [u.name for u in load(directory, app.fact_defs(plugins.extractors)).units.values()]
    except RulebookError:
        return  # told by the examination of the whole
    for label in ("单位名称", "接收人"):
        named = settings.values.get(label)
        for unit in named if isinstance(named, Mapping) else ():
            if unit not in known:
                yield f"✗ 平台 {name}：{label} 里的 “{unit}” 不是 units.yaml 的单位名称。{suggest(str(unit), known)}"


def _edition(directory: Path, source: RuleSource) -> Iterator[str]:
    try:
        edition = current(directory)
        in_force(directory)
    except EditionRefused as err:
        yield f"✗ 版次：{err}"
        return
    if not edition:
        yield "! 还没有启用过版次，目录里的文件直接生效。改好后用 hsdispute activate 启用"
    elif edition != source.edition:
        yield f"! 生效的是 {edition} 版，目录里的文件与它不同。用 hsdispute diff 看改了什么，用 hsdispute activate 启用"
    else:
        yield f"✓ 版次 {edition} 生效，与目录里的文件一致"


def _platforms(platforms: Mapping[str, Platform], directory: Path, plugins: Plugins) -> Iterator[str]:
    if not platforms:
        yield "! 没有启用任何平台：在 platforms/ 的文件里写 启用: 是"
    for name, platform in platforms.items():
        wrong = platform.check()
        yield from (f"✗ 平台 {name}：{sentence}" for sentence in wrong)
        if not wrong:
            yield f"✓ 平台 {name}：登录和读取正常"
        yield from _webhooks(name, pushes=plugins.platforms[str(platform_settings(name, directory).values["适配器"])].pushes)
        platform.close()


def _webhooks(name: str, *, pushes: bool) -> Iterator[str]:
    variable = f"HSDISPUTE_{name.upper().replace('-', '_')}_WEBHOOK_SECRET"
    known = webhook_secrets(name)
    if not known and pushes:
        yield f"! 平台 {name}：没有回调密钥，回调一律拒收，只靠轮询。请设 {variable}"
    if any(len(secret) < SHORTEST_SECRET for secret in known):
        yield f"! 平台 {name}：回调密钥不足 {SHORTEST_SECRET} 个字符，容易猜出。请换一个长的：openssl rand -hex 32"
    if len(known) > 1:
        yield f"! 平台 {name}：新旧两个回调密钥都认。平台改用新密钥后，请删去 {variable}_PREVIOUS"


def _numbers(source: RuleSource) -> Iterator[str]:
    open_numbers = [d.what for d in source.deadlines.values() if not d.confirmed]
    if open_numbers:
        yield f"! 未确认的时限 {len(open_numbers)} 项：{'、'.join(open_numbers)}"
    book = ClockBook(source.deadlines, source.calendar, source.hours)
    if missing := book.missing_periods():
        yield f"! deadlines.yaml 没有这些时限，案件走到那一步不计时：{'、'.join(missing)}"
    if not source.levels:
        yield "! 没有 levels.yaml，到期和逾期都不会提醒任何人。请从随附的 config 复制一份"
    today = app.clock().astimezone(SHANGHAI).date()
    for year in (today.year, today.year + 1):
        first, last = today.replace(year=year, month=1, day=1), today.replace(year=year, month=12, day=31)
        if source.calendar.provisional(first, last):
            yield f"! {year} 年没有正式的节假日安排，跨到这一年的时限是暂定的；通知公布后请更新 calendar/{year}.yaml"


def _keys(directory: Path, seals: Counter[str], *, scrub: bool) -> Iterator[str]:
    """Say whether payer data is sealed, with which keys, and what is not yet."""
    try:
        keys = app.open_keys(directory)
    except KeysRefused as err:
        path, needed = app.keys_path(directory), sorted(seals.keys() - {PLAIN})
        yield f"✗ 封存：{lacks(path, needed) if needed and path and not path.exists() else err}"
        return
    known = {k.id for k in keys.all} if keys else set()
    if missing := sorted(seals.keys() - known - {PLAIN}):
        yield f"✗ 封存：{lacks(keys.path if keys else None, missing)}"
    if keys is None:
        yield (f"! 封存：设了 HSDISPUTE_KEYS={app.NO_KEYS}，数据库和备份里的缴费人信息是明文。"
               "去掉这个设置，运行 hsdispute keys create")
        return
    key = keys.writer
    yield f"✓ 封存：用密钥 {key.id}（{key.algorithm}，{key.made_on} 建立），封存了 {seals[key.id]} 行"
    if keys.writer.algorithm != supported()[0]:
        yield f"! 封存：这台机器可以用国密 {supported()[0]}：hsdispute keys rotate --algorithm {supported()[0]}"
    if keys.path.stat().st_mode & 0o040:
        yield f"! 封存：密钥文件同组的人也能读。不是有意的，请执行 chmod 600 {keys.path}"
    if older := sum(n for key, n in seals.items() if key in known and key != keys.writer.id):
        yield f"! 封存：还有 {older} 行是用旧密钥封存的。网关会在后台改封，也可以运行 hsdispute keys seal"
    if seals[PLAIN]:
        yield f"! 封存：还有 {seals[PLAIN]} 行是明文。网关会在后台封存，也可以运行 hsdispute keys seal"
    elif scrub:
        yield "! 封存：数据库空闲页里可能还有明文残留。网关会清掉，也可以运行 hsdispute keys seal"


def _database(directory: Path, database: str | None, platforms: Mapping[str, Platform]) -> Iterator[str]:
    try:
        url = app.database_url(database)
        path = file_of(url)
        if path and path.parent.is_dir() and not path.exists():  # whoever examines makes none: it would belong to the wrong user
            yield f"! 数据库{'' if database or os.environ.get('HSDISPUTE_DATABASE') else '没有写明用哪个，'}还没有建立：{_MAKES}"
            yield from _keys(directory, Counter(), scrub=False)
            return
        store = Store(url)
        with store.reading() as tx:
            seals, scrub = tx.seals(), tx.scrub_is_due()
            depths, unfinished, head = tx.depths(), tx.unfinished(), tx.journal_head()
            shadow = tx.running_shadow()
            tried = tx.count_shadow(shadow.id) if shadow else {}
            faults = [found.says for found in islice(broken(tx.journal_lines(), head), MOST_FAULTS + 1)]
    except (StoreRefused, StoreDelayed) as err:
        yield f"✗ {err}"
        return
    store.close()
    yield from _keys(directory, seals, scrub=scrub)
    yield f"✓ 数据库：待写回 {depths['queued'] + depths['claimed']}，待处理事件 {depths['events']}"
    if depths["dead"]:
        yield f"✗ 有 {depths['dead']} 条写回被平台拒收或一再出错，须人工处理"
    if depths["failed_events"]:
        yield f"✗ 有 {depths['failed_events']} 个事件没能受理，须人工处理：hsdispute outbox list --state 接不了"
    for name in sorted(unfinished.keys() - platforms.keys()):
        yield f"! 平台 {name} 没有启用，却有 {unfinished[name]} 项没做完；启用后会接着做"
    if shadow:
        failed = f"，出错 {tried['failed']} 张，请查明或停止" if tried["failed"] else ""
        yield f"! 正在试算 {shadow.candidate} 版：{tried['seen']} 张{failed}。hsdispute shadow status"
    yield from (f"✗ 办理日志{says}。请停用并报告" for says in faults[:MOST_FAULTS])
    if len(faults) > MOST_FAULTS:
        yield "✗ 办理日志还有别处不对，只列前面的"
    if not faults:
        yield f"✓ 办理日志封印完整，到第 {head.id} 条（{head.case_no}）：{head.seal[:16]}" if head else "✓ 办理日志还是空的"
