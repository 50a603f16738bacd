"""What `hsdispute --help` shows first: the commands by what one wants to do, each in a few words, and the version."""

from __future__ import annotations

import re

import typer
from typer.models import CommandInfo, TyperInfo

#: Every command stands under one wish, in the order in which a county meets it; tests hold that none is forgotten.
WISHES = {
    "装起来，看好不好": ("init", "check", "doctor", "serve", "worker", "user", "keys", "backup", "restore"),
    "看建议，改规则": ("decide", "explain", "test", "diff", "replay", "activate", "rollback", "editions", "shadow", "promote",
                       "table", "calendar"),
    "办案件": ("tick", "report", "case", "outbox", "library", "retention"),
}
_LONGEST = 26  # characters of a line in the overview; the whole stands in `hsdispute COMMAND --help`


def arrange(commands: typer.Typer) -> None:
    """Order the commands that are registered, group them by wish, and give each a line that is not cut off."""
    order = [name for names in WISHES.values() for name in names]
    panels = {name: wish for wish, names in WISHES.items() for name in names}
    registered: list[CommandInfo | TyperInfo] = [*commands.registered_commands, *commands.registered_groups]
    for info in registered:
        name = _name(info)
        info.rich_help_panel = panels[name]
        info.short_help = short(_said(info))
    commands.registered_commands.sort(key=lambda info: order.index(_name(info)))
    commands.registered_groups.sort(key=lambda info: order.index(_name(info)))


def leave_only(commands: typer.Typer, name: str) -> None:
    """Leave nothing but the command asked for, if it is one: to make them all is a twentieth of a start."""
    single = [info for info in commands.registered_commands if _name(info) == name]
    groups = [info for info in commands.registered_groups if _name(info) == name]
    if single or groups:
        commands.registered_commands, commands.registered_groups = single, groups


def short(text: str) -> str:
    """Return the beginning of what a command says that is a sentence of its own.

    >>> short("启用目录里的规则：先检查、跑示例、试编译。")
    '启用目录里的规则'
    >>> short("案件：查看、办理、文书。")
    '案件：查看、办理、文书'
    """
    said, rest = [*re.split("[：；。（]", text, maxsplit=1), ""][:2]
    if len(said) <= 4 and text[len(said) : len(said) + 1] == "：":  # a word alone says too little
        return f"{said}：{short(rest)}"
    return said if len(said) <= _LONGEST else said.split("，", 1)[0]


def _name(info: CommandInfo | TyperInfo) -> str:
    return str(info.name or getattr(info.callback, "__name__", ""))


def _said(info: CommandInfo | TyperInfo) -> str:
    if isinstance(info, TyperInfo) and info.typer_instance:
        return str(info.typer_instance.info.help)
    return str(getattr(info.callback, "__doc__", "") or "")


def version(wanted: bool) -> None:
    """Print which version runs on which Python, and end."""
    import platform
    from importlib.metadata import version as of

    if wanted:
        typer.echo(f"hsdispute-plugin {of('hsdispute-plugin')}（Python {platform.python_version()}，{platform.machine()}）")
        raise typer.Exit
