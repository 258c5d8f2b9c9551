"""``labproc user``: who may log in to the dashboard, and as what."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labproc.cli._output import json_line
from labproc.cli._study import study_argument

if TYPE_CHECKING:
    from labproc.store import Store

REASON = click.option("--reason", required=True, help="Why; it goes into the audit trail.")
ROLES = "viewer, analyst or reviewer"


@click.group()
def command() -> None:
    """Add, list and change the dashboard's users."""


@contextmanager
def _store(study: Path) -> "Iterator[Store]":
    from labproc.store import Store
    from labproc.study import load_study

    with Store.open(load_study(study).store_url) as store:
        yield store


@command.command("add")
@click.argument("name")
@study_argument
@click.option("--role", default="viewer", show_default=True, help=f"{ROLES}.")
@click.password_option(help="Asked for when left out, which keeps it out of the shell's history.")
def add(name: str, study: Path, role: str, password: str) -> None:
    """Add a person who may log in."""
    from labproc.store.users import add_user

    with _store(study) as store:
        user = add_user(store, name, password, role, who=getpass.getuser())
    click.echo(f"{user.name}: {user.role.value}")


@command.command("password")
@click.argument("name")
@study_argument
@click.password_option()
def password(name: str, study: Path, password: str) -> None:
    """Give a person another password."""
    from labproc.store.users import set_password

    with _store(study) as store:
        set_password(store, name, password, who=getpass.getuser())
    click.echo(f"{name}: password changed")


@command.command("role")
@click.argument("name")
@click.argument("role")
@study_argument
@REASON
def role(name: str, role: str, study: Path, reason: str) -> None:
    """Give a person another role: viewer, analyst or reviewer."""
    from labproc.store.users import set_role

    with _store(study) as store:
        set_role(store, name, role, who=getpass.getuser(), reason=reason)
    click.echo(f"{name}: {role}")


@command.command("lock")
@click.argument("name")
@study_argument
@click.option("--open", "let_in", is_flag=True, help="Let the person in again.")
@REASON
def lock(name: str, study: Path, let_in: bool, reason: str) -> None:
    """Keep a person out; nobody is deleted, so that the record stays readable."""
    from labproc.store.users import set_active

    with _store(study) as store:
        set_active(store, name, active=let_in, who=getpass.getuser(), reason=reason)
    click.echo(f"{name}: {'may log in' if let_in else 'locked'}")


@command.command("list")
@study_argument
@click.option("--json", "as_json", is_flag=True, help="One JSON object a person.")
def list_(study: Path, as_json: bool) -> None:
    """List everybody who may log in, and who no longer may."""
    from labproc.store.users import list_users

    with _store(study) as store:
        for user in list_users(store):
            row = {"name": user.name, "role": user.role.value, "active": user.is_active}
            state = "" if user.is_active else "  locked"
            click.echo(json_line(row) if as_json else f"{user.name}  {user.role.value}{state}")
