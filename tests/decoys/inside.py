"""A decoy inside the test's own process, in a thread: for tests that talk to many of them, or very often."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import socket
import tempfile
import threading
import time
from typing import Any

from free_ports import free_port
from process import undefined_fields
from sending import receive_all, send_all

from decnet.decoys.events import Recorder
from decnet.decoys.persona import Persona
from decnet.decoys.serve import SERVICES

SEED = "00112233445566778899aabbccddeeff"
SAFETY_SECONDS = 30.0


class Inside:
    """One running decoy; what goes wrong in it is in `complaints`."""

    def __init__(self, service: str, protocol: str = "tcp", **persona: Any) -> None:
        self.port = free_port()
        whole: dict[str, Any] = {
            "service": service, "hostname": "web01", "os": "linux", "release": "debian-12", "banner": "",
            "seed": SEED, "ports": ((self.port, protocol),), "settings": {}, "address": "127.0.0.1",
            "mac": "00:50:56:01:02:03",
        }  # fmt: skip
        self.complaints: list[dict[str, Any]] = []
        self.persona = Persona(**(whole | persona))
        self._module = importlib.import_module(f"decnet.decoys{SERVICES[service]}")
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (close() closes it)
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _, context: self.complaints.append(context))
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._stop = self._call(self._start())

    async def _start(self) -> Any:
        return await self._module.start(self.persona, Recorder(self._output.fileno()))

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SAFETY_SECONDS)

    def ask(self, data: bytes) -> bytes:
        """Send bytes as they are, then nothing more; everything that comes back until the decoy closes."""
        with socket.create_connection(("127.0.0.1", self.port), SAFETY_SECONDS) as line:
            send_all(line, data)
            return receive_all(line)

    def undefined(self) -> list[str]:
        """How its events differ from the table of kinds and fields."""
        size = os.fstat(self._output.fileno()).st_size
        return undefined_fields(self.persona.service, os.pread(self._output.fileno(), size, 0))

    def events(self, kind: str | None = None, count: int = 1) -> list[dict[str, Any]]:
        """The events so far; waits until there are `count` of this kind."""
        deadline = time.monotonic() + SAFETY_SECONDS
        while True:
            lines = os.pread(self._output.fileno(), 1 << 24, 0).rpartition(b"\n")[0].splitlines()
            found = [event for event in map(json.loads, lines) if kind in (None, event["kind"])]
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.005)

    def close(self) -> None:
        """End it."""
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SAFETY_SECONDS)
        self._loop.close()
        self._output.close()
