"""Something an attacker did to a decky."""

from __future__ import annotations

from typing import Literal

from .noun import Noun, Short
from .worker import Count

EventKind = Literal["contact", "login", "command", "request", "file", "disconnect", "error"]


class AttackerEvent(Noun):
    """One thing that was done to a decky. `id` is the same however often the event is pulled.

    `at` is seconds since the epoch by the worker's clock; `fields` holds what is particular to the
    service (username, password, command, method, path, user_agent...), strings and numbers only.
    """

    id: Short
    seq: Count
    at: float
    decky: Short
    service: Short
    kind: EventKind
    source_ip: Short
    source_port: int
    session: Short
    fields: dict[Short, str | int | float | bool | None]
