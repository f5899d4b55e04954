"""Decoys under load: what a visit costs, whether ten thousand of them leave anything behind, and whether slow
connections delay a visitor.

`DECNET_BENCH_VISITS=N` makes it N visits to each service.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import Process, Queue
from pathlib import Path
from typing import Any

from .growth import Growth
from .rows import Result, Row
from .visits import VISITS, connected, decoy, visited

COUNT = int(os.environ.get("DECNET_BENCH_VISITS", "10000"))
STEPS = (0.1, 0.3, 1.0)
AT_ONCE = 6
BARE = 2000
SLOW = 200
FEWER = {"ssh": 7}
"""OpenSSH drops connections from the tenth that has not logged in (MaxStartups), and so does the decoy; those
of former visits count until they are closed."""
SLOW_SECONDS = 35.0
"""Longer than a connection may be idle before it gives way."""
BYTE_SECONDS = 3.0
ASKED = 15
WORDS = {
    "ssh": b"SSH-2.0-slow\r\n", "http": b"GET / HTTP/1.1\r\nHost: ", "telnet": b"", "ftp": b"USER ",
    "smtp": b"EHLO ", "mysql": b"\0\x40\0\1", "redis": b"*2\r\n$4\r\nECHO\r\n$9000\r\n",
}  # fmt: skip
"""Beginnings of what a slow client never finishes."""


def load_rows() -> list[Result]:
    """CPU and memory of the decoy, from /proc. Every visit comes from its own address of 127/8."""
    bare = _bare_cpu()
    return [row for service in VISITS for row in _visits(service, bare)]


def slow_rows() -> list[Result]:
    """The wall time of a visit next to SLOW slow connections, from as many addresses, against one without
    them, in turns."""
    _raise_limit()
    with ExitStack() as running:
        free = {service: running.enter_context(_running(service)) for service in WORDS}
        busy = {service: running.enter_context(_running(service)) for service in WORDS}
        slow = [
            (service, running.enter_context(connected(service, busy[service].port)))
            for service in WORDS
            for _ in range(count_of(service))
        ]
        for service, line in slow:
            with suppress(OSError):
                line.sendall(WORDS[service])
        lines = [line for _, line in slow]
        _trickle(lines, SLOW_SECONDS)
        return [_among(service, free[service].port, busy[service].port, lines) for service in WORDS]


def _visits(service: str, bare: float) -> list[Result]:
    done, sizes, spent, wall = 0, [], 0.0, 0.0
    with _running(service) as server, ThreadPoolExecutor(AT_ONCE) as pool:
        for step in STEPS:
            more = int(COUNT * step) - done
            before, began = _cpu(server.process.pid), time.monotonic()
            list(pool.map(lambda _: visited(service, server.port), range(more)))
            spent, wall = (_cpu(server.process.pid) - before) / more, (time.monotonic() - began) / more
            done += more
            sizes.append((float(done), server.memory()))
    what = f"a visit to {service}, {1 / wall:.0f} a second: the decoy's CPU"
    return [
        Row(what, 1000 * spent, 1000 * bare, "a bare asyncio server that answers a line", unit="ms"),
        Growth(f"memory of {service} after {done} visits", tuple(sizes), "visits", "MiB", aim=0.05),
    ]


def _among(service: str, free: int, busy: int, slow: list[Any]) -> Row:
    alone, among = [], []
    for _ in range(ASKED):
        alone.append(1000 * _seconds(service, free))
        among.append(1000 * _seconds(service, busy))
        _trickle(slow, 0.1)
    what = f"a visit to {service} among {count_of(service)} slow connections, wall"
    return Row(what, statistics.median(among), statistics.median(alone), "without them", 1.5, "ms")


def count_of(service: str) -> int:
    """How many slow connections a service gets."""
    return FEWER.get(service, SLOW)


def _raise_limit() -> None:
    """This process holds all connections."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _trickle(lines: list[Any], seconds: float) -> None:
    """One byte from each now and then; some have been disconnected."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for line in lines:
            with suppress(OSError):
                line.send(b"x")
        time.sleep(min(BYTE_SECONDS, seconds))


def _seconds(service: str, port: int) -> float:
    began = time.monotonic()
    visited(service, port)
    return time.monotonic() - began


@contextmanager
def _running(service: str) -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        server = decoy(Path(folder), service)
        try:
            yield server
        finally:
            server.stop()


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _bare_cpu() -> float:
    """CPU seconds of a connection to a server that does nothing but answer."""
    ports: Queue[int] = Queue()
    server = Process(target=_serve, args=(ports,), daemon=True)
    server.start()
    port = ports.get(timeout=30)
    try:
        before = _cpu(server.pid or 0)
        for _ in range(BARE):
            with connected("bare", port) as line:
                line.sendall(b"GET / HTTP/1.0\r\n")
                while line.recv(4096):
                    continue
        return (_cpu(server.pid or 0) - before) / BARE
    finally:
        server.terminate()
        server.join()


def _serve(ports: Any) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())
