# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`python3` and `perl`, as far as they start other programs: the one-liners that make a terminal of a connection.
Everything else of them is refused as a binary of another machine."""

from __future__ import annotations

import re

from .context import Context, Work
from .process import Process

SPAWN = re.compile(r"pty\.spawn\(\s*\[?\s*(?P<quote>['\"])(?P<command>[^'\"]{1,400})(?P=quote)")
SYSTEM = re.compile(
    r"(?:os\.(?:system|popen)|subprocess\.(?:call|run|Popen|getoutput|check_output)|\bsystem|\bexec)\s*\(?\s*\[?\s*"
    r"(?P<quote>['\"])(?P<command>[^'\"]{1,2000})(?P=quote)"
)
PRINT = re.compile(r"\s*print\s*\(?\s*(?P<quote>['\"])(?P<text>[^'\"\\]{0,2000})(?P=quote)\s*\)?\s*;?\s*")
PYTHONS = {"debian 11": "3.9.2", "debian 12": "3.11.2", "ubuntu 20": "3.8.10", "ubuntu 22": "3.10.12", "ubuntu 24": "3.12.3",
           "rocky 8": "3.6.8", "rocky 9": "3.9.18"}  # fmt: skip


def python(context: Context, process: Process) -> Work:
    """`python3 -c`, `python3 --version`."""
    system = context.shell.world.system
    version = next(
        (each for name, each in PYTHONS.items() if f"{system.id} {system.version}".startswith(name)), "3.11.2"
    )
    if process.args[:1] in (["-V"], ["--version"]):
        context.out(f"Python {version}\n")
        return 0
    code = process.args[process.args.index("-c") + 1] if "-c" in process.args[:-1] else ""
    return (yield from _run(context, process, code, newline="\n"))


def perl(context: Context, process: Process) -> Work:
    """`perl -e`."""
    code = next(
        (
            process.args[at + 1]
            for at, word in enumerate(process.args[:-1])
            if re.fullmatch(r"-\w*[eE]", word)
        ),
        "",
    )
    return (yield from _run(context, process, code, newline=""))


def _run(context: Context, process: Process, code: str, *, newline: str) -> Work:
    spawned, called, printed = SPAWN.search(code), SYSTEM.search(code), PRINT.fullmatch(code)
    if printed:
        context.out(printed["text"] + newline)
        return 0
    if spawned:
        return (yield from _start(context, spawned["command"].split()))
    if called:
        status = yield from _start(context, ["sh", "-c", called["command"]])
        return status if "exec" in called[0][:5] else 0
    if context.shell.dialect.bash:
        context.complain(f"{process.name}: cannot execute binary file: Exec format error")
    else:
        context.complain(f"{process.name}: Exec format error")
    return 126


def _start(context: Context, words: list[str]) -> Work:
    child = context.fork()
    child.becomes, context.becomes = context.becomes, None
    return (yield child.whole(child.program(words)))
