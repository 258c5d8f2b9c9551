"""Login for a lab: every route asks who it is, and the roles are looked up for each request."""

import html
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, g, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

from dashboards.people import Person

SECRET_BYTES = 32
DAY = timedelta(hours=12)  # one working day; then the password is asked again
TRIES, WITHIN_S = 8, 900  # wrong passwords per name and computer before waiting
OPEN = ("/login",)

FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>labproc: log in</title>
<link rel="stylesheet" href="/login?style"></head><body><main class="login"><h1>labproc</h1>
<form method="post" action="/login"><label>Name<input name="name" autocomplete="username" autofocus
 required></label><label>Password<input name="password" type="password" required
 autocomplete="current-password"></label><p role="alert" class="failed">{message}</p>
<button>Log in</button></form></main></body></html>"""
STYLE = """body{font:14px/1.5 'Segoe UI','Liberation Sans',Arial,sans-serif;color:#2b2f36;margin:0}
.login{max-width:280px;margin:18vh auto}h1{font-size:20px}label{display:block;margin:0 0 12px}
input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:6px 8px;
border:1px solid #9aa1aa;border-radius:4px}button{font:inherit;padding:6px 16px;border:0;
border-radius:4px;background:#2b2f36;color:#fff}.failed{color:#b3261e;min-height:1.5em;margin:0}"""


@dataclass
class Accounts:
    """Where users are kept: one checks a password, the other looks a user up by name."""

    check: Callable[[str, str], Person | None]
    find: Callable[[str], Person | None]


@dataclass
class _Tries:
    """Wrong passwords of the last minutes, by name and computer."""

    failed: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def too_many(self, who: tuple[str, str]) -> bool:
        recent = [t for t in self.failed.get(who, ()) if time.monotonic() - t < WITHIN_S]
        if recent:
            self.failed[who] = recent
        else:
            self.failed.pop(who, None)
        return len(recent) >= TRIES


def secret_key(path: Path) -> bytes:
    """Return the key that signs cookies; made once, readable by its owner only."""
    try:
        held = path.read_bytes()
    except FileNotFoundError:
        held = b""
    if len(held) == SECRET_BYTES:
        return held
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(secrets.token_bytes(SECRET_BYTES))
    return path.read_bytes()


def protect(server: Flask, accounts: Accounts, *, secret: bytes, name: str, https: bool) -> None:
    """Ask for a login on every route; ``name`` tells the cookies of several studies apart."""
    server.secret_key = secret
    server.config.update(
        SESSION_COOKIE_NAME=name, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=https, PERMANENT_SESSION_LIFETIME=DAY,
    )  # fmt: skip
    tries = _Tries()

    @server.before_request
    def ask() -> AnyResponse | None:
        person = accounts.find(str(session.get("name", "")))
        g.person = person
        if person is not None or request.path in OPEN:
            return None
        if request.method == "GET" and not request.path.startswith("/_dash"):
            return redirect("/login")
        return Response("log in first", 401, mimetype="text/plain")

    @server.route("/login", methods=["GET", "POST"])
    def login() -> AnyResponse:
        if request.method == "GET":
            return _style() if "style" in request.args else _form("")
        return _log_in(accounts, tries)

    @server.route("/logout", methods=["POST"])
    def logout() -> AnyResponse:
        session.clear()
        return redirect("/login", code=303)


def _log_in(accounts: Accounts, tries: _Tries) -> AnyResponse:
    """Check what the form says; the answer never tells whether the name exists."""
    name = request.form.get("name", "")[:200]
    who = (name, request.remote_addr or "")
    if tries.too_many(who):
        return _form("Too many wrong passwords; wait a quarter of an hour.", 429)
    person = accounts.check(name, request.form.get("password", "")[:1_000])
    if person is None:
        tries.failed[who].append(time.monotonic())
        return _form("Name or password is wrong.", 401)
    session.clear()
    session["name"] = person.name
    session.permanent = True
    return redirect("/", code=303)


def _form(message: str, status: int = 200) -> Response:
    return Response(FORM.replace("{message}", html.escape(message)), status, mimetype="text/html")


def _style() -> Response:
    return Response(STYLE, 200, mimetype="text/css")
