"""Checks a bundle completely, answers, and starts a detached job that carries it out."""

from __future__ import annotations

import os

from decnet.wire import LABEL_FLEET

from . import (
    bundle,
    composefile,
    composerun,
    docker,
    identity,
    inner_networks,
    jobs,
    limits,
    network,
    probe,
    request,
    rollouts,
    slices,
)
from .containers import Container, fleet_among, fleet_containers, holders, on_networks
from .home import path, write_json
from .job_runner import carry_out
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List


def apply(args: Dict[str, Any]) -> Dict[str, Any]:
    """Start the job of this request, or answer with its state if it was sent before."""
    known = identity.require(args)
    dry_run = request.flag(args, "dry_run")
    wait = request.seconds(args, "wait", 0.0, limits.WAIT_MOST)
    before = None if dry_run else jobs.known_job(args, wait)
    if before is not None:
        return before
    rollout = rollouts.check(args)
    content = dict(bundle.check(args, known), fleet_id=known["fleet_id"], worker_id=known["worker_id"])
    content.update({} if rollout is None else {"rollout": rollout})
    job_id = jobs.job_id_of(content["request_id"])
    names = [step["decky"] for step in content["steps"]]
    row = jobs.new_row(
        job_id, content["request_id"], "apply", content["generation"], names, content["project"]
    )
    if dry_run:
        _check_world(content, known)
        _check_dry(content)
        return dict(jobs.answer(row), state="checked")
    claim = jobs.Claim(job_id)
    try:
        again = jobs.known_job(args, 0.0)
        if again is not None:
            return again
        bundle.check_generation(
            content["generation"], content["project"], known["fleet_id"], content["plan_hash"]
        )
        _check_world(content, known)
        return jobs.submit(row, content, claim, wait, carry_out)
    finally:
        claim.release()


def _check_world(content: Dict[str, Any], known: Dict[str, Any]) -> None:
    """Check the preconditions on this machine before anything is changed. Raises Refusal `identity`,
    `docker-down`, `compose`, `name-taken`, `address` or `network`."""
    identity.require_engine(known)
    rows = docker.get("/containers/json", {"all": True})
    found = fleet_among(rows, known["fleet_id"])
    _check_addresses(content, found)
    if not any(step["up"] for step in content["steps"]):
        return
    content["compose_command"] = _compose().command
    content["taken"] = _taken_names(content, known["fleet_id"], rows)
    leaving = {target["id"] for step in content["steps"] for target in step["remove"]}
    if content["lan"] is not None:
        network.check(content["lan"], known["fleet_id"], leaving, holders(found))
    held = on_networks(each for each in found if each.id not in leaving)
    inner_networks.check(content["inner"], known["fleet_id"], content["project"], held)


def _check_addresses(content: Dict[str, Any], found: List[Container]) -> None:
    """Check that no two deckies of this worker, of any project, have the same address or MAC."""
    held = slices.held_elsewhere(content["project"], content["fleet_id"])
    for container in found:
        if container.project != content["project"]:
            owner = "%s of %s" % (container.decky[:80], container.project[:80])
            held.update(dict.fromkeys(container.on_lan, owner))
    for name, entry in content["slice"]["deckies"].items():
        for value in (each for one in slices.attachments_of(entry) for each in slices.resources_of(one)):
            if value in held:
                raise Refusal("address", "%s cannot have %s: it is %s's" % (name, value, held[value]))
            held[value] = name


def _compose() -> composerun.Compose:
    return composerun.require(docker.version())


def _taken_names(content: Dict[str, Any], fleet_id: str, rows: List[Dict[str, Any]]) -> Dict[str, str]:
    """Decky to reason for each one whose containers cannot be created, because another fleet, project or
    program has a container of that name; `rows` are all containers of the engine. Raises Refusal `name-taken`
    if the bundle has no other steps."""
    creating = {name: step["decky"] for step in content["steps"] for name in step["up"]}
    taken: Dict[str, str] = {}
    for row in rows:
        container, fleet = Container(row), (row.get("Labels") or {}).get(LABEL_FLEET)
        if container.name in creating and (fleet, container.project) != (fleet_id, content["project"]):
            owner = "fleet" if fleet != fleet_id else "project"
            message = "container %s already exists and does not belong to this %s" % (container.name, owner)
            taken[creating[container.name]] = message
            refusal = Refusal("name-taken", message, "rename or remove it", {"name": container.name})
    if len(taken) == len(content["steps"]):
        raise refusal
    return taken


def _check_dry(content: Dict[str, Any]) -> None:
    """The checks that a real run makes later: Compose's own validation, and addresses in use."""
    for decky, message in content.get("taken", {}).items():
        raise Refusal("name-taken", "%s: %s" % (decky, message), "rename or remove it")
    if content["compose"]["services"]:
        # It holds passwords. If this process is killed, the next write here removes it by this name.
        draft = "compose.check.%d.tmp" % os.getpid()
        write_json(composefile.as_run(content["compose"], identity.engine_limits()), draft)
        try:
            composerun.validate(_compose(), content["project"], path(draft))
        finally:
            os.unlink(path(draft))
    taken = probe.conflicts(content, content["steps"], fleet_containers(content["fleet_id"]))
    if taken:
        deckies = content["slice"]["deckies"]
        addresses = {(slices.on_lan(deckies[name]) or {})["address"]: mac for name, mac in taken.items()}
        raise Refusal(
            "address",
            "another host answers for %s" % ", ".join(sorted(addresses)),
            "exclude them in the fleet file",
            {"addresses": addresses},
        )
