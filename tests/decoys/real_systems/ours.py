"""What the decoys' shell answers to the same commands."""

from __future__ import annotations

import itertools
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import paramiko
from clients import persona_of
from inside import Inside

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell

from .at_prompt import typed
from .commands import Command
from .masks import Reply
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
MAC, ADDRESS = "00:50:56:01:02:03", "192.0.2.7"


@contextmanager
def directly(release: str) -> Iterator[Callable[[Command], Reply]]:
    """Runs commands in this process, each for another visitor, without any wait."""
    world = World(Persona("ssh", "web01", "linux", release, "", SEED, ((22, "tcp"),), {}, ADDRESS, MAC))
    # The sockets and addresses of the machine that compares are none of its own.
    network = tempfile.TemporaryDirectory()
    for name, text in NETWORK.items():
        Path(network.name, name).write_text(text)
    world.namespace = network.name
    nowhere = os.open(os.devnull, os.O_WRONLY)
    recorder = Recorder(nowhere)

    def run(command: Command) -> Reply:
        shell = Shell(world, "root", recorder.session("192.0.2.9", 40000), variables=dict(VISITOR))
        shell.exported |= set(VISITOR)
        shell.visit.line = command.text
        if shell.dialect.bash:
            shell.arrays["PIPESTATUS"] = {0: "0"}
        answer = run_at_once(shell, command.text)
        shell.visit.end()
        return Reply(answer.out, answer.error, answer.status)

    try:
        yield run
    finally:
        os.close(nowhere)
        network.cleanup()


@contextmanager
def by_ssh(release: str, way: str) -> Iterator[Callable[[Command], Reply]]:
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
            return (_executed if way == "exec" else _typed)(channel, command.text)

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


def _typed(channel: paramiko.Channel, text: str) -> Reply:
    channel.get_pty("xterm-256color", 80, 24)
    channel.invoke_shell()

    def read(seconds: float) -> bytes:
        channel.settimeout(seconds)
        try:
            data = channel.recv(65536)
        except TimeoutError:
            return b""
        if not data:
            raise EOFError
        return data

    shown, status = typed(read, channel.sendall, text)
    return Reply(shown, "", NO_STATUS if status is None else status)


WAYS: dict[str, Callable[[str], AbstractContextManager[Callable[[Command], Reply]]]] = {
    "direct": directly,
    "exec": partial(by_ssh, way="exec"),
    "terminal": partial(by_ssh, way="terminal"),
}
AT_ONCE = {"direct": 1, "exec": 4, "terminal": 8}
"""Visitors side by side."""
