"""An enrolled worker looked over again, with the fleet's key alone."""

from __future__ import annotations

import time
from dataclasses import dataclass

from decnet.model.worker import Facts, Hello

from .checkup import Complaint, noise_complaint, session_complaint, skew_complaint
from .client import AgentClient

SLOW_HELLO = 0.5
TRIES = 3


@dataclass(frozen=True)
class Checked:
    """Who answered, what the machine is, its clock's skew in seconds, and what somebody should look at."""

    hello: Hello
    facts: Facts
    skew: float
    seconds: float
    complaints: tuple[Complaint, ...]


async def check(client: AgentClient) -> Checked:
    """Ask the worker for everything that enrolment asked for. Raises what any verb raises."""
    # The first answer pays for the connection, and a busy machine may be late with the next.
    await client.hello()
    seconds, skew, hello = min([await _timed_hello(client) for _ in range(TRIES)], key=lambda one: one[0])
    facts = await client.facts()
    found = (
        noise_complaint(client.noise, seconds if seconds > SLOW_HELLO else 0.0),
        skew_complaint(skew),
        session_complaint(facts.ends_with_session) if facts.ends_with_session else None,
    )
    return Checked(hello, facts, skew, seconds, tuple(complaint for complaint in found if complaint))


async def _timed_hello(client: AgentClient) -> tuple[float, float, Hello]:
    """How long the answer took, the skew of the worker's clock, and the answer."""
    asked, start = time.time(), time.monotonic()
    hello = await client.hello()
    seconds = time.monotonic() - start
    # The worker read its clock about in the middle of the question.
    return seconds, hello.clock - (asked + seconds / 2), hello
