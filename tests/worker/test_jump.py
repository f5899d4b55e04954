"""A worker behind a jump host: the way there is the operator's own, the worker at its end is pinned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from decnet.errors import HostKeyRefused, Unreachable
from decnet.worker import connect, hostkeys
from decnet.worker.login import Place as Whereabouts
from decnet.worker.login import fetch_key
from decnet.worker.ssh import SshSession

from .loopback import LIBRARY, Place, ssh_server, well_behaved
from .openssh import Operator
from .test_ssh_stages import failing


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The operator's configuration has the key that the jump host lets in, and nothing else."""
    made = Place(tmp_path)
    operator = Operator(tmp_path / "operator", monkeypatch)
    operator.configure(f"IdentityFile {made.key}")
    return made


class Hop(LIBRARY.SSHServer):  # type: ignore[name-defined,misc]
    """A server that carries connections on and keeps where to."""

    asked: list[int] = []  # noqa: RUF012 - one per server, made below

    def connection_requested(self, dest_host: str, dest_port: int, *_: Any) -> bool:
        self.asked.append(dest_port)
        return True


class Way:
    """A jump host and a worker behind it."""

    def __init__(self, place: Place, hop: Any, worker: Any, asked: list[int]) -> None:
        self.place, self.asked = place, asked
        self.hop_port, self.port = hop.get_port(), worker.get_port()
        self.jump = f"root@127.0.0.1:{self.hop_port}"

    def know_the_hop(self, key: Any) -> None:
        line = key.export_public_key("openssh").decode()
        (self.place.folder / "operator" / "known_hosts").write_text(f"[127.0.0.1]:{self.hop_port} {line}")

    def session(self, jump: str | None = None) -> SshSession:
        worker = self.place.worker(self.port).model_copy(update={"jump": jump or self.jump})
        pinned = hostkeys.pinned(self.place.known_hosts, worker)
        return SshSession(connect.target_of(worker, pinned, self.place.key))


@asynccontextmanager
async def way(place: Place) -> AsyncIterator[Way]:
    asked: list[int] = []
    hop = type("OneHop", (Hop,), {"asked": asked})
    async with (
        ssh_server(place, None, server_factory=hop) as jump,
        ssh_server(place, well_behaved) as worker,
    ):
        place.pin(place.worker(worker.get_port()))
        made = Way(place, jump, worker, asked)
        made.know_the_hop(place.server_key)
        yield made


def test_a_worker_is_reached_through_its_jump_host_and_over_one_connection(place: Place) -> None:
    async def run() -> tuple[list[int], int]:
        async with way(place) as there:
            session = there.session()
            for _ in range(2):
                assert await session.call("hello", {}, limit=10.0) is not None
            await session.close()
            return there.asked, there.port

    asked, port = asyncio.run(run())
    assert asked == [port]


def test_the_host_key_of_a_worker_behind_a_jump_host_can_be_fetched(place: Place) -> None:
    async def run() -> str:
        async with way(place) as there:
            return (
                await fetch_key(Whereabouts("127.0.0.1", there.port, "root", there.jump), "w1")
            ).fingerprint

    assert asyncio.run(run()) == place.server_key.get_fingerprint()


def test_a_jump_host_that_is_not_known_is_refused_before_the_worker_is_asked_for(place: Place) -> None:
    async def run() -> tuple[Exception, list[int]]:
        async with way(place) as there:
            there.know_the_hop(LIBRARY.generate_private_key("ssh-ed25519"))
            return await failing(there.session()), there.asked

    error, asked = asyncio.run(run())
    assert isinstance(error, HostKeyRefused)
    assert error.message == (
        f"at the jump host, the host key of 127.0.0.1 is not the one of {place.folder}/operator/known_hosts"
    )
    assert (error.hint or "").endswith(" root@127.0.0.1 true` says")
    assert asked == []


def test_a_jump_host_without_a_known_key_is_not_contacted(place: Place) -> None:
    async def run() -> tuple[Exception, int]:
        async with way(place) as there:
            known = place.folder / "operator" / "known_hosts"
            known.write_text(f"other {known.read_text().partition(' ')[2]}")
            return await failing(there.session()), there.hop_port

    error, port = asyncio.run(run())
    assert isinstance(error, HostKeyRefused)
    assert (error.message, error.hint) == (
        f"at the jump host, 127.0.0.1: its host key is not in {place.folder}/operator/known_hosts",
        f"`ssh -p {port} root@127.0.0.1 true` shows the key and adds it",
    )


def test_a_worker_that_its_jump_host_cannot_reach_is_reported_so(place: Place) -> None:
    async def run() -> Exception:
        async with way(place) as there:
            place.pin(place.worker(1))
            there.port = 1
            return await failing(there.session())

    error = asyncio.run(run())
    assert isinstance(error, Unreachable)
    assert error.message.startswith("the jump host cannot reach it (")


def test_behind_a_jump_host_only_the_pinned_key_is_the_workers(place: Place) -> None:
    async def run() -> Exception:
        async with way(place) as there:
            place.pin(place.worker(there.port), LIBRARY.generate_private_key("ssh-ed25519"))
            return await failing(there.session())

    error = asyncio.run(run())
    assert isinstance(error, HostKeyRefused)
    assert (error.message, error.hint) == (
        "its host key is not the pinned one",
        "if the change is legitimate: decnet worker trust w1",
    )


def test_a_jump_host_that_does_not_answer_is_not_taken_for_the_worker(place: Place) -> None:
    async def run() -> Exception:
        async with way(place) as there:
            there.hop_port = 1
            there.know_the_hop(place.server_key)
            return await failing(there.session("root@127.0.0.1:1"))

    error = asyncio.run(run())
    assert isinstance(error, Unreachable)
    assert (error.message, error.hint, error.worker) == (
        "at the jump host, 127.0.0.1: it refuses the connection",
        "does `ssh -p 1 root@127.0.0.1 true` work?",
        "w1",
    )
