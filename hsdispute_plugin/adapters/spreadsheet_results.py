"""What people find in 结果/: workbooks written once, whole or not at all, each decision in one of them."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font

from hsdispute_plugin.hooks.platform import MARK, WriteBack
from hsdispute_plugin.model import SHANGHAI

HEADERS = ("工单编号", "主办单位", "参加单位", "类别", "办理方式", "办理时限", "依据", "理由", "说明", "报送编号", "标记")
_WIDTHS = (22, 20, 28, 8, 14, 18, 36, 50, 60, 16, 24)
_MARK = HEADERS.index("标记")
_MOST_IN_A_CELL = 32_000  # Excel takes 32,767
MOST_ROWS = 20_000  # so many waiting are published without waiting for quiet


def write_book(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] = ()) -> None:
    """Write a workbook of texts beside its place, to the disk, and then give it its name. Nothing in it is ever a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("工单")
    sheet.freeze_panes = "A2"
    for n, width in enumerate(widths):
        sheet.column_dimensions["ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n]].width = width

    def cell(text: str, bold: bool = False) -> WriteOnlyCell:
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text)[:_MOST_IN_A_CELL])
        made.data_type, made.number_format = "s", "@"  # a text that begins with = + - @ stays a text …
        made.quotePrefix = text[:1] in tuple("=+-@\t\r")  # … also when somebody edits the cell and leaves it again
        made.alignment = Alignment(vertical="top", wrap_text=True)
        if bold:
            made.font = Font(bold=True)
        return made

    sheet.append([cell(h, True) for h in headers])
    for row in rows:
        sheet.append([cell(v) for v in row])
    part = path.with_name(f".{path.name}.part")
    book.save(part)
    _named(part, path)


def _named(part: Path, path: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Results:
    """Rows that wait for the next workbook, in a ledger beside the folders; each line is on the disk once it is added."""

    def __init__(self, home: Path, out: Path) -> None:
        self._ledger, self._lock, self._out = home / "results.jsonl", home / "lock", out
        self._at: tuple[int, int] = (0, 0)  # inode and offset that ``_keys`` was read to
        self._keys: dict[str, str] = {}
        self._waited = -1

    def add(self, ticket_no: str, result: WriteBack) -> bool:
        """Keep what was decided; ``False`` when it is kept or published already."""
        with self._held():
            self._catch_up()
            if self._keys.get(ticket_no) == result.key:
                return False
            with self._ledger.open("ab") as file:
                line = {"t": ticket_no, "k": result.key, "r": _cells(ticket_no, result)}
                file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            return True

    def publish(self) -> int:
        """Write what waits into a new workbook, once no more is coming in; return how many rows.

        A workbook is never touched again: somebody may have it open, or have taken it away.
        """
        with self._held():
            waiting, number = self._waiting()
            if not waiting or (len(waiting) != self._waited and len(waiting) < MOST_ROWS):
                self._waited = len(waiting)
                return 0
            path = self._out / f"结果-{number:04d}.xlsx"
            while path.exists():  # written, and then we died before the ledger said so
                for mark in _marks(path):
                    waiting = {t: row for t, row in waiting.items() if row[_MARK] != mark}
                number += 1
                path = self._out / f"结果-{number:04d}.xlsx"
            if waiting:
                write_book(path, HEADERS, waiting.values(), _WIDTHS)
                number += 1
            self._forget(number)
            self._waited = -1
            return len(waiting)

    @contextmanager
    def _held(self) -> Iterator[None]:
        self._lock.parent.mkdir(mode=0o700, exist_ok=True)
        with self._lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._ledger.exists():
                self._ledger.touch(mode=0o600)
            yield

    def _lines(self, start: int = 0) -> Iterator[dict[str, object]]:
        with self._ledger.open("rb") as file:
            file.seek(start)
            for line in file:
                try:
                    yield json.loads(line)
                except ValueError:  # cut off by a crash before anybody was told that it is kept
                    continue

    def _catch_up(self) -> None:
        with self._ledger.open("rb+") as file:  # a line cut off by a crash must not spoil the next
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    file.write(b"\n")
                    size += 1
        inode = self._ledger.stat().st_ino
        start = self._at[1] if self._at[0] == inode and self._at[1] <= size else 0
        for line in self._lines(start):
            if "t" in line:
                self._keys[str(line["t"])] = str(line["k"])
        self._at = (inode, size)

    def _waiting(self) -> tuple[dict[str, list[str]], int]:
        rows: dict[str, list[str]] = {}
        number = 1
        for line in self._lines():
            if isinstance(line.get("r"), list):
                rows.pop(str(line["t"]), None)
                rows[str(line["t"])] = [str(c) for c in line["r"]]  # type: ignore[attr-defined]
            number = int(str(line.get("n", number)))
        return rows, number

    def _forget(self, number: int) -> None:
        """Rewrite the ledger without what is published: which key each ticket has, and the number of the next workbook."""
        self._catch_up()
        part = self._ledger.with_suffix(".part")
        private = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(private, "w", encoding="utf-8") as file:
            file.write(json.dumps({"n": number}) + "\n")
            file.writelines(json.dumps({"t": t, "k": k}, ensure_ascii=False) + "\n" for t, k in self._keys.items())
        _named(part, self._ledger)


def _marks(path: Path) -> list[str]:
    """Return the marks of a workbook of ours; somebody may have put another file of this name there."""
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True)
        return [str(row[_MARK]) for row in book.worksheets[0].iter_rows(min_row=2, values_only=True) if len(row) > _MARK]


def _cells(ticket_no: str, result: WriteBack) -> list[str]:
    head, _, reasons = result.note.partition("理由：\n")
    reasons = reasons.partition("\n以上由规则册")[0] if reasons else ""
    note = head.partition("〕\n")[2] if head.startswith(MARK) else head
    due = f"{result.due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if result.due_at else ""
    return [ticket_no, result.lead, "、".join(result.helpers), result.category, result.handling, due, result.basis,
            "\n".join(line.strip() for line in reasons.splitlines()), note.strip(), result.submission_no, result.key]
