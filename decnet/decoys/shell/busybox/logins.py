"""BusyBox's login. Source: loginutils/login.c of 1.35."""

from __future__ import annotations

from ..process import Command, Process, Running
from ..system.databases import accounts_of
from ..system.passwords import asked, record_given
from ..text.common import parse, tool

TRIES = 3
FAILED_SECONDS = 3.0
NOT_ROOT = "login: must be suid to work properly\n"


@tool
def login(process: Process) -> Running:
    """Begin another session: after a password, which is recorded, or without one by `-f`."""
    options = parse(process, "f:h:p")
    shell = process.shell
    if not process.from_terminal:
        yield 0.0
        return 1
    if shell.user != "root":
        process.err(NOT_ROOT)
        return 1
    user = options.value("f") or (options.operands or [""])[0]
    if "f" in options and accounts_of(shell).user(user) is not None:
        return (yield from process.call(["su", "-", user]))
    for _ in range(TRIES):
        while not user:
            process.out(f"{shell.world.hostname} login: ")
            yield 0.0
            line = yield from process.context.read_line(process.context.fds.get(0))
            if not line:
                return 1
            user = line.decode("utf-8", "surrogateescape").strip()
        process.out("Password: ")
        given = yield from asked(process, "")
        record_given(process, [given], success=False)
        if given is None:
            return 1
        yield FAILED_SECONDS
        process.out("Login incorrect\n")
        user = ""
    return 1


COMMANDS: dict[str, Command] = {"login": login}
