"""What the Docker engine alone needs for the containers of a fleet, by its API with four clients.

Runs on a worker with its python3: `python3 raw_engine.py ONE`. Prints seconds as JSON: `stop`, `start`,
`remove` and `create` (which includes the start) of all containers of the fleet; `one` is stop, remove,
create and start of ONE. These end with the engine's last answer, and services are killed. `serving` is
`create` until all bases are ready and all services listen, `one_serving` is `one` until the service does, and
`end` stops the services with SIGTERM, so that they end by themselves, before all containers are removed.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SOCKET = "/run/docker.sock"
CLIENTS = 4
READY = b"/bin/busybox\0sleep\0"
"""The start of a ready base's command line."""
OF_ITS_BASE = ("Hostname", "Domainname", "ExposedPorts", "MacAddress")
"""What the engine refuses to take for a container that joins another one's network."""

Container = dict[str, Any]
Act = Callable[[Container], None]


class Connection(http.client.HTTPConnection):
    """To the engine's socket; kept for all requests of a thread."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


LOCAL = threading.local()


def ask(method: str, path: str, body: Container | None = None) -> Any:
    if not hasattr(LOCAL, "connection"):
        LOCAL.connection = Connection("docker")
    text = None if body is None else json.dumps(body)
    LOCAL.connection.request(method, path, text, {"Content-Type": "application/json"})
    answer = LOCAL.connection.getresponse()
    content = answer.read()
    if answer.status >= 400:
        raise SystemExit(f"{method} {path}: {content.decode()}")
    return json.loads(content) if content else None


def kill(container: Container) -> None:
    ask("POST", f"/containers/{container['Name']}/kill")
    ask("POST", f"/containers/{container['Name']}/wait")


def end(container: Container) -> None:
    ask("POST", f"/containers/{container['Name']}/stop?t=2")


def start(container: Container) -> None:
    ask("POST", f"/containers/{container['Name']}/start")


def remove(container: Container) -> None:
    ask("DELETE", f"/containers/{container['Name']}?force=true&v=true")


def create(container: Container) -> None:
    ask("POST", f"/containers/create?name={container['Name']}", container["Body"])
    start(container)


def described() -> tuple[list[Container], list[Container]]:
    """The bases and the services of the fleet, each as its creation describes it."""
    filters = urllib.parse.quote(json.dumps({"label": ["decnet.fleet"]}))
    rows = ask("GET", f"/containers/json?all=true&filters={filters}")
    found = [ask("GET", f"/containers/{row['Id']}/json") for row in rows]
    names = {each["Id"]: each["Name"].lstrip("/") for each in found}
    bases, services = [], []
    for each in found:
        host = each["HostConfig"]
        body = {**each["Config"], "HostConfig": host}
        made = {"Name": names[each["Id"]], "Body": body}
        kind, _, joined = host["NetworkMode"].partition(":")
        if kind == "container":
            host["NetworkMode"] = f"container:{names.get(joined, joined)}"
            made["Body"] = {key: value for key, value in body.items() if key not in OF_ITS_BASE}
            services.append(made)
        else:
            networks = each["NetworkSettings"]["Networks"].items()
            ends = {
                name: {"IPAMConfig": end["IPAMConfig"], "MacAddress": end["MacAddress"]}
                for name, end in networks
            }
            body["NetworkingConfig"] = {"EndpointsConfig": ends}
            bases.append(made)
    return bases, services


def taken(*rounds: tuple[Act, list[Container]]) -> float:
    """Seconds for each (act, containers) in turn, the containers of a round four at a time."""
    began = time.monotonic()
    for act, containers in rounds:
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(act, containers))
    return time.monotonic() - began


def open_ports(base: Container) -> set[str]:
    """The listening ports in the base's network, as in the kernel's tables; none while it is not ready."""
    pid = ask("GET", f"/containers/{base['Name']}/json")["State"]["Pid"]
    if not Path(f"/proc/{pid}/cmdline").read_bytes().startswith(READY):
        return set()
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        rows = [line.split() for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]]
        found |= {table[:3] + row[1].rpartition(":")[2] for row in rows if row[3] in ("0A", "07")}
    return found


def ports_of(service: Container) -> set[str]:
    """What the decoy listens on, as its persona has it."""
    variables = dict(each.split("=", 1) for each in service["Body"]["Env"])
    return {f"{protocol}{number:04X}" for number, protocol in json.loads(variables["PERSONA"])["ports"]}


def listening(services: list[Container]) -> Act:
    """Waits until the services that join a base listen."""

    def wait(base: Container) -> None:
        mode = f"container:{base['Name']}"
        joined = [each for each in services if each["Body"]["HostConfig"]["NetworkMode"] == mode]
        wanted = set().union(*map(ports_of, joined))
        while not wanted <= open_ports(base):
            time.sleep(0.02)

    return wait


def main(one: str) -> None:
    bases, services = described()
    single = [each for each in services if each["Name"] == one]
    its_base = [each for each in bases if each["Name"] == one.rpartition("-")[0]]
    wait = listening(services)
    figures = {
        "stop": taken((kill, services), (kill, bases)),
        "start": taken((start, bases), (start, services)),
    }
    taken((wait, bases))
    figures["one"] = taken((kill, single), (remove, single), (create, single))
    taken((wait, bases))
    figures["one_serving"] = taken((kill, single), (remove, single), (create, single), (wait, its_base))
    figures["end"] = taken((end, services), (remove, services), (remove, bases))
    figures["serving"] = taken((create, bases), (create, services), (wait, bases))
    figures["remove"] = taken((remove, services), (remove, bases))
    figures["create"] = taken((create, bases), (create, services))
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1])
