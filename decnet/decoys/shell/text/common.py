"""What the text tools share: options as getopt reads them, their input, their errors."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ...host.node import Node
from ..process import Command, Process, Running
from ..regex import BadRegex, Regex, Spend, Syntax, escape_literal

MOST_OF_A_DEVICE = 1 << 20


class Failure(Exception):
    """A tool ends with a message (without its name; "" for none) and a status."""

    def __init__(self, message: str, status: int = 1, *, hint: bool = False) -> None:
        super().__init__(message)
        self.message, self.status, self.hint = message, status, hint


@dataclass
class Options:
    """The options in their order, as (letter or long name, value), and the operands."""

    given: list[tuple[str, str]] = field(default_factory=list)
    operands: list[str] = field(default_factory=list)

    def __contains__(self, name: object) -> bool:
        return any(option == name for option, _ in self.given)

    def value(self, name: str, default: str = "") -> str:
        """The last value of an option."""
        return next((value for option, value in reversed(self.given) if option == name), default)

    def values(self, name: str) -> list[str]:
        """All values of an option."""
        return [value for option, value in self.given if option == name]

    def last(self, names: str) -> str:
        """Which of these letters was given last, "" for none."""
        return next((option for option, _ in reversed(self.given) if option in names), "")


HINTS = {
    "tar": "Try '{0} --help' or '{0} --usage' for more information.\n",
    **dict.fromkeys(("gzip", "gunzip", "zcat"), "Try `gzip --help' for more information.\n"),
}
"""What programs print after a wrong option, if it is not the usual line."""


USAGE = "?"
"""In place of a text: an applet's usage."""
OF_STATUS_2 = ("grep", "egrep", "fgrep", "sort")
"""Applets whose errors end with status 2 in BusyBox, too."""
OF_OPERANDS = (
    "missing operand",
    "missing file operand",
    "extra operand",
    "missing destination",
    "not enough arguments",
)
"""How the complaints begin of which BusyBox does not print a word."""
OF_OPTIONS = ("invalid option", "unrecognized option", "option ")


def tool(inner: Callable[[Process], Running]) -> Command:
    """A command whose Failure is printed as `name: message`."""

    def command(process: Process) -> Running:
        try:
            return (yield from inner(process))
        except Failure as failure:
            bare = failure.message.startswith(OF_OPERANDS) and process.name != "expr"
            if process.applet and failure.hint and (bare or failure.message.startswith(OF_OPTIONS)):
                # BusyBox prints its usage, and no reason for too few or too many words.
                process.err(("" if bare else f"{process.name}: {failure.message}\n") + f"{USAGE}\n")
                return failure.status if process.name in OF_STATUS_2 else 1
            if failure.hint and failure.message.startswith(OF_OPTIONS):
                from ..printing import recorded_refusal, started

                if (refusal := recorded_refusal(process, failure.message)) is not None:
                    return (yield from started(refusal, process))
            if failure.message:
                process.err(f"{process.name}: {failure.message}\n")
            if failure.hint and not process.shell.world.system.busybox:
                hint = HINTS.get(process.name, "Try '{0} --help' for more information.\n")
                process.err(hint.format(process.name))
            return failure.status

    return command


def parse(process: Process, short: str, long: str = "", *, status: int = 1, stop: bool = False) -> Options:
    """Read the arguments. `short` as for getopt ("ab:c::"); `long`: names with their letter ("count=c"), or
    with ":" or "::" for a long option with a value. `stop`: at the first operand. Raises Failure."""
    names = dict(part.partition("=")[::2] for part in long.split())
    found = Options()
    words = list(process.args)
    while words:
        word = words.pop(0)
        if word == "--":
            found.operands += words
            break
        if word.startswith("--"):
            _long(word, words, names, short, found, status)
        elif word.startswith("-") and len(word) > 1:
            _short(word[1:], words, short, found, status)
        elif stop:
            found.operands += [word, *words]
            break
        else:
            found.operands.append(word)
    return found


def _short(letters: str, words: list[str], short: str, found: Options, status: int) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        at = short.find(letter) if letter != ":" else -1
        if at < 0:
            raise Failure(f"invalid option -- '{letter}'", status, hint=True)
        if short.startswith("::", at + 1):
            found.given.append((letter, letters))
            return
        if short.startswith(":", at + 1):
            if not letters and not words:
                raise Failure(f"option requires an argument -- '{letter}'", status, hint=True)
            found.given.append((letter, letters or words.pop(0)))
            return
        found.given.append((letter, ""))


def _long(
    word: str, words: list[str], names: dict[str, str], short: str, found: Options, status: int
) -> None:
    name, equals, value = word[2:].partition("=")
    fits = [each for each in names if each.rstrip(":") == name] or [
        each for each in names if each.startswith(name)
    ]
    if not fits:
        raise Failure(f"unrecognized option '--{name}'", status, hint=True)
    if len(fits) > 1 and len({names[each] or each for each in fits}) > 1:
        listed = " ".join(f"'--{each.rstrip(':')}'" for each in fits)
        raise Failure(f"option '--{name}' is ambiguous; possibilities: {listed}", status, hint=True)
    full = fits[0].rstrip(":")
    letter = names[fits[0]] or full
    colons = fits[0][len(full) :] or _colons(letter, short)
    if equals and not colons:
        raise Failure(f"option '--{full}' doesn't allow an argument", status, hint=True)
    if colons == ":" and not equals:
        if not words:
            raise Failure(f"option '--{full}' requires an argument", status, hint=True)
        value = words.pop(0)
    found.given.append((letter, value))


def _colons(letter: str, short: str) -> str:
    rest = short.partition(letter)[2] if len(letter) == 1 else ""
    return rest[: len(rest) - len(rest.lstrip(":"))]


def link_node(process: Process, where: str) -> Node | None:
    """The node at an absolute path; a link itself, not what it leads to."""
    return process.shell.lstat(where)


def why_not(process: Process, path: str) -> str:
    """Why a path cannot be read as a file, "" if it can be."""
    shell = process.shell
    where = shell.absolute(path)
    node = shell.node(where)
    if path and node is None and shell.loops(where):
        return "Too many levels of symbolic links"
    if path == "" or node is None:
        return "No such file or directory"
    if path.endswith("/") and not node.folder:
        return "Not a directory"
    if not shell.allowed(where, 4):
        return "Permission denied"
    return "Is a directory" if node.folder else ""


DEVICES: dict[str, Callable[[], bytes]] = {
    "/dev/null": bytes,
    "/dev/zero": lambda: bytes(MOST_OF_A_DEVICE),
    "/dev/full": lambda: bytes(MOST_OF_A_DEVICE),
    "/dev/random": lambda: os.urandom(MOST_OF_A_DEVICE),
    "/dev/urandom": lambda: os.urandom(MOST_OF_A_DEVICE),
}
"""What devices have, as far as it is read."""


def content(process: Process, path: str) -> bytes:
    """A file's bytes, or standard input for "-". Raises Failure with the reason only."""
    if path in ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"):
        return process.given
    if path in DEVICES:
        return DEVICES[path]()
    reason = why_not(process, path)
    if reason:
        raise Failure(reason)
    text = process.shell.read(process.shell.absolute(path))
    return (text or "").encode("utf-8", "surrogateescape")


def save(process: Process, path: str, data: bytes) -> str:
    """Write a file, or to one of the devices; the reason if that is refused."""
    if path in ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd/1"):
        if path == "/dev/stderr":
            process.err(data)
        elif path != "/dev/null":
            process.out(data)
        return ""
    return process.shell.write(process.shell.absolute(path), data)


def await_input(process: Process, paths: list[str]) -> None:
    """Have the standard input, if it is one of these files. The command may start again here: it has printed
    nothing before."""
    if not paths or "-" in paths:
        process.given  # noqa: B018


def is_folder(process: Process, path: str) -> bool:
    """Whether an operand is a folder."""
    node = process.shell.node(process.shell.absolute(path))
    return path != "-" and node is not None and node.folder


def inputs(process: Process, paths: list[str], failed: list[str]) -> Iterator[tuple[str, bytes]]:
    """The named files (standard input without names), each with its bytes. A file that cannot be read is
    reported, and its name is added to `failed`."""
    await_input(process, paths)
    for path in paths or ["-"]:
        try:
            data = content(process, path)
        except Failure as failure:
            process.err(f"{process.name}: {path}: {failure.message}\n")
            failed.append(path)
            continue
        process.spend(1 + len(data) // 256)
        yield path, data


def split_lines(data: bytes, separator: bytes = b"\n") -> list[bytes]:
    """The lines without their ends."""
    lines = data.split(separator)
    if not lines[-1]:
        lines.pop()
    return lines


def text_of(data: bytes) -> str:
    """Bytes as text, the invalid ones as surrogates."""
    return data.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The inverse of text_of."""
    return text.encode("utf-8", "surrogateescape")


def size_of(text: str, units: str = "bkKMGTPEZY") -> int | None:
    """A number with a multiplier (`10K`, `2MB`), None if it is not one."""
    digits = len(text) - len(text.lstrip("0123456789"))
    number, unit = text[:digits], text[digits:]
    if not number or digits > 18:
        return None if not number else 2**63
    if not unit:
        return int(number)
    if unit[0] not in units or unit[1:] not in ("", "B", "iB"):
        return None
    if unit[0] == "b":
        return int(number) * 512
    power = "kMGTPEZY".index("k" if unit[0] == "K" else unit[0]) + 1
    factor: int = (1000 if unit[1:] == "B" else 1024) ** power
    return int(number) * factor


def walk(process: Process, path: str, *, most: int = 64) -> Iterator[tuple[str, Node | None]]:
    """A folder's files and folders below it, in the order of their names, with their paths as shown."""
    stack = [path]
    while stack:
        shown = stack.pop()
        where = process.shell.absolute(shown)
        node = process.shell.node(where)
        process.spend(10)
        yield shown, node
        if node is not None and node.folder and shown.count("/") < most:
            names = process.shell.entries(where)
            process.spend(len(names) + 500)
            stack += [f"{shown.rstrip('/')}/{name}" for name in reversed(names)]


def quoted(process: Process, text: str) -> str:
    """A word in quotes, as the programs print it in the visitor's locale."""
    variables = process.shell.variables
    locale = variables.get("LC_ALL") or variables.get("LC_CTYPE") or variables.get("LANG") or ""
    if process.shell.world.system.busybox or "UTF" not in locale.upper():
        return f"'{text}'"
    return f"‘{text}’"


def in_plain_quotes(name: str) -> str:
    """A file's name as programs print it that quote it as a shell does, in any locale."""
    return f"'{name}'"


def glob(pattern: str, spend: Spend, *, fold: bool = False) -> Regex:
    """A file name pattern (`*`, `?`, `[...]`) as an expression for whole names."""
    out, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        end = pattern.find("]", at + 2 + (pattern[at + 1 : at + 2] in ("!", "^"))) if char == "[" else -1
        if char == "[" and end > 0:
            inside = pattern[at + 1 : end]
            out += "[" + ("^" + inside[1:] if inside[:1] == "!" else inside) + "]"
            at = end + 1
            continue
        if char == "\\" and at + 1 < len(pattern):
            at += 1
            char = pattern[at]
            out += escape_literal(char)
        else:
            out += {"*": ".*", "?": "."}.get(char) or escape_literal(char)
        at += 1
    try:
        return Regex(out, Syntax(fold=fold), spend, around="line")
    except BadRegex:
        return Regex(escape_literal(pattern), Syntax(), spend, around="line")
