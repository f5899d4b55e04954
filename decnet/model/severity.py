"""How severe an event is: a number from 0 to 10, by what the attacker has achieved, and a word for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .event import Touch

SEVERITIES = {
    "disconnect": 1, "error": 1, "scan": 2, "contact": 3, "lost": 4, "request": 5, "login": 6, "command": 8,
    "file": 9, "pivot": 9,
}  # fmt: skip
"""By kind; a login that was accepted has ACCEPTED."""

ACCEPTED = 8
OF_PROTOCOL = 5
"""A command of a service whose clients send commands before and without a login."""

BEFORE_LOGIN = ("ftp", "smtp")
MOST = 10

LEVELS = {"low": 0, "medium": 4, "high": 7, "critical": 9}
"""The words, each with its lowest number: those of ArcSight's CEF."""


def severity(event: Touch) -> int:
    """The severity of an event, from 0 to MOST."""
    if event.kind == "login" and event.fields.get("success"):
        return ACCEPTED
    if event.kind == "command" and event.service in BEFORE_LOGIN:
        return OF_PROTOCOL
    return SEVERITIES[event.kind]


def level(number: int) -> str:
    """The word for a severity."""
    return next(word for word, least in reversed(LEVELS.items()) if number >= least)
