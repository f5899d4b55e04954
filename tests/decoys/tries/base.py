"""What a table of tries is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from decnet.catalog import load

CATALOG = load()
Login = dict[str, Any]
Visit = bytes | tuple[str, ...] | Callable[[int], object]
"""Bytes to send before the end of input, a program's words with {port} in them, or a call with the port."""


@dataclass(frozen=True)
class Try:
    """One visit, and the logins that are recorded of it, in their order."""

    what: str
    visit: Visit
    logins: tuple[Login, ...]


@dataclass(frozen=True)
class Target:
    """One decoy process, and who comes to it, one after the other."""

    service: str
    release: str
    tries: tuple[Try, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    banner: str = ""
    protocol: str = "tcp"
    label: str = ""

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.service, self.release, self.label)))

    def persona(self) -> dict[str, Any]:
        banner = self.banner or CATALOG.banner(
            self.release, self.service, hostname="web01", address="127.0.0.1"
        )
        return {
            "os": CATALOG.releases[self.release].os, "release": self.release, "banner": banner,
            "settings": self.settings,
        }  # fmt: skip


class Matching:
    """Equal to every text that the pattern fits."""

    def __init__(self, pattern: str) -> None:
        import re

        self._pattern = re.compile(pattern, re.DOTALL)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self._pattern.fullmatch(other) is not None

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"/{self._pattern.pattern}/"


def login(method: str, success: bool, username: str | None = "", **said: Any) -> Login:
    """The fields of a login."""
    who = {} if username is None else {"username": username}
    return {**who, **said, "success": success, "method": method}


def refused(method: str, username: str | None = "", **said: Any) -> tuple[Login]:
    """One login that is refused."""
    return (login(method, False, username, **said),)


def accepted(method: str, username: str | None = "", **said: Any) -> tuple[Login]:
    """One login that is accepted."""
    return (login(method, True, username, **said),)
