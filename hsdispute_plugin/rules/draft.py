"""The draft of the rule book: the working files, changed one at a time while an activated edition decides; nothing typed is lost.

Each file carries a mark of how it was read. Whoever saves gives the mark back, so that of two who change one file the
second is told. Without an activated edition the working files themselves decide, so there is no draft to change.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from hsdispute_plugin.errors import HsdisputeError, Problem
from hsdispute_plugin.rules.draft_reading import CHANGEABLE, changeable, problems_of, read_once, wrong_once
from hsdispute_plugin.rules.editions import FOLDER, current, in_force
from hsdispute_plugin.rules.examples import read_examples
from hsdispute_plugin.rules.facts import FactDef
from hsdispute_plugin.rules.load import MAX_BYTES, load
from hsdispute_plugin.rules.rulebook import RuleSource

_NAME = re.compile(r"(?:(?:rules|lexicon|calendar|examples)/)?[\w\-]{1,60}\.yaml")
_BOM = "\ufeff"


class DraftRefused(HsdisputeError):
    """A file cannot be changed as asked; says why and what to do."""


class DraftChanged(DraftRefused):
    """Somebody else changed the file since it was read; ``file`` is what stands there now."""

    def __init__(self, file: DraftFile) -> None:
        self.file = file
        super().__init__(f"您打开之后，{file.name} 已被别人改过，您这一次没有存进去")


@dataclass(frozen=True, slots=True)
class DraftFile:
    """One file as read: its text with plain line ends, and its mark. ``mark`` empty: there is no such file yet."""

    name: str
    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of the draft and how it stands to the edition in force: 新增, 改过, 删去 or empty."""

    name: str
    differs: str


class Draft:
    """The working files of a configuration directory."""

    def __init__(self, directory: Path, *, shipped: bool = False) -> None:
        """``shipped``: the files came with the package and are nobody's to change."""
        self.directory = directory
        self.shipped = shipped

    def closed(self) -> str:
        """Say why nothing can be changed; empty: it can."""
        if self.shipped:
            return "现在用的是随附的配置，不能改。请先在服务器上运行 hsdispute init 目录，再用 --config 指到那个目录。"
        if not current(self.directory):
            return ("还没有启用过版次，目录里的文件直接生效，一改就会影响正在办的案件。"
                    "请先启用一次，以后改的都是草稿，启用之前不生效。")
        if not os.access(self.directory, os.W_OK):
            return f"程序没有写 {self.directory} 的权限，不能改。请让服务器管理员把目录交给运行本程序的用户。"
        return ""

    def files(self) -> tuple[Listed, ...]:
        """List what can be changed, and what the edition in force has beside."""
        live = in_force(self.directory)
        own, theirs = (set(changeable(place)) for place in (self.directory, live))
        return tuple(Listed(name, self._differs(name, own, theirs, live)) for name in sorted(own | theirs, key=_order))

    def _differs(self, name: str, own: set[str], theirs: set[str], live: Path) -> str:
        if name not in theirs:
            return "新增"
        if name not in own:
            return "删去"
        return "改过" if _plain((self.directory / name).read_bytes()) != _plain((live / name).read_bytes()) else ""

    def read(self, name: str) -> DraftFile:
        """Return a file; one that may be written but does not exist is empty.

        Raises:
            DraftRefused: It is none of the rule book's, or no text.
        """
        path = self._path(name)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return DraftFile(name, "", "")
        except OSError as err:
            raise DraftRefused(f"{name} 打不开：{err.strerror}") from err
        return DraftFile(name, _text(raw, name), _mark(raw))

    def live_text(self, name: str) -> str:
        """Return the file as the edition in force has it, empty where it has none."""
        self._path(name)
        path = in_force(self.directory) / name
        return _text(path.read_bytes(), name) if path.is_file() else ""

    def save(self, name: str, text: str, seen: str) -> DraftFile:
        """Put a text in place of what was seen; it need not be right. The file keeps its kind of line ends.

        Raises:
            DraftChanged: It is not what was seen any more; nothing was written.
            DraftRefused: Nothing can be changed, or not this.
        """
        path = self._path(name)
        with self._alone():
            before = path.read_bytes() if path.is_file() else b""
            if (_mark(before) if path.is_file() else "") != seen:
                raise DraftChanged(self.read(name))
            plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix(_BOM)
            plain = plain if not plain or plain.endswith("\n") else plain + "\n"
            fresh = plain.replace("\n", "\r\n") if b"\r\n" in before else plain
            raw = ((_BOM if before.startswith(b"\xef\xbb\xbf") else "") + fresh).encode()
            if len(raw) > MAX_BYTES:
                raise DraftRefused(f"内容有 {len(raw)} 字节，超过上限 {MAX_BYTES}，请拆成几个文件")
            if raw != before or not path.is_file():
                _put(path, raw)
        return self.read(name)

    def remove(self, name: str, seen: str) -> None:
        """Take away a file as it was seen.

        Raises:
            DraftChanged, DraftRefused: As for ``save``.
        """
        path = self._path(name)
        with self._alone():
            if not path.is_file():
                raise DraftRefused(f"草稿里已经没有 {name}")
            if _mark(path.read_bytes()) != seen:
                raise DraftChanged(self.read(name))
            path.unlink()

    def source(self, extra: Sequence[FactDef] = (), instead: DraftFile | None = None) -> RuleSource:
        """Read the whole draft, with one text in place of a file of it.

        Raises:
            RulebookError: With every problem of all files.
        """
        if instead and not instead.name.startswith("examples/") and instead.text != self.read(instead.name).text:
            return load(self.directory, extra, {instead.name: instead.text.encode()})
        return read_once(self.directory, extra)

    def problems(self, extra: Sequence[FactDef] = (), instead: DraftFile | None = None) -> tuple[Problem, ...]:
        """Return all that is wrong with the draft, examples included, as far as they stand in files."""
        if instead and instead.text != self.read(instead.name).text:
            typed = {instead.name: instead.text.encode()}
            return problems_of(lambda: read_examples(self.directory, self.source(extra, instead), instead=typed))
        return wrong_once(self.directory, extra)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or not any(fnmatchcase(name, pattern) for pattern in CHANGEABLE):
            raise DraftRefused(f"“{name[:60]}” 不是规则册的文件。可以改的：{'、'.join(CHANGEABLE)}")
        return self.directory / name

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the draft while one file is compared and written; others wait a moment."""
        if why := self.closed():
            raise DraftRefused(why)
        try:
            with (self.directory / FOLDER / ".draft-lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as err:
            raise DraftRefused(f"写不了 {self.directory}：{err.strerror}。没有改动任何文件，请检查权限和磁盘空间") from err


def _order(name: str) -> tuple[int, str]:
    folders = ("rules", "lexicon", "", "calendar", "examples")
    return folders.index(name.rpartition("/")[0]), name


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as err:
        raise DraftRefused(f"{name} 不是 UTF-8 编码，网页里改不了。请在编辑器里另存为 UTF-8") from err


def _plain(raw: bytes) -> bytes:
    return raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")


def _mark(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:20]


def _put(path: Path, raw: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    if path.is_file():
        fresh.chmod(path.stat().st_mode & 0o777)
    fresh.replace(path)
