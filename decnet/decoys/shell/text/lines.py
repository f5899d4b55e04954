# ruff: noqa: E501 (options and messages)
"""Tools that take lines as they are: head, tail, wc, nl, tac, rev."""

import time
from collections.abc import Iterator

from ...host.origins import origin
from ..process import Process, Running
from .common import (
    Failure,
    Options,
    await_input,
    content,
    in_plain_quotes,
    inputs,
    is_folder,
    parse,
    quoted,
    size_of,
    split_lines,
    text_of,
    tool,
)

BLOCK = 32768
"""Bytes of lines that tac turns around at once."""


def _amount(process: Process, options: Options, letters: str) -> tuple[str, str, int]:
    """What was asked for: n or c, its sign, and the number."""
    letter = options.last(letters) or "n"
    text = options.value(letter, "10")
    sign = text[:1] if text[:1] in ("+", "-") else ""
    number = size_of(text[len(sign) :])
    if number is None:
        what = "lines" if letter == "n" else "bytes"
        raise Failure(f"invalid number of {what}: {quoted(process, text)}")
    return letter, sign, number


def _old_form(process: Process) -> None:
    """`head -5` and `tail +5` as `-n 5`."""
    words = process.args
    if words and words[0][:1] in ("-", "+") and words[0][1:2].isdecimal():
        sign = "+" if words[0][0] == "+" else ""
        number = words[0][1:].rstrip("cqvlf")
        rest = words[0][1 + len(number) :]
        if number.isdecimal() and process.name == "tail" and not sign and len(words) > 2:
            raise Failure(f"option used in invalid context -- {number[:1]}")
        if number.isdecimal() and (words[0][0] == "-" or process.name == "tail"):
            process.args = ["-c" if "c" in rest else "-n", sign + number, *words[1:]]
        elif process.name == "head":
            raise Failure(f"invalid trailing option -- {number.lstrip('0123456789')[:1]}", hint=True)


def _titles(process: Process, options: Options, paths: list[str], at: int, path: str) -> None:
    shown = options.last("qv")
    if shown == "v" or (len(paths) > 1 and shown != "q"):
        name = "standard input" if path == "-" else path
        process.out(("\n" if at else "") + f"==> {name} <==\n")


@tool
def head(process: Process) -> Running:
    """The first lines or bytes."""
    _old_form(process)
    options = parse(process, "n:c:qvz", "lines=n bytes=c quiet=q silent=q verbose=v zero-terminated=z")
    letter, sign, number = _amount(process, options, "nc")
    status = 0
    shown = 0
    await_input(process, options.operands)
    for path in options.operands or ["-"]:
        data = _opened(process, path)
        if data is None:
            status = 1
            continue
        _titles(process, options, options.operands, shown, path)
        shown += 1
        if letter == "n":
            lines = _ended(data, b"\0" if "z" in options else b"\n")
            process.out(b"".join(lines[:-number] if sign == "-" and number else lines[:number]))
        else:
            process.out(data[:-number] if sign == "-" and number else data[:number])
        if process.tired:
            yield 0.0
    return status


def _opened(process: Process, path: str) -> bytes | None:
    """A file's bytes; None after the message that head, tail and tac print."""
    try:
        data = content(process, path)
    except Failure as failure:
        reading, reason = failure.message == "Is a directory", failure.message
        if process.name == "tac" and reading:
            process.err(f"tac: {path}: read error: Invalid argument\n")
        elif process.name == "tac":
            process.err(f"tac: failed to open '{path}' for reading: {reason}\n")
        elif reading:
            process.err(f"{process.name}: error reading '{path}': {reason}\n")
        else:
            process.err(f"{process.name}: cannot open '{path}' for reading: {reason}\n")
        return None
    process.spend(1 + len(data) // 64)
    return data


def _ended(data: bytes, separator: bytes = b"\n") -> list[bytes]:
    """The lines with their ends."""
    lines = data.split(separator)
    last = lines.pop()
    return [line + separator for line in lines] + ([last] if last else [])


@tool
def tail(process: Process) -> Running:
    """The last lines or bytes; `-f` waits for more until the visitor stops it."""
    _old_form(process)
    long = "lines=n bytes=c quiet=q silent=q verbose=v zero-terminated=z follow:: retry pid: max-unchanged-stats: sleep-interval=s"
    options = parse(process, "n:c:qvzfFs:", long)
    letter, sign, number = _amount(process, options, "nc")
    status = 0
    shown = 0
    await_input(process, options.operands)
    for path in options.operands or ["-"]:
        data = _opened(process, path)
        if data is None:
            status = 1
            continue
        _titles(process, options, options.operands, shown, path)
        shown += 1
        parts = _ended(data, b"\0" if "z" in options else b"\n") if letter == "n" else None
        if parts is not None:
            process.out(
                b"".join(parts[max(0, number - 1) :] if sign == "+" else parts[-number:] if number else [])
            )
        else:
            process.out(data[max(0, number - 1) :] if sign == "+" else data[-number:] if number else b"")
        if process.tired:
            yield 0.0
    follows = "f" in options or "F" in options or "follow" in options
    if (
        follows
        and options.operands
        and not shown
        and "F" not in options
        and not process.shell.world.system.busybox
    ):
        process.err("tail: no files remaining\n")
    if (
        "pid" in options
        and options.value("pid").isdecimal()
        and not _is_running(process, int(options.value("pid")[:9]))
    ):
        follows = False
    while follows and options.operands and (shown or "F" in options):
        yield 1.0
    return status


def _is_running(process: Process, number: int) -> bool:
    return any(entry.pid == number for entry in process.shell.processes(time.time()))


@tool
def wc(process: Process) -> Running:
    """Lines, words, bytes, characters, the longest line."""
    options = parse(process, "lwcmL", "lines=l words=w bytes=c chars=m max-line-length=L files0-from:")
    if "files0-from" in options:
        _named(process, options)
    columns = [letter for letter in "lwmcL" if letter in options] or ["l", "w", "c"]
    failed: list[str] = []
    rows: list[tuple[list[int], str]] = []
    for path, data in inputs(process, options.operands, failed):
        process.spend(len(data) // 16)
        size = _size(process, path if options.operands else "-", data)
        rows.append((_counts(data, columns, size), path if options.operands else ""))
        if process.tired:
            yield 0.0
    if not process.applet:
        rows += [([0] * len(columns), path) for path in failed if is_folder(process, path)]
        rows.sort(key=lambda row: options.operands.index(row[1]) if row[1] in options.operands else 0)
    if len(options.operands) > 1:
        columned = list(zip(*(row for row, _ in rows), strict=True)) or [()] * len(columns)
        sums = [
            max(values, default=0) if letter == "L" else sum(values)
            for letter, values in zip(columns, columned, strict=True)
        ]
        rows.append((sums, "total"))
    width = _width(process, options, columns, rows)
    for counts, name in rows:
        line = " ".join(str(count).rjust(width) for count in counts)
        process.out(f"{line} {name}".rstrip(" ") + "\n" if not name else f"{line} {name}\n")
    return 1 if failed else 0


def _named(process: Process, options: Options) -> None:
    """Take the operands from a file."""
    if options.operands:
        reason = f"extra operand {in_plain_quotes(options.operands[0])}\nfile operands cannot be combined with --files0-from"
        raise Failure(reason, hint=True)
    path = options.value("files0-from")
    try:
        options.operands += [text_of(name) for name in split_lines(content(process, path), b"\0")]
    except Failure as failure:
        raise Failure(f"cannot open {in_plain_quotes(path)} for reading: {failure.message}") from None


def _size(process: Process, path: str, data: bytes) -> int:
    """Of a file that is not stored whole, all that it has."""
    node = process.shell.node(process.shell.absolute(path)) if path != "-" else None
    if node is None or node.folder:
        node = origin(data)
    return max(len(data), node.bytes) if node is not None else len(data)


def _counts(data: bytes, columns: list[str], size: int) -> list[int]:
    counts = {"l": data.count(b"\n"), "c": size}
    if "w" in columns:
        counts["w"] = len(data.split())
    if "m" in columns:
        counts["m"] = len(data.decode("utf-8", "ignore"))
    if "L" in columns:
        counts["L"] = max((len(text_of(line).expandtabs(8)) for line in data.split(b"\n")), default=0)
    return [counts[letter] for letter in columns]


def _width(process: Process, options: Options, columns: list[str], rows: list[tuple[list[int], str]]) -> int:
    if process.shell.world.system.busybox:
        return 1 if len(columns) == 1 and len(rows) == 1 else 9
    if len(columns) == 1 and len(options.operands) <= 1:
        return 1
    if not options.operands or "-" in options.operands:
        return 7
    sizes = 0
    for path in options.operands:
        node = process.shell.node(process.shell.absolute(path))
        sizes += node.bytes if node is not None and not node.folder else 0
    return max(len(str(sizes)), 7 if any(is_folder(process, path) for path in options.operands) else 1)


@tool
def tac(process: Process) -> Running:
    """Lines from the last to the first."""
    options = parse(process, "brs:", "before=b regex=r separator=s")
    status = 0
    await_input(process, options.operands)
    for path in options.operands or ["-"]:
        data = _opened(process, path)
        if data is None:
            status = 1
            continue
        if "b" in options:
            process.out(_from_end_before(data, (options.value("s") or "\n").encode()))
            continue
        for lines in _blocks_from_end(data, (options.value("s") or "\n").encode()):
            process.out(b"".join(reversed(lines)))
            process.spend(1 + len(lines))
            yield 0.0
    return status


def _from_end_before(data: bytes, separator: bytes) -> bytes:
    """`tac -b`: each part begins with the separator."""
    first, *rest = data.split(separator)
    return b"".join(separator + part for part in reversed(rest)) + first


def _blocks_from_end(data: bytes, separator: bytes) -> Iterator[list[bytes]]:
    """The lines with their ends, the last block first."""
    end = len(data)
    while end:
        # A block begins behind a separator.
        start = data.rfind(separator, 0, max(0, end - BLOCK)) if end > BLOCK else -1
        start = start + len(separator) if start >= 0 else 0
        yield _ended(data[start:end], separator)
        end = start


@tool
def rev(process: Process) -> Running:
    """Each line from its end."""
    options = parse(process, "V0h", "zero=0")
    failed: list[str] = []
    await_input(process, options.operands)
    for path in options.operands or ["-"]:
        try:
            data = content(process, path)
        except Failure as failure:
            process.err(f"rev: cannot open {path}: {failure.message}\n")
            failed.append(path)
            continue
        for line in text_of(data).splitlines(keepends=True) if data else []:
            process.spend(3)
            body = line.rstrip("\n")
            process.out(body[::-1] + line[len(body) :])
            if process.tired:
                yield 0.0
    return 1 if failed else 0


COMMANDS = {"head": head, "tail": tail, "wc": wc, "tac": tac, "rev": rev}
