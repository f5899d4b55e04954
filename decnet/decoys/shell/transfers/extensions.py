"""The extensions of OpenSSH's sftp-server, by its version.

Source: the PROTOCOL file and the release notes of OpenSSH; the answers of 9.2p1.
"""

from __future__ import annotations

import re

from ...ssh_strings import Malformed, Reader, string, uint32
from ..state import Shell
from . import packets as no
from .files import Failed, Files
from .handles import Handle, piece_of
from .packets import OK, UNSUPPORTED, Request, named, status

SINCE = (
    ("posix-rename@openssh.com", "1", (4, 8)), ("statvfs@openssh.com", "2", (5, 1)),
    ("fstatvfs@openssh.com", "2", (5, 1)), ("hardlink@openssh.com", "1", (5, 7)),
    ("fsync@openssh.com", "1", (6, 5)), ("lsetstat@openssh.com", "1", (8, 0)),
    ("limits@openssh.com", "1", (8, 5)), ("expand-path@openssh.com", "1", (8, 7)), ("copy-data", "1", (9, 0)),
    ("home-directory", "1", (9, 1)), ("users-groups-by-id@openssh.com", "1", (9, 1)),
)  # fmt: skip
"""Name, its version, and the first release that has it."""
RELEASES = {"debian-11": (8, 4), "debian-12": (9, 2), "ubuntu-20.04": (8, 2), "ubuntu-22.04": (8, 9),
            "ubuntu-24.04": (9, 6), "rocky-8": (8, 0), "rocky-9": (8, 7), "freebsd-13": (9, 3),
            "freebsd-14": (9, 5), "synology": (8, 2), "qnap": (8, 0)}  # fmt: skip
"""The OpenSSH of each system whose service is not ssh, and so has no banner that tells."""
MOST_COPIED = 1024 * 1024
MOST_IDS = 100


def offered(shell: Shell) -> bytes:
    """The pairs of names and versions in the VERSION message."""
    version = _version(shell)
    return b"".join(string(name) + string(number) for name, number, since in SINCE if version >= since)


def extended(files: Files, shell: Shell, handles: dict[bytes, Handle], reader: Request) -> bytes:
    """The answer to an EXTENDED message."""
    name = reader.string().decode("utf-8", "replace")
    known = {each for each, _, since in SINCE if _version(shell) >= since}
    if name not in known:
        return status(UNSUPPORTED)
    if name == "limits@openssh.com":
        sizes = (no.MOST_LENGTH, no.MOST_LENGTH - 1024, no.MOST_LENGTH - 1024, 1019)
        return bytes((no.EXTENDED_REPLY,)) + b"".join(each.to_bytes(8, "big") for each in sizes)
    if name == "posix-rename@openssh.com":
        files.rename(reader.path(), reader.path())
    elif name == "hardlink@openssh.com":
        files.hard_link(reader.path(), reader.path())
    elif name in ("statvfs@openssh.com", "fstatvfs@openssh.com"):
        if name.startswith("f"):
            if handles.get(reader.string()) is None:
                raise Failed("Failure")
        else:
            files.stat(reader.path())
        return _file_system(shell)
    elif name == "fsync@openssh.com":
        if handles.get(reader.string()) is None:
            raise Failed("No such file or directory")
    elif name == "lsetstat@openssh.com":
        _set_link(files, reader)
    elif name == "expand-path@openssh.com":
        return _expanded(files, shell, reader.path())
    elif name == "home-directory":
        account = shell.world.accounts.user(reader.path())
        if account is None:
            raise Failed("Failure")
        return named(account.home)
    elif name == "copy-data":
        _copy(shell, handles, reader)
    else:
        return _names(shell, reader)
    return status(OK)


def _version(shell: Shell) -> tuple[int, int]:
    persona = shell.world.persona
    found = re.match(r"OpenSSH_(\d+)\.(\d+)", persona.banner)
    if found:
        return int(found[1]), int(found[2])
    return next((number for name, number in RELEASES.items() if persona.release.startswith(name)), (9, 2))


def _file_system(shell: Shell) -> bytes:
    """The root's numbers, as statvfs(3) has them."""
    persona = shell.world.persona
    blocks = persona.choice("disk blocks", (5_125_313, 10_284_673, 15_411_008, 25_656_082))
    free = blocks * persona.number("disk free", 35, 85) // 100
    nodes = blocks // 4 // 8192 * 8192
    used = persona.number("disk nodes", 60_000, 190_000)
    identity = int.from_bytes(persona.bytes_for("disk", 8), "big")
    numbers = (
        4096,
        4096,
        blocks,
        free,
        free - blocks // 20,
        nodes,
        nodes - used,
        nodes - used,
        identity,
        0,
        255,
    )
    return bytes((no.EXTENDED_REPLY,)) + b"".join(each.to_bytes(8, "big") for each in numbers)


def _set_link(files: Files, reader: Request) -> None:
    """Attributes of a link itself: its mode cannot be changed, and Linux reports that."""
    path, wanted = reader.path(), reader.attributes()
    if files.lstat(path).target:
        if wanted.mode is not None:
            raise Failed("Operation not supported")
        return
    if wanted.mode is not None:
        files.set_mode(path, wanted.mode)
    if wanted.times is not None:
        files.set_time(path, wanted.times[1])
    if wanted.owner is not None:
        files.set_owner(path, *wanted.owner)


def _expanded(files: Files, shell: Shell, path: str) -> bytes:
    if path.startswith("~"):
        name, slash, rest = path[1:].partition("/")
        account = shell.world.accounts.user(name or shell.user)
        if account is None and name:
            message = b"no such user"
            return bytes((no.STATUS,)) + uint32(2) + string(message) + string("")
        home = account.home if account is not None else shell.world.home(shell.user)
        path = home + slash + rest
    return named(files.real(path))


def _copy(shell: Shell, handles: dict[bytes, Handle], reader: Request) -> None:
    """From one open file to another. The two must differ; 0: up to the end."""
    source, start, length = reader.string(), reader.number(8), reader.number(8)
    goal, offset = reader.string(), reader.number(8)
    reads, writes = handles.get(source), handles.get(goal)
    if source == goal or reads is None or writes is None or writes.update is None:
        raise Failed("Failure")
    node = shell.node(reads.path) or reads.node
    wanted = min(length or node.bytes, max(0, node.bytes - start))
    if wanted > MOST_COPIED:
        raise Failed("No space left on device")
    reason = writes.update.write_at(offset, piece_of(shell, reads.path, node, start, wanted))
    if reason:
        raise Failed(reason)


def _names(shell: Shell, reader: Request) -> bytes:
    """The names of users and of groups by their numbers; "" for an unknown one."""
    accounts = shell.world.accounts
    users, groups = Reader(reader.string()), Reader(reader.string())
    parts = []
    for ids, known in ((users, accounts.user_of), (groups, accounts.group_of)):
        found = b""
        for _ in range(MOST_IDS):
            try:
                one = known(ids.number())
            except Malformed:
                break
            found += string(one.name if one is not None else "")
        parts.append(string(found))
    return bytes((no.EXTENDED_REPLY,)) + b"".join(parts)
