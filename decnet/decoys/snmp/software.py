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
    from ..visitor_logins import Login
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
    found = host.world.processes(int(time.time()))
    parent = next((each for each in found if each.name == "sshd"), None)
    return found + [_server(source, login, parent.pid if parent else 1) for source, login in host.present()]


def _server(source: str, login: Login, parent: int) -> ProcessEntry:
    """The process that serves a visitor's login."""
    from ..host.processes import ProcessEntry

    began = int(login.began)
    if login.service == "telnet":
        text = f"in.telnetd: {source}"
        return ProcessEntry(
            login.server, 1, "root", text, "in.telnetd", began, state="Ss", virtual=3_236, resident=2_304
        )
    text = f"sshd: {login.user}@{login.terminal or 'notty'}"
    return ProcessEntry(
        login.server, parent, login.user, text, "sshd", began, state="Ss", virtual=17_736, resident=11_008
    )


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
