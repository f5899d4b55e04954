"""decnet's own JSON, as `events -o jsonl` prints it."""

from __future__ import annotations

from .sighting import Sighting, iso, line


def native(seen: Sighting) -> str:
    """One event on one line, with its worker, its time as text and its severity."""
    event = seen.event
    first = {"worker": seen.worker, "time": iso(event.at), "severity": seen.severity}
    return line({**first, **event.model_dump(mode="json")})
