"""Opening a rollout: everything that it decides by is frozen here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from decnet.errors import UsageError
from decnet.model.fleet import Fleet
from decnet.model.keys import SliceKey
from decnet.model.rollout import Frozen, Kind, Policy, Rollout, RolloutEvent, RolloutState, Unit
from decnet.wire import digest

from .fold import replay
from .seen import bounded
from .units import units_of
from .waves import failures, in_flight, waves_of

SHORTEST_CONFIRM, LONGEST_CONFIRM = 10.0, 86_400.0
"""Seconds that a worker may wait for a confirmation."""


def open_rollout(
    former: Fleet,
    to: Fleet,
    policy: Policy,
    *,
    kind: Kind = "fleet",
    tags: Mapping[str, Sequence[str]],
    opened_at: float,
    opened_by: str,
    command: str,
    seed: int,
    catalog: str = "",
    agent: str = "",
    agent_workers: Sequence[str] = (),
    guarded: Mapping[SliceKey, float] | None = None,
) -> tuple[Rollout, tuple[RolloutEvent, ...]]:
    """The rollout from `former` to `to`, both whole desired documents, and its first events.

    `tags` are those of each worker, `seed` decides who goes first, and `guarded` are slices whose worker
    waits for a confirmation by default, with seconds; one that moves never does. Of kind `agent`, the
    units are `agent_workers`. Raises UsageError if nothing differs, or if the policy's sizes are not valid.
    """
    _check_confirm(policy)
    units = _agents(agent_workers) if kind == "agent" else units_of(former, to, policy, guarded or {})
    if not units:
        raise UsageError("nothing to release: no worker would change", hint="decnet status shows what runs")
    waves, bases = waves_of(policy, units, tags, seed)
    frozen = Frozen(
        kind=kind,
        opened_at=opened_at,
        opened_by=bounded(opened_by, 200),
        command=bounded(command, 2000),
        policy=policy,
        seed=seed,
        units=units,
        waves=waves,
        bases=tuple(bounded(each, 200) for each in bases),
        in_flight=in_flight(policy, len(units)).units,
        failures=failures(policy, len(units)).units,
        catalog=catalog,
        agent=agent,
    )
    rollout = Rollout(rollout_id(former, to, frozen), frozen, former, to, RolloutState())
    first = RolloutEvent(seq=1, at=opened_at, kind="opened", after="running", by=frozen.opened_by)
    state = replay(rollout, [first])
    return Rollout(rollout.id, frozen, former, to, state), (first,)


def _agents(workers: Sequence[str]) -> dict[str, Unit]:
    return {
        worker: Unit(slices=((worker, SliceKey(worker).project),), changes=1)
        for worker in sorted(set(workers))
    }


def rollout_id(former: Fleet, to: Fleet, frozen: Frozen) -> str:
    """The first 12 hexadecimal digits of the hash over all three documents."""
    return digest([each.model_dump(mode="json") for each in (former, to, frozen)])[:12]


def _check_confirm(policy: Policy) -> None:
    seconds = policy.confirm_within
    if seconds is not None and not SHORTEST_CONFIRM <= seconds <= LONGEST_CONFIRM:
        raise UsageError(
            f"confirm_within: {seconds:.0f} s is not possible",
            hint=f"{SHORTEST_CONFIRM:.0f} s to {LONGEST_CONFIRM / 3600:.0f} h",
        )
