# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""systemd-cgls, systemd-cgtop, systemd-run and others that show or make units."""

from __future__ import annotations

import time
import uuid

from ..process import Command, Process, Running
from ..text.common import parse
from ..text.packaged import packaged
from .loaded import find
from .logged_errors import complain


@packaged(bare=True)
def cgls(process: Process) -> Running:
    """The control groups with their processes."""
    options = parse(
        process,
        "ahklM:u::xc",
        "all=a full=l unit::=u user-unit:: xattr::=x cgroup-id::=c machine:=M no-pager help=h version",
    )
    shell = process.shell
    yield 0.0
    if "u" in options:
        names = [options.value("u")] if options.value("u") else options.operands
        for name in names:
            unit = find(shell, name)
            if unit is None:
                full = name if "." in name else f"{name}.service"
                process.err(
                    f"Unit {full} not found.\nFailed to list cgroup tree: No such file or directory\n"
                )
                return 1
            process.out(
                f"Unit {unit.name} (/system.slice/{unit.name}):\n"
                + _tree([(each.pid, each.command) for each in unit.processes], "")
            )
        return 0
    groups: dict[str, list[tuple[int, str]]] = {}
    for entry in shell.processes(time.time()):
        if not entry.kernel:
            groups.setdefault(shell.cgroup_of(entry).removeprefix("0::"), []).append(
                (entry.pid, entry.command)
            )
    process.out("Control group /:\n-.slice\n" + _group(groups, "/", ""))
    return 0


def _tree(found: list[tuple[int, str]], prefix: str) -> str:
    width = max((len(str(pid)) for pid, _ in found), default=0)
    return "".join(
        f"{prefix}{'└─' if at == len(found) - 1 else '├─'}{pid:>{width}} {command}\n"
        for at, (pid, command) in enumerate(found)
    )


def _group(groups: dict[str, list[tuple[int, str]]], path: str, prefix: str) -> str:
    base = path.rstrip("/")
    names = sorted(
        {key[len(base) + 1 :].split("/")[0] for key in groups if key.startswith(f"{base}/") and key != path}
    )
    own = groups.get(path, []) if path != "/" else []
    out = "".join(
        f"{prefix}{'└─' if at == len(own) - 1 and not names else '├─'}{pid} {command}\n"
        for at, (pid, command) in enumerate(own)
    )
    for at, name in enumerate(names):
        last = at == len(names) - 1
        out += (
            f"{prefix}{'└─' if last else '├─'}{name} \n"
            if not own
            else f"{prefix}{'└─' if last else '├─'}{name}\n"
        )
        out += _group(groups, f"{base}/{name}", prefix + ("  " if last else "│ "))
    return out


@packaged(bare=True)
def cgtop(process: Process) -> Running:
    """The control groups by their use, once."""
    shell = process.shell
    counts: dict[str, int] = {"/": 0}
    for entry in shell.processes(time.time()):
        group = shell.cgroup_of(entry).removeprefix("0::")
        counts["/"] += 1
        parts = group.strip("/").split("/")
        for at in range(1, len(parts) + 1 if parts != [""] else 0):
            name = "/".join(parts[:at])
            counts[name] = counts.get(name, 0) + 1
    yield 0.0
    process.out(
        "".join(
            f"{name:<42} {count:>8}      -        -        -        -\n" for name, count in counts.items()
        )
    )
    return 0


@packaged(bare=True)
def cat(process: Process) -> Running:
    """A command whose output goes to the journal."""
    options = parse(
        process, "t:p:h", "identifier:=t priority:=p stderr-priority: level-prefix: help=h version", stop=True
    )
    if not options.operands:
        process.given  # noqa: B018
        return 0
    status, _ = yield from process.output_of(options.operands)
    return status


@packaged(bare=True)
def delta(process: Process) -> Running:
    """What /etc overrides of the packages' units."""
    options = parse(process, "t:h", "diff: type:=t no-pager help=h version")
    shell, kinds = process.shell, options.value("t").split(",") if "t" in options else []
    rows = []
    yield 0.0
    for kind in ("system", "user"):
        for name in shell.entries(f"/etc/systemd/{kind}") if shell.node(f"/etc/systemd/{kind}") else []:
            path = f"/etc/systemd/{kind}/{name}"
            node, below = shell.lstat(path), f"/lib/systemd/{kind}/{name}"
            if node is None or shell.node(below) is None or node.folder:
                continue
            if node.target == "/dev/null":
                rows.append(("masked", f"[MASKED]     {path} → {below}"))
            elif node.target:
                rows.append(("redirected", f"[REDIRECTED] {path} → {below}"))
            else:
                rows.append(("overridden", f"[OVERRIDDEN] {path} → {below}"))
    if options.operands:
        rows = []
    wanted = [text for what, text in rows if not kinds or what in kinds]
    process.out(
        "".join(f"{text}\n" for text in wanted)
        + ("\n" if wanted else "")
        + f"{len(wanted)} overridden configuration files found.\n"
    )
    return 0


NO_BUS = "Failed to connect to bus: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined (consider using --machine=<user>@.host --user to connect to bus of other user)"


@packaged()
def run(process: Process) -> Running:
    """A command as a unit of its own."""
    options = parse(
        process,
        "M:H:p:E:dtPqGrSh",
        "user system scope unit:=u property:=p description: slice: slice-inherit expand-environment: no-block remain-after-exit=r wait send-sighup service-type: uid: gid: nice: working-directory: same-dir=d setenv:=E pty=t pipe=P quiet=q collect=G shell=S on-active: on-boot: on-startup: on-unit-active: on-unit-inactive: on-calendar: timer-property: path-property: socket-property: host:=H machine:=M no-ask-password help=h version",
        stop=True,
    )
    shell = process.shell
    yield 0.0
    if "user" in options and "XDG_RUNTIME_DIR" not in shell.environment():
        complain(
            process,
            NO_BUS if shell.world.system.version == "22.04" else "Failed to connect to bus: No medium found",
        )
        return 1
    if not options.operands:
        complain(process, "Command line to execute required.")
        return 1
    if shell.user != "root" and "user" not in options:
        complain(process, "Failed to start transient service unit: Interactive authentication required.")
        return 1
    name = options.value("u") or f"run-r{uuid.uuid4().hex}"
    if process.context.where(options.operands[0]) is None:
        complain(process, f"Failed to find executable {options.operands[0]}: No such file or directory")
        return 1
    if any(each.startswith("on-") for each, _ in options.given):
        process.err(f"Running timer as unit: {name}.timer\nWill run service as unit: {name}.service\n")
        return 0
    if "scope" in options:
        process.err("" if "q" in options else f"Running scope as unit: {name.removesuffix('.scope')}.scope\n")
        return (yield from process.call(options.operands))
    process.err("" if "q" in options else f"Running as unit: {name.removesuffix('.service')}.service\n")
    if "P" in options or "t" in options:
        return (yield from process.call(options.operands))
    status, _ = yield from process.output_of(options.operands)
    return status if "wait" in options else 0


@packaged(bare=True)
def tmpfiles(process: Process) -> Running:
    """Rules for volatile files: those of the packages have been applied."""
    sysusers = process.name.endswith("sysusers")
    options = parse(
        process,
        "Eh",
        "create clean remove boot user cat-config tldr replace: prefix: exclude-prefix: root: image: dry-run inline no-pager help=h version",
    )
    shell = process.shell
    yield 0.0
    if "cat-config" in options:
        kind = "sysusers.d" if sysusers else "tmpfiles.d"
        names = [
            (name, folder)
            for folder in (f"/usr/lib/{kind}", f"/etc/{kind}")
            if shell.node(folder)
            for name in shell.entries(folder)
            if name.endswith(".conf")
        ]
        process.out(
            "\n".join(
                f"# {folder}/{name}\n{shell.read(f'{folder}/{name}') or ''}" for name, folder in sorted(names)
            )
        )
        return 0
    if not sysusers and not any(each in options for each in ("create", "clean", "remove")):
        complain(process, "You need to specify at least one of --clean, --create or --remove.")
        return 1
    for word in options.operands:
        if shell.node(shell.absolute(word)) is None:
            complain(
                process,
                f"Failed to open '{word}'{', ignoring' if sysusers else ''}: No such file or directory",
            )
            return 1
    return 0


@packaged()
def inhibit(process: Process) -> Running:
    """A command during which the machine does not shut down."""
    options = parse(process, "h", "what: who: why: mode: list no-pager no-legend help=h version", stop=True)
    yield 0.0
    if "list" in options or not options.operands:
        process.out("No inhibitors.\n")
        return 0
    return (yield from process.call(options.operands))


@packaged()
def notify(process: Process) -> Running:
    """Tell the first process that a service is ready: this is none."""
    options = parse(
        process,
        "h",
        "ready reloading stopping pid:: uid: status: booted no-block exec fd: fdname: help=h version",
    )
    yield 0.0
    if "booted" in options:
        return 0
    if not options.given and not options.operands:
        return 1
    process.err("No status data could be sent: $NOTIFY_SOCKET was not set\n")
    return 1


COMMANDS: dict[str, Command] = {
    "systemd-cgls": cgls,
    "systemd-cgtop": cgtop,
    "systemd-cat": cat,
    "systemd-delta": delta,
    "systemd-run": run,
    "systemd-tmpfiles": tmpfiles,
    "systemd-sysusers": tmpfiles,
    "systemd-inhibit": inhibit,
    "systemd-notify": notify,
}
