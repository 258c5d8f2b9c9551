"""What every request has to pass: a known host, our own pages, JSON, a bounded body."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

LIMIT = 16 * 1024 * 1024  # bytes of a request's body
READS = ("GET", "HEAD", "OPTIONS")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
FORMS = ("/login", "/logout")  # plain HTML forms, guarded by Origin and a SameSite cookie


def guard(server: Flask, *, hosts: Sequence[str] = LOOPBACK, scripts: Sequence[str] = ()) -> None:
    """Put the rules before every request and the headers on every answer.

    A page of another site can make a browser send requests to this one, and can point its own
    name at 127.0.0.1: the Host and Origin lists stop both.

    Parameters
    ----------
    server : Flask
    hosts : sequence of str
        Names without a port under which the dashboard is reached.
    scripts : sequence of str
        Hashes of the inline scripts that the pages carry (``'sha256-...'``).
    """
    server.config["MAX_CONTENT_LENGTH"] = LIMIT
    known = {h.lower() for h in hosts}

    @server.before_request
    def check() -> None:
        _check_host(known)
        if request.method not in READS:
            _check_origin()
            _check_body()

    @server.after_request
    def head(response: Response) -> Response:
        response.headers.update(_headers(scripts))
        return response


def name_of(host: str) -> str:
    """Return a Host header without its port.

    Examples
    --------
    >>> name_of("localhost:8050"), name_of("[::1]:8050")
    ('localhost', '[::1]')
    """
    bare, _, port = host.rpartition(":")
    return (bare if bare and port.isdigit() else host).lower()


def _check_host(known: set[str]) -> None:
    if name_of(request.headers.get("Host", "")) not in known:
        abort(421, "this dashboard does not answer to that host name")


def _check_origin() -> None:
    """Refuse what another site's page sent: its Origin is not the address asked for."""
    origin = request.headers.get("Origin")
    if origin is not None:
        if urlsplit(origin).netloc.lower() != request.headers.get("Host", "").lower():
            abort(403, "a page of another site may not change anything here")
    elif request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        abort(403, "a page of another site may not change anything here")


def _check_body() -> None:
    if (request.content_length or 0) > LIMIT:
        abort(413, f"the request is larger than {LIMIT} bytes")
    if request.path not in FORMS and not request.is_json:
        abort(415, "only application/json is read")


def _headers(scripts: Sequence[str]) -> dict[str, str]:
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(("'self'", *scripts)),
        "style-src": "'self' 'unsafe-inline'",  # mantine and plotly write their styles at run time
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{k} {v}" for k, v in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
