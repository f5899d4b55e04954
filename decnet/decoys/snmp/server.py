"""Answers datagrams as the agent does, and records every community or user that was tried."""

from ..credentials import record_login
from ..events import Recorder, shown
from ..persona import Persona
from ..serve import Stop
from ..udp_server import Visit, receive
from ..visitors import visitors_of
from .agent import Agent, Handled
from .objects import objects_of

COMMUNITIES = "public"
MOST_REQUESTS = 30
"""Requests of one visit that are recorded one by one; further ones are counted, because a walk has
hundreds."""


async def start(persona: Persona, recorder: Recorder) -> Stop:
    """Listen on the persona's UDP ports; the returned call ends it."""
    configured = persona.text("communities")
    communities = frozenset(
        part.strip().encode() for part in (COMMUNITIES if configured is None else configured).split(",")
    )
    agent = Agent(objects_of(persona, visitors_of(persona).present), communities - {b""})

    def answer(data: bytes, visit: Visit, room: int) -> bytes | None:
        handled = agent.handle(data, room)
        _record(handled, data, visit)
        return handled.answer

    return await receive(persona, recorder, answer)


def _record(handled: Handled, data: bytes, visit: Visit) -> None:
    key = f"{handled.version} {handled.login.get('community')!r}"
    if handled.login and key not in visit.known:
        visit.known |= {key} if handled.known else set()
        record_login(visit, handled.version, success=handled.known, **handled.login)
    if visit.count > MOST_REQUESTS:
        if handled.malformed or handled.request:
            visit.session.count("error" if handled.malformed else "request")
    elif handled.malformed:
        visit.record("error", reason="malformed", datagram=shown(data[:200]))
    elif handled.request:
        visit.record("request", **handled.request)
