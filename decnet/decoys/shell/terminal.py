"""Between a channel and its command line: a shell's commands, or one of the small consoles."""

from __future__ import annotations

from ..events import Session
from ..host.world import World
from ..visitors import VisitorFiles
from .consoles import console_of
from .descriptors import End
from .driver import Driver
from .engine import Engine
from .evaluator import Evaluator
from .greeting import greeting
from .history import begin_history, save_history
from .logging_in import come, leave
from .profile import begin_profile
from .state import Shell
from .stream import Stream


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
    console = console_of(world.persona)
    if console is not None:
        from .consoles.lines import run_line

        return await run_line(console(world, user, session), channel, line)
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
    console = console_of(world.persona)
    if console is not None:
        from .consoles.lines import run_lines

        return await run_lines(console(world, user, session), channel)
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
