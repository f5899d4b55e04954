"""The heartbeat: identity, containers, jobs and journal. It works even while the Docker engine is down."""

from __future__ import annotations

from decnet.wire import PROJECT

from . import docker, identity, journal, limits, request, slices
from .containers import Container, ask_for_containers, containers_in, uptime
from .home import trouble
from .jobs import deckies_at_work, recent_jobs, wait_until_idle
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple


def status(args: Dict[str, Any]) -> Dict[str, Any]:
    """The answer that `model.actual.Status` describes. With `wait`, as soon as no job runs, or after so many
    seconds."""
    request.only(args, "cursor", "sessions", "wait")
    wait = request.seconds(args, "wait", 0.0, limits.STATUS_WAIT)
    has_sessions = request.flag(args, "sessions")
    cursor = journal.check_cursor(args.get("cursor"))
    known = identity.require(args)
    if wait:
        wait_until_idle(wait)
    # Jobs are read before the journal, and the journal before the containers: a job that continues in between
    # appears as running with its records, never as ended without them, and no end is reported with an older
    # state.
    jobs = recent_jobs()
    journaled = journal.page(cursor)
    docker.patience(limits.ENGINE)
    asked = ask_for_containers(known["fleet_id"])
    # The engine makes its list in as much time as these imports, the slices and the probes take.
    from .lan import Lookout, cut_off_interfaces

    applied = slices.all_applied(known["fleet_id"])
    lookout = Lookout(applied, is_idle=not any(job["state"] == "running" for job in jobs))
    engine_id, found, about = _ask_engine(asked, known["fleet_id"], applied)
    return {
        "hello": identity.describe(known, engine_id),
        "projects": {
            name: {"generation": each["generation"], "plan_hash": each["plan_hash"]}
            for name, each in applied.items()
        },
        "containers": [_described(container, has_sessions) for container in found],
        "jobs": jobs,
        "journal": journaled,
        "trouble": trouble(),
        "conflicts": lookout.conflicts(found),
        "links": cut_off_interfaces(applied),
        **about,
        **_rollouts(applied),
        **(_visitors(found, applied) if has_sessions else {}),
    }


def _ask_engine(
    asked: docker.Question, fleet_id: str, applied: Dict[str, Dict[str, Any]]
) -> Tuple[Optional[str], List[Container], Dict[str, Any]]:
    """The engine's id, the containers, and what else of the answer the engine decides."""
    from .readiness import note_readiness

    engine_id: Optional[str] = None
    found: List[Container] = []
    missing_limits: List[str] = []
    networks: Dict[str, List[str]] = {}
    error = ""
    try:
        engine_id = identity.engine_identity()
        found = containers_in(asked)
        note_readiness(found, applied, deckies_at_work())
        missing_limits = identity.engine_limits()
        networks = _inner_networks(fleet_id, applied)
    except (Refusal, docker.EngineError) as failure:
        if isinstance(failure, Refusal) and failure.code == "time-limit":
            raise
        error = str(failure)[:2000]
    finally:
        asked.close()
    return (
        engine_id,
        found,
        {
            "docker": "down" if error else "up",
            "docker_error": error,
            "missing_limits": missing_limits,
            **networks,
        },
    )


def _described(container: Container, has_sessions: bool) -> Dict[str, Any]:
    """`up` only for an operator that asks for sessions: a decnet of an earlier version accepts no such
    field."""
    return dict(container.answer(), up=uptime(container)) if has_sessions else container.answer()


def _rollouts(applied: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
    """{"rollouts": ...}; empty on a worker without any, which does not import what reads them."""
    projects = [name for name in applied if slices.has_rollout(name)]
    if not projects:
        return {}
    from . import rollouts

    found = rollouts.report(projects)
    return {"rollouts": found} if found else {}


def _visitors(found: List[Container], applied: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
    from .visitors import busy

    return {"busy": busy(found, applied)}


def _inner_networks(fleet_id: str, applied: Dict[str, Dict[str, Any]]) -> Dict[str, List[str]]:
    """{"networks": names of the inner networks of topologies here}; empty on a worker that never had any.
    Makes sure that this machine is silent on them: a bridge that was made again after a start is not."""
    if not any(project != PROJECT for project in applied):
        return {}
    # Its patterns are compiled at the import, which would double what a heartbeat costs.
    from . import inner_networks

    inner_networks.silence_all(applied)
    return {"networks": [str(row["Name"])[:200] for row in inner_networks.ours(fleet_id)]}
