"""What a store asks its database: statements and transactions counted, where times would only be guesses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from hsdispute_plugin.store import Store

_FRAMING = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass
class Asked:
    """Statements as ``given`` with their parameters, without what frames a transaction; commits, by who may write."""

    given: list[tuple[str, Any]] = field(default_factory=list)
    written: int = 0
    read: int = 0

    @property
    def statements(self) -> list[str]:
        return [statement for statement, _ in self.given]

    def about(self, table: str) -> list[str]:
        """Return those that name a table."""
        return [s for s in self.statements if f" {table} " in s.replace("(", " ").replace("\n", " ").replace(".", " ")]


@contextmanager
def counting(store: Store) -> Iterator[Asked]:
    """Count what is asked inside."""
    asked = Asked()

    def asks(_c: object, _cursor: object, statement: str, values: object, *_more: object) -> None:
        if not statement.startswith(_FRAMING):
            asked.given.append((statement, values))

    def commits(connection: sa.Connection) -> None:
        reading = connection.engine is store._reader
        asked.read, asked.written = asked.read + reading, asked.written + (not reading)

    hooks = [("before_cursor_execute", asks), ("commit", commits)]
    # On PostgreSQL the reader is the same engine with options: it tells its own hooks and those of the other.
    engines = [store._engine, *([store._reader] if store.embedded else [])]
    for engine in engines:
        for name, hook in hooks:
            sa.event.listen(engine, name, hook)
    try:
        yield asked
    finally:
        for engine in engines:
            for name, hook in hooks:
                sa.event.remove(engine, name, hook)
