"""An sshd that allows few sessions on a connection: nothing fails, everything takes its turn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from decnet.errors import Unreachable
from decnet.model.worker import Worker
from decnet.worker import connect
from decnet.worker.bootstrap import run_command
from decnet.worker.login import HostKeyProof, Login, connect_as_operator, resolve, verified_key
from decnet.worker.ssh import SshSession

from .machine import Machine, running
from .openssh import USER, Operator, Site, needs_openssh

pytestmark = needs_openssh


async def commands(address: str, count: int) -> list[bytes]:
    """The output of commands one after another, on one connection of the operator."""
    login = Login.parse(address)
    place = await resolve(login, "w1")
    key = await verified_key(place, "w1", HostKeyProof())
    connection = await connect_as_operator(place, login, "w1", key)
    try:
        return [
            (await run_command(connection, "w1", ["sh", "-c", f"echo {number}"])).output
            for number in range(count)
        ]
    finally:
        await connect.disconnect(connection)


def test_commands_one_after_another_need_one_session(site: Site, operator: Operator) -> None:
    server = site.sshd("one", "MaxSessions 1")
    operator.knows(server)
    operator.configure(f"IdentityFile {operator.folder}/mine")
    found = asyncio.run(commands(f"{USER}@127.0.0.1:{server.port}", 12))
    assert found == [b"%d\n" % number for number in range(12)]


@pytest.mark.parametrize("most", [1, 3])
def test_concurrent_calls_wait_for_each_other(site: Site, most: int) -> None:
    server = site.sshd("one", f"MaxSessions {most}")
    worker = Worker(name="w1", worker_id="id-w1", host="127.0.0.1", port=server.port, user=USER)

    async def run() -> list[float]:
        session = SshSession(connect.target_of(worker, server.host_key, site.fleet))

        async def one(seconds: float) -> float:
            answer = await session.call("status", {"seconds": seconds}, limit=30.0)
            return float(answer["args"]["seconds"])

        try:
            # The long one takes more time than all attempts to open a channel.
            calls = [one(5.0 if most == 1 else 0.5), *(one(0.05) for _ in range(11))]
            return list(await asyncio.gather(*calls))
        finally:
            await session.close()

    assert asyncio.run(run()) == [5.0 if most == 1 else 0.5] + [0.05] * 11
    assert server.logins() == 1


def test_an_sshd_without_sessions_is_reported_so(site: Site) -> None:
    server = site.sshd("one", "MaxSessions 0")
    worker = Worker(name="w1", worker_id="id-w1", host="127.0.0.1", port=server.port, user=USER)

    async def run() -> None:
        session = SshSession(connect.target_of(worker, server.host_key, site.fleet))
        try:
            await session.call("hello", {}, limit=30.0)
        finally:
            await session.close()

    with pytest.raises(Unreachable) as caught:
        asyncio.run(run())
    assert (caught.value.message, caught.value.hint) == (
        "its sshd opens no channel (open failed)",
        "does its sshd_config limit sessions (MaxSessions 0)?",
    )


def test_a_machine_with_one_session_is_enrolled(tmp_path: Path) -> None:
    machine = Machine(tmp_path, config=["MaxSessions 1"])
    with running(machine):
        for _ in range(2):
            ran = machine.add()
            assert ran.code == 0, ran.out
    assert "was enrolled already, nothing changed" in ran
    assert machine.enrolled() == ["w1"]
