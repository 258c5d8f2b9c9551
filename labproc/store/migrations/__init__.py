"""Steps from one schema of the results database to the next, one module a step.

A step is written once and never changed: it names its tables and columns itself, since
``labproc.store.schema`` goes on.
"""

from collections.abc import Callable, Mapping
from importlib import import_module

from sqlalchemy import Connection

from labproc.errors import StoreError

STEPS: Mapping[str, tuple[str, str]] = {"1": ("2", "_1_to_2"), "2": ("3", "_2_to_3")}
"""Schema found -> schema after the step, and the module that takes it."""


def migrate(connection: Connection, found: str, wanted: str) -> list[str]:
    """Bring a database from one schema to another, in the transaction of the connection.

    Returns
    -------
    list of str
        The schemas on the way, the last one is ``wanted``.

    Raises
    ------
    StoreError
        If no steps lead there: the database was written by a newer labproc.
    """
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    passed: list[str] = []
    while found != wanted:
        if found not in STEPS:
            raise StoreError(
                f"{connection.engine.url.render_as_string()}: written by schema {found}, this "
                f"labproc knows {wanted}; use the newer labproc"
            )
        found, module = STEPS[found]
        upgrade: Callable[[Operations], None] = import_module(f"{__name__}.{module}").upgrade
        upgrade(operations)
        passed.append(found)
    return passed
