"""Writes docs/hooks.md and docs/cli.md from the code: ``python -m tools.write_docs``. A test fails when one is stale."""

from __future__ import annotations

import inspect
from pathlib import Path

import click
import typer.main

from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.hooks import platform, specs

DOCS = Path(__file__).parents[1] / "docs"
RECORDS = (platform.PlatformRegistration, platform.PlatformSettings, platform.Platform, platform.HostEvent, platform.HostTicket,
           platform.WriteBack, platform.FactExtractor)


def hooks() -> str:
    """Return docs/hooks.md."""
    parts = [
        "# Hooks\n",
        "Written from `hsdispute_plugin/hooks`; change the docstrings there.\n",
        "A package takes part by an entry point in the group `hsdispute` that names a module with hook implementations:\n",
        '```toml\n[project.entry-points.hsdispute]\nmine = "my_package.hsdispute_hooks"\n```\n',
        "At start every plugin is checked: a misspelt hook, other arguments, a wrong record, an import that fails or a name "
        "that is taken stops the start with the name of the package. `HSDISPUTE_BLOCKED_PLUGINS=mine` leaves one out.\n",
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
        if isinstance(command, click.Group):
            for child in command.list_commands(context):
                describe(command.commands[child], f"{name} {child}")

    for child in root.list_commands(context):  # type: ignore[attr-defined]
        describe(root.commands[child], f"hsdispute {child}")  # type: ignore[attr-defined]
    parts.append(_DECIDE)
    return "\n".join(parts)


_DECIDE = """## `decide` 输出

每张工单一行 JSON：`ticket_no, scope, compound, insurance, topics, lead, units, track, matter, signals, ticket_type, due, alerts,
reasons, edition, engine`。`due` 每项 `{key, what, due_at, basis, confirmed, provisional}`；`reasons` 每项
`{rule, clause, because, evidence: [{text, start, end}]}`。位置按字数，从 0 起，在“标题 + 换行 + 内容”里数；
没有标题时就在内容里数。坏行输出 `{"line": 行号, "error": "…"}`，其余照办，退出码为 1；输入是一个 JSON 列表时，`line` 是第几张。
输入可以是 UTF-8 或 GB18030，输出总是 UTF-8；读一行，答一行。
"""


if __name__ == "__main__":
    for name, text in (("hooks.md", hooks()), ("cli.md", cli())):
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"docs/{name}")
