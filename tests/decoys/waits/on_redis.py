"""Where the redis decoy waits."""

from __future__ import annotations

from .base import Group, Wait, asking, saying

STEADY = asking(b"", b"PING\r\n", b"+PONG\r\n")

GROUPS = (
    Group("redis", "redis", "debian-12", STEADY, (
        Wait("a command", "redis/resp.py:command", saying(b"")),
        Wait("the rest of a line", "redis/resp.py:_inline", saying(b"PI")),
        Wait("a count", "redis/resp.py:_multibulk", saying(b"*2")),
        Wait("the end of a count", "redis/resp.py:_skip", saying(b"*2\r")),
        Wait("a length", "redis/resp.py:_bulk", saying(b"*2\r\n$4\r\nPING\r\n$")),
        Wait("the end of a length", "redis/resp.py:_skip", saying(b"*1\r\n$4\r")),
        Wait("a word", "redis/resp.py:_bulk", saying(b"*1\r\n$4\r\nPI")),
        Wait("something in a list", "redis/instance.py:until", saying(b"BLPOP nothing 0\r\n")),
        Wait("the end after QUIT", "tcp_server.py:linger", saying(b"QUIT\r\n")),
        Wait("the end after an error", "tcp_server.py:linger", saying(b"*1\r\n:1\r\n")),
    )),
    Group("redis 6", "redis", "ubuntu-22.04", STEADY, (
        Wait("the end of a DEBUG SLEEP", "redis/dispatch.py:_inside",
              saying(b"MULTI\r\nDEBUG SLEEP 10\r\nEXEC\r\n")),
    )),
)  # fmt: skip
