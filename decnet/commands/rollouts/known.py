"""Which rollout, and which of its units, a verb is about."""

from __future__ import annotations

from collections.abc import Sequence

from decnet.engine.context import Context
from decnet.errors import UsageError
from decnet.model.rollout import Rollout
from decnet.model.suggest import suggest
from decnet.plan.rollout_view import words
from decnet.store.rollouts import RolloutStore
from decnet.wire import clean

BEGINS = "decnet deploy --rollout default begins one"


def chosen(ctx: Context, rollout_id: str | None) -> Rollout:
    """The rollout of that id; without one the open rollout, or else the newest. Raises UsageError if there is
    none."""
    store = RolloutStore(ctx.home)
    if rollout_id is not None:
        return store.load(rollout_id)
    present = store.open_one()
    if present is not None:
        return present
    known = store.ids()
    if not known:
        raise UsageError("there was no rollout yet", hint=BEGINS)
    return store.load(known[0])


def open_one(ctx: Context) -> Rollout:
    """The open rollout. Raises UsageError if none is open."""
    store = RolloutStore(ctx.home)
    present = store.open_one()
    if present is not None:
        return present
    known = store.ids()
    if not known:
        raise UsageError("no rollout is open", hint=BEGINS)
    last = store.glance(known[0])
    raise UsageError(
        f"no rollout is open: the last one, {last.id}, is {words(last.state.status)}",
        hint=f"decnet rollout show {last.id} shows it; to return to the former fleet, deploy its file",
    )


def known_units(rollout: Rollout, names: Sequence[str]) -> tuple[str, ...]:
    """These units, each once. Raises UsageError for an unknown one, with the most similar name."""
    for name in names:
        if name not in rollout.frozen.units:
            near = suggest(name, rollout.frozen.units)
            hint = f"did you mean {near!r}?" if near else "decnet rollout show lists its units"
            raise UsageError(f"rollout {rollout.id} has no unit {clean(name, 60)!r}", hint=hint)
    return tuple(dict.fromkeys(names))
