# ruff: noqa: E501 (what real programs log is compared as it is)
"""What visitors do on one service is in the logs that a shell of the same machine shows."""

from __future__ import annotations

import asyncio
import ftplib
import os
import re
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from decnet.decoys import facts, server_logs
from decnet.decoys.events import Recorder
from decnet.decoys.fellow_frames import Unfit, frame_of_line, line_of, unpacked
from decnet.decoys.fellows import Fellows
from decnet.decoys.host.pids import new_pid
from decnet.decoys.host.services import announce
from decnet.decoys.host.world import World
from decnet.decoys.machine import Machine
from decnet.decoys.persona import Persona
from decnet.decoys.server_logs import MOST_BYTES, Logged, logs_of
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.ssh.auth_log import AuthLog, visible
from decnet.decoys.visitors import Visitors

MACHINE = "5e" * 16
APACHE, NGINX = (
    {"release": "debian-12", "banner": "Apache/2.4.61 (Debian)"},
    {"release": "debian-12-nginx", "banner": "nginx/1.22.1"},
)
HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has been logged yet."""
    monkeypatch.setattr(server_logs, "_logs", {})


@pytest.fixture
def output() -> Iterator[int]:
    out, into = os.pipe()
    os.set_blocking(out, False)
    yield into
    os.close(out)
    os.close(into)


def shell(output: int, release: str = "debian-12", services: str = "http smtp ftp ssh") -> Shell:
    """A visitor's shell on the machine of the decoys in these tests."""
    own = Persona(
        "ssh", "web01", "linux", release, "", MACHINE, ((22, "tcp"),), {}, HERE, "00:50:56:01:02:03"
    )
    ports = {"http": 80, "smtp": 25, "ftp": 21, "ssh": 22}
    announce(Machine(own), {name: ((ports[name], "tcp"),) for name in services.split()})
    return Shell(World(own), "root", Recorder(output).session("192.0.2.9", 4000), interactive=True)


def said(output: int, line: str, release: str = "debian-12") -> str:
    return run_at_once(shell(output, release), line).out


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        (APACHE, "apache2", r'"GET /a\"b\\ HTTP/1.0" 404 \d+ "http://r/" "x\xff\ty"'),
        (NGINX, "nginx", r'"GET /a\x22b\x5C HTTP/1.0" 404 \d+ "http://r/" "x\xFF\x09y"'),
    ],
)
def test_a_request_is_in_the_access_log_as_the_server_writes_it(
    inside: Callable[..., Any], output: int, kind: dict[str, str], path: str, expected: str
) -> None:
    web = inside("http", machine_seed=MACHINE, **kind)
    web.ask(b'GET /a"b\\ HTTP/1.0\r\nReferer: http://r/\r\nUser-Agent: x\xff\ty\r\n\r\n')
    found = said(output, f"cat /var/log/{path}/access.log", kind["release"])
    pattern = re.escape(expected).replace(r"\\d\+", r"\d+")
    assert re.fullmatch(rf"127\.0\.0\.1 - - \[[^]]+ \+0000\] {pattern}\n", found), found


def test_a_mail_is_in_mail_log_and_syslog(inside: Callable[..., Any], output: int) -> None:
    mail = inside("smtp", machine_seed=MACHINE, banner="220 web01 ESMTP Postfix (Debian/GNU)")
    mail.ask(
        b"EHLO e\x01vil\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<x@y.z>\r\nRCPT TO:<root@web01>\r\nFOO\r\nDATA\r\n"
        b"Message-ID: <1@evil>\r\n\r\nhi\r\n.\r\nQUIT\r\n"
    )
    texts = [line.split(": ", 1) for line in said(output, "cat /var/log/mail.log").splitlines()]
    daemons = [re.sub(r"\[\d+\]", "", front.split()[-1]) for front, _ in texts]
    assert daemons == [
        f"postfix/{name}" for name in ["smtpd", "smtpd", "smtpd", "cleanup", "qmgr", "local", "qmgr", "smtpd"]
    ]
    first, refused, client, named, active, sent, removed, last = [text for _, text in texts]
    assert first == "connect from unknown[127.0.0.1]"
    assert refused.endswith("<x@y.z>: Relay access denied; from=<a@b.c> to=<x@y.z> proto=ESMTP helo=<e?vil>")
    identity = client.partition(":")[0]
    assert named == f"{identity}: message-id=<1@evil>" and removed == f"{identity}: removed"
    assert "nrcpt=1 (queue active)" in active and "status=sent (delivered to mailbox)" in sent
    assert (
        last
        == "disconnect from unknown[127.0.0.1] ehlo=1 mail=1 rcpt=1/2 data=1 quit=1 unknown=0/1 commands=5/7"
    )
    shown = said(
        output, f"grep -c {identity} /var/log/syslog; pgrep qmgr; journalctl --no-pager | grep -c {identity}"
    )
    assert shown.split() == ["5", re.findall(r"qmgr\[(\d+)\]", texts[4][0])[0], "5"]


@pytest.mark.parametrize(
    ("release", "banner", "path"),
    [
        ("debian-12", "220 (vsFTPd 3.0.3)", "/var/log/vsftpd.log"),
        ("debian-12-nginx", "220 ProFTPD Server (Debian) [::ffff:127.0.0.1]", "/var/log/proftpd/proftpd.log"),
    ],
)
def test_a_login_by_ftp_is_in_the_logs_of_the_server_and_of_pam(
    inside: Callable[..., Any], output: int, release: str, banner: str, path: str
) -> None:
    server = inside(
        "ftp", machine_seed=MACHINE, release=release, banner=banner, settings={"credentials": "bob:pw"}
    )
    with ftplib.FTP() as client:
        client.connect(HERE, server.port, 20)
        with pytest.raises(ftplib.error_perm):
            client.login("no\x07one", "x")
        client.login("bob", "pw")
    found = said(output, f"cat {path}", release)
    assert "no?one" in found and "bob" in found and "\x07" not in found
    assert ('[bob] OK LOGIN: Client "::ffff:127.0.0.1"' in found) == (
        "USER bob: Login successful." not in found
    )
    failed = said(output, "grep -c 'authentication failure.*ruser=no?one' /var/log/auth.log", release)
    assert failed == "1\n"


def test_failed_passwords_are_in_auth_log_and_btmp(output: int) -> None:
    own = shell(output)
    session = Recorder(output).session("198.51.100.7", 5000)
    log = AuthLog(own.world.persona, session)
    log.named("e vil\n")
    for _ in range(2):
        log.failed("password")
    log.ended("SSH-2.0-x")
    lines = run_at_once(own, "grep 198.51.100.7 /var/log/auth.log").out.splitlines()
    assert [line.partition(": ")[2] for line in lines] == [
        "Invalid user e vil\\012 from 198.51.100.7 port 5000",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=198.51.100.7",
        "Failed password for invalid user e vil\\012 from 198.51.100.7 port 5000 ssh2",
        "Failed password for invalid user e vil\\012 from 198.51.100.7 port 5000 ssh2",
        "Connection closed by invalid user e vil\\012 198.51.100.7 port 5000 [preauth]",
        "PAM 1 more authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=198.51.100.7",
    ]
    assert {line.split()[2] for line in lines} == {f"sshd[{session.server}]:"}
    rows = run_at_once(own, "lastb; stat -c %s /var/log/btmp").out.splitlines()
    assert [row.split()[-3] for row in rows[:2]] == ["-"] * 2 and rows[-1] == str(2 * 384)


def test_names_are_written_as_openssh_writes_them() -> None:
    assert visible("a b\x07\\é") == "a b\\007\\\\\\303\\251"


def test_old_logs_are_what_their_names_promise(output: int) -> None:
    own = shell(output)
    listing = run_at_once(own, "cd /var/log; for f in *.gz; do zcat $f | wc -l; done; stat -c %s *.[0-9]").out
    assert listing.split() and "0" not in listing.split()
    packed = own.world.nodes["/var/log/syslog.2.gz"]
    assert len(packed.data) == packed.bytes and zlib.decompress(packed.data, 31).endswith(b"\n")


def test_a_log_begins_again_where_the_former_one_ended(output: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [time.time() // 86_400 * 86_400 + 50_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    logs = logs_of(MACHINE)
    for day in range(4):
        logs.write("access", f"request of day {day}")
        now[0] += 86_400
    listing = said(
        output,
        "cd /var/log/apache2; ls access*; cat access.log access.log.1; zcat access.log.2.gz access.log.4.gz",
    )
    assert listing.split("\n") == [
        "access.log", "access.log.1", "access.log.2.gz", "access.log.3.gz", "access.log.4.gz",
        "request of day 3", "request of day 2", "request of day 0", "",
    ]  # fmt: skip


def test_a_line_that_is_too_old_is_left_out() -> None:
    logs = server_logs.ServerLogs()
    now = int(time.time() * 1e9)
    logs.take(Logged(now - 15 * 86_400 * 1_000_000_000, "auth", "old"))
    logs.take(Logged(now, "auth", "new"))

    assert [line.text for line in logs.all()] == ["new"]


def test_a_flood_takes_no_more_than_its_bytes() -> None:
    logs = logs_of(MACHINE)
    logs.write("auth", "an earlier line", "sshd", 7)
    for number in range(3000):
        logs.write("access", f"{number} " + "x" * 2000)
    kept = logs.lines("access")
    assert sum(len(line.text) + 120 for line in kept) <= MOST_BYTES["access"]
    assert kept[-1].text.startswith("2999 ") and len(logs.lines("auth")) == 1


@pytest.mark.parametrize(
    "line",
    [
        [0, "auth", "x", "sshd", 1],
        [10**19, "auth", "x", "sshd", 1],
        [1, "other", "x", "sshd", 1],
        [1, "auth", "x" * 901, "sshd", 1],
        [1, "auth", "x\ny", "sshd", 1],
        [1, "auth", "x", "sshd\n", 1],
        [1, "auth", "x", "sshd", 1 << 23],
        [1, "auth", "x"],
        "auth",
    ],
)
def test_lines_that_no_service_sends_are_not_taken(line: object) -> None:
    with pytest.raises(Unfit):
        line_of({"line": line})


NUMBER = 3_000_000
"""Of a process that another service of the machine has started."""


def test_a_service_that_starts_again_has_the_lines_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet.decoys.fellows.GROUP", os.urandom(6).hex())
    web = Persona("http", "web01", "linux", "debian-12", "", MACHINE, ((80, "tcp"),))
    shells = replace(web, service="ssh", ports=((22, "tcp"),))

    async def test() -> list[Logged]:
        first = Fellows(web, Visitors(), ("ssh", "http"))
        await first.start()
        logs_of(MACHINE).write("access", "before")
        known = server_logs._logs.pop(MACHINE)
        second = Fellows(shells, Visitors(), ("ssh", "http"))
        await second.start()
        facts._newest.pop(MACHINE, None)
        known.write("access", "after", "apache2", NUMBER)
        for _ in range(200):
            if len(logs_of(MACHINE).lines("access")) == 2:
                break
            await asyncio.sleep(0.01)
        for each in (first, second):
            await each.close()
        return logs_of(MACHINE).lines("access")

    assert [line.text for line in asyncio.run(test())] == ["before", "after"]
    assert new_pid(Machine(web)) > NUMBER
    facts._newest.pop(MACHINE)


def test_a_line_is_what_it_was_after_the_way() -> None:
    line = Logged(1_700_000_000_123_456_789, "auth", "Failed \\303", "sshd", 12)
    raw = frame_of_line(line)
    assert line_of(unpacked(raw[8:])) == line
