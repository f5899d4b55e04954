# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""ps."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...host.processes import ProcessEntry
from ..process import Process, Running
from ..text.common import Failure, tool
from .ps_columns import ALIASES, COLUMNS, Column, Listing, cpu_share
from .ps_options import USAGE, Options, Reader

VERSIONS = {
    "11": "3.3.17",
    "20.04": "3.3.16",
    "22.04": "3.3.17",
    "24.04": "4.0.4",
    "8.10": "3.3.15",
    "9.4": "3.3.17",
}
FORMATS = {
    "": "pid tname time ucmd", "bsd": "pid tname stat bsdtime args", "-f": "UID pid ppid c stime tname time cmd",
    "-F": "UID pid ppid c sz rss psr stime tname time cmd", "u": "user pid pcpu pmem vsz rss tname stat start_time bsdtime args",
    "j": "ppid pid pgid sid tname tpgid stat uid bsdtime args", "-j": "pid pgid sid tname time ucmd",
    "-fj": "UID pid ppid pgid sid c stime tname time cmd",
    "-l": "f s uid pid ppid c opri ni addr_sz wchan tname time ucmd", "-ly": "s uid pid ppid c opri ni rss sz wchan tname time ucmd",
    "-fl": "f s UID pid ppid c opri ni addr_sz wchan stime tname time cmd",
    "l": "f uid pid ppid priority ni vsz rss wchan stat tname bsdtime args",
    "v": "pid tname stat bsdtime majflt trs drs rss pmem args",
}  # fmt: skip


@tool
def ps(process: Process) -> Running:
    """List processes."""
    options = Reader(process).read()
    if "version" in options.letters:
        version = VERSIONS.get(process.shell.world.system.version, "4.0.2")
        process.out(f"ps from procps-ng {version}\n")
        return 0
    now = int(time.time())
    listing = Listing(process, process.shell.processes(now), now)
    rows = _selected(listing, options)
    columns = options.columns or _format(listing, options)
    shown = _ordered(listing, options, rows)
    width = options.width or (process.columns if process.to_terminal and options.wide < 2 else 0)
    width = max(132, width) if options.wide == 1 and width else width
    for line in _lines(listing, columns, shown, headers=options.headers):
        process.out((line[:width] if width else line) + "\n")
        if process.tired:
            yield 0.0
    return 0 if rows else 1


def _format(listing: Listing, options: Options) -> list[Column]:
    letters = options.letters
    if "u" in letters or "j" in letters or "l" in letters or "v" in letters:
        name = next(letter for letter in "ujlv" if letter in letters)
    elif options.bsd and not letters & {"-f", "-F", "-l", "-j"}:
        name = "bsd"
    elif "-F" in letters:
        name = "-F"
    elif "-l" in letters:
        name = "-fl" if "-f" in letters else "-ly" if "-y" in letters else "-l"
    elif "-j" in letters:
        name = "-fj" if "-f" in letters else "-j"
    else:
        name = "-f" if "-f" in letters else ""
    names = FORMATS[name].split()
    if letters & {"-Z", "-M", "Z"}:
        names.insert(0, "label")
    if letters & {"-L", "-T"}:
        at = names.index("ppid") + 1 if "ppid" in names else names.index("pid") + 1
        names.insert(at, "lwp")
        if "-f" in letters and "-L" in letters:
            names.insert(names.index("c") + 1, "nlwp")
    if "c" in letters:
        names = ["comm" if each in ("args", "cmd") else each for each in names]
    return [COLUMNS[each] for each in names]


# Selection and order


def _selected(listing: Listing, options: Options) -> list[ProcessEntry]:
    letters, shell = options.letters, listing.process.shell
    own = shell.visit.terminal or "?"
    tests: list[Callable[[ProcessEntry], bool]] = [
        _in_list(listing, kind, words) for kind, words in options.chosen
    ]
    if letters & {"-A", "-e"} or {"a", "x"} <= letters:
        tests.append(lambda entry: True)
    elif "a" in letters:
        tests.append(lambda entry: entry.terminal != "?")
    elif "x" in letters:
        tests.append(lambda entry: entry.user == shell.user)
    if "-a" in letters:
        tests.append(lambda entry: entry.terminal != "?" and not entry.leads)
    if "-d" in letters:
        tests.append(lambda entry: not entry.leads)
    if letters & {"T"}:
        tests.append(lambda entry: entry.terminal == own)
    if not tests:
        tests.append(lambda entry: entry.user == shell.user and entry.terminal == own)
    turned = "-N" in letters
    found = [entry for entry in listing.entries if any(test(entry) for test in tests) != turned]
    return [entry for entry in found if entry.state.startswith("R")] if "r" in letters else found


def _in_list(listing: Listing, kind: str, words: str) -> Callable[[ProcessEntry], bool]:
    values = words.replace(",", " ").split()
    if kind in ("pid", "ppid", "sid"):
        if not values or not all(value.isdecimal() for value in values):
            listing.process.err(f"error: process ID list syntax error\n{USAGE}")
            raise Failure("", 1)
        numbers = {int(value[:9]) for value in values}
        take = {"pid": lambda entry: entry.pid, "ppid": lambda entry: entry.ppid, "sid": listing.session}[
            kind
        ]
        return lambda entry: take(entry) in numbers
    if kind == "user":
        accounts = listing.accounts
        found = {
            value if not value.isdecimal() else getattr(accounts.user_of(int(value[:9])), "name", value)
            for value in values
        }
        if any(accounts.user(name) is None for name in found if not name.isdecimal()):
            listing.process.err(f"error: user name does not exist\n{USAGE}")
            raise Failure("", 1)
        return lambda entry: entry.user in found
    if kind == "tty":
        names = {value.removeprefix("/dev/") for value in values}
        return lambda entry: entry.terminal in names or entry.terminal.replace("tty", "") in names
    return lambda entry: entry.name in values or entry.command.strip("[]") in values


def _ordered(listing: Listing, options: Options, rows: list[ProcessEntry]) -> list[tuple[str, ProcessEntry]]:
    """The rows in their order, with what stands before a command."""
    for key in reversed([key for key in options.sort.replace(",", " ").split() if key]):
        name = ALIASES.get(key.lstrip("+-"), key.lstrip("+-"))
        if name not in COLUMNS:
            listing.process.err(f"error: unknown sort specifier\n{USAGE}")
            raise Failure("", 1)
        rows.sort(key=lambda entry, name=name: _sort_key(listing, name, entry), reverse=key.startswith("-"))  # type: ignore[misc]
    return _tree(rows, options.forest) if options.forest else [("", row) for row in rows]


def _sort_key(listing: Listing, name: str, entry: ProcessEntry) -> float | str:
    if name == "pcpu":
        return cpu_share(listing, entry)
    if name == "pmem":
        return entry.resident
    if name in ("time", "bsdtime", "times"):
        return entry.cpu
    if name in ("start_time", "start", "lstart", "stime", "bsdstart", "etime", "etimes"):
        return entry.started
    value = COLUMNS[name].value(listing, entry)
    return value if isinstance(value, int) else str(value)


def _tree(rows: list[ProcessEntry], kind: str) -> list[tuple[str, ProcessEntry]]:
    children: dict[int, list[ProcessEntry]] = {}
    pids = {row.pid for row in rows}
    roots = [row for row in rows if row.ppid not in pids]
    for row in rows:
        if row.ppid in pids:
            children.setdefault(row.ppid, []).append(row)
    out: list[tuple[str, ProcessEntry]] = []
    stack = (
        [(row, "", "", 0) for row in roots] if kind == "H" else [(row, "", "", 0) for row in reversed(roots)]
    )
    stack.reverse()
    while stack:
        row, lines, sign, level = stack.pop()
        out.append(("  " * level if kind == "H" else lines + sign, row))
        below = children.get(row.pid, [])
        flat = row.pid == 1 and kind != "H"
        inner = lines + ({" \\_ ": "    ", " |\\_": " |  "}.get(sign, "") if sign else "")
        for at, child in reversed(list(enumerate(below))):
            more = at < len(below) - 1
            if flat:
                stack.append((child, "", "", 0))
            else:
                stack.append((child, inner, " |\\_" if more else " \\_ ", level + 1))
    return [(lines.replace(" |\\_", " \\_ "), row) for lines, row in out]


# Output


def _lines(
    listing: Listing, columns: list[Column], rows: list[tuple[str, ProcessEntry]], *, headers: bool
) -> list[str]:
    found = []
    if headers and any(column.header for column in columns):
        found.append(_line(listing, columns, [column.header for column in columns]))
    for prefix, entry in rows:
        cells = []
        for at, column in enumerate(columns):
            text = str(column.value(listing, entry))
            if column.header in ("CMD", "COMMAND") or column.value in (
                COLUMNS["args"].value,
                COLUMNS["comm"].value,
            ):
                text = prefix + text
            cells.append(_cut(listing, column, text, last=at == len(columns) - 1))
        found.append(_line(listing, columns, cells))
    return found


def _cut(listing: Listing, column: Column, text: str, *, last: bool) -> str:
    width = column.width or listing.digits
    if len(text) <= width or not column.cut or (last and column.cut == "cut"):
        return text
    return text[: width - 1] + "+" if column.cut == "+" else text[:width]


def _line(listing: Listing, columns: list[Column], cells: list[str]) -> str:
    """A line: a cell that is too wide takes the room of the blanks that follow."""
    out, correct = "", 0
    for at, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        width = max(column.width or listing.digits, len(column.header))
        left = max(0, width - len(cell)) if column.right else 0
        space = correct - len(out) + left
        out += " " * (space if space >= 1 else int(at > 0)) + cell
        correct += width + 1
    return out


COMMANDS = {"ps": ps}
