"""Parses `rollouts.toml` of a state directory: policies of rollouts for a fleet that has no fleet file."""

from __future__ import annotations

from typing import Any

from . import fleetkeys, keyed_tables, toml_lines, toml_text
from .diagnostics import Diagnostics

KEYS = {"rollout": fleetkeys.FLEET["rollout"]}


def parse_bytes(content: bytes, filename: str) -> dict[str, dict[str, Any]]:
    """The tables `[rollout.NAME]` by name, each value checked. Raises SpecError, whose message has one line
    per error."""
    text = toml_text.decode(content, filename)
    table = toml_text.load(text, filename)
    mistakes = Diagnostics(filename, toml_lines.lines(text))
    right = keyed_tables.valid_part(mistakes, (), table, KEYS)
    mistakes.raise_any()
    found: dict[str, dict[str, Any]] = right.get("rollout", {})
    return found
