"""The readiness that `status` reports, cheap enough for a heartbeat.

The kernel takes milliseconds to list the sockets of one namespace. So a service that was seen listening
counts as ready while its main process stays the same, one heartbeat spends at most LOOK seconds, and it
leaves the deckies of a running job to the job, which checks them anyway.
"""

from __future__ import annotations

import os
import time

from . import limits
from .containers import RUNNING
from .health import SLEEPER, cut_off, ports_in, shown
from .home import read_json, write_cache
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AbstractSet, Any, Dict, List, Optional, Set, Tuple

    from .containers import Container

CACHE = "ready.cache"
LOOK = 1.0
YES, NO, STARTING = "yes", "no", "starting"


def note_readiness(
    found: List[Container], applied: Dict[str, Dict[str, Any]], at_work: AbstractSet[Tuple[str, str]]
) -> None:
    """Set `ready` of the running containers; `applied` are the slices by project, `at_work` the (project,
    decky) of a running job. It stays None if unknown: for a process that is not visible from here, or a
    container that the slice does not describe."""
    bases = {(each.project, each.decky): each for each in found if not each.service}
    known, until = _remembered(), time.monotonic() + LOOK
    seen = {}
    for container in found:
        ports = _ports_of(container, applied)
        if ports is None or container.state != RUNNING or not container.pid or container.attached is False:
            continue
        is_known = known.get(container.id) == _mark(container)
        if not is_known and (container.project, container.decky) in at_work:
            container.ready = STARTING
            continue
        if container.service:
            base = bases[(container.project, container.decky)]
            is_ready = is_known or _listens(base, ports, until)
        else:
            is_ready = is_known or has_become_ready(container)
        if is_ready:
            seen[container.id] = _mark(container)
        if is_ready and not container.service and cut_off(container, _described(container, applied)):
            is_ready = False
        container.ready = None if is_ready is None else _verdict(container, is_ready)
    if seen != known:
        write_cache(seen, CACHE)


def remember(ready: List[Container]) -> None:
    """Remember that these were ready."""
    known = _remembered()
    known.update({each.id: _mark(each) for each in ready})
    write_cache(known, CACHE)


def _mark(container: Container) -> List[int]:
    return [container.pid, container.started]


def has_become_ready(base: Container) -> Optional[bool]:
    """Whether a running base has its address and sleeps; None if its process is not visible from here."""
    command = shown(base.pid, "cmdline")
    return command.startswith(SLEEPER) if command else None


def _verdict(container: Container, is_ready: bool) -> str:
    if is_ready:
        return YES
    return STARTING if _age(container) < limits.HEALTH else NO


def _age(container: Container) -> float:
    """Seconds since the container's main process was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - container.started / os.sysconf("SC_CLK_TCK")


def _ports_of(container: Container, applied: Dict[str, Dict[str, Any]]) -> Optional[Set[Tuple[int, str]]]:
    """The container's ports in the slice; None if the slice describes another container, or none."""
    content = (applied.get(container.project) or {}).get("slice") or {}
    entry = content.get("deckies", {}).get(container.decky) or {}
    row = entry.get("containers", {}).get(container.name)
    if row is None or row.get("fingerprint") != container.fingerprint:
        return None
    return {(int(port), str(protocol)) for port, protocol in row.get("ports", [])}


def _described(base: Container, applied: Dict[str, Dict[str, Any]]) -> List[str]:
    """The base's addresses in the slice that has its ports."""
    decky = applied[base.project]["slice"]["deckies"][base.decky].get("decky") or {}
    return [str(each["address"]) for each in decky.get("attachments", ())]


def _listens(base: Container, ports: Set[Tuple[int, str]], until: float) -> Optional[bool]:
    """Whether something listens on all of these ports in the base's network; None if that is not visible, or
    the time is over."""
    left = set(ports)
    for table in ("tcp", "udp", "tcp6", "udp6"):
        if not any(protocol == table[:3] for _, protocol in left):
            continue
        if time.monotonic() > until:
            return None
        content = shown(base.pid, "net/" + table)
        if content is None and table in ("tcp", "udp"):
            return None
        left -= ports_in((content or b"").decode("ascii", "replace"), table[:3])
    return not left


def _remembered() -> Dict[str, Any]:
    try:
        known = read_json(CACHE)
    except Refusal:
        return {}
    return known if isinstance(known, dict) else {}
