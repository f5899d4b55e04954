# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Programs: what a name stands for on this machine, and how it runs."""

from __future__ import annotations

from typing import Protocol

from ..host.packaged import is_unknown
from .binaries import PROGRAM_FOLDERS, as_script, copy_of, runs_quietly
from .commands import command_names, command_of, is_installed
from .context import Context, Work
from .descriptors import End, Stream
from .dialect import ASH, BASH, DASH, Dialect
from .driving import Driving
from .loading import load
from .passwords import record_passwords
from .printing import answered, library_of, of_service, printing, refusing
from .process import Command, Process
from .programs import BY_PATH, PROGRAMS, enter, module_of
from .renamed import is_gone, original
from .state import Shell
from .tasks import (
    Killed,
)

SYSTEM_FOLDERS = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/")

SHEBANGS: dict[str, Dialect | None] = {"sh": None, "bash": BASH, "dash": DASH, "ash": ASH}


MOST_PRELOADED, MOST_SHOWN = 8, 255
BEFORE_BASH_5_2 = ("11", "20.04", "22.04")
"""Versions of systems whose bash is older."""

MOST_HASHED = 500


def _hash(shell: Shell, name: str, path: str | None) -> None:
    """Remember where a program is, as `hash` shows it."""
    if path is not None:
        shell.hashed[name] = shell.hashed.get(name, (path, 0))[0], shell.hashed.get(name, (path, 0))[1] + 1


def _quiet(process: Process) -> int:
    """A script that does its work without a word."""
    return 0


class Launching(Driving, Protocol):
    """The part of the evaluator that runs programs."""

    fds: dict[int, End]

    program_pid: int
    is_replaced: bool

    def program(self, words: list[str]) -> Work:
        """Run a program by its name or path; its status."""
        if words[0].rsplit("/", 1)[-1] in ("passwd", "chpasswd"):
            return (yield self._with_passwords(words))
        return (yield self._found_program(words))

    def _with_passwords(self, words: list[str]) -> Work:
        """A command that reads passwords: what it is fed is recorded."""
        source, given = self.fds.get(0), b""
        if isinstance(source, Stream) and not source.is_terminal:
            given = yield from self._all_input(source)
            self.fds = {**self.fds, 0: Stream(given, ended=True)}
        status: int = yield self._found_program(words)
        text = given.decode("utf-8", "surrogateescape")
        record_passwords(self.shell.session, self.shell.user, words, text, success=status == 0)
        return status

    def _found_program(self, words: list[str]) -> Work:
        name, shell = words[0], self.shell
        yield from self._load(name.rpartition("/")[2])
        if shell.dialect.bash:
            shell.program = name if "/" in name else self.path_of(name) or f"/usr/bin/{name}"
        if "/" not in name:
            elsewhere, _ = shell.hashed.get(name, ("", 0))
            if shell.dialect.bash and elsewhere and elsewhere != self.where(name):
                _hash(shell, name, elsewhere)
                return (yield self._found_program([elsewhere, *words[1:]]))
            if shell.dialect.name != "ash" and len(shell.hashed) < MOST_HASHED:
                _hash(shell, name, self.where(name))
            command = self.found_command(name)
            if command is not None:
                return (yield self.process(command, name, words[1:]))
            path = self.path_of(name)
            if path is None:
                return (yield from self._not_found(words))
            return (yield self._file(path, words))
        path = shell.absolute(name)
        folder, _, base = path.rpartition("/")
        node = shell.node(path)
        command = None
        if path not in shell.files.changes:
            command = self._known(base) if f"{folder}/" in SYSTEM_FOLDERS else self._known_by_path(path)
        if command is not None:
            return (yield self.process(command, name, words[1:]))
        if node is None:
            reason = "No such file or directory" if shell.dialect.bash else "not found"
            self.complain(f"{name}: {reason}")
            return 127
        return (yield self._file(path, words))

    def _load(self, name: str) -> Work:
        """Load the module of a program that this machine has, while others have their turns."""
        module = module_of(name)
        if module is not None and not self.engine.strict and self._has_file(name):
            self.engine.loading += 1
            try:
                yield from load(module)
            finally:
                self.engine.loading -= 1

    def found_command(self, name: str) -> Command | None:
        """The machine's own program of this name, if it is in the PATH."""
        if not any(
            f"{folder}/" in SYSTEM_FOLDERS for folder in self.shell.variables.get("PATH", "").split(":")
        ):
            return None
        first = self.path_of(name)
        if first is not None and f"{first.rpartition('/')[0]}/" not in SYSTEM_FOLDERS:
            return None
        return None if is_gone(self.shell, name) else self._known(name)

    def _known(self, name: str) -> Command | None:
        if self.shell.world.device is not None:
            from .busybox.program import command_on_device

            return command_on_device(self, name)
        if not self._has_file(name):
            return None
        if name in PROGRAMS and PROGRAMS[name].exists(self.shell):
            return PROGRAMS[name].command
        return command_of(name) if is_installed(name, self.shell.world.system.id) else None

    def _has_file(self, name: str) -> bool:
        """Whether the machine has the program's file; of some systems only the programs are known."""
        world = self.shell.world
        return world.packages is None or any(f"{folder}/{name}" in world.nodes for folder in PROGRAM_FOLDERS)

    def _known_by_path(self, path: str) -> Command | None:
        program = BY_PATH.get(path)
        return program.command if program is not None and program.exists(self.shell) else None

    def program_names(self) -> list[str]:
        """Of all programs of this machine."""
        return sorted(
            {*command_names(), *(name for name, program in PROGRAMS.items() if program.exists(self.shell))}
        )

    def where(self, name: str) -> str | None:
        """The path of a program, None if there is none."""
        shell = self.shell
        if "/" in name:
            path = shell.absolute(name)
            node = shell.node(path)
            folder, _, base = path.rpartition("/")
            if node is None and f"{folder}/" in SYSTEM_FOLDERS and self._known(base) is not None:
                return name
            return name if node is not None and not node.folder and node.mode & 0o111 else None
        own = self.path_of(name)
        if own is not None:
            return own
        if self.found_command(name) is None:
            return None
        return f"/bin/{name}" if shell.world.system.busybox else f"/usr/bin/{name}"

    def applet(self, command: Command, name: str, arguments: list[str]) -> Work:
        """Run a command of this machine by another program, in its process."""
        return self._here(command, name, arguments, self.program_pid)

    def path_of(self, name: str) -> str | None:
        """The file of this name in the PATH that can be executed."""
        shell = self.shell
        for folder in shell.variables.get("PATH", "").split(":"):
            path = shell.absolute(f"{folder or '.'}/{name}")
            node = shell.node(path)
            if node is not None and not node.folder and node.mode & 0o111:
                return path
        return None

    def _not_found(self, words: list[str]) -> Work:
        handle, name = self.shell.functions.get("command_not_found_handle"), words[0]
        if handle is not None and self.shell.dialect.bash:
            child = self.fork()
            return (yield child.whole(child.call(handle, [handle.name, *words])))
        text = "command not found" if self.shell.dialect.bash else "not found"
        if self.shell.dialect.bash and not self.shell.variables.get("PATH"):
            text = "No such file or directory"
        if not name and self.shell.dialect.name == "ash":
            text = "Permission denied"
        self.complain(f"{name}: {text}")
        return 127

    def _file(self, path: str, words: list[str]) -> Work:
        """A program of the visitor: a script is interpreted, a binary does not run on this machine."""
        shell, name = self.shell, words[0]
        node = shell.node(path)
        assert node is not None
        bash = shell.dialect.bash
        if node.folder:
            self.complain(f"{name}: Is a directory" if bash else f"{name}: Permission denied")
            return 126
        if not node.mode & 0o111:
            self.complain(f"{name}: Permission denied")
            return 126
        content = shell.read(path) or ""
        if self._is_packaged(path) and (answer := printing(shell, words)) is not None:
            known = original(shell, path, self.program_names())
            if not (known and self._known(known) is not None):
                return (yield self.process(answer, name, words[1:]))
        if content.startswith("\x7fELF"):
            known = copy_of(shell, path, node) or original(shell, path, self.program_names())
            if known and self._known(known) is not None:
                return (yield self._copied(known, words))
            if runs_quietly(shell, path, node):
                return 0
            if path in shell.world.nodes and path not in shell.files.changes:
                if (refusal := refusing(shell, words, works=False)) is not None:
                    return (yield self.process(refusal, name, words[1:]))
                if (own := of_service(shell, path, words)) is not None:
                    return (yield self.process(own, name, words[1:]))
                reason = "failed to map segment from shared object: Cannot allocate memory"
                library = library_of(shell, path)
                self.err(f"{name}: error while loading shared libraries: {library}: {reason}\n")
                return 127
        if content.startswith("\x7fELF") or "\0" in content[:80]:
            if not bash:
                words = [path if "/" not in name else name, *words[1:]]
                return (yield self.child_script(as_script(content), words[0], words[1:], shell.dialect))
            self.complain(f"{name}: cannot execute binary file: Exec format error")
            return 126
        if (own := self.packaged_script(path)) is not None:
            return (yield self.process(own, name, words[1:]))
        first = content.split("\n", 1)[0]
        dialect: Dialect | None = shell.dialect
        if first.startswith("#!"):
            parts = first[2:].split()
            interpreter = parts[0].rsplit("/", 1)[-1] if parts else ""
            if interpreter == "env" and len(parts) > 1:
                interpreter = parts[1]
            if interpreter not in SHEBANGS or not self._runs_scripts(parts[0]):
                return (yield self._interpreted(parts, path, words))
            dialect = SHEBANGS[interpreter]
        script = path if "/" not in name else name
        return (yield self.child_script(content, script, words[1:], dialect))

    def _runs_scripts(self, path: str) -> bool:
        """Whether the shell that a script names is there."""
        return self.shell.world.device is None or self.shell.node(self.shell.absolute(path)) is not None

    def _copied(self, known: str, words: list[str]) -> Work:
        """A copy of the machine's own program: BusyBox looks at the name by which it is called."""
        name = words[0].rsplit("/", 1)[-1]
        if known == "busybox" and not name.startswith("busybox"):
            known = name
        command = self._known(known)
        if command is None:
            self.err(f"{known}: applet not found\n")
            return 127
        return (yield self.process(command, known, words[1:]))

    def _is_packaged(self, path: str) -> bool:
        """Whether a file is a program that a package has brought: what it would do is not known."""
        world, real = self.shell.world, self.shell.real(path)
        if world.packages is None or real in self.shell.files.changes:
            return False
        if real.startswith("/etc/"):
            node = self.shell.node(real)
            return node is not None and is_unknown(node)
        return real.startswith(("/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/games/"))

    def packaged_script(self, path: str) -> Command | None:
        """What stands for a script of a package, of which the content is not known; None for other files."""
        if not self._is_packaged(path):
            return None
        real = self.shell.real(path)
        folder, _, base = real.rpartition("/")
        if folder == "/etc/init.d":
            from .servers.init_scripts import init_script

            return init_script
        known = self._known(base) if f"{folder}/" in SYSTEM_FOLDERS else None
        return known or _quiet

    def _interpreted(self, parts: list[str], path: str, words: list[str]) -> Work:
        command = self._known(parts[0].rsplit("/", 1)[-1]) if parts else None
        if parts and parts[0].startswith("/") and self.shell.node(self.shell.absolute(parts[0])) is None:
            command = None
        if command is None:
            where = parts[0] if parts else ""
            if self.shell.dialect.bash and self.shell.world.system.version in BEFORE_BASH_5_2:
                missing = f"{words[0]}: {where}: bad interpreter: No such file or directory"
                self.err(f"{self.shell.script}: {missing}\n")
                return 126
            if self.shell.dialect.bash:
                where = f"{words[0]}: cannot execute: required file not found"
                self.complain(where)
            else:
                self.complain(f"{words[0]}: not found")
            return 127
        return (
            yield self.process(
                command, parts[0], [*parts[1:], path if "/" not in words[0] else words[0], *words[1:]]
            )
        )

    def child_script(
        self, text: str, script: str, arguments: list[str], dialect: Dialect | None, mode: str = "f"
    ) -> Work:
        """Run a script in a shell of its own: only what is exported goes there."""
        child = self.fork()
        enter(child.shell, script, arguments, dialect, mode)
        pid = self.becomes.pid if self.becomes is not None else self.engine.next_pid(self.shell)
        words = [child.shell.dialect.program, script, *arguments]
        return (yield from self._listed(pid, words, self.as_process(child, child.script(text))))

    def _preloaded(self) -> None:
        """What ld.so(8) says of a library in /etc/ld.so.preload that the visitor has named there."""
        shell = self.shell
        if "/etc/ld.so.preload" not in shell.files.changes or shell.world.packages is None:
            return
        text = shell.read("/etc/ld.so.preload") or ""
        for path in text.split("#")[0].replace(":", " ").split()[:MOST_PRELOADED]:
            node = shell.node(shell.absolute(path))
            if node is not None and node.data[:4] == b"\x7fELF":
                continue
            why = "cannot open shared object file" if node is None else "invalid ELF header"
            what = f"object '{path[:MOST_SHOWN]}' from /etc/ld.so.preload cannot be preloaded"
            self.err(f"ERROR: ld.so: {what} ({why}): ignored.\n")

    def _listed(self, pid: int, words: list[str], work: Work) -> Work:
        """Run a program that `ps` shows meanwhile."""
        shell, before = self.shell, self.program_pid
        self._preloaded()
        shell.visit.enter(pid, shell.own_pid, shell.user, words, behind=self.engine.is_behind)
        self.program_pid = pid
        try:
            return (yield work)
        finally:
            self.program_pid = before
            shell.visit.leave(pid)

    def as_process(self, child: Context, work: Work) -> Work:
        """A shell that this one starts, up to its end; its status."""
        self.own_pid_of(child)
        child.is_subshell = False
        child.guards = child.loops = 0
        try:
            yield child.whole(work)
        except Killed as killed:
            if killed.pid != child.shell.own_pid:
                raise
            return self._report_end(killed.signal, child.shell.own_pid)
        return child.shell.status

    def process(self, command: Command, name: str, arguments: list[str]) -> Work:
        """Run a command of this machine; its status."""
        if arguments[-1:] in (["--help"], ["--version"]) and all(each[:2] == "--" for each in arguments):
            command = printing(self.shell, [name, arguments[-1]]) or command
        elif len(arguments) < 2 or arguments[0][:1] == "-":
            command = answered(self.shell, [name, *arguments]) or command
        if self.controls_jobs:
            return (yield self._as_job(command, name, arguments))
        shell = self.shell
        if self.becomes is not None:
            pid = self.becomes.pid
        elif self.is_replaced and shell.dialect.bash:
            self.is_replaced, pid = False, shell.own_pid
            level = shell.variables.get("SHLVL", "")
            if level.isdecimal() and len(level) < 4:
                shell.variables["SHLVL"] = str(int(level) - 1)
        elif not shell.dialect.bash and shell.depth == 0 and shell.visit.is_replaced:
            pid = shell.own_pid
        else:
            pid = self.engine.next_pid(shell)
        return (yield from self._listed(pid, [name, *arguments], self._here(command, name, arguments, pid)))

    def _as_job(self, command: Command, name: str, arguments: list[str]) -> Work:
        """In a process group of its own, which ^Z stops."""
        child = self.fork()
        task = yield self.start(child, child.process(command, name, arguments), self.text)
        task.group = task.pid
        child.becomes = task
        yield self.in_foreground([task], self.text)
        return self.shell.status
