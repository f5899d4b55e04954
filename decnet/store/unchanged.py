"""What a command rested on that found nothing to do, so that its repetition need not work that out again.

A file below `cache/` for each such command: a digest of the program, of the state directory and of the files
that it read, what its workers answered, and what it printed. All is compared by content; only the program's
own files are compared by size and time, as Python does before it uses byte code. Derived: may be deleted.

Standard library only, and little of it: this is imported before everything else.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from decnet.wire import canonical, digest, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

KEPT = 16
"""How many commands are kept; the oldest go first."""
MAX_BYTES = 4 * 1024 * 1024
NOTED_EVERY = 900.0
"""Seconds after which the time of a worker's last contact is written again."""
SKEW_NOTED = 1.0
"""The smallest change of a worker's clock, in seconds, that is written at once."""

_START = "unchanged-"
_OF_DECNET = "DECNET_"
_SURROUNDINGS = (
    *(
        "COLUMNS",
        "FORCE_COLOR",
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LINES",
        "NO_COLOR",
        "PATH",
        "SUDO_UID",
    ),
    *("PYTHONIOENCODING", "PYTHONPATH", "PYTHONUTF8", "TERM", "TZ", "XDG_STATE_HOME"),
)
_FAULTS = ("DECNET_FAULT", "DECNET_AGENT_FAULT")
_CONTENT_SKIPPED = ("events", "deliveries", "cache", "agents")
_FILES_SKIPPED = ("lock", "audit.jsonl", "seen.json")
"""What no decision rests on. Its owners and modes count: a command warns of them."""
_SIZE_ONLY = "keys"


class Basis:
    """Where a command runs and what it was given: `key` names its file."""

    def __init__(self, argv: list[str], root: str) -> None:
        self.root = root
        streams = [_terminal(number) for number in range(3)]
        relevant = {name: os.environ[name] for name in _SURROUNDINGS if name in os.environ}
        relevant |= {name: value for name, value in os.environ.items() if name.startswith(_OF_DECNET)}
        self.key = digest([argv, os.getcwd(), os.geteuid(), streams, relevant])

    @property
    def path(self) -> str:
        return os.path.join(self.root, "cache", f"{_START}{self.key[:32]}.json")


def may_repeat() -> bool:
    """Not while a test has armed a fault."""
    return not any(name in os.environ for name in _FAULTS)


def state_folder() -> str | None:
    """The path of the state directory, as `paths.find_home` finds it; None where that does more."""
    named = os.environ.get("DECNET_HOME", "")
    if named:
        return named if os.path.isabs(named) else None
    if os.getuid() == 0:
        return "/var/lib/decnet"
    state = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):
        user = os.environ.get("HOME", "")
        if not os.path.isabs(user):
            return None
        state = os.path.join(user, ".local/state")
    return os.path.join(state, "decnet")


def load(basis: Basis) -> dict[str, Any] | None:
    """What `keep` stored for it. None if there is nothing, or it is damaged or not ours alone."""
    try:
        descriptor = os.open(basis.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
        if not ours or found.st_size > MAX_BYTES:
            return None
        checksum, _, content = stream.read(MAX_BYTES).partition(b"\n")
    if _sha256(content).encode() != checksum:
        return None
    known = parse(content, max_entries=1_000_000)
    return known if isinstance(known, dict) else None


def keep(basis: Basis, known: Mapping[str, Any]) -> None:
    """Store it unless it is there already, and remove the oldest ones. Raises OSError."""
    content = canonical(known)
    if len(content) > MAX_BYTES - 100 or load(basis) == known:
        return
    temp = f"{basis.path}.{os.getpid()}.tmp"
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(_sha256(content).encode() + b"\n" + content)
        os.replace(temp, basis.path)
    except OSError:
        os.unlink(temp)
        raise
    folder = os.path.dirname(basis.path)
    with os.scandir(folder) as entries:
        ours = sorted((each.stat().st_mtime, each.path) for each in entries if each.name.startswith(_START))
    for _, path in ours[:-KEPT]:
        os.unlink(path)


def forget(basis: Basis) -> None:
    """Remove what was stored for it."""
    try:
        os.unlink(basis.path)
    except OSError:
        pass


def program_digest() -> str:
    """Which decnet this is, on which Python. Raises OSError."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    lines = [f"{path} {found.st_size} {found.st_mtime_ns}" for path, found in _all_files(package)]
    return digest([sys.prefix, sys.hexversion, sorted(lines)])


def state_digest(root: str) -> str:
    """All in the state directory that a plan can rest on, and the owners and modes of the rest. Raises
    OSError."""
    lines = [_described(root, os.lstat(root))]
    for path, found in _entries(root, _CONTENT_SKIPPED):
        line = _described(path, found)
        if stat.S_ISREG(found.st_mode) and os.path.relpath(path, root) not in _FILES_SKIPPED:
            is_key = os.path.dirname(path) == os.path.join(root, _SIZE_ONLY)
            line += f" {found.st_size} {found.st_mtime_ns}" if is_key else f" {file_digest(path)}"
        lines.append(line)
    return digest(sorted(lines))


def file_digest(path: str) -> str:
    """The SHA-256 of a file's content. Raises OSError."""
    with open(path, "rb") as stream:
        return _sha256(stream.read())


def skews_of(root: str, leads: Mapping[str, tuple[float, float]]) -> dict[str, float] | None:
    """How far the clock of each worker (by worker_id) is ahead, in seconds: of the values that its answer
    allows, the one next to what is noted. None if its last contact has to be written again. Raises OSError,
    ValueError, LookupError and TypeError."""
    with open(os.path.join(root, "seen.json"), "rb") as stream:
        rows = parse(stream.read(MAX_BYTES), max_entries=1_000_000)
    found = {each: min(max(rows[each]["skew"], low), high) for each, (low, high) in leads.items()}
    now = time.time()
    is_fresh_for_all = all(
        is_fresh(rows[each]["at"], rows[each]["skew"], now, skew) for each, skew in found.items()
    )
    return found if is_fresh_for_all else None


def with_skews(output: str, places: list[list[Any]], skews: Mapping[str, float]) -> str:
    """The output with the present skews, as JSON has them, at these places: [index, worker_id], where the old
    ones were taken out."""
    pieces, at = [], 0
    for index, worker_id in places:
        pieces += [output[at:index], repr(round(skews[worker_id], 1))]
        at = index
    return "".join([*pieces, output[at:]])


def is_fresh(at: float, skew: float, now: float, new_skew: float) -> bool:
    """Whether a noted contact at `at` stands for one now."""
    return 0.0 <= now - at < NOTED_EVERY and abs(new_skew - skew) < SKEW_NOTED


def _terminal(number: int) -> list[int] | None:
    """The size of a stream's terminal; None if it is none."""
    try:
        return list(os.get_terminal_size(number)) if os.isatty(number) else None
    except OSError:
        return None


def _described(path: str, found: os.stat_result) -> str:
    return f"{path} {found.st_mode:o} {found.st_uid}"


def _entries(folder: str, skipped: Iterable[str] = ()) -> Iterator[tuple[str, os.stat_result]]:
    """Everything below a folder, but not what is in the folders `skipped`."""
    with os.scandir(folder) as entries:
        for each in entries:
            yield each.path, each.stat(follow_symlinks=False)
            if each.is_dir(follow_symlinks=False) and each.name not in skipped:
                yield from _entries(each.path)


def _all_files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """The files of a package, without the byte code."""
    with os.scandir(folder) as entries:
        for each in entries:
            if not each.is_dir(follow_symlinks=False):
                yield each.path, each.stat()
            elif each.name != "__pycache__":
                yield from _all_files(each.path)


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()
