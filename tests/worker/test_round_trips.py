"""How many round trips a call takes: on a far network they are what a user waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from decnet.errors import Unreachable
from decnet.worker import short_login
from decnet.worker.ssh import SshSession

from .loopback import LIBRARY, Place, ssh_server, well_behaved
from .round_trips import run, slow_line, trips

Calls = Callable[[SshSession], Awaitable[Any]]


async def once(session: SshSession) -> None:
    await session.call("status", {}, limit=10)


async def at_once(session: SshSession) -> None:
    await asyncio.gather(*(once(session) for _ in range(3)))


async def large(session: SshSession) -> None:
    await session.call("apply", {"slice": "x" * 50_000}, limit=10)


def taken(place: Place, first: Calls, then: Calls) -> tuple[float, float]:
    """The round trips of the first calls with the connection, without TCP's own, and of the next ones."""

    async def measured() -> tuple[float, float]:
        clock = asyncio.get_running_loop()
        async with ssh_server(place, well_behaved) as server, slow_line(server.get_port()) as port:
            session = place.session(port)
            began = clock.time()
            await first(session)
            between = clock.time()
            login = trips(began)
            await then(session)
            call = trips(between)
            await session.close()
            return login, call

    return run(measured())


@pytest.mark.parametrize("then", [once, at_once, large])
def test_the_first_call_takes_five_and_a_half_and_each_further_one_two(place: Place, then: Calls) -> None:
    """Half a round trip until the greeting, which comes unasked; then one each for the algorithms, the keys,
    the login, the channel and the call."""
    assert taken(place, once, then) == (5.5, 2.0)


class CutAtCommand(LIBRARY.SSHServer):  # type: ignore[misc]
    """A server that ends the connection when it is asked to start a program."""

    asked: list[str]

    def connection_made(self, conn: Any) -> None:
        self._connection = conn

    def session_requested(self) -> Any:
        connection, asked = self._connection, self.asked

        class Session(LIBRARY.SSHServerSession):  # type: ignore[misc]
            def exec_requested(self, command: str) -> bool:
                asked.append(command)
                connection.abort()
                return True

        return Session()


def test_a_request_that_may_have_arrived_with_its_command_is_not_sent_again(place: Place) -> None:
    asked: list[str] = []

    async def call() -> None:
        factory = type("Server", (CutAtCommand,), {"asked": asked})
        async with ssh_server(place, None, server_factory=factory) as server:
            session = place.session(server.get_port())
            with pytest.raises(Unreachable):
                await session.call("upgrade", {}, limit=10)
            await session.close()

    asyncio.run(call())
    assert asked == ["decnet-agent upgrade"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_another_asyncssh_logs_in_by_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_login, "NEEDED", (*short_login.NEEDED, "_of_another_version"))
    assert taken(place, once, once) == (8.5, 2.0)
