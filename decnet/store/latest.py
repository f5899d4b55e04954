"""The last of the stored events, without reading those before them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection
from math import inf

from .event_index import newest_first
from .events import StoredEvent, worker_folders
from .jsonl import read_lines
from .paths import Home
from .touches import StoredTouch, touches


def latest_events(
    home: Home,
    most: int,
    passes: Callable[[StoredTouch], bool],
    *,
    since: float | None = None,
    until: float | None = None,
    workers: Collection[str] | None = None,
    source: str | None = None,
) -> list[StoredEvent]:
    """The last `most` of the events that pass, oldest first; otherwise as `read_events`.

    Parts of the files whose events are all earlier than those are not read.
    """
    folders = worker_folders(home, workers)
    low, high = -inf if since is None else since, inf if until is None else until
    kept: list[tuple[float, tuple[int, int, int], int, StoredTouch]] = []
    for part in newest_first(home, since, until, source, folders) if most else ():
        if len(kept) == most and part.last < kept[0][0]:
            break
        lines = read_lines(
            part.folder / "events.jsonl",
            spans=lambda inode, part=part: [(part.start, part.stop)] if inode == part.inode else [],  # type: ignore[misc]
        )
        # Events of the same moment: in the order of the workers and of their lines.
        rank = folders.index(part.folder), -part.age, part.start
        for number, touch in enumerate(touches(lines)):
            if low <= touch.at < high and passes(touch):
                add = heapq.heappush if len(kept) < most else heapq.heappushpop
                add(kept, (touch.at, rank, number, touch))
    return [found for *_, touch in sorted(kept) if (found := touch.stored) is not None]
