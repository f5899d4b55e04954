"""A real sshd that shares no algorithm with us."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from decnet.errors import TrustRefused
from decnet.worker import connect
from decnet.worker.agreement import host_keys_in
from decnet.worker.login import Place as Address
from decnet.worker.login import fetch_key

from .loopback import Place, raw_server
from .machine import Machine, keygen, running

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sshd with folders of its own needs root")


CTR = "Ciphers aes128-ctr\n"
SNTRUP = "sntrup761x25519-sha512@openssh.com"


@pytest.mark.parametrize(
    ("config", "code", "message"),
    [
        (
            f"KexAlgorithms {SNTRUP}",
            5,
            f"no key exchange algorithm in common: it offers {SNTRUP}; decnet has curve25519-sha256, ",
        ),
        (
            "KexAlgorithms diffie-hellman-group14-sha1",
            6,
            "only weak algorithms (key exchange): diffie-hellman-group14-sha1",
        ),
        ("Ciphers aes128-cbc,3des-cbc", 6, "only weak algorithms (encryption): aes128-cbc, 3des-cbc"),
        ("Ciphers aes192-ctr", 5, "no encryption algorithm in common: it offers aes192-ctr; decnet has aes"),
        (f"{CTR}MACs hmac-sha1,umac-64@openssh.com", 6, "weak algorithms (MAC): hmac-sha1, umac-64"),
        (f"{CTR}MACs umac-128-etm@openssh.com", 5, "no MAC algorithm in common: it offers umac-128"),
    ],
)
def test_an_sshd_without_a_common_algorithm_is_told_from_one_with_weak_ones(
    tmp_path: Path, config: str, code: int, message: str
) -> None:
    machine = Machine(tmp_path, config=config.split("\n"))
    with running(machine):
        refused = machine.add()
    assert (refused.code, message in refused, "weak" in refused) == (code, True, code == 6), refused.out
    assert "sshd_config" in refused and "decnet worker" not in refused.out


def test_an_sshd_that_signs_with_sha_1_only_is_refused_as_weak_before_and_after_enrolment(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path)
    keygen("rsa", tmp_path / "etc" / "host_ed25519")
    weak = "it offers only weak algorithms (host key): ssh-rsa"
    machine.configure("HostKeyAlgorithms ssh-rsa")
    with running(machine):
        refused = machine.add()
    machine.configure("HostKeyAlgorithms rsa-sha2-512")
    with running(machine):
        assert machine.add().code == 0
    machine.configure("HostKeyAlgorithms ssh-rsa")
    with running(machine):
        later = machine.decnet("worker", "show", "w1")
    assert [(ran.code, weak in ran) for ran in (refused, later)] == [(6, True), (6, True)]


NO_LINGER = struct.pack("ii", 1, 0)


def packet(payload: bytes) -> bytes:
    """A plain packet (RFC 4253, section 6)."""
    padding = 16 - (5 + len(payload)) % 8
    return (1 + len(payload) + padding).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Offers SHA-1 only, and resets the connection as for a process that leaves data unread."""
    ciphers, macs = ["aes128-ctr"] * 2, ["hmac-sha2-256"] * 2
    offer = kexinit("curve25519-sha256", "ssh-rsa", *ciphers, *macs, "none", "none", "", "") + bytes(5)
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n" + packet(offer))
    while len(await reader.read(65536)) > 100:
        pass
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.transport.abort()


@pytest.mark.parametrize(
    "reach",
    [
        lambda place, port: connect.connect(place.target(port)),
        lambda _, port: fetch_key(Address("127.0.0.1", port, "root", None), "w1"),
    ],
    ids=["login", "key"],
)
def test_an_sshd_with_weak_keys_that_resets_the_connection_is_told_from_one_that_is_lost(
    tmp_path: Path, reach: Callable[[Place, int], Awaitable[object]]
) -> None:
    async def main() -> None:
        async with raw_server(resetting) as port:
            await reach(Place(tmp_path), port)

    with pytest.raises(TrustRefused, match="only weak algorithms"):
        asyncio.run(main())


def kexinit(*lists: str) -> bytes:
    """A KEXINIT message (RFC 4253, section 7.1), as far as these name-lists."""
    texts = [text.encode() for text in lists]
    return b"\x14" + bytes(16) + b"".join(len(text).to_bytes(4, "big") + text for text in texts)


def test_host_key_algorithms_are_read_from_a_whole_message_only() -> None:
    whole = kexinit("curve25519-sha256", "ssh-rsa,ssh-dss", "aes128-ctr")
    assert host_keys_in(whole) == ["ssh-rsa", "ssh-dss"]
    assert host_keys_in(kexinit("curve25519-sha256", "")) == []
    assert [
        host_keys_in(whole[:size]) for size in range(len(kexinit("curve25519-sha256", "ssh-rsa,ssh-dss")))
    ] == ([None] * len(kexinit("curve25519-sha256", "ssh-rsa,ssh-dss")))
