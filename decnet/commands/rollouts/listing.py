"""`decnet rollout list|trace`: the rollouts as recorded, and the log of one."""

from __future__ import annotations

from typing import Any

from decnet.commands.rollouts.known import chosen
from decnet.engine.context import Context
from decnet.engine.outcome import Listing
from decnet.errors import StateBroken
from decnet.model.rollout import Rollout, RolloutEvent
from decnet.plan.rollout_view import event_text, progress, rollout_item, time_text, words
from decnet.store.rollouts import RolloutStore
from decnet.wire import clean

COLUMNS = ("rollout", "status", "wave", "progress", "policy", "opened")


def listed(ctx: Context) -> Listing:
    """Every rollout that is kept, the newest first; no worker is contacted."""
    rollouts = _readable(ctx, RolloutStore(ctx.home))
    items = [rollout_item(each) for each in rollouts]
    rows = tuple(
        (
            item["id"],
            words(item["status"]),
            f"{item['wave']} of {item['wave_count']}",
            progress(rollout),
            item["policy"],
            time_text(item["opened_at"]),
        )
        for item, rollout in zip(items, rollouts, strict=True)
    )
    return Listing(
        "rollouts",
        COLUMNS,
        rows,
        tuple(items),
        key="id",
        empty="no rollouts: decnet deploy --rollout default begins one",
        more_columns=("by", "command", "reason"),
        more_cells=tuple((i["opened_by"], clean(i["command"], 80), clean(i["reason"], 200)) for i in items),
    )


def _readable(ctx: Context, store: RolloutStore) -> list[Rollout]:
    """Those that can be read: a damaged one is reported, and hides no other."""
    found = []
    for each in store.ids():
        try:
            found.append(store.glance(each))
        except StateBroken as error:
            ctx.warn(str(error))
    return found


def trace(ctx: Context, rollout_id: str | None) -> Listing:
    """The log of one rollout, the oldest event first: what moved, why, and what it was judged by."""
    rollout = chosen(ctx, rollout_id)
    events = RolloutStore(ctx.home).events(rollout.id)
    return Listing(
        "events",
        ("seq", "time", "what", "reason"),
        tuple(_cells(each) for each in events),
        tuple(_item(each) for each in events),
        key="seq",
        more_columns=("by", "observed"),
        more_cells=tuple((each.by, _evidence(each)) for each in events),
    )


def _cells(event: RolloutEvent) -> tuple[str, ...]:
    return (str(event.seq), time_text(event.at), event_text(event), clean(event.reason, 300))


def _item(event: RolloutEvent) -> dict[str, Any]:
    return event.model_dump(mode="json")


def _evidence(event: RolloutEvent) -> str:
    found = event.evidence
    if found is None:
        return ""
    journals = [f"journal of {worker} up to {seq}" for worker, (_, seq) in found.journals.items()]
    return clean("; ".join([time_text(found.observed_at), *journals, *filter(None, [found.detail])]), 300)
