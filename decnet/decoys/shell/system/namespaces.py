# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""chroot (coreutils), unshare and nsenter (util-linux)."""

from __future__ import annotations

from ..process import Process, Running
from ..text.common import Failure, parse, quoted, tool

UNSHARE = """map-user: map-group: map-root-user=r map-current-user=c map-auto map-users: map-groups: mount::=m uts::=u ipc::=i
net::=n pid::=p user::=U cgroup::=C time::=T fork=f kill-child:: mount-proc:: propagation: setgroups: keep-caps root:=R wd:=w
setuid:=S setgid:=G monotonic: boottime: help=h version=V"""
NSENTER = """all=a target:=t mount::=m uts::=u ipc::=i net::=n pid::=p cgroup::=C user::=U time::=T setuid::=S setgid::=G
preserve-credentials root::=r wd::=w wdns::=W no-fork=F follow-context=Z help=h version=V"""
NAMESPACES = {
    "m": "mnt", "u": "uts", "i": "ipc", "n": "net", "p": "pid", "C": "cgroup", "U": "user", "T": "time",
}  # fmt: skip
UTIL_LINUX = {
    "11": "2.36.1",
    "12": "2.38.1",
    "20.04": "2.34",
    "22.04": "2.37.2",
    "24.04": "2.39.3",
    "8.10": "2.32.1",
    "9.4": "2.37.4",
}


def util_linux(process: Process) -> str:
    """The version line of a program of util-linux."""
    return f"{process.name} from util-linux {UTIL_LINUX.get(process.shell.world.system.version, '2.38.1')}\n"


@tool
def chroot(process: Process) -> Running:
    """A command in another root: only the machine's own one has programs."""
    options = parse(process, "", "groups: userspec: skip-chdir help version", status=125, stop=True)
    words, shell = options.operands, process.shell
    yield 0.0
    if not words:
        raise Failure("missing operand", 125, hint=True)
    where = shell.absolute(words[0])
    node, shown = shell.node(where), f"cannot change root directory to {_always_quoted(words[0])}"
    if node is None:
        raise Failure(f"{shown}: No such file or directory", 125)
    if not node.folder:
        raise Failure(f"{shown}: Not a directory", 125)
    if shell.user != "root":
        raise Failure(f"{shown}: Operation not permitted", 125)
    command = words[1:] or [shell.variables.get("SHELL", "/bin/sh"), "-i"]
    inside = shell.real(where)
    if inside != "/":
        if "/" not in command[0] or shell.node(f"{inside}{shell.absolute(command[0])}") is None:
            raise Failure(
                f"failed to run command {quoted(process, command[0])}: No such file or directory", 127
            )
        raise Failure(f"failed to run command {quoted(process, command[0])}: Exec format error", 126)
    if not process.context.where(command[0]):
        raise Failure(f"failed to run command {quoted(process, command[0])}: No such file or directory", 127)
    return (yield from process.call(command))


def _always_quoted(text: str) -> str:
    return f"'{text}'"


@tool
def unshare(process: Process) -> Running:
    """A command in new namespaces, which look like the old ones."""
    options = parse(process, "fhVmuinpCTUrcR:w:S:G:", UNSHARE, stop=True)
    yield 0.0
    if "V" in options:
        process.out(util_linux(process))
        return 0
    is_user = process.shell.user != "root" and not any(each in options for each in "Urc")
    if is_user and any(each in options for each in NAMESPACES):
        raise Failure("unshare failed: Operation not permitted")
    return (yield from _run(process, options.operands))


@tool
def nsenter(process: Process) -> Running:
    """A command in the namespaces of another process."""
    options = parse(process, "ahVt:muinpCUTSGr::w::W:FZ", NSENTER, stop=True)
    yield 0.0
    if "V" in options:
        process.out(util_linux(process))
        return 0
    wanted = [letter for letter, value in options.given if letter in NAMESPACES and not value]
    target = options.value("t")
    if target and not target.isdecimal():
        raise Failure(f"failed to parse pid: '{target}'")
    if not target and "a" in options:
        raise Failure("no target PID specified for --all")
    for letter in wanted or (["m"] if "a" in options else []):
        path = f"/proc/{target}/ns/{NAMESPACES[letter]}"
        if not target:
            raise Failure(f"neither filename nor target pid supplied for ns/{NAMESPACES[letter]}")
        if process.shell.lstat(path) is None:
            raise Failure(f"cannot open {path}: No such file or directory")
        if process.shell.user != "root":
            raise Failure(f"cannot open {path}: Permission denied")
    return (yield from _run(process, options.operands))


def _run(process: Process, words: list[str]) -> Running:
    words = words or [process.shell.variables.get("SHELL", "/bin/sh")]
    if not process.context.where(words[0]):
        raise Failure(f"failed to execute {words[0]}: No such file or directory", 127)
    return (yield from process.call(words))


COMMANDS = {"chroot": chroot, "unshare": unshare, "nsenter": nsenter}
