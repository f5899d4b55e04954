"""Converts the answers of agents with an older protocol, which are read until they are replaced."""

from __future__ import annotations

from typing import Any

from decnet.wire import PROJECT

PROTOCOLS = frozenset({1})
"""The older protocols that are still read."""

READS = frozenset({"facts", "status", "slice", "probe", "logs", "events"})
"""Verbs that change nothing. `hello` and `upgrade` look the same in every protocol."""


def convert(verb: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Convert an answer of protocol 1, which had only the fleet's own project. A malformed one is left
    unchanged, and is refused later like any other."""
    if verb == "status":
        return _status(answer)
    if verb == "slice":
        return {"projects": {PROJECT: answer}}
    return answer


def _status(answer: dict[str, Any]) -> dict[str, Any]:
    status = {
        key: value for key, value in answer.items() if key not in ("plan_hash", "generation", "topologies")
    }
    held = {key: answer.get(key) for key in ("generation", "plan_hash")}
    conflicts = answer.get("conflicts", {})
    if isinstance(conflicts, dict):
        conflicts = [{"project": PROJECT, "decky": decky, "mac": mac} for decky, mac in conflicts.items()]
    # A worker without any apply holds no project.
    is_new = held == {"generation": 0, "plan_hash": None}
    return {**status, "projects": {} if is_new else {PROJECT: held}, "conflicts": conflicts}
