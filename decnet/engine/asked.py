"""What one command rested on: the questions to its workers with their answers, and the files that it read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decnet.worker.again import place_of
from decnet.worker.answers import answer_digest
from decnet.worker.fleet_keys import FLEET_KEY, OTHER_KEYS
from decnet.worker.given import call_key

if TYPE_CHECKING:
    from decnet.model.worker import Worker
    from decnet.worker.given import Given

    Answered = tuple[str, Mapping[str, Any], str]
    """A verb, its arguments, and the digest of its answer."""


class Asked:
    """Collects it while the command runs. `is_repeatable`: whether asking the same again would show that
    nothing has changed."""

    def __init__(self) -> None:
        self.is_repeatable = True
        self.files: dict[str, str] = {}
        """Digest by path."""
        self.workers: dict[str, dict[str, Any]] = {}
        """By name: `worker_id`, `place` as `again.place_of` has it, and `round_trip` in seconds."""
        self.calls: dict[str, dict[str, Answered]] = {}
        self.given: dict[str, Given] = {}
        """By worker_id, the answers that are there already."""

    def hear(
        self,
        worker: Worker,
        verb: str,
        args: Mapping[str, Any],
        answer: Mapping[str, Any] | None,
        round_trip: float = 0.0,
    ) -> None:
        """One call; None: it failed. `round_trip`: what the network takes, in seconds."""
        if not self.is_repeatable:
            return
        found = answer_digest(verb, answer) if answer is not None else None
        place = place_of(worker, OTHER_KEYS.get(worker.key_type, FLEET_KEY))
        about = {"worker_id": worker.worker_id, "place": place, "round_trip": round_trip}
        self.workers[worker.name] = about
        if found is None or place is None:
            self.is_repeatable = False
            return
        calls = self.calls.setdefault(worker.name, {})
        before = calls.setdefault(call_key(verb, args), (verb, args, found))
        self.is_repeatable = before[2] == found

    def read(self, path: Path, content: bytes) -> None:
        """A file of the user."""
        import hashlib

        self.files[str(path)] = hashlib.sha256(content).hexdigest()

    def spoil(self) -> None:
        """Something that cannot be asked again."""
        self.is_repeatable = False
