# ruff: noqa: E501, W291 (what real programs print is not broken into shorter lines)
"""ipcs, ipcmk, ipcrm and lsipc (util-linux): System V IPC. A machine has none but what its visitor makes."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, parse
from ..text.packaged import packaged

NOTE, MOST = "ipc", 8
SHM, SEM, MSG = "m", "s", "q"
TITLES = {MSG: "Message Queues", SHM: "Shared Memory Segments", SEM: "Semaphore Arrays"}
COLUMNS = {
    MSG: ("msqid", "used-bytes   messages    "), SHM: ("shmid", "bytes      nattch     status      "),
    SEM: ("semid", "nsems     "),
}  # fmt: skip
NAMES = {"shm": SHM, "msg": MSG, "sem": SEM}
LIMITS = {
    MSG: "\n------ Messages Limits --------\nmax queues system wide = 32000\nmax size of message (bytes) = 8192\ndefault max size of queue (bytes) = 16384\n",
    SHM: "\n------ Shared Memory Limits --------\nmax number of segments = 4096\nmax seg size (kbytes) = 18014398509465599\nmax total shared memory (kbytes) = 18446744073709551612\nmin seg size (bytes) = 1\n",
    SEM: "\n------ Semaphore Limits --------\nmax number of arrays = 32000\nmax semaphores per array = 32000\nmax semaphores system wide = 1024000000\nmax ops per semop call = 500\nsemaphore max value = 32767\n",
}
RESOURCES = (
    ("MSGMNI", "Number of message queues", "32000", MSG), ("MSGMAX", "Max size of message (bytes)", "8K", ""),
    ("MSGMNB", "Default max size of queue (bytes)", "16K", ""), ("SHMMNI", "Shared memory segments", "4096", SHM),
    ("SHMALL", "Shared memory pages", "18446744073692774399", "pages"), ("SHMMAX", "Max size of shared memory segment (bytes)", "16E", ""),
    ("SHMMIN", "Min size of shared memory segment (bytes)", "1B", ""), ("SEMMNI", "Number of semaphore identifiers", "32000", SEM),
    ("SEMMNS", "Total number of semaphores", "1024000000", "sems"), ("SEMMSL", "Max semaphores per semaphore set.", "32000", ""),
    ("SEMOPM", "Max number of operations per semop(2)", "500", ""), ("SEMVMX", "Semaphore max value", "32767", ""),
)  # fmt: skip


@dataclass(frozen=True)
class Resource:
    """One of the visitor's. `size`: bytes, or semaphores."""

    kind: str
    number: int
    key: int
    size: int
    mode: int
    owner: str
    when: int
    pid: int


def resources(shell: Shell) -> list[Resource]:
    """What the visitor has made."""
    rows = [line.split(" ") for line in shell.files.notes.get(NOTE, "").split("\n") if line]
    return [
        Resource(row[0], int(row[1]), int(row[2]), int(row[3]), int(row[4]), row[5], int(row[6]), int(row[7]))
        for row in rows
    ]


def _save(shell: Shell, found: list[Resource]) -> None:
    rows = (f"{r.kind} {r.number} {r.key} {r.size} {r.mode} {r.owner} {r.when} {r.pid}" for r in found)
    shell.files.note(NOTE, "\n".join(rows))


@packaged(bare=True)
def ipcs(process: Process) -> Running:
    """Show queues, segments and semaphores."""
    options = parse(
        process,
        "mqsatpclui:hbV",
        "shmems=m queues=q semaphores=s all=a time=t pid=p creator=c limits=l summary=u human bytes=b id:=i",
    )
    found = resources(process.shell)
    wanted = [kind for kind in TITLES if kind in options] or list(TITLES)
    yield 0.0
    if "i" in options:
        return _one(process, wanted[0], options.value("i"))
    if "l" in options:
        process.out("".join(LIMITS[kind] for kind in wanted) + "\n")
        return 0
    for kind in wanted:
        those = [each for each in found if each.kind == kind]
        if "u" in options:
            process.out(_summary(kind, those))
        elif "p" in options or "t" in options or "c" in options:
            process.out(_more(kind, those, "p" if "p" in options else "t" if "t" in options else "c"))
        else:
            process.out(_listed(kind, those))
    process.out("\n")
    return 0


def _listed(kind: str, found: list[Resource]) -> str:
    name, rest = COLUMNS[kind]
    out = f"\n------ {TITLES[kind]} --------\nkey        {name:<10} owner      perms      {rest}\n"
    for each in found:
        tail = {
            SHM: f"{each.size:<10} 0                       ",
            SEM: f"{each.size:<10}",
            MSG: f"{0:<12} {0:<12}",
        }[kind]
        out += f"0x{each.key:08x} {each.number:<10} {each.owner:<10} {each.mode:<10o} {tail}\n"
    return out


def _summary(kind: str, found: list[Resource]) -> str:
    if kind == MSG:
        return f"\n------ Messages Status --------\nallocated queues = {len(found)}\nused headers = 0\nused space = 0 bytes\n"
    if kind == SEM:
        return f"\n------ Semaphore Status --------\nused arrays = {len(found)}\nallocated semaphores = {sum(each.size for each in found)}\n"
    pages = sum(-(-each.size // 4096) for each in found)
    return (
        f"\n------ Shared Memory Status --------\nsegments allocated {len(found)}\npages allocated {pages}\npages resident  0\n"
        "pages swapped   0\nSwap performance: 0 attempts\t 0 successes\n"
    )


def _more(kind: str, found: list[Resource], what: str) -> str:
    id_ = COLUMNS[kind][0]
    if what == "p":
        title = {
            SHM: "Shared Memory Creator/Last-op PIDs",
            MSG: "Message Queues PIDs",
            SEM: "Semaphore Arrays",
        }[kind]
        columns = "cpid       lpid      " if kind == SHM else "lspid      lrpid     "
        rows = "".join(f"{r.number:<10} {r.owner:<10} {r.pid:<10} {0:<10}\n" for r in found)
        return f"\n------ {title} --------\n{id_:<10} owner      {columns}\n{rows}"
    if what == "t":
        title = {
            SHM: "Shared Memory Attach/Detach/Change Times",
            MSG: "Message Queues Send/Recv/Change Times",
            SEM: "Semaphore Operation/Change Times",
        }[kind]
        columns = {SHM: "attached             detached             changed             ", MSG: "send                 recv                 change              ",
                   SEM: "last-op                    last-changed              "}[kind]  # fmt: skip
        return f"\n------ {title} --------\n{id_:<10} owner      {columns}\n"
    title = {
        SHM: "Shared Memory Segment Creators/Owners",
        MSG: "Message Queues Creators/Owners",
        SEM: "Semaphore Arrays Creators/Owners",
    }[kind]
    rows = "".join(
        f"{r.number:<10} {r.mode:<10o} {r.owner:<10} {r.owner:<10} {r.owner:<10} {r.owner:<10}\n"
        for r in found
    )
    return (
        f"\n------ {title} --------\n{id_:<10} perms      cuid       cgid       uid        gid       \n{rows}"
    )


def _one(process: Process, kind: str, text: str) -> int:
    found = [each for each in resources(process.shell) if each.kind == kind and str(each.number) == text]
    if not found:
        raise Failure(f"id {text} not found", 0)
    process.out(_listed(kind, found) + "\n")
    return 0


@packaged()
def ipcmk(process: Process) -> Running:
    """Make one of them."""
    options = parse(process, "hM:S:Qp:V", "shmem:=M semaphore:=S queue=Q mode:=p help=h version=V")
    shell, found = process.shell, resources(process.shell)
    mode = options.value("p", "0644")
    yield 0.0
    for letter, kind, title in (
        ("M", SHM, "Shared memory"),
        ("Q", MSG, "Message queue"),
        ("S", SEM, "Semaphore"),
    ):
        if letter not in options:
            continue
        size = options.value(letter, "0")
        if letter != "Q" and not size.isdecimal():
            raise Failure(f"failed to parse {'size' if letter == 'M' else 'elements'}: '{size}'")
        number = max((each.number for each in found if each.kind == kind), default=-1) + 1
        if len(found) >= MOST:
            raise Failure(
                f"create {'share memory' if kind == SHM else 'message queue' if kind == MSG else 'semaphore'} failed: No space left on device"
            )
        bits = int(mode, 8) if mode and not set(mode) - set("01234567") else 0o644
        found.append(
            Resource(
                kind,
                number,
                random.getrandbits(32),
                int(size[:12]),
                bits & 0o777,
                shell.user,
                int(time.time()),
                process.pid,
            )
        )
        process.out(f"{title} id: {number}\n")
    _save(shell, found)
    return 0


@packaged()
def ipcrm(process: Process) -> Running:
    """Remove some of them."""
    options = parse(
        process,
        "a::m:M:q:Q:s:S:hvV",
        "shmem-id:=m shmem-key:=M queue-id:=q queue-key:=Q semaphore-id:=s semaphore-key:=S all::=a verbose=v",
    )
    found, status = resources(process.shell), 0
    yield 0.0
    given = list(options.given)
    if options.operands and options.operands[0] in NAMES:
        given = [(NAMES[options.operands[0]], word) for word in options.operands[1:]]
    for letter, value in given:
        if letter == "a":
            found = [each for each in found if value and NAMES.get(value) != each.kind]
            continue
        if letter not in "mqsMQS":
            continue
        by_key, kind = letter.isupper(), letter.lower()
        try:
            number = int(value, 0)
        except ValueError:
            process.err(f"ipcrm: failed to parse argument: '{value}'\n")
            status = 1
            continue
        left = [
            each for each in found if each.kind != kind or (each.key if by_key else each.number) != number
        ]
        if len(left) == len(found):
            process.err(f"ipcrm: invalid {'key' if by_key else 'id'} ({value})\n")
            status = 1
        found = left
    _save(process.shell, found)
    return status


@packaged(bare=True)
def lsipc(process: Process) -> Running:
    """The same as tables."""
    options = parse(
        process,
        "i:gmqsceJlno:PrtbyhV",
        "global=g shmems=m queues=q semaphores=s noheadings noheading=n id:=i",
    )
    found = resources(process.shell)
    wanted = options.last("mqs")
    yield 0.0
    if wanted:
        process.out(
            _table(wanted, [each for each in found if each.kind == wanted], heads="noheadings" not in options)
        )
        return 0
    used = {MSG: len([r for r in found if r.kind == MSG]), SHM: len([r for r in found if r.kind == SHM]), SEM: len([r for r in found if r.kind == SEM]),
            "pages": sum(-(-r.size // 4096) for r in found if r.kind == SHM), "sems": sum(r.size for r in found if r.kind == SEM)}  # fmt: skip
    rows = [] if "noheadings" in options else [["RESOURCE", "DESCRIPTION", "LIMIT", "USED", "USE%"]]
    for name, title, limit, of in RESOURCES:
        share = f"{used[of] * 100 / int(limit):.2f}%" if of else "-"
        rows.append([name, title, limit, str(used[of]) if of else "-", share])
    widths = [max(len(row[at]) for row in rows) for at in range(5)]
    for row in rows:
        cells = [
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        process.out(" ".join(cells) + "\n")
    return 0


def _table(kind: str, found: list[Resource], *, heads: bool) -> str:
    names = {SHM: ["KEY", "ID", "PERMS", "OWNER", "SIZE", "NATTCH", "STATUS", "CTIME", "CPID", "LPID", "COMMAND"],
             MSG: ["KEY", "ID", "PERMS", "OWNER", "USEDBYTES", "MSGS", "LSPID", "LRPID"], SEM: ["KEY", "ID", "PERMS", "OWNER", "NSEMS"]}[kind]  # fmt: skip
    rows = [names] if heads else []
    for each in found:
        bits = "".join("rwx"[at % 3] if each.mode >> 8 - at & 1 else "-" for at in range(9))
        size = (
            f"{each.size // 1024}K"
            if each.size >= 1024 and each.size % 1024 == 0
            else f"{each.size}B"
            if kind == SHM
            else str(each.size)
        )
        tail = {
            SHM: [size, "0", "", time.strftime("%H:%M", time.gmtime(each.when)), str(each.pid), "0", ""],
            MSG: ["0B", "0", "0", "0"],
            SEM: [size],
        }[kind]
        rows.append([f"0x{each.key:08x}", str(each.number), bits, each.owner, *tail])
    if not rows or (not found and heads):
        return " ".join(names) + "\n" if heads else ""
    widths = [max(len(row[at]) for row in rows) for at in range(len(names))]
    right = {"SIZE", "NATTCH", "CTIME", "CPID", "LPID", "OWNER", "NSEMS"}
    lines = (
        [
            cell.rjust(width) if names[at] in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    )
    return "".join(" ".join(cells) + "\n" for cells in lines)


COMMANDS: dict[str, Command] = {"ipcs": ipcs, "ipcmk": ipcmk, "ipcrm": ipcrm, "lsipc": lsipc}
