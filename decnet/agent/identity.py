"""The agent's identity: the worker, the fleet and the Docker engine that it was enrolled for."""

from __future__ import annotations

import os
import time

from decnet.wire import AGENT_VERSION, LABEL_FLEET, LABEL_WORKER, PROTOCOL
from decnet.wire.engine import PID_FILE, missing_limits

from . import docker, limits, request
from .home import ensure, home, path, read_json, read_whole_json, write_if_possible, write_json
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

FILE = "identity.json"
_ENGINE_CACHE = "engine.cache"


def enrol(args: Dict[str, Any]) -> Dict[str, Any]:
    """Write this worker's identity. Raises Refusal `fleet` or `identity` if another agent or fleet is already
    here, unless `adopt` is set."""
    request.only(args, "worker_id", "fleet_id", "adopt")
    worker_id, fleet_id = request.text(args, "worker_id", 80), request.text(args, "fleet_id", 80)
    engine_id = ask_engine()
    if not request.flag(args, "adopt"):
        _refuse_other_identity(worker_id, fleet_id)
        _refuse_other_tenant(worker_id, fleet_id)
    ensure()
    wanted = {"worker_id": worker_id, "fleet_id": fleet_id, "engine_id": engine_id, "home": home()}
    if read_whole_json(FILE) != wanted:
        write_json(wanted, FILE)
    return hello({})


def hello(args: Dict[str, Any]) -> Dict[str, Any]:
    """The agent's identity; fields are null if it is not enrolled, or if the engine is down."""
    request.only(args)
    known = _stored() or {}
    docker.patience(limits.ENGINE)
    try:
        engine_id: Optional[str] = engine_identity()
    except (Refusal, docker.EngineError):
        engine_id = None
    return describe(known, engine_id)


def describe(known: Dict[str, Any], engine_id: Optional[str]) -> Dict[str, Any]:
    return {
        "protocol": PROTOCOL,
        "agent": agent_hash(),
        "version": AGENT_VERSION,
        "worker_id": known.get("worker_id"),
        "fleet_id": known.get("fleet_id"),
        "engine_id": engine_id,
        "boot_id": boot_id(),
        "clock": time.time(),
    }


def require(args: Dict[str, Any], stranger: bool = False) -> Dict[str, Any]:
    """The identity, checked against the request's `expect`; {} for a `stranger` that needs none.
    Raises Refusal `not-enrolled`, `identity` or `fleet`."""
    known = _stored()
    if known is None and stranger:
        return {}
    if known is None:
        raise Refusal("not-enrolled", "this worker is not enrolled", "decnet worker add")
    expected = args.get("expect") or {}
    if not isinstance(expected, dict) or not set(expected) <= {"worker_id", "fleet_id"}:
        raise Refusal("usage", "argument expect: worker_id and fleet_id")
    if expected.get("fleet_id") not in (None, known["fleet_id"]):
        raise Refusal("fleet", "this worker belongs to fleet %s" % known["fleet_id"])
    if expected.get("worker_id") not in (None, known["worker_id"]):
        raise Refusal("identity", "this is worker %s" % known["worker_id"])
    return known


def require_engine(known: Dict[str, Any]) -> None:
    """Raises Refusal `identity` if the Docker engine is not the one of the enrolment."""
    # Without a pid file, the cached answer could be that of an engine before this one.
    current = engine_identity() if os.path.exists(PID_FILE) else ask_engine()
    if known.get("engine_id") not in (None, current):
        raise Refusal(
            "identity",
            "the Docker engine here is not the one that this worker was enrolled with",
            "if the engine was reinstalled, enrol again with --adopt",
        )


def engine_identity() -> str:
    """The engine's ID. A request takes the engine 10 ms and more, so the answer is cached while its socket
    and pid file are the same files: a restarted engine creates new ones."""
    return str(_known_engine()["id"])


def engine_limits() -> List[str]:
    """The limits of containers that this machine's kernel cannot give, cached in the same way."""
    return [str(each) for each in _known_engine()["missing_limits"]]


def _known_engine() -> Dict[str, Any]:
    stamp = ":".join(_file_stamp(place) for place in (docker.socket_path(), PID_FILE))
    cached = _cached_engine()
    is_whole = isinstance(cached.get("id"), str) and isinstance(cached.get("missing_limits"), list)
    if is_whole and cached.get("stamp") == stamp:
        return cached
    about = docker.get("/info")
    found = {"stamp": stamp, "id": _id_in(about), "missing_limits": missing_limits(about)}
    # Not while nothing is enrolled here: a machine that was left behind stays clean.
    if os.path.exists(path(FILE)):
        write_if_possible(found, _ENGINE_CACHE)
    return found


def _stored() -> Optional[Dict[str, Any]]:
    """None if there is none, or a damaged one."""
    known = read_whole_json(FILE)
    texts = [known.get("worker_id"), known.get("fleet_id")] if isinstance(known, dict) else [None]
    return known if all(isinstance(text, str) and text for text in texts) else None


def _file_stamp(place: str) -> str:
    try:
        found = os.stat(place)
    except OSError:
        return "-"
    return "%d.%d.%d" % (found.st_dev, found.st_ino, found.st_mtime_ns)


def ask_engine() -> str:
    return _id_in(docker.get("/info"))


def _id_in(about: Dict[str, Any]) -> str:
    return str(about.get("ID", ""))[:200]


def boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def program() -> str:
    """The file that this agent runs from, links followed."""
    import sys

    return os.path.realpath(sys.argv[0])


def agent_hash() -> str:
    """SHA-256 of the agent's file. An installed one, or one kept by the operator, has it as its name:
    `<sha256>.pyz`, checked when it was written. Hashing at each start would take 5 ms."""
    place = program()
    name = os.path.basename(place)
    if len(name) == 68 and name.endswith(".pyz"):
        return name[:64]
    import hashlib

    with open(place, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _cached_engine() -> Dict[str, Any]:
    try:
        cached = read_json(_ENGINE_CACHE)
    except Refusal:
        return {}
    return cached if isinstance(cached, dict) else {}


def _refuse_other_identity(worker_id: str, fleet_id: str) -> None:
    known = _stored()
    if known is None:
        return
    if known.get("fleet_id") != fleet_id:
        raise Refusal(
            "fleet", "this worker belongs to fleet %s" % known.get("fleet_id"), "--adopt takes it over"
        )
    if known.get("worker_id") != worker_id:
        raise Refusal("identity", "this is worker %s" % known.get("worker_id"), "--adopt takes it over")


def _refuse_other_tenant(worker_id: str, fleet_id: str) -> None:
    """Other agents on this engine are found by the labels of their containers."""
    for container in docker.get("/containers/json", {"all": True, "filters": {"label": [LABEL_FLEET]}}):
        if container["Labels"].get(LABEL_FLEET) != fleet_id:
            raise Refusal(
                "fleet", "another fleet's deckies run on this Docker engine", "--adopt takes it over"
            )
    for network in docker.get("/networks", {"filters": {"label": [LABEL_FLEET]}}):
        labels = network.get("Labels") or {}
        if labels.get(LABEL_FLEET) != fleet_id:
            raise Refusal(
                "fleet", "another fleet's network is on this Docker engine", "--adopt takes it over"
            )
        if labels.get(LABEL_WORKER, worker_id) != worker_id:
            message = "another agent, of worker %s, uses this Docker engine" % labels[LABEL_WORKER]
            raise Refusal("identity", message, "--adopt takes it over")
