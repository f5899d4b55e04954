# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""lsof and fuser."""

from __future__ import annotations

import time

from ...host.printed_versions import version_of
from ...host.processes import ProcessEntry
from ...host.sockets import MAPPED, SocketEntry
from ...host.unix_sockets import UnixSocket, hash_of, unix_sockets
from ..proc_texts import descriptors, program_of
from ..process import Process, Running
from ..text.common import Options, parse, tool
from .finding import send, signal_of

HEAD = ["COMMAND", "PID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME"]
MOST_PROCESSES = 200


@tool
def lsof(process: Process) -> Running:
    """The open files of the processes."""
    options = parse(process, "ac:Cd:D:F::g::hi::lLnNo:OPp:r::Rs::S:tTu:UvVwx:X", "help=h")
    shell = process.shell
    first = options.operands[0] if options.operands else ""
    if (
        "i" in options
        and not options.value("i")
        and first.lower().startswith((":", "tcp", "udp", "@", "4", "6"))
    ):
        options.given.append(("i", options.operands.pop(0)))
    yield 0.0
    for word in options.operands:
        if shell.node(shell.absolute(word)) is None:
            process.err(f"lsof: status error on {word}: No such file or directory\n")
    if "v" in options:
        process.err(
            f"lsof version information:\n    revision: {version_of(process.shell.world.packages, 'lsof', '4.95.0')}\n"
        )
        return 0
    rows: list[list[str]] = []
    pids: list[int] = []
    sockets, entries = shell.world.sockets(), shell.processes(time.time())
    known: dict[str, SocketEntry | UnixSocket] = {f"socket:[{each.inode}]": each for each in sockets}
    known |= {f"socket:[{each.inode}]": each for each in unix_sockets(shell.world.machine, entries)}
    for entry in entries[:MOST_PROCESSES]:
        if shell.user not in ("root", entry.user):
            continue
        found = (
            _sockets(process, sockets, options, entry)
            if "i" in options
            else _files(process, known, options, entry)
        )
        if "U" in options:
            found = [row for row in found if row[4] == "unix"]
        rows += found
        if found:
            pids.append(entry.pid)
        if process.tired:
            yield 0.0
    if "t" in options:
        process.out("".join(f"{pid}\n" for pid in dict.fromkeys(pids)))
    elif rows:
        process.out(_table(rows))
    return 0 if rows else 1


def _wanted(options: Options, entry: ProcessEntry) -> bool:
    numbers = [word for value in options.values("p") for word in value.split(",")]
    users = [word for value in options.values("u") for word in value.split(",")]
    names = options.values("c")
    return (
        (not numbers or str(entry.pid) in numbers)
        and (not users or entry.user in users)
        and (not names or any(entry.name.startswith(name) for name in names))
    )


def _sockets(
    process: Process, sockets: list[SocketEntry], options: Options, entry: ProcessEntry
) -> list[list[str]]:
    if not _wanted(options, entry):
        return []
    pattern = options.value("i").lower()
    protocol = next((name for name in ("tcp", "udp") if pattern.startswith(name)), "")
    port = pattern.rpartition(":")[2] if ":" in pattern else ""
    held = process.shell.holders()
    rows: list[list[str]] = []
    for each in sockets:
        number = next((one.descriptor for one in held.get(each.inode, ()) if one.pid == entry.pid), None)
        if (
            number is None
            or (protocol and not each.protocol.startswith(protocol))
            or (port and not {str(each.port), str(each.peer_port)} & set(port.split(",")))
        ):
            continue
        rows.append([entry.name[:9], str(entry.pid), entry.user[:8], *_of_socket(number, each, options)])
    return rows


def _of_socket(number: int, each: SocketEntry, options: Options) -> list[str]:
    """The columns of a socket from FD on."""

    def end(address: str, port: int) -> str:
        address = "*" if address in ("0.0.0.0", "::") else address.removeprefix(MAPPED)
        host = f"[{address}]" if ":" in address else address
        return f"{host}:{port if 'P' in options else SERVICES.get(port, port)}"

    name = end(each.address, each.port) + (f"->{end(each.peer, each.peer_port)}" if each.peer_port else "")
    state = f" ({each.state})" if each.protocol.startswith("tcp") else ""
    kind = "IPv6" if each.protocol.endswith("6") else "IPv4"
    return [f"{number}u", kind, str(each.inode), "0t0", each.protocol[:3].upper(), name + state]


SERVICES = {
    22: "ssh",
    80: "http",
    443: "https",
    21: "ftp",
    25: "smtp",
    587: "submission",
    161: "snmp",
    3306: "mysql",
    6379: "redis",
    23: "telnet",
}


def _of_unix_socket(number: str, each: UnixSocket) -> list[str]:
    """The columns of a Unix socket from FD on."""
    state = "LISTEN" if each.listens else "CONNECTED" if each.peer else "UNCONNECTED"
    name = f"{each.path} type={each.kind.upper()} ({state})".lstrip()
    return [f"{number}u", "unix", f"0x{hash_of(each.inode):016x}", "0t0", str(each.inode), name]


def _files(
    process: Process, known: dict[str, SocketEntry | UnixSocket], options: Options, entry: ProcessEntry
) -> list[list[str]]:
    shell = process.shell
    if not _wanted(options, entry):
        return []
    head = [entry.name[:9], str(entry.pid), entry.user[:8]]
    folder = shell.cwd if entry.pid in shell.visit.numbers() else "/"
    rows = [[*head, "cwd", "DIR", "8,1", "4096", "2", folder], [*head, "rtd", "DIR", "8,1", "4096", "2", "/"]]
    if entry.kernel:
        rows.append([*head, "txt", "unknown", "", "", "", f"/proc/{entry.pid}/exe"])
    else:
        path = program_of(shell, entry)
        rows.append(
            [
                *head,
                "txt",
                "REG",
                "8,1",
                str(getattr(shell.node(path), "bytes", 0) or 0),
                str(130_000 + len(path) * 977),
                path,
            ]
        )
        for number, target in sorted(descriptors(shell, entry).items(), key=lambda each: int(each[0])):
            socket = known.get(target)
            if isinstance(socket, UnixSocket):
                rows.append([*head, *_of_unix_socket(number, socket)])
                continue
            if socket is not None:
                rows.append([*head, *_of_socket(int(number), socket, options)])
                continue
            kind = (
                "CHR"
                if target.startswith("/dev/")
                else "unix"
                if target.startswith("socket")
                else "FIFO"
                if target.startswith("pipe")
                else "a_inode"
            )
            device = "1,3" if target == "/dev/null" else "136,0" if "pts" in target else "0,9"
            rows.append(
                [
                    *head,
                    f"{number}{'u' if kind != 'FIFO' else 'r'}",
                    kind,
                    device,
                    "0t0",
                    target.partition("[")[2].rstrip("]") if target[:4] in ("sock", "pipe") else "3",
                    target if not target.startswith(("socket:", "pipe:")) else target.partition(":")[0],
                ]
            )
    if options.operands:
        paths = [shell.absolute(word) for word in options.operands]
        rows = [row for row in rows if row[-1] in paths]
    return rows


def _table(rows: list[list[str]]) -> str:
    every = [HEAD, *rows]
    widths = [max(len(row[at]) for row in every) for at in range(9)]
    left = (0, 8)
    return "".join(
        " ".join(
            cell.ljust(width) if at in left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        + "\n"
        for row in every
    )


@tool
def fuser(process: Process) -> Running:
    """The processes that use a file or a port."""
    number = signal_of(process, 9)
    options = parse(
        process,
        "acfIikKlMmn:sSuvVw46",
        "all=a kill=k interactive=i list-signals=l mount=m namespace=n silent=s user=u verbose=v version=V",
    )
    shell = process.shell
    yield 0.0
    if not options.operands:
        process.err(
            "No process specification given\nUsage: fuser [-fIMuvw] [-a|-s] [-4|-6] [-c|-m|-n SPACE]\n             [-k [-i] [-SIGNAL]] NAME...\n"
        )
        return 1
    found_any = False
    for word in options.operands:
        base, slash, protocol = word.partition("/")
        space = protocol if base.isdecimal() and protocol in ("tcp", "udp") else options.value("n")
        if space in ("tcp", "udp"):
            pids = sorted(
                {
                    each.pid
                    for each in shell.world.sockets()
                    if each.pid and str(each.port) == base and each.protocol.startswith(space)
                }
            )
            label = f"{base}/{space}"
        else:
            path = shell.absolute(word)
            if shell.node(path) is None:
                process.err(f"Specified filename {word} does not exist.\n")
                continue
            pids = [
                entry.pid
                for entry in shell.processes(time.time())
                if entry.pid in shell.visit.numbers() and shell.cwd == path
            ]
            label = path
        found_any = found_any or bool(pids)
        if pids and "s" not in options:
            process.err(f"{label + ':':<21}")
            process.out("".join(f"{pid:>6}" for pid in pids))
            process.err("\n")
        if "k" in options:
            for entry in shell.processes(time.time()):
                if entry.pid in pids:
                    send(process, entry, number)
    return 0 if found_any else 1


COMMANDS = {"lsof": lsof, "fuser": fuser}
