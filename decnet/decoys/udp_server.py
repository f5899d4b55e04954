"""UDP services: visitors, their events, and limits on answers.

A datagram's sender can be forged, so an answer is never longer than the question, unless it stays on the
decky's own LAN; there it is rate limited, for each source and for all of them.
"""

import asyncio
import os
import socket
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import cast

from .events import Local, Recorder, Session
from .persona import Persona
from .serve import Stop
from .waits import LONGEST_WAIT

MOST_ANSWER = 1400
"""Bytes: an answer fits into one packet."""
SOURCE_BYTES, SOURCE_BYTES_A_SECOND = 1024 * 1024, 16 * 1024
ALL_BYTES, ALL_BYTES_A_SECOND = 4 * 1024 * 1024, 64 * 1024
"""By which answers may be longer than their requests: several walks of a whole agent, which has 300 KiB."""
MOST_SOURCES = 1000
MOST_VISITS = 500
IDLE_SECONDS = 30.0
ROUTES = "/proc/net/route"

Network = tuple[int, int]
"""Address and mask."""
Peer = tuple[str, int]
"""Address and port of a visitor."""


class Visit:
    """The visit of one source address and port."""

    def __init__(self, session: Session, now: float) -> None:
        self.session = session
        self.last = now
        self.count = 0
        self.known: set[str] = set()
        """For the service: what it records only once per visitor."""

    def record(self, kind: str, **fields: str | int | bool) -> None:
        """Record one action of this visitor."""
        self.session.record(kind, **fields)


Answer = Callable[[bytes, Visit, int], bytes | None]
"""A datagram, its visitor, and how long the answer may be; None for silence."""


class Bucket:
    """A token bucket."""

    def __init__(self, most: float, a_second: float, now: float) -> None:
        self._most, self._a_second = most, a_second
        self._left, self._at = most, now

    def left(self, now: float) -> float:
        """The tokens that may be spent now."""
        self._left = min(self._most, self._left + (now - self._at) * self._a_second)
        self._at = now
        return self._left

    def spend(self, amount: float) -> None:
        """Spend tokens."""
        self._left -= amount


class Budget:
    """How long an answer may be."""

    def __init__(self, lan: list[Network], now: float) -> None:
        self._lan = lan
        self._all = Bucket(ALL_BYTES, ALL_BYTES_A_SECOND, now)
        self._sources: OrderedDict[str, Bucket] = OrderedDict()

    def room(self, source: str, received: int, now: float) -> int:
        """The allowed length of the answer to a request of that length."""
        if not self._is_near(source):
            return received
        left = min(self._bucket(source, now).left(now), self._all.left(now), MOST_ANSWER)
        return max(received, int(left))

    def spend(self, source: str, received: int, sent: int, now: float) -> None:
        """Account for an answer that was longer than its question."""
        if sent > received:
            self._bucket(source, now).spend(sent - received)
            self._all.spend(sent - received)

    def _is_near(self, source: str) -> bool:
        address = int.from_bytes(socket.inet_aton(source), "big")
        return any(address & mask == network for network, mask in self._lan)

    def _bucket(self, source: str, now: float) -> Bucket:
        bucket = self._sources.pop(source, None) or Bucket(SOURCE_BYTES, SOURCE_BYTES_A_SECOND, now)
        self._sources[source] = bucket
        if len(self._sources) > MOST_SOURCES:
            self._sources.popitem(last=False)
        return bucket


class Visits:
    """The recent visitors. As long as there are any, a timer ends those that are silent."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._idle = min(IDLE_SECONDS, LONGEST_WAIT)
        self._timer: asyncio.TimerHandle | None = None
        self._visits: OrderedDict[tuple[Peer, int], Visit] = OrderedDict()

    def of(self, peer: Peer, port: int, now: float) -> Visit:
        """The visit that this datagram to our `port` belongs to."""
        visit = self._visits.pop((peer, port), None)
        if visit is None:
            local = Local(local_address(peer), port, "udp")
            visit = Visit(self._recorder.session(*peer, local), now)
        self._visits[peer, port] = visit
        visit.last = now
        visit.count += 1
        if len(self._visits) > MOST_VISITS:
            _end(self._visits.popitem(last=False)[1])
        if self._timer is None:
            self._sweep_later()
        return visit

    def end(self) -> None:
        """End all visits."""
        if self._timer is not None:
            self._timer.cancel()
        self._forget(float("inf"))

    def _sweep_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._idle / 3, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        self._forget(time.monotonic() - self._idle)
        if self._visits:
            self._sweep_later()

    def _forget(self, before: float) -> None:
        """End the visits that have been silent since."""
        while self._visits:
            key, visit = next(iter(self._visits.items()))
            if visit.last >= before:
                return
            _end(self._visits.pop(key))


def _end(visit: Visit) -> None:
    visit.session.end(requests=visit.count)


def local_address(peer: Peer) -> str:
    """Our address on the way to a visitor, which an answer comes from; "" if there is no way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(peer)
        except OSError:
            return ""
        return str(probe.getsockname()[0])


class Datagrams(asyncio.DatagramProtocol):
    """One port."""

    def __init__(self, answer: Answer, visits: Visits, budget: Budget) -> None:
        self._answer = answer
        self._visits = visits
        self._budget = budget
        self._port = 0
        self._transport: asyncio.DatagramTransport
        self._is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The port is open."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        """Answer one datagram, or be silent."""
        now = time.monotonic()
        room = self._budget.room(peer[0], len(data), now)
        answer = self._answer(data, self._visits.of(peer[:2], self._port, now), room)
        if answer is not None and len(answer) <= room and not self._is_full:
            self._budget.spend(peer[0], len(data), len(answer), now)
            self._transport.sendto(answer, peer)

    def pause_writing(self) -> None:
        """The send buffer is full: send no answers, and queue none."""
        self._is_full = True

    def resume_writing(self) -> None:
        """The send buffer has room again."""
        self._is_full = False

    def error_received(self, error: Exception) -> None:
        """A client has refused our answer."""


async def receive(persona: Persona, recorder: Recorder, answer: Answer) -> Stop:
    """Listen on the persona's UDP ports and answer; the returned call ends it."""
    loop = asyncio.get_running_loop()
    visits = Visits(recorder)
    budget = Budget(near(), time.monotonic())
    transports = [
        (await loop.create_datagram_endpoint(lambda: Datagrams(answer, visits, budget), sock=_bound(port)))[0]
        for port in persona.udp_ports()
    ]

    async def stop() -> None:
        for transport in transports:
            transport.close()
        visits.end()

    return stop


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("0.0.0.0", port))
    return made


def near(routes: str = ROUTES) -> list[Network]:
    """The networks that this machine is directly attached to, by its routing table."""
    networks = [(127 << 24, 255 << 24)]
    try:
        lines = _read(routes).splitlines()[1:]
    except OSError:
        return networks
    for fields in (line.split() for line in lines):
        if len(fields) >= 8 and not _number(fields[2]) and _number(fields[7]):
            networks.append((_number(fields[1]), _number(fields[7])))
    return networks


def _read(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 65536).decode("ascii", "replace")
    finally:
        os.close(descriptor)


def _number(field: str) -> int:
    """An address of the routing table, whose bytes are in the machine's order."""
    return int.from_bytes(int(field, 16).to_bytes(4, sys.byteorder), "big")
