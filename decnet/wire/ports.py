"""Sets of ports as text: numbers and ranges, ascending, separated by commas, such as `22,80-82`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Iterator, List, Set

HIGHEST = 65535


def ports_text(ports: Iterable[int]) -> str:
    """The text of these ports; "" for none."""
    parts: List[str] = []
    for first, last in _ranges(sorted(ports)):
        parts.append(str(first) if first == last else "%d-%d" % (first, last))
    return ",".join(parts)


def ports_in(text: str) -> Set[int]:
    """The ports in a text; what is not a port or a range of ports is skipped."""
    found: Set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        ends = [first, last] if dash else [first, first]
        if all(end.isascii() and end.isdigit() and len(end) <= 5 for end in ends):
            found.update(range(int(ends[0]), min(int(ends[1]), HIGHEST) + 1))
    return found


def _ranges(ports: List[int]) -> Iterator[List[int]]:
    """[first, last] of each run of consecutive numbers."""
    run: List[int] = []
    for port in ports:
        if run and port == run[1] + 1:
            run[1] = port
        else:
            if run:
                yield run
            run = [port, port]
    if run:
        yield run
