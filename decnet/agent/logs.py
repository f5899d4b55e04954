"""The containers' logs, bounded: for the operator, and for the reason of a failure."""

from __future__ import annotations

import json

from decnet.wire import PROJECT

from . import docker, identity, limits, request
from .containers import fleet_containers
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple


def logs_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """The last lines of a decky's containers: {"logs": {container name: text}}, 256 KiB at most."""
    request.only(args, "project", "decky", "service", "lines")
    project = request.project(args, PROJECT)
    decky, service = request.text(args, "decky"), request.optional_text(args, "service")
    lines = request.whole(args, "lines", 50, limits.LOG_LINES)
    known = identity.require(args)
    chosen = [
        container
        for container in fleet_containers(known["fleet_id"])
        if (container.project, container.decky) == (project, decky) and service in (None, container.service)
    ]
    if not chosen:
        raise Refusal("usage", "no container of %s here" % decky)
    share = limits.LOG_BYTES // len(chosen)
    return {"logs": {container.name: tail(container.id, lines, share) for container in chosen}}


def tail(container_id: str, lines: int, most: int = limits.LOG_BYTES) -> str:
    """The last lines on both streams, at most `most` bytes of their end; "" if there is no log."""
    query = {"stdout": True, "stderr": True, "tail": str(lines)}
    kept: List[bytes] = []
    size = 0
    try:
        for _, piece in frames(docker.stream("/containers/%s/logs" % container_id, query)):
            kept.append(piece)
            size += len(piece)
            while size - len(kept[0]) >= most:
                size -= len(kept.pop(0))
    except docker.EngineError:
        return ""
    return b"".join(kept)[-most:].decode("utf-8", "replace") if most else ""


def conflict_of(container_id: str) -> Optional[str]:
    """The MAC of the host that answers for a base's address, if the base's last line reports one."""
    for line in reversed(tail(container_id, 3, limits.EVENT_LINE).splitlines()):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "base" in row:
            return str(row.get("mac", "unknown"))[:40] if row["base"] == "conflict" else None
    return None


def frames(pieces: Iterable[bytes]) -> Iterator[Tuple[int, bytes]]:
    """(stream number, content) of the frames of Docker's log format: 8 bytes of head, the last 4 of them
    the length."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        start = 0
        while len(buffer) - start >= 8:
            end = start + 8 + int.from_bytes(buffer[start + 4 : start + 8], "big")
            if end > len(buffer):
                break
            yield buffer[start], bytes(buffer[start + 8 : end])
            start = end
        del buffer[:start]
        if len(buffer) > limits.API_BYTES:
            return
