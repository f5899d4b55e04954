"""The agent's file, built once; a desk without an engine, and one on a worker of a practice network."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet.lab import Lab, down, run_argv, up
from decnet.worker.agent_package import build_agent

# pytest's import mode leaves it to us to find the module that the tests of this folder share.
sys.path.insert(0, str(Path(__file__).parent))

from agent_desk import FLEET, MODERN, OLDER, WORKER, Desk  # noqa: E402

IMAGES = ("decnet/base:0123456789ab", "decnet/decoys:0123456789ab")


@pytest.fixture(scope="session")
def agent_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    content, sha256 = build_agent()
    place = tmp_path_factory.mktemp("agent") / f"{sha256}.pyz"
    place.write_bytes(content)
    return place


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The agent's folder, for code of the agent that is called in this process too."""
    place = tmp_path / "agent-home"
    place.mkdir(mode=0o700)
    monkeypatch.setenv("DECNET_AGENT_HOME", str(place))
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", "/nonexistent/docker.sock")
    return place


@pytest.fixture
def desk(agent_file: Path, home: Path) -> Desk:
    return Desk(agent_file, home)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    # Always in the same folder: what a killed run left is found there, and taken down first.
    shared = Lab("tagent")
    down(shared)
    up(shared, workers=2, engines=("trixie", "host"))
    for machine in (MODERN, OLDER):
        for name in IMAGES:
            subprocess.run(
                run_argv(shared, machine, ["docker", "import", "-c", _ENTRY[name], "-", name]),
                input=_busybox(), check=True, capture_output=True, timeout=60,
            )  # fmt: skip
    yield shared
    down(shared)


@pytest.fixture
def worker(lab: Lab, agent_file: Path) -> Iterator[Desk]:
    """A fresh agent, enrolled on a modern engine, which holds no container of an earlier test."""
    yield from _enrolled(lab, MODERN, agent_file, "/usr/bin/python3")


@pytest.fixture
def older_worker(lab: Lab, agent_file: Path) -> Iterator[Desk]:
    """The same on this machine's own engine."""
    yield from _enrolled(lab, OLDER, agent_file, sys.executable)


def _enrolled(lab: Lab, machine: str, agent_file: Path, python: str) -> Iterator[Desk]:
    # Of this machine's files the modern worker sees only its own folder.
    place = lab.folder / machine / "desk"
    agent = place.with_suffix(".pyz")
    shutil.copy(agent_file, agent)
    own = [f"DECNET_AGENT_HOME={place}", "DECNET_DOCKER_SOCKET=/run/docker.sock"]
    seat = Desk(agent, place, "/run/docker.sock", run_argv(lab, machine, ["env", *own]), python=python)
    seat.get("enrol", {"worker_id": WORKER, "fleet_id": FLEET})
    yield seat
    clear(lab, machine)
    shutil.rmtree(place, ignore_errors=True)


def clear(lab: Lab, machine: str = MODERN) -> None:
    script = (
        'ids=$(docker ps -aq); [ -z "$ids" ] || docker rm -f $ids >/dev/null; '
        "docker network rm decnet_lan >/dev/null 2>&1; true"
    )
    subprocess.run(run_argv(lab, machine, ["sh", "-c", script]), check=True, timeout=120)


_ENTRY = {
    IMAGES[0]: 'ENTRYPOINT ["/bin/busybox","sleep","100000"]',
    IMAGES[1]: 'CMD ["/bin/busybox","sleep","100000"]',
}


def _busybox() -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
        for name in ("sh", "cat", "sleep"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return archive.getvalue()
