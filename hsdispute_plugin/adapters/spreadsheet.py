"""A folder as a ``Platform``: exports of a 12345 dropped in, workbooks with the decisions to be taken out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from hsdispute_plugin.adapters.json_shape import FIELDS
from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.adapters.spreadsheet_results import Results, write_book
from hsdispute_plugin.adapters.spreadsheet_rows import SUFFIXES, Columns, Row, rows
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, TicketRefused
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket, PlatformSettings, WriteBack
from hsdispute_plugin.logger import Logger

IN, WORK, DONE, UNREADABLE, BAD_ROWS, OUT = "收件", "处理中", "已收", "不能读", "错行", "结果"
_COPYING = (".part", ".tmp", ".crdownload", ".download", ".filepart")  # how programs name what they are still writing
_ROWS = 500  # told in one poll, kept in one commit
_END = "end"
_log = Logger(__name__)


class Spreadsheet:
    """One folder. One process at a time polls it; any may write results."""

    def __init__(self, settings: PlatformSettings, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the platform file. ``clock`` counts seconds, to see whether a file lies still.

        Raises:
            RulebookError: The file is wrong.
        """
        file = PlatformFile(settings)
        self.name, self._clock = settings.name, clock
        self._home = Path(file.text("目录") or ".")
        if file.has("目录") and not self._home.is_absolute():
            file.note("目录", "要写从 / 开始的完整路径", "an absolute path is expected", "如 目录: /srv/hsdispute/表格")
        names = file.part("列名", tuple(FIELDS))
        self._columns = Columns({label: names.names(label) for label in FIELDS})
        self._still_s, self._broken_s = file.seconds("静置秒", 5), file.seconds("坏文件等待秒", 300, 86_400)
        self._words = file.host_words()
        file.done()
        self._results = Results(self._home / ".hsdispute", self._home / OUT)
        self._seen: dict[str, tuple[tuple[int, int, int], float]] = {}
        self._reading: tuple[str, int, Iterator[Row]] = ("", 0, iter(()))
        self._clean: set[str] = set()  # tokens of files read here from their first row, without a bad one so far

    def event(self, headers: Mapping[str, str], body: bytes) -> HostEvent | None:
        """Refuse: a folder sends nothing."""
        raise TicketRefused("表格文件夹不收推送，请把表格放进“收件”文件夹")

    def fetch(self, ticket_no: str) -> HostTicket:
        """Refuse: tickets come with their rows."""
        raise DeliveryRefused("表格文件夹不能按编号取单，请把有这张工单的表格再放一次")

    def changed(self, cursor: str) -> tuple[tuple[HostEvent, ...], str]:
        """Take in files that lie still, and tell their rows, some hundred at a time; publish results when nothing comes in.

        The cursor is the token of a file and how many of its rows were told: what was told is kept once the cursor is.
        """
        self._rooms()
        while file := self._next():
            token = file.name.partition("-")[0]
            told, _, at = cursor.partition(" ")
            if told == token and at == _END:
                self._finish(file, token)
                continue
            start = int(at) if told == token else 0
            try:
                found, ended = self._some(file, token, start)
            except DeliveryRefused as err:
                before = f"到第 {start} 行为止的已经受理，再放一次不会重复立案。" if start else ""
                self._put_aside(file, token, f"{err}。{before}")
                continue
            after = f"{token} {_END}" if ended else f"{token} {found[-1].number}"
            events = tuple(HostEvent(r.ticket.ticket.ticket_no, f"{token}-{r.number}", "updated", r.ticket)
                           for r in found if r.ticket)
            if events:
                return events, after
            cursor = after
        self._results.publish()
        return (), cursor

    def _some(self, file: Path, token: str, start: int) -> tuple[list[Row], bool]:
        """Return the next rows behind row ``start``, and whether they are the last; goes on where the last call stopped."""
        known, at, source = self._reading
        if (known, at) != (token, start):
            source = (r for r in rows(file, self._columns) if r.number > start)
            if not start:
                self._clean.add(token)
        self._reading = ("", 0, iter(()))
        found: list[Row] = []
        try:
            found.extend(islice(source, _ROWS))
        except DeliveryRefused:
            if not found:
                raise
            return found, False  # those first; the next call comes to the same place, and says why
        if any(r.why for r in found):
            self._clean.discard(token)
        following = next(source, None) if len(found) == _ROWS else None
        if following is not None:
            self._reading = (token, found[-1].number, chain([following], source))
        return found, following is None

    def _next(self) -> Path | None:
        """Return the file in hand, or take the next one that lies still."""
        if waiting := sorted(p for p in (self._home / WORK).iterdir() if not p.name.startswith(".")):
            return waiting[0]
        there = sorted(p for p in (self._home / IN).iterdir() if p.is_file() and not p.name.startswith((".", "~$")))
        self._seen = {p.name: self._seen[p.name] for p in there if p.name in self._seen}
        for path in there:
            if path.suffix.lower() not in _COPYING and (taken := self._taken(path)):
                return taken
        return None

    def _taken(self, path: Path) -> Path | None:
        """Return a file that lies still and begins well, under a name of its own; else leave it, or put it aside."""
        try:
            stat, now = path.stat(), self._clock()
        except OSError:
            return None
        sign = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        before, since = self._seen.get(path.name, (None, now))
        if before != sign:
            self._seen[path.name] = (sign, now)
            return None
        if now - since < self._still_s:
            return None
        token = f"{stat.st_ctime_ns:x}.{stat.st_ino:x}"  # each drop has its own, also of a file that was dropped before
        try:
            if path.suffix.lower() not in SUFFIXES:
                raise DeliveryRefused(f"不认识的文件类型。可用：{'、'.join(SUFFIXES)}")
            next(rows(path, self._columns), None)
        except DeliveryRefused as err:
            if now - since >= self._broken_s:  # so long nobody went on copying it
                self._put_aside(path, token, f"{err}。")
            return None
        except OSError:
            return None  # somebody holds it; the next look
        return self._move(path, WORK, f"{token}-{path.stem[:60]}{path.suffix}")

    def _finish(self, file: Path, token: str) -> None:
        """Name the rows that are no tickets in a sheet of their own, and lay the file away."""
        original = file.name.partition("-")[2]
        sheet = self._home / BAD_ROWS / f"{Path(original).stem}-{token[-6:]}.错行.xlsx"
        if token not in self._clean and not sheet.exists():
            bad = (r for r in rows(file, self._columns) if r.why)
            if (first := next(bad, None)) is not None:
                count = len(first.cells)
                header = ("行号", "原因", *(f"第 {n} 列" for n in range(1, count + 1)))
                write_book(sheet, header, ((str(r.number), r.why, *r.cells) for r in chain([first], bad)))
        self._clean.discard(token)
        self._move(file, DONE, original)

    def _put_aside(self, file: Path, token: str, why: str) -> None:
        moved = self._move(file, UNREADABLE, file.name.partition("-")[2] if file.parent.name == WORK else file.name)
        moved.with_name(f"{moved.name}.为什么.txt").write_text(f"{moved.name}：{why}\n别的文件照常受理。\n", "utf-8")
        _log.warning("file_put_aside", platform=self.name, file=token)

    def _move(self, file: Path, room: str, name: str) -> Path:
        stem, suffix = Path(name).stem, Path(name).suffix
        names = chain([name], (f"{stem}（{n}）{suffix}" for n in range(2, 10_000)))
        target = next(p for p in (self._home / room / n for n in names) if not p.exists())
        try:
            return file.rename(target)
        except OSError as err:  # somebody holds it; the next look
            raise DeliveryDelayed(f"“{file.parent.name}”里有一个文件移不到“{room}”：{err.strerror}") from None

    def _rooms(self) -> None:
        if not self._home.is_dir():
            raise DeliveryDelayed(f"文件夹 {self._home} 不在，请建好，或改 config/platforms/{self.name}.yaml 的 目录",
                                  host_down=True)
        try:
            for room in (IN, WORK, DONE, UNREADABLE, BAD_ROWS, OUT):
                (self._home / room).mkdir(exist_ok=True)
        except OSError as err:
            raise DeliveryDelayed(f"文件夹 {self._home} 不能写：{err.strerror}，请给运行本程序的账号写权限",
                                  host_down=True) from None

    def write_back(self, ticket_no: str, result: WriteBack, previous: WriteBack | None) -> str:
        """Keep a row for the next workbook in 结果/. Papers are left out: a folder is no place for them."""
        self._rooms()
        said = self._words.values(result)
        try:
            self._results.add(ticket_no, WriteBack.from_payload(
                {**result.as_payload(), "lead": said["主办"], "helpers": said["协办"], "handling": said["办理"]}))
        except OSError as err:
            raise DeliveryDelayed(f"结果写不进 {self._home}：{err.strerror}", host_down=True) from None
        return ""

    def check(self) -> tuple[str, ...]:
        """Say in Chinese whether the folder is there, can be written to, and holds what a person must look at."""
        try:
            self._rooms()
            probe = self._home / WORK / ".试写"
            probe.write_bytes(b"")
            probe.unlink()
        except DeliveryDelayed as err:
            return (str(err),)
        except OSError as err:
            return (f"文件夹 {self._home} 不能写：{err.strerror}，请给运行本程序的账号写权限",)
        told = []
        with suppress(OSError):
            if count := sum(1 for p in (self._home / UNREADABLE).iterdir() if not p.name.endswith(".为什么.txt")):
                told.append(f"“{UNREADABLE}”里有 {count} 个文件，请看旁边的 .为什么.txt，改好后放回“{IN}”，再删去原来的")
        return tuple(told)

    def close(self) -> None:
        """Let go of the file in hand."""
        self._reading = ("", 0, iter(()))
