# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Programs of util-linux for processes: prlimit, setarch, setpriv, choom, lslocks, lsns, lsmem and others."""

from __future__ import annotations

import time

from ...host.processes import ProcessEntry
from ..process import Command, Process, Running
from ..text.common import Failure, parse
from ..text.packaged import packaged
from .databases import accounts_of
from .shown import table

RESOURCES = (
    ("AS", "address space limit", "v", "unlimited", "bytes"), ("CORE", "max core file size", "c", "0:unlimited", "bytes"), ("CPU", "CPU time", "t", "unlimited", "seconds"),
    ("DATA", "max data size", "d", "unlimited", "bytes"), ("FSIZE", "max file size", "f", "unlimited", "bytes"), ("LOCKS", "max number of file locks held", "x", "unlimited", "locks"),
    ("MEMLOCK", "max locked-in-memory address space", "l", "memlock", "bytes"), ("MSGQUEUE", "max bytes in POSIX mqueues", "q", "819200", "bytes"), ("NICE", "max nice prio allowed to raise", "e", "0", ""),
    ("NOFILE", "max number of open files", "n", "1024:1048576", "files"), ("NPROC", "max number of processes", "u", "nproc", "processes"), ("RSS", "max resident set size", "m", "unlimited", "bytes"),
    ("RTPRIO", "max real-time priority", "r", "0", ""), ("RTTIME", "timeout for real-time tasks", "y", "unlimited", "microsecs"), ("SIGPENDING", "max number of pending signals", "i", "nproc", "signals"),
    ("STACK", "max stack size", "s", "8388608:unlimited", "bytes"),
)  # fmt: skip
PRLIMIT_LONG = "pid:=p output:=o noheadings raw verbose help=h version=V " + " ".join(
    f"{row[0].lower()}::={row[2]}" for row in RESOURCES
)
PERSONALITIES = ("uname26", "linux32", "linux64", "i386", "i486", "i586", "i686", "athlon", "x86_64")


def entry_of(process: Process, word: str) -> ProcessEntry | None:
    """The process of a number."""
    return next((each for each in process.shell.processes(time.time()) if str(each.pid) == word), None)


@packaged(bare=True)
def prlimit(process: Process) -> Running:
    """The limits of a process."""
    options = parse(process, "p:o:hV" + "".join(f"{row[2]}::" for row in RESOURCES), PRLIMIT_LONG, stop=True)
    wanted = [row for row in RESOURCES if row[2] in options]
    yield 0.0
    pid = options.value("p")
    if pid and entry_of(process, pid) is None:
        raise Failure(f"failed to get the {(wanted or RESOURCES)[0][0]} resource limit: No such process")
    sets = any(options.value(row[2]) for row in wanted)
    if options.operands:
        return (yield from process.call(options.operands))
    if sets:
        return 0
    columns = (
        options.value("o").upper().split(",")
        if "o" in options
        else ["RESOURCE", "DESCRIPTION", "SOFT", "HARD", "UNITS"]
    )
    rows = [] if "noheadings" in options else [columns]
    for row in wanted or RESOURCES:
        soft, _, hard = _limit(process, row[3]).partition(":")
        cells = {
            "RESOURCE": row[0],
            "DESCRIPTION": row[1],
            "SOFT": soft,
            "HARD": hard or soft,
            "UNITS": row[4],
        }
        if bad := next((each for each in columns if each not in cells), ""):
            raise Failure(f"unknown column: {bad}")
        rows.append([cells[each] for each in columns])
    process.out(table(rows, "".join("r" if each in ("SOFT", "HARD") else "l" for each in columns)))
    return 0


def _limit(process: Process, name: str) -> str:
    kib = process.shell.world.memory_kib
    return {"memlock": str(kib * 1024 // 8 // 4096 * 4096), "nproc": str(kib // 264)}.get(name, name)


@packaged(bare=True, refuses=False)
def setarch(process: Process) -> Running:
    """A command that sees another architecture."""
    name = process.name.rpartition("/")[2]
    words = list(process.args)
    arch = name if name != "setarch" else ""
    yield 0.0
    if words[:1] == ["--list"]:
        process.out("".join(f"{each}\n" for each in PERSONALITIES))
        return 0
    if not arch and words and not words[0].startswith("-"):
        arch = words.pop(0)
    flags = [word for word in words if word.startswith("-")][
        : next((n for n, word in enumerate(words) if not word.startswith("-")), len(words))
    ]
    words = words[len(flags) :]
    if arch and arch not in PERSONALITIES:
        raise Failure(f"{arch}: Unrecognized architecture", hint=True)
    if not arch and not [flag for flag in flags if flag not in ("-v", "--verbose")]:
        raise Failure("no architecture argument or personality flags specified", hint=not flags)
    if (
        arch in ("linux32", "i386", "i486", "i586", "i686", "athlon")
        and words[:1] == ["uname"]
        and any("m" in each for each in words[1:])
    ):
        status, data = yield from process.output_of(words)
        process.out(data.replace(b"x86_64", b"i686"))
        return status
    return (yield from process.call(words or [process.shell.variables.get("SHELL", "/bin/sh")]))


SETPRIV = """dump=d nnp no-new-privs ambient-caps: inh-caps: bounding-set: ruid: euid: rgid: egid: reuid: regid: clear-groups
keep-groups init-groups groups: list-caps securebits: pdeathsig: selinux-label: apparmor-profile: reset-env help=h version=V"""


@packaged(bare=True, refuses=False)
def setpriv(process: Process) -> Running:
    """A command with other rights."""
    options = parse(process, "dhV", SETPRIV, stop=True)
    accounts = accounts_of(process.shell)
    yield 0.0
    if "list-caps" in options:
        from ..files.capabilities import NAMES

        process.out("".join(f"{name}\n" for name in NAMES))
        return 0
    if "d" in options:
        process.out(_dumped(process))
        return 0
    if not options.operands:
        raise Failure("No program specified", hint=False)
    wanted = options.value("reuid") or options.value("ruid")
    user = accounts.user(wanted) or (
        accounts.user_of(int(wanted)) if wanted.isdecimal() and len(wanted) < 10 else None
    )
    if wanted and user is None and not wanted.isdecimal():
        raise Failure(f"failed to parse reuid: '{wanted}'")
    words = list(options.operands)
    if user is not None and user.name != process.shell.user:
        if process.shell.user != "root":
            raise Failure("setresuid failed: Operation not permitted")
        words = ["runuser", "-u", user.name, "--", *words]
    return (yield from process.call(words))


def _dumped(process: Process) -> str:
    from ..files.capabilities import NAMES

    shell = process.shell
    account = shell.world.accounts.user(shell.user)
    uid, gid = (account.uid, account.gid) if account else (0, 0)
    groups = ",".join(str(each.gid) for each in shell.world.accounts.groups_of(shell.user))
    every = ",".join(NAMES)
    return (
        f"uid: {uid}\neuid: {uid}\ngid: {gid}\negid: {gid}\nSupplementary groups: {groups}\nno_new_privs: 0\nEffective capabilities: {every if uid == 0 else '[none]'}\n"
        f"Permitted capabilities: {every if uid == 0 else '[none]'}\nInheritable capabilities: [none]\nAmbient capabilities: [none]\n"
        f"Capability bounding set: {every}\nSecurebits: [none]\nParent death signal: [none]\nAppArmor profile: unconfined\n"
    )


@packaged()
def choom(process: Process) -> Running:
    """The score of a process for the out-of-memory killer."""
    options = parse(process, "n:p:hV", "adjust:=n pid:=p help=h version=V", stop=True)
    pid = options.value("p")
    yield 0.0
    if pid:
        entry = entry_of(process, pid)
        if entry is None:
            raise Failure(
                "failed to read OOM score value: No such file or directory"
                if "n" not in options
                else "failed to read OOM score adjust value: No such file or directory"
            )
        if "n" in options:
            process.out(f"pid {pid}'s OOM score adjust value changed from 0 to {options.value('n')}\n")
            return 0
        score = process.shell.read(f"/proc/{pid}/oom_score") or "666"
        process.out(
            f"pid {pid}'s current OOM score: {score.strip()}\npid {pid}'s current OOM score adjust value: {(process.shell.read(f'/proc/{pid}/oom_score_adj') or '0').strip()}\n"
        )
        return 0
    if "n" not in options or not options.operands:
        raise Failure("bad usage", hint=True)
    return (yield from process.call(options.operands))


@packaged()
def uclampset(process: Process) -> Running:
    """The clamping of a process's utilization."""
    options = parse(
        process, "m:M:ap:sRvhV", "pid:=p all-tasks=a system=s reset-on-fork=R help=h version=V", stop=True
    )
    yield 0.0
    if "p" in options:
        entry = entry_of(process, options.value("p"))
        if entry is None:
            raise Failure("failed to get scheduler attributes: No such process")
        process.out(f"{entry.name} ({entry.pid}) util_clamp: min: 0 max: 1024\n")
        return 0
    return (yield from process.call(options.operands)) if options.operands else 0


COMMANDS: dict[str, Command] = {
    "prlimit": prlimit,
    "setpriv": setpriv,
    "choom": choom,
    "uclampset": uclampset,
    **dict.fromkeys(("setarch", "linux32", "linux64", "i386", "x86_64"), setarch),
}
