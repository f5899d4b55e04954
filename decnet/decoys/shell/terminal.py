"""Between a channel and its command line: a shell's commands, or one of the small consoles."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from ..events import Session
from ..host.world import World
from ..visitors import VisitorFiles
from ..waits import Turn, at_most
from .consoles import Console, EdgeSwitch, Router, Windows, console_of
from .descriptors import End
from .driver import Driver
from .editor import END, INTERRUPT, Editor
from .engine import Engine
from .evaluator import Evaluator
from .greeting import greeting
from .history import begin_history, save_history
from .logging_in import come, leave
from .profile import begin_profile
from .state import Answer, Shell
from .stream import Stream

MOST_LINE = 4096
MOST_HISTORY = 200
MOST_LINES = 2000
MOST_KEYS = 256 * 1024
"""Limit of characters that are kept when typed ahead."""


async def run_command(
    world: World,
    user: str,
    session: Session,
    channel: Stream,
    line: str,
    files: VisitorFiles | None = None,
    *,
    is_typed: bool = True,
) -> int:
    """`ssh host command`: execute it, and return its output and status. `is_typed`: the visitor chose it."""
    if is_typed:
        session.record("command", input=line, way="exec")
    console = console_for(world, user, session)
    if console is not None:
        return await _one_line(console, channel, line)
    shell = Shell(world, user, session, files=files or VisitorFiles(), variables=_variables(world, session))
    shell.visit.line = line
    if channel.terminal is not None:
        shell.visit.take_terminal()
        shell.variables |= {"TERM": channel.terminal.name, "SSH_TTY": f"/dev/{shell.visit.terminal}"}
        shell.exported |= {"TERM", "SSH_TTY"}
    engine, evaluator = _started(shell)
    engine.main = engine.spawn(shell, evaluator.script(line), evaluator.fds)
    come(shell)
    try:
        return await Driver(engine, shell, channel, session).drive()
    finally:
        leave(shell)


async def run_shell(
    world: World, user: str, session: Session, channel: Stream, files: VisitorFiles | None = None
) -> int:
    """A login shell, with or without a terminal; its exit status."""
    console = console_for(world, user, session)
    if console is not None:
        return await _on_console(console, channel)
    files = files or VisitorFiles()
    shell = Shell(
        world, user, session, interactive=channel.terminal is not None, files=files,
        variables=_variables(world, session),
    )  # fmt: skip
    if "SSH_CLIENT" in shell.variables and shell.interactive:
        shell.variables["SSH_TTY"] = f"/dev/{shell.visit.terminal}"
        shell.exported.add("SSH_TTY")
    engine, evaluator = _started(shell)
    if channel.terminal is None:
        shell.script, shell.mode = f"-{shell.script}", "s"
        engine.reads_lines = lambda line: session.record("command", input=line, way="shell")
        engine.main = engine.spawn(shell, evaluator.from_input(), evaluator.fds)
    else:
        shell.variables["TERM"] = channel.terminal.name
        begin_history(shell)
        begin_profile(shell)
        last = next(reversed(files.logins(user)), None)
        await channel.write(greeting(world, last, session.source, user).replace("\n", "\r\n").encode())
        engine.main = engine.spawn(shell, evaluator.interactive(), evaluator.fds)
    come(shell)
    try:
        return await Driver(engine, shell, channel, session).drive()
    finally:
        save_history(shell)
        leave(shell)


def _variables(world: World, session: Session) -> dict[str, str]:
    """What sshd adds to the environment (sshd(8)); telnetd nothing."""
    if world.persona.service != "ssh":
        return {}
    here = session.local
    address, port = (here.address, here.port) if here is not None else (world.address, 22)
    client = f"{session.source} {session.port}"
    return {"SSH_CLIENT": f"{client} {port}", "SSH_CONNECTION": f"{client} {address} {port}"}


def _started(shell: Shell) -> tuple[Engine, Evaluator]:
    if shell.dialect.bash:
        # It has read .bashrc, also for a single command of ssh.
        shell.arrays["PIPESTATUS"] = {0: "0"}
    engine = Engine()
    fds: dict[int, End] = {0: engine.input, 1: engine.screen(1), 2: engine.screen(2)}
    return engine, Evaluator(engine, shell, fds)


def console_for(world: World, user: str, session: Session) -> Windows | Router | EdgeSwitch | None:
    """The command line of a machine without a Unix shell."""
    console = console_of(world.persona)
    return console(world, user, session) if console is not None else None


# Consoles


async def _one_line(console: Console, channel: Stream, line: str) -> int:
    answer = console.execute(line)
    await _pause(answer, channel, deque())
    end = "\r\n" if channel.terminal else "\n"
    await channel.write(_bytes(answer.out, end))
    await channel.write(_bytes(answer.error, end), error=channel.terminal is None)
    return answer.status


async def _on_console(console: Windows | Router | EdgeSwitch, channel: Stream) -> int:
    if channel.terminal is None:
        return await _plain(console, channel)
    await channel.write(_bytes(console.hello(), "\r\n"))
    keys: deque[str] = deque()
    for _ in range(MOST_LINES):
        await channel.write(console.prompt().encode())
        line = await _read_line(console, channel, keys)
        if line is None or await _carry_out(console, channel, keys, line):
            return int(console.variables.get("?", "0"))
    return 1


async def _read_line(console: Console, channel: Stream, keys: deque[str]) -> str | None:
    """The next line; None at the end of the input."""
    write = channel.write if console.echoes else _only_ends(channel)
    history = console.history if console.echoes else []
    editor, turn, skips = Editor(console.prompt(), history, write, console.complete), Turn(), False
    while keys or await _type_ahead(channel, keys):
        while keys:
            await turn.pass_on()
            key = keys.popleft()
            skipped, skips = skips and key == "\n", key == "\r"
            text = console.help(editor.text) if key == "?" and console.echoes else None
            if text is not None:
                again = f"?\n{text}\n{console.prompt()}{editor.text}"
                await channel.write(_bytes(again, "\r\n"))
                continue
            done = None if skipped else await editor.key(key)
            if done is not None:
                if done != END and keys and keys[0] == "\n" and key == "\r":
                    keys.popleft()
                return None if done == END else done
    return None


async def _carry_out(console: Console, channel: Stream, keys: deque[str], line: str) -> bool:
    """Whether the console ended."""
    if console.echoes:
        if not line.strip():
            return False
        console.session.record("command", input=line, way="shell")
        console.history.append(line)
        del console.history[:-MOST_HISTORY]
    answer = console.run(line)
    await _pause(answer, channel, keys)
    console.variables["?"] = str(answer.status)
    await _write_pages(console, channel, keys, answer.out + answer.error)
    return console.leaving


async def _write_pages(console: Console, channel: Stream, keys: deque[str], text: str) -> None:
    """Print as much as the screen has room for, and wait for a key: the next page, the next line, no more."""
    lines = text.splitlines(keepends=True)
    room = console.page - 1 if console.page else len(lines)
    while len(lines) > room:
        await channel.write(_bytes("".join(lines[:room]) + console.more, "\r\n"))
        del lines[:room]
        if not keys and not await _type_ahead(channel, keys):
            return
        key = keys.popleft()
        size = len(console.more) - 1
        await channel.write(_bytes("\b" * size + " " * size + "\b" * size, "\r\n"))
        if key not in " \r\n":
            return
        room = console.page - 1 if key == " " else 1
    await channel.write(_bytes("".join(lines), "\r\n"))


def _only_ends(channel: Stream) -> Callable[[bytes], Awaitable[None]]:
    """What is typed is not shown, but its end."""

    async def write(data: bytes) -> None:
        if data.endswith(b"\r\n"):
            await channel.write(b"\r\n")

    return write


async def _plain(console: Console, channel: Stream) -> int:
    """A console without a terminal: reads lines and prints output, without prompt and echo."""
    waiting, status, turn = b"", 0, Turn()
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
        if line.strip() or not console.echoes:
            if console.echoes:
                console.session.record("command", input=line, way="shell")
            answer = console.run(line)
            await _pause(answer, channel, deque())
            await channel.write(_bytes(answer.out, "\n"))
            await channel.write(_bytes(answer.error, "\n"), error=True)
            status = answer.status
        if console.leaving:
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


def _bytes(text: str, newline: str) -> bytes:
    raw = text.replace("\n", newline) if newline != "\n" else text
    return raw.encode("utf-8", "surrogateescape")
