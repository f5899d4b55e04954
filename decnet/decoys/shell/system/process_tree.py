# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""pstree."""

from __future__ import annotations

import time
from typing import NamedTuple

from ...host.processes import ProcessEntry
from ..process import Process, Running
from ..text.common import Failure, Options, parse, tool


@tool
def pstree(process: Process) -> Running:
    """The processes as a tree."""
    options = parse(
        process,
        "aAcC:gGhH:lnN:psStTuUVZ",
        "arguments=a ascii=A show-pids=p numeric-sort=n hide-threads=T uid-changes=u long=l compact-not=c show-parents=s version=V unicode=U vt100=G highlight-all=h show-pgids=g",
    )
    entries = [entry for entry in process.shell.processes(time.time()) if not entry.kernel]
    yield 0.0
    if "V" in options:
        process.err("pstree (PSmisc) 23.6\n")
        return 0
    root = 1
    if options.operands and options.operands[0].isdecimal():
        root = int(options.operands[0][:9])
        if not any(entry.pid == root for entry in entries):
            raise Failure("", 1)
    wide = (
        process.to_terminal
        and "UTF" in process.shell.variables.get("LANG", "").upper()
        and "A" not in options
    )
    tree = _Tree(options, entries, WIDE if wide else PLAIN)
    first = next(entry for entry in entries if entry.pid == root)
    tree.draw(tree.name(first), first, "")
    process.out("".join(f"{line}\n" for line in tree.lines))
    return 0


class _Signs(NamedTuple):
    """How the branches of the first, a further, and the last child are drawn, the line past one, and the
    branch of an only child."""

    first: str
    further: str
    last: str
    past: str
    only: str


WIDE = _Signs("─┬─", " ├─", " └─", " │ ", "───")
PLAIN = _Signs("-+-", " |-", " `-", " | ", "---")


class _Tree:
    """The drawing of processes below one of them."""

    def __init__(self, options: Options, entries: list[ProcessEntry], signs: _Signs) -> None:
        self.lines: list[str] = []
        self._options, self._entries, self._signs = options, entries, signs
        self._children: dict[int, list[ProcessEntry]] = {}
        for entry in entries:
            self._children.setdefault(entry.ppid, []).append(entry)

    def name(self, entry: ProcessEntry) -> str:
        """What is shown of a process."""
        options = self._options
        shown = entry.command if "a" in options else entry.name
        inside = [str(entry.pid)] if "p" in options else []
        if "u" in options and _changes(entry, self._entries):
            inside.append(entry.user)
        if not inside:
            return shown
        return f"{shown},{entry.pid}" if "a" in options else f"{shown}({','.join(inside)})"

    def draw(self, text: str, entry: ProcessEntry | None, prefix: str) -> None:
        """Add the lines of a process, whose first is `text`, and of all below it."""
        rows = self._below(entry) if entry is not None else []
        if not rows:
            self.lines.append(prefix + text)
            return
        signs, blank = self._signs, " " * len(text)
        for at, (inner, child) in enumerate(rows):
            last = at == len(rows) - 1
            if at == 0:
                head = prefix + text + (signs.only if last else signs.first)
            else:
                head = prefix + blank + (signs.last if last else signs.further)
            deeper = prefix + blank + ("   " if last else signs.past)
            start = len(self.lines)
            self.draw(inner, child, deeper)
            self.lines[start] = head + self.lines[start][len(deeper) :]

    def _below(self, entry: ProcessEntry) -> list[tuple[str, ProcessEntry | None]]:
        options = self._options
        kin = self._children.get(entry.pid, [])
        kin = sorted(kin, key=lambda each: each.pid if "n" in options else each.name)
        found: list[tuple[str, ProcessEntry | None]] = [(self.name(each), each) for each in kin]
        if "T" not in options:
            found += [(text, None) for text in self._threads(entry)]
        if "p" not in options and "c" not in options:
            found = _compact(found, self._children)
        return found

    def _threads(self, entry: ProcessEntry) -> list[str]:
        count, one = entry.threads - 1, f"{{{entry.name}}}"
        if "p" in self._options:
            return [f"{one}({entry.pid + 1 + each})" for each in range(count)]
        return [f"{count}*[{one}]" if count > 1 else one] if count else []


def _changes(entry: ProcessEntry, entries: list[ProcessEntry]) -> bool:
    parent = next((each for each in entries if each.pid == entry.ppid), None)
    return parent is None or parent.user != entry.user


def _compact(
    found: list[tuple[str, ProcessEntry | None]], children: dict[int, list[ProcessEntry]]
) -> list[tuple[str, ProcessEntry | None]]:
    """Equal processes without children are one line."""
    out: list[tuple[str, ProcessEntry | None]] = []
    counts: dict[str, int] = {}
    for text, entry in found:
        if entry is not None and entry.pid not in children and entry.threads == 1:
            counts[text] = counts.get(text, 0) + 1
            if counts[text] > 1:
                continue
        out.append((text, entry))
    return [
        (f"{counts[text]}*[{text}]", entry) if counts.get(text, 0) > 1 else (text, entry)
        for text, entry in out
    ]


COMMANDS = {"pstree": pstree}
