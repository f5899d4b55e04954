"""Logins at the SSH decoy in the orders of real clients, compared with a real server message by message."""

from __future__ import annotations

import logging
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from ssh_wire import KEY, NONE, SERVICE, SIGNED, Raw, attempt, password, string

BANNER = "OpenSSH_9.2p1 Debian-2+deb12u3"
WEAK = {"credentials": "root:123456"}
SSHD = Path("/usr/sbin/sshd")
WAIT_SECONDS = 30.0
UNANSWERED = (1, 2, 3, 4)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@pytest.fixture
def client(inside: Callable[..., Any]) -> Iterator[tuple[paramiko.Transport, Any]]:
    server = inside("ssh", banner=BANNER, settings=WEAK)
    transport = paramiko.Transport(("127.0.0.1", server.port))
    transport.auth_timeout = WAIT_SECONDS
    transport.start_client(timeout=WAIT_SECONDS)
    yield transport, server
    transport.close()


def tried(server: Any, count: int) -> list[str]:
    fields = [event["fields"] for event in server.events("login", count)]
    return [each.get("password", each["method"]) for each in fields]


def test_a_client_that_offers_a_key_first_gets_to_try_its_password(client: Any) -> None:
    transport, server = client

    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_publickey("root", paramiko.RSAKey.generate(1024))
    transport.auth_password("root", "123456")

    assert transport.is_authenticated()
    assert tried(server, 2) == ["publickey", "123456"]


def test_several_passwords_on_one_connection_are_all_taken(client: Any) -> None:
    transport, server = client

    for guess in ("admin", "toor"):
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password("root", guess)
    transport.auth_password("root", "123456")

    assert tried(server, 3) == ["admin", "toor", "123456"]


def test_every_method_in_turn_is_answered(client: Any) -> None:
    transport, server = client

    with pytest.raises(paramiko.BadAuthenticationType) as refused:
        transport.auth_none("root")
    with pytest.raises(paramiko.BadAuthenticationType):
        transport.auth_interactive("root", lambda *_: [])
    transport.auth_password("root", "123456")

    assert refused.value.allowed_types == ["publickey", "password"]
    assert transport.is_authenticated()


def test_a_password_for_another_user_is_recorded_before_the_server_hangs_up(client: Any) -> None:
    transport, server = client

    for user in ("root", "admin"):
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password(user, "secret")

    users = [event["fields"]["username"] for event in server.events("login", 2)]
    assert (users, tried(server, 2)) == (["root", "admin"], ["secret", "secret"])


def test_the_client_of_every_script_logs_in_with_a_key_and_a_password(
    inside: Callable[..., Any],
) -> None:
    server = inside("ssh", banner=BANNER, settings=WEAK)
    with paramiko.SSHClient() as session:
        session.set_missing_host_key_policy(paramiko.MissingHostKeyPolicy())
        session.connect(
            "127.0.0.1", server.port, "root", "123456", pkey=paramiko.RSAKey.generate(1024),
            look_for_keys=False, allow_agent=False, timeout=WAIT_SECONDS,
        )  # fmt: skip
        _, output, _ = session.exec_command("id -un", timeout=WAIT_SECONDS)

        assert output.read() == b"root\n"
    assert tried(server, 2) == ["publickey", "123456"]


def test_idle_talk_and_new_keys_in_the_middle_disturb_no_session(client: Any) -> None:
    transport, _ = client
    transport.auth_password("root", "123456")
    transport.set_keepalive(1)
    channel = transport.open_session(timeout=WAIT_SECONDS)
    channel.settimeout(WAIT_SECONDS)
    channel.exec_command("cat")
    for piece in (b"one ", b"two ", b"three\n"):
        transport.send_ignore(300)
        transport.renegotiate_keys()
        channel.sendall(piece)
    channel.shutdown_write()

    assert channel.makefile("rb").read() == b"one two three\n"


def test_new_keys_every_kilobyte_disturb_no_openssh(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK)

    assert ssh(server.port, "-oRekeyLimit=1K", "cat", given="decoy\n" * 2000).stdout == "decoy\n" * 2000


KEEPALIVE = b"\x50" + string("keepalive@openssh.com") + b"\1"
OPEN = b"\x5a" + string("session") + struct.pack(">III", 0, 1000, 1000)
LISTS = (
    "curve25519-sha256",
    "ssh-ed25519",
    *("aes128-ctr",) * 2,
    *("hmac-sha2-256",) * 2,
    *("none",) * 2,
    "",
    "",
)
NEW_KEYS = b"\x14" + bytes(16) + b"".join(string(each) for each in LISTS) + bytes(5)

ORDERS = {
    "the service twice": [SERVICE, SERVICE],
    "a password, the service, a password": [SERVICE, password("a"), SERVICE, password("b")],
    "no service": [NONE, SERVICE, NONE],
    "another service": [b"\x05" + string("ssh-connection")],
    "another service later": [SERVICE, NONE, b"\x05" + string("ssh-connection")],
    "a service with a tail": [SERVICE + b"x"],
    "none again and again": [SERVICE, *[NONE] * 8],
    "a key": [SERVICE, attempt("publickey", b"\0" + KEY)],
    "a signature at once": [SERVICE, attempt("publickey", SIGNED)],
    "a key again and again": [SERVICE, *[attempt("publickey", b"\0" + KEY)] * 7],
    "every method": [SERVICE, NONE, attempt("keyboard-interactive", string("") * 2), attempt("x"),
                     attempt("hostbased", KEY + string("h") + string("u") + string(b"s"))],
    "another user": [SERVICE, NONE, attempt("none", user="admin")],
    "a user with a style": [SERVICE, attempt("none", user="root:x"), NONE],
    "another next service": [SERVICE, attempt("none", service="x"), attempt("none", service="x"), NONE],
    "a new password": [SERVICE, attempt("password", b"\1" + string("old") + string("new"))],
    "no user": [SERVICE, attempt("none", user=""), attempt("none", user="")],
    "a user that is no text": [SERVICE, attempt("none", user=b"r\xff")],
    "a user with a NUL": [SERVICE, attempt("none", user=b"ro\0ot")],
    "a password with a NUL": [SERVICE, password(b"a\0b")],
    "a tail": [SERVICE, NONE + b"x"],
    "half a password": [SERVICE, attempt("password")],
    "idle talk": [b"\x02" + string("x"), SERVICE, b"\x04\0" + string("x") * 2, b"\x03" + bytes(4), NONE],
    "extensions": [b"\x07" + bytes(4), SERVICE, b"\x07" + bytes(4), NONE],
    "a keepalive": [KEEPALIVE, SERVICE, KEEPALIVE, NONE],
    "a channel": [SERVICE, OPEN, NONE],
    "what only servers send": [SERVICE, b"\x33", b"\x34", b"\x35", b"\x3c", b"\x3d", NONE],
    "new keys": [NEW_KEYS, SERVICE, NEW_KEYS, b"\x1e" + string(bytes(32)), NONE],
    "no message": [SERVICE, b"\xc8x"],
    "number nought": [b"\0x"],
    "a ping": [SERVICE, b"\xc0" + string("x")],
    "goodbye": [SERVICE, b"\x01" + struct.pack(">I", 11) + string("bye") + string("")],
}  # fmt: skip


def answers(line: socket.socket, payloads: list[bytes]) -> list[bytes]:
    """What comes for these messages and one more attempt, or until the server ends the connection."""
    raw = Raw(line)
    try:
        raw.start_client(timeout=WAIT_SECONDS)
        for payload in [*payloads, NONE]:
            wanted, deadline = len(raw.heard) + 1, time.monotonic() + WAIT_SECONDS
            raw.say(payload)
            while payload[0] not in UNANSWERED and len(raw.heard) < wanted and not raw.over.wait(0.01):
                assert time.monotonic() < deadline
            if raw.over.is_set():
                break
        return raw.heard
    except EOFError:
        return raw.heard
    finally:
        raw.close()


@pytest.fixture(scope="module")
def host_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sshd") / "ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.mark.skipif(not SSHD.exists(), reason="no OpenSSH server to compare with")
@pytest.mark.parametrize("order", ORDERS)
def test_messages_in_any_order_are_answered_as_by_a_real_server(
    inside: Callable[..., Any], host_key: Path, order: str
) -> None:
    Path("/run/sshd").mkdir(exist_ok=True)
    ours, theirs = socket.socketpair()
    argv = [str(SSHD), "-i", "-f", "/dev/null", "-h", str(host_key), "-oPermitRootLogin=yes"]
    argv += ["-oUsePAM=no", "-oKbdInteractiveAuthentication=no"]
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL) as real:
        theirs.close()
        expected = answers(ours, ORDERS[order])
        real.wait(WAIT_SECONDS)
    server = inside("ssh", banner=BANNER)
    with socket.create_connection(("127.0.0.1", server.port), WAIT_SECONDS) as line:
        assert answers(line, ORDERS[order]) == expected
