"""What the decoys' shell answers to the same commands."""

from __future__ import annotations

import asyncio
import itertools
import os
import queue
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import paramiko
from clients import persona_of
from inside import Inside

from decnet.decoys.events import Local, Recorder
from decnet.decoys.host.accounts import Accounts
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.shell.stream import IDLE_SECONDS, Terminal
from decnet.decoys.shell.terminal import run_shell
from decnet.decoys.visitors import VisitorFiles

from .at_prompt import typed
from .commands import Command
from .masks import Reply
from .reference import as_reference
from .systems import MOST_SECONDS, VISITOR
from .terminal import NO_STATUS

SEED = "00112233445566778899aabbccddeeff"
NETWORK = {
    "route": "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
    "arp": "IP address       HW type     Flags       HW address            Mask     Device\n"
    "192.0.2.1        0x1         0x2         00:50:56:00:00:01     *        eth0\n",
    "if_inet6": "00000000000000000000000000000001 01 80 10 80       lo\n"
    "fe80000000000000025056fffe010203 02 40 20 80     eth0\n",
}
"""Files of the kernel about the network of the real systems, proc(5)."""
GONE = b"\0gone"
MAC, ADDRESS = "00:50:56:01:02:03", "192.0.2.7"


@contextmanager
def _machine(release: str) -> Iterator[tuple[World, Recorder]]:
    """A decky's machine whose sockets and addresses are none of the machine that compares."""
    world = World(Persona("ssh", "web01", "linux", release, "", SEED, ((22, "tcp"),), {}, ADDRESS, MAC))
    if world.device is not None:
        world.device = as_reference(world.device)
        world.user, world.accounts = "root", Accounts(world.device.users, world.device.groups)
    with tempfile.TemporaryDirectory() as network, open(os.devnull, "wb") as nowhere:
        for name, text in NETWORK.items():
            Path(network, name).write_text(text)
        world.namespace = network
        yield world, Recorder(nowhere.fileno())


@contextmanager
def directly(release: str) -> Iterator[Callable[[Command], Reply]]:
    """Runs commands in this process, each for another visitor, without any wait."""
    with _machine(release) as (world, recorder):

        def run(command: Command) -> Reply:
            shell = Shell(world, "root", recorder.session("192.0.2.9", 40000), variables=dict(VISITOR))
            shell.exported |= set(VISITOR)
            shell.visit.line = command.text
            if shell.dialect.bash:
                shell.arrays["PIPESTATUS"] = {0: "0"}
            answer = run_at_once(shell, command.text)
            shell.visit.end()
            return Reply(answer.out, answer.error, answer.status)

        yield run


class Line:
    """A visitor's connection with a terminal, whose other end is another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.terminal: Terminal | None = Terminal("xterm-256color", 80, 24)
        self._loop = loop
        self._typed = asyncio.Queue[bytes]()
        self._shown = queue.Queue[bytes]()

    async def read(self, limit: float = IDLE_SECONDS) -> bytes:
        async with asyncio.timeout(limit):
            return await self._typed.get()

    async def write(self, data: bytes, *, error: bool = False) -> None:
        self._shown.put(data)

    def type(self, data: bytes) -> None:
        """Send keys."""
        self._loop.call_soon_threadsafe(self._typed.put_nowait, data)

    def seen(self, seconds: float) -> bytes:
        """What was shown within that many seconds. Raises EOFError once the shell has left."""
        try:
            data = self._shown.get(timeout=seconds)
        except queue.Empty:
            return b""
        if data == GONE:
            raise EOFError
        return data

    def leave(self, _: object = None) -> None:
        """The shell has left."""
        self._shown.put(GONE)


@contextmanager
def at_terminal(release: str) -> Iterator[Callable[[Command], Reply]]:
    """Types commands at prompts in this process, each as another visitor."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    with _machine(release) as (world, recorder):

        def run(command: Command) -> Reply:
            line = Line(loop)
            session = recorder.session("192.0.2.9", 40000, Local(ADDRESS, 22, "tcp"))
            files = VisitorFiles()
            files.put("/root/.bash_history", None)  # No one has typed anything into the reference before.
            visit = asyncio.run_coroutine_threadsafe(run_shell(world, "root", session, line, files), loop)
            visit.add_done_callback(line.leave)
            shown, status = typed(line.seen, line.type, command.text)
            visit.cancel()
            return Reply(shown, "", NO_STATUS if status is None else status)

        yield run
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@contextmanager
def by_ssh(release: str) -> Iterator[Callable[[Command], Reply]]:
    """Runs commands through the ssh decoy on loopback, each as a visitor from another address."""
    decoy = Inside(
        "ssh", **persona_of("ssh", release), mac=MAC, seed=SEED, settings={"credentials": "root:123456"}
    )
    numbers = itertools.count(1)

    def run(command: Command) -> Reply:
        number = next(numbers)
        line = socket.create_connection(
            ("127.0.0.1", decoy.port), source_address=(f"127.8.{number >> 8}.{number & 255}", 0)
        )
        with paramiko.Transport(line) as transport:
            transport.auth_timeout = MOST_SECONDS
            transport.start_client(timeout=MOST_SECONDS)
            transport.auth_password("root", "123456")
            channel = transport.open_session(timeout=MOST_SECONDS)
            return _executed(channel, command.text)

    try:
        yield run
    finally:
        decoy.close()


def _executed(channel: paramiko.Channel, text: str) -> Reply:
    channel.settimeout(MOST_SECONDS)
    channel.exec_command(text)
    channel.shutdown_write()
    out = channel.makefile("rb").read()
    error = channel.makefile_stderr("rb").read()
    return Reply(out.decode("utf-8", "replace"), error.decode("utf-8", "replace"), channel.recv_exit_status())


WAYS: dict[str, Callable[[str], AbstractContextManager[Callable[[Command], Reply]]]] = {
    "direct": directly,
    "exec": by_ssh,
    "terminal": at_terminal,
}
AT_ONCE = {"direct": 1, "exec": 4, "terminal": 8}
"""Visitors side by side."""
