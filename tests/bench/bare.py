"""The reference: asyncssh, tuned as the measurements say, and nothing else. One command on each address; it
reads what this program reads.

python bare.py KEY HOST_KEY_FILE PORT COMMAND ADDRESS...
"""

from __future__ import annotations

import asyncio
import gc
import resource
import sys

import asyncssh

OPTIONS = {
    "username": "root",
    "agent_path": None,
    "config": None,
    "preferred_auth": "publickey",
    "server_host_key_algs": "default",
    "kex_algs": ["curve25519-sha256"],
    "encryption_algs": ["aes128-gcm@openssh.com"],
    "compression_algs": ["none"],
    "login_timeout": 60,
}


async def run(key: str, host_key: str, port: int, command: str, addresses: list[str], line: bytes) -> None:
    lane = asyncio.Semaphore(64)
    own, known = asyncssh.read_private_key(key), ([asyncssh.read_public_key(host_key)], [], [])

    async def one(address: str) -> None:
        async with lane:
            connection = await asyncssh.connect(
                address, port, client_keys=[own], known_hosts=known, **OPTIONS
            )
        async with connection:
            ended = await connection.run(command, input=line, encoding=None)
            assert ended.exit_status == 0

    await asyncio.gather(*(one(address) for address in addresses))


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    gc.freeze()
    key, host_key, port, command, *addresses = sys.argv[1:]
    asyncio.run(run(key, host_key, int(port), command, addresses, sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
