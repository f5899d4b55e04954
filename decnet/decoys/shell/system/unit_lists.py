# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The lists of systemctl."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase

from ...host.loaded_units import LISTENING
from ...host.timers import last_and_next, timers
from ...host.units import Unit
from ...host.world import World
from ..process import Process, Running
from ..text.common import Options
from .loaded import loaded, sub_state
from .unit_files import file_of, unit_files
from .unit_finding import OLD, ago, stamp


def list_units(process: Process, options: Options, words: list[str]) -> Running:
    """Print the units that are loaded."""
    units = yield from loaded(process.shell)
    process.out(_list_units(units, options, words))
    return 0


def _list_units(units: list[Unit], options: Options, words: list[str]) -> str:
    shown_all = "a" in options
    states, kinds = _listed(options, "state"), _listed(options, "t", "type")
    if "failed" in options:
        states = [*states, "failed"]
    wanted = [word if "." in word or "*" in word else f"{word}.service" for word in words]
    found = [
        unit
        for unit in units
        if (unit.active or shown_all or states)
        and (
            not states or {sub_state(unit), "active" if unit.active else "inactive", unit.load} & set(states)
        )
        and (not kinds or unit.name.rpartition(".")[2] in kinds)
        and (not wanted or any(fnmatchcase(unit.name, each) for each in wanted))
    ]
    plain = "plain" in options
    lines = _rows_of_units(found, plain=plain, is_headed=not _without_legend(options))
    if _without_legend(options):
        return "".join(lines)
    if not found and states:
        return f"{'' if plain else '  '}UNIT LOAD ACTIVE SUB DESCRIPTION\n0 loaded units listed.\n"
    if not found:
        return f"{'' if plain else '  '}UNIT LOAD ACTIVE SUB DESCRIPTION\n0 loaded units listed.\n" + _hint(
            shown_all or bool(states)
        )
    legend = "\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n"
    return "".join(lines) + legend + f"{len(found)} loaded units listed." + _hint(shown_all or bool(states))


def _hint(shown_all: bool) -> str:
    hint = "" if shown_all else " Pass --all to see loaded but inactive units, too."
    return f"{hint}\nTo show all installed unit files use 'systemctl list-unit-files'.\n"


def _rows_of_units(found: list[Unit], *, plain: bool, is_headed: bool) -> list[str]:
    """A point stands before a unit whose file is missing, and room for it before all."""
    rows = [("UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION")] if is_headed else []
    rows += [
        (unit.name, unit.load, "active" if unit.active else "inactive", sub_state(unit), unit.description)
        for unit in found
    ]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(4)]
    lines = []
    for row in rows:
        mark = "" if plain else "● " if row[1] == "not-found" else "  "
        cells = " ".join(cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True))
        lines.append(f"{mark}{cells} {row[4]}\n")
    return lines


def _without_legend(options: Options) -> bool:
    return "no-legend" in options or options.value("legend") in ("false", "no", "0")


def list_files(process: Process, options: Options, words: list[str]) -> Running:
    shell = process.shell
    head = ["UNIT FILE", "STATE", "VENDOR PRESET" if shell.world.system.version in OLD else "PRESET"]
    wanted = [word if "." in word or "*" in word else f"{word}.service" for word in words]
    kinds, states = _listed(options, "t", "type"), _listed(options, "state")
    rows = []
    for at, file in enumerate(unit_files(shell)):
        if at % 16 == 0:
            yield 0.0
        state = shell.files.notes.get(f"unit {file.name}") or file.state
        if (
            (not kinds or file.name.rpartition(".")[2] in kinds)
            and (not states or state in states)
            and (not wanted or any(fnmatchcase(file.name, each) for each in wanted))
        ):
            rows.append([file.name, state, file.preset])
    rows.sort(key=lambda row: (row[0].rpartition(".")[2], row[0].lower()))
    plain = _without_legend(options)
    shown = rows if plain else [head, *rows]
    widths = [max(len(row[at]) for row in shown) for at in range(3)] if shown else [0, 0, 0]
    line = _coloured if process.to_terminal else _plain
    process.out("".join(line(row, widths, is_head=row is head) for row in shown))
    process.out("" if plain else f"\n{len(rows)} unit files listed.\n")
    return 0


def _listed(options: Options, *names: str) -> list[str]:
    """The words of an option that can be given more than once, each with a list."""
    return [word for name in names for value in options.values(name) for word in value.split(",") if word]


def _plain(row: list[str], widths: list[int], *, is_head: bool) -> str:
    return f"{row[0]:<{widths[0]}} {row[1]:<{widths[1]}} {row[2]}\n"


COLOURS = dict.fromkeys(("enabled", "enabled-runtime"), "\x1b[0;1;32m") | dict.fromkeys(
    ("disabled", "masked", "masked-runtime", "bad"), "\x1b[0;1;31m"
)
"""Of the states of unit files."""


def _coloured(row: list[str], widths: list[int], *, is_head: bool) -> str:
    """A row as on a terminal: a colour covers the room of its cell, and the blank after it."""
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
    if is_head:
        return (
            "\x1b[0m"
            + "\x1b[0m".join(f"\x1b[0;4m{' ' * bool(at)}{cell}\x1b[0m" for at, cell in enumerate(cells))
            + "\n"
        )
    line, before = cells[0], ""
    for state, cell in zip(row[1:], cells[1:], strict=True):
        colour = COLOURS.get(state, "")
        line += (f"{before} \x1b[0m" if before else " ") + (f"{colour}{cell}\x1b[0m" if colour else cell)
        before = colour
    return line + "\n"


def _list_timers(process: Process, options: Options, words: list[str]) -> str:
    now = int(time.time())
    rows = [["NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES"]]
    for then, last, name in sorted(_due(process.shell.world, now)):
        passed = [stamp(last), f"{ago(now - last)} ago"] if last else ["-", "-"]
        rows.append([stamp(then), f"{ago(then - now)} left", *passed, f"{name}.timer", f"{name}.service"])
    if _without_legend(options):
        rows = rows[1:]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(6)]
    body = "".join(
        " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )
    return body if _without_legend(options) else body + _total(len(rows) - 1, "timer", options)


def _due(world: World, now: int) -> list[tuple[int, int, str]]:
    """When each timer is due, when it ran last (0: not since the start), and its name."""
    if world.system.id != "rocky":
        pairs = [(timer.name, last_and_next(world, timer, now)) for timer in timers(world)]
        return [(then, last, name) for name, (last, then) in pairs]
    found = []
    for name in ("systemd-tmpfiles-clean", "dnf-makecache", "logrotate", "unbound-anchor"):
        phase = world.persona.number(f"timer {name}", 0, 21_600)
        last = (now - phase) // 86_400 * 86_400 + phase
        found.append((last + 86_400, last if last > world.booted() else 0, name))
    return found


def _list_sockets(process: Process, options: Options, words: list[str]) -> str:
    rows = [row for row in LISTENING if file_of(process.shell, row[1])]
    if not _without_legend(options):
        rows = [("LISTEN", "UNIT", "ACTIVATES"), *rows]
    first, second = (max((len(row[at]) for row in rows), default=0) for at in (0, 1))
    body = "".join(f"{a:<{first}} {b:<{second}} {c}\n" for a, b, c in rows)
    return body if _without_legend(options) else body + _total(len(rows) - 1, "socket", options)


def _total(number: int, noun: str, options: Options) -> str:
    hint = "" if "a" in options else f"Pass --all to see loaded but inactive {noun}s, too.\n"
    return f"\n{number} {noun}s listed.\n{hint}"


def _list_automounts(process: Process, options: Options, words: list[str]) -> str:
    unit = "proc-sys-fs-binfmt_misc.automount"
    row = ("binfmt_misc", "/proc/sys/fs/binfmt_misc", "yes", "0", unit)
    rows = [row] if file_of(process.shell, unit) else []
    if not _without_legend(options):
        rows = [("WHAT", "WHERE", "MOUNTED", "IDLE TIMEOUT", "UNIT"), *rows]
    widths = [max((len(each[at]) for each in rows), default=0) for at in range(4)]
    body = "".join(
        " ".join(cell.ljust(width) for cell, width in zip(each, [*widths, 0], strict=True)) + "\n"
        for each in rows
    )
    return body if _without_legend(options) else body + _total(len(rows) - 1, "automount", options)


def _list_machines(process: Process, options: Options, words: list[str]) -> str:
    row = f"{process.shell.world.hostname} (host) running 0      0\n"
    if _without_legend(options):
        return f"  {row}"
    name = f"{process.shell.world.hostname} (host)"
    return f"  {'NAME':<{len(name)}} STATE   FAILED JOBS\n  {row}\n1 machines listed.\n"


LISTS = {
    "list-timers": _list_timers, "list-sockets": _list_sockets,
    "list-automounts": _list_automounts, "list-machines": _list_machines,
}  # fmt: skip
"""By the verb of systemctl."""
