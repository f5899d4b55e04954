# ruff: noqa: E501 (tables)
"""The functions of Perl that reach beyond the program: files, other programs, sockets."""

from __future__ import annotations

from typing import Any

from ..net.reach import DNS_SECONDS, NO_NAME, attempt, record, resolved
from .assigning import assign
from .functions import formatted
from .machine import EVALUATES, FUNCTIONS, Machine, Value, listed
from .parser import Tree
from .values import Handle, Left, check, number_of, text_of

Arguments = tuple[Tree, ...]
MOST_HANDLES = 50
MOST_FILE = 1024 * 1024


def _print(machine: Machine, tree: Tree) -> Value:
    _, kind, where, items_tree, _line = tree
    items = yield from machine.values(items_tree)
    separator, end = text_of(machine.globals.get("$,")), text_of(machine.globals.get("$\\"))
    text = formatted(machine, items) if kind == "printf" else separator.join(map(text_of, items)) + end
    text += "\n" if kind == "say" else ""
    machine.charge(len(text))
    handle = where if isinstance(where, str) else (yield from machine.value(where))
    if handle == "STDOUT":
        machine.print(text)
    elif handle == "STDERR":
        machine.process.err(text.encode("utf-8", "surrogateescape"))
    elif (file := _handle(machine, handle)) is not None:
        check(len(file.data) // 4)
        file.data += text.encode("utf-8", "surrogateescape")
    return 1


def _handle(machine: Machine, value: Any) -> Handle | None:
    return value if isinstance(value, Handle) else machine.handles.get(text_of(value))


def _open(machine: Machine, arguments: Arguments, many: bool) -> Value:
    values = yield from machine.values(("list", arguments[1:]))
    mode, path = (
        (text_of(values[0]).strip(), text_of(values[1])) if len(values) > 1 else _two(text_of(values[0]))
    )
    mode = mode.partition(":")[0].strip()
    if len(machine.handles) > MOST_HANDLES:
        return _failed(machine, "Too many open files")
    file = Handle(path, mode)
    if mode == "-|":
        _, data = yield from machine.process.output_of(["sh", "-c", " ".join(map(text_of, values[1:]))])
        file.data += data
    elif mode != "|-":
        reason = _opened(machine, file)
        if reason:
            return _failed(machine, reason)
    target = arguments[0]
    if target[0] in ("bare", "string"):
        machine.handles[target[1]] = file
    else:
        yield from assign(machine, target, file)
        machine.handles[f"${len(machine.handles)}"] = file
    return 1


def _two(text: str) -> tuple[str, str]:
    text = text.strip()
    if text.endswith("|"):
        return "-|", text[:-1]
    mode = text[: len(text) - len(text.lstrip("+<>|"))]
    return {"": "<", "|": "|-"}.get(mode, mode), text[len(mode) :].strip()


def _opened(machine: Machine, file: Handle) -> str:
    shell = machine.process.shell
    where = shell.absolute(file.path)
    node = shell.node(where)
    if "<" in file.mode or file.mode == ">>":
        if node is None and "<" in file.mode:
            return "No such file or directory"
        if node is not None and not shell.allowed(where, 4):
            return "Permission denied"
        file.data += (
            b""
            if node is None or node.folder
            else (shell.read(where) or "").encode("utf-8", "surrogateescape")[:MOST_FILE]
        )
    if ">" in file.mode:
        reason = shell.refusal(where)
        return reason or (shell.write(where, bytes(file.data)) if file.path != "/dev/null" else "")
    return ""


def _failed(machine: Machine, reason: str) -> int:
    machine.globals["$!"] = reason
    return 0


def _close(machine: Machine, arguments: Arguments, many: bool) -> Value:
    target = arguments[0] if arguments else ("string", "")
    file = _handle(machine, target[1] if target[0] == "bare" else (yield from machine.value(target)))
    if file is not None:
        yield from _saved(machine, file)
    return 1


def _saved(machine: Machine, file: Handle) -> Value:
    if file.mode == "|-":
        machine.flush()
        yield from machine.process.call(["sh", "-c", file.path], bytes(file.data))
    elif ">" in file.mode and file.path != "/dev/null":
        machine.process.shell.write(machine.process.shell.absolute(file.path), bytes(file.data))
    file.mode = ""


def close_all(machine: Machine) -> Value:
    """Write what was written to open files."""
    for file in list(machine.handles.values()):
        yield from _saved(machine, file)


def _line_of(machine: Machine, name: str, handle: Any) -> Value:
    if name in ("STDIN", "-") or (
        not name and not machine.container("@", "ARGV") and "ARGV" not in machine.handles
    ):
        return (yield from machine.input_line())
    file = _handle(machine, handle)
    if not name:
        file = machine.handles.get("ARGV")
        while file is None or file.at >= len(file.data):
            paths = machine.container("@", "ARGV")
            if not paths:
                return None
            file = Handle(text_of(paths.pop(0)), "<")
            reason = _opened(machine, file)
            if reason:
                machine.process.err(f"Can't open {file.path}: {reason}.\n".encode("utf-8", "surrogateescape"))
            machine.handles["ARGV"] = file
    if file is None or file.at >= len(file.data):
        return None
    separator = machine.globals.get("$/")
    end = -1 if separator is None else file.data.find(b"\n", file.at)
    end = len(file.data) if end < 0 else end + 1
    line, file.at = file.data[file.at : end], end
    check(len(line))
    return line.decode("utf-8", "surrogateescape")


def readline(machine: Machine, tree: Tree) -> Value:
    """`<FILE>`, `<$file>`, `<>`: a line, or all of them."""
    many, name = machine.many, tree[1]
    handle: Any = name
    if name.startswith("$"):
        handle = yield from machine.value(("variable", "$", name[1:]))
    found: list[Any] = []
    while True:
        line = yield from _line_of(machine, name, handle)
        if line is not None:
            machine.globals["$."] = number_of(machine.globals.get("$.")) + 1
        if not many:
            return line
        if line is None:
            return listed(found)
        machine.charge(64 + len(line))
        found.append(line)


def _system(machine: Machine, arguments: Arguments, many: bool) -> Value:
    words = [text_of(each) for each in (yield from machine.values(("list", arguments)))]
    machine.flush()
    status = yield from machine.process.call(words if len(words) > 1 else ["sh", "-c", *words])
    machine.globals["$?"] = status << 8
    return status << 8


def _exec(machine: Machine, arguments: Arguments, many: bool) -> Value:
    status = yield from _system(machine, arguments, many)
    raise Left(status >> 8)


def _backtick(machine: Machine, tree: Tree) -> Value:
    many = machine.many
    command = yield from machine.interpolated(tree[1])
    machine.flush()
    status, data = yield from machine.process.output_of(["sh", "-c", command])
    machine.globals["$?"] = status << 8
    text = data.decode("utf-8", "surrogateescape")
    machine.charge(len(text))
    return listed(text.splitlines(keepends=True)) if many else text


def _test(machine: Machine, tree: Tree) -> Value:
    _, letter, target = tree
    shell = machine.process.shell
    where = shell.absolute(text_of((yield from machine.value(target))))
    node = shell.lstat(where) if letter == "l" else shell.node(where)
    if node is None:
        return ""
    held = {
        "e": True, "d": node.folder, "f": not node.folder and not node.kind, "l": bool(node.target), "s": node.bytes, "z": not node.bytes,
        "r": shell.allowed(where, 4), "w": shell.allowed(where, 2), "x": bool(node.mode & 0o111),
    }[letter]  # fmt: skip
    return held if letter == "s" and held else 1 if held else ""


def _by_program(*words: str) -> Any:
    """A function that another program does as well; how many times it went well."""

    def call(machine: Machine, arguments: Arguments, many: bool) -> Value:
        values = [
            text_of(each)
            for each in (yield from machine.values(("list", arguments or (("variable", "$", "_"),))))
        ]
        first = [format(int(number_of(values.pop(0))), "o")] if words[0] == "chmod" and values else []
        groups = [values] if words[0] in ("mv", "ln") else [[each] for each in values]
        count = 0
        for each in groups:
            path = each[-1] if each else ""
            status, _ = yield from machine.process.output_of(
                ["sh", "-c", '"$@" 2>/dev/null', "sh", *words, *first, *each]
            )
            if status:
                exists = machine.process.shell.node(machine.process.shell.absolute(path)) is not None
                machine.globals["$!"] = "File exists" if exists else "No such file or directory"
            count += not status
        return count

    return call


def _sleep(machine: Machine, arguments: Arguments, many: bool) -> Value:
    seconds = number_of((yield from machine.value(arguments[0]))) if arguments else 86400
    yield min(max(0.0, float(seconds)), 86400.0 * 30)
    return int(seconds)


def _connect(machine: Machine, arguments: Arguments, many: bool) -> Value:
    address = yield from machine.value(arguments[1])
    host, _, port = text_of(address).rpartition(":")
    record(machine.process, "socket", host=host, port=int(port[:5]) if port.isdecimal() else 0)
    found = attempt(machine.process, host, int(port[:5]) if port.isdecimal() else 0)
    if found.seconds:
        yield found.seconds
    return _failed(machine, found.error) if found.error else 1


def _address(machine: Machine, arguments: Arguments, many: bool) -> Value:
    """`inet_aton`: the address, kept as a text."""
    address = resolved(machine.process, text_of((yield from machine.value(arguments[0]))))
    if not address:
        yield DNS_SECONDS
        machine.globals["$!"] = NO_NAME
        return None
    return address


def _joined_address(machine: Machine, arguments: Arguments, many: bool) -> Value:
    port, host = yield from machine.values(("list", arguments[:2]))
    return f"{text_of(host)}:{text_of(port)}"


def _constant(value: Any) -> Any:
    def call(machine: Machine, arguments: Arguments, many: bool) -> Value:
        yield from machine.values(("list", arguments))
        return value

    return call


def _chdir(machine: Machine, arguments: Arguments, many: bool) -> Value:
    shell = machine.process.shell
    where = shell.absolute(text_of((yield from machine.value(arguments[0]))) if arguments else "/root")
    node = shell.node(where)
    if node is None or not node.folder:
        return _failed(machine, "No such file or directory")
    shell.cwd = shell.real(where)
    return 1


def _eof(machine: Machine, arguments: Arguments, many: bool) -> Value:
    file = machine.handles.get("ARGV") if not arguments else _handle(machine, arguments[0][1])
    return "" if file is not None and file.at < len(file.data) else 1
    yield


FUNCTIONS |= {
    "open": _open, "close": _close, "system": _system, "exec": _exec, "sleep": _sleep, "chdir": _chdir, "eof": _eof,
    "unlink": _by_program("rm"), "mkdir": _by_program("mkdir"), "rmdir": _by_program("rmdir"), "chmod": _by_program("chmod"),
    "rename": _by_program("mv"), "symlink": _by_program("ln", "-s"), "kill": _constant(1), "fork": _constant(None), "wait": _constant(-1),
    "waitpid": _constant(-1), "getppid": _constant(1), "alarm": _constant(0), "setsid": _constant(1), "socket": _constant(1),
    "setsockopt": _constant(1), "bind": _constant(1), "listen": _constant(1), "connect": _connect, "inet_aton": _address,
    "sockaddr_in": _joined_address, "pack_sockaddr_in": _joined_address, "getprotobyname": _constant(6), "PF_INET": _constant(2),
    "AF_INET": _constant(2), "SOCK_STREAM": _constant(1), "SOCK_DGRAM": _constant(2), "SOL_SOCKET": _constant(1), "SO_REUSEADDR": _constant(2),
    "INADDR_ANY": _constant("0.0.0.0"), "require": _constant(1), "local": _constant(None), "caller": _constant("main"),
}  # fmt: skip
EVALUATES |= {"print": _print, "readline": readline, "backtick": _backtick, "test": _test}
