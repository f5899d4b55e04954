"""Decoys as plain processes on loopback, as they run in their image."""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import decnet

sys.path.insert(0, str(Path(__file__).parent))

from inside import Inside  # noqa: E402 (the folder is no package)

SEED = "00112233445566778899aabbccddeeff"
SAFETY_SECONDS = 30.0
MOST_MEMORY = 1 << 30
"""Bytes of address space: a decoy that runs away ends, and not this machine."""


class Decoy:
    """One running decoy. `program`: what Python runs. `longest_wait`: seconds that a wait takes at most."""

    def __init__(
        self,
        folder: Path,
        service: str,
        persona: dict[str, Any],
        protocol: str = "tcp",
        *,
        program: tuple[str, ...] = ("-m", "decoys"),
        longest_wait: float | None = None,
    ) -> None:
        self.port = free_port()
        self._protocol = protocol
        self._complaints = b""
        self.log = folder / f"{service}-{self.port}.jsonl"
        whole = {
            "service": service, "hostname": "web01", "os": "linux", "release": "debian-12", "banner": "",
            "seed": SEED, "ports": [[self.port, protocol]], "settings": {}, "address": "127.0.0.1", "mac": "",
        } | persona  # fmt: skip
        package = folder / "decoys"
        if not package.exists():
            package.symlink_to(Path(decnet.__file__).parent / "decoys")
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-OO", *program, service],
                cwd=folder,
                env={"PATH": os.environ["PATH"], "PERSONA": json.dumps(whole)}
                | ({} if longest_wait is None else {"LONGEST_WAIT": str(longest_wait)}),
                stdout=output,
                stderr=subprocess.PIPE,
            )
        resource.prlimit(self.process.pid, resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        self._wait_until_it_listens()

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + SAFETY_SECONDS
        while time.monotonic() < deadline:
            open_port = f":{self.port:04X} 00000000:0000 {'0A' if self._protocol == 'tcp' else '07'}"
            if open_port in Path(f"/proc/net/{self._protocol}").read_text():
                return
            assert self.process.poll() is None, self.process.communicate()[1].decode()
            time.sleep(0.02)
        raise AssertionError("the decoy does not listen")

    def ask(self, data: bytes, *, end: bool = True) -> bytes:
        """Send bytes as they are; everything that comes back until the decoy closes or is silent."""
        with socket.create_connection(("127.0.0.1", self.port), SAFETY_SECONDS) as line:
            line.sendall(data)
            if end:
                line.shutdown(socket.SHUT_WR)
            out = b""
            try:
                while piece := line.recv(65536):
                    out += piece
            except ConnectionResetError:
                pass
            return out

    def events(self, kind: str | None = None, count: int = 1) -> list[dict[str, Any]]:
        """The events so far; waits until there are `count` of this kind."""
        deadline = time.monotonic() + SAFETY_SECONDS
        while True:
            lines = self.log.read_bytes().rpartition(b"\n")[0].splitlines()
            found = [event for event in map(json.loads, lines) if kind in (None, event["kind"])]
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    def memory(self) -> float:
        """Its proportional set size in MiB."""
        found = re.search(
            r"^Pss: +(\d+) kB", Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(), re.M
        )
        assert found is not None
        return int(found[1]) / 1024

    def stop(self) -> int:
        """End it as Docker does; its exit status."""
        self.process.terminate()
        try:
            _, self._complaints = self.process.communicate(timeout=SAFETY_SECONDS)
        finally:
            self.process.kill()
        return self.process.returncode

    def complaints(self) -> bytes:
        """What it wrote to stderr, once it has stopped."""
        return self._complaints


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def decoy(tmp_path: Path) -> Iterator[Callable[..., Decoy]]:
    started: list[Decoy] = []

    def start(service: str, protocol: str = "tcp", **persona: Any) -> Decoy:
        started.append(Decoy(tmp_path, service, persona, protocol))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop()


@pytest.fixture
def inside() -> Iterator[Callable[..., Inside]]:
    """A decoy in this process; nothing may have gone wrong in it."""
    started: list[Inside] = []

    def start(service: str, **persona: Any) -> Inside:
        started.append(Inside(service, **persona))
        return started[-1]

    yield start
    for one in started:
        one.close()
    assert [one.complaints for one in started if one.complaints] == []


class OpenSsh:
    """The real client with a password at hand."""

    def __init__(self, folder: Path) -> None:
        self.askpass = folder / "askpass"

    def __call__(
        self,
        port: int,
        *words: str,
        user: str = "root",
        password: str = "123456",
        given: str = "",
        known_hosts: Path | str = "/dev/null",
        log_level: str = "ERROR",
    ) -> subprocess.CompletedProcess[str]:
        self.askpass.write_text(f"#!/bin/sh\necho '{password}'\n")
        self.askpass.chmod(0o700)
        options = [
            "StrictHostKeyChecking=no",
            f"UserKnownHostsFile={known_hosts}",
            f"LogLevel={log_level}",
            "NumberOfPasswordPrompts=1",
        ]
        argv = ["ssh", "-F", "/dev/null", "-p", str(port), *(part for one in options for part in ("-o", one))]
        flags = [word for word in words if word.startswith("-")]
        environment = {
            "PATH": os.environ["PATH"], "SSH_ASKPASS": str(self.askpass), "SSH_ASKPASS_REQUIRE": "force",
            "HOME": "/nonexistent",
        }  # fmt: skip
        return subprocess.run(
            [*argv, *flags, f"{user}@127.0.0.1", *(word for word in words if not word.startswith("-"))],
            input=given, env=environment, capture_output=True, text=True, timeout=SAFETY_SECONDS,
        )  # fmt: skip


@pytest.fixture
def ssh(tmp_path: Path) -> OpenSsh:
    return OpenSsh(tmp_path)
