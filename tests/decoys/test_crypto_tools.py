"""openssl and ssh-keygen against what the real programs and libraries make of the same input."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

from decnet.decoys.curves import ed25519_public
from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.ssh.hostkeys import HostKeys

SEED = "00112233445566778899aabbccddeeff"


@pytest.fixture
def shell() -> Iterator[Shell]:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    persona = Persona("ssh", "web01", "linux", "debian-12", "", SEED, ((22, "tcp"),), {}, "192.0.2.7")
    yield Shell(World(persona), "root", Recorder(nowhere).session("192.0.2.9", 40000))
    os.close(nowhere)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("1", "$1$ab$GG.jb7EqbyCQUXKGIbIxc0"),
        ("apr1", "$apr1$ab$0HUwYcJ3DAPbHupdaC/tP1"),
        ("5", "$5$ab$SgqvpvcfcPo/f6dlg8h3QNsq4HHAUeqtVXi00KFYXf."),
        (
            "6",
            "$6$ab$kCEdajKfECjkWwo5i4GMTY4WW.ADIevHyGdlZb3r8wskFWlOJqWZgemJ96NLPhkdsWWH5zZrOY6OzTC0hpeuU1",
        ),
    ],
)
def test_openssl_hashes_passwords_as_crypt_does(shell: Shell, kind: str, expected: str) -> None:
    assert run_at_once(shell, f"openssl passwd -{kind} -salt ab hello").out == f"{expected}\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("echo a | openssl md5", "MD5(stdin)= 60b725f10c9c85c70d97880dfe8191b3\n"),
        ("echo hello | openssl base64", "aGVsbG8K\n"),
        ("echo aGVsbG8K | openssl enc -base64 -d", "hello\n"),
        ("openssl rand -hex 4 | wc -c", "9\n"),
    ],
)
def test_openssl_prints_what_the_real_one_prints(shell: Shell, line: str, expected: str) -> None:
    assert run_at_once(shell, line).out == expected


def test_a_public_key_is_that_of_its_secret() -> None:
    secret = bytes(range(32))
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key()
    assert ed25519_public(secret) == public.public_bytes_raw()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa -b 1024"])
def test_a_new_key_can_be_used(shell: Shell, kind: str) -> None:
    assert run_at_once(shell, f"ssh-keygen -q -t {kind} -N '' -f /tmp/k").status == 0
    private = load_ssh_private_key((shell.read("/tmp/k") or "").encode(), None)
    public = load_ssh_public_key((shell.read("/tmp/k.pub") or "").encode())
    openssh = (Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert private.public_key().public_bytes(*openssh) == public.public_bytes(*openssh)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_the_files_of_the_host_keys_are_those_of_the_service(shell: Shell, kind: str) -> None:
    text = shell.read(f"/etc/ssh/ssh_host_{kind}_key.pub") or ""
    algorithm = text.split()[0]
    public = load_ssh_public_key(text.encode()).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    import base64

    assert base64.b64decode(public.split()[1]) == HostKeys(shell.world.persona, 3072).public(algorithm)


def test_ssh_keygen_shows_the_fingerprint_of_both_files(shell: Shell) -> None:
    lines = run_at_once(
        shell,
        "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
    ).out.splitlines()
    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert lines[0].startswith("256 SHA256:")


def test_a_screen_is_listed_until_it_ends(shell: Shell) -> None:
    line = "screen -dmS job sleep 5; screen -ls; screen -S job -X quit; screen -ls"
    out = run_at_once(shell, line).out
    assert ".job\t(" in out
    assert out.endswith("No Sockets found in /run/screen/S-root.\n\r\n")
