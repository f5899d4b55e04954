# ruff: noqa: E501 (lists of names stand on one line)
"""What the SSH decoy records of a client's handshake, against published fingerprints and the clients' own words."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable
from typing import Any

import paramiko
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.decoys.ssh.hello import fingerprint, parse_init
from decnet.decoys.ssh.wire import Malformed

BANNER = "OpenSSH_9.2p1 Debian-2+deb12u3"
OPENSSH_7_6 = (
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,ext-info-c",
    "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com",
    "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1",
    "none,zlib@openssh.com,zlib",
)
PUBLISHED = "06046964c022c6407d15a27b12a6a4fb"
"""HASSH of OpenSSH 7.6: salesforce/hassh, python/hasshGen/hassh_fingerprints.csv."""

MOST_FIELD = 3000


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(raw)) + raw


def init(kex: str | bytes, ciphers: str, macs: str, compressions: str, other: str = "other") -> bytes:
    lists = (kex, "ssh-ed25519,ssh-rsa", ciphers, other, macs, other, compressions, other, "", "de")
    return b"\x14" + bytes(16) + b"".join(map(text, lists)) + b"\0" + bytes(4)


def test_hassh_is_the_published_one_and_comes_with_its_lists() -> None:
    kex, ciphers, macs, compressions = OPENSSH_7_6

    assert fingerprint(init(*OPENSSH_7_6)) == {
        "hassh": PUBLISHED, "kex_algorithms": kex, "host_key_algorithms": "ssh-ed25519,ssh-rsa",
        "ciphers": ciphers, "macs": macs, "compressions": compressions,
    }  # fmt: skip


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_a_broken_offer_is_refused_and_breaks_nothing(noise: bytes) -> None:
    whole = init(*OPENSSH_7_6)
    for packet in (noise, whole[: len(noise)], whole[: len(noise)] + noise):
        for read in (fingerprint, parse_init):
            try:
                read(packet)
            except Malformed:
                continue


def test_the_offer_of_openssh_is_recorded_once_and_its_hassh_with_every_visit(
    decoy: Callable[..., Any], ssh: Any
) -> None:
    server = decoy("ssh", banner=BANNER, settings={"credentials": "root:123456"})

    done = ssh(server.port, "-vv", "exit", log_level="DEBUG2")
    ssh(server.port, "exit")

    debug = done.stderr.partition("local client KEXINIT proposal")[2].partition("peer server KEXINIT")[0]
    own = dict(re.findall(r"debug2: (.+?): (\S+)", debug))
    lists = (own["KEX algorithms"], own["ciphers ctos"], own["MACs ctos"], own["compression ctos"])
    hassh = hashlib.md5(";".join(lists).encode()).hexdigest()
    ends = [event["fields"]["hassh"] for event in server.events("disconnect", 2)]
    (shaken,) = [event["fields"] for event in server.events("request")]
    client = shaken.pop("client")
    assert client.startswith("SSH-2.0-OpenSSH_") and ends == [hassh, hassh]
    assert shaken == {
        "request": "handshake", "hassh": hassh, "kex_algorithms": lists[0], "host_key_algorithms": own["host key algorithms"],
        "ciphers": lists[1], "macs": lists[2], "compressions": lists[3],
    }  # fmt: skip


def test_another_client_of_the_same_source_is_recorded_as_well(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", banner=BANNER, settings={"credentials": "root:123456"})

    ssh(server.port, "exit")
    transport = paramiko.Transport(("127.0.0.1", server.port))
    transport.start_client(timeout=30)
    transport.close()

    clients = [event["fields"]["client"] for event in server.events("request", 2)]
    assert [each.partition("_")[0] for each in clients] == ["SSH-2.0-OpenSSH", "SSH-2.0-paramiko"]


@pytest.mark.parametrize(
    "kex", [b"none", b"x" * 16_000, b"\xff\x00\x1b[31m," * 900], ids=["unknown", "long", "hostile"]
)
def test_an_offer_that_is_refused_is_recorded_within_bounds(decoy: Callable[..., Any], kex: bytes) -> None:
    server = decoy("ssh", banner=BANNER)
    payload = init(kex, "aes128-ctr", "hmac-sha1", "none")
    padding = 8 - (len(payload) + 5) % 8 + 8
    packet = struct.pack(">IB", len(payload) + 1 + padding, padding) + payload + bytes(padding)

    server.ask(b"SSH-2.0-scanner\r\n" + packet)

    fields = server.events("request")[0]["fields"]
    assert fields["client"] == "SSH-2.0-scanner"
    assert fields["hassh"] == hashlib.md5(kex + b";aes128-ctr;hmac-sha1;none").hexdigest()
    assert len(fields["kex_algorithms"]) <= MOST_FIELD
