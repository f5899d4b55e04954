# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Commands about text."""

import base64
import hashlib
import re
from collections.abc import Callable

from .state import Answer, Command, Shell

Transform = Callable[[list[str], list[str]], list[str]]


def read(shell: Shell, path: str) -> tuple[str, str]:
    """A file's text, and the error if it cannot be read."""
    where = shell.absolute(path)
    node = shell.node(where)
    if node is None:
        return "", "No such file or directory"
    if node.folder:
        return "", "Is a directory"
    if not shell.allowed(where, 4):
        return "", "Permission denied"
    return shell.read(where) or "", ""


def echo(shell: Shell, arguments: list[str], given: str) -> Answer:
    words = list(arguments)
    newline, escapes = True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        newline = newline and "n" not in words[0]
        escapes = escapes or "e" in words[0]
        words.pop(0)
    text = " ".join(words)
    return Answer((_unescaped(text) if escapes else text) + ("\n" if newline else ""))


def _unescaped(text: str) -> str:
    simple = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "e": "\x1b", "0": "\0"}

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        return simple.get(found[2], found[0])

    return re.sub(r"\\(?:x([0-9a-fA-F]{1,2})|(.))", one, text)


def printf(shell: Shell, arguments: list[str], given: str) -> Answer:
    if not arguments:
        return Answer(error=f"{shell.name}: printf: usage: printf [-v var] format [arguments]\n", status=2)
    words = iter(arguments[1:])
    text = re.sub(
        r"%[-0-9.]*([sdxc%])", lambda found: "%" if found[1] == "%" else next(words, ""), arguments[0]
    )
    return Answer(_unescaped(text))


def _on_lines(name: str, transform: Transform, takes: tuple[str, ...] = ()) -> Command:
    """A command that reads files or its input and prints lines."""

    def command(shell: Shell, arguments: list[str], given: str) -> Answer:
        flags: list[str] = []
        paths: list[str] = []
        words = iter(arguments)
        for word in words:
            if word in takes:
                flags += [word, next(words, "")]
            elif word.startswith("-") and word != "-":
                flags.append(word)
            else:
                paths.append(word)
        if name == "grep" and paths:
            flags.append("=" + paths.pop(0))
        text, error = ("", "") if paths else (given, "")
        for path in paths:
            more, reason = read(shell, path)
            text += more
            error += f"{name}: {path}: {reason}\n" if reason else ""
        lines = transform(text.splitlines(), flags)
        status = 1 if error or (name == "grep" and not lines) else 0
        return Answer("".join(line + "\n" for line in lines), error, status)

    return command


def _count(flags: list[str]) -> int:
    for at, flag in enumerate(flags):
        if flag == "-n" and at + 1 < len(flags) and flags[at + 1].lstrip("+-").isdigit():
            return min(100000, int(flags[at + 1].lstrip("+-")))
        if flag.lstrip("-n").isdigit():
            return min(100000, int(flag.lstrip("-n")))
    return 10


def _grep(lines: list[str], flags: list[str]) -> list[str]:
    pattern = next((flag[1:] for flag in flags if flag.startswith("=")), "")
    short = "".join(flag[1:] for flag in flags if flag.startswith("-"))
    needle = re.sub(r"[\\^$.*]", "", pattern)
    parts = [part for part in needle.split("|") if part] or [needle]
    fold = "i" in short

    def matches(line: str) -> bool:
        text = line.lower() if fold else line
        hit = any((part.lower() if fold else part) in text for part in parts)
        return hit != ("v" in short)

    found = [line for line in lines if matches(line)]
    return [str(len(found))] if "c" in short else found


def _wc(lines: list[str], flags: list[str]) -> list[str]:
    characters = sum(len(line) + 1 for line in lines)
    words = sum(len(line.split()) for line in lines)
    short = "".join(flags)
    if "l" in short:
        return [str(len(lines))]
    if "c" in short:
        return [str(characters)]
    return [f"{len(lines):>7} {words:>7} {characters:>7}"]


def _sort(lines: list[str], flags: list[str]) -> list[str]:
    short = "".join(flags)
    return sorted(set(lines) if "u" in short else lines, reverse="r" in short)


def _uniq(lines: list[str], flags: list[str]) -> list[str]:
    return [line for at, line in enumerate(lines) if at == 0 or lines[at - 1] != line]


def _cut(lines: list[str], flags: list[str]) -> list[str]:
    joined = " ".join(flags)
    between = re.search(r"-d ?(\S)", joined)
    fields = re.search(r"-f ?(\d+)", joined)
    at = int(fields[1]) - 1 if fields else 0
    split = [line.split(between[1] if between else "\t") for line in lines]
    return [parts[at] if at < len(parts) else "" for parts in split]


def _awk(shell: Shell, arguments: list[str], given: str) -> Answer:
    program = next((word for word in arguments if "{" in word), "")
    found = re.search(r"print \$(\d+)", program)
    between = re.search(r"-F ?'?(\S)", " ".join(arguments))
    if not found:
        return Answer(given if "print" in program else "")
    at = int(found[1]) - 1
    split = [line.split(between[1]) if between else line.split() for line in given.splitlines()]
    return Answer("".join((parts[at] if 0 <= at < len(parts) else "") + "\n" for parts in split))


def _hashed(kind: str) -> Command:
    def command(shell: Shell, arguments: list[str], given: str) -> Answer:
        if not arguments:
            digest = hashlib.new(
                kind, given.encode("utf-8", "surrogateescape"), usedforsecurity=False
            ).hexdigest()
            return Answer(f"{digest}  -\n")
        out, error = "", ""
        for path in arguments:
            text, reason = read(shell, path)
            digest = hashlib.new(
                kind, text.encode("utf-8", "surrogateescape"), usedforsecurity=False
            ).hexdigest()
            out += "" if reason else f"{digest}  {path}\n"
            error += f"{kind}sum: {path}: {reason}\n" if reason else ""
        return Answer(out, error, 1 if error else 0)

    return command


def _base64(shell: Shell, arguments: list[str], given: str) -> Answer:
    raw = given.encode("utf-8", "surrogateescape")
    if any(flag in arguments for flag in ("-d", "--decode", "-D")):
        try:
            return Answer(base64.b64decode(raw).decode("utf-8", "surrogateescape"))
        except ValueError:
            return Answer(error="base64: invalid input\n", status=1)
    return Answer(base64.b64encode(raw).decode() + "\n")


def _tee(shell: Shell, arguments: list[str], given: str) -> Answer:
    for path in (word for word in arguments if not word.startswith("-")):
        shell.write(shell.absolute(path), given.encode("utf-8", "surrogateescape"))
    return Answer(given)


def _same(shell: Shell, arguments: list[str], given: str) -> Answer:
    return Answer(given)


COMMANDS: dict[str, Command] = {
    "echo": echo,
    "printf": printf,
    "head": _on_lines("head", lambda lines, flags: lines[: _count(flags)], ("-n", "-c")),
    "tail": _on_lines("tail", lambda lines, flags: lines[-_count(flags) :], ("-n", "-c")),
    "more": _on_lines("more", lambda lines, flags: lines),
    "less": _on_lines("less", lambda lines, flags: lines),
    "grep": _on_lines("grep", _grep, ("-A", "-B", "-m")),
    "egrep": _on_lines("grep", _grep, ("-A", "-B", "-m")),
    "wc": _on_lines("wc", _wc),
    "sort": _on_lines("sort", _sort, ("-k", "-t")),
    "uniq": _on_lines("uniq", _uniq),
    "cut": _on_lines("cut", _cut, ("-d", "-f")),
    "awk": _awk,
    "sed": _same,
    "tr": _same,
    "xargs": _same,
    "tee": _tee,
    "base64": _base64,
    "md5sum": _hashed("md5"),
    "sha1sum": _hashed("sha1"),
    "sha256sum": _hashed("sha256"),
}
