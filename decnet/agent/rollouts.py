"""What a worker keeps of the rollout that a project's slice was sent with, and its dead man: the slice of
before, which is restored unless the operator confirms the new one in time.

`projects/<name>/rollout.json` is the record, `previous/` next to it the former slice and its compose
document. The record names the dead man's deadline in seconds since the start of the machine, which no change
of the clock moves.
"""

from __future__ import annotations

import fcntl
import os
import time

from decnet.wire import CONFIRM_LEAST, CONFIRM_MOST, LABEL_FINGERPRINT, is_project
from decnet.wire.fault import place

from . import deadman, identity, journal, request, slices
from .home import Damaged, open_lock, path, read_json, read_whole_json, sync_folder, write_json
from .request import Refusal
from .slices import FOLDER, PREVIOUS, ROLLOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    Record = Dict[str, Any]

LOCK = "rollouts.lock"
NONE, ARMED, CONFIRMED, REVERTED, EXPIRED = "none", "armed", "confirmed", "reverted", "expired"
REVERTING = "reverting"
"""While the former slice is being restored; operators see `reverted`."""
_STATES = (NONE, ARMED, CONFIRMED, REVERTED, EXPIRED, REVERTING)
_KEEPING = (ARMED, REVERTING, EXPIRED)
"""The states in which the former slice is kept."""
_KEYS = frozenset({"id", "unit", "former", "to", "seq", "batch", "confirm_within"})
_HEX = frozenset("0123456789abcdef")


def check(args: Dict[str, Any]) -> Optional[Record]:
    """The argument `rollout` of `apply`; None without one. Raises Refusal `usage`."""
    if args.get("rollout") is None:
        return None
    given = request.mapping(args, "rollout")
    if set(given) != _KEYS:
        raise Refusal("usage", "argument rollout: must have %s" % ", ".join(sorted(_KEYS)))
    batch, within = given["batch"], given["confirm_within"]
    return {
        "id": _rollout_id(given),
        "unit": request.text(given, "unit"),
        "former": None if given["former"] is None else _hash(given, "former"),
        "to": _hash(given, "to"),
        "seq": request.whole(given, "seq"),
        "batch": None if batch is None else max(1, request.whole(given, "batch", most=100_000)),
        "confirm_within": None if within is None else _within(within),
    }


def confirm(args: Dict[str, Any]) -> Dict[str, Any]:
    """The verb: what was applied stays. {"state": ...} as in `status`; `none` without a dead man of this
    rollout."""
    request.only(args, "project", "id")
    identity.require(args)
    project, rollout_id = request.project(args), _rollout_id(args)
    if not slices.has_rollout(project):
        return {"state": NONE}
    with Mutex():
        known = read(project)
        if known is None or known["id"] != rollout_id:
            return {"state": NONE}
        if known["state"] == ARMED:
            _write(project, dict(known, state=CONFIRMED, until=None))
            journal.append("", "confirm", None, known["id"], project)
            known = dict(known, state=CONFIRMED)
        if known["state"] == CONFIRMED:
            deadman.stop(project)
            forget_previous(project)
        return {"state": _shown(project, known)["state"]}


def report(projects: List[str]) -> List[Record]:
    """The rollouts of these projects as `status` reports them. A former slice that a killed process has left
    is removed: it holds passwords."""
    found = []
    for project in projects:
        known = read(project)
        if known is None:
            continue
        _collect(project, known)
        found.append(_shown(project, known))
    return found


def _collect(project: str, known: Record) -> None:
    if known["state"] in _KEEPING or not os.path.exists(path(FOLDER, project, PREVIOUS)):
        return
    try:
        with Mutex():
            now = read(project)
            if now is None or now["state"] not in _KEEPING:
                forget_previous(project)
    except OSError:
        # A read-only disk.
        return


class Accepted:
    """Around the change of a project's slice by an accepted job: keeps its rollout, or forgets the one
    before, and arms the dead man first. If the change fails, all is as before."""

    def __init__(self, content: Dict[str, Any]) -> None:
        self._content = content
        self._project = str(content["project"])
        self._wanted: Optional[Record] = content.get("rollout")
        self._is_idle = self._wanted is None and not slices.has_rollout(self._project)

    def __enter__(self) -> None:
        if self._is_idle:
            return
        self._mutex = Mutex()
        self._mutex.__enter__()
        try:
            self._before = read(self._project)
            self._begin()
        except BaseException:
            self._mutex.__exit__()
            raise

    def __exit__(self, kind: object, *_: object) -> None:
        if self._is_idle:
            return
        try:
            if kind is not None:
                self._undo()
            elif self._wanted is None or self._wanted["confirm_within"] is None:
                deadman.stop(self._project)
                forget_previous(self._project)
        finally:
            self._mutex.__exit__()

    def _begin(self) -> None:
        if self._wanted is None:
            _forget_record(self._project)
            return
        record = _record(self._content, self._wanted, self._before)
        if record["state"] == NONE:
            _write(self._project, record)
            return
        self._keep_previous()
        try:
            _write(self._project, record)
            deadman.start(self._project, record["within"])
            journal.append("", "arm", None, record["id"], self._project)
        except BaseException:
            self._undo()
            raise

    def _keep_previous(self) -> None:
        """Keep the applied slice and its document, unless the first ones of this rollout are kept already."""
        wanted, before = self._wanted or {}, self._before
        is_again = before is not None and before["id"] == wanted["id"] and before["state"] in _KEEPING
        if is_again and read_whole_json(FOLDER, self._project, PREVIOUS, slices.FILE) is not None:
            return
        fleet_id = str(self._content["fleet_id"])
        known = slices.applied(self._project, fleet_id)
        document = _document_of(self._project, known["slice"])
        forget_previous(self._project)
        write_json(document, FOLDER, self._project, PREVIOUS, slices.COMPOSE)
        write_json(dict(known, fleet_id=fleet_id), FOLDER, self._project, PREVIOUS, slices.FILE)

    def _undo(self) -> None:
        """As before; a dead man of before continues."""
        before = self._before
        if before is None:
            _forget_record(self._project)
        else:
            _write(self._project, before)
        if before is not None and before["state"] == ARMED:
            deadman.start(self._project, max(1.0, before["until"] - deadman.uptime()))
        else:
            deadman.stop(self._project)
            forget_previous(self._project)


class Mutex:
    """The lock under which records change: a confirmation and the end of the time exclude each other."""

    def __enter__(self) -> None:
        self._descriptor = open_lock(LOCK)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def read(project: str) -> Optional[Record]:
    """The record; None if there is none, or a damaged one."""
    known = read_whole_json(FOLDER, project, ROLLOUT)
    return known if isinstance(known, dict) and _is_valid(known) else None


def update(project: str, **changes: Any) -> None:
    """Change the record, if there still is one. The caller holds the mutex."""
    known = read(project)
    if known is not None:
        _write(project, dict(known, **changes))


def seconds_left(known: Record) -> float:
    """Seconds until the dead man's deadline; less than 0 after it."""
    return float(known["until"]) - deadman.uptime()


def is_armed(known: Optional[Record]) -> bool:
    """Whether its dead man still waits, since this start of the machine."""
    return known is not None and known["state"] == ARMED and known["boot_id"] == identity.boot_id()


def forget_previous(project: str) -> None:
    """Remove the former slice: its document holds passwords."""
    folder = path(FOLDER, project, PREVIOUS)
    try:
        names = os.listdir(folder)
    except OSError:
        return
    place("removal of the former slice")
    for name in names:
        _remove(os.path.join(folder, name))
    try:
        os.rmdir(folder)
    except OSError:
        return


def forget_all() -> None:
    """Disarm every dead man and remove every former slice."""
    try:
        names = os.listdir(path(FOLDER))
    except OSError:
        return
    # Of a topology that is gone only the lock is left.
    known = {name[:-5] if name.endswith(".lock") else name for name in names}
    projects = [name for name in sorted(known) if is_project(name)]
    for project in projects:
        if slices.has_rollout(project):
            with Mutex():
                _forget_record(project)
        deadman.stop(project)
        forget_previous(project)
    deadman.wait_for_ends(projects)


def _record(content: Dict[str, Any], wanted: Record, before: Optional[Record]) -> Record:
    """`sent` is the hash of the slice that it is sent with: of `to`, or of `former` when it is taken back."""
    within = wanted["confirm_within"]
    seq = wanted["seq"]
    if before is not None and before["id"] == wanted["id"]:
        seq = max(seq, before["seq"])
    return {
        **{key: wanted[key] for key in ("id", "unit", "former", "to")},
        "seq": seq,
        "state": NONE if within is None else ARMED,
        "within": within,
        "until": None if within is None else deadman.uptime() + within,
        "boot_id": identity.boot_id(),
        "sent": content["plan_hash"],
        "error": "",
    }


def _document_of(project: str, content: Optional[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    """The compose document of the applied slice. Raises Refusal `failed` if it cannot be restored later."""
    if content is None:
        return None
    try:
        document = read_json(FOLDER, project, slices.COMPOSE)
    except Damaged:
        document = None
    services = document.get("services") if isinstance(document, dict) else None
    if content.get("schema") == slices.SCHEMA and isinstance(services, dict):
        marks = {name: (each.get("labels") or {}).get(LABEL_FINGERPRINT) for name, each in services.items()}
        rows = [row for entry in content["deckies"].values() for row in entry["containers"].items()]
        if all(marks.get(name) == row["fingerprint"] for name, row in rows):
            return dict(document or {})
    raise Refusal(
        "failed",
        "the slice of %s that is applied here cannot be kept for an automatic revert" % project,
        "deploy once without one: --no-confirm",
    )


def _shown(project: str, known: Record) -> Record:
    """The record as operators see it."""
    state, until, error = known["state"], None, known["error"]
    if state in (ARMED, REVERTING):
        has_rebooted = known["boot_id"] != identity.boot_id()
        if has_rebooted or not deadman.is_alive(project):
            why = "the machine was restarted" if has_rebooted else "its timer was ended"
            when = "before it was confirmed" if state == ARMED else "while the former slice was restored"
            state, error = EXPIRED, "%s %s" % (why, when)
        elif state == ARMED:
            until = max(0.0, time.time() + seconds_left(known))
        else:
            state, error = REVERTED, "the former slice is being restored"
    return {
        "project": project,
        **{key: known[key] for key in ("id", "unit", "former", "to", "seq")},
        "state": state,
        "armed_until": until,
        "error": str(error)[:2000],
    }


def _is_valid(known: Record) -> bool:
    """Another program may have written the file: no verb may fail for it."""
    until = known.get("until")
    texts = ("id", "unit", "to", "boot_id", "sent", "error")
    return (
        all(isinstance(known.get(key), str) and len(known[key]) <= 2000 for key in texts)
        and known.get("state") in _STATES
        and isinstance(known.get("former", 0), (str, type(None)))
        and _is_number(known.get("seq"))
        and (_is_number(until) if known["state"] == ARMED else True)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**53


def _write(project: str, record: Record) -> None:
    write_json(record, FOLDER, project, ROLLOUT)


def _forget_record(project: str) -> None:
    place("removal of a rollout")
    _remove(path(FOLDER, project, ROLLOUT))
    sync_folder(path(FOLDER, project))


def _remove(target: str) -> None:
    try:
        os.unlink(target)
    except OSError:
        pass


def _rollout_id(args: Dict[str, Any]) -> str:
    value = request.text(args, "id", 12)
    if len(value) != 12 or not _HEX.issuperset(value):
        raise Refusal("usage", "argument id: must be 12 hexadecimal digits")
    return value


def _hash(args: Dict[str, Any], key: str) -> str:
    value = request.text(args, key, 64)
    if len(value) != 64 or not _HEX.issuperset(value):
        raise Refusal("usage", "argument %s: must be 64 hexadecimal digits" % key)
    return value


def _within(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not CONFIRM_LEAST <= value <= CONFIRM_MOST:
        message = "argument confirm_within: must be seconds from %d to %d"
        raise Refusal("usage", message % (CONFIRM_LEAST, CONFIRM_MOST))
    return float(value)
