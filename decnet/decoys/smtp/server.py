"""Connections to the mail server."""

import asyncio
import random
from dataclasses import replace

from ..events import Recorder
from ..host.host_keys import CERTIFICATE, announce_key
from ..persona import Persona
from ..serve import Stop
from ..tcp_server import Line, receive
from ..threads import Later
from ..tls import Identity, of_the_machine
from .conversation import Conversation
from .dialects import Dialect, dialect_of

PREPARE_SECONDS = (30.0, 300.0)


async def start(persona: Persona, recorder: Recorder) -> Stop:
    """Listen on the persona's TCP ports; the returned call ends every connection."""
    dialect, host = named(dialect_of(persona), persona)
    identity: Later[Identity] = Later(lambda: of_the_machine(persona))

    async def converse(line: Line) -> None:
        await Conversation(dialect, persona, host, identity, line).run()

    stop = await receive(persona, recorder, converse)

    async def prepare() -> None:
        await identity.prepare(random.uniform(*PREPARE_SECONDS))
        announce_key(persona.machine.seed, CERTIFICATE, (await identity.get()).chain[0])

    preparing = asyncio.create_task(prepare())

    async def end() -> None:
        preparing.cancel()
        await stop()

    return end


def named(dialect: Dialect, persona: Persona) -> tuple[Dialect, str]:
    """The server with its full name in the greeting: the hostname and the setting `domain`."""
    domain = persona.text("domain")
    host = f"{persona.hostname}.{domain}" if domain else persona.hostname
    return replace(dialect, banner=dialect.banner.replace(persona.hostname, host, 1)), host
