"""The built agent, asked as the operator asks it: one process per verb, framed answers."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from decnet.wire import NETWORK, PROJECT, PROTOCOL, Unframer, container_name, digest, parse

FLEET = "fleet-1"
WORKER = "worker-1"
MODERN, OLDER = "w1", "w2"
"""Debian 13, and this machine's own Docker."""

MARKER = "0123456789abcdef" * 2


@dataclass
class Desk:
    """Where the agent is asked: its file, its folder, and the command that leads to its machine."""

    agent: Path
    home: Path
    socket: str = "/nonexistent/docker.sock"
    before: Sequence[str] = ()
    extra: dict[str, str] = field(default_factory=dict)
    protocol: int = PROTOCOL
    python: str = sys.executable

    def argv(self, *words: str) -> list[str]:
        return [*self.before, self.python, "-I", "-S", str(self.agent), *words]

    def environment(self) -> dict[str, str]:
        own = {"DECNET_AGENT_HOME": str(self.home), "DECNET_DOCKER_SOCKET": self.socket}
        return {"PATH": os.environ["PATH"], **own, **self.extra}

    def raw(self, *words: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.argv(*words),
            input=stdin,
            capture_output=True,
            env=self.environment(),
            timeout=120,
            check=False,
        )

    def ask(self, verb: str, args: dict[str, Any] | None = None, stream: bytes = b"") -> dict[str, Any]:
        """The whole answer: {"v", "ok", "result"} or {"v", "ok", "error"}."""
        return answer_in(self.raw(verb, stdin=self.line(args or {}) + stream))

    def line(self, args: dict[str, Any]) -> bytes:
        """A request as it stands on the agent's standard input."""
        return json.dumps({"v": self.protocol, "marker": MARKER, "args": args}).encode() + b"\n"

    def get(self, verb: str, args: dict[str, Any] | None = None, stream: bytes = b"") -> dict[str, Any]:
        answer = self.ask(verb, args, stream)
        assert answer["ok"], answer
        result: dict[str, Any] = answer["result"]
        return result

    def refused(self, verb: str, args: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.ask(verb, args)
        assert not answer["ok"], answer
        error: dict[str, Any] = answer["error"]
        return error

    def enrolled_by_hand(self) -> Desk:
        """Enrolment without an engine: the file that it would write."""
        known = {"worker_id": WORKER, "fleet_id": FLEET, "engine_id": None, "home": str(self.home)}
        (self.home / "identity.json").write_text(json.dumps(known))
        return self

    def end_of(self, request_id: str, seconds: float = 60) -> dict[str, Any]:
        """The job's row in `status` once it is over."""
        deadline = time.monotonic() + seconds
        while True:
            rows = [job for job in self.get("status")["jobs"] if job["request_id"] == request_id]
            if rows and rows[0]["state"] != "running":
                return dict(rows[0])
            assert time.monotonic() < deadline, rows
            time.sleep(0.1)


def another_version(agent: bytes, version: int, protocol: int = PROTOCOL) -> bytes:
    """That agent as a later or an earlier one: other numbers, every module at another place in the file."""
    parcel = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(agent)) as old, zipfile.ZipFile(parcel, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "decnet/wire/limits.py":
                text = re.sub(r"(?m)^AGENT_VERSION = .*$", f"AGENT_VERSION = {version}", content.decode())
                content = re.sub(r"(?m)^PROTOCOL = .*$", f"PROTOCOL = {protocol}", text).encode()
            if name.endswith(".py"):
                new.writestr(zipfile.ZipInfo(name), b"# another\n" + content)
    return parcel.getvalue()


def answer_in(ended: subprocess.CompletedProcess[bytes], marker: str = MARKER) -> dict[str, Any]:
    payload = Unframer(marker).feed(ended.stdout)
    assert payload is not None, ended
    answer = parse(payload)
    assert isinstance(answer, dict)
    return answer


def mac_of(ip: str) -> str:
    return f"02:42:c0:00:02:{int(ip.split('.')[-1]):02x}"


def base(name: str, ip: str, fingerprint: str, project: str = PROJECT) -> dict[str, Any]:
    return {
        "container_name": container_name(project, name),
        "image": "decnet/base:0123456789ab",
        "hostname": "host-" + name,
        "labels": labels(name, "", fingerprint, project),
        "networks": {"lan": {"ipv4_address": ip}},
        "mac_address": mac_of(ip),
        "sysctls": {
            "net.ipv4.ip_default_ttl": "64",
            "net.ipv4.ip_unprivileged_port_start": "0",
            "net.ipv6.conf.all.disable_ipv6": "1",
        },
        "cap_drop": ["ALL"],
        "cap_add": ["NET_ADMIN", "NET_RAW", "SETUID", "SETGID", "SETPCAP"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "mem_limit": "32m",
        "pids_limit": 32,
        "cpus": 0.5,
        "restart": "unless-stopped",
        "stop_signal": "SIGKILL",
        "environment": {"SUBNET": "192.0.2.0/24", "ADDRESS": ip, "MAC": mac_of(ip)},
        "logging": {"driver": "json-file", "options": {"max-size": "1m", "max-file": "2"}},
    }


def service(
    name: str, role: str, command: list[str], fingerprint: str, project: str = PROJECT
) -> dict[str, Any]:
    return {
        "container_name": container_name(project, name, role),
        "image": "decnet/decoys:0123456789ab",
        "labels": labels(name, role, fingerprint, project),
        "network_mode": "service:" + container_name(project, name),
        "command": command,
        "user": "65534:65534",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "mem_limit": "64m",
        "pids_limit": 64,
        "cpus": 0.5,
        "restart": "unless-stopped",
        "stop_signal": "SIGTERM",
        "stop_grace_period": "2s",
        "environment": {"PERSONA": '{"price":"$$5"}'},
        "logging": {"driver": "json-file", "options": {"max-size": "4m", "max-file": "3"}},
    }


def labels(decky: str, role: str, fingerprint: str, project: str) -> dict[str, str]:
    return {
        "decnet.fleet": FLEET,
        **({} if project == PROJECT else {"decnet.project": project}),
        "decnet.decky": decky,
        "decnet.service": role,
        "decnet.fingerprint": fingerprint,
    }


def decoy(port: int, run: str) -> list[str]:
    """A decoy in one line of shell: logs one event, logs another on SIGTERM, and listens."""
    event = (
        '{"run":"%s","n":%d,"at":1.5,"kind":"%s","src":"192.0.2.250","sport":1,"session":"abc","fields":{}}'
    )
    hello, good_bye = event % (run, 1, "contact"), event % (run, 2, "disconnect")
    script = (
        f"echo '{hello}'; trap 'echo \"$$BYE\"; kill $$!; exit 0' TERM; BYE='{good_bye}'; "
        f"/bin/busybox nc -ll -p {port} -e /bin/busybox cat & wait"
    )
    return ["/bin/busybox", "sh", "-c", script]


def bundle(
    deckies: dict[str, tuple[str, dict[str, int]]],
    request_id: str,
    generation: int,
    steps: list[dict[str, Any]] | None = None,
    commands: dict[str, list[str]] | None = None,
    lan: dict[str, Any] | None = None,
    project: str = PROJECT,
) -> dict[str, Any]:
    """The arguments of `apply` for deckies {name: (address, {service: TCP port})}; by default all of them
    are created."""
    services: dict[str, Any] = {}
    entries: dict[str, Any] = {}
    for name, (ip, roles) in deckies.items():
        mark, own_base = digest([project, name, ip]), container_name(project, name)
        services[own_base] = base(name, ip, mark, project)
        rows = {own_base: row("", mark, services[own_base]["image"], [])}
        for role, port in roles.items():
            container = container_name(project, name, role)
            own = digest([container, port, mark, (commands or {}).get(container)])
            command = (commands or {}).get(container) or decoy(port, own[:16])
            services[container] = service(name, role, command, own, project)
            rows[container] = row(role, own, services[container]["image"], [[port, "tcp"]])
        home = {"network": NETWORK, "address": ip, "mac": mac_of(ip)}
        entries[name] = {"decky": {"name": name, "attachments": [home]}, "containers": rows}
    content = {
        "schema": 2,
        "project": project,
        "fleet_id": FLEET,
        "worker_id": WORKER,
        "networks": {NETWORK: {**LAN, **(lan or {})}},
        "deckies": entries,
    }
    document = {
        "version": "2.4",
        "networks": {"lan": {"external": True, "name": "decnet_lan"}},
        "services": services,
    }
    if steps is None:
        steps = [step(name, "create", up=list(entry["containers"])) for name, entry in entries.items()]
    whole = {"project": project, "slice": content, "steps": steps, "compose": document}
    return signed(whole, request_id, generation)


def signed(whole: dict[str, Any], request_id: str, generation: int) -> dict[str, Any]:
    return {
        **whole,
        "request_id": request_id,
        "generation": generation,
        "hash": digest(whole),
        "plan_hash": digest(whole["slice"]),
    }


LAN = {
    "name": NETWORK,
    "kind": "lan",
    "driver": "macvlan",
    "interface": "eth0",
    "subnet": "192.0.2.0/24",
    "gateway": "192.0.2.1",
    "use": [],
    "exclude": [],
}


def row(role: str, fingerprint: str, image: str, ports: list[Any]) -> dict[str, Any]:
    return {"service": role, "fingerprint": fingerprint, "image": image, "ports": ports}


def step(
    decky: str,
    operation: str,
    *,
    remove: Sequence[dict[str, str]] = (),
    up: Sequence[str] = (),
    start: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "decky": decky,
        "operation": operation,
        "remove": list(remove),
        "up": list(up),
        "start": list(start),
    }
