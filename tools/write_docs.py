"""Writes docs/hooks.md, cli.md, facts.md and gateway.md from the code: ``python -m tools.write_docs``. A test holds them."""

from __future__ import annotations

import inspect
from pathlib import Path

import click
import typer.main

from hsdispute_plugin.adapters.signature import SIGNATURE_HEADER, SM3, TIMESTAMP_HEADER, WINDOW_S
from hsdispute_plugin.app import ENVIRONMENT, shipped_config
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.entrypoints.figures import Figures
from hsdispute_plugin.entrypoints.gateway import Gateway
from hsdispute_plugin.entrypoints.gateway_body import MAX_BODY_BYTES, MAX_DEPTH
from hsdispute_plugin.hooks import platform, specs
from hsdispute_plugin.rules.load import load

DOCS = Path(__file__).parents[1] / "docs"
RECORDS = (platform.PlatformRegistration, platform.PlatformSettings, platform.Platform, platform.HostEvent, platform.HostTicket,
           platform.WriteBack, platform.Notice, platform.FactExtractor)


def hooks() -> str:
    """Return docs/hooks.md."""
    parts = [
        "# Hooks\n",
        "Written from `hsdispute_plugin/hooks`; change the docstrings there.\n",
        "A package takes part by an entry point in the group `hsdispute` that names a module with hook implementations:\n",
        '```toml\n[project.entry-points.hsdispute]\nmine = "my_package.hsdispute_hooks"\n```\n',
        "At start every plugin is checked: a misspelt hook, other arguments, a wrong record, an import that fails or a name "
        "that is taken stops the start with the name of the package. `HSDISPUTE_BLOCKED_PLUGINS=mine` leaves one out, by the "
        "name of its entry point or of its package.\n",
        _IN_A_HOST,
    ]
    for name, spec in sorted(vars(specs).items()):
        if name.startswith("hsdispute_"):
            text, _, example = inspect.cleandoc(spec.__doc__).partition("Example:\n")
            signature = inspect.signature(spec)
            parts.append(f"## {name}\n\n`{name}{signature}`\n\n{text.strip()}\n\n```python\n{inspect.cleandoc(example)}\n```\n")
    parts.append("# Records\n")
    for record in RECORDS:
        parts.append(f"## {record.__name__}\n\n{inspect.cleandoc(record.__doc__)}\n")
        if record is platform.Platform:
            for name, method in vars(record).items():
                if not name.startswith("_") and callable(method):
                    parts.append(f"- `{name}{inspect.signature(method)}` — {' '.join(inspect.cleandoc(method.__doc__).split())}")
            parts.append("")
        else:
            fields = "\n".join(f"- `{n}: {t}`" for n, t in record.__annotations__.items())
            parts.append(fields + "\n")
    return "\n".join(parts)


def cli() -> str:
    """Return docs/cli.md."""
    root = typer.main.get_command(commands)
    context = click.Context(root, info_name="hsdispute")
    parts = ["# 命令\n", "由 `hsdispute_plugin/entrypoints/cli.py` 生成。\n", f"{root.help}\n"]

    def describe(command: click.Command, name: str) -> None:
        parts.append(f"## {name}\n\n{inspect.cleandoc(command.help or '')}\n")
        for parameter in command.params:
            if parameter.name == "help":
                continue
            option = parameter.param_type_name == "option"  # typer may carry a click of its own, so no isinstance
            names = "、".join(parameter.opts) if option else str(parameter.name).upper()
            parts.append(f"- `{names}`：{getattr(parameter, 'help', '') or ''}")
        parts.append("")
        if hasattr(command, "commands"):
            for child in command.list_commands(context):
                describe(command.commands[child], f"{name} {child}")

    for child in root.list_commands(context):  # type: ignore[attr-defined]
        describe(root.commands[child], f"hsdispute {child}")  # type: ignore[attr-defined]
    parts.append(_DECIDE)
    return "\n".join(parts)


def gateway() -> str:
    """Return docs/gateway.md."""
    parts = [
        "# 网关\n", "由 `hsdispute_plugin/entrypoints/gateway.py` 和 `hsdispute_plugin/app.py` 生成。\n",
        "## 环境变量\n", "密钥不写进配置文件。每个密钥也可以放在文件里，用 `变量名_FILE` 指出文件。\n",
        *(f"- `{name}`：{says}" for name, says in ENVIRONMENT.items()), "", "## 接口\n",
    ]
    for method in (Gateway.hook, Gateway.decide, Gateway.interface, Gateway.health, Gateway.metrics):
        parts.append(f"- {' '.join(inspect.cleandoc(method.__doc__ or '').split())}")
    parts.append(_WEBHOOK)
    for metric in Figures().registry.collect():
        parts.append(f"- `{metric.name}` — {metric.documentation}")
    return "\n".join(parts) + "\n"


_WEBHOOK = f"""
## 回调怎样签名

平台把事件以 POST 发到 `/hooks/平台名`，带两个头：`{TIMESTAMP_HEADER}` 是 Unix 秒，`{SIGNATURE_HEADER}` 是
`HMAC-SHA256(回调密钥, 时间戳 + "." + 内容)` 的十六进制或 Base64。平台文件里可以改：
`签名: {{算法: {SM3}, 时间戳头: …, 签名头: …, 时间窗秒: {WINDOW_S}}}`。
时间相差超过 {WINDOW_S} 秒、签名不符、内容超过 {MAX_BODY_BYTES} 字节、嵌套超过 {MAX_DEPTH} 层都会拒收。
回答 202 时事件已经落盘；回答 503 时没有记下，请按 `Retry-After` 重发。重发同一事件不会重复立案。
事件编号在内容里的，同一编号只办一次；没有编号的，同一签名只办一次。所以截下来的回调再放一遍，重启之后再放，都不起作用。

```python
stamp = str(int(time.time()))
seal = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
```

所有错误都是 `{{"error": "中文句子"}}`。日志是 JSON 行，写到标准错误，不含缴费人信息。

## 指标
"""


def facts() -> str:
    """Return docs/facts.md."""
    county = load(shipped_config())
    parts = ["# 规则可用的事实\n", "由 `hsdispute_plugin/rules/facts.py` 生成。规则文件里写中文名，`decide` 输出代号。\n"]
    for source, title in _SOURCES.items():
        parts.append(f"## {title}\n\n| 事实 | 代号 | 类型 | 说明 | 取值 |\n| --- | --- | --- | --- | --- |")
        for d in county.table.by_code.values():
            if d.source == source:
                values = "" if d.code in ("deadlines", "notices") else "、".join(f"{k} `{v}`" for k, v in d.values.items())
                kind = d.kind.value + ("，可不明" if d.optional else "")
                parts.append(f"| {d.label} | `{d.code}` | {kind} | {d.says} | {values} |")
        parts.append("")
    return "\n".join(parts)


_IN_A_HOST = """A host written in Python can hold the plugin itself and decide in the transaction that creates a ticket:

```python
from datetime import UTC, datetime
import pluggy
from hsdispute_plugin.entrypoints import plugin
from hsdispute_plugin.hooks import specs

manager = pluggy.PluginManager("hsdispute")
manager.add_hookspecs(specs)
manager.load_setuptools_entrypoints("hsdispute")

ticket = plugin.ticket(ticket_no="1", title="欠费", content="老城镇砖厂欠缴养老保险八个月，请查处")
decision = manager.hook.hsdispute_decide(ticket=ticket, now=datetime.now(UTC))
values = plugin.fields(decision, "roundup")  # lead, helpers, category, handling, basis, due_at, note
```

`HSDISPUTE_CONFIG` names the configuration; units and handling come in the words of `platforms/roundup.yaml`.
"""

_SOURCES = {"ticket": "来自工单字段", "text": "来自工单的话", "family": "前面各族的结论", "count": "个数"}

_DECIDE = """## `decide` 输出

每张工单一行 JSON：`ticket_no, scope, compound, insurance, topics, lead, units, track, matter, signals, ticket_type, due, alerts,
reasons, edition, engine`。`due` 每项 `{key, what, due_at, basis, confirmed, provisional}`；`reasons` 每项
`{rule, clause, because, evidence: [{text, start, end}]}`。位置按字数，从 0 起，在“标题 + 换行 + 内容”里数；
没有标题时就在内容里数。坏行输出 `{"line": 行号, "error": "…"}`，其余照办，退出码为 1；输入是一个 JSON 列表时，`line` 是第几张。
输入可以是 UTF-8 或 GB18030，输出总是 UTF-8；读一行，答一行。
"""


if __name__ == "__main__":
    for name, text in (("hooks.md", hooks()), ("cli.md", cli()), ("facts.md", facts()), ("gateway.md", gateway())):
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"docs/{name}")
