# ruff: noqa: E501 (facts in rows)
"""The objects of net-snmp on a Linux machine beyond those that every agent has: all of them are made from the model
of the machine that its other services show.

Source: the agent of Debian 12 with the decoy's configuration, not root, walked whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import addresses, agent_groups, ber, software, storage, transport
from .ber import Oid
from .host_view import Host
from .tree import Section, Table, Value


def rows(host: Host) -> Iterator[tuple[Oid, Value]]:
    """The single objects."""
    yield (
        (*software.HOST, 1, 5, 0),
        lambda: ber.gauge(sum(bool(login.terminal) for _, login in host.present())),
    )
    yield from addresses.scalars(host)
    yield from transport.scalars(host)
    yield from storage.scalars(host)
    yield from agent_groups.scalars(host)


def tables(host: Host) -> list[Table | Section]:
    """The tables."""
    return [
        *addresses.tables(host),
        *transport.tables(host),
        *storage.tables(host),
        *software.tables(host),
        *agent_groups.sections(Path(__file__).with_name("data")),
    ]
