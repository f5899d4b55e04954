# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The state of one shell: its folder, its variables, its functions, and the files that its visitor sees."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..events import Session
from ..host.node import Node
from ..host.world import World
from ..uploads import record_content
from ..visitors import MOST_CHANGES, MOST_KEPT, VisitorFiles
from .dialect import ASH, BASH, DASH, Dialect
from .limits import OutOfWork
from .syntax import Function

MOST_OUTPUT = 128 * 1024
"""Of a line that is executed as a whole (`run`)."""
MOST_FILE = 64 * 1024
MOST_READ = 4 * 1024 * 1024
"""Bytes that a command reads from files, which must not delay the other visitors."""
MOST_VARIABLES = 512 * 1024
"""Characters in all variables of a shell."""
MOST_LINKS = 40
"""As in Linux (path_resolution(7)): a path with more symbolic links is ELOOP."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Answer:
    """The result of a command. `delay` in seconds, before the output."""

    out: str = ""
    error: str = ""
    status: int = 0
    delay: float = 0.0


Command = Callable[["Shell", list[str], str], Answer]


@dataclass
class Call:
    """One call of a function: its name, its line, and what `local` has hidden."""

    name: str
    line: int
    hidden: dict[str, tuple[object, ...]] = field(default_factory=dict)


@dataclass
class Shell:
    """One shell process. A subshell is a `fork` of it."""

    world: World
    user: str
    session: Session
    cwd: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    interactive: bool = False
    columns: int = 80
    to_terminal: bool = False
    """Whether the current command writes to the terminal."""
    leaving: bool = False
    has_all_input: bool = True
    """Whether the command got all that the visitor sent for it."""
    began: float = field(default_factory=time.time)
    dialect: Dialect = BASH
    files: VisitorFiles = field(default_factory=VisitorFiles)
    exported: set[str] = field(default_factory=set)
    readonly: set[str] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)
    """Letters of attributes by variable: i, l, u, a, A, n."""
    arrays: dict[str, dict[str | int, str]] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    shopts: set[str] = field(default_factory=set)
    traps: dict[str, str] = field(default_factory=dict)
    positional: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    script: str = "bash"
    """`$0`."""
    mode: str = "c"
    """How it got its commands: c (`-c`), f (a file), s (its input), i (a prompt)."""
    status: int = 0
    line: int = 1
    pid: int = 0
    own_pid: int = 0
    last_background: int = 0
    umask: int = 0o022
    depth: int = 0
    """Of functions, subshells and scripts inside each other."""
    notes: dict[str, str] = field(default_factory=dict)
    """What builtins remember."""
    held: int = 0
    """Characters in its variables."""

    def __post_init__(self) -> None:
        home = self.world.home(self.user)
        shell = self.world.system.shell
        self.dialect = ASH if shell == "/bin/ash" else DASH if shell == "/bin/sh" else BASH
        name = shell.rsplit("/", 1)[-1]
        self.script = f"-{name}" if self.interactive else name
        self.mode = "i" if self.interactive else "c"
        self.cwd = self.cwd or (home if self.node(home) else "/")
        self.variables = {
            "HOME": home, "USER": self.user, "LOGNAME": self.user, "SHELL": shell, "PATH": PATH, "PWD": self.cwd,
            "LANG": "en_US.UTF-8", "IFS": " \t\n", "OPTIND": "1", **self.variables,
        }  # fmt: skip
        self.exported |= {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "PWD", "LANG"}
        if self.interactive:
            self.variables["TERM"] = "xterm"
            self.exported.add("TERM")
        self.pid = self.own_pid = self.pid or self._first_pid()

    def _first_pid(self) -> int:
        """A process id that grows with the machine's uptime."""
        up = int(time.time()) - self.world.booted()
        return 900 + (self.world.persona.number("processes", 0, 20000) + up // 37) % 31000

    def fork(self) -> Shell:
        """A copy, as for a subshell; the files are the same."""
        child = copy.copy(self)
        child.variables, child.exported, child.readonly = (
            self.variables.copy(),
            self.exported.copy(),
            self.readonly.copy(),
        )
        child.notes = self.notes.copy()
        child.kinds, child.functions, child.aliases = (
            self.kinds.copy(),
            self.functions.copy(),
            self.aliases.copy(),
        )
        child.arrays = {name: values.copy() for name, values in self.arrays.items()}
        child.options, child.shopts = self.options.copy(), self.shopts.copy()
        child.traps = {name: "" for name, action in self.traps.items() if not action}
        child.positional = self.positional.copy()
        child.calls = [Call(call.name, call.line, call.hidden.copy()) for call in self.calls]
        child.depth += 1
        return child

    @property
    def name(self) -> str:
        """How the shell calls itself in errors, up to the colon."""
        if self.mode == "i":
            return self.script if self.dialect.name != "dash" else f"{self.script}: {self.line}"
        if self.dialect.bash:
            return f"{self.script}: line {self.line}"
        if self.dialect.name == "dash":
            return f"{self.script}: {self.line}"
        return f"{self.script}: line {self.line}" if self.mode == "f" else self.script

    def prompt(self) -> str:
        """The prompt, as this release's own profile sets it."""
        home = self.variables.get("HOME", "/")
        where = (
            "~" + self.cwd[len(home) :] if self.cwd == home or self.cwd.startswith(home + "/") else self.cwd
        )
        sign = "#" if self.user == "root" else "$"
        if self.world.system.id in ("rocky", "qts"):
            return f"[{self.user}@{self.world.hostname} {where.rsplit('/', 1)[-1] or '/'}]{sign} "
        space = " " if self.world.system.id == "freebsd" else ""
        return f"{self.user}@{self.world.hostname}:{where}{space}{sign} "

    def environment(self) -> dict[str, str]:
        """The variables that programs get."""
        return {name: self.variables[name] for name in sorted(self.exported) if name in self.variables}

    # Files

    def absolute(self, path: str) -> str:
        """A normalized absolute path."""
        return self._plain(path if path.startswith("/") else f"{self.cwd}/{path}")

    def node(self, path: str) -> Node | None:
        """The node at an absolute path; links are followed."""
        return self._found(path)[1]

    def real(self, path: str) -> str:
        """The path that links lead to; the rest of a path that does not exist is left as it is."""
        return self._found(path)[0]

    def _found(self, path: str) -> tuple[str, Node | None]:
        """The path without links, and its node."""
        done, rest, links = "", path.strip("/").split("/"), 0
        node = self._own("/")
        while rest:
            name = rest.pop(0)
            if not name:
                continue
            where = f"{done}/{name}"
            node = self._own(where)
            if node is None:
                return "/".join([where, *rest]), None
            if node.target:
                links += 1
                if links > MOST_LINKS:
                    return "/".join([where, *rest]), None
                target = node.target if node.target.startswith("/") else f"{done}/{node.target}"
                rest = [*self._plain(target).strip("/").split("/"), *rest]
                done, node = "", self._own("/")
                continue
            done = where
        return done or "/", node

    def _plain(self, path: str) -> str:
        parts: list[str] = []
        for part in path.split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts)

    def _own(self, path: str) -> Node | None:
        """What is at exactly this path."""
        writer = self.files.writers.get(path)
        if writer is not None:
            writer.flush()
        changes = self.files.changes
        return changes[path] if path in changes else self.world.nodes.get(path)

    def entries(self, path: str) -> list[str]:
        """The names in a folder, sorted as `ls` does without a locale."""
        path = self.real(path)
        prefix = path.rstrip("/") + "/"
        names = set(self.world.nodes.names(path))
        for name, node in self.files.changes.items():
            if name.startswith(prefix) and "/" not in name[len(prefix) :] and name != "/":
                (names.discard if node is None else names.add)(name[len(prefix) :])
        return sorted(names)

    def lstat(self, path: str) -> Node | None:
        """The node at an absolute path; a link itself, not what it leads to."""
        folder, _, name = path.rpartition("/")
        return self._own(f"{self.real(folder or '/').rstrip('/')}/{name}" if name else "/")

    def allowed(self, path: str, want: int) -> bool:
        """Whether this user may read (4) or write (2) that path."""
        node = self.node(path)
        if self.user == "root" or node is None:
            return True
        return bool(node.mode >> (6 if node.owner == self.user else 0) & want)

    def read(self, path: str) -> str | None:
        """A file's text, None where there is no file. Raises OutOfWork."""
        node = self.node(path)
        if node is None or node.folder:
            return None
        content = node.data
        self.files.read += len(content)
        if self.files.read > MOST_READ:
            raise OutOfWork
        return content.decode("utf-8", "surrogateescape")

    def refusal(self, path: str) -> str:
        """Why this user cannot write there; "" if he can."""
        folder = path.rsplit("/", 1)[0] or "/"
        parent = self.node(folder)
        if parent is None:
            return "No such file or directory"
        if not parent.folder:
            return "Not a directory"
        there = self.node(path)
        if there is not None and there.folder:
            return "Is a directory"
        if not self.allowed(path, 2) or (there is None and not self.allowed(folder, 2)):
            return "Permission denied"
        if path.startswith(("/proc/", "/sys/")):
            return "Permission denied" if there else "No such file or directory"
        return ""

    def write(self, path: str, content: bytes, mode: int = 0o644) -> str:
        """Create or replace a file; the error, "" on success. It is recorded."""
        reason = self.refusal(path)
        if reason:
            return reason
        record_content(self.session, path, content, whole=self.has_all_input)
        return self.put(path, content, len(content), mode)

    def put(self, path: str, content: bytes, size: int, mode: int = 0o644) -> str:
        """Store a file's content without recording it; `size` is what it has in all."""
        path = self.real(path)
        there = (
            self.node(path)
            if path not in self.files.writers
            else self.files.changes.get(path, self.world.nodes.get(path))
        )
        kept = content[:MOST_FILE]
        return self.change(path, Node(there.mode if there else mode, content=kept, owner=self.user,
                                      changed=int(time.time()), size=size))  # fmt: skip

    def change(self, path: str, node: Node | None) -> str:
        """Set or remove the node at a path, or the link itself; the amount kept is bounded."""
        folder, _, name = path.rpartition("/")
        path = f"{self.real(folder or '/').rstrip('/')}/{name}"
        files = self.files
        before = files.changes.get(path)
        files.kept += (len(node.content) if node else 0) - (len(before.content) if before else 0)
        if (len(files.changes) >= MOST_CHANGES and path not in files.changes) or files.kept > MOST_KEPT:
            files.kept -= (len(node.content) if node else 0) - (len(before.content) if before else 0)
            return "No space left on device"
        files.changes[path] = node
        return ""
