# ruff: noqa: E501 (answers are compared as they are)
"""The FTP decoy: real clients, the real servers' words, and whatever bytes come."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decnet.catalog import load
from decnet.decoys.ftp.dialects import dialect_of
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona

FORBIDDEN = (b"decnet", b"decky", b"decoy", b"honeypot", b"canary", b"asyncio", b"traceback", b"python")
CATALOG = load()
KNOWN = {"credentials": "bob:test", "anonymous": True}
RELEASES = ("debian-12", "debian-12-nginx", "windows-server-2022", "freebsd-14.0", "hp-laserjet-m404",
            "schneider-m340", "synology-dsm-7", "cisco-ios-15.2")  # fmt: skip


def persona_of(release: str, **more: Any) -> dict[str, Any]:
    banner = CATALOG.banner(release, "ftp", hostname="web01", address="127.0.0.1")
    return {"release": release, "os": CATALOG.releases[release].os, "banner": banner, **more}


def said(server: Any, *lines: str) -> list[str]:
    """The lines that come back for these lines, the greeting first."""
    answer: bytes = server.ask("".join(line + "\r\n" for line in lines).encode())
    return answer.decode().splitlines(keepends=True)


VSFTPD = """\
220 (vsFTPd 3.0.3)
FOO x > 530 Please login with USER and PASS.
AUTH TLS > 530 Please login with USER and PASS.
OPTS UTF8 ON > 200 Always in UTF8 mode.
PASS x > 503 Login with USER first.
user bob > 331 Please specify the password.
PASS test > 230 Login successful.
USER bob > 331 Any password will do.
USER eve > 530 Can't change to another user.
PASS x > 230 Already logged in.
NOOP > 200 NOOP ok.
SYST > 215 UNIX Type: L8
PWD > 257 "/home/bob" is the current directory
CWD /nope > 550 Failed to change directory.
CWD /etc > 250 Directory successfully changed.
TYPE I > 200 Switching to Binary mode.
TYPE E > 500 Unrecognised TYPE command.
MODE B > 504 Bad MODE command.
STRU F > 200 Structure set to F.
REST 5 > 350 Restart position accepted (5).
LIST > 425 Use PORT or PASV first.
RETR hosts > 425 Use PORT or PASV first.
STOR x > 550 Permission denied.
PORT 127,0,0,1,200,21 > 550 Permission denied.
EPRT |1|192.0.2.9|80| > 550 Permission denied.
EPSV 2 > 522 Bad network protocol.
EPSV ALL > 200 EPSV ALL ok.
PASV > 550 Permission denied.
SIZE nope > 550 Could not get file size.
SITE CHMOD 777 x > 500 Unknown SITE command.
ACCT x > 502 ACCT not implemented.
AUTH TLS > 500 Unknown command.
ABOR > 225 No transfer to ABOR.
QUIT > 221 Goodbye."""

PROFTPD = """\
220 ProFTPD Server (Debian) [::ffff:127.0.0.1]
FOO x > 500 FOO not understood
PASV > 530 Please login with USER and PASS
USER > 500 USER: command requires a parameter
USER bob > 331 Password required for bob
PASS test > 230 User bob logged in
USER eve > 501 Reauthentication not supported
CWD /nope > 550 /nope: No such file or directory
CWD > 501 Invalid number of parameters
TYPE E > 504 TYPE not implemented for 'E' parameter
TYPE I > 200 Type set to I
SIZE /etc > 550 /etc: not a regular file
RETR /nope > 550 /nope: No such file or directory
RETR /etc/shadow > 550 /etc/shadow: Permission denied
LIST > 425 Unable to build data connection: Connection refused
PORT 192,0,2,9,0,80 > 500 Illegal PORT command
STOR /x > 550 /x: Permission denied
RNTO x > 503 Bad sequence of commands
REST x > 501 REST requires a value greater than or equal to 0
AUTH TLS > 500 AUTH not understood
QUIT > 221 Goodbye."""


@pytest.mark.parametrize(("release", "transcript"), [("debian-12", VSFTPD), ("debian-12-nginx", PROFTPD)])
def test_the_decoy_has_the_words_of_the_real_server(
    inside: Callable[..., Any], release: str, transcript: str
) -> None:
    greeting, *rows = transcript.splitlines()
    asked, answers = zip(*(row.split(" > ", 1) for row in rows), strict=True)

    assert said(inside("ftp", **persona_of(release, settings=KNOWN)), *asked) == [
        line + "\r\n" for line in (greeting, *answers)
    ]


def curl(port: int, path: str, *more: str, user: str = "bob:test") -> subprocess.CompletedProcess[str]:
    url = f"ftp://127.0.0.1:{port}/{path}"
    return subprocess.run(["curl", "-sS", "-u", user, *more, url], capture_output=True, text=True, timeout=60)


def test_a_weak_login_finds_the_same_files_as_in_the_shell(inside: Callable[..., Any]) -> None:
    who = persona_of("debian-12", settings=KNOWN)
    server = inside("ftp", **who)
    world = World(server.persona)

    listing, passwd = curl(server.port, "/var/log/"), curl(server.port, "/etc/passwd")

    shown = [line.partition(" -> ")[0].split()[-1] for line in listing.stdout.splitlines()]
    assert shown == world.nodes.names("/var/log")
    assert passwd.stdout == world.nodes["/etc/passwd"].content.decode()
    assert server.events("login")[0]["fields"] == {
        "username": "bob", "password": "test", "success": True, "method": "password"
    }  # fmt: skip
    assert "RETR passwd" in [event["fields"]["input"] for event in server.events("command")]


def conversation(port: int, asked: list[str]) -> list[str]:
    """The commands with their replies; those that begin with `+` have a data connection, which sends six
    bytes after a reply that begins with 1."""
    with socket.create_connection(("127.0.0.1", port), 30) as line, line.makefile("rb") as words:
        words.readline()

        def say(command: str) -> str:
            line.sendall(command.encode() + b"\r\n")
            return words.readline().decode().rstrip()

        said = []
        for each in asked:
            if not each.startswith("+"):
                said.append(f"{each} > {say(each)}")
                continue
            data = int(say("EPSV").split("|||")[1].split("|")[0])
            with socket.create_connection(("127.0.0.1", data), 30) as transfer:
                answer = say(each[1:])
                if answer.startswith("1"):
                    transfer.sendall(b"hello\n")
                    transfer.shutdown(socket.SHUT_WR)
                    assert words.readline().startswith(b"226 ")
            said.append(f"{each} > {answer}")
        return said


@pytest.mark.parametrize(("release", "replies"), [
    ("rocky-8", "vsftpd-3.0.3-writing.txt"), ("debian-12-nginx", "proftpd-1.3.8-writing.txt")
])  # fmt: skip
def test_who_may_write_gets_the_answers_of_the_real_server(
    inside: Callable[..., Any], release: str, replies: str
) -> None:
    real = (Path(__file__).parent / "replies" / replies).read_text().splitlines()
    server = inside("ftp", **persona_of(release, settings=KNOWN))
    said = conversation(server.port, [each.split(" > ")[0] for each in real])
    assert [re.sub(r"FILE: ftp\w{6}", "FILE: ftpXXXXXX", each) for each in said] == real


def test_what_is_written_by_ftp_is_there_in_the_shell(
    decoy: Callable[..., Any], ssh: Any, tmp_path: Path
) -> None:
    both = persona_of("rocky-9", settings={"credentials": "root:123456,bob:test"})
    server, shell = decoy("ftp", **both), decoy("ssh", **(both | {"banner": "OpenSSH_8.7"}))
    payload = os.urandom(1024 * 1024)
    (tmp_path / "blob").write_bytes(payload)
    assert curl(server.port, "", "-T", str(tmp_path / "blob")).returncode == 0
    digest = hashlib.sha256(payload).hexdigest()
    assert server.events("file")[-1]["fields"]["sha256"] == digest
    wait_until(lambda: "blob" in ssh(shell.port, "ls /home/bob").stdout)
    seen = ssh(
        shell.port, "sha256sum /home/bob/blob; stat -c '%U %s' /home/bob/blob; echo new > /home/bob/note"
    )
    assert seen.stdout == f"{digest}  /home/bob/blob\nbob {len(payload)}\n"
    wait_until(lambda: curl(server.port, "note").stdout == "new\n")


def wait_until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not claim():
        assert time.monotonic() < deadline


def test_the_real_client_lists_as_a_guest(decoy: Callable[..., Any]) -> None:
    server = decoy("ftp", **persona_of("debian-12", settings={"anonymous": True}))

    done = subprocess.run(
        ["ftp", "-v", "-a", f"ftp://127.0.0.1:{server.port}/"], input="dir\npassive off\ndir\nquit\n",
        capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    )  # fmt: skip

    assert "230 Login successful." in done.stdout and "226 Directory send OK." in done.stdout
    assert "550 Permission denied." in done.stdout  # active mode
    assert server.events("login")[-1]["fields"]["method"] == "anonymous"
    assert server.stop() == 0 and server.complaints() == b""


def test_wrong_passwords_end_in_words_and_events(inside: Callable[..., Any]) -> None:
    server = inside("ftp", **persona_of("hp-laserjet-m404"))
    assert said(server, "", "FOO")[1:] == ["530 Authentication required.\r\n"] * 2

    server = inside("ftp", **persona_of("windows-10", settings={"anonymous": False}))
    answers = said(server, "USER administrator", "PASS hunter2", "PASS again", "USER ftp", "PASS a@b")

    assert answers == [
        "220 Microsoft FTP Service\r\n", "331 Password required\r\n", "530 User cannot log in.\r\n",
        "503 Login with USER first.\r\n", "331 Password required\r\n", "530 User cannot log in.\r\n",
    ]  # fmt: skip
    assert [(e["fields"]["username"], e["fields"]["password"], e["fields"]["success"]) for e in server.events("login", 3)] == [
        ("administrator", "hunter2", False), ("administrator", "again", False), ("ftp", "a@b", False)
    ]  # fmt: skip


def test_it_goes_nowhere_however_it_is_asked(inside: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as victim:
        victim.settimeout(0.2)
        port = victim.getsockname()[1]
        for release in RELEASES:
            server = inside("ftp", **persona_of(release, settings=KNOWN))
            server.ask(
                f"USER bob\r\nPASS test\r\nPORT 127,0,0,1,{port // 256},{port % 256}\r\nLIST\r\n"
                f"EPRT |1|127.0.0.1|{port}|\r\nRETR /etc/passwd\r\n".encode()
            )
        with pytest.raises(TimeoutError):
            victim.accept()


def test_a_data_connection_from_elsewhere_is_refused(inside: Callable[..., Any]) -> None:
    server = inside("ftp", **persona_of("debian-12", settings=KNOWN))
    with socket.create_connection(("127.0.0.1", server.port), 30) as line, line.makefile("rb") as words:
        line.sendall(b"USER bob\r\nPASS test\r\nEPSV\r\n")
        answer = [words.readline() for _ in range(4)][-1]
        port = int(answer.split(b"|||")[1].split(b"|")[0])
        with socket.create_connection(("127.0.0.1", port), 30, source_address=("127.0.0.2", 0)) as other:
            line.sendall(b"LIST\r\n")
            assert (words.readline(), other.recv(100)) == (b"425 Failed to establish connection.\r\n", b"")


def test_a_printer_takes_a_file_and_keeps_its_hash(inside: Callable[..., Any], tmp_path: Any) -> None:
    server = inside("ftp", **persona_of("brother-hl-l6400"))
    job = tmp_path / "job.prn"
    job.write_bytes(b"\x1b%-12345X@PJL\n" * 9000)

    assert curl(server.port, "", "-T", str(job), user="anybody:at all").returncode == 0

    assert server.events("file")[-1]["fields"] == {
        "path": "/job.prn", "size": 126000, "sha256": hashlib.sha256(job.read_bytes()).hexdigest(), "whole": True,
        "kept": False,
    }  # fmt: skip


def test_a_nas_stores_what_the_account_may_write(inside: Callable[..., Any], tmp_path: Any) -> None:
    server = inside("ftp", **persona_of("synology-dsm-7", settings=KNOWN))
    own = tmp_path / "tool.sh"
    own.write_bytes(b"#!/bin/sh\n" * 500)
    digest = hashlib.sha256(own.read_bytes()).hexdigest()

    assert curl(server.port, "", "-T", str(own)).returncode == 0
    assert curl(server.port, "%2Ftmp/", "-T", str(own)).returncode == 0
    stored = [event["fields"] for event in server.events("file")[-2:]]
    assert [(each["path"], each["sha256"], each["whole"]) for each in stored] == [
        ("/home/bob/tool.sh", digest, True), ("/tmp/tool.sh", digest, True),
    ]  # fmt: skip

    for path, user in (("%2Fetc/", "bob:test"), ("%2Fetc/passwd", "bob:test"), ("", "anonymous:x")):
        target = ["-T", str(own)]
        refused = curl(server.port, path, *target, user=user)
        assert (refused.returncode, "Failed FTP upload: 553" in refused.stderr) == (25, True), refused.stderr


def test_a_visitor_of_a_nas_finds_what_was_stored(inside: Callable[..., Any], tmp_path: Any) -> None:
    server = inside("ftp", **persona_of("synology-dsm-7", settings=KNOWN))
    own = tmp_path / "a.txt"
    own.write_bytes(b"hello\n")
    url = f"ftp://127.0.0.1:{server.port}/"
    seen = subprocess.run(
        ["curl", "-sS", "-u", "bob:test", "-T", str(own), url, "--next", "-sS", "-u", "bob:test", url],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    [line] = [line for line in seen.stdout.splitlines() if line.endswith(" a.txt")]
    assert line.split()[2:5] == ["bob", "bob", "6"], seen


def test_a_port_for_data_closes_with_its_visit(inside: Callable[..., Any]) -> None:
    server = inside("ftp", **persona_of("debian-12", settings=KNOWN))
    answer = said(server, "USER bob", "PASS test", "EPSV", "EPSV", "QUIT")
    ports = [int(port) for port in re.findall(r"\|\|\|(\d+)\|", "".join(answer))]
    server.events("disconnect")
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 30)


def test_an_endless_line_ends_the_visit(inside: Callable[..., Any]) -> None:
    vsftpd, proftpd = (inside("ftp", **persona_of(name)) for name in ("debian-12", "debian-12-nginx"))
    assert said(vsftpd, "A" * 5000, "NOOP")[1:] == ["500 Input line too long.\r\n"]
    assert said(proftpd, "A" * 5000, "NOOP")[1:] == ["200 NOOP command successful\r\n"]
    assert said(vsftpd, "A" * 200_000, "NOOP")[1:] == []


VERBS = ("USER", "PASS", "CWD", "PWD", "LIST -la", "NLST", "RETR", "STOR", "MLSD", "MLST", "STAT", "EPSV", "PASV", "PORT",
         "EPRT", "REST", "TYPE", "SITE", "HELP", "OPTS", "RNFR", "RNTO", "SIZE", "MDTM", "FEAT", "AUTH", "CDUP", "REIN")  # fmt: skip
LINES = st.one_of(
    st.binary(max_size=50).map(lambda raw: raw.replace(b"\n", b"")),
    st.tuples(
        st.sampled_from(VERBS),
        st.sampled_from(["", "..", "/", "/etc/passwd", "%s%n", "{user}", "\xff", "a b", "*", "1"]),
    ).map(lambda pair: " ".join(pair).encode("latin-1")),
)


@pytest.mark.parametrize("release", RELEASES)
def test_any_lines_end_only_their_own_visit(inside: Callable[..., Any], release: str) -> None:
    server = inside("ftp", **persona_of(release, settings=KNOWN))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.booleans(), st.lists(LINES, max_size=20))
    def try_them(logged_in: bool, lines: list[bytes]) -> None:
        before = [b"USER bob", b"PASS test"] if logged_in else [b"USER bob"]
        # A wrong password and a data connection that never comes take their time, which is not what is tried here.
        lines = [line for line in lines if not line.upper().startswith(b"PASS")]
        lines.sort(key=lambda line: line.upper().startswith((b"EPSV", b"PASV")))
        answer = server.ask(b"\r\n".join([*before, *lines, b"QUIT", b""])).lower()
        # Some answers repeat what was asked.
        asked = b" ".join(lines).lower()
        assert [word for word in FORBIDDEN if word in answer and word not in asked] == []

    try_them()
    assert server.ask(b"QUIT\r\n").startswith(b"220 ") and not server.complaints


def test_every_flavour_has_words_for_every_command() -> None:
    for release in CATALOG.releases.values():
        dialect = dialect_of(
            Persona(
                **{"service": "ftp", "hostname": "h", "seed": "", "ports": (), **persona_of(release.name)}
            )
        )
        small = {
            "SYST",
            "FEAT",
            "HELP",
            "NOOP",
            "MODE",
            "STRU",
            "ABOR",
            "ALLO",
            "OPTS",
            "CLNT",
            "SITE",
            "TYPE",
        }
        assert {verb for verb in dialect.known & small if verb.lower() not in dialect.texts} == set(), (
            release.name
        )
        assert not dialect.known & {"AUTH", "PBSZ", "PROT"} or dialect.has_text("secure")
        assert ("MLSD" in dialect.known) == (dialect.facts is not None)
