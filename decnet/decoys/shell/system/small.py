# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Small programs of a server: lsb_release, faillog, hostid, mountpoint, ldd, pwdx, run-parts, ionice, taskset, chrt, swapoff."""

from __future__ import annotations

import ipaddress
import time

from ..process import Process, Running
from ..text.common import Failure, Options, parse, tool
from .namespaces import util_linux

FAILLOG_USAGE = """Usage: faillog [options]

Options:
  -a, --all                     display faillog records for all users
  -h, --help                    display this help message and exit
  -l, --lock-secs SEC           after failed login lock account for SEC seconds
  -m, --maximum MAX             set maximum failed login counters to MAX
  -r, --reset                   reset the counters of login failures
  -R, --root CHROOT_DIR         directory to chroot into
  -t, --time DAYS               display faillog records more recent than DAYS
  -u, --user LOGIN/RANGE        display faillog record or maintains failure
                                counters and limits (if used with -r, -m,
                                or -l) only for the specified LOGIN(s)

"""
FAILLOG_HEAD = "Login       Failures Maximum Latest                   On\n\n"
PWDX_USAGE = """
Usage:
 pwdx [options] pid...

Options:
 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see pwdx(1).
"""
LIBRARIES = {
    "ls": ("libselinux.so.1", "libpcre2-8.so.0"),
    "sshd": ("libcrypt.so.1", "libpam.so.0", "libcrypto.so.3", "libz.so.1"),
}


@tool
def lsb_release(process: Process) -> Running:
    """The distribution's names."""
    try:
        options = parse(
            process, "hvidrcas", "help=h version=v id=i description=d release=r codename=c all=a short=s"
        )
    except Failure as failure:
        raise Failure(failure.message, 1 if process.shell.world.system.id == "debian" else 2) from None
    system = process.shell.world.system
    full = {"debian": f"Debian GNU/Linux {system.version} ({system.codename})"}.get(system.id, system.name)
    rows = (("i", "Distributor ID", system.id.capitalize()), ("d", "Description", full),
            ("r", "Release", system.version), ("c", "Codename", system.codename))  # fmt: skip
    yield 0.0
    wanted = [row for row in rows if row[0] in options or "a" in options]
    if not wanted or "v" in options or "a" in options:
        process.err("No LSB modules are available.\n") if system.id == "ubuntu" or "a" in options else None
    for _, title, value in wanted:
        process.out(f"{value}\n" if "s" in options else f"{title}:\t{value}\n")
    return 0


@tool
def faillog(process: Process) -> Running:
    """Failed logins, of which pam_faillock keeps none here."""
    try:
        options = parse(
            process, "ahl:m:rR:t:u:", "all=a help=h lock-secs:=l maximum:=m reset=r root:=R time:=t user:=u"
        )
    except Failure as failure:
        process.err(f"faillog: {failure.message}\n{FAILLOG_USAGE}")
        return 2
    yield 0.0
    if "h" in options:
        process.out(FAILLOG_USAGE)
        return 0
    accounts = process.shell.world.accounts
    names = [each.name for each in accounts.users] if "a" in options else options.values("u")
    for name in names:
        if accounts.user(name) is None:
            process.err(f"faillog: user '{name}' does not exist\n")
            return 3
    if names:
        process.out(FAILLOG_HEAD)
    for name in names:
        process.out(f"{name:<9}{0:>8}{0:>9}   01/01/70 00:00:00 +0000  \n")
    return 0


def hostid(process: Process) -> int:
    """gethostid(3): of the address that the host's name has."""
    first, second = (
        ipaddress.IPv4Address("127.0.1.1").packed[:2],
        ipaddress.IPv4Address("127.0.1.1").packed[2:],
    )
    process.out(f"{first[1]:02x}{first[0]:02x}{second[1]:02x}{second[0]:02x}\n")
    return 0


@tool
def mountpoint(process: Process) -> Running:
    """Whether a folder is one."""
    options = parse(process, "dqxhV", "fs-devno=d quiet=q devno=x nofollow help=h version=V")
    yield 0.0
    if "V" in options:
        process.out(util_linux(process))
        return 0
    if len(options.operands) != 1:
        raise Failure("bad usage", hint=True)
    path, shell = options.operands[0], process.shell
    if shell.node(shell.absolute(path)) is None:
        if "q" not in options:
            process.err(f"mountpoint: {path}: No such file or directory\n")
        return 1
    found = any(each.target == shell.real(shell.absolute(path)) for each in shell.mounts())
    if "q" not in options:
        process.out(f"{path} is {'' if found else 'not '}a mountpoint\n")
    return 0 if found else 32


@tool
def ldd(process: Process) -> Running:
    """The libraries of programs."""
    options = parse(process, "druv", "data-relocs=d function-relocs=r unused=u verbose=v help version")
    yield 0.0
    if "version" in options:
        process.out(f"ldd ({_libc(process)}) {_libc(process).split()[-1].split('-')[0]}\n")
        return 0
    if not options.operands:
        process.err("ldd: missing file arguments\nTry `ldd --help' for more information.\n")
        return 1
    status = 0
    for path in options.operands:
        status |= _libraries(process, path, several=len(options.operands) > 1)
    return status


def _libc(process: Process) -> str:
    system, packages = process.shell.world.system, process.shell.world.packages
    found = packages.get("libc6") if packages is not None else None
    return f"{'Ubuntu' if system.id == 'ubuntu' else 'Debian'} GLIBC {found.version if found else '2.36-9'}"


def _libraries(process: Process, path: str, *, several: bool) -> int:
    shell = process.shell
    node = shell.node(shell.absolute(path))
    if several:
        process.out(f"{path}:\n")
    if node is None:
        process.err(f"ldd: {path}: No such file or directory\n")
        return 1
    if not (shell.read(shell.absolute(path)) or "").startswith("\x7fELF"):
        process.err("\tnot a dynamic executable\n")
        return 1
    base = 0x7F0000000000 + process.shell.world.new_pid() * 0x2357000 % 0xFF00000000
    process.out(f"\tlinux-vdso.so.1 (0x{base + 0x8000:016x})\n")
    for name in (*LIBRARIES.get(path.rpartition("/")[2], ()), "libc.so.6"):
        base -= 0x9A000
        process.out(f"\t{name} => /lib/x86_64-linux-gnu/{name} (0x{base:016x})\n")
    process.out(f"\t/lib64/ld-linux-x86-64.so.2 (0x{base + 0x400000:016x})\n")
    return 0


@tool
def pwdx(process: Process) -> Running:
    """The folders of processes."""
    options = parse(process, "hV", "help=h version=V")
    yield 0.0
    if not options.operands:
        process.err(PWDX_USAGE)
        return 1
    status, pids = 0, {str(entry.pid) for entry in process.shell.processes(time.time())}
    for word in options.operands:
        pid = word.removeprefix("/proc/")
        if not pid.isdecimal():
            raise Failure(f"invalid process id: {word}")
        link = process.shell.lstat(f"/proc/{pid}/cwd") if pid in pids else None
        if link is None:
            process.err(f"{word}: No such process\n")
            status = 1
        else:
            process.out(f"{word}: {link.target}\n")
    return status


def run_parts(process: Process) -> Running:
    """The programs of a folder."""
    try:
        options = parse(
            process,
            "u:a:hv",
            "test list verbose=v report reverse exit-on-error umask:=u arg:=a regex: lsbsysinit new-session help=h version",
        )
    except Failure as failure:
        process.err(f"run-parts: {failure.message}\nTry `run-parts --help' for more information.\n")
        return 1
    if not options.operands:
        process.err("run-parts: missing operand\nTry `run-parts --help' for more information.\n")
        return 1
    folder, shell = options.operands[0], process.shell
    node = shell.node(shell.absolute(folder))
    if node is None or not node.folder:
        reason = "No such file or directory" if node is None else "Not a directory"
        process.err(f"run-parts: failed to open directory {folder}: {reason}\n")
        return 1
    status = 0
    for name in sorted(shell.entries(shell.absolute(folder))):
        path = f"{folder.rstrip('/')}/{name}"
        entry = shell.node(shell.absolute(path))
        if entry is None or entry.folder or not name.replace("_", "").replace("-", "").isalnum():
            continue
        if "list" in options or ("test" in options and entry.mode & 0o111):
            process.out(f"{path}\n")
        elif "test" not in options and entry.mode & 0o111:
            status = (yield from process.call([path, *options.values("a")])) or status
    return status


@tool
def ionice(process: Process) -> Running:
    """A command with another priority of its input and output."""
    options = parse(
        process,
        "c:n:p:P:u:thV",
        "class:=c classdata:=n pid:=p pgid:=P uid:=u ignore=t help=h version=V",
        stop=True,
    )
    yield 0.0
    if not options.value("n", "0").isdecimal():
        raise Failure(f"invalid class data argument: '{options.value('n')}'")
    if options.value("c", "0") not in ("0", "1", "2", "3", "none", "realtime", "best-effort", "idle"):
        raise Failure(f"unknown scheduling class: '{options.value('c')}'")
    if options.operands and "p" not in options:
        return (yield from process.call(options.operands))
    if "c" not in options and "n" not in options:
        process.out("none: prio 0\n")
    return 0


@tool
def taskset(process: Process) -> Running:
    """A command on some processors."""
    options = parse(process, "acphV", "all-tasks=a cpu-list=c pid=p help=h version=V", stop=True)
    words, count = options.operands, process.shell.world.processors
    yield 0.0
    if not words or ("p" not in options and len(words) < 2):
        raise Failure("bad usage", hint=True)
    if "p" not in options:
        return (yield from process.call(words[1:]))
    pid, wanted = words[-1], words[0] if len(words) > 1 else ""
    mine = "list" if "c" in options else "mask"
    everything = (
        (f"0-{count - 1}" if count > 2 else "0,1"[: count * 2 - 1])
        if mine == "list"
        else f"{(1 << count) - 1:x}"
    )
    if pid not in {str(entry.pid) for entry in process.shell.processes(time.time())}:
        raise Failure(f"failed to get pid {pid}'s affinity: No such process")
    process.out(f"pid {pid}'s current affinity {mine}: {everything}\n")
    if wanted:
        process.out(f"pid {pid}'s new affinity {mine}: {wanted}\n")
    return 0


@tool
def chrt(process: Process) -> Running:
    """A command with another scheduler."""
    options = parse(
        process,
        "abdfiormphvRT:P:D:V",
        "batch=b deadline=d fifo=f idle=i other=o rr=r max=m pid=p help=h verbose=v version=V",
        stop=True,
    )
    words = options.operands
    yield 0.0
    if "p" in options and len(words) == 1:
        process.out(
            f"pid {words[0]}'s current scheduling policy: SCHED_OTHER\npid {words[0]}'s current scheduling priority: 0\n"
        )
        return 0
    if len(words) < 2:
        raise Failure("bad usage", hint=True)
    return 0 if "p" in options else (yield from process.call(words[1:]))


@tool
def swapoff(process: Process) -> Running:
    """Without swap space: the kernel keeps what it uses."""
    options: Options = parse(process, "ahvV", "all=a help=h verbose=v version=V")
    yield 0.0
    if not options.operands and "a" not in options:
        raise Failure("bad usage", hint=True)
    if process.shell.user != "root":
        raise Failure("Not superuser.")
    status = 0
    for path in options.operands:
        if process.shell.node(process.shell.absolute(path)) is None:
            process.err(f"swapoff: {path}: swapoff failed: No such file or directory\n")
            status = 4
    return status


COMMANDS = {
    "lsb_release": lsb_release, "faillog": faillog, "hostid": hostid, "mountpoint": mountpoint, "ldd": ldd, "pwdx": pwdx,
    "run-parts": run_parts, "ionice": ionice, "taskset": taskset, "chrt": chrt, "swapoff": swapoff,
}  # fmt: skip
