# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""A program as the evaluator drives it: its input, what it prints, the commands that it runs."""

from __future__ import annotations

import itertools
import re
from functools import partial
from operator import itemgetter
from typing import Any, Protocol, cast

from ..host.node import Node
from . import variables
from .as_typed import answer_lines, is_filter
from .context import Context, ExpansionError, Work
from .descriptors import BadDescriptor, Broken, Collector, End, Screen, Stream, number_of
from .fifos import is_fifo, open_fifo
from .jobs import ENDS
from .limits import OutOfWork
from .process import Call as Called
from .process import Command, NeedsInput, Process
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

PATIENCE_SECONDS = 4.0
"""Processor's time that is given to the commands before in a pipe that never ends."""

NOT_RUN = {
    "env": "{0}: ‘{1}’",
    "xargs": "{0}: {1}",
    "find": "{0}: ‘{1}’",
    "nice": "{0}: ‘{1}’",
} | dict.fromkeys(("nohup", "timeout"), "{0}: failed to run command ‘{1}’")
"""How a program that runs another one reports that there is none, up to the reason."""

NOT_READING = frozenset((
    "cat", "tee", "ls", "stat", "rm", "unlink", "file", "test", "[", "chmod", "chown", "chgrp", "mv", "ln", "mkfifo", "mknod",
    "find", "touch", "realpath", "readlink", "du", "basename", "dirname", "echo", "printf", "sh", "bash", "dash", "timeout",
    "env", "nohup", "sudo", "xargs", "setsid", "kill", "ps", "lsof", "fuser",
))  # fmt: skip
"""Programs that open no named pipe among their words, or as a shell opens it."""
MOST_FIFOS = 8

PASSED_ON = (Broken, OutOfWork, ExpansionError, Killed)


class Driving(Context, Protocol):
    """The part of the evaluator that drives programs."""

    fds: dict[int, End]
    unredirected: dict[int, End]
    becomes: Task | None

    def _here(self, command: Command, name: str, arguments: list[str], pid: int) -> Work:
        pipes: list[str] = []
        if self.shell.files.has_fifos and name.rsplit("/", 1)[-1] not in NOT_READING:
            pipes = yield from self._read_fifos(arguments[:MOST_FIFOS])
        try:
            return (yield from self._in_its_place(command, name, arguments, pid))
        finally:
            for path in pipes:
                self.shell.streams.pop(path, None)

    def _read_fifos(self, arguments: list[str]) -> Work:
        """Read the named pipes among a program's files, which it finds in their place; their paths."""
        paths = {self.shell.absolute(word) for word in arguments if word}
        found = sorted(path for path in paths if is_fifo(self.shell, path))
        for path in found:
            source: Any = yield from open_fifo(self.shell, path, "<")
            content = yield from self._all_input(source)
            self.shell.streams[path] = Node(0o600, content=content, owner=self.shell.user)
        return found

    def _in_its_place(self, command: Command, name: str, arguments: list[str], pid: int) -> Work:
        source = self.fds.get(0)
        given = None if isinstance(source, Stream) else b""
        printed = 0
        while True:
            process = self._new_process(name, arguments, given, pid)
            process.skipped = printed
            try:
                return (yield from self._drive(command, process))
            except Killed as killed:
                if killed.pid != ITSELF:
                    raise
                return self._report_end(killed.signal, pid)
            except NeedsInput:
                lines = _lines_of_head(arguments) if name.rsplit("/", 1)[-1] == "head" else 0
                given, printed = yield from self._needed_input(
                    command, process, cast("Stream", source), lines
                )
            except (BadDescriptor, OSError) as error:
                reason = "Bad file descriptor" if isinstance(error, BadDescriptor) else str(error)
                short = name.rsplit("/", 1)[-1]
                self.err(f"{short}: {'standard output' if short == 'cat' else 'write error'}: {reason}\n")
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
        if item.clean:
            path = child.shell.variables.get("PATH", "")
            child.shell.variables = {
                name: value
                for name, value in child.shell.variables.items()
                if name not in child.shell.exported
            }
            child.shell.variables["PATH"] = path
            child.shell.exported, child.shell.order = set(), ("",)
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

    def _needed_input(self, command: Command, process: Process, source: Stream, most_lines: int) -> Work:
        """Its standard input, and how many bytes it has printed of what it prints for that."""
        screen = self.fds.get(1)
        if not (source.is_terminal and isinstance(screen, Screen) and is_filter(process.name, process.args)):
            return (yield from self._all_input(source, most_lines)), 0
        make = partial(self._new_process, process.name, process.args, pid=process.pid)
        return (yield from answer_lines(command, make, source, screen, most_lines))

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

    def script_input(self, path: str) -> Work:
        """The text of a script that is one of this shell's own inputs (/dev/stdin); None for other paths."""
        number = None if path in self.shell.streams else number_of(path)
        source = None if number is None else self.fds.get(number)
        if is_fifo(self.shell, path):
            source = yield from open_fifo(self.shell, path, "<")
        if not isinstance(source, Stream):
            return None
        return (yield from self._all_input(source)).decode("utf-8", "surrogateescape")

    def read_line(self, source: Stream, delimiter: bytes = b"\n") -> Work:
        """The next line of a descriptor, b"" at its end."""
        if not source.has_line(delimiter):
            yield Readable(source, delimiter)
        return source.take_line(delimiter)

    def _report_end(self, signal: int, pid: int) -> int:
        """What bash prints about a program that a signal has ended; the status."""
        text = ENDS.get(signal, f"Signal {signal}")
        if signal in (INTERRUPT, PIPE):
            return 128 + signal
        before, self.fds = self.fds, self.unredirected
        if self.shell.dialect.bash and self.shell.mode != "i" and signal != TERMINATE:
            self.complain(f"{pid:>5} {text:<24}{self.text}")
        else:
            self.err(f"{text}\n")
        self.fds = before
        return 128 + signal


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
