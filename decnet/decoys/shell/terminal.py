"""Between the channel and the shell: line editing and echo on a terminal, plain streams without one."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from ..events import Session
from ..waits import Turn, at_most
from . import on_files, on_network, on_system, on_text, passwords
from .consoles import Console, Router, Windows
from .state import Answer, Command, Shell
from .stream import Stream
from .typed_input import END, INTERRUPT, TypedInput, reads_terminal, repeats_input
from .world import World

MOST_LINE = 4096
MOST_HISTORY = 200
MOST_LINES = 2000
MOST_INPUT = 1024 * 1024
MOST_KEYS = 256 * 1024
"""Limit of characters that are kept when typed ahead."""
INPUT_SECONDS = 60.0
FED_SECONDS = 0.2
"""For a command that would prompt for a password, but gets it without a prompt."""
HOME, LAST, UP, DOWN, RIGHT, LEFT, DELETE = "\x01", "\x05", "A", "B", "C", "D", "3~"


async def run_command(world: World, user: str, session: Session, channel: Stream, line: str) -> int:
    """`ssh host command`: execute it, and return its output and status."""
    session.record("command", input=line, way="exec")
    shell = console_for(world, user, session, interactive=False)
    given = ""
    if _reads_input(line) or passwords.are_read_by(line):
        seconds = INPUT_SECONDS if _reads_input(line) else FED_SECONDS
        given, is_whole = await _all_input(channel, seconds)
        if isinstance(shell, Shell):
            shell.has_all_input = is_whole
    answer = shell.run(line, given)
    await _pause(answer, channel, deque())
    end = "\r\n" if channel.terminal else "\n"
    await channel.write(_bytes(answer.out, end))
    await channel.write(_bytes(answer.error, end), error=channel.terminal is None)
    return answer.status


async def run_shell(world: World, user: str, session: Session, channel: Stream) -> int:
    """A login shell, with or without a terminal; its exit status."""
    shell = console_for(world, user, session, interactive=channel.terminal is not None)
    if channel.terminal is None:
        return await _plain(shell, channel)
    hello = shell.hello() if isinstance(shell, Windows | Router) else greeting(world)
    await channel.write(_bytes(hello, "\r\n"))
    return await Editor(shell, channel).converse()


def console_for(world: World, user: str, session: Session, *, interactive: bool) -> Console:
    """The command line of this machine."""
    if world.persona.os.startswith("windows"):
        return Windows(world, user, session)
    if world.persona.os == "cisco":
        return Router(world, user, session)
    return Shell(world, user, session, all_commands(), interactive=interactive)


def all_commands() -> dict[str, Command]:
    """A new table of all commands of the shell."""
    table: dict[str, Command] = {}
    for module in (on_files, on_text, on_system, on_network):
        table |= module.COMMANDS
    return table


def greeting(world: World) -> str:
    """What a login shows before the first prompt."""
    motd = world.persona.text("motd")
    system = world.system
    if motd is not None:
        return motd.replace("\r\n", "\n").rstrip("\n") + "\n" if motd else ""
    if system.busybox:
        return "\n\nBusyBox v1.33.2 built-in shell (ash)\n\n"
    seen = time.time() - world.persona.number("seen", 3600 * 20, 3600 * 400)
    last = time.strftime(
        "%a %b %e %H:%M:%S %Y", time.gmtime(seen // 60 * 60 + world.persona.number("second", 0, 59))
    )
    neighbour = world.address.rsplit(".", 1)[0] + f".{world.persona.number('admin desk', 20, 240)}"
    end = f"Last login: {last} from {neighbour}\n"
    head = f"Linux {world.hostname} {system.kernel} {system.build} {system.machine}\n\n"
    if system.id == "ubuntu":
        return f"Welcome to {system.name} (GNU/Linux {system.kernel} {system.machine})\n\n{end}"
    if system.id == "debian":
        free = "The programs included with this system are free software; see /usr/share/doc/*/copyright.\n\n"
        return head + free + end
    return end


class Editor:
    """A terminal session: echo, editing keys, history."""

    def __init__(self, shell: Console, channel: Stream) -> None:
        self._shell = shell
        self._channel = channel
        self._line = ""
        self._at = 0
        self._back = 0
        self._escape: str | None = None
        self._pending: deque[str] = deque()
        self._turn = Turn()
        self._skip_newline = False

    async def converse(self) -> int:
        """Prompt and execute lines until the intruder leaves."""
        await self._prompt()
        for _ in range(MOST_LINES):
            line = await self._read_line()
            if line is None or await self._carry_out(line):
                await self._channel.write(b"logout\r\n" if isinstance(self._shell, Shell) else b"")
                return int(self._shell.variables.get("?", "0"))
            await self._prompt()
        return 1

    async def _prompt(self) -> None:
        await self._channel.write(self._shell.prompt().encode())

    async def _carry_out(self, line: str) -> bool:
        """Whether the shell ended."""
        if not line.strip():
            return False
        self._shell.session.record("command", input=line, way="shell")
        self._shell.history.append(line)
        del self._shell.history[:-MOST_HISTORY]
        self._shell.columns = self._channel.terminal.columns if self._channel.terminal else 80
        if isinstance(self._shell, Shell) and reads_terminal(line):
            answer = await self._run_with_input(self._shell, line)
        else:
            answer = self._shell.run(line)
        await _pause(answer, self._channel, self._pending)
        self._shell.variables["?"] = str(answer.status)
        await self._channel.write(_bytes(answer.out + answer.error, "\r\n"))
        return self._shell.leaving

    async def _run_with_input(self, shell: Shell, line: str) -> Answer:
        """Execute a line that reads the terminal. What was typed is recorded, however the visit ends."""
        repeats = repeats_input(line)
        typed = TypedInput(MOST_INPUT, repeats=repeats)
        answer = Answer()
        try:
            while not typed.end and (self._pending or await _type_ahead(self._channel, self._pending)):
                await self._turn.pass_on()
                await self._channel.write(typed.take(self._pending).encode())
        finally:
            shell.has_all_input = typed.is_whole and typed.end == END
            answer = shell.run(line, typed.text)
            shell.has_all_input = True
        if typed.end == INTERRUPT:
            return Answer(status=130)
        return Answer("" if repeats else answer.out, answer.error, answer.status, answer.delay)

    async def _read_line(self) -> str | None:
        """The next line; None at the end of the input."""
        self._line, self._at, self._back = "", 0, 0
        while self._pending or await _type_ahead(self._channel, self._pending):
            while self._pending:
                await self._turn.pass_on()
                done = await self._key(self._pending.popleft())
                if done is not None:
                    return None if done == "\x04" else done
        return None

    async def _key(self, key: str) -> str | None:
        """Process one character; a whole line if it ends one, ^D if that means the end."""
        if self._skip_newline and key == "\n":
            self._skip_newline = False
            return None
        self._skip_newline = key == "\r"
        if self._escape is not None or key == "\x1b":
            await self._escaped(key)
            return None
        if key in "\r\n":
            await self._channel.write(b"\r\n")
            return self._line
        if key == "\x03":
            await self._channel.write(b"^C\r\n" + self._shell.prompt().encode())
            self._line, self._at = "", 0
            return None
        if key == "\x04":
            return "\x04" if not self._line else None
        await self._edit(key)
        return None

    async def _edit(self, key: str) -> None:
        if key in "\x7f\x08":
            if self._at:
                await self._replace(self._line[: self._at - 1] + self._line[self._at :], self._at - 1)
        elif key == "\x15":
            await self._replace(self._line[self._at :], 0)
        elif key == "\x0b":
            await self._replace(self._line[: self._at], self._at)
        elif key == "\x17":
            kept = self._line[: self._at].rstrip()
            kept = kept[: kept.rfind(" ") + 1]
            await self._replace(kept + self._line[self._at :], len(kept))
        elif key == HOME:
            await self._replace(self._line, 0)
        elif key == LAST:
            await self._replace(self._line, len(self._line))
        elif key == "\x0c":
            await self._channel.write(b"\x1b[H\x1b[2J" + self._shell.prompt().encode() + self._line.encode())
        elif key == "\t" or ord(key) < 32:
            await self._channel.write(b"\x07")
        elif len(self._line) < MOST_LINE:
            at_end = self._at == len(self._line)
            if at_end:
                self._line += key
                self._at += 1
                await self._channel.write(key.encode())
            else:
                await self._replace(self._line[: self._at] + key + self._line[self._at :], self._at + 1)

    async def _escaped(self, key: str) -> None:
        """Arrow keys and the like."""
        self._escape = "" if key == "\x1b" else (self._escape or "") + key
        sequence = self._escape
        begun = sequence in ("", "[", "O")
        if begun or (
            sequence[0] in "[O" and not (sequence[-1].isalpha() or sequence[-1] == "~") and len(sequence) < 8
        ):
            return
        self._escape = None
        move = sequence[1:]
        if move in (UP, DOWN):
            await self._recall(1 if move == UP else -1)
        elif move == LEFT and self._at:
            self._at -= 1
            await self._channel.write(b"\x08")
        elif move == RIGHT and self._at < len(self._line):
            await self._channel.write(self._line[self._at].encode())
            self._at += 1
        elif move == DELETE and self._at < len(self._line):
            await self._replace(self._line[: self._at] + self._line[self._at + 1 :], self._at)

    async def _recall(self, step: int) -> None:
        self._back = max(0, min(len(self._shell.history), self._back + step))
        line = self._shell.history[-self._back] if self._back else ""
        await self._replace(line, len(line))

    async def _replace(self, line: str, at: int) -> None:
        """Draw a changed line over the old one."""
        left = "\x08" * self._at
        blank = max(0, len(self._line) - len(line))
        output = left + line + " " * blank + "\x08" * (blank + len(line) - at)
        self._line, self._at = line, at
        await self._channel.write(output.encode())


async def _plain(shell: Console, channel: Stream) -> int:
    """A shell without a terminal: reads lines and prints output, without prompt and echo."""
    waiting = b""
    status = 0
    turn = Turn()
    for _ in range(MOST_LINES):
        while b"\n" not in waiting and len(waiting) <= MOST_LINE:
            data = await channel.read()
            if not data:
                break
            waiting += data
        if not waiting:
            break
        await turn.pass_on()
        raw, _, waiting = waiting.partition(b"\n")
        line = raw.decode("utf-8", "backslashreplace").rstrip("\r")
        if line.strip():
            shell.session.record("command", input=line, way="shell")
            given = ""
            if isinstance(shell, Shell) and reads_terminal(line):
                # The rest of its input is the command's.
                more, shell.has_all_input = await _all_input(channel, INPUT_SECONDS)
                given, waiting = waiting.decode("utf-8", "surrogateescape") + more, b""
            answer = shell.run(line, given)
            await _pause(answer, channel, deque())
            await channel.write(_bytes(answer.out, "\n"))
            await channel.write(_bytes(answer.error, "\n"), error=True)
            status = answer.status
        if shell.leaving:
            break
    return status


async def _pause(answer: Answer, channel: Stream, pending: deque[str]) -> None:
    """Wait as long as the command would take. On a terminal the visitor ends it by leaving or with ^C; other
    keys wait in `pending` for the next reader."""
    if not answer.delay:
        return
    if channel.terminal is None:
        await asyncio.sleep(answer.delay)
        return
    try:
        async with at_most(answer.delay):
            while INTERRUPT not in pending and await _type_ahead(channel, pending):
                continue
    except TimeoutError:
        return
    if INTERRUPT in pending:
        while pending.popleft() != INTERRUPT:
            continue
        answer.out, answer.error, answer.status = "^C\n", "", 130


async def _type_ahead(channel: Stream, pending: deque[str]) -> bool:
    """Store the next keys; False at the end of the input."""
    data = await channel.read()
    pending.extend(data.decode("utf-8", "replace")[: MOST_KEYS - len(pending)])
    return bool(data)


async def _all_input(channel: Stream, seconds: float) -> tuple[str, bool]:
    """The input that the client sends with a command, bounded, and whether that is all of it; it ends after a
    time of silence."""
    kept, size = bytearray(), 0
    try:
        while data := await channel.read(seconds):
            size += len(data)
            kept += data[: max(0, MOST_INPUT - len(kept))]
    except TimeoutError:
        pass
    return kept.decode("utf-8", "surrogateescape"), size == len(kept)


def _reads_input(line: str) -> bool:
    first = line.split()[:1]
    readers: Callable[[str], bool] = {"cat", "tee", "sh", "bash", "base64", "dd"}.__contains__
    return bool(first) and readers(first[0].rsplit("/", 1)[-1]) and " -c" not in line


def _bytes(text: str, newline: str) -> bytes:
    raw = text.replace("\n", newline) if newline != "\n" else text
    return raw.encode("utf-8", "surrogateescape")
