# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Programs: what a name stands for on this machine, and how it runs."""

from __future__ import annotations

import itertools
import re
from operator import itemgetter
from typing import Any, Protocol, cast

from . import variables
from .commands import command_names, command_of, is_installed
from .context import Context, ExpansionError, Work
from .descriptors import BadDescriptor, Broken, Collector, End, Screen, Stream
from .dialect import ASH, BASH, DASH, Dialect
from .jobs import ENDS
from .limits import OutOfWork
from .passwords import record_passwords
from .process import Call as Called
from .process import Command, NeedsInput, Process
from .programs import BY_PATH, PROGRAMS, enter
from .tasks import (
    CONTINUE,
    INTERRUPT,
    ITSELF,
    PIPE,
    TERMINATE,
    Ended,
    Killed,
    Readable,
    Task,
    Within,
    Writable,
)

MOST_GIVEN = 1024 * 1024
"""Bytes of a command's input."""

PATIENCE_SECONDS = 1.5
"""Processor's time that is given to the commands before in a pipe that never ends."""

SYSTEM_FOLDERS = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/")

SHEBANGS: dict[str, Dialect | None] = {"sh": None, "bash": BASH, "dash": DASH, "ash": ASH}

NOT_RUN = {"env": "{0}: ‘{1}’", "xargs": "{0}: {1}", "find": "{0}: ‘{1}’"} | dict.fromkeys(
    ("nice", "nohup", "timeout"), "{0}: failed to run command ‘{1}’"
)
"""How a program that runs another one reports that there is none, up to the reason."""
PASSED_ON = (Broken, OutOfWork, ExpansionError, Killed)


class Launching(Context, Protocol):
    """The part of the evaluator that runs programs."""

    fds: dict[int, End]
    becomes: Task | None
    program_pid: int

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
        if "/" not in name:
            command = self.found_command(name)
            if command is not None:
                return (yield self.process(command, name, words[1:]))
            path = self.path_of(name)
            if path is None:
                return self._not_found(name)
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

    def found_command(self, name: str) -> Command | None:
        """The machine's own program of this name, if it is in the PATH."""
        if not any(
            f"{folder}/" in SYSTEM_FOLDERS for folder in self.shell.variables.get("PATH", "").split(":")
        ):
            return None
        return self._known(name)

    def _known(self, name: str) -> Command | None:
        if self.shell.world.device is not None:
            from .busybox.program import command_on_device

            return command_on_device(self, name)
        if name in PROGRAMS and PROGRAMS[name].exists(self.shell):
            return PROGRAMS[name].command
        return command_of(name) if is_installed(name, self.shell.world.system.id) else None

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

    def _not_found(self, name: str) -> int:
        text = "command not found" if self.shell.dialect.bash else "not found"
        if self.shell.dialect.bash and not self.shell.variables.get("PATH"):
            text = "No such file or directory"
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
        if content.startswith("\x7fELF") or "\0" in content[:80]:
            text = "cannot execute binary file: Exec format error" if bash else "Exec format error"
            if shell.dialect.name == "ash":
                text = "Exec format error" if False else "not found"
            self.complain(f"{name}: {text}")
            return 126
        first = content.split("\n", 1)[0]
        dialect: Dialect | None = shell.dialect
        if first.startswith("#!"):
            parts = first[2:].split()
            interpreter = parts[0].rsplit("/", 1)[-1] if parts else ""
            if interpreter == "env" and len(parts) > 1:
                interpreter = parts[1]
            if interpreter not in SHEBANGS:
                return (yield self._interpreted(parts, path, words))
            dialect = SHEBANGS[interpreter]
        script = path if "/" not in name else name
        return (yield self.child_script(content, script, words[1:], dialect))

    def _interpreted(self, parts: list[str], path: str, words: list[str]) -> Work:
        command = self._known(parts[0].rsplit("/", 1)[-1]) if parts else None
        if command is None:
            where = parts[0] if parts else ""
            if self.shell.dialect.bash:
                where = f"{words[0]}: cannot execute: required file not found"
                self.complain(where)
            else:
                self.complain(f"{words[0]}: not found")
            return 127
        return (yield self.process(command, parts[0], [*parts[1:], path, *words[1:]]))

    def child_script(
        self, text: str, script: str, arguments: list[str], dialect: Dialect | None, mode: str = "f"
    ) -> Work:
        """Run a script in a shell of its own: only what is exported goes there."""
        child = self.fork()
        enter(child.shell, script, arguments, dialect, mode)
        pid = self.becomes.pid if self.becomes is not None else self.engine.next_pid(self.shell)
        words = [child.shell.dialect.program, script, *arguments]
        return (yield from self._listed(pid, words, self.as_process(child, child.script(text))))

    def _listed(self, pid: int, words: list[str], work: Work) -> Work:
        """Run a program that `ps` shows meanwhile."""
        shell, before = self.shell, self.program_pid
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

    def _report_end(self, signal: int, pid: int) -> int:
        """What bash prints about a program that a signal has ended; the status."""
        text = ENDS.get(signal, f"Signal {signal}")
        if signal in (INTERRUPT, PIPE):
            return 128 + signal
        if self.shell.dialect.bash and self.shell.mode != "i" and signal != TERMINATE:
            self.complain(f"{pid:>5} {text:<24}{self.text}")
        else:
            self.err(f"{text}\n")
        return 128 + signal

    def process(self, command: Command, name: str, arguments: list[str]) -> Work:
        """Run a command of this machine; its status."""
        if self.controls_jobs:
            return (yield self._as_job(command, name, arguments))
        shell = self.shell
        if self.becomes is not None or (shell.depth == 0 and shell.visit.is_replaced):
            pid = self.becomes.pid if self.becomes is not None else shell.own_pid
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

    def _here(self, command: Command, name: str, arguments: list[str], pid: int) -> Work:
        source = self.fds.get(0)
        given = None if isinstance(source, Stream) else b""
        while True:
            process = self._new_process(name, arguments, given, pid)
            try:
                return (yield from self._drive(command, process))
            except Killed as killed:
                if killed.pid != ITSELF:
                    raise
                return self._report_end(killed.signal, pid)
            except NeedsInput:
                lines = _lines_of_head(arguments) if name.rsplit("/", 1)[-1] == "head" else 0
                given = yield from self._all_input(cast("Stream", source), lines)
            except (BadDescriptor, OSError) as error:
                reason = "Bad file descriptor" if isinstance(error, BadDescriptor) else str(error)
                self.err(f"{name.rsplit('/', 1)[-1]}: write error: {reason}\n")
                return 1
            except Exception:
                if self.engine.strict or isinstance(_current(), PASSED_ON):
                    raise
                return 1

    def _new_process(self, name: str, arguments: list[str], given: bytes | None, pid: int) -> Process:
        screen, source = self.fds.get(1), self.fds.get(0)
        on_terminal = self.engine.input.is_terminal and isinstance(screen, Screen)
        self.shell.files.read = 0
        from_terminal = source is not None and source.is_terminal
        short = name.rsplit("/", 1)[-1]
        columns = self.shell.columns
        return Process(self.shell, short, arguments, given, on_terminal, columns, from_terminal, self, pid)

    def _drive(self, command: Command, process: Process) -> Work:
        visit = self.shell.visit
        visit.current = process.pid
        running = command(process)
        visit.current = 0
        if isinstance(running, int):
            yield from self._drain(process)
            return running
        value: Any = None
        killed: Killed | None = None
        try:
            while True:
                try:
                    visit.current = process.pid
                    item = running.send(value) if killed is None else running.throw(killed)
                    visit.current = 0
                except StopIteration as stop:
                    yield from self._drain(process)
                    return stop.value or 0
                visit.current, value, killed = 0, None, None
                yield from self._drain(process)
                process.rest()
                self.shell.files.read = 0
                try:
                    value = yield self._called(item, process) if isinstance(item, Called) else item
                except Killed as signal:
                    killed = signal  # A command such as ping prints something before it ends.
        finally:
            visit.current = 0
            running.close()

    def _drain(self, process: Process) -> Work:
        """Pass on what the command has printed."""
        chunks, process.chunks = joined(process.chunks), []
        for number, data in chunks:
            end = self.fds.get(number)
            if end is None:
                if number == 1:
                    raise BadDescriptor
                continue
            end.write(data)
            if end.is_full:
                yield Writable(end)

    def _called(self, item: Called, caller: Process) -> Work:
        """A command that another one runs."""
        if self.where(item.words[0]) is None and caller.name in NOT_RUN:
            text = NOT_RUN[caller.name].format(caller.name, item.words[0])
            if self.shell.world.system.busybox and caller.name != "xargs":
                text = f"{caller.name}: can't execute '{item.words[0]}'"
            self.err(f"{text}: No such file or directory\n")
            return (127, False) if item.seconds else (127, b"") if item.captured else 127
        child = self.fork()
        child.becomes, self.becomes = self.becomes, None
        if item.given is not None:
            child.fds[0] = Stream(item.given, ended=True)
        for name, value in (item.variables or {}).items():
            variables.assign(child.shell, name, value)
            child.shell.exported.add(name)
        if item.seconds:
            return (yield self._limited(child, item))
        if not item.captured:
            return (yield child.whole(child.program(item.words)))
        collector = child.fds[1] = Collector(MOST_GIVEN // 4)
        status = yield child.whole(child.program(item.words))
        return status, bytes(collector.content)

    def _limited(self, child: Context, item: Called) -> Work:
        """A command that gets a signal after some time; its status, and whether the time was up."""
        child.becomes = None
        task = yield self.start(child, child.program(item.words), " ".join(item.words)[:200])
        child.becomes = task
        signals, until = [item.signal, *([9] if item.kill_after else [])], self.engine.now() + item.seconds
        is_late = False
        try:
            for signal in signals:
                yield Within(Ended([task]), until)
                if task.done:
                    break
                is_late = True
                self.engine.signal(task, signal)
                self.engine.signal(task, CONTINUE)
                until = self.engine.now() + item.kill_after
            yield Ended([task])
        except BaseException:
            self.engine.kill(task, 15)
            raise
        return task.status, is_late

    def _all_input(self, source: Stream, most_lines: int = 0) -> Work:
        """Everything up to the end of the standard input, bounded; of a pipe, so many lines are enough."""
        kept, size, began = bytearray(), 0, self.engine.used
        from_visitor = source is self.engine.input
        while True:
            if not source.is_readable:
                yield Readable(source)
            data = source.take()
            if not data:
                break
            size += len(data)
            kept += data[: max(0, MOST_GIVEN - len(kept))]
            enough = most_lines and kept.count(b"\n") >= most_lines
            if not from_visitor and (
                enough or size > MOST_GIVEN or self.engine.used - began > PATIENCE_SECONDS
            ):
                source.has_reader = False
                break
        if from_visitor:
            self.shell.has_all_input = self.shell.has_all_input and size == len(kept)
        return bytes(kept)

    def read_line(self, source: Stream, delimiter: bytes = b"\n") -> Work:
        """The next line of a descriptor, b"" at its end."""
        if not source.has_line(delimiter):
            yield Readable(source, delimiter)
        return source.take_line(delimiter)


def joined(chunks: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """With neighbours of one descriptor as one."""
    if len(chunks) < 2:
        return chunks
    groups = itertools.groupby(chunks, key=itemgetter(0))
    return [(number, b"".join(data for _, data in group)) for number, group in groups]


def _lines_of_head(arguments: list[str]) -> int:
    """How many lines `head` needs at most; 0 for all."""
    if any(word.startswith(("-c", "--")) for word in arguments):
        return 0
    found = re.search(r"-n? ?(\d+)", " ".join(arguments))
    return int(found[1][:7]) if found else 10


def _current() -> BaseException | None:
    import sys

    return sys.exc_info()[1]
