"""How BusyBox's applets and ash's builtins refuse their words: recorded from BusyBox 1.35."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from test_shell_language import persona

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.busybox.program import applets_of
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
    "ls --version": "ls: unrecognized option '--version'\n",
    "ln": "",
    "id -u -g": "",
    "uuencode": "",
    "nohup": "",
    "tail -n": "tail: option requires an argument -- 'n'\n",
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
    "trap x DEBUG": ("ash: trap: line 0: DEBUG: invalid signal specification\n", 1),
    "chown root:nosuch /tmp": ("chown: unknown user/group root:nosuch\n", 1),
    "date --date=yesterday": ("date: invalid date 'yesterday'\n", 1),
    "awk -f /none": ("awk: can't open '/none': No such file or directory\n", 1),
    "eval nosuch": ("ash: eval: line 0: nosuch: not found\n", 127),
    "read -t x y": ("ash: read: line 0: invalid timeout\n", 2),
    "printf 'a%q\\n' b >/dev/null": ("ash: %q\\n: invalid format\n", 1),
    "[[ a && b": ("ash: missing ]]\n", 2),
    "''": ("ash: : Permission denied\n", 127),
    "xargs -n x": ("xargs: invalid number 'x'\n", 1),
    "hexdump -e x /etc/hosts": ("hexdump: bad format {x}\n", 1),
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


OUTPUTS = {
    "echo -e '\\0101\\102\\x43\\u0044'": "ABC\\u0044\n",
    "[[ abc == a* && b =~ ^b$ ]] && echo yes": "yes\n",
    "printf '\\x7fELF\\1' | hexdump -e '5/1 \"%02x.\" \"\\n\"'": "7f.45.4c.46.01.\n",
    'printf \'ab cd\' | hexdump -e \'"%04_ad " 2/2 "%04x " "\\n"\'': "0000 6261 6320\n0004 0064     \n",
    "echo ab | tr a": "ab\n",
    "mkdir -pv /tmp/v/w": "created directory: '/tmp/v/'\ncreated directory: '/tmp/v/w'\n",
    "echo a | sed 's/a/\\U&/;y/Ua/xyz/;{p'": "xy\nxy\n",
    "echo 'a!!GkK' | base64 -d | cut -c1-2": "hi\n",
    "awk 'BEGIN { print and(6, 3), lshift(1, 4) }'": "2 16\n",
    "set -- -a x; sleep 0 & wait $!; jobs": "[1]+  Done                       \n",
}


@pytest.mark.parametrize("line", OUTPUTS)
def test_an_applet_takes_what_busyboxs_takes(shell: Shell, line: str) -> None:
    answer = run_at_once(shell, line)
    assert (answer.out, answer.error) == (OUTPUTS[line], "")


def test_links_to_all_applets_are_made_in_a_folder(shell: Shell) -> None:
    answer = run_at_once(
        shell, "mkdir /tmp/b; busybox --install -s /tmp/b; ls /tmp/b | wc -l; readlink /tmp/b/ls"
    )
    assert answer.out == f"{len(applets_of(shell.world))}\n/bin/busybox\n"


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
