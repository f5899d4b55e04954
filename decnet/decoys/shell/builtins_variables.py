# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about variables."""

from __future__ import annotations

import re
from typing import Any

from .context import Context, ExpansionError, Leave, Work
from .descriptors import Stream
from .engine import Readable
from .quoting import double_quoted, if_needed, shown
from .state import Shell
from .syntax import Assignment, Literal, Word
from .variables import NotAssigned, assign, elements_of, hide, unset, value_of

NAME = re.compile(r"[A-Za-z_]\w*$")
MOST_READ = 1024 * 1024
DECLARE_FLAGS = "aAfFgiIlnrtuxp"


def show_all(context: Context) -> None:
    """`set` without arguments."""
    shell = context.shell
    names = sorted({*shell.variables, *shell.arrays})
    if shell.dialect.bash:
        names = sorted({*names, *BASH_SHOWS})
    for name in names:
        if name[:1] == " ":
            continue
        if name in shell.arrays and shell.dialect.bash:
            context.out(f"{name}={_list_of(shell, name)}\n")
            continue
        value = value_of(shell, name) or ""
        context.out(
            f"{name}={if_needed(value) if shell.dialect.bash else _single_quoted(value)}\n"
            if value or not shell.dialect.bash
            else f"{name}=\n"
        )
    if shell.dialect.bash:
        for name in sorted(shell.functions):
            context.out(shell.functions[name].text + "\n")


BASH_SHOWS = (
    "BASH",
    "BASHOPTS",
    "BASH_VERSION",
    "EUID",
    "HOSTNAME",
    "HOSTTYPE",
    "MACHTYPE",
    "OSTYPE",
    "PPID",
    "PS4",
    "SHELLOPTS",
    "UID",
)


def _single_quoted(value: str) -> str:
    return "'" + value.replace("'", "'\"'\"'") + "'"


def _list_of(shell: Shell, name: str) -> str:
    items = "".join(
        f"[{key if isinstance(key, int) else _key(key)}]={double_quoted(value)} "
        for key, value in elements_of(shell, name).items()
    )
    return f"({items})" if "A" in shell.kinds.get(name, "") else f"({items.rstrip()})"


def _key(key: str) -> str:
    return key if re.fullmatch(r"\w+", key) else double_quoted(key)


def _text(word: Any) -> str:
    return word.name if isinstance(word, Assignment) else str(word)


def _as_assignment(word: Any) -> Assignment | None:
    """A word as an assignment, also one that only its expansion has made one."""
    if isinstance(word, Assignment):
        return word
    name, equals, value = str(word).partition("=")
    append = name.endswith("+")
    name = name.removesuffix("+")
    if equals and NAME.match(name):
        return Assignment(name, Word([Literal(value, True)], value), None, append)
    return None


def _bad_name(context: Context, command: str, text: str) -> int:
    if context.shell.dialect.bash:
        context.complain(f"{command}: `{text}': not a valid identifier")
        return 1
    context.complain(f"{command}: {text}: bad variable name")
    raise Leave(2)


def export(context: Context, words: list[Any]) -> Work:
    """`export` and `readonly`."""
    shell, command = context.shell, str(words[0])
    names = shell.exported if command == "export" else shell.readonly
    arguments = list(words[1:])
    flags = ""
    while arguments and isinstance(arguments[0], str) and re.fullmatch(r"-[a-zA-Z]+|--", arguments[0]):
        flags += arguments.pop(0)[1:]
    bad = next((flag for flag in flags if flag not in ("fnpaA" if shell.dialect.bash else "p")), "")
    if bad:
        if shell.dialect.bash:
            context.complain(f"{command}: -{bad}: invalid option")
            context.err(
                f"{command}: usage: {command} [-fn] [name[=value] ...] or {command} -p\n"
                if command == "export"
                else "readonly: usage: readonly [-aAf] [name[=value] ...] or readonly -p\n"
            )
            return 2
        context.complain(f"{command}: Illegal option -{bad}")
        raise Leave(2)
    if not arguments:
        for name in sorted(names):
            _show_exported(context, command, name)
        return 0
    status = 0
    for word in arguments:
        assignment = _as_assignment(word)
        name = assignment.name if assignment else str(word)
        if not NAME.match(name):
            status = _bad_name(context, command, str(word))
            continue
        if "f" in flags:
            continue
        if assignment is not None:
            yield from context.assign(assignment)
        (names.discard if "n" in flags else names.add)(name)
    return status


def _show_exported(context: Context, command: str, name: str) -> None:
    shell = context.shell
    value = value_of(shell, name)
    if shell.dialect.bash:
        letters = ("r" if name in shell.readonly else "") + ("x" if name in shell.exported else "")
        head = f"declare -{letters} {name}"
        context.out(head + (f"={double_quoted(value)}" if value is not None else "") + "\n")
    else:
        context.out(f"{command} {name}" + (f"={_single_quoted(value)}" if value is not None else "") + "\n")


def unset_(context: Context, words: list[Any]) -> Work:
    shell = context.shell
    arguments = [_text(word) for word in words[1:]]
    functions = False
    variables = False
    while arguments and arguments[0] in ("-f", "-v", "-n"):
        functions, variables = functions or arguments[0] == "-f", variables or arguments[0] == "-v"
        arguments.pop(0)
    status = 0
    for name in arguments:
        if functions:
            shell.functions.pop(name, None)
            continue
        base, _, index = name.partition("[")
        if not NAME.match(base):
            if variables or not shell.dialect.bash:
                status = _bad_name(context, "unset", name)
            continue
        if index:
            key = yield from context.expansion.key_of(base, index.rstrip("]"))
            shell.arrays.get(base, {}).pop(key, None)
            continue
        if base not in shell.variables and base not in shell.arrays and not variables and shell.dialect.bash:
            shell.functions.pop(base, None)
        try:
            unset(shell, base)
        except NotAssigned as error:
            context.complain(f"unset: {error.args[0]}: {error.args[1]}")
            if not shell.dialect.bash:
                raise Leave(2) from None
            status = 1
    return status


def declare(context: Context, words: list[Any]) -> Work:
    """`declare`, `typeset` and `local`."""
    shell, command = context.shell, str(words[0])
    if command == "local" and not shell.calls:
        context.complain(
            "local: can only be used in a function" if shell.dialect.bash else "local: not in a function"
        )
        if not shell.dialect.bash:
            raise Leave(2)
        return 1
    arguments, on, off = list(words[1:]), "", ""
    while arguments and isinstance(arguments[0], str) and re.match(r"[-+][a-zA-Z-]", arguments[0]):
        word = arguments.pop(0)
        if word == "--":
            break
        bad = next((letter for letter in word[1:] if letter not in DECLARE_FLAGS), "")
        if bad and shell.dialect.bash:
            context.complain(f"{command}: {word[0]}{bad}: invalid option")
            name = command
            context.err(
                f"{name}: usage: {name} [-aAfFgiIlnrtux] [name[=value] ...]"
                + (" or declare -p [-aAfFilnrtux] [name ...]\n" if name == "declare" else "\n")
            )
            return 2
        on, off = (on + word[1:], off) if word[0] == "-" else (on, off + word[1:])
    if "f" in on or "F" in on:
        return _show_functions(context, [_text(word) for word in arguments], names_only="F" in on)
    if "p" in on or not arguments:
        return _show_declared(context, command, [_text(word) for word in arguments], on)
    status = 0
    for word in arguments:
        assignment = _as_assignment(word)
        name = assignment.name if assignment else str(word).partition("[")[0]
        if not NAME.match(name):
            status = _bad_name(context, command, str(word))
            continue
        if shell.calls and "g" not in on:
            _make_local(shell, name)
        status = (yield from _declare_one(context, name, assignment, on, off)) or status
    return status


def _make_local(shell: Shell, name: str) -> None:
    if name in shell.calls[-1].hidden:
        return
    hide(shell, name)
    if name in shell.readonly:
        return
    keeps = not shell.dialect.bash
    exported = name in shell.exported
    if not keeps:
        unset(shell, name)
        if exported:
            shell.exported.add(name)


def _declare_one(context: Context, name: str, assignment: Assignment | None, on: str, off: str) -> Work:
    shell = context.shell
    kinds = "".join(letter for letter in "aAiluN" if letter in on) + ("n" if "n" in on else "")
    before = shell.kinds.get(name, "")
    kept = "".join(letter for letter in dict.fromkeys(before + kinds) if letter not in off)
    if "n" in kinds and assignment is not None:
        value = yield from context.expansion.single(assignment.value)
        shell.variables[name] = value
        shell.kinds[name] = kept
        return 0
    if kept:
        shell.kinds[name] = kept
    else:
        shell.kinds.pop(name, None)
    if ("a" in kinds or "A" in kinds) and name not in shell.arrays:
        array: dict[str | int, str] = {}
        if name in shell.variables and "a" in kinds:
            array[0] = shell.variables.pop(name)
        shell.arrays[name] = array
    if assignment is not None:
        try:
            yield from context.assign(assignment, name=name)
        except NotAssigned as error:
            context.complain(f"{error.args[0]}: {error.args[1]}")
            return 1
    if "r" in on:
        shell.readonly.add(name)
    if "x" in on or "x" in off:
        (shell.exported.add if "x" in on else shell.exported.discard)(name)
    return 0


def _show_functions(context: Context, names: list[str], *, names_only: bool) -> int:
    status = 0
    for name in names or sorted(context.shell.functions):
        function = context.shell.functions.get(name)
        if function is None:
            status = 1
        elif names_only:
            context.out(f"{name}\n" if names else f"declare -f {name}\n")
        else:
            context.out(function.text + "\n")
    return status


def _show_declared(context: Context, command: str, names: list[str], on: str) -> int:
    shell, status = context.shell, 0
    if not names:
        if "p" not in on and not set(on) & set("aAirxluN"):
            show_all(context)
            return 0
        wanted = set(on) - {"p", "g"}
        names = [
            name
            for name in sorted({*shell.variables, *shell.arrays, *shell.exported})
            if name[:1] != " " and wanted <= set(_letters(shell, name))
        ]
    for name in names:
        value = value_of(shell, name)
        if name not in shell.arrays and value is None and not _letters(shell, name):
            context.complain(f"{command}: {name}: not found")
            status = 1
            continue
        head = f"declare -{_letters(shell, name) or '-'} {name}"
        if name in shell.arrays:
            context.out(f"{head}={_list_of(shell, name)}\n")
        else:
            context.out(head + (f"={double_quoted(value)}" if value is not None else "") + "\n")
    return status


def _letters(shell: Shell, name: str) -> str:
    kinds = shell.kinds.get(name, "")
    array = "A" if "A" in kinds else "a" if name in shell.arrays else ""
    letters = "".join(letter for letter in "iln" if letter in kinds) + ("u" if "u" in kinds else "")
    return array + letters[:0] + ("i" if "i" in kinds else "") + ("l" if "l" in kinds else "") + ("n" if "n" in kinds else "") + (
        "r" if name in shell.readonly else "") + ("u" if "u" in kinds else "") + ("x" if name in shell.exported else "")  # fmt: skip


def let(context: Context, words: list[Any]) -> int:
    if len(words) < 2:
        context.complain("let: expression expected")
        return 1
    value = 0
    for word in words[1:]:
        text = (
            f"{word.name}={word.value.raw if word.value else ''}"
            if isinstance(word, Assignment)
            else str(word)
        )
        try:
            value = context.expansion.calculate(text)
        except ExpansionError as error:
            context.complain(f"let: {error}")
            return 1
    return int(value == 0)


def read(context: Context, words: list[Any]) -> Work:
    shell = context.shell
    found = _read_options(context, [str(word) for word in words[1:]])
    if isinstance(found, int):
        return found
    options, names = found
    source = context.fds.get(int(options.get("u", "0") or 0) if options.get("u", "0").isdecimal() else 0)
    if not isinstance(source, Stream):
        context.complain(f"read: read error: {options.get('u', '0')}: Bad file descriptor")
        return 1
    if "p" in options and (source.is_terminal or not shell.dialect.bash):
        context.err(options["p"])
    bad = next((name for name in names if not NAME.match(name.partition("[")[0])), None)
    if bad is not None:
        return _bad_name(context, "read", bad)
    raw, complete, late = yield from _take(context, source, options)
    text = raw.decode("utf-8", "surrogateescape").replace("\0", "")
    try:
        if "a" in options and shell.dialect.bash:
            unset(shell, options["a"])
            shell.arrays[options["a"]] = {}
            for at, (value, _) in enumerate(
                _fields(text, shell.variables.get("IFS", " \t\n"), 1 << 20, raw="r" in options)
            ):
                assign(shell, options["a"], value, at)
        elif names:
            yield from _assign_fields(context, names, text, raw="r" in options)
        else:
            assign(shell, "REPLY", text if "r" in options else _unescaped(text))
    except NotAssigned as error:
        context.complain(f"{error.args[0]}: {error.args[1]}")
        return 1
    return 142 if late else 0 if complete else 1


def _read_options(context: Context, words: list[str]) -> tuple[dict[str, str], list[str]] | int:
    takes = {"bash": "adinNptu", "dash": "p", "ash": "dntpu"}[context.shell.dialect.name]
    flags = {"bash": "ers", "dash": "r", "ash": "rs"}[context.shell.dialect.name]
    options: dict[str, str] = {}
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        at = 1
        while at < len(word):
            letter, at = word[at], at + 1
            if letter in flags:
                options[letter] = ""
            elif letter in takes:
                if at >= len(word) and not words:
                    context.complain(f"read: -{letter}: option requires an argument")
                    return 2
                options[letter] = word[at:] or words.pop(0)
                break
            elif context.shell.dialect.bash:
                context.complain(f"read: -{letter}: invalid option")
                context.err(
                    "read: usage: read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]\n"
                )
                return 2
            else:
                context.complain(f"read: Illegal option -{letter}")
                raise Leave(2)
    if not words and context.shell.dialect.name == "dash":
        context.complain("read: arg count")
        raise Leave(2)
    return options, words


def _take(context: Context, source: Stream, options: dict[str, str]) -> Work:
    """The bytes of one line, whether its end was there, and whether the time was up."""
    count = options.get("n") or options.get("N") or ""
    delimiter = (options["d"][:1] or "\0").encode("utf-8", "surrogateescape") if "d" in options else b"\n"
    most = min(int(count), MOST_READ) if count.isdecimal() else 0
    until = None
    if "t" in options and re.fullmatch(r"\d+(\.\d*)?", options["t"]):
        seconds = float(options["t"])
        if seconds == 0:
            return b"", source.is_readable, False
        until = context.engine.now() + seconds
    raw = bytearray()
    while True:
        while not source.is_readable:
            if until is None:
                yield Readable(source, b"" if most else delimiter)
            elif context.engine.now() >= until:
                return bytes(raw), False, True
            else:
                yield min(0.05, until - context.engine.now())
        if most:
            piece = source.take(most - len(raw))
            end = piece.find(delimiter) if "N" not in options else -1
            if end >= 0:
                source.put_back(piece[end + 1 :])
                return bytes(raw + piece[:end]), True, False
        else:
            if not source.has_line(delimiter):
                yield Readable(source, delimiter)
            piece = source.take_line(delimiter)
        context.spend(1 + len(piece) // 32)
        raw += piece
        if not piece:
            return bytes(raw), False, False
        if most and len(raw) >= most:
            return bytes(raw), True, False
        if not most and raw.endswith(delimiter):
            del raw[-1:]
            if "r" in options or not _continues(raw):
                return bytes(raw), True, False
            del raw[-1:]
            if delimiter != b"\n":
                raw += b"\\" + delimiter
        if len(raw) > MOST_READ:
            return bytes(raw), True, False


def _continues(raw: bytearray) -> bool:
    count = len(raw) - len(raw.rstrip(b"\\"))
    return count % 2 == 1


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL).removesuffix("\\") if "\\" in text else text


def _assign_fields(context: Context, names: list[str], text: str, *, raw: bool) -> Work:
    shell = context.shell
    ifs = shell.variables.get("IFS", " \t\n")
    values = [value for value, _ in _fields(text, ifs, len(names), raw=raw)]
    for at, name in enumerate(names):
        base, _, index = name.partition("[")
        key = (yield from context.expansion.key_of(base, index.rstrip("]"))) if index else None
        assign(shell, base, values[at] if at < len(values) else "", key)


def _fields(text: str, ifs: str, most: int, *, raw: bool) -> list[tuple[str, int]]:
    """At most so many fields; the last one is all the rest."""
    spaces = "".join(char for char in ifs if char in " \t\n")
    marks = [(char, False) for char in text] if raw else _marked(text)
    at, size, fields = 0, len(marks), list[tuple[str, int]]()
    while at < size and marks[at][0] in spaces and not marks[at][1]:
        at += 1
    while at < size:
        if len(fields) == most - 1:
            rest = marks[at:]
            while rest and rest[-1][0] in spaces and not rest[-1][1]:
                rest.pop()
            inner = [mark for mark in rest if mark[0] in ifs and not mark[1]]
            if rest and rest[-1][0] in ifs and not rest[-1][1] and len(inner) == 1:
                rest.pop()
            fields.append(("".join(char for char, _ in rest), at))
            break
        start = at
        while at < size and (marks[at][0] not in ifs or marks[at][1]):
            at += 1
        fields.append(("".join(char for char, _ in marks[start:at]), start))
        had_mark = False
        while (
            at < size
            and marks[at][0] in ifs
            and not marks[at][1]
            and not (had_mark and marks[at][0] not in spaces)
        ):
            had_mark = had_mark or marks[at][0] not in spaces
            at += 1
    return fields


def _marked(text: str) -> list[tuple[str, bool]]:
    """Characters, and whether a backslash quotes them."""
    marks, at = [], 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            marks.append((text[at + 1], True))
            at += 2
        elif text[at] == "\\":
            at += 1
        else:
            marks.append((text[at], False))
            at += 1
    return marks


def mapfile(context: Context, words: list[Any]) -> Work:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    strip, count, name, skip, delimiter = False, 0, "MAPFILE", 0, "\n"
    while arguments:
        word = arguments.pop(0)
        if word == "-t":
            strip = True
        elif word in ("-n", "-s", "-d", "-u", "-O", "-C", "-c") and arguments:
            value = arguments.pop(0)
            count = int(value) if word == "-n" and value.isdecimal() else count
            skip = int(value) if word == "-s" and value.isdecimal() else skip
            delimiter = (value[:1] or "\0") if word == "-d" else delimiter
        else:
            name = word
    source = context.fds.get(0)
    unset(shell, name)
    shell.arrays[name] = {}
    at = 0
    while isinstance(source, Stream):
        raw = yield from context.read_line(source, delimiter.encode())
        if not raw:
            break
        line = raw.decode("utf-8", "surrogateescape")
        if skip:
            skip -= 1
            continue
        assign(shell, name, line.removesuffix(delimiter) if strip else line, at)
        at += 1
        context.spend(5)
        if at == count:
            break
    return 0


BUILTINS = {
    "export": export, "readonly": export, "unset": unset_, "declare": declare, "typeset": declare, "local": declare,
    "let": let, "read": read, "mapfile": mapfile, "readarray": mapfile,
}  # fmt: skip
__all__ = ["BUILTINS", "show_all", "shown"]
