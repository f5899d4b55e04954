"""Removes everything that decnet installed on this worker, and nothing else.

The journal and the event spool stay, for forensics, unless they are to be purged, too.
"""

from __future__ import annotations

import os
import time

from decnet.wire.authorized import key_files

from . import boot, docker, identity, inner_networks, jobs, limits, request, rollouts
from .containers import fleet_containers
from .detach import is_open, run_apart
from .home import home, path
from .network import remove_if_empty
from .removal import remove_containers
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

COMMANDS = ("/usr/local/bin/decnet-agent",)
KEPT = frozenset({"journal.jsonl", "journal.lock", "journal.cursor", "events", "self-destruct.log"})
MADE_FROM = "decnet/root:"
_JOB = "self-destruct"
_PURGE = "purge"
_TRIES = 3


def self_destruct(args: Dict[str, Any]) -> Dict[str, Any]:
    """Start the reaper, a separate process. Raises Refusal `busy` while a job runs."""
    request.only(args, _PURGE)
    purge = request.flag(args, _PURGE)
    known = identity.require(args)
    claim = jobs.Claim(_JOB)
    own = identity.program()

    def work() -> int:
        reap(known, own, purge)
        return 0

    def is_begun() -> bool:
        return not os.path.exists(path(identity.FILE))

    words = ["reap", _PURGE] if purge else ["reap"]
    run_apart(words, claim.descriptors(), "decnet-" + _JOB, path("self-destruct.log"), work, is_begun)
    claim.release()
    return {"started": True}


def resume(argv: List[str]) -> int:
    """`reap [purge] LOCK...`: the reaper in its own systemd scope, with the locks that it has inherited."""
    purge = argv[:1] == [_PURGE]
    argv = argv[1:] if purge else argv
    if not argv or not all(number.isdigit() and is_open(int(number)) for number in argv):
        return 2
    reap(identity.require({}), identity.program(), purge)
    return 0


def reap(known: Dict[str, Any], own: str, purge: bool = False) -> None:
    """Remove the deckies, then the files. While Docker is unreachable the files stay: they record what has to
    be removed."""
    rollouts.forget_all()
    if not _deckies_gone(known["fleet_id"]):
        return
    _images_gone(purge)
    for place in _key_files():
        _close_the_door(place)
    for command in COMMANDS:
        if _is_ours(command):
            _remove(command)
    boot.remove()
    inside = os.path.realpath(home()) + os.sep
    for name in sorted(os.listdir(home())):
        if purge or name not in KEPT:
            _remove(path(name))
    if own.startswith(inside) and os.path.exists(own):
        _remove(own)
    if purge:
        # Also what a verb has written meanwhile. A mount point stays, empty.
        _remove(home())


def without_ours(text: str, agent_home: str) -> str:
    """The lines of an authorized_keys file without those whose forced command is this agent's gate."""
    return "".join(line for line in text.splitlines(keepends=True) if not _is_gate_line(line, agent_home))


def _deckies_gone(fleet_id: str) -> bool:
    docker.start_if_stopped()
    deadline, tries = time.monotonic() + limits.TEARDOWN, 0
    while time.monotonic() < deadline:
        try:
            found = fleet_containers(fleet_id)
            targets = [
                {"project": each.project, "decky": each.decky, "name": each.name, "id": each.id}
                for each in found
            ]
            if not remove_containers(fleet_id, targets, deadline, found) and not fleet_containers(fleet_id):
                remove_if_empty(fleet_id, ())
                tries += 1
                # A container of another program on one of them does not keep the rest.
                if not inner_networks.remove(fleet_id, ()) or tries >= _TRIES:
                    return True
        except (Refusal, docker.EngineError):
            pass
        time.sleep(2)
    return False


def _images_gone(purge: bool) -> None:
    """Images that were sent to this worker. One that a foreign container uses stays; on a machine that builds
    images, their root image stays, too, unless it is to be purged."""
    from .facts import images
    from .image import sent

    try:
        names = [name for name in (*images(), *sent()) if purge or not name.startswith(MADE_FROM)]
    except (Refusal, docker.EngineError):
        return
    for name in names:
        try:
            docker.delete("/images/" + docker.quote(name), {}, limits.CONTROL * 2)
        except (Refusal, docker.EngineError):
            pass


def _is_gate_line(line: str, agent_home: str) -> bool:
    """Only a line in exactly the form that enrolment writes: `restrict,command="<agent> gate" key`."""
    head, quote, rest = line.strip().partition('command="')
    command, closing, _ = rest.partition('"')
    if not quote or not closing or head not in ("restrict,", "") or not command.endswith(" gate"):
        return False
    words = command.split()
    return any(word in COMMANDS or word.startswith(agent_home.rstrip("/") + "/") for word in words[:-1])


def _key_files() -> List[str]:
    """The files that may have our line; none if this process's user is unknown."""
    try:
        return key_files(home())
    except KeyError:
        return []


def _close_the_door(place: str) -> None:
    try:
        with open(place, encoding="utf-8", errors="surrogateescape") as file:
            before = file.read()
        after = without_ours(before, home())
        if after == before:
            return
        draft = place + ".decnet.tmp"
        with open(draft, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        found = os.stat(place)
        os.chmod(draft, found.st_mode & 0o777)
        os.chown(draft, found.st_uid, found.st_gid)
        os.rename(draft, place)
    except OSError:
        return


def _is_ours(command: str) -> bool:
    """A wrapper is ours if it starts the agent of this state directory."""
    try:
        with open(command, "rb") as file:
            return (home() + "/").encode() in file.read(4096)
    except OSError:
        return False


def _remove(place: str) -> None:
    import shutil

    try:
        if os.path.isdir(place) and not os.path.islink(place):
            shutil.rmtree(place, ignore_errors=True)
        else:
            os.unlink(place)
    except OSError:
        pass
