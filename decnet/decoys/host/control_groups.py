"""The control groups of processes: of version 2, or of both versions on a system as old as Ubuntu 20.04."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .processes import ProcessEntry

if TYPE_CHECKING:
    from .world import World

CONTROLLERS = (
    "devices", "perf_event", "memory", "pids", "cpuset", "freezer", "cpu,cpuacct", "blkio",
    "net_cls,net_prio", "hugetlb", "rdma",
)  # fmt: skip
"""Those of version 1, with which systemd 245 mounts them."""
WHOLE = ("memory", "pids", "devices")
"""Controllers in which a unit has a group of its own."""
SHARED = ("cpu,cpuacct", "blkio")
"""Controllers in which it is in the group of its slice."""


def control_groups(world: World, entry: ProcessEntry, user: str, session: int) -> str:
    """The lines of /proc/PID/cgroup; `user` and `session` are those of the login to which it may belong."""
    path = _path(world, entry, user, session)
    if world.system.version != "20.04":
        return f"0::{path}"
    first = len(CONTROLLERS) + 1
    order = sorted(CONTROLLERS, key=lambda name: world.persona.number(f"controller {name}", 0, 2**20))
    lines = [f"{first - at}:{name}:{_in_controller(name, path)}" for at, name in enumerate(order)]
    return "\n".join([*lines, f"1:name=systemd:{path}", f"0::{path}"])


def _in_controller(name: str, path: str) -> str:
    if path == "/init.scope":
        return path if name in WHOLE or name in SHARED else "/"
    if name in WHOLE:
        return path
    return "/" + path.split("/")[1] if name in SHARED else "/"


def _path(world: World, entry: ProcessEntry, user: str, session: int) -> str:
    if entry.kernel or world.system.busybox:
        return "/"
    if entry.pid == 1:
        return "/init.scope"
    if entry.name == "(sd-pam)" or entry.command.endswith("systemd --user"):
        owner = world.number_of(entry.user)
        return f"/user.slice/user-{owner}.slice/user@{owner}.service/init.scope"
    if entry.unit:
        inside = "system-getty.slice/" if entry.unit.startswith("getty@") else ""
        return f"/system.slice/{inside}{entry.unit}"
    account = world.accounts.user(user)
    return f"/user.slice/user-{account.uid if account else 0}.slice/session-{session}.scope"
