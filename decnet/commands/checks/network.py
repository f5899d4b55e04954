"""Checks of the network that deckies are on: Wi-Fi, hypervisors, DHCP, addresses in use by another host."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from decnet.commands.checks.finding import Finding
from decnet.engine.connections import Connections
from decnet.errors import DecnetError, SpecError
from decnet.model.actual import Status
from decnet.model.addresses import usable
from decnet.model.fleet import Fleet, Network
from decnet.model.worker import Facts, Worker
from decnet.wire import NETWORK

MAX_PROBED = 256
"""Addresses that are probed per worker."""

MAX_LEFTOVERS = 5
MAX_PEER_PROBES = 8
"""Deckies of one worker that another worker probes: one answer shows that frames arrive."""

HYPERVISORS = (
    (
        "vmware",
        "a VMware guest",
        "in its port group accept promiscuous mode, MAC changes and forged transmits",
    ),
    ("virtualbox", "a VirtualBox guest", "bridge its adapter and set promiscuous mode to Allow All"),
    ("innotek", "a VirtualBox guest", "bridge its adapter and set promiscuous mode to Allow All"),
    ("microsoft", "a Hyper-V guest", "Set-VMNetworkAdapter -MacAddressSpoofing On, for its adapter"),
    ("parallels", "a Parallels guest", "bridge its adapter"),
    ("xen", "a Xen guest", "give its network card no MAC locking"),
)
CLOUDS = (
    "amazon ec2",
    "google compute",
    "digitalocean",
    "openstack",
    "alibaba cloud",
    "hetzner",
    "scaleway",
    "linode",
)
NO_MACVLAN = "use a physical machine, or --driver bridge for deckies that only this machine reaches"
OTHER_ADDRESS = "give the decky another `ip`, or find out which host has it"
LET_THROUGH = (
    "let other MAC addresses through: promiscuous mode and forged transmits of the hypervisor, "
    "port security of the switch"
)


@dataclass(frozen=True)
class CheckedWorker:
    """A worker that answered: its machine, its status, and the LAN of its deckies."""

    worker: Worker
    facts: Facts
    status: Status | None
    """None if no Docker engine answers."""
    lan: Network | None

    @property
    def running(self) -> dict[str, str]:
        """The address and name of each decky whose base container runs."""
        containers = self.status.containers if self.status else ()
        bases = (c for c in containers if not c.service and c.state == "running" and c.ip)
        return {base.ip: base.decky for base in bases}

    @property
    def on_the_lan(self) -> bool:
        """Whether its deckies have their own MAC addresses on the LAN, which the machine itself cannot
        reach."""
        return self.lan is not None and self.lan.driver == "macvlan"


def machine_findings(checked: CheckedWorker, fleet: Fleet) -> Iterator[Finding]:
    """Findings from the machine's own facts."""
    name, facts = checked.worker.name, checked.facts
    if facts.interface is None:
        yield Finding(
            name, "warning", "it has no default route", "deploy with --interface, --subnet and --gateway"
        )
    else:
        yield Finding(name, "fine", f"LAN {facts.subnet} on {facts.interface}")
    if facts.wireless:
        text = f"{facts.interface} is wireless: access points drop the frames of macvlan"
        yield Finding(name, "warning", text, "use a wired interface, or --driver ipvlan")
    yield from _leftovers(checked)
    yield from _networks(checked)
    yield from _dhcp(checked, fleet)
    yield from _outside(checked, fleet)
    if checked.status and checked.status.trouble:
        yield Finding(name, "wrong", checked.status.trouble, "free disk space there: df -h", 4)
    for link in checked.status.links if checked.status else ():
        text = f"{link.interface} {link.error}: no host on the LAN can reach its deckies"
        yield Finding(name, "wrong", text, "check its cable, its switch port and its interface", 4)
    for each in checked.status.conflicts if checked.status else ():
        # `lan_findings` probes for those that run.
        if each.decky not in checked.running.values():
            text = f"{each.decky} is stopped, because {each.mac} answers for its address"
            yield Finding(name, "wrong", text, OTHER_ADDRESS, 4)


def _networks(checked: CheckedWorker) -> Iterator[Finding]:
    from decnet.worker.networks import network_problems

    name, facts, lan = checked.worker.name, checked.facts, checked.lan
    found = (
        network_problems(facts)
        if lan is None
        else network_problems(facts, lan.driver, lan.interface, lan.subnet)
    )
    for problem in found:
        yield Finding(name, "wrong", problem.message, problem.fix, 4)


def _leftovers(checked: CheckedWorker) -> Iterator[Finding]:
    """What other fleets have left; their network keeps ours from being created."""
    name, found = checked.worker.name, checked.facts.leftovers
    if not found:
        return
    listed = ", ".join(found[:MAX_LEFTOVERS]) + (" and more" if len(found) > MAX_LEFTOVERS else "")
    again = f"decnet worker add {name} USER@HOST --adopt" if checked.worker.host else "decnet deploy --adopt"
    fix = f"{again} removes it; or there: docker rm -f NAME, docker network rm NAME"
    blocks = f"network {NETWORK}" in found
    text = f"another fleet has left {listed}" + (": no decky can be created" if blocks else "")
    yield Finding(name, "wrong" if blocks else "warning", text, fix, 4)


def _dhcp(checked: CheckedWorker, fleet: Fleet) -> Iterator[Finding]:
    facts, name, lan = checked.facts, checked.worker.name, checked.lan
    if not facts.leased or lan is None or not fleet.count_on(name):
        return
    fix = 'addresses = { use = ["..."] } in [network]: addresses outside of DHCP'
    if not lan.use:
        text = f"{lan.subnet} has DHCP, and no addresses are reserved for deckies"
        yield Finding(name, "warning", text, fix)
    elif facts.address and _may_be_used(facts.address, lan):
        text = f"its own address {facts.address} is from DHCP and in the range of the deckies"
        yield Finding(name, "warning", text, fix)


def _may_be_used(address: str, lan: Network) -> bool:
    try:
        return any(low <= int(IPv4Address(address)) <= high for low, high in usable(lan))
    except (SpecError, ValueError):
        return False


def _outside(checked: CheckedWorker, fleet: Fleet) -> Iterator[Finding]:
    name, subnet = checked.worker.name, checked.facts.subnet
    if subnet is None or (checked.lan is not None and checked.lan.interface != checked.facts.interface):
        return
    for label, decky in fleet.of_worker(name).items():
        if decky.home.network == NETWORK and IPv4Address(decky.ip) not in IPv4Network(subnet, strict=False):
            text = f"{label} has {decky.ip}, which is not in its LAN {subnet} any more"
            yield Finding(name, "wrong", text, "run decnet deploy with the present LAN")
            return


async def lan_findings(
    connections: Connections, workers: Mapping[str, CheckedWorker], fleet: Fleet
) -> dict[str, list[Finding]]:
    """Findings from probes on the LAN: addresses in use by another host, and deckies that are not
    reachable."""
    own = {name: _taken(connections, checked, fleet) for name, checked in workers.items()}
    peers = peers_of(workers)
    reached = {name: _unreached(connections, each, peers.get(name)) for name, each in workers.items()}
    answers = await asyncio.gather(*own.values(), *reached.values())
    found: dict[str, list[Finding]] = {name: [] for name in workers}
    for name, findings in zip([*own, *reached], answers, strict=True):
        found[name] += findings
    return found


async def _taken(connections: Connections, checked: CheckedWorker, fleet: Fleet) -> list[Finding]:
    """Addresses in use: macvlan isolates a host from its own deckies, so an answer is from another host."""
    name = checked.worker.name
    conflicts = checked.status.conflicts if checked.status else ()
    # `machine_findings` has those that another host has stopped.
    stopped = {each.decky for each in conflicts} - set(checked.running.values())
    chosen = [
        (label, decky)
        for label, decky in fleet.of_worker(name).items()
        if decky.home.network == NETWORK and decky.name not in stopped
    ]
    deckies = {decky.ip: label for label, decky in chosen[:MAX_PROBED]}
    if not deckies or not checked.on_the_lan:
        return []
    try:
        probed = await connections.client(checked.worker).probe(deckies)
    except DecnetError as error:
        return [Finding(error.worker or "this machine", "warning", error.message, error.hint or "")]
    return [
        Finding(
            name,
            "wrong",
            f"{mac} answers for {address}, which is {deckies[address]}'s",
            OTHER_ADDRESS,
            4,
        )
        for address, mac in sorted(probed.answered.items())
        if address in deckies
    ]


async def _unreached(connections: Connections, checked: CheckedWorker, peer: Worker | None) -> list[Finding]:
    """Whether a worker on the same LAN reaches the deckies: only another host can test it."""
    name = checked.worker.name
    running = dict(list(checked.running.items())[:MAX_PEER_PROBES]) if checked.on_the_lan else {}
    if not running or peer is None:
        return list(_hypervisor(checked))
    try:
        probed = await connections.client(peer).probe(running)
    except DecnetError:
        return list(_hypervisor(checked))
    if any(address in probed.answered for address in running):
        return [Finding(name, "fine", f"{peer.name} reaches its deckies on the LAN")]
    text = f"{peer.name} cannot reach its deckies on the LAN: a switch or hypervisor drops their frames"
    return [Finding(name, "wrong", text, LET_THROUGH, 4)]


def peers_of(workers: Mapping[str, CheckedWorker]) -> dict[str, Worker]:
    """For each worker the first other one on the same LAN, if there is one."""
    by_lan: dict[tuple[str | None, str | None], list[Worker]] = {}
    for each in workers.values():
        by_lan.setdefault((each.facts.subnet, each.facts.gateway), []).append(each.worker)
    return {
        worker.name: others[1] if worker is others[0] else others[0]
        for (subnet, _), others in by_lan.items()
        if subnet and len(others) > 1
        for worker in others
    }


def _hypervisor(checked: CheckedWorker) -> Iterator[Finding]:
    """If no other worker can test it: the known problems of this kind of virtual machine."""
    name, machine = checked.worker.name, checked.facts.machine.lower()
    if checked.lan is not None and not checked.on_the_lan:
        return
    if any(cloud in machine for cloud in CLOUDS):
        text = f"it is a cloud machine ({checked.facts.machine}): only its own MAC address gets through"
        yield Finding(name, "warning", text, NO_MACVLAN)
        return
    for mark, what, fix in HYPERVISORS:
        if mark in machine:
            text = f"it is {what}: the virtual switch drops frames from other MAC addresses by default"
            yield Finding(name, "warning", text, fix)
            return
