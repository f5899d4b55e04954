"""Starts the containers of the applied slices that did not start with the Docker engine, except those that a
person stopped."""

from __future__ import annotations

import os
import sys
import time

from decnet.wire import clean, decode_json
from decnet.wire.engine import PID_FILE

from . import docker, identity, inner_networks, limits, scans, slices
from .containers import RUNNING, Container, fleet_containers, start_tick
from .readiness import has_become_ready
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    Deckies = Dict[Tuple[str, str], List[Container]]

PATIENCE = 120.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Seconds between two rounds: each pause is twice as long as the one before."""


def resume(argv: List[str]) -> int:
    """`heal`: one run, started by the unit decnet-heal.service. 0 if every decky is healthy, else 1."""
    if argv:
        return 2
    fleet_id = str(identity.require({})["fleet_id"])
    until, pause = time.monotonic() + PATIENCE, FIRST_PAUSE
    while True:
        try:
            left = _round(fleet_id)
        except (Refusal, docker.EngineError) as error:
            left = [str(error)]
        if not left or time.monotonic() > until:
            break
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    left += inner_networks.silence_all(slices.all_applied(fleet_id))
    scans.arm_all(fleet_id)
    for reason in left:
        sys.stderr.write("decnet-agent: %s\n" % clean(reason, 300))
    return 1 if left else 0


def _round(fleet_id: str) -> List[str]:
    """Start once what is down; what was down, the errors of starting it, what Docker is restarting, and bases
    that are not ready yet."""
    began, root = _engine_start(), str(docker.get("/info").get("DockerRootDir") or "")
    waiting = list(_described(fleet_id).values())
    left: List[str] = []

    def work() -> None:
        while waiting:
            try:
                decky = waiting.pop()
            except IndexError:
                return
            left.extend(_started(decky, root, began))

    _four_at_a_time(work)
    return left


def _described(fleet_id: str) -> Deckies:
    """The containers of each decky that match the slices, the base first."""
    applied = slices.all_applied(fleet_id)
    deckies: Deckies = {}
    for container in fleet_containers(fleet_id):
        content = (applied.get(container.project) or {}).get("slice") or {}
        entry = content.get("deckies", {}).get(container.decky) or {}
        row = entry.get("containers", {}).get(container.name)
        if row is not None and row.get("fingerprint") == container.fingerprint:
            deckies.setdefault((container.project, container.decky), []).append(container)
    return {key: sorted(each, key=lambda one: bool(one.service)) for key, each in deckies.items()}


def _started(decky: List[Container], root: str, began: float) -> List[str]:
    """Start the stopped containers of one decky. No service can join a base that is down."""
    base, notes = decky[0], []
    if base.service or (base.state != RUNNING and _was_stopped(base, root, began)):
        return []
    is_new = base.state != RUNNING
    for container in decky:
        is_whole = container.state == RUNNING and (
            not container.service or (container.attached and not is_new)
        )
        if container.state == "restarting":
            notes.append("%s is being restarted by Docker" % container.name)
            continue
        if is_whole or (container.state != RUNNING and _was_stopped(container, root, began)):
            continue
        verb = "start" if container.state in ("exited", "created") else "restart"
        try:
            query = {"t": str(limits.STOP_GRACE)} if verb == "restart" else None
            docker.post("/containers/%s/%s" % (container.id, verb), query, limit=limits.CONTROL * 2)
            notes.append("%s was started" % container.name)
        except (Refusal, docker.EngineError) as error:
            notes.append("%s cannot be started: %s" % (container.name, error))
            if not container.service:
                break
    if not is_new and has_become_ready(base) is False:
        notes.append("%s has not become ready" % base.name)
    return notes


def _was_stopped(container: Container, root: str, began: float) -> bool:
    """Whether a person stopped it, which Docker stores only in a file. After a crash it marks all containers
    that it found running in the same way; but those ended after its start."""
    try:
        with open(os.path.join(root, "containers", container.id, "config.v2.json"), encoding="utf-8") as file:
            known = decode_json(file.read())
    except (OSError, ValueError, RecursionError):
        return True
    if not isinstance(known, dict) or not isinstance(known.get("State"), dict):
        return True
    ended = _seconds(str(known["State"].get("FinishedAt", "")))
    return known.get("HasBeenManuallyStopped") is True and ended < int(began)


def _seconds(moment: str) -> float:
    """Seconds since the epoch of a time in Docker's format, `2026-11-26T18:00:00.123456789Z`; 0 if
    invalid."""
    import calendar

    try:
        return float(calendar.timegm(time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S")))
    except ValueError:
        return 0.0


def _engine_start() -> float:
    """When the engine was started, in seconds since the epoch; the current time if its process is unknown."""
    try:
        with open(PID_FILE) as file:
            ticks = start_tick(int(file.read(20)))
    except (OSError, ValueError):
        ticks = 0
    if not ticks:
        return time.time()
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


def _four_at_a_time(work: Any) -> None:
    from threading import Thread

    threads = [Thread(target=work) for _ in range(limits.PARALLEL)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
