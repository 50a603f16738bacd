"""Editions: snapshots of a configuration directory, one in force; activating checks, tests and tries before it swaps.

``DIR/editions/<edition>/`` holds each snapshot, ``DIR/editions/current`` names the one in force (replaced atomically),
``DIR/editions/history.jsonl`` who changed it, when and why. Without a ``current`` the working files are in force.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from hsdispute_plugin.errors import HsdisputeError, RulebookError
from hsdispute_plugin.rules.load import edition_of
from hsdispute_plugin.rules.rulebook import Rulebook

FOLDER = "editions"
TRIAL_SECONDS = 120
LOOK_EVERY_S = 1.0
_log = structlog.get_logger(__name__)


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
    pointer = directory / FOLDER / "current"
    return pointer.read_text("utf-8").strip() if pointer.is_file() else ""


def snapshot(directory: Path, edition: str) -> Path:
    """Return the directory of an activated edition.

    Raises:
        EditionRefused: There is no such edition.
    """
    if edition and (found := directory / FOLDER / edition / directory.resolve().name).is_dir():
        return found
    known = "、".join(e for e, _ in editions(directory)) or "还没有启用过任何版次"
    raise EditionRefused(f"没有版次 “{edition}”。已有：{known}")


def in_force(directory: Path) -> Path:
    """Return the directory that decisions are made by: the current snapshot, or the working files."""
    edition = current(directory)
    return snapshot(directory, edition) if edition else directory


def editions(directory: Path) -> list[tuple[str, str]]:
    """Return the activated editions and when each first went live, oldest first."""
    first: dict[str, str] = {}
    for change in history(directory):
        first.setdefault(change.edition, change.at)
    return list(first.items())


def history(directory: Path) -> list[Change]:
    """Return all changes, oldest first."""
    file = directory / FOLDER / "history.jsonl"
    return [Change(**json.loads(line)) for line in file.read_text("utf-8").splitlines()] if file.is_file() else []


def activate(directory: Path, now: datetime, who: str, why: str) -> str:
    """Check, test, try in a process of its own, then put the working files in force; return the edition.

    Raises:
        EditionRefused: Anything is wrong; the edition before stays in force.
    """
    before = current(directory)
    stays = f"规则册未更换，{before or '随目录'} 版仍在生效"
    edition = edition_of(directory)
    if edition == before:
        raise EditionRefused(f"{edition} 版已经在生效，没有改动")
    name = directory.resolve().name
    with tempfile.TemporaryDirectory(dir=_folder(directory)) as made:
        copy = Path(made) / name
        shutil.copytree(directory, copy, ignore=shutil.ignore_patterns(FOLDER))
        if edition_of(copy) != edition:
            raise EditionRefused(f"文件正在被修改，请稍后再试。{stays}")
        _try(copy, stays)
        target = directory / FOLDER / edition
        if not target.exists():
            Path(made).chmod(0o755)
            shutil.copytree(made, target)
    _swap(directory, Change(now.isoformat(), "启用", edition, before, who, why))
    return edition


def rollback(directory: Path, now: datetime, who: str, why: str, to: str = "") -> str:
    """Put an earlier edition in force again: the one named, or the one before the current; return it.

    Raises:
        EditionRefused: There is none.
    """
    now_in_force = current(directory)
    changes = [c for c in history(directory) if c.edition == now_in_force and c.before]
    target = to or (changes[-1].before if changes else "")
    if not target:
        raise EditionRefused("没有更早的版次可以回退")
    snapshot(directory, target)
    _swap(directory, Change(now.isoformat(), "回退", target, now_in_force, who, why))
    return target


def _folder(directory: Path) -> Path:
    folder = directory / FOLDER
    folder.mkdir(exist_ok=True)
    return folder


def _try(copy: Path, stays: str) -> None:
    """Load, compile and run all examples in a child process: a rule that breaks the engine breaks only the child."""
    try:
        done = subprocess.run([sys.executable, "-m", "hsdispute_plugin.entrypoints.trial", copy], capture_output=True, text=True,
                              timeout=TRIAL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise EditionRefused(f"试运行超过 {TRIAL_SECONDS} 秒没有结束，请检查最近改动的规则。{stays}") from None
    if done.returncode:
        what = done.stdout.strip() or f"试运行异常结束（{done.returncode}）"
        raise EditionRefused(f"{what}\n{stays}")


def _swap(directory: Path, change: Change) -> None:
    folder = _folder(directory)
    with (folder / "history.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({k: getattr(change, k) for k in Change.__dataclass_fields__}, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh = folder / "current.new"
    fresh.write_text(change.edition + "\n", "utf-8")
    fresh.replace(folder / "current")


class RulebookHolder:
    """Gives the rule book in force, and the next one within about a second of its activation.

    A ticket that is being decided keeps the book it began with. A bad edition leaves the old book in force and is logged.
    """

    def __init__(self, directory: Path, make: Callable[[Path], Rulebook], monotonic: Callable[[], float]) -> None:
        """Open the book in force; ``make`` opens the one of a directory.

        Raises:
            RulebookError, EditionRefused: The first book cannot be opened.
        """
        self._directory, self._make, self._monotonic = directory, make, monotonic
        self._lock = threading.Lock()
        self._edition, self._looked = current(directory), monotonic()
        self._book = make(in_force(directory))

    def rulebook(self) -> Rulebook:
        """Return the book in force; looks for a new edition at most once a second."""
        if self._monotonic() - self._looked >= LOOK_EVERY_S and self._lock.acquire(blocking=False):
            try:
                self._looked = self._monotonic()
                self._reload()
            finally:
                self._lock.release()
        return self._book

    def _reload(self) -> None:
        edition = current(self._directory)
        if edition == self._edition:
            return
        self._edition = edition  # a bad one is tried once, not every second
        try:
            book = self._make(in_force(self._directory))
        except (RulebookError, EditionRefused) as err:
            _log.error("edition_refused", edition=edition, in_force=self._book.edition, why=str(err).split("\n")[0])
            return
        old, self._book = self._book, book
        _log.info("edition_in_force", edition=book.edition, before=old.edition)
        old.close()  # a decision under way is answered by the generated engine, with the same result

    def close(self) -> None:
        """Close the book in force."""
        self._book.close()
