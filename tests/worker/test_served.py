"""A worker that is asked again is asked on one channel, or in the usual way where that is not possible."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from decnet.errors import BadAnswer, DecnetError
from decnet.wire import MAX_PREAMBLE_BYTES
from decnet.worker.ssh import SshSession, TooLate

from .loopback import LIBRARY, Place, answer_to, ssh_server, well_behaved

SERVE = "decnet-agent serve"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class Server:
    """A worker whose `serve` answers so many requests, or does something else; notes the commands."""

    def __init__(self, answers: int = 99, instead: Any = None) -> None:
        self.commands: list[str] = []
        self._answers, self._instead = answers, instead

    async def __call__(self, process: Any) -> None:
        self.commands.append(process.command)
        if process.command != SERVE:
            await well_behaved(process)
            return
        for _ in range(self._answers):
            verb, _, line = (await process.stdin.readline()).partition(b" ")
            if not verb:
                break
            request = json.loads(line)
            process.stdout.write(answer_to(request, {"command": verb.decode(), "args": request["args"]}))
        if self._instead is not None:
            await self._instead(process)
        process.exit(0)


def answers(place: Place, server: Server, *calls: str, limit: float = 10.0, **options: Any) -> list[Any]:
    """The command that each call was answered by, or its error; the calls come one after another."""

    async def run() -> list[Any]:
        found: list[Any] = []
        async with ssh_server(place, None if options else server, **options) as listening:
            session = place.session(listening.get_port())
            session.serves = True
            for number, verb in enumerate(calls):
                found.append(await outcome(session, verb, number, limit))
            await session.close()
        return found

    return asyncio.run(run())


async def outcome(session: SshSession, verb: str, number: int, limit: float) -> Any:
    try:
        answer = await session.call(verb, {"number": number}, limit=limit)
    except DecnetError as error:
        return type(error)
    assert answer["args"] == {"number": number}
    return answer["command"]


def test_one_channel_serves_all_calls_that_only_read(place: Place) -> None:
    server = Server()
    found = answers(place, server, "status", "facts", "apply", "events", "status")
    assert found == ["status", "facts", "decnet-agent apply", "events", "status"]
    assert server.commands == [SERVE, "decnet-agent apply"]


def test_an_agent_that_is_not_known_to_serve_is_asked_in_the_usual_way(place: Place) -> None:
    server = Server()

    async def run() -> None:
        async with ssh_server(place, server) as listening:
            session = place.session(listening.get_port())
            for number in range(2):
                assert await outcome(session, "status", number, 10.0) == "decnet-agent status"
            await session.close()

    asyncio.run(run())
    assert server.commands == ["decnet-agent status"] * 2


def test_an_upgrade_ends_the_channel(place: Place) -> None:
    server = Server()
    found = answers(place, server, "status", "upgrade", "status")
    assert found == ["status", "decnet-agent upgrade", "status"]
    assert server.commands == [SERVE, "decnet-agent upgrade", SERVE]


def test_an_agent_that_ends_meanwhile_is_asked_again_at_once(place: Place) -> None:
    server = Server(answers=2)
    found = answers(place, server, "status", "status", "status", "status")
    assert found == ["status", "status", "decnet-agent status", "status"]
    assert server.commands == [SERVE, "decnet-agent status", SERVE]


def test_an_agent_that_does_not_serve_is_asked_so_only_once(place: Place) -> None:
    server = Server(answers=0)
    assert answers(place, server, "status", "status", "status") == ["decnet-agent status"] * 3
    assert server.commands == [SERVE, *["decnet-agent status"] * 3]


async def _too_much(process: Any) -> None:
    process.stdout.write(b"x" * (3 * MAX_PREAMBLE_BYTES))
    await process.stdin.readline()


async def _silence(process: Any) -> None:
    await process.stdin.read()


@pytest.mark.parametrize(("behaviour", "error"), [(_too_much, BadAnswer), (_silence, TooLate)])
def test_a_hostile_answer_is_bounded_and_ends_the_channel(
    place: Place, behaviour: Any, error: type[DecnetError]
) -> None:
    server = Server(answers=1, instead=behaviour)
    found = answers(place, server, "status", "status", "status", limit=2.0)
    assert found == ["status", error, "status"]
    assert server.commands == [SERVE, SERVE]


def test_where_there_is_room_for_one_channel_the_other_calls_get_it(place: Place) -> None:
    class Narrow(LIBRARY.SSHServer):  # type: ignore[misc]
        def connection_made(self, conn: Any) -> None:
            self._connection = conn

        def session_requested(self) -> Any:
            if self._connection._channels:
                raise LIBRARY.ChannelOpenError(LIBRARY.OPEN_RESOURCE_SHORTAGE, "open failed")
            return LIBRARY.SSHServerProcess(server, None, 3, False)

    server = Server()
    found = answers(place, server, "status", "apply", "status", "status", server_factory=Narrow)
    assert found == ["status", "decnet-agent apply", "decnet-agent status", "decnet-agent status"]
