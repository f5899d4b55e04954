"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from collections.abc import Iterator


def backoff(tries: int, first: float = 0.15) -> Iterator[float]:
    """Seconds to wait between attempts: doubling, with jitter, so that many clients do not retry at once."""
    for number in range(tries - 1):
        yield first * 2**number * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, hides nothing
