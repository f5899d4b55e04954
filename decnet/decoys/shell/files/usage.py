# ruff: noqa: E501 (options and messages)
"""du, df and sync."""

from __future__ import annotations

import time

from ...host.disk import FileSystem, filesystem_of, filesystems
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, quoted, size_of, tool
from . import facts
from .listing import human, in_units, when_of

DU = "all=a apparent-size block-size=B bytes=b total=c dereference-args=D max-depth=d exclude: exclude-from=X human-readable=h si inodes count-links=l dereference=L no-dereference=P null=0 separate-dirs=S summarize=s threshold=t time:: time-style: one-file-system=x files0-from:"
COLUMNS = (
    "source", "fstype", "itotal", "iused", "iavail", "ipcent", "size", "used", "avail", "pcent", "file", "target",
)  # fmt: skip
HEADS = {"source": "Filesystem", "fstype": "Type", "itotal": "Inodes", "iused": "IUsed", "iavail": "IFree",
         "ipcent": "IUse%", "used": "Used", "pcent": "Use%", "file": "File", "target": "Mounted on"}  # fmt: skip
LEFT = ("source", "fstype", "file", "target")
LEAST = {"source": 14, "fstype": 4, "itotal": 5, "iused": 5, "iavail": 5, "ipcent": 4, "size": 5, "used": 5,
         "avail": 5, "pcent": 4}  # fmt: skip
DF = "all=a block-size=B human-readable=h si=H inodes=i local=l portability=P print-type=T type=t exclude-type=x output:: sync no-sync total"


@tool
def du(process: Process) -> Running:
    """The space that folders take."""
    options = parse(process, "0abB:cDd:hHkLlmPSst:xX:", DU)
    depth = options.value("d", "0" if "s" in options else "")
    if depth and not depth.isdecimal():
        raise Failure(f"invalid maximum depth {quoted(process, depth)}", hint=True)
    if "s" in options and "a" in options:
        raise Failure("cannot both summarize and show all entries", hint=True)
    most = int(depth[:6]) if depth else 1 << 30
    status, whole, end = 0, 0, "\0" if "0" in options else "\n"
    for path in options.operands or ["."]:
        reason = facts.why_missing(process.shell, path, follow=bool(options.last("LD")))
        if reason:
            process.err(f"du: cannot access {facts.quoted_name(path)}: {reason}\n")
            status = 1
            continue
        size, bad = yield from _tree(process, options, path, most, end)
        whole += size
        status |= bad
    if "c" in options:
        process.out(f"{_shown(process, options, whole)}\ttotal{end}")
    return status


def _tree(process: Process, options: Options, path: str, most: int, end: str):  # type: ignore[no-untyped-def]
    """Print one operand; its size in bytes, and 1 if something could not be read."""
    shell, status = process.shell, 0
    sums: dict[int, int] = {}
    stack: list[tuple[str, int, bool]] = [(path, 0, False)]
    excluded = options.values("exclude")[:10]
    while stack:
        shown, level, done = stack.pop()
        where = shell.absolute(shown)
        node = shell.lstat(where)
        process.spend(60)
        if process.tired:
            yield 0.0
        if node is None or (excluded and level and _is_excluded(process, excluded, shown)):
            continue
        if node.folder and not done:
            stack.append((shown, level, True))
            if not facts.may(shell, where, facts.READ | facts.SEARCH):
                process.err(f"du: cannot read directory {facts.quoted_name(shown)}: {facts.DENIED}\n")
                status = 1
                continue
            names = shell.entries(where)
            process.spend(300)
            stack += [(f"{shown.rstrip('/')}/{name}", level + 1, False) for name in reversed(names)]
            continue
        own = _own(shell, options, where, node)
        total = own + (sums.pop(level + 1, 0) if node.folder else 0)
        sums[level] = sums.get(level, 0) + total
        if level <= most and (node.folder or "a" in options or level == 0):
            stamp = f"{when_of('long-iso', node.changed, time.time())}\t" if "time" in options else ""
            process.out(f"{_shown(process, options, total)}\t{stamp}{shown}{end}")
    return sums.get(0, 0), status


def _is_excluded(process: Process, patterns: list[str], shown: str) -> bool:
    from ..text.common import glob

    name = shown.rpartition("/")[2]
    return any(
        glob(each, process.spend).search(text) is not None for each in patterns for text in (name, shown)
    )


def _own(shell: Shell, options: Options, where: str, node) -> int:  # type: ignore[no-untyped-def]
    if "inodes" in options:
        return 1
    if "apparent-size" in options or "b" in options:
        return facts.size_of(where, node)
    return facts.blocks_of(shell, where, node) * 512


def _shown(process: Process, options: Options, size: int) -> str:
    if process.applet and "h" in options:
        return in_units(size // 1024)
    if "inodes" in options:
        return str(size)
    if options.last("hH") or "si" in options:
        return human(size, 1000 if "si" in options or options.last("hH") == "H" else 1024)
    unit = {"b": 1, "k": 1024, "m": 1024 * 1024, "": 1024}.get(options.last("bkm"), 1024)
    if "B" in options:
        text = options.value("B")
        unit = size_of(text if text[:1].isdigit() else "1" + text, "kKMGTPEZY") or 1024
    return str(-(-size // unit))


@tool
def df(process: Process) -> Running:
    """How full the file systems are."""
    options = parse(process, "aB:hHiklPTt:x:v", DF)
    columns = columns_of(process, options) if "output" in options else []
    shell, status = process.shell, 0
    rows: list[FileSystem] = []
    for path in options.operands:
        reason = facts.why_missing(shell, path)
        device = next(
            (
                each
                for each in filesystems(shell.mounts())
                if each.source == path and path.startswith("/dev/")
            ),
            None,
        )
        if reason and device is None:
            process.err(f"df: {facts.shell_name(path)}: {reason}\n")
            status = 1
            continue
        rows.append(device or filesystem_of(shell.mounts(), shell.real(shell.absolute(path))))
    if not options.operands:
        rows = [
            each
            for each in filesystems(shell.mounts())
            if not options.values("t") or each.kind in options.values("t")
        ]
        rows = [each for each in rows if each.kind not in options.values("x")]
        if "l" in options:
            rows = [each for each in rows if each.kind != "nfs"]
    if not rows:
        if not status:
            process.err("df: no file systems processed\n")
        return 1
    files = options.operands if len(rows) == len(options.operands) else ["-"] * len(rows)
    yield 0.0
    if columns:
        process.out(_chosen(process, options, rows, columns, files))
    else:
        process.out(_table(process, options, rows))
    return status


def _chosen(
    process: Process, options: Options, rows: list[FileSystem], columns: list[str], files: list[str]
) -> str:
    """`--output`: these columns only."""
    base, unit, title = _units(options)

    def amount(kib: int) -> str:
        return human(kib * 1024, base) if base else str(-(-kib * 1024 // unit))

    def count(number: int) -> str:
        return human(number, base) if base else str(number)

    table = [[HEADS.get(name, title if name == "size" else "Avail") for name in columns]]
    for row, file in zip(rows, files, strict=True):
        free = row.inodes - row.inodes_used
        cells = {
            "source": row.source, "fstype": row.kind, "itotal": count(row.inodes), "iused": count(row.inodes_used),
            "iavail": count(free), "ipcent": _share(row.inodes_used, free), "size": amount(row.size),
            "used": amount(row.used), "avail": amount(row.available), "pcent": _share(row.used, row.available),
            "file": file, "target": row.where,
        }  # fmt: skip
        table.append([cells[name] for name in columns])
    process.spend(20 * len(table))
    return _aligned_columns(table, columns)


def _aligned_columns(table: list[list[str]], columns: list[str]) -> str:
    widths = [max(LEAST.get(name, 1), *(len(row[at]) for row in table)) for at, name in enumerate(columns)]
    out = ""
    for row in table:
        cells = [
            cell.ljust(width) if name in LEFT else cell.rjust(width)
            for name, cell, width in zip(columns, row, widths, strict=True)
        ]
        out += " ".join(cells).rstrip() + "\n"
    return out


def _table(process: Process, options: Options, rows: list[FileSystem]) -> str:
    base, unit, title = _units(options)

    def amount(kib: int) -> str:
        return human(kib * 1024, base) if base else str(-(-kib * 1024 // unit))

    if "i" in options:
        heads = ["Inodes", "IUsed", "IFree", "IUse%"]
    elif "P" in options:
        heads = ["1024-blocks" if title == "1K-blocks" else title, "Used", "Available", "Capacity"]
    else:
        heads = [title, "Used", "Avail" if base else "Available", "Use%"]
    table = [["Filesystem", *(["Type"] if "T" in options else []), *heads, "Mounted on"]]
    total = [0] * 5
    for row in rows:
        if "i" in options:
            numbers = [row.inodes, row.inodes_used, row.inodes - row.inodes_used]
            shown = [human(each, base) if base else str(each) for each in numbers]
            share = _share(row.inodes_used, row.inodes - row.inodes_used)
        else:
            shown = [amount(row.size), amount(row.used), amount(row.available)]
            share = _share(row.used, row.available)
        total = [total[0] + row.size, total[1] + row.used, total[2] + row.available, 0, 0]
        table.append([row.source, *([row.kind] if "T" in options else []), *shown, share, row.where])
    if "total" in options:
        shown = [amount(each) for each in total[:3]]
        table.append(["total", *(["-"] if "T" in options else []), *shown, _share(total[1], total[2]), "-"])
    return _aligned(table, lefts=2 if "T" in options else 1, base=base)


def _units(options: Options) -> tuple[int, int, str]:
    """The base of sizes with a unit (0: none), the size of a block, and the title of sizes."""
    base = {"h": 1024, "H": 1000}.get(options.last("hH"), 0)
    unit, title = 1024, "1K-blocks"
    if "B" in options:
        text = options.value("B")
        unit = size_of(text if text[:1].isdigit() else "1" + text, "kKMGTPEZY") or 1024
        title = f"{text if text[:1].isdigit() else '1' + text}-blocks"
    return base, unit, "Size" if base else title


def columns_of(process: Process, options: Options) -> list[str]:
    """The columns of `--output`. Raises Failure for a name that is none."""
    for other in ("i", "P", "T"):
        if other in options:
            raise Failure(f"options -{other} and --output are mutually exclusive", hint=True)
    names = [name for value in options.values("output") if value for name in value.split(",")][:50]
    bad = next((name for name in names if name not in COLUMNS), None)
    if bad is not None:
        raise Failure(f"option --output: field {quoted(process, bad)} unknown", hint=True)
    return names or list(COLUMNS)


def _share(used: int, available: int) -> str:
    whole = used + available
    return f"{-(-used * 100 // whole)}%" if whole else "-"


def _aligned(table: list[list[str]], *, lefts: int, base: int) -> str:
    """The table: df gives the first column 14 places at least, and the amounts 5."""
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    widths[0] = max(widths[0], 14)
    for at in range(lefts, lefts + 3):
        widths[at] = max(widths[at], 5)
    widths[lefts + 3] = max(widths[lefts + 3], 4)
    out = ""
    for row in table:
        cells = [
            cell.ljust(widths[at]) if at < lefts or at == len(row) - 1 else cell.rjust(widths[at])
            for at, cell in enumerate(row)
        ]
        out += " ".join(cells).rstrip() + "\n"
    return out


@tool
def sync(process: Process) -> Running:
    """Nothing waits to be written."""
    options = parse(process, "df", "data=d file-system=f")
    status = 0
    for path in options.operands:
        reason = facts.why_missing(process.shell, path)
        if reason:
            process.err(f"sync: error opening {facts.quoted_name(path)}: {reason}\n")
            status = 1
    yield 0.0
    return status


COMMANDS: dict[str, Command] = {"du": du, "df": df, "sync": sync}
