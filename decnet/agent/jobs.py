"""Detached jobs: one at a time, each running exactly as long as its lock is held.

`jobs/<id>.json` is the job's state, `jobs/<id>.bundle` its input, `jobs/<id>.lock` the lock that its process
(and the compose process that it started) holds; the running job also holds `jobs/work.lock`.
"""

from __future__ import annotations

import fcntl
import os
import time

from decnet.wire import PROJECT

from . import journal, limits, request, slices
from .home import AGENTS, CURRENT, HELD, Unwritable, ensure, open_lock, path, read_json, write_json
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple

FOLDER = "jobs"
WORK_LOCK = "work.lock"
LOOK = 0.005
"""Seconds between two looks at a lock, each of which takes some microseconds."""
_ROW: Dict[str, Any] = {
    "request_id": str, "operation": str, "deckies": list, "state": str, "done": int, "total": int,
    "current": str, "started": (int, float), "error": str,
}  # fmt: skip


def job_id_of(request_id: str) -> str:
    import hashlib

    return hashlib.sha256(request_id.encode()).hexdigest()[:16]


def lookup(job_id: str) -> Optional[Dict[str, Any]]:
    """The job's row with its current state; None if there is no such job or its row is not readable."""
    row = _row(job_id)
    return None if row is None else dict(row, state=_state(row))


def running_job() -> Optional[str]:
    """The id of the job that holds the lock, if any."""
    if not _is_held(WORK_LOCK):
        return None
    return next((job_id for job_id in _ids() if _is_held(job_id + ".lock")), None)


def deckies_at_work() -> Set[Tuple[str, str]]:
    """(project, decky) of each decky that the running job works on."""
    running = running_job()
    row = None if running is None else _row(running)
    return set() if row is None else {(_project_of(row), decky) for decky in row["deckies"]}


def recent_jobs() -> List[Dict[str, Any]]:
    """The newest jobs as `status` reports them, oldest first, and the running one."""
    chosen, running = _ids()[-limits.JOBS_SHOWN :], running_job()
    if running is not None and running not in chosen:
        chosen.append(running)
    rows = [lookup(job_id) for job_id in chosen]
    return [_answer(row) for row in rows if row is not None]


class Claim:
    """The right to run the one job. Its two locks pass to the job's process by inheritance."""

    def __init__(self, job_id: str) -> None:
        """Raises Refusal `busy` if another job holds it; details.job_id names that job."""
        ensure(FOLDER)
        self.job_id = job_id
        self._held = [open_lock(FOLDER, WORK_LOCK)]
        try:
            fcntl.flock(self._held[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            if error.errno not in HELD:
                raise Unwritable("%s cannot be locked: %s" % (path(FOLDER), error.strerror)) from error
            other = running_job() or ""
            raise Refusal("busy", "another job runs here", None, {"job_id": other}) from error
        self._held.append(open_lock(FOLDER, job_id + ".lock"))
        fcntl.flock(self._held[1], fcntl.LOCK_EX)

    def descriptors(self) -> List[int]:
        return list(self._held)

    def release(self) -> None:
        """Close this process's copies, once. The locks are free when every process has."""
        while self._held:
            os.close(self._held.pop())


def known_job(args: Dict[str, Any], wait: float) -> Optional[Dict[str, Any]]:
    """The state of the job that this request has already started, if any."""
    job_id = job_id_of(request.text(args, "request_id"))
    if lookup(job_id) is None:
        return None
    if wait:
        wait_for_end(job_id, wait)
    row = lookup(job_id)
    return None if row is None else answer(row)


def submit(
    row: Dict[str, Any],
    content: Dict[str, Any],
    claim: Claim,
    wait: float,
    carry_out: Callable[[str, List[int]], int],
) -> Dict[str, Any]:
    """Write the job's files and start `carry_out` (job id, lock descriptors) in a separate process, which
    inherits the locks of the claim; the job's state."""
    job_id = str(row["job_id"])
    store(row, content, _keep)
    _start(job_id, claim, carry_out)
    claim.release()
    if wait:
        wait_for_end(job_id, wait)
    return answer(lookup(job_id) or row)


def store(row: Dict[str, Any], content: Dict[str, Any], keep: Callable[[Dict[str, Any]], None]) -> None:
    """Write the job's files, and let `keep` make its content the desired state; again with more room if the
    disk is full."""
    try:
        create(row, content)
        keep(content)
    except (Unwritable, OSError):
        _make_room()
        create(row, content)
        keep(content)


def _keep(content: Dict[str, Any]) -> None:
    from .rollouts import Accepted

    with Accepted(content):
        slices.keep_of(content)


def _make_room() -> None:
    """On a full disk, delete what the agent can do without, so that deckies can still be healed. The caller
    has claimed the job: no other one reads these files."""
    from .identity import program

    used = {os.path.realpath(path(CURRENT)), program()}
    for name in _names(AGENTS):
        if path(AGENTS, name) not in used:
            _remove(path(AGENTS, name))
    for name in _names(FOLDER):
        if name.endswith(".log"):
            _remove(path(FOLDER, name))
    _forget(_ids()[: -limits.JOBS_SHOWN])


def _names(folder: str) -> List[str]:
    try:
        return os.listdir(path(folder))
    except OSError:
        return []


def _forget(job_ids: List[str]) -> None:
    for job_id in job_ids:
        for ending in (".json", ".bundle", ".lock", ".log"):
            _remove(path(FOLDER, job_id + ending))


def answer(row: Dict[str, Any]) -> Dict[str, Any]:
    """The job as `apply` and `teardown` answer it."""
    report = {key: row[key] for key in ("job_id", "request_id", "state", "generation")}
    return dict(report, project=_project_of(row))


def create(row: Dict[str, Any], bundle: Dict[str, Any]) -> None:
    """Write a new job's files, bundle first, and delete the oldest jobs."""
    known = _ids()
    _forget(known[: -limits.JOBS_KEPT + 1])
    write_json(bundle, FOLDER, row["job_id"] + ".bundle")
    # Also the newest one if the clock was set back.
    at = max(time.time(), _written(known[-1]) + 0.001 if known else 0.0)
    os.utime(path(FOLDER, row["job_id"] + ".bundle"), (at, at))
    write_json(row, FOLDER, row["job_id"] + ".json")


def bundle_of(job_id: str) -> Dict[str, Any]:
    return dict(read_json(FOLDER, job_id + ".bundle"))


def forget_bundle(job_id: str) -> None:
    """Empty the bundle of a finished job, which contains passwords."""
    at = _written(job_id)
    os.truncate(path(FOLDER, job_id + ".bundle"), 0)
    os.utime(path(FOLDER, job_id + ".bundle"), (at, at))


def new_row(
    job_id: str,
    request_id: str,
    operation: str,
    generation: int,
    deckies: List[str],
    project: str = PROJECT,
) -> Dict[str, Any]:
    return {
        "job_id": job_id,
        "request_id": request_id,
        "project": project,
        "operation": operation,
        "generation": generation,
        "deckies": deckies,
        "state": "accepted",
        "done": 0,
        "total": len(deckies),
        "current": "",
        "started": time.time(),
        "error": "",
        "boot_id": "",
        "pid": 0,
        "start_tick": 0,
    }


class Progress:
    """The job's row, written by the job's own process only."""

    def __init__(self, job_id: str) -> None:
        self.row: Dict[str, Any] = dict(read_json(FOLDER, job_id + ".json"))

    def set(self, **changes: Any) -> None:
        changed = {key: value for key, value in changes.items() if self.row.get(key) != value}
        if changed:
            self.row.update(changed)
            write_json(self.row, FOLDER, self.row["job_id"] + ".json")


def wait_for_end(job_id: str, seconds: float) -> None:
    """Return when the job's lock is free, or after so many seconds."""
    _wait_for(job_id + ".lock", seconds)


def wait_until_idle(seconds: float) -> None:
    """Return when no job runs, or after so many seconds."""
    _wait_for(WORK_LOCK, seconds)


def _wait_for(lock: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _is_held(lock) and time.monotonic() < deadline:
        time.sleep(LOOK)


def _start(job_id: str, claim: Claim, carry_out: Callable[[str, List[int]], int]) -> None:
    from .detach import run_apart

    def is_begun() -> bool:
        row = lookup(job_id)
        return row is not None and row["state"] != "accepted"

    run_apart(
        ["job", job_id], claim.descriptors(), "decnet-job-" + job_id, path(FOLDER, job_id + ".log"),
        lambda: carry_out(job_id, claim.descriptors()), is_begun,
    )  # fmt: skip


def _state(row: Dict[str, Any]) -> str:
    """A job that is neither recorded as ended nor running is lost, unless the journal, read after the lock
    was found free, has an end for each of its deckies."""
    if row["state"] in ("done", "failed"):
        return str(row["state"])
    if _is_held(row["job_id"] + ".lock"):
        return str(row["state"])
    again = _row(row["job_id"])
    if again is not None and again["state"] in ("done", "failed"):
        return str(again["state"])
    ends = journal.ends_of(row["request_id"])
    if row["deckies"] and set(row["deckies"]) <= set(ends):
        return "failed" if "failed" in ends.values() else "done"
    return "lost"


def _row(job_id: str) -> Optional[Dict[str, Any]]:
    """The row as it was written; None if it is missing or invalid."""
    try:
        row = read_json(FOLDER, job_id + ".json")
    except Refusal:
        return None
    if not isinstance(row, dict) or row.get("job_id") != job_id:
        return None
    sound = all(isinstance(row.get(key), kind) for key, kind in _ROW.items())
    return row if sound and all(isinstance(decky, str) for decky in row["deckies"]) else None


def _answer(row: Dict[str, Any]) -> Dict[str, Any]:
    shown_state = "running" if row["state"] == "accepted" else row["state"]
    keys = ("job_id", "request_id", "operation", "done", "total", "current", "started", "error")
    return dict({key: row[key] for key in keys}, state=shown_state, project=_project_of(row))


def _project_of(row: Dict[str, Any]) -> str:
    """An agent of protocol 1 had no projects."""
    return str(row.get("project", PROJECT))


def _is_held(name: str) -> bool:
    """Whether that lock is held. The test takes a shared lock, so that two concurrent tests do not see each
    other as the holder."""
    try:
        descriptor = os.open(path(FOLDER, name), os.O_RDONLY | os.O_NOFOLLOW)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError as error:
        # With another error there are no locks on this file system, and no job could be started.
        return error.errno in HELD
    finally:
        os.close(descriptor)


def _ids() -> List[str]:
    """Job ids, the oldest first by the time of their bundle, which is written once."""
    try:
        names = [name[:-7] for name in os.listdir(path(FOLDER)) if name.endswith(".bundle")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(names, key=lambda name: (_written(name), name))


def _written(job_id: str) -> float:
    try:
        return os.stat(path(FOLDER, job_id + ".bundle")).st_mtime
    except OSError:
        return 0.0


def _remove(place: str) -> None:
    try:
        os.unlink(place)
    except OSError:
        pass
