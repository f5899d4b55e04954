"""What APT has written in /var/log/apt. Source: apt-pkg/deb/dpkgpm.cc, and the logs of installed systems."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from . import gzipped
from .node import Node
from .packaged import unknown_content
from .packages import Package, Packages

if TYPE_CHECKING:
    from .model import World

PAUSE = 600
"""Packages that came later than these seconds after the last one belong to another run of APT."""
Steps = list[tuple[int, str, str, Package]]
"""When something was unpacked, the version before, "" if there was none, the new version, and the package."""


def apt_files(world: World, packages: Packages, rotated: int) -> dict[str, Node]:
    """/var/log/apt by name. `rotated`: when logrotate has emptied its files, 0 if APT has run since."""
    runs = _runs(packages)
    if not runs:
        return {}
    last = runs[-1][-1][0] + 21
    size = 24_000 + world.persona.number("eipp", 0, 3_000)
    dump = partial(unknown_content, "/var/log/apt/eipp.log.xz", world.persona.seed, b"", size)
    found = {"eipp.log.xz": Node(size=size, live=dump, changed=last)}
    for name, make, mode, group in (
        ("history.log", _history, 0o644, ""),
        ("term.log", _terminal, 0o640, "adm"),
    ):
        content = "".join(make(run) for run in runs).encode()
        if rotated:
            found[name] = Node(mode, group=group, changed=rotated)
            name, content = f"{name}.1.gz", gzipped.packed(content, last)
        found[name] = Node(mode, group=group, content=content, changed=last)
    return found


def _runs(packages: Packages) -> list[Steps]:
    """The runs of APT, each in the order of its steps."""
    steps: Steps = []
    for package in packages.values():
        before = ""
        for version, when in package.installed:
            steps.append((when, before, version, package))
            before = version
    runs: list[Steps] = []
    for step in sorted(steps, key=lambda each: (each[0], each[3].name)):
        if not runs or step[0] > runs[-1][-1][0] + PAUSE:
            runs.append([])
        runs[-1].append(step)
    return runs


def _history(run: Steps) -> str:
    text = f"\nStart-Date: {_stamp(run[0][0] - 2)}\n"
    fresh = [f"{each.name}:{each.architecture} ({new})" for _, old, new, each in run if not old]
    newer = [f"{each.name}:{each.architecture} ({old}, {new})" for _, old, new, each in run if old]
    if newer and not fresh:
        text += "Commandline: apt-get upgrade\n"
    text += "".join(
        f"{verb}: {', '.join(rows)}\n" for verb, rows in (("Install", fresh), ("Upgrade", newer)) if rows
    )
    return f"{text}End-Date: {_stamp(run[-1][0] + 21)}\n"


def _terminal(run: Steps) -> str:
    lines = [f"\nLog started: {_stamp(run[0][0] - 2)}\n"]
    for _, old, new, package in run:
        file = f"{package.name}_{new.replace(':', '%3a')}_{package.architecture}.deb"
        if not old:
            lines.append(f"Selecting previously unselected package {package.name}.\n")
        lines.append(f"Preparing to unpack .../{file} ...\n")
        lines.append(f"Unpacking {package.name} ({new}){f' over ({old})' if old else ''} ...\n")
    lines += [f"Setting up {package.name} ({new}) ...\n" for _, _, new, package in run]
    return "".join([*lines, f"Log ended: {_stamp(run[-1][0] + 21)}\n"])


def _stamp(when: int) -> str:
    return time.strftime("%Y-%m-%d  %H:%M:%S", time.gmtime(when))
