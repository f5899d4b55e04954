# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""What the files of a process in /proc contain, proc(5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..host.descriptors import Holder
from ..host.mount import Mount
from ..host.processes import ProcessEntry
from ..host.unix_sockets import output_inode
from ..host.world import World
from ..visitors import VisitorFiles
from .visit import Visit


class Shell(Protocol):
    """What these files show of the shell that looks at them."""

    world: World
    visit: Visit
    user: str
    own_pid: int
    cwd: str
    files: VisitorFiles

    def environment(self) -> dict[str, str]:
        """The variables that programs get."""

    def mounts(self) -> list[Mount]:
        """What is mounted."""

    def cgroup_of(self, entry: ProcessEntry) -> str:
        """The control group of a process."""

    def processes(self, now: float) -> list[ProcessEntry]:
        """All processes that the visitor can see."""

    def table(self) -> dict[int, ProcessEntry]:
        """The same by number, as they were within the last second."""

    def holders(self) -> dict[int, list[Holder]]:
        """Who has the sockets of the machine, by their inodes."""


HZ = 100
PYTHONS = {
    "11": "3.9",
    "12": "3.11",
    "20.04": "3.8",
    "22.04": "3.10",
    "24.04": "3.12",
    "8.10": "3.6",
    "9.4": "3.9",
}


INIT = {
    "0": "/dev/null", "1": "/dev/null", "2": "/dev/null", "3": "anon_inode:[eventpoll]", "4": "anon_inode:[signalfd]",
    "5": "anon_inode:inotify", "6": "/sys/fs/cgroup", "7": "anon_inode:[timerfd]", "8": "anon_inode:[eventpoll]",
    "9": "/proc/1/mountinfo", "10": "anon_inode:inotify", "11": "/proc/swaps", "12": "anon_inode:inotify",
    "26": "/run/initctl", "31": "anon_inode:[timerfd]", "32": "anon_inode:bpf-prog", "34": "/dev/autofs",
    "35": "anon_inode:bpf-prog", "37": "anon_inode:[timerfd]",
}  # fmt: skip
"""What systemd has open besides sockets."""


def descriptors(shell: Shell, entry: ProcessEntry) -> dict[str, str]:
    """The open files of a process by number."""
    if entry.kernel:
        return {}
    inode = output_inode(entry.pid if entry.ppid == 1 else entry.ppid)
    if entry.terminal != "?":
        terminal = f"/dev/{entry.terminal}"
        return {"0": terminal, "1": terminal, "2": terminal} | (
            {"255": terminal} if entry.name == "bash" else {}
        )
    own = {
        str(each.descriptor): f"socket:[{number}]"
        for number, found in shell.holders().items()
        for each in found
        if each.pid == entry.pid
    }
    if entry.service or entry.unit:
        return {"0": "/dev/null", "1": f"socket:[{inode}]", "2": f"socket:[{inode}]", **own}
    if entry.pid == 1 and own:
        return INIT | own
    if own:
        return {"0": "/dev/null", "1": "/dev/null", "2": "/dev/null", **own}
    return {"0": f"pipe:[{inode}]", "1": f"pipe:[{inode + 1}]", "2": f"pipe:[{inode + 2}]"}


def program_of(shell: Shell, entry: ProcessEntry) -> str:
    """The file that a process executes."""
    system = shell.world.system
    if system.busybox:
        return (
            "/bin/busybox"
            if entry.name not in ("dropbear", "dnsmasq", "netifd", "ubusd")
            else f"/usr/sbin/{entry.name}"
        )
    word = entry.command.split(" ")[0].lstrip("-@").rstrip(":")
    known = {"systemd": "/usr/lib/systemd/systemd", "(sd-pam)": "/usr/lib/systemd/systemd", "sshd": "/usr/sbin/sshd", "nginx": "/usr/sbin/nginx", "dbus-daemon": "/usr/bin/dbus-daemon",
             "dbus-broker": "/usr/bin/dbus-broker", "proftpd": "/usr/sbin/proftpd", "pickup": "/usr/lib/postfix/sbin/pickup",
             "qmgr": "/usr/lib/postfix/sbin/qmgr", "redis-server": "/usr/bin/redis-check-rdb" if system.id != "rocky" else "/usr/bin/redis-server",
             "sh": "/usr/bin/bash" if system.id == "rocky" else "/usr/bin/dash", "awk": "/usr/bin/gawk" if system.id == "rocky" else "/usr/bin/mawk"}  # fmt: skip
    if entry.name in known:
        return known[entry.name]
    if "python" in word:
        return f"/usr/bin/python{PYTHONS.get(system.version, '3.11')}"
    if word.startswith("/"):
        return f"/usr{word}" if word.startswith(("/bin/", "/sbin/", "/lib/")) else word
    return f"/usr/bin/{word}"


def folder_of(shell: Shell, entry: ProcessEntry) -> str:
    return shell.cwd if entry.pid in shell.visit.numbers() else "/"


def _command_line(shell: Shell, entry: ProcessEntry) -> bytes:
    if entry.kernel:
        return b""
    words = shell.visit.words.get(entry.pid)
    text = (
        "\0".join(words)
        if words
        else entry.command
        if entry.command.startswith(("sshd:", "nginx:", "proftpd:"))
        else entry.command.replace(" ", "\0")
    )
    return text.encode("utf-8", "surrogateescape") + b"\0"


def _environment(shell: Shell, entry: ProcessEntry) -> bytes:
    if entry.pid in shell.visit.numbers():
        return "".join(f"{name}={value}\0" for name, value in shell.environment().items()).encode(
            "utf-8", "surrogateescape"
        )
    if entry.pid == 1:
        return (
            b"HOME=/\0init=/sbin/init\0NETWORK_SKIP_ENSLAVED=\0TERM=linux\0BOOT_IMAGE=/boot/vmlinuz-"
            + shell.world.system.kernel.encode()
            + b"\0drop_caps=\0PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\0PWD=/\0rootmnt=/root\0"
        )
    if entry.unit:
        identity = shell.world.persona.bytes_for(f"invocation {entry.unit}", 16).hex()
        return f"LANG=en_US.UTF-8\0PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\0INVOCATION_ID={identity}\0SYSTEMD_EXEC_PID={entry.pid}\0".encode()
    return b""


def _name(entry: ProcessEntry) -> str:
    return entry.command.strip("[]")[:15] if entry.kernel else entry.name


def _comm(shell: Shell, entry: ProcessEntry) -> bytes:
    return (entry.command.strip("[]") if entry.kernel else entry.name).encode(
        "utf-8", "surrogateescape"
    ) + b"\n"


STATES = {
    "S": "S (sleeping)",
    "R": "R (running)",
    "I": "I (idle)",
    "D": "D (disk sleep)",
    "T": "T (stopped)",
    "Z": "Z (zombie)",
}


def _status(shell: Shell, entry: ProcessEntry) -> bytes:
    accounts = shell.world.accounts
    account = accounts.user(entry.user)
    uid, gid = (account.uid, account.gid) if account else (65534, 65534)
    groups = (
        " ".join(str(group.gid) for group in accounts.groups_of(entry.user))
        if uid
        else "0"
        if entry.terminal != "?"
        else ""
    )
    rows = [
        ("Name", _name(entry)), ("Umask", "0000" if entry.pid == 1 else "0022"), ("State", STATES.get(entry.state[:1], "S (sleeping)")), ("Tgid", entry.pid),
        ("Ngid", 0), ("Pid", entry.pid), ("PPid", entry.ppid), ("TracerPid", 0), ("Uid", "\t".join([str(uid)] * 4)), ("Gid", "\t".join([str(gid)] * 4)),
        ("FDSize", 64 if not entry.service else 128), ("Groups", groups + " "), ("NStgid", entry.pid), ("NSpid", entry.pid), ("NSpgid", entry.pid), ("NSsid", entry.pid),
    ]  # fmt: skip
    if entry.virtual:
        data, library = entry.virtual // 9, min(entry.virtual // 2, 4800)
        rows += [(name, f"{value:>8} kB") for name, value in (
            ("VmPeak", entry.virtual + 64), ("VmSize", entry.virtual), ("VmLck", 0), ("VmPin", 0), ("VmHWM", entry.resident + 24), ("VmRSS", entry.resident),
            ("RssAnon", entry.resident // 4), ("RssFile", entry.resident - entry.resident // 4), ("RssShmem", 0), ("VmData", data), ("VmStk", 132),
            ("VmExe", max(16, entry.resident // 6)), ("VmLib", library), ("VmPTE", 52 + entry.virtual // 4000 * 4), ("VmSwap", 0), ("HugetlbPages", 0))]  # fmt: skip
        rows += [("CoreDumping", 0), ("THP_enabled", 1)]
    full = (
        "000001ffffffffff" if not shell.world.system.kernel.startswith(("4.", "5.4")) else "0000003fffffffff"
    )
    caps = full if uid == 0 else "0" * 16
    rows += [
        ("Threads", entry.threads), ("SigQ", f"0/{shell.world.memory_kib // 264}"), ("SigPnd", "0" * 16), ("ShdPnd", "0" * 16), ("SigBlk", "0" * 16), ("SigIgn", "0" * 16),
        ("SigCgt", "0" * 16), ("CapInh", "0" * 16), ("CapPrm", caps), ("CapEff", caps), ("CapBnd", full), ("CapAmb", "0" * 16), ("NoNewPrivs", 0), ("Seccomp", 0),
        ("Seccomp_filters", 0), ("Speculation_Store_Bypass", "thread vulnerable"), ("SpeculationIndirectBranch", "conditional enabled"),
        ("Cpus_allowed", f"{(1 << shell.world.processors) - 1:x}"), ("Cpus_allowed_list", f"0-{shell.world.processors - 1}" if shell.world.processors > 1 else "0"),
        ("Mems_allowed", "00000000," * 31 + "00000001"), ("Mems_allowed_list", 0), ("voluntary_ctxt_switches", int(entry.cpu * 90) + 40),
        ("nonvoluntary_ctxt_switches", int(entry.cpu * 3) + 2),
    ]  # fmt: skip
    return "".join(f"{name}:\t{value}\n" for name, value in rows).encode("utf-8", "surrogateescape")


def _stat(shell: Shell, entry: ProcessEntry) -> bytes:
    ticks, start = int(entry.cpu * HZ), (entry.started - shell.world.booted()) * HZ
    nice, group = entry.nice, 0 if entry.kernel else entry.pid
    fields = [
        entry.ppid, group, group, 0 if entry.terminal == "?" else 34816 + int("0" + entry.terminal.rpartition("/")[2].lstrip("ty")[:3]) if entry.terminal.startswith("pts") else 1025,
        -1 if entry.terminal == "?" else entry.pid, 69238880 if entry.kernel else 4194560, entry.resident // 9, 0, 4, 0, ticks * 3 // 5, ticks * 2 // 5, 0, 0, 20 + nice, nice,
        entry.threads, 0, max(1, start), entry.virtual * 1024, entry.resident // 4, 18446744073709551615, *[0] * 10, 0, 0, 17, entry.pid % shell.world.processors, 0, 0, 0, 0, 0, *[0] * 7, 0,
    ]  # fmt: skip
    return f"{entry.pid} ({_name(entry)}) {entry.state[:1]} {' '.join(map(str, fields))}\n".encode(
        "utf-8", "surrogateescape"
    )


def _cgroup(shell: Shell, entry: ProcessEntry) -> bytes:
    return (shell.cgroup_of(entry) + "\n").encode()


def _mounts(shell: Shell, entry: ProcessEntry) -> bytes:
    return "".join(
        f"{each.source} {each.target} {each.kind} {each.options} 0 0\n" for each in shell.mounts()
    ).encode()


def _mountinfo(shell: Shell, entry: ProcessEntry) -> bytes:
    out, mounts = "", shell.mounts()
    numbers = {each.target: 21 + at for at, each in enumerate(mounts)}
    for each in mounts:
        above = [
            other
            for other in numbers
            if other != each.target and each.target.startswith(other.rstrip("/") + "/")
        ]
        parent = numbers[max(above, key=len)] if above else 1
        device = "8:1" if each.source.startswith("/dev/sda") else f"0:{numbers[each.target]}"
        options, _, rest = each.options.partition(",relatime")
        out += f"{numbers[each.target]} {parent} {device} / {each.target} {options},relatime shared:{numbers[each.target] - 19} - {each.kind} {each.source} rw{rest}\n"
    return out.encode()


def _limits(shell: Shell, entry: ProcessEntry) -> bytes:
    processes = shell.world.memory_kib // 264
    locked = shell.world.memory_kib // 8 * 1024
    files = "524288" if entry.unit and not entry.service else "1048576"
    rows = (("Max cpu time", "unlimited", "unlimited", "seconds"), ("Max file size", "unlimited", "unlimited", "bytes"), ("Max data size", "unlimited", "unlimited", "bytes"),
            ("Max stack size", "8388608", "unlimited", "bytes"), ("Max core file size", "0", "unlimited", "bytes"), ("Max resident set", "unlimited", "unlimited", "bytes"),
            ("Max processes", processes, processes, "processes"), ("Max open files", "1024", files, "files"), ("Max locked memory", locked, locked, "bytes"),
            ("Max address space", "unlimited", "unlimited", "bytes"), ("Max file locks", "unlimited", "unlimited", "locks"), ("Max pending signals", processes, processes, "signals"),
            ("Max msgqueue size", "819200", "819200", "bytes"), ("Max nice priority", "0", "0", ""), ("Max realtime priority", "0", "0", ""), ("Max realtime timeout", "unlimited", "unlimited", "us"))  # fmt: skip
    head = f"{'Limit':<25} {'Soft Limit':<20} {'Hard Limit':<20} {'Units':<10}\n"
    return (
        head
        + "".join(f"{name:<25} {soft!s:<20} {hard!s:<20} {unit:<10}\n" for name, soft, hard, unit in rows)
    ).encode()


def _maps(shell: Shell, entry: ProcessEntry) -> bytes:
    if entry.kernel:
        return b""
    path = program_of(shell, entry)
    raw = int.from_bytes(shell.world.persona.bytes_for(f"maps {entry.pid}", 5), "big")
    base, heap, library = (
        0x550000000000 + raw % 2**40 // 4096 * 4096,
        0x560000000000 + raw % 2**39 // 4096 * 4096,
        0x7F0000000000 + raw % 2**39 // 4096 * 4096,
    )
    inode = 130_000 + len(path) * 977
    libc = (
        "/usr/lib64/libc.so.6" if shell.world.system.id == "rocky" else "/usr/lib/x86_64-linux-gnu/libc.so.6"
    )
    rows = [(base, 0x6000, "r--p", 0, path), (base + 0x6000, 0x14000, "r-xp", 0x6000, path), (base + 0x1A000, 0x7000, "r--p", 0x1A000, path), (base + 0x21000, 0x2000, "rw-p", 0x21000, path),
            (heap, 0x21000, "rw-p", 0, "[heap]"), (library, 0x26000, "r--p", 0, libc), (library + 0x26000, 0x155000, "r-xp", 0x26000, libc), (library + 0x17B000, 0x53000, "r--p", 0x17B000, libc),
            (library + 0x1CE000, 0x6000, "rw-p", 0x1CE000, libc), (0x7FFC00000000 + raw % 2**31 // 4096 * 4096, 0x21000, "rw-p", 0, "[stack]")]  # fmt: skip
    out = ""
    for start, size, mode, offset, name in rows:
        special = name.startswith("[")
        head = f"{start:x}-{start + size:x} {mode} {offset:08x} {'00:00' if special else '08:01'} {0 if special else inode + len(name)}"
        out += f"{head:<72} {name}\n"
    return out.encode()


MADE: dict[str, Callable[[Shell, ProcessEntry], bytes]] = {
    "cmdline": _command_line, "comm": _comm, "environ": _environment, "status": _status, "stat": _stat, "cgroup": _cgroup, "mounts": _mounts, "mountinfo": _mountinfo,
    "limits": _limits, "maps": _maps, "statm": lambda shell, entry: f"{entry.virtual // 4} {entry.resident // 4} {entry.resident // 6} {entry.resident // 24} 0 {entry.virtual // 36} 0\n".encode(),
    "oom_score": lambda shell, entry: b"0\n" if entry.kernel or entry.pid == 1 else b"666\n",
    "oom_score_adj": lambda shell, entry: b"-1000\n" if entry.name in ("sshd", "systemd-udevd") and entry.ppid == 1 else b"0\n",
    "loginuid": lambda shell, entry: b"4294967295" if entry.pid not in shell.visit.numbers() else str(getattr(shell.world.accounts.user(shell.user), "uid", 0)).encode(),
    "sessionid": lambda shell, entry: b"4294967295" if entry.pid not in shell.visit.numbers() else b"1",
    "uid_map": lambda shell, entry: b"         0          0 4294967295\n", "gid_map": lambda shell, entry: b"         0          0 4294967295\n",
    "setgroups": lambda shell, entry: b"allow\n", "wchan": lambda shell, entry: b"0", "autogroup": lambda shell, entry: f"/autogroup-{entry.pid % 200} nice 0\n".encode(),
    "sched": lambda shell, entry: f"{_name(entry)} ({entry.pid}, #threads: {entry.threads})\n{'-' * 67}\nse.exec_start                                 :    {entry.cpu * 1000:>16.6f}\n".encode(),
    "io": lambda shell, entry: f"rchar: {entry.pid * 31}\nwchar: {entry.pid * 7}\nsyscr: 20\nsyscw: 4\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n".encode(),
    "coredump_filter": lambda shell, entry: b"00000033\n", "arch_status": lambda shell, entry: b"", "personality": lambda shell, entry: b"00000000\n", "cpuset": lambda shell, entry: b"/\n",
    "schedstat": lambda shell, entry: f"{int(entry.cpu * 1e9)} {int(entry.cpu * 1e7)} {int(entry.cpu * 90) + 42}\n".encode(),
}  # fmt: skip
