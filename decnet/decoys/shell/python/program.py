# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`python3` as a program: its options, what it runs, its prompt."""

from __future__ import annotations

import ast
from importlib import import_module

from ..context import Context, Work
from ..descriptors import Stream
from ..process import Process
from ..tasks import INTERRUPT, Killed
from ..text.common import Failure, content
from .machine import Exit, Machine, Value, block
from .parsing import parsed
from .prompt import converse
from .tracebacks import ended_by, syntax_error
from .values import Thrown

PYTHONS = {"debian 11": "3.9.2", "debian 12": "3.11.2", "ubuntu 20": "3.8.10", "ubuntu 22": "3.10.12", "ubuntu 24": "3.12.3",
           "rocky 8": "3.6.8", "rocky 9": "3.9.18"}  # fmt: skip
for _module in ("expressions", "statements", "builtin_names"):
    import_module(f".{_module}", __package__)
FLAGS = "bBdEhiIOqsSuvVx?"
USAGE = "usage: {0} [option] ... [-c cmd | -m mod | file | -] [arg] ..."
HELP = (
    USAGE
    + """
Options (and corresponding environment variables):
-b     : issue warnings about str(bytes_instance), str(bytearray_instance)
         and comparing bytes/bytearray with str. (-bb: issue errors)
-B     : don't write .pyc files on import; also PYTHONDONTWRITEBYTECODE=x
-c cmd : program passed in as string (terminates option list)
-h     : print this help message and exit (also -? or --help)
-i     : inspect interactively after running script; forces a prompt even
         if stdin does not appear to be a terminal; also PYTHONINSPECT=x
-m mod : run library module as a script (terminates option list)
-V     : print the Python version number and exit (also --version)
file   : program read from script file
-      : program read from stdin (default; interactive mode if a tty)
arg ...: arguments passed to program in sys.argv[1:]
"""
)


def version_of(process: Process) -> str:
    """The version that the system has."""
    system = process.shell.world.system
    named = f"{system.id} {system.version}"
    return next((each for name, each in PYTHONS.items() if named.startswith(name)), "3.11.2")


def python(context: Context, process: Process) -> Work:
    """`python3`."""
    words, version = list(process.args), version_of(process)
    inspect = quiet = False
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word in ("-V", "--version", "-VV"):
            context.out(f"Python {version}\n")
            return 0
        if word in ("-h", "--help", "-?"):
            context.out(HELP.format(process.name))
            return 0
        letters = word[1:]
        at = next((place for place, each in enumerate(letters) if each in "cmWX" or each not in FLAGS), None)
        inspect, quiet = inspect or "i" in letters[:at], quiet or "q" in letters[:at]
        if at is None:
            continue
        if letters[at] not in "cmWX":
            return _unknown(context, process, word, letters[at])
        value = letters[at + 1 :] or (words.pop(0) if words else None)
        if value is None:
            context.err(
                f"Argument expected for the -{letters[at]} option\n{USAGE.format(process.name)}\nTry `python -h' for more information.\n"
            )
            return 2
        if letters[at] == "c":
            return (yield from run_text(process, value, "<string>", ["-c", *words], inspect=inspect))
        if letters[at] == "m":
            return (yield from _run_module(process, value, words))
    if words and words[0] != "-":
        return (yield from _script(context, process, words, inspect=inspect))
    return (yield from _from_input(context, process, words or [""], asks=inspect, greets=not quiet))


def _unknown(context: Context, process: Process, word: str, letter: str) -> int:
    shown = f"unknown option {word}" if word.startswith("--") else f"Unknown option: -{letter}"
    context.err(f"{shown}\n{USAGE.format(process.name)}\nTry `python -h' for more information.\n")
    return 2


def _script(context: Context, process: Process, words: list[str], *, inspect: bool) -> Work:
    shell = process.shell
    where = shell.absolute(words[0])
    node = shell.node(where)
    shown = (
        where
        if words[0].startswith("/") or tuple(map(int, version_of(process).split("."))) >= (3, 9)
        else words[0]
    )
    if node is None or not shell.allowed(where, 4):
        reason = "[Errno 2] No such file or directory" if node is None else "[Errno 13] Permission denied"
        context.err(f"{process.name}: can't open file '{shown}': {reason}\n")
        return 2
    if node.folder:
        context.err(f"/usr/bin/python3: can't find '__main__' module in '{shown}'\n")
        return 1
    return (yield from run_text(process, shell.read(where) or "", words[0], words, inspect=inspect))


def _from_input(context: Context, process: Process, words: list[str], *, asks: bool, greets: bool) -> Work:
    source = context.fds.get(0)
    machine = Machine(process, "<stdin>", words, version_of(process))
    if asks or (isinstance(source, Stream) and source.is_terminal):
        return (yield from converse(machine, greets=greets))
    data = yield from machine.all_input()
    return (yield from _run(machine, data.decode("utf-8", "surrogateescape"), []))


def _run_module(process: Process, name: str, words: list[str]) -> Work:
    if name == "json.tool":
        text = "import json, sys\ntry:\n  v = json.load(open(sys.argv[1]) if len(sys.argv) > 1 else sys.stdin)\nexcept ValueError as e:\n  raise SystemExit(str(e))\nprint(json.dumps(v, indent=4))\n"
        return (yield from run_text(process, text, "<string>", [name, *words]))
    if name == "base64":
        return (yield from _base64(process, words))
    if name == "http.server":
        return (yield from _server(process, words))
    process.err(f"/usr/bin/python3: No module named {name}\n")
    return 1


def _base64(process: Process, words: list[str]) -> Work:
    """`python3 -m base64`: -e encodes, -d and -u decode."""
    import base64
    import binascii

    flags = [word for word in words if word.startswith("-") and word != "-"]
    paths = [word for word in words if word not in flags] or ["-"]
    bad = next((word for word in flags if word[1:] not in ("e", "d", "u", "t")), None)
    if bad is not None:
        process.out(f"option {bad[:2]} not recognized\n" + BASE64_USAGE)
        return 2
    yield 0.0
    try:
        data = content(process, paths[0])
    except Failure as failure:
        process.err(f"FileNotFoundError: [Errno 2] {failure.message}: '{paths[0]}'\n")
        return 1
    try:
        decodes = any(word in ("-d", "-u") for word in flags)
        process.out(base64.decodebytes(data) if decodes else base64.encodebytes(data))
    except binascii.Error as error:
        process.err(f"binascii.Error: {error}\n")
        return 1
    return 0


BASE64_USAGE = """\
usage: /usr/lib/python3.11/base64.py [-h|-d|-e|-u|-t] [file|-]
        -h: print this help message and exit
        -d, -u: decode
        -e: encode (default)
        -t: encode and decode string 'Aladdin:open sesame'
"""


def _server(process: Process, words: list[str]) -> Work:
    usage = "usage: server.py [-h] [--cgi] [-b ADDRESS] [-d DIRECTORY] [-p VERSION] [port]\n"
    if words[:1] in (["-h"], ["--help"]):
        process.out(usage)
        return 0
    port = next((each for each in words if each.isdecimal()), "8000")
    if process.to_terminal:
        process.out(f"Serving HTTP on 0.0.0.0 port {port} (http://0.0.0.0:{port}/) ...\n")
    while True:
        yield 3600.0


def run_text(process: Process, text: str, path: str, arguments: list[str], *, inspect: bool = False) -> Work:
    """Run a program; its status. `inspect`: a prompt follows."""
    machine = Machine(process, path, arguments, version_of(process))
    lines = text.splitlines() if not path.startswith("<") else []
    status = yield from _run(machine, text, lines)
    return (yield from converse(machine, greets=False)) if inspect else status


def _interruptible(machine: Machine, nodes: list[ast.stmt]) -> Value:
    """Execute a program; ^C ends it with a traceback, and then its process."""
    context = machine.process.context
    source = context.engine.input if context is not None and machine.process.from_terminal else None
    if source is not None:
        source.handles_interrupt = True
    try:
        yield from block(machine, nodes)
    except Killed as killed:
        if killed.signal != INTERRUPT or source is None:
            raise
        thrown = Thrown(KeyboardInterrupt())
        thrown.trace.append((machine.globals.function, nodes[0]))
        machine.flush()
        machine.process.err(ended_by(machine, thrown, [])[1] + "\n")
        raise Exit(128 + INTERRUPT) from None
    finally:
        if source is not None:
            source.handles_interrupt = False


def _run(machine: Machine, text: str, lines: list[str]) -> Value:
    process = machine.process
    try:
        tree = parsed(text, machine.path)
    except SyntaxError as error:
        process.err(syntax_error(error, machine.path))
        return 1
    except MemoryError:
        process.err("MemoryError\n")
        return 1
    status, message = 0, ""
    try:
        yield from _interruptible(machine, tree.body)
    except Exit as left:
        status = left.status
    except Thrown as thrown:
        status, message = ended_by(machine, thrown, lines)
    machine.save()
    machine.flush()
    yield 0.0
    process.err(message)
    return status
