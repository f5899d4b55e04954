"""What a worker, or the network, can do at each stage of a connection, and what it means here."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from decnet.errors import (
    BadAnswer,
    DecnetError,
    HostKeyRefused,
    StateBroken,
    TrustRefused,
    Unreachable,
    WorkerError,
)
from decnet.worker import bootstrap, connect
from decnet.worker.concurrency import Concurrency
from decnet.worker.ssh import RemoteProgram, SshSession, running

from .loopback import LIBRARY, Place, answer_to, raw_server, request_of, ssh_server, well_behaved


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "CONNECT_LIMIT", 1.5)


async def failing(session: SshSession, verb: str = "hello", limit: float = 10.0) -> DecnetError:
    try:
        with pytest.raises(DecnetError) as caught:
            await session.call(verb, {}, limit=limit)
    finally:
        await session.close()
    return caught.value


def served(
    place: Place, behave: Any, verb: str = "hello", limit: float = 10.0, **options: Any
) -> DecnetError:
    async def run() -> DecnetError:
        async with ssh_server(place, behave, **options) as server:
            return await failing(place.session(server.get_port()), verb, limit)

    return asyncio.run(run())


def raw(place: Place, behave: Any) -> DecnetError:
    async def run() -> DecnetError:
        async with raw_server(behave) as port:
            return await failing(place.session(port))

    return asyncio.run(run())


def test_a_call_asks_for_the_agents_verb_and_gets_its_result(place: Place) -> None:
    async def run() -> dict[str, Any]:
        async with ssh_server(place, well_behaved) as server:
            session = place.session(server.get_port())
            result = await session.call("status", {"a": [1]}, limit=10)
            await session.close()
            return result

    assert asyncio.run(run()) == {"command": "decnet-agent status", "args": {"a": [1]}}


def test_a_large_stream_arrives_whole_and_is_not_kept_in_memory(place: Place) -> None:
    async def counts(process: Any) -> None:
        request = await request_of(process)
        total = 0
        while piece := await process.stdin.read(65536):
            total += len(piece)
        process.stdout.write(answer_to(request, {"bytes": total}))
        process.exit(0)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(128):
            yield b"x" * 2**20

    async def run() -> dict[str, Any]:
        async with ssh_server(place, counts) as server:
            session = place.session(server.get_port())
            result = await session.call("image-load", {}, limit=60, stream=pieces())
            await session.close()
            return result

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert asyncio.run(run()) == {"bytes": 128 * 2**20}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_many_calls_share_one_connection(place: Place) -> None:
    connections = []

    class Counting(LIBRARY.SSHServer):  # type: ignore[misc,name-defined]
        def connection_made(self, conn: Any) -> None:
            connections.append(conn)

    async def run() -> list[dict[str, Any]]:
        async with ssh_server(place, well_behaved, server_factory=Counting) as server:
            session = place.session(server.get_port())
            results = await asyncio.gather(*(session.call("facts", {"n": n}, limit=20) for n in range(20)))
            await session.close()
            return results

    assert [result["args"]["n"] for result in asyncio.run(run())] == list(range(20))
    assert len(connections) == 1


@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_a_changed_host_key_of_any_type_is_refused_and_nothing_is_sent(place: Place, algorithm: str) -> None:
    asked = []

    async def record(process: Any) -> None:
        asked.append(process.command)

    stranger = LIBRARY.generate_private_key(algorithm)
    error = served(place, record, server_host_keys=[stranger])
    assert (type(error), error.exit_code, asked) == (HostKeyRefused, 6, [])


def test_a_pinned_key_among_several_of_the_server_is_found(place: Place) -> None:
    async def run() -> dict[str, Any]:
        rsa = LIBRARY.generate_private_key("ssh-rsa")
        keys = [LIBRARY.generate_private_key("ssh-ed25519"), rsa]
        async with ssh_server(place, well_behaved, server_host_keys=keys) as server:
            place.pin(place.worker(server.get_port()), rsa)
            session = place.session(server.get_port())
            result = await session.call("hello", {}, limit=10)
            await session.close()
            return result

    assert asyncio.run(run())["command"] == "decnet-agent hello"


def test_a_worker_without_a_pinned_key_is_refused_before_anything_is_dialled(place: Place) -> None:
    with pytest.raises(HostKeyRefused):
        SshSession.to(place.worker(1), known_hosts=place.known_hosts, key=place.key)


@pytest.mark.parametrize(
    "weak", [{"encryption_algs": ["aes128-cbc"]}, {"kex_algs": ["diffie-hellman-group1-sha1"]}]
)
def test_only_weak_algorithms_are_refused(place: Place, weak: dict[str, Any]) -> None:
    error = served(place, well_behaved, **weak)
    assert (type(error), error.exit_code) == (TrustRefused, 6)


def test_a_key_that_is_not_authorized_is_reported(place: Place) -> None:
    other = LIBRARY.generate_private_key("ssh-ed25519").export_public_key("openssh").decode()
    error = served(place, well_behaved, authorized_client_keys=LIBRARY.import_authorized_keys(other))
    assert type(error) is Unreachable
    assert "SSH authentication failed" in error.message


def test_a_refused_connection_is_unreachable(place: Place) -> None:
    async def run() -> DecnetError:
        async with raw_server(lambda reader, writer: asyncio.sleep(0)) as port:
            pass
        return await failing(place.session(port))

    assert "refuses the connection" in asyncio.run(run()).message


def test_a_host_that_accepts_and_stays_silent_costs_the_connect_limit(place: Place, brief: None) -> None:
    error = raw(place, lambda reader, writer: asyncio.sleep(60))
    assert (type(error), error.message) == (Unreachable, "no answer in time")


def test_a_banner_that_drips_costs_the_connect_limit(place: Place, brief: None) -> None:
    async def drip(reader: Any, writer: Any) -> None:
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert type(raw(place, drip)) is Unreachable


def test_a_banner_that_floods_is_not_kept(place: Place, brief: None) -> None:
    async def flood(reader: Any, writer: Any) -> None:
        while True:
            writer.write(b"not ssh\r\n" * 1000)
            await writer.drain()

    assert type(raw(place, flood)) is Unreachable


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad\r\n\r\n"])
def test_a_connection_that_drops_before_login_is_unreachable(place: Place, said: bytes) -> None:
    async def drop(reader: Any, writer: Any) -> None:
        writer.write(said)
        await writer.drain()

    assert type(raw(place, drop)) is Unreachable


def test_a_server_that_is_full_for_a_moment_is_tried_again(place: Place) -> None:
    refused = 0

    async def run() -> dict[str, Any]:
        async with ssh_server(place, well_behaved) as server:

            async def full_twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                nonlocal refused
                if refused < 2:
                    refused += 1
                    writer.write(b"Exceeded MaxStartups\r\n")
                    return
                await forward(reader, writer, server.get_port())

            async with raw_server(full_twice) as port:
                session = place.session(port)
                result = await session.call("hello", {}, limit=10)
                await session.close()
                return result

    assert asyncio.run(run())["command"] == "decnet-agent hello"
    assert refused == 2


def test_a_refused_channel_is_tried_again(place: Place) -> None:
    opened = 0

    class FullTwice(LIBRARY.SSHServer):  # type: ignore[misc,name-defined]
        def session_requested(self) -> Any:
            nonlocal opened
            opened += 1
            if opened <= 2:
                raise LIBRARY.ChannelOpenError(4, "no more sessions")
            return LIBRARY.SSHServerProcess(well_behaved, None, 3, False)

    async def run() -> dict[str, Any]:
        async with ssh_server(place, None, server_factory=FullTwice) as server:
            session = place.session(server.get_port())
            result = await session.call("image-load", {}, limit=10)
            await session.close()
            return result

    assert asyncio.run(run())["command"] == "decnet-agent image-load"
    assert opened == 3


def breaks_first(times: int) -> tuple[Any, list[str]]:
    """A behaviour that cuts the connection in the middle of its first answers."""
    asked: list[str] = []

    async def behave(process: Any) -> None:
        asked.append(process.command)
        request = await request_of(process)
        if len(asked) <= times:
            process.stdout.write(answer_to(request, {})[:20])
            await process.stdout.drain()
            process.channel.get_connection().abort()
            return
        process.stdout.write(answer_to(request, {"fine": True}))
        process.exit(0)

    return behave, asked


def test_a_connection_cut_in_the_answer_is_made_again_for_a_verb_that_may_be_repeated(place: Place) -> None:
    behave, asked = breaks_first(1)

    async def run() -> dict[str, Any]:
        async with ssh_server(place, behave) as server:
            session = place.session(server.get_port())
            result = await session.call("status", {}, limit=10)
            await session.close()
            return result

    assert asyncio.run(run()) == {"fine": True}
    assert len(asked) == 2


@pytest.mark.parametrize("verb", ["self-destruct", "upgrade", "image-load"])
def test_a_verb_that_may_not_be_repeated_is_sent_once(place: Place, verb: str) -> None:
    behave, asked = breaks_first(1)
    assert type(served(place, behave, verb)) is Unreachable
    assert len(asked) == 1


def test_a_connection_that_always_breaks_is_given_up(place: Place) -> None:
    behave, asked = breaks_first(99)
    error = served(place, behave)
    assert type(error) is Unreachable
    assert 1 < len(asked) <= 4


def test_a_connection_cut_before_the_exit_status_is_not_a_success(place: Place) -> None:
    async def no_status(process: Any) -> None:
        process.stdout.write(answer_to(await request_of(process), {}))
        process.channel.get_connection().abort()

    assert type(served(place, no_status, "self-destruct")) is Unreachable


def test_a_channel_closed_without_an_exit_status_is_not_a_success(place: Place) -> None:
    async def closed(process: Any) -> None:
        process.stdout.write(answer_to(await request_of(process), {}))
        process.close()

    assert type(served(place, closed, "self-destruct")) is Unreachable


def test_a_kept_connection_that_broke_between_two_rounds_is_made_again(place: Place) -> None:
    seen = []

    async def run() -> list[dict[str, Any]]:
        async def behave(process: Any) -> None:
            seen.append(process.channel.get_connection())
            await well_behaved(process)

        async with ssh_server(place, behave) as server:
            session = place.session(server.get_port())
            first = await session.call("status", {}, limit=10)
            seen[0].abort()
            second = await session.call("status", {}, limit=10)
            await session.close()
            return [first, second]

    assert len(asyncio.run(run())) == 2
    assert seen[0] is not seen[1]


def test_an_agent_killed_by_a_signal_is_a_failure_that_names_it(place: Place) -> None:
    async def killed(process: Any) -> None:
        await request_of(process)
        process.exit_with_signal("KILL\x1b[2J", False, "gone")

    error = served(place, killed)
    assert type(error) is WorkerError
    assert "KILL\\x1b[2J" in error.message


def test_an_answer_without_end_is_bounded(place: Place) -> None:
    async def flood(process: Any) -> None:
        await request_of(process)
        while True:
            process.stdout.write(b"x" * 65536)
            await process.stdout.drain()

    assert type(served(place, flood)) is BadAnswer


def test_a_log_without_end_is_bounded(place: Place) -> None:
    async def flood(process: Any) -> None:
        await request_of(process)
        while True:
            process.stderr.write(b"x" * 65536)
            await process.stderr.drain()

    assert type(served(place, flood)) is BadAnswer


def test_a_silent_agent_costs_its_own_limit(place: Place) -> None:
    async def silent(process: Any) -> None:
        await asyncio.sleep(60)

    error = served(place, silent, limit=1.0)
    assert (error.code, error.message) == ("unreachable", "no answer to hello within 1 s")


@pytest.mark.parametrize("kind", ["auth-agent@openssh.com", "x11", "forwarded-tcpip"])
def test_a_worker_that_asks_for_forwarding_gets_none(place: Place, kind: str) -> None:
    outcome: list[str] = []
    details = {
        "auth-agent@openssh.com": b"",
        "x11": text(b"192.0.2.9") + b"\0\0\x17\x70",
        "forwarded-tcpip": (text(b"127.0.0.1") + b"\0\0\0\x16") * 2,
    }

    async def asks(process: Any) -> None:
        channel = LIBRARY.channel.SSHTCPChannel(
            process.channel.get_connection(), asyncio.get_running_loop(), None, "strict", 2**21, 2**15
        )
        try:
            await channel._open(kind.encode(), details[kind])
            outcome.append("opened")
        except LIBRARY.ChannelOpenError:
            outcome.append("refused")
        await well_behaved(process)

    async def run() -> None:
        async with ssh_server(place, asks) as server:
            session = place.session(server.get_port())
            await session.call("hello", {}, limit=10)
            await session.close()

    asyncio.run(run())
    assert outcome == ["refused"]


def text(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def test_a_fleet_key_that_others_can_read_is_not_used(place: Place) -> None:
    place.key.chmod(0o644)
    error = served(place, well_behaved)
    assert type(error) is StateBroken
    assert error.hint is not None and "chmod 600" in error.hint


def test_a_fleet_key_that_is_a_link_is_not_used(place: Place) -> None:
    place.key.rename(place.folder / "elsewhere")
    place.key.symlink_to(place.folder / "elsewhere")
    assert type(served(place, well_behaved)) is StateBroken


def test_one_cancelled_call_does_not_end_another_that_waits_for_the_same_connection(place: Place) -> None:
    async def run() -> dict[str, Any]:
        async with ssh_server(place, well_behaved) as server:
            session = place.session(server.get_port())
            first = asyncio.create_task(session.call("hello", {}, limit=10))
            second = asyncio.create_task(session.call("hello", {"second": 1}, limit=10))
            await asyncio.sleep(0.001)
            first.cancel()
            result = await second
            await session.close()
            return result

    assert asyncio.run(run())["args"] == {"second": 1}


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(65536):
            sink.write(piece)
            await sink.drain()
        sink.close()

    try:
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer), return_exceptions=True)
    finally:
        inner_writer.close()


@pytest.mark.parametrize("stdin", [b"", b"a password\n"])
def test_a_command_that_ends_before_it_gets_its_input_is_not_a_lost_connection(
    place: Place, monkeypatch: pytest.MonkeyPatch, stdin: bytes
) -> None:
    @asynccontextmanager
    async def slowly(*args: Any) -> AsyncIterator[RemoteProgram]:
        async with running(*args) as remote:
            await asyncio.sleep(0.3)
            yield remote

    async def behave(process: Any) -> None:
        process.stdout.write(b"x")
        process.exit(3)

    async def run() -> bootstrap.Ran:
        async with ssh_server(place, behave) as server:
            connection = await connect.connect(place.target(server.get_port()), Concurrency())
            try:
                return await bootstrap.run_command(connection, "w1", ["true"], stdin)
            finally:
                await connect.disconnect(connection)

    monkeypatch.setattr(bootstrap, "running", slowly)
    ran = asyncio.run(run())
    assert (ran.how, ran.output) == ("ended with exit status 3", b"x")
