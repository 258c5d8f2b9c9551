"""What ``review`` and ``serve`` share: take a port, say where, answer until stopped."""

import ipaddress
from collections.abc import Callable
from typing import Any

from labproc.errors import SettingsError


def listen(app: Any, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve an app; ``ready`` is told the address once requests are answered.

    Raises
    ------
    SettingsError
        If the port is taken or not ours to take.
    """
    from dashboards.app import make_server

    try:
        server = make_server(app, host=host, port=port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(
            f"{host}:{port}: {reason}, expected a free port; try --port 0"
        ) from error
    ready(f"http://{bracketed(host)}:{server.effective_port}/")
    try:
        server.run()
    finally:
        server.close()


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach an address.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_any(host: str) -> bool:
    """Whether an address stands for every address of this computer.

    Examples
    --------
    >>> is_any("::"), is_any("192.0.2.7")
    (True, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def bracketed(host: str) -> str:
    """Write an IPv6 address as it stands in a URL."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
