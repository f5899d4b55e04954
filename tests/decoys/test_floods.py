"""What one visitor sends, and what it does not read, neither holds up the others nor fills the memory."""

from __future__ import annotations

import logging
import os
import socket
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clients import BySsh, persona_of
from mysql_wire import PLAIN
from waits import on_mysql, on_redis, on_ssh
from waits.base import PROMPT_SECONDS, WAIT_SECONDS, Steady, connect, steadily, until
from waits.on_ssh import Deaf, exchanging, init, opened, request, string

from decnet.catalog import load

MEMORY = {name: service.memory_mib for name, service in load().services.items()}
"""MiB that a decoy's container gets, by service."""
WEAK = {"credentials": "root:123456"}
GROUP18 = "diffie-hellman-group18-sha512"
BIG = b"x" * 1_000_000


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def redis(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def answered(line: socket.socket, end: bytes) -> None:
    """Read until this is the end of what comes, or nothing more does."""
    last = b""
    while not last.endswith(end) and (piece := line.recv(1 << 20)):
        last = (last + piece)[-64:]


def send(port: int, *commands: bytes, wait: bool = True) -> None:
    """Say these to redis and hear all of the answers, or that it hangs up."""
    with connect(port) as line:
        line.sendall(b"".join(commands) + redis(b"ECHO", b"that was all"))
        if wait:
            answered(line, b"that was all\r\n")


def a_long_paste(port: int) -> None:
    prompt = BySsh(port)
    prompt.channel.sendall(b"abc" * 500 + b"\x1b[D" * 60_000 + b"\r")
    prompt.answers()
    prompt.close()


def keys_in_the_middle_of_a_line(port: int) -> None:
    prompt = BySsh(port)
    prompt.channel.sendall(b"abc" * 300 + b"\x01" + b"z" * 300 + b"\r")
    prompt.answers()
    prompt.close()


def output_while_keys_are_exchanged(port: int) -> None:
    """Each key draws a long line again, and nothing may be sent before the client has said its part."""
    client = Deaf(port)
    terminal = string("xterm") + struct.pack(">IIII", 80, 24, 0, 0) + string("")
    client.tell(opened(1 << 31), request("pty-req", terminal), request("shell"))
    client.tell(on_ssh.data(b"abc" * 1000 + b"\x01"), on_ssh.data(b"z" * 30_000), init("curve25519-sha256"))
    time.sleep(2)
    client.close()


def without_terminal(port: int, *lines: bytes) -> None:
    client = Deaf(port)
    client.tell(opened(1 << 24), request("shell"))
    for line in (*lines, b"exit 7\n"):
        for at in range(0, len(line), 30_000):
            client.tell(on_ssh.data(line[at : at + 30_000]))
    client.wait_for(0x61)
    client.close()


def long_words(port: int) -> None:
    without_terminal(port, *[b"echo " + b"a" * 250_000 + b"\n"] * 6)


def a_file_many_times(port: int) -> None:
    many = b"cat" + b" /tmp/f" * 390
    without_terminal(
        port, b"echo " + b"y" * 65_000 + b" > /tmp/f\n", many + b"|base64" * 4 + b"\n", many + b"|sort|wc\n"
    )


def a_variable_many_times(port: int) -> None:
    without_terminal(port, b"a=" + b"y" * 4000 + b"\n", b"echo " + b"$a" * 100_000 + b"\n")


def scripts_in_scripts(port: int) -> None:
    without_terminal(port, b"echo '" + b"ls -la /usr/bin;" * 380 + b"' > /tmp/s\n", b"chmod +x /tmp/s\n",
                     *[b"/tmp/s;" * 190 + b"\n"] * 5)  # fmt: skip


def slow_exchanges(port: int) -> None:
    """Each with the largest group, of a visitor without a user name."""
    held = [exchanging(init(GROUP18), b"\x1e" + string(b"\x09" + bytes(1020)))(port) for _ in range(9)]
    for each in held:
        with each.lines[0] as line:
            until(line, b"\x1f")


def commands_of_closed_channels(port: int) -> None:
    client = Deaf(port)
    for _ in range(2000):
        client.tell(opened(), request("exec", string("sleep 60")), b"\x61" + struct.pack(">I", 0))
    client.tell(b"\x50" + string("keepalive@openssh.com") + b"\1")
    client.wait_for(0x52)
    client.close()


def one_key_many_times(port: int) -> None:
    send(port, redis(b"SET", b"big", BIG))
    send(port, redis(b"MGET", *[b"big"] * 8000))


def a_transaction_of_copies(port: int) -> None:
    send(port, redis(b"SET", b"big", BIG))
    send(port, b"MULTI\r\n", b"GETRANGE big 0 -2\r\n" * 1500, b"EXEC\r\n")


def one_set_many_times(port: int) -> None:
    members = [b"%d" % number for number in range(10_000)]
    send(port, *(redis(b"SADD", b"set", *(name + each for each in members)) for name in (b"a", b"b", b"c")),
         redis(b"SUNION", *[b"set"] * 8000), redis(b"SINTERSTORE", b"other", *[b"set"] * 8000))  # fmt: skip


def a_slow_command_many_times(port: int) -> None:
    pairs = [part for number in range(8000) for part in (b"%d" % (number % 977), b"member %d" % number)]
    send(port, redis(b"ZADD", b"scores", *pairs), b"ZRANK scores nobody\r\n" * 1000,
         b"MULTI\r\n", b"ZRANK scores nobody\r\n" * 500, b"EXEC\r\n")  # fmt: skip


def a_list_taken_away(port: int) -> None:
    for _ in range(4):
        send(port, redis(b"RPUSH", b"list", *[b""] * 14_000))
    send(port, b"LPOP list 56000\r\n")


def patterns_of_many(port: int) -> None:
    lines = [connect(port) for _ in range(20)]
    for number, line in enumerate(lines):
        patterns = [b"*[a-%d%d]" % (number, at) * 20 + b"*" for at in range(190)]
        line.sendall(redis(b"PSUBSCRIBE", *patterns))
        until(line, b":190\r\n")
    send(port, b"PUBLISH a b\r\n" * 50)
    for line in lines:
        line.close()


def commands_in_frames(port: int) -> None:
    """A login that compresses, and a few kilobytes that are a million commands without an answer."""
    wire = on_mysql.logged_in(port, PLAIN | on_mysql.COMPRESS)
    inside = on_mysql.packet(0, b"\x19\0\0\0\0") * 28_000
    frame = zlib.compress(inside, 9)
    head = struct.pack("<I", len(frame))[:3] + b"\0" + struct.pack("<I", len(inside))[:3]
    last = on_mysql.packet(0, b"\x0e")
    with wire.line:
        wire.line.sendall((head + frame) * 40 + struct.pack("<I", len(last))[:3] + bytes(4) + last)
        until(wire.line, b"\0\0\0")


FLOODS: list[tuple[str, Steady, Callable[[int], None]]] = [
    *(("ssh", on_ssh.steady, flood) for flood in (
        a_long_paste, keys_in_the_middle_of_a_line, output_while_keys_are_exchanged, long_words,
        a_file_many_times, a_variable_many_times, scripts_in_scripts, slow_exchanges,
        commands_of_closed_channels,
    )),
    *(("redis", on_redis.STEADY, flood) for flood in (
        one_key_many_times, a_transaction_of_copies, one_set_many_times, a_slow_command_many_times,
        a_list_taken_away, patterns_of_many,
    )),
    ("mysql", on_mysql.steady, commands_in_frames),
]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "steady", "flood"),
    FLOODS,
    ids=[f"{service}-{flood.__name__}" for service, _, flood in FLOODS],
)
def test_a_flood_delays_no_one_and_fits_into_the_memory(
    decoy: Callable[..., Any], service: str, steady: Steady, flood: Callable[[int], None]
) -> None:
    server = decoy(service, **persona_of(service, "debian-12", settings=WEAK))

    with steadily(steady, server.port) as slowest:
        flood(server.port)
        time.sleep(0.5)
        assert slowest() < PROMPT_SECONDS
    assert server.peak() < MEMORY[service]
    assert server.process.poll() is None


def test_who_does_not_read_its_last_words_loses_its_place(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", longest_wait=1.0, **persona_of("redis", "debian-12"))
    send(server.port, redis(b"SET", b"big", BIG))
    files = Path(f"/proc/{server.process.pid}/fd")
    before = len(os.listdir(files))

    lines = []
    for _ in range(20):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", server.port))
        line.sendall(b"GET big\r\n" * 5 + b"*1\r\n:1\r\n")
        lines.append(line)

    assert len(server.events("disconnect", 21)) == 21
    deadline = time.monotonic() + WAIT_SECONDS
    while len(os.listdir(files)) > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(os.listdir(files)) <= before
    for line in lines:
        line.close()


def test_who_asks_by_datagrams_and_falls_silent_is_gone(decoy: Callable[..., Any]) -> None:
    server = decoy("snmp", protocol="udp", longest_wait=1.0, **persona_of("snmp", "debian-12"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"hello", ("127.0.0.1", server.port))

    assert len(server.events("disconnect")) == 1


def test_a_long_script_loses_no_line(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", **persona_of("ssh", "debian-12", settings=WEAK))
    lines = [f"echo {number} {'x' * 400}" for number in range(1900)]

    done = ssh(server.port, "-T", given="\n".join(lines) + "\n")

    assert done.stdout.splitlines() == [line.removeprefix("echo ") for line in lines]


def test_an_idle_shell_ends_although_its_client_lives(decoy: Callable[..., Any]) -> None:
    server = decoy("ssh", longest_wait=2.0, **persona_of("ssh", "debian-12", settings=WEAK))
    prompt = BySsh(server.port)
    prompt.transport.set_keepalive(1)

    while prompt.channel.recv(4096):
        continue

    assert prompt.channel.recv_exit_status() == 255 and prompt.transport.is_active()
    prompt.close()
