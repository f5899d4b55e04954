"""Modules that run other programs: subprocess, pty, threading."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from . import calls
from .files import File
from .machine import Machine, Value
from .of_system import natives
from .values import Record, Thrown, str_of

PIPE, STDOUT, DEVNULL = -1, -2, -3


class CalledProcessError(Exception):
    """A program has ended with another status than 0."""

    def __init__(self, code: int, command: Any, shown: str) -> None:
        super().__init__(f"Command {shown} returned non-zero exit status {code}.")
        self.code = code
        self.cmd = command


def _words(given: Any, keywords: dict[str, Any]) -> list[str]:
    if keywords.get("shell"):
        return ["/bin/sh", "-c", given if isinstance(given, str) else str_of(given[0])]
    return [str_of(given)] if isinstance(given, (str, bytes)) else [str_of(each) for each in given]


def _started(machine: Machine, given: Any, keywords: dict[str, Any], *, captured: bool) -> Value:
    """Run a program to its end; its status and its output. Raises FileNotFoundError."""
    words = _words(given, keywords)
    context = machine.process.context
    if context is not None and context.where(words[0]) is None:
        raise Thrown(FileNotFoundError(2, "No such file or directory", words[0]))
    if keywords.get("cwd"):
        words = ["sh", "-c", f"cd {shlex.quote(str(keywords['cwd']))} && exec {shlex.join(words)}"]
    if keywords.get("stderr") in (STDOUT, DEVNULL, PIPE):
        into = "&1" if keywords["stderr"] == STDOUT else "/dev/null"
        words = ["sh", "-c", f'"$@" 2>{into}', "sh", *words]
    text = keywords.get("input")
    data = text.encode() if isinstance(text, str) else text
    if captured:
        return (yield from machine.output_of(words, data))
    return (yield from machine.call(words, data)), b""


def _shown(data: bytes, keywords: dict[str, Any]) -> Any:
    is_text = keywords.get("text") or keywords.get("universal_newlines") or keywords.get("encoding")
    return data.decode("utf-8", "surrogateescape") if is_text else data


def _call(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    hidden = keywords.get("stdout") in (PIPE, DEVNULL)
    status, _ = yield from _started(machine, args[0], keywords, captured=hidden)
    return status


def _check_call(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    status = yield from _call(machine, args, keywords)
    if status:
        raise Thrown(CalledProcessError(status, args[0], repr(args[0])))
    return status


def _check_output(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    status, data = yield from _started(machine, args[0], keywords, captured=True)
    if status:
        raise Thrown(CalledProcessError(status, args[0], repr(args[0])))
    return _shown(data, keywords)


def _run(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    if keywords.get("capture_output"):
        keywords = {**keywords, "stdout": PIPE, "stderr": PIPE}
    captured = keywords.get("stdout") in (PIPE, DEVNULL)
    status, data = yield from _started(machine, args[0], keywords, captured=captured)
    if keywords.get("check") and status:
        raise Thrown(CalledProcessError(status, args[0], repr(args[0])))
    out = _shown(data, keywords) if keywords.get("stdout") == PIPE else None
    error = _shown(b"", keywords) if keywords.get("stderr") == PIPE else None
    parts = f"args={args[0]!r}, returncode={status}" + (f", stdout={out!r}" if out is not None else "")
    shown = f"CompletedProcess({parts}" + (f", stderr={error!r})" if error is not None else ")")
    facts = {"returncode": status, "stdout": out, "stderr": error, "args": args[0]}
    return Record("CompletedProcess", facts, shown)


def _popen(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    captured = keywords.get("stdout") in (PIPE, DEVNULL)
    status, data = yield from _started(machine, args[0], keywords, captured=captured)
    piped = keywords.get("stdout") == PIPE
    out = _shown(data, keywords) if piped else None
    made = Record(
        "Popen", {"returncode": status, "pid": machine.process.shell.world.new_pid(1), "args": args[0]}
    )
    made.attributes |= natives(
        communicate=lambda machine, args, keywords: (out, None),
        wait=lambda machine, args, keywords: status,
        poll=lambda machine, args, keywords: status,
        kill=lambda machine, args, keywords: None,
        terminate=lambda machine, args, keywords: None,
    )
    mode = "r" if isinstance(out, str) else "rb"
    made.attributes["stdout"] = File("<fdopen>", mode, data) if piped else None
    made.attributes |= {"stderr": None, "stdin": File("<fdopen>", "wb")}
    return made


def _getoutput(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    _, data = yield from _started(machine, args[0], {"shell": True, "stderr": STDOUT}, captured=True)
    return data.decode("utf-8", "surrogateescape").removesuffix("\n")


def _subprocess(machine: Machine) -> dict[str, Any]:
    functions = natives(
        call=_call,
        check_call=_check_call,
        check_output=_check_output,
        run=_run,
        Popen=_popen,
        getoutput=_getoutput,
    )
    numbers = {"PIPE": PIPE, "STDOUT": STDOUT, "DEVNULL": DEVNULL}
    return {
        **functions,
        **numbers,
        "CalledProcessError": CalledProcessError,
        "SubprocessError": CalledProcessError,
    }


def _spawn(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    """A shell on a terminal of its own; a visitor's own terminal serves for it."""
    words = _words(args[0], {})
    machine.flush()
    status = yield from machine.call(words)
    return status << 8


def _thread(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
    """A thread that runs to its end when it is started."""
    target, given = keywords.get("target"), list(keywords.get("args", ()))

    def start(machine: Machine, args: list[Any], inner: dict[str, Any]) -> Any:
        return calls.call(machine, target, given, keywords.get("kwargs", {})) if target is not None else None

    nothing = natives(
        start=start, join=_nothing, is_alive=lambda machine, args, keywords: False, setDaemon=_nothing
    )
    return Record("Thread", {**nothing, "daemon": True, "name": "Thread-1"})


def _nothing(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    return None


MODULES: dict[str, Callable[[Machine], dict[str, Any]]] = {
    "subprocess": _subprocess,
    "pty": lambda machine: natives(spawn=_spawn),
    "threading": lambda machine: natives(Thread=_thread),
}
