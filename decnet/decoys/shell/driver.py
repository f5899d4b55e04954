"""Between a channel and the engine that runs a visitor's commands: output, keys, time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress

from ..events import Session
from ..waits import Turn, at_most
from .ash_line import AshLine
from .bound_keys import BoundKeys
from .editor import BRACKETS, END, INTERRUPT, MOST_LINE, SUSPEND
from .engine import Engine
from .history import old_history
from .line_editors import editor_of, only_ends, typed_in_turn
from .loading import PAUSE
from .memory import MEMORY, Account
from .plain_line import PlainLine
from .prompts import has_brackets
from .state import Shell
from .stream import IDLE_SECONDS, Stream
from .tasks import KILL, Line
from .turns import BUSY_SECONDS, MOST_SECONDS, REST_FACTOR, SLICE_SECONDS, TURNS, Use
from .typed_input import SIGNALS, TypedInput

MOST_KEYS = 256 * 1024
"""Limit of characters that are kept when typed ahead."""
FLOW = {0x13: None, 0x11: None}
"""^S and ^Q are for the terminal's driver."""
MOST_QUEUED = 64 * 1024
MOST_PRINTED, MOST_SENT = 8 * 1024 * 1024, 64 * 1024 * 1024
"""Bytes that one channel's commands may print before they are killed; those of scp and sftp."""
SENDERS = ("scp -", "/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server")
SPARED_SECONDS = 0.5
"""How long after its commands a shell is not killed for lack of memory."""
MOST_INPUT = 64 * 1024 * 1024
"""Bytes that a visitor may send to one channel's commands."""


class Driver:
    """One channel."""

    def __init__(self, engine: Engine, shell: Shell, channel: Stream, session: Session) -> None:
        self._engine = engine
        self._shell = shell
        self._channel = channel
        self._session = session
        self._keys: deque[str] = deque()
        self._typed = TypedInput(MOST_QUEUED)
        self._turn = Turn()
        self._use = Use()
        self._memory = Account(self._kill)
        self._task: asyncio.Task[object] | None = None
        self._is_killed = False
        self._spared = -SPARED_SECONDS
        self._skips_newline = False
        self._received = 0
        self._printed = 0
        self._is_gone = False
        self._ends_last_wait = False
        self._newline = b"\r\n" if channel.terminal is not None else b"\n"
        engine.input.is_terminal = channel.terminal is not None

    async def drive(self) -> int:
        """Until the shell ends; its status. Raises TimeoutError after a long silence."""
        engine = self._engine
        self._task = asyncio.current_task()
        try:
            with MEMORY.account(self._kill) as self._memory:
                await self._drive_on()
        except asyncio.CancelledError:
            if not self._is_killed or self._task is None:
                raise
            self._task.uncancel()
        finally:
            self._leave()
        return engine.main.status if engine.main is not None else 0

    async def _drive_on(self) -> None:
        engine = self._engine
        while not engine.is_over:
            await self._work()
            if engine.is_over or self._is_left():
                break
            await self._await_commands()
        await self._flush()

    def _kill(self) -> None:
        """There is no memory left: this channel's commands end, and at once again its shell."""
        engine = self._engine
        commands = [task for task in engine.tasks if task is not engine.main]
        now = time.monotonic()
        if commands and engine.main is not None and now - self._spared > SPARED_SECONDS:
            self._spared = now
            for task in commands:
                engine.kill(task, KILL)
            engine.step(SLICE_SECONDS)
            return
        for task in list(engine.tasks):
            engine.kill(task, KILL)
        engine.step(SLICE_SECONDS)
        for values in (self._shell.variables, self._shell.arrays, self._shell.functions):
            values.clear()
        if self._task is not None and not self._is_killed:
            self._is_killed = True
            self._task.cancel()

    def _is_left(self) -> bool:
        """Whether the visitor has left, and nothing that he has typed before is still to be executed."""
        if not self._is_gone or (self._ends_last_wait and self._engine.can_run):
            return False
        goes_on = self._awaited_line() is not None or self._reads_input() or self._engine.can_run
        typed = self._engine.input.size if self._channel.terminal is not None else 0
        return not ((self._keys or typed) and goes_on)

    def _leave(self) -> None:
        """The visit is over: a line that was not completed still goes to the command that waits for it."""
        engine = self._engine
        self._shell.visit.end()
        if self._channel.terminal is not None and self._reads_input() and not engine.input.raw:
            engine.input.write(self._typed.unfinished())
            engine.step(SLICE_SECONDS)
        engine.close()

    async def _work(self) -> None:
        """Run what can run, and write its output."""
        engine = self._engine
        if engine.can_run:
            if self._channel.terminal is not None:
                terminal = self._channel.terminal
                if engine.size is not None:
                    (terminal.rows, terminal.columns), engine.size = engine.size, None
                for task in engine.tasks:
                    if task.context is not None:
                        task.context.shell.columns, task.context.shell.rows = terminal.columns, terminal.rows
            before = engine.used
            async with TURNS.turn(self._use.recent()):
                with MEMORY.charged_to(self._memory):
                    engine.step(SLICE_SECONDS)
            self._use.add(engine.used - before)
            sends = self._shell.visit.line.startswith(SENDERS)
            if engine.used > MOST_SECONDS or self._printed > (MOST_SENT if sends else MOST_PRINTED):
                for task in list(engine.tasks):
                    engine.kill(task, KILL)
            if engine.used > BUSY_SECONDS and engine.can_run:
                await asyncio.sleep(SLICE_SECONDS * REST_FACTOR)
        await self._flush()

    async def _flush(self) -> None:
        """Write the output that waits."""
        for number, data in self._engine.take_output():
            self._printed += len(data)
            if self._newline != b"\n":
                await self._channel.write(data.replace(b"\n", self._newline))
            else:
                await self._channel.write(data, error=number == 2)

    async def _await_commands(self) -> None:
        """Wait for what the commands wait for."""
        engine = self._engine
        if engine.loading:
            await asyncio.sleep(PAUSE)
            return
        line = self._awaited_line()
        if line is not None:
            await self._read_line(line)
        elif engine.can_run:
            await self._look_for_keys()
        elif self._reads_input():
            await self._read_input()
        else:
            await self._pause()

    def _awaited_line(self) -> Line | None:
        return next(
            (
                task.waits
                for task in self._engine.tasks
                if isinstance(task.waits, Line) and not task.waits.is_there and not task.stopped
            ),
            None,
        )

    def _reads_input(self) -> bool:
        return any(self._engine.reads_input(task) for task in self._engine.tasks)

    # Without a terminal, or with one while a command runs

    async def _look_for_keys(self) -> None:
        """A command runs on: ^C ends it."""
        if self._channel.terminal is None:
            await asyncio.sleep(0)
            return
        early = len(self._keys)
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                await self._type_ahead(IDLE_SECONDS)
        await self._hear(early)

    async def _pause(self) -> None:
        """Until the next command wakes up; on a terminal the visitor ends it with ^C or by leaving."""
        wake = self._engine.next_wake()
        seconds = IDLE_SECONDS if wake is None else max(0.0, wake - self._engine.now())
        if self._channel.terminal is None:
            if wake is None:
                self._is_gone = True
            await asyncio.sleep(seconds)
            return
        early = len(self._keys)
        try:
            await self._type_ahead(min(seconds, IDLE_SECONDS))
        except TimeoutError:
            self._woken(wake)
        if self._is_gone and wake is not None and not self._ends_last_wait:
            # Without input there is no ^C either: the wait is the last one, and what follows it is done.
            self._ends_last_wait = True
            self._woken(wake)
        await self._hear(early)

    async def _hear(self, early: int) -> None:
        """Keys that came while a command runs: signals, and input that the terminal echoes at once. The first
        `early` ones came before it ran."""
        if await self._obey():
            early = 0
        stream = self._engine.input
        if len(self._keys) <= early or stream.raw or stream.by_key or self._awaited_line() is not None:
            return
        stream.write("".join(self._keys.popleft() for _ in range(early)).encode("utf-8", "surrogateescape"))
        await self._take_cooked()

    async def _take_cooked(self) -> None:
        """What the terminal's driver does with keys: echo, corrections, whole lines as input."""
        stream = self._engine.input
        while self._keys and not self._typed.end:
            await self._turn.pass_on()
            shown = self._typed.take(self._keys)
            await self._channel.write(shown.encode("utf-8", "surrogateescape") if stream.echo else b"")
            lines = self._typed.passed_on()
            stream.write(lines[: max(0, MOST_KEYS - stream.size)])

    async def _obey(self) -> bool:
        """The keys that a running command does not get as input; whether there was one. What was typed
        before it is lost."""
        pressed = False
        for key, (signal, shown) in SIGNALS.items():
            if key in self._keys and self._awaited_line() is None and not self._engine.input.raw:
                while self._keys.popleft() != key:
                    continue
                ends = signal == 2 and not self._engine.input.handles_interrupt
                await self._channel.write(shown.encode() + self._newline * ends)
                self._typed = TypedInput(MOST_QUEUED)
                self._engine.input.clear()
                self._engine.press(signal)
                pressed = True
        return pressed

    async def _read_input(self) -> None:
        """Input for a command that waits for it."""
        if self._channel.terminal is not None:
            await self._read_terminal()
            return
        stream = self._engine.input
        wake = self._engine.next_wake()
        seconds = IDLE_SECONDS if wake is None else max(0.0, wake - self._engine.now())
        try:
            data = await self._channel.read(min(seconds, IDLE_SECONDS))
        except TimeoutError:
            self._woken(wake)
            return
        self._received += len(data)
        if self._received > MOST_INPUT:
            self._shell.has_all_input = False
            data = b""
        if data:
            stream.write(data)
        else:
            stream.ended = True

    async def _read_terminal(self) -> None:
        """As the terminal's driver does: lines with echo, corrected until their end."""
        wake = self._engine.next_wake()
        seconds = IDLE_SECONDS if wake is None else max(0.0, wake - self._engine.now())
        if not self._keys and not self._typed.end:
            try:
                await self._type_ahead(min(seconds, IDLE_SECONDS))
            except TimeoutError:
                self._woken(wake)
                return
        stream = self._engine.input
        if stream.raw:
            await self._turn.pass_on()
            stream.write("".join(self._keys).encode("utf-8", "surrogateescape"))
            self._keys.clear()
            return
        if stream.by_key:
            await self._pass_keys()
            return
        await self._turn.pass_on()
        shown = self._typed.take(self._keys)
        await self._channel.write(shown.encode("utf-8", "surrogateescape") if stream.echo else b"")
        stream.write(self._typed.passed_on())
        end, self._typed.end = self._typed.end, ""
        if end == END:
            stream.ended = True
        elif end in SIGNALS:
            self._engine.press(SIGNALS[end][0])

    async def _pass_keys(self) -> None:
        """What is typed for a command that takes each key at once, and does not echo it itself."""
        stream = self._engine.input
        text = "".join(self._keys).replace("\r", "\n")
        self._keys.clear()
        if INTERRUPT in text:
            await self._channel.write(b"^C\r\n")
            self._engine.press(2)
            return
        data = text.encode("utf-8", "surrogateescape")
        await self._channel.write(data.replace(b"\n", b"\r\n") if stream.echo else b"")
        stream.write(data)

    def _woken(self, wake: float | None) -> None:
        """A wait has ended without input. Raises TimeoutError if no command was to wake up."""
        if wake is None:
            raise TimeoutError
        self._engine.skip(max(0.0, wake - self._engine.now()))

    # At a prompt

    async def _read_line(self, line: Line) -> None:
        """The line that a shell prompts for."""
        brackets = line.is_readline and has_brackets(line.shell)
        left = self._engine.input.take() if self._engine.input.is_readable else b""
        left += self._typed.unfinished()
        self._typed = TypedInput(MOST_QUEUED)
        self._keys.extendleft(reversed(left.decode("utf-8", "surrogateescape")))
        prompt = line.prompt.replace("\n", "\r\n").encode("utf-8", "surrogateescape")
        await self._channel.write(BRACKETS * brackets + prompt)
        history = [*old_history(line.shell)[-200:], *line.shell.history]
        write = self._channel.write if self._engine.input.echo else only_ends(self._channel.write)
        editor = editor_of(line, history, write, self._columns)
        bound = BoundKeys(line.shell)
        if isinstance(editor, AshLine) and not self._keys:
            await editor.begin()
        while True:
            if not self._keys and not await self._next_keys():
                line.text, line.is_there = None, True
                self._is_gone = True
                return
            while self._keys:
                await self._turn.pass_on()
                key = self._keys.popleft()
                if key == INTERRUPT and line.shell.traps.get("INT") == "":
                    continue
                if key == SUSPEND and line.completes is not None:
                    self._engine.press(SIGNALS[key][0])
                    return
                skips, self._skips_newline = self._skips_newline and key == "\n", key == "\r"
                if bound:
                    done = await typed_in_turn(editor, "" if skips else bound.take(key, self._keys))
                else:
                    if not isinstance(editor, PlainLine) and editor.inserts:
                        key = self._characters(key)
                    done = None if skips else await editor.key(key)
                if done is not None:
                    self._finish(line, done)
                    return
            if not isinstance(editor, PlainLine):
                await editor.rest()

    @property
    def _columns(self) -> int:
        return self._channel.terminal.columns if self._channel.terminal else 80

    def _characters(self, key: str) -> str:
        """A key, with the characters that were typed before the shell has read it."""
        if not key.isprintable():
            return key
        found = [key]
        while self._keys and self._keys[0].isprintable() and len(found) < MOST_LINE:
            found.append(self._keys.popleft())
        return "".join(found)

    def _finish(self, line: Line, done: str) -> None:
        line.text = None if done == END else done
        line.is_there, line.is_interrupted = True, done == INTERRUPT
        if line.is_interrupted:
            return
        if line.text and line.text.strip():
            self._session.record("command", input=line.text, way="shell")

    async def _next_keys(self) -> bool:
        """Wait for keys while commands in the background run on; False at the end of the input."""
        engine = self._engine
        while True:
            await self._work()
            wake = engine.next_wake()
            seconds = IDLE_SECONDS if wake is None else min(IDLE_SECONDS, max(0.0, wake - engine.now()))
            if engine.can_run:
                await self._look_for_keys()
                if self._keys or self._is_gone:
                    return not self._is_gone
                continue
            try:
                return await self._type_ahead(seconds)
            except TimeoutError:
                self._woken(wake)

    async def _type_ahead(self, seconds: float) -> bool:
        """Store the next keys; False at the end of the input. Raises TimeoutError."""
        async with at_most(seconds):
            data = await self._channel.read()
        text = data.decode("utf-8", "surrogateescape")
        if self._channel.terminal is not None and not self._engine.input.raw:
            text = text.translate(FLOW)
        self._keys.extend(text[: MOST_KEYS - len(self._keys)])
        self._is_gone = self._is_gone or not data
        return bool(data)
