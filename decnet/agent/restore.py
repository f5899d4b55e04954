"""Restores the former slice of a project whose dead man was not confirmed in time, as a job like others."""

from __future__ import annotations

import os
import time

from decnet.wire import LABEL_FLEET, container_name, digest, is_project

from . import (
    composerun,
    deadman,
    docker,
    identity,
    inner_networks,
    job_runner,
    jobs,
    journal,
    network,
    rollouts,
    slices,
)
from .containers import RUNNING, Container, fleet_containers, holders, on_networks
from .detach import is_open
from .home import read_whole_json
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    Content = Dict[str, Any]

OPERATION = "revert"
_PAUSE = 1.0
_ENGINE_PAUSE = 5.0


def resume(argv: List[str]) -> int:
    """`revert PROJECT [LOCK]`: started by a timer of systemd, or with the project's lock by a verb."""
    if not argv or not is_project(argv[0]) or not all(number.isdigit() for number in argv[1:]):
        return 2
    inherited = [int(number) for number in argv[1:] if is_open(int(number))]
    lock = inherited[0] if inherited else deadman.taken_lock(argv[0])
    return 0 if lock is None else watch(argv[0], lock)


def watch(project: str, lock: int) -> int:
    """Wait until the time of the project's dead man is over, then restore; return soon after it is not armed
    any more. Holds the project's lock until then."""
    while True:
        pause = look(project, lock)
        if pause is None:
            return 0
        time.sleep(pause)


def look(project: str, lock: int) -> Optional[float]:
    """Do what is due; seconds until the next look, or None at the end."""
    known = rollouts.read(project)
    if known is None or not rollouts.is_armed(known) or not deadman.is_current(project, lock):
        return None if _has_ended(project, lock) else 0.0
    left = rollouts.seconds_left(known)
    if left > 0:
        return min(left, _PAUSE)
    if not _engine_answers():
        return _ENGINE_PAUSE
    return 0.0 if _restored(project) else _PAUSE


def _has_ended(project: str, lock: int) -> bool:
    """Release the lock, unless it was armed again meanwhile: whoever arms looks at the lock."""
    with rollouts.Mutex():
        if deadman.is_current(project, lock) and rollouts.is_armed(rollouts.read(project)):
            return False
        os.close(lock)
        return True


def _restored(project: str) -> bool:
    """Whether it was tried: not while another job runs, and not if it was confirmed meanwhile."""
    request_id = "revert-%s" % os.urandom(8).hex()
    try:
        claim = jobs.Claim(jobs.job_id_of(request_id))
    except (Refusal, OSError):
        return False
    try:
        known = identity.require({})
        with rollouts.Mutex():
            record = rollouts.read(project)
            if record is None or not rollouts.is_armed(record) or rollouts.seconds_left(record) > 0:
                return False
            rollouts.update(project, state=rollouts.REVERTING)
        _carry_out(project, known, request_id, claim)
    finally:
        claim.release()
    return True


def _engine_answers() -> bool:
    try:
        docker.get("/version")
    except (Refusal, docker.EngineError):
        return False
    return True


def _carry_out(project: str, known: Dict[str, Any], request_id: str, claim: jobs.Claim) -> None:
    """Restore, and record how that ended. The journal is first: a record that lacks its end is `expired`."""
    try:
        error, state = _run(project, known, request_id, claim), rollouts.REVERTED
    except (Refusal, docker.EngineError, OSError) as failure:
        error, state = str(failure), rollouts.EXPIRED
    journal.append("", OPERATION, error or None, request_id, project)
    with rollouts.Mutex():
        rollouts.update(project, state=state, until=None, error=error or "it was not confirmed in time")
        if state == rollouts.REVERTED:
            rollouts.forget_previous(project)


def _run(project: str, known: Dict[str, Any], request_id: str, claim: jobs.Claim) -> str:
    """The errors of the deckies that could not be restored, or ""."""
    content = _content(project, known, request_id)
    names = [step["decky"] for step in content["steps"]]
    row = jobs.new_row(claim.job_id, request_id, OPERATION, content["generation"], names, project)
    jobs.store(row, content, slices.keep_of)
    job_runner.carry_out(claim.job_id, claim.descriptors())
    ended = jobs.lookup(claim.job_id)
    return str(ended["error"]) if ended is not None else "its job is gone"


def _content(project: str, known: Dict[str, Any], request_id: str) -> Content:
    """The former slice as the content of a job. Its generation is that of the slice that it replaces. Raises
    Refusal if this machine is not fit for it any more: then nothing is changed."""
    identity.require_engine(known)
    fleet_id, worker_id = str(known["fleet_id"]), str(known["worker_id"])
    applied, former = slices.applied(project, fleet_id), _former(project, fleet_id)
    empty = {
        "schema": slices.SCHEMA, "project": project, "fleet_id": fleet_id, "worker_id": worker_id,
        "networks": {}, "deckies": {},
    }  # fmt: skip
    content: Content = {
        "fleet_id": fleet_id,
        "worker_id": worker_id,
        "project": project,
        "request_id": request_id,
        "generation": applied["generation"],
        "plan_hash": former["plan_hash"] if former["slice"] else digest(empty),
        "slice": former["slice"] or empty,
        "compose": former["compose"] or {"version": "2.4", "networks": {}, "services": {}},
    }
    networks = content["slice"]["networks"]
    content["lan"] = network.lan_of(networks)
    content["inner"] = inner_networks.inner_of(networks, project, content["lan"])
    found = fleet_containers(fleet_id)
    is_new_lan = content["lan"] is not None and network.differs(content["lan"], fleet_id)
    content["steps"] = steps_to(content, [each for each in found if each.project == project], is_new_lan)
    content["barred"] = _barred(content, found)
    _check_networks(content, found)
    if any(step["up"] for step in content["steps"]):
        engine = str(docker.get("/version").get("Version", ""))
        content["compose_command"] = composerun.require(engine).command
    return content


def _former(project: str, fleet_id: str) -> Content:
    known = read_whole_json(slices.FOLDER, project, slices.PREVIOUS, slices.FILE)
    if not isinstance(known, dict) or known.get("fleet_id") != fleet_id:
        raise Refusal("failed", "the former slice is gone")
    document = read_whole_json(slices.FOLDER, project, slices.PREVIOUS, slices.COMPOSE)
    if known["slice"] is not None and not isinstance(document, dict):
        raise Refusal("failed", "the compose document of the former slice is gone")
    return dict(known, compose=document)


def steps_to(content: Content, found: List[Container], is_new_lan: bool) -> List[Dict[str, Any]]:
    """The steps from these containers of the project to the slice. A base that has to be made again, as on
    another LAN, takes all services of its decky with it."""
    deckies: Dict[str, List[Container]] = {name: [] for name in content["slice"]["deckies"]}
    for container in found:
        deckies.setdefault(container.decky, []).append(container)
    steps = []
    for decky in sorted(deckies):
        entry = content["slice"]["deckies"].get(decky)
        wanted = entry["containers"] if entry is not None else {}
        on_lan = entry is not None and slices.on_lan(entry) is not None
        kept = [] if is_new_lan and on_lan else _kept(content["project"], decky, wanted, deckies[decky])
        names = {each.name for each in kept}
        step = {
            "decky": decky,
            "operation": OPERATION,
            "remove": [{"name": c.name, "id": c.id} for c in deckies[decky] if c not in kept],
            "up": [name for name in wanted if name not in names],
            "start": [each.name for each in kept if each.state != RUNNING or each.attached is False],
        }
        if step["remove"] or step["up"] or step["start"]:
            steps.append(step)
    return steps


def _kept(project: str, decky: str, wanted: Dict[str, Any], found: List[Container]) -> List[Container]:
    """The containers that are as the slice describes them."""
    kept = [c for c in found if c.name in wanted and c.fingerprint == wanted[c.name]["fingerprint"]]
    base = next((each for each in kept if each.name == container_name(project, decky)), None)
    if base is None:
        return []
    own = "container:" + base.id
    return [each for each in kept if each is base or each.network_mode == own]


def _barred(content: Content, found: List[Container]) -> Dict[str, str]:
    """Decky to reason, for those that may not come back: their address or name has another owner here now.
    They are removed like the others: what they have now may be a decky's that does come back."""
    project, fleet_id = content["project"], content["fleet_id"]
    held = slices.held_elsewhere(project, fleet_id)
    for container in found:
        if container.project != project:
            held.update(dict.fromkeys(container.on_lan, "%s of %s" % (container.decky, container.project)))
    barred = _taken_names(content)
    for step in content["steps"]:
        entry = content["slice"]["deckies"].get(step["decky"])
        if entry is None or not (step["up"] or step["start"]):
            continue
        for each in slices.attachments_of(entry):
            for value in slices.resources_of(each):
                if value in held:
                    barred.setdefault(step["decky"], "%s is %s's now" % (value, held[value]))
    return barred


def _taken_names(content: Content) -> Dict[str, str]:
    names = {name: step["decky"] for step in content["steps"] for name in step["up"]}
    found = {}
    for row in docker.get("/containers/json", {"all": True}) if names else ():
        container = Container(row)
        owner = (row.get("Labels") or {}).get(LABEL_FLEET), container.project
        if container.name in names and owner != (content["fleet_id"], content["project"]):
            found[names[container.name]] = "container %s belongs to someone else now" % container.name
    return found


def _check_networks(content: Content, found: List[Container]) -> None:
    if not any(step["up"] for step in content["steps"]):
        return
    leaving = {target["id"] for step in content["steps"] for target in step["remove"]}
    if content["lan"] is not None:
        network.check(content["lan"], content["fleet_id"], leaving, holders(found))
    held = on_networks(each for each in found if each.id not in leaving)
    inner_networks.check(content["inner"], content["fleet_id"], content["project"], held)
