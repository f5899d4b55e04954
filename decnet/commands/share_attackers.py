"""`decnet attackers export`: what others may know of attackers."""

from __future__ import annotations

from decnet.commands.event_view import EventView
from decnet.commands.events import stored
from decnet.engine.context import Context
from decnet.engine.outcome import Verbatim
from decnet.export.stix import Tlp, stix
from decnet.plan.event_filter import EventFilter
from decnet.store.desired import load_fleet, new_fleet


def share_attackers(
    ctx: Context, wanted: EventFilter, on: str | None, *, tlp: Tlp, with_decoys: bool
) -> Verbatim:
    """A STIX bundle of the sources of the stored events that the filter means. It names no decoy, unless
    asked `with_decoys`; also none of those that were in the fleet when a stored event happened."""
    former = {each for _, event in stored(ctx, EventFilter()) for each in (event.decky, event.local_ip)}
    hidden = frozenset() if with_decoys else frozenset(former - {""})
    view = EventView(ctx, "stix", redact=with_decoys, share=not with_decoys, former=hidden)
    fleet = load_fleet(ctx.home) or new_fleet()
    return Verbatim(stix(view.sightings(stored(ctx, wanted, on)), fleet.fleet_id, tlp))
