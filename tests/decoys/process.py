"""A decoy as a plain process on loopback, as it runs in its image."""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from free_ports import free_port
from sending import receive_all, send_all

import decnet
from decnet.wire.event_fields import faults_of

SEED = "00112233445566778899aabbccddeeff"
SAFETY_SECONDS = 30.0
MOST_MEMORY = 1 << 30
"""Bytes of address space: a decoy that runs away ends, and not this machine."""


def undefined_fields(service: str, log: bytes) -> list[str]:
    """How the events of a decoy's output differ from the table of kinds and fields."""
    events = [json.loads(line) for line in log.rpartition(b"\n")[0].splitlines() if line.startswith(b"{")]
    return sorted({each for e in events for each in faults_of(e["kind"], service, e["fields"])})


class Decoy:
    """One running decoy. `program`: what Python runs. `longest_wait`: seconds that a wait takes at most.
    `uploads`: the folder for uploaded files, which exists; None: none. `most_memory`: the limit of
    its container, in bytes."""

    def __init__(
        self,
        folder: Path,
        service: str,
        persona: dict[str, Any],
        protocol: str = "tcp",
        *,
        program: tuple[str, ...] = ("-m", "decoys"),
        longest_wait: float | None = None,
        uploads: Path | None = None,
        most_memory: int | None = None,
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
                env={"PATH": os.environ["PATH"], "PERSONA": json.dumps(whole), "FELLOWS": str(folder)}
                | ({} if longest_wait is None else {"LONGEST_WAIT": str(longest_wait)})
                | ({} if uploads is None else {"UPLOADS": str(uploads)})
                | ({} if most_memory is None else {"MOST_MEMORY": str(most_memory)}),
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
            send_all(line, data, end=end)
            return receive_all(line)

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

    def peak(self) -> float:
        """The most that it ever had in memory, in MiB, with what it shares."""
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text(), re.M)
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

    def undefined(self) -> list[str]:
        """How its events differ from the table of kinds and fields."""
        return undefined_fields(self.log.name.rpartition("-")[0], self.log.read_bytes())

    def complaints(self) -> bytes:
        """What it wrote to stderr, once it has stopped."""
        return self._complaints
