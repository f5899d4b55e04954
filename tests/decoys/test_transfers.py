# ruff: noqa: E501 (what real programs print is compared as it is)
"""Files copied by sftp, scp and ssh: with the real clients, and answer by answer as the real servers."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from process import SAFETY_SECONDS

from decnet.decoys.events import Recorder
from decnet.decoys.host.node import Node
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.shell.transfers.sftp import MOST_HANDLES, Sftp
from decnet.decoys.ssh_strings import Malformed, string, uint32

BANNER = "OpenSSH_9.2p1 Debian-2+deb12u3"
WEAK = {"credentials": "root:123456"}
PROGRAM = b"\x7fELF\x02\x01\x01\x00\xff\xfe\r\n\x1b[31m" + bytes(range(256)) * 800
SERVER = Path("/usr/lib/openssh/sftp-server")
INIT, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT, OPENDIR, READDIR = 1, *range(3, 13)
REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME, READLINK, SYMLINK, EXTENDED = *range(13, 21), 200


@functools.cache
def world_of(release: str, banner: str) -> World:
    persona = Persona(
        "ssh", "web01", "linux", release, banner, "ab" * 16, ((22, "tcp"),), {}, "192.0.2.7",
        "00:50:56:01:02:03",
    )  # fmt: skip
    return World(persona)


@functools.cache
def nowhere() -> int:
    return os.open(os.devnull, os.O_WRONLY)


def new_shell(release: str = "debian-12", user: str = "root", banner: str = BANNER) -> Shell:
    session = Recorder(nowhere()).session("192.0.2.9", 4000)
    return Shell(world_of(release, banner), user, session)


class Client:
    """The real clients, which log in as root."""

    def __init__(self, port: int, folder: Path) -> None:
        self._port, self._folder = port, folder
        askpass = folder / "askpass"
        askpass.write_text("#!/bin/sh\necho 123456\n")
        askpass.chmod(0o700)
        (folder / ".ssh").mkdir()
        self._environment = {
            "PATH": os.environ["PATH"], "SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force",
            "HOME": str(folder),
        }  # fmt: skip

    def __call__(
        self, program: str, *words: str, data: bytes = b"", check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        port = "-p" if program.startswith("ssh") else "-P"
        argv = [program, "-F", "/dev/null", *(part for each in options for part in ("-o", each))]
        return subprocess.run(
            [*argv, port, str(self._port), *words], input=data, env=self._environment, cwd=self._folder,
            capture_output=True, check=check, timeout=SAFETY_SECONDS,
        )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "uploads"
    made.mkdir()
    return made


@pytest.fixture
def client(decoy: Callable[..., Any], folder: Path, tmp_path: Path) -> Iterator[Any]:
    server = decoy("ssh", banner=BANNER, settings=WEAK, uploads=folder)
    made = Client(server.port, tmp_path)
    (tmp_path / "program").write_bytes(PROGRAM)
    made.server = server  # type: ignore[attr-defined]
    yield made


def files_of(server: Any, count: int) -> list[dict[str, Any]]:
    return [event["fields"] for event in server.events("file", count)]


def about(path: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"path": path, "size": len(content), "sha256": digest, "whole": True, "kept": True}


def test_each_way_of_copying_a_program_keeps_it_byte_by_byte(client: Any, folder: Path) -> None:
    client("sftp", "root@127.0.0.1", data=b"put program /tmp/1\n")
    client("scp", "program", "root@127.0.0.1:/tmp/2")
    client("scp", "-O", "program", "root@127.0.0.1:/tmp/3")
    done = client("ssh", "root@127.0.0.1", "cat > /tmp/4; ls -l /tmp/4", data=PROGRAM)

    assert done.stdout.split()[4] == b"%d" % len(PROGRAM)
    assert files_of(client.server, 4) == [about(f"/tmp/{n}", PROGRAM) for n in range(1, 5)]
    assert [each.read_bytes() for each in folder.iterdir()] == [PROGRAM]


@pytest.mark.parametrize("words", [(), ("-O",)])
def test_a_folder_comes_and_goes_with_its_modes_and_times(
    client: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    inner = tmp_path / "tools" / "inner"
    inner.mkdir(parents=True)
    (inner / "run.sh").write_text("#!/bin/sh\nid\n")
    (inner / "run.sh").chmod(0o750)
    os.utime(inner / "run.sh", (1_600_000_000, 1_600_000_000))

    client("scp", *words, "-r", "-p", "tools", "root@127.0.0.1:/opt")
    assert files_of(client.server, 1) == [about("/opt/tools/inner/run.sh", b"#!/bin/sh\nid\n")]

    client("scp", *words, "-r", "-p", "root@127.0.0.1:/var/log", "log")
    listed = client("sftp", "root@127.0.0.1", data=b"ls -l /var/log/auth.log\n").stdout
    row = next(line for line in listed.splitlines() if line.startswith(b"-")).split()
    copied = (tmp_path / "log" / "auth.log").stat().st_size
    # The second login is one more line.
    assert row[0] == b"-rw-r-----" and 0 < copied <= int(row[4])


def test_a_key_is_installed_by_ssh_copy_id(client: Any, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)

    client("ssh-copy-id", "-i", f"{key}.pub", "root@127.0.0.1")

    public = key.with_suffix(".pub").read_bytes()
    assert about("/root/.ssh/authorized_keys", public) in files_of(client.server, 1)


def test_scp_reports_what_the_machine_refuses(client: Any) -> None:
    into = client("scp", "-O", "program", "root@127.0.0.1:/nope/", check=False)
    out = client("scp", "-O", "root@127.0.0.1:/nope", ".", check=False)
    sync = client("ssh", "root@127.0.0.1", "rsync --server -logDtpre.iLsfxCIvu . /tmp/", check=False)

    assert (into.returncode, into.stderr) == (1, b"scp: /nope/: Is a directory\n")
    assert (out.returncode, out.stderr) == (1, b"scp: /nope: No such file or directory\n")
    assert (sync.returncode, sync.stderr) == (127, b"bash: line 1: rsync: command not found\n")


# Against the real servers, without a connection


class Real:
    """The real sftp-server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen([SERVER], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def answer(self, message: bytes) -> bytes:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(uint32(len(message)) + message)
        self._process.stdin.flush()
        length = int.from_bytes(self._process.stdout.read(4), "big")
        return self._process.stdout.read(length)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(SAFETY_SECONDS)


def path(name: str) -> bytes:
    return string(name)


def open_flags(flags: int, mode: int | None = None) -> bytes:
    return uint32(flags) + (uint32(0) if mode is None else uint32(4) + uint32(mode))


NOTHING = uint32(0)
FIRST, SECOND = string(uint32(0)), string(uint32(1))
SCRIPT: list[tuple[int, bytes]] = [
    (REALPATH, path("{d}/.")), (REALPATH, path("{d}/none")), (REALPATH, path("{d}/none/x")), (REALPATH, path("/..")),
    (MKDIR, path("{d}/sub") + NOTHING), (MKDIR, path("{d}/sub") + NOTHING), (MKDIR, path("{d}/no/sub") + NOTHING),
    (OPEN, path("{d}/f") + open_flags(2 | 8 | 16)), (WRITE, FIRST + bytes(8) + string(b"hello")),
    (WRITE, FIRST + struct.pack(">Q", 5) + string(b" world")), (READ, FIRST + bytes(8) + uint32(10)),
    (FSETSTAT, FIRST + uint32(4) + uint32(0o640)), (CLOSE, FIRST), (CLOSE, FIRST), (READ, FIRST + bytes(8) + uint32(1)),
    (STAT, path("{d}/f")), (OPEN, path("{d}/f") + open_flags(1)), (READ, FIRST + bytes(8) + uint32(100)),
    (READ, FIRST + struct.pack(">Q", 11) + uint32(1)), (WRITE, FIRST + bytes(8) + string(b"x")), (CLOSE, FIRST),
    (OPEN, path("{d}/f") + open_flags(2)), (WRITE, FIRST + struct.pack(">Q", 6) + string(b"W")),
    (WRITE, FIRST + struct.pack(">Q", 15) + string(b"!")), (CLOSE, FIRST),
    (OPEN, path("{d}/f") + open_flags(1)), (READ, FIRST + bytes(8) + uint32(100)), (CLOSE, FIRST),
    (OPEN, path("{d}/f") + open_flags(2 | 4)), (WRITE, FIRST + bytes(8) + string(b"end")), (CLOSE, FIRST),
    (SETSTAT, path("{d}/f") + uint32(1) + struct.pack(">Q", 3)),
    (OPEN, path("{d}/f") + open_flags(1)), (READ, FIRST + bytes(8) + uint32(100)), (CLOSE, FIRST),
    (OPEN, path("{d}/f") + open_flags(2 | 8 | 32)), (OPEN, path("{d}/new") + open_flags(0)),
    (OPEN, path("{d}/new") + open_flags(2)), (OPEN, path("{d}/sub") + open_flags(2 | 8)),
    (OPEN, path("{d}/sub/") + open_flags(2 | 8)), (OPEN, path("{d}/new/") + open_flags(2 | 8)),
    (OPEN, path("{d}/sub") + open_flags(1)), (READ, FIRST + bytes(8) + uint32(1)), (CLOSE, FIRST),
    (OPEN, path("{d}/none/x") + open_flags(2 | 8)), (OPEN, path("{d}/f/x") + open_flags(2 | 8)),
    (SYMLINK, path("f") + path("{d}/l")), (SYMLINK, path("f") + path("{d}/l")), (READLINK, path("{d}/l")),
    (READLINK, path("{d}/f")), (READLINK, path("{d}/none")), (LSTAT, path("{d}/l")), (STAT, path("{d}/l")),
    (SYMLINK, path("loop") + path("{d}/loop")), (STAT, path("{d}/loop")), (REMOVE, path("{d}/loop")),
    (RENAME, path("{d}/f") + path("{d}/g")), (RENAME, path("{d}/g") + path("{d}/sub")),
    (RENAME, path("{d}/none") + path("{d}/x")), (STAT, path("{d}/l")), (REMOVE, path("{d}/l")),
    (SETSTAT, path("{d}/g") + uint32(8) + uint32(1) + uint32(1_700_000_000)), (STAT, path("{d}/g")),
    (SETSTAT, path("{d}/g") + uint32(2) + uint32(0) + uint32(0)), (SETSTAT, path("{d}/none") + NOTHING),
    (SETSTAT, path("{d}/none") + uint32(4) + uint32(0o600)),
    (EXTENDED, path("posix-rename@openssh.com") + path("{d}/g") + path("{d}/sub")),
    (EXTENDED, path("posix-rename@openssh.com") + path("{d}/g") + path("{d}/h")),
    (EXTENDED, path("hardlink@openssh.com") + path("{d}/h") + path("{d}/i")),
    (EXTENDED, path("hardlink@openssh.com") + path("{d}/h") + path("{d}/i")),
    (EXTENDED, path("fsync@openssh.com") + FIRST), (EXTENDED, path("nonsense")),
    (EXTENDED, path("lsetstat@openssh.com") + path("{d}/h") + uint32(4) + uint32(0o600)),
    (EXTENDED, path("expand-path@openssh.com") + path("~nosuchuser/x")),
    (EXTENDED, path("expand-path@openssh.com") + path("{d}/h")),
    (EXTENDED, path("home-directory") + path("root")), (EXTENDED, path("home-directory") + path("nosuchuser")),
    (EXTENDED, path("users-groups-by-id@openssh.com") + string(uint32(0) + uint32(77777)) + string(uint32(0))),
    (OPEN, path("{d}/h") + open_flags(1)), (OPEN, path("{d}/copy") + open_flags(2 | 8 | 16)),
    (EXTENDED, path("copy-data") + FIRST + bytes(16) + SECOND + bytes(8)),
    (EXTENDED, path("copy-data") + FIRST + bytes(16) + FIRST + bytes(8)), (CLOSE, SECOND), (CLOSE, FIRST),
    (OPEN, path("{d}/copy") + open_flags(1)), (READ, FIRST + bytes(8) + uint32(100)), (CLOSE, FIRST),
    (OPENDIR, path("{d}/h")), (OPENDIR, path("{d}/none")), (OPENDIR, path("{d}/sub")), (READDIR, FIRST),
    (READDIR, FIRST), (READ, FIRST + bytes(8) + uint32(1)), (CLOSE, FIRST), (RMDIR, path("{d}/h")),
    (RMDIR, path("{d}")), (REMOVE, path("{d}/sub")), (REMOVE, path("{d}/none")), (RMDIR, path("{d}/sub")),
    (REMOVE, path("{d}/h")), (REMOVE, path("{d}/i")), (REMOVE, path("{d}/copy")), (RMDIR, path("{d}")),
]  # fmt: skip
"""Requests in the folder {d}, whose name has eight characters after the last slash."""


def requests(folder: str) -> Iterator[bytes]:
    yield bytes((INIT,)) + uint32(3)
    for number, (kind, body) in enumerate(SCRIPT, 1):
        where = folder.encode()
        length = len("{d}")
        while (at := body.find(b"{d}")) >= 0:
            size = int.from_bytes(body[at - 4 : at], "big") - length + len(where)
            body = body[: at - 4] + uint32(size) + where + body[at + length :]
        yield bytes((kind,)) + uint32(number) + body


def seen(answer: bytes, folder: str) -> bytes:
    """An answer without times and sizes of folders, and with its names in order."""
    kind, body = answer[0], answer[1:]
    if kind == 105:
        size, times = body[8:16], body[28:36]
        is_folder = body[24:28][-2] & 0xF0 == 0x40
        kept_times = times if times[4:] == uint32(1_700_000_000) else b""
        return bytes((kind,)) + body[:8] + (b"" if is_folder else size) + body[16:28] + kept_times[4:]
    if kind == 104 and body[4:8] == uint32(2):
        return bytes((kind,)) + b" ".join(sorted(each for each in (b". ", b".. ") if each[:-1] in body))
    return bytes((kind,)) + body.replace(folder.encode(), b"{d}")


@pytest.mark.skipif(not SERVER.exists(), reason="needs OpenSSH's sftp-server")
def test_each_answer_is_that_of_the_real_sftp_server() -> None:
    folder = Path(tempfile.mkdtemp(prefix="sf", dir="/tmp"))
    real, shell = Real(folder), new_shell()
    run_at_once(shell, f"mkdir -m 700 {folder}")
    ours = Sftp(shell)
    try:
        found = [
            (seen(ours.answer(each), str(folder)), seen(real.answer(each), str(folder)))
            for each in requests(str(folder))
        ]
    finally:
        real.close()
        shutil.rmtree(folder, ignore_errors=True)
    assert [(SCRIPT[at - 1], mine, theirs) for at, (mine, theirs) in enumerate(found) if mine != theirs] == []


RUNS: list[tuple[tuple[str, ...], bytes]] = [
    (("-t", "{d}"), b"C0644 3 a\nabc\0"), (("-t", "{d}/new"), b"C0644 3 a\nabc\0"), (("-t", "{d}/b"), b"C0644 3 a\nab"),
    (("-t", "{d}/none/x"), b"C0644 3 a\nabc\0"), (("-t", "{d}"), b"T1700000000 0 1700000000 0\nC0600 1 q\nz\0"),
    (("-t", "{d}"), b"D0755 0 dd\nE\n"), (("-r", "-t", "{d}"), b"D0755 0 dd\nC0644 1 i\nz\0E\n"),
    (("-r", "-t", "{d}/a"), b"D0755 0 dd\nE\n"), (("-d", "-t", "{d}/a"), b"C0644 1 i\nz\0"),
    (("-t", "-d", "{d}/zz"), b""), (("-t", "{d}", "{d}"), b""), (("-t",), b""), (("-f",), b""),
    *((("-t", "{d}"), record) for record in (
        b"X\n", b"\n", b"C06 3 a\n", b"C0644 x a\n", b"C0644 3 a/b\n", b"C0644 3\n", b"T1 2\n", b"Tx 0 1 0\n",
        b"\1oops\n", b"\2fatal\n", b"hello\n", b"C0644 99999999999999999999 a\n", b"C0644 3 ..\n", b"C0644 3 \n",
        b"C0999 3 a\n", b"T1700000000 0 1700000000\n", b"E\n", b"C0644 3 aa bb\nabc\0", b"", b"C0644 3 a\nabc\0X\n",
        b"C0644 0 empty\n\0", b"C0644",
    )),
    (("-f", "{d}/a"), b"\0\0\0"), (("-f", "{d}/none"), b"\0"), (("-f", "{d}"), b"\0"), (("-f", "{d}/a"), b"\0"),
    (("-r", "-f", "{d}/dd"), b"\0" * 20), (("-f", "{d}/a"), b"\0\1no\n"), (("-f", "{d}/a"), b"\0\2no\n"),
    (("-rf", "{d}/dd"), b"\0" * 20), (("-q", "-f", "--", "{d}/a", "{d}/new"), b"\0" * 20), ((), b""),
]  # fmt: skip


@pytest.mark.skipif(shutil.which("scp") is None, reason="needs OpenSSH's scp")
def test_scp_says_what_the_real_one_says() -> None:
    folder = tempfile.mkdtemp(prefix="sc", dir="/tmp")
    shell = new_shell()
    run_at_once(shell, f"mkdir -m 700 {folder}")
    wrong = []
    try:
        for words, data in RUNS:
            argv = ["scp", *(word.replace("{d}", folder) for word in words)]
            real = subprocess.run(argv, input=data, capture_output=True, timeout=SAFETY_SECONDS)
            ours = run_at_once(shell, " ".join(argv), data.decode("latin-1"))
            found = (ours.status, ours.out.encode(), ours.error.encode())
            if found != (real.returncode, real.stdout, real.stderr):
                wrong.append((words, data, found, (real.returncode, real.stdout, real.stderr)))
    finally:
        shutil.rmtree(folder)
    assert wrong == []


def test_a_user_gets_only_what_its_modes_allow() -> None:
    shell = new_shell(user="nobody")
    server = Sftp(shell)
    server.answer(bytes((INIT,)) + uint32(3))

    def status(kind: int, body: bytes) -> int:
        return int.from_bytes(server.answer(bytes((kind,)) + uint32(1) + body)[5:9], "big")

    denied = [
        (OPEN, path("/etc/shadow") + open_flags(1)), (OPEN, path("/root/.bashrc") + open_flags(1)),
        (OPENDIR, path("/root")), (OPEN, path("/etc/x") + open_flags(2 | 8)), (REMOVE, path("/etc/passwd")),
        (MKDIR, path("/usr/x") + NOTHING), (SETSTAT, path("/etc/passwd") + uint32(4) + uint32(0o777)),
        (RENAME, path("/etc/passwd") + path("/tmp/passwd")),
    ]  # fmt: skip
    assert [status(*each) for each in denied] == [3] * len(denied)
    assert server.answer(bytes((OPEN,)) + uint32(1) + path("/tmp/x") + open_flags(2 | 8))[0] == 102


@pytest.mark.parametrize(
    ("release", "banner", "names"),
    [
        ("ubuntu-20.04", "OpenSSH_8.2p1 Ubuntu-4ubuntu0.11", 6),
        ("rocky-9", "OpenSSH_8.7", 8),
        ("debian-12", BANNER, 11),
    ],
)
def test_the_extensions_are_those_of_the_version(release: str, banner: str, names: int) -> None:
    answer = Sftp(new_shell(release, banner=banner)).answer(bytes((INIT,)) + uint32(3))

    assert (
        answer[:5] == b"\2" + uint32(3) and answer.count(b"@openssh.com") + answer.count(b"\0\x011") >= names
    )
    assert len(_strings(answer[5:])) == 2 * names


def _strings(raw: bytes) -> list[bytes]:
    found = []
    while raw:
        size = int.from_bytes(raw[:4], "big")
        found.append(raw[4 : 4 + size])
        raw = raw[4 + size :]
    return found


def test_a_download_has_the_size_that_was_listed_and_is_always_the_same() -> None:
    shell = new_shell()
    node = shell.node("/bin/cat")
    assert node is not None and node.bytes > len(node.content)

    first, again = (run_at_once(new_shell(), "scp -f /bin/cat", "\0\0\0").out for _ in range(2))

    head, _, content = first.encode("utf-8", "surrogateescape").partition(b"\n")
    assert head == b"C0755 %d cat" % node.bytes
    assert len(content) == node.bytes + 1 and content.startswith(b"\x7fELF") and first == again


def test_the_number_of_open_files_is_bounded() -> None:
    server = Sftp(new_shell())
    server.answer(bytes((INIT,)) + uint32(3))
    opened = [
        server.answer(bytes((OPEN,)) + uint32(n) + path("/etc/passwd") + open_flags(1))[0]
        for n in range(MOST_HANDLES + 2)
    ]
    assert opened.count(102) == MOST_HANDLES and opened[-2:] == [101, 101]


@given(
    st.lists(
        st.tuples(st.sampled_from([*range(23), EXTENDED, 101]), st.binary(max_size=60), st.booleans()),
        max_size=12,
    )
)
def test_no_message_breaks_the_server(messages: list[tuple[int, bytes, bool]]) -> None:
    server = Sftp(new_shell())
    server.answer(bytes((INIT,)) + uint32(3))
    server.answer(bytes((OPEN,)) + uint32(1) + path("/tmp/x") + open_flags(1 | 2 | 8))
    for kind, body, with_handle in messages:
        with contextlib.suppress(Malformed):
            server.answer(bytes((kind,)) + uint32(1) + (FIRST if with_handle else b"") + body)
    server.end(whole=False)


def asked(server: Sftp, kind: int, body: bytes) -> bytes:
    return server.answer(bytes((kind,)) + uint32(1) + body)[5:]


def new_server() -> Sftp:
    server = Sftp(new_shell())
    server.answer(bytes((INIT,)) + uint32(3))
    return server


def test_a_path_without_end_takes_no_time() -> None:
    server, began = new_server(), time.process_time()
    for long in ("/a" * 100_000, "/tmp/../tmp" * 20_000, "/" + "b" * 256):
        assert asked(server, STAT, path(long))[:4] == uint32(5)
    assert server.shell.node("/a" * 100_000) is None
    assert server.shell.absolute("a/" * 50_000 + "../" * 50_000) == "/root"
    assert server.shell.change("/tmp/" + "b" * 256, None) == "File name too long"
    assert time.process_time() - began < 1


def test_links_that_lead_through_each_other_take_little_time() -> None:
    server = new_server()
    folder = "/tmp"
    for _ in range(900):
        folder += "/a"
        asked(server, MKDIR, path(folder) + NOTHING)
    for n in range(40):
        asked(server, SYMLINK, path(f"{folder}/{n + 1}") + path(f"{folder}/{n}"))
    began = time.process_time()
    assert asked(server, STAT, path(f"{folder}/0"))[:4] == uint32(2)
    assert time.process_time() - began < 0.1


def test_a_folder_moves_with_all_that_is_in_it_at_once_or_not_at_all() -> None:
    server = new_server()
    deep, others = "/a" * 450, server.shell.entries("/tmp")
    for n in range(1, 451):
        asked(server, MKDIR, path("/tmp/D" + "/a" * (n - 1)) + NOTHING)
    began = time.process_time()
    assert asked(server, RENAME, path("/tmp/D") + path("/tmp/E"))[:4] == uint32(0)
    assert time.process_time() - began < 0.2
    assert (
        sorted(["E", *others]) == server.shell.entries("/tmp")
        and server.shell.node("/tmp/E" + deep[2:]) is not None
    )
    assert asked(server, RENAME, path("/usr") + path("/tmp/usr"))[:4] == uint32(4)
    assert server.shell.node("/usr/bin/ls") is not None and sorted(["E", *others]) == server.shell.entries(
        "/tmp"
    )


def test_a_file_of_any_time_and_owner_is_shown() -> None:
    server = new_server()
    for name, changed, owner in (("old", -(10**12), "root"), ("new", 10**18, "99999999999")):
        assert server.shell.change(f"/tmp/{name}", Node(0o644, changed=changed, owner=owner)) == ""
        assert asked(server, STAT, path(f"/tmp/{name}"))[:4] == uint32(15)
    listed = run_at_once(server.shell, "ls -l --time-style=+%Y /tmp").out
    assert " 1901 old" in listed and " 2446 new" in listed


def test_commands_take_no_time_for_a_path_without_end() -> None:
    shell, began = new_shell(), time.process_time()
    shell.variables["x"] = "a/" * 60_000
    shell.variables["d"] = "b/" * 900
    for command in (
        "mkdir -p /tmp/$x",
        "rmdir -p $x",
        "ls $x",
        "touch $x/y",
        "stat /$x",
    ):
        assert "File name too long" in run_at_once(shell, f"{command} 2>&1").out, command
    run_at_once(shell, "mkdir -p /tmp/$d; rmdir -p /tmp/$d")
    assert time.process_time() - began < 20
