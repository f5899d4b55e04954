"""What a decky's containers amount to, in one word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from decnet.model.actual import Container, DeckyStatus
from decnet.model.fleet import Decky
from decnet.model.keys import DeckyKey
from decnet.model.record import DeckyRow

from .compose import Content

MANY_RESTARTS = 10
"""Docker counts restarts until a container is started by hand or made anew."""


def loops(container: Container) -> bool:
    return container.state == "restarting" or container.restarts >= MANY_RESTARTS


def works(container: Container | None) -> bool:
    """Whether the container runs, stays up, sits in its base's network namespace, and is ready or may become
    ready."""
    return (
        container is not None
        and container.state == "running"
        and container.attached is not False
        and container.restarts < MANY_RESTARTS
        and container.ready != "no"
    )


def status_of(expected: Mapping[str, Content], actual: Mapping[str, Container]) -> DeckyStatus:
    """running: base and all services work; failed: none does; degraded: in between; torn_down: none exists.

    A service cannot work without its base, whatever Docker says of it.
    """
    return _status({name for name, content in expected.items() if not content.service}, expected, actual)


def _status(bases: Iterable[str], names: Iterable[str], actual: Mapping[str, Container]) -> DeckyStatus:
    if not actual:
        return "torn_down"
    if not all(works(actual.get(name)) for name in bases):
        return "failed"
    is_whole = all(works(actual.get(name)) and actual[name].ready != "starting" for name in names)
    return "running" if is_whole else "degraded"


def row_of(
    key: DeckyKey, decky: Decky, expected: Mapping[str, Content], *, adopted: bool = False
) -> DeckyRow:
    """The record of a decky that is as it should be."""
    home = decky.home
    return DeckyRow(
        name=decky.name,
        project=key.project,
        ip=home.address,
        mac=home.mac,
        containers={name: content.fingerprint for name, content in expected.items()},
        status="running",
        adopted=adopted,
    )


def row_as_seen(
    key: DeckyKey,
    decky: Decky,
    expected: Mapping[str, Content],
    actual: Mapping[str, Container],
    row: DeckyRow | None,
) -> DeckyRow:
    """The record of a decky as it is, whatever it should be.

    Its address is the one that its base was made with: the desired one if the fingerprint is the
    desired one, else the one that was recorded.
    """
    base = actual.get(key.base)
    as_recorded = row is not None and (base is None or base.fingerprint != expected[key.base].fingerprint)
    return DeckyRow(
        name=decky.name,
        project=key.project,
        ip=row.ip if row and as_recorded else decky.ip,
        mac=row.mac if row and as_recorded else decky.mac,
        containers={name: actual[name].fingerprint for name in sorted(actual)},
        status=status_of(expected, actual),
        adopted=row.adopted if row else True,
        sent=row.sent if row and as_recorded else (),
    )


def row_as_left(key: DeckyKey, row: DeckyRow, actual: Mapping[str, Container]) -> DeckyRow:
    """The record of a decky that is not desired any more, of which these containers are still there."""
    return row.model_copy(
        update={
            "containers": {name: actual[name].fingerprint for name in sorted(actual)},
            "status": _status((key.base,), row.containers, actual),
        }
    )
