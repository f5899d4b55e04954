"""The logins of visitors, and the notes in which the services of a decky keep them."""

from __future__ import annotations

import json
from dataclasses import dataclass

LATEST = 1 << 34
"""Seconds since the epoch."""
MOST_LOGINS = 20
"""That are remembered of one source."""


@dataclass(frozen=True, slots=True)
class Login:
    """One login of a visitor. `began` and `ended` in seconds since the epoch, 0: not yet; `terminal`: "" of a
    connection without one; `port`: the client's; `server`: the number of the process that served it."""

    user: str
    began: float
    service: str
    terminal: str
    port: int = 0
    server: int = 0
    ended: float = 0.0


def note_of(login: Login) -> str:
    """A login as text."""
    first = [login.user[:100], login.began, login.service, login.terminal]
    return json.dumps([*first, login.port, login.server, login.ended])


def login_of(text: str) -> Login | None:
    """The login in a text, None if there is none. Earlier versions have four fields."""
    try:
        user, began, service, terminal, *more = json.loads(text)
        port, server, ended = more or (0, 0, 0.0)
        login = Login(
            str(user), float(began), str(service), str(terminal), int(port), int(server), float(ended)
        )
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    fits = 0 <= login.began < LATEST and 0 <= login.ended < LATEST
    return login if fits and 0 <= login.port < 1 << 16 and 0 <= login.server < 1 << 22 else None


def surplus(notes: dict[str, str]) -> list[str]:
    """The keys of the notes that are too many: the earliest, those without a terminal before others."""
    known = {key: login_of(text) for key, text in notes.items()}
    order = sorted(notes, key=lambda key: (bool((login := known[key]) and login.terminal), key))
    return order[: max(0, len(order) - MOST_LOGINS)]
