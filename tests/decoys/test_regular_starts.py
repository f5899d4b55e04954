"""A machine that is started again every few weeks cuts its visitors off, and answers no one for a while."""

from __future__ import annotations

import asyncio
import time

import pytest
from free_ports import free_port

from decnet.decoys import links, serve
from decnet.decoys.events import Recorder
from decnet.decoys.machine import Machine, day
from decnet.decoys.persona import Persona
from decnet.decoys.redis import start

NOW = day("2026-03-01")


def test_it_cuts_its_visitors_off_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now, port = [float(NOW)], free_port()
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(serve, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(links, "has_network", lambda: True)
    persona = Persona(
        "redis", "srv", "linux", "debian-12", "7.0.15", "a" * 32, ((port, "tcp"),), since=NOW - 60
    )

    async def visit() -> None:
        machine, network, recorder = Machine(persona), links.Links(), Recorder()
        life = asyncio.ensure_future(serve._live(lambda: start(persona, recorder), machine, network))
        await asyncio.sleep(0.02)
        before, reader, first = await uptime(port)
        machine.down_seconds = 0.2
        now[0] += 95 * 86400
        assert not await asyncio.wait_for(reader.read(4096), 1)
        with pytest.raises(ConnectionRefusedError):
            await uptime(port)
        await asyncio.sleep(0.3)
        after, _, second = await uptime(port)
        assert before <= 19 * 86400 + 60 and after <= 90 * 86400
        for writer in (first, second):
            writer.close()
            await writer.wait_closed()
        network.stop()
        assert await life == 0
        await recorder.close()
        network.close()

    asyncio.run(visit())


async def uptime(port: int) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"INFO server\r\n")
    await reader.readuntil(b"uptime_in_seconds:")
    found = int(await reader.readline())
    await reader.readuntil(b"\r\n\r\n")
    return found, reader, writer
