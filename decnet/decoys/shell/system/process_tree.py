# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""pstree."""

from __future__ import annotations

import time

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
    process.out("".join(f"{line}\n" for line in _tree(process, options, entries, root, wide=wide)))
    return 0


def _tree(
    process: Process, options: Options, entries: list[ProcessEntry], root: int, *, wide: bool
) -> list[str]:
    children: dict[int, list[ProcessEntry]] = {}
    for entry in entries:
        children.setdefault(entry.ppid, []).append(entry)
    first_sign, next_sign, last_sign, line_sign, only_sign = (
        ("─┬─", " ├─", " └─", " │ ", "───") if wide else ("-+-", " |-", " `-", " | ", "---")
    )
    lines: list[str] = []

    def name(entry: ProcessEntry) -> str:
        shown = entry.command if "a" in options else entry.name
        inside = ([str(entry.pid)] if "p" in options else []) + (
            [entry.user] if "u" in options and _changes(entry, entries) else []
        )
        return shown + (
            f"({','.join(inside)})" if inside and "a" not in options else f",{entry.pid}" if inside else ""
        )

    def below(entry: ProcessEntry) -> list[tuple[str, ProcessEntry | None]]:
        kin = children.get(entry.pid, [])
        kin = (
            sorted(kin, key=lambda each: each.pid)
            if "n" in options
            else sorted(kin, key=lambda each: each.name)
        )
        found: list[tuple[str, ProcessEntry | None]] = [(name(each), each) for each in kin]
        threads = entry.threads - 1
        if threads and "T" not in options:
            one = f"{{{entry.name}}}"
            if "p" in options:
                found += [(f"{one}({entry.pid + 1 + each})", None) for each in range(threads)]
            else:
                found.append((f"{threads}*[{one}]" if threads > 1 else one, None))
        if "p" not in options and "c" not in options:
            found = _compact(found, children)
        return found

    def draw(text: str, entry: ProcessEntry | None, prefix: str) -> None:
        rows = below(entry) if entry is not None else []
        if not rows:
            lines.append(prefix + text)
            return
        blank = " " * len(text)
        for at, (inner, child) in enumerate(rows):
            last = at == len(rows) - 1
            if at == 0:
                head = prefix + text + (only_sign if last else first_sign)
            else:
                head = prefix + blank + (last_sign if last else next_sign)
            deeper = prefix + blank + ("   " if last else line_sign)
            start = len(lines)
            draw(inner, child, deeper)
            lines[start] = head + lines[start][len(deeper) :]

    first = next(entry for entry in entries if entry.pid == root)
    draw(name(first), first, "")
    return lines


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
