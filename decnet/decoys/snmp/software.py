# ruff: noqa: E501 (facts in rows)
"""Processes and packages in SNMP (HOST-RESOURCES-MIB, hrSWRun and hrSWInstalled), as net-snmp reports them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import ber
from .ber import Oid
from .tree import Rows, Table

if TYPE_CHECKING:
    from ..host.processes import ProcessEntry
    from .host_view import Host

HOST: Oid = (1, 3, 6, 1, 2, 1, 25)
KERNEL, APPLICATION = 2, 4
RUNNING, RUNNABLE, NOT_RUNNABLE, INVALID = 1, 2, 3, 4
STATUS = {"R": RUNNING, "S": RUNNABLE, "I": RUNNABLE, "D": NOT_RUNNABLE}
MOST_TEXT = 127
RENAMED = ("sshd:", "nginx:", "proftpd:")
"""Programs that write their command line over as one text."""
NO_OBJECT = ber.oid((0, 0))
CACHE_SECONDS = 30.0
"""Of the real agent (nsCacheTimeout)."""


def tables(host: Host) -> list[Table]:
    """The tables of processes and packages."""
    return [
        Table((*HOST, 4, 2, 1), range(1, 8), lambda: _running(host), CACHE_SECONDS),
        Table((*HOST, 5, 1, 1), (1, 2), lambda: _performance(host), CACHE_SECONDS),
        Table((*HOST, 6, 3, 1), range(1, 6), lambda: _installed(host), CACHE_SECONDS * 20),
    ]


def _processes(host: Host) -> list[ProcessEntry]:
    return host.world.processes(int(time.time()))


def _running(host: Host) -> Rows:
    return {(each.pid,): _process(each) for each in _processes(host)}


def _process(each: ProcessEntry) -> tuple[bytes, ...]:
    path, _, parameters = ("", "", "") if each.kernel else each.command.partition(" ")
    if path.startswith(RENAMED):
        path, parameters = each.command, ""
    return (
        ber.integer(each.pid), ber.text(each.name), NO_OBJECT, ber.text(path[:MOST_TEXT]), ber.text(parameters[:MOST_TEXT]),
        ber.integer(KERNEL if each.kernel else APPLICATION), ber.integer(STATUS.get(each.state[:1], INVALID)),
    )  # fmt: skip


def _performance(host: Host) -> Rows:
    return {
        (each.pid,): (ber.integer(int(each.cpu * 100)), ber.integer(each.resident))
        for each in _processes(host)
    }


def _installed(host: Host) -> Rows:
    """The packages by their names, each with the time at which its list of files was written."""
    found = host.packages()
    return {
        (number,): (
            ber.integer(number),
            ber.text(name),
            NO_OBJECT,
            ber.integer(APPLICATION),
            ber.string(date(when)),
        )
        for number, (name, when) in enumerate(found, 1)
    }


def date(when: int) -> bytes:
    """A time as DateAndTime (SNMPv2-TC), in UTC."""
    then = time.gmtime(when)
    return then.tm_year.to_bytes(2, "big") + bytes((*then[1:6], 0)) + b"+\0\0"
