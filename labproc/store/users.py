"""Who may use a shared dashboard, and as what: passwords as argon2id hashes, roles, lock-outs."""

import time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from labproc.errors import StoreError
from labproc.registry import nearest
from labproc.store import audit as chain
from labproc.store.audit import AuditEntry, now_utc
from labproc.store.schema import users
from labproc.store.store import Store, set_meta

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_LETTERS = 12  # NIST SP 800-63B asks for 8 at least, and for length over odd letters
FREE_FAILURES = 5  # wrong passwords before an account has to wait
WAIT_MS = 60_000  # after each further one


class UserRole(StrEnum):
    """What a person may do; each role may also do what the ones before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    REVIEWER = "reviewer"

    def may(self, needed: "UserRole") -> bool:
        """Whether this role includes another."""
        ranks = list(UserRole)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True, slots=True)
class User:
    """A person who may log in."""

    name: str
    role: UserRole
    is_active: bool
    created_at: str


def add_user(store: Store, name: str, password: str, role: str, *, who: str) -> User:
    """Add a person.

    Raises
    ------
    StoreError
        If the name is empty or taken, the role unknown, or the password too short.
    """
    name = name.strip()
    if not name:
        raise StoreError("user: no name given, expected one")
    chosen, hashed = _role(role), _hash(name, password)
    with store.writing() as connection:
        if connection.execute(select(users.c.name).where(users.c.name == name)).first():
            raise StoreError(f"user {name!r}: is there already, expected a new name")
        values = {"name": name, "role": chosen.value, "password_hash": hashed, "is_active": 1}
        when = now_utc()
        connection.execute(
            users.insert().values(**values, n_failures=0, failed_ms=0, created_at=when)
        )
        _record(connection, AuditEntry(who, "user added", name, new=chosen.value))
    return User(name, chosen, True, when)


def set_password(store: Store, name: str, password: str, *, who: str) -> None:
    """Give a person another password, and end a lock-out."""
    hashed = _hash(name, password)
    values: dict[str, str | int] = {"password_hash": hashed, "n_failures": 0, "failed_ms": 0}
    _change(store, name, values, AuditEntry(who, "password changed", name))


def set_role(store: Store, name: str, role: str, *, who: str, reason: str) -> None:
    """Give a person another role."""
    chosen, old = _role(role), _need(store, name).role
    entry = AuditEntry(who, "role changed", name, old.value, chosen.value, _reason(reason, name))
    _change(store, name, {"role": chosen.value}, entry)


def set_active(store: Store, name: str, *, active: bool, who: str, reason: str) -> None:
    """Let a person in again, or no longer; nobody is deleted, so that the record stays readable."""
    words = {True: "active", False: "inactive"}
    old = words[_need(store, name).is_active]
    entry = AuditEntry(who, "user changed", name, old, words[active], _reason(reason, name))
    _change(store, name, {"is_active": int(active)}, entry)


def list_users(store: Store) -> list[User]:
    """Return everybody, by name."""
    columns = (users.c.name, users.c.role, users.c.is_active, users.c.created_at)
    with store.reading() as connection:
        rows = connection.execute(select(*columns).order_by(users.c.name))
        return [User(name, UserRole(role), bool(on), at) for name, role, on, at in rows]


def log_in(store: Store, name: str, password: str, *, now_ms: int | None = None) -> User | None:
    """Return the person if name and password are right, None if not.

    An unknown name takes as long as a wrong password. After five wrong ones an account waits a
    minute before each further try, whatever the password.
    """
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    with store.reading() as connection:
        row = connection.execute(users.select().where(users.c.name == name)).mappings().first()
    right = _verify(row["password_hash"] if row else _decoy(), password)
    if row is None or not row["is_active"]:
        return None
    # an account whose clock lies in the future (the clock was set back) does not wait for it
    since = now - row["failed_ms"]
    if row["n_failures"] >= FREE_FAILURES and 0 <= since < WAIT_MS:
        return None
    failures = 0 if right else row["n_failures"] + 1
    if failures != row["n_failures"]:
        _count_failures(store, name, failures, now)
    if not right:
        return None
    return User(name, UserRole(row["role"]), True, row["created_at"])


def _count_failures(store: Store, name: str, n: int, now_ms: int) -> None:
    with store.writing() as connection:
        chosen = users.update().where(users.c.name == name)
        connection.execute(chosen.values(n_failures=n, failed_ms=now_ms if n else 0))
        if n == FREE_FAILURES:
            _record(connection, AuditEntry("labproc", "user locked out", name, new=f"{n} failures"))


def _need(store: Store, name: str) -> User:
    known = {user.name: user for user in list_users(store)}
    if name not in known:
        raise StoreError(f"no user {name!r}; {nearest(name, list(known))}")
    return known[name]


def _change(store: Store, name: str, values: dict[str, str | int], entry: AuditEntry) -> None:
    _need(store, name)
    with store.writing() as connection:
        connection.execute(users.update().where(users.c.name == name).values(values))
        _record(connection, entry)


def _record(connection: Connection, entry: AuditEntry) -> None:
    set_meta(connection, "audit_head", chain.append(connection, entry))


def _role(word: str) -> UserRole:
    try:
        return UserRole(word)
    except ValueError:
        raise StoreError(
            f"role is {word!r}; {nearest(word, [r.value for r in UserRole])}"
        ) from None


def _reason(reason: str, name: str) -> str:
    if not reason.strip():
        raise StoreError(f"user {name!r}: no reason given, expected why it is changed")
    return reason


def _hash(name: str, password: str) -> str:
    if len(password) < LEAST_LETTERS:
        raise StoreError(
            f"user {name!r}: a password of {len(password)} letters, expected {LEAST_LETTERS}"
        )
    return _hasher().hash(password)


def _verify(hashed: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()  # argon2id, RFC 9106's second recommendation


@lru_cache(maxsize=1)
def _decoy() -> str:
    """Return a hash that no password fits, so that unknown names take as long as known ones."""
    import secrets

    return _hasher().hash(secrets.token_hex(32))
