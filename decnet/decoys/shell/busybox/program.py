# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`busybox` itself, and which applets a machine has."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from ...host.node import Node
from ..busybox_titles import title_of
from ..busybox_usage import USAGE
from ..process import Command, Process
from .applets import as_applet, unknown
from .own import own_command

if TYPE_CHECKING:
    from ...host.world import World
    from ..context import Context, Work

ABOUT = """BusyBox is copyrighted by many authors between 1998-2015.
Licensed under GPLv2. See source distribution for detailed
copyright notices.

Usage: busybox [function [arguments]...]
   or: busybox --list[-full]
   or: busybox --install [-s] [DIR]
   or: function [arguments]...

	BusyBox is a multi-call binary that combines many common Unix
	utilities into a single executable.  Most people will create a
	link to busybox for each function they wish to use and BusyBox
	will act like whatever it was invoked as.

Currently defined functions:
"""
WIDTH, INDENT = 80, 7
"""Columns of the list of applets, and what BusyBox reckons for the tab before each line."""
NO_BLANK_LINE = "v1.30"
"""Since when no empty line ends the list."""
SHELLS = ("ash", "sh")


def applets_of(world: World) -> list[str]:
    """The names of a machine's applets, sorted."""
    if world.device is None:
        return _usual()
    return sorted(world.device.applet_names | {"busybox"})


@cache
def _usual() -> list[str]:
    with USAGE.open(encoding="utf-8") as lines:
        names = {line.split()[1] for line in lines if line.startswith("@ ")}
    return sorted(names | {"busybox", "echo", "true", "false", "test", *SHELLS})


def busybox(context: Context, process: Process) -> Work:
    """`busybox APPLET ...`."""
    world, arguments = context.shell.world, process.args
    if arguments[:1] == ["--help"] and len(arguments) > 1:
        arguments = [arguments[1], "--help"]
    if not arguments or arguments[0] == "--help":
        end = "\n" if title_of(world) < NO_BLANK_LINE else ""
        context.out(
            f"BusyBox {title_of(world)} multi-call binary.\n{ABOUT}{_in_columns(applets_of(world))}{end}"
        )
        return 0
    if arguments[0] == "--list":
        context.out("".join(f"{name}\n" for name in applets_of(world)))
        return 0
    if arguments[0] == "--list-full":
        context.out("".join(f"{_path(context, name)[1:]}\n" for name in applets_of(world)))
        return 0
    if arguments[0] == "--install":
        return _install(context, arguments[1:])
    name = arguments[0].rsplit("/", 1)[-1]
    if name not in applets_of(world):
        context.err(f"{name}: applet not found\n")
        return 127
    return (yield context.applet(applet(context, name), name, arguments[1:]))


def _install(context: Context, words: list[str]) -> int:
    """A link for each applet: in the folder that is named, or where it belongs."""
    shell = context.shell
    folders = [word for word in words if word != "-s"]
    for name in applets_of(shell.world):
        path = f"{folders[0]}/{name}" if folders else _path(context, name)
        where = shell.absolute(path)
        reason = "File exists" if shell.lstat(where) else ""
        if not reason and shell.node(where.rpartition("/")[0] or "/") is None:
            reason = "No such file or directory"
        if not reason:
            reason = shell.change(
                where, Node(0o777, target="/bin/busybox", owner=shell.user, changed=int(time.time()))
            )
        if reason:
            context.err(f"busybox: {path}: {reason}\n")
    return 0


def applet(context: Context, name: str) -> Command:
    """One applet as a command."""
    from ..commands import command_of
    from ..programs import PROGRAMS

    command: Any = own_command(name)
    if command is None:
        command = PROGRAMS[name].command if name in PROGRAMS else command_of(name) or unknown
    return command if name in SHELLS else as_applet(command, name, title_of(context.shell.world))


def command_on_device(context: Context, name: str) -> Command | None:
    """The program of this name; None if the device has none, or it does not run here."""
    from ..commands import command_of
    from ..programs import PROGRAMS

    device = context.shell.world.device
    if device is None or name not in device.names:
        return None
    if name in device.applet_names:
        return applet(context, name)
    return PROGRAMS[name].command if name in PROGRAMS else command_of(name)


def _path(context: Context, name: str) -> str:
    where = context.where(name)
    return where if where and where.endswith(f"/{name}") else f"/usr/bin/{name}"


def _in_columns(names: list[str]) -> str:
    text, column = "", 0
    for name in names:
        wide = len(name) + 2
        if column >= WIDTH - wide:
            text, column = f"{text},\n", 0
        text += ", " if column else "\t"
        text += name
        column = (column or INDENT) + wide
    return f"{text}\n"
