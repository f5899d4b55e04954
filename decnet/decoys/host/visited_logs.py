"""The logs that servers write themselves about visitors, as logrotate(8) keeps them: the current one, the one
before it, and older ones compressed."""

from __future__ import annotations

import time
from dataclasses import replace

from ..server_logs import logs_of
from . import gzipped
from .model import World
from .node import Node

DAY, WEEK = 86_400, 7 * 86_400
Lines = list[tuple[int, str]]
SUNDAY = 3 * DAY
"""From the epoch, a Thursday: logrotate begins weekly logs on Sundays."""
MOST_PERIODS = 15
LASTS = 1
"""Seconds from midnight, when the timer of logrotate is due."""


def rotations(world: World, period: int, now: int) -> list[int]:
    """When logrotate has begun other logs of this period (a day or a week), the latest first."""
    shift = (SUNDAY if period == WEEK else 0) + LASTS
    latest = (now - shift) // period * period + shift
    times = (latest - number * period for number in range(MOST_PERIODS))
    return [when for when in times if when > world.installed + 900]


def rotated(world: World, period: int) -> int:
    """When the current logs were begun."""
    return next(iter(rotations(world, period, int(time.time()))), world.installed + 900)


def files(
    world: World, log: str, name: str, period: int, usual: Node, others: Lines | None = None
) -> dict[str, Node]:
    """Names and nodes of a log. `usual` has its owner, group and mode, and when it was made if nothing was
    ever written; `others`: lines that no visitor has caused. logrotate leaves an empty log as it is."""
    now = int(time.time())
    own = logs_of(world.persona.seed).lines(log)
    lines = [*((each.when, each.text) for each in own if not each.program), *(others or [])]
    lines.sort(key=lambda line: line[0])
    bounds = [*rotations(world, period, now), 0]
    parts = [
        (bounds[at - 1], [line for line in lines if bounds[at] <= line[0] < bounds[at - 1]])
        for at in range(1, len(bounds))
    ]
    old = [(ended, part) for ended, part in parts if part]
    found = {
        name: _node(
            usual, [line for line in lines if line[0] >= bounds[0]], old[0][0] if old else usual.changed
        )
    }
    for number, (ended, part) in enumerate(old, 1):
        found[f"{name}.{number}" + (".gz" if number > 1 else "")] = _node(
            usual, part, ended, packs=number > 1
        )
    return found


def _node(usual: Node, lines: Lines, empty: int, *, packs: bool = False) -> Node:
    content = "".join(f"{text}\n" for _, text in lines).encode()
    changed = lines[-1][0] if lines else empty
    content = gzipped.packed(content, changed) if packs else content
    return replace(usual, content=content, changed=changed)
