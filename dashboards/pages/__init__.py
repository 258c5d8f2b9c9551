"""The review app, one page a file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboards.desk import Desk
from labproc.registry import Registry


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the app.

    ``layout(desk, rest)`` draws it, ``rest`` being what follows the page's name in the address;
    ``connect(app, desk)`` hangs its callbacks into the app. ``place`` is its rank in the menu.
    """

    title: str
    place: int
    layout: Callable[[Desk, str], Any]
    connect: Callable[[Any, Desk], None]


PAGES: Registry[Page] = Registry("page", "dashboards.pages")
"""Every page by the first word of its address."""
