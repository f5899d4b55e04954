"""A topology on a worker: the project that its design becomes there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network

from decnet.errors import SpecError
from decnet.model.catalog import Catalog
from decnet.model.fleet import Attachment, Decky, Fleet, Network, Project
from decnet.model.topology import Design, DesignDecky, Topology
from decnet.plan.assemble import starts
from decnet.plan.draft import Draft
from decnet.plan.topologies.machines import machine_vendor
from decnet.wire import NETWORK, bridge_name, digest, inner_network


def placed(
    topology: Topology,
    worker: str,
    dmz: Mapping[str, Attachment],
    *,
    now: float,
    present: Project | None = None,
) -> Project:
    """The project of a topology on a worker. `dmz` has the allocated attachment of each decky of the DMZ.

    What is not in the design is kept from the `present` project: images, and when a decky was deployed.
    """
    before = present.deckies if present else {}
    return Project(
        name=topology.project,
        networks=_networks(topology),
        deckies={
            each.name: _decky(topology, each, worker, dmz.get(each.name), before.get(each.name), now)
            for each in topology.design.deckies
        },
    )


def with_placed(fleet: Fleet, topology: Topology, project: Project) -> Fleet:
    """The fleet in which this topology is deployed as this project."""
    return fleet.model_copy(
        update={
            "topologies": dict(sorted({**fleet.topologies, topology.name: topology}.items())),
            "projects": dict(sorted({**fleet.projects, project.name: project}.items())),
        }
    )


def without_placed(fleet: Fleet, names: Iterable[str]) -> Fleet:
    """The fleet in which these topologies are described, but not deployed."""
    gone = [fleet.topologies[name] for name in names]
    known = {each.name: each.model_copy(update={"worker": None}) for each in gone}
    projects = {name: each for name, each in fleet.projects.items() if name not in {t.project for t in gone}}
    return fleet.model_copy(update={"topologies": {**fleet.topologies, **known}, "projects": projects})


def topology_of(fleet: Fleet, project: str) -> Topology | None:
    """The topology that is deployed as this project."""
    return next((each for each in fleet.topologies.values() if each.project == project), None)


def dmz_drafts(
    topology: Topology, worker: str, present: Project | None, catalog: Catalog
) -> tuple[Draft, ...]:
    """The drafts of the deckies of the DMZ, for the allocator of the fleet: one that is deployed keeps its
    address and MAC, a new one gets a MAC of the vendor of its others."""
    lan = topology.design.dmz
    members = topology.design.members(lan.name) if lan else ()
    return tuple(_draft(topology, each, worker, present, catalog) for each in members)


def dmz_of(allocated: Mapping[str, Decky]) -> dict[str, Attachment]:
    """The attachments that the allocator has chosen."""
    return {name: decky.home for name, decky in allocated.items()}


def docker_network(topology: Topology, lan: str) -> str:
    """The network of one LAN of the design: that of the worker for the DMZ."""
    dmz = topology.design.dmz
    return NETWORK if dmz and dmz.name == lan else inner_network(topology.project, lan)


def inner_subnets(design: Design) -> dict[str, str]:
    """Inner LAN to its subnet."""
    return {lan.name: lan.subnet for lan in design.lans if not lan.dmz}


def _networks(topology: Topology) -> dict[str, Network]:
    found = {}
    for lan, subnet in inner_subnets(topology.design).items():
        name = inner_network(topology.project, lan)
        # The first address is that of the bridging decky: Docker keeps the gateway's for itself.
        found[name] = Network(
            name=name,
            kind="inner",
            driver="bridge",
            interface=bridge_name(topology.project, lan),
            subnet=subnet,
            gateway=str(IPv4Network(subnet).broadcast_address - 1),
        )
    return found


def _decky(
    topology: Topology,
    each: DesignDecky,
    worker: str,
    dmz: Attachment | None,
    before: Decky | None,
    now: float,
) -> Decky:
    same = before if before and before.seed == each.seed else None
    return Decky(
        name=each.name,
        worker=worker,
        attachments=_attachments(topology, each, dmz),
        hostname=each.hostname,
        os=each.os,
        release=each.release,
        archetype=each.archetype,
        services={name: each.settings.get(name, {}) for name in sorted(each.services)},
        settings=each.settings,
        seed=each.seed,
        spec_hash=spec_hash(each),
        images=same.images if same else None,
        mutated_at=same.mutated_at if same else now,
        **starts(same, each.services, now),
    )


def _attachments(topology: Topology, each: DesignDecky, dmz: Attachment | None) -> tuple[Attachment, ...]:
    """Its home first, the others by name."""
    found = []
    for lan in sorted(each.addresses, key=lambda name: (name != each.home, name)):
        network = docker_network(topology, lan)
        if network != NETWORK:
            found.append(Attachment(network=network, address=each.addresses[lan], mac=each.macs[lan]))
        elif dmz is None:
            raise SpecError(f"{topology.name}/{each.name}: it has no address on the LAN")
        else:
            found.append(dmz)
    return tuple(found)


def _draft(
    topology: Topology, each: DesignDecky, worker: str, present: Project | None, catalog: Catalog
) -> Draft:
    before = present.deckies.get(each.name) if present else None
    kept = before if before and before.home.network == NETWORK else None
    return Draft(
        name=each.name,
        place="",
        services={name: {} for name in each.services},
        settings={},
        os=each.os,
        release=each.release,
        archetype=each.archetype,
        vendor=machine_vendor(each, catalog),
        seed=each.seed,
        spec_hash=spec_hash(each),
        mutate_interval=None,
        worker=worker,
        hostname=each.hostname,
        kept=kept,
        same_machine=kept is not None and (kept.os, kept.archetype) == (each.os, each.archetype),
    )


def spec_hash(each: DesignDecky) -> str:
    """The hash of a decky's design."""
    return digest(each.model_dump(mode="json"))
