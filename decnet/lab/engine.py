"""A worker's own Docker engine."""

import contextlib
import json
import os
import signal
import socket
import tarfile
import time
from pathlib import Path
from typing import Final

from decnet.errors import Failed
from decnet.lab import choice, processes
from decnet.lab.enter import run_in
from decnet.lab.ground import inside
from decnet.lab.layout import Place
from decnet.lab.processes import Process, await_role, launch, recorded, wait_until_gone

ENGINE: Final = ("dockerd", "containerd")


def start(place: Place) -> None:
    """Start the engine unless it runs; `await_engine` waits until it answers."""
    if recorded(place, "dockerd"):
        return
    _remove_stale_pid_files(place)
    config, chosen = place.folder / "daemon.json", choice.of(place)
    config.write_text(json.dumps({
        "hosts": ["unix:///run/docker.sock"],
        "data-root": "/var/lib/docker",
        "exec-root": "/run/docker",
        "pidfile": "/run/docker.pid",
        "bridge": "none",
        "iptables": False,
        "cgroup-parent": f"/{place.cgroup}",
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        **chosen.settings,
    }, indent=1))  # fmt: skip
    words = [*inside(place), "env", *chosen.environment, "dockerd", "--config-file", str(config)]
    launch(place, "dockerd", words)


def await_engine(place: Place, *, limit: float = 60) -> None:
    """Wait until the engine answers. Raises Failed with the end of its log."""
    await_role(place, "dockerd", lambda: answers(place), limit=limit)


def answers(place: Place, *, limit: float = 2) -> bool:
    """Whether the engine answers a ping on its socket within `limit` seconds."""
    try:
        folder = os.open(place.folder / "run", os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(limit)
            # Through the folder's descriptor, because the path of a socket is limited to 107 bytes.
            wire.connect(f"/proc/self/fd/{folder}/docker.sock")
            wire.sendall(b"GET /_ping HTTP/1.0\r\nHost: lab\r\n\r\n")
            return b" 200 " in wire.recv(64)
    except OSError:
        return False
    finally:
        os.close(folder)


def stop(place: Place, *, limit: float = 40) -> None:
    """Terminate the engine, which stops its containers; kill what is left after `limit` seconds."""
    daemons = engine_processes(place)
    processes.end(daemons, number=signal.SIGCONT)
    processes.end([one for one in daemons if one.name == "dockerd"], number=signal.SIGTERM)
    deadline = time.monotonic() + limit
    for one in daemons:
        wait_until_gone(one, max(0.0, deadline - time.monotonic()))
    processes.end(engine_processes(place))
    for one in daemons:
        wait_until_gone(one, 5)


def drop_containers(place: Place) -> None:
    """Remove all containers, unless the engine does not answer or refuses."""
    with contextlib.suppress(Failed):
        if answers(place) and (found := run_in(place, ["docker", "ps", "-aq"]).split()):
            run_in(place, ["docker", "rm", "-f", *found], limit=120)


def engine_processes(place: Place) -> list[Process]:
    """The engine's two daemons, without the shims that outlive them."""
    return [process for process in processes.of_place(place) if process.name in ENGINE]


def _remove_stale_pid_files(place: Place) -> None:
    """After a kill, the pid in an engine's pid file may belong to an unrelated process."""
    living = {process.pid for process in engine_processes(place)}
    for path in ("docker.pid", "docker/containerd/containerd.pid"):
        file = place.folder / "run" / path
        if file.exists() and file.read_text().strip() not in {str(pid) for pid in living}:
            file.unlink()


def load(place: Place, tarball: Path, *, limit: float = 600) -> bool:
    """`docker load` a tarball unless the engine has its images. Returns whether it was loaded."""
    wanted = _image_ids(tarball)
    if wanted and _has(place, wanted):
        return False
    # Through a pipe, because the engine may have another root file system.
    with tarball.open("rb") as stream:
        run_in(place, ["docker", "load", "--quiet"], limit=limit, stdin=stream)
    return True


def _has(place: Place, ids: list[str]) -> bool:
    try:
        run_in(place, ["docker", "image", "inspect", "--format", "{{.Id}}", *ids], limit=30)
    except Failed:
        return False
    return True


def _image_ids(tarball: Path) -> list[str]:
    """The ids of the images in a `docker save` tarball; empty if its format is unknown."""
    try:
        with tarfile.open(tarball) as archive:
            member = archive.extractfile("manifest.json")
            entries = json.load(member) if member else []
        return [f"sha256:{Path(str(entry['Config'])).name.removesuffix('.json')}" for entry in entries]
    except (tarfile.TarError, KeyError, ValueError, TypeError):
        return []
