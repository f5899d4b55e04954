"""`decnet rollout show`: the waves and units of one rollout, and why each that waits is not released."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from decnet.commands.rollouts.known import chosen
from decnet.engine.context import Context
from decnet.engine.observe import observe
from decnet.engine.outcome import Listing, Sheet
from decnet.engine.rollout_observation import observed_units
from decnet.engine.snapshot import load_snapshot
from decnet.model.counted import counted
from decnet.model.rollout import Rollout
from decnet.model.rollout_values import duration_text
from decnet.plan.rollout import flight_reasons, waiting_reasons
from decnet.plan.rollout_view import (
    bar,
    named,
    next_step,
    policy_item,
    rollout_item,
    status_line,
    time_text,
    unit_items,
    wave_items,
    words,
)
from decnet.wire import clean


async def show(ctx: Context, rollout_id: str | None, *, recorded: bool = False) -> Sheet:
    """One rollout: as recorded, and if it is open what its workers report now, which moves nothing."""
    rollout = chosen(ctx, rollout_id)
    if recorded or not rollout.is_open:
        return sheet(rollout, {}, ctx.now())
    rollout, remarks = await _observed(ctx, rollout)
    return sheet(rollout, remarks, ctx.now())


async def _observed(ctx: Context, rollout: Rollout) -> tuple[Rollout, dict[str, str]]:
    """The rollout, and what was observed of its units that have not ended."""
    stored = load_snapshot(ctx)
    if stored.rollout is None or stored.rollout.id != rollout.id:
        return rollout, {}
    rollout = stored.rollout
    left = [
        rollout.frozen.units[name] for name, each in rollout.state.units.items() if each.status != "passed"
    ]
    names = sorted({worker for unit in left for worker in unit.workers} & stored.workers.keys())
    async with ctx.connections(stored.desired.fleet_id) as connections:
        workers = [stored.workers[name] for name in names]
        snap = await observe(ctx, connections, stored, workers, sessions=True, close_after=ctx.reused is None)
    now = ctx.now()
    found = observed_units(snap, rollout, now=now)
    return rollout, {**flight_reasons(rollout, found, now), **waiting_reasons(rollout, found, now)}


def sheet(rollout: Rollout, remarks: Mapping[str, str], now: float) -> Sheet:
    """A rollout for people and scripts; `remarks` has what was observed of units that have not ended."""
    waves, units = wave_items(rollout), unit_items(rollout, remarks, now)
    document = {
        **rollout_item(rollout),
        "policy_values": policy_item(rollout),
        "waves": waves,
        "units": units,
        "next": next_step(rollout),
    }
    failing = rollout.is_open and rollout.state.status in ("halted", "reverting")
    hint = next_step(rollout)
    return Sheet(
        tuple(_lines(rollout)),
        (_waves(waves), _units(units)),
        document,
        names=tuple(unit["name"] for unit in units),
        notes=(f"hint: {hint}",) if hint else (),
        exit_code=4 if failing else 0,
    )


def _lines(rollout: Rollout) -> Iterator[str]:
    frozen, policy = rollout.frozen, rollout.frozen.policy
    yield status_line(rollout)
    yield f"  {'change':<10}{clean(frozen.command, 200)}"
    yield f"  {'opened':<10}{time_text(frozen.opened_at)} by {clean(frozen.opened_by, 60)}"
    units = counted(len(frozen.units), "unit")
    flight = _rounded(policy.max_in_flight, frozen.in_flight, units)
    most = _rounded(policy.max_failures, frozen.failures, units)
    failures = f"more than {most} failures" if frozen.failures else "the first failure"
    yield (
        f"  {'policy':<10}{policy.name}: {flight} in flight, {duration_text(policy.soak)} soak, "
        f"{policy.on_failure} at {failures}"
    )


def _rounded(given: str, number: int, base: str) -> str:
    return f"{number} ({given} of {base})" if given.endswith("%") else str(number)


def _waves(items: list[dict[str, Any]]) -> Listing:
    rows = tuple(
        (
            str(item["wave"]),
            item["status"],
            bar(item["passed"], len(item["units"]), item["failed"]),
            named(item["units"]),
        )
        for item in items
    )
    return Listing("waves", ("wave", "status", "progress", "units"), rows, tuple(items), key="wave")


def _units(items: list[dict[str, Any]]) -> Listing:
    rows = tuple(
        (
            item["name"],
            str(item["wave"]),
            words(item["status"]),
            f"{100 * item['soak_done']:.0f}%" if item["status"] in ("soaking", "passed") else "",
            item["remark"],
        )
        for item in items
    )
    return Listing(
        "units",
        ("unit", "wave", "status", "soak", "remark"),
        rows,
        tuple(items),
        more_columns=("since", "changes", "attempt"),
        more_cells=tuple(
            (time_text(i["since"] or None), str(i["changes"]), str(i["attempt"] or "")) for i in items
        ),
    )
