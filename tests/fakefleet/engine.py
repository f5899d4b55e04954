"""A Docker engine in memory, behind the HTTP API that the agent uses.

Its state is one JSON file, written after each change, so that it outlives a killed process. `Socket` replaces
the agent's socket: the agent's own HTTP goes through it byte by byte.
"""

from __future__ import annotations

import errno
import io
import ipaddress
import json
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from decnet.wire import digest

CONTENT_LABEL = "decnet.content"
VERSION = "20.10.24+dfsg1"
LOOPS = 3
FIRST_PID = 10_000_000
"""Above any pid of Linux, so that no process of this machine is taken for a container's."""

Answer = tuple[int, Any]
Ports = Callable[[str, str], set[tuple[int, str]]]
"""The ports that a decky's running container listens on: (decky, container) to (port, protocol)."""


class EngineFailure(Exception):
    """An engine's error message."""


NO_CFS = (
    "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted"
)
"""Docker's words (daemon/daemon_unix.go, verifyPlatformContainerResources)."""


class Engine:
    """Containers, networks and images of one machine.

    `now` is its clock, `listens` gives the ports that are open in a container, `refusal` why Docker does
    nothing for a decky, `speech` the lines that a container logs at its "start" and "stop", `on_start` what
    happens next.
    """

    def __init__(self, file: Path, engine_id: str) -> None:
        self.about: dict[str, Any] = {}
        self.file = file
        self.engine_id = engine_id
        self.is_up = True
        self.listens: Ports = lambda decky, container: set()
        self.refusal: Callable[[str], str] = lambda decky: ""
        self.now: Callable[[], float] = lambda: 0.0
        self.speech: Callable[[dict[str, Any], str], list[str]] = lambda container, moment: []
        self.on_start: Callable[[dict[str, Any]], None] = lambda container: None
        self.containers: dict[str, dict[str, Any]] = {}
        self.networks: dict[str, dict[str, Any]] = {}
        self.images: dict[str, dict[str, str]] = {}
        self.count = 0
        self.turn = threading.Lock()
        if file.exists():
            vars(self).update(json.loads(file.read_text()))
        else:
            drivers = {"host": "host", "none": "null"}
            self.networks = {name: _network(name, name, {}, {}, [], each) for name, each in drivers.items()}

    def save(self) -> None:
        names = ("containers", "networks", "images", "count")
        draft = self.file.with_suffix(".tmp")
        draft.write_text(json.dumps({name: getattr(self, name) for name in names}))
        draft.replace(self.file)

    def named(self, name: str) -> dict[str, Any] | None:
        """The container of that name or id."""
        found = self.containers.get(name)
        return found or next((each for each in list(self.containers.values()) if each["Name"] == name), None)

    def create(self, name: str, service: dict[str, Any]) -> dict[str, Any]:
        """A container made of a compose document's service. Raises EngineFailure."""
        self._refuse(service["labels"])
        if self.about.get("CpuCfsQuota") is False and "cpus" in service:
            raise EngineFailure(NO_CFS)
        if service["image"] not in self.images:
            raise EngineFailure(f"pull access denied for {service['image']}, repository does not exist")
        mode = service.get("network_mode", "")
        joins = mode.startswith("service:")
        base = self.named(mode.removeprefix("service:")) if joins else None
        if joins and base is None:
            raise EngineFailure(f"No such container: {mode.removeprefix('service:')}")
        self.count += 1
        made = {
            "Id": digest([self.engine_id, name, self.count]), "Name": name, "Image": service["image"],
            "Labels": service["labels"], "State": "created", "ExitCode": 0, "RestartCount": 0, "Pid": 0,
            "Tick": 0, "Mode": f"container:{base['Id']}" if base else mode or "decnet_lan",
            "Ip": service.get("networks", {}).get("lan", {}).get("ipv4_address", ""),
            "Mac": service.get("mac_address", "") or _first_mac(service),
            "Inner": {
                key: each["ipv4_address"] for key, each in service.get("networks", {}).items() if key != "lan"
            },
            "Command": service.get("command", []), "Log": [],
        }  # fmt: skip
        self.containers[made["Id"]] = made
        self.save()
        return made

    def start(self, container: dict[str, Any]) -> None:
        """Raises EngineFailure where its base does not run, or its address is in use."""
        self._refuse(container["Labels"])
        base = self.containers.get(container["Mode"].removeprefix("container:"))
        if container["Mode"].startswith("container:") and (base is None or base["State"] != "running"):
            raise EngineFailure("cannot join network of a non running container")
        others = [each for each in list(self.containers.values()) if each["State"] == "running"]
        if any(_on_networks(container).items() & _on_networks(each).items() for each in others):
            raise EngineFailure("Address already in use")
        names = {each["Name"] for each in self.networks.values()}
        if missing := set(container.get("Inner", {})) - names:
            raise EngineFailure(f"network {min(missing)} not found")
        self.count += 1
        container.update(State="running", Tick=self.count, Pid=FIRST_PID + self.count, Since=self.now())
        container["Log"] += self.speech(container, "start")
        self.on_start(container)
        self.save()

    def exit(self, container: dict[str, Any], code: int = 0) -> None:
        container["Log"] += self.speech(container, "stop")
        container.update(State="exited", ExitCode=code, Pid=0, Tick=0)
        self.save()

    def _refuse(self, labels: dict[str, str]) -> None:
        if refusal := self.refusal(labels.get("decnet.decky", "")):
            raise EngineFailure(refusal)

    def loop(self, container: dict[str, Any], code: int, log: list[str]) -> None:
        """The container exits repeatedly, and Docker restarts it."""
        container.update(State="restarting", ExitCode=code, RestartCount=LOOPS, Pid=0, Tick=0)
        container["Log"] += log * (LOOPS + 1)
        self.save()

    def visit(self, container: dict[str, Any], port: int, peer: tuple[str, int], events: list[str]) -> None:
        """Someone is connected to the container's port from now on, and it logs these lines."""
        container.setdefault("Visits", []).append([port, *peer])
        container["Log"] += events
        self.save()

    def leave(self, container: dict[str, Any]) -> None:
        """All its visitors are gone."""
        container["Visits"] = []
        self.save()

    def tick_of(self, pid: int) -> int:
        return next((each["Tick"] for each in list(self.containers.values()) if each["Pid"] == pid), 0)

    def process_file(self, pid: int, name: str) -> bytes | None:
        """A file of /proc/PID of a base; None for any other process."""
        base = next((each for each in list(self.containers.values()) if pid and each["Pid"] == pid), None)
        addresses = list(_on_networks(base).values()) if base else []
        if base is None or not addresses:
            return None
        if name == "cmdline":
            return b"/bin/busybox\0sleep\0infinity\0"
        if name == "net/route":
            lines = ["Iface Destination"]
            for number, address in enumerate(addresses):
                network = ipaddress.ip_network(f"{address}/24", strict=False)
                digits = network.network_address.packed[::-1].hex().upper()
                lines.append(f"eth{number} {digits} 00000000 0001 0 0 0 00FFFFFF 0 0 0")
            return ("\n".join(lines) + "\n").encode()
        return self._sockets(base, name.removeprefix("net/")).encode()

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """The HTTP status and body of one request."""
        url = urlsplit(target)
        query = dict(parse_qsl(url.query))
        parts = [unquote(part) for part in url.path.split("/")[1:]]
        try:
            with self.turn:
                status, content = self._route(method, parts, query, body)
        except EngineFailure as error:
            status, content = 404 if str(error).startswith("No such") else 500, {"message": str(error)}
        return status, content if isinstance(content, bytes) else json.dumps(content).encode()

    def _route(self, method: str, parts: list[str], query: dict[str, str], body: bytes) -> Answer:
        filters = json.loads(query.get("filters", "{}"))
        match method, parts:
            case "GET", ["info"]:
                return 200, {
                    "ID": self.engine_id,
                    "ServerVersion": VERSION,
                    "DockerRootDir": str(self.file.parent),
                    **self.about,
                }
            case "GET", ["version"]:
                return 200, {"Version": VERSION}
            case "GET", ["containers", "json"]:
                return 200, [
                    _row(each) | {"Image": self._shown(each["Image"])}
                    for each in list(self.containers.values())
                    if _labelled(each, filters)
                ]
            case "POST", ["containers", "create"]:
                return 201, {"Id": self.create(query["name"], _service(json.loads(body)))["Id"]}
            case _, ["containers", name, *rest]:
                return self._container(method, self._known(name), rest, query, body)
            case "POST", ["exec", name, "start"]:
                return 200, self._executed(name)
            case "GET", ["networks"]:
                found = [each for each in self.networks.values() if _labelled(each, filters)]
                wanted = filters.get("name", [])
                return 200, [each for each in found if all(word in each["Name"] for word in wanted)]
            case "POST", ["networks", name, "connect"]:
                return self._connected(name, json.loads(body))
            case _, ["networks", name]:
                return self._network(method, name, json.loads(body or b"{}"))
            case _, ["images", *rest]:
                return self._image(method, rest, filters, body)
        raise AssertionError(f"the fake engine has no {method} /{'/'.join(parts)}")

    def _shown(self, image: str) -> str:
        """The image of a container as the list shows it: an id, once the name is gone."""
        return image if image in self.images else "sha256:" + digest(image)

    def _connected(self, network: str, join: dict[str, Any]) -> Answer:
        container = self._known(join["Container"])
        if network not in {each["Name"] for each in self.networks.values()}:
            raise EngineFailure(f"network {network} not found")
        container["Inner"][network] = join["EndpointConfig"]["IPAMConfig"]["IPv4Address"]
        self.save()
        return 200, b""

    def _known(self, name: str) -> dict[str, Any]:
        found = self.named(name)
        if found is None:
            raise EngineFailure(f"No such container: {name}")
        return found

    def _container(
        self, method: str, container: dict[str, Any], rest: list[str], query: dict[str, str], body: bytes
    ) -> Answer:
        match method, rest:
            case "GET", ["json"]:
                state = {
                    "Status": container["State"],
                    "Pid": container["Pid"],
                    "ExitCode": container["ExitCode"],
                }
                return 200, {"Id": container["Id"], "State": state, "RestartCount": container["RestartCount"]}
            case "GET", ["logs"]:
                return 200, _log(container, query.get("tail", "all"), timed="timestamps" in query)
            case "POST", ["exec"]:
                table = json.loads(body)["Cmd"][-1].rpartition("/")[2]
                return 201, {"Id": f"{container['Id']}:{table}"}
            case "POST", ["start" | "stop" | "restart" as verb]:
                return self._moved(container, verb)
            case "DELETE", []:
                self._refuse(container["Labels"])
                del self.containers[container["Id"]]
                self.save()
                return 204, b""
        raise AssertionError(f"the fake engine has no {method} of a container's {rest}")

    def _moved(self, container: dict[str, Any], verb: str) -> Answer:
        is_running = container["State"] == "running"
        if is_running == (verb == "start") and verb != "restart":
            return 304, b""
        if is_running:
            self.exit(container)
        if verb != "stop":
            self.start(container)
        return 204, b""

    def _executed(self, name: str) -> bytes:
        """`cat /proc/net/TABLE` in a base: the sockets of all that run in its network."""
        container_id, _, table = name.partition(":")
        return _frame(self._sockets(self._known(container_id), table))

    def _sockets(self, base: dict[str, Any], table: str) -> str:
        lines = ["  sl  local_address rem_address   st"]
        for each in list(self.containers.values()):
            if each["State"] == "running" and each["Mode"] == f"container:{base['Id']}":
                for port, protocol in self.listens(base["Name"], each["Name"]):
                    if protocol == table:
                        lines.append(
                            f"   0: 00000000:{port:04X} 00000000:0000 {'0A' if table == 'tcp' else '07'}"
                        )
                for port, source, source_port in each.get("Visits", ()) if table == "tcp" else ():
                    peer = ipaddress.ip_address(source).packed[::-1].hex().upper()
                    lines.append(f"   0: 00000000:{port:04X} {peer}:{source_port:04X} 01")
        return "\n".join(lines) + "\n"

    def _network(self, method: str, name: str, wanted: dict[str, Any]) -> Answer:
        if method == "POST":
            made = _network(
                digest([wanted, self.count]), wanted["Name"], wanted["Labels"], wanted["Options"],
                wanted["IPAM"]["Config"], wanted["Driver"],
            ) | {"Internal": wanted.get("Internal", False)}  # fmt: skip
            self.networks[made["Id"]] = made
            self.save()
            return 201, {"Id": made["Id"]}
        found = self.networks.get(name)
        if found is None:
            raise EngineFailure(f"No such network: {name}")
        running = [each for each in list(self.containers.values()) if each["State"] == "running"]
        inside = [each for each in running if found["Name"] in _on_networks(each)]
        if method == "DELETE":
            if inside and found.get("Internal"):
                return 403, {"message": f"error while removing network: {found['Name']} has active endpoints"}
            del self.networks[name]
            self.save()
            return 204, b""
        return 200, {**found, "Containers": {each["Id"]: {"Name": each["Name"]} for each in inside}}

    def _image(self, method: str, rest: list[str], filters: dict[str, list[str]], body: bytes) -> Answer:
        match method, rest:
            case "GET", ["json"]:
                found = {name: labels for name, labels in self.images.items() if CONTENT_LABEL in labels}
                return 200, [{"Id": digest(name), "RepoTags": [name]} for name in found]
            case "POST", ["load"]:
                return self._loaded(body)
        name = "/".join(rest[:-1] if rest[-1] == "json" else rest)
        name = name if name in self.images else f"{name}:latest"
        if name not in self.images:
            raise EngineFailure(f"No such image: {name}")
        if method == "DELETE":
            if any(each["Image"] == name for each in list(self.containers.values())):
                return 409, {"message": "conflict: unable to remove repository reference"}
            del self.images[name]
            self.save()
        return 200, {"Id": digest(name), "RepoTags": [name]}

    def _loaded(self, body: bytes) -> Answer:
        """A `docker save` stream: its manifest names the images, their configurations have the labels."""
        names: list[str] = []
        try:
            with tarfile.open(fileobj=io.BytesIO(body)) as archive:
                read = lambda name: json.load(archive.extractfile(name))  # type: ignore[arg-type] # noqa: E731
                for each in read("manifest.json"):
                    labels = read(each["Config"]).get("config", {}).get("Labels") or {}
                    self.images |= dict.fromkeys(each["RepoTags"], labels)
                    names += each["RepoTags"]
        except (tarfile.TarError, KeyError):
            message = "Error processing tar file(exit status 1): archive/tar: invalid tar header"
            answer = {"errorDetail": {"message": message}, "error": message}
            return 200, json.dumps(answer, separators=(",", ":")).encode() + b"\r\n"
        self.save()
        lines = [json.dumps({"stream": f"Loaded image: {name}\n"}, separators=(",", ":")) for name in names]
        return 200, "".join(f"{line}\r\n" for line in lines).encode()


class Socket:
    """A connection to whichever engine listens on the path: one request, one answer, as HTTP."""

    engines: dict[str, Engine] = {}

    def __init__(self, *_family: object) -> None:
        self._engine: Engine | None = None
        self._sent = b""
        self._left: bytes | None = None

    def connect(self, path: str) -> None:
        engine = self.engines.get(path)
        if engine is None:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        if not engine.is_up:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        self._engine = engine

    def settimeout(self, seconds: float) -> None:
        """Nothing here takes any time."""

    def sendall(self, content: bytes) -> None:
        self._sent += content

    def recv(self, most: int) -> bytes:
        if self._left is None:
            assert self._engine is not None
            head, _, body = self._sent.partition(b"\r\n\r\n")
            method, target, *_ = head.decode().split(" ")
            if b"Transfer-Encoding: chunked" in head:
                body = _unchunked(body)
            status, content = self._engine.answer(method, target, body)
            if b"HTTP/1.1" in head:
                content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
            self._left = b"HTTP/1.0 %d -\r\n\r\n" % status + content
        piece, self._left = self._left[:most], self._left[most:]
        return piece

    def close(self) -> None:
        """Nothing is held open."""


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole


def _row(container: dict[str, Any]) -> dict[str, Any]:
    """A container as the list of containers shows it."""
    state = container["State"]
    words = {
        "running": "Up 3 seconds",
        "exited": f"Exited ({container['ExitCode']}) 3 seconds ago",
        "restarting": f"Restarting ({container['ExitCode']}) 1 second ago",
    }
    networks = {
        name: {
            "IPAMConfig": {"IPv4Address": address},
            "IPAddress": address if state == "running" else "",
            "IPPrefixLen": 24,
        }
        for name, address in _on_networks(container).items()
    }
    return {
        "Id": container["Id"], "Names": ["/" + container["Name"]], "Image": container["Image"],
        "Labels": container["Labels"], "State": state, "Status": words.get(state, "Created"),
        "HostConfig": {"NetworkMode": container["Mode"]},
        "NetworkSettings": {"Networks": networks},
    }  # fmt: skip


def _on_networks(container: dict[str, Any]) -> dict[str, str]:
    """Its address by network."""
    on_lan = {"decnet_lan": container["Ip"]} if container["Ip"] else {}
    return {**on_lan, **container.get("Inner", {})}


def _service(body: dict[str, Any]) -> dict[str, Any]:
    """What a request to create a container describes, as a compose document does."""
    host, ends = body["HostConfig"], body["NetworkingConfig"]["EndpointsConfig"]
    joined = host["NetworkMode"].partition(":")[2]
    networks = {
        "lan" if name == "decnet_lan" else name: {"ipv4_address": end["IPAMConfig"]["IPv4Address"]}
        for name, end in ends.items()
    }
    return {
        "image": body["Image"],
        "labels": body["Labels"],
        "command": body.get("Cmd", []),
        "environment": dict(each.split("=", 1) for each in body["Env"]),
        "mac_address": body.get("MacAddress", ""),
        **({"cpus": host["NanoCpus"] / 1e9} if "NanoCpus" in host else {}),
        **({"network_mode": f"service:{joined}"} if joined else {"networks": networks}),
    }


def _first_mac(service: dict[str, Any]) -> str:
    """The MAC that a base of several networks gives to its home."""
    told = json.loads(service.get("environment", {}).get("INTERFACES", "[]"))
    return str(told[0][2]) if told else ""


def _network(
    network_id: str,
    name: str,
    labels: dict[str, str],
    options: dict[str, str],
    config: list[Any],
    driver: str = "",
) -> dict[str, Any]:
    return {
        "Id": network_id, "Name": name, "Driver": driver or name, "Labels": labels, "Options": options,
        "IPAM": {"Driver": "default", "Config": config},
    }  # fmt: skip


def _labelled(thing: dict[str, Any], filters: dict[str, list[str]]) -> bool:
    pairs = [wanted.partition("=") for wanted in filters.get("label", [])]
    labels = thing["Labels"]
    return all(key in labels and (not equals or labels[key] == value) for key, equals, value in pairs)


def _log(container: dict[str, Any], tail: str, *, timed: bool = False) -> bytes:
    lines = container["Log"]
    if timed:
        lines = [f"2026-01-31T12:00:00.{number:09}Z {line}" for number, line in enumerate(lines)]
    return b"".join(_frame(line + "\n") for line in (lines if tail == "all" else lines[-int(tail) :]))


def _frame(text: str) -> bytes:
    """On stdout, in Docker's format."""
    content = text.encode()
    return bytes([1, 0, 0, 0]) + len(content).to_bytes(4, "big") + content
