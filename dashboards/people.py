"""Who is asking, and what they may do: decided on the server for every request."""

from dataclasses import dataclass

from flask import current_app, g, has_request_context

from labproc.wording import with_article

ROLES = ("viewer", "analyst", "reviewer")
KEY = "LABPROC_PERSON"  # the one person of `labproc review`, in the server's settings


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the dashboard.

    A ``viewer`` looks, an ``analyst`` moves gates, a ``reviewer`` also accepts and rejects.
    """

    name: str
    role: str = "viewer"

    def may(self, role: str) -> bool:
        """Whether this person's role is at least the one named."""
        return self.role in ROLES and ROLES.index(self.role) >= ROLES.index(role)


class NotAllowed(Exception):
    """The person who asks may not do this."""


def current() -> Person:
    """Return who sent the request that is being answered."""
    if not has_request_context():
        return Person("nobody")
    person = getattr(g, "person", None) or current_app.config.get(KEY)
    return person if isinstance(person, Person) else Person("nobody")


def require(role: str) -> Person:
    """Return who is asking, if they may; a client can forge any request, so each callback asks.

    Raises
    ------
    NotAllowed
        If their role is not enough.
    """
    person = current()
    if not person.may(role):
        found, needed = person.role or "nobody", with_article(role)
        raise NotAllowed(f"{person.name} is {found}; this needs {needed}")
    return person


def logged_in() -> bool:
    """Whether who is asking has logged in, so that their name need not be asked again."""
    return has_request_context() and getattr(g, "person", None) is not None
