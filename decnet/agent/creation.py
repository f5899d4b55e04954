"""Creates and starts the containers of a compose document through the engine's API, as Compose would.

Compose takes up to a second to start, and version 1.29 starts one container after the other. The containers
have Compose's labels: `docker compose ps`, `up --no-recreate` and `down` know them as the project's own. What
the engine refuses here is left to Compose.
"""

from __future__ import annotations

import os

from decnet.wire import LABEL_DECKY, LABEL_SERVICE, digest

from . import docker, limits
from .in_parallel import work_off
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Collection, Dict, Iterable, List, Set

    from .containers import Container
    from .in_parallel import Task

    Body = Dict[str, Any]

LABELS = "com.docker.compose."
UNITS = {"k": 1 << 10, "m": 1 << 20}
JOINED = "service:"
AHEAD = 8
"""How many bases come before the first service: the engine starts about ten containers a second."""


class Creation:
    """The containers `names` of a project. `document` is what Compose would get, in `file`; `present` are the
    fleet's containers by name, without those that are being removed. `failed` collects the deckies that the
    engine refused something, `created` the ids of what was created."""

    def __init__(
        self,
        document: Dict[str, Any],
        project: str,
        file: str,
        names: Iterable[str],
        present: Dict[str, Container],
    ) -> None:
        self.failed: Set[str] = set()
        self.created: Set[str] = set()
        self._document = document
        self._project = project
        self._file = file
        self._present = present
        self._names = list(names)
        self._made: Dict[str, str] = {}
        self._started: Set[str] = set()

    def create_joining(
        self, leaving: Set[str], may_go_on: Callable[[], bool], may_start: Callable[[Container, str], bool]
    ) -> None:
        """Create the services that join a base which stays, before the containers of the names `leaving` are
        gone, and start those that `may_start` there (the base, and the service's name)."""

        def create(name: str) -> None:
            base = self._present.get(self._base_of(name))
            if base is not None and name not in leaving:
                self._create(name)
                if may_start(base, name):
                    self._start(name)

        self._work_off(create, may_go_on, lambda: None)

    def create(self, may_go_on: Callable[[], bool]) -> None:
        """Create what is missing; nothing is on the LAN yet."""
        self._work_off(self._create, may_go_on, lambda: None)

    def start(self, may_go_on: Callable[[], bool], tick: Callable[[], object]) -> None:
        """Start the containers of all deckies that have not failed."""
        self._work_off(self._start, may_go_on, tick)

    def discard_all_but(self, deckies: Collection[str]) -> None:
        """Remove what was created for other deckies; what cannot be removed is reported by `status`."""
        others = [name for name in self._names if self._decky_of(name) not in deckies]
        self.failed.update(self._decky_of(name) for name in others)
        for name in others:
            if name in self._made:
                self._take_back(name)

    def _take_back(self, name: str) -> None:
        try:
            docker.delete("/containers/%s" % self._made.pop(name), {"force": True, "v": True})
        except (docker.EngineError, Refusal):
            pass

    def _work_off(
        self, act: Callable[[str], None], may_go_on: Callable[[], bool], tick: Callable[[], object]
    ) -> None:
        """Each decky's base before its services; four containers at a time. A base needs a second until it is
        ready, in which others are worked on: AHEAD of them come first, and each further one after the
        services of the one that is so many before it."""
        chosen = [name for name in self._names if self._decky_of(name) not in self.failed]
        names = set(chosen)
        firsts: List[str] = []
        following: Dict[str, List[str]] = {}
        for name in chosen:
            base = self._base_of(name)
            (following.setdefault(base, []) if base in names else firsts).append(name)
        for name, later in zip(firsts, firsts[AHEAD:]):
            following.setdefault(name, []).append(later)

        def task(name: str) -> Task:
            def run() -> List[Task]:
                self._try(name, act, may_go_on)
                return [task(each) for each in following.get(name, ())]

            return run

        work_off([task(name) for name in firsts[:AHEAD]], tick, in_turn=True)

    def _try(self, name: str, act: Callable[[str], None], may_go_on: Callable[[], bool]) -> None:
        """Nothing for a decky that has failed."""
        if self._decky_of(name) in self.failed:
            return
        try:
            if not may_go_on():
                raise docker.EngineError(0, limits.NO_TIME)
            act(name)
        except (docker.EngineError, Refusal):
            # Compose finds out whether that passes, and reports it.
            self.failed.add(self._decky_of(name))

    def _create(self, name: str) -> None:
        if name in self._present:
            self._check_present(self._present[name])
        if name in self._present or name in self._made:
            return
        base = self._base_of(name)
        body = body_of(self._document, name, self._project, self._file, self._id_of(base) if base else "")
        made = docker.post("/containers/create", {"name": name}, body, limits.CONTROL * 2)
        self._made[name] = str(made["Id"])
        self.created.add(self._made[name])
        try:
            for network, end in list(_ends(self._document, name).items())[1:]:
                # Before version 25, the engine accepts one network at the creation.
                join = {"Container": self._made[name], "EndpointConfig": end}
                docker.post("/networks/%s/connect" % network, body=join)
        except (docker.EngineError, Refusal):
            # Compose would start it without that network.
            self._take_back(name)
            raise

    def _check_present(self, present: Container) -> None:
        """Raises EngineError for a container of that name that is not the service's: it is not started."""
        labels = self._document["services"][present.name]["labels"]
        if (present.decky, present.service) != (labels[LABEL_DECKY], labels[LABEL_SERVICE]):
            raise docker.EngineError(409, "another container has the name %s" % present.name)

    def _start(self, name: str) -> None:
        present = self._present.get(name)
        if name not in self._started and (present is None or present.state in ("created", "exited")):
            docker.post("/containers/%s/start" % self._id_of(name), limit=limits.CONTROL * 2)
            self._started.add(name)

    def _id_of(self, name: str) -> str:
        if name in self._made:
            return self._made[name]
        if name not in self._present:
            raise docker.EngineError(404, "No such container: %s" % name)
        return self._present[name].id

    def _base_of(self, name: str) -> str:
        """The container whose network it joins; "" for a base."""
        mode = str(self._document["services"][name].get("network_mode", ""))
        return mode[len(JOINED) :] if mode.startswith(JOINED) else ""

    def _decky_of(self, name: str) -> str:
        return str(self._document["services"][name]["labels"][LABEL_DECKY])


def body_of(document: Dict[str, Any], name: str, project: str, file: str, base_id: str) -> Body:
    """The body of `POST /containers/create` for a service of the document. `base_id`: of the container whose
    network it joins."""
    service = _plain(document["services"][name])
    ends = _ends(document, name)
    body = {
        "Image": service["image"],
        "Hostname": service.get("hostname"),
        "User": service.get("user"),
        "Cmd": service.get("command"),
        "Entrypoint": service.get("entrypoint"),
        "Env": ["%s=%s" % pair for pair in service["environment"].items()],
        "Labels": {**service["labels"], **_labels(service, name, project, file)},
        "StopSignal": service.get("stop_signal"),
        "StopTimeout": int(service["stop_grace_period"][:-1]) if "stop_grace_period" in service else None,
        # Engines before version 25 read it here, later ones at the network.
        "MacAddress": service.get("mac_address"),
        "HostConfig": _host(service, "container:" + base_id if base_id else next(iter(ends))),
        "NetworkingConfig": {"EndpointsConfig": dict(list(ends.items())[:1])},
    }
    return {key: value for key, value in body.items() if value is not None}


def _host(service: Dict[str, Any], network_mode: str) -> Body:
    host = {
        "NetworkMode": network_mode,
        "CapAdd": service.get("cap_add"),
        "CapDrop": service["cap_drop"],
        "SecurityOpt": service["security_opt"],
        "ReadonlyRootfs": service["read_only"],
        "Memory": _bytes(service["mem_limit"]) if "mem_limit" in service else None,
        "NanoCpus": round(service["cpus"] * 1e9) if "cpus" in service else None,
        "PidsLimit": service.get("pids_limit"),
        "RestartPolicy": {"Name": service["restart"]},
        "LogConfig": {"Type": service["logging"]["driver"], "Config": service["logging"]["options"]},
        "Sysctls": service.get("sysctls"),
        "Tmpfs": dict(each.partition(":")[::2] for each in service.get("tmpfs", ())),
    }
    return {key: value for key, value in host.items() if value is not None}


def _labels(service: Dict[str, Any], name: str, project: str, file: str) -> Dict[str, str]:
    """What Compose finds its containers by. The hash is not that of any version of Compose."""
    labels = {
        "project": project,
        "service": name,
        "container-number": "1",
        "oneoff": "False",
        "config-hash": digest(service),
        "project.config_files": file,
        "project.working_dir": os.path.dirname(file),
    }
    mode = str(service.get("network_mode", ""))
    if mode.startswith(JOINED):
        labels["depends_on"] = mode[len(JOINED) :] + ":service_started:true"
    return {LABELS + key: value for key, value in labels.items()}


def _ends(document: Dict[str, Any], name: str) -> Dict[str, Body]:
    """Network to what the engine has to know about the container's end of it."""
    service = document["services"][name]
    ends = {}
    for key, each in service.get("networks", {}).items():
        end: Body = {"IPAMConfig": {"IPv4Address": each["ipv4_address"]}}
        if "mac_address" in service:
            end["MacAddress"] = service["mac_address"]
        ends[str(document["networks"][key]["name"])] = end
    return ends


def _plain(value: Any) -> Any:
    """The value without Compose's escapes: each dollar sign is doubled."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _bytes(size: str) -> int:
    return int(size[:-1]) * UNITS[size[-1]]
