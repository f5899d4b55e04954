"""What a heartbeat and a pull of events cost the agent with many containers.

The containers are real processes in network namespaces of their own, with an interface, an address and open
ports, before an engine that lists them as Docker does: so the figures are the agent's, whatever the engine
takes for its list, and 300 of them start within seconds.

    python -m tests.bench.beats engine SOCKET ROWS
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .growth import Growth
from .rows import Result, Row

sys.path[:0] = [str(Path(__file__).parents[1] / "agent"), str(Path(__file__).parents[1])]

SIZES = (9, 99, 300)
SERVICES = (("ssh", 22), ("http", 80))
TRIES = 7
FINGERPRINT = "f" * 64
BASE = """ip link add eth0 type veth peer name far && ip link set far up && ip link set eth0 up || exit 1
ip address add {address}/16 dev eth0 || exit 1
exec -a /bin/busybox sh sleep"""
"""Looks like a ready base: the shell runs the file `sleep`, which waits for its input to end."""
LISTEN = """import socket, time
held = [socket.create_server(("", port)) for port in (22, 80)]
print(flush=True)
time.sleep(3600)"""


def beat_rows() -> list[Result]:
    """CPU seconds of the agent with all that it starts, the least of some runs."""
    beats, pulls = [], []
    for size in SIZES:
        with _worker(size) as desk:
            desk.get("status")
            beats.append((float(size), _least(lambda desk=desk: desk.get("status"))))
            desk.get("events", {"after": 0})
            pulls.append((float(size), _least(lambda desk=desk: desk.get("events", {"after": 0}))))
    empty = _least(lambda: subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True))
    (few, least), (many, most) = beats[0], beats[-1]
    each = (most - least) / (many - few)
    what = "CPU of a heartbeat for each further container"
    return [
        Growth("CPU of a heartbeat", tuple(beats), "containers"),
        Row(what, each * 1000, empty * 1000, "python3 -I -S -c pass", 0.02, "ms"),
        Growth("CPU of a pull without events", tuple(pulls), "containers"),
    ]


def _least(work: Any) -> float:
    found = []
    for _ in range(TRIES):
        before = _children()
        work()
        found.append(_children() - before)
    return min(found)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _worker(size: int) -> Iterator[Any]:
    """The desk of an agent whose worker has so many containers, all of them ready."""
    from agent_desk import Desk

    from decnet.worker.agent_package import build_agent
    from decnet.worker.agent_start import start

    class Installed(Desk):
        """Started as an operator's decnet starts it, which keeps its byte code."""

        def argv(self, *words: str) -> list[str]:
            return [self.python, *start(str(self.agent)), *words]

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sleep").write_text("read forever\n")
        content, sha256 = build_agent()
        (folder / f"{sha256}.pyz").write_bytes(content)
        (folder / "home").mkdir()
        desk = Installed(folder / f"{sha256}.pyz", folder / "home", str(folder / "docker.sock"))
        desk.enrolled_by_hand()
        processes: list[subprocess.Popen[bytes]] = []
        try:
            rows, listeners = _deckies(folder, size // (1 + len(SERVICES)), processes)
            _applied(folder / "home", rows)
            (folder / "rows.json").write_text(json.dumps(rows))
            engine = [
                sys.executable,
                "-m",
                "tests.bench.beats",
                "engine",
                desk.socket,
                str(folder / "rows.json"),
            ]
            processes.append(subprocess.Popen(engine, stdout=subprocess.PIPE))
            assert processes[-1].stdout is not None
            processes[-1].stdout.readline()
            while any(each["ready"] != "yes" for each in desk.get("status")["containers"]):
                continue
            for each in listeners:
                each.kill()
            yield desk
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _deckies(
    folder: Path, count: int, processes: list[subprocess.Popen[bytes]]
) -> tuple[list[dict[str, Any]], list[subprocess.Popen[bytes]]]:
    """Docker's rows of their containers, each with its `Pid`; and what listens until the agent saw it."""
    rows, listeners = [], []
    for number in range(count):
        address = f"10.99.{number >> 8}.{number & 0xFF}"
        base = _started(["unshare", "--net", "bash", "-c", BASE.format(address=address)], folder, processes)
        while not Path(f"/proc/{base}/cmdline").read_bytes().startswith(b"/bin/busybox"):
            assert processes[-1].poll() is None, "the namespace of a base could not be made"
            time.sleep(0.005)
        inside = ["nsenter", f"--net=/proc/{base}/ns/net"]
        pids = [_started([*inside, "bash", "-c", "exec sh sleep"], folder, processes) for _ in SERVICES]
        listeners.append(subprocess.Popen([*inside, sys.executable, "-c", LISTEN], stdout=subprocess.PIPE))
        processes.append(listeners[-1])
        rows.append(_row(f"web-{number:03}", "", base, address))
        rows += [
            _row(f"web-{number:03}", s, pid, rows[-1]["Id"])
            for (s, _), pid in zip(SERVICES, pids, strict=True)
        ]
    for each in listeners:
        assert each.stdout is not None
        each.stdout.readline()
    return rows, listeners


def _started(argv: list[str], folder: Path, processes: list[subprocess.Popen[bytes]]) -> int:
    processes.append(subprocess.Popen(argv, cwd=folder, stdin=subprocess.PIPE))
    return processes[-1].pid


def _row(decky: str, service: str, pid: int, where: str) -> dict[str, Any]:
    """As /containers/json has it (Docker 28); `where`: a base's address, or the id of the base."""
    from agent_desk import labels

    name = f"{decky}-{service}" if service else decky
    compose = {
        f"com.docker.compose.{each}": "x" * 40
        for each in ("config-hash", "container-number", "image", "oneoff", "project", "service", "version")
    }
    lan = {
        "IPAMConfig": {"IPv4Address": where}, "Links": None, "Aliases": None,
        "MacAddress": "02:42:0a:63:00:01",
        "NetworkID": "a" * 64, "EndpointID": "b" * 64, "Gateway": "10.99.255.254", "IPAddress": where,
        "IPPrefixLen": 16, "IPv6Gateway": "", "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0,
    }  # fmt: skip
    return {
        "Id": os.urandom(32).hex(), "Names": ["/" + name], "Image": "decnet/decoys:0123456789ab",
        "ImageID": "sha256:" + "c" * 64, "Command": "python3 -OO -m decoys " + service, "Created": 1764000000,
        "Labels": {**labels(decky, service, FINGERPRINT, "decnet"), **compose}, "State": "running",
        "Ports": [], "Status": "Up 2 hours", "Mounts": [], "Pid": pid,
        "HostConfig": {"NetworkMode": "container:" + where if service else "decnet_lan"},
        "NetworkSettings": {"Networks": {} if service else {"decnet_lan": lan}},
    }  # fmt: skip


def _applied(home: Path, rows: list[dict[str, Any]]) -> None:
    """The state that such a fleet leaves on its worker."""
    from agent_desk import FLEET

    deckies: dict[str, Any] = {}
    for row in rows:
        decky, service = row["Labels"]["decnet.decky"], row["Labels"]["decnet.service"]
        ports = [[dict(SERVICES)[service], "tcp"]] if service else []
        entry = deckies.setdefault(decky, {"containers": {}, "decky": {"attachments": []}})
        described = {"service": service, "fingerprint": FINGERPRINT, "image": row["Image"], "ports": ports}
        entry["containers"][row["Names"][0][1:]] = described
        if not service:
            address = row["NetworkSettings"]["Networks"]["decnet_lan"]["IPAddress"]
            attachment = {"network": "decnet_lan", "address": address, "mac": "02:42:0a:63:00:01"}
            entry["decky"]["attachments"].append(attachment)
    content = {"schema": 2, "fleet_id": FLEET, "networks": {}, "images": {}, "deckies": deckies}
    (home / "projects" / "decnet").mkdir(parents=True)
    known = {"slice": content, "generation": 1, "plan_hash": "e" * 64}
    (home / "projects" / "decnet" / "slice.json").write_text(json.dumps(known))


def serve(place: Path, rows: list[dict[str, Any]]) -> None:
    """Answer as an engine with these containers, without any lines in their logs, until the process ends."""
    from log_engine import LogEngine

    class Engine(LogEngine):
        def answer(self, path: str, query: dict[str, list[str]]) -> Iterator[bytes]:
            words = path.strip("/").split("/")
            if words == ["containers", "json"]:
                yield listed
            elif words[-1] == "logs":
                return
            elif words[0] == "containers":
                state = {"Status": "running", "Pid": pids[words[1]], "ExitCode": 0}
                yield json.dumps({"State": state, "RestartCount": 0}).encode()
            else:
                yield from super().answer(path, query)

    pids = {row["Id"]: row.pop("Pid") for row in rows}
    listed = json.dumps(rows).encode()
    Engine(place)
    print("ready", flush=True)
    time.sleep(3600)


if __name__ == "__main__":
    serve(Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text()))
