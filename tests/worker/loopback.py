"""An SSH server on loopback that can be made to misbehave at any stage."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from decnet.model.worker import Worker
from decnet.worker import connect, hostkeys
from decnet.worker.concurrency import Concurrency
from decnet.worker.ssh import SshSession
from decnet.worker.ssh_library import asyncssh

LIBRARY = asyncssh()
Behaviour = Callable[[Any], Awaitable[None]]


class Place:
    """A folder with the fleet's key, a server key and a known_hosts file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = folder / "fleet"
        self.known_hosts = folder / "known_hosts"
        self.fleet = LIBRARY.generate_private_key("ssh-ed25519")
        self.key.write_bytes(self.fleet.export_private_key("openssh"))
        self.key.chmod(0o600)
        self.server_key = LIBRARY.generate_private_key("ssh-ed25519")

    def worker(self, port: int, name: str = "w1") -> Worker:
        return Worker(name=name, worker_id=f"id-{name}", host="127.0.0.1", port=port, user="root")

    def pin(self, worker: Worker, key: Any = None) -> None:
        line = (key or self.server_key).export_public_key("openssh").decode()
        hostkeys.pin(self.known_hosts, worker, hostkeys.HostKey.parse(line), Path.write_bytes)

    def target(self, port: int) -> connect.Target:
        """What leads to a worker that is not pinned yet."""
        worker = self.worker(port)
        self.pin(worker)
        return connect.target_of(worker, hostkeys.pinned(self.known_hosts, worker), self.key)

    def session(self, port: int, *, concurrency: Concurrency | None = None, name: str = "w1") -> SshSession:
        worker = self.worker(port, name)
        if worker.worker_id not in hostkeys.load_pins(self.known_hosts):
            self.pin(worker)
        return SshSession.to(worker, known_hosts=self.known_hosts, key=self.key, concurrency=concurrency)


@asynccontextmanager
async def ssh_server(place: Place, behave: Behaviour | None, **options: Any) -> AsyncIterator[Any]:
    """A server that lets the fleet's key in and hands every command's process to `behave`."""
    settings: dict[str, Any] = {
        "server_host_keys": [place.server_key],
        "authorized_client_keys": LIBRARY.import_authorized_keys(
            place.fleet.export_public_key("openssh").decode()
        ),
        "encoding": None,
        **options,
    }
    if behave is not None:
        settings["process_factory"] = behave
    server = await LIBRARY.listen("127.0.0.1", 0, **settings)
    try:
        yield server
    finally:
        server.close()
        await server.wait_closed()
        # Connections end in the next rounds of the loop.
        await asyncio.sleep(0.05)


@asynccontextmanager
async def raw_server(
    behave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """A TCP server that is no SSH server; yields its port."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await behave(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def request_of(process: Any) -> dict[str, Any]:
    return dict(json.loads(await process.stdin.readline()))


def answer_to(request: dict[str, Any], result: dict[str, Any]) -> bytes:
    payload = json.dumps({"v": 2, "ok": True, "result": result}).encode()
    return b"\n%s %d\n" % (request["marker"].encode(), len(payload)) + payload


async def well_behaved(process: Any) -> None:
    request = await request_of(process)
    process.stdout.write(answer_to(request, {"command": process.command, "args": request["args"]}))
    process.exit(0)
