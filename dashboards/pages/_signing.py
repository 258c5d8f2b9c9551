"""The signing panel that pages share: a meaning, a reason, the password where people log in."""

from collections.abc import Callable, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, html, no_update

from dashboards import people
from dashboards.desk import Desk
from dashboards.people import NotAllowed, require
from labproc.errors import LabprocError
from labproc.store.signatures import MEANINGS, Signature

ROLES = {"performed": "analyst", "reviewed": "reviewer", "approved": "reviewer"}
"""Which role signs what; a signature is taken back by a reviewer."""
MEANT = {
    "performed": "performed: I did this work",
    "reviewed": "reviewed: I checked it",
    "approved": "approved: I answer for it",
}
Files = Callable[[Any], Sequence[str]]


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
        dmc.PasswordInput(
            id=_id("password", kind), label="Your password", **small,
            style={} if people.asks_password() else {"display": "none"},
        ),
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
        State(_id("password", kind), "value"),
        State("signed", "data"),
        chosen,
        prevent_initial_call=True,
    )
    def act(
        sign: Any, withdraw: Any, meaning: Any, reason: Any, password: Any, n: Any, what: Any
    ) -> tuple[Any, ...]:
        if not (sign or withdraw):  # the buttons were only drawn
            return (no_update,) * 4
        taking_back = ctx.triggered_id["type"] == "sign-withdraw"
        words = (str(meaning or ""), str(reason or "").strip(), str(password or ""))
        try:
            said = _act(desk, of(what), words, taking_back=taking_back)
        except (LabprocError, NotAllowed, ValueError) as error:
            return html.Span(f"✕ {error}", className="failed"), "", no_update, no_update
        return html.Span(f"✓ {said}", className="accepted"), "", "", int(n or 0) + 1


def _act(
    desk: Desk, sha256s: Sequence[str], words: tuple[str, str, str], *, taking_back: bool
) -> str:
    meaning, reason, password = words
    if meaning not in ROLES:
        raise ValueError(f"meaning is {meaning!r}, expected {', '.join(ROLES)}")
    person = require("reviewer" if taking_back else ROLES[meaning])
    people.confirm(person, password)
    if taking_back:
        n = desk.withdraw(sha256s, who=person.name, reason=reason)
        return f"withdrawn from {_many(n)}"
    n = desk.sign(sha256s, meaning, who=person.name, reason=reason)
    return f"{_many(n)} signed as {meaning} by {person.name}"


def _many(n: int) -> str:
    return "1 result" if n == 1 else f"{n} results"


def seals(signed: Sequence[Signature]) -> Any:
    """Return the signatures that stand, one a line: meaning, who, when, remark."""
    if not signed:
        return html.P("Not signed.", className="small quiet")
    return html.Div(
        [
            html.P(
                [
                    html.Span(f"✓ {one.meaning}", className="accepted"),
                    f" by {one.who}, {when(one.signed_at)}",
                    f": {one.reason}" if one.reason else "",
                ],
                className="small",
            )
            for one in signed
        ]
    )


def when(at: str) -> str:
    """Return a time of the store to the minute."""
    return f"{at[:16].replace('T', ' ')} UTC"
