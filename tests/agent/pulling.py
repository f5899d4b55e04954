"""Pulls from a real agent, as decnet makes them, and lines of a decoy's log."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from agent_desk import Desk


class Operator:
    """Pulls as decnet does; `stored` is what it has, each id once."""

    def __init__(self, desk: Desk, ask: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.desk = desk
        self.ask = ask
        self.stored: dict[str, dict[str, Any]] = {}
        self.cursor: dict[str, Any] = {}
        self.verdicts: list[str] = []

    def page(self) -> bool:
        page = self.ask(self.cursor)
        self.verdicts.append(page["verdict"])
        for event in page["events"]:
            self.stored.setdefault(event["id"], event)
        if page["events"]:
            last = page["events"][-1]["seq"]
            self.cursor = {"after": last, "spool_id": page["spool_id"], "mark": page["mark"]}
        return bool(page["more"])

    def pull(self) -> Operator:
        while self.page():
            continue
        return self

    @property
    def lost(self) -> list[dict[str, Any]]:
        return [event["fields"] for event in self.stored.values() if event["kind"] == "lost"]

    def happened(self) -> int:
        """The number of reported and lost events together."""
        return sum(
            event["fields"]["count"] if event["kind"] == "lost" else event["fields"].get("folded", 1)
            for event in self.stored.values()
        )


def line(n: int, run: str = "a", kind: str = "contact", **fields: Any) -> bytes:
    row = {
        "run": run,
        "n": n,
        "at": 1000.0 + n,
        "kind": kind,
        "src": "192.0.2.66",
        "sport": 4000,
        "session": "s",
    }
    return json.dumps({**row, "fields": fields}, separators=(",", ":")).encode()


def lines(first: int, last: int, run: str = "a") -> list[bytes]:
    return [line(n, run) for n in range(first, last + 1)]
