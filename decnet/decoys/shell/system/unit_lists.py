# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The lists of systemctl."""

from __future__ import annotations

import time

from ...host.timers import last_and_next, timers
from ...host.world import World
from ..process import Process
from ..text.common import Options
from .unit_finding import OLD, ago, stamp, state_of, units_of


def _list_units(process: Process, options: Options, words: list[str]) -> str:
    states = options.value("state")
    kind = options.value("t")
    found = [unit for unit in units_of(process.shell) if unit.active or "a" in options]
    if "failed" in options or states == "failed" or (kind and kind != "service"):
        found = []
    if states == "running":
        found = [unit for unit in found if unit.main is not None]
    if words:
        wanted = [word if "." in word else f"{word}.service" for word in words]
        found = [unit for unit in found if unit.name in wanted]
    rows = [["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"]]
    rows += [
        [
            unit.name,
            "loaded",
            "active" if unit.active else "inactive",
            "running" if unit.main else "exited" if unit.active else "dead",
            unit.description,
        ]
        for unit in found
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    lines = [
        "  " + " ".join(cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)) + " " + row[4]
        for row in rows
    ]
    if "no-legend" in options or options.value("legend") == "false":
        return "".join(
            line.removeprefix("  ") + "\n" if "plain" in options else line + "\n" for line in lines[1:]
        )
    if not found:
        return "  UNIT LOAD ACTIVE SUB DESCRIPTION\n0 loaded units listed.\n"
    legend = "\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n"
    hint = "" if "a" in options else " Pass --all to see loaded but inactive units, too."
    return (
        "".join(f"{line}\n" for line in lines)
        + legend
        + f"{len(found)} loaded units listed.{hint}\nTo show all installed unit files use 'systemctl list-unit-files'.\n"
    )


def _list_files(process: Process, options: Options, words: list[str]) -> str:
    shell = process.shell
    head = ["UNIT FILE", "STATE", "VENDOR PRESET" if shell.world.system.version in OLD else "PRESET"]
    wanted = [word if "." in word else f"{word}.service" for word in words]
    rows, kind = [head], options.value("t")
    files = [
        ("getty@.service" if unit.name.startswith("getty@") else unit.name, state_of(shell, unit))
        for unit in units_of(shell)
    ]
    if shell.world.system.id != "rocky":
        files += [
            (f"{timer.name}.timer", "static" if timer.boot else "enabled") for timer in timers(shell.world)
        ]
    for name, state in sorted(files):
        if kind and not name.endswith(f".{kind}"):
            continue
        if (not wanted or name in wanted) and (not options.value("state") or state == options.value("state")):
            rows.append([name, state, "-" if state in ("static", "generated") else "enabled"])
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    shown = _coloured if process.to_terminal else _plain
    body = "".join(
        shown(row, widths, is_head=row is head) for row in (rows[1:] if "no-legend" in options else rows)
    )
    return body if "no-legend" in options else f"{body}\n{len(rows) - 1} unit files listed.\n"


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
    widths = [max(len(row[at]) for row in rows) for at in range(6)]
    return (
        "".join(
            " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
            for row in rows
        )
        + f"\n{len(rows) - 1} timers listed.\nPass --all to see loaded but inactive timers, too.\n"
    )


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
    rows = [("LISTEN", "UNIT", "ACTIVATES"), ("/run/dbus/system_bus_socket", "dbus.socket", "dbus.service"), ("/run/initctl", "systemd-initctl.socket", "systemd-initctl.service"),
            ("/run/systemd/journal/dev-log", "systemd-journald-dev-log.socket", "systemd-journald.service"), ("/run/systemd/journal/socket", "systemd-journald.socket", "systemd-journald.service"),
            ("/run/udev/control", "systemd-udevd-control.socket", "systemd-udevd.service")]  # fmt: skip
    return (
        "".join(f"{a:<28} {b:<31} {c}\n" for a, b, c in rows)
        + f"\n{len(rows) - 1} sockets listed.\nPass --all to see loaded but inactive sockets, too.\n"
    )


def _list_dependencies(process: Process, options: Options, words: list[str]) -> str:
    found = [unit for unit in units_of(process.shell) if unit.state == "enabled"]
    name = words[0] if words else "default.target"
    return f"{name}\n" + "".join(
        f"● {'└' if at == len(found) - 1 else '├'}─{unit.name}\n" for at, unit in enumerate(found)
    )


LISTS = {
    "list-units": _list_units, "list-unit-files": _list_files, "list-timers": _list_timers, "list-sockets": _list_sockets,
    "list-dependencies": _list_dependencies,
}  # fmt: skip
"""By the verb of systemctl."""
