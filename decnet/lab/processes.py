"""Which processes are the lab's, how they are started, and how they end without touching another."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from decnet.errors import Failed
from decnet.lab import cgroups
from decnet.lab.guard import held
from decnet.lab.layout import NETNS_FOLDER, Lab, Place
from decnet.lab.shell import environment

# Runs in the machine's own namespaces, where the boot_id is the real one; the pid stays through every exec.
# Its stdin is the lab's lock, held until the record is written.
RECORD_AND_EXEC: Final = 'cat /proc/sys/kernel/random/boot_id "/proc/$$/stat" > "$0" && exec "$@" < /dev/null'

ROLES: Final = ("keeper", "dockerd", "sshd", "vm")

Namespace = tuple[int, int]


@dataclass(frozen=True)
class Process:
    """A process at one moment: `started` (ticks since boot) tells it from a later one of the same pid."""

    pid: int
    name: str
    state: str
    started: int


def launch(place: Place, role: str, argv: list[str]) -> None:
    """Start `argv` as an orphan of its own session; its pid is recorded as `role`, its output logged."""
    record = pid_file(place, role)
    for folder in (record.parent, log_file(place, role).parent):
        folder.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    marks = {"DECNET_LAB_HOME": str(place.lab.folder)}
    with log_file(place, role).open("ab") as log:
        # A failure shows as a record that never comes.
        subprocess.run(
            ["setsid", "--fork", "sh", "-c", RECORD_AND_EXEC, str(record), *argv],
            stdin=next(iter(held()), subprocess.DEVNULL), stdout=log, stderr=log, cwd="/",
            check=False, timeout=20, env=environment() | marks,
        )  # fmt: skip
    deadline = time.monotonic() + 10
    while not _written(record):
        if time.monotonic() > deadline:
            raise Failed(f"{argv[0]} of {place.netns} was not started")
        time.sleep(0.002)


def await_role(
    place: Place, role: str, ready: Callable[[], bool], *, limit: float, pause: float = 0.02
) -> None:
    """Wait until what was launched as `role` is ready; raise Failed with the end of its log.

    `pause` is the time between two looks, in seconds as `limit`.
    """
    deadline = time.monotonic() + limit
    while not ready():
        if not recorded(place, role) or time.monotonic() > deadline:
            log = log_file(place, role)
            words = log.read_text(errors="replace")[-800:].strip() if log.exists() else "it left no log"
            raise Failed(f"{role} of {place.netns} did not come up: {words}", hint=f"its log: {log}")
        time.sleep(pause)


def recorded(place: Place, role: str) -> Process | None:
    """The living process that was recorded as `role`, or None."""
    try:
        boot_id, stat = pid_file(place, role).read_text().split("\n", 1)
        then = parse_stat(stat)
    except (OSError, ValueError, IndexError):
        return None
    if boot_id != Path("/proc/sys/kernel/random/boot_id").read_text().strip():
        return None
    now = look(then.pid)
    return now if now and now.started == then.started else None


def home_of(process: Process) -> str | None:
    """The folder of the lab that started the process, where it was given on."""
    try:
        variables = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    mark = b"DECNET_LAB_HOME="
    return next((os.fsdecode(one.removeprefix(mark)) for one in variables if one.startswith(mark)), None)


def pid_file(place: Place, role: str) -> Path:
    return place.folder / "pids" / role


def log_file(place: Place, role: str) -> Path:
    return place.folder / "log" / f"{role}.log"


def of_place(place: Place) -> list[Process]:
    """Every living process of one place, its keeper, its engine and its containers included."""
    return list(_matching([place], f"/{place.cgroup}/"))


def of_lab(lab: Lab) -> list[Process]:
    """Every living process of the lab, found by recorded pid, namespace and cgroup."""
    places = [Place(lab, key) for key in keys_on_machine(lab)]
    return list(_matching(places, f"/{lab.cgroup}/"))


def keys_on_machine(lab: Lab) -> list[str]:
    """The keys of all places that left a namespace or a folder, whatever a record says."""
    keys = {path.name.removeprefix(lab.prefix) for path in NETNS_FOLDER.glob(f"{lab.prefix}*")}
    keys |= {path.parent.name for path in lab.folder.glob("*/pids")}
    return sorted(keys)


def end(processes: Iterable[Process], *, number: int = signal.SIGKILL) -> None:
    """Send a signal to each of these, and only if it still is the same process."""
    for process in processes:
        try:
            handle = os.pidfd_open(process.pid)
        except ProcessLookupError:
            continue
        try:
            now = look(process.pid)
            if now and now.started == process.started:
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)


def end_place(place: Place, *, spare: Iterable[Process] = (), limit: float = 20) -> None:
    """SIGKILL everything in the place but `spare`; raise Failed if something outlives `limit` seconds."""
    kept = {process.pid for process in spare}
    _end_all(lambda: [p for p in of_place(place) if p.pid not in kept], place.cgroup, limit)


def end_lab(lab: Lab, *, limit: float = 30) -> None:
    """SIGKILL everything of the lab, dead engines' containers included."""
    _end_all(lambda: of_lab(lab), lab.cgroup, limit)


def gone(process: Process | None, limit: float) -> bool:
    """Wait until this process is gone; False if it outlives `limit` seconds."""
    deadline = time.monotonic() + limit
    while process and (now := look(process.pid)) and now.started == process.started:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def look(pid: int) -> Process | None:
    """The process of that pid, unless there is none or only its zombie."""
    try:
        # A process may give itself a name of any bytes.
        process = parse_stat(Path(f"/proc/{pid}/stat").read_text(errors="replace"))
    except (OSError, ValueError, IndexError):
        return None
    return None if process.state in "ZX" else process


def _written(record: Path) -> bool:
    """Whether the whole record is there: a boot_id and a stat, each a line."""
    try:
        return record.read_text().count("\n") == 2
    except OSError:
        return False


def parse_stat(stat: str) -> Process:
    """/proc/<pid>/stat (proc(5)): the name is in brackets and may hold anything, brackets too."""
    head, _, tail = stat.rpartition(")")
    pid, _, name = head.partition(" (")
    fields = tail.split()
    return Process(int(pid), name, fields[0], int(fields[19]))


def namespace(path: str | Path) -> Namespace | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def _end_all(find: Callable[[], list[Process]], cgroup: str, limit: float) -> None:
    deadline = time.monotonic() + limit
    while left := find():
        if time.monotonic() > deadline:
            names = ", ".join(f"{p.name} ({p.pid})" for p in left[:5])
            raise Failed(f"these processes of the lab do not end: {names}")
        # A frozen process (docker pause) takes its SIGKILL only when it is thawed.
        cgroups.thaw(cgroup)
        end(left)
        time.sleep(0.02)


def _recorded(places: list[Place]) -> list[Process]:
    """All living recorded processes: one that was just started is not yet in its namespace."""
    return [found for one in places for role in ROLES if (found := recorded(one, role))]


def _namespaces(places: list[Place]) -> set[Namespace]:
    found = {namespace(one.netns_path) for one in places}
    found |= {namespace(f"/proc/{process.pid}/ns/net") for process in _recorded(places)}
    found |= {namespace(f"/proc/{one.pid}/ns/mnt") for place in places if (one := recorded(place, "keeper"))}
    # Never the machine's own, nor the one that this program stands in.
    ours = {namespace(f"/proc/{who}/ns/{kind}") for who in ("1", "self") for kind in ("net", "mnt")}
    return {one for one in found - ours if one}


def _matching(places: list[Place], cgroup: str) -> Iterator[Process]:
    namespaces = _namespaces(places)
    pids = {process.pid for process in _recorded(places)}
    for pid in sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        if pid in (1, os.getpid()):
            continue
        theirs = {namespace(f"/proc/{pid}/ns/net"), namespace(f"/proc/{pid}/ns/mnt")}
        if (pid in pids or theirs & namespaces or cgroups.holds(pid, cgroup)) and (process := look(pid)):
            yield process
