"""The services of one decky exchange what visitors change; only a restart of all of them loses it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from telnet_client import telnet

from decnet.catalog import load
from decnet.decoys import facts, machine
from decnet.decoys.fellow_frames import HEAD, Hello, frame_of_change, frame_of_hello, packed
from decnet.decoys.fellows import FIRST_SECONDS, MOST_FELLOWS, Fellows, name_of
from decnet.decoys.host.node import Node
from decnet.decoys.host.pids import new_pid
from decnet.decoys.host.services import services
from decnet.decoys.machine import Machine
from decnet.decoys.persona import Persona
from decnet.decoys.visitor_logins import Login
from decnet.decoys.visitors import MOST_CHANGES, MOST_FILE, Change, Visitors

SERVICES = ("ssh", "telnet", "ftp", "redis")
SOURCE = "192.0.2.1"
NODE = Node(
    0o640, content=b"\x00\xff", owner="root", changed=17, size=5, group="adm", digests=(("md5", "aa"),)
)
TELNET = load().banner("debian-12", "telnet", hostname="web01", address="127.0.0.1")
LOGINS = {"credentials": "root:123456"}


@pytest.fixture
def persona() -> Persona:
    """One machine that no other test has."""
    return Persona(
        "ssh", "web01", "linux", "debian-12", "", "0" * 32, ((22, "tcp"),), machine_seed=os.urandom(16).hex()
    )


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30))


@contextlib.asynccontextmanager
async def service(persona: Persona, name: str) -> AsyncIterator[tuple[Fellows, Visitors]]:
    visitors = Visitors()
    fellows = Fellows(replace(persona, service=name), visitors, SERVICES)
    await fellows.start()
    try:
        yield fellows, visitors
    finally:
        await fellows.close()


def put(visitors: Visitors, path: str, node: Node | None = NODE) -> None:
    with visitors.visit(SOURCE) as files:
        assert files.put(path, node, hides=path == "/etc/motd")


async def until(visitors: Visitors, paths: set[str]) -> dict[str, Node | None]:
    """Wait until the source has changed exactly these paths."""
    while True:
        files = visitors.find(SOURCE)
        changes = files.changes if files is not None else {}
        if set(changes) == paths:
            return dict(changes)
        await asyncio.sleep(0.005)


def test_every_service_knows_what_was_changed_on_one(persona: Persona) -> None:
    async def test() -> None:
        async with (
            service(persona, "ssh") as (_, ssh),
            service(persona, "telnet") as (_, telnet),
            service(persona, "ftp") as (_, ftp),
        ):
            with ssh.visit(SOURCE) as files:
                files.set_password("root", "söcret\udcff")
                files.log_in(Login("root", time.time(), "ssh", "pts/0"))
            put(ssh, "/etc/motd", None)
            put(ssh, "/tmp/a")
            for other in (telnet, ftp):
                assert await until(other, {"/tmp/a", "/etc/motd"}) == {"/tmp/a": NODE, "/etc/motd": None}
                known = other.find(SOURCE)
                assert known is not None and [each.terminal for each in known.logins("root")] == ["pts/0"]
                assert other.accepts(SOURCE, "root", "söcret\udcff")
                assert other.accepts(SOURCE, "root", "123456") is False
                assert other.accepts("192.0.2.2", "root", "123456") is None
            put(ftp, "/tmp/a", None)
            await until(ssh, {"/etc/motd"})

    run(test)


def test_a_machine_has_the_services_that_introduce_themselves(persona: Persona) -> None:
    def known() -> dict[str, tuple[tuple[int, str], ...]]:
        return {each.service: each.ports for each in services(Machine(persona)) if each.service in SERVICES}

    async def test() -> None:
        async with service(persona, "ssh"):
            added = replace(persona, ports=((2323, "tcp"),), service_since=1_700_000_000)
            async with service(added, "telnet") as (fellows, _):
                assert Machine(persona).added("telnet") == 1_700_000_000
                assert [each.service for each in fellows.known()] == ["telnet", "ssh"]
                assert known()["telnet"] == ((2323, "tcp"),)
            await asyncio.sleep(0.05)
            assert (known()["ssh"], known().get("telnet")) == (((22, "tcp"),), None)

    run(test)


def test_a_service_that_starts_again_has_everything_before_its_first_visitor(persona: Persona) -> None:
    async def test() -> None:
        async with service(persona, "redis") as (_, redis):
            async with service(persona, "ssh") as (first, ssh):
                for number in range(300):
                    put(ssh, f"/tmp/{number}")
                put(ssh, "/tmp/payload", Node(content=os.urandom(MOST_FILE)))
            kept = await until(redis, {f"/tmp/{number}" for number in range(300)} | {"/tmp/payload"})
            async with service(persona, "ssh") as (second, ssh):
                files = ssh.find(SOURCE)
                assert files is not None and files.changes == kept
                assert second.life == first.life or second.life < time.time() - 0.01
                assert [each.service for each in second.known()] == ["ssh", "redis"]

    run(test)


@pytest.mark.parametrize(("old", "keeps"), [(True, "telnet"), (False, "telnet"), (True, "redis")])
def test_a_machine_whose_services_all_start_again_has_been_rebooted(
    persona: Persona, old: bool, keeps: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not if it is new, or if no service shows files that could be missed."""
    monkeypatch.setattr(machine, "_reboots", {})
    persona = replace(persona, since=int(time.time()) - (FIRST_SECONDS + 86400 if old else 0))
    before = Machine(persona).booted()

    async def test() -> None:
        async with service(persona, keeps), service(persona, "redis" if keeps == "telnet" else "http"):
            pass

    run(test)
    is_rebooted = old and keeps == "telnet"
    assert (Machine(persona).booted() > time.time() - 30) == is_rebooted
    assert (Machine(persona).booted() == before) == (not is_rebooted)


def test_a_service_knows_when_the_others_were_added(persona: Persona) -> None:
    now = int(time.time())
    redis = replace(persona, since=now - 86400, service_since=now - 3600, service="redis")

    async def test() -> None:
        async with service(persona, "ssh"), service(redis, "redis") as (fellows, _):
            assert fellows.known()[0].since == now - 3600

    run(test)
    own = Machine(replace(persona, service="ssh"))
    assert (own.added("redis"), own.added("ssh"), own.added("http")) == (now - 3600, 0, 0)
    assert Machine(redis).added("redis") == now - 3600


HELLO = frame_of_hello(Hello("telnet", ((23, "tcp"),), "", 0, 1e9))


def changed(**header: object) -> bytes:
    frame = frame_of_change(Change(SOURCE, "/tmp/x", 1, NODE))
    start = HEAD.size
    length = HEAD.unpack(frame[:start])[0]
    return packed({**json.loads(frame[start : start + length]), **header}, b"x")


SENT = {
    "mode": 0o644, "folder": False, "owner": "root", "changed": 17, "target": "", "group": "", "kind": "",
    "inode": "", "size": 1, "device": [0, 0], "digests": [],
}  # fmt: skip
HOSTILE = {
    "noise": os.urandom(4096),
    "no json": HEAD.pack(3, 0) + b"abc",
    "deep": HEAD.pack(16000, 0) + b"[" * 16000,
    "a list": HEAD.pack(2, 0) + b"[]",
    "long header": HEAD.pack(1 << 31, 0),
    "long body": HEAD.pack(2, 1 << 31) + b"{}",
    "no hello": changed(),
    "life to come": frame_of_hello(Hello("telnet", (), "", 0, time.time() + 9e9)),
    "no life": packed({"service": "x", "ports": [], "banner": "", "since": 0, "life": float("nan")}),
    "many ports": packed(
        {"service": "x", "ports": [[1, "tcp"]] * 999, "banner": "", "since": 0, "life": 1.0}
    ),
    "no address": HELLO + changed(source="x"),
    "number as a path": HELLO + changed(key=5),
    "path with dots": HELLO + changed(key="/tmp/../x"),
    "path with a slash": HELLO + changed(key="/tmp/"),
    "other note": HELLO + changed(key="anything", note="x"),
    "version to come": HELLO + changed(version=time.time_ns() + 10**12),
    "mode": HELLO + changed(node={"mode": 1 << 20}),
    "node": HELLO + changed(node=[1]),
    "half of a pair in a path": HELLO + changed(key="/tmp/\ud800"),
    "half of a pair in an owner": HELLO + changed(node={**SENT, "owner": "\udfff"}),
    "no digest": HELLO + changed(node={**SENT, "digests": [["md5", "\ud800"]]}),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_neighbour_is_disconnected_and_changes_nothing(persona: Persona, data: bytes) -> None:
    async def test() -> None:
        async with service(persona, "ssh") as (_, visitors):
            reader, writer = await asyncio.open_unix_connection(name_of(persona, "ssh"))
            writer.write(data)
            while await reader.read(4096):
                pass
            writer.close()
            assert visitors.all() == []
            async with service(persona, "telnet") as (_, telnet):
                put(visitors, "/tmp/x")
                await until(telnet, {"/tmp/x"})

    run(test)


def test_a_hostile_neighbour_fills_neither_memory_nor_places(persona: Persona) -> None:
    async def test() -> None:
        async with service(persona, "ssh") as (fellows, visitors):
            ends = [
                await asyncio.open_unix_connection(name_of(persona, "ssh")) for _ in range(MOST_FELLOWS + 5)
            ]
            body = bytes(1024 * 1024)
            now = time.time_ns()
            for number in range(30):
                change = Change(f"192.0.2.{number}", "/tmp/x", now, Node(content=body))
                ends[0][1].write((HELLO if not number else b"") + frame_of_change(change))
                await ends[0][1].drain()
            for number in range(2 * MOST_CHANGES):
                ends[0][1].write(frame_of_change(Change(SOURCE, f"/{number}", now, Node())))
            await ends[0][1].drain()
            await asyncio.sleep(0.3)
            assert visitors.kept <= 8 * 1024 * 1024
            assert max(len(files.changes) for files in visitors.all()) == MOST_CHANGES
            assert len(fellows._fellows) <= MOST_FELLOWS
            for _, writer in ends:
                writer.close()

    run(test)


# The real programs


def test_ssh_and_telnet_are_one_machine(decoy: Callable[..., Any], ssh: Any) -> None:
    since = int(time.time()) - FIRST_SECONDS - 86400
    both = {"settings": LOGINS, "machine": os.urandom(16).hex(), "since": since}
    first, other = decoy("ssh", **both), decoy("telnet", banner=TELNET, **both)
    login = (("login: ", "root"), ("Password: ", "123456"))
    assert ssh(first.port, "echo one > /tmp/one; rm /etc/issue").returncode == 0
    lines = ("# ", "cat /tmp/one /etc/issue"), ("# ", "echo two > /tmp/two"), ("# ", "exit")
    shown = telnet(other.port, *login, *lines)
    assert "\x1b[?2004l\rone\r\n" in shown and "/etc/issue: No such file" in shown
    first.stop()
    second = decoy("ssh", **both)
    assert ssh(second.port, "cat /tmp/one /tmp/two").stdout == "one\ntwo\n"
    assert (
        "cat /tmp/one /etc/issue\necho two > /tmp/two\nexit\n"
        in ssh(second.port, "cat ~/.bash_history").stdout
    )
    assert ssh(second.port, "-tt", given="exit\n").stdout.count("from 127.0.0.1") == 1
    second.stop()
    other.stop()
    third = decoy("ssh", **both)
    assert "No such file" in ssh(third.port, "cat /tmp/one").stderr
    assert " 0 min" in ssh(third.port, "uptime").stdout


def test_numbers_of_processes_never_go_back_while_the_machine_is_up(persona: Persona) -> None:
    young = replace(persona, since=int(time.time()) - 60)
    own = Machine(young)
    seen: list[int] = []

    async def test() -> None:
        for count in (8, 1):
            facts._newest.clear()
            async with service(young, "ssh"):
                seen.extend(new_pid(own) for _ in range(count))
            await asyncio.sleep(0.3)

    run(test)
    assert seen == sorted(set(seen))
