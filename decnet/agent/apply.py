"""Take a bundle, check all of it, answer, and let a detached job carry it out."""

from __future__ import annotations

from decnet.wire import LABEL_FLEET

from . import arguments, bundle, composefile, composerun, docker, identity, jobs, limits, network, probe
from .containers import Container, fleet_containers, holders
from .failure import Refusal
from .home import path, write_json
from .work import carry_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Set


def apply(args: Dict[str, Any]) -> Dict[str, Any]:
    """Start the job of this request, or answer how far it is if it was sent before."""
    return _take(args, "apply", single=False)


def mutate(args: Dict[str, Any]) -> Dict[str, Any]:
    """The same for exactly one decky."""
    return _take(args, "mutate", single=True)


def _take(args: Dict[str, Any], operation: str, single: bool) -> Dict[str, Any]:
    known = identity.require(args)
    dry_run = arguments.flag(args, "dry_run")
    wait = arguments.seconds(args, "wait", 0.0, limits.WAIT_MOST)
    before = None if dry_run else jobs.known_job(args, wait)
    if before is not None:
        return before
    content = dict(
        bundle.check(args, known, single), fleet_id=known["fleet_id"], worker_id=known["worker_id"]
    )
    job_id = jobs.job_id_of(content["request_id"])
    if dry_run:
        _check_world(content, known)
        _check_dry(content)
        return {key: content[key] for key in ("request_id", "generation")} | {
            "job_id": job_id,
            "state": "checked",
        }
    claim = jobs.Claim(job_id)
    try:
        again = jobs.known_job(args, 0.0)
        if again is not None:
            return again
        bundle.check_generation(content["generation"])
        _check_world(content, known)
        names = [step["decky"] for step in content["steps"]]
        row = jobs.new_row(job_id, content["request_id"], operation, content["generation"], names)
        return jobs.submit(row, content, claim, wait, carry_out)
    finally:
        claim.release()


def _check_world(content: Dict[str, Any], known: Dict[str, Any]) -> None:
    """What has to be so on this machine before anything is changed. Raises Refusal `identity`,
    `docker-down`, `compose`, `name-taken` or `network`."""
    identity.require_engine(known)
    if not any(step["up"] for step in content["steps"]):
        return
    content["compose_command"] = _compose().command
    names = {name for step in content["steps"] for name in step["up"]}
    _check_names(names, known["fleet_id"])
    leaving = {target["id"] for step in content["steps"] for target in step["remove"]}
    network.check(content["lan"], known["fleet_id"], leaving, holders(fleet_containers(known["fleet_id"])))


def _compose() -> composerun.Compose:
    return composerun.require(str(docker.get("/version").get("Version", "")))


def _check_names(names: Set[str], fleet_id: str) -> None:
    for row in docker.get("/containers/json", {"all": True}):
        container = Container(row)
        if container.name in names and (row.get("Labels") or {}).get(LABEL_FLEET) != fleet_id:
            message = "a container named %s is here that is not this fleet's" % container.name
            raise Refusal("name-taken", message, "rename or remove it", {"name": container.name})


def _check_dry(content: Dict[str, Any]) -> None:
    """What a real run would find out later: compose's own opinion, and taken addresses."""
    if content["compose"]["services"]:
        composefile.check(content["compose"], content["fleet_id"])
        write_json(content["compose"], "compose.check.json")
        composerun.validate(_compose(), path("compose.check.json"))
    taken = probe.conflicts(content, content["steps"])
    if taken:
        addresses = {content["slice"]["deckies"][name]["decky"]["ip"]: mac for name, mac in taken.items()}
        raise Refusal(
            "address",
            "somebody answers for %s" % ", ".join(sorted(addresses)),
            "exclude them in the fleet file",
            {"addresses": addresses},
        )
