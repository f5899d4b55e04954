"""How many deckies a worker can hold: its weight when new deckies are assigned."""

from __future__ import annotations

from collections.abc import Mapping

from decnet.model.worker import Facts

DECKY_MIB = 60
"""Memory of a decky with its services, including the engine's shims: the limit that `make bench` enforces on
the proportional set size of all its processes."""

SYSTEM_MIB = 256
"""Memory reserved for the worker itself: its system, sshd, the Docker engine and containerd."""

MAX_DECKIES = 1000
"""Upper bound on the deckies of one worker, whatever memory it reports: a false report would attract
them all."""


def deckies_by_memory(facts: Facts) -> int:
    """How many deckies fit into a worker's memory: from 1 to MAX_DECKIES."""
    return min(max((facts.memory_mib - SYSTEM_MIB) // DECKY_MIB, 1), MAX_DECKIES)


def weights(limits: Mapping[str, int | None], facts: Mapping[str, Facts]) -> dict[str, int]:
    """How many deckies each worker can hold: what its memory has room for, at most its own limit.

    `limits` has every worker that may receive deckies, None if no limit is set. A worker of unknown memory
    gets the largest known weight.
    """
    known = {worker: _limits(limit, facts.get(worker)) for worker, limit in limits.items()}
    largest = max((min(own_limits) for own_limits in known.values() if own_limits), default=1)
    return {worker: min(own_limits, default=largest) for worker, own_limits in known.items()}


def _limits(limit: int | None, facts: Facts | None) -> list[int]:
    return ([] if limit is None else [limit]) + ([] if facts is None else [deckies_by_memory(facts)])
