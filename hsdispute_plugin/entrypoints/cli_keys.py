"""`hsdispute keys`: the keys with which payer data is sealed in the database — make, list, change, retire."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsdispute_plugin.entrypoints.cli_input import Config, Database, fail

if TYPE_CHECKING:
    from hsdispute_plugin.store import Store
    from hsdispute_plugin.store_keys import Keys

Algorithm = Annotated[str | None, typer.Option("--algorithm", help="SM4-GCM 或 AES-256-GCM；不写则有国密用国密")]
keys = typer.Typer(name="keys", no_args_is_help=True, help="封存缴费人信息的密钥：建立、列出、更换、退役。")


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.add_typer(keys, name="keys")


def made(config: Path | None, algorithm: str | None = None) -> str:
    """Make a file of keys where a configuration has its own; return what to tell."""
    from hsdispute_plugin import app
    from hsdispute_plugin.model import SHANGHAI
    from hsdispute_plugin.store_keys import create as make

    path = app.keys_path(config)
    if path is None:
        fail(f"HSDISPUTE_KEYS={app.NO_KEYS}，说的是不封存，没有建立密钥")
    key = make(path, app.clock().astimezone(SHANGHAI).date(), algorithm or "")
    return (f"已建立密钥文件 {path}（{key.algorithm}，密钥 {key.id}）。请让运行网关的用户拥有它（chown），"
            f"并抄一份存到别处，不要和备份放在一起：丢了它，数据库里的缴费人信息就再也读不出。")


@keys.command()
def create(config: Config = None, algorithm: Algorithm = None) -> None:
    """建立密钥文件（hsdispute init 已经建了，从旧版升级的才要）；数据库里原有的明文由网关在后台封存。"""
    typer.echo(made(config, algorithm))


@keys.command("list")
def list_(config: Config = None, database: Database = None) -> None:
    """列出密钥：编号、算法、建立日期、用途，数据库里有多少行是用它封存的。"""
    from hsdispute_plugin.app import open_store
    from hsdispute_plugin.store_schema import PLAIN

    with open_store(database, config, sealed=True) as store, store.begin() as tx:
        ring, rows = _ring(store), tx.seals()
    for key in ring.all:
        use = "写入" if key.id == ring.writer.id else "只读" if key.writes else "备用"
        typer.echo(f"{key.id}  {key.algorithm}  {key.made_on}  {use}  {rows[key.id]} 行")
    if rows[PLAIN]:
        typer.echo(f"还有 {rows[PLAIN]} 行是明文：网关会在后台封存，也可以运行 hsdispute keys seal。")


@keys.command()
def rotate(
    config: Config = None, database: Database = None, algorithm: Algorithm = None,
    prepare: Annotated[bool, typer.Option(
        "--prepare", help="只把新密钥加进文件备用：有几台机器的，先把文件抄到每台，再运行一次 rotate")] = False,
) -> None:
    """换一个新密钥，并把已封存的都改用它封存，网关不用停。中断了，用 hsdispute keys seal 接着做。"""
    from hsdispute_plugin import app
    from hsdispute_plugin.model import SHANGHAI
    from hsdispute_plugin.store_keys import add, put_to_use

    today = app.clock().astimezone(SHANGHAI).date()
    with app.open_store(database, config, sealed=True) as store:
        ring = _ring(store)
        ready = next((k for k in ring.all if not k.writes), None)
        if prepare:
            if ready:
                fail(f"密钥 {ready.id} 已在备用。把密钥文件抄到每台机器后，运行 hsdispute keys rotate")
            key = add(ring, today, writes=False, algorithm=algorithm or "")
            typer.echo(f"新密钥 {key.id} 已加进 {ring.path} 备用。把这个文件抄到每台机器后，运行 hsdispute keys rotate。")
            return
        if ready:
            put_to_use(ring, ready.id)
        else:
            add(ring, today, writes=True, algorithm=algorithm or "")
        _note(store, "更换密钥", f"从现在起用密钥 {ring.writer.id}（{ring.writer.algorithm}）封存")
        typer.echo(f"从现在起用密钥 {ring.writer.id}（{ring.writer.algorithm}）封存。")
        _seal_all(store)


@keys.command()
def seal(config: Config = None, database: Database = None) -> None:
    """把明文和用旧密钥封存的，都改用新密钥封存，并清掉数据库空闲页里的残留；网关不用停，中断了可以再来。"""
    from hsdispute_plugin.app import open_store

    with open_store(database, config, sealed=True) as store:
        _ring(store)
        _seal_all(store)


@keys.command()
def check(config: Config = None, database: Database = None) -> None:
    """把封存的逐个打开一遍，指出被改动过、被挪了地方的；网关不用停。"""
    from hsdispute_plugin.app import open_store

    with open_store(database, config, sealed=True) as store:
        _ring(store)
        found = 0
        for sentence in store.broken_seals():
            found += 1
            typer.echo(sentence)
    if found:
        raise typer.Exit(1)
    typer.echo("封存的内容都打得开，没有被改动过的。")


@keys.command()
def retire(
    which: Annotated[str, typer.Argument(help="密钥编号，见 keys list")], config: Config = None, database: Database = None,
) -> None:
    """把不再用的旧密钥从文件里去掉；还有内容是用旧密钥封存的，不办。"""
    from hsdispute_plugin.app import open_store
    from hsdispute_plugin.store_keys import remove

    with open_store(database, config, sealed=True) as store:
        ring = _ring(store)
        with store.begin() as tx:
            left = sum(n for key, n in tx.seals().items() if key != ring.writer.id)
        if left:
            fail(f"还有 {left} 行不是用新密钥封存的，密钥 {which} 没有退役。请先运行 hsdispute keys seal")
        remove(ring, which)
        _note(store, "密钥退役", f"密钥 {which} 退役")
    typer.echo(f"密钥 {which} 已从 {ring.path} 去掉。在这之前做的备份还要用它：旧的密钥文件请留到那些备份销毁之后。")


def _ring(store: Store) -> Keys:
    from hsdispute_plugin.app import NO_KEYS

    if store.keys is None:
        fail(f"HSDISPUTE_KEYS={NO_KEYS}，说的是不封存；去掉这个设置再来")
    return store.keys


def _note(store: Store, act: str, says: str) -> None:
    from hsdispute_plugin.app import clock

    with store.begin() as tx:
        tx.add_journal("密钥", clock(), getpass.getuser(), act, says, "密钥管理")


def _seal_all(store: Store) -> None:
    """Seal until nothing is left that is not sealed with the newest key, then wipe what lies about."""
    total = 0
    while count := sum(store.reseal()):
        total += count
    writer = _ring(store).writer.id
    with store.begin() as tx:
        left = sum(n for key, n in tx.seals().items() if key != writer)
    typer.echo(f"改封了 {total} 行，" + (f"还有 {left} 行没有改封：正在办理，或打不开。请过一会儿再来" if left else
                                   f"全部是用密钥 {writer} 封存的了") + "。")
    if store.scrub():
        typer.echo("数据库空闲页里的明文残留已清掉；以前的备份里还有，请另行处置。")
