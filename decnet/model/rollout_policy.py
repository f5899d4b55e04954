"""How a rollout proceeds: `[rollout.NAME]` of a fleet file, or of `rollouts.toml` in the state directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from .base import FrozenModel, Loose, Short
from .rollout_values import NEVER, duration_text, seconds_of

Seconds = Annotated[float, Field(ge=0, le=31_622_400)]
Whole = Annotated[int, Field(ge=0, le=100_000)]
DEFAULT = "default"
"""The policy that exists even if no file defines it."""

DURATIONS = ("soak", "healthy_deadline", "progress_deadline", "offline_after", "busy_deadline")


class Policy(FrozenModel):
    """How a rollout proceeds: `[rollout.NAME]`, with every default spelled out. Durations in seconds."""

    name: Short = DEFAULT
    waves: Annotated[tuple[Short, ...], Loose, Field(min_length=1, max_length=64)] = ("1", "10%", "100%")
    """Cumulative sizes (a number, a percentage of the units, rounded up, at least 1) or selectors."""
    max_in_flight: Short = "25%"
    """A number or a percentage of the units, rounded down, at least 1."""
    max_per_lan: Annotated[int, Field(ge=1, le=100_000)] = 1
    """How many deckies of a unit change at once."""
    soak: Seconds = 600.0
    healthy_deadline: Seconds = 300.0
    progress_deadline: Seconds = 3600.0
    max_failures: Short = "0"
    """A number or a percentage of the units, rounded down: it halts at more failures than these."""
    max_restarts: Whole = 3
    on_failure: Literal["halt", "rollback", "continue"] = "halt"
    offline: Literal["block", "skip"] = "block"
    offline_after: Seconds = 1800.0
    busy: Literal["wait", "go"] = "wait"
    busy_deadline: Seconds = 7200.0
    promote: Literal["auto", "manual"] = "auto"
    confirm_within: Seconds | None = None
    """How long a worker waits for a confirmation before it restores its former slice. None: only slices whose
    driver, interface or subnet changes have a limit, their default; 0: none has."""


def policy_of(name: str, table: Mapping[str, Any]) -> Policy:
    """The policy of one table, each value of which was checked; what it omits has its default."""
    given = dict(table)
    for key in DURATIONS:
        if key in given:
            given[key] = seconds_of(given[key])
    if "confirm_within" in given:
        text = given["confirm_within"]
        given["confirm_within"] = 0.0 if text == NEVER else seconds_of(text)
    for key in ("max_in_flight", "max_failures"):
        if key in given:
            given[key] = str(given[key])
    if "waves" in given:
        given["waves"] = tuple(str(each) for each in given["waves"])
    return Policy(name=name, **given)


def policies_of(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Policy]:
    """The policies of the tables `[rollout.NAME]`, each value of which was checked."""
    return {name: policy_of(name, table) for name, table in sorted(tables.items())}


def spelled(policy: Policy) -> dict[str, str]:
    """Every value of a policy as a file has it, as text."""
    found = {key: str(value) for key, value in policy.model_dump().items() if key != "name"}
    found["waves"] = ", ".join(policy.waves)
    for key in DURATIONS:
        found[key] = duration_text(getattr(policy, key))
    within = policy.confirm_within
    found["confirm_within"] = "" if within is None else duration_text(within) if within else NEVER
    return found
