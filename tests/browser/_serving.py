"""An app served as the command serves it, on a port of its own, for as long as a test needs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dash import Dash

from dashboards.app import make_server


@contextmanager
def served(app: Dash) -> Iterator[str]:
    """Serve an app and give its address."""
    server = make_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(timeout=0.5)
