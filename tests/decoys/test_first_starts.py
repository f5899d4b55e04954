"""A service has been up since its first start at most, and nothing that it shows goes backwards."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.x509 import load_der_x509_certificate

from decnet.decoys import machine as machines
from decnet.decoys.ftp.tree import of_guest
from decnet.decoys.host.processes import processes
from decnet.decoys.host.services import ServiceEntry, program_of
from decnet.decoys.host.world import World as HostWorld
from decnet.decoys.http.dialects import dialect_of as http_dialect_of
from decnet.decoys.http.site import build_site
from decnet.decoys.machine import Machine, day
from decnet.decoys.mysql.dialects import RELEASED, dialect_of
from decnet.decoys.mysql.login import Gate, made
from decnet.decoys.mysql.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.redis.instance import Instance
from decnet.decoys.redis.server import COMMANDS
from decnet.decoys.snmp.objects import objects_of

HOUR, DAY = 3600, 86400
NOW = float(day("2027-06-01"))
SEEDS = [f"{number:032x}" for number in range(20)]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test may change."""
    now = [NOW]
    monkeypatch.setattr(machines.time, "time", lambda: now[0])
    return now


def persona(service: str, seed: str = "a" * 32, banner: str = "", **changes: object) -> Persona:
    whole = Persona(
        service, "srv", "linux", "debian-12", banner, seed, ((1, "tcp"),), machine_seed=seed[::-1]
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def redis(seed: str = "a" * 32, **changes: object) -> Instance:
    return Instance(persona("redis", seed, "7.0.15", settings={"content": "shop"}, **changes), COMMANDS)


def sessions(server: Instance) -> dict[bytes, int]:
    database = server.keyspace.databases[0]
    server.sessions.renew(database)
    return {key: database.ends[key] for key in database.alive() if key in database.ends}


def test_services_that_were_added_an_hour_ago_are_up_for_an_hour() -> None:
    added = {"since": int(NOW) - 90 * DAY, "service_since": int(NOW) - HOUR}
    mysql = persona("mysql", **added)
    agent = objects_of(persona("snmp", **added))
    assert NOW - redis(**added).started() == World(mysql, dialect_of(mysql)).uptime() == HOUR
    assert HOUR - 1 <= agent.uptime() <= HOUR


def test_an_added_server_has_served_no_more_than_in_its_time() -> None:
    for seed in SEEDS:
        young = persona("mysql", seed, since=int(NOW) - 90 * DAY, service_since=int(NOW) - HOUR)
        world = World(young, dialect_of(young))
        assert world.queries < HOUR and world.threads < 20
        assert redis(seed, since=int(NOW) - 90 * DAY, service_since=int(NOW) - HOUR).served() < HOUR


def test_the_ends_of_redis_keys_outlive_a_restart(clock: list[float]) -> None:
    before = sessions(redis())
    clock[0] += 3 * HOUR
    after = sessions(redis())
    assert before and all(after.get(key, end) == end for key, end in before.items())
    assert {key for key, end in before.items() if end > clock[0] * 1000} <= after.keys()


def test_sessions_follow_each_other_as_they_end(clock: list[float]) -> None:
    server = redis()
    before = sessions(server)
    clock[0] += 15 * DAY
    after = sessions(server)
    assert len(after) == len(before) and not after.keys() & before.keys()
    assert after == sessions(redis())


def test_numbers_of_connections_only_grow(clock: list[float]) -> None:
    server, mysql = redis(), persona("mysql")
    world = World(mysql, dialect_of(mysql))
    numbers: list[tuple[int, int]] = []
    for _ in range(50):
        numbers.append((server.connected(), world.connected()))
        clock[0] += 1800
        server.machine._phase += 60 * DAY  # the machine was started again meanwhile
    assert all(a < c and b < d for (a, b), (c, d) in zip(numbers, numbers[1:], strict=False))


@pytest.mark.parametrize("version", RELEASED)
def test_the_files_of_mysql_are_never_older_than_its_version(version: str) -> None:
    banner = f"{version}-0ubuntu0.22.04.1"
    servers = [persona("mysql", seed, banner=banner, release="ubuntu-22.04") for seed in SEEDS]
    times = [made(server, dialect_of(server)) for server in servers]
    assert min(times) > day(RELEASED[version]) and max(times) < NOW


def test_a_certificate_of_mysql_is_made_when_mysql_is_added() -> None:
    server = persona("mysql", banner="8.0.39", service_since=int(NOW) - HOUR)
    chain = Gate(server, dialect_of(server))._certify().chain
    begins = [load_der_x509_certificate(each).not_valid_before_utc.timestamp() for each in chain]
    assert begins == [NOW - HOUR] * 2


def test_the_hundredths_of_an_uptime_move(clock: list[float]) -> None:
    agent = objects_of(persona("snmp", banner="Linux srv 6.1.0-23-amd64"))
    seen = set()
    for _ in range(50):
        clock[0] += 1.237
        for name in ((1, 3, 6, 1, 2, 1, 1, 3, 0), (1, 3, 6, 1, 2, 1, 25, 1, 1, 0)):
            raw = agent.tree.value(name)
            assert raw is not None
            seen.add((name, int.from_bytes(raw[2:], "big") % 100))
    assert len(seen) > 40


def test_an_agent_that_starts_again_counts_it(clock: list[float]) -> None:
    agent, seen = objects_of(persona("snmp", since=int(NOW))), []
    for _ in range(300):
        clock[0] += DAY / 2
        seen.append((agent.boots(), agent.uptime()))
    assert [boots for boots, _ in seen] == sorted(boots for boots, _ in seen)
    again = [(a, c) for (a, b), (c, d) in zip(seen, seen[1:], strict=False) if d < b]
    assert again and all(later > before for before, later in again)


@pytest.mark.parametrize("since", [0, int(NOW) - HOUR])
def test_no_page_is_older_than_its_server_or_from_the_future(since: int) -> None:
    for seed in SEEDS:
        served = persona("http", seed, since=since, release="ubuntu-24.04", settings={"site": "company"})
        changed = [
            page.changed
            for page in build_site(served, http_dialect_of(served))._pages.values()
            if page.changed
        ]
        assert changed and min(changed) > day("2024-04-25") and max(changed) < NOW
    added = persona("http", since=int(NOW) - DAY, service_since=int(NOW) - HOUR, settings={"site": "company"})
    assert build_site(added, http_dialect_of(added))._pages["/style.css"].changed == NOW - HOUR


@pytest.mark.parametrize("since", [0, int(NOW) - HOUR])
def test_ps_shows_the_start_that_redis_reports(clock: list[float], since: int) -> None:
    own = persona("redis", banner="7.0.15", since=int(NOW) - 90 * DAY, service_since=since)
    machine = Machine(own)
    entries = [
        ServiceEntry(name, ((1, "tcp"),), program_of(machine, name), max(machine.booted(), added))
        for name, added in (("http", 0), ("redis", since), ("ssh", 0))
    ]
    found, _ = processes(machine, entries, int(clock[0]))
    shown = {each.name: each.started for each in found}
    assert shown["redis-server"] == Instance(own, COMMANDS).started()
    others = [each.started for each in found if not each.kernel and each.name != "redis-server"]
    assert others == sorted(others)


@pytest.mark.parametrize(
    "release", ["debian-12", "ubuntu-24.04", "rocky-9", "synology-dsm-7", "openwrt-21.02"]
)
@pytest.mark.parametrize("age", [60, HOUR, 30 * DAY])
def test_no_file_of_a_new_machine_is_from_the_future(clock: list[float], release: str, age: int) -> None:
    made = persona("ftp", release=release, since=int(clock[0]) - age)
    world, guest = HostWorld(made), of_guest(made)
    found = {path: world.nodes[path].changed for path in world.nodes}
    found |= {path: node.changed for path in ("/", "/pub") if (node := guest.node(path))}
    assert {path: changed for path, changed in found.items() if changed > clock[0] + 1} == {}
