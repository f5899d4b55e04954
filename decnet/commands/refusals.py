"""Which events a receiver refuses for good, so that the others do not wait for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from decnet.errors import Refused

TRIES = 3
"""How often a receiver is sent the same before the events that it refuses are looked for."""

EVENTS_STAY = "they stay stored: decnet events -o json shows them"

MOST_PROBES = 20
"""Single events that are tried; a receiver that refuses all of them refuses everything."""


async def refused_lines(
    lines: Sequence[bytes], send: Callable[[Sequence[bytes]], Awaitable[None]]
) -> list[int]:
    """Send these lines in smaller and smaller parts; the numbers of those that the receiver refuses by
    themselves. The others were delivered, the shortest of them first.

    Raises Refused, with nothing delivered, if it refuses every one that is tried; and whatever `send` raises
    for another reason.
    """
    by_size = sorted(range(len(lines)), key=lambda number: len(lines[number]))
    refused: list[int] = []
    reason: Refused | None = None
    for number in by_size[:MOST_PROBES]:
        try:
            await send([lines[number]])
        except Refused as error:
            refused, reason = [*refused, number], error
            continue
        rest = [each for each in range(len(lines)) if each != number and each not in refused]
        return sorted(refused + await _refused_of(rest, lines, send))
    assert reason is not None, "there is at least one line"
    raise Refused(f"{reason.message}, to every event: none of them is skipped", hint=reason.hint)


async def _refused_of(
    numbers: list[int], lines: Sequence[bytes], send: Callable[[Sequence[bytes]], Awaitable[None]]
) -> list[int]:
    if not numbers:
        return []
    try:
        await send([lines[number] for number in numbers])
    except Refused:
        if len(numbers) == 1:
            return numbers
        middle = len(numbers) // 2
        first = await _refused_of(numbers[:middle], lines, send)
        return first + await _refused_of(numbers[middle:], lines, send)
    return []
