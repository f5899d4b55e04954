# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""The files of processes in /proc, proc(5): made when a visitor looks at one."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..host.node import Node
from ..host.processes import ProcessEntry
from .proc_texts import MADE, Shell, descriptors, folder_of, program_of

LINKS = {"mounts": "self/mounts", "self": "", "thread-self": ""}
NAMES = [
    "arch_status",
    "attr",
    "autogroup",
    "auxv",
    "cgroup",
    "clear_refs",
    "cmdline",
    "comm",
    "coredump_filter",
    "cpu_resctrl_groups",
    "cpuset",
    "cwd",
    "environ",
    "exe",
    "fd",
    "fdinfo",
    "gid_map",
    "io",
    "limits",
    "loginuid",
    "map_files",
    "maps",
    "mem",
    "mountinfo",
    "mounts",
    "mountstats",
    "net",
    "ns",
    "numa_maps",
    "oom_adj",
    "oom_score",
    "oom_score_adj",
    "pagemap",
    "patch_state",
    "personality",
    "projid_map",
    "root",
    "sched",
    "schedstat",
    "sessionid",
    "setgroups",
    "smaps",
    "smaps_rollup",
    "stack",
    "stat",
    "statm",
    "status",
    "syscall",
    "task",
    "timens_offsets",
    "timers",
    "timerslack_ns",
    "uid_map",
    "wchan",
]
FOLDERS = ("attr", "fd", "fdinfo", "map_files", "ns", "task")
NAMESPACES = {"cgroup": 4026531835, "ipc": 4026531839, "mnt": 4026531841, "net": 4026531840, "pid": 4026531836,
              "pid_for_children": 4026531836, "time": 4026531834, "time_for_children": 4026531834, "user": 4026531837,
              "uts": 4026531838}  # fmt: skip
OWNERS_ONLY = frozenset(
    (
        "environ",
        "auxv",
        "io",
        "mem",
        "pagemap",
        "stack",
        "syscall",
        "personality",
        "fd",
        "fdinfo",
        "map_files",
        "ns",
        "patch_state",
        "clear_refs",
    )
)


def node_of(shell: Shell, path: str) -> Node | None:
    """The node at a path below /proc/self or /proc/NUMBER, None if there is none."""
    parts = path.split("/")[2:]
    if parts[0] in ("self", "thread-self") and len(parts) == 1:
        pid = shell.visit.current or shell.own_pid
        target = str(pid) if parts[0] == "self" else f"{pid}/task/{pid}"
        return Node(0o777, target=target, changed=shell.world.booted(), size=0)
    entry = _entry(shell, parts[0])
    if entry is None:
        return None
    if len(parts) > 2 and parts[1] == "task" and parts[2] == parts[0]:
        parts = [parts[0], *parts[3:]]
    if len(parts) == 1:
        return Node(0o555, folder=True, owner=entry.user, changed=entry.started)
    name = parts[1]
    if name not in NAMES:
        return None
    if len(parts) > 2:
        return _inside(shell, entry, name, parts[2]) if len(parts) == 3 else None
    return _of_process(shell, entry, name)


def names_in(shell: Shell, path: str) -> list[str]:
    """The names in a folder of processes: numbers in /proc itself."""
    parts = path.split("/")[2:]
    if not parts:
        return [*(str(entry.pid) for entry in shell.processes(time.time())), "self", "thread-self"]
    if len(parts) > 2 and parts[1] == "task":
        parts = [parts[0], *parts[3:]]
    entry = _entry(shell, parts[0])
    if entry is None:
        return []
    if len(parts) == 1:
        return list(NAMES)
    if parts[1] == "task":
        return [str(entry.pid)]
    if parts[1] == "ns":
        return sorted(NAMESPACES)
    return sorted(descriptors(shell, entry), key=int) if parts[1] in ("fd", "fdinfo") else []


def _entry(shell: Shell, word: str) -> ProcessEntry | None:
    if not word.isdecimal() or len(word) > 9:
        return None
    return shell.table().get(int(word))


def _of_process(shell: Shell, entry: ProcessEntry, name: str) -> Node:
    changed = entry.started
    if name in FOLDERS:
        return Node(0o500 if name in OWNERS_ONLY else 0o555, folder=True, owner=entry.user, changed=changed)
    links: dict[str, Callable[[], str]] = {
        "exe": lambda: program_of(shell, entry), "root": lambda: "/", "cwd": lambda: folder_of(shell, entry),
    }  # fmt: skip
    if name in links:
        target = "" if entry.kernel and name == "exe" else links[name]()
        return (
            Node(0o777, target=target, owner=entry.user, changed=changed, size=0)
            if target
            else Node(0o444, changed=changed)
        )
    if name == "net":
        return Node(0o777, target="/proc/net", changed=changed)
    make = MADE.get(name, _nothing)
    mode = (
        0o400
        if name in OWNERS_ONLY
        else 0o644
        if name in ("comm", "oom_score_adj", "autogroup", "oom_adj")
        else 0o444
    )
    return Node(mode, live=lambda: make(shell, entry), owner=entry.user, changed=changed)


def _nothing(shell: Shell, entry: ProcessEntry) -> bytes:
    return b""


def _inside(shell: Shell, entry: ProcessEntry, name: str, inner: str) -> Node | None:
    if name == "ns" and inner in NAMESPACES:
        return Node(0o777, target=f"{inner.split('_')[0]}:[{NAMESPACES[inner]}]", owner=entry.user, size=0)
    if name in ("fd", "fdinfo"):
        target = descriptors(shell, entry).get(inner)
        if target is None:
            return None
        if name == "fdinfo":
            return Node(
                0o400, live=lambda: b"pos:\t0\nflags:\t0100002\nmnt_id:\t26\nino:\t3\n", owner=entry.user
            )
        reads = target.startswith(("anon_inode:inotify", "/proc/", "/sys/"))
        return Node(
            0o500 if reads else 0o700, target=target, owner=entry.user, changed=entry.started, size=64
        )
    return None
