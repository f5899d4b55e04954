"""Topologies on real engines, whose iptables are on: only the DMZ answers to the attacker, and the worker
answers nothing on an inner LAN."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from inner_lans import ENGINES, PLANS, PYTHON, QUESTION, WORKERS, Plan, Site, eventually, frames

from decnet.lab import Lab, down, provide_images, start, stop, up
from decnet.wire import NETWORK

pytestmark = pytest.mark.lab
OFFICE = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.109"] }

[decky.web]
count = 2
services = ["http"]
"""
DOCKERS = "02:42:"
RESOLVER = "127.0.0.11"
NAMES = ("gw", "hop", "db")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All topologies run, beside two deckies of the fleet."""
    lab = Lab("tnet")
    down(lab)
    try:
        up(lab, workers=len(WORKERS), engines=ENGINES, engine_options={"iptables": True})
        provide_images(lab, lambda line: None)
        made = Site(lab, "operator", tmp_path_factory.mktemp("site"))
        made.enrol()
        made.decnet("deploy", "-c", made.spec(OFFICE), "--yes")
        made.put(*PLANS)
        made.decnet("reconcile")
        yield made
    finally:
        down(lab)


def running(site: Site) -> dict[str, str]:
    """Each decky's containers that do not run, by worker."""
    found = {}
    for worker in WORKERS:
        shown = site.on(worker, "docker", "ps", "-a", "--format", "{{.Names}} {{.State}}").out
        found.update(dict(line.split() for line in shown.splitlines()))
    return {name: state for name, state in found.items() if state != "running"}


def test_a_second_pass_has_nothing_to_do(site: Site) -> None:
    site.decnet("reconcile", "--check")
    before = site.containers(*WORKERS)
    site.decnet("reconcile")
    assert (site.containers(*WORKERS), running(site)) == (before, {})
    assert len(before) == 4 + 7 * len(PLANS)


def test_lan_1_and_lan_10_are_two_networks(site: Site) -> None:
    """Docker finds `lan-10` when it is asked for `lan-1`."""
    for plan in PLANS:
        for lan in (1, 10):
            [row] = json.loads(site.on(plan.worker, "docker", "network", "inspect", plan.network(lan)).out)
            subnet = plan.subnet(lan)
            assert (row["Internal"], row["IPAM"]["Config"]) == (
                True,
                [{"Subnet": f"{subnet}.0/24", "Gateway": f"{subnet}.254"}],
            )
            inside = {each["IPv4Address"]: each["Name"] for each in row["Containers"].values()}
            wanted = {1: {"1/24": "gw", "10/24": "hop"}, 10: {"1/24": "hop", "20/24": "db"}}[lan]
            assert inside == {f"{subnet}.{end}": plan.container(name) for end, name in wanted.items()}


def test_the_networks_have_the_names_that_the_planner_made(site: Site) -> None:
    """What the agent reports is what Docker has, and what was planned."""
    planned: dict[str, list[str]] = {name: [] for name in WORKERS}
    for plan in PLANS:
        planned[plan.worker] += plan.made().networks
    line = json.dumps({"v": 2, "marker": "0123456789abcdef" * 2, "args": {}})
    for worker, names in planned.items():
        ask = f"echo '{line}' | /var/lib/decnet-agent/decnet-agent status"
        answer = site.on(worker, "sh", "-c", ask).out
        reported = json.loads(answer[answer.index("{") :])["result"]["networks"]
        assert reported == sorted(names) == site.networks(worker)


def test_every_interface_has_the_mac_and_the_address_that_were_planned(site: Site) -> None:
    for plan in PLANS:
        for name, decky in plan.made().deckies.items():
            wanted = {each.address: each.mac for each in decky.attachments}
            assert site.macs(plan.worker, plan.container(name)) == wanted


def test_the_default_route_is_the_deckys_own(site: Site) -> None:
    for plan in PLANS:
        routes = {
            name: json.loads(
                site.inside(plan.worker, plan.container(name), "ip", "-j", "route", "show", "default").out
            )
            for name in NAMES
        }
        found = {name: [row["gateway"] for row in rows] for name, rows in routes.items()}
        wanted = ("192.0.2.1", f"{plan.subnet(1)}.1", f"{plan.subnet(10)}.1")
        assert found == {name: [router] for name, router in zip(NAMES, wanted, strict=True)}


def test_only_the_dmz_answers_to_the_attacker(site: Site) -> None:
    scan = site.attack("nmap", "-n", "-sn", "-oG", "-", "192.0.2.100-249").out
    found = [line.split()[1] for line in scan.splitlines() if "Status: Up" in line]
    assert sorted(found) == ["192.0.2.100", "192.0.2.101", *(plan.dmz_address for plan in PLANS)]
    for plan in PLANS:
        assert "OpenSSH" in site.attack("nmap", "-n", "-sV", "-p", "22", plan.dmz_address).out
        inner = [f"{plan.subnet(1)}.1", f"{plan.subnet(1)}.10", f"{plan.subnet(10)}.20"]
        # Not even of the interface that gw has there, and not if the attacker sends it through gw.
        for via in ([], ["via", plan.dmz_address]):
            for address in inner:
                site.attack("ip", "route", "replace", address, *via, "dev", "eth0")
                answered = site.attack("ping", "-c", "1", "-W", "1", address).code == 0
                assert answered == (bool(via) and address == inner[0]), (address, via)
                site.attack("ip", "route", "del", address)
    table = site.attack("ip", "neigh").out.lower()
    assert DOCKERS not in table and PLANS[0].made().deckies["gw"].mac in table


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{WORKERS[plan.worker]}-{plan.number}")
@pytest.mark.parametrize("lan", [1, 10])
def test_the_worker_is_silent_on_every_inner_lan(site: Site, plan: Plan, lan: int) -> None:
    bridge, subnet = plan.bridge(lan), plan.subnet(lan)
    own = [*site.addresses(plan.worker), f"{subnet}.254"]
    others = [
        f"{each.subnet(n)}.{end}" for each in PLANS if each is not plan for n in (1, 10) for end in (1, 254)
    ]
    mac = site.on(plan.worker, "cat", f"/sys/class/net/{bridge}/address").out.strip()
    with site.probe(plan.worker, bridge, f"{subnet}.200") as probe:
        deckies = probe.who_has(f"{subnet}.1")
        assert deckies == {f"{subnet}.1": [plan.mac(1, lan)]}, "the probe sees nothing at all"
        with probe.frames(f"ether src {mac} or ether[6:2] == 0x0242") as seen:
            assert probe.who_has(*own, *others, RESOLVER) == {each: [] for each in (*own, *others, RESOLVER)}
            assert probe.reaches([*own, *others[:2]], mac) == []
            # Through the decky that is the router there.
            assert probe.reaches(own, plan.mac(1, lan)) == []
        assert seen == []


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{WORKERS[plan.worker]}-{plan.number}")
def test_a_decky_gets_no_answer_from_the_worker_or_from_dockers_resolver(site: Site, plan: Plan) -> None:
    for name in NAMES:
        container = plan.container(name)
        addresses = [each for each in site.addresses(plan.worker) if not each.startswith("192.0.2.")]
        assert site.inside(plan.worker, container, PYTHON, "-c", QUESTION, RESOLVER).code != 0
        for interface in ("eth0", "eth1")[: 1 if name == "db" else 2]:
            for address in addresses:
                said = site.inside(
                    plan.worker, container, "arping", "-c", "1", "-w", "1", "-I", interface, address
                )
                assert said.code != 0, (name, address, said)
        assert DOCKERS not in site.inside(plan.worker, container, "ip", "neigh").out


@pytest.mark.parametrize("worker", WORKERS)
def test_no_frame_with_a_mac_of_docker_leaves_when_deckies_start(site: Site, worker: str) -> None:
    plan = next(each for each in PLANS if each.worker == worker)
    match = "ether[0:2] == 0x0242 or ether[6:2] == 0x0242"
    watched = [(site.netns(worker), plan.bridge(lan)) for lan in (1, 10)]
    with ExitStack() as stack:
        seen = [
            stack.enter_context(frames(*each, match)) for each in (*watched, (site.netns("attacker"), "eth0"))
        ]
        site.on(worker, "docker", "restart", "-t", "1", *(plan.container(name) for name in NAMES))
        site.decnet("reconcile")
    assert seen == [[], [], []]
    eventually(lambda: running(site) == {}, 60)
    macs = site.macs(worker, plan.container("gw"))
    assert set(macs.values()) == {each.mac for each in plan.made().deckies["gw"].attachments}


@pytest.mark.parametrize("worker", WORKERS)
def test_the_worker_stays_silent_after_its_engine_or_the_machine_has_restarted(
    site: Site, worker: str
) -> None:
    plans = [each for each in PLANS if each.worker == worker]
    bridges = [plan.bridge(lan) for plan in plans for lan in (1, 10)]
    for what in ("engine", "worker"):
        stop(site.lab, worker, what)
        start(site.lab, worker)
        assert site.on(worker, "/var/lib/decnet-agent/decnet-agent", "heal").code == 0
        assert {site.setting(worker, each) for each in bridges} == {"8"}, what
        eventually(lambda: running(site) == {}, 60)
    site.decnet("reconcile")
    site.decnet("reconcile", "--check")


def test_a_loud_bridge_is_silent_after_the_next_pass(site: Site) -> None:
    plan = PLANS[0]
    site.on(plan.worker, "sh", "-c", f"echo 0 >/proc/sys/net/ipv4/conf/{plan.bridge(1)}/arp_ignore")
    site.decnet("reconcile", "--check")
    assert site.setting(plan.worker, plan.bridge(1)) == "8"


def test_a_foreign_network_with_its_addresses_is_refused_and_left_alone(site: Site) -> None:
    plan = Plan("w1", 9)
    create = ["docker", "network", "create", "--subnet", f"{plan.subnet(1)}.128/25", "theirs"]
    assert site.on("w1", *create).code == 0
    try:
        site.put(*PLANS, plan)
        said = site.decnet("reconcile", code=4)
        assert f"Docker's network theirs ({plan.subnet(1)}.128/25) overlaps" in said.out + said.err
        assert site.networks("w1") == sorted(PLANS[0].made().networks)
    finally:
        site.on("w1", "docker", "network", "rm", "theirs")
        site.put(*PLANS)
        site.decnet("reconcile")


def test_a_lan_that_is_gone_takes_its_network_along_and_nothing_else(site: Site) -> None:
    plan = PLANS[0]
    before = site.containers(plan.worker)
    whole = plan.made()
    hop = whole.deckies["hop"].model_copy(update={"attachments": whole.deckies["hop"].attachments[:1]})
    smaller = whole.model_copy(
        update={
            "networks": {plan.network(1): whole.networks[plan.network(1)]},
            "deckies": {"gw": whole.deckies["gw"], "hop": hop},
        }
    )
    site.put(smaller, *PLANS[1:])
    site.decnet("reconcile")
    assert site.networks(plan.worker) == [plan.network(1)]
    after = site.containers(plan.worker)
    assert after[plan.container("gw")] == before[plan.container("gw")]
    site.put(*PLANS)
    site.decnet("reconcile")
    assert site.networks(plan.worker) == sorted(whole.networks)


def test_torn_down_topologies_leave_no_network(site: Site, tmp_path: Path) -> None:
    fleets = {"web-01", "web-02", "web-01-http", "web-02-http"}
    site.put(*PLANS[:2])
    site.decnet("reconcile")
    assert site.networks("w2") == sorted(PLANS[1].made().networks)
    site.put()
    site.decnet("reconcile", "--max-remove", "99")
    assert [site.networks(worker) for worker in WORKERS] == [[], []]
    assert set(site.containers(*WORKERS)) == fleets
    links = site.on("w1", "ip", "-o", "link").out + site.on("w2", "ip", "-o", "link").out
    assert "dct" not in links
    site.decnet("reconcile", "--check")
    assert NETWORK in site.on("w1", "docker", "network", "ls").out
