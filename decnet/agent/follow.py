"""What containers logged since they were last read: for `decnet logs --follow`.

The operator returns the mark of the last entry that it has, a hash over its time and text. What follows it
in the log is new. A mark is found whatever the clock did meanwhile; one that is gone shows a gap.
"""

from __future__ import annotations

import hashlib

from decnet.wire import PROJECT

from . import docker, identity, limits, request
from .containers import fleet_containers
from .logs import frames
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional

    from .containers import Container

_MARK = 32
_TAILS = (100, limits.LOG_LINES)
"""How many entries are read until the mark is among them."""


def follow_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """{"containers": [...]}: for each container of the deckies its new entries, oldest first, 256 KiB at most
    in all; `more`: there are more. One without a mark answers its last `lines`."""
    request.only(args, "project", "deckies", "service", "lines", "marks")
    project, service = request.project(args, PROJECT), request.optional_text(args, "service")
    deckies = set(request.texts(args, "deckies", limits.FOLLOWED))
    lines, marks = request.whole(args, "lines", 50, limits.LOG_LINES), _marks(args)
    known = identity.require(args)
    chosen = [
        container
        for container in fleet_containers(known["fleet_id"])
        if container.project == project
        and container.decky in deckies
        and service in (None, container.service)
    ]
    if len(chosen) > limits.FOLLOWED:
        raise Refusal(
            "usage", "these are %d containers, at most %d are followed" % (len(chosen), limits.FOLLOWED)
        )
    share = limits.LOG_BYTES // max(1, len(chosen))
    return {"containers": [_new_of(each, marks.get(each.id), lines, share) for each in chosen]}


def _marks(args: Dict[str, Any]) -> Dict[str, str]:
    """Container id to mark; "" is the beginning of its log."""
    given = request.mapping(args, "marks") if "marks" in args else {}
    if len(given) > limits.FOLLOWED or not all(isinstance(each, str) for each in given.values()):
        raise Refusal("usage", "argument marks: must be at most %d strings by container" % limits.FOLLOWED)
    return {key: each[:_MARK] for key, each in given.items()}


def _new_of(container: Container, mark: Optional[str], lines: int, share: int) -> Dict[str, Any]:
    found = _Reading(mark, share)
    for most in _TAILS if mark else [limits.LOG_LINES if mark == "" else lines]:
        found = _Reading(mark, share)
        count = found.read(container.id, most)
        if found.begun or count < most:
            break
    return {
        "id": container.id,
        "name": container.name[:200],
        "decky": container.decky[:200],
        "service": container.service[:200],
        "text": b"".join(found.kept).decode("utf-8", "replace"),
        "mark": found.mark,
        "gap": found.has_gap,
        "more": found.is_full,
    }


class _Reading:
    """One pass over the end of a log. `begun`: the mark was found, or none was given; from there on the
    oldest entries are kept, before that the newest."""

    def __init__(self, mark: Optional[str], share: int) -> None:
        self.mark = mark or ""
        self.kept: List[bytes] = []
        self.is_full = False
        self.begun = mark == ""
        self._wanted = mark
        self._share, self._size = share, 0

    @property
    def has_gap(self) -> bool:
        return bool(self._wanted) and not self.begun and bool(self.kept)

    def read(self, container_id: str, most: int) -> int:
        """How many entries there were."""
        count = 0
        for entry in _entries(container_id, most):
            count += 1
            mark = hashlib.sha256(entry).hexdigest()[:_MARK]
            if mark == self._wanted and not self.begun:
                self.kept, self._size, self.begun, self.mark = [], 0, True, mark
            elif not self._add(entry, mark):
                break
        return count

    def _add(self, entry: bytes, mark: str) -> bool:
        """Keep an entry without its time. Whether there is room for more."""
        text = entry.partition(b" ")[2][: self._share]
        if self.begun and self._size + len(text) > self._share:
            self.is_full = True
            return False
        self.kept.append(text)
        self._size += len(text)
        self.mark = mark
        while self._size > self._share:
            self._size -= len(self.kept.pop(0))
        return True


def _entries(container_id: str, most: int) -> Iterator[bytes]:
    """The last entries of a log, each with its time in front; none if there is no log."""
    query = {"stdout": True, "stderr": True, "timestamps": True, "tail": str(most)}
    try:
        for _, piece in frames(docker.stream("/containers/%s/logs" % container_id, query)):
            yield piece
    except docker.EngineError:
        return
