"""What the fleet brings to a worker that is enrolled: its id, its key, today's agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet.engine.connections import FLEET_KEY
from decnet.store.atomic import write_whole
from decnet.store.paths import Home

if TYPE_CHECKING:
    from decnet.worker.enrol import FleetSide


def fleet_credentials(home: Home, fleet_id: str) -> FleetSide:
    """The fleet's side of an enrolment; the key is made where there is none. Raises StateBroken."""
    from decnet.worker.agent_package import AgentPackage
    from decnet.worker.enrol import FleetSide
    from decnet.worker.fleetkey import ensure_key

    own = AgentPackage.of(home.agents)
    return FleetSide(fleet_id, ensure_key(home.keys / FLEET_KEY, write_whole), own)
