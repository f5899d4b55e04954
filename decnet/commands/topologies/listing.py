"""`decnet topology list`: the topologies as recorded."""

from __future__ import annotations

from decnet.commands.topologies.known import stored_fleet
from decnet.commands.topology_rows import topologies_of
from decnet.engine.context import Context
from decnet.engine.outcome import Listing


def listed(ctx: Context) -> Listing:
    """Every topology, as recorded; no worker is contacted."""
    return topologies_of(ctx, stored_fleet(ctx))
