# ruff: noqa: E501 (one row of the table stands on one line)
"""SSH: passwords, keys and names, in messages of any order and shape."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from ssh_wire import KEY, NONE, SERVICE, SIGNED, Raw, attempt, password, string

from .base import Matching, Target, Try, accepted, refused

OPTIONS = (
    "-F", "/dev/null", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
    "-oNumberOfPasswordPrompts=1", "-oLogLevel=ERROR", "-T",
)  # fmt: skip
FINGERPRINT = Matching(r"ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}")


def client(
    user: str, password: str, command: str = "exit", *, given: str = "", key: bool = False
) -> Callable[[int], None]:
    """OpenSSH's own client, with a password and perhaps a key at hand, and something to feed the command."""

    def visit(port: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            askpass, identity = Path(folder, "askpass"), Path(folder, "key")
            askpass.write_text(f"#!/bin/sh\necho '{password}'\n")
            askpass.chmod(0o700)
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", identity], check=True)
            environment = {
                "PATH": os.environ["PATH"], "HOME": folder,
                "SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force",
            }  # fmt: skip
            offered = ("-oIdentitiesOnly=yes", f"-i{identity}") if key else ("-oPubkeyAuthentication=no",)
            argv = ["ssh", *OPTIONS, *offered, "-p", str(port), f"{user}@127.0.0.1", command]
            subprocess.run(argv, env=environment, input=given.encode(), capture_output=True, timeout=60)

    return visit


def raw(*payloads: bytes) -> Callable[[int], None]:
    """These messages, without looking at the answers."""

    def visit(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), 30) as line:
            transport = Raw(line)
            try:
                transport.start_client(timeout=30)
                for payload in payloads:
                    transport.say(payload)
                transport.over.wait(0.3)
            except (EOFError, OSError):
                return
            finally:
                transport.close()

    return visit


def answers(*texts: bytes) -> bytes:
    return b"\x3d" + struct.pack(">I", len(texts)) + b"".join(map(string, texts))


IN = accepted("password", "root", password="123456")
CHANGED = attempt("password", b"\1" + string("old") + string("new"))
HOST = attempt("hostbased", KEY + string("h") + string("u") + string(b"s"))
RAW = (
    Try("a name alone", raw(SERVICE, NONE), refused("none", "root")),
    Try("a name, then a password", raw(SERVICE, NONE, password("x")), refused("password", "root", password="x")),
    Try("a new password", raw(SERVICE, CHANGED), refused("password", "root", password="old", new_password="new")),
    Try("a key", raw(SERVICE, attempt("publickey", b"\0" + KEY)), refused("publickey", "root", key=FINGERPRINT)),
    Try("a signature", raw(SERVICE, attempt("publickey", SIGNED)), refused("publickey", "root", key=FINGERPRINT)),
    Try("a host's key", raw(SERVICE, HOST), refused("hostbased", "root", key=FINGERPRINT)),
    Try("another method", raw(SERVICE, attempt("gssapi-with-mic", bytes(4))), refused("gssapi-with-mic", "root")),
    Try("an answer to no question", raw(SERVICE, attempt("keyboard-interactive", string("") * 2), answers(b"a", b"b")),
        (*refused("keyboard-interactive", "root", password="a"), *refused("keyboard-interactive", "root", password="b"))),
    Try("another user", raw(SERVICE, NONE, attempt("password", b"\0" + string("x"), user="admin")),
        (*refused("none", "root"), *refused("password", "admin", password="x"))),
    Try("for another service", raw(SERVICE, attempt("password", b"\0" + string("x"), service="ssh-x")),
        refused("password", "root", password="x")),
    Try("after a login", raw(SERVICE, password("123456"), password("late")), (*IN, *refused("password", "root", password="late"))),
    Try("bytes", raw(SERVICE, attempt("password", b"\0" + string(b"\xfe\1\xe2\x82\xac"), user=b"r\xff")),
        refused("password", "r\\xff", password="\\xfe\1€")),
    Try("a NUL", raw(SERVICE, password("a\0b")), refused("password", "root", password="a\0b")),
    Try("a NUL in a name", raw(SERVICE, attempt("password", b"\0" + string("x"), user=b"ro\0ot")),
        refused("password", "ro\0ot", password="x")),
    Try("a tail", raw(SERVICE, password("x") + b"y"), refused("password", "root", password="x")),
    Try("too long", raw(SERVICE, password("p" * 9000)), refused("password", "root", password="p" * 1000)),
    Try("a long name", raw(SERVICE, attempt("password", b"\0" + string("x"), user="u" * 2000)),
        refused("password", "u" * 1000, password="x")),
    Try("a password without its end", raw(SERVICE, attempt("password", b"\0" + struct.pack(">I", 99) + b"secr")),
        refused("password", "root", password="secr")),
    Try("no password at all", raw(SERVICE, attempt("password")), refused("password", "root")),
    Try("more than are answered", raw(SERVICE, *[attempt("publickey", b"\0" + KEY)] * 8, password("x")),
        (*refused("publickey", "root", key=FINGERPRINT) * 8, *refused("password", "root", password="x"))),
)  # fmt: skip
OPENSSH = (Try("before the service", raw(password("x"), SERVICE), refused("password", "root", password="x")),)
REAL = (
    Try("a wrong password", client("admin", "hunter2"), refused("password", "admin", password="hunter2")),
    Try("an account", client("root", "123456"), accepted("password", "root", password="123456")),
    Try(
        "a key, then a password", client("root", "123456", key=True),
        (*refused("publickey", "root", key=FINGERPRINT), *accepted("password", "root", password="123456")),
    ),
)  # fmt: skip
FED = (
    Try("passwords that commands are fed", client("root", "123456", "chpasswd", given="backup:new1\nadmin:new2\n"), (
        *IN, *accepted("chpasswd", "backup", password="new1"), *accepted("chpasswd", "admin", password="new2"))),
    Try("sudo -S", client("root", "123456", "sudo -S id", given="old\n"), (*IN, *accepted("sudo", "root", password="old"))),
)  # fmt: skip
KNOWN = {"credentials": "root:123456"}

TARGETS = (
    Target("ssh", "debian-12", (*REAL, *RAW, *OPENSSH, *FED), KNOWN),
    Target("ssh", "openwrt-21.02", (*REAL, *RAW), KNOWN),
    Target("ssh", "windows-server-2022", REAL, KNOWN),
)
