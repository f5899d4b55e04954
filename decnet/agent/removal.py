"""Removes containers: exactly the named ones, and only after their events are stored."""

from __future__ import annotations

import time

from . import docker, limits
from .containers import Container, fleet_containers
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List


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
    # With the process its file system in memory goes.
    collect(chosen)
    # Services before bases: a decoy writes its last events to its log while its network is still there.
    _together([c for c in chosen if c.service], _stop, errors, until)
    scans.drain(fleet_id, chosen)
    _together([c for c in chosen if not c.service], _stop, errors, until)
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
    """Four at a time; the engine gets no faster with more."""
    from threading import Thread

    waiting = list(reversed(group))

    def work() -> None:
        while True:
            try:
                container = waiting.pop()
            except IndexError:
                return
            if time.monotonic() > until:
                errors[container.decky] = "%s: %s" % (container.name, limits.NO_TIME)
                continue
            try:
                act(container)
            except docker.EngineError as error:
                if error.status not in (304, 404):
                    errors[container.decky] = "%s: %s" % (container.name, error.message)
            except Refusal as error:
                errors[container.decky] = "%s: %s" % (container.name, error.message)

    threads = [Thread(target=work) for _ in range(min(limits.PARALLEL, len(group)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
