"""How BusyBox's applets and ash's builtins refuse their words: recorded from BusyBox 1.35."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from test_shell_language import persona

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell

USAGE = "BusyBox v1.27.2 (2019-03-14 14:12:31 CST) multi-call binary.\n\nUsage: "
WITH_USAGE = {
    "head -x": "head: invalid option -- 'x'\n",
    "cut -f": "cut: option requires an argument -- 'f'\n",
    "basename a b c": "",
    "df --output": "df: unrecognized option '--output'\n",
    "find -ls": "find: unrecognized: -ls\n",
    "grep": "",
    "awk -x": "awk: invalid option -- 'x'\n",
}
ERRORS = {
    "sed k": ("sed: unsupported command k\n", 1),
    "sed /a": ("sed: unmatched '/'\n", 1),
    "awk '{'": ("awk: cmd. line:1: Unexpected token\n", 1),
    "awk 'BEGIN { print 1/0 }'": ("awk: cmd. line:1: Division by zero\n", 1),
    "grep '[' /etc/hosts": ("grep: bad regex '['\n", 2),
    "killall -x a": ("killall: bad signal name 'x'\n", 1),
    "nc 127.0.0.1 x": ("nc: bad port 'x'\n", 1),
    "usleep x": ("usleep: invalid number 'x'\n", 1),
    "pwd -x": ("ash: pwd: line 0: illegal option -x\n", 2),
    "export -x; echo not": ("ash: export: line 0: illegal option -x\n", 2),
    "alias x": ("alias: x not found\n", 1),
    "mount -t nosuch none /tmp": ("mount: mounting none on /tmp failed: No such device\n", 255),
}


@pytest.fixture
def shell() -> Iterator[Shell]:
    with open(os.devnull, "wb") as nowhere:
        session = Recorder(nowhere.fileno()).session("192.0.2.9", 4000)
        yield Shell(World(persona("busybox-camera")), "root", session)


@pytest.mark.parametrize("line", WITH_USAGE)
def test_an_applet_prints_its_usage(shell: Shell, line: str) -> None:
    error = run_at_once(shell, line).error
    assert error.startswith(f"{WITH_USAGE[line]}{USAGE}{line.split()[0]} ")
    assert error.count("Usage: ") == 1


@pytest.mark.parametrize("line", ERRORS)
def test_an_error_has_busyboxs_words(shell: Shell, line: str) -> None:
    answer = run_at_once(shell, line)
    assert (answer.out, answer.error, answer.status) == ("", *ERRORS[line])


def test_tftp_takes_a_command_and_names_the_file(shell: Shell) -> None:
    assert run_at_once(shell, "tftp nosuch.invalid -c get x").error == "tftp: bad address 'nosuch.invalid'\n"


def test_columns_are_even(shell: Shell) -> None:
    made = "mkdir /tmp/w; cd /tmp/w; touch a1 a2345678 b c; "
    assert run_at_once(shell, f"{made}ls -C -w 20").out == "a1        b\na2345678  c\n"
    assert run_at_once(shell, "cd /tmp/w; ls -x -w 20").out == "a1        a2345678\nb         c\n"
