"""The reference for pulls that are made again: asyncssh, tuned, asking the same agents on open connections.

    python -m tests.bench.bare_again KEY HOST_KEY_FILE PORT ROUNDS COMMAND ADDRESS...

One line of JSON for each round, as `pulls` prints: processor and wall seconds, and how many answered.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from typing import Any

import asyncssh

from .bare import OPTIONS


async def run(key: str, host_key: str, port: int, rounds: int, command: str, addresses: list[str]) -> None:
    line, lane = sys.stdin.buffer.read(), asyncio.Semaphore(64)
    own, known = asyncssh.read_private_key(key), ([asyncssh.read_public_key(host_key)], [], [])
    connections: dict[str, Any] = {}

    async def one(address: str) -> None:
        if address not in connections:
            async with lane:
                connections[address] = await asyncssh.connect(
                    address, port, client_keys=[own], known_hosts=known, **OPTIONS
                )
        ended = await connections[address].run(command, input=line, encoding=None)
        assert ended.exit_status == 0

    for _ in range(rounds):
        cpu, began = _cpu(), time.perf_counter()
        await asyncio.gather(*map(one, addresses))
        figures = {"cpu": _cpu() - cpu, "wall": time.perf_counter() - began, "seen": len(connections)}
        print(json.dumps(figures), flush=True)
    for each in connections.values():
        each.abort()


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    own_key, pinned, at, times, asked, *hosts = sys.argv[1:]
    asyncio.run(run(own_key, pinned, int(at), int(times), asked, hosts))
