"""A visitor restarts the machine: it goes away for all of its services, and what it shows afterwards has no
gap."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from decnet.decoys import facts, links, restarts, serve
from decnet.decoys.events import Recorder
from decnet.decoys.fellow_frames import Facts, Unfit, facts_of, frame_of_facts, unpacked
from decnet.decoys.fellows import Fellows
from decnet.decoys.host import host_keys
from decnet.decoys.host.node import Node
from decnet.decoys.host.world import World
from decnet.decoys.machine import Machine
from decnet.decoys.persona import Persona
from decnet.decoys.restarts import Restart, Restarts
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.logging_in import come, leave
from decnet.decoys.shell.state import Shell
from decnet.decoys.visitor_logins import Login, login_of, note_of
from decnet.decoys.visitors import Visitors

SOURCE = "192.0.2.9"
NOW = 1_790_000_000


@pytest.fixture
def persona() -> Persona:
    """One machine that no other test has."""
    return Persona(
        "ssh", "web01", "linux", "debian-12", "", "0" * 32, ((22, "tcp"),),
        mac="00:50:56:01:02:03", machine_seed=os.urandom(16).hex(), since=NOW - 3 * 86400,
    )  # fmt: skip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [float(NOW)]
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(time, "time_ns", lambda: int(now[0] * 1e9))
    return now


@pytest.fixture
def output() -> Iterator[int]:
    reading, writing = os.pipe()
    yield writing
    for each in (reading, writing):
        os.close(each)


def shell_on(persona: Persona, output: int, visitors: Visitors | None = None, port: int = 4000) -> Shell:
    session = Recorder(output).session(SOURCE, port)
    with (visitors or Visitors()).visit(SOURCE) as files:
        files.note("seen", "")
        return Shell(World(persona), "root", session, files=files, interactive=True, began=time.time())


@pytest.mark.parametrize(
    ("line", "down"),
    [("reboot", 2), ("shutdown -r now", 2), ("init 6", 2), ("systemctl reboot", 2), ("shutdown -r +3", 180)],
)
def test_a_restart_concerns_the_whole_machine(
    persona: Persona, output: int, clock: list[float], line: str, down: int
) -> None:
    before = Machine(persona).booted()
    run_at_once(shell_on(persona, output), line)
    (found,) = Machine(persona).restarts.last

    assert found.down == NOW + down and 9 <= found.up - found.down <= 150
    assert Machine(persona).booted() == before
    clock[0] = found.up + 30
    assert Machine(replace(persona, service="snmp")).booted() == found.up


def test_who_is_not_root_restarts_nothing(persona: Persona, output: int, clock: list[float]) -> None:
    own = shell_on(persona, output)
    own.user = "admin"
    run_at_once(own, "reboot; systemctl reboot; shutdown -r now")
    assert Machine(persona).restarts.last == ()


def test_a_planned_stop_can_be_called_off(persona: Persona, output: int, clock: list[float]) -> None:
    run_at_once(shell_on(persona, output), "shutdown -h +5; shutdown -c")
    assert Machine(persona).restarts.last == ()


def test_a_machine_that_stops_is_not_stopped_twice(persona: Persona, clock: list[float]) -> None:
    for _ in range(3):
        restarts.restart(persona.machine.seed, 2, 20)
    assert Machine(persona).restarts.total == 1


def test_what_was_logged_before_is_still_there_after_it(
    persona: Persona, output: int, clock: list[float]
) -> None:
    visitors = Visitors()
    first = shell_on(persona, output, visitors)
    come(first)
    before = run_at_once(first, "cat /var/log/auth.log; last -F").out.splitlines()
    run_at_once(first, "reboot")
    leave(first)
    clock[0] += 120
    second = shell_on(persona, output, visitors, 4001)
    come(second)
    after = run_at_once(second, "cat /var/log/auth.log; last -F").out.splitlines()

    still = [line for line in before if "still" not in line and "begins" not in line]
    assert [line for line in still if line not in after] == []
    shown = "\n".join(after)
    for text in (
        "System is rebooting",
        "Received signal 15",
        "Server listening on 0.0.0.0",
        "port 4000 ssh2",
        "port 4001 ssh2",
    ):
        assert text in shown
    boots = [line for line in after if line.startswith("reboot")]
    assert "still running" in boots[0] and "still running" not in boots[1]
    assert "- down" in next(
        line for line in after if line.startswith("root") and SOURCE in line and "still" not in line
    )
    assert run_at_once(second, "uptime -p").out == "up 1 minute\n"


def test_a_restart_shows_in_every_log_of_the_start(persona: Persona, output: int, clock: list[float]) -> None:
    restarts.restart(persona.machine.seed, 2, 20)
    clock[0] += 300
    own = shell_on(persona, output)
    shown = run_at_once(
        own, "grep -c 'Linux version' /var/log/kern.log /var/log/syslog; who -b; uptime -s"
    ).out
    booted = time.strftime("%Y-%m-%d %H:%M", time.gmtime(NOW + 22))
    assert shown.splitlines()[:2] == ["/var/log/kern.log:1", "/var/log/syslog:1"] and shown.count(booted) == 2


def test_soon_after_a_start_each_process_has_its_own_number(
    persona: Persona, output: int, clock: list[float]
) -> None:
    restarts.restart(persona.machine.seed, 0, 20)
    clock[0] += 45
    own = shell_on(persona, output)
    numbers = run_at_once(own, "ps -eo pid=").out.split()
    assert len(numbers) == len(set(numbers)) > 60


def test_a_start_keeps_what_a_disk_keeps(clock: list[float], persona: Persona) -> None:
    visitors = Visitors()
    with visitors.visit(SOURCE) as files:
        for path in ("/tmp/x", "/run/x", "/dev/shm/x", "/root/x", "/var/tmp/x"):
            files.put(path, Node(content=b"x"))
        files.put("/tmp/gone", None, hides=False)
        files.note("hostname", "other")
        files.kill(300)
    visitors.restart(Machine(persona).volatile)
    kept = visitors.find(SOURCE)
    assert kept is not None and set(kept.changes) == {"/root/x", "/var/tmp/x"}
    assert not kept.killed and "hostname" not in kept.notes
    kept.clear()
    assert visitors.kept == 0


def test_the_numbers_of_processes_go_on_after_a_restart_of_one_service(
    persona: Persona, clock: list[float]
) -> None:
    world = World(persona)
    numbers = [world.new_pid(40) for _ in range(50)]
    booted, newest = facts.newest_pid(persona.machine.seed)
    facts._newest.clear()
    facts.take_pid(persona.machine.seed, booted, newest)
    assert World(persona).new_pid() > numbers[-1]
    restarts.restart(persona.machine.seed, 2, 20)
    clock[0] += 600
    assert World(persona).new_pid() < numbers[-1]


def test_all_channels_of_a_connection_have_one_server(
    persona: Persona, output: int, clock: list[float]
) -> None:
    first = shell_on(persona, output)
    second = Shell(first.world, "root", first.session, files=first.files)
    assert first.visit.server == second.visit.server and first.visit.number == second.visit.number
    come(first)
    shown = run_at_once(
        first, "journalctl --no-pager | grep Accepted | tail -1; grep Accepted /var/log/auth.log | tail -1"
    ).out
    assert shown.count(f"sshd[{first.visit.server}]") == 2


def test_a_login_without_a_terminal_is_in_auth_log_only(
    persona: Persona, output: int, clock: list[float]
) -> None:
    visitors = Visitors()
    for port in (5001, 5002):
        session = Recorder(output).session(SOURCE, port)
        with visitors.visit(SOURCE) as files:
            own = Shell(World(persona), "root", session, files=files, began=time.time())
            come(own)
            leave(own)
        clock[0] += 60
    own = shell_on(persona, output, visitors)
    shown = run_at_once(own, f"last | grep -c {SOURCE}; grep -c 'port 500[12] ssh2' /var/log/auth.log").out
    assert shown == "1\n2\n"


@contextlib.asynccontextmanager
async def service(persona: Persona, name: str) -> AsyncIterator[Fellows]:
    fellows = Fellows(replace(persona, service=name), Visitors(), ("ssh", "telnet"))
    await fellows.start()
    try:
        yield fellows
    finally:
        await fellows.close()


def test_services_tell_each_other_of_restarts_keys_and_numbers(
    persona: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, real, got = persona.machine.seed, facts.watch, []

    async def meet() -> None:
        async with service(persona, "ssh") as ssh, service(persona, "telnet") as telnet:
            monkeypatch.setattr(telnet, "_take_facts", lambda name, found: got.append((name, found)))
            real(seed, ssh._report_facts)
            host_keys.announce_key(seed, "ed25519", b"a key")
            restarts.restart(seed, 2, 20)
            for _ in range(200):
                await asyncio.sleep(0.01)
                if got and got[-1][1].restarts.total:
                    return

    asyncio.run(asyncio.wait_for(meet(), 30))
    name, found = got[-1]
    assert name == "ssh" and found.keys == (("ed25519", b"a key"),) and found.restarts.total == 1


def test_facts_are_what_they_were_after_the_way() -> None:
    found = Facts(Restarts(3, (Restart(100, 130), Restart(200, 215))), (("rsa", b"\x00\x01"),), (130, 4711))
    frame = frame_of_facts(found)
    assert facts_of(unpacked(frame[8:])) == found


@pytest.mark.parametrize(
    "fields",
    [
        {"count": 1, "restarts": [[5, 4]], "keys": {}, "newest": [0, 0]},
        {"count": 0, "restarts": [[1, 2]], "keys": {}, "newest": [0, 0]},
        {"count": 1, "restarts": [[1, 1 << 40]], "keys": {}, "newest": [0, 0]},
        {"count": 99, "restarts": [[1, 2]] * 99, "keys": {}, "newest": [0, 0]},
        {"count": 0, "restarts": [], "keys": {"dsa": ""}, "newest": [0, 0]},
        {"count": 0, "restarts": [], "keys": {"rsa": "#"}, "newest": [0, 0]},
        {"count": 0, "restarts": [], "keys": {"rsa": "A" * 4096}, "newest": [0, 0]},
        {"count": 0, "restarts": [], "keys": {}, "newest": [0, 1 << 30]},
        {"count": 0, "restarts": [], "keys": []},
        "no object",
    ],
)
def test_facts_that_no_service_sends_are_not_taken(fields: object) -> None:
    with pytest.raises(Unfit):
        facts_of({"facts": fields})


@pytest.mark.parametrize(
    "text", ["[]", "x", '["a",1e999,"ssh",""]', '["a",NaN,"s","",0,0,0]', '["a",1,"s","",-1,0,0]', "[" * 900]
)
def test_a_malformed_login_is_none(text: str) -> None:
    assert login_of(text) is None


def test_a_login_of_an_earlier_version_is_read() -> None:
    assert login_of('["root", 17.5, "ssh", "pts/0"]') == Login("root", 17.5, "ssh", "pts/0")
    login = Login("root", 17.5, "ssh", "", 4000, 300, 20.0)
    assert login_of(note_of(login)) == login


def test_a_service_is_away_as_long_as_the_machine(persona: Persona, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "has_network", lambda: True)
    machine, story = Machine(persona), []

    async def start() -> serve.Stop:
        story.append("start")

        async def stop() -> None:
            story.append("stop")

        return stop

    async def live() -> None:
        network = links.Links()
        restarts.watch(machine.persona.seed, network.wake)
        life = asyncio.ensure_future(serve._live(start, machine, network, lambda: story.append("forget")))
        await asyncio.sleep(0.05)
        monkeypatch.setattr(machine, "start_seconds", lambda service: 0)
        restarts.restart(machine.persona.seed, 0, 1)
        for _ in range(400):
            await asyncio.sleep(0.01)
            if story.count("start") == 2:
                break
        network.stop()
        assert await life == 0
        network.close()

    asyncio.run(asyncio.wait_for(live(), 30))
    assert story == ["start", "stop", "forget", "start", "stop"]
