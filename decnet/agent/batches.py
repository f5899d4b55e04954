"""Splits the steps of a job into batches, so that no more than a given number of deckies changes at once."""

from __future__ import annotations

from decnet.wire import LABEL_FLEET

from . import docker, inner_networks, network, slices
from .containers import Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Set

    Step = Dict[str, Any]


def batches_of(content: Dict[str, Any], steps: List[Step]) -> List[List[Step]]:
    """The steps in order, at most `batch` of the content's rollout at a time; all at once without that, and
    if a network has to be made again, which all its deckies have to leave first.

    Deckies between which an address moves are in one batch, however many these are."""
    size = (content.get("rollout") or {}).get("batch")
    if size is None or len(steps) <= 1 or _has_other_networks(content):
        return [steps]
    batches: List[List[Step]] = [[]]
    for group in _groups(steps, content["slice"]["deckies"], _held(content)):
        if batches[-1] and len(batches[-1]) + len(group) > size:
            batches.append([])
        batches[-1] += group
    return batches


def _has_other_networks(content: Dict[str, Any]) -> bool:
    fleet_id, project, lan = content["fleet_id"], content["project"], content["lan"]
    if lan is not None and network.differs(lan, fleet_id):
        return True
    return inner_networks.differ(content["inner"], fleet_id, project)


def _held(content: Dict[str, Any]) -> Dict[str, Set[str]]:
    """The addresses and MACs that each decky of the project has now."""
    held: Dict[str, Set[str]] = {}
    label = "%s=%s" % (LABEL_FLEET, content["fleet_id"])
    for row in docker.get("/containers/json", {"all": True, "filters": {"label": [label]}}):
        container = Container(row)
        if container.project == content["project"] and not container.service:
            networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
            macs = {str(each.get("MacAddress") or "") for each in networks.values()} - {""}
            held[container.decky] = {*container.addresses, *macs}
    return held


def _groups(steps: List[Step], deckies: Dict[str, Any], held: Dict[str, Set[str]]) -> List[List[Step]]:
    """The steps, those together that wait for each other's addresses; in the order of their first."""
    leader = {step["decky"]: step["decky"] for step in steps}
    owners = {value: decky for decky in leader for value in held.get(decky, ())}

    def first_of(decky: str) -> str:
        while leader[decky] != decky:
            decky = leader[decky]
        return decky

    for step in steps:
        entry = deckies.get(step["decky"])
        for each in slices.attachments_of(entry) if entry is not None and step["up"] else ():
            for value in (each["address"], each["mac"]):
                if value in owners:
                    leader[first_of(step["decky"])] = first_of(owners[value])
    groups: Dict[str, List[Step]] = {}
    for step in steps:
        groups.setdefault(first_of(step["decky"]), []).append(step)
    return list(groups.values())
