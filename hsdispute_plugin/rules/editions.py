"""Editions: snapshots of a configuration directory, one in force; activating checks, tests and tries before it swaps.

``DIR/editions/<edition>/<name>/`` holds the deciding files and examples of each edition, ``DIR/editions/current`` names the
one in force (replaced atomically), ``DIR/editions/history.jsonl`` who changed it, when and why. Without a ``current`` the
working files are in force.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from hsdispute_plugin.errors import HsdisputeError
from hsdispute_plugin.rules.load import base_of, deciding_files, edition_of
from hsdispute_plugin.rules.overlay import BASE

FOLDER = "editions"
TRIAL_SECONDS = 120.0
#: The program that tries a directory; a rule that breaks the engine breaks only this child.
TRIAL = (sys.executable, "-m", "hsdispute_plugin.entrypoints.trial")


class EditionRefused(HsdisputeError):
    """An edition cannot go live; says why, and which one stays in force."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history."""

    at: str
    act: str  # 启用 or 回退
    edition: str
    before: str
    who: str
    why: str


def current(directory: Path) -> str:
    """Return the edition in force, empty when none was activated."""
    try:
        return (directory / FOLDER / "current").read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def snapshot(directory: Path, edition: str) -> Path:
    """Return the directory of an edition, activated or prepared; a leading part of its name that fits only one will do.

    Raises:
        EditionRefused: There is no such edition, or its files are no longer what was activated.
    """
    known = kept(directory)
    fitting = [e for e in known if edition and e.startswith(edition)]
    if len(fitting) != 1:
        raise EditionRefused(f"没有版次 “{edition}”。已有：{'、'.join(known) or '还没有启用过任何版次'}")
    found = _kept(directory, fitting[0])
    if not _sound(found, fitting[0]):
        raise EditionRefused(f"{fitting[0]} 版的快照被改动过，不能再用。请把目录里的文件改回那一版再启用")
    return found


def in_force(directory: Path) -> Path:
    """Return the directory that decisions are made by: the current snapshot, or the working files.

    Raises:
        EditionRefused: The current snapshot is damaged.
    """
    edition = current(directory)
    return snapshot(directory, edition) if edition else directory


def editions(directory: Path) -> list[tuple[str, str]]:
    """Return the activated editions and when each first went live, oldest first."""
    first: dict[str, str] = {}
    for change in history(directory):
        first.setdefault(change.edition, change.at)
    return list(first.items())


def kept(directory: Path) -> list[str]:
    """Return the editions of which a snapshot is kept: the activated ones, oldest first, then those only prepared."""
    activated = [e for e, _ in editions(directory)]
    there = sorted(p.parent.name for p in (directory / FOLDER).glob(f"*/{directory.resolve().name}"))
    return [*activated, *(e for e in there if e not in activated and not e.startswith("."))]


def history(directory: Path) -> list[Change]:
    """Return all changes, oldest first."""
    file = directory / FOLDER / "history.jsonl"
    changes = [Change(**json.loads(line)) for line in file.read_text("utf-8").splitlines()] if file.is_file() else []
    if changes and changes[-1].edition != current(directory):
        changes.pop()  # power failed between history and current: it never happened
    return changes


def activate(directory: Path, now: datetime, who: str, why: str, only: str = "") -> str:
    """Check, test, try in a process of its own, then put the working files in force; return the edition.

    ``only``: the edition that somebody looked at; files that have become another are refused.

    Raises:
        EditionRefused: Anything is wrong; the edition before stays in force.
    """
    with _alone(directory):
        before = current(directory)
        stays = f"规则册未更换，{before or '随目录'} 版仍在生效"
        edition = edition_of(directory)
        if only and edition != only:
            raise EditionRefused(f"草稿后来又改过，现在是 {edition} 版，不是您看过的 {only} 版，没有启用。{stays}")
        if edition == before and _sound(_kept(directory, edition), edition):
            raise EditionRefused(f"{edition} 版已经在生效，没有改动")
        _examine(directory, directory, edition, stays)
        _swap(directory, Change(now.isoformat(), "启用", edition, before, who, why))
    return edition


def prepare(directory: Path, files: Path) -> str:
    """Check, test and try files (of this or another directory), and keep them as an edition that is not in force; return it.

    Raises:
        EditionRefused: Anything is wrong; nothing is kept.
    """
    with _alone(directory):
        edition = edition_of(files)
        _examine(directory, files, edition, f"没有开始试算，{current(directory) or '随目录'} 版仍在生效")
    return edition


def promote(directory: Path, edition: str, now: datetime, who: str, why: str) -> str:
    """Put a prepared edition in force after it was checked, tested and tried once more; return it.

    Where the working files still are that edition, their examples count: one may have been added since.

    Raises:
        EditionRefused: It does not pass any more, or its snapshot is damaged; the edition before stays in force.
    """
    with _alone(directory):
        before = current(directory)
        found = snapshot(directory, edition)
        edition = found.parent.name
        files = directory if edition_of(directory) == edition else found
        _examine(directory, files, edition, f"规则册未更换，{before or '随目录'} 版仍在生效")
        _swap(directory, Change(now.isoformat(), "启用", edition, before, who, why))
    return edition


def rollback(directory: Path, now: datetime, who: str, why: str, to: str = "") -> str:
    """Put an earlier edition in force again: the one named, or the one before the current; return it.

    Raises:
        EditionRefused: There is none, or its snapshot is damaged.
    """
    with _alone(directory):
        now_in_force = current(directory)
        changes = [c for c in history(directory) if c.edition == now_in_force and c.before]
        target = to or (changes[-1].before if changes else "")
        if not target:
            raise EditionRefused("没有更早的版次可以回退")
        edition = snapshot(directory, target).parent.name
        if edition == now_in_force:
            raise EditionRefused(f"{edition} 版已经在生效，没有改动")
        if edition not in dict(editions(directory)):
            raise EditionRefused(f"{edition} 版只试算过，从没启用过，不能回退到它；试好了用 hsdispute promote 启用")
        _swap(directory, Change(now.isoformat(), "回退", edition, now_in_force, who, why))
    return edition


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, which ends with the process that holds it."""
    folder = directory / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as err:
        raise EditionRefused(f"写不了 {folder}：{err.strerror}。请检查目录是否存在、权限是否允许写入") from err
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EditionRefused("另有人正在启用或回退，请等他做完再试") from None
        yield


def _examine(directory: Path, files: Path, edition: str, stays: str) -> None:
    """Copy files, try the copy in a process of its own, and keep it as this edition."""
    with tempfile.TemporaryDirectory(dir=directory / FOLDER, prefix=".new-") as made:
        copy = Path(made) / "edition" / directory.resolve().name
        _copy(files, copy)
        if not _sound(copy, edition):
            raise EditionRefused(f"文件正在被修改，请稍后再试。{stays}")
        _try(copy, stays)
        _keep(copy.parent, directory / FOLDER / edition)


def _kept(directory: Path, edition: str) -> Path:
    return directory / FOLDER / edition / directory.resolve().name


def _sound(copy: Path, edition: str) -> bool:
    return copy.is_dir() and edition_of(copy) == edition


def _copy(directory: Path, copy: Path) -> None:
    """Copy what decides and the examples; a later edit of a province's files must not change what is in force here."""
    for path in (*deciding_files(directory), *sorted((directory / "examples").glob("*.yaml"))):
        target = copy / path.relative_to(directory)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    if base := base_of(directory):
        _copy(base, copy / BASE)


def _keep(made: Path, target: Path) -> None:
    if target.exists():  # activated before: the files are the same, the examples may be newer
        shutil.rmtree(target)
    made.rename(target)


def _try(copy: Path, stays: str) -> None:
    try:
        done = subprocess.run([*TRIAL, copy], capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise EditionRefused(f"试运行超过 {TRIAL_SECONDS:g} 秒没有结束，请检查最近改动的规则。{stays}") from None
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise EditionRefused(f"试运行崩溃（{name}）：引擎受不了这一版规则，请检查最近改动的规则。{stays}")
    if done.returncode:
        raise EditionRefused(f"{done.stdout.strip() or done.stderr.strip()[-400:]}\n{stays}")


def _swap(directory: Path, change: Change) -> None:
    folder = directory / FOLDER
    lines = [json.dumps(asdict(c), ensure_ascii=False) for c in (*history(directory), change)]
    _put(folder / "history.jsonl", "\n".join(lines) + "\n")
    _put(folder / "current", change.edition + "\n")


def _put(file: Path, text: str) -> None:
    fresh = file.with_name(file.name + ".new")
    with fresh.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
