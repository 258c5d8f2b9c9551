"""The signing panel that pages share: a meaning, a reason, the password where people log in."""

from collections.abc import Callable, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, html, no_update

from dashboards import people, wording
from dashboards.desk import Desk
from dashboards.people import NotAllowed, require
from labproc.errors import LabprocError
from labproc.pipeline.results import Results, SignatureView
from labproc.store.signatures import MEANINGS
from labproc.wording import counted

MEANT = {
    "performed": "performed: I did this work",
    "reviewed": "reviewed: I checked it",
    "approved": "approved: I answer for it",
}
Files = Callable[[Any, str], Sequence[str]]
"""What is chosen, and the meaning (empty to withdraw), to the SHA-256 of the files."""


def panel(kind: str, what: str) -> Any:
    """Return the panel; ``what`` says in words what is signed, ``kind`` keeps its ids apart."""
    options = [{"value": m, "label": MEANT[m]} for m in MEANINGS]
    small: dict[str, Any] = {"size": "xs"}
    fields = [
        dmc.Select(
            id=_id("meaning", kind), value="performed", data=options, label="Meaning",
            allowDeselect=False, **small,
        ),
        dmc.TextInput(id=_id("reason", kind), label="Remark (required to withdraw)", **small),
        dmc.TextInput(
            id=_id("name", kind), label="Your name, as a user of the study", **small,
            style={"display": "none"} if people.logged_in() else {},
        ),
        dmc.PasswordInput(id=_id("password", kind), label="Your password", **small),
    ]  # fmt: skip
    buttons = html.Div(
        [
            dmc.Button(f"Sign {what}", id=_id("sign", kind), color="dark", **small),
            dmc.Button("Withdraw", id=_id("withdraw", kind), variant="default", **small),
        ],
        className="row",
        style={"marginTop": "8px"},
    )
    said = html.Div(
        id=_id("message", kind), role="status", className="small", style={"minHeight": "22px"}
    )
    return html.Div([*fields, buttons, said])


def _id(part: str, kind: Any) -> dict[str, Any]:
    return {"type": f"sign-{part}", "page": kind}


def connect_signing(app: Dash, desk: Desk, files: dict[str, tuple[str, str, Files]]) -> None:
    """Hang a page's panel into the app.

    Parameters
    ----------
    files : dict
        Kind -> the id and property that hold what is chosen, and what makes SHA-256 of it.
    """
    for kind, (holder, prop, of) in files.items():
        _connect(app, desk, kind, State(holder, prop), of)


def _connect(app: Dash, desk: Desk, kind: str, chosen: State, of: Files) -> None:
    @app.callback(
        Output(_id("message", kind), "children"),
        Output(_id("password", kind), "value"),
        Output(_id("reason", kind), "value"),
        Output("signed", "data", allow_duplicate=True),
        Input(_id("sign", kind), "n_clicks"),
        Input(_id("withdraw", kind), "n_clicks"),
        State(_id("meaning", kind), "value"),
        State(_id("reason", kind), "value"),
        State(_id("name", kind), "value"),
        State(_id("password", kind), "value"),
        State("signed", "data"),
        chosen,
        prevent_initial_call=True,
    )
    def act(*given: Any) -> tuple[Any, ...]:
        *clicks, meaning, reason, name, password, n, what = given
        if not any(clicks):  # the buttons were only drawn
            return (no_update,) * 4
        meant = "" if ctx.triggered_id["type"] == "sign-withdraw" else str(meaning or "")
        words = (meant, str(reason or "").strip(), str(name or "").strip(), str(password or ""))
        try:
            said = _act(desk, of(what, meant), words)
        except (LabprocError, NotAllowed, ValueError) as error:
            return html.Span(f"✕ {error}", className="failed"), "", no_update, no_update
        return html.Span(f"✓ {said}", className="accepted"), "", "", int(n or 0) + 1


def _act(desk: Desk, sha256s: Sequence[str], words: tuple[str, str, str, str]) -> str:
    """Sign, or withdraw where no meaning is given; name and password are asked each time."""
    meaning, reason, name, password = words
    person = require("viewer")
    who = person.name if people.logged_in() else name
    if not who or not password:
        raise ValueError("a signature needs your name and your password")
    if not sha256s:
        raise ValueError("nothing left to sign" if meaning else "nothing is signed here")
    if not meaning:
        n = desk.withdraw(sha256s, who=who, password=password, reason=reason)
        return f"withdrawn from {counted(n, 'result')}"
    n = desk.sign(sha256s, meaning, who=who, password=password, reason=reason)
    return f"{counted(n, 'result')} signed as {meaning} by {who}"


def seals(results: Results, sha256: str) -> Any:
    """Return a file's signatures that were not taken back, one a line, and what each is worth."""
    stand = ("covers", "changed")
    signed = [s for s in results.signatures if s.sha256 == sha256 and s.state in stand]
    if not signed:
        return html.P("Not signed.", className="small quiet")
    return html.Div([_seal(one) for one in signed])


def _seal(one: SignatureView) -> Any:
    stands = one.state == "covers"
    head = html.Span(
        f"{'✓' if stands else '▲'} {one.meaning}", className="accepted" if stands else "look"
    )
    worth = "" if stands else f"; {wording.SIGNED[one.state]}"
    remark = f": {one.reason}" if one.reason else ""
    return html.P([head, f" by {one.who}, {when(one.signed_at)}{remark}{worth}"], className="small")


def covering(results: Results) -> dict[str, dict[str, SignatureView]]:
    """Return file -> meaning -> the signature that covers its results as they are now."""
    found: dict[str, dict[str, SignatureView]] = {}
    for one in results.signatures:
        if one.state == "covers":
            found.setdefault(one.sha256, {})[one.meaning] = one
    return found


def when(at: str) -> str:
    """Return a time of the store to the minute."""
    return f"{at[:16].replace('T', ' ')} UTC"
