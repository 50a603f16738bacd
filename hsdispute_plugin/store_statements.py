"""Inserts that know what to do where a row of the key is there already, for both kinds of database; each built once."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


@cache
def upsert(table: sa.Table, several: bool) -> sa.Insert:
    """Return the statement that inserts a row or replaces the one of its key (``several``: in PostgreSQL).

    Made once, as all here: to build a statement takes longer than to ask it.
    """
    statement = (postgresql.insert if several else sqlite.insert)(table)
    rest = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)


@cache
def insert_new(table: sa.Table, several: bool, *key: sa.Column[str]) -> sa.Insert:
    """Return the statement that inserts rows but for those of which there is one; ``key``: what tells, if not the primary key.

    Its result counts what was inserted.
    """
    statement = (postgresql.insert if several else sqlite.insert)(table)
    return statement.on_conflict_do_nothing(index_elements=list(key or table.primary_key)).execution_options(
        preserve_rowcount=True)
