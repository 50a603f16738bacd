"""Who may sign in to the console, and who is signed in: passwords (argon2), sessions that end, patience with wrong tries."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.errors import HsdisputeError
from hsdispute_plugin.store import Store, Transaction
from hsdispute_plugin.store_accounts import UserRow
from hsdispute_plugin.store_inbox import WHOLE

SHORTEST = 10  # characters of a password; NIST SP 800-63B asks for length, not for kinds of characters
LONGEST = 200
PATIENCE = timedelta(minutes=15)  # in which failed sign-ins count together, and for how long they keep the door shut
MANY = 10  # as many more may fail from one address: a whole office may stand behind one
SEEN_EVERY = timedelta(minutes=1)
ALL_CASES = (Role.OFFICE, Role.DIRECTOR, Role.DEPUTY)
NO_CASES = (Role.ADMIN, Role.AUDITOR)
MAY_HOLD = tuple(r for r in Role if r is not Role.CLOCK)
PEOPLE, AUDIT = "用户", "GB/T 22239—2019 安全审计"  # what the journal names as case and clause of a sign-in or a changed user
COMMAND = "命令行"


class SignInRefused(HsdisputeError):
    """Nobody is signed in: wrong name or password, too many tries; says what to do, never which of the two was wrong."""


class AccountRefused(HsdisputeError):
    """A user cannot be made or changed as asked; says what would be right."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in."""

    login: str
    name: str
    unit: str
    roles: tuple[Role, ...]

    def holds(self, *roles: Role) -> bool:
        """Tell whether the person has one of these roles."""
        return any(r in roles for r in self.roles)

    @property
    def cases_of(self) -> str | None:
        """The unit whose cases this person may see: ``WHOLE`` is every unit's, ``None`` no case at all."""
        if self.holds(*ALL_CASES):
            return WHOLE
        return self.unit if any(r not in NO_CASES for r in self.roles) else None

    @property
    def actors(self) -> tuple[Actor, ...]:
        """The capacities in which this person may act on a case."""
        return tuple(Actor(self.name, self.unit, r) for r in self.roles if r not in NO_CASES)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may rest and last, and how many failed sign-ins are borne."""

    idle: timedelta
    whole: timedelta
    failures: int


class Accounts:
    """The users of one database. Every time comes in as ``now``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hasher = PasswordHasher()
        self._one_at_a_time = threading.Lock()  # a hash takes 64 MB: a crowd at the door must not fill the memory
        self._nobody = self._hasher.hash(secrets.token_hex(8))  # an unknown name takes as long as a wrong password

    def add(
        self, login: str, name: str, unit: str, roles: Sequence[Role], password: str, now: datetime, by: str = COMMAND
    ) -> UserRow:
        """Add a user; an empty password is for those whom a trusted proxy signs in.

        Raises:
            AccountRefused: The name is taken, or something is missing or too short.
        """
        if not (login.isascii() and login.isidentifier() and len(login) <= 40):
            raise AccountRefused("登录名用字母、数字和下划线，以字母开头，不超过 40 个")
        _check(name, roles)
        row = UserRow(login, name.strip(), unit, tuple(r.value for r in dict.fromkeys(roles)),
                      self._hashed(login, password) if password else "", False, now, now)
        with self._store.begin() as tx:
            if tx.user(login):
                raise AccountRefused(f"登录名 {login} 已有人用，请换一个；改口令用 hsdispute user password {login}")
            tx.save_user(row)
            _note(tx, now, by, "添加用户", f"{login}：{_described(row)}")
        return row

    def change(self, login: str, name: str, unit: str, roles: Sequence[Role], now: datetime, by: str = COMMAND) -> None:
        """Change who a user is and what they may do; it holds from their next page on.

        Raises:
            AccountRefused: No such user, something is missing, or no administrator would be left.
        """
        _check(name, roles)
        with self._store.begin() as tx:
            before = self._known(tx.user(login), login)
            held = tuple(r.value for r in dict.fromkeys(roles))
            row = replace(before, person=name.strip(), unit=unit, roles=held, changed_at=now)
            tx.save_user(row)
            _some_administrator(tx, before)
            _note(tx, now, by, "改用户", f"{login}：原为{_described(before)}；改为{_described(row)}")

    def set_password(self, login: str, password: str, now: datetime, by: str = COMMAND) -> None:
        """Give a user another password, and end all their sessions.

        Raises:
            AccountRefused: No such user, or the password is too short.
        """
        hashed = self._hashed(login, password)
        with self._store.begin() as tx:
            tx.save_user(replace(self._known(tx.user(login), login), password=hashed, changed_at=now))
            tx.end_sessions(login=login)
            _note(tx, now, by, "改口令", login)

    def set_disabled(self, login: str, disabled: bool, now: datetime, by: str = COMMAND) -> None:
        """Shut a user out (and end all their sessions), or let them in again.

        Raises:
            AccountRefused: No such user, or no administrator would be left.
        """
        with self._store.begin() as tx:
            before = self._known(tx.user(login), login)
            tx.save_user(replace(before, disabled=disabled, changed_at=now))
            _some_administrator(tx, before)
            tx.end_sessions(login=login)
            _note(tx, now, by, "停用用户" if disabled else "启用用户", login)

    def sign_in(self, login: str, password: str, address: str, limits: Limits, now: datetime) -> str:
        """Return the token of a new session.

        Raises:
            SignInRefused: Wrong, shut out, or too many failed tries by this name or from this address.
        """
        keys = [_digest(f"login {login}"), _digest(f"from {address}")]
        with self._store.begin() as tx:
            ago = now - PATIENCE
            if tx.tries(keys[:1], ago) >= limits.failures or tx.tries(keys[1:], ago) >= limits.failures * MANY:
                raise SignInRefused(f"登录失败次数过多，请 {int(PATIENCE.total_seconds() // 60)} 分钟后再试，或请管理员重设口令")
            user = tx.user(login)
        usable = user is not None and not user.disabled and bool(user.password)
        right = self._right(user.password if user and usable else self._nobody, password)
        with self._store.begin() as tx:
            if not (right and usable):
                tx.note_try(keys, now - PATIENCE, now)
                if user:  # a name that nobody has may be a password typed into the wrong field
                    _note(tx, now, f"{user.person}（{login}）", "登录失败", f"从 {address}")
            else:
                tx.forget_tries(keys[:1])
        if not (right and usable):
            raise SignInRefused("登录名或口令不对，或账号已停用")
        return self.begin(login, address, limits, now)

    def begin(self, login: str, address: str, limits: Limits, now: datetime) -> str:
        """Return the token of a new session of a user whose identity is proved; sessions that ran out are cleared away.

        Raises:
            SignInRefused: No such user, or they are shut out.
        """
        token = secrets.token_urlsafe(32)
        with self._store.begin() as tx:
            user = tx.user(login)
            if user is None or user.disabled:
                raise SignInRefused("这个账号没有登记或已停用，请联系管理员")
            tx.end_sessions(began_before=now - limits.whole)
            tx.add_session(_digest(token), login, now)
            _note(tx, now, f"{user.person}（{login}）", "登录", f"从 {address}")
        return token

    def person(self, token: str, limits: Limits, now: datetime, *, seen: bool = True) -> Person | None:
        """Return who holds this token; ``None``: nobody, or the session ended (rested too long, lasted too long, revoked).

        ``seen`` is false for what a page asks by itself: it must not keep a session awake that nobody sits at.
        """
        with self._store.reading() as tx:
            session = tx.session(_digest(token))
            user = tx.user(session.login) if session else None
        if session is None or user is None or user.disabled:
            return None
        over = now - session.seen_at > limits.idle or now - session.began_at > limits.whole
        if over or (seen and now - session.seen_at > SEEN_EVERY):
            with self._store.begin() as tx:
                if over:
                    tx.end_sessions(token=session.token)
                else:
                    tx.see_session(session.token, now)
        if over:
            return None
        return Person(user.login, user.person, user.unit, tuple(Role(r) for r in user.roles))

    def sign_out(self, token: str) -> None:
        """End a session here, whatever the browser keeps."""
        with self._store.begin() as tx:
            tx.end_sessions(token=_digest(token))

    def _hashed(self, login: str, password: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST or login.lower() in password.lower() or len(set(password)) < 4:
            raise AccountRefused(f"口令至少 {SHORTEST} 个字符，不含登录名，不是几个字符的重复")
        with self._one_at_a_time:
            return self._hasher.hash(password)

    def _right(self, hashed: str, password: str) -> bool:
        if len(password) > LONGEST:
            return False
        try:
            with self._one_at_a_time:
                return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    @staticmethod
    def _known(user: UserRow | None, login: str) -> UserRow:
        if user is None:
            raise AccountRefused(f"没有用户 {login}。用 hsdispute user list 查看")
        return user


def _check(name: str, roles: Sequence[Role]) -> None:
    if not name.strip() or len(name) > 40 or not roles:
        raise AccountRefused("请写姓名（不超过 40 字）和至少一种身份")
    if Role.ADMIN in roles and Role.AUDITOR in roles:
        raise AccountRefused("系统管理员和审计员不能是同一个人：审计员看的就有管理员做的事")


def _some_administrator(tx: Transaction, before: UserRow) -> None:
    if _runs(before) and not any(map(_runs, tx.users())):
        raise AccountRefused("没有改：至少要留一个没有停用的系统管理员")


def _runs(user: UserRow) -> bool:
    return Role.ADMIN.value in user.roles and not user.disabled


def _described(user: UserRow) -> str:
    return f"{user.person}，{user.unit}，{'、'.join(Role(r).label for r in user.roles)}"


def _note(tx: Transaction, now: datetime, who: str, act: str, why: str) -> None:
    tx.add_journal(PEOPLE, now, who, act, why, AUDIT)


def csrf_of(token: str) -> str:
    """Return what a form of this session must carry, so that no other site can send it."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
