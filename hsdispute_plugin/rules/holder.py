"""The rule book in force while serving: the next one within about a second of its activation, the old one to its last ticket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.logger import Logger
from hsdispute_plugin.rules.editions import EditionRefused, current, in_force
from hsdispute_plugin.rules.rulebook import Rulebook

LOOK_EVERY_S = 1.0
_log = Logger(__name__)


class RulebookHolder:
    """Gives the rule book in force.

    A ticket under way keeps the book it began with; a book's engines are freed when the last ticket lets go of it.
    A bad edition leaves the old book in force; ``refused`` says why until a good one comes.
    """

    def __init__(self, directory: Path, make: Callable[[Path], Rulebook], monotonic: Callable[[], float]) -> None:
        """Open the book in force; ``make`` opens the one of a directory, ``monotonic`` counts seconds.

        Raises:
            RulebookError, EditionRefused: The first book cannot be opened.
        """
        self._directory, self._make, self._monotonic = directory, make, monotonic
        self._lock = threading.Lock()
        self._edition, self._looked = current(directory), monotonic()
        self._book = make(in_force(directory))
        self.refused = ""

    def rulebook(self) -> Rulebook:
        """Return the book in force; looks for a new edition at most once a second, in one thread, while others go on."""
        if self._monotonic() - self._looked >= LOOK_EVERY_S and self._lock.acquire(blocking=False):
            try:
                self._looked = self._monotonic()
                self._reload_if_changed()
            finally:
                self._lock.release()
        return self._book

    def _reload_if_changed(self) -> None:
        edition = current(self._directory)
        if edition == self._edition:
            return
        self._edition = edition  # a bad one is tried once, not every second
        try:
            book = self._make(in_force(self._directory))
        except (RulebookError, EditionRefused) as err:
            stays = f"规则册未更换，{self._book.edition} 版仍在生效"
            self.refused = str(RulebookError(err.problems, stays)) if isinstance(err, RulebookError) else f"{err}\n{stays}"
            _log.error("edition_refused", edition=edition, in_force=self._book.edition, why=str(err).split("\n")[0])
            return
        before, self._book, self.refused = self._book.edition, book, ""
        _log.info("edition_in_force", edition=book.edition, before=before)

    def close(self) -> None:
        """Close the book in force."""
        self._book.close()
