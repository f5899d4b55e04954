# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""screen(1) and script(1), which run commands on terminals of their own."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from typing import Any

from ..context import Context, Work
from ..descriptors import Null, Recording, Stream
from ..process import Process, Running
from ..state import Shell
from ..text.common import Failure, parse, tool
from .namespaces import util_linux
from .shown import clock

VERSIONS = {
    "11": "4.08.00 (GNU) 05-Feb-20",
    "20.04": "4.08.00 (GNU) 05-Feb-20",
    "24.04": "4.09.01 (GNU) 20-Aug-23",
}
WITH_VALUE = "cehpstST"
NOTE, MOST_SESSIONS = "screens", 8
"""The visitor's note with the sessions that he has started, each as number, name and time."""
SCRIPT = """append=a command:=c echo:=E flush=f force io-logging:=B log-in:=I log-io:=B log-out:=O log-timing:=T logging-format:=m
output-limit:=o quiet=q return=e timing::=t help=h version=V"""


def _sessions(shell: Shell) -> list[list[str]]:
    lines = (line.split("\t") for line in shell.files.notes.get(NOTE, "").splitlines())
    return [fields for fields in lines if len(fields) == 3]


def _keep(shell: Shell, sessions: list[list[str]]) -> None:
    shell.files.note(NOTE, "".join("\t".join(fields) + "\n" for fields in sessions[-MOST_SESSIONS:]))


def _end(shell: Shell, number: str) -> None:
    _keep(shell, [fields for fields in _sessions(shell) if fields[0] != number])


def screen(context: Context, process: Process) -> Work:
    """Sessions that stay when their visitor leaves."""
    shell, words = context.shell, list(process.args)
    letters, name, wrong = _options(words)
    if wrong:
        process.out(
            f"Use: screen [-opts] [cmd [args]]\n or: screen -r [host.tty]\n\nError: Unknown option {wrong}\n"
        )
        return 1
    if "l" in letters or "w" in letters:
        return _list(process)
    if "v" in letters:
        process.out(f"Screen version {VERSIONS.get(shell.world.system.version, '4.09.00 (GNU) 30-Jan-22')}\n")
        return 0
    if "X" in letters:
        return _command(process, name, words)
    if "m" in letters and letters & {"d", "D"}:
        return (yield _start(context, name, words))
    if not process.to_terminal:
        process.out("Must be connected to a terminal.\r\n")
        return 1
    if letters & {"r", "x"}:
        process.out(f"There is no screen to be resumed{f' matching {words[0]}' if words else ''}.\r\n")
        return 1
    child = context.fork()
    status = yield child.whole(child.program(words or [shell.variables.get("SHELL", "/bin/bash")]))
    process.out("[screen is terminating]\r\n")
    return status


def _options(words: list[str]) -> tuple[set[str], str, str]:
    """The letters (l for -ls, w for -wipe), the name of the session, and an unknown option."""
    letters, name = set[str](), ""
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word.startswith("--"):
            return letters, name, word
        if word in ("-ls", "-list", "-wipe"):
            return {word[1]}, name, ""
        for at, letter in enumerate(word[1:]):
            letters.add(letter)
            if letter in WITH_VALUE:
                value = word[at + 2 :] or (words.pop(0) if words else "")
                name = value if letter == "S" else name
                break
    return letters, name, ""


def _list(process: Process) -> int:
    found, folder = _sessions(process.shell), f"/run/screen/S-{process.shell.user}"
    if not found:
        process.out(f"No Sockets found in {folder}.\n\r\n")
        return 1
    several = len(found) > 1
    process.out("There are screens on:\r\n" if several else "There is a screen on:\r\n")
    for number, name, began in reversed(found):
        stamp = clock("%m/%d/%Y %I:%M:%S %p", float(began))
        process.out(f"\t{number}.{name}\t({stamp})\t(Detached)\r\n")
    process.out(f"{len(found)} Socket{'s' if several else ''} in {folder}.\r\n")
    return 0


def _command(process: Process, name: str, words: list[str]) -> int:
    found = _sessions(process.shell)
    chosen = [each for each in found if not name or name in (each[0], each[1], f"{each[0]}.{each[1]}")]
    if not chosen:
        process.out("No screen session found.\r\n")
        return 1
    if words[:1] in (["quit"], ["kill"]):
        _end(process.shell, chosen[0][0])
    return 0


def _start(context: Context, name: str, words: list[str]) -> Work:
    """A session in the background: its command runs, and no one sees what it prints."""
    shell, began = context.shell, int(time.time())
    usual = f"{shell.visit.terminal.replace('/', '-')}.{shell.hostname}"
    shown = (name or usual)[:80]
    if not words:
        number = str(shell.world.new_pid(1))
        _keep(shell, [*_sessions(shell), [number, shown, str(began)]])
        return 0
    child = context.fork()
    child.fds = {0: Stream(ended=True), 1: Null(), 2: Null()}
    task = yield context.start(child, child.program(words), " ".join(words)[:200])
    task.kept = True
    child.becomes = task
    number = str(task.pid - 1)
    _keep(shell, [*_sessions(shell), [number, shown, str(began)]])
    task.on_end.append(partial(_end, shell, number))
    return 0


@tool
def script(process: Process) -> Running:
    """A record of a terminal's session."""
    options = parse(process, "ac:efE:hI:O:B:m:o:qt::T:V", SCRIPT)
    if "V" in options:
        process.out(util_linux(process))
        return 0
    if len(options.operands) > 1:
        raise Failure("unexpected number of arguments", hint=True)
    path = (options.operands or [options.value("O") or "typescript"])[0]
    shell, reason = process.shell, ""
    if path != "/dev/null":
        reason = shell.refusal(shell.absolute(path))
    if reason:
        raise Failure(f"cannot open {path}: {reason}")
    if "q" not in options:
        process.out(f"Script started, output log file is '{path}'.\n")
        yield 0.0
    command = options.value("c")
    words = [shell.variables.get("SHELL", "/bin/bash"), *(["-c", command] if command else ["-i"])]
    began = clock(CLOCK, time.time())
    status, data = yield from _recorded(process, words)
    if path != "/dev/null":
        named = f'COMMAND="{command}" ' if command else ""
        name = shell.variables.get("TERM", "dumb")
        terminal = (
            f'TERM="{name}" TTY="/dev/{shell.visit.terminal}" COLUMNS="{shell.columns}" LINES="{shell.rows}"'
        )
        head = f"Script started on {began} [{named}{terminal if process.to_terminal else '<not executed on terminal>'}]\n"
        tail = f'\nScript done on {clock(CLOCK, time.time())} [COMMAND_EXIT_CODE="{status}"]\n'
        shell.write(shell.absolute(path), head.encode() + data + tail.encode())
    if "q" not in options:
        process.out("Script done.\n")
    return status if "e" in options or not command else 0


def _recorded(process: Process, words: list[str]) -> Generator[Any, Any, tuple[int, bytes]]:
    """Run a command on a terminal of its own: its status, and what it has shown."""
    context = process.context
    before, shown = context.fds, Recording(context.fds[1], is_terminal=process.to_terminal)
    context.fds = {**before, 1: shown, 2: shown}
    try:
        status = yield from process.call(words)
    finally:
        context.fds = before
    return status, bytes(shown.recorded)


CLOCK = "%Y-%m-%d %H:%M:%S+00:00"
COMMANDS = {"script": script}
