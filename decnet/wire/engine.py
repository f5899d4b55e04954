"""Finds out which kind of Docker engine this machine has, and whether it is stopped, without starting it.

systemd keeps the engine's socket open while the engine is stopped: a connection to it starts the engine.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

SOCKET = "/run/docker.sock"
PID_FILE = "/var/run/docker.pid"
START = "systemctl start docker"
_LIMITS = {"memory": ("MemoryLimit",), "cpu": ("CpuCfsPeriod", "CpuCfsQuota"), "pids": ("PidsLimit",)}
_SYSTEMD = "/run/systemd/system"
_SYSTEMCTL = ("/usr/bin/systemctl", "/bin/systemctl")
_PATIENCE = 3.0


def kind_of(about: Dict[str, Any]) -> str:
    """The kind of engine that gives this answer to `/info`: podman, rootless, desktop or snap; "" for the
    usual one, Docker Engine from packages."""
    # pkg/api/handlers/types.go of Podman adds this key to Docker's.
    if "BuildahVersion" in about:
        return "podman"
    options = about.get("SecurityOptions")
    if isinstance(options, list) and "name=rootless" in [str(each).split(",")[0] for each in options]:
        return "rootless"
    if about.get("OperatingSystem") == "Docker Desktop":
        return "desktop"
    return "snap" if str(about.get("DockerRootDir")).startswith("/var/snap/") else ""


def missing_limits(about: Dict[str, Any]) -> List[str]:
    """The limits that the kernel cannot give, by the engine's answer to `/info`: memory, cpu, pids. Docker
    leaves out the first and the last by itself, and refuses every container with the second."""
    return [name for name, keys in _LIMITS.items() if any(about.get(key) is False for key in keys)]


def shares_parent(one: str, other: str, version: str) -> bool:
    """Whether that version of Docker lets networks of these drivers share an interface: before 28 no two of
    macvlan or ipvlan do, and the kernel never lets one of each."""
    major = version.split(".")[0]
    return one == other and major.isdigit() and int(major) >= 28


def is_stopped(socket_path: str) -> bool:
    """Whether systemd alone listens on that socket. False if that is unknown without a connection."""
    if not os.path.isdir(_SYSTEMD) or os.path.realpath(socket_path) != SOCKET or _runs():
        return False
    states = _states_of("docker.service", "docker.socket")
    return states in (["inactive", "active"], ["failed", "active"], ["deactivating", "active"])


def _runs() -> bool:
    """Whether the pid file names a running dockerd: the cheap check, and nearly always correct."""
    try:
        with open(PID_FILE) as file:
            pid = int(file.read(20))
        with open("/proc/%d/comm" % pid) as file:
            return file.read().startswith("dockerd")
    except (OSError, ValueError):
        return False


def _states_of(*units: str) -> "list[str]":
    """The state of each unit in systemd's terms; [] if it does not answer."""
    import subprocess

    program = next((each for each in _SYSTEMCTL if os.access(each, os.X_OK)), None)
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, "is-active", *units], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.decode("ascii", "replace").split()
