# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""pr, col, colrm, colcrt, ul, sdiff, diff3, ptx, stdbuf, pinky and other programs of text."""

from __future__ import annotations

import time
from itertools import zip_longest

from ..process import Command, Process, Running
from .common import Failure, inputs, parse, quoted, split_lines, text_of
from .packaged import packaged


def _lines(process: Process) -> list[str]:
    """The lines of its input, each bounded."""
    return [line[:MOST_LINE] for line in text_of(process.given).split("\n")[:-1]]


@packaged(bare=True)
def col(process: Process) -> Running:
    """Text without backspaces and reverse line feeds."""
    options = parse(
        process, "bfhl:pxHV", "no-backspaces=b fine=f spaces=x lines:=l tabs=h pass=p help=H version=V"
    )
    for line in _lines(process):
        cells: dict[int, str] = {}
        at = 0
        for char in line:
            if char == "\b":
                at = max(0, at - 1)
            elif char == "\t":
                at += 8 - at % 8
            elif char == "\r":
                at = 0
            elif char >= " ":
                before = cells.get(at, "")
                cells[at] = (
                    f"{before}\b{char}" if before and before[-1] != char and "b" not in options else char
                )
                at += 1
        whole = "".join(cells.get(place, " ") for place in range(max(cells, default=-1) + 1))
        process.out((whole if "x" in options else _with_tabs(whole)) + "\n")
        if process.tired:
            yield 0.0
    yield 0.0
    return 0


def _with_tabs(line: str) -> str:
    if "  " not in line or "\b" in line:
        return line
    out, at = "", 0
    for piece in (line[n : n + 8] for n in range(0, len(line), 8)):
        at += 8
        bare = piece.rstrip(" ")
        out += bare + "\t" if len(piece) == 8 and len(piece) - len(bare) > 1 else piece
    return out.rstrip(" ")


@packaged(bare=True)
def colrm(process: Process) -> Running:
    """Text without some columns."""
    first, last = (
        *(int(word) if word.isdecimal() and len(word) < 9 else 0 for word in process.args[:2]),
        0,
        0,
    )[:2]
    for line in _lines(process):
        line = line.expandtabs()
        if first:
            line = line[: first - 1] + (line[last:] if last else "")
        process.out(line + "\n")
        if process.tired:
            yield 0.0
    yield 0.0
    return 0


@packaged(bare=True)
def colcrt(process: Process) -> Running:
    """Underlining as a line of its own."""
    options = parse(process, "2hV-", "no-underlining half-lines=2 help=h version=V")
    data = (
        b"".join([chunk for _, chunk in inputs(process, options.operands, [])])
        if options.operands
        else process.given
    )
    for line in (each[:MOST_LINE] for each in text_of(data).split("\n")[:-1]):
        under, plain, at = "", "", 0
        while at < len(line):
            if line[at : at + 2] == "_\b" and at + 2 < len(line):
                plain, under, at = plain + line[at + 2], under + "-", at + 3
            elif line[at] == "_":
                plain, under, at = plain + " ", under + "-", at + 1
            else:
                plain, under, at = plain + line[at], under + " ", at + 1
        process.out(plain + "\n" + (under.rstrip() + "\n" if under.strip() else ""))
        if process.tired:
            yield 0.0
    yield 0.0
    return 0


@packaged(bare=True)
def ul(process: Process) -> Running:
    """Underlined text, as the terminal shows it: plain without one."""
    options = parse(process, "t:ihV", "terminal:=t indicated=i help=h version=V")
    term = options.value("t") or process.shell.environment().get("TERM", "")
    if not term:
        process.err("ul: trouble reading terminfo\n")
    data = (
        b"".join([chunk for _, chunk in inputs(process, options.operands, [])])
        if options.operands
        else process.given
    )
    text = text_of(data)
    yield 0.0
    on, off = ("\x1b[4m", "\x1b[24m") if term and term != "dumb" else ("", "")
    out: list[str] = []
    at, is_on = 0, False
    while at < len(text):
        marked = text[at : at + 2] == "_\b" and at + 2 < len(text)
        if marked != is_on:
            out.append(on if marked else off)
            is_on = marked
        end = (
            at + 3
            if marked
            else max(
                at + 1, text.find("_\b", at + 1) if "_\b" in text[at + 1 :][:MOST_LINE] else at + MOST_LINE
            )
        )
        out.append(text[at + 2] if marked else text[at:end])
        at = end
        if process.tired:
            process.out("".join(out))
            out.clear()
            yield 0.0
    process.out("".join(out))
    return 0


@packaged(bare=True, refuses=False)
def pr(process: Process) -> Running:
    """Pages, columns and numbers of lines."""
    columns = 1
    words = []
    for word in process.args:
        if word[:1] == "-" and word[1:].isdecimal():
            columns = max(1, min(200, int(word[1:5])))
        else:
            words.append(word)
    process.args = words
    options = parse(
        process,
        "acdD:e::fFh:i::Jl:mn::N:o:rs::S::tTvw:W:",
        "across=a columns: double-space=d date-format:=D expand-tabs::=e form-feed=F header:=h length:=l merge=m number-lines::=n first-line-number:=N indent:=o separator::=s omit-header=t omit-pagination=T width:=w page-width:=W show-nonprinting=v no-file-warnings=r help version",
    )
    columns = (
        int(options.value("columns", str(columns))[:3])
        if options.value("columns", "1").isdecimal()
        else columns
    )
    length = int(options.value("l", "66")[:6]) if options.value("l", "66").isdecimal() else 66
    bare = "t" in options or "T" in options or length <= 10
    rows = length if bare else length - 10
    failed: list[str] = []
    found = list(inputs(process, options.operands, failed)) if options.operands else [("", process.given)]
    if "m" in options:
        merged = zip_longest(
            *([text_of(line) for line in split_lines(data)] for _, data in found), fillvalue=""
        )
        width = 72 // max(1, len(found))
        lines = [
            "".join(cell[: width - 1].ljust(width) for cell in row[:-1]) + row[-1][: width - 1]
            for row in merged
        ]
        found = [("", "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))]
    for path, data in found:
        lines = [text_of(line) for line in split_lines(data)]
        if "n" in options:
            first = int(options.value("N", "1")) if options.value("N", "1").isdecimal() else 1
            lines = [f"{number:>5}\t{line}" for number, line in enumerate(lines, first)]
        process.spend(1 + len(lines))
        yield from _pages(
            process,
            lines,
            path,
            columns=columns,
            rows=max(1, rows),
            bare=bare,
            header=options.value("h"),
            across="a" in options,
        )
        yield 0.0
    return int(bool(failed))


def _pages(
    process: Process,
    lines: list[str],
    path: str,
    *,
    columns: int,
    rows: int,
    bare: bool,
    header: str,
    across: bool,
) -> Running:
    width, per = 72 // columns, rows * columns
    node = process.shell.node(process.shell.absolute(path)) if path else None
    stamp = time.strftime("%Y-%m-%d %H:%M", time.gmtime(node.changed if node else time.time()))
    for number, at in enumerate(range(0, len(lines), per), 1):
        page = lines[at : at + per]
        if not bare:
            title, right = header or path, f"Page {number}"
            space = 72 - len(stamp) - len(title) - len(right)
            process.out(f"\n\n{stamp}{' ' * (space // 2)}{title}{' ' * (space - space // 2)}{right}\n\n\n")
        last = at + per >= len(lines)
        height = min(rows, -(-len(page) // columns) if columns > 1 and last else len(page))
        if columns > 1 and last and len(page) > height * columns - height:
            height = -(-len(page) // columns)
        for row in range(height):
            cells = page[row * columns : (row + 1) * columns] if across else page[row::height][:columns]
            process.out(_columned(cells, width) + "\n")
        if not bare:
            process.out("\n" * (rows - height + 5))
        if process.tired:
            yield 0.0
    return 0


def _columned(cells: list[str], width: int) -> str:
    line, at = "", 0
    for number, cell in enumerate(cells):
        goal = number * width
        while number and at < goal:
            step = 8 - at % 8
            line, at = (line + "\t", at + step) if at + step <= goal else (line + " ", at + 1)
        line, at = line + cell[: width - 1] if len(cells) > 1 else line + cell, at + min(len(cell), width - 1)
    return line


MOST_AROUND, MOST_LINE = 400, 2048
"""Characters on each side of a word, and of a line that is looked at."""


@packaged(bare=True, refuses=False)
def ptx(process: Process) -> Running:
    """An index of the words with what is around them."""
    options = parse(
        process,
        "ACfg:GM:o:i:b:O:rRS:tTW:w:F:",
        "auto-reference=A traditional=G ignore-case=f gap-size:=g only-file:=o ignore-file:=i width:=w format: help version references=r right-side-refs=R macro-name:=M",
    )
    failed: list[str] = []
    found = list(inputs(process, options.operands, failed)) if options.operands else [("", process.given)]
    if failed:
        return 1
    entries: list[tuple[str, str, str]] = []
    for _, data in found:
        for line in text_of(data[:16_000]).split("\n"):
            text = " ".join(line.split())
            at = 0
            for word in text.split(" "):
                if word:
                    entries.append(
                        (word, text[max(0, at - MOST_AROUND) : at].rstrip(), text[at : at + MOST_AROUND])
                    )
                at += len(word) + 1
            if process.tired:
                yield 0.0
    entries.sort(key=lambda entry: (entry[0].lower() if "f" in options else entry[0], entry[1]))
    yield 0.0
    width = int(options.value("w", "72")[:4]) if options.value("w", "72").isdecimal() else 72
    half, gap = width // 2, 3
    for _, before, after in entries:
        if "G" in options:
            process.out(f'.xx "" "{before}" "{after}" ""\n')
        else:
            process.out(f"{before[-(half - gap) :]:>{half}}{' ' * gap}{after[: half - gap]}\n")
        if process.tired:
            yield 0.0
    return 0


@packaged(refuses=False)
def stdbuf(process: Process) -> Running:
    """A command with other buffers."""
    options = parse(process, "i:o:e:", "input:=i output:=o error:=e help version", status=125, stop=True)
    yield 0.0
    for letter, value in options.given:
        if value == "L" and letter == "i":
            raise Failure("line buffering stdin is meaningless", 125, hint=True)
        if value != "L" and not value.rstrip("KMGTkB").isdecimal():
            raise Failure(f"invalid mode {quoted(process, value)}", 125)
    if not options.operands:
        raise Failure("missing operand", 125, hint=True)
    if not options.given:
        raise Failure("you must specify a buffering mode option", 125, hint=True)
    return (yield from process.call(options.operands))


@packaged(bare=True, refuses=False)
def pinky(process: Process) -> Running:
    """Who is logged in."""
    options = parse(process, "lbhpsfwiq", "help version")
    accounts = process.shell.world.accounts
    yield 0.0
    if "l" in options:
        if not options.operands:
            raise Failure("no username specified; at least one must be specified when using -l", hint=True)
        for name in options.operands:
            account = accounts.user(name)
            comment = account.comment.partition(",")[0] if account else "???"
            process.out(f"Login name: {name:<28}In real life:  {comment}\n")
            process.out(f"Directory: {account.home:<29}Shell:  {account.shell}\n" if account else "")
            process.out("\n" if account else "")
        return 0
    from ..visit import visits_of

    process.out(
        "" if "f" in options else "Login    Name                 TTY      Idle   When             Where\n"
    )
    for visit in visits_of(process.shell.world, process.shell.visit.source):
        if not visit.terminal or (options.operands and visit.user not in options.operands):
            continue
        account = accounts.user(visit.user)
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(visit.began))
        process.out(
            f"{visit.user:<8} {(account.comment.partition(',')[0] if account else ''):<19}  {visit.terminal:<8}        {when} {visit.source}\n"
        )
    return 0


@packaged(bare=True, refuses=False)
def tempfile(process: Process) -> Running:
    """A new file with a name from the dice."""
    import secrets

    options = parse(process, "d:m:n:p:s:", "directory:=d mode:=m name:=n prefix:=p suffix:=s help version")
    process.err("WARNING: tempfile is deprecated; consider using mktemp instead.\n")
    folder = options.value("d") or process.shell.variables.get("TMPDIR") or "/tmp"
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    name = f"{options.value('p', 'file')[:5]}{''.join(secrets.choice(letters) for _ in range(6))}{options.value('s')}"
    path = options.value("n") or f"{folder}/{name}"
    yield 0.0
    if reason := process.shell.write(process.shell.absolute(path), b"", 0o600):
        process.err(f"mkstemps: {reason}\n")
        return 1
    process.out(f"{path}\n")
    return 0


@packaged(refuses=False)
def savelog(process: Process) -> Running:
    """Keep old versions of a file."""
    shell = process.shell
    for path in (word for word in process.args if not word.startswith("-")):
        where = shell.absolute(path)
        node = shell.node(where)
        if node is not None and node.bytes:
            yield from process.output_of(["mv", path, f"{path}.0"])
        shell.write(where, b"", node.mode if node else 0o644)
        when = time.strftime("%a %b %e %I:%M:%S %p UTC %Y", time.gmtime())
        process.out(f"Rotated `{path}' at {when}.\n")
    yield 0.0
    return 0


@packaged(refuses=False)
def zdump(process: Process) -> Running:
    """The time in other zones."""
    names = [word for word in process.args if not word.startswith("-")]
    width = max(map(len, names), default=0)
    yield 0.0
    for name in names:
        status, data = yield from process.output_of(["env", f"TZ={name}", "date", "+%a %b %e %H:%M:%S %Y %Z"])
        process.out(f"{name:<{width}}  {data.decode('utf-8', 'replace')}")
    return 0


COMMANDS: dict[str, Command] = {
    "col": col,
    "colrm": colrm,
    "colcrt": colcrt,
    "ul": ul,
    "pr": pr,
    "ptx": ptx,
    "stdbuf": stdbuf,
    "pinky": pinky,
    "tempfile": tempfile,
    "savelog": savelog,
    "zdump": zdump,
}
