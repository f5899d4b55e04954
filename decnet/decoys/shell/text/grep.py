"""grep, egrep, fgrep, and recursive searches."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from ..process import Process, Running
from ..regex import BadRegex, Regex, Syntax, escape_literal
from .common import (
    Failure,
    Options,
    await_input,
    bytes_of,
    content,
    glob,
    parse,
    text_of,
    tool,
    walk,
    why_not,
)
from .perl import from_perl

SHORT = "EFGPe:f:iywvxclLqsonbHhA:B:C:m:rRzaIUZTuV0123456789D:d:"
LONG = """extended-regexp=E fixed-strings=F basic-regexp=G perl-regexp=P regexp=e file=f ignore-case=i
no-ignore-case invert-match=v word-regexp=w line-regexp=x count=c files-with-matches=l files-without-match=L
quiet=q silent=q no-messages=s only-matching=o line-number=n byte-offset=b with-filename=H no-filename=h
after-context=A before-context=B context=C max-count=m recursive=r dereference-recursive=R null-data=z text=a
binary=U null=Z initial-tab=T include: exclude: exclude-dir: exclude-from: color:: colour:: line-buffered
label: binary-files: directories=d devices=D version=V help"""


@dataclass
class Search:
    """What one grep searches and how it prints. `context`: lines before and after, -1 for none."""

    process: Process
    options: Options
    patterns: list[Regex]
    named: bool
    before: int = 0
    after: int = 0
    most: int = -1
    color: bool = False
    groups: bool = False
    printed: bool = False
    failed: bool = False
    found: bool = False
    shown: set[str] = field(default_factory=set)


@tool
def grep(process: Process) -> Running:
    """Status 0 with a match, 1 without, 2 after an error."""
    process.name = process.name.rsplit("/", 1)[-1]
    if process.name in ("egrep", "fgrep") and not process.shell.world.system.busybox:
        process.args = [f"-{process.name[0].upper()}", *process.args]
        process.name = "grep"
    try:
        options = parse(process, SHORT, LONG, status=2)
    except Failure as failure:
        process.err(f"grep: {failure.message}\nUsage: grep [OPTION]... PATTERNS [FILE]...\n")
        raise Failure("", 2, hint=True) from None
    if "V" in options or "help" in options:
        process.out(
            "grep (GNU grep) 3.8\n" if "V" in options else "Usage: grep [OPTION]... PATTERNS [FILE]...\n"
        )
        return 0
    patterns = _patterns(process, options)
    recursive = "r" in options or "R" in options or options.value("d") == "recurse"
    paths = options.operands or (["."] if recursive else ["-"])
    search = Search(process, options, patterns, named=_named(process, options, paths, recursive))
    _limits(search)
    await_input(process, paths)
    for path in _paths(search, paths, recursive):
        yield from _file(search, path)
        if search.found and ("q" in options):
            return 0
        if process.tired:
            yield 0.0
    return 2 if search.failed else 0 if search.found else 1


def _named(process: Process, options: Options, paths: list[str], recursive: bool) -> bool:
    shown = options.last("Hh")
    node = process.shell.node(process.shell.absolute(paths[0])) if recursive else None
    return shown == "H" or (shown == "" and (len(paths) > 1 or (node is not None and node.folder)))


def _limits(search: Search) -> None:
    digits = "".join(option for option, _ in search.options.given if option.isdigit())
    for letter, both in (("C", True), ("A", False), ("B", False)):
        value = search.options.value(letter) or (digits if letter == "C" else "")
        if not value:
            continue
        if not value.isdecimal():
            raise Failure(f"{value}: invalid context length argument", 2)
        number = min(int(value[:9]), 100_000)
        search.after = number if both or letter == "A" else search.after
        search.before = number if both or letter == "B" else search.before
        search.groups = True
    most = search.options.value("m")
    if most:
        if not most.lstrip("-").isdecimal():
            raise Failure(f"invalid number '{most}'" if search.process.applet else "invalid max count", 2)
        search.most = max(-1, int(most[:9]))
    color = [value for name, value in search.options.given if name in ("color", "colour")]
    auto = search.process.to_terminal and color[-1:] in ([""], ["auto"], ["tty"], ["if-tty"])
    search.color = (auto or color[-1:] in (["always"], ["yes"], ["force"])) and not search.process.applet


def _patterns(process: Process, options: Options) -> list[Regex]:
    texts = options.values("e")
    for path in options.values("f"):
        try:
            lines = text_of(content(process, path))
        except Failure as failure:
            raise Failure(f"{path}: {failure.message}", 2) from None
        texts += [lines.removesuffix("\n")] if lines else []
    if not texts and "f" not in options:
        if not options.operands:
            process.err("Usage: grep [OPTION]... PATTERNS [FILE]...\n")
            raise Failure("", 2, hint=True)
        texts = [options.operands.pop(0)]
    kind = options.last("EFGP") or (
        "F" if process.name == "fgrep" else "E" if process.name == "egrep" else "G"
    )
    around = "line" if "x" in options else "word" if "w" in options else ""
    fold = options.last("iy") != ""
    syntax = Syntax(extended=kind in "EP", fold=fold, strict=False)
    texts = [line for text in texts for line in text.split("\n")][:2000]
    if kind in "GE" and any(text.startswith("[:") and text.endswith(":]") for text in texts):
        raise Failure("character class syntax is [[:space:]], not [:space:]", 2)
    patterns, wrong = [], ""
    try:
        for text in texts:
            wrong = text
            patterns.append(_compiled(text, kind, syntax, process, around))
    except BadRegex as error:
        if process.applet:
            raise Failure(f"bad regex '{wrong}'", 2) from None
        raise Failure(_said(process, str(error), kind, texts), 2) from None
    for warning in [warning for each in patterns for warning in each.warnings]:
        process.err(f"grep: warning: {warning}\n")
    return patterns


def _compiled(text: str, kind: str, syntax: Syntax, process: Process, around: str) -> Regex:
    if kind == "P":
        return from_perl(text, syntax, process.spend, around)
    if kind == "F":
        syntax = Syntax(fold=syntax.fold)
    return Regex(escape_literal(text) if kind == "F" else text, syntax, process.spend, around=around)


OF_PCRE = {
    "Unmatched ( or \\(": "missing closing parenthesis",
    "Unmatched ) or \\)": "unmatched closing parenthesis",
}
OF_OLD_PCRE = {"missing closing parenthesis": "missing )", "unmatched closing parenthesis": "unmatched )"}
WITH_OLD_PCRE = ("11", "20.04", "22.04")
"""Releases whose grep is older than 3.8."""


def _said(process: Process, message: str, kind: str, texts: list[str]) -> str:
    """An error of a pattern in the words of the library that reads it."""
    if kind == "P":
        message = OF_PCRE.get(message, message)
        is_old = process.shell.world.system.version in WITH_OLD_PCRE
        return OF_OLD_PCRE.get(message, message) if is_old else message
    if message.startswith("Unmatched [") and any(text.endswith("[") for text in texts):
        return "Invalid regular expression"
    return message[0].lower() + message[1:] if message.startswith("Regular") else message


def _paths(search: Search, paths: list[str], recursive: bool) -> Iterator[str]:
    options = search.options
    for path in paths:
        if path == "-" or not recursive or why_not(search.process, path) != "Is a directory":
            if path == "-" or _wanted(search, path):
                yield path
            continue
        skipped: list[str] = []
        unwanted = [glob(each, search.process.spend) for each in options.values("exclude-dir")]
        for shown, node in walk(search.process, path):
            if any(shown.startswith(folder + "/") for folder in skipped):
                continue
            if node is not None and node.folder:
                name = shown.rsplit("/", 1)[-1]
                if shown != path and any(each.test(name) for each in unwanted):
                    skipped.append(shown)
            elif node is not None and _wanted(search, shown):
                yield shown.removeprefix("./") if not options.operands else shown


def _wanted(search: Search, path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    include, exclude = (
        [glob(each, search.process.spend) for each in search.options.values(option)]
        for option in ("include", "exclude")
    )
    if any(each.test(name) for each in exclude):
        return False
    return not include or any(each.test(name) for each in include)


def _file(search: Search, path: str) -> Running:
    process, options = search.process, search.options
    try:
        data = content(process, path)
    except Failure as failure:
        quiet = "s" in options or (failure.message == "Is a directory" and options.value("d") == "skip")
        if not quiet:
            process.err(f"grep: {path}: {failure.message}\n")
        if process.applet and failure.message == "Is a directory":
            return 1
        search.failed = search.failed or failure.message != "Is a directory" or options.value("d") != "skip"
        return 2
    process.spend(1 + len(data) // 256)
    text = text_of(data)
    separator = "\0" if "z" in options else "\n"
    lines = text.split(separator)
    if not lines[-1]:
        lines.pop()
    name = "(standard input)" if path == "-" else path
    name = options.value("label", name) if path == "-" else name
    binary = (
        "a" not in options
        and not process.applet
        and options.value("binary-files") != "text"
        and _is_binary(data, separator)
    )
    if binary and ("I" in options or options.value("binary-files") == "without-match"):
        lines = []
    yield from _lines(search, name, lines, separator, binary)
    return 0


def _is_binary(data: bytes, separator: str) -> bool:
    if separator == "\n" and b"\0" in data:
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _lines(search: Search, name: str, lines: list[str], separator: str, binary: bool) -> Running:
    options, process = search.options, search.process
    invert = "v" in options
    silent = "q" in options or options.last("lL") != "" or "c" in options
    count, last, offset = 0, -1, 0
    due = 0
    for at, line in enumerate(lines):
        process.spend(4)
        if process.tired:
            yield 0.0
        if (search.most < 0 or count < search.most) and (
            any(each.test(line) for each in search.patterns) != invert
        ):
            count += 1
            search.found = search.found or "L" not in options
            if silent:
                if "c" not in options:
                    break
                continue
            if binary:
                process.out(f"Binary file {name} matches\n" if process.shell.world.system.busybox else "")
                process.err(f"grep: {name}: binary file matches\n")
                break
            start = max(last + 1, at - search.before)
            if (
                search.groups
                and search.printed
                and start > last + 1
                or (search.groups and search.printed and last < 0)
            ):
                process.out(_colored(search, "--", "36") + "\n")
            for each in range(start, at):
                yield from _show(search, name, each, lines, offset, "-", separator)
            yield from _show(search, name, at, lines, offset, ":", separator)
            last, due, search.printed = at, search.after, True
        elif due > 0 and not silent:
            yield from _show(search, name, at, lines, offset, "-", separator)
            last, due = at, due - 1
        elif search.most >= 0 and count >= search.most:
            break
        offset += (len(line) if line.isascii() else len(bytes_of(line))) + 1
    _totals(search, name, count)
    return 0


def _totals(search: Search, name: str, count: int) -> None:
    options, process = search.options, search.process
    end = "\0" if "Z" in options else "\n"
    if "q" in options:
        return
    listing = options.last("lL")
    if listing:
        if (count > 0) == (listing == "l"):
            search.found = True
            process.out(_colored(search, name, "35") + end)
    elif "c" in options:
        prefix = (
            (_colored(search, name, "35") + ("\0" if end == "\0" else _colored(search, ":", "36")))
            if search.named
            else ""
        )
        process.out(f"{prefix}{count}\n")


def _colored(search: Search, text: str, color: str) -> str:
    return f"\x1b[{color}m\x1b[K{text}\x1b[m\x1b[K" if search.color else text


def _show(
    search: Search, name: str, at: int, lines: list[str], offset: int, sign: str, separator: str
) -> Generator[object, object, None]:
    """Print one line; `offset` is where the current line begins."""
    options, line, process = search.options, lines[at], search.process
    if "o" not in options:
        text = _highlighted(search, line) if search.color and (sign == ":") != ("v" in options) else line
        process.out(_prefix(search, name, at, offset, sign) + text + separator)
        return
    if sign == "-" or "v" in options:
        return
    for start, end in _all_matches(search.patterns, line):
        process.spend(60)
        if process.tired:
            yield 0.0
        if end > start:
            before = offset + (len(bytes_of(line[:start])) if "b" in options else 0)
            process.spend(start // 64 if "b" in options else 0)
            part = _colored(search, line[start:end], "01;31")
            process.out(_prefix(search, name, at, before, sign) + part + separator)


def _prefix(search: Search, name: str, at: int, offset: int, sign: str) -> str:
    options = search.options
    mark = _colored(search, sign, "36")
    prefix = ""
    if search.named:
        prefix = _colored(search, name, "35") + ("\0" if "Z" in options else mark)
    if "n" in options:
        number = f"{at + 1:>3}" if "T" in options else str(at + 1)
        prefix += _colored(search, number, "32") + mark
    if "b" in options:
        prefix += _colored(search, str(offset), "32") + mark
    return prefix + ("\t" if "T" in options and prefix else "")


def _highlighted(search: Search, line: str) -> str:
    out: list[str] = []
    last = 0
    for start, end in _all_matches(search.patterns, line):
        search.process.spend(10)
        if end > start:
            out += [line[last:start], _colored(search, line[start:end], "01;31")]
            last = end
    return "".join(out) + line[last:]


def _all_matches(patterns: list[Regex], line: str) -> Iterator[tuple[int, int]]:
    if len(patterns) == 1:
        yield from patterns[0].matches(line)
        return
    start = 0
    while start <= len(line):
        found = [spans[0] for each in patterns if (spans := each.search(line, start))]
        if not found:
            return
        begin = min(span[0] for span in found)
        end = max(span[1] for span in found if span[0] == begin)
        yield begin, end
        start = end if end > begin else begin + 1


COMMANDS = {"grep": grep, "egrep": grep, "fgrep": grep}
