"""Dropbear's releases: what they offer, and that real clients agree with every cipher and MAC of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import paramiko
import pytest
from test_shell_language import persona

from decnet.decoys.ssh.ciphers import CIPHERS, mac_key_size, protection
from decnet.decoys.ssh.dialects import Dialect, dialect_of

OLD = "dropbear_2019.78"
KEX = ",".join((
    "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp521", "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp256", "diffie-hellman-group14-sha256", "diffie-hellman-group14-sha1",
    "kexguess2@matt.ucc.asn.au",
))  # fmt: skip
"""That of Dropbear 2022.83 as Debian builds it, without its kex-strict-s-v00@openssh.com."""


def offered(release: str, banner: str) -> Dialect:
    return dialect_of(dataclasses.replace(persona(release), banner=banner))


def test_an_offer_is_that_of_the_release() -> None:
    new, old = offered("busybox-camera", "dropbear_2020.81"), offered("busybox-camera", OLD)
    router = offered("openwrt-21.02", "dropbear")
    assert ",".join(new.kex) == ",".join(old.kex) == KEX
    assert new.ciphers == router.ciphers == ("chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr")
    assert old.ciphers[2:] == ("aes128-cbc", "aes256-cbc", "3des-ctr", "3des-cbc")
    assert new.macs == router.macs == old.macs[1:] == ("hmac-sha1", "hmac-sha2-256")
    assert router.host_keys == ("ssh-ed25519", "rsa-sha2-256", "ssh-rsa")
    assert (router.compressions, router.tries) == (("none",), 3)
    assert not [name for name in router.kex if name.startswith("ecdh")]


@pytest.mark.parametrize(
    ("cipher", "mac"),
    [("aes128-cbc", "hmac-sha1"), ("aes256-cbc", "hmac-sha1-96"), ("3des-cbc", "hmac-sha2-256")],
)
def test_an_old_cipher_carries_a_session(inside: Callable[..., Any], cipher: str, mac: str) -> None:
    decoy = inside("ssh", banner=OLD, release="busybox-camera", settings={"credentials": "root:123456"})
    with paramiko.Transport(("127.0.0.1", decoy.port)) as transport:
        options = transport.get_security_options()
        options.ciphers, options.digests = (cipher,), (mac,)
        transport.connect(username="root", password="123456")
        channel = transport.open_session()
        channel.exec_command("head -c 70000 /dev/zero | wc -c; seq 3000 | tail -1")
        assert channel.makefile().read() == b"70000\n3000\n"


@pytest.mark.parametrize("cipher", ["3des-ctr", "3des-cbc", "aes128-cbc", "aes256-cbc", "aes128-ctr"])
def test_what_one_end_seals_the_other_opens(cipher: str) -> None:
    sizes, mac = CIPHERS[cipher], "hmac-sha1-96"
    keys = bytes(range(sizes.key)), bytes(range(sizes.iv)), bytes(mac_key_size(mac))
    one, other = (protection(cipher, mac, *keys) for _ in range(2))
    for number in range(3):
        body = bytes(4 * sizes.iv - 4)
        packet = len(body).to_bytes(4, "big") + body
        sealed = one.seal(number, packet)
        head, tag = sealed[: other.head], sealed[-other.tag :]
        assert other.length(number, head) == len(body)
        assert other.open(number, head, sealed[other.head : -other.tag], tag) == body
    assert one.tag == 12
