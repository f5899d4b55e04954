"""The lab's processes: how they are started, found, and ended without touching any other process."""

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

# Runs in the machine's own namespaces, where the boot_id is the real one; exec keeps the pid.
# Its stdin is the lab's lock, held until the record is written.
RECORD_AND_EXEC: Final = 'cat /proc/sys/kernel/random/boot_id "/proc/$$/stat" > "$0" && exec "$@" < /dev/null'

ROLES: Final = ("keeper", "dockerd", "sshd", "vm")

Namespace = tuple[int, int]


@dataclass(frozen=True)
class Process:
    """A process at one moment; `started` (ticks since boot) distinguishes it from later ones with its pid."""

    pid: int
    name: str
    state: str
    started: int


def launch(place: Place, role: str, argv: list[str]) -> None:
    """Start `argv` detached, in a new session; record its pid as `role` and log its output."""
    record = pid_file(place, role)
    for folder in (record.parent, log_file(place, role).parent):
        folder.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    marks = {"DECNET_LAB_HOME": str(place.lab.folder)}
    with log_file(place, role).open("ab") as log:
        # If it fails, the record is never written.
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
    """Wait until the process launched as `role` is ready. Raises Failed with the end of its log.

    `limit` and `pause`, the time between two checks, are in seconds.
    """
    deadline = time.monotonic() + limit
    while not ready():
        if not recorded(place, role) or time.monotonic() > deadline:
            log = log_file(place, role)
            words = log.read_text(errors="replace")[-800:].strip() if log.exists() else "it wrote no log"
            raise Failed(f"{role} of {place.netns} did not start: {words}", hint=f"its log: {log}")
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
    now = find_process(then.pid)
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
    """Every running process of one place, including its keeper, engine and containers."""
    return list(_matching([place], f"/{place.cgroup}/"))


def of_lab(lab: Lab) -> list[Process]:
    """Every running process of the lab, found by recorded pid, namespace and cgroup."""
    places = [Place(lab, key) for key in keys_on_machine(lab)]
    return list(_matching(places, f"/{lab.cgroup}/"))


def keys_on_machine(lab: Lab) -> list[str]:
    """The keys of all places that have a namespace or a folder, whether recorded or not."""
    keys = {path.name.removeprefix(lab.prefix) for path in NETNS_FOLDER.glob(f"{lab.prefix}*")}
    keys |= {path.parent.name for path in lab.folder.glob("*/pids")}
    return sorted(keys)


def end(processes: Iterable[Process], *, number: int = signal.SIGKILL) -> None:
    """Send a signal to each of these if it is still the same process."""
    for process in processes:
        try:
            handle = os.pidfd_open(process.pid)
        except ProcessLookupError:
            continue
        try:
            now = find_process(process.pid)
            if now and now.started == process.started:
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)


def end_place(place: Place, *, spare: Iterable[Process] = (), limit: float = 20) -> None:
    """SIGKILL everything in the place except `spare`. Raises Failed if one is left after `limit` seconds."""
    kept = {process.pid for process in spare}
    _end_all(lambda: [p for p in of_place(place) if p.pid not in kept], place.cgroup, limit)


def end_lab(lab: Lab, *, limit: float = 30) -> None:
    """SIGKILL everything of the lab, including containers whose engine is dead."""
    _end_all(lambda: of_lab(lab), lab.cgroup, limit)


def wait_until_gone(process: Process | None, limit: float) -> bool:
    """Wait until this process has ended; False if it still runs after `limit` seconds."""
    deadline = time.monotonic() + limit
    while process and (now := find_process(process.pid)) and now.started == process.started:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def find_process(pid: int) -> Process | None:
    """The process with this pid, unless there is none or it is a zombie."""
    try:
        # The name of a process can contain any bytes.
        process = parse_stat(Path(f"/proc/{pid}/stat").read_text(errors="replace"))
    except (OSError, ValueError, IndexError):
        return None
    return None if process.state in "ZX" else process


def _written(record: Path) -> bool:
    """Whether the record is complete: a boot_id and a stat, one line each."""
    try:
        return record.read_text().count("\n") == 2
    except OSError:
        return False


def parse_stat(stat: str) -> Process:
    """Parse /proc/<pid>/stat (proc(5)): the name is in parentheses and can contain parentheses."""
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
            raise Failed(f"these processes of the lab cannot be killed: {names}")
        # A frozen process (docker pause) receives SIGKILL only once it is thawed.
        cgroups.thaw(cgroup)
        end(left)
        time.sleep(0.02)


def _recorded(places: list[Place]) -> list[Process]:
    """All running recorded processes, because one that has just started is not yet in its namespace."""
    return [found for one in places for role in ROLES if (found := recorded(one, role))]


def _namespaces(places: list[Place]) -> set[Namespace]:
    found = {namespace(one.netns_path) for one in places}
    found |= {namespace(f"/proc/{process.pid}/ns/net") for process in _recorded(places)}
    found |= {namespace(f"/proc/{one.pid}/ns/mnt") for place in places if (one := recorded(place, "keeper"))}
    # Never the machine's own namespaces or this program's.
    ours = {namespace(f"/proc/{who}/ns/{kind}") for who in ("1", "self") for kind in ("net", "mnt")}
    return {one for one in found - ours if one}


def _matching(places: list[Place], cgroup: str) -> Iterator[Process]:
    namespaces = _namespaces(places)
    pids = {process.pid for process in _recorded(places)}
    for pid in sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        if pid in (1, os.getpid()):
            continue
        theirs = {namespace(f"/proc/{pid}/ns/net"), namespace(f"/proc/{pid}/ns/mnt")}
        belongs = pid in pids or theirs & namespaces or cgroups.holds(pid, cgroup)
        if belongs and (process := find_process(pid)):
            yield process
