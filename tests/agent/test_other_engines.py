"""What other engines answer to `/info`, as enrolment and the agent understand it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from agent_desk import Desk

from decnet.model.worker import Facts
from decnet.worker import bootstrap
from decnet.worker.requirements import NO_MEMORY_LIMIT, REFUSED, Engine, Survey, facts_problems, problems_of

MOBY: dict[str, Any] = {
    "ID": "7cbdd5c2-6a07-4a3f-a61b-4f8bb9fd1a2d", "Driver": "overlay2", "LoggingDriver": "json-file",
    "CgroupDriver": "systemd", "CgroupVersion": "2", "MemoryLimit": True, "SwapLimit": True,
    "PidsLimit": True,
    "OperatingSystem": "Ubuntu 24.04.3 LTS", "OSVersion": "24.04", "OSType": "linux",
    "Architecture": "x86_64", "DockerRootDir": "/var/lib/docker", "ServerVersion": "28.2.2",
    "DefaultRuntime": "runc",
    "SecurityOptions": ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
    "Warnings": None,
}  # fmt: skip
"""Docker Engine of Ubuntu's own package."""

FEDORA = {**MOBY, "SecurityOptions": ["name=seccomp,profile=builtin", "name=selinux", "name=cgroupns"]}
ALPINE = {
    **MOBY, "OperatingSystem": "Alpine Linux v3.22", "CgroupDriver": "cgroupfs",
    "SecurityOptions": ["name=seccomp,profile=builtin", "name=cgroupns"],
}  # fmt: skip
USERNS = {**MOBY, "SecurityOptions": [*MOBY["SecurityOptions"], "name=userns"]}
ROOTLESS = {
    **MOBY, "DockerRootDir": "/home/ops/.local/share/docker",
    "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
}  # fmt: skip
DESKTOP = {
    **MOBY, "OperatingSystem": "Docker Desktop", "Name": "docker-desktop", "CgroupDriver": "cgroupfs",
    "SecurityOptions": ["name=seccomp,profile=unconfined", "name=cgroupns"],
}  # fmt: skip
SNAP = {**MOBY, "DockerRootDir": "/var/snap/docker/common/var-lib-docker"}
RASPBERRY = {
    **MOBY, "OperatingSystem": "Debian GNU/Linux 13 (trixie)", "Architecture": "aarch64",
    "MemoryLimit": False, "SwapLimit": False,
    "Warnings": ["WARNING: No memory limit support", "WARNING: No swap limit support"],
}  # fmt: skip
PODMAN = {
    "ID": "0d4f8a0e-41d9-4b4f-8d5b-e5f0b3c9a9c6", "Driver": "overlay", "CgroupDriver": "systemd",
    "CgroupVersion": "2", "MemoryLimit": True, "OperatingSystem": "rhel", "OSVersion": "9.6",
    "OSType": "linux", "DockerRootDir": "/var/lib/containers/storage", "ServerVersion": "5.4.0",
    "DefaultRuntime": "crun",
    "SecurityOptions": ["name=seccomp,profile=default", "name=selinux"],
    "BuildahVersion": "1.39.4", "CPURealtimePeriod": False, "Rootless": False,
    "ProductLicense": "Apache-2.0", "Warnings": [],
}  # fmt: skip
"""Podman's service on RHEL 9, behind the link /run/docker.sock of the package podman-docker."""

KINDS = {
    "ubuntu": (MOBY, "", True), "fedora": (FEDORA, "", True), "alpine": (ALPINE, "", True),
    "userns": (USERNS, "", True), "rootless": (ROOTLESS, "rootless", True),
    "desktop": (DESKTOP, "desktop", True), "snap": (SNAP, "snap", True), "podman": (PODMAN, "podman", True),
    "raspberry": (RASPBERRY, "", False),
}  # fmt: skip


@contextmanager
def serving(place: Path, about: Any) -> Iterator[str]:
    """An engine that answers this to `/info`, and empty lists to everything else."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        thread = threading.Thread(target=_serve, args=(listening, about), daemon=True)
        thread.start()
        yield str(place)
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(listening: socket.socket, about: Any) -> None:
    while True:
        try:
            connection = listening.accept()[0]
        except OSError:
            return
        with connection:
            path = connection.recv(65536).split(b" ")[1].partition(b"?")[0]
            body = json.dumps(about if path == b"/info" else []).encode()
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body)


def surveyed(place: str) -> Engine:
    """What the script `survey` reports of the engine there, as a machine runs it."""
    script = bootstrap._program("survey") + f"\nimport json\nprint(json.dumps(docker({place!r})))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-"], input=script.encode(), capture_output=True, check=True, timeout=60
    )
    return Engine.model_validate_json(done.stdout)


def problems(engine: Engine, compose: str | None = "2.40.3") -> str:
    survey = Survey(
        python="3.12.3", uid=0, user="root", docker=engine, compose=compose, disk_free_mib=9000, clock=1.0,
        home_ready=True, identity=None,
    )  # fmt: skip
    return "; ".join(f"{each.message}: {each.fix}" for each in problems_of(survey))


@pytest.mark.parametrize("name", KINDS)
def test_enrolment_and_the_agent_find_the_same_engine(desk: Desk, tmp_path: Path, name: str) -> None:
    about, kind, limits = KINDS[name]
    with serving(tmp_path / "engine.sock", about) as place:
        found = surveyed(place)
        desk.socket = place
        facts = Facts.model_validate(desk.enrolled_by_hand().get("facts"))
    assert (found.kind, found.limits_memory, found.version) == (kind, limits, about["ServerVersion"])
    assert (facts.engine_kind, facts.limits_memory) == (kind, limits)
    wanted = [REFUSED[kind]] if kind in REFUSED else []
    assert facts_problems(facts) == wanted + ([] if limits else [NO_MEMORY_LIMIT])


@pytest.mark.parametrize(
    ("about", "complaint"),
    [
        (PODMAN, "its Docker socket belongs to Podman, which decnet does not support"),
        (ROOTLESS, "its Docker is rootless, and cannot put containers on the LAN"),
        (DESKTOP, "its Docker is Docker Desktop, whose containers are not on the LAN"),
    ],
)
def test_an_engine_that_cannot_run_deckies_is_refused_with_one_sentence(
    tmp_path: Path, about: dict[str, Any], complaint: str
) -> None:
    with serving(tmp_path / "engine.sock", about) as place:
        found = surveyed(place)
    assert problems(found, None).startswith(f"{complaint}: ")
    assert problems(found, None).count("install Docker Engine") == 1


def test_the_snap_is_refused_for_its_compose_alone(tmp_path: Path) -> None:
    with serving(tmp_path / "engine.sock", SNAP) as place:
        found = surveyed(place)
    assert "snap package, whose Compose cannot read the agent's files" in problems(found, None)
    assert problems(found) == ""


@pytest.mark.parametrize("about", [[], "podman", {"ServerVersion": None, "SecurityOptions": 7}, {}])
def test_an_answer_that_is_no_engines_is_none(tmp_path: Path, about: Any) -> None:
    with serving(tmp_path / "engine.sock", about) as place:
        found = surveyed(place)
    assert (found.kind, found.error) in [("", "silent"), ("", None)]
