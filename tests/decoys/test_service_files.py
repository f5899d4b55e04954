# ruff: noqa: E501 (lines of the shell)
"""Data folders, sockets and logs of the servers are there where they run, and agree with their starts."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator

import pytest

from decnet.decoys import restarts
from decnet.decoys.events import Recorder
from decnet.decoys.host import services
from decnet.decoys.host.host_keys import CERTIFICATE, announce_key
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.redis.instance import Instance
from decnet.decoys.redis.server import COMMANDS
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.tls import of_the_machine

NOW = 1_790_000_000
ALL: dict[str, services.Ports] = {
    "http": ((80, "tcp"),),
    "mysql": ((3306, "tcp"),),
    "redis": ((6379, "tcp"),),
    "smtp": ((25, "tcp"),),
}


def persona(release: str, seed: str = "") -> Persona:
    return Persona(
        "ssh", "web01", "linux", release, "", "0" * 32, ((22, "tcp"),),
        mac="00:50:56:01:02:03", machine_seed=seed or os.urandom(16).hex(), since=NOW - 30 * 86400,
    )  # fmt: skip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [float(NOW)]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


@pytest.fixture
def output() -> Iterator[int]:
    reading, writing = os.pipe()
    yield writing
    for each in (reading, writing):
        os.close(each)


def shell(of: Persona, output: int) -> Shell:
    world = World(of)
    services.announce(world, ALL)
    world._services = 0.0, []
    world.make_files()
    return Shell(world, "root", Recorder(output).session("192.0.2.9", 4000), interactive=True)


@pytest.mark.parametrize(
    ("release", "paths"),
    [
        ("debian-12", "/var/lib/mysql/ibdata1 /var/lib/redis/dump.rdb /run/mysqld/mysqld.sock /etc/mailname"),
        ("ubuntu-22.04", "/var/lib/mysql/mysql.ibd /var/log/mysql/error.log /run/mysqld/mysqld.sock.lock"),
        ("debian-12-nginx", "/var/log/nginx/access.log /var/lib/mysql/ibdata1"),
        ("debian-11", "/var/log/redis/redis-server.log /var/log/apache2/error.log /var/log/mail.log"),
    ],
)
def test_what_a_running_server_has_is_there(output: int, release: str, paths: str) -> None:
    answer = run_at_once(shell(persona(release), output), f"ls -l {paths}")
    assert answer.error == "" and len(answer.out.splitlines()) == len(paths.split())


def test_a_restart_is_in_the_log_of_each_server(output: int, clock: list[float]) -> None:
    of = persona("ubuntu-22.04")
    restarts.restart(of.machine.seed, 2, 20)
    clock[0] += 300
    own = shell(of, output)
    shown = run_at_once(
        own,
        "cat /var/log/mysql/error.log /var/log/redis/redis-server.log /var/log/mail.log /var/log/apache2/error.log",
    ).out
    for name, text in (
        ("mysqld", "starting as process {pid}\n"),
        ("redis-server", "pid={pid}, just started"),
        ("master", "postfix/master[{pid}]: daemon started"),
        ("apache2", "[pid {pid}:tid"),
    ):
        pid = next(each.pid for each in own.world.processes(int(time.time())) if each.name == name)
        assert text.replace("{pid}", str(pid)) in shown, name
    times = [own.world.machine.started(name, 0) for name in ("mysql", "redis")]
    for when, form in zip(times, ("%Y-%m-%dT%H:%M:%S", "%d %b %Y %H:%M:%S"), strict=True):
        assert time.strftime(form, time.gmtime(when)) in shown


def test_no_log_shrinks_or_is_from_the_future(output: int, clock: list[float]) -> None:
    own = shell(persona("debian-11"), output)
    line = "stat -c '%Y' /var/log/*/*.log /var/log/*.log /var/lib/*/*; cat /var/log/auth.log /var/log/syslog /var/log/redis/redis-server.log"
    before = run_at_once(own, line).out
    assert all(int(each) <= NOW for each in before.split() if each.isdecimal() and len(each) == 10)


def test_a_size_is_that_of_the_content_a_day_later(output: int, clock: list[float]) -> None:
    own = shell(persona("debian-11"), output)
    for seconds in (0, 3600, 86_400):
        clock[0] += seconds
        own.world.nodes._packaged._folders.clear()  # type: ignore[union-attr]
        shown = run_at_once(
            own,
            "cd /var/log; for f in auth.log syslog kern.log mail.log redis/redis-server.log apache2/error.log; do stat -c %s $f; wc -c < $f; done",
        ).out.split()
        assert shown[::2] == shown[1::2]


def test_redis_and_its_file_agree_on_the_last_save(output: int, clock: list[float]) -> None:
    of = persona("debian-12")
    own = shell(of, output)
    server = Instance(of, COMMANDS)
    assert run_at_once(own, "stat -c %Y /var/lib/redis/dump.rdb").out == f"{server.last_save()}\n"


def test_the_certificate_is_that_of_the_services(output: int) -> None:
    of = persona("debian-12")
    own = shell(of, output)
    served = of_the_machine(of).chain[0]
    before = run_at_once(own, "cat /etc/ssl/certs/ssl-cert-snakeoil.pem").out
    announce_key(of.machine.seed, CERTIFICATE, served)
    own.world.nodes._packaged._folders.clear()  # type: ignore[union-attr]
    shown = run_at_once(own, "cat /etc/ssl/certs/ssl-cert-snakeoil.pem").out
    assert base64.b64decode("".join(shown.splitlines()[1:-1])) == served
    unused = base64.b64decode("".join(before.splitlines()[1:-1]))
    assert b"web01" in unused and len(unused) == len(served)


def test_a_service_that_was_added_brings_its_package_and_its_account(output: int) -> None:
    of = persona("debian-12")
    world = World(of)
    world.make_files()
    own = Shell(world, "root", Recorder(output).session("192.0.2.9", 4000), interactive=True)
    line = "ls -d /var/lib/mysql; grep -c ^mysql: /etc/passwd; dpkg -l mariadb-server | grep -c ^ii"
    before = run_at_once(own, line).out
    services.announce(world, ALL)
    world._services = 0.0, []
    world.make_files()
    assert (before, run_at_once(own, line).out) == ("0\n0\n", "/var/lib/mysql\n1\n1\n")
