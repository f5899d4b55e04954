"""`worker check`: an enrolled worker looked over again, with the fleet's key alone."""

from __future__ import annotations

import time
from dataclasses import dataclass

from decnet.model.worker import Facts, Hello

from .checkup import complaints_of_facts, noise_warning, skew_warning
from .client import AgentClient

SLOW_HELLO = 0.5


@dataclass(frozen=True)
class Checked:
    """Who answered, what the machine is, its clock's skew in seconds, and what somebody should look at."""

    hello: Hello
    facts: Facts
    skew: float
    seconds: float
    warnings: tuple[str, ...]


async def check(client: AgentClient) -> Checked:
    """Ask the worker for everything that enrolment asked for. Raises what any verb raises."""
    await client.hello()
    asked, start = time.time(), time.monotonic()
    hello = await client.hello()
    seconds = time.monotonic() - start
    # The worker read its clock about in the middle of the question.
    skew = hello.clock - (asked + seconds / 2)
    facts = await client.facts()
    found = [
        noise_warning(client.worker, client.noise, seconds if seconds > SLOW_HELLO else 0.0),
        skew_warning(client.worker, skew),
        *(f"{client.worker}: {one.says}: {one.mend}" for one in complaints_of_facts(facts)),
    ]
    return Checked(hello, facts, skew, seconds, tuple(warning for warning in found if warning))
