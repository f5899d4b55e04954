"""Sleeps until the program has to end: by a signal, or because the network is gone."""

import asyncio
import contextlib
import fcntl
import os
import socket
import struct

SIOCGIFFLAGS = 0x8913
IFF_UP = 1
RTMGRP_LINK = 1
"""The group of rtnetlink(7) that gets each change of an interface."""
SETTLE_SECONDS = 2.0
"""An interface that is down for a shorter time has only been changed."""
POLL_SECONDS = 2.0
"""How often to look where the kernel does not report changes."""


class Links:
    """The interfaces of this network namespace. The kernel reports their changes: a decoy without visitors
    does not run at all, and a worker has hundreds of them."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()
        self._woken = False
        self._socket = self._listening()

    def stop(self) -> None:
        """The program is to end."""
        self._stopping.set()
        self._news.set()

    def wake(self) -> None:
        """There is something else to look at."""
        self._woken = True
        self._news.set()

    async def ended(self, seconds: float, *, is_woken: bool = False) -> int | None:
        """Wait so long, or (`is_woken`) until `wake` is called. The exit status if the program has to end
        before: 0 stopped, 1 the network is gone."""
        end = asyncio.get_running_loop().time() + seconds
        while not self._stopping.is_set():
            self._news.clear()
            if not has_network():
                return 1
            left = end - asyncio.get_running_loop().time()
            if left <= 0 or (is_woken and self._woken):
                self._woken = False
                return None
            has_news = await _is_set(
                self._news, left if self._socket is not None else min(left, POLL_SECONDS)
            )
            if has_news and not self._woken:
                await _is_set(self._stopping, SETTLE_SECONDS)
        return 0

    def close(self) -> None:
        """Wait for nothing more."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _listening(self) -> socket.socket | None:
        try:
            made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK)
        except OSError:
            return None
        try:
            made.bind((0, RTMGRP_LINK))
            asyncio.get_running_loop().add_reader(made, self._read)
        except OSError:
            made.close()
            return None
        return made

    def _read(self) -> None:
        """Of what has changed, only the present state matters. ENOBUFS: there was more than fits."""
        self._news.set()
        with contextlib.suppress(OSError):
            while self._socket is not None and self._socket.recv(65536):
                pass


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    """Whether it is set within so many seconds."""
    try:
        return await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False


def has_network() -> bool:
    """Whether an interface other than loopback is up in this network namespace.

    A kernel with sit, ipip or gre loaded puts devices of its own into every namespace; they are down, and
    they stay when the machine's own interface is gone.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        return any(name != "lo" and _is_up(asker, name) for _, name in socket.if_nameindex())


def _is_up(asker: socket.socket, name: str) -> bool:
    """By the flags of the interface (netdevice(7)); an interface that has just disappeared is not up."""
    try:
        answer = fcntl.ioctl(asker, SIOCGIFFLAGS, struct.pack("16s24x", os.fsencode(name)))
    except OSError:
        return False
    flags: int = struct.unpack_from("H", answer, 16)[0]
    return bool(flags & IFF_UP)
