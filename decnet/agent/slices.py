"""The applied slices: the state that this worker was last sent, in one folder per project.

An agent of protocol 1 had one project and kept its two files in the state directory itself. They belong to
the project `decnet` until its first write, which writes the new files and then renames the old ones to
`*.v1`. If both exist, a write was killed in between: the new file is valid, and the next write renames.
"""

from __future__ import annotations

import os

from decnet.wire import NETWORK, PROJECT, digest, is_project
from decnet.wire.fault import place

from . import identity, request
from .home import path, read_whole_json, sync_folder, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

FOLDER = "projects"
FILE = "slice.json"
COMPOSE = "compose.json"
ROLLOUT = "rollout.json"
PREVIOUS = "previous"
SCHEMA = 2
MOST_GENERATION = 2**52
"""A higher one is damage: no fleet gets there, and there must be room for those after it."""
_KEPT_AS = ".v1"


def slice_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """{"projects": {name: the value of `applied`}}."""
    request.only(args)
    return {"projects": all_applied(identity.require(args)["fleet_id"])}


def all_applied(fleet_id: str) -> Dict[str, Dict[str, Any]]:
    """The value of `applied` for each project that this fleet has ever applied here."""
    found = {name: _read(name, fleet_id) for name in _present()}
    return {name: known for name, known in found.items() if known is not None}


def applied(project: str, fleet_id: str) -> Dict[str, Any]:
    """{"slice", "generation", "plan_hash"} of the last accepted request; null, 0, null before the first.
    The slice of an agent of protocol 1 has schema 1."""
    return _read(project, fleet_id) or {"slice": None, "generation": 0, "plan_hash": None}


def has_rollout(project: str) -> bool:
    """Whether anything is kept of a rollout of the project."""
    return os.path.exists(path(FOLDER, project, ROLLOUT))


def keep_of(job: Dict[str, Any]) -> None:
    """Sets the desired state of the project to the content of an accepted job."""
    project = str(job["project"])
    if "compose" in job:
        # Its patterns are compiled at the import, which would double what a heartbeat costs.
        from . import composefile

        write_json(composefile.as_run(job["compose"], identity.engine_limits()), FOLDER, project, COMPOSE)
        content, plan_hash = job["slice"], job["plan_hash"]
    else:
        content = _without(job)
        plan_hash = digest(content)
    known = {"slice": content, "generation": job["generation"], "plan_hash": plan_hash}
    write_json(known, FOLDER, project, FILE)
    if project == PROJECT:
        _set_old_files_aside()


def forget(project: str) -> None:
    """Removes what is kept of a topology of which nothing is left here."""
    # It imports regular expressions, which take longer than all the rest of a heartbeat.
    import shutil

    place("forget a project")
    # The document holds passwords. Without the slice, no one would be told to remove it.
    try:
        os.unlink(path(FOLDER, project, COMPOSE))
    except OSError:
        pass
    shutil.rmtree(path(FOLDER, project), ignore_errors=True)
    sync_folder(path(FOLDER))


def attachments_of(entry: Dict[str, Any]) -> List[Dict[str, str]]:
    """The attachments, {"network", "address", "mac"}, of a decky in a checked slice of schema 2, its home
    first."""
    return list(entry["decky"]["attachments"])


def on_lan(entry: Dict[str, Any]) -> Optional[Dict[str, str]]:
    """Its attachment to the LAN of the worker, if it has one."""
    return next((each for each in attachments_of(entry) if each["network"] == NETWORK), None)


def resources_of(attachment: Dict[str, str]) -> Tuple[str, str]:
    """The address and the MAC as what only one decky of this worker may have: those of an inner network are
    its own."""
    suffix = "" if attachment["network"] == NETWORK else " on " + attachment["network"]
    return attachment["address"] + suffix, attachment["mac"] + suffix


def home_address(applied_slices: Dict[str, Dict[str, Any]], project: str, decky: str) -> Optional[str]:
    """The decky's address on its home; None if no slice describes it."""
    content = (applied_slices.get(project) or {}).get("slice") or {}
    rows = _attachments(content, decky)
    return next((str(each["address"]) for _, each in rows), None)


def homes(applied_slices: Dict[str, Dict[str, Any]]) -> Iterator[Tuple[str, str, str, str]]:
    """(project, decky, address, MAC) of each attachment to the LAN in slices of either schema."""
    for project, known in applied_slices.items():
        for decky, each in _attachments(known["slice"] or {}):
            if each["network"] == NETWORK:
                yield project, decky, each["address"], each["mac"]


def ways(applied_slices: Dict[str, Dict[str, Any]]) -> Dict[str, str]:
    """Address to the interface by which the LAN of its decky is reached; without those on a bridge, which
    only this machine reaches."""
    found = {}
    for known in applied_slices.values():
        content = known["slice"] or {}
        # A slice of schema 1 has no networks.
        lan = (content.get("networks") or {}).get(NETWORK)
        if isinstance(lan, dict) and lan.get("driver") != "bridge" and lan.get("interface"):
            for _, each in _attachments(content):
                if each["network"] == NETWORK:
                    found[each["address"]] = str(lan["interface"])
    return found


def macs(fleet_id: str) -> Set[str]:
    """The MACs of this worker's deckies."""
    return {mac for _, _, _, mac in homes(all_applied(fleet_id))}


def held_elsewhere(project: str, fleet_id: str) -> Dict[str, str]:
    """Address or MAC on the LAN to its owner, for the deckies of this worker's other projects."""
    return {
        value: "%s of %s" % (decky, name)
        for name, decky, address, mac in homes(all_applied(fleet_id))
        if name != project
        for value in (address, mac)
    }


def _attachments(content: Dict[str, Any], only: Optional[str] = None) -> Iterator[Tuple[str, Dict[str, str]]]:
    """Each decky of a slice of either schema, or this one, with each of its attachments."""
    for name, entry in content["deckies"].items() if content else ():
        decky = entry["decky"]
        for each in decky.get("attachments") or [{"address": decky.get("ip"), "mac": decky.get("mac")}]:
            if only in (None, name):
                network = str(each.get("network", NETWORK))
                yield name, {"network": network, "address": str(each["address"]), "mac": str(each["mac"])}


def _read(project: str, fleet_id: str) -> Optional[Dict[str, Any]]:
    """None if there is no file, a damaged one, or one of a fleet that had this worker before."""
    known = _stored(FOLDER, project, FILE)
    if known is None and project == PROJECT:
        known = _stored(FILE)
    if known is None:
        return None
    content = known["slice"]
    return known if content is None or content.get("fleet_id") == fleet_id else None


def _stored(*parts: str) -> Optional[Dict[str, Any]]:
    """None also for a damaged file: the operator sends a lost slice again."""
    known = read_whole_json(*parts)
    return known if isinstance(known, dict) and _is_valid(known) else None


def _is_valid(known: Dict[str, Any]) -> bool:
    generation, plan_hash, content = (known.get(key, 0) for key in ("generation", "plan_hash", "slice"))
    is_number = isinstance(generation, int) and not isinstance(generation, bool)
    if not is_number or not 0 <= generation <= MOST_GENERATION:
        return False
    if plan_hash is not None and (not isinstance(plan_hash, str) or len(plan_hash) != 64):
        return False
    deckies = content.get("deckies") if isinstance(content, dict) else {} if content is None else None
    return isinstance(deckies, dict) and all(map(_is_entry, deckies.values()))


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("decky"), dict):
        return False
    containers = entry.get("containers")
    return isinstance(containers, dict) and all(
        isinstance(row, dict) and isinstance(row.get("ports", []), list) for row in containers.values()
    )


def _present() -> List[str]:
    try:
        names = sorted(filter(is_project, os.listdir(path(FOLDER))))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    return names if PROJECT in names else [PROJECT, *names]


def _without(job: Dict[str, Any]) -> Dict[str, Any]:
    """The slice after a teardown of the job's deckies, or of all (None), in the same schema."""
    known = {key: job[key] for key in ("project", "fleet_id", "worker_id")}
    empty = dict(known, schema=SCHEMA, networks={}, deckies={})
    content = dict(applied(known["project"], known["fleet_id"])["slice"] or empty)
    gone = content["deckies"] if job["only"] is None else job["only"]
    content["deckies"] = {name: each for name, each in content["deckies"].items() if name not in gone}
    return content


def _set_old_files_aside() -> None:
    old = [name for name in (FILE, COMPOSE) if os.path.exists(path(name))]
    if not old:
        return
    # The new folder must be on disk before the old files are renamed.
    sync_folder(path(FOLDER))
    sync_folder(path())
    for name in old:
        place("rename")
        os.rename(path(name), path(name + _KEPT_AS))
    sync_folder(path())
