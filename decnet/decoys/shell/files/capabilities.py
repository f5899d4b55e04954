# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""setcap, getcap, getpcaps and capsh (libcap)."""

from __future__ import annotations

from collections.abc import Iterator

from ...host.node import Node
from ..printing import printing, started
from ..process import Command, Process, Running
from ..state import Shell
from ..text.packaged import packaged
from . import facts

NAMES = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
]
"""capabilities(7), by number."""
ALL = (1 << len(NAMES)) - 1
FLAGS = "eip"
NOTE, MOST_NOTED = "capabilities", 20
Sets = dict[str, int]
"""The bits of each flag: e, i and p."""


def names_of(bits: int) -> str:
    """cap_chown,cap_kill"""
    return ",".join(f"cap_{NAMES[at]}" if at < len(NAMES) else str(at) for at in range(64) if bits >> at & 1)


def parsed(text: str) -> Sets | None:
    """cap_from_text(3); None for an invalid text."""
    sets = dict.fromkeys(FLAGS, 0)
    for clause in text[:2000].split():
        at = next((n for n, char in enumerate(clause) if char in "=+-"), -1)
        if at < 0 or (at == 0 and clause[0] != "="):
            return None
        bits = _bits(clause[:at])
        if bits is None or not _apply(sets, bits, clause[at:]):
            return None
    return sets


def _bits(names: str) -> int | None:
    bits = 0
    for name in names.lower().split(","):
        if name in ("", "all"):
            bits |= ALL
        elif name.isdecimal() and int(name) < 64:
            bits |= 1 << int(name)
        elif name.removeprefix("cap_") in NAMES and name.startswith("cap_"):
            bits |= 1 << NAMES.index(name.removeprefix("cap_"))
        else:
            return None
    return bits


def _apply(sets: Sets, bits: int, actions: str) -> bool:
    sign = ""
    for char in actions:
        if char in "=+-":
            sign = char
            for flag in FLAGS if char == "=" else "":
                sets[flag] &= ~bits
        elif char in FLAGS:
            sets[char] = sets[char] & ~bits if sign == "-" else sets[char] | bits
        else:
            return False
    return True


def text_of(sets: Sets) -> str:
    """cap_to_text(3)."""
    groups: dict[str, int] = {}
    for at in range(64):
        flags = "".join(flag for flag in FLAGS if sets[flag] >> at & 1)
        if flags:
            groups[flags] = groups.get(flags, 0) | 1 << at
    if len(groups) == 1 and (flags := next(iter(groups))) and groups[flags] == ALL:
        return f"={flags}"
    return " ".join(f"{names_of(bits)}={flags}" for flags, bits in groups.items()) or "="


def noted(shell: Shell) -> dict[str, str]:
    """What the visitor has set, by path; "": removed."""
    lines = shell.files.notes.get(NOTE, "").split("\n")
    return {where: text for text, tab, where in (line.partition("\t") for line in lines) if tab}


def capabilities_of(process: Process, where: str) -> Sets | None:
    """Those of the file at a path without links; None if it has none."""
    shell = process.shell
    changed = noted(shell).get(where)
    if changed is not None:
        return parsed(changed) if changed and shell.node(where) is not None else None
    return parsed("cap_net_raw=ep") if where in facts.CAPABLE and where not in shell.files.changes else None


@packaged(refuses=False)
def getcap(process: Process) -> Running:
    """The capabilities of files."""
    letters = "".join(word[1:] for word in process.args if word.startswith("-"))
    shell, every = process.shell, "v" in letters
    for path in (word for word in process.args if not word.startswith("-")):
        where = shell.absolute(path)
        if shell.node(where) is None:
            process.err(f"{path} ({facts.MISSING})\n")
            return 1
        for shown in _below(process, path) if "r" in letters else [path]:
            real = shell.real(shell.absolute(shown))
            sets = capabilities_of(process, real)
            if sets is not None:
                process.out(f"{shown} {text_of(sets)}\n")
            elif every:
                process.out(f"{shown}\n")
        yield 0.0
    return 0


def _below(process: Process, path: str) -> Iterator[str]:
    """The files below a folder that may have some, as a walk without links shows them."""
    shell = process.shell
    base = shell.absolute(path).rstrip("/")
    own = [where for where, text in noted(shell).items() if text]
    for where in sorted({*own, *facts.CAPABLE}):
        if shell.node(where) is None or shell.real(where) != where:
            continue
        if where == base:
            yield path
        elif where.startswith(f"{base}/"):
            yield path.rstrip("/") + where[len(base) :]


@packaged(refuses=False)
def setcap(process: Process) -> Running:
    """Give capabilities to files, or take them."""
    words = list(process.args)
    verify = quiet = False
    while words and words[0] in ("-q", "-v"):
        verify, quiet = verify or words[0] == "-v", quiet or words[0] == "-q"
        words.pop(0)
    while words:
        text = words.pop(0)
        if text == "-n" and len(words) > 1:
            words.pop(0)
            continue
        sets = dict.fromkeys(FLAGS, 0) if text == "-r" else parsed(text)
        if sets is None or not words:
            if sets is None:
                process.err("fatal error: Invalid argument\n")
            return (yield from _usage(process, "setcap"))
        status = _set_one(process, words.pop(0), sets, text, verify=verify, quiet=quiet)
        if status:
            return status
    yield 0.0
    return 0


def _usage(process: Process, name: str) -> Running:
    """What a program prints without an argument; 1."""
    known = printing(process.shell, [name]) or printing(process.shell, [name, "--help"])
    if known is not None:
        yield from started(known, process)
    return 1


OLD = ("11", "20.04", "22.04")
"""Systems with libcap before 2.60."""
NO_FILE = "The value of the capability argument is not permitted for a file. Or the file is not a regular (non-symlink) file\n"


def _set_one(process: Process, path: str, sets: Sets, text: str, *, verify: bool, quiet: bool) -> int:
    shell = process.shell
    where = shell.absolute(path)
    node: Node | None = shell.lstat(where)
    real = shell.real(where)
    there = capabilities_of(process, real)
    if verify:
        current = there or dict.fromkeys(FLAGS, 0)
        differs = "".join(flag for flag in "pie" if current[flag] != sets[flag])
        if not quiet:
            process.out(f"{path} differs in [{differs}]\n" if differs else f"{path}: OK\n")
        return int(bool(differs))
    removes = text == "-r"
    reason = facts.why_missing(shell, path)
    if not reason and node is not None and (node.folder or node.target):
        reason = "Invalid argument"
    if not reason and shell.user != "root":
        process.err("unable to set CAP_SETFCAP effective capability: Operation not permitted\n")
        return 1
    if not reason and removes and there is None:
        reason = "No data available"
    if reason:
        what = "remove" if removes else "set"
        if process.shell.world.system.version in OLD and not removes:
            process.err(f"Failed to set capabilities on file `{path}' ({reason})\n{NO_FILE}")
            return 1
        process.err(f"Failed to {what} capabilities on file '{path}': {reason}\n")
        return 1
    every = noted(shell) | {real: "" if removes else text_of(sets)}
    shell.files.note(NOTE, "\n".join(f"{text}\t{where}" for where, text in list(every.items())[-MOST_NOTED:]))
    return 0


@packaged(refuses=False)
def getpcaps(process: Process) -> Running:
    """The capabilities of processes."""
    import time

    shell, status = process.shell, 0
    entries = {str(each.pid): each for each in shell.processes(time.time())}
    for word in process.args:
        entry = entries.get(word)
        if entry is None:
            process.err(
                f"Failed to get cap's for process {word}: (No such process)\n" if word.isdecimal() else ""
            )
            status = 1
            continue
        process.out(f"{word}: {'=ep' if entry.user == 'root' else '='}\n")
    yield 0.0
    return status


@packaged(refuses=False)
def capsh(process: Process) -> Running:
    """Show capabilities, and run a shell with others."""
    root = process.shell.user == "root"
    words = list(process.args)
    while words:
        name, _, value = words.pop(0).partition("=")
        if name == "--decode":
            try:
                bits = int(value, 16) & (1 << 64) - 1
            except ValueError:
                bits = 0
            process.out(f"0x{bits:016x}={names_of(bits)}\n")
        elif name == "--print":
            process.out(_state(process, root=root))
        elif name in ("--has-p", "--has-i", "--has-a", "--has-b", "--supports"):
            known = _bits(value)
            if known is None or (name in ("--has-i", "--has-a") or (name == "--has-p" and not root)):
                process.err(f"cap[{value}] not {'recognized by library' if known is None else 'present'}\n")
                return 1
        elif name == "--explain" and process.shell.world.system.version not in OLD:
            return _explain(process, value)
        elif name in ("--", "=="):
            return (yield from process.call([process.shell.variables.get("SHELL", "/bin/bash"), *words]))
        elif name in (
            "--user",
            "--uid",
            "--gid",
            "--drop",
            "--caps",
            "--inh",
            "--keep",
            "--secbits",
            "--quiet",
            "--groups",
            "--current",
            "--noamb",
            "--shell",
            "--chroot",
        ):
            continue
        else:
            return (yield from _usage(process, "capsh"))
    yield 0.0
    return 0


def _explain(process: Process, name: str) -> int:
    bits = _bits(name)
    if not name or bits is None:
        process.err(f"unrecognised value '{name}'\n")
        return 1
    number = bits.bit_length() - 1
    process.out(f"{name} ({number}) [/proc/self/status:CapXXX: 0x{bits:016x}]\n\n")
    process.out(f"    {EXPLAINED[NAMES[number]]}\n\n" if NAMES[number] in EXPLAINED else "")
    return 0


EXPLAINED = {
    "kill": "Allows a process to send a kill(2) signal to any other\n    process - overriding the limitation that there be a\n    [E]UID match between source and target process.",
    "setuid": "Allows a process to freely manipulate its own UIDs:\n      - arbitrarily set the UID, EUID, REUID and RESUID\n        values\n      - allows the forging of UID credentials passed over a\n        socket",
    "net_raw": "Allows a process to use raw networking:\n      - RAW sockets\n      - PACKET sockets\n      - binding to any address for transparent proxying\n        (also permitted via CAP_NET_ADMIN)",
}


def _state(process: Process, *, root: bool) -> str:
    account = process.shell.world.accounts.user(process.shell.user)
    uid, gid = (account.uid, account.gid) if account else (0, 0)
    group = process.shell.world.accounts.group_of(gid)
    user, name = process.shell.user, group.name if group else ""
    return (
        f"Current: {'=ep' if root else '='}\nBounding set ={names_of(ALL)}\nAmbient set =\nCurrent IAB: \n"
        "Securebits: 00/0x0/1'b0 (no-new-privs=0)\n secure-noroot: no (unlocked)\n secure-no-suid-fixup: no (unlocked)\n"
        " secure-keep-caps: no (unlocked)\n secure-no-ambient-raise: no (unlocked)\n"
        f"uid={uid}({user}) euid={uid}({user})\ngid={gid}({name})\ngroups={gid}({name})\nGuessed mode: {'HYBRID' if user == 'root' else 'HYBRID'} (4)\n"
    )


COMMANDS: dict[str, Command] = {"setcap": setcap, "getcap": getcap, "getpcaps": getpcaps, "capsh": capsh}
