"""What a page asks its reader to do, in order, and what is not in the convention.

The convention is in docs/internals/design.md, section Tests. In short, a block of `console` has commands
after `$ ` (the reader's machine) or `w1# `, `operator# `, `attacker$ ` (a machine of the practice network),
each with its output below; after a backslash, a command continues after `> `. A block of `toml fleet.toml` is
a file to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ("docs/commands.md", "docs/troubleshooting.md")

PROMPT = re.compile(r"(?:(?P<machine>operator|attacker|w[1-9])(?P<sign>[$#])|\$) (?P<text>.+)")
LANGUAGES = {"console", "text", "toml", "json", "python", "sh", "ini"}
NEVER_TYPED = {"json", "python", "toml", "ini"}
"""Languages in which no line is a command because of its first word."""

PROGRAM = re.compile(
    r"(?:apk|apt|apt-get|awk|cat|cd|chmod|cp|crontab|curl|decnet|docker|echo|export|grep|install|journalctl|kill"
    r"|ls|make|man|mkdir|mv|nmap|openssl|pip|pipx|python3?|rm|rsync|scp|sh|source|ssh|ssh-keygen|ssh-keyscan|sudo"
    r"|systemctl|systemd-run|tar|tee|touch|useradd|usermod|vi|watch)(?: |$)"
)


@dataclass(frozen=True)
class Command:
    """One command of a page, and the lines that the page shows after it."""

    page: str
    line: int
    machine: str
    """A machine of the practice network; "" is the reader's own."""
    text: str
    shown: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class WrittenFile:
    """A file that the page asks its reader to write."""

    page: str
    line: int
    path: str
    text: str


@dataclass(frozen=True)
class Block:
    """A fenced block: `info` is the rest of the opening line, `line` the number of the first line inside."""

    line: int
    info: list[str]
    lines: list[str]
    before: str
    """The last lines above."""


def all_pages() -> list[str]:
    """The pages that people write, relative to the repository."""
    found = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    return sorted({path.relative_to(ROOT).as_posix() for path in found} - set(GENERATED))


def read(page: str) -> str:
    return (ROOT / page).read_text()


def steps(page: str, text: str) -> list[Command | WrittenFile]:
    """Everything that the page asks for, in its order."""
    found: list[Command | WrittenFile] = []
    for block in blocks(text):
        if block.info[:1] == ["console"]:
            found += commands(page, block)
        elif len(block.info) > 1:
            content = "".join(f"{line}\n" for line in block.lines)
            found.append(WrittenFile(page, block.line, block.info[1], content))
    return found


def commands(page: str, block: Block) -> Iterator[Command]:
    """The commands of a console block; lines before the first prompt belong to none."""
    open_command: Command | None = None
    continued = False
    for number, line in enumerate(block.lines, block.line):
        prompt = PROMPT.fullmatch(line)
        if continued and open_command and line.startswith("> "):
            text = f"{open_command.text}\n{line[2:]}"
            open_command = Command(page, open_command.line, open_command.machine, text)
        elif prompt:
            if open_command:
                yield open_command
            open_command = Command(page, number, prompt["machine"] or "", prompt["text"])
        elif open_command:
            open_command.shown.append(line)
        continued = line.endswith("\\")
    if open_command:
        yield open_command


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, without the indentation of a list that they are in."""
    start, info, inside, before = 0, [""], [""], [""]
    indent: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        opening = re.match(r"( *)```(.*)", line)
        if indent is None and opening:
            start, indent, info, inside = number + 1, len(opening[1]), opening[2].split(), []
        elif indent is not None and opening:
            yield Block(start, info, inside, "\n".join(before))
            indent, before = None, []
        elif indent is not None:
            inside.append(line[indent:])
        elif line.strip():
            before = [*before[-2:], line]


def problems(page: str, text: str) -> list[str]:
    """What is not in the convention, as PAGE:LINE: PROBLEM."""
    found = [(number, "an indented block; use a fenced one") for number in indented(text)]
    for block in blocks(text):
        found += problems_of(block)
    return [f"{page}:{number}: {problem}" for number, problem in sorted(found)]


def problems_of(block: Block) -> Iterator[tuple[int, str]]:
    """What is wrong with one fenced block, with its line."""
    language, name = (block.info + ["", ""])[:2]
    if language not in LANGUAGES:
        yield block.line, f"a block of {language or 'no language'}; known are {', '.join(sorted(LANGUAGES))}"
    elif language == "console":
        yield from problems_of_commands(block)
    elif name:
        if f"`{name}`" not in block.before:
            yield block.line, f"the text above does not name `{name}`"
    elif language == "sh":
        yield block.line, "a script without a name; commands go into a console block"
    else:
        for number, line in enumerate(block.lines, block.line):
            if is_typed(line, language):
                yield number, f"a command outside of a console block: {line.strip()}"


def problems_of_commands(block: Block) -> Iterator[tuple[int, str]]:
    if not block.lines or not PROMPT.fullmatch(block.lines[0]):
        yield block.line, "a console block begins with a prompt: `$ `, or a machine's like `w1# `"
    for command in commands("", block):
        if command.text.startswith("decnet lab ") and not command.machine:
            yield command.line, "decnet lab needs root: sudo"
        if command.text != command.text.strip():
            yield command.line, "blanks around the command"


def is_typed(line: str, language: str) -> bool:
    """Whether a line of a block that is not for typing looks like a command."""
    if re.match(r"\s*(?:[\w@-]*\$) \S", line):
        return True
    return language not in NEVER_TYPED and PROGRAM.match(line) is not None


def indented(text: str) -> Iterator[int]:
    """The numbers of lines that begin an indented block: after an empty line, and not in a list."""
    fenced, empty, in_list = False, True, False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and line.strip():
            if re.match(r"[-*] |\d+\. ", line):
                in_list = True
            elif not line.startswith(" "):
                in_list = False
            typed = is_typed(line.strip(), "text")
            if line.startswith("    ") and empty and (typed or not in_list):
                yield number
        empty = not line.strip() or (empty and line.startswith("    "))
