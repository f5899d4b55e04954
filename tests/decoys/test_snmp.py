# ruff: noqa: E501 (answers are compared as they are)
"""The SNMP decoy: real clients, the agent's answers to odd requests, and how much may go back."""

from __future__ import annotations

import hashlib
import hmac
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.catalog import load
from decnet.decoys.host.proc import command_line
from decnet.decoys.machine import Machine
from decnet.decoys.persona import Persona
from decnet.decoys.snmp import ber
from decnet.decoys.snmp.agent import Agent
from decnet.decoys.snmp.objects import objects_of
from decnet.decoys.udp_server import ALL_BYTES, MOST_ANSWER, SOURCE_BYTES, Budget, near

FORBIDDEN = (b"decnet", b"decky", b"decoy", b"honeypot", b"canary", b"python", b"traceback")
CATALOG = load()
SYS_DESCR = (1, 3, 6, 1, 2, 1, 1, 1, 0)
LAST = (1, 3, 6, 1, 6, 3, 16, 1, 5, 2, 1, 6, 10, *b"systemonly", 8, 1, 3, 6, 1, 2, 1, 25, 1)
"""The last object of net-snmp: the view of Debian's configuration."""
PROGRAMS = ((1, 3, 6, 1, 2, 1, 25, 4), (1, 3, 6, 1, 2, 1, 25, 6))
"""Processes and packages, of which some really are Python's."""
GET, NEXT, SET, BULK = 0xA0, 0xA1, 0xA3, 0xA5


def persona_of(release: str, **more: Any) -> dict[str, Any]:
    banner = CATALOG.banner(release, "snmp", hostname="web01", address="192.0.2.7")
    whole = {"release": release, "os": CATALOG.releases[release].os, "banner": banner, "address": "192.0.2.7"}
    return {**whole, "mac": "00:50:56:01:02:03", **more}


def persona(release: str) -> Persona:
    return Persona(
        **{"service": "snmp", "hostname": "web01", "seed": "ab" * 16, "ports": (), **persona_of(release)}
    )


def asked(
    kind: int,
    *names: ber.Oid,
    version: int = 1,
    community: bytes = b"public",
    first: int = 0,
    second: int = 0,
) -> bytes:
    bindings = ber.sequence(*(ber.sequence(ber.oid(name), ber.NOTHING) for name in names))
    pdu = ber.sequence(ber.integer(7), ber.integer(first), ber.integer(second), bindings, tag=kind)
    return ber.sequence(ber.integer(version), ber.string(community), pdu)


def answered(data: bytes | None) -> tuple[int, int, list[tuple[ber.Oid, int]]]:
    """Error status, index, and the names with the tags of their values."""
    assert data is not None
    outer = ber.Reader(data).inside()
    outer.integer(), outer.string()
    pdu = outer.inside(0xA2)
    pdu.integer()
    status, index, listed = pdu.integer(), pdu.integer(), pdu.inside()
    found = []
    while listed.more():
        one = listed.inside()
        found.append((one.oid(), one.any()[0]))
    return status, index, found


def agent(release: str = "debian-12") -> Agent:
    return Agent(objects_of(persona(release)), frozenset((b"public",)))


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=60)


def test_a_walk_finds_the_machine_that_the_other_services_show(inside: Callable[..., Any]) -> None:
    server = inside("snmp", protocol="udp", **persona_of("debian-12"))
    at = f"127.0.0.1:{server.port}"

    walked = run("snmpbulkwalk", "-v2c", "-c", "public", "-Onq", at, ".1.3.6.1.2.1").stdout
    rows = dict(line.split(" ", 1) for line in walked.splitlines() if " " in line)
    by_steps = run("snmpwalk", "-v1", "-c", "public", "-Onq", at, ".1.3.6.1.2.1.2").stdout

    assert rows[".1.3.6.1.2.1.1.1.0"].startswith('"Linux web01 6.1.0-23-amd64')
    assert rows[".1.3.6.1.2.1.25.1.4.0"] == f'"{command_line(Machine(server.persona)).strip()}"'
    assert rows[".1.3.6.1.2.1.1.5.0"] == '"web01"' and rows[".1.3.6.1.2.1.31.1.1.1.1.2"] == '"ens192"'
    assert rows[".1.3.6.1.2.1.2.2.1.2.2"] == '"VMware VMXNET3 Ethernet Controller"'
    assert rows[".1.3.6.1.2.1.2.2.1.6.2"].strip() == '"00 50 56 01 02 03 "'
    assert rows[".1.3.6.1.2.1.4.20.1.1.192.0.2.7"] == "192.0.2.7"
    days, hours = map(int, rows[".1.3.6.1.2.1.25.1.1.0"].split(":")[:2])
    up = int(time.time()) - Machine(server.persona).booted()
    assert abs(days * 86400 + hours * 3600 - up) < 2 * 3600
    assert len(rows) > 90 and len(by_steps.splitlines()) == 1 + 22 * 2


def test_who_tried_what_is_recorded(inside: Callable[..., Any]) -> None:
    server = inside(
        "snmp", protocol="udp", **persona_of("cisco-ios-15.2", settings={"communities": "public,floor7"})
    )
    at = f"127.0.0.1:{server.port}"

    silent = run("snmpget", "-v2c", "-c", "private", "-r0", "-t0.2", at, "1.3.6.1.2.1.1.5.0")
    known = run("snmpget", "-v1", "-c", "floor7", "-Onq", at, "1.3.6.1.2.1.1.5.0")
    user = run(
        "snmpget",
        "-v3",
        "-l",
        "authNoPriv",
        "-u",
        "admin",
        "-a",
        "SHA",
        "-A",
        "password1",
        at,
        "1.3.6.1.2.1.1.5.0",
    )
    refused = run("snmpset", "-v2c", "-c", "public", at, "1.3.6.1.2.1.1.5.0", "s", "x")

    assert "No Response" in silent.stderr and known.stdout == '.1.3.6.1.2.1.1.5.0 "web01"\n'
    assert "Unknown user name" in user.stderr and "Reason: noAccess" in refused.stderr
    logins = [event["fields"] for event in server.events("login", 4)]
    assert proves(logins[2].pop("hash"), b"password1")
    assert logins == [
        {"community": "private", "success": False, "method": "v2c"},
        {"community": "floor7", "success": True, "method": "v1"},
        {"username": "admin", "success": False, "method": "v3"},
        {"community": "public", "success": True, "method": "v2c"},
    ]
    assert server.events("request")[-1]["fields"]["pdu"] == "set"


def proves(hashed: str, password: bytes) -> bool:
    """Whether the hash was made with this password (RFC 3414, A.2.2 and 7.3.1)."""
    _, mark, _, _, message, engine, digest = hashed.split("$")
    once = hashlib.sha1((password * (1 << 17))[: 1 << 20]).digest()
    key = hashlib.sha1(once + bytes.fromhex(engine) + once).digest()
    return mark == "SNMPv3" and hmac.digest(key, bytes.fromhex(message), "sha1")[:12].hex() == digest


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked(GET, SYS_DESCR[:-1]), (0, 0, [(SYS_DESCR[:-1], ber.NO_INSTANCE)])),
        (asked(GET, (1, 3, 6, 1, 2, 1, 1, 9, 9, 9)), (0, 0, [((1, 3, 6, 1, 2, 1, 1, 9, 9, 9), ber.NO_OBJECT)])),
        (asked(GET, (1, 3, 6, 1, 2, 1, 1, 9, 1, 2, 77)), (0, 0, [((1, 3, 6, 1, 2, 1, 1, 9, 1, 2, 77), ber.NO_INSTANCE)])),
        (asked(GET, SYS_DESCR, (1, 3, 9), version=0), (2, 2, [(SYS_DESCR, ber.NULL), ((1, 3, 9), ber.NULL)])),
        (asked(NEXT, (2, 9)), (0, 0, [((2, 9), ber.END_OF_VIEW)])),
        (asked(NEXT, (2, 9), version=0), (2, 1, [((2, 9), ber.NULL)])),
        (asked(SET, SYS_DESCR), (6, 1, [(SYS_DESCR, ber.NULL)])),
        (asked(SET, SYS_DESCR, version=0), (2, 1, [(SYS_DESCR, ber.NULL)])),
        (asked(BULK, SYS_DESCR, first=-1, second=-5), (0, 0, [])),
        (asked(BULK, LAST[:-1], second=4), (0, 0, [(LAST, ber.INTEGER), (LAST, ber.END_OF_VIEW)])),
        (asked(GET), (0, 0, [])),
    ],
)  # fmt: skip
def test_odd_requests_are_answered_as_net_snmp_answers_them(request_: bytes, expected: object) -> None:
    assert answered(agent().handle(request_, MOST_ANSWER).answer) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"", b"0", b"\x30\x82\xff\xff" + b"a" * 50, asked(GET, SYS_DESCR)[:-3], asked(GET, SYS_DESCR, version=2),
        asked(GET, SYS_DESCR, community=b"private"), asked(0xA2, SYS_DESCR), asked(0xA7, SYS_DESCR),
        asked(GET, (1, 3, *(7,) * 200)),
    ],
)  # fmt: skip
def test_what_the_real_agent_passes_over_is_met_with_silence(data: bytes) -> None:
    assert agent().handle(data, MOST_ANSWER).answer is None


def test_an_answer_is_as_long_as_there_is_room_for() -> None:
    question = asked(BULK, (1, 3), second=100)
    few, many = (agent().handle(question, room).answer for room in (200, MOST_ANSWER))
    assert few is not None and many is not None and len(few) <= 200 < len(many) <= MOST_ANSWER
    assert answered(agent().handle(asked(GET, SYS_DESCR), 60).answer) == (1, 0, [])
    assert answered(agent().handle(asked(GET, *[SYS_DESCR] * 200), 9000).answer)[:2] == (1, 0)


@given(st.integers(20, 1500), st.lists(st.sampled_from(["10.9.9.9", "192.0.2.9"]), max_size=50))
def test_nothing_is_amplified_beyond_the_lan(length: int, sources: list[str]) -> None:
    budget = Budget([(0xC0000200, 0xFFFFFF00)], 0.0)
    for source in sources:
        room = budget.room(source, length, 1.0)
        assert room == length if source == "10.9.9.9" else length <= room <= max(length, MOST_ANSWER)
        budget.spend(source, length, room, 1.0)


def test_on_the_lan_a_source_and_all_of_them_run_out() -> None:
    budget, sent = Budget([(0, 0)], 0.0), {"a": 0, "all": 0}
    for number in range(3000):
        for name, source in (("a", "192.0.2.1"), ("all", f"192.0.3.{number % 250}")):
            room = budget.room(source, 40, 1.0)
            budget.spend(source, 40, room, 1.0)
            sent[name] += room - 40
    assert sent["a"] <= SOURCE_BYTES + 10_000 and sent["a"] + sent["all"] <= ALL_BYTES + 70_000
    assert budget.room("192.0.2.1", 40, 60.0) == MOST_ANSWER


def test_the_lan_is_what_the_routing_table_says(tmp_path: Path) -> None:
    routes = tmp_path / "route"
    order = (lambda raw: raw[::-1]) if sys.byteorder == "little" else (lambda raw: raw)
    lan, mask, gateway = (
        order(socket.inet_aton(a)).hex().upper() for a in ("192.0.2.0", "255.255.255.0", "192.0.2.1")
    )
    routes.write_text(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        f"eth0\t00000000\t{gateway}\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        f"eth0\t{lan}\t00000000\t0001\t0\t0\t0\t{mask}\t0\t0\t0\n"
    )
    assert near(str(routes)) == [(0x7F000000, 0xFF000000), (0xC0000200, 0xFFFFFF00)]
    assert near(str(tmp_path / "nothing")) == [(0x7F000000, 0xFF000000)]


def test_an_engine_is_permanent_and_names_its_vendor() -> None:
    engines = {
        name: objects_of(persona(name)).engine for name in ("debian-12", "cisco-ios-15.2", "windows-10")
    }
    assert engines == {name: objects_of(persona(name)).engine for name in engines}
    assert (
        engines["cisco-ios-15.2"] == bytes.fromhex("8000000903005056010203") and engines["windows-10"] == b""
    )
    assert engines["debian-12"].startswith(bytes.fromhex("80001f8880"))


def test_every_release_can_be_walked_to_its_end_without_identifying_the_decoy() -> None:
    for release in CATALOG.releases:
        tree, name, said = objects_of(persona(release)).tree, (1, 3), b""
        count = 0
        while (found := tree.next(name)) is not None:
            assert found > name
            name, count = found, count + 1
            value = tree.value(found) or b""
            said += value.replace(b"python", b"") if found[:8] in PROGRAMS else value
        assert count > 30 and [word for word in FORBIDDEN if word in said.lower()] == [], release


AGENT = agent()
BER = st.recursive(
    st.tuples(st.integers(0, 255), st.binary(max_size=12)).map(lambda pair: ber.value(*pair)),
    lambda inner: st.tuples(
        st.sampled_from([0x30, GET, NEXT, SET, BULK, 0x04]), st.lists(inner, max_size=5)
    ).map(lambda pair: ber.sequence(*pair[1], tag=pair[0])),
    max_leaves=15,
)


@settings(deadline=None, max_examples=60)
@given(
    st.binary(max_size=200)
    | BER
    | BER.map(lambda pdu: ber.sequence(ber.integer(1), ber.string(b"public"), pdu)),
    st.integers(0, 60),
)
def test_any_datagram_is_answered_in_bounds_or_not_at_all(data: bytes, cut: int) -> None:
    handled = AGENT.handle(data[: len(data) - cut if cut < 30 else None], MOST_ANSWER)
    assert handled.answer is None or len(handled.answer) <= MOST_ANSWER


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([GET, NEXT, SET, BULK]),
    st.lists(st.lists(st.integers(0, 0xFFFFFFFF), max_size=20), max_size=6),
    st.integers(-3, 300),
    st.integers(-3, 300),
    st.integers(0, 1),
)
def test_any_request_is_answered_in_bounds(
    kind: int, tails: list[list[int]], first: int, second: int, version: int
) -> None:
    names = [(1, 3, 6, *tail) for tail in tails]
    handled = AGENT.handle(asked(kind, *names, first=first, second=second, version=version), MOST_ANSWER)
    assert handled.answer is not None and len(handled.answer) <= MOST_ANSWER


def test_noise_is_recorded_and_passed_over(decoy: Callable[..., Any]) -> None:
    server = decoy("snmp", protocol="udp", machine="cd" * 16, **persona_of("debian-12"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(30)
        line.connect(("127.0.0.1", server.port))
        for noise in (
            b"",
            b"\0" * 1400,
            b"GET / HTTP/1.0\r\n\r\n",
            asked(GET, SYS_DESCR)[:-1],
            b"\x30" * 60000,
        ):
            line.send(noise)
        line.send(asked(GET, SYS_DESCR))
        assert answered(line.recv(2000)) == (0, 0, [(SYS_DESCR, ber.STRING)])
    assert [event["kind"] for event in server.events("request") and server.events()] == [
        "contact",
        *["error"] * 3,
        *["login", "error"],
        "error",
        "login",
        "request",
    ]
    assert server.stop() == 0 and server.complaints() == b""
    assert server.events("disconnect")[-1]["fields"]["requests"] == 6
