# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The state of one shell: its folder, its variables, its functions, and the files that its visitor sees."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ..events import Session
from ..host.control_groups import control_groups
from ..host.descriptors import Holder, holders
from ..host.mount import Mount
from ..host.mounts import user_mount
from ..host.node import Node
from ..host.processes import ProcessEntry
from ..host.unix_sockets import unix_sockets
from ..host.world import World
from ..uploads import record_content
from ..view import View
from ..visitors import HOSTNAME, VisitorFiles
from . import proc_files
from .arrivals import arrival_of
from .dialect import BASH, Dialect, dialect_of
from .login_variables import of_login, place_in_dash
from .syntax import Function
from .visit import Visit, visits_of

MOST_OUTPUT = 128 * 1024
"""Of a line that is executed as a whole (`run`)."""
MOST_VARIABLES = 512 * 1024
"""Characters in all variables of a shell."""
READ_ONLY = ("BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID")
"""What bash sets at its begin and no one can set (bash(1), "Shell Variables")."""
ENTERED = "entered at"
"""The note of the depth at which a shell was started as a program."""
OF_PROCESSES = ("/proc/self", "/proc/thread-self", *(f"/proc/{digit}" for digit in range(10)))
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
    """One call of a function: its name, its line, the file that called it, and what `local` has hidden."""

    name: str
    line: int
    caller: str = ""
    hidden: dict[str, tuple[object, ...]] = field(default_factory=dict)


@dataclass
class Shell(View):
    """One shell process, which sees its visitor's files. A subshell is a `fork` of it."""

    world: World
    user: str
    session: Session
    cwd: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    interactive: bool = False
    columns: int = 80
    rows: int = 24
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
    file: str = ""
    """What the commands that run now were read from, if that is not the script (BASH_SOURCE of bash)."""
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
    nice: int = 0
    program: str = ""
    """The path of the program that it started last."""
    order: tuple[str, ...] = ()
    """Of the environment, if sudo or `env -i` made it and no shell has started since."""
    streams: dict[str, Node] = field(default_factory=dict)
    """The outputs of process substitutions, by their paths below /dev/fd."""
    depth: int = 0
    """Of functions, subshells and scripts inside each other."""
    within: str = ""
    """What executes the commands, if ash names it in errors: `eval`, or the file of `.`."""
    notes: dict[str, str] = field(default_factory=dict)
    """What builtins remember."""
    held: int = 0
    """Characters in its variables."""
    hashed: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Programs that it has looked for in $PATH: their paths, and how often it ran them."""
    visit: Visit = field(init=False)
    """The login that this shell belongs to."""
    _table: tuple[tuple[object, ...], dict[int, ProcessEntry]] | None = None
    _holders: tuple[dict[int, ProcessEntry], dict[int, list[Holder]]] | None = None

    def __post_init__(self) -> None:
        home = self.world.home(self.user)
        shell = self.world.system.shell
        self.dialect = dialect_of(self.world.system)
        self.readonly |= set(READ_ONLY) if self.dialect.bash else set()
        name = shell.rsplit("/", 1)[-1]
        self.script = f"-{name}" if self.interactive else name
        self.mode = "i" if self.interactive else "c"
        self.cwd = self.cwd or (home if self.node(home) else "/")
        self.variables = {
            "HOME": home, "USER": self.user, "LOGNAME": self.user, "SHELL": shell, "PATH": PATH, "PWD": self.cwd,
            "LANG": "en_US.UTF-8", "IFS": " \t\n", "OPTIND": "1", **self.variables,
        }  # fmt: skip
        self.exported |= {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "PWD", "LANG"}
        self.exported |= {"SSH_CLIENT", "SSH_CONNECTION"} & set(self.variables)
        if self.dialect.name == "ash":
            del self.variables["LANG"]
            self.exported.discard("LANG")
        if self.dialect.name != "dash":
            self.variables.setdefault("SHLVL", "1")
            self.exported.add("SHLVL")
        if self.interactive:
            self.variables["TERM"] = "xterm"
            self.exported.add("TERM")
        arrival = arrival_of(self.world, self.session, self.began)
        self.pid = self.own_pid = self.pid or self.world.new_pid(3)
        self.visit = Visit(
            self.world, self.user, self.session.source, self.began, arrival.server, self.pid,
            came=arrival.began, number=arrival.number,
        )  # fmt: skip
        self.world.visits.add(self.visit)
        added = of_login(self.world, self.visit, self.read("/etc/environment") or "")
        self.variables |= added
        self.exported |= added.keys()
        if self.interactive:
            self.visit.take_terminal()
            self.world.new_pid(random.randrange(1, 40))  # what its profile has run

    def node_before(self, path: str) -> Node | None:
        """What was at exactly this path before the visitor changed anything; files of processes are made now."""
        if path.startswith("/dev/pts/") and path[9:] in self._terminals():
            return self._terminal(path[9:])
        if path.startswith(OF_PROCESSES):
            return proc_files.node_of(self, path)
        return super().node_before(path)

    def holders(self) -> dict[int, list[Holder]]:
        """Who has the sockets of the machine, by their inodes."""
        entries = self.table()
        if self._holders is None or self._holders[0] is not entries:
            found = {
                each.inode: list(each.holders) for each in unix_sockets(self.world.machine, entries.values())
            }
            self._holders = entries, found | holders(self.world.sockets(), entries.values())
        return self._holders[1]

    def table(self) -> dict[int, ProcessEntry]:
        """All processes that this visitor can see now, by number; made once a second, and again if his own
        have changed."""
        now = time.time()
        visits = visits_of(self.world, self.visit.source)
        key = (
            int(now),
            len(self.files.killed),
            *((v, v.current, *map(id, v.entries.values())) for v in visits),
        )
        if self._table is None or self._table[0] != key:
            self._table = key, {entry.pid: entry for entry in self.processes(now)}
        return self._table[1]

    def _terminals(self) -> list[str]:
        """The names in /dev/pts."""
        visits = visits_of(self.world, self.visit.source)
        return [*(each.terminal[4:] for each in visits if each.terminal), "ptmx"]

    def _terminal(self, name: str) -> Node:
        if name == "ptmx":
            return Node(0o000, kind="c", device=(5, 2), changed=self.world.booted())
        owner = next((each.user for each in self.world.visits if each.terminal == f"pts/{name}"), "root")
        return Node(
            0o620, kind="c", device=(136, int(name)), owner=owner, group="tty", changed=int(time.time())
        )

    def names_before(self, folder: str) -> list[str]:
        """The names in a folder before the visitor changed anything."""
        if folder == "/dev/pts":
            return [*super().names_before(folder), *self._terminals()]
        if folder != "/proc" and not folder.startswith(OF_PROCESSES):
            return super().names_before(folder)
        return [*super().names_before(folder), *proc_files.names_in(self, folder)]

    def processes(self, now: float) -> list[ProcessEntry]:
        """All processes that this visitor can see, by number."""
        own = [entry for visit in visits_of(self.world, self.visit.source) for entry in visit.processes()]
        numbers = {entry.pid for entry in own}
        found = [entry for entry in self.world.processes(int(now)) if entry.pid not in numbers] + own
        killed = self.files.killed
        return sorted((each for each in found if each.pid not in killed), key=lambda entry: entry.pid)

    def cgroup_of(self, entry: ProcessEntry) -> str:
        """The control groups of a process, as in /proc/PID/cgroup."""
        return control_groups(self.world, entry, self.visit.user, self.visit.number)

    def mounts(self) -> list[Mount]:
        """What is mounted, with the folder of each user who is logged in."""
        found, world = self.world.mounts, self.world
        if world.system.id in ("debian", "ubuntu", "rocky"):
            for name in dict.fromkeys(visit.user for visit in visits_of(world, self.visit.source)):
                account = world.accounts.user(name)
                number, group = (account.uid, account.gid) if account else (1000, 1000)
                found.append(user_mount(world, number, group))
        return found

    def _found(self, path: str, passed: list[Node] | None = None) -> tuple[str, Node | None]:
        stream = self.streams.get(path)
        return (path, stream) if stream is not None else super()._found(path, passed)

    def fork(self) -> Shell:
        """A copy, as for a subshell; the files are the same."""
        child = copy.copy(self)
        child.variables, child.exported, child.readonly = (
            self.variables.copy(),
            self.exported.copy(),
            self.readonly.copy(),
        )
        child.notes, child.hashed = self.notes.copy(), self.hashed.copy()
        child.kinds, child.functions, child.aliases = (
            self.kinds.copy(),
            self.functions.copy(),
            self.aliases.copy(),
        )
        child.arrays = {name: values.copy() for name, values in self.arrays.items()}
        child.options, child.shopts = self.options.copy(), self.shopts.copy()
        child.traps = {name: "" for name, action in self.traps.items() if not action}
        child.positional = self.positional.copy()
        child.file = self.file
        child.calls = [Call(call.name, call.line, call.caller, call.hidden.copy()) for call in self.calls]
        child.depth += 1
        return child

    @property
    def hostname(self) -> str:
        """The machine's name, as the visitor may have set it."""
        return self.files.notes.get(HOSTNAME) or self.world.hostname

    @property
    def name(self) -> str:
        """How the shell calls itself in errors, up to the colon."""
        if self.mode == "i" and not self.within:
            return self.script if self.dialect.name != "dash" else f"{self.script}: {self.line}"
        if self.dialect.bash:
            return f"{self.source}: line {self.line}"
        if self.dialect.name == "dash":
            return f"{self.script}: {self.line}"
        script = f"{self.script}: {self.within}" if self.within else self.script
        return f"{script}: {self.at_line}" if self.within or self.mode == "f" else script

    @property
    def source(self) -> str:
        """What the commands that run now were read from: the script, a sourced file, or a function's origin."""
        return self.file or self.script

    @property
    def in_builtin(self) -> str:
        """What ash puts between a builtin's name and its complaint: nothing at a prompt."""
        return f"{self.at_line}: " if self.dialect.name == "ash" and self.at_line else ""

    @property
    def at_line(self) -> str:
        """The line as ash shows it: that of `-c` from 0, none at a prompt."""
        if self.notes.get(" in") == "source":
            return f"line {self.line}"
        return "" if self.mode == "i" else f"line {self.line - (self.mode == 'c')}"

    def prompt(self) -> str:
        """The prompt, as this release's own profile sets it."""
        home = self.variables.get("HOME", "/")
        where = (
            "~" + self.cwd[len(home) :] if self.cwd == home or self.cwd.startswith(home + "/") else self.cwd
        )
        sign = "#" if self.user == "root" else "$"
        if self.world.system.id == "buildroot":
            return f"{sign} "  # As its /etc/profile has it.
        if self.world.system.id == "qts":
            return f"[{where}] {sign} "
        if self.world.system.id == "rocky":
            return f"[{self.user}@{self.world.hostname} {where.rsplit('/', 1)[-1] or '/'}]{sign} "
        space = " " if self.world.system.id == "freebsd" else ""
        return f"{self.user}@{self.world.hostname}:{where}{space}{sign} "

    def environment(self) -> dict[str, str]:
        """The variables that programs get."""
        names: Iterable[str] = sorted(self.exported, key=_place)
        if self.order:
            names = sorted(names, key=lambda name: self.order.index(name) if name in self.order else 99)
        elif self.dialect.name == "dash":
            names = sorted(names, key=place_in_dash)
        elif self.dialect.name == "ash":
            names = sorted(names)
        found = {name: self.variables[name] for name in names if name in self.variables}
        if self.dialect.bash or self.order:
            found.pop("_", None)
        if self.dialect.bash and self.program and not self.order:
            found["_"] = self.program
        return found

    # Files: see View

    def put(self, path: str, content: bytes, size: int, mode: int = 0o644) -> str:
        """Store a file's content; that of a process substitution stays with its command."""
        stream = self.streams.get(path)
        if stream is None:
            return super().put(path, content, size, mode)
        self.streams[path] = replace(stream, content=content)
        return ""

    def write(self, path: str, content: bytes, mode: int = 0o644) -> str:
        """Create or replace a file; the error, "" on success. It is recorded."""
        reason = self.refusal(path)
        if reason:
            return reason
        record_content(self.session, path, content, whole=self.has_all_input)
        return self.put(path, content, len(content), mode)


def bucket_of(name: str | int) -> int:
    """Where bash keeps a variable, or an associative array's key: of 1,024 lists, by FNV-1 (hashlib.c)."""
    value = 2166136261
    for byte in str(name).encode("utf-8", "surrogateescape"):
        value = (value * 16777619 & 0xFFFFFFFF) ^ (byte | 0xFFFFFF00 if byte > 127 else byte)
    return value & 1023


def _place(name: str) -> tuple[int, str]:
    return bucket_of(name), name
