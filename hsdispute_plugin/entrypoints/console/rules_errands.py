"""Long work on rules, done in a thread while the page asks how far it is; kept in files, so that any process can tell.

One errand of a kind at a time: whoever works holds its lock, and a lock that nobody holds means that a process ended midway.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hsdispute_plugin import app as joined
from hsdispute_plugin.entrypoints.console.pages import Visit
from hsdispute_plugin.entrypoints.console.rules import signed
from hsdispute_plugin.errors import HsdisputeError, trace_of
from hsdispute_plugin.logger import Logger

RUNNING, DONE, FAILED, CUT, NEVER = "running", "done", "failed", "cut", ""
TOLD_EVERY_S = 0.5
Progress = Callable[[int, int | None], None]  # so many more are done, of how many (None: not known)
_log = Logger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """How an errand stands. ``about``: what it was done for, such as the edition; ``result``: plain values, no payer data."""

    kind: str
    state: str = NEVER
    who: str = ""
    at: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    done: int = 0
    total: int | None = None
    says: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


def errand(visit: Visit, kind: str) -> Errand:
    """Return the last errand of a kind."""
    place = _place(visit, kind)
    try:
        found = Errand(**json.loads(place.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return Errand(kind)
    return replace(found, state=CUT) if found.state == RUNNING and _free(place) else found


def begin(visit: Visit, kind: str, about: Mapping[str, Any], work: Callable[[Progress], Mapping[str, Any]]) -> str:
    """Begin an errand; return why not, empty when it is under way. ``work`` may raise what people should read."""
    place = _place(visit, kind)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = place.with_suffix(".lock").open("w")
    except OSError as err:
        return f"写不了 {place.parent}：{err.strerror}。请让服务器管理员设好 HSDISPUTE_CACHE，指到一个可写的目录"
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return "已经有人在做了，请等它做完"
    first = Errand(kind, RUNNING, signed(visit), visit.now.isoformat(), about)
    _keep(place, first)
    threading.Thread(target=_run, args=(place, lock, first, work), name=f"errand-{kind}", daemon=True).start()
    return ""


def _run(place: Path, lock: Any, first: Errand, work: Callable[[Progress], Mapping[str, Any]]) -> None:
    done, told = 0, time.monotonic()

    def progress(more: int, total: int | None) -> None:
        nonlocal done, told
        done += more
        if time.monotonic() - told >= TOLD_EVERY_S:
            told = time.monotonic()
            _keep(place, replace(first, done=done, total=total))

    with lock:
        try:
            last = replace(first, state=DONE, result=work(progress))
        except HsdisputeError as err:
            last = replace(first, state=FAILED, says=str(err))
        except Exception as err:  # whatever happened, whoever waits must be told
            _log.error("errand_failed", kind=first.kind, error=trace_of(err))
            last = replace(first, state=FAILED, says="程序出错，已记入日志，请联系管理员")
        _keep(place, last)


def _place(visit: Visit, kind: str) -> Path:
    of = hashlib.sha256(str(visit.app.directory.resolve()).encode()).hexdigest()[:12]
    return joined.cache_directory() / f"console-{of}" / f"{kind}.json"


def _free(place: Path) -> bool:
    try:
        with place.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _keep(place: Path, state: Errand) -> None:
    fresh = place.with_suffix(".new")
    try:
        with fresh.open("w", encoding="utf-8") as out:
            fresh.chmod(0o600)
            out.write(json.dumps(asdict(state), ensure_ascii=False))
        fresh.replace(place)
    except OSError as err:  # a full disk: the page says that the errand was cut short
        _log.error("errand_not_kept", kind=state.kind, error=type(err).__name__)
