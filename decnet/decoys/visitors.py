"""What visitors have changed on a decky: files, passwords, logins.

Each source address has its own changes. All services of the decky show them to it for a day, and to no one
else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from .host.node import Node
from .persona import Persona
from .visitor_logins import Login, login_of, note_of, surplus

MOST_SOURCES = 500
MOST_CHANGES = 1000
"""Paths that one source may change."""
MOST_FILE = 2 * 1024 * 1024
"""Bytes of one file that can be read back as they were written; of a larger one, only the beginning."""
MOST_OF_SOURCE = 5 * 1024 * 1024
MOST_IN_ALL = 8 * 1024 * 1024
MOST_WITHOUT_FILES = 3 * 1024 * 1024
"""Bytes in all of a service that only keeps them for the others."""
BEGINNING = 4093
"""Bytes of a file for which there is no room. Not a round number: `host.origins` would take another visitor's
file of just as many zeros for a copy of a large one."""
MOST_REMOVED = 64
"""Removed paths that a source remembers because another service could still have them; and folders whose
time has changed."""
LONGEST_REMEMBERED = 255
"""Characters of such a path."""
MOST_NOTES = 48
LONGEST_PATH = 4096
LONGEST_NOTE = 1024
PATH_BYTES = 400
"""Memory of a change without its content."""
KEEP_SECONDS = 24 * 3600.0
SEEN_SECONDS = 600.0
"""How often the other services learn that a source is still there."""
EARLIEST, LATEST = -(1 << 31), 15_032_385_535
"""Seconds since the epoch: ext4 keeps no other times of files, and takes the nearest one."""
LOGIN, PASSWORD, SEEN, HOSTNAME = "login ", "password ", "seen", "hostname"
KERNEL = "kernel "
"""Begins the names of notes about what a kernel forgets when it ends."""


class Writer(Protocol):
    """A file that is open for writing."""

    def flush(self) -> str:
        """Let others see what was written."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one source: a path (or, without a slash, a note), its node or text, None if it was
    removed. The highest version (nanoseconds since the epoch) of a key holds. `hides`: whether a removed path
    exists on the unchanged machine."""

    source: str
    key: str
    version: int
    value: Node | str | None
    hides: bool = True


class VisitorFiles:
    """What one source has changed; all of its shells and transfers share it."""

    def __init__(self, source: str = "", visitors: Visitors | None = None) -> None:
        self.source = source
        self.changes: dict[str, Node | None] = {}
        """By normalized absolute path without links; None: removed."""
        self.folders: OrderedDict[str, int] = OrderedDict()
        """When an entry was last added to a folder or removed from it: seconds since the epoch."""
        self.edits = 0
        """Counts up whenever `changes` are changed."""
        self.notes: dict[str, str] = {}
        self.kept = 0
        """Bytes that it takes."""
        self.writers: dict[str, Writer] = {}
        self.fifos: dict[str, Any] = {}
        """By path, the named pipes that are open."""
        self.has_fifos = False
        """Whether it ever made one."""
        """Files that are open for writing, by path."""
        self.read = 0
        """Bytes read since the last pause."""
        self.killed: set[int] = set()
        """Numbers of the machine's processes that it has ended."""
        self.visits = 0
        """Connections that use it now."""
        self.seen = time.time()
        self._announced = 0.0
        self._versions: dict[str, int] = {}
        self._removed: OrderedDict[str, int] = OrderedDict()
        self._visitors = visitors or Visitors()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was changed."""
        return not (self.changes or self.notes)

    @property
    def has_only_come(self) -> bool:
        """Whether nothing was changed but the list of logins."""
        return not self.changes and all(key == SEEN or key.startswith(LOGIN) for key in self.notes)

    def kill(self, pid: int) -> None:
        """Note that a process of the machine was ended."""
        if len(self.killed) < MOST_NOTES:
            self.killed.add(pid)

    # Files

    def put(self, path: str, node: Node | None, *, hides: bool = True) -> bool:
        """Set the node at a path, or remove it (None); False if there is no room for it. `hides`: whether the
        unchanged machine has that path."""
        version = self._next(path)
        if node is not None and not EARLIEST <= node.changed <= LATEST:
            node = replace(node, changed=min(max(EARLIEST, node.changed), LATEST))
        if not self._fits(path, node):
            return False
        self._set(Change(self.source, path, version, node, hides))
        self._visitors.has_changed(self, path)
        return True

    def hold(self, size: int) -> bool:
        """Take room for so many bytes of a file that is being written; a negative number gives it back."""
        if size > 0 and not self._visitors.has_room(self, size):
            return False
        self.kept += size
        self._visitors.kept += size
        return True

    def _fits(self, path: str, node: Node | None) -> bool:
        if path not in self.changes and len(self.changes) >= MOST_CHANGES:
            return False
        more = weight(path, node) - (weight(path, self.changes[path]) if path in self.changes else 0)
        return more <= 0 or self._visitors.has_room(self, more)

    def _set(self, change: Change) -> None:
        path, node = change.key, change.value
        assert not isinstance(node, str)
        self.edits += 1
        existed = self.changes[path] is not None if path in self.changes else change.hides
        if existed != (node is not None):
            self._mark(path.rpartition("/")[0] or "/", change.version // 1_000_000_000)
        if path in self.changes:
            self._take(-weight(path, self.changes.pop(path)))
        if self._removed.pop(path, 0):
            self._take(-PATH_BYTES)
        if node is None and not change.hides:
            self._versions.pop(path, None)
            if len(path) <= LONGEST_REMEMBERED:
                self._removed[path] = change.version
                self._take(PATH_BYTES)
            while len(self._removed) > MOST_REMOVED:
                self._removed.popitem(last=False)
                self._take(-PATH_BYTES)
        else:
            self.changes[path] = node
            self._versions[path] = change.version
            self._take(weight(path, node))

    def _mark(self, folder: str, when: int) -> None:
        if len(folder) <= LONGEST_REMEMBERED:
            self._take(0 if folder in self.folders else PATH_BYTES)
            self.folders[folder] = max(when, self.folders.pop(folder, 0))
        while len(self.folders) > MOST_REMOVED:
            self.folders.popitem(last=False)
            self._take(-PATH_BYTES)

    def _take(self, size: int) -> None:
        self.kept += size
        self._visitors.kept += size

    # Notes

    def note(self, key: str, text: str) -> None:
        """Remember a text under a name without a slash."""
        self._note(Change(self.source, key, self._next(key), text[:LONGEST_NOTE]))
        self._visitors.has_changed(self, key)

    def _note(self, change: Change) -> None:
        assert isinstance(change.value, str)
        if change.key not in self.notes and len(self.notes) >= MOST_NOTES:
            return
        more = PATH_BYTES + len(change.value) - self._note_weight(change.key)
        if more > 0 and not self._visitors.has_room(self, more):
            return
        self._take(more)
        self.notes[change.key] = change.value
        self._versions[change.key] = change.version
        for key in surplus({key: text for key, text in self.notes.items() if key.startswith(LOGIN)}):
            self._take(-self._note_weight(key))
            del self.notes[key], self._versions[key]

    def _note_weight(self, key: str) -> int:
        return PATH_BYTES + len(self.notes[key]) if key in self.notes else 0

    def set_password(self, user: str, password: str) -> None:
        """The only password of this user that logs in from this source from now on; "": none does."""
        self.note(PASSWORD + user[:100], password)

    def password(self, user: str) -> str | None:
        """The password that was set; None if none was."""
        return self.notes.get(PASSWORD + user[:100])

    def log_in(self, login: Login) -> None:
        """Remember a login, or what became of it."""
        self.note(f"{LOGIN}{int(login.began * 1000):015d}", note_of(login))

    def all_logins(self) -> list[Login]:
        """The logins from this source, the oldest first, with those for one command only."""
        found = (login_of(self.notes[key]) for key in sorted(self.notes) if key.startswith(LOGIN))
        return [each for each in found if each is not None]

    def logins(self, user: str | None = None) -> list[Login]:
        """The logins with a terminal from this source, which wtmp has, the oldest first."""
        return [each for each in self.all_logins() if each.terminal and user in (None, each.user)]

    # What the services exchange

    def change(self, key: str) -> Change | None:
        """The current state of a key; None if nothing is known of it."""
        if key in self._removed:
            return Change(self.source, key, self._removed[key], None, hides=False)
        if key not in self._versions:
            return None
        value = self.changes[key] if key.startswith("/") else self.notes[key]
        return Change(self.source, key, self._versions[key], value)

    def known(self) -> list[str]:
        """The keys of all changes."""
        return [*self.changes, *self.notes, *self._removed]

    def take(self, change: Change) -> None:
        """A change that another service has seen, if it is newer than what is known and there is room."""
        known = max(self._versions.get(change.key, 0), self._removed.get(change.key, 0))
        if change.version <= known:
            return
        if isinstance(change.value, str):
            self._note(change)
        elif self._fits(change.key, change.value):
            self._set(change)

    def visit(self) -> None:
        """A connection begins or ends."""
        self.seen = time.time()
        if not self.is_empty and self.seen - self._announced > SEEN_SECONDS:
            self._announced = self.seen
            self.note(SEEN, "")

    def restart(self, volatile: tuple[str, ...]) -> None:
        """The machine is started again: forget what was in these folders, and what its memory had."""
        self.edits += 1
        for path in [each for each in self.changes if each.startswith(volatile)]:
            self._take(-weight(path, self.changes.pop(path)))
            del self._versions[path]
        for path in [each for each in self._removed if each.startswith(volatile)]:
            self._take(-PATH_BYTES)
            del self._removed[path]
        for path in [each for each in self.folders if f"{each}/".startswith(volatile)]:
            self._take(-PATH_BYTES)
            del self.folders[path]
        self.killed.clear()
        for key in [each for each in self.notes if each == HOSTNAME or each.startswith(KERNEL)]:
            self._take(-self._note_weight(key))
            del self.notes[key], self._versions[key]

    def clear(self) -> None:
        """Forget everything."""
        self.edits += 1
        self._visitors.kept -= self.kept
        self.kept = 0
        self.changes.clear()
        self.folders.clear()
        self.notes.clear()
        self._versions.clear()
        self._removed.clear()

    def _next(self, key: str) -> int:
        return max(time.time_ns(), self._versions.get(key, 0) + 1, self._removed.get(key, 0) + 1)


class Visitors:
    """The changes of all sources, the least recently seen first. Without room, sources that are not connected
    are forgotten."""

    def __init__(self, most: int = MOST_IN_ALL) -> None:
        self.kept = 0
        """Bytes of all sources."""
        self.report: Callable[[str, str], None] | None = None
        """Called with source and key of a change that the other services do not know yet."""
        self._most = most
        self._sources: OrderedDict[str, VisitorFiles] = OrderedDict()

    def present(self, since: float) -> list[tuple[str, Login]]:
        """Sources and logins that began after `since` (seconds since the epoch) and have not ended."""
        found = [(source, login) for source, files in self._sources.items() for login in files.all_logins()]
        return [(source, login) for source, login in found if login.began >= since and not login.ended]

    def find(self, source: str) -> VisitorFiles | None:
        """What this source has changed within the last day, if anything."""
        self._expire()
        return self._sources.get(source)

    @contextlib.contextmanager
    def visit(self, source: str) -> Iterator[VisitorFiles]:
        """What this source has changed, for a visit that may change more."""
        self._expire()
        files = self._of(source)
        files.visits += 1
        files.visit()
        try:
            yield files
        finally:
            files.visits -= 1
            files.visit()
            if files.is_empty and not files.visits and self._sources.get(source) is files:
                del self._sources[source]

    def accepts(self, source: str, user: str, password: str) -> bool | None:
        """Whether the password logs in; None if this source has not set this user's password."""
        files = self.find(source)
        own = files.password(user) if files is not None else None
        return None if own is None else bool(own) and own == password

    def restart(self, volatile: tuple[str, ...]) -> None:
        """The machine is started again. `volatile`: the folders that no start keeps, each with a slash at its
        end."""
        for files in list(self._sources.values()):
            files.restart(volatile)
            if files.is_empty and not files.visits:
                self._forget(files)

    def all(self) -> list[VisitorFiles]:
        """All that is known, the least recently seen source first."""
        self._expire()
        return list(self._sources.values())

    def change(self, source: str, key: str) -> Change | None:
        """The current state of one key of a source; None if nothing is known of it."""
        files = self._sources.get(source)
        return None if files is None else files.change(key)

    def take(self, change: Change) -> None:
        """A change from another service."""
        is_new = change.source not in self._sources
        files = self._of(change.source)
        files.take(change)
        files.seen = max(0.0 if is_new else files.seen, min(time.time(), change.version / 1e9))
        if files.is_empty and not files.visits:
            self._sources.pop(change.source, None)

    def has_changed(self, files: VisitorFiles, key: str) -> None:
        """Note what the other services are to learn. Descriptors of one process stay there."""
        if self.report is not None and not key.startswith("/dev/fd/"):
            self.report(files.source, key)

    def has_room(self, files: VisitorFiles, size: int) -> bool:
        """Whether this source may keep so many bytes more, once others are forgotten for that."""
        if files.kept + size > MOST_OF_SOURCE:
            return False
        while self.kept + size > self._most:
            idle = self._idle(files)
            if idle is None:
                return False
            self._forget(idle)
        return True

    def _idle(self, but: VisitorFiles | None = None) -> VisitorFiles | None:
        """The source that gives way to others: the least recently seen of those that have only logged in,
        else of all that are not connected."""
        idle = [each for each in self._sources.values() if not each.visits and each is not but]
        return next((each for each in idle if each.has_only_come), next(iter(idle), None))

    def _of(self, source: str) -> VisitorFiles:
        files = self._sources.get(source)
        if files is None:
            while len(self._sources) >= MOST_SOURCES and (oldest := self._idle()) is not None:
                self._forget(oldest)
            files = self._sources[source] = VisitorFiles(source, self)
        self._sources.move_to_end(source)
        return files

    def _expire(self) -> None:
        """Forget who has not been here for a day."""
        oldest = time.time() - KEEP_SECONDS
        for files in list(self._sources.values()):
            if files.seen < oldest and not files.visits:
                self._forget(files)

    def _forget(self, files: VisitorFiles) -> None:
        self._sources.pop(files.source, None)
        files.clear()


_registries: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Visitors]] = (
    weakref.WeakKeyDictionary()
)


def visitors_of(persona: Persona, most: int = MOST_IN_ALL) -> Visitors:
    """The one registry of this decky in the running event loop."""
    known = _registries.setdefault(asyncio.get_running_loop(), {})
    return known.setdefault(persona.machine.seed, Visitors(most))


def weight(path: str, node: Node | None) -> int:
    """The memory that a change takes, in bytes."""
    size = PATH_BYTES + len(path)
    return size if node is None else size + len(node.content) + len(node.target)
