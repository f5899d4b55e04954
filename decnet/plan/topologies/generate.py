"""Generates a design: a tree of LANs below a DMZ; a decky bridges each inner one to its parent."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from decnet.errors import SpecError
from decnet.model.catalog import Catalog
from decnet.model.counted import counted
from decnet.model.topology import Design, Lan, OriginValue
from decnet.wire import TOPOLOGY_PREFIX, bridge_name

from ..capacity import MAX_DECKIES
from ..services import expand_compatible
from .machines import DeckyPlan, Used, complete
from .roles import Roles
from .subnets import free_subnets, none_left
from .validate import ALONE, MAX_LANS, Surroundings

DMZ = "dmz"
MOST_LANS = MAX_LANS
_FEWER_DECKIES = "use a smaller depth or branching, or fewer deckies per LAN"
_ANY = TOPOLOGY_PREFIX + "0" * 8


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a generated design is like. `depth` counts levels of LANs, the DMZ is the first; each LAN above
    the last level has 1 to `branching` LANs below it."""

    depth: int = 3
    branching: int = 2
    deckies_min: int = 1
    deckies_max: int = 3
    """Deckies of a LAN, without those that bridge it to LANs below it; the DMZ has at least one."""
    forward_probability: float = 1.0
    """How likely a decky between two LANs routes between them."""
    services: tuple[str, ...] = ()
    """The services of every decky; none: those of its archetype."""
    archetypes: tuple[str, ...] = ()
    """The archetypes to choose from; none: all that are not withheld."""
    max_lans: int = 64

    def check(self) -> None:
        """Raises SpecError for a value out of its range."""
        for value, what, low, high in (
            (self.depth, "the depth", 1, 16),
            (self.branching, "the branching", 1, 8),
            (self.deckies_min, "the least number of deckies per LAN", 0, 32),
            (self.deckies_max, "the largest number of deckies per LAN", 1, 32),
            (self.max_lans, "the largest number of LANs", 1, MOST_LANS),
        ):
            if not low <= value <= high:
                raise SpecError(f"{what} must be from {low} to {high}, not {value}")
        if self.deckies_min > self.deckies_max:
            given = f"{self.deckies_min}-{self.deckies_max}"
            raise SpecError(f"{given} deckies per LAN: the first number is larger than the second")
        if not 0.0 <= self.forward_probability <= 1.0:
            raise SpecError("the forward probability must be from 0 to 1")

    @property
    def expected_lans(self) -> float:
        """The number of LANs on average."""
        return sum(((1 + self.branching) / 2) ** level for level in range(self.depth))

    def origin(self, seed: int | str) -> dict[str, OriginValue]:
        """The parameters and the seed, to be stored with the topology."""
        return {**asdict(self), "seed": seed}


def generate(
    parameters: Parameters,
    catalog: Catalog,
    rng: random.Random,
    around: Surroundings = ALONE,
) -> Design:
    """A design of that shape, which fits there: equal for equal arguments.

    Raises SpecError for a parameter out of its range, a tree of too many LANs (before it is built), unknown
    archetypes or services, and if no subnet is left.
    """
    parameters.check()
    roles = Roles(catalog, parameters.archetypes, parameters.services)
    services = expand_compatible(parameters.services, catalog, who="topology") or None
    nodes = _named(_tree(parameters, rng))
    lans = _lans(nodes, around.reserved, rng)
    plans = list(_deckies(nodes, parameters, roles, services, rng))
    if len(plans) > MAX_DECKIES:
        raise SpecError(
            f"this seed makes {counted(len(plans), 'decky')}, more than {MAX_DECKIES}", hint=_FEWER_DECKIES
        )
    deckies = complete(plans, {lan.name: lan for lan in lans}, catalog, rng, Used.around(around))
    return Design(lans=tuple(lans), deckies=tuple(deckies))


class _Node(NamedTuple):
    """One LAN of the tree; `level` is 0 for the DMZ, whose `parent` is ""."""

    name: str
    level: int
    parent: str


def _tree(parameters: Parameters, rng: random.Random) -> list[tuple[int, int]]:
    """Level and parent (by index) of each LAN, breadth first. Raises SpecError for too many."""
    hint = "use a smaller depth or branching" + (
        ", or allow more LANs" if parameters.max_lans < MOST_LANS else ""
    )
    most, average = parameters.max_lans, parameters.expected_lans
    if average > most:
        shape = f"depth {parameters.depth} and branching {parameters.branching}"
        shown = f"{average:,.0f}" if average >= 100 else f"{average:.1f}"
        raise SpecError(f"{shape} make {shown} LANs on average, more than {most}", hint=hint)
    deckies = average * max((parameters.deckies_min + parameters.deckies_max) / 2, 1)
    if deckies > MAX_DECKIES:
        message = f"such topologies have {deckies:,.0f} deckies on average, more than {MAX_DECKIES}"
        raise SpecError(message, hint=_FEWER_DECKIES)
    found, level = [(0, -1)], [0]
    for depth in range(1, parameters.depth):
        parents, level = level, []
        for parent in parents:
            for _ in range(rng.randint(1, parameters.branching)):
                level.append(len(found))
                found.append((depth, parent))
            if len(found) > most:
                message = f"this seed makes more than {most} LANs ({average:.1f} on average)"
                raise SpecError(message, hint=f"{hint}, or use another seed")
    return found


def _named(tree: list[tuple[int, int]]) -> list[_Node]:
    names = [DMZ]
    candidates = _lan_names()
    names += [next(candidates) for _ in tree[1:]]
    return [
        _Node(name, level, names[parent] if level else "")
        for name, (level, parent) in zip(names, tree, strict=True)
    ]


def _lan_names() -> Iterator[str]:
    """lan-01 and so on, without those whose bridges would have the name of an earlier one's."""
    bridges: set[str] = set()
    for number in range(1, 1000):
        bridge = bridge_name(_ANY, f"lan-{number:02d}")
        if bridge not in bridges:
            bridges.add(bridge)
            yield f"lan-{number:02d}"


def _lans(nodes: list[_Node], taken: Mapping[str, str], rng: random.Random) -> list[Lan]:
    subnets = free_subnets(taken, rng)
    inner: list[Lan] = []
    for node in nodes[1:]:
        subnet = next(subnets, None)
        if subnet is None:
            message = f"no private subnet is left for LAN {len(inner) + 1} of {len(nodes) - 1}"
            raise SpecError(message, hint=none_left(taken))
        inner.append(Lan(name=node.name, subnet=subnet))
    return [Lan(name=DMZ, dmz=True), *inner]


def _deckies(
    nodes: list[_Node],
    parameters: Parameters,
    roles: Roles,
    services: tuple[str, ...] | None,
    rng: random.Random,
) -> Iterator[DeckyPlan]:
    for node in nodes:
        count = rng.randint(parameters.deckies_min, parameters.deckies_max)
        if node.parent:
            gate = "gate-" + node.name.rpartition("-")[2]
            forwards = rng.random() < parameters.forward_probability
            between = {node.parent: "", node.name: ""}
            archetype = roles.bridge(rng)
            yield _plan(gate, node.parent, archetype, services, between, forwards)
        # The decky that bridges an inner LAN to its parent is one of that LAN's.
        for number in range(1, max(count, 1) + (0 if node.parent else 1)):
            archetype = roles.host(node.level, rng)
            yield _plan(f"{node.name}-{number}", node.name, archetype, services, {node.name: ""}, False)


def _plan(
    name: str,
    lan: str,
    archetype: str | None,
    services: tuple[str, ...] | None,
    addresses: dict[str, str],
    forwards: bool,
) -> DeckyPlan:
    return DeckyPlan(
        name=name,
        home=lan,
        archetype=archetype,
        services=services,
        random_services=services is None,
        addresses=addresses,
        forwards=forwards,
    )
