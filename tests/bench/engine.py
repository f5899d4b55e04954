"""Deploys, the heartbeat and a decky's memory, on a practice worker's own Docker engine."""

from __future__ import annotations

import json
import shlex
import time
from pathlib import Path

from decnet.wire import PROTOCOL
from decnet.worker.agent_start import start

from .place import median, on_worker
from .rows import Row

DECKIES = 20
FLEET = f"""
[network]
addresses = {{ use = ["192.0.2.100-192.0.2.199"] }}
[decky.many]
count = {DECKIES}
services = ["ssh", "http"]
"""

LIST = """import socket, time
began = time.perf_counter()
engine = socket.socket(socket.AF_UNIX)
engine.connect("/var/run/docker.sock")
engine.sendall(b"GET /containers/json?all=1 HTTP/1.0\\r\\nHost: docker\\r\\n\\r\\n")
while engine.recv(65536):
    pass
print(time.perf_counter() - began)"""
"""Prints the seconds that the engine takes to list its containers."""


def deploy_rows() -> list[Row]:
    """A cold deploy against the engine's own limit, a converged one against compose with nothing to do."""
    fleet = Path("/tmp/decnet-bench-fleet.toml")
    fleet.write_text(FLEET)
    deploy = ("decnet", "deploy", "-c", str(fleet), "--yes")
    began = time.perf_counter()
    on_worker(*deploy)
    cold = time.perf_counter() - began
    converged = median(lambda: on_worker(*deploy), 5)
    compose = (
        "docker-compose",
        "-p",
        "decnet",
        "-f",
        "/var/lib/decnet-agent/projects/decnet/compose.json",
        "up",
        "-d",
        "--no-build",
        "--no-recreate",
    )
    idle = median(lambda: on_worker(*compose), 3)
    limit = engine_limit()
    fleet.unlink()
    return [
        Row(f"cold deploy of {DECKIES} deckies, {3 * DECKIES} containers", cold, limit,
            "the engine alone, 4 threads", 1.11),
        Row("converged deploy of the same", converged, idle, "compose with nothing to do", 0.1),
    ]  # fmt: skip


def engine_limit() -> float:
    """Seconds in which the engine starts as many containers when four clients do nothing but ask it to."""
    image = on_worker("docker", "inspect", "-f", "{{.Config.Image}}", "many-01").strip()
    script = (
        f"seq {3 * DECKIES} | xargs -P 4 -I N docker run -d --name lim-N --network none "
        f"--entrypoint /bin/busybox {image} sleep 300 >/dev/null"
    )
    began = time.perf_counter()
    on_worker("sh", "-c", script)
    taken = time.perf_counter() - began
    on_worker("sh", "-c", "docker ps -aq --filter name=lim- | xargs docker rm -f >/dev/null")
    return taken


def heartbeat_rows() -> list[Row]:
    """The agent's status, as the worker runs it."""
    request = json.dumps({"v": PROTOCOL, "marker": "0" * 32, "args": {"cursor": None}})
    agent = on_worker("sh", "-c", "ls -t /var/lib/decnet/agents/*.pyz | head -1").strip()
    ask = f"echo '{request}' | /usr/bin/python3 "
    status = median(lambda: on_worker("sh", "-c", f"{ask} {shlex.join(start(agent))} status"), 15)
    nothing = median(lambda: on_worker("sh", "-c", f"{ask} -I -S -c pass"), 15)
    listing = median(lambda: on_worker("sh", "-c", "docker ps -a"), 15)
    engine = sorted(float(on_worker("/usr/bin/python3", "-c", LIST)) for _ in range(15))[7]
    containers = 3 * DECKIES
    return [
        Row(f"agent status, {containers} containers", status, nothing, "python3 -I -S -c pass", 3),
        Row(f"agent status, {containers} containers", status, nothing + engine, "pass and the engine's list"),
        Row(f"agent status, {containers} containers", status, listing, "docker ps -a", 2),
    ]
