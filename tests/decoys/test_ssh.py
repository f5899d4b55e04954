# ruff: noqa: E501 (answers and lists of names are compared as they are)
"""The SSH decoy against the real clients."""

from __future__ import annotations

import random
import socket
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BANNER = "OpenSSH_9.2p1 Debian-2+deb12u3"
WEAK = {"credentials": "root:123456"}
KEX = (
    "sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256",
)  # fmt: skip
CIPHERS = (
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
)
MACS = (
    "umac-64-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "umac-64@openssh.com",
    "hmac-sha2-512", "hmac-sha1",
)  # fmt: skip
HOST_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256")


def test_a_weak_password_opens_a_shell_whose_commands_are_recorded(
    decoy: Callable[..., Any], ssh: Any
) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK)

    done = ssh(server.port, "-T", given="whoami\ncd /etc && pwd\nfoo\nexit 3\n")

    assert (done.stdout, done.stderr, done.returncode) == (
        "root\n/etc\n",
        "-bash: line 3: foo: command not found\n",
        3,
    )
    login = server.events("login")[-1]["fields"]
    assert login == {"username": "root", "password": "123456", "success": True, "method": "password"}
    commands = [event["fields"]["input"] for event in server.events("command", 4)]
    assert commands == ["whoami", "cd /etc && pwd", "foo", "exit 3"]
    assert server.events("disconnect")[-1]["session"] == server.events("contact")[-1]["session"]


def test_a_command_gives_output_errors_and_status_apart(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK)

    done = ssh(server.port, "uname -r; cat /etc/hostname; nope")

    assert done.stdout == "6.1.0-23-amd64\nweb01\n"
    assert (done.stderr, done.returncode) == ("bash: line 1: nope: command not found\n", 127)


def test_a_wrong_password_is_recorded_and_refused(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK)

    done = ssh(server.port, "id", password="letmein")

    assert done.returncode == 255 and "Permission denied (publickey,password)" in done.stderr
    assert server.events("login")[-1]["fields"]["success"] is False


@pytest.mark.parametrize(
    "flag", [*(f"-oKexAlgorithms={name}" for name in KEX), *(f"-oCiphers={name}" for name in CIPHERS),
             *(f"-oHostKeyAlgorithms={name}" for name in HOST_KEYS), "-C"]
)  # fmt: skip
def test_what_is_offered_works_with_openssh(decoy: Callable[..., Any], ssh: Any, flag: str) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK)

    assert ssh(server.port, flag, "echo in; cat /proc/cpuinfo").stdout.startswith("in\nprocessor\t: 0\n")


@pytest.mark.parametrize("mac", MACS)
def test_every_mac_offered_works_with_openssh(decoy: Callable[..., Any], ssh: Any, mac: str) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK)

    assert ssh(server.port, "-oCiphers=aes128-ctr", f"-oMACs={mac}", "echo in").stdout == "in\n"


def test_host_keys_survive_a_restart_and_differ_between_seeds(decoy: Callable[..., Any]) -> None:
    first = decoy("ssh", banner=BANNER)
    keys = scanned(first.port, "rsa,ecdsa,ed25519")
    first.stop()

    again, other = decoy("ssh", banner=BANNER), decoy("ssh", banner=BANNER, seed="ff" * 16)

    assert len(keys) == 3 and scanned(again.port, "rsa,ecdsa,ed25519") == keys
    assert not scanned(other.port, "ecdsa,ed25519") & keys


@pytest.mark.parametrize("banner", [BANNER, "OpenSSH_7.4"])
def test_a_client_learns_every_host_key_and_takes_its_proof(
    decoy: Callable[..., Any], ssh: Any, tmp_path: Path, banner: str
) -> None:
    server, known = decoy("ssh", banner=banner, settings=WEAK), tmp_path / "known_hosts"
    wide = ("-oHostKeyAlgorithms=+ssh-rsa", "-oPubkeyAcceptedAlgorithms=+ssh-rsa", "-oUpdateHostKeys=yes")

    scanned(server.port, "rsa")  # the key that takes a while is there now
    ssh(server.port, *wide, "true", known_hosts=known)  # a client asks for proofs where it knows one key
    done = ssh(server.port, *wide, "sleep 1", known_hosts=known, log_level="INFO")

    assert "confirm ownership" not in done.stderr
    kinds = {line.split(" ")[1] for line in known.read_text().splitlines()}
    assert kinds == {"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"}


def test_what_is_not_ssh_gets_the_words_of_openssh(decoy: Callable[..., Any]) -> None:
    server = decoy("ssh", banner=BANNER)

    answer = server.ask(b"GET / HTTP/1.0\r\n\r\n", end=False)

    assert answer == f"SSH-2.0-{BANNER}\r\nInvalid SSH identification string.\r\n".encode()


def test_a_length_that_cannot_be_ends_with_the_message_of_openssh(decoy: Callable[..., Any]) -> None:
    server = decoy("ssh", banner=BANNER)

    answer = server.ask(b"SSH-2.0-x\r\n" + b"\xff" * 64, end=False)

    assert b"\x01\x00\x00\x00\x02\x00\x00\x00\x0ePacket corrupt" in answer


def test_noise_at_any_stage_ends_only_that_connection(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK)
    dice = random.Random(7)
    init = b"\x14" + bytes(16) + struct.pack(">I", 17) + b"curve25519-sha256" + dice.randbytes(60)
    for number in range(60):
        body = init if number % 2 else bytes((dice.randrange(60),)) + dice.randbytes(dice.randrange(1, 90))
        padding = 16 - (len(body) + 5) % 8
        packet = struct.pack(">IB", len(body) + padding + 1, padding) + body + bytes(padding)
        server.ask(b"SSH-2.0-x\r\n" + packet + dice.randbytes(dice.randrange(200)))

    assert ssh(server.port, "echo in").stdout == "in\n"
    assert len(server.events("disconnect", 61)) == 61 and server.stop() == 0
    assert server.complaints() == b""


def test_six_refused_keys_end_the_connection(decoy: Callable[..., Any], ssh: Any, tmp_path: Path) -> None:
    server = decoy("ssh", banner=BANNER)
    flags = []
    for number in range(7):
        path = tmp_path / f"key{number}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        flags.append(f"-oIdentityFile={path}")

    done = ssh(server.port, "-oIdentitiesOnly=yes", *flags, "id")

    assert "Too many authentication failures" in done.stderr
    keys = {event["fields"]["key"] for event in server.events("login", 6)}
    assert len(keys) == 6 and all(key.startswith("ssh-ed25519 SHA256:") for key in keys)


def test_an_unknown_subsystem_is_refused_and_recorded(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK)

    done = ssh(server.port, "-s", "netconf")

    assert done.returncode == 255 and "subsystem request failed" in done.stderr
    assert server.events("request")[-1]["fields"] == {"request": "subsystem", "subsystem": "netconf"}


def test_an_upload_through_cat_is_recorded_by_its_hash(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK)

    done = ssh(server.port, "cat > /tmp/x; cat /tmp/x", given="hello\n")

    assert done.stdout == "hello\n"
    digest = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    assert server.events("file")[-1]["fields"] == {
        "path": "/tmp/x", "size": 6, "sha256": digest, "whole": True, "kept": False
    }  # fmt: skip


def test_an_old_release_offers_what_it_had(decoy: Callable[..., Any]) -> None:
    old = offer(decoy("ssh", banner="OpenSSH_7.4").port)
    new = offer(decoy("ssh", banner="OpenSSH_9.6p1 Ubuntu-3ubuntu13.5").port)

    assert old[0][-1] == "diffie-hellman-group14-sha1" and old[1][0] == "ssh-rsa"
    assert new[0][0].startswith("sntrup761") and new[0][-2:] == ["ext-info-s", "kex-strict-s-v00@openssh.com"]


@pytest.mark.skipif(not Path("/usr/sbin/sshd").exists(), reason="no OpenSSH server to compare with")
def test_the_offer_is_that_of_a_real_server(decoy: Callable[..., Any], tmp_path: Path) -> None:
    for kind in ("rsa", "ecdsa", "ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(tmp_path / kind)], check=True)
    argv = ["/usr/sbin/sshd", "-i", "-f", "/dev/null"]
    argv = [*argv, *(part for kind in ("rsa", "ecdsa", "ed25519") for part in ("-h", str(tmp_path / kind)))]
    ours, theirs = socket.socketpair()
    Path("/run/sshd").mkdir(exist_ok=True)
    real = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    theirs.close()
    banner, expected = read_offer(ours)
    real.wait(30)
    server = decoy("ssh", banner=banner.removeprefix("SSH-2.0-"))

    # Debian's later packages have this name of the same exchange as well.
    expected[0] = [name for name in expected[0] if name != "sntrup761x25519-sha512"]
    assert offer(server.port) == expected


def scanned(port: int, kinds: str) -> set[str]:
    done = subprocess.run(
        ["ssh-keyscan", "-T", "20", "-p", str(port), "-t", kinds, "127.0.0.1"], capture_output=True, text=True, timeout=60
    )  # fmt: skip
    return {line.split(" ", 1)[1] for line in done.stdout.splitlines()}


def offer(port: int) -> list[list[str]]:
    with socket.create_connection(("127.0.0.1", port), 30) as line:
        return read_offer(line)[1]


def read_offer(line: socket.socket) -> tuple[str, list[list[str]]]:
    """The version line and the eight lists of names of a server's KEXINIT."""
    with line, line.makefile("rb") as file:
        banner = file.readline().decode().strip()
        line.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
        (length,) = struct.unpack(">I", file.read(4))
        packet = file.read(length)
        at, lists = 18, []
        for _ in range(8):
            (size,) = struct.unpack(">I", packet[at : at + 4])
            lists.append(packet[at + 4 : at + 4 + size].decode().split(","))
            at += 4 + size
        return banner, lists
