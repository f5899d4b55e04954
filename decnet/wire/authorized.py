"""The fleet's line in authorized_keys files. Enrolment and the agent use the same functions, so that one
finds what the other wrote."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

USUAL = ".ssh/authorized_keys"
PLACE = "authorized_keys.path"
"""The file below the agent's directory that names another file than the usual one."""


def usual_file() -> str:
    """The file below the user's home directory."""
    import pwd

    return os.path.join(pwd.getpwuid(os.geteuid()).pw_dir, USUAL)


def key_files(home: str) -> List[str]:
    """Every file that may have a line of the fleet, for the agent in `home`."""
    try:
        with open(os.path.join(home, PLACE), encoding="utf-8") as file:
            other = file.read(4096).strip()
    except (OSError, ValueError):
        other = ""
    return [usual_file()] + ([other] if other.startswith("/") else [])


def lines_of(path: str) -> List[bytes]:
    """The file's lines; none if there is no such file."""
    try:
        with open(path, "rb") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def is_fleets(line: bytes, blob: str, command: str) -> bool:
    """Whether the line has the key `blob`, or any fleet's key for the gate of the agent `command`."""
    words = line.split()
    if not words or words[0].startswith(b"#"):
        return False
    return (bool(blob) and blob.encode("ascii") in words) or ('command="%s gate"' % command).encode() in line


def replace_lines(path: str, lines: List[bytes]) -> None:
    """Write the file atomically, with the owner and mode that it has; without the group's rights if it has a
    group that the user is not in. Unchanged if it raises OSError."""
    path = os.path.realpath(path)
    os.makedirs(os.path.dirname(path), mode=0o700 if path.endswith("/" + USUAL) else 0o755, exist_ok=True)
    try:
        found = os.stat(path)
        mode, owner = stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid)
    except FileNotFoundError:
        mode, owner = 0o600, (-1, -1)
    draft = "%s.%d.tmp" % (path, os.getpid())
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if not _has_group(file.fileno(), owner):
                mode &= ~0o070
            os.fchmod(file.fileno(), mode)
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        try:
            os.unlink(draft)
        except OSError:
            pass
        # Of the file itself: the draft means nothing to a reader.
        raise OSError(error.errno, error.strerror, path) from error


def _has_group(descriptor: int, owner: Tuple[int, int]) -> bool:
    """Give a file this owner (uid, gid); whether it has the group, too. Raises OSError."""
    if owner == (os.geteuid(), os.getegid()):
        return True
    try:
        os.fchown(descriptor, *owner)
    except PermissionError:
        if owner[0] != os.geteuid():
            raise
        return False
    return True
