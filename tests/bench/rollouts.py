"""The decision about an open rollout: 500 units, a tenth of them unreachable, in this process."""

from __future__ import annotations

from dataclasses import replace

from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.model.rollout import Policy, Rollout, RolloutEvent, RolloutObservation, UnitObservation
from decnet.plan.rollout import effective, effective_fleet, open_rollout, replay, step

from .passes import cpu
from .rows import Row

UNITS, DECKIES, DEAD = 500, 10, 10
AIM = 0.05
"""Seconds of CPU for one decision."""
_START = 1_700_000_000.0


def rollout_rows(units: int = UNITS) -> list[Row]:
    """CPU seconds of each, against the aim of a decision."""
    rollout, opening = opened(units)
    first = seen(rollout, _START + 60)
    after, events = step(rollout, first, _START + 60)
    settled, _ = step(after, _open_jobs(after), _START + 61)
    judged = seen(after, _START + 120)
    assert len(events) == units - dead(units), "all that can be reached are released at once"
    what = f"a rollout of {units} units, {dead(units)} unreachable"
    against = f"{AIM * 1000:.0f} ms"
    return [
        Row(
            f"{what}: all released in one step",
            cpu(lambda: step(rollout, first, _START + 60)),
            AIM,
            against,
            1,
        ),
        Row(
            f"{what}: all judged in one step", cpu(lambda: step(after, judged, _START + 120)), AIM, against, 1
        ),
        Row(f"{what}: a step without a change", cpu(lambda: _unchanged(settled)), AIM, against, 1),
        Row(f"{what}: its log replayed", cpu(lambda: replay(after, (*opening, *events))), AIM, against),
        Row(f"{what}: the effective fleet", cpu(lambda: effective_fleet(after, after.to)), AIM, against),
    ]


def opened(units: int) -> tuple[Rollout, tuple[RolloutEvent, ...]]:
    """A rollout over so many workers, all in one wave and at once, and its first event."""
    policy = Policy(waves=("100%",), max_in_flight="100%", on_failure="continue")
    return open_rollout(
        _fleet(units, "debian-11"), _fleet(units, "debian-12"), policy,
        tags={}, opened_at=_START, opened_by="bench", command="deploy", seed=1,
    )  # fmt: skip


def dead(units: int) -> int:
    return units // DEAD


def seen(rollout: Rollout, now: float) -> RolloutObservation:
    """Every tenth unit cannot be reached; the others are as the rollout has them, and healthy."""
    good = UnitObservation(
        observed_at=now, clock=now, boot_ids=("boot",), healthy=True, up_seconds=now - _START
    )
    units = {}
    for number, name in enumerate(rollout.frozen.units):
        at_to = effective(rollout, name) == "to"
        here = replace(good, at_to=at_to, job="succeeded" if at_to else "none", journals={name: ("j", 1)})
        away = UnitObservation(reachable=False, why="no route to host", observed_at=now)
        units[name] = here if number % DEAD else away
    return RolloutObservation(units)


def _unchanged(rollout: Rollout) -> None:
    after, events = step(rollout, _open_jobs(rollout), _START + 62)
    assert after is rollout and not events


def _open_jobs(rollout: Rollout) -> RolloutObservation:
    units = seen(rollout, _START + 61).units
    return RolloutObservation({name: replace(each, job="open") for name, each in units.items()})


def _fleet(units: int, release: str) -> Fleet:
    deckies = [_decky(worker, number, release) for worker in range(units) for number in range(DECKIES)]
    lan = Network(driver="macvlan", interface="eth0", subnet="10.0.0.0/8", gateway="10.0.0.1")
    fleet = Fleet(fleet_id="bench", lans={f"w{worker}": lan for worker in range(units)})
    return fleet.with_deckies({each.name: each for each in deckies})


def _decky(worker: int, number: int, release: str) -> Decky:
    place = worker * DECKIES + number + 10
    address = f"10.{place >> 16}.{place >> 8 & 255}.{place & 255}"
    mac = f"00:50:56:{place >> 16:02x}:{place >> 8 & 255:02x}:{place & 255:02x}"
    return Decky(
        name=f"d{worker}-{number}",
        worker=f"w{worker}",
        attachments=(Attachment(address=address, mac=mac),),
        hostname=f"h{worker}-{number}",
        os="linux",
        release=release,
        services={"ssh": {}},
        seed=f"{place:032x}",
        spec_hash="0" * 64,
    )
