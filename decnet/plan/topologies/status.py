"""The status of a topology: which moves are legal, and which follow from desired and from an observation.

A status is never guessed: an unreachable worker moves nothing, and `tearing_down` lasts until the workers
report that nothing of the topology is left.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from decnet.errors import Failed
from decnet.model.topology import KEPT, Move, TopologyRecord, TopologyStatus

Holding = Literal["whole", "partial", "none", "unknown", "gone"]
"""What the workers hold of a topology: all of its deckies work, some, or none; not known now; or (of one that
is not deployed) nothing is left."""

MAX_RESYNC_TRIES = 5
"""After so many passes in a row without the expected description on the worker, a topology is degraded."""

MAX_RESYNC_PAUSE = 64
"""How many passes a worker that never takes its description is left alone at most."""

LEGAL: frozenset[tuple[TopologyStatus, TopologyStatus]] = frozenset(
    {
        ("pending", "deploying"),
        ("deploying", "active"),
        ("deploying", "degraded"),
        ("deploying", "failed"),
        ("active", "degraded"),
        ("degraded", "active"),
        ("failed", "deploying"),
        ("torn_down", "deploying"),
        ("degraded", "deploying"),
        ("deploying", "tearing_down"),
        ("active", "tearing_down"),
        ("degraded", "tearing_down"),
        ("failed", "tearing_down"),
        ("tearing_down", "torn_down"),
    }
)
"""From one status to another. A deploy of what is being deployed, or is active, moves nothing."""

STARTED: frozenset[TopologyStatus] = frozenset({"deploying", "tearing_down"})
"""Where passes without effect are counted anew."""

DEPLOYED: frozenset[TopologyStatus] = frozenset({"deploying", "active", "degraded", "failed"})
"""The statuses of a topology that has a project in desired."""


class Observed(NamedTuple):
    """What the workers reported of one topology; `in_step`: they hold the present description."""

    holding: Holding
    in_step: bool = True
    why: str = ""


def moved(
    record: TopologyRecord, to: TopologyStatus, *, at: float, actor: str, reason: str
) -> TopologyRecord:
    """The record after one move. Raises Failed for a move that is not legal."""
    if (record.status, to) not in LEGAL:
        raise Failed(f"a topology cannot go from {record.status} to {to}")
    move = Move(at=at, from_status=record.status, to_status=to, reason=reason[:2000], actor=actor[:200])
    update = {"status": to, "moves": (*record.moves, move)[-KEPT:]}
    return record.model_copy(update=update | ({"resync_tries": 0} if to in STARTED else {}))


def moves_by_desired(status: TopologyStatus, *, placed: bool) -> tuple[TopologyStatus, ...]:
    """The moves that follow from desired alone: whether the topology has a project there."""
    match (placed, status):
        case (True, "pending" | "torn_down"):
            return ("deploying",)
        case (False, "deploying" | "active" | "degraded" | "failed"):
            return ("tearing_down",)
        case (True, "deploying" | "active" | "degraded" | "failed" | "tearing_down"):
            return ()
        case (False, "pending" | "tearing_down" | "torn_down"):
            return ()
    raise AssertionError(f"no move for: {placed}, {status}")


def moves_by_observation(status: TopologyStatus, holding: Holding) -> tuple[TopologyStatus, ...]:
    """The moves that follow from what the workers hold."""
    match (status, holding):
        case (_, "unknown"):
            return ()
        case ("deploying", "whole"):
            return ("active",)
        case ("deploying", "partial"):
            return ("degraded",)
        case ("deploying", "none" | "gone"):
            return ("failed",)
        case ("active", "partial" | "none" | "gone"):
            return ("degraded",)
        case ("degraded", "whole"):
            return ("active",)
        case ("failed", "whole"):
            return ("deploying", "active")
        case ("failed", "partial"):
            return ("deploying", "degraded")
        case ("tearing_down", "gone"):
            return ("torn_down",)
        case ("active", "whole") | ("degraded" | "failed", _) | ("tearing_down" | "pending" | "torn_down", _):
            return ()
    raise AssertionError(f"no move for: {status}, {holding}")


def holding_of(statuses: tuple[str, ...]) -> Holding:
    """What is there of a deployed topology, by the status of each of its deckies."""
    if all(each == "running" for each in statuses):
        return "whole"
    return "none" if not {"running", "degraded"} & set(statuses) else "partial"


def after_pass(
    record: TopologyRecord, seen: Observed, *, version: int, at: float, actor: str
) -> TopologyRecord:
    """The record of a topology after a pass that may have observed it."""
    if seen.holding == "unknown":
        return record
    if record.status not in DEPLOYED:
        return _followed(record, seen.holding, seen.why, at=at, actor=actor)
    tries = 0 if seen.in_step else record.resync_tries + 1
    record = record.model_copy(update={"resync_tries": tries}) if tries != record.resync_tries else record
    return follow_observed(record, seen, version=version, at=at, actor=actor)


def follow_observed(
    record: TopologyRecord, seen: Observed, *, version: int, at: float, actor: str
) -> TopologyRecord:
    """The record of a topology after an observation; it counts no try."""
    holding, reason = seen.holding, seen.why
    if holding == "whole" and not seen.in_step:
        if record.resync_tries < MAX_RESYNC_TRIES:
            return record
        holding, reason = "partial", resync_reason(record.resync_tries)
    record = _followed(record, holding, reason, at=at, actor=actor)
    if seen.holding == "whole" and seen.in_step and record.applied_version != version:
        record = record.model_copy(update={"applied_version": version})
    return record


def _followed(
    record: TopologyRecord, holding: Holding, reason: str, *, at: float, actor: str
) -> TopologyRecord:
    for to in moves_by_observation(record.status, holding):
        record = moved(record, to, at=at, actor=actor, reason=reason)
    return record


def resync_reason(tries: int) -> str:
    """Why a topology whose deckies all work is degraded."""
    return f"its worker does not take its description: {tries} passes sent it without effect"


def sends_again(tries: int) -> bool:
    """Whether the next pass sends the description again after so many passes without effect: the first, then
    after 1, 2, 4, ... more passes."""
    return (tries + 1) & tries == 0 or tries % MAX_RESYNC_PAUSE == 0
