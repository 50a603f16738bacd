"""What a store asks its database: statements and transactions counted, where times would only be guesses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from hsdispute_plugin.store import Store

_FRAMING = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass
class Asked:
    """``statements`` in their order, without what frames a transaction; how many ended in a commit, by who may write."""

    statements: list[str] = field(default_factory=list)
    written: int = 0
    read: int = 0

    def about(self, table: str) -> list[str]:
        """Return those that name a table."""
        return [s for s in self.statements if f" {table} " in s.replace("(", " ").replace("\n", " ").replace(".", " ")]


@contextmanager
def counting(store: Store) -> Iterator[Asked]:
    """Count what is asked inside."""
    asked = Asked()

    def asks(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith(_FRAMING):
            asked.statements.append(statement)

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
