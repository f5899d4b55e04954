"""A decoy without visitors does not run: nothing in it waits for a moment, only for the kernel."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from free_ports import free_port

import decnet
from decnet.decoys import fellows, udp_server
from decnet.decoys.events import Recorder
from decnet.decoys.fellows import Fellows
from decnet.decoys.persona import Persona
from decnet.decoys.serve import LOOK_SECONDS, SERVICES, _serve
from decnet.decoys.visitors import Visitors


class Clockwork(asyncio.SelectorEventLoop):
    """Remembers what is to run at a later time."""

    def __init__(self) -> None:
        super().__init__()
        self._timers: list[asyncio.TimerHandle] = []

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Any = None) -> Any:
        self._timers.append(super().call_at(when, callback, *args, context=context))
        return self._timers[-1]

    def seconds(self) -> list[int]:
        """In how many seconds this loop wakes up, each time."""
        now = self.time()
        return sorted(
            round(each.when() - now) for each in self._timers if not each.cancelled() and each.when() > now
        )


def clockwork() -> Clockwork:
    return cast(Clockwork, asyncio.get_running_loop())


def run(work: Any) -> Any:
    with asyncio.Runner(loop_factory=Clockwork) as runner:
        return runner.run(work)


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_waits_for_a_moment(service: str) -> None:
    """RSA keys are made once, some time after the start."""
    protocol = "udp" if service == "snmp" else "tcp"
    persona = Persona(service, "srv", "linux", "debian-12", "", "a" * 32, ((free_port(), protocol),))

    async def idle() -> list[int]:
        with tempfile.TemporaryFile() as output:
            recorder = Recorder(output.fileno())
            life = asyncio.ensure_future(
                _serve(importlib.import_module(f"decnet.decoys{SERVICES[service]}"), persona, recorder)
            )
            await asyncio.sleep(0.1)
            found = clockwork().seconds()
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
        return found

    *keys, last = run(idle())
    assert last == LOOK_SECONDS
    assert len(keys) == (service in ("ssh", "mysql", "smtp"))


@pytest.mark.parametrize("service", ["ssh", "telnet"])
def test_the_shell_is_loaded_at_the_first_login(service: str) -> None:
    """It takes as much memory as all the rest."""
    code = f"import sys, decoys.{service}; print([name for name in sys.modules if '.shell.' in name])"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(decnet.__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "['decoys.shell.stream']\n"


def test_services_meet_again_after_a_connection_was_lost_and_only_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fellows, "RETRY_SECONDS", 0.02)
    persona = Persona("ssh", "srv", "linux", "debian-12", "", "b" * 32, ())
    other = Persona("telnet", "srv", "linux", "debian-12", "", "b" * 32, ())

    async def lose() -> tuple[int, list[int]]:
        first, second = (Fellows(each, Visitors(), ("ssh", "telnet")) for each in (persona, other))
        await first.start()
        await second.start()
        for each in list(second._fellows):
            each.writer.transport.abort()
        await asyncio.sleep(0.1)
        found = len(first.known()), clockwork().seconds()
        await second.close()
        await asyncio.sleep(0.1)
        alone = len(first.known()), clockwork().seconds()
        await first.close()
        return found, alone

    assert run(lose()) == ((2, []), (1, []))


def test_a_visit_by_udp_ends_and_then_nothing_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp_server, "IDLE_SECONDS", 0.03)
    port = free_port()
    persona = Persona("snmp", "srv", "linux", "debian-12", "", "c" * 32, ((port, "udp"),))

    async def visit() -> tuple[bool, list[int]]:
        with tempfile.TemporaryFile() as output:
            stop = await udp_server.receive(persona, Recorder(output.fileno()), lambda *_: None)
            transport, _ = await clockwork().create_datagram_endpoint(
                asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port)
            )
            transport.sendto(b"x")
            await asyncio.sleep(0.2)
            output.seek(0)
            found = b'"disconnect"' in output.read(), clockwork().seconds()
            transport.close()
            await stop()
        return found

    assert run(visit()) == (True, [])
