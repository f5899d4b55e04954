"""Removes deckies from the LAN; the steps are made here, from the labels in Docker."""

from __future__ import annotations

from . import bundle, identity, jobs, limits, request, validators
from .containers import fleet_containers
from .job_runner import carry_out
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional


def teardown(args: Dict[str, Any]) -> Dict[str, Any]:
    """Start the job that removes these deckies of a project (null: all of them, and then the network if no
    container is on it). Answers like `apply`."""
    request.only(args, "project", "request_id", "generation", "deckies", "wait")
    known = identity.require(args)
    project = request.project(args)
    wait = request.seconds(args, "wait", 0.0, limits.WAIT_MOST)
    before = jobs.known_job(args, wait)
    if before is not None:
        return before
    request_id, generation = request.text(args, "request_id"), request.whole(args, "generation")
    chosen: Optional[List[str]] = None
    if args.get("deckies") is not None:
        chosen = request.texts(args, "deckies", bundle.MOST_DECKIES)
    claim = jobs.Claim(jobs.job_id_of(request_id))
    try:
        again = jobs.known_job(args, 0.0)
        if again is not None:
            return again
        bundle.check_generation(generation, project, known["fleet_id"])
        identity.require_engine(known)
        steps = _steps(known["fleet_id"], project, chosen)
        content = {
            "fleet_id": known["fleet_id"],
            "worker_id": known["worker_id"],
            "project": project,
            "request_id": request_id,
            "generation": generation,
            "steps": steps,
            "only": chosen,
        }
        names = [step["decky"] for step in steps]
        row = jobs.new_row(claim.job_id, request_id, "teardown", generation, names, project)
        return jobs.submit(row, content, claim, wait, carry_out)
    finally:
        claim.release()


def _steps(fleet_id: str, project: str, chosen: Optional[List[str]]) -> List[Dict[str, Any]]:
    targets: Dict[str, List[Dict[str, str]]] = {name: [] for name in chosen or []}
    if not all(map(validators.NAME, targets)):
        raise Refusal("usage", "argument deckies: not a decky's name")
    for container in fleet_containers(fleet_id):
        if container.project == project and (chosen is None or container.decky in targets):
            targets.setdefault(container.decky, []).append({"name": container.name, "id": container.id})
    return [
        {"decky": decky, "operation": "remove", "remove": rows, "up": [], "start": []}
        for decky, rows in targets.items()
    ]
