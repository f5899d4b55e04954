"""A rollout to try: deckies d1, d2... on workers w1, w2..., which change from ssh and http to ssh alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from plan.world import decky, fleet, home

from decnet.model.fleet import Fleet
from decnet.model.keys import SliceKey
from decnet.model.rollout import Policy, Rollout, RolloutEvent, RolloutObservation, UnitObservation
from decnet.plan.rollout import Order, effective, open_rollout, order, replay, step

START = 1_700_000_000.0
DAY = 86_400.0


def workers(count: int) -> list[str]:
    return [f"w{number}" for number in range(1, count + 1)]


def deployed(count: int, services: str) -> Fleet:
    """One decky on each worker."""
    names = workers(count)
    places = {
        name: (f"10.0.{n >> 8}.{n & 255}", f"00:50:56:00:{n >> 8:02x}:{n & 255:02x}")
        for n, name in enumerate(names, 1)
    }
    deckies = [decky(f"d{name}", name, services=services, attachments=home(*places[name])) for name in names]
    return fleet(*deckies, workers=" ".join(names))


def policy(**changes: Any) -> Policy:
    """All units in one wave at once, with a soak of 100 seconds."""
    values = {"waves": ("100%",), "max_in_flight": "100%", "soak": 100.0}
    return Policy(**{**values, **changes})


def opened(count: int = 3, **changes: Any) -> Rollout:
    """A rollout over that many workers that was just opened; keywords of the policy, `seed` and `tags`."""
    keywords = {name: changes.pop(name) for name in ("seed", "tags", "catalog", "guarded") if name in changes}
    values = {"tags": {}, "seed": 1, **keywords}
    former, to = deployed(count, "ssh http"), deployed(count, "ssh")
    made, _ = open_rollout(
        former, to, policy(**changes), opened_at=START, opened_by="alice", command="decnet deploy", **values
    )
    return made


@dataclass
class Trial:
    """A rollout with its log, a clock, and workers that answer what the test wants: by default, whatever the
    rollout has released runs there and is healthy."""

    rollout: Rollout
    now: float = START
    events: list[RolloutEvent] = field(default_factory=list)
    passes: int = 0
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What a unit answers otherwise than by default."""

    def __post_init__(self) -> None:
        self.events.append(RolloutEvent(seq=1, at=START, kind="opened", after="running", by="alice"))

    def answer(self, names: str | Iterable[str], **values: Any) -> None:
        """These units answer so from now on; without values, as by default."""
        for name in names.split() if isinstance(names, str) else names:
            self.answers[name] = values

    def seen(self, name: str) -> UnitObservation:
        unit = self.rollout.state.units[name]
        is_to = effective(self.rollout, name) == "to" and unit.status != "waiting"
        since = unit.released_at if unit.released_at is not None else START
        values = {
            "observed_at": self.now,
            "clock": self.now,
            "boot_ids": ("boot",),
            "job": "succeeded" if is_to or unit.status == "reverting" else "none",
            "at_to": is_to,
            "at_former": not is_to,
            "healthy": True,
            "up_seconds": self.now - since,
            "journals": {name: ("journal", self.passes)},
        }
        return UnitObservation(**{**values, **self.answers.get(name, {})})

    def observation(self, names: Iterable[str] | None = None) -> RolloutObservation:
        asked = self.rollout.state.units if names is None else names
        return RolloutObservation({name: self.seen(name) for name in asked}, "")

    def step(self, seconds: float = 10.0, **options: Any) -> list[RolloutEvent]:
        """One pass, that many seconds later: its events. The log replays to the same state."""
        self.now += seconds
        self.passes += 1
        return self._take(step(self.rollout, self.observation(), self.now, **options))

    def order(self, kind: str, *units: str) -> list[RolloutEvent]:
        return self._take(order(self.rollout, Order(kind, units, "alice"), self.now))  # type: ignore[arg-type]

    def _take(self, result: tuple[Rollout, tuple[RolloutEvent, ...]]) -> list[RolloutEvent]:
        self.rollout, events = result
        self.events += events
        stored = [RolloutEvent.model_validate_json(event.model_dump_json()) for event in self.events]
        assert replay(self.rollout, stored) == self.rollout.state
        return list(events)

    @property
    def status(self) -> str:
        return self.rollout.state.status

    def units(self) -> dict[str, str]:
        """The status of each unit."""
        return {name: unit.status for name, unit in self.rollout.state.units.items()}

    def unit(self, name: str) -> Any:
        return self.rollout.state.units[name]


def key(worker: str) -> SliceKey:
    return SliceKey(worker)
