"""Our fleet's containers as Docker reports them now, with one list request.

The list does not contain the time when a container was started; an inspect request for each takes 1 ms and
more. So the result of inspect is cached, and stays valid while the container's main process is the same: the
same pid with the same start tick.
"""

from __future__ import annotations

import os

from decnet.wire import (
    LABEL_DECKY,
    LABEL_FINGERPRINT,
    LABEL_FLEET,
    LABEL_PROJECT,
    LABEL_SERVICE,
    NETWORK,
    PROJECT,
    container_name,
    is_project,
)

from . import docker
from .home import read_json, write_cache
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Set

CACHE = "containers.cache"
RUNNING = "running"
MOST = 20000
_PIECE = 65536
_STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class Container:
    """One container with our fleet's label. `pid` is 0 without a process; `started` orders starts.

    Another program can give a container any labels. One whose labels are not those of a decky gets the name
    `odd-` and the start of its id instead, so that it can be reported and removed like any other stray."""

    def __init__(self, row: Dict[str, Any]) -> None:
        labels = row.get("Labels") or {}
        self.id = str(row["Id"])
        self.name = _own_name(row.get("Names") or [])
        self.project = str(labels.get(LABEL_PROJECT) or PROJECT)
        self.decky = str(labels.get(LABEL_DECKY, ""))
        self.service = str(labels.get(LABEL_SERVICE, ""))
        if not is_project(self.project) or not _is_name(self.decky):
            self.project, self.decky = PROJECT, "odd-" + self.id[:12]
        if self.service and not _is_name(self.service.replace("_", "0")):
            self.service = "odd"
        self.fingerprint = str(labels.get(LABEL_FINGERPRINT, ""))
        self.image = str(row.get("Image", ""))
        self.state = str(row.get("State", ""))
        self.exit_code = _exit_code(str(row.get("Status", "")))
        self.network_mode = str((row.get("HostConfig") or {}).get("NetworkMode", ""))
        networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
        self.networks = set(networks)
        self.addresses = _addresses(networks)
        self.on_lan = _addresses({name: each for name, each in networks.items() if name == NETWORK})
        self.prefixes = _prefixes(networks)
        self.pid = 0
        self.started = 0
        self.restarts = 0
        self.attached: Optional[bool] = None
        self.ready: Optional[str] = None

    @property
    def names(self) -> Dict[str, str]:
        """The decky as its events name it: with a project only if it is of a topology. An operator's decnet
        of version 0.1.0 accepts none."""
        names = {"decky": self.decky}
        return names if self.project == PROJECT else dict(names, project=self.project)

    def answer(self) -> Dict[str, Any]:
        """The container as `status` reports it, without `up`; `attached` is set by `fleet_containers`,
        `ready` by `note_readiness`."""
        return {
            "name": self.name[:200],
            "id": self.id,
            "project": self.project[:200],
            "decky": self.decky[:200],
            "service": self.service[:200],
            "fingerprint": self.fingerprint[:200],
            "image": self.image[:200],
            "state": self.state if self.state in _STATES else "dead",
            "restarts": self.restarts,
            "exit_code": self.exit_code,
            "attached": self.attached,
            "ready": self.ready,
            "ip": self.on_lan[0] if self.on_lan and not self.service else "",
        }


def ask_for_containers(fleet_id: str) -> docker.Question:
    """Sends the request for the list of the fleet's containers; `containers_in` reads its answer."""
    label = "%s=%s" % (LABEL_FLEET, fleet_id)
    return docker.Question("/containers/json", {"all": True, "filters": {"label": [label]}})


def fleet_containers(fleet_id: str) -> List[Container]:
    """All of the fleet's containers, running or not, by name. Raises Refusal `docker-down`."""
    return containers_in(ask_for_containers(fleet_id))


def containers_in(asked: docker.Question) -> List[Container]:
    """The fleet's containers in the engine's answer. Raises as `fleet_containers`."""
    try:
        return _completed(asked.answer())
    finally:
        asked.close()


def fleet_among(rows: List[Dict[str, Any]], fleet_id: str) -> List[Container]:
    """The same, from the engine's list of all containers."""
    return _completed([row for row in rows if (row.get("Labels") or {}).get(LABEL_FLEET) == fleet_id])


def _completed(rows: List[Dict[str, Any]]) -> List[Container]:
    found = [Container(row) for row in rows[:MOST]]
    _fill_in(found)
    _attach(found)
    return sorted(found, key=lambda container: container.name)


def holders(found: List[Container]) -> Set[str]:
    """Ids of the containers that are attached to the LAN's network: the bases."""
    return {each.id for each in found if NETWORK in each.networks or each.network_mode == NETWORK}


def on_networks(found: Iterable[Container]) -> Dict[str, int]:
    """How many of these containers are attached to each network."""
    counts: Dict[str, int] = {}
    for container in found:
        for name in container.networks:
            counts[name] = counts.get(name, 0) + 1
    return counts


def start_tick(pid: int) -> int:
    """When the process was started, in clock ticks since the machine's boot; 0 if there is none."""
    content = whole_file("/proc/%d/stat" % pid, _PIECE) or b""
    try:
        return int(content.rpartition(b")")[2].split(None, 20)[19])
    except (ValueError, IndexError):
        return 0


def whole_file(place: str, most: int) -> Optional[bytes]:
    """The first bytes of a small file; None if it cannot be read. A file object takes three times as many
    system calls, and a heartbeat reads one file or more per container."""
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    content = b""
    try:
        while len(content) < most:
            piece = os.read(descriptor, min(_PIECE, most - len(content)))
            if not piece:
                break
            content += piece
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content


def uptime(container: Container) -> Optional[float]:
    """Seconds for which the container's main process has been running; None if it does not run. By the start
    of this process: both are counted in the kernel's ticks, which no change of a clock moves. Less exact if
    the process is not visible from here: by the engine's own clock."""
    if container.state != RUNNING:
        return None
    own = start_tick(os.getpid())
    if container.started and own:
        return max(0.0, (own - container.started) / os.sysconf("SC_CLK_TCK"))
    try:
        began = docker.get("/containers/%s/json" % container.id)["State"]["StartedAt"]
        now = docker.get("/info")["SystemTime"]
    except (docker.EngineError, KeyError, TypeError):
        return None
    return max(0.0, _seconds(str(now)) - _seconds(str(began)))


def _seconds(moment: str) -> float:
    """Seconds since the epoch of a time in Docker's format; of one with a zone, as if it were UTC."""
    import calendar
    import time

    try:
        return float(calendar.timegm(time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S")))
    except ValueError:
        return 0.0


def _fill_in(found: List[Container]) -> None:
    cache, fresh = _read_cache(), {}
    for container in found:
        entry = cache.get(container.id)
        if not _valid(entry, container):
            entry = _inspect(container)
        if entry is not None:
            fresh[container.id] = entry
            container.pid, container.started, container.restarts = entry[0], entry[1], entry[2]
    if fresh != cache:
        write_cache(fresh, CACHE)


def _valid(entry: Any, container: Container) -> bool:
    """An entry is [pid, start tick, restarts, state]."""
    if not isinstance(entry, list) or len(entry) != 4 or not all(isinstance(item, int) for item in entry[:3]):
        return False
    if container.state == RUNNING:
        return bool(entry[3] == RUNNING and entry[0] > 0 and entry[1] == start_tick(entry[0]) != 0)
    return bool(entry[3] == container.state and container.state in ("exited", "created"))


def _inspect(container: Container) -> Optional[List[Any]]:
    try:
        answer = docker.get("/containers/%s/json" % container.id)
    except docker.EngineError:
        return None
    state = answer.get("State") or {}
    container.state = str(state.get("Status", container.state))
    # The list has that of one that was restarting already.
    if container.state != RUNNING and (container.state != "restarting" or container.exit_code is None):
        container.exit_code = int(state.get("ExitCode", 0))
    pid = int(state.get("Pid", 0)) if container.state == RUNNING else 0
    started = start_tick(pid) if pid else 0
    return [pid, started, int(answer.get("RestartCount", 0)), container.state]


def _attach(found: List[Container]) -> None:
    """A service is attached if its network namespace is that of its present base: it names the existing base
    and, if the service runs, that base has been running since before it. A stopped service that names the
    present base would join it when started; so would one that has ended since Docker was asked."""
    bases = {
        (each.project, each.decky): each
        for each in found
        if not each.service and each.name == container_name(each.project, each.decky)
    }
    for container in found:
        base = bases.get((container.project, container.decky))
        if container.service:
            container.attached = (
                base is not None
                and container.network_mode == "container:" + base.id
                and (
                    container.state != RUNNING
                    or not container.started
                    or (base.state == RUNNING and base.started <= container.started)
                )
            )


def _own_name(names: List[Any]) -> str:
    """The container's own name: another container's link adds names like `/other/alias`."""
    found = [str(name).lstrip("/") for name in names]
    return next((name for name in found if "/" not in name), "")


def _is_name(text: str) -> bool:
    """As `validators.NAME`, whose pattern takes longer to compile than a heartbeat may."""
    return 0 < len(text) <= 40 and _LETTERS.issuperset(text) and text[0] != "-" != text[-1]


def _exit_code(status: str) -> Optional[int]:
    """Parses the engine's status text: `Exited (137) 3 seconds ago`, `Restarting (1) 2 seconds ago`."""
    if not status.startswith(("Exited (", "Restarting (")):
        return None
    digits = status[status.index("(") + 1 :].partition(")")[0]
    return int(digits) if digits.isdigit() else None


def _addresses(networks: Dict[str, Any]) -> List[str]:
    found = []
    for network in networks.values():
        configured = (network.get("IPAMConfig") or {}).get("IPv4Address")
        found += [address for address in (configured, network.get("IPAddress")) if address]
    return sorted(set(found))


def _prefixes(networks: Dict[str, Any]) -> Dict[str, int]:
    """The prefix length of the network of each address that a running container has."""
    rows = [(each.get("IPAddress"), each.get("IPPrefixLen")) for each in networks.values()]
    return {str(address): length for address, length in rows if address and isinstance(length, int)}


def _read_cache() -> Dict[str, Any]:
    try:
        cache = read_json(CACHE)
    except Refusal:
        return {}
    return cache if isinstance(cache, dict) else {}


def by_name(found: List[Container]) -> Dict[str, Container]:
    return {container.name: container for container in found}
