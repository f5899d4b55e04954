"""What one command rested on: the questions to its workers with their answers, and the files that it read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decnet.wire import digest
from decnet.worker.again import MOST_WORKERS, place_of
from decnet.worker.answers import answer_digest
from decnet.worker.fleet_keys import FLEET_KEY, OTHER_KEYS

if TYPE_CHECKING:
    from decnet.engine.snapshot import Snapshot
    from decnet.model.plan import Plan
    from decnet.model.worker import Worker

    Answered = tuple[str, Mapping[str, Any], str]
    """A verb, its arguments, and the digest of its answer."""

MOST_SKEW = 3.0
"""Seconds of difference between the clocks from which a status may soon have to mention it."""


class Asked:
    """Collects it while the command runs. `is_repeatable`: whether asking the same again would show that
    nothing has changed."""

    def __init__(self) -> None:
        self.is_repeatable = True
        self.files: dict[str, str] = {}
        """Digest by path."""
        self.workers: dict[str, dict[str, Any]] = {}
        """By name: `worker_id`, and `place` as `again.place_of` has it."""
        self.calls: dict[str, dict[str, Answered]] = {}

    def hear(
        self, worker: Worker, verb: str, args: Mapping[str, Any], answer: Mapping[str, Any] | None
    ) -> None:
        """One call; None: it failed."""
        if not self.is_repeatable:
            return
        found = answer_digest(verb, answer) if answer is not None else None
        place = place_of(worker, OTHER_KEYS.get(worker.key_type, FLEET_KEY))
        self.workers[worker.name] = {"worker_id": worker.worker_id, "place": place}
        if found is None or place is None or len(self.workers) > MOST_WORKERS:
            self.is_repeatable = False
            return
        calls = self.calls.setdefault(worker.name, {})
        before = calls.setdefault(digest([verb, args]), (verb, args, found))
        self.is_repeatable = before[2] == found

    def read(self, path: Path, content: bytes) -> None:
        """A file of the user."""
        import hashlib

        self.files[str(path)] = hashlib.sha256(content).hexdigest()

    def spoil(self) -> None:
        """Something that cannot be asked again."""
        self.is_repeatable = False


def is_settled(snap: Snapshot, plan: Plan) -> bool:
    """Whether nothing is to be done, whatever time it is: no operation is open, nothing returns, and
    nothing is released later. Earlier failures do not matter: they only delay steps, and there are none."""
    return (
        plan.is_empty
        and not any((plan.skipped, plan.strays, plan.unknown, plan.excess_strays, plan.upgrades, plan.ahead))
        and not (plan.edits or plan.topologies)
        and snap.stored == snap.desired
        and not any((snap.desired.away, snap.desired.topologies, snap.quarantined, snap.resurfaced))
        and not any((snap.rollout, snap.rollout_moves, snap.taken_back))
        and all(_is_settled(snap, name) for name in snap.observed)
    )


def _is_settled(snap: Snapshot, name: str) -> bool:
    from decnet.model.actual import Seen
    from decnet.model.record import OPEN

    observation = snap.observed[name]
    return (
        isinstance(observation, Seen)
        and observation.agent_compatibility == "current"
        and not observation.status.trouble
        and all(job.state != "running" for job in observation.status.jobs)
        and abs(observation.skew) < MOST_SKEW
        and not any(row.status in OPEN for row in snap.recorded[name].lifecycle)
    )
