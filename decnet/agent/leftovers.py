"""What another fleet has left on this Docker engine: its containers and its network."""

from __future__ import annotations

import time

from decnet.wire import LABEL_FLEET

from . import docker, limits
from .containers import fleet_containers
from .removal import remove_containers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Set

MOST = 64


def leftovers(fleet_id: str) -> List[str]:
    """`container NAME` and `network NAME` of every other fleet. Raises Refusal `docker-down`."""
    containers = [str((row.get("Names") or [""])[0]).lstrip("/") for row in _containers(fleet_id)]
    networks = [str(row.get("Name", "")) for row in _networks(fleet_id)]
    found = ["container %s" % name for name in containers] + ["network %s" % name for name in networks]
    return [each[:200] for each in found[:MOST]]


def remove_leftovers(fleet_id: str) -> None:
    """Remove them, the events of the containers are stored first. What cannot be removed stays."""
    until = time.monotonic() + limits.SWEEP
    for other in sorted(_fleets(fleet_id)):
        found = fleet_containers(other)
        targets = [
            {"project": each.project, "decky": each.decky, "name": each.name, "id": each.id} for each in found
        ]
        remove_containers(other, targets, until, found)
    for row in _networks(fleet_id):
        try:
            docker.delete("/networks/%s" % row["Id"])
        except docker.EngineError:
            pass


def _fleets(fleet_id: str) -> Set[str]:
    return {str(row["Labels"][LABEL_FLEET]) for row in _containers(fleet_id)}


def _containers(fleet_id: str) -> List[Dict[str, Any]]:
    rows = docker.get("/containers/json", {"all": True, "filters": {"label": [LABEL_FLEET]}})
    return [row for row in rows if row["Labels"].get(LABEL_FLEET) != fleet_id]


def _networks(fleet_id: str) -> List[Dict[str, Any]]:
    rows = docker.get("/networks", {"filters": {"label": [LABEL_FLEET]}})
    return [row for row in rows if (row.get("Labels") or {}).get(LABEL_FLEET) != fleet_id]
