"""Removes containers: exactly the named ones, and only after their events are stored."""

from __future__ import annotations

import time

from . import docker, limits
from .containers import Container
from .in_parallel import work_off
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from .in_parallel import Task

    Key = Tuple[str, str]
    """Project and decky."""

IN_PROGRESS = "is already in progress"
"""In the engine's error for a container that it is removing (daemon/delete.go, ContainerRm)."""
PAUSE = 0.1
"""Seconds until it is asked again."""


def remove_containers(
    fleet_id: str,
    targets: List[Dict[str, Any]],
    until: float,
    found: List[Container],
    removed: Callable[[str], None] = lambda decky: None,
) -> Dict[str, str]:
    """Stop, drain and remove the targets {"project", "decky", "name", "id"}; decky to error for those that
    failed. `found` are the fleet's containers now. No further removal starts after `until` (of the monotonic
    clock). `removed` is called, in any thread but never twice at once, with each decky whose targets are all
    gone.

    A missing container is not an error. One with another id, or with the labels of another decky or project,
    is a different container: it stays, and its decky fails.
    """
    from .uploads import collect

    errors: Dict[str, str] = {}
    present = {container.name: container for container in found}
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
    return _Removal(fleet_id, chosen, errors, until, removed).carry_out()


class _Removal:
    """Each decky on its own: stop its services, store what they and the kernel have recorded, remove its
    services, and then its base. Meanwhile the engine works on others."""

    def __init__(
        self,
        fleet_id: str,
        chosen: List[Container],
        errors: Dict[str, str],
        until: float,
        removed: Callable[[str], None],
    ) -> None:
        from threading import Lock

        self._fleet_id = fleet_id
        self._errors = errors
        self._until = until
        self._removed = removed
        self._of_decky: Dict[Key, List[Container]] = {}
        for container in chosen:
            self._of_decky.setdefault((container.project, container.decky), []).append(container)
        self._turn = Lock()
        self._stopped: List[Key] = []
        self._discards: List[Callable[[], None]] = []
        self._trouble: Optional[Exception] = None

    def carry_out(self) -> Dict[str, str]:
        """The errors by decky. Raises what prevents events from being stored: nothing is removed then."""
        tasks = [task for key in self._of_decky for task in self._stops(key)]
        work_off(tasks)
        if self._trouble is not None:
            raise self._trouble
        if self._errors:
            # What a base that stays has recorded is stored: its tables would be read again.
            for discard in self._discards:
                discard()
        return self._errors

    def _stops(self, key: Key) -> List[Task]:
        """A decoy writes its last events to its log while its network is still there: bases run until they
        are removed. A base has no last events."""
        services = [each for each in self._of_decky[key] if each.service]

        def drain() -> List[Task]:
            return self._drain(key)

        return self._all(services, _stop, drain) or [drain]

    def _drain(self, key: Key) -> List[Task]:
        """Store the events of all deckies that are stopped by now, and remove these."""
        with self._turn:
            self._stopped.append(key)
        # Whoever waits here finds that another one has drained its decky.
        with self._turn:
            stopped, self._stopped = self._stopped, []
            containers = [each for decky in stopped for each in self._of_decky[decky]]
            if not containers or self._trouble is not None:
                return []
            if not self._is_done(lambda: self._store_events(containers)):
                return []
        return [task for decky in stopped for task in self._removals(decky)]

    def _store_events(self, containers: List[Container]) -> None:
        from . import events, scans

        self._discards.append(scans.drain(self._fleet_id, containers))
        events.drain(containers)

    def _is_done(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised again when the others have ended
            self._trouble = error
            return False
        return True

    def _removals(self, key: Key) -> List[Task]:
        if key[1] in self._errors:
            return []
        services = [each for each in self._of_decky[key] if each.service]
        bases = [each for each in self._of_decky[key] if not each.service]

        def remove_bases() -> List[Task]:
            return self._all(bases, _remove, end) or end()

        def end() -> List[Task]:
            with self._turn:
                # After trouble the containers are still there.
                if key[1] not in self._errors and self._trouble is None:
                    self._is_done(lambda: self._removed(key[1]))
            return []

        return self._all(services, _remove, remove_bases) or remove_bases()

    def _all(self, group: List[Container], act: Callable[[Container], None], then: Task) -> List[Task]:
        """The tasks that act on each of the group; `then` follows the last one of them."""
        ends: List[Optional[Task]] = [then, *[None] * (len(group) - 1)]

        def task(container: Container) -> Task:
            def run() -> List[Task]:
                error = None if self._trouble else _error_of(container, act, self._until)
                if error is not None:
                    self._errors[container.decky] = "%s: %s" % (container.name, error)
                # One operation: two threads that end at once do not both take the last end.
                end = ends.pop()
                return end() if end else []

            return run

        return [task(container) for container in group]


def _stop(container: Container) -> None:
    if container.state in ("running", "restarting", "paused"):
        query = {"t": str(limits.STOP_GRACE)}
        docker.post("/containers/%s/stop" % container.id, query, limit=limits.CONTROL * 2)


def _remove(container: Container) -> None:
    until = time.monotonic() + limits.CONTROL
    while True:
        try:
            docker.delete("/containers/%s" % container.id, {"force": True, "v": True}, limits.CONTROL * 2)
            return
        except docker.EngineError as error:
            # A user, or a job that was killed, has asked for it before.
            if IN_PROGRESS not in error.message or time.monotonic() > until:
                raise
        time.sleep(PAUSE)


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
