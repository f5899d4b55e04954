"""The pass over deployed topologies against the pass over as many deckies of the fleet, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from decnet.catalog import load
from decnet.images import wanted
from decnet.model.actual import Container, Observation, Seen
from decnet.model.fleet import Attachment, Fleet, Network
from decnet.model.keys import DeckyKey
from decnet.model.record import WorkerRecords
from decnet.model.topology import Topology
from decnet.plan.compose import expected_containers
from decnet.plan.decky_view import desired_row
from decnet.plan.reconcile import reconcile
from decnet.plan.topologies.place import placed, with_placed

from .growth import Growth, grown
from .passes import cpu, seen_status
from .rows import Row
from .topologies import DECKIES, TOPOLOGIES, made, seeds_of

SIZES = (5, 10, 20)


class _Ground(NamedTuple):
    """A fleet, what is recorded of it, and what its workers report: nothing to do."""

    fleet: Fleet
    recorded: dict[str, WorkerRecords]
    observed: dict[str, Observation]

    def work(self) -> None:
        expected = expected_containers(self.fleet, load(), wanted())
        plan = reconcile(self.fleet, self.recorded, self.observed, expected, now=0.0)
        assert plan.is_empty
        assert plan.kept == sum(1 for _ in self.fleet.every_decky())


def topology_pass_rows(topologies: int = TOPOLOGIES, deckies: int = DECKIES) -> list[Row]:
    """CPU seconds of a pass that changes nothing, over each kind: one topology on each worker, and the same
    machines as deckies of the fleet."""
    deployed = _deployed(topologies, deckies)
    flat = _as_fleet(deployed)
    size = f"{topologies} topologies of {deckies} deckies"
    return [
        Row(
            f"pass with nothing to do: {size}",
            cpu(_ground(deployed).work),
            cpu(_ground(flat).work),
            "the same machines as deckies of the fleet",
            1.1,
        )
    ]


def topology_pass_growth() -> Growth:
    """CPU seconds of such a pass at three sizes."""
    return grown(
        "a pass over deployed topologies",
        "topologies",
        SIZES,
        lambda size: _ground(_deployed(size, DECKIES)).work,
        5,
    )


def _deployed(topologies: int, deckies: int) -> Fleet:
    lan = Network(driver="macvlan", interface="eth0", subnet="10.0.0.0/16", gateway="10.0.0.1")
    fleet = Fleet(fleet_id="bench", lans={f"w{number}": lan for number in range(topologies)})
    attachments = _attachments()
    for number, seed in enumerate(seeds_of(topologies, deckies)):
        topology = Topology(id=f"{number:08x}" * 4, name=f"t{number}", design=made(seed), worker=f"w{number}")
        dmz = {each.name: next(attachments) for each in topology.design.members("dmz")}
        fleet = with_placed(fleet, topology, placed(topology, f"w{number}", dmz, now=0.0))
    return fleet


def _as_fleet(deployed: Fleet) -> Fleet:
    attachments = _attachments()
    deckies = {
        name: decky.model_copy(update={"name": name, "attachments": (next(attachments),)})
        for _, short, decky in deployed.every_decky()
        for name in [f"{short}-{decky.worker}"]
    }
    return Fleet(fleet_id="bench", lans=deployed.lans).with_deckies(deckies)


def _attachments() -> Iterator[Attachment]:
    for number in range(1 << 16):
        high, low = divmod(number, 250)
        yield Attachment(address=f"10.0.{high + 1}.{low + 1}", mac=f"00:50:56:00:{high:02x}:{low:02x}")


def _ground(fleet: Fleet) -> _Ground:
    recorded = {worker: WorkerRecords(worker_id=worker) for worker in fleet.lans}
    containers: dict[str, list[Container]] = {worker: [] for worker in fleet.lans}
    for key, made_of in expected_containers(fleet, load(), wanted()).items():
        rows = {}
        for name, contents in made_of.items():
            decky = fleet.decky(key.project, name)
            assert decky is not None
            rows[name] = desired_row(DeckyKey(key.worker, key.project, name), decky, contents)
            for container, content in contents.items():
                containers[key.worker].append(
                    Container(
                        name=container, id=container, decky=name, project=key.project, state="running",
                        service=content.service, fingerprint=content.fingerprint, image=content.image,
                        attached=True if content.service else None,
                    )
                )  # fmt: skip
        recorded[key.worker] = recorded[key.worker].with_project(key.project, deckies=rows)
    observed: dict[str, Observation] = {
        worker: Seen(worker=worker, status=seen_status(tuple(found))) for worker, found in containers.items()
    }
    return _Ground(fleet, recorded, observed)
