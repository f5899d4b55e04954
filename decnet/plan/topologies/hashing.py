"""The content of a design, and its hash."""

from __future__ import annotations

from typing import Any

from decnet.model.topology import Design
from decnet.wire import digest


def content_hash(design: Design) -> str:
    """SHA-256 of the content: equal if and only if two designs are equal. The agent computes the same."""
    return digest(content(design))


def content(design: Design) -> dict[str, Any]:
    """The design as JSON can hold it: defaults written out, lists sorted by name, no empty settings."""
    document = design.model_dump(mode="json")
    for decky in document["deckies"]:
        decky["services"].sort()
        decky["settings"] = {service: each for service, each in decky["settings"].items() if each}
    for part in ("lans", "deckies"):
        document[part].sort(key=lambda each: each["name"])
    return document
