"""visudo, cvtsudoers and sudoreplay: sudoers files as sudo 1.9 reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, parse, why_not
from ..text.packaged import packaged

SUDOERS = "/etc/sudoers"
ALIASES = ("User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias")
INCLUDES = ("@include", "@includedir", "#include", "#includedir")
MOST_FILES, MOST_LINES, MOST_TEXT = 50, 2000, 64_000
SIGNS = "=,:()!"


@dataclass(frozen=True)
class Word:
    """A word of a line; `at` is its place, from 0."""

    text: str
    at: int


@dataclass(frozen=True)
class Wrong:
    """A syntax error. `line` and `column` from 1."""

    path: str
    line: int
    column: int
    text: str

    def shown(self) -> str:
        """As visudo prints it."""
        mark = " " * (self.column - 1) + "^" + "~" * max(0, len(self._word()) - 1)
        return f"{self.path}:{self.line}:{self.column}: syntax error\n{self.text}\n{mark}\n"

    def _word(self) -> str:
        rest = self.text[self.column - 1 :].split()
        return rest[0] if rest else "x"


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with a number, continued ones joined, without comments."""
    held, first = "", 0
    for number, line in enumerate(text[:MOST_TEXT].split("\n")[:MOST_LINES], 1):
        first = first or number
        if line.endswith("\\"):
            held += line[:-1]
            continue
        whole, held = held + line, ""
        body = whole.strip()
        if body and (not body.startswith("#") or body.split()[0] in INCLUDES or body[1:2].isdigit()):
            yield first, whole
        first = 0


def words_of(line: str) -> list[Word]:
    """The words and signs of a line."""
    found: list[Word] = []
    at = 0
    while at < len(line):
        if line[at] in " \t":
            at += 1
        elif line[at] == '"':
            end = line.find('"', at + 1)
            end = len(line) if end < 0 else end + 1
            found.append(Word(line[at:end], at))
            at = end
        elif line[at] in SIGNS:
            found.append(Word(line[at], at))
            at += 1
        elif line[at] == "#" and not line[at + 1 : at + 2].isdigit():
            break
        else:
            end = at
            while end < len(line) and line[end] not in " \t" + SIGNS:
                end += 2 if line[end] == "\\" else 1
            found.append(Word(line[at:end], at))
            at = end
    return found


def wrong_column(line: str) -> int:
    """The column, from 1, at which a line is not valid; 0 if it is."""
    words = words_of(line)
    if not words or words[0].text in INCLUDES or words[0].text.startswith("Defaults"):
        return 0
    if words[0].text in ALIASES:
        if len(words) < 2 or not words[1].text[:1].isupper():
            return (words[1].at if len(words) > 1 else len(line)) + 1
        if len(words) < 4 or words[2].text != "=":
            return (words[2].at if len(words) > 2 else len(line)) + 1
        return 0
    return _wrong_rule(words, len(line))


def _wrong_rule(words: list[Word], end: int) -> int:
    at = _list(words, 0)
    at = _list(words, at) if at < len(words) and words[at].text not in SIGNS else -1
    if at < 0:
        return (words[1].at if len(words) > 1 else end) + 1
    if at >= len(words) or words[at].text != "=":
        return (words[at].at if at < len(words) else end) + 1
    at += 1
    if at < len(words) and words[at].text == "(":
        close = next((n for n in range(at, len(words)) if words[n].text == ")"), -1)
        if close < 0:
            return end + 1
        at = close + 1
    return (
        0
        if at < len(words) and words[at].text not in "=)"
        else (words[at].at if at < len(words) else end) + 1
    )


def _list(words: list[Word], at: int) -> int:
    """The place behind a list of names with commas."""
    while at < len(words):
        while at < len(words) and words[at].text == "!":
            at += 1
        at += 1
        if at >= len(words) or words[at].text != ",":
            return at
        at += 1
    return at


def files_of(shell: Shell, path: str) -> list[str]:
    """A file, and those that it includes."""
    found: list[str] = []
    waiting = [path]
    while waiting and len(found) < MOST_FILES:
        one = waiting.pop(0)
        if one in found:
            continue
        found.append(one)
        for _, line in logical_lines(shell.read(shell.absolute(one)) or ""):
            words = line.split()
            if words[0] not in INCLUDES or len(words) < 2:
                continue
            if words[0].endswith("dir"):
                folder = shell.absolute(words[1])
                names = [
                    name
                    for name in sorted(shell.entries(folder))
                    if "." not in name and not name.endswith("~")
                ]
                waiting += [f"{words[1].rstrip('/')}/{name}" for name in names]
            else:
                waiting.append(words[1])
    return found


def first_wrong(shell: Shell, path: str) -> Wrong | None:
    """The first syntax error of a file."""
    for number, line in logical_lines(shell.read(shell.absolute(path)) or ""):
        column = wrong_column(line)
        if column:
            return Wrong(path, number, column, line)
    return None


@packaged(bare=True)
def visudo(process: Process) -> Running:
    """Check a sudoers file; editing it needs a terminal."""
    options = parse(
        process,
        "chIOPqsVxf:",
        "check=c help=h no-includes=I owner=O perms=P quiet=q strict=s version=V file:=f",
    )
    shell = process.shell
    path = options.value("f") or (options.operands[0] if options.operands else SUDOERS)
    yield 0.0
    if "c" not in options:
        return (yield from _edited(process, path))
    if path == "-":
        raise Failure("unable to open -: No such file or directory")
    if shell.user != "root" and not shell.allowed(shell.absolute(path), 4):
        raise Failure(f"unable to open {path}: Permission denied")
    status = 0
    for one in [path] if "I" in options else files_of(shell, path):
        if reason := why_not(process, one):
            raise Failure(
                f"unable to open {one}: {reason}"
                if reason != "Is a directory"
                else f"{one} is not a regular file"
            )
        wrong = first_wrong(shell, one)
        if wrong is not None:
            process.err(wrong.shown() if "q" not in options else "")
            status = 1
            break
        if "q" not in options:
            if one == path and (bad := _permissions(process, one, options.value("f") != "", "P" in options)):
                process.err(bad)
                return 1
            process.out(f"{one}: parsed OK\n")
    return status


def _permissions(process: Process, path: str, given: bool, checked: bool) -> str:
    """What is wrong with the owner and mode of the sudoers file itself; a file of -f needs -P for that."""
    node = process.shell.node(process.shell.absolute(path))
    if node is None or (given and not checked):
        return ""
    if node.owner != "root":
        return f"{path}: wrong owner (uid, gid) should be (0, 0)\n"
    return f"{path}: bad permissions, should be mode 0440\n" if node.mode & 0o7777 != 0o440 else ""


def _edited(process: Process, path: str) -> Running:
    if process.shell.user != "root":
        raise Failure(f"{path}: Permission denied")
    editor = (
        process.shell.variables.get("VISUAL") or process.shell.variables.get("EDITOR") or "/usr/bin/editor"
    )
    return (yield from process.call([editor, f"{path}.tmp"])) and 1


@packaged(refuses=False, bare=True)
def cvtsudoers(process: Process) -> Running:
    """Print a sudoers file in its own format."""
    options = parse(
        process,
        "b:c:d:ef:hi:I:l:m:Mo:O:pP:s:V",
        "output-format:=f input-format:=i output:=o version=V help=h",
    )
    path = options.operands[0] if options.operands else SUDOERS
    yield 0.0
    if reason := why_not(process, path):
        raise Failure(f"unable to open {path}: {reason}")
    form = options.value("f", "sudoers")
    if form not in ("sudoers", "json", "ldif", "csv"):
        raise Failure(f"unsupported output format {form}")
    if form != "sudoers":
        return 0
    defaults, rules = [], []
    for _, line in logical_lines(process.shell.read(process.shell.absolute(path)) or ""):
        words = [word.text for word in words_of(line)]
        if words[0] == "Defaults":
            defaults.append(_default(line.split(None, 1)[1]))
        elif words[0] not in INCLUDES:
            rules.append(" ".join(line.split()))
    process.out("".join(f"{each}\n" for each in defaults))
    process.out("\n" + "\n\n".join(rules) + "\n" if rules else "")
    return 0


def _default(text: str) -> str:
    name, equals, value = text.partition("=")
    if not equals:
        return f"Defaults {text.strip()}"
    value = value.strip().strip('"').replace(":", "\\:")
    line = f"Defaults {name.strip()}={value}"
    return line if len(line) < 80 else f"Defaults\\\n    {name.strip()}={value}"


@packaged(refuses=False)
def sudoreplay(process: Process) -> Running:
    """Sessions that sudo has recorded: it records none here."""
    options = parse(process, "d:f:hlm:nRSs:V", "list=l directory:=d")
    folder = options.value("d") or "/var/log/sudo-io"
    yield 0.0
    if process.shell.node(process.shell.absolute(folder)) is None:
        raise Failure(f"unable to open {folder}: No such file or directory")
    return 0


COMMANDS: dict[str, Command] = {"visudo": visudo, "cvtsudoers": cvtsudoers, "sudoreplay": sudoreplay}
