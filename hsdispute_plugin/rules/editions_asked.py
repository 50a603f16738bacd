"""An activation or rollback that waits for a second person: kept beside the editions, so that it outlives the gateway."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from hsdispute_plugin.rules.editions import FOLDER

_FILE = "asked.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: 启用 or 回退 of an edition, by whom and why.

    ``who`` is for people to read; ``login`` and ``person`` (name and unit) tell the asker from a second person.
    """

    act: str
    edition: str
    login: str
    person: str
    who: str
    why: str
    at: str

    def by(self, login: str, person: str) -> bool:
        """Tell whether this person asked, under whatever account."""
        return login == self.login or person == self.person


def asked(directory: Path) -> Asked | None:
    """Return what waits; ``None``: nothing does."""
    try:
        return Asked(**json.loads((directory / FOLDER / _FILE).read_text("utf-8")))
    except FileNotFoundError:
        return None


def ask(directory: Path, what: Asked) -> None:
    """Let it wait, in place of anything asked for before."""
    folder = directory / FOLDER
    folder.mkdir(exist_ok=True)
    fresh = folder / f"{_FILE}.new"
    with fresh.open("w", encoding="utf-8") as out:
        out.write(json.dumps(asdict(what), ensure_ascii=False))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(folder / _FILE)


def settle(directory: Path) -> None:
    """Let nothing wait any more."""
    (directory / FOLDER / _FILE).unlink(missing_ok=True)
