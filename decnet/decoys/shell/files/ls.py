# ruff: noqa: E501 (options)
"""ls, dir and vdir."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from ...host.node import Node
from ..locales import collated, word_order
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Options, glob, parse, tool
from . import facts
from .listing import Style, in_columns, in_even_columns, in_lines, in_rows, long_rows
from .ls_arguments import check

SHORT = "aAbBcCdDfFgGhHiI:klLmnNopqQrRsStT:uUvw:xXZ1"
LONG = """all=a almost-all=A author block-size: classify:: color:: directory=d dired=D escape=b file-type
format: full-time group-directories-first dereference-command-line dereference-command-line-symlink-to-dir
hide-control-chars=q hide: human-readable=h hyperlink:: ignore-backups=B ignore=I indicator-style: inode=i kibibytes=k
dereference=L literal=N no-group=G numeric-uid-gid=n quote-name=Q quoting-style: recursive=R reverse=r
show-control-chars si size=s sort: tabsize=T time-style: time: width=w context=Z zero help version"""
SORTS = {"none": "U", "time": "t", "size": "S", "extension": "X", "version": "v", "width": "W"}
FORMATS = {
    "verbose": "l",
    "long": "l",
    "commas": "m",
    "horizontal": "x",
    "across": "x",
    "vertical": "C",
    "single-column": "1",
}


@dataclass
class Row:
    """One name of a listing. `node` is what it shows, None if that cannot be reached."""

    name: str
    where: str
    node: Node | None
    missing: str = ""


@tool
def ls(process: Process) -> Running:
    """Status 1 after a minor problem, 2 if an operand cannot be reached."""
    options = parse(process, SHORT, LONG, status=2)
    if not process.applet:
        check(process, options)
    style = _style(process, options)
    status, files, folders = 0, [], []
    for path in options.operands or ["."]:
        row = _operand(process, options, style, path)
        if row.missing:
            process.err(f"{process.name}: cannot access {facts.quoted_name(path)}: {row.missing}\n")
            status = 2
        elif row.node is not None and row.node.folder and "d" not in options:
            folders.append(row)
        else:
            files.append(row)
    files, folders = _sorted(process, options, files), _sorted(process, options, folders)
    if files:
        yield from _print(process, style, files, folders)
    titled = len(files) + len(folders) > 1 or "R" in options or bool(status and len(options.operands) > 1)
    first = not files
    stack = folders[::-1]
    while stack:
        row = stack.pop()
        outcome, more = yield from _folder(process, options, style, row, titled=titled, first=first)
        status = max(status, outcome if row in folders else min(1, outcome))
        first = first and bool(outcome)
        stack += more[::-1]
    return status


def _operand(process: Process, options: Options, style: Style, path: str) -> Row:
    shell = process.shell
    where = shell.absolute(path)
    missing = facts.why_missing(shell, path, follow=False)
    own, there = shell.lstat(where), shell.node(where)
    forced = "L" in options or "H" in options
    follows = forced or path.endswith("/") or not (style.long or "d" in options or "F" in options)
    if own is not None and own.target and follows and not missing:
        unreachable = facts.why_missing(shell, path)
        if unreachable and (forced or unreachable != facts.MISSING):
            missing = unreachable
    if missing:
        return Row(path, where, None, missing)
    if own is not None and own.target and follows and there is not None and (there.folder or forced):
        return Row(path, shell.real(where), there)
    return Row(path, where, own)


def _folder(
    process: Process, options: Options, style: Style, row: Row, *, titled: bool, first: bool
) -> Generator[Any, Any, tuple[int, list[Row]]]:
    """One folder; its status, and the folders below it that come next."""
    shell = process.shell
    shown = style.named(row.name) if style.quotes else row.name
    if not facts.may(shell, row.where, facts.READ):
        process.err(f"{process.name}: cannot open directory {facts.quoted_name(row.name)}: {facts.DENIED}\n")
        return 2, []
    if titled:
        process.out(("" if first else "\n") + f"{shown}:\n")
    elif not first:
        process.out("\n")
    rows, status = (yield from _entries(process, options, row)), 0
    searchable = facts.may(shell, row.where, facts.SEARCH)
    if not searchable:
        for each in rows:
            each.node = None
            if style.long or style.size or style.inode:
                process.err(
                    f"{process.name}: cannot access {facts.quoted_name(_below(row, each.name))}: {facts.DENIED}\n"
                )
                status = 1
    rows = _sorted(process, options, rows)
    yield from _print(process, style, rows, [], total=True)
    if "R" not in options:
        return status, []
    below = [
        each for each in rows if each.node is not None and each.node.folder and each.name not in (".", "..")
    ]
    base = row.name.rstrip("/") if row.name != "/" else ""
    return status, [Row(f"{base}/{each.name}", each.where, each.node) for each in below]


def _below(row: Row, name: str) -> str:
    return f"{row.name.rstrip('/')}/{name}"


def _entries(process: Process, options: Options, row: Row) -> Generator[Any, Any, list[Row]]:
    shell = process.shell
    names = shell.entries(row.where)
    process.spend(500 + 20 * len(names))
    if not ("a" in options or "f" in options):
        names = [name for name in names if "A" in options or not name.startswith(".")]
    if "B" in options:
        names = [name for name in names if not name.endswith("~")]
    hidden = options.values("I") + (
        [] if {"a", "A"} & {each for each, _ in options.given} else options.values("hide")
    )
    for pattern in hidden[:20]:
        expression = glob(pattern, process.spend)
        names = [name for name in names if expression.search(name) is None]
    base = row.where.rstrip("/")
    rows = []
    if "a" in options or "f" in options:
        rows = [
            Row(".", row.where, row.node),
            Row("..", facts.parent_of(row.where), shell.node(facts.parent_of(row.where))),
        ]
    for name in names:
        if process.tired:
            yield 0.0
        where = f"{base}/{name}"
        node = shell.lstat(where)
        if "L" in options:
            node = shell.node(where) or node
        rows.append(Row(name, where, node))
    return rows


def _sorted(process: Process, options: Options, rows: list[Row]) -> list[Row]:
    kind = ""
    for option, value in options.given:
        if option in "tSXUv":
            kind = option
        elif option == "f":
            kind = "U"
        elif option == "sort":
            kind = next((kind for name, kind in SORTS.items() if name.startswith(value)), "")
        elif option in ("c", "u") and not kind and not options.last("l"):
            kind = "t"
    if kind == "U":
        return rows
    by_words = collated(process)

    def name_key(row: Row) -> tuple[str, ...]:
        return word_order(row.name) if by_words else (row.name,)

    rows = sorted(rows, key=name_key)
    if kind == "t":
        rows.sort(key=lambda row: -(row.node.changed if row.node else 0))
    elif kind == "S":
        rows.sort(key=lambda row: -(facts.size_of(row.where, row.node) if row.node else 0))
    elif kind == "X":
        rows.sort(key=lambda row: row.name[row.name.rindex(".") :] if "." in row.name else "")
    elif kind == "v":
        rows.sort(key=lambda row: _version_key(row.name))
    if "r" in options:
        rows.reverse()
    if "group-directories-first" in options:
        rows.sort(key=lambda row: not (row.node is not None and _is_folder(process.shell, row)))
    return rows


def _is_folder(shell: Shell, row: Row) -> bool:
    node = shell.node(row.where)
    return node is not None and node.folder


def _version_key(name: str) -> list[tuple[int, int, str]]:
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for char in [*name, ""]:
        if char.isdigit() and char.isascii():
            digits += char
            continue
        if digits:
            parts.append((1, int(digits[:18]), ""))
            digits = ""
        if char:
            parts.append((0 if char in ".~" else 2, 0, char))
    return parts


def _style(process: Process, options: Options) -> Style:
    style = Style.of(process, options)
    for option, value in options.given:
        if option in "gonl" or option == "full-time":
            style.format = "l"
        elif option in "Cxm":
            style.format = option
        elif option == "1":
            style.format = "l" if style.format == "l" else "1"
        elif option == "format":
            style.format = next((letter for name, letter in FORMATS.items() if name.startswith(value)), "")
        elif option == "zero":
            style.end, style.quotes, style.color = "\0", "", False
            style.format = "l" if style.format == "l" else "1"
    style.format = style.format or ("C" if process.to_terminal or process.name == "dir" else "1")
    if process.name == "vdir" and not options.last("Cxm1"):
        style.format = "l"
    return style


def _print(
    process: Process, style: Style, rows: list[Row], others: list[Row], *, total: bool = False
) -> Running:
    """The names of one folder, or those of the command line; `others` count for the widths only."""
    shell = process.shell
    if total and (style.long or style.size):
        blocks = sum(facts.blocks_of(shell, row.where, row.node) for row in rows if row.node is not None)
        process.out(f"total {style.blocks(blocks)}{style.end}")
    nodes = [(row.name, row.where, row.node) for row in rows]
    more = [(row.name, row.where, row.node) for row in others]
    process.spend(50 * len(rows))
    yield 0.0
    if style.long:
        for line in long_rows(process, style, nodes, time.time(), more):
            if isinstance(line, str):
                process.spend(60)
                process.out(style.shown(line) + style.end)
            if process.tired:
                yield 0.0
        return 0
    fronts = [style.front(shell, where, node) for _, where, node in nodes + more]
    widths = [max(map(len, column)) for column in zip(*fronts, strict=True)]
    if style.format == "m":
        widths = [0] * len(widths)
    is_quoted = any(style.named(name)[:1] in ("'", '"') for name, _, _ in nodes)
    style.padded = style.aligned and style.format in "Cx" and is_quoted
    cells = [style.cell(shell, name, where, node, widths) for name, where, node in nodes]
    match style.format:
        case "C" | "x" if process.applet:
            text = in_even_columns(cells, style.width, by_rows=style.format == "x")
        case "C":
            text = in_columns(cells, style.width, style.tab)
        case "x":
            text = in_rows(cells, style.width, style.tab)
        case "m":
            text = in_lines(cells, style.width)
        case _:
            text = "".join(text + style.end for text, _ in cells)
    process.out(style.shown(text))
    return 0


COMMANDS: dict[str, Command] = {"ls": ls, "dir": ls, "vdir": ls}
