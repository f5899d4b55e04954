"""Attacker events: moves them from the containers' logs into the spool, each once."""

from __future__ import annotations

import time

from . import docker, identity, interfaces, limits, request
from .containers import Container, fleet_containers
from .fresh import fresh_events
from .home import Unwritable, note_failed_write, trouble
from .request import Refusal
from .scans import Reader
from .segments import LOST
from .spool import Spool, owner_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple


def events_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """Events after a spool number, with the verdict on the caller's cursor; first drains all containers, as
    far as the spool has room for unread events. `workers` are addresses of other workers."""
    request.only(args, "after", "limit", "spool_id", "mark", "workers")
    after = request.whole(args, "after", 0)
    most = request.whole(args, "limit", limits.EVENTS_MOST, limits.EVENTS_MOST)
    spool_id = request.optional_text(args, "spool_id")
    mark = request.optional_text(args, "mark")
    workers = _workers(args)
    fleet_id = identity.require(args)["fleet_id"]
    try:
        page = _page(fleet_id, after, most, spool_id, mark, workers)
    except (Unwritable, OSError) as error:
        # New events stay in the containers' logs until the disk has room.
        note_failed_write(error)
        with Spool(is_read_only=True) as spool:
            page = dict(spool.page(after, most, spool_id, mark), docker_error="")
    return dict(page, trouble=trouble())


def _workers(args: Dict[str, Any]) -> Optional[List[str]]:
    """None if the caller does not send them."""
    if "workers" not in args:
        return None
    workers = request.texts(args, "workers", limits.PROBE_ADDRESSES)
    if any(interfaces.number_of(address) is None for address in workers):
        raise Refusal("usage", "argument workers: must be IPv4 addresses")
    return workers


def _page(
    fleet_id: str,
    after: int,
    most: int,
    spool_id: Optional[str],
    mark: Optional[str],
    workers: Optional[List[str]],
) -> Dict[str, Any]:
    with Spool() as spool:
        scans = Reader(spool, fleet_id, workers=workers)
        spool.acknowledge(after, spool_id, mark)
        is_drained, docker_error = (False, "") if spool.is_half_unread else _drain_all(spool, scans, fleet_id)
        spool.report_dropped()
        page = spool.page(after, most, spool_id, mark)
        spool.commit()
        scans.discard()
    page["more"] = page["more"] or (bool(page["events"]) and not is_drained)
    return dict(page, docker_error=docker_error)


def drain(chosen: List[Container]) -> None:
    """Move the new events of these containers into the spool, even if it has to drop older ones."""
    with Spool() as spool:
        for container in chosen:
            if container.service and container.state != "created":
                _drain_whole(spool, container)
            spool.expect_removal(container.id)
        spool.commit()


def _drain_whole(spool: Spool, container: Container) -> None:
    try:
        for event in fresh_events(spool, container):
            _add(spool, container, event)
    except docker.EngineError:
        # A log that cannot be read (another log driver, a damaged file) does not stop the others.
        return


def _add(spool: Spool, container: Container, event: Dict[str, Any]) -> None:
    """Add an event; the file that it reports is taken over before, so that a crash in between loses none. An
    event of kind `lost` follows if its content is gone: it was in the memory of a container that ended."""
    is_gone = False
    if event["fields"].get("kept") is True:
        from . import uploads

        uploads.collect([container])
        is_gone = uploads.is_gone(container, event["fields"].get("sha256"))
    spool.add(event)
    if is_gone:
        spool.add(_lost_content(event))


def _lost_content(event: Dict[str, Any]) -> Dict[str, Any]:
    at = event["at"]
    fields = {"count": 0, "files": 1, "sha256": event["fields"]["sha256"], "after": at, "before": at}
    fields["reason"] = "its container ended before the uploaded file was collected"
    return dict(event, kind=LOST, source_ip="", source_port=0, session="", fields=fields)


def _drain_all(spool: Spool, scans: Reader, fleet_id: str) -> Tuple[bool, str]:
    """Whether no container has more, and why the engine does not answer. Spooled events can be pulled even
    while it is down."""
    try:
        found = fleet_containers(fleet_id)
        services = [each for each in found if each.service and each.state != "created"]
        present = {each.id: (owner_of(each.names), each.service) for each in services}
        spool.report_removed(present, time.time())
        spool.forget_positions_but({container.id for container in found} | scans.known)
        is_drained = _drain_in_turn(spool, services)
        return scans.read_all(found, time.monotonic() + limits.SCANS) and is_drained, ""
    except (Refusal, docker.EngineError) as error:
        if isinstance(error, Refusal) and error.code != "docker-down":
            raise
        return True, str(error)[:2000]


def _drain_in_turn(spool: Spool, chosen: List[Container]) -> bool:
    """Drain each container up to its share; one without a share is first next time, so that none can block
    others."""
    until = time.monotonic() + limits.DRAIN
    chosen.sort(key=lambda container: (container.id < spool.turn, container.id))
    is_drained = True
    for container in chosen:
        if not spool.has_room or time.monotonic() > until:
            spool.turn = container.id
            return False
        is_drained = _drain_share(spool, container, until) and is_drained
    return is_drained


def _drain_share(spool: Spool, container: Container, until: float) -> bool:
    """Whether the container has no more."""
    try:
        for number, event in enumerate(fresh_events(spool, container)):
            if number >= limits.DRAIN_EVENTS or not spool.has_room or time.monotonic() > until:
                return False
            _add(spool, container, event)
    except docker.EngineError:
        # As in `_drain_whole`.
        pass
    return True
