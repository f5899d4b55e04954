"""The real agent in this process, behind the real client, with every value encoded as on the wire."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from decnet.agent.program import VERBS
from decnet.agent.request import Refusal
from decnet.catalog import load
from decnet.engine.context import Context
from decnet.engine.progress import Event, Message
from decnet.store.atomic import write_whole
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.wire import PROTOCOL, canonical, parse
from decnet.worker.client import AgentClient
from decnet.worker.envelope import result_of

FLEET = "fleet-1"
WORKER = "worker-1"
CATALOG = load()
SHARED_MEMORY = Path("/dev/shm")


class NearbySession:
    """Calls the agent's functions, with every value encoded and decoded as on the wire. Pages are small."""

    worker = "w1"
    noise = 0
    protocol = PROTOCOL
    page = 3

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        if verb == "events":
            args = {**args, "limit": self.page}
        module, name, _ = VERBS[verb]
        function = getattr(import_module(f"decnet.agent.{module}"), name)
        try:
            answer = {"v": PROTOCOL, "ok": True, "result": function(parse(canonical(args)))}
        except Refusal as refusal:
            answer = {"v": PROTOCOL, "ok": False, "error": refusal.answer()}
        return result_of(parse(canonical(answer)), self.worker)

    async def close(self) -> None:
        return


class Engine:
    """A Docker engine that has containers with logs and nothing else: `get`, `stream` and `Question` of the
    agent's own module are the seam."""

    def __init__(self) -> None:
        self.logs: dict[str, list[bytes]] = {}
        self.is_up = True

    def get(self, path: str, query: dict[str, Any] | None = None, limit: float = 0.0) -> Any:
        self._answer()
        if path == "/info":
            return {"ID": "engine-1"}
        if path == "/containers/json":
            return [self._row(each) for each in self.logs]
        return {"State": {"Status": "exited", "ExitCode": 0}}

    def question(self, path: str, query: dict[str, Any] | None = None) -> SimpleNamespace:
        """A request whose answer is made when it is read."""
        return SimpleNamespace(answer=lambda: self.get(path, query), close=lambda: None)

    def stream(self, path: str, query: dict[str, Any] | None = None, limit: float = 0.0) -> Iterator[bytes]:
        self._answer()
        lines = self.logs[path.split("/")[2]]
        most = str((query or {}).get("tail", "all"))
        for line in lines if most == "all" else lines[-int(most) :]:
            yield bytes([1, 0, 0, 0]) + (len(line) + 1).to_bytes(4, "big") + line + b"\n"

    def _answer(self) -> None:
        if not self.is_up:
            raise Refusal("docker-down", "the engine does not answer")

    def _row(self, container: str) -> dict[str, Any]:
        labels = {"decnet.fleet": FLEET, "decnet.decky": "web", "decnet.service": "ssh"}
        return {"Id": container, "Names": [f"/{container}"], "Labels": labels, "State": "exited"}


class Nearby:
    """One worker and its operator, in one temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.agent_home = folder / "agent"
        self.agent_home.mkdir(mode=0o700)
        self.home = Home(folder / "home")
        open_home(self.home)
        self.said: list[str] = []
        self.client = AgentClient(NearbySession(), worker_id=WORKER, fleet_id=FLEET)
        self.ctx = Context(home=self.home, catalog=CATALOG, emit=self._hear, rng=Random(0))
        os.environ["DECNET_AGENT_HOME"] = str(self.agent_home)
        os.environ["DECNET_DOCKER_SOCKET"] = "/nonexistent"
        identity = {"worker_id": WORKER, "fleet_id": FLEET, "engine_id": "engine-1"}
        write_whole(self.agent_home / "identity.json", canonical(identity))

    def _hear(self, event: Event) -> None:
        if isinstance(event, Message) and event.level == "warning":
            self.said.append(event.text)

    def heard(self) -> list[str]:
        said, self.said = self.said, []
        return said

    def copy(self, name: str) -> Path:
        """A copy of the agent's folder, as a snapshot of the machine would have it."""
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.agent_home, target)
        return target

    def restore(self, copy: Path) -> None:
        shutil.rmtree(self.agent_home)
        shutil.copytree(copy, self.agent_home)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.environ.pop("DECNET_AGENT_HOME", None)
        os.environ.pop("DECNET_DOCKER_SOCKET", None)
