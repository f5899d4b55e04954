"""A real sshd that shares no algorithm with us."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .machine import Machine, running

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
            "only weak key exchange algorithms: diffie-hellman-group14-sha1",
        ),
        ("Ciphers aes128-cbc,3des-cbc", 6, "only weak encryption algorithms: aes128-cbc, 3des-cbc"),
        ("Ciphers aes192-ctr", 5, "no encryption algorithm in common: it offers aes192-ctr; decnet has aes"),
        (f"{CTR}MACs hmac-sha1,umac-64@openssh.com", 6, "weak MAC algorithms: hmac-sha1, umac-64"),
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
