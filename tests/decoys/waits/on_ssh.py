"""Where the ssh decoy waits."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from clients import BySsh
from paramiko.message import Message
from ssh_wire import SERVICE, Raw, password, string

from .base import WAIT_SECONDS, Group, Held, Wait, saying

WEAK = (("credentials", "root:123456"),)
VERSION = b"SSH-2.0-x\r\n"
LISTS = ("ssh-ed25519", *("aes128-ctr",) * 2, *("hmac-sha2-256",) * 2, *("none",) * 2, "", "")
CURVE, GROUP = "curve25519-sha256", "diffie-hellman-group-exchange-sha256"
FAR = "ping 10.255.255.1"
"""A switch waits for answers."""
PLAIN_LENGTH = "hmac-sha2-256-etm@openssh.com"
"""The lengths of its packets are not encrypted."""
SMALL, SEGMENT = 4096, 536
"""Bytes of a receive buffer and of a segment: so the server keeps little for who does not read."""


def plain(payload: bytes) -> bytes:
    """A packet before there are keys."""
    padding = 16 - (len(payload) + 5) % 8
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


def init(kex: str, *, guessed: bool = False) -> bytes:
    lists = b"".join(string(each) for each in (kex, *LISTS))
    return b"\x14" + os.urandom(16) + lists + bytes((guessed,)) + bytes(4)


def exchanging(*payloads: bytes) -> Callable[[int], Held]:
    return saying(VERSION, *map(plain, payloads))


class Deaf(Raw):
    """A client that from some time on does not even read; it logs in as root."""

    def __init__(self, port: int, *, log_in: bool = True) -> None:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        line.settimeout(WAIT_SECONDS)
        line.connect(("127.0.0.1", port))
        self._deaf = threading.Event()
        super().__init__(line)
        self.get_security_options().ciphers = ("aes128-ctr",)
        self.get_security_options().digests = (PLAIN_LENGTH, "hmac-sha2-256")
        self.start_client(timeout=WAIT_SECONDS)
        if log_in:
            self.tell(SERVICE, password("123456"))
            self.wait_for(0x34)

    def _note(self) -> tuple[int, Message]:
        while self._deaf.is_set() and not self.over.wait(0.1):
            continue
        return super()._note()

    def tell(self, *payloads: bytes) -> None:
        for payload in payloads:
            self.say(payload)

    def wait_for(self, number: int) -> None:
        while not any(message[0] == number for message in self.heard):
            assert not self.over.wait(0.01), self.heard

    def become_deaf(self) -> None:
        self._deaf.set()

    def flood(self, payload: bytes, most: int) -> None:
        """Say it again and again, until the server reads no more."""
        self.become_deaf()
        counts = [0]

        def say_on() -> None:
            with suppress(OSError, EOFError):
                while counts[-1] < most:
                    self.say(payload)
                    counts.append(counts[-1] + 1)

        threading.Thread(target=say_on, daemon=True).start()
        before = -1
        while before < len(counts) < most:
            before = len(counts)
            time.sleep(0.5)

    def held(self) -> Held:
        return Held([self.sock], self)


def after_keys(*payloads: bytes, raw: bytes = b"", log_in: bool = True) -> Callable[[int], Held]:
    def reach(port: int) -> Held:
        client = Deaf(port, log_in=log_in)
        client.tell(*payloads)
        if raw:
            client.sock.sendall(raw)
        return client.held()

    return reach


def opened(window: int = 1 << 20, number: int = 0) -> bytes:
    return b"\x5a" + string("session") + struct.pack(">III", number, window, 1 << 15)


def request(what: str, rest: bytes = b"", number: int = 0) -> bytes:
    return b"\x62" + struct.pack(">I", number) + string(what) + b"\0" + rest


def running(
    command: str, *more: bytes, terminal: bool = False, window: int = 1 << 20
) -> Callable[[int], Held]:
    pty = [request("pty-req", string("xterm") + struct.pack(">IIII", 80, 24, 0, 0) + string(""))]
    return after_keys(opened(window), *pty * terminal, request("exec", string(command)), *more)


def at_prompt(*commands: str) -> Callable[[int], Held]:
    def reach(port: int) -> Held:
        prompt = BySsh(port)
        for command in commands:
            prompt.type(command)
        return Held([prompt.transport.sock], prompt)

    return reach


def reading_nothing(port: int) -> Held:
    """Much output that the client does not read."""
    client = Deaf(port)
    client.become_deaf()
    for number in range(8):
        client.tell(opened(1 << 24, number), request("exec", string("ps aux;" * 130), number))
    return client.held()


def flooding(payload: bytes, most: int) -> Callable[[int], Held]:
    def reach(port: int) -> Held:
        client = Deaf(port)
        client.flood(payload, most)
        return client.held()

    return reach


@contextmanager
def steady(port: int) -> Iterator[Callable[[], object]]:
    prompt = BySsh(port)
    yield prompt.answers
    prompt.close()


def data(text: bytes) -> bytes:
    return b"\x5e" + struct.pack(">I", 0) + string(text)


IGNORED = b"\x02" + string("x")
KEEPALIVE = b"\x50" + string("keepalive@openssh.com") + b"\1"
HALF_PACKET = struct.pack(">I", 32) + bytes(32)
GROUPS = (
    Group("ssh", "ssh", "debian-12", steady, (
        Wait("a version", "ssh/transport.py:greet", saying(b"")),
        Wait("the rest of a version", "ssh/transport.py:greet", saying(b"SSH-")),
        Wait("the first message", "ssh/transport.py:first_exchange", saying(VERSION)),
        Wait("what follows an ignored one", "ssh/transport.py:_wanted", exchanging(IGNORED)),
        Wait("half a packet", "ssh/transport.py:_packet", saying(VERSION + b"\0\0\0\x64" + bytes(9))),
        Wait("a key", "ssh/transport.py:_agree", exchanging(init(CURVE))),
        Wait("what follows an ignored one in an exchange", "ssh/transport.py:_expect",
              exchanging(init(CURVE), IGNORED)),
        Wait("a wrong guess", "ssh/transport.py:_exchange", exchanging(init(f"x,{CURVE}", guessed=True))),
        Wait("a group", "ssh/transport.py:_agree_group", exchanging(init(GROUP))),
        Wait("a key of a group", "ssh/transport.py:_agree_group",
              exchanging(init(GROUP), b"\x22" + struct.pack(">III", 2048, 2048, 2048))),
        Wait("new keys", "ssh/transport.py:_take_keys",
              exchanging(init(CURVE), b"\x1e" + string(b"\x09" + bytes(31)))),
        Wait("a login", "ssh/auth.py:run", after_keys(log_in=False)),
        Wait("a login, after an ignored message", "ssh/transport.py:_wanted",
              after_keys(IGNORED, log_in=False)),
        Wait("the end of a packet", "ssh/transport.py:_packet", after_keys(raw=HALF_PACKET, log_in=False)),
        Wait("a channel", "ssh/channels.py:serve", after_keys()),
        Wait("new keys in a session", "ssh/transport.py:_exchange", after_keys(init(CURVE))),
        Wait("keys, to go on with output", "ssh/transport.py:drain",
              running("sleep 0.3; find /", init(CURVE))),
        Wait("a shell's input", "shell/driver.py:_read_input", after_keys(opened(), request("shell"))),
        Wait("the end of a shell's command", "shell/driver.py:_pause",
              after_keys(opened(), request("shell"), data(b"sleep 60\n"))),
        Wait("keys at a prompt", "shell/driver.py:_read_line", at_prompt()),
        Wait("input at a prompt", "shell/driver.py:_read_terminal", at_prompt("cat > /tmp/x")),
        Wait("the input of a shell's command", "shell/driver.py:_read_input",
              after_keys(opened(), request("shell"), data(b"cat > /tmp/x\n"))),
        Wait("the end of a command at a prompt", "shell/driver.py:_pause", at_prompt("sleep 60")),
        Wait("the end of a command", "shell/driver.py:_pause", running("sleep 60")),
        Wait("the end of a command on a terminal", "shell/driver.py:_pause",
              running("sleep 60", terminal=True)),
        Wait("a command's input", "shell/driver.py:_read_input", running("cat > /tmp/x")),
        Wait("a shell that takes its input", "ssh/channels.py:take",
              after_keys(opened(), request("shell"), data(b"sleep 60\n"), *[data(b"x" * 30_000)] * 30)),
        Wait("a window", "ssh/channels.py:write", running("find /", window=0)),
        Wait("a client that reads output", "ssh/channels.py:write", reading_nothing, output=True),
        Wait("a client that reads answers", "ssh/channels.py:serve",
              flooding(KEEPALIVE, 200_000), output=True),
    ), WEAK),
    Group("ssh 9.6", "ssh", "ubuntu-24.04", steady, (
        Wait("a client that reads echoes", "ssh/transport.py:read",
              flooding(b"\xc0" + string(bytes(30_000)), 400), output=True),
    ), WEAK),
    Group("ssh, a switch", "ssh", "cisco-ios-xe-16.12", steady, (
        Wait("keys at a prompt", "shell/consoles/lines.py:_read_line", at_prompt()),
        Wait("the end of a command at a prompt", "shell/consoles/lines.py:_pause", at_prompt(FAR)),
        Wait("the next page", "shell/consoles/lines.py:_write_pages", at_prompt("show ip interface brief")),
        Wait("lines", "shell/consoles/lines.py:_plain", after_keys(opened(), request("shell"))),
        Wait("the end of a line's command", "shell/consoles/lines.py:_pause",
              after_keys(opened(), request("shell"), data(FAR.encode() + b"\n"))),
        Wait("the end of a command", "shell/consoles/lines.py:_pause", running(FAR)),
    ), WEAK),
)  # fmt: skip
