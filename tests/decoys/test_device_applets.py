"""What BusyBox's network applets, servers and coders do on a device: recorded from BusyBox 1.35."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from test_shell_language import persona

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell


@pytest.fixture
def shell() -> Iterator[Shell]:
    with open(os.devnull, "wb") as nowhere:
        session = Recorder(nowhere.fileno()).session("192.0.2.9", 4000)
        yield Shell(World(persona("busybox-camera")), "root", session)


SYNTAX = {
    "case x in; esac": 'unexpected word (expecting ")")',
    "echo `echo a": "EOF in backquote substitution",
    "echo $((1 + 2)": "missing '))'",
    "echo $((1+2) )": "missing '))'",
    'echo "${x': "unterminated quoted string",
    "case": "unexpected end of file (expecting word)",
    "in": 'unexpected "in"',
}


@pytest.mark.parametrize("line", SYNTAX)
def test_ash_names_what_is_wrong_with_a_line(shell: Shell, line: str) -> None:
    answer = run_at_once(shell, line)
    assert (answer.error, answer.status) == (f"ash: syntax error: {SYNTAX[line]}\n", 2)


ERRORS = {
    "ip route add 10.1.0.0/16 via": ('ip: command line is not complete, try "help"\n', 1),
    "ip addr add 10.1.1.1/33 dev lo": ('ip: an inet prefix is expected rather than "10.1.1.1"\n', 1),
    "ip link set lo mtu x": ("ip: invalid argument 'x' to 'mtu'\n", 2),
    "ip route del 10.7.0.0/16": ("ip: RTNETLINK answers: No such process\n", 2),
    "route add -net 10.4.5.0/16 gw 192.0.2.1": ("route: netmask and route address conflict\n", 1),
    "route add -host 10.6.0.1 gw 10.99.9.9": ("route: SIOCADDRT: Network is unreachable\n", 1),
    "arp -s 192.0.2.8 zz": ("arp: invalid hardware address\n", 1),
    "ifconfig eth0 frob": ("ifconfig: bad address 'frob'\n", 1),
    "ping -s 70000 127.0.0.1": ("ping: number 70000 is not in 0..65535 range\n", 1),
    "traceroute -m 0 127.0.0.1": ("traceroute: number 0 is not in 1..255 range\n", 1),
    "nc -l -p 99999": ("nc: bad port '99999'\n", 1),
    "tftp -g -r a -b 8 127.0.0.1": ("tftp: bad blocksize '8'\n", 1),
    "dd bs=0": ("dd: number 0 is not in 1..9223372036854775807 range\n", 1),
    "kill 99998 99999": (
        "ash: can't kill pid 99998: No such process\nash: can't kill pid 99999: No such process\n",
        2,
    ),
    "chmod -z 1 /tmp": ("chmod: 1: No such file or directory\nchmod: invalid mode '-z'\n", 1),
    "uudecode < /dev/null": ("uudecode: no 'begin' line\n", 1),
    "udhcpc -i nosuch": ("udhcpc: SIOCGIFINDEX: No such device\n", 1),
}


@pytest.mark.parametrize("line", ERRORS)
def test_words_are_refused_as_busybox_refuses_them(shell: Shell, line: str) -> None:
    answer = run_at_once(shell, line)
    assert (answer.error, answer.status) == ERRORS[line]


OUTPUTS = {
    "telnetd -p 2323 -l /bin/sh; echo $?": "0\n",
    "echo hello | uuencode x | uudecode -o -": "hello\n",
    "mkpasswd -m md5 pw saltsalt": "$1$saltsalt$6SNdNaZLKst2LlSm7oPPL1\n",
    "printf 'a\\r\\n' > /tmp/d; dos2unix /tmp/d; wc -c < /tmp/d": "2\n",
    "env - A=1 env": "A=1\n",
    'echo "$PS1$PS2$PS4"': "\\w \\$ > + \n",
    "busybox --help ls 2>&1 | grep -c Usage": "1\n",
    "free -b | awk 'NR == 2 { print ($2 > 1000000) }'": "1\n",
}


@pytest.mark.parametrize("line", OUTPUTS)
def test_an_applet_does_what_busyboxs_does(shell: Shell, line: str) -> None:
    answer = run_at_once(shell, line)
    assert (answer.out, answer.error) == (OUTPUTS[line], "")


def test_a_route_of_a_visitor_is_kept_until_it_is_deleted(shell: Shell) -> None:
    row = "10.3.0.1        192.0.2.1       255.255.255.255 UGH   0      0        0 eth0\n"
    assert run_at_once(shell, "route add -host 10.3.0.1 gw 192.0.2.1; route -n").out.count(row) == 1
    assert run_at_once(shell, "ip route del 10.3.0.1; route -n").out.count(row) == 0


def test_no_dhcp_server_answers(shell: Shell) -> None:
    answer = run_at_once(shell, "udhcpc -t 2 -T 1 -n -q")
    assert [line.partition(": ")[2] for line in answer.error.splitlines()] == [
        "started, v1.27.2", "sending discover", "sending discover", "no lease, failing",
    ]  # fmt: skip
