"""Where the telnet decoy waits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clients import ByTelnet
from telnet_client import Client

from .base import Group, Held, Wait, connect, saying, until

WEAK = (("credentials", "root:123456"),)
TTYPE = 24


@contextmanager
def steady(port: int) -> Iterator[Callable[[], object]]:
    prompt = ByTelnet(port)
    yield prompt.answers
    prompt.close()


@contextmanager
def steadily_new(port: int) -> Iterator[Callable[[], object]]:
    def ask() -> None:
        with connect(port) as line:
            until(line, b"\r\n")

    yield ask


def promising_a_terminal(port: int) -> Held:
    """Every option but one is refused, and the name of the terminal is never said."""
    line = connect(port)
    said = b""
    while b"\xff\xfa\x18\x01\xff\xf0" not in said:
        piece = line.recv(4096)
        for verb, option in re.findall(rb"\xff([\xfb\xfd])(.)", piece, re.DOTALL):
            will = verb == b"\xfd" and option[0] == TTYPE
            line.sendall(b"\xff" + (b"\xfb" if will else b"\xfc" if verb == b"\xfd" else b"\xfe") + option)
        said += piece
    return Held([line])


def refused(port: int) -> Held:
    client = Client(port)
    for ask, answer in ((b"login: ", b"root"), (b"Password: ", b"wrong")):
        client.until(ask)
        client.type(answer)
    return Held([client.line], client)


def at_prompt(*commands: str) -> Callable[[int], Held]:
    def reach(port: int) -> Held:
        prompt = ByTelnet(port)
        for command in commands:
            prompt.type(command)
        return Held([prompt.channel], prompt)

    return reach


SWITCH = b"\xff\xfd\x01\xff\xfd\x03"
GROUPS = (
    Group("telnet", "telnet", "debian-12", steady, (
        Wait("an answer to an option", "telnet/server.py:_answers", saying(b"")),
        Wait("the value of an option", "telnet/server.py:_answers", promising_a_terminal),
        Wait("the end of a wrong login", "telnet/keyboard.py:pause", refused),
        Wait("keys", "shell/driver.py:_read_line", at_prompt()),
        Wait("input", "shell/driver.py:_read_terminal", at_prompt("cat > /tmp/x")),
        Wait("the end of a command", "shell/driver.py:_pause", at_prompt("sleep 60")),
    ), WEAK),
    Group("telnet, a switch", "telnet", "edgeswitch-1.9", steadily_new, (
        Wait("a name", "telnet/server.py:_name", saying(SWITCH)),
        Wait("a password", "telnet/server.py:_accepts", saying(SWITCH, (b"User:", b"root\r\0"))),
        Wait("the end after three", "tcp_server.py:linger",
              saying(SWITCH, *((b"User:", b"a\r\0"), (b"assword:", b"b\r\0")) * 3)),
        Wait("the end after the time for a login", "tcp_server.py:linger", saying(SWITCH), impatient=True),
    ), WEAK),
    Group("telnet, a printer", "telnet", "hp-laserjet-m404", steadily_new, (
        Wait("a setting", "telnet/jetdirect.py:converse", saying(SWITCH, (b"> ", b"/\r\0"))),
    )),
)  # fmt: skip
