"""One session of somebody who got in: the console that fits the machine, every line recorded."""

import asyncio
from typing import Protocol

import asyncssh

from ..events import Session
from ..persona import Persona
from .consoles import Router, Windows
from .machine import Machine, machine_of
from .shell import Shell

MAX_LINES = 2000


class Console(Protocol):
    """A command line that prints and never runs anything."""

    done: bool
    status: int

    def prompt(self) -> str: ...

    def run(self, line: str) -> str: ...


class Visit:
    """Handles the sessions of one machine's visitors."""

    def __init__(self, persona: Persona, idle_seconds: float) -> None:
        self._persona = persona
        self._idle = idle_seconds

    async def __call__(self, process: "asyncssh.SSHServerProcess[str]") -> None:
        session: Session = process.get_extra_info("visit_session")
        user = str(process.get_extra_info("username"))[:64]
        machine = machine_of(self._persona)
        console = _console(machine, user)
        try:
            if process.subsystem:
                session.record("command", input=f"subsystem {process.subsystem}"[:1000])
                process.exit(1)
            elif process.command is not None:
                self._once(process, session, console, process.command)
            else:
                await self._interactive(process, session, console, machine)
        except (TimeoutError, OSError, asyncssh.Error):
            process.exit(255)

    def _once(
        self, process: "asyncssh.SSHServerProcess[str]", session: Session, console: Console, command: str
    ) -> None:
        session.record("command", input=command)
        for line in console.run(command).replace("-bash: ", "bash: ").splitlines(keepends=True):
            stream = process.stderr if line.startswith("bash: ") else process.stdout
            stream.write(line)
        process.exit(console.status)

    async def _interactive(
        self,
        process: "asyncssh.SSHServerProcess[str]",
        session: Session,
        console: Console,
        machine: Machine,
    ) -> None:
        terminal = process.term_type is not None
        if terminal:
            process.stdout.write(self._greeting(console, machine))
        for _ in range(MAX_LINES):
            if terminal:
                process.stdout.write(console.prompt())
            line = await self._typed(process)
            if line is None:
                break
            if line.strip():
                session.record("command", input=line)
            process.stdout.write(console.run(line))
            if console.done:
                break
        if terminal and not console.done:
            process.stdout.write("logout\n")
        process.exit(console.status)

    async def _typed(self, process: "asyncssh.SSHServerProcess[str]") -> str | None:
        """The next line, "" for one that was broken off by Ctrl-C, None at the end."""
        try:
            line = await asyncio.wait_for(process.stdin.readline(), self._idle)
        except asyncssh.BreakReceived:
            process.stdout.write("^C\n")
            return ""
        except asyncssh.TerminalSizeChanged:
            return await self._typed(process)
        return line.rstrip("\r\n") if line else None

    def _greeting(self, console: Console, machine: Machine) -> str:
        own = self._persona.text("motd")
        if own is not None:
            return f"{own}\n" if own else ""
        if isinstance(console, Windows | Router):
            return console.hello()
        if machine.is_small:
            return f"\n\n{machine.pretty} built-in shell (ash)\n\n"
        if machine.family == "ubuntu":
            return f"Welcome to {machine.pretty} (GNU/Linux {machine.kernel} x86_64)\n\n"
        if machine.family == "debian":
            return f"Linux {machine.hostname} {machine.kernel} {machine.build} x86_64\n\n"
        return ""


def _console(machine: Machine, user: str) -> Console:
    if machine.persona.os.startswith("windows"):
        return Windows(machine, user)
    if machine.persona.os == "cisco":
        return Router(machine, user)
    return Shell(machine, user)
