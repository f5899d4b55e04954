"""Removes containers: exactly the named ones, and only after their events are stored."""

from __future__ import annotations

import time

from . import docker, limits
from .containers import Container, fleet_containers
from .in_parallel import work_off
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional

    from .in_parallel import Task


def remove_containers(fleet_id: str, targets: List[Dict[str, Any]], until: float) -> Dict[str, str]:
    """Stop, drain and remove the targets {"project", "decky", "name", "id"}; decky to error for those that
    failed. No further removal starts after `until` (of the monotonic clock).

    A missing container is not an error. One with another id, or with the labels of another decky or project,
    is a different container: it stays, and its decky fails.
    """
    from . import scans
    from .events import drain
    from .uploads import collect

    errors: Dict[str, str] = {}
    present = {container.name: container for container in fleet_containers(fleet_id)}
    chosen: List[Container] = []
    for target in targets:
        container = present.get(target["name"])
        if container is None:
            continue
        meant = target["id"], target["project"], target["decky"]
        if (container.id, container.project, container.decky) != meant:
            errors[target["decky"]] = "%s is not the container to remove" % target["name"]
        else:
            chosen.append(container)
    chosen = [container for container in chosen if container.decky not in errors]
    chosen.sort(key=lambda container: not container.service)
    # With the process its file system in memory goes.
    collect(chosen)
    # A decoy writes its last events to its log while its network is still there: bases run until they are
    # removed. A base has no last events.
    _together([c for c in chosen if c.service], _stop, errors, until)
    scans.drain(fleet_id, chosen)
    drain(chosen)
    _together([c for c in chosen if c.decky not in errors], _remove, errors, until)
    return errors


def _stop(container: Container) -> None:
    if container.state in ("running", "restarting", "paused"):
        query = {"t": str(limits.STOP_GRACE)}
        docker.post("/containers/%s/stop" % container.id, query, limit=limits.CONTROL * 2)


def _remove(container: Container) -> None:
    docker.delete("/containers/%s" % container.id, {"force": True, "v": True}, limits.CONTROL * 2)


def _together(
    group: List[Container], act: Callable[[Container], None], errors: Dict[str, str], until: float
) -> None:
    def task(container: Container) -> Task:
        def run() -> List[Task]:
            error = _error_of(container, act, until)
            if error is not None:
                errors[container.decky] = "%s: %s" % (container.name, error)
            return []

        return run

    work_off([task(container) for container in group])


def _error_of(container: Container, act: Callable[[Container], None], until: float) -> Optional[str]:
    if time.monotonic() > until:
        return limits.NO_TIME
    try:
        act(container)
    except docker.EngineError as error:
        return None if error.status in (304, 404) else error.message
    except Refusal as error:
        return error.message
    return None
