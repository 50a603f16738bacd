"""What is kept of the people who sign in to the console: users, their sessions, failed sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hsdispute_plugin import store_schema as schema


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person who may sign in: by which name, who that is, of which unit, in which roles (codes of ``Role``)."""

    login: str
    person: str
    unit: str
    roles: tuple[str, ...]
    password: str = field(repr=False)
    disabled: bool
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A signed-in browser; ``token`` is the hash of what the browser holds."""

    token: str = field(repr=False)
    login: str
    began_at: datetime
    seen_at: datetime


class AccountTables:
    """The part of a transaction that reads and writes users and sessions."""

    _c: sa.Connection

    def user(self, login: str) -> UserRow | None:
        """Return a user by the name they sign in with."""
        row = self._c.execute(sa.select(*schema.users.c).where(schema.users.c.login == login)).first()
        return _user(row) if row else None

    def users(self) -> list[UserRow]:
        """Return all users by unit and name."""
        chosen = sa.select(*schema.users.c).order_by(schema.users.c.unit, schema.users.c.login)
        return [_user(row) for row in self._c.execute(chosen)]

    def save_user(self, user: UserRow) -> None:
        """Insert a user, or replace them."""
        values = {name: getattr(user, name) for name in UserRow.__dataclass_fields__} | {"roles": " ".join(user.roles)}
        t = schema.users
        if not self._c.execute(t.update().where(t.c.login == user.login).values(**values)).rowcount:
            self._c.execute(t.insert().values(**values))

    def add_session(self, token: str, login: str, now: datetime) -> None:
        """Note a sign-in."""
        self._c.execute(schema.sessions.insert().values(token=token, login=login, began_at=now, seen_at=now))

    def session(self, token: str) -> SessionRow | None:
        """Return a session by the hash of its token."""
        row = self._c.execute(sa.select(*schema.sessions.c).where(schema.sessions.c.token == token)).first()
        return SessionRow(*row) if row else None

    def see_session(self, token: str, now: datetime) -> None:
        """Note that a session is in use."""
        self._c.execute(schema.sessions.update().where(schema.sessions.c.token == token).values(seen_at=now))

    def end_sessions(self, *, token: str = "", login: str = "", began_before: datetime | None = None) -> int:
        """End one session, all of a user, or all that began before a moment; return how many."""
        c = schema.sessions.c
        which = c.token == token if token else c.login == login if login else c.began_at < began_before
        return int(self._c.execute(schema.sessions.delete().where(which)).rowcount)

    def tries(self, keys: Sequence[str], since: datetime) -> int:
        """Return the most failed sign-ins that one of these keys has, if its last was not before ``since``."""
        t = schema.tries.c
        chosen = sa.select(sa.func.max(t.failures)).where(t.key.in_(keys), t.last_at >= since)
        return int(self._c.scalar(chosen) or 0)

    def note_try(self, keys: Sequence[str], since: datetime, now: datetime) -> None:
        """Count one more failed sign-in for each key; what was before ``since`` is forgotten."""
        t = schema.tries
        self._c.execute(t.delete().where(t.c.last_at < since))
        for key in keys:
            more = t.update().where(t.c.key == key).values(failures=t.c.failures + 1, last_at=now)
            if not self._c.execute(more).rowcount:
                self._c.execute(t.insert().values(key=key, failures=1, last_at=now))

    def forget_tries(self, keys: Sequence[str]) -> None:
        """Forget failed sign-ins: the right password came."""
        self._c.execute(schema.tries.delete().where(schema.tries.c.key.in_(keys)))


def _user(row: sa.Row[Any]) -> UserRow:
    values = dict(row._mapping)
    return UserRow(**values | {"roles": tuple(values["roles"].split())})
